package dossier

import (
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/casefile/print"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/sheet"
)

// Official lays a paper out for the press, as it was fixed. Papers are printed in the official language, so p is the Chinese printer.
func (c *Case) Official(p locale.Printer, bureau string, x *Paper) sheet.Official {
	in := print.Input{
		Document: x.document, Values: x.values, Title: x.Title, Bureau: bureau, CaseNo: c.No, Number: x.No, Parties: c.parties,
		Names: c.names, Version: x.Version, Digest: x.Digest, Correction: x.reason, At: x.FixedAt,
	}
	for _, s := range x.Signatures {
		in.Signatures = append(in.Signatures, print.Signature{Role: s.Role, Name: s.Name, Mode: print.Mode(s.Mode), Image: s.Image, Reason: s.Reason, Witness: s.Witness, At: s.At})
	}
	for _, a := range x.Approvals {
		in.Approvals = append(in.Approvals, print.Approval{Step: a.Step, Opinion: a.Opinion, Returned: a.Decision != "agree", Name: a.By, OnBehalfOf: a.OnBehalfOf, At: a.At})
	}
	return print.Paper(p, in)
}

// IndexSheet lays the index out for the press (卷内文件目录).
func (c *Case) IndexSheet(p locale.Printer, bureau string, x Index, now time.Time) sheet.Paper {
	head := []string{"n", "no", "title", "date", "author", "pages", "note"}
	t := sheet.Table{Widths: []float64{10, 32, 0, 21, 23, 15, 12}, Head: make([]string, len(head)), Rows: make([][]string, len(x.Rows))}
	for i, h := range head {
		t.Head[i] = p.T("dossier.index." + h)
	}
	for i, r := range x.Rows {
		pages := ""
		switch {
		case r.From > 0 && r.From == r.To:
			pages = strconv.Itoa(r.From)
		case r.From > 0:
			pages = strconv.Itoa(r.From) + "–" + strconv.Itoa(r.To)
		}
		t.Rows[i] = []string{strconv.Itoa(r.N), r.No, r.Title, r.Date, r.Author, pages, r.Note}
	}
	return sheet.Paper{
		Lang: "zh", Bureau: bureau, Title: p.T("dossier.index.heading"), Number: c.No, NumberLine: p.T("dossier.index.case", c.No, c.Title),
		Foot: c.No, MissingLine: p.T("print.missing"), At: now,
		Sections: []sheet.Section{{Blocks: []sheet.Block{sheet.Grid(t), sheet.Note(p.T("dossier.index.sum", len(x.Rows), x.Pages))}}},
	}
}
