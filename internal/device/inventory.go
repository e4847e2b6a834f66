package device

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

// Register enters a device, in use. Faults: Invalid for a field that is wrong, Conflict "device.label_taken",
// NotFound or Conflict of org for the department.
func (v *Inventory) Register(ctx context.Context, actor access.Actor, s Spec) (ident.DeviceID, error) {
	s, err := s.clean()
	if err != nil {
		return "", err
	}
	d := Device{Spec: s, ID: ident.New[ident.DeviceID]()}
	err = v.c.Gate.Do(ctx, actor, access.DeviceRegister, subject(d, ""), func(tx *gate.Tx) error { return register(tx, d) })
	if err != nil {
		return "", err
	}
	return d.ID, nil
}

// register writes a new device and its entry.
func register(tx *gate.Tx, d Device, also ...custody.Subject) error {
	if err := org.CheckDepartmentIn(tx, d.Department); err != nil {
		return err
	}
	d.State, d.StateAt, d.Created, d.Updated, d.Version = InUse, tx.Now(), tx.Now(), tx.Now(), 1
	if err := insertDevice(tx.Context(), tx.DB(), d); err != nil {
		return err
	}
	_, err := tx.Record(gate.Entry{
		Action: access.DeviceRegister, Subject: custody.Subject{Kind: "device", ID: string(d.ID)}, Related: append(inDepartment(d.Department), also...),
		Article: "21", Requirement: "R-21-3",
		Detail: custody.Detail("label", d.Label, "kind", string(d.Kind), "maker", orNil(d.Maker), "model", orNil(d.Model), "serial", orNil(d.Serial),
			"card_label", orNil(d.CardLabel), "name_code", orNil(d.NameCode), "department", string(d.Department), "note", orNil(d.Note)),
	})
	return err
}

// Edit changes what is entered of a device. version is the one the editor saw; another one, like a state or
// department that changed meanwhile, is fault Conflict "device.changed". Moving it to another department while it is
// out is fault Conflict "device.still_out". Nothing to change is no error and leaves no trace but its entry.
func (v *Inventory) Edit(ctx context.Context, actor access.Actor, id ident.DeviceID, version int64, s Spec) error {
	s, err := s.clean()
	if err != nil {
		return err
	}
	return v.change(ctx, actor, access.DeviceEdit, id, func(tx *gate.Tx, d Device, out *Issue) error {
		if d.Version != version {
			return fault.New(fault.Conflict, "device.changed")
		}
		if s.Department != d.Department && out != nil {
			return fault.New(fault.Conflict, "device.still_out").Under("21")
		}
		return edit(tx, d, s)
	})
}

// edit writes what changed of a locked device and its entry.
func edit(tx *gate.Tx, d Device, s Spec, also ...custody.Subject) error {
	related := append(inDepartment(d.Department), also...)
	if s.Department != d.Department {
		if err := org.CheckDepartmentIn(tx, s.Department); err != nil {
			return err
		}
		related = append(related, inDepartment(s.Department)...)
	}
	detail := custody.Detail(changed(d.Spec, s)...)
	d.Spec = s
	if err := updateDevice(tx.Context(), tx.DB(), d, tx.Now()); err != nil {
		return err
	}
	_, err := tx.Record(gate.Entry{
		Action: access.DeviceEdit, Subject: custody.Subject{Kind: "device", ID: string(d.ID)}, Related: related,
		Article: "21", Requirement: "R-21-3", Detail: detail,
	})
	return err
}

// SetState puts a device into another state, with a note of at least four characters. Losing one that is out ends its
// issue; any other change while it is out is fault Conflict "device.still_out".
func (v *Inventory) SetState(ctx context.Context, actor access.Actor, id ident.DeviceID, s State, note string) error {
	note = plain(note)
	return v.change(ctx, actor, access.DeviceEdit, id, func(tx *gate.Tx, d Device, out *Issue) error {
		if err := checkState(d.State, s, out != nil, note); err != nil {
			return err
		}
		related := inDepartment(d.Department)
		var issue any
		var said []any
		if out != nil {
			back := *out
			back.Returned, back.ReturnedBy, back.Condition, back.Note = tx.Now(), tx.Actor().Person, LostThere, note
			if err := updateIssue(tx.Context(), tx.DB(), back); err != nil {
				return err
			}
			issue, related = string(out.ID), append(related, custody.Subject{Kind: "person", ID: string(out.Person)}, issueSubject(out.ID))
			said = sayIssue(back)
		}
		detail := custody.Detail(append(said, "from", string(d.State), "to", string(s), "note", note, "ends_issue", issue)...)
		d.State, d.StateNote, d.StateAt = s, note, tx.Now()
		if err := updateDevice(tx.Context(), tx.DB(), d, tx.Now()); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{Action: "device.set_state", Related: related, Detail: detail})
		return err
	})
}

// Issue hands a device out (领用). It is refused with fault Conflict if the device is not in use ("device.not_in_use"),
// is out ("device.already_issued"), still holds files that the platform has not got ("device.unstored", args: how
// many), or if the person does not serve ("device.person_inactive"); with fault Invalid if the purpose is missing
// ("device.purpose") or the time lies ahead ("device.future") or before the last return ("device.before_return").
func (v *Inventory) Issue(ctx context.Context, actor access.Actor, id ident.DeviceID, in IssueInput) (ident.IssueID, error) {
	i := Issue{ID: ident.New[ident.IssueID](), Device: id, Person: in.Person, Purpose: plain(in.Purpose), IssuedBy: actor.Person, Issued: in.At}
	err := v.change(ctx, actor, access.DeviceIssue, id, func(tx *gate.Tx, d Device, out *Issue) error {
		person, err := org.PersonIn(tx, in.Person)
		if err != nil {
			return err
		}
		unstored, err := duty.Unstored(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		last, err := selectLastReturn(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		i.Department, i.Entered = d.Department, tx.Now()
		if i.Issued.IsZero() {
			i.Issued = tx.Now()
		}
		if err := checkIssue(issueFacts{
			state: d.State, out: out != nil, unstored: unstored, serving: person.Active(), purpose: i.Purpose,
			at: i.Issued, now: tx.Now(), lastReturn: last,
		}); err != nil {
			return err
		}
		if err := insertIssue(tx.Context(), tx.DB(), i); err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			Related: append(inDepartment(d.Department), custody.Subject{Kind: "person", ID: string(i.Person)}, issueSubject(i.ID)), Outcome: custody.Opened,
			Detail: custody.Detail(append(sayIssue(i), "issue", string(i.ID), "person", string(i.Person), "purpose", i.Purpose,
				"issued_us", i.Issued.UnixMicro(), "later_entry", i.Issued.Before(i.Entered))...),
		})
		return err
	})
	if err != nil {
		return "", err
	}
	return i.ID, nil
}

// Return takes a device back (交回). One that is not out is fault Conflict "device.not_out"; a time ahead is fault
// Invalid "device.future", one before the issue "device.before_issue"; damage needs a note ("device.note").
func (v *Inventory) Return(ctx context.Context, actor access.Actor, id ident.DeviceID, in ReturnInput) error {
	note := plain(in.Note)
	return v.change(ctx, actor, access.DeviceReturn, id, func(tx *gate.Tx, d Device, out *Issue) error {
		if out == nil {
			return fault.New(fault.Conflict, "device.not_out")
		}
		at, condition := in.At, in.Condition
		if at.IsZero() {
			at = tx.Now()
		}
		if condition == "" {
			condition = Good
		}
		if err := checkReturn(*out, at, tx.Now(), condition, note); err != nil {
			return err
		}
		back := *out
		back.Returned, back.ReturnedBy, back.Condition, back.Note = at, actor.Person, condition, note
		if err := updateIssue(tx.Context(), tx.DB(), back); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{
			Related: append(inDepartment(d.Department), custody.Subject{Kind: "person", ID: string(back.Person)}, issueSubject(back.ID)), Outcome: custody.Closed,
			Detail: custody.Detail(append(sayIssue(back), "issue", string(back.ID), "person", string(back.Person), "returned_us", at.UnixMicro(),
				"later_entry", at.Before(tx.Now()), "condition", string(condition), "note", orNil(note))...),
		})
		return err
	})
}

// change does one thing to one device: it decides on the device as it stands, takes its row so that changes of one
// device wait for each other, and reads it and its open issue again inside.
func (v *Inventory) change(ctx context.Context, actor access.Actor, a access.Action, id ident.DeviceID, fn func(*gate.Tx, Device, *Issue) error) error {
	seen, err := selectDevice(ctx, v.c.DB.Reader, id)
	if err != nil {
		return err
	}
	return v.c.Gate.Do(ctx, actor, a, subject(seen, ""), func(tx *gate.Tx) error {
		d, err := lockDevice(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if d.Department != seen.Department {
			return fault.New(fault.Conflict, "device.changed") // it was decided upon as another department's
		}
		out, err := selectOut(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		return fn(tx, d, out)
	})
}

func inDepartment(id ident.DepartmentID) []custody.Subject {
	return []custody.Subject{{Kind: "department", ID: string(id)}}
}

// orNil leaves an empty text out of a detail.
func orNil[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}
