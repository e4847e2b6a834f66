// Package gauges gives the figures of the house at /metrics, for those who run it. They are counts, sizes, ages and states:
// no name, no number of a person, a camera or a case, no file and no address of anybody is in them.
package gauges

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"zhilu.dev/zhilu/internal/backup"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/countersign"
	"zhilu.dev/zhilu/internal/custody/stamp"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// Certificate is one that somebody has to look after.
type Certificate struct {
	Name string // "server" or "ca"
	Ends time.Time
}

// Sources is where the figures come from.
type Sources struct {
	DB           *db.DB
	Jobs         *job.Queue
	Vault        vault.Vault
	Clock        clock.Clock
	Signing      func() bool  // this server signs the log
	Refusal      func() error // why the log must not be signed
	Unlocked     func() bool  // a bucket did not stand the trial of its lock
	Certificates func() []Certificate
	Bytes        func() int64 // of evidence that arrived since the start
	More         []prometheus.Collector
}

// wait is how long the figures may take. What is not known by then is left out.
const wait = 2 * time.Second

// New registers everything.
func New(s Sources, web *Web) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewDBStatsCollector(s.DB.Reader.DB, "reader"), collectors.NewDBStatsCollector(s.DB.Writer.DB, "writer"))
	reg.MustRegister(web.all()...)
	reg.MustRegister(s.More...)
	commits := prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "zhilu", Name: "commit_seconds", Help: "From the beginning of a change to its durable commit.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	})
	s.DB.Committed = func(took time.Duration) { commits.Observe(took.Seconds()) }
	reg.MustRegister(commits, prometheus.NewCounterFunc(prometheus.CounterOpts{
		Namespace: "zhilu", Name: "intake_bytes_total", Help: "Bytes of evidence that arrived.",
	}, func() float64 { return float64(s.Bytes()) }))
	reg.MustRegister(collector{s})
	return reg
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("zhilu_"+name, help, labels, nil)
}

var (
	vaultFree     = desc("vault_free_bytes", "Room that uploads may still take.")
	vaultReserve  = desc("vault_reserve_bytes", "Room that is kept free for what is half written and for the log.")
	vaultTotal    = desc("vault_total_bytes", "Size of the evidence disk; absent where there is none.")
	vaultReadOnly = desc("vault_read_only", "1 after a failed fsync.")
	vaultUnlocked = desc("vault_unlocked", "1 after a bucket did not stand the daily trial of its lock.")
	dbReadOnly    = desc("db_read_only", "1 after a failed fsync.")
	logSigning    = desc("log_signing", "1 on the server that signs the log.")
	logRefusing   = desc("log_refusing", "1 while the log must not be signed.")
	logSize       = desc("log_size", "Entries in the latest signed head of the log.")
	logAge        = desc("log_head_age_seconds", "Since the latest head was signed.")
	logPending    = desc("log_pending", "Entries that wait for their place.")
	jobsWaiting   = desc("jobs_waiting", "Jobs to be done now, or to be tried again.", "kind")
	jobsRunning   = desc("jobs_running", "Jobs under way.", "kind")
	jobsGivenUp   = desc("jobs_given_up", "Jobs that failed for good in the last seven days.", "kind")
	jobsOldest    = desc("jobs_oldest_age_seconds", "Since the oldest job that could run began to wait.", "kind")
	backupAge     = desc("backup_age_seconds", "Since the last good backup ended; absent before the first.")
	drillAge      = desc("drill_age_seconds", "Since a backup was last restored to try it; absent before the first.")
	stampAge      = desc("stamp_age_seconds", "Since the log was last stamped by an authority; absent before the first.")
	witnessSize   = desc("witness_size", "Entries in the last head that a witness signed.", "witness")
	witnessWrong  = desc("witness_problem", "1 while a witness does not sign, by what it is.", "witness", "problem")
	certAge       = desc("certificate_left_seconds", "Until a certificate ends.", "certificate")
	clockSteps    = desc("clock_steps_30d", "Jumps of this house's own clock in thirty days.")
	storedFiles   = desc("stored_files_24h", "Files of evidence stored in twenty-four hours.")
	storedBytes   = desc("stored_bytes_24h", "Their bytes.")
)

type collector struct{ Sources }

// Describe says nothing beforehand: what is not known is left out.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect asks the house.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	give := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	now := c.Clock.Now()
	age := func(d *prometheus.Desc, at time.Time) {
		if !at.IsZero() {
			give(d, now.Sub(at).Seconds())
		}
	}
	give(vaultReadOnly, truth(c.Vault.ReadOnly() != nil))
	give(vaultUnlocked, truth(c.Unlocked()))
	give(dbReadOnly, truth(c.DB.ReadOnly() != nil))
	give(logSigning, truth(c.Signing()))
	give(logRefusing, truth(c.Refusal() != nil))
	if s, err := c.Vault.Free(ctx); err == nil {
		give(vaultFree, float64(s.Usable()))
		give(vaultReserve, float64(s.Reserve))
		if s.Total > 0 {
			give(vaultTotal, float64(s.Total))
		}
	}
	for _, x := range c.Certificates() {
		give(certAge, x.Ends.Sub(now).Seconds(), x.Name)
	}
	idb := c.DB.Reader
	if last, err := custody.Latest(ctx, idb); err == nil {
		give(logSize, float64(last.Size))
		age(logAge, last.At)
	}
	if n, err := custody.Pending(ctx, idb); err == nil {
		give(logPending, float64(n))
	}
	if list, err := c.Jobs.Depths(ctx); err == nil {
		for _, d := range list {
			give(jobsWaiting, float64(d.Waiting), d.Kind)
			give(jobsRunning, float64(d.Running), d.Kind)
			give(jobsGivenUp, float64(d.GivenUp), d.Kind)
			if !d.Oldest.IsZero() {
				give(jobsOldest, now.Sub(d.Oldest).Seconds(), d.Kind)
			}
		}
	}
	if made, drilled, err := backup.Last(ctx, idb); err == nil {
		if made != nil {
			age(backupAge, made.Ended)
		}
		if drilled != nil {
			age(drillAge, drilled.Ended)
		}
	}
	if last, err := stamp.Newest(ctx, idb); err == nil && last != nil {
		age(stampAge, last.At)
	}
	if list, err := countersign.States(ctx, idb); err == nil {
		for _, w := range list {
			give(witnessSize, float64(w.Size), w.Name)
			if w.Problem != "" {
				give(witnessWrong, 1, w.Name, w.Problem)
			}
		}
	}
	if n, _, err := record.Steps(ctx, idb, clock.Micros(now.AddDate(0, 0, -30))); err == nil {
		give(clockSteps, float64(n))
	}
	if files, bytes, _, err := record.Taken(ctx, idb, clock.Micros(now.Add(-24*time.Hour))); err == nil {
		give(storedFiles, float64(files))
		give(storedBytes, float64(bytes))
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
