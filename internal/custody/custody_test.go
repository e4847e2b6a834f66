package custody_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/audit"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/ident"
)

var start = time.Date(2026, 11, 2, 1, 30, 0, 0, time.UTC)

// sample makes a well-formed entry; n makes it differ from others.
func sample(n int) custody.Entry {
	return custody.Entry{
		ID:          ident.New[ident.EntryID](),
		At:          start.Add(time.Duration(n) * time.Second),
		Actor:       custody.Actor{Kind: custody.Person, ID: "0199aaaa-0000-7000-8000-000000000001", Role: "custodian"},
		Action:      "recording.seal",
		Subject:     custody.Subject{Kind: "recording", ID: fmt.Sprintf("rec-%d", n)},
		Related:     []custody.Subject{{Kind: "device", ID: "cam-1"}},
		Article:     "19",
		Requirement: "R-19-1",
		Outcome:     custody.Done,
		Detail:      custody.Detail("size", 1000+n, "sha256", fmt.Sprintf("%064x", n), "name", "现场·一.mp4"),
	}
}

// write appends entries in one transaction, as the gate does.
func write(t testing.TB, d *db.DB, entries ...custody.Entry) {
	t.Helper()
	err := d.Write(context.Background(), func(tx bun.Tx) error {
		return custody.Append(context.Background(), tx, entries...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

const origin = "log.example.gov.cn/zhilu"

// world is a log of its own: database, keys, clock, sequencer.
type world struct {
	d     *db.DB
	dir   string
	keys  *keyring.Keyring
	clock *clock.Manual
	seq   *custody.Sequencer
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{d: d, dir: t.TempDir(), clock: clock.NewManual(start)}
	var err error
	if w.keys, err = keyring.Generate(durable.OS(), w.dir, origin); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	return w
}

func (w *world) config() custody.Config {
	return custody.Config{
		DB: w.d, Keys: w.keys, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Bureau: "示例县应急管理局",
		Holder: "test", TrustFile: filepath.Join(w.dir, "trust.json"),
	}
}

func (w *world) open(t testing.TB) {
	t.Helper()
	var err error
	if w.seq, err = custody.NewSequencer(context.Background(), w.config()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.seq.Close(); err != nil {
			t.Error(err)
		}
	})
}

func (w *world) sequence(t testing.TB) int {
	t.Helper()
	n, err := w.seq.Sequence(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// audit gives what an audit of the whole log finds.
func (w *world) audit(t testing.TB) []audit.Finding {
	t.Helper()
	r, err := audit.Run(context.Background(), w.d, w.keys)
	if err != nil {
		t.Fatal(err)
	}
	return r.Findings
}

// reopen is a restart of the program.
func (w *world) reopen(t testing.TB) {
	t.Helper()
	if err := w.seq.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.keys, err = keyring.Load(durable.OS(), w.dir); err != nil {
		t.Fatal(err)
	}
	w.open(t)
}
