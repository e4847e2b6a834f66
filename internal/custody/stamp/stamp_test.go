package stamp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/stamp"
	"zhilu.dev/zhilu/internal/custody/stamp/stamptest"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
)

func authority(t *testing.T, usage string) *stamptest.Authority {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil && os.Getenv("ZHILU_REQUIRE_TOOLS") != "1" {
		t.Skip("needs openssl")
	}
	a, err := stamptest.New(t.TempDir(), usage)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// signedLog is a log with one checkpoint.
func signedLog(t *testing.T, d *db.DB) {
	t.Helper()
	keys, err := keyring.Generate(durable.OS(), t.TempDir(), "log.example/zhilu")
	if err != nil {
		t.Fatal(err)
	}
	s, err := custody.NewSequencer(t.Context(), custody.Config{DB: d, Keys: keys, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func service(t *testing.T, d *db.DB, h http.Handler, roots string) *stamp.Service {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	pool, err := stamp.ReadRoots(roots)
	if err != nil {
		t.Fatal(err)
	}
	return stamp.New(stamp.Config{DB: d, URL: srv.URL, Roots: pool, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)})
}

// TestStamp: a head is stamped once, by an authority that openssl plays, and openssl verifies what is kept. // G7
func TestStamp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		signedLog(t, d)
		a := authority(t, "stamps")
		asked := 0
		s := service(t, d, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked++; a.ServeHTTP(w, r) }), filepath.Join(a.Dir, "ca.pem"))
		for range 2 {
			if err := s.Stamp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		got, err := stamp.Newest(t.Context(), d.Reader)
		if err != nil || got == nil || asked != 1 || time.Since(got.At).Abs() > time.Hour {
			t.Fatal(got, asked, err)
		}
		for name, data := range map[string][]byte{"kept.tsr": got.Token, "kept.txt": []byte(got.Note)} {
			if err := os.WriteFile(filepath.Join(a.Dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := exec.Command("openssl", "ts", "-verify", "-in", "kept.tsr", "-data", "kept.txt", "-CAfile", "ca.pem")
		c.Dir = a.Dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// TestWrongReplies: what is not exactly the answer to what was asked, by whom it was asked, is not kept. // G7
func TestWrongReplies(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	signedLog(t, d)
	a, other, server := authority(t, "stamps"), authority(t, "stamps"), authority(t, "server")
	reply := func(note string, nonce int64) []byte {
		q, err := timestamp.CreateRequest(bytes.NewReader([]byte(note)), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: big.NewInt(nonce)})
		if err != nil {
			t.Fatal(err)
		}
		r, err := a.Reply(q)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	last, err := custody.Latest(t.Context(), d.Reader)
	if err != nil {
		t.Fatal(err)
	}
	always := func(body []byte) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	}
	changed := *a
	changed.Change = func(r []byte) []byte { r[len(r)-10] ^= 1; return r }
	for name, tt := range map[string]struct {
		h    http.Handler
		code string
	}{
		"another nonce":             {always(reply(last.Note, 7)), "stamp.wrong"},
		"another digest":            {always(reply("something else", 7)), "stamp.wrong"},
		"another authority":         {other, "stamp.wrong"},
		"a changed signature":       {&changed, "stamp.wrong"},
		"nothing":                   {always(nil), "stamp.wrong"},
		"a page":                    {always([]byte("<html>")), "stamp.wrong"},
		"much too much":             {always(make([]byte, 1<<20)), "stamp.unreachable"},
		"an error":                  {http.NotFoundHandler(), "stamp.unreachable"},
		"a key for other purposes":  {server, "stamp.unreachable"}, // openssl itself refuses to play along
		"sends one somewhere else":  {http.RedirectHandler("/x", http.StatusTemporaryRedirect), "stamp.unreachable"},
		"a reply without the token": {always([]byte{0x30, 3, 0x02, 1, 0}), "stamp.wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			s := service(t, d, tt.h, filepath.Join(a.Dir, "ca.pem"))
			if err := s.Stamp(context.WithoutCancel(t.Context())); !fault.HasCode(err, tt.code) {
				t.Errorf("%v, want %s", err, tt.code)
			}
			if got, err := stamp.Newest(t.Context(), d.Reader); err != nil || got != nil {
				t.Error("it was kept", err)
			}
		})
	}
	// The clock of the authority is another one: what it signs is right, and no use.
	pool, err := stamp.ReadRoots(filepath.Join(a.Dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(a)
	defer srv.Close()
	late := stamp.New(stamp.Config{DB: d, URL: srv.URL, Roots: pool, Clock: clock.NewManual(time.Now().Add(time.Hour)), Log: slog.New(slog.DiscardHandler)})
	if err := late.Stamp(t.Context()); !fault.HasCode(err, "stamp.wrong") {
		t.Error(err)
	}
}

// FuzzCheck: whatever an authority answers, it is an error or the truth.
func FuzzCheck(f *testing.F) {
	nonce, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{0x30, 3, 0x02, 1, 0})
	if sample, err := os.ReadFile(filepath.Join("testdata", "reply.tsr")); err == nil {
		f.Add(sample)
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		if _, err := stamp.Check(reply, []byte("a note nobody stamped"), nonce, nil); err == nil {
			t.Error("it was taken")
		}
	})
}
