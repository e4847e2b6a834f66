package viewing

import (
	"context"
	"maps"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
)

// Seat is where a viewer sits: an account in one session.
type Seat struct {
	Account ident.AccountID
	Session string // a digest that tells sessions apart
	IP      string
}

// Basis is what a person's look at a recording would rest on now.
type Basis struct {
	Ground  Ground // "" for none
	Request *Request
	Case    ident.CaseID // of ByHandler
	Item    Item
	Until   time.Time // zero where no day is set
}

// Basis tells what the actor may look at a recording on, without looking. Consent goes first, since it says what for; one's own
// recording last, since it ends first.
func (s *Service) Basis(ctx context.Context, actor access.Actor, o Object) (Basis, error) {
	now := s.c.Clock.Now()
	if actor.Kind != access.Person || actor.Person == "" {
		return Basis{}, nil
	}
	r, err := grantFor(ctx, s.c.DB.Reader, actor.Person, o.ID, now)
	if err != nil {
		return Basis{}, err
	}
	if r != nil {
		item, _ := covers(r.Items, o.ID)
		return Basis{Ground: ByConsent, Request: r, Item: item, Until: r.Until}, nil
	}
	if !actor.Has(access.Officer) {
		return Basis{}, nil
	}
	if c, err := s.handled(ctx, actor.Person, o.ID); err != nil || c != "" {
		return Basis{Ground: ByHandler, Case: c, Item: Item{Recording: o.ID}}, err
	}
	_, registered, err := registrationOf(ctx, s.c.DB.Reader, o.ID)
	if err != nil {
		return Basis{}, err
	}
	if own(actor.Person, o.Maker, o.StoredAt, registered, now) {
		return Basis{Ground: ByOwn, Item: Item{Recording: o.ID}, Until: o.StoredAt.Add(OwnTerm)}, nil
	}
	return Basis{}, nil
}

// handled gives the open case on whose account a person may look at a recording; "" for none. What two must consent to is asked
// for, also by handlers (第二十条第三款).
func (s *Service) handled(ctx context.Context, person ident.PersonID, rec ident.RecordingID) (ident.CaseID, error) {
	all, err := s.handledAmong(ctx, person, []ident.RecordingID{rec})
	return all[rec], err
}

func (s *Service) handledAmong(ctx context.Context, person ident.PersonID, recs []ident.RecordingID) (map[ident.RecordingID]ident.CaseID, error) {
	if s.c.Handled == nil {
		return nil, nil
	}
	cases, err := s.c.Handled(ctx, person, recs)
	if err != nil || len(cases) == 0 {
		return nil, err
	}
	marks, err := marking.ForAll(ctx, s.c.DB.Reader, slices.Collect(maps.Keys(cases)))
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(cases, func(r ident.RecordingID, _ ident.CaseID) bool { return marks[r].Doubles() || marks[r].Frozen() })
	return cases, nil
}

// Open begins a look and its row of the register (R-23-1, R-23-3): an entry now, another at the end. Opening again what
// the same session has open gives the same look. Without a ground it is refused, and the refusal is an entry. A picture in
// a list is a look that ends at once; a session has one of a recording, however often the list is shown.
func (s *Service) Open(ctx context.Context, actor access.Actor, seat Seat, rec ident.RecordingID, kind Kind) (*Look, error) {
	o, err := s.c.Recordings.Object(ctx, rec)
	if err != nil {
		return nil, err
	}
	b, err := s.Basis(ctx, actor, o)
	if err != nil {
		return nil, err
	}
	if err := s.held(ctx, o.ID); err != nil {
		return nil, err
	}
	l := &Look{
		ID: ident.New[ident.LookID](), Kind: kind, Ground: b.Ground, Recording: o.ID, Department: o.Department, Viewer: actor.Person,
		ViewerName: actor.Name, ViewerDept: s.c.DepartmentName(ctx, actor.Department), Account: seat.Account, Session: seat.Session, IP: seat.IP,
		From: b.Item.From, To: b.Item.To, Case: b.Case,
	}
	if b.Request != nil {
		l.Request = b.Request.ID
	}
	subject := o.subject()
	subject.Ground = string(b.Ground)
	err = s.c.Gate.Do(ctx, actor, access.LookOpen, subject, func(tx *gate.Tx) error {
		if err := s.c.Copies.Want(tx, o.ID); err != nil { // one's own, and what was joined to it since the grant
			return err
		}
		return open(tx, l)
	})
	if fault.HasCode(err, "viewing.open_already") {
		return lookOpenIn(ctx, s.c.DB.Reader, l)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// held is Conflict "viewing.held" while something harmful was found in a recording and no custodian has settled it, and
// Conflict "marking.frozen" while it is said to hold a state secret (decision 21).
func (s *Service) held(ctx context.Context, rec ident.RecordingID) error {
	if err := marking.Refuse(ctx, s.c.DB.Reader, rec); err != nil {
		return err
	}
	if s.c.Held == nil {
		return nil
	}
	held, err := s.c.Held(ctx, rec)
	if err == nil && held {
		err = fault.New(fault.Conflict, "viewing.held")
	}
	return err
}

func open(tx *gate.Tx, l *Look) error {
	ctx, idb := tx.Context(), tx.DB()
	now := tx.Now()
	if l.Request != "" { // it may have been taken back since it was read
		r, err := lockRequest(ctx, idb, l.Request)
		if err != nil {
			return err
		}
		if !r.InForce(now) {
			return fault.New(fault.Conflict, "viewing.not_granted")
		}
	}
	if old, err := lookOpenIn(ctx, idb, l); err == nil && old != nil {
		return fault.New(fault.Conflict, "viewing.open_already")
	} else if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	var err error
	if l.No, err = nextNumber(ctx, idb, "look"); err != nil {
		return err
	}
	l.OpenedAt = now
	outcome := custody.Opened
	if l.Kind == Picture {
		l.ClosedAt, l.WhyClosed, outcome = now, ClosedAtOnce, custody.Done
	}
	if err := insertLook(ctx, idb, l); err != nil {
		return err
	}
	said, err := sayLook(ctx, idb, l.ID)
	if err != nil {
		return err
	}
	_, err = tx.Record(gate.Entry{
		Related: l.Related(), Outcome: outcome,
		Detail: custody.Detail(append(said, "no", l.No, "kind", string(l.Kind), "ground", string(l.Ground), "from_ms", l.From.Milliseconds(), "to_ms", l.To.Milliseconds())...),
	})
	return err
}

// Related are the subjects that an entry about a look is also about.
func (l *Look) Related() []custody.Subject {
	out := []custody.Subject{{Kind: "look", ID: string(l.ID)}, {Kind: "person", ID: string(l.Viewer)}}
	if l.Request != "" {
		out = append(out, custody.Subject{Kind: "viewing", ID: string(l.Request)})
	}
	if l.Case != "" {
		out = append(out, custody.Subject{Kind: "case", ID: string(l.Case)})
	}
	return out
}

// Subject is the look as policies see it, resting on its ground.
func (l *Look) Subject() access.Subject { return l.subject(string(l.Ground)) }

// subject is the look as policies see it, resting on ground.
func (l *Look) subject(ground string) access.Subject {
	return access.Subject{
		Kind: "recording", ID: string(l.Recording), Department: l.Department, Officer: l.Viewer, Owner: string(l.Account), Ground: ground,
	}
}

// Watch answers whether a piece of the recording may be sent to the seat now, and gives its look. What may not is refused
// and the refusal is an entry that says why: revoked, expired, another session's, ended, outside the span (T6). A span of
// no length asks about nothing but the look itself.
func (s *Service) Watch(ctx context.Context, actor access.Actor, seat Seat, id ident.LookID, from, to time.Duration) (*Look, error) {
	l, r, ground, err := s.ground(ctx, seat, id, from, to)
	if err != nil {
		return nil, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.LookWatch, l.subject(ground)); err != nil {
		if ground == groundExpired && l.ClosedAt.IsZero() {
			if e := s.close(ctx, access.SystemActor("viewing"), l, ClosedExpired); e != nil {
				return nil, e
			}
		}
		return nil, err
	}
	if err := s.held(ctx, l.Recording); err != nil { // found while it plays
		return nil, err
	}
	if r != nil {
		l.Until = r.Until
	}
	return l, nil
}

// ground reads a look and judges what it rests on.
func (s *Service) ground(ctx context.Context, seat Seat, id ident.LookID, from, to time.Duration) (*Look, *Request, string, error) {
	l, err := lookByID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, nil, "", err
	}
	var r *Request
	still := false
	switch l.Ground {
	case ByConsent:
		if r, err = requestByID(ctx, s.c.DB.Reader, l.Request); err != nil {
			return nil, nil, "", err
		}
	case ByHandler:
		c, err := s.handled(ctx, l.Viewer, l.Recording)
		if err != nil {
			return nil, nil, "", err
		}
		still = c != ""
	case ByOwn:
		o, err := s.c.Recordings.Object(ctx, l.Recording)
		if err != nil {
			return nil, nil, "", err
		}
		_, registered, err := registrationOf(ctx, s.c.DB.Reader, l.Recording)
		if err != nil {
			return nil, nil, "", err
		}
		still = own(l.Viewer, o.Maker, o.StoredAt, registered, s.c.Clock.Now())
		l.Until = o.StoredAt.Add(OwnTerm)
	}
	return l, r, holds(l, r, still, asking{Account: seat.Account, Session: seat.Session, At: s.c.Clock.Now(), From: from, To: to}), nil
}

// Sent notes that a stretch left the house for this look.
func (s *Service) Sent(ctx context.Context, id ident.LookID, from, to time.Duration) error {
	return note(ctx, s.c.DB, id, s.c.Clock.Now(), Span{from.Milliseconds(), to.Milliseconds()}, nil)
}

// Played notes what the player says it showed. It counts only as far as that was sent: the player is the viewer's.
func (s *Service) Played(ctx context.Context, id ident.LookID, played []Span) error {
	return note(ctx, s.c.DB, id, s.c.Clock.Now(), Span{}, played)
}

// Close ends a look on the viewer's side. Ending what has ended is fine.
func (s *Service) Close(ctx context.Context, actor access.Actor, seat Seat, id ident.LookID) error {
	l, err := lookByID(ctx, s.c.DB.Reader, id)
	if err != nil || !l.ClosedAt.IsZero() {
		return err
	}
	if l.Account != seat.Account || l.Session != seat.Session {
		return s.c.Gate.Check(ctx, actor, access.LookClose, l.subject(groundForeign))
	}
	return s.close(ctx, actor, l, ClosedByViewer)
}

func (s *Service) close(ctx context.Context, actor access.Actor, l *Look, why string) error {
	return s.c.Gate.Do(ctx, actor, access.LookClose, l.subject(string(l.Ground)), func(tx *gate.Tx) error {
		now, err := lockLook(tx.Context(), tx.DB(), l.ID)
		if err != nil {
			return err
		}
		if !now.ClosedAt.IsZero() { // somebody was quicker: say that it was seen
			_, err := tx.Record(gate.Entry{Related: l.Related(), Outcome: custody.Closed, Detail: custody.Detail("no", l.No, "why", now.WhyClosed, "again", true)})
			return err
		}
		return closeLook(tx, now, why)
	})
}

// closeLook ends one open look in the caller's change: row, entry, and the custodian's duty to confirm the register.
func closeLook(tx *gate.Tx, l *Look, why string) error {
	ctx, idb := tx.Context(), tx.DB()
	sent, played, seen, err := watchOf(ctx, idb, l.ID)
	if err != nil {
		return err
	}
	l.Watched = within(played, sent)
	l.WatchedFor = length(l.Watched)
	l.ClosedAt, l.WhyClosed = tx.Now(), why
	if why == ClosedIdle && !seen.IsZero() {
		l.ClosedAt = seen // it ended when it was last heard of, not when that was noticed
	}
	if err := updateLook(ctx, idb, l); err != nil {
		return err
	}
	said, err := sayLook(ctx, idb, l.ID)
	if err != nil {
		return err
	}
	if _, err := tx.Record(gate.Entry{
		Action: access.LookClose, Subject: custody.Subject{Kind: "recording", ID: string(l.Recording)}, Related: l.Related(), Outcome: custody.Closed,
		Article: "23", Requirement: "R-23-3",
		Detail: custody.Detail(append(said, "no", l.No, "why", why, "watched", l.Watched, "watched_ms", l.WatchedFor.Milliseconds(),
			"sent_ms", length(sent).Milliseconds(), "seconds", int64(l.ClosedAt.Sub(l.OpenedAt)/time.Second))...),
	}); err != nil {
		return err
	}
	_, err = duty.Open(tx, duty.New{
		Kind: duty.ConfirmLook, Subject: custody.Subject{Kind: "look", ID: string(l.ID)}, Department: l.Department, Since: l.ClosedAt,
		Due: tx.Now().Add(confirmWithin), Args: map[string]any{"name": l.ViewerName},
	})
	return err
}

// confirmWithin is how soon a custodian should have confirmed a row of the register; the regulation sets no term.
const confirmWithin = 3 * 24 * time.Hour

// closeLooks ends every open look that rests on a request.
func closeLooks(tx *gate.Tx, id ident.ViewingID, why string) error {
	list, err := openLooks(tx.Context(), tx.DB(), id)
	if err != nil {
		return err
	}
	for i := range list {
		if err := closeLook(tx, &list[i], why); err != nil {
			return err
		}
	}
	return nil
}

// Sweep ends grants whose term is over, with their looks, and looks that ask for nothing any more.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.c.Clock.Now()
	over, err := overdueGrants(ctx, s.c.DB.Reader, now)
	if err != nil {
		return err
	}
	for _, id := range over {
		err := s.change(ctx, access.SystemActor("viewing"), access.ViewingExpire, id, func(tx *gate.Tx, r *Request) ([]any, error) {
			if r.State != Granted || r.InForce(tx.Now()) {
				return nil, fault.New(fault.Conflict, "viewing.not_granted")
			}
			r.State, r.EndedAt = Expired, tx.Now()
			return []any{"until_us", clock.Micros(r.Until)}, closeLooks(tx, r.ID, ClosedExpired)
		})
		if err != nil && !fault.HasCode(err, "viewing.not_granted") {
			return err
		}
	}
	idle, err := idleLooks(ctx, s.c.DB.Reader, now.Add(-IdleAfter))
	if err != nil {
		return err
	}
	for i := range idle {
		if err := s.close(ctx, access.SystemActor("viewing"), &idle[i], ClosedIdle); err != nil {
			return err
		}
	}
	return nil
}

// Mine gives the recording of a look that this seat opened, ended or not. It says nothing of what may be seen. Another
// seat's look is NotFound "viewing.look_unknown".
func (s *Service) Mine(ctx context.Context, seat Seat, id ident.LookID) (ident.RecordingID, error) {
	l, err := lookByID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return "", err
	}
	if l.Account != seat.Account || l.Session != seat.Session {
		return "", fault.New(fault.NotFound, "viewing.look_unknown")
	}
	return l.Recording, nil
}
