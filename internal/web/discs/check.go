package discs

import (
	"encoding/json"
	"strconv"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// maxReport bounds a report that is brought from another computer, in bytes.
const maxReport = 4 << 20

// reading is the form that writes down what a read found: the report that `zhilu verify --json` gave where the disc was read. What it says
// of which disc is held against this one; who brings it answers for it.
func (a area) reading(p *site.Page, d *disc.Disc, copies []disc.Copy, wrong refusal.Fault, v *discView) {
	if !a.Discs.May(p.Actor, access.DiscCheck, d) {
		return
	}
	pr := p.P
	which := ui.Field{ID: "read-copy", Name: "copy", Label: pr.T("disc.copy")}
	for _, c := range copies {
		which.Options = append(which.Options, ui.Option{Value: strconv.Itoa(c.N), Text: a.CopyName(pr, c.N), On: p.Value("copy") == strconv.Itoa(c.N)})
	}
	which.Options = append(which.Options, ui.Option{Value: "0", Text: pr.T("disc.check_image"), On: p.Value("copy") == "0" || len(copies) == 0})
	v.Which = which
	v.Report = wrong.Mark(ui.Field{Name: "report", Label: pr.T("disc.report"), Hint: pr.T("disc.report_hint"), Type: "file", Accept: ".json"})
	v.Read = &ui.FormView{
		Action: PathOf(d.ID) + "/checks", Files: true, Label: pr.T("disc.read"), Errors: ui.Errors(v.Report), Buttons: []ui.Action{{Text: pr.T("disc.read"), Icon: "check"}},
	}
}

// check writes down a read by its report.
func (a area) check(p *site.Page) error {
	id, err := a.id(p)
	if err != nil {
		return err
	}
	if err := a.checked(p, id); err != nil {
		return a.showWith(p, id, err)
	}
	return p.Redirect(PathOf(id))
}

func (a area) checked(p *site.Page, id ident.DiscID) error {
	raw, _, err := p.File("report", maxReport)
	if err != nil {
		return err
	}
	report := new(verify.Report)
	if json.Unmarshal(raw, report) != nil || report.Kind == "" || report.RecordIntact.Answer == "" {
		return fault.New(fault.Invalid, "disc.report").At("report")
	}
	copyOf, err := strconv.Atoi(p.Value("copy"))
	if err != nil {
		copyOf = 0 // the image itself
	}
	_, err = a.Discs.Record(p.Context(), p.Actor, id, disc.CheckOf{Copy: copyOf, Source: "report", Report: report})
	return err
}
