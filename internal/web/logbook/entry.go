package logbook

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
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

// proofFile is an entry to take away: its leaf, its opened fields and the proof that the leaf is in the log
// (docs/formats/log-entry-v1.md).
type proofFile struct {
	Format string                  `json:"format"`
	Entry  proofEntry              `json:"entry"`
	Proof  *custody.InclusionProof `json:"proof"`
}

type proofEntry struct {
	Leaf   string      `json:"leaf"`
	Detail string      `json:"detail"`
	Opened []openField `json:"opened"`
}

type openField struct {
	Name  string `json:"name"`
	Salt  string `json:"salt"`
	Value string `json:"value"`
}

// proof sends the entry with its proof. An entry that waits for its place is fault Unavailable "log.proof_waiting".
func (a area) proof(p *site.Page) error {
	r, err := a.record(p)
	if err != nil {
		return err
	}
	return WriteProof(p, a.Deps, r)
}

// WriteProof sends a record as a proof file.
func WriteProof(p *site.Page, d Deps, r *custody.Record) error {
	if r.Index < 0 {
		return fault.New(fault.Unavailable, "log.proof_waiting")
	}
	f := proofFile{Format: "zhilu-entry/v1"}
	f.Entry.Leaf = string(r.Leaf())
	detail, err := r.DetailStatement()
	if err != nil {
		return err
	}
	f.Entry.Detail = string(detail)
	opened, err := r.OpenAll()
	if err != nil {
		return err
	}
	for _, o := range opened {
		f.Entry.Opened = append(f.Entry.Opened, openField{o.Name, base64.StdEncoding.EncodeToString(o.Salt), o.Value})
	}
	if f.Proof, err = custody.ProveInclusion(p.Context(), d.DB.Reader, r.Index); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	p.Attach("application/json", "zhilu-entry-"+r.At.In(clock.Shanghai).Format("20060102-150405")+"-"+string(r.ID)+".json")
	_, err = p.W.Write(append(raw, '\n'))
	return err
}
