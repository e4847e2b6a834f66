package giving

import (
	"context"
	"strconv"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording/handed"
	"zhilu.dev/zhilu/internal/sheet"
	pages "zhilu.dev/zhilu/internal/web/handed"
	"zhilu.dev/zhilu/internal/web/site"
)

func (o *Office) openHanded() (err error) {
	o.Handed, err = handed.New(handed.Config{DB: o.d.DB, Gate: o.d.Gate, Clock: o.d.Clock, Case: func(ctx context.Context, actor access.Actor, no string) (ident.CaseID, error) {
		f, err := o.d.Cases.ByNumber(ctx, actor, no)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) { // who may not know of it learns nothing of it
			err = fault.New(fault.Invalid, "handed.case_unknown").At("case")
		}
		return f.Case.ID, err
	}})
	return err
}

func (o *Office) handedRoutes() []site.Route {
	return pages.Routes(pages.Deps{Register: o.Handed, Set: o.handedReceipt, DepartmentName: o.d.DepartmentName, Upload: "/upload"})
}

// handedReceipt sets the receipt in the official language, with the place of its entry in the log, so that who handed in can have it
// checked.
func (o *Office) handedReceipt(ctx context.Context, h *handed.Handing, items []handed.Item) ([]byte, error) {
	p := o.d.Words.For(locale.Chinese)
	entry, err := custody.Get(ctx, o.d.DB.Reader, h.Entry)
	if err != nil {
		return nil, err
	}
	facts := []sheet.Fact{
		{Label: p.T("handed.giver"), Text: h.Giver + "　" + p.T("handed.capacity."+string(h.Capacity))},
	}
	for _, x := range [][2]string{{"for", h.For}, {"case", h.CaseNo}, {"carrier", h.Carrier}, {"shows", h.Shows}} {
		if x[1] != "" {
			facts = append(facts, sheet.Fact{Label: p.T("handed." + x[0]), Text: x[1]})
		}
	}
	back := p.T("handed.returned_no")
	if h.Returned {
		back = p.T("handed.returned_yes")
	}
	facts = append(facts, sheet.Fact{Label: p.T("handed.returned"), Text: back},
		sheet.Fact{Label: p.T("handed.taken_by"), Text: h.ByName + "　" + o.d.DepartmentName(ctx, h.Department)}, sheet.Fact{Label: p.T("handed.received"), Text: p.Full(h.EndedAt)})
	t := sheet.Table{Widths: []float64{12, 46, 22, 0}, Head: []string{p.T("handed.row"), p.T("handed.name"), p.T("handed.size"), p.T("handed.digest")}}
	for i := range items {
		x := &items[i]
		name := x.Name
		if x.Known {
			name += "（" + p.T("handed.file_known") + "）"
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(x.N), name, p.Size(x.Size), x.SHA256})
	}
	return o.official(ctx, p.T("handed.receipt_title"), p.T("handed.title_of", h.No), h.EndedAt, []sheet.Section{
		{Blocks: []sheet.Block{sheet.Facts(facts...)}},
		{Heading: p.T("handed.files"), Blocks: []sheet.Block{sheet.Grid(t)}},
		{Heading: p.T("handed.proof"), Blocks: []sheet.Block{entryFacts(p, h.Entry, entry), sheet.Note(p.T("handed.proof_text"))}},
	}, p.T("handed.sign_giver"), p.T("handed.sign_taker"), p.T("handed.sign_date"))
}
