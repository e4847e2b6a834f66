package viewing

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
)

// Ask is what somebody asks for.
type Ask struct {
	Items   []Item
	Case    ident.CaseID // with items: what is copied of it; without: its package
	Manner  Manner       // empty: MannerView, or MannerCopy of a case
	To      Recipient
	Renews  ident.ViewingID // one's own grant, in force or expired, that this goes on from
	Purpose Purpose
	Words   string
	Until   time.Time
}

// decideWithin is how soon a request should be decided. The regulation sets no term; after it the duty shows as overdue.
const decideWithin = 24 * time.Hour

// Ask asks for consent to look (R-23-2). Faults: Invalid "viewing.items", "viewing.mixed" (recordings of several
// departments: each has its own head), "viewing.span", "viewing.purpose", "viewing.words", "viewing.until"; Conflict
// "viewing.no_approver"; Conflict "viewing.no_department" for what belongs to nobody yet; Conflict "viewing.asked" where
// the same person already waits for, or has, consent to one of them; NotFound "viewing.unknown", Conflict "viewing.not_renewable"
// where what is renewed is not theirs, was never in force, was taken back, or was for something else.
func (s *Service) Ask(ctx context.Context, actor access.Actor, a Ask) (*Request, error) {
	words, err := text(a.Words, "words", true)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(Purposes(), a.Purpose) {
		return nil, fault.New(fault.Invalid, "viewing.purpose").At("purpose")
	}
	if err := mayTake(&a); err != nil {
		return nil, err
	}
	now := s.c.Clock.Now()
	if !a.Until.After(now) || a.Until.After(now.Add(MaxTerm)) {
		return nil, fault.New(fault.Invalid, "viewing.until", int(MaxTerm/(24*time.Hour))).At("until")
	}
	if err := s.renewable(ctx, actor, &a); err != nil {
		return nil, err
	}
	department, err := s.owner(ctx, actor, &a)
	if err != nil {
		return nil, err
	}
	head, leaders, err := Deciders(ctx, s.c.Offices, department)
	if err != nil {
		return nil, err
	}
	level, approver, err := ChooseApprover(actor.Person, head, leaders, a.Manner.Outside())
	if err != nil {
		return nil, err
	}
	quorum, secondLevel := 1, access.Role("")
	if doubles, err := doubles(ctx, s.c.DB.Reader, a.Items); err != nil {
		return nil, err
	} else if doubles {
		quorum = 2
		if secondLevel, _, err = ChooseSecond(actor.Person, approver, head, leaders); err != nil {
			return nil, err
		}
	}
	r := &Request{
		ID: ident.New[ident.ViewingID](), State: Asked, Viewer: actor.Person, ViewerName: actor.Name,
		ViewerDept: s.c.DepartmentName(ctx, actor.Department), Department: department, Purpose: a.Purpose, Words: words,
		Items: a.Items, Case: a.Case, AskedUntil: a.Until, Level: level, Approver: approver,
		Manner: a.Manner, To: a.To, Renews: a.Renews, Quorum: quorum, SecondLevel: secondLevel,
	}
	err = s.c.Gate.Do(ctx, actor, access.ViewingAsk, r.subject(), func(tx *gate.Tx) error { return ask(tx, r) })
	return r, err
}

func ask(tx *gate.Tx, r *Request) error {
	ctx, idb := tx.Context(), tx.DB()
	r.AskedAt = tx.Now()
	for _, i := range r.Items {
		open, err := openFor(ctx, idb, r, i.Recording, tx.Now())
		if err != nil {
			return err
		}
		if open {
			return fault.New(fault.Conflict, "viewing.asked")
		}
	}
	if r.Case != "" {
		open, err := openForCase(ctx, idb, r, tx.Now())
		if err != nil {
			return err
		}
		if open {
			return fault.New(fault.Conflict, "viewing.asked")
		}
	}
	var err error
	if r.No, err = nextNumber(ctx, idb, "request"); err != nil {
		return err
	}
	if err := insertRequest(ctx, idb, r); err != nil {
		return err
	}
	said, related, err := sayRequest(ctx, idb, r.ID)
	if err != nil {
		return err
	}
	_, err = tx.Record(gate.Entry{Related: related, Outcome: custody.Opened, Detail: custody.Detail(append(said,
		"no", r.No, "purpose", string(r.Purpose), "words", r.Words, "until_us", clock.Micros(r.AskedUntil), "level", string(r.Level))...)})
	if err != nil {
		return err
	}
	_, err = duty.Open(tx, duty.New{
		Kind: duty.DecideViewing, Subject: r.about(), Person: r.Approver, Department: r.Department, Due: tx.Now().Add(decideWithin),
		Args: map[string]any{"no": r.No, "name": r.ViewerName},
	})
	return err
}

// renewable checks what an ask goes on from. A renewal is a request like every other, decided by the same people.
func (s *Service) renewable(ctx context.Context, actor access.Actor, a *Ask) error {
	if a.Renews == "" {
		return nil
	}
	old, err := requestByID(ctx, s.c.DB.Reader, a.Renews)
	if err != nil {
		return err
	}
	if old.Viewer != actor.Person {
		return fault.New(fault.NotFound, "viewing.unknown")
	}
	same := old.Manner == a.Manner && old.Case == a.Case && (old.State == Granted || old.State == Expired)
	for _, i := range a.Items {
		was, found := covers(old.Items, i.Recording)
		same = same && found && i.From >= was.From && (was.To == 0 || i.To > 0 && i.To <= was.To)
	}
	if !same {
		return fault.New(fault.Conflict, "viewing.not_renewable")
	}
	return nil
}

// owner gives the department whose consent is needed: that of the recordings, or that of the case.
func (s *Service) owner(ctx context.Context, actor access.Actor, a *Ask) (ident.DepartmentID, error) {
	department := ident.DepartmentID("")
	if a.Case != "" && s.c.Case != nil {
		c, err := s.c.Case(ctx, actor, a.Case)
		if err != nil {
			return "", err
		}
		if department = c.Department; department == "" {
			return "", fault.New(fault.Conflict, "viewing.no_department")
		}
	}
	if len(a.Items) == 0 {
		if department == "" {
			return "", fault.New(fault.Invalid, "viewing.items", a.Manner.most()).At("items")
		}
		return department, nil
	}
	objects, err := s.objects(ctx, actor, a.Items, a.Manner.most())
	if err != nil {
		return "", err
	}
	return objects[0].Department, nil
}

// objects reads what is asked for and checks the spans; the actor must be allowed to know of each.
func (s *Service) objects(ctx context.Context, actor access.Actor, items []Item, most int) ([]Object, error) {
	if len(items) > most {
		return nil, fault.New(fault.Invalid, "viewing.items", most).At("items")
	}
	out := make([]Object, 0, len(items))
	seen := map[ident.RecordingID]bool{}
	for n, i := range items {
		o, err := s.c.Recordings.Object(ctx, i.Recording)
		if err != nil {
			return nil, err
		}
		if err := s.c.Gate.Check(ctx, actor, access.RecordingView, o.subject()); err != nil {
			return nil, err
		}
		switch {
		case o.Department == "":
			return nil, fault.New(fault.Conflict, "viewing.no_department")
		case seen[o.ID]:
			return nil, fault.New(fault.Invalid, "viewing.items", most).At("items")
		case len(out) > 0 && o.Department != out[0].Department:
			return nil, fault.New(fault.Invalid, "viewing.mixed").At("items")
		case i.From < 0 || i.To < 0 || i.To > 0 && i.To <= i.From || o.Duration > 0 && i.From >= o.Duration:
			return nil, fault.New(fault.Invalid, "viewing.span").At("from")
		}
		seen[o.ID] = true
		items[n].Recording = o.ID // a part stands for its whole
		out = append(out, o)
	}
	return out, nil
}

// Decision is what an approver answers.
type Decision struct {
	Consent bool
	Until   time.Time // of a consent; may shorten what was asked, never lengthen it. Zero: as asked
	Words   string    // the reason; required for a refusal
}

// Decide answers a request (R-23-2). Nobody decides their own (T7). Faults: NotFound "viewing.unknown"; Conflict
// "viewing.decided", "viewing.now_protected" (a mark came after the request, and two must consent now: it is asked anew);
// Invalid "viewing.words", "viewing.until_longer". The viewing copies are made in the same change.
func (s *Service) Decide(ctx context.Context, actor access.Actor, id ident.ViewingID, d Decision) error {
	words, err := text(d.Words, "words", !d.Consent)
	if err != nil {
		return err
	}
	return s.change(ctx, actor, access.ViewingDecide, id, func(tx *gate.Tx, r *Request) (detail []any, err error) {
		if r.State != Asked {
			return nil, fault.New(fault.Conflict, "viewing.decided")
		}
		if d.Consent && r.Quorum > 1 && r.FirstBy == "" {
			return s.first(ctx, tx, actor, r, d, words)
		}
		r.DecidedAt, r.DecidedBy, r.DecidedName, r.DecidedWords = tx.Now(), actor.Person, actor.Name, words
		if !d.Consent {
			r.State, r.EndedAt, r.EndedBy, r.EndedName = Refused, tx.Now(), actor.Person, actor.Name
			return []any{"consent", false, "words", words}, nil
		}
		if two, err := doubles(tx.Context(), tx.DB(), r.Items); err != nil {
			return nil, err
		} else if two && r.Quorum == 1 { // how many consent is written with a request and never changes
			return nil, fault.New(fault.Conflict, "viewing.now_protected").Under("20")
		}
		r.State, r.Until = Granted, r.AskedUntil
		if !d.Until.IsZero() {
			r.Until = d.Until
		}
		if r.Until.After(r.AskedUntil) || !r.Until.After(tx.Now()) {
			return nil, fault.New(fault.Invalid, "viewing.until_longer").At("until")
		}
		for _, i := range r.Items {
			if err := marking.Refuse(tx.Context(), tx.DB(), i.Recording); err != nil {
				return nil, err
			}
			if err := s.c.Copies.Want(tx, i.Recording); err != nil {
				return nil, err
			}
		}
		return []any{"consent", true, "until_us", clock.Micros(r.Until), "words", orNil(words)}, nil
	})
}

// first writes down the first of two consents; the request waits for the second (第二十条第三款).
func (s *Service) first(ctx context.Context, tx *gate.Tx, actor access.Actor, r *Request, d Decision, words string) ([]any, error) {
	if !d.Until.IsZero() && d.Until.Before(r.AskedUntil) {
		return nil, fault.New(fault.Invalid, "viewing.until_second").At("until") // who decides last says until when
	}
	head, leaders, err := Deciders(ctx, s.c.Offices, r.Department)
	if err != nil {
		return nil, err
	}
	if _, r.Approver, err = ChooseSecond(r.Viewer, actor.Person, head, leaders); err != nil {
		return nil, err
	}
	r.FirstAt, r.FirstBy, r.FirstName, r.FirstWords = tx.Now(), actor.Person, actor.Name, words
	return []any{"consent", true, "first", true, "words", orNil(words)}, nil
}

// Deciders tells who heads a department, "" for nobody, and who the leaders are: among whom ChooseApprover and ChooseSecond choose.
func Deciders(ctx context.Context, o Offices, department ident.DepartmentID) (head ident.PersonID, leaders []ident.PersonID, err error) {
	head, err = o.HeadOf(ctx, department)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", nil, err
	}
	leaders, err = o.Leaders(ctx)
	return head, leaders, err
}

// doubles reports whether one of the recordings is marked so that two must consent.
func doubles(ctx context.Context, idb bun.IDB, items []Item) (bool, error) {
	ids := make([]ident.RecordingID, len(items))
	for i := range items {
		ids[i] = items[i].Recording
	}
	marks, err := marking.ForAll(ctx, idb, ids)
	if err != nil {
		return false, err
	}
	for _, m := range marks {
		if m.Doubles() {
			return true, nil
		}
	}
	return false, nil
}

// Withdraw takes one's own request back before it was decided. Conflict "viewing.decided".
func (s *Service) Withdraw(ctx context.Context, actor access.Actor, id ident.ViewingID) error {
	return s.change(ctx, actor, access.ViewingWithdraw, id, func(tx *gate.Tx, r *Request) ([]any, error) {
		if r.State != Asked {
			return nil, fault.New(fault.Conflict, "viewing.decided")
		}
		r.State, r.EndedAt, r.EndedBy, r.EndedName = Withdrawn, tx.Now(), actor.Person, actor.Name
		return nil, nil
	})
}

// Revoke takes a grant back, with a reason. It holds at once, also under a running player. Conflict "viewing.not_granted".
func (s *Service) Revoke(ctx context.Context, actor access.Actor, id ident.ViewingID, reason string) error {
	words, err := text(reason, "words", true)
	if err != nil {
		return err
	}
	return s.change(ctx, actor, access.ViewingRevoke, id, func(tx *gate.Tx, r *Request) ([]any, error) {
		if r.State != Granted {
			return nil, fault.New(fault.Conflict, "viewing.not_granted")
		}
		r.State, r.EndedAt, r.EndedBy, r.EndedName, r.EndedWords = Revoked, tx.Now(), actor.Person, actor.Name, words
		if s.c.Ended != nil {
			if err := s.c.Ended(tx, r.ID); err != nil {
				return nil, err
			}
		}
		return []any{"words", words}, closeLooks(tx, r.ID, ClosedRevoked)
	})
}

// change carries out a change of one request: row, entry, duty.
func (s *Service) change(ctx context.Context, actor access.Actor, action access.Action, id ident.ViewingID, fn func(*gate.Tx, *Request) ([]any, error)) error {
	seen, err := requestByID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, action, seen.subject(), func(tx *gate.Tx) error {
		r, err := lockRequest(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		detail, err := fn(tx, r)
		if err != nil {
			return err
		}
		if err := updateRequest(tx.Context(), tx.DB(), r); err != nil {
			return err
		}
		said, related, err := sayRequest(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		entry, err := tx.Record(gate.Entry{Related: related, Detail: custody.Detail(append(append(said, "no", r.No, "state", string(r.State)), detail...)...)})
		if err != nil {
			return err
		}
		kind := duty.DecideViewing
		if r.FirstBy != "" && !r.AwaitsSecond() {
			kind = duty.SecondConsent
		}
		if r.State == Withdrawn {
			return errors.Join(duty.Cancel(tx, duty.DecideViewing, r.about(), "withdrawn"), duty.Cancel(tx, duty.SecondConsent, r.about(), "withdrawn"))
		}
		if err := duty.Meet(tx, kind, r.about(), entry); err != nil || !r.AwaitsSecond() {
			return err
		}
		_, err = duty.Open(tx, duty.New{
			Kind: duty.SecondConsent, Subject: r.about(), Person: r.Approver, Department: r.Department, Due: tx.Now().Add(decideWithin),
			Args: map[string]any{"no": r.No, "name": r.ViewerName},
		})
		return err
	})
}

func (r *Request) about() custody.Subject {
	return custody.Subject{Kind: "viewing", ID: string(r.ID)}
}

// subject is the request as policies see it: whose recordings, who wants to look, and which office decides.
func (r *Request) subject() access.Subject {
	level := r.Level
	if r.AwaitsSecond() {
		level = r.SecondLevel
	}
	return access.Subject{Kind: "viewing", ID: string(r.ID), Department: r.Department, Officer: r.Viewer, Level: level, Owner: string(r.FirstBy)}
}
