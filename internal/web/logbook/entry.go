package logbook

import (
	"strings"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// entry shows one entry with every field, and what its proof says.
func (a area) entry(p *site.Page) error {
	r, err := a.record(p)
	if err != nil {
		return err
	}
	facts := []ui.Fact{
		ui.FactText(p.P.T("log.index"), indexText(p.P, *r), ""),
		ui.FactText(p.P.T("log.at"), p.P.Full(r.At), p.P.T("log.source.server")),
		ui.FactText(p.P.T("log.who"), a.ActorName(p.Context(), r.Actor), roleText(p.P, r.Actor)),
		{Label: p.P.T("log.subject"), Value: linkCell(SubjectText(p.P, r.Subject), subjectHref(r.Subject))},
		ui.FactText(p.P.T("log.article"), articleText(p, r.Article), r.Requirement),
		{Label: p.P.T("log.outcome"), Value: outcomeCell(p.P, r.Outcome)},
	}
	for _, s := range r.Related {
		facts = append(facts, ui.Fact{Label: p.P.T("log.related"), Value: linkCell(SubjectText(p.P, s), subjectHref(s))})
	}
	facts = append(facts, ui.FactText(p.P.T("log.entry_id"), string(r.ID), ""))
	detail, err := details(r)
	if err != nil {
		return err
	}
	return p.Render(ActionText(p.P, r.Action), entryPage(p.P, entryView{
		Title: ActionText(p.P, r.Action), Facts: facts, Detail: detail, Proof: "/custody/" + string(r.ID) + "/proof", Waiting: r.Index < 0,
		Erased: strings.Join(r.Erased, ", "),
	}))
}

func articleText(p *site.Page, article string) string {
	if article == "" {
		return p.P.T("log.no_article")
	}
	return p.P.Article(article)
}

// subjectHref is where all entries about a subject are listed.
func subjectHref(s custody.Subject) string { return "/custody?kind=" + s.Kind + "&subject=" + s.ID }

// details are the detail's keys and values as they stand in the entry.
func details(r *custody.Record) ([]ui.Fact, error) {
	if len(r.Detail) == 0 {
		return nil, nil
	}
	opened, err := r.OpenAll()
	if err != nil {
		return nil, err
	}
	var out []ui.Fact
	for _, o := range opened {
		if key, ok := strings.CutPrefix(o.Name, "detail."); ok {
			out = append(out, ui.Fact{Label: key, Value: ui.Mono(o.Value)})
		}
	}
	return out, nil
}

// proof sends the entry with its proof (docs/formats/entry-proof-v1.md).
func (a area) proof(p *site.Page) error {
	r, err := a.record(p)
	if err != nil {
		return err
	}
	file, err := custody.ProveEntry(p.Context(), a.DB.Reader, r)
	if err != nil {
		return err
	}
	p.Attach("application/json", "zhilu-entry-"+r.At.In(clock.Shanghai).Format("20060102-150405")+"-"+string(r.ID)+".json")
	_, err = p.W.Write(file)
	return err
}
