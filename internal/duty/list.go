package duty

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

const (
	defaultLimit = 50
	maxLimit     = 200
)

// List gives the actor's duties, open ones unless the filter says otherwise, by due time. A broken Filter.After is
// fault Invalid "duty.page".
func (b *Book) List(ctx context.Context, actor access.Actor, f Filter) (Page, error) {
	if len(f.States) == 0 {
		f.States = []State{StateOpen}
	}
	return b.page(ctx, actor, f, false)
}

// Done gives the actor's ended duties, those ended latest first.
func (b *Book) Done(ctx context.Context, actor access.Actor, f Filter) (Page, error) {
	f.States = slices.DeleteFunc(slices.Clone(f.States), func(s State) bool { return s == StateOpen })
	if len(f.States) == 0 {
		f.States = []State{StateMet, StateWaived, StateCancelled}
	}
	return b.page(ctx, actor, f, true)
}

func (b *Book) page(ctx context.Context, actor access.Actor, f Filter, ended bool) (Page, error) {
	if err := b.c.Gate.Check(ctx, actor, access.DutyList, listSubject()); err != nil {
		return Page{}, err
	}
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	f.Limit = min(f.Limit, maxLimit)
	list, err := selectPage(ctx, b.c.DB.Reader, access.ScopeOf(actor), f, b.c.Clock.Now(), ended)
	if err != nil {
		return Page{}, err
	}
	p := Page{Duties: list}
	if len(list) > f.Limit {
		p.Duties = list[:f.Limit]
		if last := p.Duties[f.Limit-1]; ended {
			p.Next = last.DoneCursor()
		} else {
			p.Next = cursor(last.Due, last.ID)
		}
	}
	return p, nil
}

// DoneCursor is the place behind an ended duty in the order of [Book.Done], for Filter.After: who merges several lists
// turns them all with it.
func (d Duty) DoneCursor() string { return cursor(d.Closed, d.ID) }

func cursor(at time.Time, id ident.DutyID) string {
	return strconv.FormatInt(clock.Micros(at), 10) + "_" + string(id)
}

// parseCursor reads a Next; the empty text is the beginning.
func parseCursor(s string) (at int64, id ident.DutyID, err error) {
	if s == "" {
		return 0, "", nil
	}
	left, right, _ := strings.Cut(s, "_")
	at, numErr := strconv.ParseInt(left, 10, 64)
	id, idErr := ident.Parse[ident.DutyID](right)
	if numErr != nil || idErr != nil {
		return 0, "", fault.New(fault.Invalid, "duty.page").At("after")
	}
	return at, id, nil
}

// Get gives one duty within the actor's scope; any other is fault NotFound "duty.unknown".
func (b *Book) Get(ctx context.Context, actor access.Actor, id ident.DutyID) (Duty, error) {
	if err := b.c.Gate.Check(ctx, actor, access.DutyList, listSubject()); err != nil {
		return Duty{}, err
	}
	return findIn(ctx, b.c.DB.Reader, access.ScopeOf(actor), id)
}

// Counts gives the figures of the navigation's badge: what is open in the actor's scope, and what of it is overdue.
func (b *Book) Counts(ctx context.Context, actor access.Actor) (Counts, error) {
	sc, now := access.ScopeOf(actor), b.c.Clock.Now()
	if sc.None() {
		return Counts{}, nil
	}
	var c Counts
	var err error
	f := Filter{States: []State{StateOpen}}
	if c.Open, err = countUpTo(ctx, b.c.DB.Reader, sc, f, now); err != nil {
		return Counts{}, err
	}
	f.Overdue = true
	c.Overdue, err = countUpTo(ctx, b.c.DB.Reader, sc, f, now)
	return c, err
}

// Count counts the actor's duties as List would give them, up to CountLimit+1.
func (b *Book) Count(ctx context.Context, actor access.Actor, f Filter) (int, error) {
	if err := b.c.Gate.Check(ctx, actor, access.DutyList, listSubject()); err != nil {
		return 0, err
	}
	sc := access.ScopeOf(actor)
	if sc.None() {
		return 0, nil
	}
	if len(f.States) == 0 {
		f.States = []State{StateOpen}
	}
	return countUpTo(ctx, b.c.DB.Reader, sc, f, b.c.Clock.Now())
}

// Groups gives the workbench: overdue, today, this week, later, each with its first duties. Empty groups are there
// too, so that the page can say that nothing is owed. f narrows them all; its due times, states and paging are not
// used except Limit, the rows of a group (5 if 0).
func (b *Book) Groups(ctx context.Context, actor access.Actor, f Filter) ([]Group, error) {
	if f.Limit <= 0 {
		f.Limit = 5
	}
	f.States, f.After, f.Overdue = []State{StateOpen}, "", false
	now, sc := b.c.Clock.Now(), access.ScopeOf(actor)
	out := make([]Group, 0, len(Buckets()))
	for _, bucket := range Buckets() {
		f.DueFrom, f.DueBefore = bucket.Bounds(now)
		page, err := b.page(ctx, actor, f, false)
		if err != nil {
			return nil, err
		}
		g := Group{Bucket: bucket, Count: len(page.Duties), Duties: page.Duties, Filter: f}
		g.Filter.Limit = 0
		if page.Next != "" {
			if g.Count, err = countUpTo(ctx, b.c.DB.Reader, sc, f, now); err != nil {
				return nil, err
			}
		}
		out = append(out, g)
	}
	return out, nil
}
