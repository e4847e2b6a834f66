package execute

import (
	"net/http"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/execution"
	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Path is where a case's page of performance is.
func Path(id ident.CaseID) string { return "/cases/" + string(id) + "/execution" }

// Deps is what the page needs.
type Deps struct{ Cases *casefile.Service }

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	return []site.Route{{Method: http.MethodGet, Path: "/cases/{id}/execution", Action: access.CaseView, Object: true, Handle: d.show}}
}

func (d Deps) show(p *site.Page) error {
	id, err := ident.Parse[ident.CaseID](p.R.PathValue("id"))
	if err != nil {
		return fault.New(fault.NotFound, "case.unknown")
	}
	f, err := d.Cases.Get(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	e, err := d.Cases.Edition(p.Context(), f)
	if err != nil {
		return err
	}
	v, err := Of(p.P, f, LawOf(e), p.Now, func(kind string) string {
		if doc, ok := e.Catalogue.Document(kind); ok {
			return p.P.Pick(doc.ZH, doc.EN)
		}
		return kind
	})
	if err != nil {
		return err
	}
	title := p.P.T("execution.page.title")
	head := ui.HeadView{
		Crumbs: []ui.Link{{Text: p.P.T("execution.page.cases"), Href: "/cases"}, {Text: f.Case.No, Href: "/cases/" + string(f.Case.ID)}},
		Title:  title, Sub: record.Prose(f.Case.Title),
	}
	return p.Render(title, ui.Stack(ui.Head(p.P, head), Panel(p.P, v)))
}

// LawOf is what a case of an edition is read by. Where the bureau has set nothing it is the reading that costs the party
// least, and the hours of the region's notice.
func LawOf(e regulation.Edition) execution.Law {
	return execution.Law{
		Rules: proof.Rules{Catalogue: e.Catalogue, Calendar: e.Calendar}, Base: performance.OfUnpaid, Hours: performance.DefaultHours(),
	}
}
