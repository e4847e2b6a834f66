package record

import (
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// partsView says why files belong to one recording, and why those next by number do not.
type partsView struct {
	Parts  []partView
	Beside []besideView
}

type partView struct{ Name, Why, Gap string }

type besideView struct {
	Text string
	Link ui.Link
	Why  string
}

// belonging is nil where there is nothing to tell.
func belonging(p locale.Printer, d recording.Detail) *partsView {
	v := partsView{}
	for _, x := range d.Parts {
		v.Parts = append(v.Parts, partView{Name: Harmless(x.Name), Why: Word(p, "split", string(x.How)), Gap: p.T("split.gap", seconds(x.Gap))})
	}
	for _, b := range d.Beside {
		text := p.T("split.before")
		if b.After {
			text = p.T("split.after")
		}
		why := Word(p, "split", string(b.Why))
		if b.Gap > 0 {
			why = p.T("split.with_gap", why, p.Exact(b.Gap))
		}
		v.Beside = append(v.Beside, besideView{Text: text, Link: ui.Link{Text: Harmless(b.Name), Href: Path(b.Recording)}, Why: why})
	}
	if len(v.Parts)+len(v.Beside) == 0 {
		return nil
	}
	return &v
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// apartForm lets a custodian take a wrong join apart.
func (a area) apartForm(p *site.Page, d recording.Detail, at attempt) []formView {
	if len(d.Parts) == 0 || !p.May(access.RecordingAssign, subject(d)) || !wanted(p, at, "apart", false) {
		return nil
	}
	const id = "apart"
	pr := p.P
	f := formView{ID: id, Title: pr.T("split.apart.title"), Text: pr.T("split.apart.text")}
	f.Form = ui.FormView{Action: Path(d.ID) + "/apart", Label: f.Title, Buttons: []ui.Action{{Text: pr.T("split.apart.do"), Primary: true}}}
	options := make([]ui.Option, len(d.Parts))
	for i, x := range d.Parts {
		options[i] = ui.Option{Value: string(x.Recording), Text: Harmless(x.Name), On: i == 0}
	}
	f.Inputs = []input{
		{radioInput, at.field(id, "part", ui.Field{Label: pr.T("split.apart.from"), Options: options})},
		{areaInput, at.field(id, "words", ui.Field{Label: pr.T("split.apart.words"), Max: 500})},
	}
	f.finish(at)
	return []formView{f}
}

// apart takes a part and what follows it off the recording.
func (a area) apart(p *site.Page) error {
	return a.annotate(p, "apart", func(ident.RecordingID) error {
		part, err := ident.Parse[ident.RecordingID](p.Value("part"))
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "recording.unknown").At("part")
		}
		return a.Recordings.TakeApart(p.Context(), p.Actor, part, p.Value("words"))
	})
}
