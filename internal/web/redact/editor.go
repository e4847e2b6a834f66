package redact

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/redaction/plan"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/player"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
)

// panelView is the editor beside the picture.
type panelView struct {
	Base   string // where the script saves and asks for previews
	Copy   string // id of the draft, "" for a new one
	Href   string // page of the copy
	Plan   string // JSON
	Why    string
	Fixed  bool // decided about: it is only looked at
	Kinds  []plan.Kind
	Sounds []plan.SoundKind
}

// open begins a look at a recording, or finds the one that runs, and leads to the editor over it.
func (a *Area) open(p *site.Page) error {
	rec, err := ident.Parse[ident.RecordingID](p.R.PathValue("id"))
	if err != nil {
		return fault.New(fault.NotFound, "recording.unknown")
	}
	l, err := a.Looks.Open(p.Context(), p.Actor, seat(p), rec, viewing.Play)
	if err != nil {
		return err
	}
	to := player.Path(l) + "/mask"
	if id, err := ident.Parse[ident.CopyID](p.Value("copy")); err == nil {
		to += "?copy=" + string(id)
	}
	return p.Redirect(to)
}

func (a *Area) edit(p *site.Page) error {
	l, err := a.Stage.Watch(p)
	if err != nil {
		return a.Stage.Ended(p, err)
	}
	v := panelView{Base: player.Path(l) + "/mask", Kinds: []plan.Kind{plan.Box, plan.Pixelate, plan.Blur}, Sounds: []plan.SoundKind{plan.Mute, plan.Tone}}
	x := plan.Plan{From: l.From.Milliseconds(), To: l.To.Milliseconds(), Regions: []plan.Region{}, Sounds: []plan.Sound{}}
	title, again := p.P.T("redact.new"), record.Path(l.Recording)+"/mask"
	if s := p.R.FormValue("copy"); s != "" {
		c, err := a.drawn(p, l, s)
		if err != nil {
			return err
		}
		x, v.Copy, v.Why, v.Href, v.Fixed = c.Plan, string(c.ID), c.Why, Path(c.ID), c.State != redaction.Draft || c.By != p.Actor.Person
		title, again = p.P.T("redact.title", c.No), again+"?copy="+string(c.ID)
	}
	raw, err := json.Marshal(x)
	if err != nil {
		return err
	}
	v.Plan = string(raw)
	return a.Stage.Show(p, l, player.Side{Title: title, Again: again, Panel: panel(p.P, v), Words: scriptWords})
}

// drawn gives the copy that is edited under a look at its own recording.
func (a *Area) drawn(p *site.Page, l *viewing.Look, id string) (*redaction.Copy, error) {
	parsed, err := ident.Parse[ident.CopyID](id)
	if err != nil {
		return nil, fault.New(fault.NotFound, "redaction.unknown")
	}
	c, err := a.Copies.Get(p.Context(), p.Actor, parsed)
	if err == nil && c.Recording != l.Recording {
		err = fault.New(fault.NotFound, "redaction.unknown")
	}
	return c, err
}

// saved answers the script.
type saved struct {
	Copy  string    `json:"copy"`
	Href  string    `json:"href"`
	No    int64     `json:"no"`
	Notes []string  `json:"notes"`
	Plan  plan.Plan `json:"plan"`
}

func (a *Area) save(p *site.Page) error {
	l, err := a.Stage.Watch(p)
	if err != nil {
		return err
	}
	x, err := planOf(p)
	if err != nil {
		return err
	}
	var c *redaction.Copy
	if id := p.Value("copy"); id == "" {
		c, err = a.Copies.Begin(p.Context(), p.Actor, l.Recording, x, p.Value("why"))
	} else if c, err = a.drawn(p, l, id); err == nil {
		c, err = a.Copies.Change(p.Context(), p.Actor, c.ID, x, p.Value("why"))
	}
	if err != nil {
		return err
	}
	return a.Stage.SendJSON(p, saved{Copy: string(c.ID), Href: Path(c.ID), No: c.No, Notes: notes(p.P, c.Notes), Plan: c.Plan})
}

// notes puts what was changed of a plan into words.
func notes(pr locale.Printer, codes []string) []string {
	out := make([]string, 0, len(codes))
	for _, c := range codes {
		out = append(out, pr.T("redact.note."+c))
	}
	return out
}

// preview sends the picture of a moment as the copy would show it, with the viewer's mark.
func (a *Area) preview(p *site.Page) error {
	ms, err := strconv.ParseUint(p.Value("at"), 10, 40)
	if err != nil {
		return fault.New(fault.Invalid, "player.moment").At("at")
	}
	at := time.Duration(ms) * time.Millisecond
	l, err := a.Stage.Watch(p)
	if err != nil {
		return err
	}
	if l, err = a.Looks.Watch(p.Context(), p.Actor, seat(p), l.ID, at, at+time.Millisecond); err != nil {
		return err
	}
	x, err := planOf(p)
	if err != nil {
		return err
	}
	raw, err := a.Copies.Preview(p.Context(), l.Recording, x, at)
	if err != nil {
		return err
	}
	mark, err := a.Stage.MarkOf(p, l)
	if err != nil {
		return err
	}
	if raw, err = a.Mark(raw, mark); err != nil {
		return err
	}
	// Cutting took a while: what was taken back meanwhile is not sent any more.
	if _, err := a.Looks.Watch(p.Context(), p.Actor, seat(p), l.ID, at, at+time.Millisecond); err != nil {
		return err
	}
	if err := a.Looks.Sent(p.Context(), l.ID, at, at+time.Millisecond); err != nil {
		return err
	}
	p.W.Header().Set("Vary", http.CanonicalHeaderKey("cookie"))
	return a.Stage.SendPicture(p, raw)
}
