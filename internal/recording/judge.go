package recording

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/chain"
	"zhilu.dev/zhilu/internal/recording/intake"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// DoubtClockUnchecked says that nobody ever compared the camera's clock with ours.
const DoubtClockUnchecked = "clock_unchecked"

// setDevice lays a recognised camera on a row.
func setDevice(r *record.Recording, m intake.Matched) {
	r.Device, r.DeviceName, r.DeviceHow, r.Department = m.Device, m.Item.Label, string(m.By), cmp.Or(m.Item.Department, r.Department)
	if m.Device == "" {
		r.DeviceHow = ""
		if m.By == device.Ambiguous {
			r.DeviceHow = string(m.By)
		}
	}
}

// setHolder finds who held the camera while the recording was made, in true time.
func (s *Service) setHolder(ctx context.Context, r *record.Recording) error {
	r.Officer, r.OfficerName, r.Issue, r.Certainty = "", "", "", Nobody
	if r.Device == "" || r.StartFrom == 0 {
		return nil
	}
	if err := s.setEnd(ctx, s.c.DB.Reader, r); err != nil {
		return err
	}
	span := clock.Interval{
		From: clock.FromMicros(r.StartFrom).Add(record.Micros(r.OffsetLo)),
		To:   clock.FromMicros(r.EndTo),
	}
	if span.To.Before(span.From) {
		return nil // it claims to have ended before it began: no time to ask about
	}
	h, err := device.HolderAt(ctx, s.c.DB.Reader, r.Device, span)
	if err != nil || h.Person == "" {
		return err
	}
	r.Officer, r.Issue, r.Certainty = h.Person, h.Issue, Likely
	if h.Certain {
		r.Certainty = Certain
	}
	r.OfficerName, err = s.personName(ctx, h.Person)
	return err
}

func (s *Service) personName(ctx context.Context, id ident.PersonID) (string, error) {
	p, err := s.c.People.Person(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return p.Name, err
}

// setEnd computes when the recording ended, in true time: start, duration and the camera's clock offset as it is known
// now.
func (s *Service) setEnd(ctx context.Context, idb bun.IDB, r *record.Recording) error {
	r.OffsetLo, r.OffsetHi, r.OffsetKnown = 0, 0, 0
	start := clock.Interval{From: clock.FromMicros(r.StartFrom), To: clock.FromMicros(r.StartTo)}
	if !start.IsZero() {
		o := device.Offset{Lo: -device.UnknownDoubt, Hi: device.UnknownDoubt}
		if r.Device != "" {
			var err error
			if o, err = device.OffsetAt(ctx, idb, r.Device, clock.FromMicros(r.StartAt)); err != nil {
				return err
			}
		}
		r.OffsetLo, r.OffsetHi = o.Lo.Microseconds(), o.Hi.Microseconds()
		if o.Known {
			r.OffsetKnown = 1
		}
	}
	end := storage.End(start, record.Micros(max(r.Duration, 0)), r.Duration >= 0, record.Micros(r.OffsetLo), record.Micros(r.OffsetHi), clock.FromMicros(r.StoredAt))
	r.EndFrom, r.EndTo = clock.Micros(end.From), clock.Micros(end.To)
	return nil
}

// judge computes the storage verdict from the facts, the camera's clock as it is known now, our own clock's jumps and
// the newest notes.
func (s *Service) judge(ctx context.Context, idb bun.IDB, r *record.Recording, notes []record.Note) (storage.Judgement, error) {
	if err := s.setEnd(ctx, idb, r); err != nil {
		return storage.Judgement{}, err
	}
	last, stored, err := chain.Last(ctx, idb, r)
	if err != nil {
		return storage.Judgement{}, err
	}
	if last != r { // the term runs from the last file's end to when all were stored (decision 19)
		if err := s.setEnd(ctx, idb, last); err != nil {
			return storage.Judgement{}, err
		}
		r.EndFrom, r.EndTo = last.EndFrom, last.EndTo
	}
	reach := (8 * storage.StepReach).Microseconds()
	rows, err := record.StepsAround(ctx, idb, clock.Micros(stored)-reach, clock.Micros(stored)+reach)
	if err != nil {
		return storage.Judgement{}, err
	}
	steps := make([]storage.Step, len(rows))
	for i, row := range rows {
		steps[i] = storage.Step{At: clock.FromMicros(row.At), By: record.Micros(row.By)}
	}
	in := storage.Inputs{
		End: clock.Interval{From: clock.FromMicros(r.EndFrom), To: clock.FromMicros(r.EndTo)}, EndSource: r.StartSource,
		EndDoubts: strings.Fields(r.StartDoubts), Limit: Term, Foreign: r.Device == "" && slices.Contains(r.FlagList(), record.FlagParty),
	}
	if r.FactsAt == 0 {
		in.EndWhy = storage.WhyFactsPending
	}
	if r.OffsetKnown == 0 && !in.End.IsZero() {
		in.EndDoubts = append(in.EndDoubts, DoubtClockUnchecked)
	}
	in.Stored, in.Steps = storage.Around(stored, steps)
	for _, n := range notes { // oldest first, so the newest counts
		switch n.Kind {
		case NoteReturn:
			in.Returned = clock.FromMicros(n.Moment)
		case NoteDesignated:
			in.Designated = clock.FromMicros(n.Moment)
		case NoteAssign, NoteReview:
		}
	}
	return storage.Judge(in), nil
}

// SeeClock takes a reading of our clock and of one that never jumps, and writes down a jump (G8): what was stored near
// it is judged anew with bounds instead of a moment. The app calls it about every ten seconds, from one place.
func (s *Service) SeeClock(ctx context.Context, w *storage.Watch, mono time.Duration) error {
	step, jumped := w.See(s.c.Clock.Now(), mono)
	if !jumped {
		return nil
	}
	return s.noteStep(ctx, step)
}
