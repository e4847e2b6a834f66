package scrub

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/ident"
)

// Finding is something that is wrong now.
type Finding struct {
	Code      string
	Subject   string
	What      string
	File      ident.FileID // "": of no file
	Recording ident.RecordingID
	LastGood  time.Time // zero: never
	Found     time.Time
	Entry     ident.EntryID
}

// State is where the scrub stands.
type State struct {
	Cycle     int64 // 0: none has begun
	Began     time.Time
	Ended     time.Time // zero: under way
	Objects   int64     // in all
	Bytes     int64
	Done      int64         // read in this cycle
	ReadBytes int64         // in this cycle
	Rate      float64       // bytes a second of work; 0: not known
	Takes     time.Duration // a whole cycle at this rate and within the budget; 0: not known
	Late      bool          // the budget cannot make the term, or the cycle is past it
	Oldest    time.Time     // what was read back longest ago was then; zero: nothing was
	Never     int64         // objects never read back
	RowsAt    time.Time     // rows and log were last compared
	RowsGood  time.Time     // and last found whole
	Plan      Plan
	Findings  []Finding
}

// State tells where the scrub stands.
func (s *Service) State(ctx context.Context) (*State, error) {
	idb := s.c.DB.Reader
	st, err := loadState(ctx, idb)
	if err != nil {
		return nil, err
	}
	out := &State{RowsAt: moment(st.RowsAt), RowsGood: moment(st.RowsGood), Plan: s.c.Plan}
	c, err := lastCycle(ctx, idb)
	if err != nil {
		return nil, err
	}
	if c == nil {
		c = &cycleRow{}
	}
	p, err := progress(ctx, idb, c.Number)
	if err != nil {
		return nil, err
	}
	out.Cycle, out.Began, out.Ended, out.ReadBytes = c.Number, moment(c.Began), moment(c.Ended), c.Bytes
	out.Objects, out.Bytes, out.Done, out.Oldest, out.Never = p.Objects, p.Bytes, p.Objects-p.Left, moment(p.Oldest), p.Never
	if c.Number == 0 {
		out.Done = 0
	}
	if c.Busy > 0 {
		out.Rate = float64(c.Bytes) / (float64(c.Busy) / 1e6)
	}
	out.Takes = s.c.Plan.Takes(out.Bytes, out.Rate)
	out.Late = out.Takes > s.c.Plan.Within || c.Number > 0 && c.Ended == 0 && s.c.Clock.Now().Sub(out.Began) > s.c.Plan.Within
	rows, err := openFindings(ctx, idb)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		out.Findings = append(out.Findings, Finding{
			Code: r.Code, Subject: r.Subject, What: r.What, File: r.File, Recording: r.Recording, LastGood: moment(r.LastGood), Found: moment(r.Found), Entry: r.Entry,
		})
	}
	return out, nil
}

// Fill tells fsck's findings when what they name was last whole, and whose it is. A database that is older than the scrub,
// or damaged, knows nothing of it.
func Fill(ctx context.Context, idb bun.IDB, found []fsck.Finding) {
	st, _ := loadState(ctx, idb)
	for i := range found {
		f := &found[i]
		if good := moment(st.RowsGood); !good.IsZero() && !strings.HasPrefix(f.Code, "object.") {
			f.LastGood = &good
		}
		o, err := objectOf(ctx, idb, f.ID, f.What)
		if err != nil || o == nil {
			continue
		}
		f.File, f.Recording = o.File, o.Recording
		if strings.HasPrefix(f.Code, "object.") && !o.LastGood.IsZero() {
			f.LastGood = &o.LastGood
		}
	}
}
