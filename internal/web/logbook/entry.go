package logbook

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// entry shows one entry with every field, and what its proof says.
func (a area) entry(p *site.Page) error {
	r, err := a.record(p)
	if err != nil {
		return err
	}
	n := names{a.Deps, map[custody.Actor]string{}, map[custody.Subject]string{}}
	about := func(label string, s custody.Subject) ui.Fact {
		which, kind := n.subject(p, s)
		return ui.Fact{Label: label, Value: linkCell(which, subjectHref(s)), Source: kind}
	}
	facts := []ui.Fact{
		ui.FactText(p.P.T("log.index"), indexText(p.P, *r), ""),
		ui.FactText(p.P.T("log.at"), p.P.Full(r.At), p.P.T("log.source.server")),
		ui.FactText(p.P.T("log.who"), n.actor(p, r.Actor), roleText(p.P, r.Actor)),
		about(p.P.T("log.subject"), r.Subject),
		ui.FactText(p.P.T("log.article"), articleText(p, r.Article), r.Requirement),
		{Label: p.P.T("log.outcome"), Value: outcomeCell(p.P, r.Outcome)},
	}
	for _, s := range r.Related {
		facts = append(facts, about(p.P.T("log.related"), s))
	}
	facts = append(facts, ui.Fact{Label: p.P.T("log.entry_id"), Value: ui.Mono(string(r.ID))})
	detail, err := details(p.P, r)
	if err != nil {
		return err
	}
	return p.Render(ActionText(p.P, r.Action), entryPage(p.P, entryView{
		Title: ActionText(p.P, r.Action), Sub: p.P.WhenSec(r.At, p.Now), Facts: facts, Detail: detail, Proof: "/custody/" + string(r.ID) + "/proof",
		Waiting: r.Index < 0, Erased: strings.Join(r.Erased, ", "),
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

// details are what an entry keeps beside its fields. A key or value that has words is shown in them; the proof holds
// what stands in the entry, letter for letter.
func details(p locale.Printer, r *custody.Record) ([]ui.Fact, error) {
	if len(r.Detail) == 0 {
		return nil, nil
	}
	opened, err := r.OpenAll()
	if err != nil {
		return nil, err
	}
	var out []ui.Fact
	for _, o := range opened {
		key, ok := strings.CutPrefix(o.Name, "detail.")
		if !ok {
			continue
		}
		label := key
		if k := "detail." + key; p.Has(k) {
			label = p.T(k)
		}
		out = append(out, ui.Fact{Label: label, Value: detailValue(p, key, o.Value)})
	}
	return out, nil
}

// wordsOf are the areas of the catalogues that hold the words for the values of a key.
var wordsOf = map[string][]string{
	"verdict": {"verdict"}, "verdict_before": {"verdict"}, "flags": {"flag"}, "kind": {"kind", "duty.kind"}, "status": {"outcome"},
	"reason": {"detail.reason", "reason", "lateness"}, "state": {"detail.state", "device.state"}, "role": {"role"}, "note": {"detail.note"}, "start_source": {"origin"},
}

// detailValue writes a value as people read it: times as times, words for codes, other texts as they are.
func detailValue(p locale.Printer, key, raw string) templ.Component {
	var v any
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return ui.Mono(raw)
	}
	switch v := v.(type) {
	case bool:
		if v {
			return ui.Text(p.T("setting.yes"))
		}
		return ui.Text(p.T("setting.no"))
	case json.Number:
		n, err := v.Int64()
		switch {
		case err != nil:
		case key == "duration_us" && n >= 0, key == "by_us":
			return ui.Text(p.Exact(time.Duration(n) * time.Microsecond))
		case strings.HasSuffix(key, "_us") && n > 0:
			return ui.Text(p.Full(clock.FromMicros(n)))
		case key == "size":
			return ui.Text(p.SizeExact(n))
		default:
			return ui.Text(p.Num(n))
		}
	case string:
		var parts []string
		for word := range strings.FieldsSeq(v) {
			for _, area := range wordsOf[key] {
				if k := area + "." + word; p.Has(k) {
					parts = append(parts, p.T(k))
					break
				}
			}
		}
		if len(parts) > 0 && len(parts) == len(strings.Fields(v)) {
			return ui.Text(strings.Join(parts, p.T("library.and")))
		}
		return ui.Mono(locale.Visible(v))
	}
	return ui.Mono(raw)
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
