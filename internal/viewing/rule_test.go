package viewing

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// TestChooseApprover: R-23-2, T7. The head decides; about the head, or without one, the leader; nobody about themselves.
func TestChooseApprover(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		viewer, head string
		leaders      []ident.PersonID
		level        access.Role
		who          ident.PersonID
	}{
		"an officer asks":                   {"o", "h", []ident.PersonID{"l"}, access.Head, "h"},
		"a leader asks":                     {"l", "h", []ident.PersonID{"l"}, access.Head, "h"},
		"the head asks":                     {"h", "h", []ident.PersonID{"l"}, access.Leader, "l"},
		"no head":                           {"o", "", []ident.PersonID{"l"}, access.Leader, "l"},
		"no head, and the leader asks":      {"l", "", []ident.PersonID{"l", "m"}, access.Leader, "m"},
		"head and only leader are one":      {"h", "h", []ident.PersonID{"h"}, "", ""},
		"nobody at all":                     {"o", "", nil, "", ""},
		"the head is a leader and not asks": {"o", "h", []ident.PersonID{"h"}, access.Head, "h"},
	} {
		level, who, err := ChooseApprover(ident.PersonID(c.viewer), ident.PersonID(c.head), c.leaders, false)
		if level != c.level || who != c.who || (err != nil) != (c.who == "") || err != nil && !fault.HasCode(err, "viewing.no_approver") {
			t.Errorf("%s: %v %v %v", name, level, who, err)
		}
		if who != "" && string(who) == c.viewer {
			t.Errorf("%s: decides about themselves", name)
		}
	}
}

// TestChooseSecond: whoever is second is neither the asker nor the first, whatever the offices.
func TestChooseSecond(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		who := rapid.SampledFrom([]ident.PersonID{"a", "b", "c", "d"})
		viewer, head := who.Draw(t, "viewer"), rapid.SampledFrom([]ident.PersonID{"", "a", "b", "c", "d"}).Draw(t, "head")
		leaders := rapid.SliceOfN(who, 0, 3).Draw(t, "leaders")
		level, first, err := ChooseApprover(viewer, head, leaders, rapid.Bool().Draw(t, "outside"))
		if err != nil {
			return
		}
		if level == access.Leader && !slices.Contains(leaders, first) || level == access.Head && first != head {
			t.Fatalf("first %s as %s", first, level)
		}
		level, second, err := ChooseSecond(viewer, first, head, leaders)
		if err != nil {
			for _, p := range append(leaders, head) {
				if p != "" && p != viewer && p != first {
					t.Fatalf("%s could have decided", p)
				}
			}
			return
		}
		if second == viewer || second == first || level == access.Leader && !slices.Contains(leaders, second) {
			t.Fatalf("viewer %s first %s second %s as %s", viewer, first, second, level)
		}
	})
}

var now = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

// TestHolds: T6. Each way round consent has its own name, so that the refusal says which it was.
func TestHolds(t *testing.T) {
	t.Parallel()
	look := Look{Ground: ByConsent, Account: "a", Session: "s", From: time.Minute, To: 2 * time.Minute}
	grant := Request{State: Granted, Until: now.Add(time.Hour)}
	ask := asking{Account: "a", Session: "s", At: now, From: time.Minute, To: 64 * time.Second}
	for name, c := range map[string]struct {
		edit func(*Look, *Request, *asking)
		want string
	}{
		"inside":                    {func(*Look, *Request, *asking) {}, "consent"},
		"another session":           {func(_ *Look, _ *Request, a *asking) { a.Session = "x" }, groundForeign},
		"another account":           {func(_ *Look, _ *Request, a *asking) { a.Account = "x" }, groundForeign},
		"before the span":           {func(_ *Look, _ *Request, a *asking) { a.From = 59 * time.Second }, groundOutside},
		"beyond the span":           {func(_ *Look, _ *Request, a *asking) { a.To = 121 * time.Second }, groundOutside},
		"to the end of the span":    {func(_ *Look, _ *Request, a *asking) { a.To = 2 * time.Minute }, "consent"},
		"about the look itself":     {func(_ *Look, _ *Request, a *asking) { a.From, a.To = 0, 0 }, "consent"},
		"at the very end":           {func(_ *Look, r *Request, a *asking) { r.Until = a.At }, groundExpired},
		"after the end":             {func(_ *Look, r *Request, a *asking) { r.Until = a.At.Add(-1) }, groundExpired},
		"taken back":                {func(_ *Look, r *Request, _ *asking) { r.State = Revoked }, groundRevoked},
		"taken back, and look over": {func(l *Look, r *Request, a *asking) { r.State, l.ClosedAt = Revoked, a.At }, groundRevoked},
		"over":                      {func(l *Look, _ *Request, a *asking) { l.ClosedAt = a.At }, groundClosed},
		"never granted":             {func(_ *Look, r *Request, _ *asking) { r.State = Asked }, groundExpired},
	} {
		l, r, a := look, grant, ask
		c.edit(&l, &r, &a)
		if got := holds(&l, &r, false, a); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	mine := Look{Ground: ByOwn, Account: "a", Session: "s"}
	if got := holds(&mine, nil, true, ask); got != "own" {
		t.Errorf("one's own: %q", got)
	}
	if got := holds(&mine, nil, false, ask); got != groundExpired {
		t.Errorf("one's own, registered: %q", got)
	}
}

func TestOwn(t *testing.T) {
	t.Parallel()
	stored := now.Add(-OwnTerm)
	for name, c := range map[string]struct {
		person, officer ident.PersonID
		registered      bool
		at              time.Time
		want            bool
	}{
		"at once":           {"o", "o", false, stored, true},
		"to the last":       {"o", "o", false, stored.Add(OwnTerm - 1), true},
		"a week later":      {"o", "o", false, stored.Add(OwnTerm), false},
		"registered":        {"o", "o", true, stored.Add(1), false},
		"somebody else's":   {"o", "p", false, stored.Add(1), false},
		"nobody's":          {"", "", false, stored.Add(1), false},
		"a clock gone back": {"o", "o", false, stored.Add(-1), false},
	} {
		if got := own(c.person, c.officer, stored, c.registered, c.at); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestSpans: whatever a player tells, stretches stay in order and apart, and what counts as watched was sent.
func TestSpans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) ([]Span, map[int64]bool) {
			var out []Span
			have := map[int64]bool{}
			for range rapid.IntRange(0, 12).Draw(t, label) {
				s := Span{rapid.Int64Range(-3, 60).Draw(t, "from"), rapid.Int64Range(-3, 60).Draw(t, "to")}
				if s.From >= 0 {
					for x := s.From; x < s.To; x++ {
						have[x] = true
					}
				}
				out = addSpan(out, s)
			}
			return out, have
		}
		check := func(spans []Span, have map[int64]bool) {
			n := 0
			for i, s := range spans {
				if s.From >= s.To || i > 0 && spans[i-1].To >= s.From {
					t.Fatalf("not in order or not apart: %v", spans)
				}
				for x := s.From; x < s.To; x++ {
					if !have[x] {
						t.Fatalf("%d was never there: %v", x, spans)
					}
					n++
				}
			}
			if n != len(have) {
				t.Fatalf("%d of %d moments: %v", n, len(have), spans)
			}
		}
		sent, inSent := draw("sent")
		played, inPlayed := draw("played")
		check(sent, inSent)
		check(played, inPlayed)
		both := map[int64]bool{}
		for x := range inPlayed {
			if inSent[x] {
				both[x] = true
			}
		}
		check(within(played, sent), both)
	})
}
