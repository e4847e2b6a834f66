// Package whole checks what the package of a whole case holds besides its papers (docs/formats/case-whole-v1.md), written from that text.
package whole

import (
	"encoding/json"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/verify/casedoc"
	"zhilu.dev/zhilu/internal/verify/form"
	"zhilu.dev/zhilu/internal/verify/parcel"
)

// The files that have one name.
const (
	File    = "whole.json"
	Printed = "whole.pdf"
	folder  = "footage/"
	maxFile = 64 << 20
)

// wholeFile is whole.json, its members in the order in which they are written.
type wholeFile struct {
	Format      string      `json:"format"`
	Case        string      `json:"case"`
	Recordings  []recording `json:"recordings"`
	Looks       []look      `json:"looks"`
	Disclosures []given     `json:"disclosures"`
}

type recording struct {
	N         int    `json:"n"`
	Recording string `json:"recording"`
	Title     string `json:"title"`
	Kind      string `json:"kind"`
	Why       string `json:"why"`
	Files     []file `json:"files"`
	Verdict   struct {
		Verdict  string `json:"verdict"`
		StoredAt string `json:"stored_at"`
		EndFrom  string `json:"end_from"`
		EndTo    string `json:"end_to"`
	} `json:"verdict"`
	Continuity string `json:"continuity"`
}

type file struct {
	Name      string `json:"name"`
	File      string `json:"file"`
	Called    string `json:"called"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	FromMS    int64  `json:"from_ms"`
	ToMS      int64  `json:"to_ms"`
	Masked    bool   `json:"masked"`
	Statement string `json:"statement"`
	Written   string `json:"transcript"`
}

type look struct {
	No          int64  `json:"no"`
	Look        string `json:"look"`
	Recording   string `json:"recording"`
	Kind        string `json:"kind"`
	Ground      string `json:"ground"`
	Request     string `json:"request"`
	Viewer      string `json:"viewer"`
	Department  string `json:"department"`
	OpenedAt    string `json:"opened_at"`
	ClosedAt    string `json:"closed_at"`
	WatchedMS   int64  `json:"watched_ms"`
	ConfirmedAt string `json:"confirmed_at"`
	ConfirmedBy string `json:"confirmed_by"`
	Remark      string `json:"remark"`
	Entry       string `json:"entry"`
}

type given struct {
	No          string `json:"no"`
	Disclosure  string `json:"disclosure"`
	State       string `json:"state"`
	Manner      string `json:"manner"`
	To          string `json:"to"`
	Person      string `json:"person"`
	Basis       string `json:"basis"`
	GivenAt     string `json:"given_at"`
	SHA256      string `json:"sha256"`
	ReceiptOn   string `json:"receipt_on"`
	ReceiptFrom string `json:"receipt_from"`
	Entry       string `json:"entry"`
}

// Facts are what such a package holds.
type Facts struct {
	Recordings  int `json:"recordings"`
	Originals   int `json:"originals"` // files
	Copies      int `json:"copies"`
	Left        int `json:"left"` // recordings that are listed without their pictures
	Looks       int `json:"looks"`
	Disclosures int `json:"disclosures"`
}

// Wrong is something that is wrong with it.
type Wrong struct{ Code, What string }

// Found is the result of a check. Copies are for the caller to hold against their statements.
type Found struct {
	Facts  *Facts // nil: this is no whole case
	Wrong  []Wrong
	Copies []casedoc.GivenItem
	Listed map[string]casedoc.File // by name, as the manifest lists them
}

// Package is what a check needs to know of the rest.
type Package struct {
	Parcel   *parcel.Parcel
	Manifest *casedoc.Manifest
	Named    map[string]bool                         // files that were named already
	About    func(entry string, subject string) bool // whether the log that came along has such an entry about a subject
}

// Check holds the footage and the registers of a whole case against the manifest, the list of recordings and the log.
func Check(p Package) Found {
	out := Found{Listed: map[string]casedoc.File{}}
	wrong := func(code, what string) { out.Wrong = append(out.Wrong, Wrong{code, what}) }
	listed := out.Listed
	for _, f := range p.Manifest.Files {
		listed[f.Name] = f
	}
	if _, is := listed[File]; !is {
		for _, name := range p.Parcel.Names {
			if (strings.HasPrefix(name, folder) || name == Printed) && !p.Named[name] {
				wrong("document.unknown", name)
			}
		}
		return out
	}
	out.Facts = &Facts{}
	if p.Named[File] {
		return out
	}
	var x wholeFile
	raw, ok := p.Parcel.Read(File, maxFile)
	if !ok || !form.Strict(raw, &x, "  ") || x.Format != "zhilu-case-whole/v1" || x.Case != p.Manifest.Case.ID || x.Recordings == nil || x.Looks == nil || x.Disclosures == nil {
		wrong("whole.form", File)
		return out
	}
	c := check{p: p, out: &out, listed: listed, used: map[string]bool{}, receipts: receipts(p.Parcel), wrong: wrong}
	if _, is := listed[Printed]; !is {
		wrong("file.missing", Printed)
	}
	for i := range x.Recordings {
		c.recording(i+1, &x.Recordings[i])
	}
	for _, name := range p.Parcel.Names {
		if strings.HasPrefix(name, folder) && !c.used[name] && !p.Named[name] {
			wrong("document.unknown", name)
		}
	}
	known := func(rec string) bool {
		return slices.ContainsFunc(x.Recordings, func(r recording) bool { return r.Recording == rec })
	}
	for _, l := range x.Looks {
		out.Facts.Looks++
		if !known(l.Recording) || !p.About(l.Entry, "look:"+l.Look) {
			wrong("whole.entry", File+": "+l.Look)
		}
	}
	for _, g := range x.Disclosures {
		out.Facts.Disclosures++
		if !p.About(g.Entry, "disclosure:"+g.Disclosure) {
			wrong("whole.entry", File+": "+g.No)
		}
	}
	return out
}

type check struct {
	p        Package
	out      *Found
	listed   map[string]casedoc.File
	used     map[string]bool
	receipts map[string]casedoc.File // by the file's id: what the list of recordings says
	wrong    func(code, what string)
}

// receipts reads the list of recordings; what is wrong with it is told by whoever checks it.
func receipts(p *parcel.Parcel) map[string]casedoc.File {
	out := map[string]casedoc.File{}
	var x casedoc.Recordings
	raw, ok := p.Read(casedoc.FileRecordings, maxFile)
	if !ok || json.Unmarshal(raw, &x) != nil {
		return out
	}
	for _, f := range x.Files {
		out[f.Recording+" "+f.File] = casedoc.File{Name: f.Name, Size: f.Size, SHA256: f.SHA256}
	}
	return out
}

func (c *check) recording(n int, r *recording) {
	c.out.Facts.Recordings++
	sound := r.N == n && r.Recording != "" && r.Files != nil && slices.Contains([]string{"original", "copy", "none"}, r.Kind) &&
		(r.Kind == "none") == (r.Why != "") && (r.Kind == "none") == (len(r.Files) == 0) && r.Continuity != ""
	if !sound {
		c.wrong("whole.form", File+": "+r.Title)
		return
	}
	if r.Kind == "none" {
		c.out.Facts.Left++
	}
	for _, f := range r.Files {
		l, ok := c.listed[f.Name]
		if !ok || c.used[f.Name] || !strings.HasPrefix(f.Name, folder) || l.Size != f.Size || l.SHA256 != f.SHA256 || (r.Kind == "original") != (f.Statement == "") {
			c.wrong("whole.file", f.Name)
			continue
		}
		c.used[f.Name] = true
		if r.Kind == "original" {
			c.out.Facts.Originals++
			// What the receipt speaks of is what lies here: the list of recordings is held against the receipts.
			if s, ok := c.receipts[r.Recording+" "+f.File]; !ok || s.Size != f.Size || s.SHA256 != f.SHA256 {
				c.wrong("receipt.other", f.Name)
			}
			continue
		}
		c.out.Facts.Copies++
		c.used[f.Statement], c.used[f.Written] = true, true
		kind := "clip"
		if f.Masked {
			kind = "masked"
		}
		if _, ok := c.listed[f.Statement]; !ok {
			c.wrong("file.missing", f.Statement)
		} else if !c.p.Named[f.Statement] {
			c.out.Copies = append(c.out.Copies, casedoc.GivenItem{
				Recording: r.Recording, Kind: kind, FromMS: f.FromMS, ToMS: f.ToMS, Statement: f.Statement, Written: f.Written, Files: []casedoc.GivenFile{{Name: f.Name, Size: f.Size, SHA256: f.SHA256}},
			})
		}
	}
}
