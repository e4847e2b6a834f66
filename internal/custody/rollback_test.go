package custody_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
)

var person = custody.Actor{Kind: custody.Person, ID: "0199aaaa-0000-7000-8000-000000000009", Role: "system_admin"}

// putBack is a world whose database is older than what was published: w grew to 52 entries, the database has 12.
func putBack(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, dbtest.SQLite(t))
	var batch []custody.Entry
	for i := range 10 {
		batch = append(batch, sample(i))
	}
	write(t, w.d, batch...)
	w.sequence(t)
	// The backup is a database file as VACUUM INTO writes it.
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := w.d.Writer.ExecContext(context.Background(), "VACUUM INTO ?", backup); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		write(t, w.d, sample(100+i))
	}
	w.sequence(t)
	if err := w.seq.Close(); err != nil {
		t.Fatal(err)
	}
	old, err := db.Open(context.Background(), db.Config{URL: "sqlite:" + backup})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = old.Close() })
	w.d = old
	w.open(t)
	return w
}

// T10: after an older backup was restored nothing is signed until a named person declares a new epoch, which the log
// then states for ever. Deeds go on meanwhile.
func TestRollbackIsRefusedUntilDeclared(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := putBack(t)
	for range 2 {
		write(t, w.d, sample(200))
		if _, err := w.seq.Sequence(ctx); !fault.HasCode(err, "log.behind") {
			t.Fatalf("a database that was put back is signed: %v", err)
		}
	}
	if !fault.HasCode(w.seq.Refusal(), "log.behind") {
		t.Fatalf("the refusal is not reported: %v", w.seq.Refusal())
	}
	if r := w.audit(t); len(r) == 0 {
		t.Fatal("the audit does not see it")
	}
	if err := w.seq.NewEpoch(ctx, custody.Actor{Kind: custody.System, ID: "x"}, "x"); !fault.Is(err, fault.Invalid) {
		t.Fatalf("a program may declare an epoch: %v", err)
	}
	if err := w.seq.NewEpoch(ctx, person, "硬盘损坏，恢复十月备份"); err != nil {
		t.Fatal(err)
	}
	if n, err := w.seq.Sequence(ctx); err != nil || n != 0 {
		t.Fatalf("%d, %v", n, err)
	}
	said, err := custody.List(ctx, w.d.Reader, custody.Filter{Action: custody.ActionNewEpoch})
	if err != nil || len(said) != 1 || said[0].Index < 0 || said[0].Actor != person {
		t.Fatalf("the log does not say it: %+v, %v", said, err)
	}
	trust, err := custody.ReadTrust(ctx, w.d.Reader, origin, "")
	if err != nil || len(trust.Epochs) != 1 || trust.Epochs[0].From != 12 || trust.Epochs[0].LostSize != 52 {
		t.Fatalf("trust.json does not say it: %+v, %v", trust, err)
	}
	if r := w.audit(t); len(r) != 0 {
		t.Fatalf("%+v", r)
	}
	if err := w.seq.NewEpoch(ctx, person, "again"); !fault.HasCode(err, "log.not_behind") {
		t.Fatalf("an epoch without need: %v", err)
	}
}

// A history of the same length or longer, but another one, is no better.
func TestForkIsRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := putBack(t)
	if err := w.seq.Close(); err != nil {
		t.Fatal(err)
	}
	// Somebody signs on with copied keys and a forged head, past what was published.
	real := w.dir
	w.dir = t.TempDir()
	for _, f := range []string{"log.key", "receipt.key"} {
		copyFile(t, filepath.Join(real, f), filepath.Join(w.dir, f))
	}
	c, err := custody.Latest(ctx, w.d.Reader)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := keyring.Load(durable.OS(), w.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := forged.Publish(keyring.Head{Epoch: 1, Size: c.Size, Root: c.Root, Note: c.Note}); err != nil {
		t.Fatal(err)
	}
	good := w.keys
	w.keys = forged
	w.open(t)
	for i := range 60 {
		write(t, w.d, sample(500+i))
	}
	w.sequence(t)
	if err := w.seq.Close(); err != nil {
		t.Fatal(err)
	}
	w.keys, w.dir = good, real
	w.open(t)
	write(t, w.d, sample(1))
	if _, err := w.seq.Sequence(ctx); !fault.HasCode(err, "log.forked") {
		t.Fatalf("another history is signed: %v", err)
	}
}

func TestMissingHeadIsRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, dbtest.SQLite(t))
	w.sequence(t)
	if err := os.Remove(filepath.Join(w.dir, "log.head")); err != nil {
		t.Fatal(err)
	}
	write(t, w.d, sample(1))
	if _, err := w.seq.Sequence(ctx); !fault.HasCode(err, "log.head_missing") {
		t.Fatalf("signed without knowing what was published: %v", err)
	}
	if err := w.seq.NewEpoch(ctx, person, "密钥目录丢失"); err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
}

// T11: a second signer is refused; one that took over with another keys folder fences the first off.
func TestOneSignerAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d)
		w.sequence(t)
		if _, err := custody.NewSequencer(ctx, w.config()); !fault.HasCode(err, "log.locked") {
			t.Fatalf("two signers on one keys folder: %v", err)
		}
		second := &world{d: d, dir: t.TempDir(), clock: clock.NewManual(start)}
		for _, f := range []string{"log.key", "receipt.key", "log.head"} {
			copyFile(t, filepath.Join(w.dir, f), filepath.Join(second.dir, f))
		}
		var err error
		if second.keys, err = keyring.Load(durable.OS(), second.dir); err != nil {
			t.Fatal(err)
		}
		if d.Engine == db.Postgres {
			if _, err := custody.NewSequencer(ctx, second.config()); !fault.HasCode(err, "log.locked") {
				t.Fatalf("two signers on one database: %v", err)
			}
			return
		}
		second.open(t)
		write(t, d, sample(1))
		second.sequence(t)
		write(t, d, sample(2))
		if _, err := w.seq.Sequence(ctx); !fault.HasCode(err, "log.fenced") {
			t.Fatalf("the first signer is not fenced off: %v", err)
		}
		second.sequence(t)
	})
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Every step of publishing may fail although it took effect; afterwards the log goes on and agrees with itself.
func TestCrashBetweenDatabaseAndHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.SQLite(t))
	w.sequence(t)
	head := filepath.Join(w.dir, "log.head")
	before := filepath.Join(t.TempDir(), "head")
	copyFile(t, head, before)
	write(t, w.d, sample(1))
	w.sequence(t)
	copyFile(t, before, head) // the database committed, the head was not written
	if n := w.sequence(t); n != 0 {
		t.Fatal(n)
	}
	write(t, w.d, sample(2))
	w.sequence(t)
	if r := w.audit(t); len(r) != 0 {
		t.Fatalf("%+v", r)
	}
	h, err := w.keys.Published()
	if err != nil || h.Size != 4 {
		t.Fatalf("%+v %v", h, err)
	}
}
