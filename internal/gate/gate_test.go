package gate_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
)

var (
	host    = access.HostActor("test")
	bureau  = access.Subject{Kind: "bureau", ID: "b1"}
	officer = access.Actor{Kind: access.Person, ID: "a1", Person: "p1", Roles: []access.Role{access.Officer}}
)

func insert(tx *gate.Tx, id string) error {
	_, err := tx.DB().NewRaw("INSERT INTO installation (id, bureau_name, origin, created_at) VALUES (?, 'b', 'o', 1)", id).Exec(tx.Context())
	return err
}

func count(t *testing.T, w *gatetest.World) int {
	t.Helper()
	n, err := w.DB.Reader.NewSelect().TableExpr("installation").Count(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// TestNoActWithoutATrace is promise 1: a change and its entry are committed together or not at all.
func TestNoActWithoutATrace(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		ctx := context.Background()
		err := w.Gate.Do(ctx, host, access.SystemInit, bureau, func(tx *gate.Tx) error { return insert(tx, "silent") })
		if !fault.HasCode(err, "gate.no_entry") || count(t, w) != 0 {
			t.Fatalf("a change without an entry: err %v, %d rows stayed", err, count(t, w))
		}
		boom := errors.New("boom")
		err = w.Gate.Do(ctx, host, access.SystemInit, bureau, func(tx *gate.Tx) error {
			if _, err := tx.Record(gate.Entry{}); err != nil {
				return err
			}
			return errors.Join(insert(tx, "failed"), boom)
		})
		if !errors.Is(err, boom) || count(t, w) != 0 || len(w.History(t, "bureau", "b1")) != 0 {
			t.Fatalf("a failed change left rows or entries behind: %v", err)
		}
		err = w.Gate.Do(ctx, host, access.SystemInit, bureau, func(tx *gate.Tx) error {
			_, err := tx.Record(gate.Entry{Detail: custody.Detail("n", 1)})
			return errors.Join(err, insert(tx, "good"))
		})
		if err != nil || count(t, w) != 1 {
			t.Fatalf("a good change: %v", err)
		}
		h := w.History(t, "bureau", "b1")
		if len(h) != 1 || h[0].Outcome != custody.Done || h[0].Requirement != "R-20-1" || h[0].Action != "system.init" {
			t.Fatalf("history %+v", h)
		}
	})
}

// TestRefusalsAreEntries: the change is not run, the refusal is written at once, repetitions become one entry a minute.
func TestRefusalsAreEntries(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		ctx := context.Background()
		s := access.Subject{Kind: "device", ID: string(ident.New[ident.DeviceID]()), Department: "d1"}
		try := func() {
			t.Helper()
			err := w.Gate.Do(ctx, officer, access.DeviceIssue, s, func(*gate.Tx) error { t.Fatal("ran"); return nil })
			if !fault.Is(err, fault.Forbidden) || fault.As(err).Article != "21" {
				t.Fatalf("want a refusal under article 21, got %v", err)
			}
		}
		for range 5 {
			try()
		}
		if h := w.History(t, "device", s.ID); len(h) != 1 || h[0].Outcome != custody.Refused {
			t.Fatalf("five refusals within a minute: %d entries", len(h))
		}
		w.Clock.Add(61 * time.Second)
		try()
		h := w.History(t, "device", s.ID)
		if len(h) != 2 || string(h[0].Detail) == "" {
			t.Fatalf("want a second entry after a minute, got %d", len(h))
		}
		try()
		if err := w.Gate.Flush(ctx, true); err != nil {
			t.Fatal(err)
		}
		if h := w.History(t, "device", s.ID); len(h) != 3 {
			t.Fatalf("the last repetition must be written at stop: %d entries", len(h))
		}
	})
}

func TestConcurrentChangesQueue(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				id := string(ident.New[ident.EntryID]())
				if err := w.Gate.Do(context.Background(), host, access.SystemInit, bureau, func(tx *gate.Tx) error {
					_, err := tx.Record(gate.Entry{})
					return errors.Join(err, insert(tx, id))
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, w); n != 20 {
			t.Fatalf("%d of 20 changes arrived", n)
		}
	})
}
