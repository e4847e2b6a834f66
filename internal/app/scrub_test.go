package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/scrub"
	"zhilu.dev/zhilu/internal/recording"
)

// TestScrubFindsEachByte is G6: one byte is flipped in each of fifty objects and ten rows of the log; one scrub finds all,
// and names file, recording and when it was last whole. On sound data it finds nothing, and what was mended is no finding
// any more.
func TestScrubFindsEachByte(t *testing.T) {
	t.Parallel()
	ctx, dir, log := context.Background(), t.TempDir(), slog.New(slog.DiscardHandler)
	place := config.Place{Data: filepath.Join(dir, "data"), Keys: filepath.Join(dir, "keys")}
	now := clock.NewManual(time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := Init(ctx, InitConfig{Place: place, Bureau: "示例局", Clock: now, Log: log, Hash: account.HashParams{Passes: 1, Memory: 64, Threads: 1}})
	must(err)
	h, err := Open(ctx, OpenConfig{Place: place, Clock: now, Log: log, WithVault: true})
	must(err)
	const objects, entries = 50, 10
	files := map[string]recording.Result{} // by digest
	for i := range objects {
		content := make([]byte, 1+i*4001) // some of several chunks
		_, _ = rand.Read(content)
		id, err := h.Recordings.Begin(ctx, access.Actor{Kind: access.Token, ID: "dock-1", TokenScope: access.ScopeDock}, recording.Intent{Name: fmt.Sprintf("a%d.mp4", i), Size: int64(len(content))})
		must(err)
		stage, err := h.Vault.Resume(ctx, id)
		must(err)
		_, err = stage.Append(ctx, bytes.NewReader(content), nil)
		must(err)
		sum, ok := stage.SHA256()
		if !ok {
			t.Fatal("no digest")
		}
		r, err := h.Recordings.Seal(ctx, access.Actor{Kind: access.Token, ID: "dock-1", TokenScope: access.ScopeDock}, id, &sum)
		must(err)
		must(h.Recordings.VerifyFile(ctx, r.FileID))
		files[sum.String()] = r
	}
	seq, err := h.newSequencer(ctx, "示例局")
	must(err)
	_, err = seq.Sequence(ctx)
	must(errors.Join(err, seq.Close(), h.Close()))

	round := func() *scrub.State {
		t.Helper()
		now.Add(time.Hour)
		st, err := Scrub(ctx, OpenConfig{Place: place, Clock: now, Log: log}, 1)
		must(err)
		if st.Done != objects || st.Objects != objects || st.Ended.IsZero() {
			t.Errorf("a round that is not whole: %+v", st)
		}
		return st
	}
	if st := round(); len(st.Findings) != 0 {
		t.Fatalf("a false alarm: %+v", st.Findings)
	}
	good := now.Now()

	var names []string
	must(filepath.WalkDir(filepath.Join(place.Data, "vault", "objects"), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	}))
	kept := map[string][]byte{}
	for i, name := range names {
		raw, err := os.ReadFile(name)
		must(err)
		kept[name] = bytes.Clone(raw)
		raw[(i*7919)%len(raw)] ^= 1 << (i % 8)
		must(errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, raw, 0o600)))
	}
	h, err = Open(ctx, OpenConfig{Place: place, Clock: now, Log: log})
	must(err)
	var triggers []string
	must(h.DB.Reader.NewRaw("SELECT name FROM sqlite_master WHERE type = 'trigger'").Scan(ctx, &triggers))
	for _, name := range triggers {
		_, err := h.DB.Writer.ExecContext(ctx, "DROP TRIGGER "+name)
		must(err)
	}
	var ids []string
	must(h.DB.Reader.NewRaw("SELECT id FROM custody_entry WHERE action = 'recording.seal' ORDER BY seq LIMIT ?", entries).Scan(ctx, &ids))
	for i, id := range ids {
		column := []string{"actor_id", "article", "at"}[i%3]
		set := column + " = 'X' || substr(" + column + ", 2)"
		if column == "at" {
			set = "at = at + 1"
		}
		_, err := h.DB.Writer.ExecContext(ctx, "UPDATE custody_entry SET "+set+" WHERE id = ?", id)
		must(err)
	}
	must(h.Close())

	st := round()
	found := map[string]scrub.Finding{}
	for _, f := range st.Findings {
		found[f.Subject] = f
	}
	for sum, r := range files {
		f, ok := found[sum]
		if !ok || f.Code != "object.changed" || f.File != r.FileID || f.Recording != r.RecordingID || !f.LastGood.Equal(good) || f.Entry == "" {
			t.Errorf("object %s: %+v", sum, f)
		}
		delete(found, sum)
	}
	for _, id := range ids {
		if f := found[id]; !strings.HasPrefix(f.Code, "log.") || !f.LastGood.Equal(good) {
			t.Errorf("entry %s: %+v", id, f)
		}
		delete(found, id)
	}
	for _, f := range found { // what follows from the others, such as the root
		if !strings.HasPrefix(f.Code, "log.") && !strings.HasPrefix(f.Code, "row.") && !strings.HasPrefix(f.Code, "receipt.") {
			t.Errorf("a false alarm: %+v", f)
		}
	}
	rep, err := Fsck(ctx, FsckConfig{Place: place, Clock: now, Log: log, ReadOnly: true})
	must(err)
	for _, f := range rep.Findings {
		if l := f.Line(); l.Kind == "changed" && f.Code == "object.changed" && (l.LastGood == nil || !l.LastGood.Equal(good) || l.File == "") {
			t.Errorf("fsck does not know when it was whole: %+v", l)
		}
	}

	for name, raw := range kept {
		must(os.WriteFile(name, raw, 0o600))
	}
	for _, f := range round().Findings {
		if strings.HasPrefix(f.Code, "object.") {
			t.Errorf("mended and still found: %+v", f)
		}
	}
	h, err = Open(ctx, OpenConfig{Place: place, Clock: now, Log: log})
	must(err)
	list, err := custody.List(ctx, h.DB.Reader, custody.Filter{Action: string(access.ScrubFind)})
	must(errors.Join(err, h.Close()))
	if len(list) < objects {
		t.Errorf("%d entries of findings", len(list))
	}
	if e := list[0]; e.Subject.Kind != "file" || !strings.Contains(string(e.Detail), `"state":"gone"`) {
		t.Errorf("the last entry: %+v", e)
	}
}
