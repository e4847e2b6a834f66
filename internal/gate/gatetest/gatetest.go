// Package gatetest gives a test its own world: a database, a clock that stands still, and a gate over both.
package gatetest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/job"
)

// World is what a service under test stands on.
type World struct {
	DB     *db.DB
	Gate   *gate.Gate
	Access *access.Authorizer
	Clock  *clock.Manual
	Log    *slog.Logger
}

// Start is the moment every world begins at: 2026-11-24 09:00 in Shanghai.
var Start = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

// New makes a world over d. Jobs are enqueued and never run.
func New(t testing.TB, d *db.DB) *World {
	t.Helper()
	w := &World{DB: d, Clock: clock.NewManual(Start), Log: slog.New(slog.DiscardHandler)}
	var err error
	if w.Access, err = access.Load(); err != nil {
		t.Fatal(err)
	}
	q, err := job.New(job.Config{DB: d, Log: w.Log})
	if err != nil {
		t.Fatal(err)
	}
	w.Gate, err = gate.New(gate.Config{DB: d, Access: w.Access, Jobs: q, Clock: w.Clock, Log: w.Log})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Each runs the test in a world of its own on SQLite and on PostgreSQL.
func Each(t *testing.T, run func(t *testing.T, w *World)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { run(t, New(t, d)) })
}

// History gives the custody entries about a subject, newest first.
func (w *World) History(t testing.TB, kind, id string) []custody.Record {
	t.Helper()
	list, err := custody.List(context.Background(), w.DB.Reader, custody.Filter{Subject: custody.Subject{Kind: kind, ID: id}, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
