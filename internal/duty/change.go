package duty

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// The custody actions that are not permitted by a policy of their own: they are part of the change that causes them.
const (
	actionOpen       access.Action = "duty.open"
	actionMeet       access.Action = "duty.meet"
	actionCancel     access.Action = "duty.cancel"
	actionReassign   access.Action = "duty.reassign"
	actionReschedule access.Action = "duty.reschedule"
)

// Open opens a duty in the caller's change and writes its entry. Repeating it is safe: while a duty of this kind
// about this subject is open, met or waived, its id is returned and nothing changes. After a cancellation a new one is
// opened. An unknown kind, an empty subject or a missing due time is a defect of the caller (fault Internal
// "duty.new").
func Open(tx *gate.Tx, n New) (ident.DutyID, error) {
	rule, known := n.Kind.Rule()
	if !known || n.Subject.Kind == "" || n.Subject.ID == "" || n.Due.IsZero() {
		return "", fault.New(fault.Internal, "duty.new", string(n.Kind))
	}
	d := Duty{
		ID: ident.New[ident.DutyID](), Kind: n.Kind, State: StateOpen, Subject: n.Subject, Device: n.Device, Person: n.Person,
		Department: n.Department, Since: n.Since, Due: n.Due, Opened: tx.Now(), Args: json.RawMessage("{}"),
	}
	if d.Since.IsZero() {
		d.Since = d.Opened
	}
	if len(n.Args) > 0 {
		raw, err := json.Marshal(n.Args)
		if err != nil {
			return "", fmt.Errorf("duty: args: %w", err)
		}
		d.Args = raw
	}
	id, fresh, err := insert(tx.Context(), tx.DB(), d)
	if err != nil || !fresh {
		return id, err
	}
	return id, record(tx, actionOpen, custody.Opened, d, rule, custody.Detail(
		"kind", string(d.Kind), "since_us", clock.Micros(d.Since), "due_us", clock.Micros(d.Due)))
}

// Meet ends the open duty of this kind about this subject as met, with the entry that met it (empty for the duty's own
// closing entry). Nothing happens if none is open.
func Meet(tx *gate.Tx, k Kind, s custody.Subject, evidence ident.EntryID) error {
	return closeOne(tx, k, s, ending{state: StateMet, action: actionMeet, evidence: evidence})
}

// Cancel ends the open duty of this kind about this subject because the facts changed (the file proved to be another
// camera's). code says why, in a word for the log ("reassigned", "not_ours"). Nothing happens if none is open.
func Cancel(tx *gate.Tx, k Kind, s custody.Subject, code string) error {
	return closeOne(tx, k, s, ending{state: StateCancelled, action: actionCancel, reason: code})
}

// Reassign names who owes the open duty of this kind about this subject. Nothing happens if none is open or if it
// already is theirs.
func Reassign(tx *gate.Tx, k Kind, s custody.Subject, person ident.PersonID, department ident.DepartmentID) error {
	d, found, err := findOpen(tx.Context(), tx.DB(), k, s)
	if err != nil || !found || (d.Person == person && d.Department == department) {
		return err
	}
	before := d
	d.Person, d.Department = person, department
	if ok, err := update(tx.Context(), tx.DB(), d); err != nil || !ok {
		return err
	}
	rule, _ := k.Rule()
	return record(tx, actionReassign, custody.Done, d, rule, custody.Detail(
		"from", orNil(before.Person), "to", orNil(person), "department", orNil(department)), related("person", string(before.Person))...)
}

// Reschedule moves the term of the open duty of this kind about this subject, because the times it was reckoned from
// are known better now (the camera's clock was checked, the officer's return was noted). code says why. Nothing
// happens if none is open or if nothing changes.
func Reschedule(tx *gate.Tx, k Kind, s custody.Subject, since, due time.Time, code string) error {
	d, found, err := findOpen(tx.Context(), tx.DB(), k, s)
	if err != nil || !found || due.IsZero() || (d.Since.Equal(since) && d.Due.Equal(due)) {
		return err
	}
	before := d
	d.Due = due
	if !since.IsZero() {
		d.Since = since
	}
	if ok, err := update(tx.Context(), tx.DB(), d); err != nil || !ok {
		return err
	}
	rule, _ := k.Rule()
	return record(tx, actionReschedule, custody.Done, d, rule, custody.Detail(
		"due_from_us", clock.Micros(before.Due), "due_us", clock.Micros(d.Due), "why", orNil(code)))
}

// OpenAbout gives the open duties about the parts of a thing, whose subjects are its id, a slash, and the part: what a case
// owes. It is for the concept that opens them, inside its change.
func OpenAbout(ctx context.Context, idb bun.IDB, id string) ([]Duty, error) {
	return openAbout(ctx, idb, id)
}

// minReason and maxReason bound a waiver's reason, in characters.
const (
	minReason = 4
	maxReason = 500
)

// Waive excuses an open duty: a decision with a name and a reason of at least four characters. Nobody waives their
// own (T7); who keeps a department's devices owes what no person of it owes. An unknown duty is fault NotFound
// "duty.unknown", an ended one fault Conflict "duty.ended", a poor reason fault Invalid "duty.reason".
func (b *Book) Waive(ctx context.Context, actor access.Actor, id ident.DutyID, reason string) error {
	d, err := find(ctx, b.c.DB.Reader, id)
	if err != nil {
		return err
	}
	s := access.Subject{Kind: "duty", ID: string(d.ID), Department: d.Department, Officer: ower(d, actor)}
	return b.c.Gate.Do(ctx, actor, access.DutyWaive, s, func(tx *gate.Tx) error {
		reason := strings.TrimSpace(reason)
		if n := utf8.RuneCountInString(reason); n < minReason || n > maxReason || !utf8.ValidString(reason) {
			return fault.New(fault.Invalid, "duty.reason", minReason, maxReason).At("reason")
		}
		now, err := find(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if now.State != StateOpen {
			return fault.New(fault.Conflict, "duty.ended")
		}
		if now.Person != d.Person || now.Department != d.Department {
			return fault.New(fault.Conflict, "duty.moved") // it was decided upon as somebody else's
		}
		ok, err := end(tx, now, ending{state: StateWaived, action: access.DutyWaive, reason: reason, by: actor.Person})
		if err == nil && !ok {
			err = fault.New(fault.Conflict, "duty.ended")
		}
		return err
	})
}

// ower is the person whom a waiver by actor would excuse, as the policies see it: a duty that names nobody is owed by
// everybody who holds its role in its department.
func ower(d Duty, actor access.Actor) ident.PersonID {
	if d.Person != "" {
		return d.Person
	}
	rule, _ := d.Kind.Rule()
	if !actor.Has(rule.Owes) || rule.Owes == access.Officer {
		return ""
	}
	if d.Department == "" || slices.Contains(actor.Departments, d.Department) {
		return actor.Person
	}
	return ""
}

// ending is how a duty ends.
type ending struct {
	state    State
	action   access.Action
	evidence ident.EntryID
	reason   string
	by       ident.PersonID
}

func closeOne(tx *gate.Tx, k Kind, s custody.Subject, e ending) error {
	d, found, err := findOpen(tx.Context(), tx.DB(), k, s)
	if err != nil || !found {
		return err
	}
	_, err = end(tx, d, e)
	return err
}

// end closes an open duty; it answers false if somebody else ended it meanwhile.
func end(tx *gate.Tx, d Duty, e ending) (bool, error) {
	own := ident.New[ident.EntryID]()
	d.State, d.Closed, d.Evidence, d.Reason, d.WaivedBy = e.state, tx.Now(), e.evidence, e.reason, e.by
	if d.Evidence == "" {
		d.Evidence = own
	}
	if ok, err := update(tx.Context(), tx.DB(), d); err != nil || !ok {
		return false, err
	}
	rule, _ := d.Kind.Rule()
	var evidence any
	if d.Evidence != own {
		evidence = string(d.Evidence)
	}
	_, err := tx.Record(gate.Entry{
		ID: own, Action: e.action, Subject: custody.Subject{Kind: "duty", ID: string(d.ID)}, Related: relations(d),
		Article: rule.Article, Requirement: rule.Requirement, Outcome: custody.Closed,
		Detail: custody.Detail("kind", string(d.Kind), "state", string(d.State), "due_us", clock.Micros(d.Due),
			"late", d.Closed.After(d.Due), "reason", orNil(e.reason), "evidence", evidence),
	})
	return true, err
}

func record(tx *gate.Tx, a access.Action, o custody.Outcome, d Duty, r Rule, detail json.RawMessage, more ...custody.Subject) error {
	_, err := tx.Record(gate.Entry{
		Action: a, Subject: custody.Subject{Kind: "duty", ID: string(d.ID)}, Related: append(relations(d), more...),
		Article: r.Article, Requirement: r.Requirement, Outcome: o, Detail: detail,
	})
	return err
}

// relations are the subjects in whose history a duty's entries show.
func relations(d Duty) []custody.Subject {
	out := append([]custody.Subject{d.Subject}, related("device", string(d.Device))...)
	return append(out, related("person", string(d.Person))...)
}

func related(kind, id string) []custody.Subject {
	if id == "" {
		return nil
	}
	return []custody.Subject{{Kind: kind, ID: id}}
}

// orNil leaves an empty text out of a detail.
func orNil[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}
