package disc

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/verify/clip"
	"zhilu.dev/zhilu/internal/verify/form"
)

// entry checks the entry that the disc was made, and that it speaks of this manifest.
func (c *check) entry() {
	raw, ok := c.read(fileEntry, maxRecord)
	if !ok {
		c.r.InLog.Settle(verify.Unknown, "", "")
		return
	}
	sub := c.proof(raw)
	c.fold(sub, fileEntry)
	opened := map[string]string{}
	for _, f := range sub.Opened {
		opened[f.Name] = f.Value
	}
	for _, w := range []struct{ name, value string }{
		{"action", "disc.make"},
		{"outcome", "done"},
		{"subject.kind", "disc"},
		{"subject.id", c.m.ID},
		{"actor.id", c.m.MadeBy.Account},
		{"detail.disc", form.Quoted(c.m.ID)},
		{"detail.number", form.Quoted(c.m.Number)},
		{"detail.request", form.Quoted(c.m.Request.ID)},
	} {
		if opened[w.name] != w.value {
			c.wrong("disc.mismatch", w.name)
		}
	}
	if opened["detail.manifest_sha256"] != form.Quoted(c.digest) {
		c.wrong("file.changed", fileManifest)
	}
	c.sameOrigin(sub, fileEntry)
	c.r.Disc.EnteredAt = opened["at"]
}

// proof checks an entry's proof; whatever else it is, it is none.
func (c *check) proof(raw []byte) *verify.Report {
	r, err := verify.Bytes(raw, c.o)
	if err != nil || r.Kind != "entry" {
		r = &verify.Report{}
		r.RecordIntact.Settle(verify.No, "entry.form", "")
	}
	return r
}

func (c *check) sameOrigin(sub *verify.Report, name string) {
	if sub.Origin != "" && sub.Origin != c.m.Origin {
		c.r.InLog.Settle(verify.No, "origin.other", name)
	}
}

func (c *check) fold(sub *verify.Report, name string) {
	c.r.RecordIntact.Take(sub.RecordIntact, name)
	c.r.SignerTrusted.Take(sub.SignerTrusted, name)
	c.r.InLog.Take(sub.InLog, name)
}

// head opens the checkpoint on the disc with the keys on the disc; whether these are the house's is judged by the trust file that the
// reader brought, and by nothing else.
func (c *check) head() {
	raw, ok := c.read(fileTrust, maxTrust)
	own, err := verify.ParseTrust(raw)
	if !ok || err != nil {
		c.r.InLog.Settle(verify.No, "trust.form", fileTrust)
		return
	}
	c.r.Disc.Fingerprint = own.Fingerprint
	msg, ok := c.read(fileCheckpoint, maxRecord)
	if !ok {
		c.r.InLog.Settle(verify.No, "checkpoint.form", fileCheckpoint)
		return
	}
	sub, err := verify.Bytes(msg, verify.Options{Clock: c.o.Clock, Trust: own})
	switch {
	case err != nil || sub.Kind != "checkpoint":
		c.r.InLog.Settle(verify.No, "checkpoint.form", fileCheckpoint)
		return
	case sub.RecordIntact.Answer != verify.Yes:
		c.r.InLog.Take(verify.Finding{Answer: verify.No, Reasons: sub.RecordIntact.Reasons}, fileCheckpoint)
		return
	case sub.Origin != c.m.Origin:
		c.r.InLog.Settle(verify.No, "origin.other", fileCheckpoint)
		return
	}
	c.r.Size, c.r.Root = sub.Size, sub.Root
	theirs, err := verify.Bytes(msg, verify.Options{Clock: c.o.Clock, Trust: c.o.Trust})
	if err != nil {
		return
	}
	if theirs.RecordIntact.Answer != verify.Yes {
		c.r.SignerTrusted.Settle(verify.No, "key.unknown", fileCheckpoint)
		return
	}
	c.r.SignerTrusted.Take(theirs.SignerTrusted, fileCheckpoint)
}

// note checks that the written note says what it must (第二十四条).
func (c *check) note() {
	var n note
	if !c.has(fileNote) {
		return // named already
	}
	raw, ok := c.read(fileNote, maxManifest)
	if !ok || !form.Strict(raw, &n, "  ") || n.Format != formatNote || n.Number != c.m.Number {
		c.wrong("note.form", fileNote)
		return
	}
	for _, f := range []struct{ name, value string }{
		{"maker", n.Maker},
		{"object", n.Object},
		{"made_at", n.MadeAt},
		{"place", n.Place},
		{"method", n.Method},
		{"proves", n.Proves},
		{"extractor", n.Extractor},
		{"extracted_at", n.ExtractedAt},
	} {
		if strings.TrimSpace(f.value) == "" {
			c.wrong("note.missing", f.name)
		}
	}
}

// statement checks what stands beside a clip: that it is in the log, and that the clip begins with the media it speaks of.
func (c *check) statement(rec recorded) {
	raw, ok := c.read(rec.Statement, maxRecord)
	if !ok {
		return // named already
	}
	sub, err := verify.Bytes(raw, c.o)
	if err != nil || sub.Clip == nil {
		c.wrong("clip.statement_form", rec.Statement)
		return
	}
	c.fold(sub, rec.Statement)
	c.sameOrigin(sub, rec.Statement)
	c.written(rec, sub.Clip.Written)
	f, ok := c.views[0].files[rec.Name]
	if !ok || c.bad || f.size < sub.Clip.Media.Size {
		c.wrong("clip.media_size", rec.Name)
		return
	}
	r, err := f.open()
	if err != nil {
		return
	}
	sum := sha256.New()
	_, err = io.Copy(sum, &stopped{c.ctx, io.LimitReader(r, sub.Clip.Media.Size)})
	if errors.Join(err, r.Close()) != nil || hex.EncodeToString(sum.Sum(nil)) != sub.Clip.Media.SHA256 {
		c.wrong("clip.media_sha256", rec.Name)
	}
}

// written checks that the written text of a clip's sound is the one that its statement names, and there where it names one.
func (c *check) written(rec recorded, says *clip.Transcript) {
	switch i := slices.IndexFunc(c.m.Files, func(l listed) bool { return l.Name == rec.Written }); {
	case says == nil && rec.Written == "":
	case says == nil || i < 0:
		c.wrong("clip.transcript", cmp.Or(rec.Written, rec.Statement))
	case c.m.Files[i].SHA256 != says.SHA256 || c.m.Files[i].Size != says.Size:
		c.wrong("clip.transcript", rec.Written)
	}
}

// beside checks receipts, statements and proofs, and that receipts speak of the files beside which they stand.
func (c *check) beside() error {
	for _, rec := range c.m.Recordings {
		if rec.Statement != "" {
			c.statement(rec)
		}
		if rec.Receipt != "" {
			raw, ok := c.read(rec.Receipt, maxRecord)
			if !ok {
				continue // named already
			}
			sub, err := verify.Bytes(raw, c.o)
			if err != nil {
				return err
			}
			c.fold(sub, rec.Receipt)
			c.sameOrigin(sub, rec.Receipt)
			if s := sub.Statement; s != nil && (string(s.FileID) != rec.File || rec.Kind == "original" && (s.SHA256 != rec.SHA256 || s.Size != rec.Size)) {
				c.wrong("receipt.other", rec.Receipt)
			}
		}
	}
	for _, f := range c.m.Files {
		if strings.HasPrefix(f.Name, dirProofs) {
			raw, ok := c.read(f.Name, maxRecord)
			if !ok {
				continue
			}
			sub := c.proof(raw)
			c.fold(sub, f.Name)
			c.sameOrigin(sub, f.Name)
		}
	}
	return nil
}
