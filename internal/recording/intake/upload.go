package intake

import (
	"context"
	"encoding/json"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// Why an upload failed or was discarded.
const (
	CodeMismatch  = "digest_mismatch" // the bytes are not what the sender says
	CodeStageLost = "stage_lost"      // nothing of its bytes is left; send it again
	CodeRefused   = "vault_refused"   // the vault could not open a stage
	CodeStale     = "stale"           // untouched for seven days
	CodeByOwner   = "by_owner"
	CodePartGone  = "part_gone" // a part of it was given up or lost before it was joined
)

// sidecar is what is sealed beside an object: enough to make its rows anew without the database. Its form is
// documented in docs/formats/vault-object-v1.md as the caller's part; fields are only ever added.
type sidecar struct {
	Format     string      `json:"format"` // "zhilu-sidecar/v1"
	Name       string      `json:"name"`
	RawName    []byte      `json:"raw_name,omitempty"` // base64; only where Name had to be changed
	Path       string      `json:"path"`
	Size       int64       `json:"size"` // as announced, -1 unknown
	MTime      int64       `json:"mtime_us"`
	SHA256     string      `json:"declared_sha256,omitempty"`
	Card       string      `json:"card,omitempty"`
	Label      string      `json:"card_label,omitempty"`
	DeviceHint string      `json:"device_hint,omitempty"`
	Owner      string      `json:"owner"`
	OwnerKind  access.Kind `json:"owner_kind"`
	BegunAt    int64       `json:"begun_us"`
}

const sidecarFormat = "zhilu-sidecar/v1"

// Begin commits an intent row and its entry, then opens the vault's stage: whatever arrives has a row (decision 15).
// On an error of the vault the row is marked failed and the vault's fault returned. A card of somebody else is NotFound
// "card.unknown"; of parts, see Parts.
func (s *Service) Begin(ctx context.Context, actor access.Actor, in Intent) (ident.UploadID, error) {
	if in.Size < vault.SizeUnknown {
		return "", fault.New(fault.Invalid, "upload.size").At("size")
	}
	if len(in.Parts) > 0 {
		p, err := s.Parts(ctx, actor, in.Parts)
		if err != nil {
			return "", err
		}
		in.Size = p.Size
	}
	id := ident.New[ident.UploadID]()
	label := ""
	if in.Card != "" {
		card, err := record.One[record.Card](ctx, s.c.DB.Reader, "card.unknown", "id = ? AND owner = ?", in.Card, actor.ID)
		if err != nil {
			return "", err
		}
		label = card.Label
	}
	raw := in.RelPath
	if raw == "" {
		raw = in.Name
	}
	row := record.Upload{
		ID: id, Card: in.Card, Owner: actor.ID, OwnerKind: actor.Kind, Name: record.Shown(in.Name), Path: record.Opaque(raw), Size: in.Size,
		MTime: clock.Micros(in.ModTime), DeviceHint: record.Opaque(in.DeviceHint), Node: s.c.Node, State: record.UploadOpen,
		Metadata: in.Metadata, Concat: in.Concat,
	}
	if in.Name == "" {
		row.Name = record.Shown(in.RelPath)
	}
	if in.SHA256 != nil {
		row.Declared = in.SHA256.String()
	}
	err := s.c.Gate.Do(ctx, actor, access.UploadCreate, row.Subject(), func(tx *gate.Tx) error {
		row.BegunAt = clock.Micros(tx.Now())
		if err := record.Insert(tx.Context(), tx.DB(), &row); err != nil {
			return err
		}
		if err := insertParts(tx, id, in.Parts); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{
			Outcome: custody.Intent, Related: record.Related("card", string(in.Card)),
			Detail: custody.Detail("name", row.Name, "size", in.Size, "declared_sha256", record.OrNil(row.Declared), "concat", concatKind(&row),
				"parts", countOrNil(len(in.Parts))),
		})
		return err
	})
	if err != nil {
		return "", err
	}
	meta := sidecar{
		Format: sidecarFormat, Name: row.Name, Path: row.Path, Size: row.Size, MTime: row.MTime, SHA256: row.Declared,
		Card: string(row.Card), Label: label, DeviceHint: row.DeviceHint, Owner: row.Owner, OwnerKind: row.OwnerKind, BegunAt: row.BegunAt,
	}
	if raw != row.Path && len(raw) <= record.MaxPath {
		meta.RawName = []byte(raw)
	}
	body, err := json.Marshal(meta)
	if err == nil {
		_, err = s.c.Vault.Begin(ctx, id, in.Size, body)
	}
	if err != nil {
		if later := s.endUpload(context.WithoutCancel(ctx), row, record.UploadFailed, CodeRefused, fault.As(err).Code); later != nil {
			s.c.Log.ErrorContext(ctx, "an upload the vault refused was not marked", "upload", id, "error", later)
		}
		return "", err
	}
	return id, nil
}

// endUpload marks an upload that will not become a recording, with an entry by the house itself.
func (s *Service) endUpload(ctx context.Context, row record.Upload, state record.UploadState, code, cause string) error {
	return s.c.Gate.Do(ctx, access.SystemActor("intake"), access.UploadDrop, row.Subject(), func(tx *gate.Tx) error {
		return endIn(tx, row.ID, state, code, cause)
	})
}

// endIn marks the upload inside a change unless it has ended meanwhile (fault Conflict "upload.ended").
func endIn(tx *gate.Tx, id ident.UploadID, state record.UploadState, code, cause string) error {
	row, found, err := record.LockUpload(tx.Context(), tx.DB(), id)
	if err != nil {
		return err
	}
	if !found || row.State != record.UploadOpen && row.State != record.UploadFailed {
		return fault.New(fault.Conflict, "upload.ended")
	}
	row.State, row.Code, row.EndedAt = state, code, clock.Micros(tx.Now())
	if err := record.Update(tx.Context(), tx.DB(), row, "state", "code", "ended_at"); err != nil {
		return err
	}
	action, outcome := access.UploadDrop, custody.Done
	if state == record.UploadFailed {
		action, outcome = "upload.fail", custody.Failed
	}
	_, err = tx.Record(gate.Entry{
		Action: action, Outcome: outcome, Related: record.Related("card", string(row.Card)),
		Detail: custody.Detail("code", code, "cause", record.OrNil(cause), "name", row.Name, "size", row.Size),
	})
	return err
}

// Upload gives an upload's row, without asking who wants it: NotFound "upload.unknown".
func (s *Service) Upload(ctx context.Context, id ident.UploadID) (UploadInfo, error) {
	row, err := record.One[record.Upload](ctx, s.c.DB.Reader, "upload.unknown", "id = ?", id)
	if err != nil {
		return UploadInfo{}, err
	}
	info := UploadInfo{
		ID: row.ID, Card: row.Card, Owner: row.Owner, OwnerKind: row.OwnerKind, Name: row.Name, RelPath: row.Path, Size: row.Size,
		ModTime: clock.FromMicros(row.MTime), Declared: record.Digest(row.Declared), State: row.State, Code: row.Code, SHA256: row.SHA256,
		File: row.File, Receipt: row.Receipt, Node: row.Node, BegunAt: clock.FromMicros(row.BegunAt), EndAt: clock.FromMicros(row.EndedAt),
		Metadata: row.Metadata, Concat: row.Concat, Closed: row.ClosedAt != 0,
	}
	if row.File != "" {
		rec, err := record.RecordingOf(ctx, s.c.DB.Reader, row.File)
		if err != nil {
			return UploadInfo{}, err
		}
		file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", row.File)
		if err != nil {
			return UploadInfo{}, err
		}
		info.Recording, info.Flags = rec.ID, rec.FlagList()
		info.Settled = file.Facts != "" && file.VerifiedAt != 0
	}
	return info, nil
}

// AppendCheck refuses whoever did not begin the upload (T20) and uploads that are no longer open (Conflict
// "upload.ended"). The door calls it once a request.
func (s *Service) AppendCheck(ctx context.Context, actor access.Actor, id ident.UploadID) (UploadInfo, error) {
	info, err := s.Upload(ctx, id)
	if err != nil {
		return info, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.UploadAppend, access.Subject{Kind: "upload", ID: string(id), Owner: info.Owner}); err != nil {
		return UploadInfo{}, err
	}
	if info.State != record.UploadOpen {
		return info, fault.New(fault.Conflict, "upload.ended")
	}
	return info, nil
}

// Discard ends an upload at its sender's wish, with an entry. One that is not sealed is given up; the row goes first:
// bytes whose row says discarded are removed by Adopt, should this process die in between. Of one that is sealed only
// the address ends: what it brought is evidence and stays as it is.
func (s *Service) Discard(ctx context.Context, actor access.Actor, id ident.UploadID) error {
	row, err := s.discard(ctx, actor, id)
	if err != nil || !row.Partial() || row.Sealed() {
		return err
	}
	if err := s.SealWaiting(ctx, actor, id); err != nil { // who waited for it waits no longer, or Adopt sees to it
		s.c.Log.ErrorContext(ctx, "what waited for a part that was given up was not ended", "part", id, "error", err)
	}
	return nil
}

func (s *Service) discard(ctx context.Context, actor access.Actor, id ident.UploadID) (*record.Upload, error) {
	defer s.lock(id)()
	row, err := record.One[record.Upload](ctx, s.c.DB.Reader, "upload.unknown", "id = ?", id)
	if err != nil {
		return nil, err
	}
	if row.Sealed() {
		return row, s.closeAddress(ctx, actor, row)
	}
	err = s.c.Gate.Do(ctx, actor, access.UploadDrop, row.Subject(), func(tx *gate.Tx) error {
		return endIn(tx, id, record.UploadDiscarded, CodeByOwner, "")
	})
	if err != nil {
		return nil, err
	}
	return row, s.dropStage(ctx, id)
}

// closeAddress ends the address of an upload whose bytes are evidence by now.
func (s *Service) closeAddress(ctx context.Context, actor access.Actor, row *record.Upload) error {
	if row.ClosedAt != 0 {
		return nil
	}
	return s.c.Gate.Do(ctx, actor, access.UploadDrop, row.Subject(), func(tx *gate.Tx) error {
		row.ClosedAt = clock.Micros(tx.Now())
		if err := record.Update(tx.Context(), tx.DB(), row, "closed_at"); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{
			Action: "upload.close", Related: record.Related("file", string(row.File), "card", string(row.Card)),
			Detail: custody.Detail("kept_sha256", row.SHA256, "name", row.Name),
		})
		return err
	})
}

// dropStage removes a stage's bytes; one that is not there is fine.
func (s *Service) dropStage(ctx context.Context, id ident.UploadID) error {
	stage, err := s.c.Vault.Resume(ctx, id)
	if err == nil {
		err = stage.Discard(ctx)
	}
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// discardStale gives up an upload that nobody touched for seven days. A stage whose intent the database has lost gets
// its row first, so that the entry has something to be about.
func (s *Service) discardStale(ctx context.Context, row *record.Upload, known bool) error {
	return s.c.Gate.Do(ctx, access.SystemActor("intake"), access.UploadDrop, row.Subject(), func(tx *gate.Tx) error {
		if !known {
			if err := record.Insert(tx.Context(), tx.DB(), row); err != nil {
				return err
			}
		}
		return endIn(tx, row.ID, record.UploadDiscarded, CodeStale, "")
	})
}
