package custody_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
)

// The figures of decisions.md: at least 15,000 entries/s placed and signed on SQLite, 8,000 on PostgreSQL. "place" times the
// sequencer alone, "append" the writing of entries in transactions of 500, "both" the whole way. The peer is what most
// systems keep: a table of audit lines, written in the same transactions to the same database, without hashes, places,
// proofs or signatures; "both" reports how much of its speed is left.
func BenchmarkLog(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			const n = 20_000
			plain := writePlain(b, open(b), n)
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
					rate := float64(n) * float64(b.N) / b.Elapsed().Seconds()
					b.ReportMetric(rate, "entries/s")
					if what == "both" {
						b.ReportMetric(plain, "lines/s-plain")
						b.ReportMetric(rate/plain, "ratio-to-plain")
					}
				})
			}
		})
	}
}

// writePlain gives the lines a second of a plain audit table.
func writePlain(b *testing.B, d *db.DB, n int) float64 {
	b.Helper()
	ctx := context.Background()
	const table = `CREATE TABLE plain_audit (id TEXT PRIMARY KEY, at BIGINT, actor_kind TEXT, actor_id TEXT, role TEXT, action TEXT,
		subject_kind TEXT, subject_id TEXT, article TEXT, requirement TEXT, outcome TEXT, detail TEXT)`
	if _, err := d.Writer.ExecContext(ctx, table); err != nil {
		b.Fatal(err)
	}
	const insert = `INSERT INTO plain_audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	began := time.Now()
	for i := range n / 500 {
		err := d.Write(ctx, func(tx bun.Tx) error {
			for j := range 500 {
				e := sample(i*500 + j)
				detail := fmt.Sprintf("%v", e.Detail)
				if _, err := tx.ExecContext(ctx, insert, string(e.ID), e.At.UnixMicro(), string(e.Actor.Kind), e.Actor.ID, e.Actor.Role, e.Action,
					e.Subject.Kind, e.Subject.ID, e.Article, e.Requirement, string(e.Outcome), detail); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(began).Seconds()
}

// BenchmarkProof asks for 2,000 proofs of entries drawn by chance from a log of 1,000,000 (ZHILU_BENCH_ENTRIES): at most 2 ms
// each (issue 4, "Speed"). The peer is x/mod's tlog.ProveRecord over all hashes in memory, which is as fast as a proof can
// be had and has neither database nor checkpoint.
func BenchmarkProof(b *testing.B) {
	entries := 1_000_000
	if s := os.Getenv("ZHILU_BENCH_ENTRIES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		entries = n
	}
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, open(b))
			for i := range entries / 500 {
				batch := make([]custody.Entry, 500)
				for j := range batch {
					batch[j] = sample(i*500 + j)
				}
				write(b, w.d, batch...)
				if i%100 == 99 {
					w.sequence(b)
				}
			}
			w.sequence(b)
			last, err := custody.Latest(b.Context(), w.d.Reader)
			if err != nil || last.Size < int64(entries) { // the log's own first entries come on top
				b.Fatalf("%v, %v", last, err)
			}
			size := last.Size
			memory := hashes(b, size)
			var ours, peers []time.Duration
			for b.Loop() {
				for range 2000 {
					at := rand.Int64N(size)
					began := time.Now()
					p, err := custody.ProveInclusion(b.Context(), w.d.Reader, at)
					ours = append(ours, time.Since(began))
					if err != nil {
						b.Fatal(err)
					}
					began = time.Now()
					want, err := tlog.ProveRecord(size, at, memory)
					peers = append(peers, time.Since(began))
					if err != nil || len(want) != len(p.Hashes) {
						b.Fatal(err, len(want), len(p.Hashes))
					}
				}
			}
			slices.Sort(ours)
			slices.Sort(peers)
			p50, p99 := ours[len(ours)/2], ours[len(ours)*99/100]
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(p50.Microseconds()), "µs-p50")
			b.ReportMetric(float64(p99.Microseconds()), "µs-p99")
			b.ReportMetric(float64(p50)/float64(peers[len(peers)/2]), "ratio-to-memory")
		})
	}
}

// hashes is a tree of that many leaves in memory; what the leaves are does not matter to the time.
func hashes(b *testing.B, size int64) tlog.HashReaderFunc {
	b.Helper()
	var all []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			out[i] = all[at]
		}
		return out, nil
	})
	for i := range size {
		stored, err := tlog.StoredHashes(i, []byte(strconv.FormatInt(i, 10)), read)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, stored...)
	}
	return read
}
