package db_test

import (
	"context"
	"testing"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
)

// BenchmarkCopy moves 200,000 rows of the log's tables, comparing them on the way.
func BenchmarkCopy(b *testing.B) {
	const rows = 200_000
	from := dbtest.SQLite(b)
	for _, q := range []string{
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		 INSERT INTO custody_entry (id, at, actor_kind, actor_id, actor_role, action, subject_kind, subject_id, related, article, requirement, outcome, detail,
			detail_digest, detail_parts, commitments, salts)
		 SELECT 'e' || i, i, 'dock', 'd', '', 'recording.seal', 'recording', 'r' || i, '', '19', 'R-19-1', 'done', '{"size":1}', hex(randomblob(32)),
			'size ' || hex(randomblob(48)), randomblob(384), randomblob(192) FROM n`,
		`INSERT INTO custody_leaf (idx, seq) SELECT seq - 1, seq FROM custody_entry WHERE seq <= ?`,
	} {
		if _, err := from.Writer.ExecContext(b.Context(), q, rows); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		b.StopTimer()
		to := dbtest.Postgres(b)
		b.StartTimer()
		if _, err := db.Copy(context.Background(), from, to, nothing); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(2*rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
