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
	Bureau     string
	Title      string
	Facts      []ui.Fact
	Files      []fileView
	Candidates []candidateView
	Doubts     []string
	Verdict    ui.Verdict
	Branches   []branchView
	Flags      []flagView
	Notes      []ui.Event
	Events     []eventView
	More       string // says that the history goes on
	Log        logView
	Steps      []string
	Printed    string
	Back       string
	NoPDF      string // why none can be made here; "" where one can
}

func (a area) certificate(p *site.Page) error {
	d, err := a.detail(p)
	if err != nil {
		return err
	}
	v, err := a.certificateOf(p, d, paperLimit)
	if err != nil {
		return err
	}
	if err := a.Press.Ready(); err != nil {
		v.NoPDF = p.P.Fault(err).What
	}
	return p.Render(p.P.T("certificate.title"), certificatePage(p.P, v))
}

// certificateOf gathers what a certificate says, with at most limit entries of the history.
func (a area) certificateOf(p *site.Page, d recording.Detail, limit int) (certificateView, error) {
	list, more, err := a.history(p.Context(), d, limit)
	if err != nil {
		return certificateView{}, err
	}
	actors, err := Actors(p.Context(), a.Accounts, a.People, list)
	if err != nil {
		return certificateView{}, err
	}
	n, err := a.names(p, d, list)
	if err != nil {
		return certificateView{}, err
	}
	log, err := a.logFacts(p, d, list)
	if err != nil {
		return certificateView{}, err
	}
	pr := p.P
	var never time.Time // on paper there is no today: every moment is written with its year
	v := certificateView{
		Bureau: a.Bureau, Title: title(pr, d, never), Facts: facts(pr, d, n, never), Files: files(pr, d, never), Candidates: candidates(pr, d),
		Doubts: doubts(pr, d), Verdict: verdictOf(pr, d, never), Branches: branches(pr, d.Judgement), Flags: flagList(pr, d), Notes: notes(pr, d, n, never),
		Events: events(pr, d, list, actors, n, never), Log: log, Back: Path(d.ID), Printed: pr.T("certificate.printed", Stamp(p.Now), p.Actor.Name),
		Steps: []string{pr.T("certificate.step.receipt"), pr.T("certificate.step.trust"), pr.T("certificate.step.verify")},
	}
	if more {
		v.More = pr.T("recording.history_more", limit)
	}
	return v, nil
}

// logView says where a recording stands in the log, and by which keys that can be checked.
type logView struct {
	Facts       []ui.Fact
	Fingerprint string // of the trust file
	Size        int64  // of the newest checkpoint; 0 for none
}

func (a area) logFacts(p *site.Page, d recording.Detail, list []custody.Record) (logView, error) {
	pr := p.P
	sealed := pr.T("history.waiting")
	for _, r := range list {
		for _, f := range d.FileList {
			if r.ID == f.Entry && r.Index >= 0 {
				sealed = pr.T("history.position", r.Index+1)
			}
		}
	}
	v := logView{Facts: []ui.Fact{ui.FactText(pr.T("certificate.origin"), a.Origin, ""), ui.FactText(pr.T("certificate.sealed"), sealed, "")}}
	switch last, err := custody.Latest(p.Context(), a.Log); {
	case err == nil:
		v.Size = last.Size
		v.Facts = append(v.Facts,
			ui.FactText(pr.T("certificate.checkpoint"), pr.T("certificate.checkpoint_at", last.Size, Stamp(last.At)), ""),
			ui.FactMono(pr.T("certificate.root"), last.Root, ""))
	case !fault.Is(err, fault.NotFound):
		return logView{}, err
	}
	trust, err := custody.ReadTrust(p.Context(), a.Log, a.Origin, a.Bureau)
	if err != nil {
		return logView{}, err
	}
	for _, k := range trust.Keys {
		if k.ValidTo == nil {
			v.Facts = append(v.Facts, ui.FactMono(Word(pr, "certificate.key", string(k.Kind)), k.Fingerprint, ""))
		}
	}
	file, err := trust.Render()
	if err != nil {
		return logView{}, err
	}
	v.Fingerprint = custody.Fingerprint(file)
	return v, nil
}
