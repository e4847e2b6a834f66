package verify_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"zhilu.dev/zhilu/internal/api/tile"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/verify/source"
)

// handler serves the world's log at /log.
func (w *world) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/log/", http.StripPrefix("/log", tile.NewHandler(w.d.Reader, origin, "示例县应急管理局", slog.New(slog.DiscardHandler))))
	return mux
}

// grow adds so many entries and signs them.
func (w *world) grow(t testing.TB, n int) {
	t.Helper()
	for range n {
		w.note(t)
	}
	w.sequence(t)
}

// checkpoint is the latest one.
func (w *world) checkpoint(t testing.TB) []byte {
	t.Helper()
	c, err := custody.Latest(context.Background(), w.d.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(c.Note)
}

// A live log is read over TLS under the bureau's own authority, on loopback in the open, and nowhere else in the open
// (decision 22).
func TestLiveLogTransport(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	w.grow(t, 3)
	o := verify.Options{Trust: w.trust(t), Clock: w.clock}
	srv := httptest.NewTLSServer(w.handler())
	t.Cleanup(srv.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	var err error
	if o.HTTP, err = source.Client(ca); err != nil {
		t.Fatal(err)
	}
	r, err := verify.Target(ctx, srv.URL+"/log", o)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, r, verify.Yes, verify.Yes, verify.Yes, 0)

	if _, err := verify.Target(ctx, srv.URL+"/log", verify.Options{Trust: o.Trust, Clock: w.clock}); !fault.HasCode(err, "verify.unreachable") {
		t.Errorf("a stranger's certificate: %v", err)
	}
	if _, err := source.Client([]byte("no certificate")); !fault.HasCode(err, "verify.ca") {
		t.Errorf("no authority: %v", err)
	}
	for _, target := range []string{"http://192.0.2.1/log", "http://log.example.gov.cn/log"} {
		if _, err := verify.Target(ctx, target, o); !fault.HasCode(err, "verify.plain_off_loopback") {
			t.Errorf("%s: %v", target, err)
		}
	}
	moved := httptest.NewServer(http.RedirectHandler(srv.URL+"/log/checkpoint", http.StatusFound))
	t.Cleanup(moved.Close)
	if _, err := verify.Target(ctx, moved.URL+"/log", o); !fault.HasCode(err, "verify.unreachable") {
		t.Errorf("sent elsewhere: %v", err)
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(broken.Close)
	if _, err := verify.Target(ctx, broken.URL+"/log", o); !fault.HasCode(err, "verify.unreachable") {
		t.Errorf("a broken server: %v", err)
	}
}

// A log that grows while it is walked is checked as it was when the walk began: a busy bureau raises no alarm.
func TestLiveLogGrows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.grow(t, 3)
	h := w.handler()
	var once sync.Once
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/tile/") {
			once.Do(func() { w.grow(t, 300) }) // past the end of the tile that is being read
		}
		h.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	for _, want := range []int64{5, 305} {
		r, err := verify.Target(context.Background(), srv.URL+"/log", verify.Options{Trust: w.trust(t), Clock: w.clock})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, r, verify.Yes, verify.Yes, verify.Yes, 0)
		if r.Size != want || r.Entries != want {
			t.Errorf("%d entries of %d, want %d", r.Entries, r.Size, want)
		}
	}
}

// G7, T10, T11: what somebody holds of the log from earlier, as a checkpoint or inside a receipt or an entry's proof,
// must be the beginning of the log that is served now. One that was put back in time, or told otherwise, is found.
func TestLiveLogAgainstTheOlder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	receipt := w.receipt(t)
	id := w.note(t)
	w.sequence(t)
	old := w.checkpoint(t)
	inReceipt, inProof := w.refresh(t, receipt), w.proof(t, id)
	w.grow(t, 5)
	srv := httptest.NewServer(w.handler())
	t.Cleanup(srv.Close)
	trust := w.trust(t)

	// Who has the log's key can sign another history, and one that is longer than what is served.
	lines := strings.SplitAfter(string(old), "\n")
	otherRoot := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)) + "\n"
	forked := signWithKeyFile(t, filepath.Join(w.dir, "log.key"), lines[0]+lines[1]+otherRoot+"\n")
	ahead := signWithKeyFile(t, filepath.Join(w.dir, "log.key"), lines[0]+"4000\n"+lines[2]+"\n")
	strange := newWorld(t)
	strange.grow(t, 1)
	for name, c := range map[string]struct {
		older []byte
		exit  int
		code  string
	}{
		"none":                         {nil, 0, ""},
		"the earlier checkpoint":       {old, 0, ""},
		"one in a receipt":             {inReceipt, 0, ""},
		"one in an entry's proof":      {inProof, 0, ""},
		"the latest":                   {w.checkpoint(t), 0, ""},
		"another history":              {forked, 3, "log.inconsistent"},
		"a longer one":                 {ahead, 3, "log.behind"},
		"another house's":              {strange.checkpoint(t), 3, "checkpoint.signature"},
		"one whose size was changed":   {bytes.Replace(old, []byte("\n4\n"), []byte("\n3\n"), 1), 3, "checkpoint.signature"},
		"a receipt that was not in it": {[]byte("{}"), 3, "checkpoint.form"},
	} {
		r, err := verify.Target(ctx, srv.URL+"/log", verify.Options{Trust: trust, Clock: w.clock, Older: c.older})
		if err != nil {
			t.Fatal(err)
		}
		found := c.code == ""
		for _, reason := range r.InLog.Reasons {
			found = found || reason.Code == c.code
		}
		if r.ExitCode() != c.exit || !found {
			t.Errorf("%s: exit %d, want %d %s: %+v", name, r.ExitCode(), c.exit, c.code, r)
		}
	}
}
