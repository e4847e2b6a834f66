package custody_test

import (
	"context"
	"testing"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
)

// The figures of decisions.md: at least 15,000 entries/s placed and signed on SQLite, 8,000 on PostgreSQL. "place" times the
// sequencer alone, "append" the writing of entries in transactions of 500, "both" the whole way.
func BenchmarkLog(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			const n = 20_000
			for _, what := range []string{"append", "place", "both"} {
				b.Run(what, func(b *testing.B) {
					for b.Loop() {
						b.StopTimer()
						w := newWorld(b, open(b))
						batches := make([][]custody.Entry, n/500)
						for i := range batches {
							for j := range 500 {
								batches[i] = append(batches[i], sample(i*500+j))
							}
						}
						if what != "place" {
							b.StartTimer()
						}
						for _, batch := range batches {
							write(b, w.d, batch...)
						}
						b.StopTimer()
						if what != "append" {
							b.StartTimer()
						}
						if _, err := w.seq.Sequence(context.Background()); err != nil {
							b.Fatal(err)
						}
						b.StartTimer()
					}
					b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
				})
			}
		})
	}
}
