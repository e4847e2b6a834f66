package coverage_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/coverage"
	"zhilu.dev/zhilu/internal/ident"
)

var nine = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

func sec(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func at(s float64) time.Time { return nine.Add(sec(s)) }

// piece is a file of camera A whose start is known to within wide seconds.
func piece(from, length, wide float64) coverage.Piece {
	return coverage.Piece{
		Recording: "r", Device: "A", Known: true, Start: clock.Interval{From: at(from), To: at(from + wide)}, Duration: sec(length), Sound: continuity.Present, Heard: true,
	}
}

func window(from, to float64) *activity.State {
	return &activity.State{Arrived: activity.Moment{At: at(from)}, Departed: activity.Moment{At: at(to)}}
}

func judge(t interface{ Fatal(...any) }, st *activity.State, pieces ...coverage.Piece) coverage.Verdict {
	v, err := coverage.Judge(st, pieces, continuity.DefaultTolerance)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestJudge is R-13-2a, R-16-1, R-16-2 and R-17-1 with the doubts that real files bring.
func TestJudge(t *testing.T) {
	t.Parallel()
	with := func(p coverage.Piece, change func(*coverage.Piece)) coverage.Piece { change(&p); return p }
	stopped := window(0, 600)
	stopped.Interruptions = []activity.Interruption{{Start: at(200), End: at(300), Cause: activity.Battery, Spoken: activity.Said{Recording: "r", Position: 1000}}}
	reported := window(0, 600)
	reported.Interruptions = []activity.Interruption{{Start: at(200), Cause: activity.Fault, ReportedAt: at(210), WrittenAt: at(90000)}}
	doubted := window(0, 600)
	doubted.Arrived.Doubt = sec(5)
	reversed := window(600, 0)
	for name, c := range map[string]struct {
		st     *activity.State
		pieces []coverage.Piece
		want   continuity.Verdict
	}{
		"one file over all":                       {window(0, 600), []coverage.Piece{piece(-10, 700, 0)}, continuity.Continuous},
		"no footage":                              {window(0, 600), nil, continuity.LateStart},
		"two files that touch":                    {window(0, 600), []coverage.Piece{piece(-10, 310, 0), piece(300, 310, 0)}, continuity.Continuous},
		"a cut of 40 ms inside a file":            {window(0, 600), []coverage.Piece{with(piece(-10, 700, 0), func(p *coverage.Piece) { p.Inner = []coverage.Stretch{{From: sec(100), To: sec(100.04)}} })}, continuity.Unexplained},
		"ten minutes missing":                     {window(0, 1800), []coverage.Piece{piece(-1, 601, 0), piece(1200, 700, 0)}, continuity.Unexplained},
		"a late start":                            {window(0, 600), []coverage.Piece{piece(30, 700, 0)}, continuity.LateStart},
		"an early end":                            {window(0, 600), []coverage.Piece{piece(-5, 500, 0)}, continuity.EarlyEnd},
		"a start in whole seconds, within":        {window(0, 600), []coverage.Piece{piece(-10, 700, 1)}, continuity.Continuous},
		"a start in whole seconds, at the edge":   {window(0, 600), []coverage.Piece{piece(-0.5, 700, 1)}, continuity.CannotJudge},
		"a gap shorter than the starts are known": {window(0, 600), []coverage.Piece{piece(-10, 300, 2), piece(292, 400, 2)}, continuity.CannotJudge},
		"a gap longer than that":                  {window(0, 600), []coverage.Piece{piece(-10, 300, 1), piece(300, 400, 1)}, continuity.Unexplained},
		"a file without a time":                   {window(0, 600), []coverage.Piece{with(piece(0, 700, 0), func(p *coverage.Piece) { p.Start = clock.Interval{} })}, continuity.CannotJudge},
		"a doubtful file fills no gap":            {window(0, 600), []coverage.Piece{piece(-10, 310, 0), with(piece(300, 400, 0), func(p *coverage.Piece) { p.Unsure = true })}, continuity.CannotJudge},
		"a doubtful file excuses no longer gap":   {window(0, 6000), []coverage.Piece{piece(-10, 310, 0), with(piece(300, 400, 0), func(p *coverage.Piece) { p.Unsure = true })}, continuity.EarlyEnd},
		"a camera nobody compared":                {window(0, 600), []coverage.Piece{with(piece(-10, 700, 0), func(p *coverage.Piece) { p.Known = false })}, continuity.CannotJudge},
		"a sound nobody listened to":              {window(0, 600), []coverage.Piece{with(piece(-10, 700, 0), func(p *coverage.Piece) { p.Heard = false })}, continuity.CannotJudge},
		"a silent track":                          {window(0, 600), []coverage.Piece{with(piece(-10, 700, 0), func(p *coverage.Piece) { p.Sound = continuity.Silent })}, continuity.CannotJudge},
		"a phone whose clock may be 5 s off":      {doubted, []coverage.Piece{piece(-2, 700, 0)}, continuity.CannotJudge},
		"and footage that began before":           {doubted, []coverage.Piece{piece(-6, 700, 0)}, continuity.Continuous},
		"left before they arrived":                {reversed, []coverage.Piece{piece(-10, 700, 0)}, continuity.CannotJudge},
		"never closed":                            {&activity.State{Arrived: activity.Moment{At: at(0)}}, []coverage.Piece{piece(-10, 700, 0)}, continuity.CannotJudge},
		"explained by voice":                      {stopped, []coverage.Piece{with(piece(-10, 210, 0), func(p *coverage.Piece) { p.Recording = "first" }), piece(300, 400, 0)}, continuity.Explained},
		"explained in a recording not of it":      {stopped, []coverage.Piece{with(piece(-10, 210, 0), func(p *coverage.Piece) { p.Recording = "a" }), with(piece(300, 400, 0), func(p *coverage.Piece) { p.Recording = "b" })}, continuity.Unexplained},
		"explained by report and in writing":      {reported, []coverage.Piece{piece(-10, 210, 0)}, continuity.Explained},
		"cameras take turns":                      {window(0, 600), []coverage.Piece{piece(-10, 310, 0), with(piece(250, 400, 0), func(p *coverage.Piece) { p.Device = "B" })}, continuity.Continuous},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v := judge(t, c.st, c.pieces...); v.Headline != c.want {
				t.Errorf("%s %v, want %s; gaps %+v doubts %v", v.Headline, v.All, c.want, v.Gaps, v.Doubts)
			}
		})
	}
}

// TestNoDoubtIsGood: however the starts of the files lie within their bounds, what is called continuous is so, and what is called a breach is one.
func TestNoDoubtIsGood(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var doubtful, exact []coverage.Piece
		for range rapid.IntRange(0, 4).Draw(t, "files") {
			from, wide := rapid.Float64Range(-20, 100).Draw(t, "from"), rapid.SampledFrom([]float64{0, 0.5, 1, 2}).Draw(t, "wide")
			p := piece(from, rapid.Float64Range(5, 90).Draw(t, "length"), wide)
			p.Device = ident.DeviceID(rapid.SampledFrom([]string{"A", "B"}).Draw(t, "camera"))
			if rapid.Bool().Draw(t, "hole") {
				p.Inner = []coverage.Stretch{{From: sec(2), To: sec(2) + sec(rapid.Float64Range(0.01, 3).Draw(t, "missing"))}}
			}
			p.Heard = rapid.IntRange(0, 4).Draw(t, "heard") > 0
			p.Unsure = rapid.IntRange(0, 6).Draw(t, "unsure") == 0
			doubtful = append(doubtful, p)
			fact := p
			shift := sec(rapid.Float64Range(0, wide).Draw(t, "truth"))
			fact.Start = clock.Interval{From: p.Start.From.Add(shift), To: p.Start.From.Add(shift)}
			fact.Heard, fact.Unsure = true, false
			exact = append(exact, fact)
		}
		st := window(0, 90)
		d, e := judge(t, st, doubtful...), judge(t, st, exact...)
		switch {
		case d.Headline == continuity.Continuous && e.Headline != continuity.Continuous:
			t.Fatalf("continuous, and in truth %v", e.All)
		case slices.Contains([]continuity.Verdict{continuity.Unexplained, continuity.LateStart, continuity.EarlyEnd}, d.Headline) && (e.Headline == continuity.Continuous || e.Headline == continuity.CannotJudge):
			t.Fatalf("%v, and in truth %v: %+v", d.All, e.All, e.Gaps)
		}
	})
}

// TestPresent is R-13-1 and R-25-1: what was never filmed, what is still on a card and what is gone are never mixed.
func TestPresent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pieces  int
		cameras []coverage.Seen
		after   time.Duration
		want    coverage.Presence
	}{
		"footage":               {1, nil, 48 * time.Hour, coverage.There},
		"within 24 hours":       {0, []coverage.Seen{{}}, 24 * time.Hour, coverage.Pending},
		"not docked":            {0, []coverage.Seen{{}}, 25 * time.Hour, coverage.NotDocked},
		"one of two not docked": {0, []coverage.Seen{{Docked: true}, {}}, 25 * time.Hour, coverage.NotDocked},
		"docked, and nothing":   {0, []coverage.Seen{{Docked: true}}, 25 * time.Hour, coverage.Never},
		"numbers are missing":   {0, []coverage.Seen{{Docked: true, Missing: true}}, 25 * time.Hour, coverage.Lost},
		"a lost camera":         {0, []coverage.Seen{{Gone: true}}, 25 * time.Hour, coverage.Lost},
		"nobody took one along": {0, nil, 25 * time.Hour, coverage.NoCamera},
	} {
		if got := coverage.Present(window(0, 60), c.pieces, c.cameras, at(60).Add(c.after)); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
