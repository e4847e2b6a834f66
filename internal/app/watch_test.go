package app

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/ui"
)

// TestLogWatch is T9: the foot of a page says how many entries there are, up to which they were checked, and never more
// than was checked.
func TestLogWatch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := words.For(locale.Chinese)
	d, dir, now := dbtest.SQLite(t), t.TempDir(), clock.NewManual(time.Date(2026, 11, 2, 1, 30, 0, 0, time.UTC))
	keys, err := keyring.Generate(durable.OS(), dir, "log.example.gov.cn/zhilu")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	seq, err := custody.NewSequencer(ctx, custody.Config{DB: d, Keys: keys, Clock: now, Log: log, Bureau: "示例局", Holder: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = seq.Close() })
	add := func(n int) {
		t.Helper()
		for range n {
			err := d.Write(ctx, func(tx bun.Tx) error {
				return custody.Append(ctx, tx, custody.Entry{
					ID: ident.New[ident.EntryID](), At: now.Now(), Actor: custody.Actor{Kind: custody.System, ID: "test"}, Action: "recording.seal",
					Subject: custody.Subject{Kind: "file", ID: "f1"}, Article: "19", Requirement: "R-19-1", Outcome: custody.Done, Detail: custody.Detail("size", 1),
				})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := seq.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
	}
	w := &logWatch{h: &House{DB: d, Keys: keys, Clock: now, Log: log}}
	want := func(what string, s ui.LogState) {
		t.Helper()
		if got := w.state(p); got != s {
			t.Errorf("%s: %+v, want %+v", what, got, s)
		}
	}
	add(3) // and two of the keys
	want("before anything", ui.LogState{})
	w.follow(ctx)
	want("counted, not checked", ui.LogState{Size: 5})
	w.audit(ctx)
	want("checked", ui.LogState{State: "sound", Size: 5, Checked: 5, At: p.Clock(now.Now())})
	before := w.report
	now.Add(time.Minute)
	add(300) // a docking
	w.follow(ctx)
	want("after a docking", ui.LogState{State: "sound", Size: 305, Checked: 305, At: p.Clock(now.Now())})

	// An audit of everything that began before the docking ends after it was followed: it takes nothing back.
	w.take(ctx, before, nil)
	want("an older audit", ui.LogState{State: "sound", Size: 305, Checked: 305, At: p.Clock(now.Now())})

	// What could not be looked at is not said to be checked.
	add(2)
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	w.mu.Lock()
	w.size = 307
	w.mu.Unlock()
	w.follow(stopped)
	want("not checked to the end", ui.LogState{State: "sound", Size: 307, Checked: 305, At: p.Clock(now.Now())})

	for _, sql := range []string{"DROP TRIGGER custody_checkpoint_fixed", "UPDATE custody_checkpoint SET root = 'AAAA' WHERE size = 307"} {
		if _, err := d.Writer.ExecContext(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	w.follow(ctx)
	if s := w.state(p); s.State != "broken" {
		t.Errorf("a forged root is %+v", s)
	}
	add1 := w.state(p)
	w.follow(ctx)
	want("found wrong once, wrong until an audit of everything says otherwise", add1)

	var b strings.Builder
	if err := ui.LogHead(p, ui.LogState{State: "sound", Size: 307, Checked: 305, At: "09:30"}).Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "共 307 条，09:30 核对到第 305 条") {
		t.Errorf("the page says %s", b.String())
	}
}
