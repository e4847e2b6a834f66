package recording

import (
	"context"
	"errors"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/receipt"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
)

// signedReceipt is a receipt that was signed and is not kept yet.
type signedReceipt struct {
	id   ident.ReceiptID
	body string
}

var errEntered = errors.New("recording: somebody else did it meanwhile")

// VerifyFile reads the object back from the disk, adds SM3, and states it in a second receipt (decision 14). What the
// disk gives back wrong is flagged, put into the inbox and written into the log; the file is then not verified, and its
// card cannot be cleared. Doing it twice changes nothing.
func (s *Service) VerifyFile(ctx context.Context, id ident.FileID) error {
	file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", id)
	if err != nil || file.State != Stored {
		return err
	}
	d := record.Digest(file.SHA256)
	if d == nil {
		return fault.New(fault.Internal, "vault.digest_malformed")
	}
	got, err := s.c.Vault.Verify(ctx, *d)
	switch {
	case fault.HasCode(err, "vault.damaged"), fault.Is(err, fault.NotFound):
		return s.writeDamaged(ctx, id, fault.As(err).Code)
	case err != nil:
		return err
	}
	rec, err := record.RecordingOf(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	slip := record.Receipt{ID: ident.New[ident.ReceiptID](), File: id, State: Verified, Entry: ident.New[ident.EntryID]()}
	err = s.c.Gate.Do(ctx, access.SystemActor("verify"), access.RecordingVerify, rec.Subject(), func(tx *gate.Tx) error {
		now, err := record.One[record.File](tx.Context(), tx.DB(), "file.unknown", "id = ?", id)
		if err != nil {
			return err
		}
		if now.State != Stored {
			return errEntered
		}
		up, err := record.One[record.Upload](tx.Context(), tx.DB(), "upload.unknown", "id = ?", now.Upload)
		if err != nil {
			return err
		}
		slip.Owner, slip.At = up.Owner, clock.Micros(tx.Now())
		now.State, now.SM3, now.VerifiedAt, now.Medium = Verified, got.SM3.String(), clock.Micros(got.At), string(got.Medium)
		if err := record.Update(tx.Context(), tx.DB(), now, "state", "sm3", "verified_at", "medium"); err != nil {
			return err
		}
		if err := settleState(tx, now.Recording); err != nil {
			return err
		}
		if err := record.Insert(tx.Context(), tx.DB(), &slip); err != nil {
			return err
		}
		said, err := record.Say(tx, id, now.Recording, slip.ID)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			ID: slip.Entry, Related: record.Related("file", string(id)),
			Detail: receipt.FileDetail(id, now.Size, now.SHA256, now.SM3, receipt.Verified, append(said, "medium", now.Medium)...),
		})
		return err
	})
	if err != nil && !errors.Is(err, errEntered) {
		return err
	}
	_, err = s.signed(ctx, id)
	return err
}

// settleState gives a recording the least state of its files, and that whose part it is, which gets an entry of its own.
func settleState(tx *gate.Tx, id ident.RecordingID) error {
	rec, err := record.One[record.Recording](tx.Context(), tx.DB(), "recording.unknown", "id = ?", id)
	if err != nil {
		return err
	}
	files, err := record.FilesOf(tx.Context(), tx.DB(), id)
	if err != nil {
		return err
	}
	rec.State = Verified
	for _, f := range files {
		if f.State == Damaged || f.State == Stored && rec.State == Verified {
			rec.State = f.State
		}
	}
	if err := record.Update(tx.Context(), tx.DB(), rec, "state"); err != nil || rec.JoinedInto == "" {
		return err
	}
	if err := settleState(tx, rec.JoinedInto); err != nil {
		return err
	}
	return record.EnterPart(tx, rec.JoinedInto, id)
}

func (s *Service) writeDamaged(ctx context.Context, id ident.FileID, code string) error {
	rec, err := record.RecordingOf(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, access.SystemActor("verify"), access.RecordingVerify, rec.Subject(), func(tx *gate.Tx) error {
		file, err := record.One[record.File](tx.Context(), tx.DB(), "file.unknown", "id = ?", id)
		if err != nil {
			return err
		}
		file.State = Damaged
		if err := record.Update(tx.Context(), tx.DB(), file, "state"); err != nil {
			return err
		}
		now, err := record.One[record.Recording](tx.Context(), tx.DB(), "recording.unknown", "id = ?", rec.ID)
		if err != nil {
			return err
		}
		now.State = Damaged
		if err := record.AddFlag(tx, now, FlagDamaged, code); err != nil {
			return err
		}
		if err := record.TellWhole(tx, now, FlagDamaged, code); err != nil {
			return err
		}
		said, err := record.Say(tx, id, now.ID)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			Outcome: custody.Failed, Related: record.Related("file", string(id)),
			Detail: custody.Detail(append(said, "file_id", string(id), "code", code)...),
		})
		if err != nil {
			return err
		}
		whole, err := record.WholeOf(tx.Context(), tx.DB(), now)
		if err != nil {
			return err
		}
		return owe(tx, whole)
	})
}

// Receipt gives a receipt file: the newest of that receipt's file, with a proof of inclusion where the log has one. For
// who handed the file in, and who may see the recording. NotFound "receipt.unknown".
func (s *Service) Receipt(ctx context.Context, actor access.Actor, id ident.ReceiptID) ([]byte, error) {
	row, err := record.One[record.Receipt](ctx, s.c.DB.Reader, "receipt.unknown", "id = ?", id)
	if err != nil {
		return nil, err
	}
	return s.fetch(ctx, actor, row.File, row.Owner)
}

// FileReceipt gives the newest receipt of a file, under the same rule.
func (s *Service) FileReceipt(ctx context.Context, actor access.Actor, id ident.FileID) ([]byte, error) {
	row, found, err := record.Lookup[record.Receipt](ctx, s.c.DB.Reader, "file_id = ? AND owner = ?", id, actor.ID)
	if err != nil {
		return nil, err
	}
	owner := ""
	if found {
		owner = row.Owner
	}
	return s.fetch(ctx, actor, id, owner)
}

func (s *Service) fetch(ctx context.Context, actor access.Actor, file ident.FileID, owner string) ([]byte, error) {
	own := access.Subject{Kind: "receipt", ID: string(file), Owner: owner}
	if !s.c.Gate.May(actor, access.ReceiptFetch, own) {
		rec, err := record.RecordingOf(ctx, s.c.DB.Reader, file)
		if fault.Is(err, fault.NotFound) {
			return nil, fault.New(fault.NotFound, "receipt.unknown")
		}
		if err != nil {
			return nil, err
		}
		if err := s.c.Gate.Check(ctx, actor, access.RecordingView, rec.Subject()); err != nil {
			return nil, err
		}
	}
	body, err := s.signed(ctx, file)
	if err != nil {
		return nil, err
	}
	signed, err := receipt.Parse([]byte(body))
	if err != nil {
		return nil, err
	}
	if err := signed.Refresh(ctx, s.c.DB.Reader); err != nil {
		return nil, err
	}
	return signed.Render()
}

// signed gives the newest receipt of a file, signing and keeping it if nobody has.
func (s *Service) signed(ctx context.Context, file ident.FileID) (string, error) {
	r, err := record.NewestReceipt(ctx, s.c.DB.Reader, file)
	if err != nil {
		return "", err
	}
	if r.Body != "" {
		return r.Body, nil
	}
	body, err := s.sign(ctx, r)
	if err != nil {
		return "", err
	}
	subject := access.Subject{Kind: "file", ID: string(file)}
	err = s.c.Gate.Do(ctx, access.SystemActor("receipt"), access.RecordingVerify, subject, func(tx *gate.Tx) error {
		kept, err := record.KeepReceipt(tx.Context(), tx.DB(), r.ID, body)
		if err != nil {
			return err
		}
		if !kept {
			return errEntered
		}
		said, err := record.Say(tx, r.ID)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			Action: "receipt.issue",
			Detail: custody.Detail(append(said, "receipt_id", string(r.ID), "state", string(r.State), "entry_id", string(r.Entry))...),
		})
		return err
	})
	if errors.Is(err, errEntered) { // somebody else kept one meanwhile: that one counts
		r, err = record.One[record.Receipt](ctx, s.c.DB.Reader, "receipt.unknown", "id = ?", r.ID)
		if err != nil {
			return "", err
		}
		return r.Body, nil
	}
	return body, err
}

// unsigned signs the newest receipt of a file for a change that is about to be made; nil if it is kept already.
func (s *Service) unsigned(ctx context.Context, file ident.FileID) (*signedReceipt, error) {
	r, err := record.NewestReceipt(ctx, s.c.DB.Reader, file)
	if err != nil || r.Body != "" {
		return nil, err
	}
	body, err := s.sign(ctx, r)
	if err != nil {
		return nil, err
	}
	return &signedReceipt{id: r.ID, body: body}, nil
}

// sign states and signs a receipt. Its entry is committed: a signature cannot be rolled back.
func (s *Service) sign(ctx context.Context, r *record.Receipt) (string, error) {
	file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", r.File)
	if err != nil {
		return "", err
	}
	out := receipt.Receipt{
		ID: r.ID, File: file.ID, Recording: file.Recording, Name: file.Name, Size: file.Size, SHA256: file.SHA256,
		State: receipt.Stored, StoredAt: clock.FromMicros(file.StoredAt), Bureau: s.c.Bureau, Entry: r.Entry,
		IncludeBy: clock.FromMicros(r.At).Add(s.c.IncludeWithin),
	}
	if r.State == Verified {
		rec, err := record.RecordingOf(ctx, s.c.DB.Reader, r.File)
		if err != nil {
			return "", err
		}
		out.State, out.SM3, out.VerifiedAt = receipt.Verified, file.SM3, clock.FromMicros(file.VerifiedAt)
		out.DeviceID, out.DeviceLabel = string(rec.Device), rec.DeviceName
	}
	signed, err := receipt.Issue(ctx, s.c.DB.Reader, s.c.Keys, out)
	if err != nil {
		return "", err
	}
	body, err := signed.Render()
	return string(body), err
}
