package casefile

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
)

// Handled gives, of the recordings, those that belong to a case which the person handles at now, with that case: it is open or
// suspended, and its link to the recording, or to another file of the same pressing, stands. Of several cases it is the one that
// was opened first.
func Handled(ctx context.Context, idb bun.IDB, person ident.PersonID, recs []ident.RecordingID, now time.Time) (map[ident.RecordingID]ident.CaseID, error) {
	out := map[ident.RecordingID]ident.CaseID{}
	if person == "" || len(recs) == 0 {
		return out, nil
	}
	whole := idb.NewSelect().TableExpr("recording AS r").ColumnExpr("r.id AS asked, CASE WHEN r.joined_into = '' THEN r.id ELSE r.joined_into END AS whole").
		Where("r.id IN (?)", bun.List(recs))
	part := idb.NewSelect().TableExpr("w").ColumnExpr("w.asked, w.whole AS id").
		UnionAll(idb.NewSelect().TableExpr("w").ColumnExpr("w.asked, p.id").Join("JOIN recording AS p ON p.joined_into = w.whole AND p.joined_into <> ''"))
	var rows []struct {
		Asked ident.RecordingID `bun:"asked"`
		Case  ident.CaseID      `bun:"case_id"`
	}
	at := clock.Micros(now)
	err := idb.NewSelect().With("w", whole).With("f", part).TableExpr("f").ColumnExpr("f.asked, c.id AS case_id").
		Join("JOIN case_link AS l ON l.recording_id = f.id AND l.struck = 0").
		Join("JOIN casefile AS c ON c.id = l.case_id AND c.state IN (?)", bun.List([]matter.State{matter.Open, matter.Suspended})).
		Join("JOIN case_handler AS h ON h.case_id = c.id AND h.person_id = ? AND h.from_at <= ? AND (h.until_at = 0 OR h.until_at > ?)", person, at, at).
		OrderExpr("c.opened_at DESC, c.id DESC").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("casefile: handled: %w", err)
	}
	for _, r := range rows { // the last one, which was opened first, stays
		out[r.Asked] = r.Case
	}
	return out, nil
}
