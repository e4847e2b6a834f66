package derivative

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/recording/record"
)

// checkPage is how many rows are read at a time.
const checkPage = 500

var errGone = fault.New(fault.NotFound, "vault.object_unknown")

// lost makes a derivative wanted anew whose bytes are gone or damaged, and gives the fault to answer with.
func (s *Service) lost(ctx context.Context, r *row, cause error) error {
	rec, err := record.RecordingOf(ctx, s.c.DB.Reader, r.File)
	if err != nil {
		return err
	}
	err = s.c.Gate.Do(context.WithoutCancel(ctx), access.SystemActor("derive"), access.DerivativeWant, rec.Subject(), func(tx *gate.Tx) error {
		again := *r
		if err := s.wish(tx, &again); err != nil {
			return err
		}
		if err := s.record(tx, access.DerivativeWant, custody.Intent, rec.ID, []row{again}); err != nil {
			return err
		}
		return tx.Enqueue(MakeArgs{File: r.File})
	})
	if err != nil {
		return err
	}
	return fault.Wrap(cause, fault.Unavailable, "derivative.lost")
}

// Rebuild looks for every derivative that should be in the vault and asks again for those that are not, or are damaged
// at their ends. It gives how many it asked for.
func (s *Service) Rebuild(ctx context.Context) (int, error) {
	again := 0
	var after row
	for {
		rows, err := madeAfter(ctx, s.c.DB.Reader, after.ID, checkPage)
		if err != nil || len(rows) == 0 {
			return again, err
		}
		for i := range rows {
			d := record.Digest(rows[i].SHA256)
			if d == nil {
				continue
			}
			_, err := s.c.Derived.Stat(ctx, *d)
			if !fault.HasCode(err, "vault.object_unknown") && !fault.HasCode(err, "vault.damaged") {
				if err != nil {
					return again, err
				}
				continue
			}
			if err := s.lost(ctx, &rows[i], err); !fault.HasCode(err, "derivative.lost") {
				return again, err
			}
			again++
		}
		after = rows[len(rows)-1]
	}
}
