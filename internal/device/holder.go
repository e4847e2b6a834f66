package device

import (
	"slices"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
)

// Why says on what a Holder rests.
type Why string

// The grounds.
const (
	HeldThroughout Why = "held"      // one issue covers the whole span
	HeldPartly     Why = "partly"    // one issue touches the span but does not cover it
	HeldTwice      Why = "twice"     // several issues to the same person touch the span
	HeldBySeveral  Why = "several"   // issues to different persons touch the span: nobody can be named
	HeldBefore     Why = "before"    // before the device's first issue
	HeldByNobody   Why = "nobody"    // the device was in the cupboard
	NoTime         Why = "no_time"   // the span is unknown
	NoIssues       Why = "no_issues" // the device was never issued
)

// Holder says who held a device. Person is empty where nobody can be named; Certain is true only if one issue covers
// the whole span. People are all whose issues touch the span, so that a custodian can choose.
type Holder struct {
	Person  ident.PersonID
	Issue   ident.IssueID
	Certain bool
	Why     Why
	People  []ident.PersonID
}

// holderOf is the rule. issues are those that touch the span (see touches), first issued first; ever says that the
// device was issued at some time, early that the span lies before the first time.
func holderOf(issues []Issue, ever, early bool, span clock.Interval) Holder {
	switch {
	case span.IsZero():
		return Holder{Why: NoTime}
	case !ever:
		return Holder{Why: NoIssues}
	case len(issues) == 0 && early:
		return Holder{Why: HeldBefore}
	case len(issues) == 0:
		return Holder{Why: HeldByNobody}
	}
	h := Holder{Person: issues[0].Person, Issue: issues[0].ID}
	for _, i := range issues {
		if !slices.Contains(h.People, i.Person) {
			h.People = append(h.People, i.Person)
		}
	}
	switch {
	case len(h.People) > 1:
		h.Person, h.Issue, h.Why = "", "", HeldBySeveral
	case len(issues) > 1:
		h.Why = HeldTwice
	case covers(issues[0], span):
		h.Why, h.Certain = HeldThroughout, true
	default:
		h.Why = HeldPartly
	}
	return h
}

// touches reports whether any moment of the span lies in the issue, its bounds included.
func touches(i Issue, span clock.Interval) bool {
	return !i.Issued.After(span.To) && (i.Open() || !i.Returned.Before(span.From))
}

func covers(i Issue, span clock.Interval) bool {
	return !i.Issued.After(span.From) && (i.Open() || !i.Returned.Before(span.To))
}
