package viewing

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

// openForCase reports whether a person already waits for, or has, consent to take a case away.
func openForCase(ctx context.Context, idb bun.IDB, r *Request, now time.Time) (bool, error) {
	ok, err := idb.NewSelect().Model((*requestRow)(nil)).Where("q.case_id = ? AND q.viewer_id = ? AND q.manner = ? AND q.id <> ?", r.Case, r.Viewer, r.Manner, r.Renews).
		Where("q.state = ? OR q.state = ? AND q.granted_until > ?", Asked, Granted, clock.Micros(now)).Exists(ctx)
	return ok, fail(err)
}

// requestNo gives the request of a number.
func requestNo(ctx context.Context, idb bun.IDB, no int64) (*Request, error) {
	row := new(requestRow)
	if err := idb.NewSelect().Model(row).Where("q.no = ?", no).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "viewing.unknown")
	}
	return whole(ctx, idb, row)
}

// latestForCase gives a person's newest request about a case; nil where there is none.
func latestForCase(ctx context.Context, idb bun.IDB, person ident.PersonID, id ident.CaseID) (*Request, error) {
	row := new(requestRow)
	err := idb.NewSelect().Model(row).Where("q.case_id = ? AND q.viewer_id = ?", id, person).OrderExpr("q.no DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // none is an ordinary answer
	}
	if err != nil {
		return nil, fail(err)
	}
	return whole(ctx, idb, row)
}
