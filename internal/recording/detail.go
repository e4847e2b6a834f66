package recording

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/chain"
	"zhilu.dev/zhilu/internal/recording/intake"
	"zhilu.dev/zhilu/internal/recording/likeness"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// Note is an overlay on a recording: what somebody said later, with a reason. Notes are only ever added; the newest of
// its kind counts.
type Note struct {
	Kind       NoteKind
	At         time.Time // when it was written
	By         ident.PersonID
	ByName     string
	Reason     string // code
	Words      string
	ReturnedAt time.Time // NoteReturn
	StoredAt   time.Time // NoteDesignated
	Where      string    // NoteDesignated
	Device     ident.DeviceID
	Officer    ident.PersonID
	Entry      ident.EntryID
}

// ReceiptRef names a receipt of a file.
type ReceiptRef struct {
	ID   ident.ReceiptID
	File ident.FileID
	Kind State
	At   time.Time
}

// Detail is everything known of a recording short of looking at it.
type Detail struct {
	Recording
	FileList   []File
	Readings   media.Start      // chosen start with its candidates and doubts; of the first file
	EndOffset  [2]time.Duration // bounds of the camera's clock offset that were applied: true time = camera's time + offset
	Checked    bool             // the camera's clock was ever compared with ours
	Judgement  storage.Judgement
	Notes      []Note
	Parts      []chain.Part   // files joined to the first
	Beside     []chain.Beside // files next by number that stay apart
	Gaps       []Gap          // of the same camera, beside this recording's files
	Receipts   []ReceiptRef
	FlagDetail map[Flag]string
	CardInfo   *Card // the docking that brought it
	// Likeness is how the first file's form stands to the camera's other files now; nil while nobody has looked into it.
	Likeness *likeness.Found
	// As found, before any assignment.
	FoundDevice  ident.DeviceID
	FoundHow     string
	FoundOfficer ident.PersonID
}

// Get gives a recording's detail, if the actor may see its facts. The id of a part gives the whole. NotFound "recording.unknown".
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.RecordingID) (Detail, error) {
	rec, err := record.One[record.Recording](ctx, s.c.DB.Reader, "recording.unknown", "id = ?", id)
	if err != nil {
		return Detail{}, err
	}
	if rec, err = record.WholeOf(ctx, s.c.DB.Reader, rec); err != nil {
		return Detail{}, err
	}
	id = rec.ID
	if err := s.c.Gate.Check(ctx, actor, access.RecordingView, rec.Subject()); err != nil {
		return Detail{}, err
	}
	d := Detail{FlagDetail: map[Flag]string{}, FoundDevice: rec.FoundDevice, FoundHow: rec.FoundHow, FoundOfficer: rec.FoundOfficer}
	if err := s.addFiles(ctx, &d, rec); err != nil {
		return Detail{}, err
	}
	notes, err := record.NotesOf(ctx, s.c.DB.Reader, id)
	if err != nil {
		return Detail{}, err
	}
	for _, n := range notes {
		d.Notes = append(d.Notes, noteOf(&n))
	}
	stored := rec.Verdict
	if d.Judgement, err = s.judge(ctx, s.c.DB.Reader, rec, notes); err != nil {
		return Detail{}, err
	}
	if string(d.Judgement.Verdict) != stored {
		// The camera's clock was compared meanwhile. The page shows what is known now; the row follows with the next change.
		s.c.Log.InfoContext(ctx, "a verdict changed with what is known of a clock", "recording", id, "was", stored, "is", d.Judgement.Verdict)
	}
	d.Recording = recordingOf(rec)
	d.Recording.Verdict = d.Judgement.Verdict
	d.EndOffset, d.Checked = [2]time.Duration{record.Micros(rec.OffsetLo), record.Micros(rec.OffsetHi)}, rec.OffsetKnown == 1
	return d, s.addSurroundings(ctx, &d, rec)
}

// addFiles reads a recording's files, their receipts and findings.
func (s *Service) addFiles(ctx context.Context, d *Detail, rec *record.Recording) error {
	files, err := record.FilesOf(ctx, s.c.DB.Reader, rec.ID)
	if err != nil {
		return err
	}
	for i := range files {
		d.FileList = append(d.FileList, fileOf(&files[i]))
	}
	if d.Parts, d.Beside, err = chain.Told(ctx, s.c.DB.Reader, rec, files); err != nil {
		return err
	}
	if len(d.FileList) > 0 && d.FileList[0].Facts != nil {
		d.Readings = d.FileList[0].Facts.Start
		found, err := likeness.Of(ctx, s.c.DB.Reader, rec.Device, d.FileList[0].ID, d.FileList[0].Facts)
		if err != nil {
			return err
		}
		d.Likeness = &found
	}
	flags, err := record.All[record.Flagged](ctx, s.c.DB.Reader, "flag", "recording_id = ?", rec.ID)
	if err != nil {
		return err
	}
	for _, f := range flags {
		d.FlagDetail[f.Flag] = f.Detail
	}
	receipts, err := record.All[record.Receipt](ctx, s.c.DB.Reader, "at, id", "file_id IN (SELECT f.id FROM recording_file AS f JOIN recording AS r ON r.id = f.recording_id WHERE r.id = ? OR r.joined_into = ?)", rec.ID, rec.ID)
	if err != nil {
		return err
	}
	for _, r := range receipts {
		d.Receipts = append(d.Receipts, ReceiptRef{ID: r.ID, File: r.File, Kind: r.State, At: clock.FromMicros(r.At)})
	}
	return nil
}

// addSurroundings reads the docking and the holes in the numbering beside the files.
func (s *Service) addSurroundings(ctx context.Context, d *Detail, rec *record.Recording) error {
	if rec.Card == "" {
		return nil
	}
	card, found, err := record.Lookup[record.Card](ctx, s.c.DB.Reader, "id = ?", rec.Card)
	if err != nil || !found {
		return err
	}
	c := intake.CardOf(card)
	d.CardInfo = &c
	gaps, err := record.All[record.Gap](ctx, s.c.DB.Reader, "found_at, id", "card_id = ?", rec.Card)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		for _, f := range d.FileList {
			if n := media.ParseName(f.Name); g.Before == n.Base || g.After == n.Base {
				d.Gaps = append(d.Gaps, intake.GapOf(&g))
				break
			}
		}
	}
	return nil
}

// FileRecording gives the recording a file belongs to. NotFound "file.unknown".
func (s *Service) FileRecording(ctx context.Context, id ident.FileID) (ident.RecordingID, error) {
	file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", id)
	if err != nil {
		return "", err
	}
	rec, err := record.RecordingOf(ctx, s.c.DB.Reader, id)
	if err == nil && rec.JoinedInto != "" {
		return rec.JoinedInto, nil
	}
	return file.Recording, err
}

// Brief gives what a list shows of one recording, to the program itself: whoever shows it to a person asks first whether
// they may know of it. Of a part that was joined into a recording it gives that one. NotFound "recording.unknown".
func (s *Service) Brief(ctx context.Context, id ident.RecordingID) (Recording, error) {
	rec, err := record.One[record.Recording](ctx, s.c.DB.Reader, "recording.unknown", "id = ?", id)
	if err != nil {
		return Recording{}, err
	}
	if rec, err = record.WholeOf(ctx, s.c.DB.Reader, rec); err != nil {
		return Recording{}, err
	}
	return recordingOf(rec), nil
}
