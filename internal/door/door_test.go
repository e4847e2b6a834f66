package door_test

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // the protocol's own
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/door"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// intake is intake without rows: it seals into a real vault and remembers.
type intake struct {
	v  vault.Vault
	mu sync.Mutex
	up map[ident.UploadID]recording.UploadInfo
}

func (in *intake) Begin(ctx context.Context, a access.Actor, i recording.Intent) (ident.UploadID, error) {
	id := ident.New[ident.UploadID]()
	if _, err := in.v.Begin(ctx, id, i.Size, nil); err != nil {
		return "", err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.up[id] = recording.UploadInfo{
		ID: id, Owner: a.ID, OwnerKind: a.Kind, Name: i.Name, RelPath: i.RelPath, Size: i.Size, Declared: i.SHA256, State: recording.UploadOpen,
	}
	return id, nil
}

func (in *intake) Upload(_ context.Context, id ident.UploadID) (recording.UploadInfo, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	u, ok := in.up[id]
	if !ok {
		return u, fault.New(fault.NotFound, "upload.unknown")
	}
	return u, nil
}

func (in *intake) end(id ident.UploadID, s recording.UploadState, size int64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	u := in.up[id]
	u.State, u.Size = s, size
	in.up[id] = u
}

func (in *intake) Discard(ctx context.Context, _ access.Actor, id ident.UploadID) error {
	s, err := in.v.Resume(ctx, id)
	if err != nil {
		return err
	}
	in.end(id, recording.UploadDiscarded, 0)
	return s.Discard(ctx)
}

func (in *intake) Seal(ctx context.Context, _ access.Actor, id ident.UploadID, want *vault.Digest) (recording.Result, error) {
	s, err := in.v.Resume(ctx, id)
	if err != nil {
		return recording.Result{}, err
	}
	info, existed, err := s.Seal(ctx, want, nil)
	if fault.HasCode(err, "vault.digest_mismatch") {
		in.end(id, recording.UploadFailed, 0)
	}
	if err != nil {
		return recording.Result{}, err
	}
	r := recording.Result{Status: recording.Sealed, SHA256: info.Digest, Size: info.Size, FileID: "f", RecordingID: "r", ReceiptID: "c"}
	state := recording.UploadSealed
	if existed {
		r.Status, state = recording.Duplicate, recording.UploadDuplicate
	}
	in.end(id, state, info.Size)
	return r, nil
}

// world is a door with two dock tokens.
type world struct {
	t      *testing.T
	srv    *httptest.Server
	intake *intake
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ring, err := vault.NewRing(vault.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	v, err := localdir.New(context.Background(), localdir.Config{
		Dir: t.TempDir() + "/vault", Keys: ring, Node: "test", Reserve: -1, Clock: clock.System(), Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, intake: &intake{v: v, up: map[ident.UploadID]recording.UploadInfo{}}}
	d, err := door.New(door.Config{
		Intake: w.intake, Vault: v, Gate: gatetest.New(t, dbtest.SQLite(t)).Gate, Words: words, Clock: clock.System(), Log: log, MaxSize: 64 << 20,
		Actor: func(r *http.Request) (access.Actor, error) {
			tok, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if !ok {
				return access.Actor{}, fault.New(fault.Unauthorized, "account.session")
			}
			scope := access.ScopeDock
			if tok == "reader" {
				scope = access.ScopeRead
			}
			return access.Actor{Kind: access.Token, ID: tok, TokenScope: scope}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/upload", d)
	mux.Handle("/upload/", d)
	w.srv = httptest.NewServer(mux)
	t.Cleanup(w.srv.Close)
	return w
}

type headers map[string]string

// do sends a request as dock "a" with the protocol's version, unless h says otherwise; an empty value removes one.
func (w *world) do(method, url string, h headers, body io.Reader) *http.Response {
	w.t.Helper()
	if !strings.HasPrefix(url, "http") {
		url = w.srv.URL + url
	}
	req, err := http.NewRequestWithContext(context.Background(), method, url, body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer a")
	req.Header.Set("Tus-Resumable", "1.0.0")
	for k, v := range h {
		if v == "" {
			req.Header.Del(k)
		} else {
			req.Header.Set(k, v)
		}
	}
	resp, err := w.srv.Client().Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp
}

func (w *world) create(size int64) string {
	w.t.Helper()
	r := w.do("POST", "/upload", headers{"Upload-Length": strconv.FormatInt(size, 10), "Upload-Metadata": meta("filename", "现场 01.mp4")}, nil)
	if r.StatusCode != 201 || r.Header.Get("Location") == "" {
		w.t.Fatalf("create: %d", r.StatusCode)
	}
	return r.Header.Get("Location")
}

func meta(pairs ...string) string {
	var out []string
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, pairs[i]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[i+1])))
	}
	return strings.Join(out, ",")
}

func patchHeaders(offset int64, more ...string) headers {
	h := headers{"Upload-Offset": strconv.FormatInt(offset, 10), "Content-Type": "application/offset+octet-stream"}
	for i := 0; i+1 < len(more); i += 2 {
		h[more[i]] = more[i+1]
	}
	return h
}

func sum256(b string) string {
	s := sha256.Sum256([]byte(b))
	return "sha256 " + base64.StdEncoding.EncodeToString(s[:])
}

func (w *world) offset(url string) (int, string) {
	w.t.Helper()
	r := w.do("HEAD", url, nil, nil)
	return r.StatusCode, r.Header.Get("Upload-Offset")
}

// TestProtocol goes through tus 1.0.0 point by point: one request, one answer.
func TestProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sha1sum := sha1.Sum([]byte("hello")) //nolint:gosec // the protocol's own
	open := func() string { return w.create(5) }
	done := func() string {
		u := w.create(5)
		if r := w.do("PATCH", u, patchHeaders(0), strings.NewReader("hello")); r.StatusCode != 204 {
			t.Fatalf("finish: %d", r.StatusCode)
		}
		return u
	}
	for _, c := range []struct {
		name, method string
		url          func() string
		h            headers
		body         string
		status       int
		want         headers // "*" means present
	}{
		{"options says what works", "OPTIONS", nil, headers{"Tus-Resumable": "", "Authorization": ""}, "", 204, headers{"Tus-Version": "1.0.0", "Tus-Extension": "*", "Tus-Checksum-Algorithm": "*", "Tus-Max-Size": "67108864", "Tus-Resumable": "1.0.0"}},
		{"a wrong version", "POST", nil, headers{"Tus-Resumable": "0.2.2", "Upload-Length": "5"}, "", 412, headers{"Tus-Version": "1.0.0"}},
		{"no version", "POST", nil, headers{"Tus-Resumable": "", "Upload-Length": "5"}, "", 412, headers{"Tus-Version": "1.0.0"}},
		{"no token", "POST", nil, headers{"Authorization": "", "Upload-Length": "5"}, "", 401, nil},
		{"T27 a reading token", "POST", nil, headers{"Authorization": "Bearer reader", "Upload-Length": "5"}, "", 403, nil},
		{"create", "POST", nil, headers{"Upload-Length": "5"}, "", 201, headers{"Location": "*", "Upload-Expires": "*"}},
		{"create of nothing is finished at once", "POST", nil, headers{"Upload-Length": "0"}, "", 201, headers{"Location": "*", "Zhilu-Status": "*"}},
		{"create without a length", "POST", nil, nil, "", 400, nil},
		{"create with a negative length", "POST", nil, headers{"Upload-Length": "-1"}, "", 400, nil},
		{"create with no number", "POST", nil, headers{"Upload-Length": "many"}, "", 400, nil},
		{"create above the limit", "POST", nil, headers{"Upload-Length": "67108865"}, "", 413, nil},
		{"create with both lengths", "POST", nil, headers{"Upload-Length": "5", "Upload-Defer-Length": "1"}, "", 400, nil},
		{"create with a deferred length", "POST", nil, headers{"Upload-Defer-Length": "1"}, "", 201, headers{"Location": "*"}},
		{"create with a wrong deferral", "POST", nil, headers{"Upload-Defer-Length": "2"}, "", 400, nil},
		{"metadata that is no base64", "POST", nil, headers{"Upload-Length": "5", "Upload-Metadata": "filename §"}, "", 400, nil},
		{"metadata with a key twice", "POST", nil, headers{"Upload-Length": "5", "Upload-Metadata": "a YQ==,a YQ=="}, "", 400, nil},
		{"metadata with an empty value", "POST", nil, headers{"Upload-Length": "5", "Upload-Metadata": "marked"}, "", 201, nil},
		{"create with the whole file", "POST", nil, headers{"Upload-Length": "5", "Content-Type": "application/offset+octet-stream"}, "hello", 201, headers{"Upload-Offset": "5", "Zhilu-Status": "*"}},
		{"create with a part and a wrong checksum", "POST", nil, headers{"Upload-Length": "9", "Content-Type": "application/offset+octet-stream", "Upload-Checksum": sum256("other")}, "hello", 460, nil},
		{"concatenation is not offered", "POST", nil, headers{"Upload-Length": "5", "Upload-Concat": "partial"}, "", 400, nil},
		{"head", "HEAD", open, nil, "", 200, headers{"Upload-Offset": "0", "Upload-Length": "5", "Cache-Control": "no-store", "Upload-Metadata": "*", "Upload-Expires": "*"}},
		{"head of a finished one", "HEAD", done, nil, "", 200, headers{"Upload-Offset": "5", "Upload-Length": "5"}},
		{"head of nothing", "HEAD", func() string { return "/upload/" + string(ident.New[ident.UploadID]()) }, nil, "", 404, nil},
		{"T19 a path as id", "HEAD", func() string { return "/upload/..%2f..%2fetc%2fpasswd" }, nil, "", 404, nil},
		{"T20 another's upload does not exist", "HEAD", open, headers{"Authorization": "Bearer b"}, "", 404, nil},
		{"T20 nor can it be written", "PATCH", open, patchHeaders(0, "Authorization", "Bearer b"), "hello", 404, nil},
		{"T20 nor removed", "DELETE", open, headers{"Authorization": "Bearer b"}, "", 404, nil},
		{"patch", "PATCH", open, patchHeaders(0), "hel", 204, headers{"Upload-Offset": "3", "Upload-Expires": "*"}},
		{"patch to the end", "PATCH", open, patchHeaders(0), "hello", 204, headers{"Upload-Offset": "5", "Zhilu-Status": "*", "Zhilu-Receipt": "c"}},
		{"patch at a wrong offset", "PATCH", open, patchHeaders(3), "lo", 409, nil},
		{"patch without an offset", "PATCH", open, headers{"Content-Type": "application/offset+octet-stream"}, "hello", 400, nil},
		{"patch of another type", "PATCH", open, headers{"Upload-Offset": "0", "Content-Type": "text/plain"}, "hello", 415, nil},
		{"patch of too much", "PATCH", open, patchHeaders(0), "hello!", 413, nil},
		{"patch of a finished one", "PATCH", done, patchHeaders(5), "", 204, nil},
		{"patch by another method", "POST", open, patchHeaders(0, "X-HTTP-Method-Override", "PATCH"), "hello", 204, headers{"Upload-Offset": "5"}},
		{"T21 a right checksum", "PATCH", open, patchHeaders(0, "Upload-Checksum", sum256("hello")), "hello", 204, headers{"Upload-Offset": "5"}},
		{"T21 a right sha1", "PATCH", open, patchHeaders(0, "Upload-Checksum", "sha1 "+base64.StdEncoding.EncodeToString(sha1sum[:])), "hello", 204, headers{"Upload-Offset": "5"}},
		{"T21 a wrong checksum", "PATCH", open, patchHeaders(0, "Upload-Checksum", sum256("hullo")), "hello", 460, nil},
		{"T21 an unknown algorithm", "PATCH", open, patchHeaders(0, "Upload-Checksum", "crc9 AAAA"), "hello", 400, nil},
		{"T21 a checksum that is none", "PATCH", open, patchHeaders(0, "Upload-Checksum", "sha256 %%%"), "hello", 400, nil},
		{"T21 a checksum of the wrong length", "PATCH", open, patchHeaders(0, "Upload-Checksum", "sha256 AAAA"), "hello", 400, nil},
		{"the whole file's digest is another", "PATCH", open, patchHeaders(0, "Zhilu-Content-SHA256", strings.Repeat("ab", 32)), "hello", 409, nil},
		{"delete", "DELETE", open, nil, "", 204, nil},
		{"sealed evidence is not deleted", "DELETE", done, nil, "", 403, nil},
		{"footage is never served", "GET", done, nil, "", 405, headers{"Allow": "*"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := "/upload"
			if c.url != nil {
				url = c.url()
			}
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			r := w.do(c.method, url, c.h, body)
			if r.StatusCode != c.status {
				b, _ := io.ReadAll(r.Body)
				t.Fatalf("status %d, want %d: %s", r.StatusCode, c.status, b)
			}
			for k, v := range c.want {
				if got := r.Header.Get(k); v == "*" && got == "" || v != "*" && got != v {
					t.Errorf("%s: %q, want %q", k, got, v)
				}
			}
		})
	}
}

// TestWrongChunkKeepsNothing: T21. After a chunk that arrived wrong the offset is what it was, and the right one fits.
func TestWrongChunkKeepsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.create(10)
	if r := w.do("PATCH", u, patchHeaders(0, "Upload-Checksum", sum256("hello")), strings.NewReader("hello")); r.StatusCode != 204 {
		t.Fatal(r.StatusCode)
	}
	if r := w.do("PATCH", u, patchHeaders(5, "Upload-Checksum", sum256("world")), strings.NewReader("wurld")); r.StatusCode != 460 {
		t.Fatal(r.StatusCode)
	}
	if _, off := w.offset(u); off != "5" {
		t.Fatalf("offset %s after a wrong chunk", off)
	}
	if r := w.do("PATCH", u, patchHeaders(5, "Upload-Checksum", sum256("world")), strings.NewReader("world")); r.StatusCode != 204 || r.Header.Get("Zhilu-Status") == "" {
		t.Fatal(r.StatusCode)
	}
}

// TestTrailer: a checksum that follows the body, right and wrong.
func TestTrailer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		trailer string
		status  int
	}{{sum256("hello"), 204}, {sum256("other"), 460}, {"", 400}} {
		u := w.create(5)
		req, err := http.NewRequestWithContext(context.Background(), "PATCH", u, io.MultiReader(strings.NewReader("hello")))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range patchHeaders(0, "Authorization", "Bearer a", "Tus-Resumable", "1.0.0") {
			req.Header.Set(k, v)
		}
		req.ContentLength = -1
		req.Trailer = http.Header{"Upload-Checksum": {c.trailer}}
		resp, err := w.srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("trailer %q: %d, want %d", c.trailer, resp.StatusCode, c.status)
		}
	}
}

// TestChunkedBodyTooLong: a body of unknown length that holds more than the upload takes finishes nothing.
func TestChunkedBodyTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.create(5)
	if r := w.do("PATCH", u, patchHeaders(0), io.MultiReader(strings.NewReader("hello, and more"))); r.StatusCode != 413 {
		t.Fatalf("status %d", r.StatusCode)
	}
	if _, off := w.offset(u); off != "0" {
		t.Fatalf("offset %s: part of a body that was too long was kept", off)
	}
}

// TestBrokenConnection: what arrived before the line broke is kept and counted, and nothing is finished.
func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.create(10)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.srv.URL, "http://")) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	path := u[strings.Index(u, "/upload"):]
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 10\r\n\r\nhell", path)
	if err := errors.Join(conn.(*net.TCPConn).CloseWrite()); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(conn) // the server's answer, or its end
	_ = conn.Close()
	status, off := w.offset(u)
	if status != 200 || off != "4" {
		t.Fatalf("status %d offset %s, want what arrived", status, off)
	}
}

// TestDeferredLength: the length comes with a later chunk, once.
func TestDeferredLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.do("POST", "/upload", headers{"Upload-Defer-Length": "1"}, nil)
	u := r.Header.Get("Location")
	if h := w.do("HEAD", u, nil, nil).Header.Get("Upload-Defer-Length"); h != "1" {
		t.Errorf("Upload-Defer-Length %q", h)
	}
	if r := w.do("PATCH", u, patchHeaders(0), strings.NewReader("hel")); r.StatusCode != 204 {
		t.Fatal(r.StatusCode)
	}
	if r := w.do("PATCH", u, patchHeaders(3, "Upload-Length", "2"), strings.NewReader("lo")); r.StatusCode != 400 {
		t.Errorf("a length below the offset: %d", r.StatusCode)
	}
	if r := w.do("PATCH", u, patchHeaders(3, "Upload-Length", "5"), strings.NewReader("lo")); r.StatusCode != 204 || r.Header.Get("Zhilu-Status") == "" {
		t.Fatalf("%d %v", r.StatusCode, r.Header)
	}
}

// TestDuplicate: G11. The same bytes again are a success and no second object.
func TestDuplicate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, want := range []string{"sealed", "duplicate"} {
		u := w.create(5)
		if r := w.do("PATCH", u, patchHeaders(0), strings.NewReader("again")); r.Header.Get("Zhilu-Status") != want {
			t.Fatalf("time %d: %q", i, r.Header.Get("Zhilu-Status"))
		}
	}
	n := 0
	for _, err := range w.intake.v.Objects(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 1 {
		t.Fatalf("%d objects", n)
	}
}

func FuzzMetadata(f *testing.F) {
	for _, s := range []string{"", "filename ZXZpbA==", "a,b,c", "filename ..%2f", "k \xff", strings.Repeat("a ", 9000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { door.CheckMetadata(s) })
}
