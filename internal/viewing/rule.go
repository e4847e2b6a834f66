package viewing

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// ChooseApprover says who decides a request (decision 2): the head of the owning department; where there is none, or
// the head is the one who asks, or something leaves the bureau, the leader in charge. Nobody decides their own. Where nobody is left it is Conflict
// "viewing.no_approver".
func ChooseApprover(viewer, head ident.PersonID, leaders []ident.PersonID, outside bool) (access.Role, ident.PersonID, error) {
	if head != "" && head != viewer && !outside {
		return access.Head, head, nil
	}
	if l := otherThan(leaders, viewer); l != "" {
		return access.Leader, l, nil
	}
	return "", "", fault.New(fault.Conflict, "viewing.no_approver").Under("23")
}

// ChooseSecond says who decides after first has consented: a leader, and where there is no other, the head of the owning
// department. It is neither the asker nor the first. Nobody left: Conflict "viewing.no_second".
func ChooseSecond(viewer, first, head ident.PersonID, leaders []ident.PersonID) (access.Role, ident.PersonID, error) {
	if l := otherThan(leaders, viewer, first); l != "" {
		return access.Leader, l, nil
	}
	if head != "" && head != viewer && head != first {
		return access.Head, head, nil
	}
	return "", "", fault.New(fault.Conflict, "viewing.no_second").Under("20")
}

func otherThan(of []ident.PersonID, not ...ident.PersonID) ident.PersonID {
	for _, p := range of {
		if !slices.Contains(not, p) {
			return p
		}
	}
	return ""
}

// mayTake checks the manner of an ask against the rest of it. What leaves the bureau names who receives it and on what basis.
func mayTake(a *Ask) error {
	if a.Manner == "" {
		a.Manner = MannerView
		if a.Case != "" {
			a.Manner = MannerCopy
		}
	}
	switch {
	case !slices.Contains(Manners(), a.Manner):
		return fault.New(fault.Invalid, "viewing.manner").At("manner")
	case a.Case != "" && a.Manner != MannerCopy && !a.Manner.Outside():
		return fault.New(fault.Invalid, "viewing.case_manner").At("manner")
	}
	for _, f := range []struct {
		name   string
		of     *string
		needed bool
	}{
		{"to_body", &a.To.Body, a.Manner == MannerProvide},
		{"to_person", &a.To.Person, a.Manner == MannerProvide || a.To.Body != ""},
		{"to_contact", &a.To.Contact, false},
		{"to_basis", &a.To.Basis, a.Manner.Outside()},
	} {
		words, err := text(*f.of, f.name, f.needed)
		if err != nil {
			return err
		}
		*f.of = words
	}
	return nil
}

// most is how many recordings a request of this manner may name.
func (m Manner) most() int {
	if m == MannerCopy || m.Outside() {
		return MaxCopies
	}
	return MaxItems
}

// own reports whether a person may look at a recording as its maker: they made it, it is not registered, and not more
// than a week has passed since it was stored.
func own(person, maker ident.PersonID, stored time.Time, registered bool, now time.Time) bool {
	return person != "" && person == maker && !registered && !now.Before(stored) && now.Before(stored.Add(OwnTerm))
}

// asking is what a request for a piece of picture brings with it.
type asking struct {
	Account ident.AccountID
	Session string
	At      time.Time
	From    time.Duration
	To      time.Duration
}

// holds says what a look rests on at the moment something is asked for, as the policies take it: its ground, or why it
// has none. The request is that of the look, nil without one; still says whether a ground that is none still holds.
func holds(l *Look, r *Request, still bool, a asking) string {
	switch {
	case l.Account != a.Account || l.Session != a.Session:
		return groundForeign
	case r != nil && r.State == Revoked, l.WhyClosed == ClosedRevoked:
		return groundRevoked
	case r != nil && !r.InForce(a.At), l.WhyClosed == ClosedExpired, r == nil && !still:
		return groundExpired
	case !l.ClosedAt.IsZero():
		return groundClosed
	case a.To > a.From && (a.From < l.From || l.To > 0 && a.To > l.To):
		return groundOutside
	}
	return string(l.Ground)
}

// Span is a stretch of a recording in milliseconds, from its beginning.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// addSpan adds a stretch to others: in order, none touching another.
func addSpan(spans []Span, s Span) []Span {
	if s.To <= s.From || s.From < 0 {
		return spans
	}
	out := make([]Span, 0, len(spans)+1)
	for _, x := range spans {
		if x.To < s.From || x.From > s.To {
			out = append(out, x)
			continue
		}
		s.From, s.To = min(s.From, x.From), max(s.To, x.To)
	}
	out = append(out, s)
	slices.SortFunc(out, func(a, b Span) int { return int(min(max(a.From-b.From, -1), 1)) })
	return out
}

// within gives what lies in both.
func within(a, b []Span) []Span {
	var out []Span
	for _, x := range a {
		for _, y := range b {
			if f, t := max(x.From, y.From), min(x.To, y.To); f < t {
				out = addSpan(out, Span{f, t})
			}
		}
	}
	return out
}

// length is how long stretches are together.
func length(spans []Span) time.Duration {
	var ms int64
	for _, s := range spans {
		ms += s.To - s.From
	}
	return time.Duration(ms) * time.Millisecond
}

// covers says which item of a grant lets a recording be seen; false if none does.
func covers(items []Item, rec ident.RecordingID) (Item, bool) {
	for _, i := range items {
		if i.Recording == rec {
			return i, true
		}
	}
	return Item{}, false
}
