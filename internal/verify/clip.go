package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/verify/clip"
	"zhilu.dev/zhilu/internal/verify/form"
)

// clipFile is the file with a masked copy's statement, its members in the order in which they are written.
type clipFile struct {
	Format    string     `json:"format"`
	Statement string     `json:"statement"`
	Entry     shown      `json:"entry"`
	Proof     *inclusion `json:"proof"`
}

// clipMedia checks a masked copy with the statement inside it, where the path is one; it does not need the original.
func clipMedia(_ context.Context, path string, o Options) (r *Report, isOne bool, err error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, false, nil //nolint:nilerr // whoever reads it next says so
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head := make([]byte, 8)
	info, statErr := f.Stat()
	if n, _ := f.ReadAt(head, 0); statErr != nil || !info.Mode().IsRegular() || !clip.IsMedia(head[:n]) {
		return nil, false, nil
	}
	digest, size, statement, err := clip.Read(f, info.Size())
	if errors.Is(err, clip.ErrForm) || errors.Is(err, clip.ErrNoStatement) {
		r = &Report{Kind: "clip"}
		if errors.Is(err, clip.ErrForm) {
			r.unreadable("clip.form", "")
		} else {
			r.unreadable("clip.no_statement", "")
		}
		return r, true, nil
	}
	if err != nil {
		return nil, true, fault.Wrap(err, fault.Unavailable, "verify.unreadable", filepath.Base(path))
	}
	r = checkClip(statement, o)
	r.compareMedia(digest, size)
	return r, true, nil
}

// checkClip answers the three questions for a statement: does the entry of the log hold its digest, is the log's key trusted, is the
// entry in the log.
func checkClip(data []byte, o Options) *Report {
	r := &Report{Kind: "clip"}
	var f clipFile
	if !form.Strict(data, &f, "  ") || f.Format != clip.Format || f.Proof == nil {
		r.unreadable("clip.statement_form", "")
		return r
	}
	st, ok := clip.Parse(f.Statement)
	if !ok {
		r.unreadable("statement.form", "")
		return r
	}
	r.Clip, r.Origin = st, st.Origin
	r.RecordIntact.settle(Yes, "", "")
	if opened, _, ok := r.checkOpenings(&f.Entry); ok {
		sum := sha256.Sum256([]byte(f.Statement))
		for name, want := range map[string]string{
			"id": st.Entry, "action": "redaction.make", "outcome": "done", "detail.statement_sha256": form.Quoted(hex.EncodeToString(sum[:])),
			"detail.media_sha256": form.Quoted(st.Media.SHA256), "detail.media_size": strconv.FormatInt(st.Media.Size, 10),
		} {
			if opened[name] != want {
				r.RecordIntact.settle(No, "entry.mismatch", name)
			}
		}
	}
	if !r.checkInclusion(f.Proof, leafHash([]byte(f.Entry.Leaf)), st.Origin, o.Trust) {
		r.SignerTrusted.settle(Unknown, "", "")
	}
	return r
}

// compareMedia compares a copy's bytes with its statement.
func (r *Report) compareMedia(digest string, size int64) {
	if r.Clip == nil {
		return
	}
	r.FileTested = true
	if r.Clip.Media.Size != size {
		r.RecordIntact.settle(No, "clip.media_size", "")
	}
	if r.Clip.Media.SHA256 != digest {
		r.RecordIntact.settle(No, "clip.media_sha256", "")
	}
}

// clipBeside checks a statement that lies beside its copy, and the copy where o names it.
func clipBeside(data []byte, o Options) (*Report, error) {
	r := checkClip(data, o)
	if o.File == "" || r.Clip == nil {
		return r, nil
	}
	beside, isOne, err := clipMedia(context.Background(), o.File, Options{Clock: o.Clock})
	switch {
	case err != nil:
		return nil, err
	case !isOne || beside.Clip == nil:
		r.RecordIntact.settle(No, "clip.no_statement", filepath.Base(o.File))
	case beside.Clip.Copy != r.Clip.Copy || beside.Clip.Media != r.Clip.Media:
		r.RecordIntact.settle(No, "clip.other", filepath.Base(o.File))
	default:
		for _, reason := range beside.RecordIntact.Reasons {
			r.RecordIntact.settle(beside.RecordIntact.Answer, reason.Code, reason.What)
		}
		r.FileTested = true
	}
	return r, nil
}
