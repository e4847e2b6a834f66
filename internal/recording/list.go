package recording

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// Order is how a list is sorted, always with the id as tie break.
type Order string

// The orders; the newest, largest and longest come first unless Filter.Ascending.
const (
	ByStored Order = "stored"
	ByStart  Order = "start"
	BySize   Order = "size"
	ByLength Order = "length"
)

// Orders lists them.
func Orders() []Order { return []Order{ByStored, ByStart, BySize, ByLength} }

// Filter narrows a list; empty fields do not. There is no order or count by officer (decision 4).
type Filter struct {
	Query      string    // words, names, numbers; Chinese by pairs of characters
	From, To   time.Time // of the start by the camera's clock where it is known, else of storing; To is exclusive
	Department ident.DepartmentID
	Officer    ident.PersonID
	Device     ident.DeviceID
	Verdict    storage.Verdict
	Flag       Flag
	State      State
	Kind       Kind
	Card       ident.CardID
	Order      Order // ByStored if empty, and always where Query or Flag is set
	Ascending  bool
}

// Cursor is where a page begins: after this row. The zero value is the beginning. Text is opaque and safe in a URL.
type Cursor string

// MaxCount is as far as a list is counted: more is shown as "10,000+".
const MaxCount = 10_000

// Page is one page of a list.
type Page struct {
	Rows  []Recording
	Next  Cursor // "" at the end
	Count int    // rows the filter matches in scope, at most MaxCount
	More  bool   // there are more than MaxCount
}

// exportChunk is how many rows of a ledger are read at once.
const exportChunk = 500

func listSubject() access.Subject { return access.Subject{Kind: "recording"} }

// place is where a row stands in its order.
type place struct{ sort, seq int64 }

func (a ask) cursorOf(r *record.Recording) Cursor {
	return Cursor(strconv.FormatInt(a.valueOf(r), 36) + "." + strconv.FormatInt(r.Seq, 36))
}

func (c Cursor) place() (place, error) {
	if c == "" {
		return place{}, nil
	}
	a, b, _ := strings.Cut(string(c), ".")
	at, err1 := strconv.ParseInt(a, 36, 64)
	seq, err2 := strconv.ParseInt(b, 36, 64)
	if err1 != nil || err2 != nil || seq <= 0 {
		return place{}, fault.New(fault.Invalid, "recording.cursor").At("after")
	}
	return place{at, seq}, nil
}

// List gives a page of recordings in the actor's scope (R-21-1). limit is at most 200, 50 if 0. A cursor that is none of
// ours is Invalid "recording.cursor".
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, after Cursor, limit int) (Page, error) {
	if err := s.c.Gate.Check(ctx, actor, access.RecordingList, listSubject()); err != nil {
		return Page{}, err
	}
	return s.page(ctx, actor, f, false, after, limit)
}

// Inbox gives a page of recordings that ask for a person (待认领): unknown camera, no officer, unreadable, empty or foreign
// files, late ones that nobody explained, and those whose verdict cannot be given. What no camera explains shows to every
// custodian.
func (s *Service) Inbox(ctx context.Context, actor access.Actor, f Filter, after Cursor, limit int) (Page, error) {
	if err := s.c.Gate.Check(ctx, actor, access.InboxList, listSubject()); err != nil {
		return Page{}, err
	}
	return s.page(ctx, actor, f, true, after, limit)
}

func (s *Service) page(ctx context.Context, actor access.Actor, f Filter, inbox bool, after Cursor, limit int) (Page, error) {
	from, err := after.place()
	if err != nil {
		return Page{}, err
	}
	limit = record.Clamp(limit)
	a := ask{scope: access.ScopeOf(actor), f: f, inbox: inbox}
	n, err := s.crowds.Count(a.question(), func() (int, error) { return countUpTo(ctx, s.c.DB.Reader, a) })
	if err != nil {
		return Page{}, err
	}
	a.many = n > MaxCount
	rows, err := selectPage(ctx, s.c.DB.Reader, a, from, limit+1)
	if err != nil {
		return Page{}, err
	}
	p := Page{Count: min(n, MaxCount), More: n > MaxCount, Rows: make([]Recording, 0, len(rows))}
	if len(rows) > limit {
		rows = rows[:limit]
		p.Next = a.cursorOf(&rows[limit-1])
	}
	for i := range rows {
		p.Rows = append(p.Rows, recordingOf(&rows[i]))
	}
	return p, nil
}

// Export writes an entry with the filter and the count, and yields every row in scope, for a ledger in Excel.
func (s *Service) Export(ctx context.Context, actor access.Actor, f Filter) (iter.Seq2[Recording, error], error) {
	a := ask{scope: access.ScopeOf(actor), f: f}
	err := s.c.Gate.Do(ctx, actor, access.RecordingExport, access.Subject{Kind: "ledger", ID: "recordings"}, func(tx *gate.Tx) error {
		n, err := countUpTo(tx.Context(), tx.DB(), a)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail(
			"count", min(n, MaxCount), "more", n > MaxCount, "query", record.OrNil(record.Opaque(f.Query)), "from_us", clock.Micros(f.From), "to_us", clock.Micros(f.To),
			"department", record.OrNil(f.Department), "officer", record.OrNil(f.Officer), "device", record.OrNil(f.Device), "verdict", record.OrNil(f.Verdict),
			"flag", record.OrNil(f.Flag), "state", record.OrNil(f.State), "kind", record.OrNil(f.Kind), "card", record.OrNil(f.Card))})
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.walk(ctx, a), nil
}

// walk yields every row of a question.
func (s *Service) walk(ctx context.Context, a ask) iter.Seq2[Recording, error] {
	return func(yield func(Recording, error) bool) {
		var after place
		for {
			rows, err := selectPage(ctx, s.c.DB.Reader, a, after, exportChunk)
			if err != nil {
				yield(Recording{}, err)
				return
			}
			for i := range rows {
				if !yield(recordingOf(&rows[i]), nil) {
					return
				}
			}
			if len(rows) < exportChunk {
				return
			}
			last := rows[len(rows)-1]
			after = place{a.valueOf(&last), last.Seq}
		}
	}
}

// MaxSelected is how many rows may be dealt with at once.
const MaxSelected = 500

// Selected gives the recordings of these ids that are in the actor's scope, newest first. TooLarge "recording.selected"
// for more than MaxSelected.
func (s *Service) Selected(ctx context.Context, actor access.Actor, ids []ident.RecordingID) ([]Recording, error) {
	if err := s.c.Gate.Check(ctx, actor, access.RecordingList, listSubject()); err != nil {
		return nil, err
	}
	if len(ids) > MaxSelected {
		return nil, fault.New(fault.TooLarge, "recording.selected", MaxSelected)
	}
	rows, err := selectThese(ctx, s.c.DB.Reader, access.ScopeOf(actor), ids)
	if err != nil {
		return nil, err
	}
	out := make([]Recording, len(rows))
	for i := range rows {
		out[i] = recordingOf(&rows[i])
	}
	return out, nil
}

// ExportSelected writes an entry that names what is taken, and gives the rows, for a ledger in Excel.
func (s *Service) ExportSelected(ctx context.Context, actor access.Actor, ids []ident.RecordingID) ([]Recording, error) {
	rows, err := s.Selected(ctx, actor, ids)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = string(r.ID)
	}
	return rows, s.c.Gate.Do(ctx, actor, access.RecordingExport, access.Subject{Kind: "ledger", ID: "recordings"}, func(tx *gate.Tx) error {
		_, err := tx.Record(gate.Entry{Detail: custody.Detail("count", len(rows), "recordings", strings.Join(names, " "))})
		return err
	})
}
