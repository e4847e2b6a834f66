package tile

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/durable"
)

// secret is in every entry and must never show.
const secret = "张三"

func served(t *testing.T, d *db.DB, entries int) *Handler {
	t.Helper()
	ctx := context.Background()
	keys, err := keyring.Generate(durable.OS(), t.TempDir(), "log.example/zhilu")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 2, 1, 30, 0, 0, time.UTC)
	seq, err := custody.NewSequencer(ctx, custody.Config{DB: d, Keys: keys, Clock: clock.NewManual(now), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = seq.Close() })
	err = d.Write(ctx, func(tx bun.Tx) error {
		var batch []custody.Entry
		for i := range entries {
			batch = append(batch, custody.Entry{
				At: now, Actor: custody.Actor{Kind: custody.Person, ID: "secret-id"}, Action: "a.b",
				Subject: custody.Subject{Kind: "x", ID: fmt.Sprint(i)}, Outcome: custody.Done, Detail: custody.Detail("name", secret),
			})
		}
		return custody.Append(ctx, tx, batch...)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seq.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	return NewHandler(d.Reader, "log.example/zhilu", "局", slog.New(slog.DiscardHandler))
}

func TestResources(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := served(t, d, 260) // 262 with the two keys
		leaf := 14 + 1         // version line
		for _, n := range []string{
			"id", "at", "actor.kind", "actor.id", "actor.role", "action", "subject.kind", "subject.id", "related",
			"article", "requirement", "outcome", "detail_digest",
		} {
			leaf += len(n) + 1 + 44 + 1
		}
		for path, size := range map[string]int{
			"tile/0/000": 256 * 32, "tile/0/000.p/255": 255 * 32, "tile/0/000.p/1": 32, "tile/0/001.p/6": 6 * 32, "tile/0/001.p/5": 5 * 32,
			"tile/1/000.p/1": 32, "tile/entries/000": 256 * (leaf + 2), "tile/entries/001.p/6": 6 * (leaf + 2),
			"checkpoint": -1, "trust.json": -1,
			// what does not exist, or is another spelling of what does
			"tile/0/001": 0, "tile/0/001.p/7": 0, "tile/0/002.p/1": 0, "tile/1/000": 0, "tile/1/000.p/2": 0, "tile/2/000.p/1": 0,
			"tile/63/000.p/1": 0, "tile/64/000.p/1": 0, "tile/00/000": 0, "tile/0/0": 0, "tile/0/x000/000": 0, "tile/0/000.p/0": 0,
			"tile/0/000.p/256": 0, "tile/0/000.p/01": 0, "tile/entries/002.p/1": 0, "tile/0/000/000": 0, "tile/-1/000": 0, "tile/0/": 0,
			"entries/000": 0, "tile/entries/x999/x999/x999/x999/999": 0, "checkpoint/": 0, "": 0,
		} {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/"+path, http.NoBody))
			switch {
			case size == 0 && rec.Code != http.StatusNotFound:
				t.Errorf("%s: %d, not 404", path, rec.Code)
			case size != 0 && rec.Code != http.StatusOK, size > 0 && rec.Body.Len() != size:
				t.Errorf("%s: %d, %d bytes, not %d", path, rec.Code, rec.Body.Len(), size)
			}
			if s := rec.Body.String(); strings.Contains(s, secret) || strings.Contains(s, "secret-id") {
				t.Errorf("%s shows what an entry says", path)
			}
			want := map[bool]string{true: "public, max-age=31536000, immutable", false: "no-cache"}[strings.HasPrefix(path, "tile")]
			if got := rec.Header().Get("Cache-Control"); size != 0 && got != want {
				t.Errorf("%s: Cache-Control %q", path, got)
			}
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/checkpoint", http.NoBody))
		if rec.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST: %d", rec.Code)
		}
	})
}

// FuzzTilePath: a path names one tile or none, and only one path names it.
func FuzzTilePath(f *testing.F) {
	f.Add("0/x001/x234/067.p/8")
	f.Fuzz(func(t *testing.T, path string) {
		p, ok := parseTilePath(path)
		if !ok {
			return
		}
		level := "entries"
		if p.level >= 0 {
			level = fmt.Sprint(p.level)
		}
		n, number := p.n, fmt.Sprintf("%03d", p.n%1000)
		for n >= 1000 {
			n /= 1000
			number = fmt.Sprintf("x%03d/%s", n%1000, number)
		}
		again := level + "/" + number
		if p.width < tileWidth {
			again += fmt.Sprintf(".p/%d", p.width)
		}
		if again != path {
			t.Fatalf("%q is read as %q", path, again)
		}
	})
}
