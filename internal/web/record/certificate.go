package record

import (
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// certificateView is a page to print: what the recording is, what is known of it and from where, and how anybody can
// check it without this system.
type certificateView struct {
	Bureau      string
	Title       string
	Facts       []ui.Fact
	Files       []fileView
	Verdict     ui.Verdict
	Branches    []branchView
	Flags       []flagView
	Notes       []ui.Event
	Events      []eventView
	More        string // says that the history goes on
	Log         []ui.Fact
	Fingerprint string
	Steps       []string
	Printed     string
	Back        string
}

func (a area) certificate(p *site.Page) error {
	d, err := a.detail(p)
	if err != nil {
		return err
	}
	list, more, err := a.history(p.Context(), d, paperLimit)
	if err != nil {
		return err
	}
	actors, err := Actors(p.Context(), a.Accounts, a.People, list)
	if err != nil {
		return err
	}
	n, err := a.names(p, d, list)
	if err != nil {
		return err
	}
	log, fingerprint, err := a.logFacts(p, d, list)
	if err != nil {
		return err
	}
	pr := p.P
	var never time.Time // on paper there is no today: every moment is written with its year
	v := certificateView{
		Bureau: a.Bureau, Title: title(pr, d, never), Facts: facts(pr, d, n, never), Files: files(pr, d, never), Verdict: verdictOf(pr, d, never),
		Branches: branches(pr, d.Judgement), Flags: flagList(pr, d), Notes: notes(pr, d, n, never), Events: events(pr, d, list, actors, n, never),
		Log: log, Fingerprint: fingerprint, Back: Path(d.ID), Printed: pr.T("certificate.printed", Stamp(p.Now), p.Actor.Name),
		Steps: []string{pr.T("certificate.step.receipt"), pr.T("certificate.step.trust"), pr.T("certificate.step.verify")},
	}
	if more {
		v.More = pr.T("recording.history_more", paperLimit)
	}
	return p.Render(pr.T("certificate.title"), certificatePage(pr, v))
}

// logFacts says where the recording stands in the log, and by which keys that can be checked.
func (a area) logFacts(p *site.Page, d recording.Detail, list []custody.Record) (facts []ui.Fact, fingerprint string, err error) {
	pr := p.P
	sealed := pr.T("history.waiting")
	for _, r := range list {
		for _, f := range d.FileList {
			if r.ID == f.Entry && r.Index >= 0 {
				sealed = pr.T("history.position", r.Index+1)
			}
		}
	}
	facts = []ui.Fact{ui.FactText(pr.T("certificate.origin"), a.Origin, ""), ui.FactText(pr.T("certificate.sealed"), sealed, "")}
	switch last, err := custody.Latest(p.Context(), a.Log); {
	case err == nil:
		facts = append(facts,
			ui.FactText(pr.T("certificate.checkpoint"), pr.T("certificate.checkpoint_at", last.Size, Stamp(last.At)), ""),
			ui.Fact{Label: pr.T("certificate.root"), Value: ui.Mono(last.Root)})
	case !fault.Is(err, fault.NotFound):
		return nil, "", err
	}
	trust, err := custody.ReadTrust(p.Context(), a.Log, a.Origin, a.Bureau)
	if err != nil {
		return nil, "", err
	}
	for _, k := range trust.Keys {
		if k.ValidTo == nil {
			facts = append(facts, ui.Fact{Label: Word(pr, "certificate.key", string(k.Kind)), Value: ui.Mono(k.Fingerprint)})
		}
	}
	file, err := trust.Render()
	if err != nil {
		return nil, "", err
	}
	return facts, custody.Fingerprint(file), nil
}
