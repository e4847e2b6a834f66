package player

import (
	"encoding/json"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/moment"
	"zhilu.dev/zhilu/internal/web/site"
)

// facts is what the player's script works with. Times are milliseconds on the recording's time line, moments
// milliseconds since 1970. Everything that shows or tells of the contents is cut to the span.
type facts struct {
	State    state      `json:"state"`
	Progress float64    `json:"progress"`
	Failed   *said      `json:"failed,omitempty"` // why nothing can be played
	Retry    bool       `json:"retry"`
	Pending  bool       `json:"pending"` // more is being made beside the copy
	Kind     string     `json:"kind"`    // video, audio, picture
	From     int64      `json:"from"`    // what may be seen
	To       int64      `json:"to"`
	First    int64      `json:"first"` // what there is to play of it
	Last     int64      `json:"last"`
	Length   int64      `json:"length"` // of the whole recording
	Start    int64      `json:"start"`  // by the camera's clock; 0 unknown
	FPS      float64    `json:"fps"`
	Now      int64      `json:"now"`
	Files    []fileFact `json:"files"`
	Gaps     []span     `json:"gaps"`
	Speech   []span     `json:"speech"`
	Waves    []wave     `json:"waves"`
	Strips   []strip    `json:"strips"`
	Marks    []mark     `json:"marks"`
}

type said struct {
	What string `json:"what"`
	Do   string `json:"do"`
}

type fileFact struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	span
	State state `json:"state"`
	Still bool  `json:"still"`
}

type span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

type wave struct {
	From  int64   `json:"from"`
	Step  float64 `json:"step"`  // milliseconds
	Peaks []int   `json:"peaks"` // 0 to 128
}

// strip says where the hover pictures of a file lie in their JPEG. At is the moment that each shows.
type strip struct {
	File   string  `json:"file"`
	At     []int64 `json:"at"`
	Across int     `json:"across"`
	W      int     `json:"w"`
	H      int     `json:"h"`
}

type mark struct {
	ID    string `json:"id"`
	At    int64  `json:"at"`
	Words string `json:"words"`
	By    string `json:"by"`
	Mine  bool   `json:"mine"`
}

func (a area) facts(p *site.Page) error {
	l, err := a.watch(p)
	if err != nil {
		return err
	}
	d, err := a.Recordings.Get(p.Context(), p.Actor, l.Recording)
	if err != nil {
		return err
	}
	pl, err := a.plan(p.Context(), l.Recording)
	if err != nil {
		return err
	}
	marks, err := a.Moments.Within(p.Context(), l)
	if err != nil {
		return err
	}
	f := describe(pl, l, d)
	f.Now = p.Now.UnixMilli()
	for _, m := range marks {
		f.Marks = append(f.Marks, markFact(p, m))
	}
	for _, s := range pl {
		if f.State == failed && f.Failed == nil {
			t := p.P.Fault(fault.New(fault.Invalid, "derivative."+s.Reel.Reason))
			f.Failed = &said{t.What, t.Do}
		}
		if f.State != ready {
			continue
		}
		w, v, err := a.sounds(p.Context(), l.Recording, s.Reel)
		if err != nil {
			return err
		}
		f.addSounds(s, w, v, l.From, pl.end(l.To))
	}
	f.Retry = f.State == failed && p.May(access.DerivativeRetry, access.Subject{
		Kind: "recording", ID: string(d.ID), Department: d.Department, Officer: d.Officer,
	})
	return sendJSON(p, f)
}

// describe cuts what is known of a recording to the span of a look.
func describe(pl plan, l *viewing.Look, d recording.Detail) facts {
	from, to := l.From, pl.end(l.To)
	f := facts{
		Kind: string(d.Kind), From: ms(from), To: ms(to), First: ms(from), Last: ms(from), Length: ms(pl.length()), FPS: 25,
		Files: []fileFact{}, Gaps: []span{}, Speech: []span{}, Waves: []wave{}, Strips: []strip{}, Marks: []mark{},
	}
	f.State, f.Progress = pl.state()
	if !d.Start.IsZero() {
		f.Start = d.Start.UnixMilli()
	}
	if in := pl.inside(l.From, l.To); len(in) > 0 {
		f.First, f.Last = ms(in[0].From), ms(in[len(in)-1].To)
	}
	for i, s := range pl {
		file := fileFact{ID: string(s.Reel.File), span: span{ms(s.From), ms(s.To)}, State: s.Reel.State, Still: s.Reel.Still}
		if i < len(d.FileList) {
			file.Name = d.FileList[i].Name
			f.addMedia(s, d.FileList[i].Facts, from, to)
		}
		f.Files = append(f.Files, file)
		for kind, made := range s.Reel.Kinds {
			f.Pending = f.Pending || kind != derivative.Copy && (made.State == derivative.Wanted || made.State == derivative.Making)
		}
		if c := s.Reel.cells(); len(c.At) > 0 {
			one := strip{File: string(s.Reel.File), Across: c.Columns, W: c.Width, H: c.Height}
			for _, at := range c.At {
				one.At = append(one.At, ms(s.From)+at)
			}
			f.Strips = append(f.Strips, one)
		}
	}
	return f
}

// addMedia adds what the original says of itself: how many pictures a second, where none were recorded.
func (f *facts) addMedia(s stretch, m *media.Facts, from, to time.Duration) {
	if m == nil {
		return
	}
	for _, t := range m.Tracks {
		if t.Kind == media.TrackVideo && t.Rate > 0 && t.Rate <= 240 {
			f.FPS = t.Rate
		}
	}
	if m.Timeline == nil {
		return
	}
	for _, line := range m.Timeline.Lines {
		if line.Handler != "vide" {
			continue
		}
		for _, g := range line.Gaps {
			if a, b, ok := clip(s.From+g.At, s.From+g.At+g.Length, from, to); ok {
				f.Gaps = append(f.Gaps, span{ms(a), ms(b)})
			}
		}
	}
}

// addSounds adds how loud a file is and where somebody may be speaking.
func (f *facts) addSounds(s stretch, w derive.Waveform, v derive.Speech, from, to time.Duration) {
	for _, x := range v.Spans {
		a, b := s.From+time.Duration(x[0])*time.Millisecond, s.From+time.Duration(x[1])*time.Millisecond
		if a, b, ok := clip(a, b, from, to); ok {
			f.Speech = append(f.Speech, span{ms(a), ms(b)})
		}
	}
	step := time.Duration(w.StepMS * float64(time.Millisecond))
	if step <= 0 {
		return
	}
	out := wave{Step: w.StepMS}
	for i := range min(len(w.Min), len(w.Max)) {
		at := s.From + time.Duration(i)*step
		if at < from || at+step > to {
			continue
		}
		if len(out.Peaks) == 0 {
			out.From = ms(at)
		}
		out.Peaks = append(out.Peaks, max(int(w.Max[i]), -int(w.Min[i])))
	}
	if len(out.Peaks) > 0 {
		f.Waves = append(f.Waves, out)
	}
}

func ms(d time.Duration) int64 { return d.Milliseconds() }

func markFact(p *site.Page, m moment.Mark) mark {
	return mark{ID: string(m.ID), At: ms(m.At), Words: m.Words, By: m.ByName, Mine: m.By == p.Actor.Person}
}

func indented(v any) ([]byte, error) {
	body, err := json.MarshalIndent(v, "", "  ")
	return append(body, '\n'), err
}

func sendJSON(p *site.Page, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return send(p, "application/json; charset=utf-8", body)
}
