package player

import (
	"context"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// view is the page. Nothing of the contents stands in it: all of that comes through the script, piece by piece.
type view struct {
	Look      string // address of the look
	Recording string // address of the recording
	Again     string // where a look is begun anew
	Head      ui.HeadView
	Grant     string
	Until     string // milliseconds; "" where no day is set
	Facts     []ui.Fact
	Own       bool
	Kind      recording.Kind
	Keys      []keyView
	Speeds    []string
	Register  registerView
	Side      *Side
}

type keyView struct{ Keys, Text string }

// registerView is the form in which an officer says what their recording shows.
type registerView struct {
	Words, Error string
}

func (a area) show(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return a.ended(p, err)
	}
	a.warm(p, l)
	return a.page(p, l, registerView{})
}

// warmFor is how long the first piece may take to be made ahead.
const warmFor = 20 * time.Second

// warm has the first piece of a look made while the page and its script are still on their way to the viewer. It is sent
// like every other only when it is asked for; what goes wrong is said then.
func (a area) warm(p *site.Page, l *viewing.Look) {
	ctx := context.WithoutCancel(p.Context())
	pl, err := a.plan(ctx, l.Recording)
	if err != nil {
		return
	}
	in := pl.inside(l.From, l.To)
	mark, err := a.markOf(p, l)
	if err != nil || len(in) == 0 {
		return
	}
	go func() {
		ctx, stop := context.WithTimeout(ctx, warmFor)
		defer stop()
		_, _ = a.Copies.Segment(ctx, in[0].File, in[0].N, mark)
	}()
}

func (a area) page(p *site.Page, l *viewing.Look, form registerView) error {
	return a.compose(p, l, form, nil)
}

func (a area) compose(p *site.Page, l *viewing.Look, form registerView, side *Side) error {
	d, err := a.Recordings.Get(p.Context(), p.Actor, l.Recording)
	if err != nil {
		return err
	}
	facts, err := a.ground(p, l)
	if err != nil {
		return err
	}
	pr := p.P
	title := pr.T("player.title", titleOf(pr, d, p.Now))
	v := view{
		Look: path(l.ID), Recording: record.Path(l.Recording), Again: record.Path(l.Recording) + "/look",
		Head: ui.HeadView{
			Crumbs: []ui.Link{{Text: pr.T("library.title"), Href: "/recordings"}, {Text: titleOf(pr, d, p.Now), Href: record.Path(l.Recording)}}, Title: title,
			Actions: []ui.Action{{Text: pr.T("player.end"), Href: path(l.ID) + "/close", Post: true, Icon: "eye-off", Hidden: []ui.Hidden{{Name: "back", Value: "1"}}}},
		},
		Grant: pr.T("player.grant", a.until(p, l)), Until: until(l), Facts: facts, Own: l.Ground == viewing.ByOwn, Kind: d.Kind,
		Keys: keys(pr), Speeds: []string{"0.25", "0.5", "0.75", "1", "1.25", "1.5", "2", "4", "8"}, Register: form,
	}
	if v.Side = side; side != nil {
		title, v.Head.Title, v.Again = side.Title, side.Title, side.Again
	}
	p.AllowMedia()
	if form.Error != "" {
		return p.Refused(title, playerPage(pr, v))
	}
	return p.Render(title, playerPage(pr, v))
}

// ended answers who asks for the page of a look that is over: why, and the way back.
func (a area) ended(p *site.Page, err error) error {
	id, parsed := lookID(p)
	if parsed != nil || !fault.Is(err, fault.Forbidden) {
		return err
	}
	rec, mine := a.Looks.Mine(p.Context(), seat(p), id)
	if mine != nil {
		return err // another's look: not even whose recording is said
	}
	t := p.P.Fault(err)
	v := endedView{Title: t.What, Kept: t.Kept, Do: t.Do, Code: t.Code, Recording: record.Path(rec)}
	if fault.HasCode(err, "access.look_closed") {
		v.Again = record.Path(rec) + "/look"
	}
	return p.Denied(t.What, endedPage(p.P, v))
}

type endedView struct{ Title, Kept, Do, Code, Recording, Again string }

func titleOf(p locale.Printer, d recording.Detail, now time.Time) string {
	kind := record.Word(p, "kind", string(d.Kind))
	if d.Start.IsZero() {
		return p.T("recording.title_unknown", kind)
	}
	return p.T("recording.title", p.WhenSec(d.Start, now), kind)
}

// ground is what the look rests on, for the reader.
func (a area) ground(p *site.Page, l *viewing.Look) ([]ui.Fact, error) {
	pr := p.P
	who := l.ViewerName
	if l.ViewerDept != "" {
		who = pr.T("player.who", l.ViewerName, l.ViewerDept)
	}
	out := []ui.Fact{ui.FactText(pr.T("player.fact_viewer"), who, "")}
	switch l.Ground {
	case viewing.ByOwn:
		out = append(out, ui.FactText(pr.T("player.fact_ground"), pr.T("player.ground_own"), ""))
	case viewing.ByHandler:
		c, err := a.Looks.CaseOf(p.Context(), l.Case)
		if err != nil {
			return nil, err
		}
		out = append(out, ui.FactText(pr.T("player.fact_ground"), pr.T("player.ground_case", c.No), c.Title))
	case viewing.ByConsent:
		r, err := a.Looks.Get(p.Context(), p.Actor, l.Request)
		if err != nil {
			return nil, err
		}
		out = append(out,
			ui.FactText(pr.T("player.fact_ground"), pr.T("player.ground_consent", strconv.FormatInt(r.No, 10), r.DecidedName), ""),
			ui.FactText(pr.T("player.fact_words"), record.Prose(r.Words), ""))
		if r.To.Person != "" {
			out = append(out, ui.FactText(pr.T("player.fact_beside"), record.Harmless(r.To.Person), record.Harmless(r.To.Body)))
		}
	}
	span := pr.T("player.span_whole")
	switch {
	case l.To > 0:
		span = pr.T("player.span", elapsed(l.From), elapsed(l.To))
	case l.From > 0:
		span = pr.T("player.span_from", elapsed(l.From))
	}
	return append(out,
		ui.FactText(pr.T("player.fact_span"), span, ""),
		ui.FactText(pr.T("player.fact_until"), a.until(p, l), ""),
		ui.FactText(pr.T("player.fact_row"), pr.T("player.row", strconv.FormatInt(l.No, 10), l.OpenedAt.In(clock.Shanghai).Format("15:04:05")), "")), nil
}

// until says in words how long the ground lasts.
func (a area) until(p *site.Page, l *viewing.Look) string {
	if l.Until.IsZero() {
		return p.P.T("player.until_case")
	}
	return p.P.When(l.Until, p.Now)
}

// until is the moment at which the ground ends as the page's script takes it; "" where no day is set.
func until(l *viewing.Look) string {
	if l.Until.IsZero() {
		return ""
	}
	return strconv.FormatInt(l.Until.UnixMilli(), 10)
}

// elapsed writes a time from the beginning, "0:12:07".
func elapsed(d time.Duration) string {
	s := int64(d / time.Second)
	two := func(n int64) string { return strconv.FormatInt(n/10, 10) + strconv.FormatInt(n%10, 10) }
	return strconv.FormatInt(s/3600, 10) + ":" + two(s/60%60) + ":" + two(s%60)
}

// keys lists the keys that the player takes.
func keys(p locale.Printer) []keyView {
	out := []keyView{}
	for _, k := range []struct{ keys, word string }{
		{"J", "back"},
		{"K", "stop"},
		{"L", "fast"},
		{p.T("player.key_space"), "play"},
		{", .", "frame"},
		{"← →", "five"},
		{"Shift ← →", "one"},
		{"Home End", "ends"},
		{"↑ ↓", "volume"},
		{"M", "mark"},
		{"S", "grab"},
		{"F", "full"},
		{"?", "help"},
	} {
		out = append(out, keyView{k.keys, p.T("player.key." + k.word)})
	}
	return out
}

// register keeps the officer's word of what the recording shows; with it the ground of the look ends.
func (a area) register(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return a.ended(p, err)
	}
	err = a.Looks.Register(p.Context(), p.Actor, l.Recording, p.Value("words"))
	if fault.Is(err, fault.Invalid) {
		return a.page(p, l, registerView{Words: p.Value("words"), Error: p.P.Fault(err).What})
	}
	if err != nil {
		return err
	}
	if err := a.Looks.Close(p.Context(), p.Actor, seat(p), l.ID); err != nil {
		return err
	}
	return p.Redirect(path(l.ID) + "/registered")
}

// registered says that the recording is registered and its look has ended.
func (a area) registered(p *site.Page) error {
	id, err := lookID(p)
	if err != nil {
		return err
	}
	var rec ident.RecordingID
	if rec, err = a.Looks.Mine(p.Context(), seat(p), id); err != nil {
		return err
	}
	return p.Render(p.P.T("player.registered"), registeredPage(p.P, record.Path(rec)))
}
