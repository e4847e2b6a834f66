package node_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/node"
	"zhilu.dev/zhilu/internal/problem"
)

var quiet = slog.New(slog.DiscardHandler)

func join(t *testing.T, d *db.DB, name, host, address string) *node.Registry {
	t.Helper()
	r, err := node.Join(t.Context(), d, quiet, name, host, address)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func exec(t *testing.T, d *db.DB, q string, args ...any) {
	t.Helper()
	if _, err := d.Writer.NewRaw(q, args...).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestNames: a name is one machine's while it lives, and a crash of its own keeps nobody out.
func TestNames(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	first := join(t, d, "a", "host1", "x:1")
	if _, err := node.Join(t.Context(), d, quiet, "a", "host2", "y:1"); !fault.HasCode(err, "node.taken") {
		t.Fatalf("got %v", err)
	}
	join(t, d, "a", "host1", "x:1") // after a crash
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := first.Run(ctx, func() {}); !fault.HasCode(err, "node.taken") {
		t.Fatalf("two go on under one name: %v", err)
	}
	exec(t, d, "UPDATE node SET seen_at = seen_at - ?", (node.Fresh + time.Second).Microseconds())
	r := join(t, d, "a", "host2", "y:1") // the other one is dead
	ended, end := context.WithCancel(t.Context())
	end()
	if err := r.Run(ended, func() {}); err != nil {
		t.Fatal(err)
	}
	nodes, err := r.Nodes(t.Context())
	if err != nil || len(nodes) != 1 || !nodes[0].Ended || nodes[0].Lives() {
		t.Fatalf("%+v %v", nodes, err)
	}
}

// TestForwarder: a request goes to the server on which the bytes lie, whole, once, with what its sender said.
func TestForwarder(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	where := map[string]string{"up-a": "a", "up-b": "b", "up-dead": "dead", "up-gone": "gone", "up-silent": "silent"}
	roots := x509.NewCertPool()
	serve := func(name string) (*node.Registry, string) {
		var f *node.Forwarder
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.ServeHTTP(w, r) }))
		t.Cleanup(srv.Close)
		roots.AddCert(srv.Certificate())
		reg := join(t, d, name, "host", srv.Listener.Addr().String())
		f = (&node.Forwarder{
			Registry: reg, Where: func(_ context.Context, id string) (string, error) { return where[id], nil }, Log: quiet,
			TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			Fail: func(w http.ResponseWriter, _ *http.Request, err error) {
				http.Error(w, fault.As(err).Code, problem.Status(err))
			},
			Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				w.Header().Set("Upload-Offset", "7")
				w.WriteHeader(460)
				_, _ = io.WriteString(w, strings.Join([]string{name, r.Method, r.Host, r.URL.Path, r.Header.Get("Authorization"), string(body), r.Trailer.Get("Upload-Checksum")}, "|"))
			}),
		}).Open()
		return reg, srv.URL
	}
	_, urlA := serve("a")
	_, urlB := serve("b")
	join(t, d, "dead", "host", "127.0.0.1:1")
	join(t, d, "silent", "host", "127.0.0.1:1")
	join(t, d, "gone", "host", "127.0.0.1:1")
	exec(t, d, "UPDATE node SET seen_at = seen_at - ? WHERE name = 'silent'", (node.Fresh + time.Second).Microseconds())
	exec(t, d, "UPDATE node SET seen_at = seen_at - ? WHERE name = 'gone'", (node.Gone + time.Second).Microseconds())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	ask := func(method, url, body string, header ...string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, url, io.NopCloser(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Host, r.ContentLength = "zhilu.example", -1
		r.Header.Set("Authorization", "Bearer x")
		r.Trailer = http.Header{"Upload-Checksum": {"sha1 abc"}}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		said, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, strings.TrimSpace(string(said))
	}
	for _, c := range []struct {
		name, url, want string
		status          int
		header          []string
	}{
		{"here", urlA + "/upload/up-a", "a|PATCH|zhilu.example|/upload/up-a|Bearer x|bytes|sha1 abc", 460, nil},
		{"there", urlA + "/upload/up-b", "b|PATCH|zhilu.example|/upload/up-b|Bearer x|bytes|sha1 abc", 460, nil},
		{"ended or unknown", urlA + "/upload/other", "a|PATCH|zhilu.example|/upload/other|Bearer x|bytes|sha1 abc", 460, nil},
		{"new", urlB + "/upload", "b|PATCH|zhilu.example|/upload|Bearer x|bytes|sha1 abc", 460, nil},
		{"joined where the parts lie", urlA + "/upload", "b|PATCH|zhilu.example|/upload|Bearer x|bytes|sha1 abc", 460, []string{"Upload-Concat", "final;/upload/up-b /upload/up-b"}},
		{"not answering", urlA + "/upload/up-dead", "node.away", 503, nil},
		{"silent", urlA + "/upload/up-silent", "node.away", 503, nil},
		{"given up", urlA + "/upload/up-gone", "upload.gone", 404, nil},
		{"never entered", urlA + "/upload/up-x", "upload.gone", 404, nil},
		{"passed on twice", urlA + "/upload/up-b", "node.away", 503, []string{"Zhilu-Forwarded-By", "b"}},
	} {
		where["up-x"] = "x"
		if status, said := ask(http.MethodPatch, c.url, "bytes", c.header...); status != c.status || said != c.want {
			t.Errorf("%s: %d %q, want %d %q", c.name, status, said, c.status, c.want)
		}
	}
	// One sender's parts come together, whichever server is asked; different senders are spread.
	seen := map[string]bool{}
	for _, who := range strings.Fields("k1 k2 k3 k4 k5 k6 k7 k8 k9") {
		exec(t, d, "UPDATE node SET ended = TRUE WHERE name IN ('dead', 'silent', 'gone')")
		_, viaA := ask(http.MethodPost, urlA+"/upload", "", "Upload-Concat", "partial", "Authorization", who)
		_, viaB := ask(http.MethodPost, urlB+"/upload", "", "Upload-Concat", "partial", "Authorization", who)
		if viaA != viaB {
			t.Errorf("%s: parts on two servers: %s, %s", who, viaA, viaB)
		}
		seen[viaA[:1]] = true
	}
	if len(seen) != 2 {
		t.Errorf("all senders went to %v", seen)
	}
}
