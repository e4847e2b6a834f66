package regulation_test

import (
	"context"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/regulation"
)

// TestAdoption: R-27-1. The first adoption is an entry, versions follow in order, each day keeps its version, and only
// a leader adopts.
func TestAdoption(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		ctx := context.Background()
		s := regulation.New(w.Gate, w.DB)
		leader := access.Actor{Kind: access.Person, ID: "a", Person: "p", Roles: []access.Role{access.Leader}}
		if _, err := s.Current(ctx); !fault.HasCode(err, "setting.none") {
			t.Fatalf("before adoption: %v", err)
		}
		set := regulation.Defaults()
		if _, err := s.Adopt(ctx, leader, set); !fault.Is(err, fault.Invalid) || fault.As(err).Field != "issued_on" {
			t.Fatalf("settings without a date of issue: %v", err)
		}
		set.IssuedOn = "2026-03-01"
		custodian := leader
		custodian.Roles = []access.Role{access.Custodian}
		if _, err := s.Adopt(ctx, custodian, set); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("a custodian adopted settings: %v", err)
		}
		first, err := s.Adopt(ctx, leader, set)
		if err != nil || first.Number != 1 {
			t.Fatalf("first: %+v %v", first, err)
		}
		if _, err := s.Adopt(ctx, leader, set); !fault.HasCode(err, "setting.unchanged") {
			t.Fatalf("the same again: %v", err)
		}
		w.Clock.Add(24 * time.Hour)
		set.PlaybackPercent = 20
		if v, err := s.Adopt(ctx, leader, set); err != nil || v.Number != 2 {
			t.Fatalf("second: %+v %v", v, err)
		}
		if v, err := s.On(ctx, gatetest.Start.Add(time.Hour)); err != nil || v.Number != 1 {
			t.Fatalf("the first day's version: %+v %v", v, err)
		}
		if h, err := s.History(ctx); err != nil || len(h) != 2 || h[0].Number != 2 {
			t.Fatalf("history: %+v %v", h, err)
		}
		if h := w.History(t, "setting", "regulation"); len(h) != 3 { // two adoptions and a refusal
			t.Fatalf("%d entries", len(h))
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := regulation.Defaults()
	good.IssuedOn = "2026-03-01"
	for name, c := range map[string]struct {
		edit  func(*regulation.Settings)
		field string
	}{
		"good":                         {func(*regulation.Settings) {}, ""},
		"a date that is none":          {func(s *regulation.Settings) { s.IssuedOn = "2026-02-30" }, "issued_on"},
		"R-24-4 long-term is 30 years": {func(s *regulation.Settings) { s.DiscRetentionYears = 10 }, "disc_retention_years"},
		"R-24-4 a disc alone":          {func(s *regulation.Settings) { s.DiscOnlineCopies = 0 }, "disc_online_copies"},
		"R-13-2a tolerance":            {func(s *regulation.Settings) { s.JoinToleranceSeconds = 60 }, "join_tolerance_seconds"},
		"R-20-2 nobody approves":       {func(s *regulation.Settings) { s.DisclosureBy = nil }, "disclosure_by"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := good
			c.edit(&s)
			err := s.Check()
			if (err == nil) != (c.field == "") || err != nil && fault.As(err).Field != c.field {
				t.Fatalf("got %v, want a fault at %q", err, c.field)
			}
		})
	}
}
