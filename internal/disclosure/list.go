package disclosure

import (
	"context"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// Filter narrows the register.
type Filter struct {
	State   State
	Manner  viewing.Manner
	Owed    bool // given out, and its receipt not there yet
	Text    string
	From    time.Time // asked
	To      time.Time // before
	Oldest  bool      // the oldest first
	Request ident.ViewingID
}

// Page is a page of the register.
type Page struct {
	Rows  []Disclosure
	Next  string // key of what follows, "" for nothing
	Count int    // in all, MaxCount+1 for more
}

// MaxCount is how far rows are counted.
const MaxCount = 10_000

// List gives a page of the register, in the reader's scope (R-20-2).
func (s *Service) List(ctx context.Context, by access.Actor, f Filter, after string, limit int) (Page, error) {
	if err := s.c.Gate.Check(ctx, by, access.DisclosureList, access.Subject{Kind: "ledger", ID: "disclosures"}); err != nil {
		return Page{}, err
	}
	at := int64(0)
	if after != "" {
		var err error
		if at, err = strconv.ParseInt(after, 10, 64); err != nil {
			return Page{}, fault.Wrap(err, fault.Invalid, "list.cursor")
		}
	}
	rows, err := selectRows(ctx, s.c.DB.Reader, by, f, at, limit+1)
	if err != nil {
		return Page{}, err
	}
	p := Page{Rows: rows}
	if len(rows) > limit {
		p.Rows = rows[:limit]
		p.Next = strconv.FormatInt(p.Rows[limit-1].key(), 10)
	}
	p.Count, err = countRows(ctx, s.c.DB.Reader, by, f)
	return p, err
}

// key orders the register: by year and number, none of which comes twice.
func (d *Disclosure) key() int64 { return int64(d.Year)*1_000_000 + d.No }

// Export writes an entry with the filter and gives every row in scope, for Excel and paper.
func (s *Service) Export(ctx context.Context, by access.Actor, f Filter) ([]Disclosure, error) {
	var rows []Disclosure
	err := s.c.Gate.Do(ctx, by, access.DisclosureExport, access.Subject{Kind: "ledger", ID: "disclosures"}, func(tx *gate.Tx) (err error) {
		if rows, err = selectRows(tx.Context(), tx.DB(), by, f, 0, MaxCount); err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail("count", len(rows), "state", string(f.State), "manner", string(f.Manner))})
		return err
	})
	return rows, err
}

// Get gives one row to those who may know of it.
func (s *Service) Get(ctx context.Context, by access.Actor, id ident.DisclosureID) (*Disclosure, error) {
	d, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	return d, s.c.Gate.Check(ctx, by, access.DisclosureView, d.subject(""))
}

// May reports whether somebody could do something about a row, for showing a button.
func (s *Service) May(by access.Actor, action access.Action, d *Disclosure) bool {
	ground := ""
	if d.By == by.Person {
		ground = "consent"
	}
	return s.c.Gate.May(by, action, d.subject(ground))
}

// Choices are what somebody may choose for a package on a request of their own.
type Choices struct {
	Request *viewing.Request
	Items   []Choice
	Papers  []Paper
}

// Choice is one recording of a request: what of it may be given out.
type Choice struct {
	Recording ident.RecordingID
	Name      string
	Span      viewing.Item
	Original  bool   // the original may be given out
	Why       string // code: why not
	Copies    []Copy // which suit
}

// Paper is a paper that may go with it.
type Paper struct {
	ID        ident.PaperID
	Title, No string
}

// Choose tells what may be given out on one's own approved request, and refuses like Make where there is none.
func (s *Service) Choose(ctx context.Context, by access.Actor, no int64) (*Choices, error) {
	d := &Disclosure{By: by.Person, ByAccount: by.ID}
	ground := ""
	r, err := viewing.Allowed(ctx, s.c.DB.Reader, s.c.Clock.Now(), by.Person, no, manners...)
	switch {
	case err == nil:
		ground = "consent"
		d.take(r)
	case !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict):
		return nil, err
	}
	if err := s.c.Gate.Check(ctx, by, access.DisclosureMake, d.subject(ground)); err != nil {
		return nil, err
	}
	out := &Choices{Request: r}
	for _, i := range r.Items {
		c, err := s.choice(ctx, d, r, i)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, c)
	}
	if r.Case == "" || s.c.Case == nil {
		return out, nil
	}
	c, err := s.c.Case(ctx, r.Case)
	if err != nil {
		return nil, err
	}
	for i := range c.Papers {
		out.Papers = append(out.Papers, Paper{ident.PaperID(c.Papers[i].ID), c.Papers[i].Title, c.Papers[i].No})
	}
	return out, nil
}

func (s *Service) choice(ctx context.Context, d *Disclosure, r *viewing.Request, i viewing.Item) (Choice, error) {
	o, err := s.c.Object(ctx, i.Recording)
	if err != nil {
		return Choice{}, err
	}
	out := Choice{Recording: i.Recording, Name: o.Name, Span: i}
	try := func(x Item, copies map[string]Copy) error {
		return s.fit(ctx, s.c.DB.Reader, &Disclosure{Items: []Item{x}, Request: d.Request}, r, copies)
	}
	if err := try(Item{Recording: i.Recording}, nil); err == nil {
		out.Original = true
	} else if fault.Is(err, fault.Conflict) {
		out.Why = codeOf(err)
	} else {
		return Choice{}, err
	}
	if s.c.Copies == nil {
		return out, nil
	}
	copies, err := s.c.Copies(ctx, i.Recording)
	if err != nil {
		return Choice{}, err
	}
	for _, c := range copies {
		if try(Item{i.Recording, c.ID}, map[string]Copy{c.ID: c}) == nil {
			out.Copies = append(out.Copies, c)
		}
	}
	return out, nil
}

// OfRecording lists what was given out of a recording, the newest first, for its page and for the look-up receipt. Who may read them is
// for the caller to ask.
func OfRecording(ctx context.Context, idb bun.IDB, rec ident.RecordingID) ([]Disclosure, error) {
	return ofWhere(ctx, idb, "d.id IN (SELECT disclosure_id FROM disclosure_item WHERE recording_id = ?)", rec)
}

// OfCase lists what was given out on requests that name a case or of recordings that are linked to it, as OfRecording.
func OfCase(ctx context.Context, idb bun.IDB, id ident.CaseID) ([]Disclosure, error) {
	return ofWhere(ctx, idb, "d.case_id = ? OR d.id IN (SELECT i.disclosure_id FROM disclosure_item AS i JOIN case_link AS l ON l.recording_id = i.recording_id WHERE l.case_id = ? AND l.struck = 0)", id, id)
}
