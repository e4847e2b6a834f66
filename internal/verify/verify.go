// Package verify checks what the product hands out: receipts, entry proofs, checkpoints, case packages and a whole log; the packages below it check what holds such things. It is written from
// docs/formats alone and shares no code with package custody, which writes them; it needs no server and no database.
//
// Three questions are answered apart (decision 6): is the record intact, is its signer trusted, is it in the log. What
// it reads is hostile until shown otherwise: sizes are bounded, forms are exact, and a receipt of which any byte was
// changed does not verify.
package verify

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/verify/casedoc"
	"zhilu.dev/zhilu/internal/verify/clip"
	"zhilu.dev/zhilu/internal/verify/parcel"
	"zhilu.dev/zhilu/internal/verify/source"
)

// Answer is the answer to one of the three questions.
type Answer string

// The answers.
const (
	Yes           Answer = "yes"
	No            Answer = "no"
	Unknown       Answer = "unknown"        // it could not be told, for want of a trust file or a proof
	NotYet        Answer = "not_yet"        // not in the log yet, and the time for it is not over
	Overdue       Answer = "overdue"        // not in the log although the time for it is over
	NotApplicable Answer = "not_applicable" // the question makes no sense for this kind of record
)

// Reason says why. Code is stable and lower case ("signature.wrong"); What names the part it is about.
type Reason struct {
	Code string `json:"code"`
	What string `json:"what,omitempty"`
}

// Finding is an answer with its reasons.
type Finding struct {
	Answer  Answer   `json:"answer"`
	Reasons []Reason `json:"reasons,omitempty"`
}

// Settle is settle for the packages below this one.
func (f *Finding) Settle(a Answer, code, what string) { f.settle(a, code, what) }

// Take makes the worse of two findings of f, whose reasons say which file they are about.
func (f *Finding) Take(from Finding, name string) { f.take(from, name) }

// settle gives a: the worse of the answers so far and this one counts, every reason is kept.
func (f *Finding) settle(a Answer, code, what string) {
	rank := map[Answer]int{Yes: 0, NotApplicable: 0, NotYet: 1, Unknown: 2, Overdue: 3, No: 4}
	if f.Answer == "" || rank[a] > rank[f.Answer] {
		f.Answer = a
	}
	if code != "" {
		f.Reasons = append(f.Reasons, Reason{code, what})
	}
}

// Report is the result of a check.
type Report struct {
	Kind          string  `json:"kind"` // "receipt", "entry", "checkpoint", "log", "case", "clip", "disc", "given", or "unknown"
	RecordIntact  Finding `json:"record_intact"`
	SignerTrusted Finding `json:"signer_trusted"`
	InLog         Finding `json:"in_log"`
	Witnessed     Finding `json:"witnessed,omitzero"` // of checkpoint and log: whether somebody outside signed it too

	Origin     string          `json:"origin,omitempty"`
	Index      *int64          `json:"index,omitempty"`     // of the entry, where it is in the log
	Size       int64           `json:"size,omitempty"`      // of the checkpoint
	Root       string          `json:"root,omitempty"`      // of the checkpoint, base64
	DueBy      *time.Time      `json:"due_by,omitempty"`    // when the entry must be in the log
	Statement  *Statement      `json:"statement,omitempty"` // what the receipt says
	FileTested bool            `json:"file_tested"`         // whether the original file was compared too
	Entries    int64           `json:"entries,omitempty"`   // of a whole log: how many were walked
	Stamped    Finding         `json:"stamped,omitzero"`    // of a checkpoint, where a time stamp was given
	StampedAt  *time.Time      `json:"stamped_at,omitempty"`
	Cosigned   []Cosignature   `json:"cosigned,omitempty"` // by whom, and when
	Opened     []Opened        `json:"opened,omitempty"`   // of an entry: what it says
	Case       *CaseFacts      `json:"case,omitempty"`     // of a case package: what it says of itself
	Disc       *DiscFacts      `json:"disc,omitempty"`     // of an evidence disc: what it says of itself
	Clip       *clip.Statement `json:"clip,omitempty"`     // of a masked copy: what it says of itself
	Given      *GivenFacts     `json:"given,omitempty"`    // of what was given out: what it says of itself
}

// DiscFacts are what an evidence disc says of itself.
type DiscFacts struct {
	ID             string `json:"id"`
	Number         string `json:"number"`
	Bureau         string `json:"bureau"`
	CaseNo         string `json:"case_no"`
	CaseTitle      string `json:"case_title"`
	MadeAt         string `json:"made_at"`
	EnteredAt      string `json:"entered_at,omitempty"` // as the log says
	MadeBy         string `json:"made_by"`
	Request        int64  `json:"request"`
	ManifestSHA256 string `json:"manifest_sha256"`
	Fingerprint    string `json:"fingerprint,omitempty"` // of the trust file on the disc
	Files          int    `json:"files"`
	Recordings     int    `json:"recordings"`
	Trees          int    `json:"trees"` // of an image: how many were read
}

// Exit codes of the command (blueprint §5).
const (
	ExitOK            = 0
	ExitWrong         = 3
	ExitSignerUnknown = 5
)

// ExitCode is 0 when all three answers hold (the log: or "not yet", with time left), 3 when anything is wrong, 5 when
// the record is intact but its signer unknown.
func (r *Report) ExitCode() int {
	ok := func(f Finding) bool { return f.Answer == Yes || f.Answer == NotApplicable }
	if !ok(r.RecordIntact) || r.Witnessed.Answer == No || r.Stamped.Answer == No || r.SignerTrusted.Answer == No ||
		!ok(r.InLog) && r.InLog.Answer != NotYet && r.InLog.Answer != Unknown {
		return ExitWrong
	}
	if !ok(r.SignerTrusted) || r.Stamped.Answer == Unknown || r.InLog.Answer == Unknown {
		return ExitSignerUnknown
	}
	return ExitOK
}

// Options say against what to check. All members but Clock may be empty.
type Options struct {
	Trust      *Trust         // nil: signers stay unknown
	Clock      clock.Clock    // decides whether an entry is overdue
	Witnesses  []string       // verifier keys of witnesses that must have signed
	Stamp      []byte         // a time stamp of the checkpoint
	StampRoots *x509.CertPool // the authorities it may come from; nil: nobody can tell whose it is
	Older      []byte         // an older checkpoint that the log must be consistent with, or a file that holds one
	File       string         // path of the original file a receipt speaks of
	HTTP       *http.Client   // for a live log; nil for one that trusts the system's roots
}

// Bounds of what is read.
const (
	maxRecord = 1 << 20
	maxTrust  = 4 << 20
)

// Target checks a path or an http(s) URL: a URL or a folder with a file "checkpoint" is a log, a folder with a
// "manifest.json" or a zip is a case package, anything else a receipt, entry proof or checkpoint. A path that cannot be read is fault NotFound "verify.unreadable".
func Target(ctx context.Context, target string, o Options) (*Report, error) {
	if strings.HasPrefix(target, "https://") || strings.HasPrefix(target, "http://") {
		f, err := source.NewHTTPFetcher(target, o.HTTP)
		if err != nil {
			return nil, err
		}
		return Log(ctx, f, o)
	}
	if r, isOne, err := clipMedia(ctx, target, o); isOne || err != nil {
		return r, err
	}
	if parcel.IsEncrypted(target) {
		return nil, fault.New(fault.Invalid, "verify.encrypted", filepath.Base(target))
	}
	if r, isOne, err := caseZipFile(ctx, target, o); isOne || err != nil {
		return r, err
	}
	if info, err := os.Stat(target); err == nil && info.IsDir() {
		if casedoc.Looks(target) {
			return CaseFolder(ctx, target, o)
		}
		f, err := source.NewDirFetcher(target)
		if err != nil {
			return nil, err
		}
		r, err := Log(ctx, f, o)
		return r, errors.Join(err, f.Close())
	}
	return File(target, o)
}

// File checks the receipt, entry proof or checkpoint at path.
func File(path string, o Options) (*Report, error) {
	data, err := readBounded(path, maxRecord)
	if err != nil {
		return nil, err
	}
	return Bytes(data, o)
}

// ReadTrust reads a trust file.
func ReadTrust(path string) (*Trust, error) {
	data, err := readBounded(path, maxTrust)
	if err != nil {
		return nil, err
	}
	return ParseTrust(data)
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.NotFound, "verify.unreadable", filepath.Base(path))
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "verify.unreadable", filepath.Base(path))
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "verify.unreadable", filepath.Base(path))
	}
	if int64(len(data)) > limit {
		return nil, fault.New(fault.TooLarge, "verify.too_large", filepath.Base(path), limit)
	}
	return data, nil
}

// Bytes checks a receipt, entry proof or checkpoint. An error means that it could not be checked at all (the original file cannot
// be read); whatever is wrong with the record is in the report.
func Bytes(data []byte, o Options) (*Report, error) {
	if o.Clock == nil {
		return nil, errors.New("verify: no clock")
	}
	switch {
	case len(data) > maxRecord:
		return nil, fault.New(fault.TooLarge, "verify.too_large", "", maxRecord)
	case bytes.HasPrefix(data, []byte("{\n  \"format\": \""+entryProofFormat+"\"")):
		return checkEntryProof(data, o), nil
	case bytes.HasPrefix(data, []byte("{\n  \"format\": \""+clip.Format+"\"")):
		return clipBeside(data, o)
	case bytes.HasPrefix(data, []byte("{")):
		return checkReceipt(data, o)
	case bytes.Contains(data, []byte("\n\n— ")):
		return checkCheckpoint(data, o), nil
	}
	r := &Report{Kind: "unknown"}
	r.unreadable("format.unknown", "")
	return r, nil
}

// unreadable settles all three answers for a record whose form is wrong.
func (r *Report) unreadable(code, what string) {
	r.RecordIntact.settle(No, code, what)
	r.SignerTrusted.settle(Unknown, "", "")
	r.InLog.settle(Unknown, "", "")
}
