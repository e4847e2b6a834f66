package custody_test

import (
	"context"
	"testing"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db/dbtest"
)

// Decision 9: a transaction that inserted early and commits late is never skipped. Entries behind it wait.
func TestLateCommittersAreNotSkipped(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := dbtest.Postgres(t)
	w := newWorld(t, d)
	w.sequence(t)

	held, err := d.Writer.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, second := sample(1), sample(2)
	if err := custody.Append(ctx, held, first); err != nil {
		t.Fatal(err)
	}
	write(t, d, second) // inserted later, committed first
	for range 3 {
		if n := w.sequence(t); n != 0 {
			t.Fatalf("%d entries were placed before an older transaction ended", n)
		}
	}
	if n, err := custody.Pending(ctx, d.Reader); n != 1 || err != nil {
		t.Fatalf("%d pending, %v", n, err)
	}
	if err := held.Commit(); err != nil {
		t.Fatal(err)
	}
	if n := w.sequence(t); n != 2 {
		t.Fatalf("%d placed", n)
	}
	got, err := custody.Range(ctx, d.Reader, 2, 4)
	if err != nil || got[0].ID != first.ID || got[1].ID != second.ID {
		t.Fatalf("wrong order: %+v, %v", got, err)
	}

	// One that rolls back holds nothing up for longer, and leaves nothing.
	held, err = d.Writer.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := custody.Append(ctx, held, sample(3)); err != nil {
		t.Fatal(err)
	}
	write(t, d, sample(4))
	if n := w.sequence(t); n != 0 {
		t.Fatalf("%d placed", n)
	}
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	if n := w.sequence(t); n != 1 {
		t.Fatalf("%d placed", n)
	}
	if r := w.audit(t); len(r) != 0 {
		t.Fatalf("%+v", r)
	}
}

// A long transaction of another database on the same server holds nothing up.
func TestOtherDatabasesHoldNothingUp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d, other := dbtest.Postgres(t), dbtest.Postgres(t)
	w := newWorld(t, d)
	w.sequence(t)
	held, err := other.Writer.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback() }()
	if err := custody.Append(ctx, held, sample(1)); err != nil {
		t.Fatal(err)
	}
	write(t, d, sample(2))
	if n := w.sequence(t); n != 1 {
		t.Fatalf("%d placed", n)
	}
}

// Rows that came with a dump from another server bear that server's transaction numbers.
func TestRestoredDumpIsPlaced(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := dbtest.Postgres(t)
	w := newWorld(t, d)
	w.sequence(t)
	disarmed := "ALTER TABLE custody_pending DISABLE TRIGGER USER"
	if _, err := d.Writer.ExecContext(ctx, disarmed); err != nil {
		t.Fatal(err)
	}
	write(t, d, sample(1))
	if _, err := d.Writer.ExecContext(ctx, "UPDATE custody_pending SET xid = xid + 1000000000"); err != nil {
		t.Fatal(err)
	}
	if n := w.sequence(t); n != 1 {
		t.Fatalf("%d placed", n)
	}
}
