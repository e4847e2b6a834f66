package verify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm3"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify/form"
)

// Statement is what a receipt says of a file (docs/formats/receipt-v1.md).
type Statement struct {
	ReceiptID   ident.ReceiptID   `json:"receipt_id"`
	FileID      ident.FileID      `json:"file_id"`
	RecordingID ident.RecordingID `json:"recording_id"`
	Name        string            `json:"name"`
	Size        int64             `json:"size"`
	SHA256      string            `json:"sha256"`
	SM3         string            `json:"sm3,omitempty"`
	State       string            `json:"state"`
	StoredAt    string            `json:"stored_at"`
	VerifiedAt  string            `json:"verified_at,omitempty"`
	DeviceID    string            `json:"device_id,omitempty"`
	DeviceLabel string            `json:"device_label,omitempty"`
	Bureau      string            `json:"bureau"`
	Origin      string            `json:"origin"`
	EntryID     ident.EntryID     `json:"entry_id"`
	LeafHash    string            `json:"leaf_hash"`
	IncludeBy   string            `json:"include_by"`
}

// receiptFile is a receipt file, its members in the order in which they are written.
type receiptFile struct {
	Format    string `json:"format"`
	Statement string `json:"statement"`
	Signature struct {
		Alg       string `json:"alg"`
		PublicKey string `json:"public_key"`
		Value     string `json:"value"`
	} `json:"signature"`
	Entry shown      `json:"entry"`
	Proof *inclusion `json:"proof"`
}

const receiptFormat = "zhilu-receipt/v1"

// checkReceipt answers the three questions for a receipt.
func checkReceipt(data []byte, o Options) (*Report, error) {
	r := &Report{Kind: "receipt"}
	var f receiptFile
	if !form.Strict(data, &f, "  ") {
		r.unreadable("receipt.form", "")
		return r, nil
	}
	if f.Format != receiptFormat {
		r.unreadable("format.unknown", "")
		return r, nil
	}
	body, ok := strings.CutPrefix(f.Statement, receiptFormat+"\n")
	var st Statement
	if !ok || !form.Strict([]byte(body), &st, "") {
		r.unreadable("statement.form", "")
		return r, nil
	}
	r.Statement, r.Origin = &st, st.Origin
	due, ok := st.check()
	if !ok {
		r.unreadable("statement.form", "value")
		return r, nil
	}
	r.DueBy = &due
	r.RecordIntact.settle(Yes, "", "")
	public := r.checkSignature(&f)
	r.checkEntry(&f, &st)
	position := r.checkProof(&f, &st, o, due)
	r.judgeReceiptKey(public, position, o.Trust, st.Origin)
	if o.File == "" {
		return r, nil
	}
	return r, r.checkFile(o.File, &st)
}

// check reports whether the statement's values are possible, and by when the entry is due.
func (s *Statement) check() (time.Time, bool) {
	due, ok := form.Time(s.IncludeBy)
	if !ok || s.Size < 0 || !form.IsDigest(s.SHA256) || s.SM3 != "" && !form.IsDigest(s.SM3) || decode32(s.LeafHash) == nil {
		return due, false
	}
	if _, ok := form.Time(s.StoredAt); !ok {
		return due, false
	}
	_, verified := form.Time(s.VerifiedAt)
	switch s.State {
	case "stored":
		return due, s.VerifiedAt == ""
	case "verified":
		return due, verified
	}
	return due, false
}

// checkSignature checks the signature over the statement with the receipt's own key and gives that key.
func (r *Report) checkSignature(f *receiptFile) []byte {
	public := decode32(f.Signature.PublicKey)
	sig, err := base64.StdEncoding.Strict().DecodeString(f.Signature.Value)
	if f.Signature.Alg != "ed25519" || public == nil || err != nil || len(sig) != ed25519.SignatureSize {
		r.RecordIntact.settle(No, "signature.form", "")
		return nil
	}
	if !ed25519.Verify(public, []byte(f.Statement), sig) {
		r.RecordIntact.settle(No, "signature.wrong", "")
		return nil
	}
	return public
}

// checkEntry checks that the leaf is the signed one and that its opened fields say what the statement says.
func (r *Report) checkEntry(f *receiptFile, st *Statement) {
	if base64.StdEncoding.EncodeToString(leafHash([]byte(f.Entry.Leaf))) != st.LeafHash {
		r.RecordIntact.settle(No, "leaf.other", "")
		return
	}
	opened, _, ok := r.checkOpenings(&f.Entry)
	if !ok {
		return
	}
	want := map[string]string{
		"id": string(st.EntryID), "outcome": "done",
		"detail.file_id": form.Quoted(string(st.FileID)), "detail.sha256": form.Quoted(st.SHA256),
		"detail.size": strconv.FormatInt(st.Size, 10), "detail.state": form.Quoted(st.State),
	}
	if st.SM3 != "" {
		want["detail.sm3"] = form.Quoted(st.SM3)
	}
	for n, v := range want {
		if have, ok := opened[n]; !ok || have != v {
			r.RecordIntact.settle(No, "entry.mismatch", n)
		}
	}
}

// checkProof answers whether the entry is in the log, and gives the receipt's position there, -1 if it has none.
func (r *Report) checkProof(f *receiptFile, st *Statement, o Options, due time.Time) int64 {
	p := f.Proof
	if p == nil {
		if o.Clock.Now().After(due) {
			r.InLog.settle(Overdue, "log.overdue", "")
		} else {
			r.InLog.settle(NotYet, "log.due", "")
		}
		return -1
	}
	if !r.checkInclusion(p, decode32(st.LeafHash), st.Origin, o.Trust) {
		return -1
	}
	return p.Index + 1
}

// judgeReceiptKey settles whether the receipt's key is trusted. A retired key counts for entries that stood in the log
// before it was retired; a receipt without a proof has no position, so a retired key leaves it unknown.
func (r *Report) judgeReceiptKey(public []byte, position int64, t *Trust, origin string) {
	if t == nil {
		r.SignerTrusted.settle(Unknown, "trust.none", "")
		return
	}
	if public == nil {
		r.SignerTrusted.settle(Unknown, "signature.unusable", "")
		return
	}
	k := t.find("receipt", public)
	switch {
	case origin != t.Origin:
		r.SignerTrusted.settle(No, "origin.other", origin)
	case k == nil:
		r.SignerTrusted.settle(No, "key.unknown", "receipt")
	case k.ValidTo == nil:
		r.SignerTrusted.settle(Yes, "", "")
	case position < 0:
		r.SignerTrusted.settle(Unknown, "key.retired", "receipt")
	case position > *k.ValidTo:
		r.SignerTrusted.settle(No, "key.outside_validity", "receipt")
	default:
		r.SignerTrusted.settle(Yes, "", "")
	}
}

// checkFile compares the original file with the statement.
func (r *Report) checkFile(path string, st *Statement) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return fault.Wrap(err, fault.NotFound, "verify.unreadable", filepath.Base(path))
	}
	sum, national := sha256.New(), sm3.New()
	w := io.Writer(sum)
	if st.SM3 != "" {
		w = io.MultiWriter(sum, national)
	}
	n, err := io.Copy(w, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return fault.Wrap(err, fault.Unavailable, "verify.unreadable", filepath.Base(path))
	}
	r.FileTested = true
	if n != st.Size {
		r.RecordIntact.settle(No, "file.size", filepath.Base(path))
	}
	if hex.EncodeToString(sum.Sum(nil)) != st.SHA256 {
		r.RecordIntact.settle(No, "file.sha256", filepath.Base(path))
	}
	if st.SM3 != "" && hex.EncodeToString(national.Sum(nil)) != st.SM3 {
		r.RecordIntact.settle(No, "file.sm3", filepath.Base(path))
	}
	return nil
}
