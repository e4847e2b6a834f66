package intake

import (
	"context"
	"errors"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/receipt"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
	"zhilu.dev/zhilu/internal/vault"
)

// Seal turns a complete upload into a recording, or finds that its bytes are already here (G11). sender is the digest
// the sender says, nil if it was declared at Begin or not at all. Bytes before row: the object is sealed and durable
// first, then recording, file, entry, receipt and job commit together. Calling it again gives the same Result.
// Conflict "upload.digest_mismatch" (said, received) keeps the bytes, marks the upload failed and says so in the log;
// Conflict "vault.incomplete" leaves the upload open. A final upload is joined first, see join; a partial one alone is
// nothing that could be sealed: Invalid "upload.partial".
func (s *Service) Seal(ctx context.Context, actor access.Actor, id ident.UploadID, sender *vault.Digest) (Result, error) {
	row, err := record.One[record.Upload](ctx, s.c.DB.Reader, "upload.unknown", "id = ?", id)
	if err != nil {
		return Result{}, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.UploadAppend, row.Subject()); err != nil {
		return Result{}, err
	}
	return s.seal(ctx, actor, id, sender)
}

func (s *Service) seal(ctx context.Context, actor access.Actor, id ident.UploadID, sender *vault.Digest) (Result, error) {
	if err := s.join(ctx, id); err != nil { // before the lock: it may take as long as the disk does
		return Result{}, err
	}
	for {
		r, err := s.sealOnce(ctx, actor, id, sender)
		twin, ok := errors.AsType[*notEntered](err)
		if !ok {
			return r, err
		}
		if err := s.adoptObject(ctx, twin.object); err != nil {
			return Result{}, err
		}
	}
}

// notEntered says that the vault has an object of the same content, of another upload, that no row names yet.
type notEntered struct{ object vault.Info }

func (*notEntered) Error() string { return "recording: the same content was sealed and not entered" }

func (s *Service) sealOnce(ctx context.Context, actor access.Actor, id ident.UploadID, sender *vault.Digest) (Result, error) {
	defer s.lock(id)()
	row, err := record.One[record.Upload](ctx, s.c.DB.Reader, "upload.unknown", "id = ?", id)
	if err != nil {
		return Result{}, err
	}
	want := record.Digest(row.Declared)
	if sender != nil {
		if want != nil && *want != *sender {
			return Result{}, s.mismatch(ctx, actor, row, *sender, *want)
		}
		want = sender
	}
	switch {
	case row.State == record.UploadSealed || row.State == record.UploadDuplicate:
		if want != nil && want.String() != row.SHA256 {
			return Result{}, fault.New(fault.Conflict, "upload.digest_mismatch", want.String(), row.SHA256)
		}
		return s.result(ctx, row)
	case row.State == record.UploadDiscarded, row.State == record.UploadFailed && row.Code != CodeMismatch:
		return Result{}, fault.New(fault.Conflict, "upload.ended")
	case row.Partial():
		return Result{}, fault.New(fault.Invalid, "upload.partial")
	}
	// What lies in a vault whose disk failed may not be there after a power cut, also where it can be read now.
	if err := s.c.Vault.ReadOnly(); err != nil {
		return Result{}, err
	}
	info, err := s.sealBytes(ctx, row, want)
	if fault.HasCode(err, "vault.digest_mismatch") {
		return Result{}, s.mismatch(ctx, actor, row, *want, vault.Digest{})
	}
	if err != nil {
		return Result{}, err
	}
	if err := s.enter(ctx, actor, access.RecordingSeal, row, info); err != nil {
		return Result{}, err
	}
	if row, err = record.One[record.Upload](ctx, s.c.DB.Reader, "upload.unknown", "id = ?", id); err != nil {
		return Result{}, err
	}
	if row.State == record.UploadDuplicate { // its stage may still lie there
		if err := s.dropStage(ctx, id); err != nil {
			s.c.Log.WarnContext(ctx, "the bytes of a duplicate were not removed", "upload", id, "error", err)
		}
	}
	if row.Final() {
		s.dropParts(ctx, id)
	}
	return s.result(ctx, row)
}

// sealBytes makes the stage an object, or finds the object of the same content. An object without a row, left by a crash or
// on its way, is *notEntered: it is entered first, so that the upload that brought it keeps it.
func (s *Service) sealBytes(ctx context.Context, row *record.Upload, want *vault.Digest) (vault.Info, error) {
	stage, err := s.c.Vault.Resume(ctx, row.ID)
	if fault.Is(err, fault.NotFound) {
		return s.sealedBefore(ctx, row, want)
	}
	if err != nil {
		return vault.Info{}, err
	}
	got, complete := stage.SHA256()
	if complete && want != nil && got != *want {
		return vault.Info{}, fault.New(fault.Conflict, "vault.digest_mismatch", want.String(), got.String())
	}
	if complete {
		info, err := s.c.Vault.Stat(ctx, got)
		switch {
		case err == nil && info.Upload != row.ID:
			_, entered, err := record.Lookup[record.File](ctx, s.c.DB.Reader, "sha256 = ?", got.String())
			if err == nil && !entered {
				err = &notEntered{info}
			}
			return info, err
		case err != nil && !fault.Is(err, fault.NotFound):
			return vault.Info{}, err
		}
	}
	info, _, err := stage.Seal(ctx, want, nil)
	return info, err
}

// sealedBefore finds the object of an upload whose stage is gone: the process ended between sealing and entering it.
func (s *Service) sealedBefore(ctx context.Context, row *record.Upload, want *vault.Digest) (vault.Info, error) {
	if want != nil {
		info, err := s.c.Vault.Stat(ctx, *want)
		if err == nil && info.Upload == row.ID {
			return info, nil
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return vault.Info{}, err
		}
	}
	for info, err := range s.c.Vault.Objects(ctx) {
		if err == nil && info.Upload == row.ID {
			return info, nil
		}
	}
	if err := s.endUpload(ctx, *row, record.UploadFailed, CodeStageLost, ""); err != nil {
		return vault.Info{}, err
	}
	return vault.Info{}, fault.New(fault.Conflict, "upload.stage_lost")
}

// mismatch writes down that the bytes are not what the sender says. They stay in their stage until they are stale, and
// the upload can still be ended with the right digest.
func (s *Service) mismatch(ctx context.Context, actor access.Actor, row *record.Upload, said, got vault.Digest) error {
	if stage, err := s.c.Vault.Resume(ctx, row.ID); err == nil {
		if d, ok := stage.SHA256(); ok {
			got = d
		}
	}
	if row.State == record.UploadOpen || row.State == record.UploadFailed {
		err := s.c.Gate.Do(ctx, actor, access.RecordingSeal, row.Subject(), func(tx *gate.Tx) error {
			return endIn(tx, row.ID, record.UploadFailed, CodeMismatch, said.String()+" "+got.String())
		})
		if err != nil {
			return err
		}
	}
	return fault.New(fault.Conflict, "upload.digest_mismatch", said.String(), got.String())
}

var errEntered = errors.New("recording: entered meanwhile")

// enter writes the rows of a sealed object: a new recording, or the duplicate of one. Two arrivals of the same bytes at
// once are parted by the unique digest; the second one is tried again and finds the first.
func (s *Service) enter(ctx context.Context, actor access.Actor, action access.Action, up *record.Upload, info vault.Info) error {
	var err error
	for range 5 {
		err = s.c.Gate.Do(ctx, actor, action, up.Subject(), func(tx *gate.Tx) error { return s.enterIn(tx, up, info) })
		if errors.Is(err, errEntered) {
			return nil
		}
		if !db.IsUnique(err) {
			return err
		}
	}
	return err
}

func (s *Service) enterIn(tx *gate.Tx, up *record.Upload, info vault.Info) error {
	ctx, idb := tx.Context(), tx.DB()
	now, found, err := record.LockUpload(ctx, idb, up.ID)
	if err != nil {
		return err
	}
	if found && (now.State == record.UploadSealed || now.State == record.UploadDuplicate) {
		return errEntered
	}
	if found {
		up = now
	} else if err := record.Insert(ctx, idb, up); err != nil { // adopted into a database that has lost the intent
		return err
	}
	entry := ident.New[ident.EntryID]()
	slip := record.Receipt{ID: ident.New[ident.ReceiptID](), State: record.Stored, Owner: up.Owner, Entry: entry, At: clock.Micros(tx.Now())}
	up.State, up.Code, up.SHA256, up.Receipt, up.EndedAt = record.UploadSealed, "", info.Digest.String(), slip.ID, clock.Micros(tx.Now())
	if up.Size < 0 {
		up.Size = info.Size
	}
	file, twice, err := record.Lookup[record.File](ctx, idb, "sha256 = ?", up.SHA256)
	if err != nil {
		return err
	}
	detail := []any{"upload", string(up.ID), "name", up.Name}
	if twice {
		up.State = record.UploadDuplicate
		detail = append(detail, "duplicate_of", string(file.ID))
		err = s.markDuplicate(tx, file)
	} else {
		file, err = s.insertRecording(tx, up, info, entry)
	}
	if err != nil {
		return err
	}
	up.File, slip.File = file.ID, file.ID
	if err := record.Insert(ctx, idb, &slip); err != nil {
		return err
	}
	wrote := []any{file.Recording, slip.ID}
	if !twice {
		wrote = append(wrote, file.ID)
	}
	said, err := record.Say(tx, wrote...)
	if err != nil {
		return err
	}
	if err := record.Update(ctx, idb, up, "state", "code", "sha256", "file_id", "receipt_id", "size", "ended_at"); err != nil {
		return err
	}
	if err := s.takeParts(tx, up); err != nil {
		return err
	}
	_, err = tx.Record(gate.Entry{
		ID: entry, Subject: custody.Subject{Kind: "recording", ID: string(file.Recording)},
		Related: record.Related("file", string(file.ID), "upload", string(up.ID), "card", string(up.Card)),
		Detail:  receipt.FileDetail(file.ID, file.Size, file.SHA256, "", receipt.Stored, append(detail, said...)...),
	})
	if err != nil {
		return err
	}
	return s.arrive(tx, up, entry)
}

// insertRecording writes recording and file and enqueues the look into it. One file is one recording until files are
// joined.
func (s *Service) insertRecording(tx *gate.Tx, up *record.Upload, info vault.Info, entry ident.EntryID) (*record.File, error) {
	name := media.ParseName(up.Name)
	at := clock.Micros(tx.Now())
	rec := record.Recording{
		ID: ident.New[ident.RecordingID](), Kind: record.Pending, State: record.Stored, Name: up.Name, Files: 1, Size: info.Size, Card: up.Card,
		StoredAt: at, SortAt: at, Duration: -1, Verdict: string(storage.CannotJudge),
	}
	file := record.File{
		ID: ident.New[ident.FileID](), Recording: rec.ID, N: 1, Upload: up.ID, Entry: entry, SHA256: info.Digest.String(), Size: info.Size,
		Name: up.Name, Path: up.Path, MTime: up.MTime, DeviceHint: up.DeviceHint, Number: -1, State: record.Stored, StoredAt: at,
	}
	if name.HasNumber {
		file.Series, file.Width, file.Number = record.Opaque(name.Series), name.Width, name.Number
	}
	handed := false
	if s.c.HandedIn != nil {
		var err error
		if rec.Department, handed, err = s.c.HandedIn(tx.Context(), tx.DB(), up.Owner, up.Metadata); err != nil {
			return nil, err
		}
	}
	if err := record.Insert(tx.Context(), tx.DB(), &rec); err != nil {
		return nil, err
	}
	if err := record.Insert(tx.Context(), tx.DB(), &file); err != nil {
		return nil, err
	}
	if err := record.Index(tx.Context(), tx.DB(), rec.Seq, record.SearchText(&rec, file.Path)); err != nil {
		return nil, err
	}
	if handed {
		if err := record.AddFlag(tx, &rec, record.FlagParty, ""); err != nil {
			return nil, err
		}
	}
	return &file, tx.Enqueue(FollowUpArgs{File: file.ID})
}

// markDuplicate flags the recording that has the bytes already (T4).
func (s *Service) markDuplicate(tx *gate.Tx, file *record.File) error {
	rec, err := record.One[record.Recording](tx.Context(), tx.DB(), "recording.unknown", "id = ?", file.Recording)
	if err != nil {
		return err
	}
	if err := record.AddFlag(tx, rec, record.FlagDuplicate, ""); err != nil {
		return err
	}
	return record.TellWhole(tx, rec, record.FlagDuplicate, "")
}

// arrive ties the upload to the card's list, and ends what was owed for a file that an earlier docking listed and did
// not hand in (R-19-1).
func (s *Service) arrive(tx *gate.Tx, up *record.Upload, entry ident.EntryID) error {
	status := record.Sealed
	if up.State == record.UploadDuplicate {
		status = record.Duplicate
	}
	owed, err := record.ArriveOnCards(tx.Context(), tx.DB(), up, status)
	if err != nil {
		return err
	}
	for _, f := range owed {
		if err := duty.Meet(tx, duty.Store, f.Subject(), entry); err != nil {
			return err
		}
	}
	return nil
}

// result states what became of an ended upload.
func (s *Service) result(ctx context.Context, row *record.Upload) (Result, error) {
	file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", row.File)
	if err != nil {
		return Result{}, err
	}
	rec, err := record.RecordingOf(ctx, s.c.DB.Reader, row.File)
	if err != nil {
		return Result{}, err
	}
	r := Result{
		Status: record.Sealed, UploadID: row.ID, RecordingID: rec.ID, FileID: file.ID, ReceiptID: row.Receipt, Size: file.Size,
		Flags: rec.FlagList(), StoredAt: clock.FromMicros(file.StoredAt),
	}
	if row.State == record.UploadDuplicate {
		r.Status = record.Duplicate
	}
	if d := record.Digest(file.SHA256); d != nil {
		r.SHA256 = *d
	}
	return r, nil
}
