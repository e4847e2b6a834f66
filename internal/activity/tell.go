package activity

import (
	"context"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Tell adds what happened to an activity, whenever it is told: what was written down without a network comes later and in any order. What was
// told already is told once. Faults: those of a bad occurrence (Invalid), NotFound "activity.unknown", Invalid "activity.about" (what it is
// about is not there, or of another sort), Conflict "activity.other_contents".
func (s *Service) Tell(ctx context.Context, actor access.Actor, o Occurrence) (*Occurrence, error) {
	o.At, o.By, o.ByName = o.At.UTC().Truncate(time.Microsecond), actor.Person, actor.Name
	if err := parsed(o.ID); err != nil {
		return nil, err
	}
	o, err := checked(o)
	if err != nil {
		return nil, err
	}
	a, st, list, err := Load(ctx, s.c.DB.Reader, o.Activity)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, func(x Occurrence) bool { return x.ID == o.ID }); i >= 0 {
		return told(&list[i], &o)
	}
	if err := s.named(ctx, a, &o); err != nil {
		return nil, err
	}
	report, write, err := s.terms(ctx, o.At)
	if err != nil {
		return nil, err
	}
	err = s.c.Gate.Do(ctx, actor, actionOf(o.What), a.Subject(actor, &st), func(tx *gate.Tx) error {
		if _, err := lock(tx.Context(), tx.DB(), a.ID); err != nil {
			return err
		}
		related, err := s.about(tx, &o)
		if err != nil {
			return err
		}
		o.StoredAt = tx.Now()
		said, err := add(tx.Context(), tx.DB(), &o)
		if err != nil {
			return err
		}
		entry, err := tx.Record(gate.Entry{
			Related: related, Article: articleOf(o.What), Detail: custody.Detail(append(said, "what", string(o.What), "at_us", clock.Micros(o.At))...),
		})
		if err != nil {
			return err
		}
		if err := s.owe(tx, a, &o, entry, report, write); err != nil {
			return err
		}
		return tx.Enqueue(ChangedArgs{Activity: a.ID})
	})
	if err != nil {
		return nil, err
	}
	return &o, nil
}

func told(seen, o *Occurrence) (*Occurrence, error) {
	x, y := *seen.row(), *o.row()
	y.Seq, y.StoredAt, y.By, y.ByName = x.Seq, x.StoredAt, x.By, x.ByName
	if seen.Said.ToName != "" || seen.Said.Name != "" { // names are looked up here
		again := o.Said
		again.ToName, again.Name = seen.Said.ToName, seen.Said.Name
		y.Said = text(again)
	}
	if x != y {
		return nil, fault.New(fault.Conflict, "activity.other_contents")
	}
	return seen, nil
}

func actionOf(w What) access.Action {
	switch w {
	case Received:
		return access.ActivityAnswer
	case Confirmed:
		return access.ActivityConfirm
	case Arrived, Departed, Stopped, Resumed, Reported, Spoken, Written, Restricted, Obstructed, Ticked, Signed, Noted, Joined, Removed, Corrected:
	}
	return access.ActivityTell
}

// articleOf is the article that wants it said; "" leaves it to the policy.
func articleOf(w What) string {
	switch w {
	case Stopped, Resumed, Reported, Received, Spoken, Written:
		return "17"
	case Restricted:
		return "18"
	case Obstructed:
		return "26"
	case Ticked, Confirmed:
		return "14"
	case Arrived, Departed, Signed, Noted, Joined, Removed, Corrected:
	}
	return ""
}

// named looks up who or what it is about.
func (s *Service) named(ctx context.Context, a *Activity, o *Occurrence) error {
	var err error
	switch {
	case o.What == Reported:
		if ok, e := s.c.Notified(ctx, a.Department, o.Said.To); e != nil || !ok {
			return fault.Wrap(e, fault.Invalid, "activity.to").At("to")
		}
		o.Said.ToName, err = s.c.Person(ctx, o.Said.To)
	case o.What != Joined && o.What != Removed:
		return nil
	case o.Said.Device != "":
		o.Said.Name, err = s.c.Device(ctx, o.Said.Device)
	default:
		o.Said.Name, err = s.c.Person(ctx, o.Said.Person)
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "activity.member").At("member")
	}
	return nil
}

// about checks what it is about inside the change, and gives what its entry is related to.
func (s *Service) about(tx *gate.Tx, o *Occurrence) ([]custody.Subject, error) {
	var related []custody.Subject
	if o.Said.Recording != "" {
		related = append(related, custody.Subject{Kind: "recording", ID: string(o.Said.Recording)})
	}
	if o.About == "" {
		return related, nil
	}
	about, err := occurrence(tx.Context(), tx.DB(), o.About)
	if fault.Is(err, fault.NotFound) || err == nil && !fits(o, about) {
		return nil, fault.New(fault.Invalid, "activity.about").At("about")
	}
	if err != nil {
		return nil, err
	}
	if o.What == Received { // only whoever it was reported to has received it
		seen, err := about.occurrence()
		if err != nil {
			return nil, err
		}
		if seen.Said.To != o.By {
			return nil, fault.New(fault.Forbidden, "activity.not_addressed")
		}
	}
	return related, nil
}

// stop names an interruption as the subject of a duty.
func stop(a *Activity, id ident.OccurrenceID) custody.Subject {
	return custody.Subject{Kind: "activity", ID: string(a.ID) + "/" + string(id)}
}

// owe opens and ends what is owed for it (第十六、十七条).
func (s *Service) owe(tx *gate.Tx, a *Activity, o *Occurrence, entry ident.EntryID, report, write time.Time) error {
	args := map[string]any{"no": a.No, "at": o.At.In(clock.Shanghai).Format("2006-01-02 15:04:05")}
	open := func(k duty.Kind, about custody.Subject, person ident.PersonID, since, due time.Time) error {
		_, err := duty.Open(tx, duty.New{Kind: k, Subject: about, Person: person, Department: a.Department, Since: since, Due: due, Args: args})
		return err
	}
	switch o.What {
	case Departed:
		return duty.Meet(tx, duty.CloseActivity, a.About(), entry)
	case Stopped:
		if o.Said.Until != nil {
			return nil
		}
		return open(duty.ReportStop, stop(a, o.ID), a.owes(o), o.At, report)
	case Resumed:
		about := o.About
		if about == "" {
			list, err := Occurrences(tx.Context(), tx.DB(), a.ID)
			if err != nil {
				return err
			}
			st := Fold(a, list[a.ID])
			for _, n := range st.Interruptions {
				if n.End.Equal(o.At) {
					about = n.ID
				}
			}
		}
		return duty.Cancel(tx, duty.ReportStop, stop(a, about), "resumed")
	case Reported:
		if err := duty.Meet(tx, duty.ReportStop, stop(a, o.About), entry); err != nil {
			return err
		}
		if err := open(duty.WriteStop, stop(a, o.About), a.owes(o), o.At, write); err != nil {
			return err
		}
		return open(duty.ReceiveReport, stop(a, o.ID), o.Said.To, o.At, tx.Now().Add(24*time.Hour))
	case Received:
		return duty.Meet(tx, duty.ReceiveReport, stop(a, o.About), entry)
	case Written:
		return duty.Meet(tx, duty.WriteStop, stop(a, o.About), entry)
	case Arrived, Spoken, Restricted, Obstructed, Ticked, Confirmed, Signed, Noted, Joined, Removed, Corrected:
	}
	return nil
}

// owes is who answers for a stop: who wrote it down if they take part, else the first officer.
func (a *Activity) owes(o *Occurrence) ident.PersonID {
	if slices.ContainsFunc(a.Officers, func(m Member) bool { return m.Person == o.By }) || len(a.Officers) == 0 {
		return o.By
	}
	return a.Officers[0].Person
}
