package recording

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording/record"
)

// narrow applies scope and filter. With inbox only what waits to be settled is kept.
func narrow(q *bun.SelectQuery, sc access.Scope, f Filter, inbox bool) *bun.SelectQuery {
	if !sc.All {
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			q = q.Where("1 = 0")
			if sc.Officer != "" {
				q = q.WhereOr("r.officer_id = ?", sc.Officer)
			}
			if len(sc.Departments) > 0 {
				q = q.WhereOr("r.department_id IN (?)", bun.In(sc.Departments))
			}
			if inbox && len(sc.Departments) > 0 { // what no camera explains belongs to nobody yet
				q = q.WhereOr("r.department_id = ''")
			}
			return q
		})
	}
	for column, v := range map[string]string{
		"department_id": string(f.Department), "officer_id": string(f.Officer), "device_id": string(f.Device),
		"verdict": string(f.Verdict), "state": string(f.State), "kind": string(f.Kind), "card_id": string(f.Card),
	} {
		if v != "" {
			q = q.Where("r.? = ?", bun.Ident(column), v)
		}
	}
	if !f.From.IsZero() {
		q = q.Where("r.sort_at >= ?", clock.Micros(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("r.sort_at < ?", clock.Micros(f.To))
	}
	if f.Flag != "" {
		q = q.Where("EXISTS (SELECT 1 FROM recording_flag AS g WHERE g.flag = ? AND g.recording_id = r.id)", f.Flag)
	}
	if inbox {
		q = q.Where("r.inbox = ?", record.InboxWaiting)
	}
	return search(q, f.Query)
}

func search(q *bun.SelectQuery, text string) *bun.SelectQuery {
	if strings.TrimSpace(text) == "" {
		return q
	}
	if record.IsPostgres(q.DB()) {
		if m := locale.MatchTSQuery(text); m != "" {
			return q.Where("r.search_vector @@ to_tsquery('simple', ?)", m)
		}
	} else if m := locale.MatchFTS5(text); m != "" {
		return q.Where("r.seq IN (SELECT rowid FROM recording_fts WHERE recording_fts MATCH ?)", m)
	}
	return q.Where("1 = 0") // a search that says nothing finds nothing
}

// selectPage reads one page, newest first, after a place.
func selectPage(ctx context.Context, idb bun.IDB, sc access.Scope, f Filter, inbox bool, after place, limit int) ([]record.Recording, error) {
	rows := []record.Recording{}
	q := narrow(idb.NewSelect().Model(&rows), sc, f, inbox).Limit(int64(limit))
	if f.Order == ByStart {
		q = q.OrderExpr("r.sort_at DESC, r.seq DESC")
		if after.seq > 0 {
			q = q.Where("(r.sort_at, r.seq) < (?, ?)", after.sort, after.seq)
		}
	} else {
		q = q.OrderExpr("r.seq DESC")
		if after.seq > 0 {
			q = q.Where("r.seq < ?", after.seq)
		}
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("recording: list: %w", err)
	}
	return rows, nil
}

// countUpTo counts the rows of a filter, at most one more than MaxCount.
func countUpTo(ctx context.Context, idb bun.IDB, sc access.Scope, f Filter, inbox bool) (int, error) {
	sub := narrow(idb.NewSelect().Model((*record.Recording)(nil)).ColumnExpr("1"), sc, f, inbox).Limit(MaxCount + 1)
	var n int
	if err := idb.NewSelect().TableExpr("(?) AS t", sub).ColumnExpr("COUNT(*)").Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("recording: count: %w", err)
	}
	return n, nil
}
