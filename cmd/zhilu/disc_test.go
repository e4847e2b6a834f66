package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/disclosure/disc/optical"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/viewing"
)

// TestDiscScripts are scripts in a house with a recording of a case: $COPY a consented request of officer1 to copy it, $LOOK one only
// to look at it, $REVOKED one that was taken back. // issue 6 point 6, decisions 3 and 27
func TestDiscScripts(t *testing.T) {
	t.Parallel()
	papers, err := filepath.Abs(filepath.Join("..", "..", "internal", "sheet", "helper"))
	if err != nil {
		t.Fatal(err)
	}
	press := sheet.New(sheet.Config{Log: slog.New(slog.DiscardHandler), Modules: papers})
	for _, err := range []error{press.Ready(), optical.Ready("")} {
		if err != nil && os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		if err != nil {
			t.Skip(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "disc"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("SHEET", papers)
			if err := setup(e); err != nil {
				return err
			}
			houseWithCase(t, e)
			houseWithFilm(t, e)
			return nil
		},
		Cmds:                commandsOfScripts(),
		RequireExplicitExec: true,
	})
}

// houseWithFilm puts a second of film into the house of the script, links it to the case, and has copies of it asked for.
func houseWithFilm(t *testing.T, e *testscript.Env) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	now := clock.NewManual(time.Now().Add(-time.Minute))
	h, err := app.Open(ctx, app.OpenConfig{
		Place: config.Place{Data: filepath.Join(e.WorkDir, "data"), Keys: filepath.Join(e.WorkDir, "keys")}, Clock: now, Log: log, WithVault: true, Hash: cheap,
	})
	must(err)
	defer func() { must(h.Close()) }()
	film := filepath.Join(t.TempDir(), "film.mp4")
	if raw, err := exec.CommandContext(ctx, "ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=d=1:s=160x120", "-c:v", "libx264", "-pix_fmt", "yuv420p", film).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, raw)
	}
	data, err := os.ReadFile(film)
	must(err)
	who := func(name string) access.Actor {
		account, err := h.Accounts.AccountNamed(ctx, name)
		must(err)
		actor, err := h.Accounts.ActorOf(ctx, account.ID)
		must(err)
		return actor
	}
	officer, head := who("officer1"), who("head")
	dock := access.Actor{Kind: access.Token, ID: "dock-1", TokenScope: access.ScopeDock}
	c, err := h.Cases.ByNumber(ctx, access.HostActor("test"), e.Getenv("CASE"))
	must(err)
	take := func(name string) ident.RecordingID {
		body := append([]byte(nil), data...)
		body = append(body, "\x00\x00\x00\x10free"+name[len(name)-8:]...) // each its own
		id, err := h.Recordings.Begin(ctx, dock, recording.Intent{Name: name, RelPath: name, Size: int64(len(body)), ModTime: now.Now()})
		must(err)
		stage, err := h.Vault.Resume(ctx, id)
		must(err)
		_, err = stage.Append(ctx, bytes.NewReader(body), nil)
		must(err)
		sum := vault.Digest(sha256.Sum256(body))
		r, err := h.Recordings.Seal(ctx, dock, id, &sum)
		must(err)
		must(h.Recordings.FollowUp(ctx, r.FileID))
		f, err := h.Recordings.Brief(ctx, r.RecordingID)
		must(err)
		if f.Department == "" {
			must(h.Recordings.Assign(ctx, access.HostActor("test"), r.RecordingID, recording.Assignment{Officer: officer.Person, Words: "本人上传"}))
		}
		return r.RecordingID
	}
	ask := func(rec ident.RecordingID, manner viewing.Manner, of ident.CaseID) *viewing.Request {
		r, err := h.Viewing.Ask(ctx, officer, viewing.Ask{Items: []viewing.Item{{Recording: rec}}, Case: of, Manner: manner, Purpose: viewing.PurposeReply, Words: "附卷", Until: now.Now().Add(48 * time.Hour)})
		must(err)
		must(h.Viewing.Decide(ctx, head, r.ID, viewing.Decision{Consent: true}))
		return r
	}
	film1, film2, film3 := take("现场检查_一.mp4"), take("现场检查_二.mp4"), take("现场检查_三.mp4")
	_, err = h.Cases.Film(ctx, officer, matter.Link{Case: c.Case.ID, Recording: film1, Matter: "onsite-inspection"})
	if err != nil {
		t.Log(err)
	}
	copied := ask(film1, viewing.MannerCopy, "")
	e.Setenv("COPY", strconv.FormatInt(copied.No, 10))
	e.Setenv("LOOK", strconv.FormatInt(ask(film2, viewing.MannerView, "").No, 10))
	gone := ask(film3, viewing.MannerCopy, "")
	must(h.Viewing.Revoke(ctx, head, gone.ID, "不再需要"))
	e.Setenv("REVOKED", strconv.FormatInt(gone.No, 10))
}
