package scrub

import (
	"context"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// byReading are the codes that only reading the object can take back; all others end when a comparison of rows does not
// meet them any more.
var byReading = []string{"object.changed", "object.key", "object.unreadable", "object.missing"}

// mark is what makes a finding the same when it is met again. What a damaged object says of itself may differ from one
// reading to the next.
func mark(f fsck.Finding) string {
	if strings.HasPrefix(f.Code, "object.") {
		return f.Code + "|" + f.ID
	}
	return f.Code + "|" + f.ID + "|" + f.What
}

// judge keeps what reading an object said.
func (s *Service) judge(ctx context.Context, c *cycleRow, o *Object, found []fsck.Finding, p *pacer) error {
	if err := p.rest(ctx); err != nil {
		return err
	}
	bytes, work := p.take()
	open, err := openFindings(ctx, s.c.DB.Reader)
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(f findingRow) bool { return f.Subject != o.SHA256 || !slices.Contains(byReading, f.Code) })
	if len(found) > 0 || len(open) > 0 {
		if err := s.enter(ctx, found, open, func(fsck.Finding) *Object { return o }); err != nil {
			return err
		}
	}
	good := o.LastGood
	if len(found) == 0 {
		good = s.c.Clock.Now()
	}
	c.Objects++
	c.Bytes += bytes
	c.Busy += work.Microseconds()
	return read(ctx, s.c.DB, c, o.SHA256, good, bytes, work)
}

// judgeRows keeps what a comparison of rows and log said, with the entry of the day.
func (s *Service) judgeRows(ctx context.Context, rep *fsck.Report) error {
	open, err := openFindings(ctx, s.c.DB.Reader)
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(f findingRow) bool { return slices.Contains(byReading, f.Code) })
	objects := map[string]*Object{}
	for _, f := range rep.Findings {
		o, err := objectOf(ctx, s.c.DB.Reader, f.ID, f.What)
		if err != nil {
			return err
		}
		if o != nil {
			objects[mark(f)] = o
		}
	}
	if err := s.enter(ctx, rep.Findings, open, func(f fsck.Finding) *Object { return objects[mark(f)] }); err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, s.c.Actor, access.ScrubRun, s.bureau(), func(tx *gate.Tx) error {
		outcome := custody.Done
		if !rep.OK() {
			outcome = custody.Failed
		}
		if _, err := tx.Record(gate.Entry{Outcome: outcome, Detail: custody.Detail(
			"part", "rows", "objects", rep.Objects, "bytes", rep.Bytes, "files", rep.Files, "rows", rep.Rows, "receipts", rep.Receipts,
			"log_entries", rep.Log.Placed, "log_size", rep.Log.Size, "log_root", rep.Log.Root, "findings", len(rep.Findings),
		)}); err != nil {
			return err
		}
		return rowsDone(tx.Context(), tx.DB(), clock.Micros(tx.Now()), rep.OK())
	})
}

func (s *Service) bureau() access.Subject {
	return access.Subject{Kind: "bureau", ID: string(s.c.Bureau)}
}

// enter enters findings that are new, and the end of those that were and are no more. of gives the object that a finding is
// about, nil where there is none.
func (s *Service) enter(ctx context.Context, found []fsck.Finding, open []findingRow, of func(fsck.Finding) *Object) error {
	var fresh []fsck.Finding
	all, err := openFindings(ctx, s.c.DB.Reader)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for i := range all {
		known[all[i].Mark] = true
	}
	seen := map[string]bool{}
	for _, f := range found {
		m := mark(f)
		if !known[m] && !seen[m] {
			fresh = append(fresh, f)
		}
		seen[m] = true
	}
	gone := slices.DeleteFunc(slices.Clone(open), func(r findingRow) bool { return seen[r.Mark] })
	if len(fresh)+len(gone) == 0 {
		return nil
	}
	for _, f := range fresh {
		s.c.Log.ErrorContext(ctx, "the scrub found damage", "code", f.Code, "id", f.ID, "what", f.What)
	}
	st, err := loadState(ctx, s.c.DB.Reader)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, s.c.Actor, access.ScrubFind, s.bureau(), func(tx *gate.Tx) error {
		now := clock.Micros(tx.Now())
		for _, f := range fresh {
			row := findingRow{Mark: mark(f), Code: f.Code, Subject: f.ID, What: f.What, LastGood: st.RowsGood, Found: now}
			if o := of(f); o != nil {
				row.File, row.Recording = o.File, o.Recording
				if strings.HasPrefix(f.Code, "object.") {
					row.LastGood = micros(o.LastGood)
				}
			}
			var err error
			if row.Entry, err = tx.Record(entry(&row, custody.Failed, "found")); err != nil {
				return err
			}
			if err := insertFinding(tx.Context(), tx.DB(), &row); err != nil {
				return err
			}
		}
		for i := range gone {
			if _, err := tx.Record(entry(&gone[i], custody.Done, "gone")); err != nil {
				return err
			}
			if err := endFinding(tx.Context(), tx.DB(), gone[i].Mark, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// entry tells of a finding, in the history of the file it is about.
func entry(r *findingRow, outcome custody.Outcome, state string) gate.Entry {
	good := ""
	if r.LastGood != 0 {
		good = clock.FromMicros(r.LastGood).UTC().Format(time.RFC3339)
	}
	e := gate.Entry{ID: ident.New[ident.EntryID](), Outcome: outcome, Detail: custody.Detail("state", state, "code", r.Code, "subject", r.Subject, "last_good", good)}
	if r.File != "" {
		e.Subject = custody.Subject{Kind: "file", ID: string(r.File)}
		e.Related = []custody.Subject{{Kind: "recording", ID: string(r.Recording)}}
	}
	return e
}

// endOf enters that a cycle is round.
func (s *Service) endOf(ctx context.Context, c *cycleRow) error {
	st, err := s.State(ctx)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, s.c.Actor, access.ScrubRun, s.bureau(), func(tx *gate.Tx) error {
		outcome := custody.Done
		if len(st.Findings) > 0 {
			outcome = custody.Failed
		}
		if _, err := tx.Record(gate.Entry{Outcome: outcome, Detail: custody.Detail(
			"part", "cycle", "cycle", c.Number, "objects", c.Objects, "bytes", c.Bytes, "seconds", int64(tx.Now().Sub(clock.FromMicros(c.Began))/time.Second),
			"findings", len(st.Findings),
		)}); err != nil {
			return err
		}
		c.Ended = clock.Micros(tx.Now())
		return endCycle(tx.Context(), tx.DB(), c.Number, c.Ended)
	})
}
