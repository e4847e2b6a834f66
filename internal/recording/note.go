package recording

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/intake"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
	"zhilu.dev/zhilu/internal/regulation"
)

// maxWords bounds what a person writes as a reason, in characters.
const maxWords = 500

func words(s string, needed bool) (string, error) {
	s = strings.TrimSpace(record.Opaque(s))
	if n := utf8.RuneCountInString(s); n > maxWords || needed && n < 2 {
		return "", fault.New(fault.Invalid, "recording.words", maxWords).At("words")
	}
	return s, nil
}

// ReturnNote is the custodian's entry of when an officer returned.
type ReturnNote struct {
	ReturnedAt time.Time
	Reason     string // one of the settings' LateReasons
	Words      string // required with "other"
}

// AddReturn adds a return note and judges anew (R-19-3); the duty to explain is met. Invalid "recording.returned_at" for
// a time after the storing or in the future, "recording.reason" for a reason the bureau did not adopt.
func (s *Service) AddReturn(ctx context.Context, actor access.Actor, id ident.RecordingID, n ReturnNote) error {
	set, err := regulation.InForce(ctx, s.c.Settings)
	if err != nil {
		return err
	}
	if !slices.Contains(set.LateReasons, n.Reason) {
		return fault.New(fault.Invalid, "recording.reason").At("reason")
	}
	text, err := words(n.Words, n.Reason == "other")
	if err != nil {
		return err
	}
	return s.annotate(ctx, actor, access.RecordingReturnNote, id, func(tx *gate.Tx, rec *record.Recording, row *record.Note) error {
		if n.ReturnedAt.IsZero() || n.ReturnedAt.After(clock.FromMicros(rec.StoredAt)) || n.ReturnedAt.After(tx.Now()) {
			return fault.New(fault.Invalid, "recording.returned_at").At("returned_at")
		}
		row.Kind, row.Reason, row.Words, row.Moment = NoteReturn, n.Reason, text, clock.Micros(n.ReturnedAt)
		return nil
	})
}

// Designation is the custodian's entry that the recording lay in the designated storage.
type Designation struct {
	Where    string
	StoredAt time.Time
	Words    string
}

// Designate adds a designation and judges anew. Where the bureau adopted a list of designated storages, Where must be
// one of them (Invalid "recording.where"); a time after the storing or in the future is Invalid
// "recording.designated_at".
func (s *Service) Designate(ctx context.Context, actor access.Actor, id ident.RecordingID, d Designation) error {
	set, err := regulation.InForce(ctx, s.c.Settings)
	if err != nil {
		return err
	}
	where := strings.TrimSpace(record.Opaque(d.Where))
	if where == "" || utf8.RuneCountInString(where) > record.MaxShown || len(set.DesignatedStores) > 0 && !slices.Contains(set.DesignatedStores, where) {
		return fault.New(fault.Invalid, "recording.where").At("where")
	}
	text, err := words(d.Words, false)
	if err != nil {
		return err
	}
	return s.annotate(ctx, actor, access.RecordingDesignate, id, func(tx *gate.Tx, rec *record.Recording, row *record.Note) error {
		if d.StoredAt.IsZero() || d.StoredAt.After(clock.FromMicros(rec.StoredAt)) || d.StoredAt.After(tx.Now()) {
			return fault.New(fault.Invalid, "recording.designated_at").At("stored_at")
		}
		row.Kind, row.Words, row.Moment, row.Place = NoteDesignated, text, clock.Micros(d.StoredAt), where
		return nil
	})
}

// Assignment says whose recording it is. Empty fields stay as they are.
type Assignment struct {
	Device  ident.DeviceID
	Officer ident.PersonID
	Words   string // the reason; required
}

func (a Assignment) empty() bool { return a.Device == "" && a.Officer == "" }

// Assign lays an assignment over what was found, and judges anew with that camera's clock. What was found stays. A new
// camera without an officer takes the officer who held it then.
func (s *Service) Assign(ctx context.Context, actor access.Actor, id ident.RecordingID, a Assignment) error {
	if a.empty() {
		return fault.New(fault.Invalid, "recording.assign_empty").At("device")
	}
	return s.settle(ctx, actor, access.RecordingAssign, id, a)
}

// Resolve settles a recording in the inbox: with an assignment where there is one, and marked as looked at. The duty to
// settle it is met.
func (s *Service) Resolve(ctx context.Context, actor access.Actor, id ident.RecordingID, a Assignment) error {
	return s.settle(ctx, actor, access.InboxResolve, id, a)
}

func (s *Service) settle(ctx context.Context, actor access.Actor, action access.Action, id ident.RecordingID, a Assignment) error {
	text, err := words(a.Words, true)
	if err != nil {
		return err
	}
	given, err := s.lookUp(ctx, id, a)
	if err != nil {
		return err
	}
	return s.annotate(ctx, actor, action, id, func(tx *gate.Tx, rec *record.Recording, row *record.Note) error {
		row.Kind, row.Words, row.Device, row.Officer = NoteReview, text, a.Device, a.Officer
		if !a.empty() {
			row.Kind = NoteAssign
			lay(rec, given, a)
		}
		if action == access.InboxResolve && rec.Inbox != record.InboxNone {
			rec.Inbox = record.InboxSettled
		}
		return nil
	})
}

// lookUp reads what an assignment names, before the change begins. The recording it gives has the assignment laid on.
func (s *Service) lookUp(ctx context.Context, id ident.RecordingID, a Assignment) (*record.Recording, error) {
	rec, err := record.One[record.Recording](ctx, s.c.DB.Reader, "recording.unknown", "id = ?", id)
	if err != nil || a.empty() {
		return rec, err
	}
	if a.Device != "" {
		item, err := s.Device(ctx, a.Device)
		if err != nil {
			return nil, err
		}
		setDevice(rec, intake.Matched{Matched: device.Matched{Device: a.Device, By: device.ByExplicit}, Item: item})
		if err := s.setHolder(ctx, rec); err != nil {
			return nil, err
		}
	}
	if a.Officer != "" {
		p, err := s.c.People.Person(ctx, a.Officer)
		if err != nil {
			return nil, err
		}
		rec.Officer, rec.OfficerName, rec.Issue, rec.Certainty = p.ID, p.Name, "", Assigned
		if rec.Department == "" {
			rec.Department = p.Department
		}
	}
	return rec, nil
}

// lay puts a looked-up assignment over a row, and takes away the findings it answers.
func lay(rec, r *record.Recording, a Assignment) {
	rec.Officer, rec.OfficerName, rec.Issue, rec.Certainty, rec.Department = r.Officer, r.OfficerName, r.Issue, r.Certainty, r.Department
	if a.Device != "" {
		rec.Device, rec.DeviceName, rec.DeviceHow = r.Device, r.DeviceName, r.DeviceHow
	}
	flags := slices.DeleteFunc(rec.FlagList(), func(f Flag) bool {
		return a.Device != "" && (f == FlagUnknownDevice || f == FlagDeviceDoubtful) || rec.Officer != "" && f == FlagNoOfficer
	})
	if rec.Device != "" && rec.Officer == "" {
		flags = append(flags, FlagNoOfficer)
	}
	rec.SetFlags(flags)
}

// annotate adds an overlay and judges anew: note, verdict, duties and entry in one change.
func (s *Service) annotate(ctx context.Context, actor access.Actor, action access.Action, id ident.RecordingID, fill func(*gate.Tx, *record.Recording, *record.Note) error) error {
	seen, err := record.One[record.Recording](ctx, s.c.DB.Reader, "recording.unknown", "id = ?", id)
	if err != nil {
		return err
	}
	if seen, err = record.WholeOf(ctx, s.c.DB.Reader, seen); err != nil {
		return err
	}
	id = seen.ID
	return s.c.Gate.Do(ctx, actor, action, seen.Subject(), func(tx *gate.Tx) error {
		rec, err := record.One[record.Recording](tx.Context(), tx.DB(), "recording.unknown", "id = ?", id)
		if err != nil {
			return err
		}
		if rec.Department != seen.Department || rec.Officer != seen.Officer {
			return fault.New(fault.Conflict, "recording.changed") // it was decided upon as somebody else's
		}
		row := record.Note{
			ID: string(ident.New[ident.EntryID]()), Recording: id, At: clock.Micros(tx.Now()), By: actor.Person, ByName: actor.Name,
			Entry: ident.New[ident.EntryID](),
		}
		if err := fill(tx, rec, &row); err != nil {
			return err
		}
		if err := record.Insert(tx.Context(), tx.DB(), &row); err != nil {
			return err
		}
		before := rec.Verdict
		if err := s.rejudge(tx, rec); err != nil {
			return err
		}
		said, err := record.Say(tx, id, &row)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			ID: row.Entry, Subject: custody.Subject{Kind: "recording", ID: string(id)},
			Related: record.Related("device", string(row.Device), "person", string(row.Officer)),
			Detail: custody.Detail(append(said, "note", string(row.Kind), "reason", record.OrNil(row.Reason), "words", record.OrNil(row.Words), "moment_us", row.Moment,
				"place", record.OrNil(row.Place), "officer_before", record.OrNil(seen.Officer), "device_before", record.OrNil(seen.Device),
				"verdict_before", before, "verdict", rec.Verdict)...),
		})
		if err != nil {
			return err
		}
		if rec.Device != seen.Device { // both cameras' files have other files to be held against
			for _, camera := range []ident.DeviceID{seen.Device, rec.Device} {
				if camera == "" {
					continue
				}
				if err := tx.Enqueue(CompareArgs{Device: camera}); err != nil {
					return err
				}
			}
		}
		return settleDuties(tx, rec, &row)
	})
}

// rejudge computes the verdict anew from facts and overlays and writes the row with whatever was laid on it.
func (s *Service) rejudge(tx *gate.Tx, rec *record.Recording) error {
	notes, err := record.NotesOf(tx.Context(), tx.DB(), rec.ID)
	if err != nil {
		return err
	}
	j, err := s.judge(tx.Context(), tx.DB(), rec, notes)
	if err != nil {
		return err
	}
	rec.Verdict = string(j.Verdict)
	rec.Queue(slices.ContainsFunc(notes, func(n record.Note) bool { return n.Kind == NoteReturn || n.Kind == NoteDesignated }))
	err = record.Update(tx.Context(), tx.DB(), rec, "device_id", "device_name", "device_how", "officer_id", "officer_name", "certainty", "issue_id",
		"department_id", "flags", "inbox", "offset_lo", "offset_hi", "offset_known", "end_from", "end_to", "verdict")
	if err != nil {
		return err
	}
	if err := writeFlags(tx, rec, nil); err != nil {
		return err
	}
	files, err := record.FilesOf(tx.Context(), tx.DB(), rec.ID)
	if err != nil {
		return err
	}
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
		if f.Recording != rec.ID {
			paths = append(paths, f.Name)
		}
	}
	return record.Index(tx.Context(), tx.DB(), rec.Seq, record.SearchText(rec, strings.Join(paths, " ")))
}

func settleDuties(tx *gate.Tx, rec *record.Recording, row *record.Note) error {
	about := custody.Subject{Kind: "recording", ID: string(rec.ID)}
	if !rec.AsksCustodian() {
		if err := duty.Meet(tx, duty.SettleInbox, about, row.Entry); err != nil {
			return err
		}
	}
	explained := row.Kind == NoteReturn || row.Kind == NoteDesignated
	if explained || storage.Verdict(rec.Verdict) != storage.Late {
		if err := duty.Meet(tx, duty.ExplainLate, about, row.Entry); err != nil {
			return err
		}
	}
	return owe(tx, rec)
}

// noteStep writes down a jump of our own clock, and judges anew what was stored near it.
func (s *Service) noteStep(ctx context.Context, step storage.Step) error {
	row := record.Step{ID: string(ident.New[ident.EntryID]()), At: clock.Micros(step.At), By: step.By.Microseconds()}
	actor, subject := access.SystemActor("clock"), access.Subject{Kind: "server", ID: s.c.Node}
	err := s.c.Gate.Do(ctx, actor, access.RecordingProbe, subject, func(tx *gate.Tx) error {
		if err := record.Insert(tx.Context(), tx.DB(), &row); err != nil {
			return err
		}
		said, err := record.Say(tx, &row)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			Action: "clock.step", Related: []custody.Subject{row.Subject()}, Detail: custody.Detail(append(said, "at_us", row.At, "by_us", row.By)...),
		})
		return err
	})
	if err != nil {
		return err
	}
	reach := (storage.StepReach + step.By.Abs()).Microseconds()
	rows, err := record.StoredNear(ctx, s.c.DB.Reader, row.At-reach, row.At+reach)
	if err != nil {
		return err
	}
	for i := range rows {
		whole, err := record.WholeOf(ctx, s.c.DB.Reader, &rows[i])
		if err != nil {
			return err
		}
		if err := s.judgeAgain(ctx, whole); err != nil {
			return err
		}
	}
	return nil
}

// judgeAgain writes a verdict that has changed, with its entry; nothing where it has not.
func (s *Service) judgeAgain(ctx context.Context, rec *record.Recording) error {
	notes, err := record.NotesOf(ctx, s.c.DB.Reader, rec.ID)
	if err != nil {
		return err
	}
	before := rec.Verdict
	j, err := s.judge(ctx, s.c.DB.Reader, rec, notes)
	if err != nil || string(j.Verdict) == before {
		return err
	}
	return s.c.Gate.Do(ctx, access.SystemActor("clock"), access.RecordingProbe, rec.Subject(), func(tx *gate.Tx) error {
		now, err := record.One[record.Recording](tx.Context(), tx.DB(), "recording.unknown", "id = ?", rec.ID)
		if err != nil {
			return err
		}
		if err := s.rejudge(tx, now); err != nil {
			return err
		}
		said, err := record.Say(tx, now.ID)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Action: "recording.judge", Detail: custody.Detail(append(said, "verdict_before", before, "verdict", now.Verdict)...)})
		if err != nil {
			return err
		}
		if !now.AsksCustodian() {
			if err := duty.Cancel(tx, duty.SettleInbox, custody.Subject{Kind: "recording", ID: string(now.ID)}, "judged"); err != nil {
				return err
			}
		}
		return owe(tx, now)
	})
}
