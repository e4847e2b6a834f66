package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/dock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// station is a served house with one dock token and one custodian.
type station struct {
	t         testing.TB
	house     *app.House
	url       string
	token     string
	custodian access.Actor
}

func openStation(t testing.TB, change ...func(*config.Server)) *station {
	t.Helper()
	dir := t.TempDir()
	place := config.Place{Data: filepath.Join(dir, "data"), Keys: filepath.Join(dir, "keys")}
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	cheap := account.HashParams{Passes: 1, Memory: 8 << 10, Threads: 1}
	ctx, cancel := context.WithCancel(context.Background())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := app.Init(ctx, app.InitConfig{Place: place, Bureau: "示例局", Clock: clock.System(), Log: log, Hash: cheap})
	must(err)
	server := config.Server{Place: place, Listen: "127.0.0.1:0", Idle: time.Hour, Reserve: config.MinReserve}
	for _, f := range change {
		f(&server)
	}
	h, err := app.Open(ctx, app.OpenConfig{Place: place, Server: &server, Clock: clock.System(), Log: log, Serving: true, Hash: cheap})
	must(err)
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- h.Serve(ctx, &server, func(url string) { ready <- url }) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, h.Close()); err != nil {
			t.Errorf("the house ended badly: %v", err)
		}
	})
	st := &station{t: t, house: h, url: <-ready}

	host := access.HostActor("test")
	dep, err := h.Org.EnsureDepartment(ctx, host, "执法科")
	must(err)
	token := enrol(t, h, app.NewUser{Name: "孙慧", Number: "001", Username: "sunhui", Department: dep, Roles: []access.Role{access.Custodian}}, "test")
	st.custodian, _, err = h.Accounts.Authenticate(ctx, token)
	must(err)
	_, st.token, err = h.Accounts.CreateToken(ctx, host, account.TokenRequest{Scope: access.ScopeDock, Name: "一号", Department: dep})
	must(err)
	return st
}

// enrol adds a person who signs in with a browser of this name and takes a password of their own; it gives their session.
func enrol(t testing.TB, h *app.House, u app.NewUser, browser string) (session string) {
	t.Helper()
	ctx := t.Context()
	login, err := h.AddUser(ctx, access.HostActor("test"), u)
	if err != nil {
		t.Fatal(err)
	}
	in, err := h.Accounts.SignIn(ctx, account.SignInRequest{Username: login.Username, Password: login.Password, IP: "127.0.0.1", Agent: browser})
	if err != nil {
		t.Fatal(err)
	}
	actor, id, err := h.Accounts.Authenticate(ctx, in.Token)
	if err == nil {
		err = h.Accounts.ChangePassword(ctx, actor, id, login.Password, "另一个 长口令 2026")
	}
	if err != nil {
		t.Fatal(err)
	}
	return in.Token
}

// agent makes an agent that never waits long; server is the house itself or something that stands before it.
func (st *station) agent(card, server string, change ...func(*dock.Config)) *dock.Agent {
	st.t.Helper()
	c := dock.Config{
		Card: card, Server: server, Token: st.token, StateDir: filepath.Join(st.t.TempDir(), "state"), Station: "一号", Chunk: 64 << 10,
		Clock: clock.System(), Log: slog.New(slog.NewTextHandler(testWriter{st.t}, &slog.HandlerOptions{Level: slog.LevelError})),
		Pause: func(ctx context.Context, _ time.Duration) error {
			select { // long enough for the server's jobs, far below what a station would wait
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(50 * time.Millisecond):
				return nil
			}
		},
		Settle: 400,
	}
	for _, f := range change {
		f(&c)
	}
	a, err := dock.New(c)
	if err != nil {
		st.t.Fatal(err)
	}
	return a
}

func card(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (st *station) dock(a *dock.Agent) dock.Report {
	st.t.Helper()
	rep, err := a.Dock(st.t.Context())
	if err != nil {
		st.t.Fatal(err)
	}
	return rep
}

func names(dir string) []string {
	var out []string
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, filepath.Base(path))
		}
		return nil
	})
	slices.Sort(out)
	return out
}

func (st *station) order(cardID string) {
	st.t.Helper()
	id, err := ident.Parse[ident.CardID](cardID)
	if err != nil {
		st.t.Fatal(err)
	}
	if _, err := st.house.Recordings.OrderClear(st.t.Context(), st.custodian, id, func(context.Context) error { return nil }); err != nil {
		st.t.Fatal(err)
	}
}

// G16: a card is cleared only by a custodian's signed, single-use order, only of files that were read back, and only where a
// second read of the card gives the same bytes.
func TestClearing(t *testing.T) {
	t.Parallel()
	st := openStation(t)
	dir := card(t, map[string]string{"DCIM/甲.txt": "one", "DCIM/乙.txt": "two", "DCIM/丙.txt": "three"})
	a := st.agent(dir, st.url)
	rep := st.dock(a)
	if rep.Failed() > 0 || len(rep.Results) != 3 {
		t.Fatalf("docked %+v", rep)
	}

	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := a.Clear(short, rep.CardID); !fault.HasCode(err, "dock.no_order") {
		t.Errorf("without an order: %v", err)
	}
	if got := names(dir); len(got) != 3 {
		t.Fatalf("without an order the card holds %v", got)
	}

	st.order(rep.CardID)
	// Same length, other bytes, the old time: only a second read tells.
	path := filepath.Join(dir, "DCIM/乙.txt")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(path, []byte("TWO"), 0o600), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "新.txt"), []byte("filmed meanwhile"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := a.Clear(t.Context(), rep.CardID)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range list {
		got[filepath.Base(c.Path)] = c.Status + " " + c.Code
	}
	if diff := cmp.Diff(map[string]string{"甲.txt": "cleared ", "乙.txt": "kept changed", "丙.txt": "cleared "}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"乙.txt", "新.txt"}, names(dir)); diff != "" {
		t.Errorf("what lies on the card: %s", diff)
	}

	again, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := a.Clear(again, rep.CardID); !fault.HasCode(err, "dock.no_order") {
		t.Errorf("an order works twice: %v", err)
	}
}

// G16: an order that was changed on its way, or is about another docking, clears nothing.
func TestClearingByAFalseOrder(t *testing.T) {
	t.Parallel()
	st := openStation(t)
	dir := card(t, map[string]string{"a.txt": "one", "b.txt": "two"})
	var change atomic.Pointer[func(string) string]
	front := st.front(func(p *httputil.ReverseProxy) {
		p.ModifyResponse = func(r *http.Response) error {
			f := change.Load()
			if f == nil || !strings.HasSuffix(r.Request.URL.Path, "/clear") || r.StatusCode != http.StatusOK {
				return nil
			}
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			body := (*f)(string(raw))
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			r.Header.Del("Content-Length")
			return nil
		}
	})
	a := st.agent(dir, front)
	rep := st.dock(a)
	st.order(rep.CardID)
	for name, f := range map[string]func(string) string{
		"another file": func(s string) string { return strings.Replace(s, "a.txt", "b.txt", 1) },
		"no signature": func(s string) string { return s[:strings.Index(s, `"signature"`)] + `"signature":""}` },
		"no order":     func(string) string { return `{}` },
		"not JSON":     func(string) string { return `clear everything` },
	} {
		change.Store(&f)
		if list, err := a.Clear(t.Context(), rep.CardID); err == nil {
			t.Errorf("%s: cleared %v", name, list)
		}
		if got := names(dir); len(got) != 2 {
			t.Fatalf("%s: the card holds %v", name, got)
		}
	}
	change.Store(nil)
	if _, err := a.Clear(t.Context(), "01890000-0000-7000-8000-000000000000"); err == nil {
		t.Error("the order of one docking works for another")
	}
	if got := names(dir); len(got) != 2 {
		t.Fatalf("the card holds %v", got)
	}
}

// front stands before the house, as a bad network does.
func (st *station) front(set func(*httputil.ReverseProxy)) string {
	st.t.Helper()
	target, err := url.Parse(st.url)
	if err != nil {
		st.t.Fatal(err)
	}
	p := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // as a server sees it behind a cable
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	set(p)
	srv := httptest.NewServer(p)
	st.t.Cleanup(srv.Close)
	return srv.URL
}

// G9: whatever the line does, every file arrives once, whole, and what it had arrived with is not sent again.
func TestDockingOverABadLine(t *testing.T) {
	t.Parallel()
	st := openStation(t)
	big := strings.Repeat("执法记录 0123456789 ", 20_000) // some 480 KB, eight chunks
	dir := card(t, map[string]string{"big.bin": big, "small.txt": "x", "空.txt": ""})
	var n, bytes atomic.Int64
	front := st.front(func(p *httputil.ReverseProxy) {
		p.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			i := n.Add(1)
			switch {
			case i%7 == 3: // never reaches the house
				return nil, &net.OpError{Op: "dial", Err: errors.New("no route to host")}
			case i%11 == 5: // reaches it, and the answer is lost
				resp, err := http.DefaultTransport.RoundTrip(r)
				if err == nil {
					_ = resp.Body.Close()
				}
				return nil, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
			case r.Method == http.MethodPatch && i%5 == 2: // half of a chunk, then the end
				r.Body = io.NopCloser(io.LimitReader(r.Body, r.ContentLength/2))
			}
			if r.Method == http.MethodPatch {
				bytes.Add(r.ContentLength)
			}
			return http.DefaultTransport.RoundTrip(r)
		})
	})
	rep := st.dock(st.agent(dir, front))
	for _, r := range rep.Results {
		// An empty file is whole with its creation: when that answer is lost, the second creation is a duplicate of the first.
		if r.Status != dock.Sealed && (r.Status != dock.Duplicate || r.Size > 0) || r.Receipt == "" {
			t.Errorf("%+v", r)
		}
	}
	if limit := int64(len(big)) + n.Load()*64<<10/3; bytes.Load() > limit {
		t.Errorf("%d bytes went out for a file of %d", bytes.Load(), len(big))
	}
	again := st.dock(st.agent(dir, st.url))
	for i, r := range again.Results {
		if r.Status != dock.Duplicate || r.File != rep.Results[i].File {
			t.Errorf("docked again without a journal: %+v", r)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestDockingThroughAnOutage is G9: the server goes away in the middle of a file for half an hour, and the docking goes on
// by itself. One that never answered is given up.
func TestDockingThroughAnOutage(t *testing.T) {
	t.Parallel()
	st := openStation(t)
	dir := card(t, map[string]string{"big.bin": strings.Repeat("执法记录 9876543210 ", 20_000)})
	var away atomic.Int64 // how much longer
	var requests atomic.Int64
	front := st.front(func(p *httputil.ReverseProxy) {
		p.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if requests.Add(1) == 6 {
				away.Store(int64(30 * time.Minute))
			}
			if away.Load() > 0 {
				return nil, &net.OpError{Op: "dial", Err: errors.New("no route to host")}
			}
			return http.DefaultTransport.RoundTrip(r)
		})
	})
	pass := func(ctx context.Context, d time.Duration) error {
		if away.Add(-int64(d)) < 0 { // nothing to wait for but the server's jobs
			time.Sleep(20 * time.Millisecond)
		}
		return ctx.Err()
	}
	rep := st.dock(st.agent(dir, front, func(c *dock.Config) { c.Pause, c.Settle = pass, -1 }))
	if r := rep.Results[0]; r.Status != dock.Sealed || requests.Load() < 20 {
		t.Errorf("after %d requests: %+v", requests.Load(), r)
	}
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	var waited time.Duration
	_, err := st.agent(dir, dead.URL, func(c *dock.Config) {
		c.Pause = func(ctx context.Context, d time.Duration) error { waited += d; return ctx.Err() }
	}).Dock(t.Context())
	if !fault.HasCode(err, "dock.unreachable") || waited > 15*time.Minute {
		t.Errorf("a server that never answered: %v after %v", err, waited)
	}
}

// What the agent refuses from a server that is not what it was: other keys, other addresses.
func TestDockingMeetsAStranger(t *testing.T) {
	t.Parallel()
	st, other := openStation(t), openStation(t)
	dir := card(t, map[string]string{"a.txt": "one"})
	to := atomic.Pointer[string]{}
	to.Store(&st.url)
	front := st.front(func(p *httputil.ReverseProxy) {
		p.Rewrite = func(r *httputil.ProxyRequest) {
			u, _ := url.Parse(*to.Load())
			r.SetURL(u)
		}
	})
	state := filepath.Join(t.TempDir(), "state")
	with := func(token string) func(*dock.Config) {
		return func(c *dock.Config) { c.StateDir, c.Token, c.Settle = state, token, -1 }
	}
	if rep := st.dock(st.agent(dir, front, with(st.token))); rep.Failed() > 0 {
		t.Fatalf("%+v", rep)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.txt"), []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	to.Store(&other.url)
	rep := st.dock(st.agent(dir, front, with(other.token)))
	for _, r := range rep.Results {
		if filepath.Base(r.Name) == "b.txt" && (r.Status != dock.Failed || r.Code != "dock.receipt_wrong") {
			t.Errorf("a receipt by keys this dock has never known was taken: %+v", r)
		}
	}
	for _, location := range []string{"https://elsewhere.example/upload/1", "//elsewhere.example/x", "/api/v1/cards"} {
		var asked atomic.Int64
		bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/log/trust.json":
				resp, err := http.Get(st.url + "/log/trust.json")
				if err == nil {
					defer func() { _ = resp.Body.Close() }()
					_, _ = io.Copy(w, resp.Body)
				}
			case r.URL.Path == "/api/v1/cards":
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, `{"card_id":"01890000-0000-7000-8000-000000000000"}`)
			case r.Method == http.MethodPost && r.URL.Path == "/upload":
				w.Header().Set("Location", location)
				w.WriteHeader(http.StatusCreated)
			case r.Method == http.MethodPatch && !strings.HasPrefix(r.URL.Path, "/upload"):
				asked.Add(1)
			default:
				w.WriteHeader(http.StatusNoContent)
			}
		}))
		rep := st.dock(st.agent(dir, bad.URL, func(c *dock.Config) { c.Settle = -1 }))
		bad.Close()
		if rep.Failed() != 2 || asked.Load() > 0 {
			t.Errorf("%s: %+v, %d requests outside /upload", location, rep.Results, asked.Load())
		}
	}
}

// A station docks each card that appears, once, and again only when another appears; one that cannot be read whole is tried
// again, ever more seldom.
func TestWatching(t *testing.T) {
	t.Parallel()
	st := openStation(t)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var docked [][]string
	var pauses []time.Duration
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	watching := false
	a := st.agent(dir, st.url, func(c *dock.Config) {
		c.Settle = -1
		c.Pause = func(ctx context.Context, d time.Duration) error {
			if !watching {
				return ctx.Err()
			}
			pauses = append(pauses, d)
			switch len(pauses) {
			case 1:
				put("first.txt", "1")
			case 4: // two looks passed the same card by
				if err := os.Remove(filepath.Join(dir, "first.txt")); err != nil {
					t.Error(err)
				}
			case 5:
				put("second.txt", "2")
			case 6:
				cancel()
			}
			return ctx.Err()
		}
	})
	watching = true
	err := a.Watch(ctx, func(rep dock.Report, err error) {
		if err != nil || rep.Failed() > 0 {
			t.Errorf("%v %+v", err, rep)
		}
		var list []string
		for _, r := range rep.Results {
			list = append(list, r.Name)
		}
		docked = append(docked, list)
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"first.txt"}, {"second.txt"}}, docked); diff != "" {
		t.Error(diff)
	}

	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tries, last := 0, time.Duration(0)
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	lost := st.agent(dir, gone.URL, func(c *dock.Config) {
		c.Settle = -1
		c.Pause = func(ctx context.Context, d time.Duration) error { last = d; return ctx.Err() }
	})
	if err := lost.Watch(ctx, func(_ dock.Report, err error) {
		if !fault.HasCode(err, "dock.unreachable") {
			t.Errorf("docked with a server that is not there: %v", err)
		}
		if tries++; tries == 10 {
			cancel()
		}
	}); err != nil {
		t.Fatal(err)
	}
	if last != 5*time.Minute {
		t.Errorf("after %d failures the next try comes in %v", tries, last)
	}
}
