package verify

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/verify/casedoc"
	"zhilu.dev/zhilu/internal/verify/form"
	"zhilu.dev/zhilu/internal/verify/parcel"
	"zhilu.dev/zhilu/internal/verify/whole"
)

const (
	maxManifest = 16 << 20
	maxLine     = 1 << 20
	maxLogFile  = 256 << 20
	maxLines    = 200_000
	maxWrong    = 100 // lines of the log that are named; the rest would tell nothing more
)

// CaseFacts are what a case package says of itself.
type CaseFacts struct {
	Package     string `json:"package"`
	ID          string `json:"id"`
	No          string `json:"no"`
	Title       string `json:"title"`
	Bureau      string `json:"bureau"`
	MadeAt      string `json:"made_at"`
	EnteredAt   string `json:"entered_at,omitempty"` // as the log says
	MadeBy      string `json:"made_by"`
	Request     int64  `json:"request"`
	Fingerprint string `json:"fingerprint,omitempty"` // of the trust file in the package
	Files       int    `json:"files"`
	Documents   int    `json:"documents"`
	Recordings  int    `json:"recordings"` // files of recordings
	Entries     int    `json:"entries"`

	Whole *whole.Facts `json:"whole,omitempty"` // of a whole case: its footage and registers
}

// CaseFolder checks a case package that was unpacked into a folder.
func CaseFolder(ctx context.Context, dir string, o Options) (*Report, error) {
	p, err := parcel.Folder(dir)
	if err != nil {
		return nil, err
	}
	r, err := checkCase(ctx, p, o)
	return r, errors.Join(err, p.Close())
}

// CaseZip checks a case package that is one zip. Nothing of it is unpacked anywhere.
func CaseZip(ctx context.Context, z io.ReaderAt, size int64, o Options) (*Report, error) {
	p, err := parcel.Zip(z, size)
	if err != nil {
		return nil, err
	}
	if p == nil {
		r := &Report{Kind: "case"}
		r.unreadable("zip.form", "")
		return r, nil
	}
	return checkCase(ctx, p, o)
}

func caseZipFile(ctx context.Context, path string, o Options) (r *Report, isOne bool, err error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, false, nil //nolint:nilerr // whoever reads it next says why it cannot be read
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || !parcel.IsZip(f) {
		return nil, false, nil //nolint:nilerr // as above
	}
	r, err = CaseZip(ctx, f, info.Size(), o)
	return r, true, err
}

// caseCheck is a check under way.
type caseCheck struct {
	ctx      context.Context // one check, one context
	r        *Report
	p        *parcel.Parcel
	o        Options
	m        casedoc.Manifest
	digest   string          // of the manifest
	named    map[string]bool // files that were named as changed or missing: what they say counts for nothing more
	entries  map[string]lineFacts
	pages    []docFacts // of the documents
	spoilt   bool       // a document was named already: the index cannot be held against them
	facts    *CaseFacts
	exported map[string]string // what export.json opens
	must     []string          // files without which a package is none
}

func (c *caseCheck) wrong(code, what string) { c.r.RecordIntact.settle(No, code, what) }

func checkCase(ctx context.Context, p *parcel.Parcel, o Options) (*Report, error) {
	if o.Clock == nil {
		return nil, errors.New("verify: no clock")
	}
	o.File = ""
	c := &caseCheck{ctx: ctx, r: &Report{Kind: "case"}, p: p, o: o, named: map[string]bool{}, entries: map[string]lineFacts{}}
	c.must = []string{casedoc.FileReadme, casedoc.FileCase, casedoc.FileIndex, casedoc.FilePrinted, casedoc.FileRecordings, casedoc.FileEntries, casedoc.FileCheckpoint, casedoc.FileTrust}
	for _, odd := range p.Odd {
		c.wrong(odd.Code, odd.Name)
	}
	raw, ok := p.Read(casedoc.FileManifest, maxManifest)
	if ok && casedoc.FormatOf(raw) == casedoc.GivenFormat {
		return checkGiven(c, raw)
	}
	if !ok || !form.Strict(raw, &c.m, "  ") || !c.m.Sound() {
		code := "manifest.form"
		if !p.Has(casedoc.FileManifest) {
			code = "file.missing"
		}
		c.r.unreadable(code, casedoc.FileManifest)
		return c.r, nil
	}
	sum := sha256.Sum256(raw)
	c.digest = hex.EncodeToString(sum[:])
	c.r.Origin = c.m.Origin
	c.facts = &CaseFacts{
		Package: c.m.ID, ID: c.m.Case.ID, No: c.m.Case.No, Title: c.m.Case.Title, Bureau: c.m.Bureau, MadeAt: c.m.MadeAt, MadeBy: c.m.MadeBy.Name,
		Request: c.m.Request.No, Files: len(c.m.Files),
	}
	c.r.Case = c.facts
	c.r.RecordIntact.settle(Yes, "", "")
	for _, step := range []func() error{c.files, c.export, c.log, c.matter, c.documents, c.index, c.recordings, c.whole} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c.r, nil
}

// files compares what is there with the manifest, and names each file that is changed, missing or added.
func (c *caseCheck) files() error {
	listed := map[string]bool{casedoc.FileManifest: true, casedoc.FileExport: true}
	for _, f := range c.m.Files {
		if err := c.ctx.Err(); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		listed[f.Name] = true
		code := ""
		if !c.p.Has(f.Name) {
			code = "file.missing"
		} else if !c.p.Same(f.Name, f.Size, f.SHA256) {
			code = "file.changed"
		}
		if code != "" {
			c.named[f.Name] = true
			c.wrong(code, f.Name)
		}
	}
	for _, name := range c.p.Names {
		if !listed[name] {
			c.named[name] = true
			c.wrong("file.added", name)
		}
	}
	for _, name := range c.must {
		if !listed[name] && !c.named[name] { // a package that never had it is none
			c.named[name] = true
			c.wrong("file.missing", name)
		}
	}
	return nil
}

// export checks the entry that the package was made, and that it speaks of this manifest.
func (c *caseCheck) export() error {
	return c.exportAs([]wanted{
		{"action", "case.export"},
		{"outcome", "done"},
		{"subject.kind", "case"},
		{"subject.id", c.m.Case.ID},
		{"actor.id", c.m.MadeBy.Account},
		{"detail.package", form.Quoted(c.m.ID)},
		{"detail.request", form.Quoted(c.m.Request.ID)},
	})
}

// wanted is a field that an entry must open to a value.
type wanted struct{ name, value string }

func (c *caseCheck) exportAs(want []wanted) error {
	raw, ok := c.p.Read(casedoc.FileExport, maxRecord)
	if !ok {
		c.wrong("file.missing", casedoc.FileExport)
		c.r.InLog.settle(Unknown, "", "")
		return nil
	}
	sub := checkEntryProof(raw, c.o)
	c.fold(sub, casedoc.FileExport)
	c.exported = map[string]string{}
	for _, f := range sub.Opened {
		c.exported[f.Name] = f.Value
	}
	for _, w := range want {
		if c.exported[w.name] != w.value {
			c.wrong("export.mismatch", w.name)
		}
	}
	if c.exported["detail.manifest_sha256"] != form.Quoted(c.digest) {
		c.wrong("file.changed", casedoc.FileManifest)
	}
	c.sameOrigin(sub, casedoc.FileExport)
	c.facts.EnteredAt = c.exported["at"]
	return nil
}

func (c *caseCheck) sameOrigin(sub *Report, name string) {
	if sub.Origin != "" && sub.Origin != c.m.Origin {
		c.r.InLog.settle(No, "origin.other", name)
	}
}

// fold takes over what was found of one file of the package.
func (c *caseCheck) fold(sub *Report, name string) {
	c.r.RecordIntact.take(sub.RecordIntact, name)
	c.r.SignerTrusted.take(sub.SignerTrusted, name)
	c.r.InLog.take(sub.InLog, name)
}

// take makes the worse of two findings of f, whose reasons say which file they are about.
func (f *Finding) take(from Finding, name string) {
	if from.Answer == "" {
		return
	}
	f.settle(from.Answer, "", "")
	if from.Answer == Yes { // a field that is closed is no fault
		return
	}
	for _, why := range from.Reasons {
		what := name
		switch {
		case why.Code == "trust.none":
			what = "" // once is enough
		case why.What != "":
			what += ": " + why.What
		}
		if !slices.Contains(f.Reasons, Reason{why.Code, what}) {
			f.Reasons = append(f.Reasons, Reason{why.Code, what})
		}
	}
}

// lineFacts are what the rest of the package is compared with.
type lineFacts struct {
	done             bool
	subject, related string // "kind:id", and the others as the log writes them
	version, digest  string
}

// about reports whether the entry is about a subject, or relates to it.
func (l lineFacts) about(subject string) bool {
	return l.subject == subject || slices.Contains(strings.Split(l.related, ","), subject)
}

// log checks the entries of the case against the head of the log that came with them.
func (c *caseCheck) log() error {
	h, ok := c.head()
	if !ok {
		return nil
	}
	c.r.describe(h)
	src, err := c.p.Open(casedoc.FileEntries)
	if err != nil {
		c.r.InLog.settle(No, "file.missing", casedoc.FileEntries)
		return nil //nolint:nilerr // it is in the report
	}
	defer func() { _ = src.Close() }()
	lines := bufio.NewReaderSize(io.LimitReader(src, maxLogFile+1), 64<<10)
	last, wrong := int64(-1), 0
	for n := 1; n <= maxLines && wrong < maxWrong; n++ {
		if err := c.ctx.Err(); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		line, err := form.Line(lines, maxLine)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			c.r.InLog.settle(Yes, "", "")
			return nil
		}
		at := fmt.Sprintf("%s:%d", casedoc.FileEntries, n)
		if err != nil {
			c.wrong("entry.form", at)
			return nil
		}
		if !c.line(line, at, h, &last) {
			wrong++
		}
	}
	c.wrong("entries.many", casedoc.FileEntries)
	return nil
}

// head opens log/checkpoint with the keys in log/trust.json. Whether these are the house's is judged by the trust file
// that the reader brought, and by nothing else.
func (c *caseCheck) head() (head, bool) {
	raw, ok := c.p.Read(casedoc.FileTrust, maxTrust)
	t, err := ParseTrust(raw)
	if !ok || err != nil {
		c.r.InLog.settle(No, "trust.form", casedoc.FileTrust)
		return head{}, false
	}
	c.facts.Fingerprint = t.Fingerprint
	msg, ok := c.p.Read(casedoc.FileCheckpoint, maxCheckpoint)
	if !ok {
		c.r.InLog.settle(No, "checkpoint.form", casedoc.FileCheckpoint)
		return head{}, false
	}
	h, code := openCheckpoint(msg, t.logVerifiers())
	if code == "" && !oneSignature(string(msg)) {
		code = "checkpoint.form"
	}
	if code == "" && h.origin != c.m.Origin {
		code = "origin.other"
	}
	if code != "" {
		c.r.InLog.settle(No, code, casedoc.FileCheckpoint)
		return head{}, false
	}
	sub := &Report{}
	sub.judgeLogKey(h, c.o.Trust)
	c.r.SignerTrusted.take(sub.SignerTrusted, casedoc.FileCheckpoint)
	return h, true
}

// line checks one entry: its form, its openings, its place.
func (c *caseCheck) line(raw []byte, at string, h head, last *int64) bool {
	var l casedoc.Line
	if !form.Strict(raw, &l, "") || l.Opened == nil || l.Hashes == nil || l.Index <= *last {
		c.wrong("entry.form", at)
		return false
	}
	*last = l.Index
	sub := &Report{}
	sub.RecordIntact.settle(Yes, "", "")
	opened, _, _ := sub.checkOpenings(&shown{l.Leaf, l.Detail, l.Opened})
	hashes, sound := decodeHashes(l.Hashes)
	switch {
	case !sound:
		sub.InLog.settle(No, "proof.form", "")
	case !included(l.Index, h.size, leafHash([]byte(l.Leaf)), hashes, h.root):
		sub.InLog.settle(No, "proof.wrong", "")
	default:
		sub.InLog.settle(Yes, "", "")
	}
	for _, name := range []string{"id", "action", "subject.kind", "outcome"} {
		if _, ok := opened[name]; !ok && sub.RecordIntact.Answer == Yes {
			sub.RecordIntact.settle(No, "entry.closed", name)
		}
	}
	c.r.RecordIntact.take(sub.RecordIntact, at)
	c.r.InLog.take(sub.InLog, at)
	if sub.RecordIntact.Answer != Yes || sub.InLog.Answer != Yes {
		return false
	}
	c.facts.Entries++
	c.entries[opened["id"]] = lineFacts{
		done: opened["outcome"] == "done", subject: opened["subject.kind"] + ":" + opened["subject.id"], related: opened["related"],
		version: opened["detail.version"], digest: opened["detail.digest"],
	}
	return true
}

// readJSON reads a file of the package in its one form.
func (c *caseCheck) readJSON(name string, v any) bool {
	raw, ok := c.p.Read(name, maxManifest)
	return ok && form.Strict(raw, v, "  ")
}

// whole checks the footage and the registers, where the case left whole.
func (c *caseCheck) whole() error {
	found := whole.Check(whole.Package{Parcel: c.p, Manifest: &c.m, Named: c.named, About: func(entry, subject string) bool {
		e, ok := c.entries[entry]
		return ok && e.about(subject)
	}})
	for _, w := range found.Wrong {
		c.wrong(w.Code, w.What)
	}
	for i := range found.Copies {
		c.statement(&found.Copies[i], found.Listed)
	}
	c.facts.Whole = found.Facts
	return nil
}
