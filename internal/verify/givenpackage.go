package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/verify/casedoc"
	"zhilu.dev/zhilu/internal/verify/clip"
	"zhilu.dev/zhilu/internal/verify/form"
)

// GivenFacts are what a package that was given out says of itself.
type GivenFacts = casedoc.GivenFacts

// checkGiven checks a package that was given out (docs/formats/disclosure-package-v1.md). What it shares with the package of a case
// is judged the same way.
func checkGiven(c *caseCheck, raw []byte) (*Report, error) {
	c.r.Kind = "given"
	var m casedoc.Given
	if !form.Strict(raw, &m, "  ") || !m.Sound() {
		c.r.unreadable("manifest.form", casedoc.FileManifest)
		return c.r, nil
	}
	sum := sha256.Sum256(raw)
	c.digest, c.r.Origin = hex.EncodeToString(sum[:]), m.Origin
	c.m.Origin, c.m.Files, c.m.Case.ID = m.Origin, m.Files, m.Case.ID
	c.must = []string{casedoc.FileReadme, casedoc.FileTrust}
	if m.Case.ID != "" {
		c.must = append(c.must, casedoc.FileEntries, casedoc.FileCheckpoint)
	}
	c.facts = &CaseFacts{}
	g := &GivenFacts{
		No: m.No, Manner: m.Manner, Bureau: m.Bureau, To: m.Recipient.Body, ToPerson: m.Recipient.Person, Basis: m.Recipient.Basis,
		Purpose: m.Purpose, ApprovedBy: m.Request.ApprovedBy, MadeBy: m.MadeBy.Name, Files: len(m.Files),
	}
	c.r.Given = g
	c.r.RecordIntact.settle(Yes, "", "")
	steps := []func() error{c.files, func() error {
		return c.exportAs([]wanted{
			{"action", "disclosure.pack"},
			{"outcome", "done"},
			{"subject.kind", "disclosure"},
			{"subject.id", m.ID},
			{"detail.package", form.Quoted(m.ID)},
			{"detail.request", form.Quoted(m.Request.ID)},
			{"detail.no", form.Quoted(m.No)},
		})
	}}
	if m.Case.ID != "" {
		steps = append(steps, c.log, c.documents)
	}
	for _, step := range append(steps, func() error { return c.items(&m, g) }, c.fingerprint) {
		if err := step(); err != nil {
			return nil, err
		}
	}
	g.EnteredAt, g.Fingerprint, g.Documents = c.facts.EnteredAt, c.facts.Fingerprint, c.facts.Documents
	return c.r, nil
}

// fingerprint tells the trust file that came with it.
func (c *caseCheck) fingerprint() error {
	raw, ok := c.p.Read(casedoc.FileTrust, maxTrust)
	t, err := ParseTrust(raw)
	if !ok || err != nil {
		c.wrong("trust.form", casedoc.FileTrust)
		return nil //nolint:nilerr // it is in the report
	}
	c.facts.Fingerprint = t.Fingerprint
	return nil
}

// items holds each recording against its receipts or its statement, and names files that nothing speaks of.
func (c *caseCheck) items(m *casedoc.Given, g *GivenFacts) error {
	listed := map[string]casedoc.File{}
	for _, f := range m.Files {
		listed[f.Name] = f
	}
	used := map[string]bool{}
	for n := range m.Items {
		i := &m.Items[n]
		if !i.Sound(n + 1) {
			c.wrong("manifest.form", "items: "+i.Title)
			continue
		}
		for _, f := range i.Files {
			if l, ok := listed[f.Name]; !ok || used[f.Name] || l.Size != f.Size || l.SHA256 != f.SHA256 {
				c.wrong("given.item", f.Name)
			}
			used[f.Name] = true
			if err := c.slip(i, f, used); err != nil {
				return err
			}
		}
		if i.Kind == "original" {
			g.Originals++
			continue
		}
		g.Copies++
		used[i.Statement], used[i.Written] = true, true
		if !c.named[i.Statement] {
			c.statement(i, listed)
		}
	}
	for _, name := range c.p.Names {
		known := strings.HasPrefix(name, "documents/") && m.Case.ID != "" || used[name] || c.named[name] ||
			slices.Contains([]string{casedoc.FileManifest, casedoc.FileExport, casedoc.FileReadme, casedoc.FileEntries, casedoc.FileCheckpoint, casedoc.FileTrust}, name)
		if !known {
			c.wrong("document.unknown", name)
		}
	}
	return nil
}

// slip checks the receipt of an original's file.
func (c *caseCheck) slip(i *casedoc.GivenItem, f casedoc.GivenFile, used map[string]bool) error {
	if f.Receipt == "" || c.named[f.Receipt] {
		used[f.Receipt] = true
		return nil
	}
	raw, ok := c.p.Read(f.Receipt, maxRecord)
	if !ok || used[f.Receipt] || i.Kind != "original" {
		c.wrong("given.item", f.Receipt)
		return nil
	}
	used[f.Receipt] = true
	sub, err := checkReceipt(raw, c.o)
	if err != nil {
		return err
	}
	c.fold(sub, f.Receipt)
	c.sameOrigin(sub, f.Receipt)
	if s := sub.Statement; s == nil || string(s.FileID) != f.File || s.Size != f.Size || s.SHA256 != f.SHA256 {
		c.wrong("receipt.other", f.Receipt)
	}
	return nil
}

// statement checks what a copy says of itself, and that the copy is the one it speaks of.
func (c *caseCheck) statement(i *casedoc.GivenItem, listed map[string]casedoc.File) {
	raw, ok := c.p.Read(i.Statement, maxRecord)
	if !ok {
		c.wrong("file.missing", i.Statement)
		return
	}
	sub := checkClip(raw, Options{Clock: c.o.Clock, Trust: c.o.Trust})
	c.fold(sub, i.Statement)
	c.sameOrigin(sub, i.Statement)
	st, name := sub.Clip, i.Files[0].Name
	if st == nil || c.named[name] {
		return
	}
	hidden := len(st.Plan.Regions)+len(st.Plan.Sounds) > 0
	if st.Recording != i.Recording || st.Plan.From != i.FromMS || st.Plan.To != i.ToMS || hidden != (i.Kind == "masked") || !i.Wrote(st.Written, listed) {
		c.wrong("given.item", i.Statement)
	}
	f, err := c.p.Open(name)
	if err != nil {
		c.wrong("file.missing", name)
		return
	}
	digest, err := clip.Digest(io.LimitReader(f, st.Media.Size))
	if err := errors.Join(err, f.Close()); err != nil || digest != st.Media.SHA256 {
		c.wrong("clip.media_sha256", name)
	}
}
