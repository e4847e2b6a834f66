package device_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		a := b.register(device.Spec{Label: "Z-01", CardLabel: "NO NAME", NameCode: "Z01", Serial: "SN1"})
		c := b.register(device.Spec{Label: "Z-02", CardLabel: "no name", NameCode: "Z02", Serial: "SN2"})
		old := b.register(device.Spec{Label: "Z-03", CardLabel: "Z3", NameCode: "Z02"})
		if err := b.inv.SetState(b.ctx, b.keeper, old, device.Retired, "已经报废"); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			name string
			h    device.Hints
			want device.Matched
		}{
			{"nothing known", device.Hints{}, device.Matched{By: device.Unknown}},
			{"blank clues are no clues", device.Hints{CardLabel: " ", NameCodes: []string{"", " "}}, device.Matched{By: device.Unknown}},
			{"named", device.Hints{Explicit: a, NameCodes: []string{"Z02"}}, device.Matched{Device: a, By: device.ByExplicit, Against: []device.Clue{device.ByNameCode}}},
			{
				"a device that does not exist",
				device.Hints{Explicit: ident.New[ident.DeviceID](), Serials: []string{"sn1"}},
				device.Matched{Device: a, By: device.BySerial, Against: []device.Clue{device.ByExplicit}},
			},
			{"the factory's card label fits two", device.Hints{CardLabel: "NO NAME"}, device.Matched{By: device.Ambiguous}},
			{"the name settles it", device.Hints{CardLabel: "NO NAME", NameCodes: []string{"z02"}}, device.Matched{Device: c, By: device.ByNameCode}},
			{"one in service goes before a retired one", device.Hints{NameCodes: []string{"Z02"}}, device.Matched{Device: c, By: device.ByNameCode}},
			{"a retired one is found if it is the only one", device.Hints{CardLabel: "z3"}, device.Matched{Device: old, By: device.ByCardLabel}},
			{"names of two cameras on one card", device.Hints{NameCodes: []string{"Z01", "Z02"}}, device.Matched{By: device.Ambiguous}},
			{"serial in full width", device.Hints{Serials: []string{"ＳＮ２"}}, device.Matched{Device: c, By: device.BySerial}},
		} {
			got, err := device.Match(b.ctx, w.DB.Reader, x.h)
			if d := cmp.Diff(x.want, got); d != "" || err != nil {
				t.Errorf("%s: %v (-want +got)\n%s", x.name, err, d)
			}
		}
	})
}

func TestHolderAt(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		id := b.register(device.Spec{Label: "Z-01"})
		ask := func(from, to time.Duration) device.Holder {
			t.Helper()
			h, err := device.HolderAt(b.ctx, w.DB.Reader, id, clock.Interval{From: gatetest.Start.Add(from), To: gatetest.Start.Add(to)})
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		if h := ask(0, hour); h.Why != device.NoIssues {
			t.Fatalf("%+v", h)
		}
		first := b.issue(id, b.p1)
		w.Clock.Add(8 * hour)
		b.back(id)
		w.Clock.Add(2 * hour)
		b.issue(id, b.p2)
		if d := cmp.Diff(device.Holder{Person: b.p1, Issue: first, Certain: true, Why: device.HeldThroughout, People: []ident.PersonID{b.p1}}, ask(hour, 2*hour)); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		for why, h := range map[device.Why]device.Holder{
			device.HeldBySeveral: ask(7*hour, 11*hour), device.HeldByNobody: ask(8*hour+1e6, 9*hour),
			device.HeldBefore: ask(-2*hour, -hour), device.HeldPartly: ask(-hour, hour),
		} {
			if h.Why != why || h.Certain {
				t.Errorf("%s: %+v", why, h)
			}
		}
		if h, err := device.HolderAt(b.ctx, w.DB.Reader, id, clock.Interval{}); err != nil || h.Why != device.NoTime {
			t.Errorf("%+v %v", h, err)
		}
	})
}

func TestClockChecks(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		id := b.register(device.Spec{Label: "Z-01"})
		ask := func(face time.Time) device.Offset {
			t.Helper()
			o, err := device.OffsetAt(b.ctx, w.DB.Reader, id, face)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		if o := ask(w.Clock.Now()); o.Known || o.Lo != -device.UnknownDoubt || o.Hi != device.UnknownDoubt || o.Source != device.Assumed {
			t.Fatalf("G8 unknown must be wide and said: %+v", o)
		}
		note := func(at time.Time, lo, hi time.Duration, s device.Source) error {
			return b.change(func(tx *gate.Tx) error { return device.RecordClock(tx, id, at, lo, hi, s) })
		}
		wantCode(t, note(w.Clock.Now(), 2, 1, device.FromDock), "device.clock")
		wantCode(t, note(w.Clock.Now(), 1, 2, device.Assumed), "device.clock")
		// G8: a camera whose clock fell back to 2016 is asked about in its own 2016.
		const decade = 10 * 365 * 24 * hour
		if err := note(w.Clock.Now(), decade-time.Second, decade+time.Second, device.FromDock); err != nil {
			t.Fatal(err)
		}
		o := ask(w.Clock.Now().Add(-decade - hour))
		if !o.Known || o.Lo < decade-8*time.Second || o.Hi > decade+8*time.Second || !o.At.Equal(w.Clock.Now()) {
			t.Fatalf("%+v", o)
		}
		// A person sets it right and checks it a day later by eye.
		w.Clock.Add(24 * hour)
		if err := b.inv.CheckClock(b.ctx, b.keeper, id, w.Clock.Now().Add(3*time.Second), 2*time.Second); err != nil {
			t.Fatal(err)
		}
		now, err := b.inv.Clock(b.ctx, b.keeper, id)
		if err != nil || now.Source != device.FromPerson || now.Lo < -11*time.Second || now.Hi > 5*time.Second {
			t.Fatalf("%+v %v", now, err)
		}
		if o := ask(w.Clock.Now()); o.Known == false || o.Stepped == false {
			t.Fatalf("the two checks contradict each other, which must show: %+v", o)
		}
		if h := b.History(t, "device", string(id)); len(h) != 3 || h[0].Action != "device.check_clock" {
			t.Fatalf("%+v", h)
		}
	})
}

func TestSequenceMemory(t *testing.T) { // T2
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		b := newBureau(t, w)
		id := b.register(device.Spec{Label: "Z-01"})
		note := func(marks ...device.Mark) {
			t.Helper()
			if err := b.change(func(tx *gate.Tx) error { return device.NoteNumbers(tx, id, marks...) }); err != nil {
				t.Fatal(err)
			}
		}
		m := func(series string, n int, h time.Duration) device.Mark {
			return device.Mark{Series: series, Width: 4, Number: n, Name: "x.mp4", Made: gatetest.Start.Add(h)}
		}
		note(m("REC#", 12, 0), m("IMG#", 3, 0))
		note(m("REC#", 20, hour), m("IMG#", 3, 0))
		note(m("REC#", 15, hour/2)) // a card handed in late
		got, err := device.LastNumbers(b.ctx, w.DB.Reader, id)
		if d := cmp.Diff([]device.Mark{m("IMG#", 3, 0), m("REC#", 20, hour)}, got); d != "" || err != nil {
			t.Fatalf("%v (-want +got)\n%s", err, d)
		}
		one, ok, err := device.LastNumber(b.ctx, w.DB.Reader, id, "REC#")
		if err != nil || !ok || one.Number != 20 {
			t.Fatalf("%+v %v %v", one, ok, err)
		}
		if _, ok, err := device.LastNumber(b.ctx, w.DB.Reader, id, "DSC#"); ok || err != nil {
			t.Fatal(ok, err)
		}
		if h := b.History(t, "device", string(id)); len(h) != 3 {
			t.Fatalf("only what moves leaves an entry: %d", len(h))
		}
	})
}
