package door_test

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/door"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// maxSize is the greatest upload of these tests.
const maxSize = 64 << 20

// world is the door of a small bureau with a real vault, a real intake, two dock tokens "a" and "b", and a token "reader"
// that only reads.
type world struct {
	*gatetest.World

	t      *testing.T
	srv    *httptest.Server
	door   *door.Door
	intake *recording.Service
	vault  *localdir.Vault
}

type noProbe struct{}

func (noProbe) Probe(context.Context, media.Source) (media.Facts, error) { return media.Facts{}, nil }

func need[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newWorld(t *testing.T, g *gatetest.World) *world {
	t.Helper()
	ctx := t.Context()
	ring, err := vault.NewRing(vault.NewKey())
	need(t, ring, err)
	w := &world{World: g, t: t}
	w.vault, err = localdir.New(ctx, localdir.Config{
		Dir: filepath.Join(t.TempDir(), "vault"), Keys: ring, Node: "n1", Reserve: -1, Clock: g.Clock, Log: g.Log,
	})
	need(t, w.vault, err)
	t.Cleanup(func() { _ = w.vault.Close() })
	keys, err := keyring.Generate(durable.OS(), t.TempDir(), "log.example.gov.cn/zhilu")
	need(t, keys, err)
	people, err := org.New(org.Config{DB: g.DB, Gate: g.Gate, Clock: g.Clock})
	need(t, people, err)
	cameras, err := device.NewInventory(device.Config{DB: g.DB, Gate: g.Gate, Clock: g.Clock})
	need(t, cameras, err)
	w.intake, err = recording.New(recording.Config{
		DB: g.DB, Gate: g.Gate, Vault: w.vault, Keys: keys, Devices: cameras, People: people, Settings: regulation.New(g.Gate, g.DB),
		Prober: noProbe{}, Clock: g.Clock, Log: g.Log, Node: "n1", Bureau: "某县局",
	})
	need(t, w.intake, err)
	w.serve(w.intake, w.vault)
	return w
}

// serve puts a door before an intake and a vault.
func (w *world) serve(in door.Intake, v vault.Vault) {
	w.t.Helper()
	words, err := locale.Load()
	need(w.t, words, err)
	w.door, err = door.New(door.Config{
		Intake: in, Vault: v, Gate: w.Gate, Words: words, Clock: w.Clock, Log: w.Log, MaxSize: maxSize, Actor: actor,
	})
	need(w.t, w.door, err)
	mux := http.NewServeMux()
	mux.Handle("/upload", w.door)
	mux.Handle("/upload/", w.door)
	w.srv = httptest.NewServer(mux)
	d := w.door
	w.t.Cleanup(func() {
		w.srv.Close() // once every request has ended
		if held, _ := d.Turns(); held != 0 {
			w.t.Errorf("%d turns were not given back", held)
		}
	})
}

func actor(r *http.Request) (access.Actor, error) {
	tok, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return access.Actor{}, fault.New(fault.Unauthorized, "account.session")
	}
	scope := access.ScopeDock
	if tok == "reader" {
		scope = access.ScopeRead
	}
	return access.Actor{Kind: access.Token, ID: tok, TokenScope: scope}, nil
}

// each runs a test at a door over SQLite and at one over PostgreSQL.
func each(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	gatetest.Each(t, func(t *testing.T, g *gatetest.World) { run(t, newWorld(t, g)) })
}

type headers map[string]string

// with gives a copy with more headers; an empty value takes one away.
func (h headers) with(pairs ...string) headers {
	out := headers{}
	for k, v := range h {
		out[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// call is one request. A body is sent with its length, or in chunks where chunked is set or a trailer follows.
type call struct {
	method, url string
	h           headers
	body        string
	chunked     bool
	trailer     headers
}

// answer is what came back, with its body read.
type answer struct {
	status int
	h      http.Header
	body   string
}

// code is the stable code of a problem document, "" for none.
func (a answer) code() string {
	var doc struct{ Code string }
	if a.h.Get("Content-Type") != "application/problem+json; charset=utf-8" || json.Unmarshal([]byte(a.body), &doc) != nil {
		return ""
	}
	return doc.Code
}

// send sends a request to a server as dock "a" with the protocol's version, unless the headers say otherwise.
func send(t *testing.T, srv *httptest.Server, c call) answer {
	t.Helper()
	a, err := try(t, srv, c)
	return need(t, a, err)
}

// try is send for a request whose connection may break.
func try(t *testing.T, srv *httptest.Server, c call) (answer, error) {
	t.Helper()
	address := c.url
	if strings.HasPrefix(address, "/") {
		address = srv.URL + address
	}
	var body io.Reader
	if c.body != "" || c.chunked || c.trailer != nil {
		body = strings.NewReader(c.body)
	}
	if c.chunked || c.trailer != nil {
		body = io.MultiReader(body) // of unknown length
	}
	req, err := http.NewRequestWithContext(t.Context(), c.method, address, body)
	need(t, req, err)
	req.Header.Set("Authorization", "Bearer a")
	req.Header.Set("Tus-Resumable", "1.0.0")
	for k, v := range c.h {
		if v == "" {
			req.Header.Del(k)
		} else {
			req.Header[http.CanonicalHeaderKey(k)] = strings.Split(v, "\n") // a line break stands for a second header
		}
	}
	if c.trailer != nil {
		req.Trailer = http.Header{}
		for k, v := range c.trailer {
			req.Trailer.Set(k, v)
		}
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(b)}, err
}

func (w *world) do(c call) answer { w.t.Helper(); return send(w.t, w.srv, c) }

// post creates an upload and gives its path.
func (w *world) post(h headers, body string) string {
	w.t.Helper()
	if body != "" {
		h = h.with("Content-Type", "application/offset+octet-stream")
	}
	a := w.do(call{method: "POST", url: "/upload", h: h, body: body})
	path, ok := strings.CutPrefix(a.h.Get("Location"), w.srv.URL)
	if a.status != http.StatusCreated || !ok {
		w.t.Fatalf("not created: %d %s", a.status, a.body)
	}
	return path
}

func (w *world) create(size int) string {
	w.t.Helper()
	return w.post(headers{"Upload-Length": strconv.Itoa(size), "Upload-Metadata": meta("filename", "现场 01.mp4")}, "")
}

// fresh is an upload of five bytes that has none; open is one that has two of them; done is a sealed one of "hello".
func (w *world) fresh() string { w.t.Helper(); return w.create(5) }
func (w *world) open() string  { w.t.Helper(); return w.post(headers{"Upload-Length": "5"}, "he") }
func (w *world) done() string  { w.t.Helper(); return w.post(headers{"Upload-Length": "5"}, "hello") }

// later is one of unknown length that has two bytes.
func (w *world) later() string {
	w.t.Helper()
	return w.post(headers{"Upload-Defer-Length": "1"}, "he")
}

// dropped is one that was terminated.
func (w *world) dropped() string {
	w.t.Helper()
	u := w.open()
	if a := w.do(call{method: "DELETE", url: u}); a.status != http.StatusNoContent {
		w.t.Fatal(a.status)
	}
	return u
}

// part is a complete partial upload; half is one that has two of five bytes.
func (w *world) part(content string) string {
	w.t.Helper()
	return w.post(headers{"Upload-Concat": "partial", "Upload-Length": strconv.Itoa(len(content))}, content)
}

func (w *world) half() string {
	w.t.Helper()
	return w.post(headers{"Upload-Concat": "partial", "Upload-Length": "5"}, "he")
}

// final joins parts.
func (w *world) final(parts ...string) string {
	w.t.Helper()
	return w.post(headers{"Upload-Concat": "final;" + strings.Join(parts, " ")}, "")
}

func (w *world) head(url string) answer { w.t.Helper(); return w.do(call{method: "HEAD", url: url}) }

func (w *world) offset(url string) (int, string) {
	w.t.Helper()
	a := w.head(url)
	return a.status, a.h.Get("Upload-Offset")
}

func idOf(url string) ident.UploadID { return ident.UploadID(url[strings.LastIndexByte(url, '/')+1:]) }

// content gives the bytes that an upload became, read out of the vault.
func (w *world) content(url string) (string, error) {
	up, err := w.intake.Upload(w.t.Context(), idOf(url))
	if err != nil {
		return "", err
	}
	d, err := vault.ParseDigest(up.SHA256)
	if err != nil {
		return "", fmt.Errorf("%s is %s %s and has no object", url, up.State, up.Code)
	}
	o, err := w.vault.Open(w.t.Context(), d)
	if err != nil {
		return "", err
	}
	defer func() { _ = o.Close() }()
	b, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
	return string(b), err
}

// staged gives the bytes an unfinished upload holds.
func (w *world) staged(url string) (string, error) {
	s, err := w.vault.Resume(w.t.Context(), idOf(url))
	if err != nil {
		return "", err
	}
	o, err := s.Open(w.t.Context())
	if err != nil {
		return "", err
	}
	defer func() { _ = o.Close() }()
	b, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
	return string(b), err
}

func (w *world) objects() (n int) {
	w.t.Helper()
	for _, err := range w.vault.Objects(w.t.Context()) {
		if err != nil {
			w.t.Fatal(err)
		}
		n++
	}
	return n
}

func meta(pairs ...string) string {
	var out []string
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, pairs[i]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[i+1])))
	}
	return strings.Join(out, ",")
}

// chunk is the headers of a PATCH at an offset.
func chunk(offset int, pairs ...string) headers {
	return headers{"Upload-Offset": strconv.Itoa(offset), "Content-Type": "application/offset+octet-stream"}.with(pairs...)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func sha256Of(s string) string { d := sha256.Sum256([]byte(s)); return "sha256 " + b64(d[:]) }
func sha1Of(s string) string   { d := sha1.Sum([]byte(s)); return "sha1 " + b64(d[:]) }
func sm3Of(s string) string    { d := sm3.Sum([]byte(s)); return "sm3 " + b64(d[:]) }

// expiry is when an upload begun now expires.
func (w *world) expiry() string {
	return w.Clock.Now().Add(vault.StaleAfter).UTC().Format(http.TimeFormat)
}
