package recording

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/intake"
	"zhilu.dev/zhilu/internal/recording/likeness"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// FollowUp looks into a stored file: facts, flags, camera, officer, verdict, duties; then the object is read back. A
// file that cannot be read stays evidence and is flagged. Doing it twice changes nothing. When the house itself fails
// (the sandbox, the disk) the recording is flagged until trying again succeeds.
func (s *Service) FollowUp(ctx context.Context, id ident.FileID) error {
	file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", id)
	if err != nil || file.Facts != "" {
		return err
	}
	rec, err := record.RecordingOf(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	facts, probeErr := s.probe(ctx, file)
	if probeErr != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errors.Join(probeErr, s.flagUnread(ctx, rec, file, probeErr))
	}
	found, err := s.describe(ctx, rec, file, facts)
	if err != nil {
		return err
	}
	receipt, err := s.unsigned(ctx, id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, access.SystemActor("follow_up"), access.RecordingProbe, rec.Subject(), func(tx *gate.Tx) error {
		return s.writeFacts(tx, rec, file, facts, found, receipt)
	})
}

func (s *Service) probe(ctx context.Context, file *record.File) (media.Facts, error) {
	d := record.Digest(file.SHA256)
	if d == nil {
		return media.Facts{}, fault.New(fault.Internal, "vault.digest_malformed")
	}
	obj, err := s.c.Vault.Open(ctx, *d)
	if err != nil {
		return media.Facts{}, err
	}
	defer func() { _ = obj.Close() }() // only read
	return s.c.Prober.Probe(ctx, media.Source{
		ReaderAt: obj, Size: obj.Size(), Name: file.Name, ModTime: clock.FromMicros(file.MTime), SeenAt: clock.FromMicros(file.StoredAt),
	})
}

// flagUnread says that nobody could look into the file yet, and has it read back all the same.
func (s *Service) flagUnread(ctx context.Context, rec *record.Recording, file *record.File, cause error) error {
	if slices.Contains(rec.FlagList(), Flag(media.FlagUnreadable)) {
		return nil
	}
	return s.c.Gate.Do(ctx, access.SystemActor("follow_up"), access.RecordingProbe, rec.Subject(), func(tx *gate.Tx) error {
		if err := record.AddFlag(tx, rec, Flag(media.FlagUnreadable), "probe_failed"); err != nil {
			return err
		}
		said, err := record.Say(tx, rec.ID)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			Outcome: custody.Failed, Related: record.Related("file", string(file.ID)),
			Detail: custody.Detail(append(said, "code", fault.As(cause).Code)...),
		})
		if err != nil {
			return err
		}
		return tx.Enqueue(VerifyArgs{File: file.ID})
	})
}

// describe fills the row with what the facts, the inventory, the calendar of issues and the camera's other files say, and
// gives how it stands to those. It writes nothing.
func (s *Service) describe(ctx context.Context, rec *record.Recording, file *record.File, facts media.Facts) (likeness.Found, error) {
	card := record.Card{}
	if rec.Card != "" {
		row, found, err := record.Lookup[record.Card](ctx, s.c.DB.Reader, "id = ?", rec.Card)
		if err != nil {
			return likeness.Found{}, err
		}
		if found {
			card = *row
		}
	}
	codes := map[string]bool{}
	if c := facts.Name.DeviceCode; c != "" {
		codes[c] = true
	}
	hint := file.DeviceHint
	if hint == "" {
		hint = card.DeviceHint
	}
	m, err := s.Match(ctx, intake.Hints(hint, card.Label, codes, facts.Device.Serial))
	if err != nil {
		return likeness.Found{}, err
	}
	rec.Kind = kindOf(facts)
	rec.StartAt, rec.StartSource = clock.Micros(facts.Start.Value), string(facts.Start.Source)
	rec.StartFrom, rec.StartTo = clock.Micros(facts.Start.Interval.From), clock.Micros(facts.Start.Interval.To)
	doubts := make([]string, len(facts.Start.Doubt))
	for i, d := range facts.Start.Doubt {
		doubts[i] = string(d)
	}
	rec.StartDoubts = strings.Join(doubts, " ")
	if rec.Duration = -1; facts.HasDuration {
		rec.Duration = facts.Duration.Microseconds()
	}
	if rec.StartAt != 0 {
		rec.SortAt = rec.StartAt
	}
	var flags []Flag
	for _, f := range facts.Flags {
		flags = append(flags, Flag(f))
	}
	flags = append(flags, keepFlags(rec.FlagList())...) // what was found before and still holds
	setDevice(rec, m)
	switch {
	case m.By == device.Ambiguous || len(m.Against) > 0:
		flags = append(flags, FlagDeviceDoubtful)
	case m.Device == "" && !slices.Contains(flags, record.FlagParty):
		flags = append(flags, FlagUnknownDevice)
	}
	if err := s.setHolder(ctx, rec); err != nil {
		return likeness.Found{}, err
	}
	if rec.Device != "" && rec.Officer == "" {
		flags = append(flags, FlagNoOfficer)
	}
	found, err := s.compare(ctx, rec, file, facts)
	if err != nil {
		return likeness.Found{}, err
	}
	if found.Unlike() {
		flags = append(flags, FlagUnlike)
	}
	rec.FoundDevice, rec.FoundHow, rec.FoundOfficer = rec.Device, rec.DeviceHow, rec.Officer
	rec.SetFlags(flags)
	return found, nil
}

func kindOf(f media.Facts) Kind {
	switch {
	case !f.Kind.Media() || f.Has(media.FlagEmpty):
		return Other
	case f.Kind.Still():
		return Picture
	case f.Kind.AudioOnly():
		return Audio
	case len(f.Tracks) > 0 && f.Has(media.FlagNoVideo):
		return Audio
	}
	return Video
}

// writeFacts writes what describe found, judges, opens duties and has the object read back.
func (s *Service) writeFacts(tx *gate.Tx, rec *record.Recording, file *record.File, facts media.Facts, found likeness.Found, receipt *signedReceipt) error {
	ctx, idb := tx.Context(), tx.DB()
	now, err := record.One[record.File](ctx, idb, "file.unknown", "id = ?", file.ID)
	if err != nil {
		return err
	}
	current, err := record.One[record.Recording](ctx, idb, "recording.unknown", "id = ?", rec.ID)
	if err != nil {
		return err
	}
	rec.Inbox = current.Inbox
	if current.State != rec.State || current.Flags != rec.Flags { // verified, or a duplicate arrived, while we looked
		rec.State = current.State
		rec.SetFlags(append(keepFlags(current.FlagList()), rec.FlagList()...))
	}
	raw, err := json.Marshal(facts)
	if err != nil {
		return err
	}
	wrote := []any{rec.ID}
	if now.Facts == "" {
		wrote = append(wrote, file.ID)
		file.Facts = strings.ReplaceAll(string(raw), `\u0000`, "")
		if err := record.Update(ctx, idb, file, "facts"); err != nil {
			return err
		}
		rec.FactsAt = clock.Micros(tx.Now())
	}
	j, err := s.judge(ctx, idb, rec, nil)
	if err != nil {
		return err
	}
	rec.Verdict = string(j.Verdict)
	rec.Queue(false)
	if err := record.Update(ctx, idb, rec, factColumns...); err != nil {
		return err
	}
	if err := writeFlags(tx, rec, details(facts, found)); err != nil {
		return err
	}
	if err := record.Index(ctx, idb, rec.Seq, record.SearchText(rec, file.Path)); err != nil {
		return err
	}
	if receipt != nil {
		kept, err := record.KeepReceipt(ctx, idb, receipt.id, receipt.body)
		if err != nil {
			return err
		}
		if kept {
			wrote = append(wrote, receipt.id)
		}
	}
	said, err := record.Say(tx, wrote...)
	if err != nil {
		return err
	}
	_, err = tx.Record(gate.Entry{
		Subject: custody.Subject{Kind: "recording", ID: string(rec.ID)},
		Related: record.Related("file", string(file.ID), "device", string(rec.Device), "person", string(rec.Officer)),
		Detail: custody.Detail(append(said, "kind", string(rec.Kind), "flags", record.OrNil(rec.Flags), "verdict", rec.Verdict, "start_us", rec.StartAt,
			"start_source", rec.StartSource, "start_doubts", record.OrNil(rec.StartDoubts), "duration_us", rec.Duration, "end_from_us", rec.EndFrom,
			"end_to_us", rec.EndTo, "device_how", record.OrNil(rec.DeviceHow), "certainty", record.OrNil(rec.Certainty))...),
	})
	if err != nil {
		return err
	}
	if err := owe(tx, rec); err != nil {
		return err
	}
	if found.Unfirm {
		if err := tx.Enqueue(CompareArgs{Device: rec.Device}); err != nil {
			return err
		}
	}
	if rec.Device != "" && file.Number >= 0 {
		if err := tx.Enqueue(JoinArgs{File: file.ID}); err != nil {
			return err
		}
	}
	return tx.Enqueue(VerifyArgs{File: file.ID})
}

func keepFlags(flags []Flag) []Flag {
	return slices.DeleteFunc(flags, func(f Flag) bool {
		return f != FlagDuplicate && f != FlagDamaged && f != FlagMalware && f != record.FlagParty
	})
}

var factColumns = []string{
	"kind", "state", "facts_at", "start_at", "start_from", "start_to", "start_source", "start_doubts", "duration_us", "sort_at",
	"device_id", "device_name", "device_how", "officer_id", "officer_name", "certainty", "issue_id", "department_id", "found_device",
	"found_how", "found_officer", "flags", "inbox", "offset_lo", "offset_hi", "offset_known", "end_from", "end_to", "verdict",
}

// owe opens what a recording's standing demands, and moves it when the recording turns out to be somebody else's.
func owe(tx *gate.Tx, rec *record.Recording) error {
	about := custody.Subject{Kind: "recording", ID: string(rec.ID)}
	if storage.Verdict(rec.Verdict) == storage.Late {
		stored := clock.FromMicros(rec.StoredAt)
		_, err := duty.Open(tx, duty.New{
			Kind: duty.ExplainLate, Subject: about, Device: rec.Device, Person: rec.Officer, Department: rec.Department,
			Since: stored, Due: stored.Add(explainWithin), Args: map[string]any{"name": rec.Name},
		})
		if err != nil {
			return err
		}
		if err := duty.Reassign(tx, duty.ExplainLate, about, rec.Officer, rec.Department); err != nil {
			return err
		}
	}
	if !rec.AsksCustodian() {
		return nil
	}
	_, err := duty.Open(tx, duty.New{
		Kind: duty.SettleInbox, Subject: about, Device: rec.Device, Department: rec.Department,
		Due: tx.Now().Add(settleWithin), Args: map[string]any{"name": rec.Name},
	})
	return err
}

// explainWithin is the term to explain a late storing; the regulation sets none, so it is that of 第十七条's written note.
const explainWithin = 3 * 24 * time.Hour

// settleWithin is how long a recording may wait in the inbox before it counts as overdue.
const settleWithin = 7 * 24 * time.Hour

// details are what findings say beside their names.
func details(facts media.Facts, found likeness.Found) map[Flag]string {
	return map[Flag]string{
		Flag(media.FlagUnreadable): facts.Reason, Flag(media.FlagForeign): facts.Reason, Flag(media.FlagTruncated): facts.Reason, FlagUnlike: found.Codes(),
	}
}

// writeFlags writes a recording's findings. What was found before and still holds keeps its detail and its time, unless a
// new detail is given.
func writeFlags(tx *gate.Tx, rec *record.Recording, details map[Flag]string) error {
	before, err := record.All[record.Flagged](tx.Context(), tx.DB(), "flag", "recording_id = ?", rec.ID)
	if err != nil {
		return err
	}
	var rows []record.Flagged
	for _, f := range rec.FlagList() {
		row := record.Flagged{Recording: rec.ID, Seq: rec.Seq, Flag: f, At: clock.Micros(tx.Now())}
		for _, b := range before {
			if b.Flag == f {
				row = b
			}
		}
		if d := details[f]; d != "" {
			row.Detail = d
		}
		rows = append(rows, row)
	}
	return record.ReplaceFlags(tx.Context(), tx.DB(), rec.ID, rows)
}
