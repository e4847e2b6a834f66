package verify

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/verify/casedoc"
	"zhilu.dev/zhilu/internal/verify/form"
)

// docFacts are what the index is compared with.
type docFacts struct {
	n, pages  int
	no, title string
}

// matter holds what is said of the case itself against the log.
func (c *caseCheck) matter() error {
	if c.named[casedoc.FileCase] {
		return nil
	}
	var x casedoc.Case
	if !c.readJSON(casedoc.FileCase, &x) || !x.Sound() {
		c.wrong("case.form", casedoc.FileCase)
		return nil
	}
	for _, id := range x.Entries() {
		if e, found := c.entries[id]; !found || !e.about("case:"+c.m.Case.ID) {
			c.wrong("case.entry", casedoc.FileCase+": "+id)
		}
	}
	return nil
}

// documents checks each written record against its entry in the log.
func (c *caseCheck) documents() error {
	printed := map[string]bool{}
	var all []string
	for name := range c.named {
		c.spoilt = c.spoilt || strings.HasPrefix(name, "documents/")
	}
	for _, name := range c.p.Names {
		switch {
		case !strings.HasPrefix(name, "documents/"):
		case c.named[name]:
		case strings.HasSuffix(name, ".json"):
			all = append(all, name)
		default:
			printed[name] = true
		}
	}
	for _, name := range all {
		if err := c.ctx.Err(); err != nil {
			return err //nolint:wrapcheck // the caller's own
		}
		var d casedoc.Document
		if !c.readJSON(name, &d) || !d.Sound(name) {
			c.wrong("document.form", name)
			c.spoilt = true
			continue
		}
		c.document(name, &d)
		delete(printed, d.PDF)
		c.pages = append(c.pages, docFacts{d.N, d.Pages, d.No, d.Title})
		c.facts.Documents++
	}
	for _, name := range c.p.Names { // what no document speaks of
		if printed[name] {
			c.wrong("document.unknown", name)
		}
	}
	return nil
}

// document holds a document against the log.
func (c *caseCheck) document(name string, d *casedoc.Document) {
	sum := sha256.Sum256([]byte(d.Content))
	if hex.EncodeToString(sum[:]) != d.Digest {
		c.wrong("document.digest", name)
	}
	paper := "paper:" + d.Paper
	e, found := c.entries[d.Entry]
	switch {
	case !found:
		c.wrong("document.no_entry", name)
	case !e.done || e.subject != paper || e.version != strconv.Itoa(d.Version) || e.digest != form.Quoted(d.Digest):
		c.wrong("document.entry", name)
	}
	if d.PDF != "" && !c.p.Has(d.PDF) && !c.named[d.PDF] {
		c.wrong("file.missing", d.PDF)
	}
	also := make([]string, 0, len(d.Signatures)+len(d.Approvals)+len(d.Deliveries))
	for _, s := range d.Signatures {
		also = append(also, s.Entry)
		if !s.ImageSound() {
			c.wrong("signature.image", name)
		}
	}
	for _, a := range d.Approvals {
		also = append(also, a.Entry)
	}
	for _, s := range d.Deliveries {
		also = append(also, s.Entry)
	}
	for _, id := range also {
		if e, found := c.entries[id]; id != "" && (!found || !e.about(paper) && !e.about("case:"+c.m.Case.ID)) {
			c.wrong("document.entry", name+": "+id)
		}
	}
}

// index holds the list of papers against the papers.
func (c *caseCheck) index() error {
	if c.named[casedoc.FileIndex] {
		return nil
	}
	var x casedoc.Index
	if !c.readJSON(casedoc.FileIndex, &x) || x.Format != "zhilu-case-index/v1" || x.Rows == nil {
		c.wrong("index.form", casedoc.FileIndex)
		return nil
	}
	if c.spoilt { // the documents at fault have been named
		return nil
	}
	slices.SortFunc(c.pages, func(a, b docFacts) int { return cmp.Compare(a.n, b.n) })
	if len(x.Rows) != len(c.pages) {
		c.wrong("index.mismatch", casedoc.FileIndex)
		return nil
	}
	page := 0
	for i, row := range x.Rows {
		d := c.pages[i]
		from, to := page+1, page+d.pages
		if d.pages == 0 {
			from, to = 0, 0
		}
		if row.N != i+1 || d.n != i+1 || row.No != d.no || row.Title != d.title || row.From != from || row.To != to {
			c.wrong("index.mismatch", casedoc.FileIndex+": "+strconv.Itoa(i+1))
		}
		page += d.pages
	}
	if x.Pages != page {
		c.wrong("index.mismatch", casedoc.FileIndex)
	}
	return nil
}

// recordings checks the receipt of each file of footage.
func (c *caseCheck) recordings() error {
	if c.named[casedoc.FileRecordings] {
		return nil
	}
	var x casedoc.Recordings
	if !c.readJSON(casedoc.FileRecordings, &x) || x.Format != "zhilu-case-recordings/v1" || x.Files == nil {
		c.wrong("recordings.form", casedoc.FileRecordings)
		return nil
	}
	used := map[string]bool{}
	for _, f := range x.Files {
		if err := c.ctx.Err(); err != nil {
			return err //nolint:wrapcheck // the caller's own
		}
		c.facts.Recordings++
		if f.Receipt == "" || c.named[f.Receipt] {
			used[f.Receipt] = true
			continue
		}
		raw, ok := c.p.Read(f.Receipt, maxRecord)
		if !ok || used[f.Receipt] || !strings.HasPrefix(f.Receipt, "recordings/") {
			c.wrong("recordings.form", casedoc.FileRecordings+": "+f.Receipt)
			continue
		}
		used[f.Receipt] = true
		sub, err := checkReceipt(raw, c.o)
		if err != nil {
			return err
		}
		c.fold(sub, f.Receipt)
		c.sameOrigin(sub, f.Receipt)
		if s := sub.Statement; s == nil || string(s.RecordingID) != f.Recording || string(s.FileID) != f.File || s.Size != f.Size || s.SHA256 != f.SHA256 || s.Name != f.Name {
			c.wrong("receipt.other", f.Receipt)
		}
	}
	for _, name := range c.p.Names {
		if strings.HasPrefix(name, "recordings/") && name != casedoc.FileRecordings && !used[name] && !c.named[name] {
			c.wrong("document.unknown", name)
		}
	}
	return nil
}
