package house

import (
	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// diagnose gives the diagnostics bundle as a file.
func (a area) diagnose(p *site.Page) error {
	b, err := a.Diagnose(p.Context(), p.Actor)
	if err != nil {
		return err
	}
	p.Attach("application/zip", "zhilu-diagnose-"+p.Now.UTC().Format("20060102-150405")+".zip")
	_, err = p.W.Write(b)
	return err
}

// healthActions are what may be done at the page of health.
func healthActions(p *site.Page) []ui.Action {
	if !p.May(access.HealthDiagnose, access.Subject{Kind: "bureau"}) {
		return nil
	}
	return []ui.Action{{Text: p.P.T("health.diagnose"), Href: "/health/diagnostics", Icon: "download", Post: true}}
}

// healthHead is the head of the page of health.
func healthHead(p locale.Printer, actions []ui.Action) ui.HeadView {
	h := ui.HeadView{Title: p.T("health.title"), Actions: actions}
	if len(actions) > 0 {
		h.Sub = p.T("health.diagnose_sub")
	}
	return h
}
