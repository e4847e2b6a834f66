package activity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/ident"
)

var nine = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return nine.Add(time.Duration(minutes) * time.Minute) }

// said makes occurrences, numbered in the order in which they are given and stored an hour later.
func said(list ...activity.Occurrence) []activity.Occurrence {
	for i := range list {
		o := &list[i]
		o.Seq = int64(i + 1)
		if o.ID == "" {
			o.ID = ident.OccurrenceID(string(o.What) + string(rune('a'+i)))
		}
		if o.StoredAt.IsZero() {
			o.StoredAt = o.At.Add(time.Hour)
		}
		o.ByName = "李强"
	}
	return list
}

func odd(s activity.State) string {
	var codes []string
	for _, o := range s.Oddities {
		codes = append(codes, o.Code)
	}
	return strings.Join(codes, " ")
}

// TestFold is R-16-1, R-16-2 and R-17-1 to R-17-3 by hand: what holds of an activity after what was said of it.
func TestFold(t *testing.T) {
	t.Parallel()
	a := &activity.Activity{Place: "城关镇", Officers: []activity.Member{{Person: "p1", Name: "李强"}}, Cameras: []activity.Member{{Device: "d1", Person: "p1"}}}
	fixed, left := at(2), at(90)
	until := at(20)
	for name, c := range map[string]struct {
		said  []activity.Occurrence
		odd   string
		check func(t *testing.T, s activity.State)
	}{
		"nothing": {check: func(t *testing.T, s activity.State) {
			if s.Arrived.Known() || !s.Open() || s.Place != "城关镇" {
				t.Error(s)
			}
		}},
		"arrived and left": {said(activity.Occurrence{What: activity.Arrived, At: at(0)}, activity.Occurrence{What: activity.Departed, At: at(60)}), "", func(t *testing.T, s activity.State) {
			if s.Open() || !s.Arrived.At.Equal(at(0)) || !s.Departed.At.Equal(at(60)) {
				t.Error(s)
			}
		}},
		"two phones: the first arrival and the last departure count": {said(
			activity.Occurrence{What: activity.Departed, At: at(60)}, activity.Occurrence{What: activity.Arrived, At: at(3)}, activity.Occurrence{What: activity.Departed, At: at(70)}, activity.Occurrence{What: activity.Arrived, At: at(1)},
		), "arrived_twice departed_twice", func(t *testing.T, s activity.State) {
			if !s.Arrived.At.Equal(at(1)) || !s.Departed.At.Equal(at(70)) {
				t.Error(s.Arrived, s.Departed)
			}
		}},
		"a correction lies over what was told and keeps it": {said(
			activity.Occurrence{What: activity.Arrived, At: at(5)}, activity.Occurrence{What: activity.Departed, At: at(60)},
			activity.Occurrence{What: activity.Corrected, At: at(100), Said: activity.Said{Field: activity.FieldArrived, Time: &fixed, Words: "手机没电"}},
			activity.Occurrence{What: activity.Corrected, At: at(101), Said: activity.Said{Field: activity.FieldDeparted, Time: &left, Words: "忘按"}},
			activity.Occurrence{What: activity.Corrected, At: at(102), Said: activity.Said{Field: activity.FieldPlace, Place: "城南镇", Words: "写错"}},
		), "", func(t *testing.T, s activity.State) {
			if !s.Arrived.At.Equal(fixed) || !s.Arrived.First.Equal(at(5)) || s.Arrived.Why != "手机没电" || !s.Departed.At.Equal(left) || s.Place != "城南镇" || len(s.Corrections) != 3 {
				t.Errorf("%+v", s)
			}
		}},
		"left before they arrived": {said(activity.Occurrence{What: activity.Arrived, At: at(5)}, activity.Occurrence{What: activity.Departed, At: at(1)}), "reversed", func(t *testing.T, s activity.State) {
			if !s.Reversed() {
				t.Error("not reversed")
			}
		}},
		"a phone whose clock is ahead": {said(activity.Occurrence{What: activity.Arrived, At: at(500), StoredAt: at(5)}), "future", nil},
		"stopped, reported, received, written": {said(
			activity.Occurrence{ID: "s", What: activity.Stopped, At: at(10), Said: activity.Said{Cause: activity.Battery}},
			activity.Occurrence{ID: "r", What: activity.Reported, At: at(13), About: "s", Said: activity.Said{To: "h", ToName: "周建国"}},
			activity.Occurrence{What: activity.Reported, At: at(30), About: "s", Said: activity.Said{To: "l", ToName: "马局"}},
			activity.Occurrence{What: activity.Received, At: at(14), About: "r"},
			activity.Occurrence{What: activity.Written, At: at(300), About: "s", Said: activity.Said{Words: "电池用尽"}},
		), "", func(t *testing.T, s activity.State) {
			n := s.Interruptions[0]
			d, ok := n.Delay()
			if !ok || d != 3*time.Minute || n.ReportedTo != "周建国" || !n.ReceivedAt.Equal(at(14)) || n.Text != "电池用尽" || !n.End.IsZero() {
				t.Errorf("%+v", n)
			}
		}},
		"stopped and resumed without saying which": {said(
			activity.Occurrence{ID: "s", What: activity.Stopped, At: at(10), Said: activity.Said{Cause: activity.StorageFull}}, activity.Occurrence{What: activity.Resumed, At: at(12)},
			activity.Occurrence{What: activity.Spoken, At: at(12), About: "s", Said: activity.Said{Recording: "rec", Position: 4000}},
		), "", func(t *testing.T, s activity.State) {
			if n := s.Interruptions[0]; !n.End.Equal(at(12)) || !n.SpokenAt.Equal(at(12)) {
				t.Errorf("%+v", n)
			}
		}},
		"resumed what nobody stopped": {said(activity.Occurrence{What: activity.Resumed, At: at(12)}), "resumed_alone", nil},
		"written down afterwards, with its end": {said(activity.Occurrence{What: activity.Stopped, At: at(10), Said: activity.Said{Cause: activity.Fault, Until: &until}}), "", func(t *testing.T, s activity.State) {
			if n := s.Interruptions[0]; !n.End.Equal(until) {
				t.Errorf("%+v", n)
			}
		}},
		"a stop hours before they arrived": {said(activity.Occurrence{What: activity.Arrived, At: at(100)}, activity.Occurrence{What: activity.Stopped, At: at(1), Said: activity.Said{Cause: activity.Fault}}), "stop_outside", nil},
		"cameras swapped": {said(
			activity.Occurrence{What: activity.Joined, At: at(1), Said: activity.Said{Device: "d2", Name: "2号机"}}, activity.Occurrence{What: activity.Removed, At: at(1), Said: activity.Said{Device: "d1", Words: "拿错"}},
		), "", func(t *testing.T, s activity.State) {
			if len(s.Cameras) != 1 || s.Cameras[0].Device != "d2" || len(s.Gone) != 1 {
				t.Errorf("%+v", s.Cameras)
			}
		}},
		"ticked and confirmed": {said(
			activity.Occurrence{ID: "k", What: activity.Ticked, At: at(1), Said: activity.Said{Item: activity.SaidNotice, Recording: "rec", Position: 1500}},
			activity.Occurrence{What: activity.Confirmed, At: at(2), About: "k", Said: activity.Said{Words: "没有听到"}},
		), "", func(t *testing.T, s activity.State) {
			if k := s.Ticks[0]; !k.Confirmed || k.There || k.Position != 1500*time.Millisecond {
				t.Errorf("%+v", k)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := activity.Fold(a, c.said)
			if got := odd(s); got != c.odd {
				t.Errorf("oddities %q, want %q", got, c.odd)
			}
			if c.check != nil {
				c.check(t, s)
			}
		})
	}
}

// TestFoldOrder: what phones hand in after a day without a network comes in any order and gives the same activity, but for which of two
// corrections is the newer one.
func TestFoldOrder(t *testing.T) {
	t.Parallel()
	whats := []activity.What{
		activity.Arrived, activity.Departed, activity.Stopped, activity.Resumed, activity.Reported, activity.Spoken, activity.Written, activity.Received, activity.Joined, activity.Restricted, activity.Ticked,
		activity.Confirmed, activity.Noted,
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 14).Draw(t, "n")
		var list []activity.Occurrence
		for i := range n {
			o := activity.Occurrence{
				ID: ident.OccurrenceID(rune('a' + i)), What: rapid.SampledFrom(whats).Draw(t, "what"), At: at(i * 3), StoredAt: at(600),
				Said: activity.Said{Device: ident.DeviceID(rapid.SampledFrom([]string{"d1", "d2"}).Draw(t, "device")), Words: "说明"},
			}
			if i > 0 {
				o.About = list[rapid.IntRange(0, i-1).Draw(t, "about")].ID
			}
			list = append(list, o)
		}
		a := &activity.Activity{Place: "城关镇"}
		want := activity.Fold(a, list)
		other := rapid.Permutation(list).Draw(t, "order")
		if diff := cmp.Diff(want, activity.Fold(a, other)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestStrictest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   []activity.Demand
		want activity.Demand
	}{
		{nil, activity.Mandatory},
		{[]activity.Demand{activity.Encouraged}, activity.Encouraged},
		{[]activity.Demand{activity.Encouraged, activity.Mandatory}, activity.Mandatory},
		{[]activity.Demand{activity.Mandatory, activity.Uninterrupted}, activity.Uninterrupted},
	} {
		if got := activity.Strictest(c.in...); got != c.want {
			t.Errorf("%v: %s", c.in, got)
		}
	}
}
