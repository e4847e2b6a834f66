// Package whole puts a whole case together for a body that called for it (行政复议 10 working days, 行政诉讼 15 days): the papers as package
// dossier packs them, and with them the footage that was consented to (the original, or the masked copy where a mark demands
// one), the verdicts on its storing, the rows of the viewing register, what was given out, and one index of all (docs/formats/case-whole-v1.md).
//
// Footage is streamed from the vault to where it goes, once. Whoever took the consent back stops it in the middle of a file.
package whole

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/viewing"
)

// Recording is what a package says of a recording: its name and the verdict on its storing (第十九条).
type Recording struct {
	Name     string
	Verdict  string // code
	StoredAt time.Time
	EndFrom  time.Time // the recording's end, as far as it is known
	EndTo    time.Time
	// Continuity is the gravest verdict on the activities at which it was made (package coverage); "" where none was declared.
	Continuity string
}

// Config is what a Service needs.
type Config struct {
	DB     *db.DB
	Clock  clock.Clock
	Bureau string
	Words  locale.Printer // of the official language
	// Press sets the index.
	Press     func(ctx context.Context, p sheet.Paper) (sheet.PDF, error)
	Recording func(ctx context.Context, id ident.RecordingID) (Recording, error)
	// Files, Open, Copies and OpenCopy are those of disclosure.Config.
	Files    func(ctx context.Context, id ident.RecordingID) ([]disclosure.File, error)
	Open     func(ctx context.Context, sha256 string) (io.ReadCloser, error)
	Copies   func(ctx context.Context, id ident.RecordingID) ([]disclosure.Copy, error)
	OpenCopy func(ctx context.Context, id string) (*disclosure.Taken, error)
	// Looks gives the rows of the viewing register about a recording.
	Looks func(ctx context.Context, id ident.RecordingID) ([]viewing.Look, error)
}

// Service plans what goes along. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Clock == nil || c.Press == nil || c.Recording == nil || c.Files == nil || c.Open == nil || c.Copies == nil || c.OpenCopy == nil || c.Looks == nil {
		return nil, errors.New("whole: Config is incomplete")
	}
	return &Service{c}, nil
}

// manners are those in which a case may leave with its footage.
var manners = []viewing.Manner{viewing.MannerCopy, viewing.MannerProvide}

// Order says what is wanted.
type Order struct {
	Case    *dossier.Case
	Person  ident.PersonID
	Request int64 // number of their own request for copies of the case, or to give it out
	Apart   bool  // originals are not copied into the folder: whoever sends the package streams them
	// Progress is told bytes of footage; nil for nobody who watches.
	Progress func(done, total int64)
}

// Whole is what goes along with one case: dossier.More.
type Whole struct {
	s     *Service
	o     Order
	plans []plan
	looks [][]viewing.Look
	given []disclosure.Disclosure
	done  int64
	total int64
}

// plan is what of one recording goes along.
type plan struct {
	recording ident.RecordingID
	says      Recording
	item      bool // it was consented to
	original  bool
	files     []disclosure.File
	copies    []disclosure.Copy
}

// Of plans the package of a case: of each recording that was consented to the original, or the masked copies where a mark demands
// them. What was not consented to is listed without its pictures; what would show who informed is not even listed (dossier.Case holds
// none). Faults: NotFound "viewing.unknown"; Conflict "viewing.other_manner", "viewing.other_case", "viewing.not_granted",
// "marking.frozen", "disclosure.masked", "disclosure.span" (a copy that a mark or the consent demands was not made yet).
func (s *Service) Of(ctx context.Context, o Order) (*Whole, error) {
	w := &Whole{s: s, o: o}
	r, marks, err := w.ground(ctx, s.c.DB.Reader, s.c.Clock.Now())
	if err != nil {
		return nil, err
	}
	for _, id := range w.recordings() {
		p := plan{recording: id}
		if p.says, err = s.c.Recording(ctx, id); err != nil {
			return nil, err
		}
		if allowed, ok := itemOf(r, id); ok {
			if err := w.choose(ctx, &p, r, allowed, marks[id]); err != nil {
				return nil, err
			}
		}
		for _, f := range p.files {
			w.total += f.Size
		}
		looks, err := s.c.Looks(ctx, id)
		if err != nil {
			return nil, err
		}
		w.plans, w.looks = append(w.plans, p), append(w.looks, looks)
	}
	w.given, err = disclosure.OfCase(ctx, s.c.DB.Reader, ident.CaseID(o.Case.ID))
	return w, err
}

// recordings are those of the case, each once, in its order.
func (w *Whole) recordings() []ident.RecordingID {
	var out []ident.RecordingID
	seen := map[ident.RecordingID]bool{}
	for _, f := range w.o.Case.Recordings {
		if !seen[f.Recording] {
			seen[f.Recording] = true
			out = append(out, f.Recording)
		}
	}
	return out
}

// ground gives the request that everything rests on, and the marks that stand. A recording of the case that was frozen, or marked as
// showing who informed, since the package was begun lets nothing leave.
func (w *Whole) ground(ctx context.Context, idb bun.IDB, now time.Time) (*viewing.Request, map[ident.RecordingID]marking.Set, error) {
	r, err := viewing.Allowed(ctx, idb, now, w.o.Person, w.o.Request, manners...)
	if err != nil {
		return nil, nil, err
	}
	if r.Case != ident.CaseID(w.o.Case.ID) {
		return nil, nil, fault.New(fault.Conflict, "viewing.other_case")
	}
	marks, err := marking.ForAll(ctx, idb, w.recordings())
	if err != nil {
		return nil, nil, err
	}
	for _, m := range marks {
		if err := m.Refuse(); err != nil {
			return nil, nil, err
		}
		if m.Withheld() {
			return nil, nil, fault.New(fault.Conflict, "disclosure.withheld").Under("20")
		}
	}
	if r.Manner != viewing.MannerProvide {
		r.DecidedWords = "" // only the leader's words let an original leave that a mark would mask
	}
	return r, marks, nil
}

func itemOf(r *viewing.Request, id ident.RecordingID) (viewing.Item, bool) {
	for _, i := range r.Items {
		if i.Recording == id {
			return i, true
		}
	}
	return viewing.Item{}, false
}

// choose takes the original where it may leave, else every copy that may.
func (w *Whole) choose(ctx context.Context, p *plan, r *viewing.Request, allowed viewing.Item, m marking.Set) (err error) {
	p.item = true
	why := disclosure.Suits(disclosure.Item{Recording: p.recording}, r, allowed, m, nil)
	if why == nil {
		p.original = true
		p.files, err = w.s.c.Files(ctx, p.recording)
		return err
	}
	all, err := w.s.c.Copies(ctx, p.recording)
	if err != nil {
		return err
	}
	for _, c := range all {
		if disclosure.Suits(disclosure.Item{Recording: p.recording, Copy: c.ID}, r, allowed, m, map[string]disclosure.Copy{c.ID: c}) == nil {
			p.copies = append(p.copies, c)
		}
	}
	if len(p.copies) == 0 {
		return why
	}
	return nil
}

// Holds implements dossier.More: everything is judged anew.
func (w *Whole) Holds(ctx context.Context, idb bun.IDB, now time.Time) error {
	r, marks, err := w.ground(ctx, idb, now)
	if err != nil {
		return err
	}
	for i := range w.plans {
		p := &w.plans[i]
		allowed, ok := itemOf(r, p.recording)
		if !p.item {
			continue
		}
		if !ok {
			return fault.New(fault.Conflict, "viewing.not_granted")
		}
		if p.original {
			if err := disclosure.Suits(disclosure.Item{Recording: p.recording}, r, allowed, marks[p.recording], nil); err != nil {
				return err
			}
		}
		for _, c := range p.copies {
			if err := disclosure.Suits(disclosure.Item{Recording: p.recording, Copy: c.ID}, r, allowed, marks[p.recording], map[string]disclosure.Copy{c.ID: c}); err != nil {
				return err
			}
		}
	}
	return nil
}

// About implements dossier.More.
func (w *Whole) About() []custody.Subject {
	var out []custody.Subject
	for i := range w.plans {
		out = append(out, custody.Subject{Kind: "recording", ID: string(w.plans[i].recording)})
		for _, l := range w.looks[i] {
			out = append(out, custody.Subject{Kind: "look", ID: string(l.ID)})
		}
	}
	for i := range w.given {
		out = append(out, custody.Subject{Kind: "disclosure", ID: string(w.given[i].ID)})
	}
	return out
}
