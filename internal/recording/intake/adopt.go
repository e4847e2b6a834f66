package intake

import (
	"context"
	"encoding/json"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// settleAfter is how long Adopt leaves alone what a request may still be working at.
const settleAfter = 10 * time.Minute

// abandonAfter is when a docking that nobody closed counts as ended.
const abandonAfter = 24 * time.Hour

// Adopt brings vault and rows together after a crash (decision 15): every sealed object without a row gets one from
// its sidecar, complete stages are sealed, stages untouched for seven days are given up with an entry, dockings nobody
// closed for a day are ended. What cannot be read is counted and logged; fsck names it. It is safe to call at any time.
func (s *Service) Adopt(ctx context.Context) (AdoptReport, error) {
	var r AdoptReport
	if err := s.adoptObjects(ctx, &r); err != nil {
		return r, err
	}
	if err := s.settleStages(ctx, &r); err != nil {
		return r, err
	}
	if err := s.failLost(ctx, &r); err != nil {
		return r, err
	}
	cards, err := record.OpenCards(ctx, s.c.DB.Reader, clock.Micros(s.c.Clock.Now().Add(-abandonAfter)))
	if err != nil {
		return r, err
	}
	for i := range cards {
		if err := s.closeCard(ctx, access.SystemActor("adopt"), access.RecordingAdopt, &cards[i], nil); err != nil {
			return r, err
		}
		r.Closed++
	}
	return r, nil
}

func (s *Service) adoptObjects(ctx context.Context, r *AdoptReport) error {
	var batch []vault.Info
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		digests := make([]string, len(batch))
		for i, info := range batch {
			digests[i] = info.Digest.String()
		}
		known, err := record.KnownDigests(ctx, s.c.DB.Reader, digests)
		if err != nil {
			return err
		}
		for _, info := range batch {
			if known[info.Digest.String()] {
				continue
			}
			err := s.adoptObject(ctx, info)
			if fault.HasCode(err, "vault.damaged") {
				s.damaged(ctx, r, err)
				continue
			}
			if err != nil {
				return err
			}
			r.Adopted++
		}
		batch = batch[:0]
		return nil
	}
	for info, err := range s.c.Vault.Objects(ctx) {
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.damaged(ctx, r, err)
			continue
		}
		if batch = append(batch, info); len(batch) == record.Chunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (s *Service) damaged(ctx context.Context, r *AdoptReport, err error) {
	r.Damaged++
	s.c.Log.ErrorContext(ctx, "the vault holds something that cannot be read", "error", err)
}

// adoptObject enters a sealed object from its sidecar, under the upload that brought it. It may meet that upload's own
// request at the same work, and lets it end first: an object can be seen a moment before its name is durable, and nobody
// may be told of it then.
func (s *Service) adoptObject(ctx context.Context, info vault.Info) error {
	if info.Upload != "" {
		defer s.lock(info.Upload)()
	}
	if err := s.c.Vault.ReadOnly(); err != nil {
		return err
	}
	side, err := s.c.Vault.Sidecar(ctx, info.Digest)
	if err != nil {
		return err
	}
	row, found, err := record.Lookup[record.Upload](ctx, s.c.DB.Reader, "id = ?", info.Upload)
	if err != nil {
		return err
	}
	if !found {
		row = rowOf(side)
	}
	return s.enter(ctx, access.SystemActor("adopt"), access.RecordingAdopt, row, info)
}

// rowOf makes an upload's row from what was sealed beside its object: for a database that has lost the intent.
func rowOf(side vault.Sidecar) *record.Upload {
	var m sidecar
	if json.Unmarshal(side.Meta, &m) != nil || m.Format != sidecarFormat {
		m = sidecar{Name: "?", Path: "?", Owner: "adopt", OwnerKind: access.System, BegunAt: clock.Micros(side.SealedAt)}
	}
	if side.Upload == "" {
		side.Upload = ident.New[ident.UploadID]()
	}
	return &record.Upload{
		ID: side.Upload, Card: ident.CardID(m.Card), Owner: m.Owner, OwnerKind: m.OwnerKind, Name: m.Name, Path: m.Path, Size: side.Size,
		MTime: m.MTime, Declared: m.SHA256, DeviceHint: m.DeviceHint, Node: side.Node, State: record.UploadOpen, BegunAt: m.BegunAt,
	}
}

func (s *Service) settleStages(ctx context.Context, r *AdoptReport) error {
	now := s.c.Clock.Now()
	for info, err := range s.c.Vault.Stages(ctx) {
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.damaged(ctx, r, err)
			continue
		}
		if now.Sub(info.Touched) < settleAfter {
			continue
		}
		if err := s.settleStage(ctx, info, now, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) settleStage(ctx context.Context, info vault.StageInfo, now time.Time, r *AdoptReport) error {
	row, found, err := record.Lookup[record.Upload](ctx, s.c.DB.Reader, "id = ?", info.ID)
	if err != nil {
		return err
	}
	switch {
	case found && (row.State == record.UploadSealed || row.State == record.UploadDuplicate || row.State == record.UploadDiscarded):
		return s.dropStage(ctx, info.ID)
	case info.Stale(now):
		if !found {
			row = rowOf(vault.Sidecar{Upload: info.ID, Node: info.Node, Meta: info.Meta, SealedAt: info.Touched, Size: info.Size})
		}
		if err := s.discardStale(ctx, row, found); err != nil {
			return err
		}
		r.Discarded++
		return s.dropStage(ctx, info.ID)
	case found && row.State == record.UploadOpen && !row.Partial() && (row.Final() || info.Size == info.Offset):
		_, err := s.seal(ctx, access.SystemActor("adopt"), info.ID, nil)
		switch {
		case err == nil:
			r.Finished++
		case fault.Is(err, fault.Conflict):
			return nil // it is said in the log and in the row, or a part is not complete yet
		case row.Final() && fault.HasCode(err, "vault.damaged"):
			s.damaged(ctx, r, err)
			return nil
		case row.Final() && fault.Is(err, fault.Exhausted): // a join needs the room twice; there may be some later
			s.c.Log.ErrorContext(ctx, "an upload was not joined", "upload", info.ID, "error", err)
			return nil
		}
		return err
	}
	return nil
}

// failLost marks the uploads of this node whose bytes are gone, so that their sender sends them again.
func (s *Service) failLost(ctx context.Context, r *AdoptReport) error {
	before := clock.Micros(s.c.Clock.Now().Add(-settleAfter))
	rows, err := record.All[record.Upload](ctx, s.c.DB.Reader, "id", "state = ? AND node = ? AND begun_at < ?", record.UploadOpen, s.c.Node, before)
	if err != nil {
		return err
	}
	for i := range rows {
		if err := s.failIfLost(ctx, &rows[i], r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) failIfLost(ctx context.Context, row *record.Upload, r *AdoptReport) error {
	defer s.lock(row.ID)()
	now, err := record.One[record.Upload](ctx, s.c.DB.Reader, "upload.unknown", "id = ?", row.ID)
	if err != nil || now.State != record.UploadOpen {
		return err
	}
	if _, err := s.c.Vault.Resume(ctx, row.ID); !fault.Is(err, fault.NotFound) {
		return nil // it is there, or cannot be read: then it is not lost
	}
	r.Failed++
	return s.endUpload(ctx, *now, record.UploadFailed, CodeStageLost, "")
}
