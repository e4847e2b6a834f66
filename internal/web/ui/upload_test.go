package ui_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/tus/tusd/v2/pkg/filestore"
	tusd "github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/exp/slog" // what tusd takes

	"zhilu.dev/zhilu/internal/web/webtest"
)

// taker is a tus server that remembers what it was told and given. While broken is set it cuts every upload off.
type taker struct {
	dir    string
	broken atomic.Bool
	cut    atomic.Int64
	mu     sync.Mutex
	got    map[string]tusd.MetaData // by relative path
	posts  int
}

func newTaker(t *testing.T, mux *http.ServeMux) *taker {
	t.Helper()
	k := &taker{dir: t.TempDir(), got: map[string]tusd.MetaData{}}
	c := tusd.NewStoreComposer()
	filestore.New(k.dir).UseIn(c)
	h, err := tusd.NewHandler(tusd.Config{
		BasePath: "/upload/", StoreComposer: c,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		PreFinishResponseCallback: func(e tusd.HookEvent) (tusd.HTTPResponse, error) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.got[e.Upload.MetaData["relativepath"]] = e.Upload.MetaData
			status := "sealed"
			if strings.Contains(e.Upload.MetaData["filename"], "again") {
				status = "duplicate"
			}
			return tusd.HTTPResponse{Header: tusd.HTTPHeader{"Zhilu-Status": status}}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/upload/", http.StripPrefix("/upload/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			k.mu.Lock()
			k.posts++
			k.mu.Unlock()
		}
		if r.Method == http.MethodPatch && k.broken.Load() {
			r.Body = &cutBody{ReadCloser: r.Body, left: 200_000, cut: &k.cut}
		}
		h.ServeHTTP(w, r)
	})))
	return k
}

// cutBody gives some bytes and then breaks the connection, as an unplugged cable does.
type cutBody struct {
	io.ReadCloser
	left int
	cut  *atomic.Int64
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		b.cut.Add(1)
		panic(http.ErrAbortHandler)
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (k *taker) metadata(path string) tusd.MetaData {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.got[path]
}

// withUpload wraps the gallery so that it has a tus server of its own.
func withUpload(t *testing.T) (string, *taker) {
	t.Helper()
	pages := gallery(t)
	mux := http.NewServeMux()
	k := newTaker(t, mux)
	mux.Handle("/", pages.Config.Handler)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL, k
}

const stateOf = `Array.from(document.querySelectorAll("[data-part=rows] tr")).map(r => r.querySelector("[data-cell=name]").textContent + "=" + r.querySelector("[data-cell=text]").textContent).join(";")`

func waitFor(t *testing.T, js string) chromedp.Action[chromedp.Void] {
	t.Helper()
	return chromedp.Poll[chromedp.Void](js, chromedp.WithPollingTimeout(5*time.Minute), chromedp.WithPollingInterval(100*time.Millisecond))
}

// R-19-1: the custodian's page hands in a card's files whole, with their digests, and says of each what became of it.
func TestUploadSendsFilesWithTheirDigests(t *testing.T) {
	t.Parallel()
	url, k := withUpload(t)
	ctx := webtest.NewBrowser(t)
	webtest.Watch(t, ctx, nil)
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(7, 7))
	sizes := map[string]int{"现场·䶮𬱖 01.MP4": 9_000_017, "again.avi": 4 << 20, "empty.txt": 0, "one.bin": 1, "MOVI0055.bin": 55, "MOVI0056.bin": 56, "MOVI0064.bin": 64}
	var paths []string
	sums := map[string]string{}
	for name, n := range sizes {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(rnd.Uint32())
		}
		sum := sha256.Sum256(data)
		sums[name] = hex.EncodeToString(sum[:])
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	webtest.Open(t, ctx, url+"/intake", webtest.Desktop)
	if err := chromedp.Do(ctx,
		chromedp.SetUploadFiles(chromedp.CSS(`input[data-for=files]`), paths, chromedp.NodeReady),
		waitFor(t, fmt.Sprintf(`document.querySelectorAll("[data-part=rows] .is-ok").length === %d`, len(sizes))),
	); err != nil {
		state, _ := chromedp.Run(ctx, chromedp.Evaluate[string](stateOf))
		t.Fatalf("%v: %s", err, state)
	}
	for name, want := range sums {
		m := k.metadata(name)
		if m["sha256"] != want || m["filename"] != name || len(m["cardid"]) != 36 {
			t.Errorf("%s: told %v, want digest %s", name, m, want)
		}
		if _, err := time.Parse(time.RFC3339Nano, m["lastmodified"]); err != nil {
			t.Errorf("%s: last modified %q", name, m["lastmodified"])
		}
	}
	state, err := chromedp.Run(ctx, chromedp.Evaluate[string](stateOf))
	if err != nil || !strings.Contains(state, "again.avi=已有，不重复存") || !strings.Contains(state, "one.bin=已封存") {
		t.Errorf("%v: %s", err, state)
	}
	shown, err := chromedp.Run(ctx, chromedp.Evaluate[string](`Array.from(document.querySelectorAll("[data-cell=size]"), e => e.textContent).join(";")`))
	if err != nil || !strings.Contains(shown, ";1 字节;") || !strings.Contains(shown, "8.58 MB") {
		t.Errorf("%v: sizes %s", err, shown)
	}
	webtest.Screenshot(t, ctx, "upload-done", webtest.Desktop.Width, webtest.Desktop.Height)
	webtest.Axe(t, ctx)
	left, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`localStorage.getItem("zl-upload") === null`))
	if err != nil || !left {
		t.Errorf("something is kept after everything was sealed: %v", err)
	}
}

// G4: an upload goes on after the page was closed in the middle; nothing is sent twice as a new file.
func TestUploadGoesOnAfterAReload(t *testing.T) {
	t.Parallel()
	url, k := withUpload(t)
	ctx := webtest.NewBrowser(t)
	data := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	path := filepath.Join(t.TempDir(), "ZL_Z05_20261123_0912_0031.MP4")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	k.broken.Store(true)
	webtest.Open(t, ctx, url+"/intake", webtest.Desktop)
	pick := chromedp.SetUploadFiles(chromedp.CSS(`input[data-for=files]`), []string{path}, chromedp.NodeReady)
	if err := chromedp.Do(ctx,
		pick,
		waitFor(t, `localStorage.getItem("zl-upload") !== null`),
	); err != nil {
		t.Fatal(err)
	}
	for k.cut.Load() == 0 { // until some of it was sent and cut off
		if err := chromedp.Do(ctx, chromedp.Sleep(20*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	// A pause, so that the page may be left without a question; then the page is opened anew.
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`[data-part=pause]`))); err != nil {
		t.Fatal(err)
	}
	webtest.Screenshot(t, ctx, "upload-paused", webtest.Phone.Width, webtest.Phone.Height)
	webtest.NoSideways(t, ctx)
	k.broken.Store(false)
	webtest.Open(t, ctx, url+"/intake?lang=zh-CN", webtest.Desktop)
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("[data-part=again]").hidden ? "" : document.querySelector("[data-part=again]").innerText`))
	if err != nil || !strings.Contains(said, "上次有 1 个文件没有传完") || !strings.Contains(said, filepath.Base(path)) {
		t.Fatalf("the page says %q, %v", said, err)
	}
	webtest.Screenshot(t, ctx, "upload-again", webtest.Desktop.Width, webtest.Desktop.Height)
	webtest.Axe(t, ctx)
	if err := chromedp.Do(ctx, pick, waitFor(t, `document.querySelectorAll("[data-part=rows] .is-ok").length === 1`)); err != nil {
		state, _ := chromedp.Run(ctx, chromedp.Evaluate[string](stateOf))
		t.Fatalf("%v: %s", err, state)
	}
	if k.posts != 1 {
		t.Errorf("%d uploads were made, want the one that was begun", k.posts)
	}
	sum := sha256.Sum256(data)
	if m := k.metadata(filepath.Base(path)); m["sha256"] != hex.EncodeToString(sum[:]) {
		t.Errorf("told %v", m)
	}
	found, err := filepath.Glob(filepath.Join(k.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if strings.HasSuffix(f, ".info") || strings.HasSuffix(f, ".lock") {
			continue
		}
		if got, err := os.ReadFile(f); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s holds other bytes, %v", f, err)
		}
	}
}
