package gauges_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/app/gauges"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

type work struct{}

func (work) Kind() string { return "work" }

func TestFigures(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		ctx := context.Background()
		q, err := job.New(job.Config{DB: w.DB, Log: w.Log})
		must(err)
		ring, err := vault.NewRing(vault.NewKey())
		must(err)
		v, err := localdir.New(ctx, localdir.Config{Dir: filepath.Join(t.TempDir(), "v"), Keys: ring, Node: "n", Reserve: -1, Clock: w.Clock, Log: slog.New(slog.DiscardHandler)})
		must(err)
		t.Cleanup(func() { _ = v.Close() })
		web := gauges.NewWeb()
		reg := gauges.New(gauges.Sources{
			DB: w.DB, Jobs: q, Vault: v, Clock: w.Clock, Signing: func() bool { return true }, Refusal: func() error { return errors.New("behind") },
			Unlocked: func() bool { return false }, Bytes: func() int64 { return 12345 },
			Certificates: func() []gauges.Certificate {
				return []gauges.Certificate{{Name: "ca", Ends: w.Clock.Now().Add(48 * time.Hour)}}
			},
		}, web)
		must(w.DB.Write(ctx, func(tx bun.Tx) error { return q.Enqueue(ctx, tx, work{}, work{}) }))
		answers := web.Count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPatch:
				w.Header().Set("Zhilu-Status", "sealed")
				w.WriteHeader(http.StatusNoContent)
			case r.URL.Path == "/upload":
				w.WriteHeader(http.StatusInsufficientStorage)
			}
		}))
		for _, r := range []*http.Request{
			httptest.NewRequest(http.MethodPatch, "/upload/0199", nil), httptest.NewRequest(http.MethodPost, "/upload", nil),
			httptest.NewRequest("MAIMAITI", "/people/张三?q=李四", nil),
		} {
			answers.ServeHTTP(httptest.NewRecorder(), r)
		}
		rec := httptest.NewRecorder()
		promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		said := rec.Body.String()
		for _, want := range []string{
			`zhilu_jobs_waiting{kind="work"} 2`, `zhilu_jobs_running{kind="work"} 0`, `zhilu_jobs_oldest_age_seconds{kind="work"}`, "zhilu_log_refusing 1", "zhilu_log_signing 1", "zhilu_log_pending 0",
			`zhilu_certificate_left_seconds{certificate="ca"} 172800`, "zhilu_intake_bytes_total 12345", "zhilu_commit_seconds_count 1",
			`zhilu_intake_files_total{outcome="sealed"} 1`, `zhilu_intake_files_total{outcome="refused"} 1`,
			`zhilu_http_requests_total{area="page",method="other",status="200"} 1`, `zhilu_http_requests_under_way{area="upload"} 0`, "zhilu_vault_free_bytes",
			"zhilu_clock_steps_30d 0", "zhilu_stored_files_24h 0", "go_goroutines", `go_sql_open_connections{db_name="writer"}`,
		} {
			if !strings.Contains(said, want) {
				t.Errorf("no %s", want)
			}
		}
		for _, not := range []string{"MAIMAITI", "张三", "李四", "0199", "zhilu_backup_age_seconds "} {
			if strings.Contains(said, not) {
				t.Errorf("it says %s", not)
			}
		}
		if t.Failed() {
			t.Log(said)
		}
	})
}
