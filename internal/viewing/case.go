package viewing

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// ForCase gives a person's request of this number if it is a grant that holds and names the case. A change asks it through its own
// transaction, so that a grant that was taken back meanwhile counts for nothing. Faults: NotFound "viewing.unknown", also for
// somebody else's; Conflict "viewing.other_case", "viewing.not_granted".
func ForCase(ctx context.Context, idb bun.IDB, now time.Time, person ident.PersonID, no int64, id ident.CaseID) (*Request, error) {
	r, err := requestNo(ctx, idb, no)
	switch {
	case err != nil:
		return nil, err
	case person == "" || r.Viewer != person:
		return nil, fault.New(fault.NotFound, "viewing.unknown")
	case id == "" || r.Case != id:
		return nil, fault.New(fault.Conflict, "viewing.other_case")
	case !r.InForce(now):
		return nil, fault.New(fault.Conflict, "viewing.not_granted")
	}
	return r, nil
}

// Allowed gives a person's request of this number if it is a grant that holds in one of the manners. Whoever gives something out asks
// it inside the change that does, so that a grant that was taken back meanwhile counts for nothing. Faults: NotFound
// "viewing.unknown", also for somebody else's; Conflict "viewing.other_manner", "viewing.not_granted".
func Allowed(ctx context.Context, idb bun.IDB, now time.Time, person ident.PersonID, no int64, manners ...Manner) (*Request, error) {
	r, err := requestNo(ctx, idb, no)
	switch {
	case err != nil:
		return nil, err
	case person == "" || r.Viewer != person:
		return nil, fault.New(fault.NotFound, "viewing.unknown")
	case !slices.Contains(manners, r.Manner):
		return nil, fault.New(fault.Conflict, "viewing.other_manner")
	case !r.InForce(now):
		return nil, fault.New(fault.Conflict, "viewing.not_granted")
	}
	return r, nil
}

// ByID gives a request for the program itself: whoever shows it asks whether the reader may know of it.
func ByID(ctx context.Context, idb bun.IDB, id ident.ViewingID) (*Request, error) {
	return requestByID(ctx, idb, id)
}

// OwnForCase gives the actor's latest request about a case; nil where there is none.
func (s *Service) OwnForCase(ctx context.Context, actor access.Actor, id ident.CaseID) (*Request, error) {
	if actor.Kind != access.Person || actor.Person == "" {
		return nil, nil //nolint:nilnil // nobody else asks
	}
	return latestForCase(ctx, s.c.DB.Reader, actor.Person, id)
}

// CaseOf tells of the case that a request names, so that a page can name it. NotFound where there is none.
func (s *Service) CaseOf(ctx context.Context, id ident.CaseID) (CaseObject, error) {
	if s.c.Case == nil {
		return CaseObject{}, fault.New(fault.NotFound, "viewing.unknown")
	}
	return s.c.Case(ctx, access.HostActor("viewing"), id)
}

// LooksOf gives every row of the register about a recording, newest first, for the program itself: who is told of them is for the caller to ask.
func LooksOf(ctx context.Context, idb bun.IDB, rec ident.RecordingID) ([]Look, error) {
	var out []Look
	for l, err := range every(ctx, idb, access.Scope{All: true}, RegisterFilter{Recording: rec}) {
		if err != nil {
			return out, err
		}
		out = append(out, l)
	}
	return out, nil
}
