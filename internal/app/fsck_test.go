package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/recording"
)

// runs gives the details of the entries fsck.run, oldest first.
func runs(t *testing.T, h *app.House) []map[string]any {
	t.Helper()
	list, err := custody.List(t.Context(), h.DB.Reader, custody.Filter{Action: string(access.FsckRun)})
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, e := range list {
		var m map[string]any
		if err := json.Unmarshal(e.Detail, &m); err != nil || e.Actor.Kind != custody.Host || e.Outcome != custody.Done {
			t.Errorf("%+v %v", e, err)
		}
		out = append([]map[string]any{m}, out...)
	}
	return out
}

// Promise 1, decision 15: a check of the house is an entry with its figures, and adopts what a crash left sealed; with
// ReadOnly it does neither.
func TestFsck(t *testing.T) {
	t.Parallel()
	ctx, dir, log := context.Background(), t.TempDir(), slog.New(slog.DiscardHandler)
	place := config.Place{Data: filepath.Join(dir, "data"), Keys: filepath.Join(dir, "keys")}
	now := clock.NewManual(time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC))
	if _, err := app.Init(ctx, app.InitConfig{Place: place, Bureau: "示例局", Clock: now, Log: log, Hash: account.HashParams{Passes: 1, Memory: 64, Threads: 1}}); err != nil {
		t.Fatal(err)
	}
	open := func() *app.House {
		h, err := app.Open(ctx, app.OpenConfig{Place: place, Clock: now, Log: log, WithVault: true})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	check := func(c app.FsckConfig) *fsck.Report {
		c.Place, c.Clock, c.Log = place, now, log
		rep, err := app.Fsck(ctx, c)
		if err != nil || !rep.OK() || (rep.Entry == "") != c.ReadOnly {
			t.Fatalf("%+v %v", rep, err)
		}
		return rep
	}
	h := open()
	dock := access.Actor{Kind: access.Token, ID: "dock-1", TokenScope: access.ScopeDock}
	id, err := h.Recordings.Begin(ctx, dock, recording.Intent{Name: "a.mp4", Size: 6})
	if err != nil {
		t.Fatal(err)
	}
	stage, err := h.Vault.Resume(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = stage.Append(ctx, bytes.NewReader([]byte("sealed")), nil)
	if err == nil {
		_, _, err = stage.Seal(ctx, nil, nil) // and here the power goes
	}
	if err = errors.Join(err, h.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		config         app.FsckConfig
		waiting, files int
	}{
		{app.FsckConfig{ReadOnly: true}, 1, 0}, {app.FsckConfig{Online: true}, 1, 0}, {app.FsckConfig{}, 1, 0}, {app.FsckConfig{}, 0, 1},
	} {
		if rep := check(c.config); rep.Waiting != c.waiting || rep.Files != c.files {
			t.Errorf("%+v: %+v", c.config, rep)
		}
	}
	h = open()
	got := runs(t, h)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0]["online"] != true || got[1]["waiting"] != 1.0 || got[2]["files"] != 1.0 || got[2]["findings"] != 0.0 || got[2]["log_root"] == "" {
		t.Errorf("%v", got)
	}
}
