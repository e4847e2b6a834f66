package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/s3"
	"zhilu.dev/zhilu/internal/vault/s3/buckettest"
)

// bureau is one house served by several servers behind one address.
type bureau struct {
	t        *testing.T
	dir      string
	database string
	vault    string
	nodes    map[string]*server
	passed   atomic.Int64 // requests through the one address
}

type server struct {
	name, addr string
	cmd        *exec.Cmd
	ended      chan struct{}
	said       lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (b *bureau) zhilu(args ...string) (string, int) {
	b.t.Helper()
	c := exec.Command("zhilu", args...)
	c.Dir, c.Env = b.dir, []string{"HOME=" + b.dir, "PATH=" + os.Getenv("PATH"), "LANG=en_US.UTF-8"}
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		b.t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

func (b *bureau) must(args ...string) string {
	b.t.Helper()
	out, code := b.zhilu(args...)
	if code != 0 {
		b.t.Fatalf("zhilu %s: %d\n%s\n%s", strings.Join(args, " "), code, out, b.traces())
	}
	return out
}

func (b *bureau) traces() string {
	var s strings.Builder
	for _, n := range b.nodes {
		fmt.Fprintf(&s, "--- %s\n%s", n.name, n.said.String())
	}
	return s.String()
}

func (b *bureau) place(node string) []string {
	return []string{"--data", "data-" + node, "--keys", "keys-" + node, "--database", b.database, "--vault", b.vault, "--node", node}
}

// start starts a server and waits until it is ready.
func (b *bureau) start(name string) *server {
	b.t.Helper()
	s := b.nodes[name]
	if s == nil {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.t.Fatal(err)
		}
		s = &server{name: name, addr: l.Addr().String()}
		b.nodes[name] = s
		_ = l.Close()
	}
	args := append([]string{"serve"}, b.place(name)...)
	s.cmd = exec.Command("zhilu", append(args, "--listen", s.addr, "--inner", s.addr, "--reserve", "64MiB")...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = b.dir, &s.said, &s.said
	s.cmd.Env = []string{"HOME=" + b.dir, "PATH=" + os.Getenv("PATH"), "LANG=en_US.UTF-8"}
	if err := s.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	ended, cmd := make(chan struct{}), s.cmd
	s.ended = ended
	go func() { _ = cmd.Wait(); close(ended) }()
	b.t.Cleanup(func() { b.kill(name) })
	b.until("server "+name, func() bool {
		select {
		case <-ended:
			b.t.Fatal(s.said.String())
		default:
		}
		_, status := b.get(s, "/readyz")
		return status == http.StatusOK
	})
	return s
}

func (b *bureau) kill(name string) {
	s := b.nodes[name]
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGKILL)
		<-s.ended
		s.cmd = nil
	}
}

func (b *bureau) get(s *server, path string) (string, int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", 0
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	return string(body), resp.StatusCode
}

func (b *bureau) until(what string, fn func() bool) {
	b.t.Helper()
	for end := time.Now().Add(patience); !fn(); {
		if time.Now().After(end) {
			b.t.Fatalf("waited too long for %s\n%s", what, b.traces())
		}
		<-time.After(10 * time.Millisecond)
	}
}

func (b *bureau) signs(s *server) bool {
	said, _ := b.get(s, "/metrics")
	return strings.Contains(said, "\nzhilu_log_signing 1\n")
}

// address is the one address: each request goes to the next server, or to the other one if that cannot be reached.
func (b *bureau) address(names ...string) string {
	var turn atomic.Int64
	proxy := &httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite: func(p *httputil.ProxyRequest) {
			b.passed.Add(1)
			for range names {
				s := b.nodes[names[int(turn.Add(1))%len(names)]]
				p.SetURL(&url.URL{Scheme: "http", Host: s.addr})
				if c, err := net.DialTimeout("tcp", s.addr, time.Second); err == nil {
					_ = c.Close()
					break
				}
			}
			p.Out.Host = p.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	srv := httptest.NewServer(proxy)
	b.t.Cleanup(srv.Close)
	return srv.URL
}

// laidOver puts a newer version over one of the objects.
func laidOver(t *testing.T, store *buckettest.Store, bucket s3.Bucket, d *db.DB) {
	t.Helper()
	var name string
	if err := d.Reader.QueryRowContext(t.Context(), "SELECT MIN(sha256) FROM recording_file").Scan(&name); err != nil {
		t.Fatal(err)
	}
	digest, err := vault.ParseDigest(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Client.PutObject(t.Context(), bucket.Name, buckettest.Key(bucket, digest), strings.NewReader("other"), 5, minio.PutObjectOptions{SendContentMd5: true})
	if err != nil {
		t.Fatal(err)
	}
}

// TestStoreGoesAway: while the bucket cannot be reached bytes are taken in, nothing is acknowledged as stored, and a dock
// that keeps trying ends well once it is back. // G9
func TestStoreGoesAway(t *testing.T) {
	t.Parallel()
	store := buckettest.Start(t)
	b := &bureau{t: t, dir: t.TempDir(), database: dbtest.URL(t), vault: buckettest.URL(store.Bucket(t)), nodes: map[string]*server{}}
	b.must("init", "--data", "data-a", "--keys", "keys-a", "--database", b.database, "--bureau", "示例县应急管理局", "--json")
	keys, err := json.Marshal(store.Keys)
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(b.must("token", "create", "--data", "data-a", "--database", b.database, "--scope", "dock", "--name", "一号采集站"))
	for name, raw := range map[string][]byte{"keys-a/s3.json": keys, "token": []byte(token), "card/A0001.mp4": bytes.Repeat([]byte("x1"), 200_000), "card/A0002.mp4": []byte("y")} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(b.dir, name)), 0o700), os.WriteFile(filepath.Join(b.dir, name), raw, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	a := b.start("a")
	store.Stop(t)
	docked := make(chan string, 1)
	go func() {
		out, code := b.zhilu("dock", "--card", "card", "--server", "http://"+a.addr, "--token-file", "token", "--json")
		docked <- fmt.Sprintf("exit %d\n%s", code, out)
	}()
	b.until("the store to be missed", func() bool { return strings.Contains(a.said.String(), "vault.store_unreachable") })
	select {
	case out := <-docked:
		t.Fatal("the dock gave up or was content: ", out)
	default:
	}
	store.Run(t)
	if out := <-docked; !strings.HasPrefix(out, "exit 0\n") || strings.Count(out, `"status":"sealed"`) != 2 {
		t.Fatalf("docking: %s\n%s", out, b.traces())
	}
	b.must(append(append([]string{"fsck"}, b.place("a")...), "--online")...)
}

// TestTwoNodes: two servers over one PostgreSQL and one bucket, behind one address that gives each request to the next.
// One is killed, the other goes on and signs; the first comes back, and what lay on its disk goes on. // decision 23, G2, G12, T11
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	store := buckettest.Start(t)
	bucket := store.Bucket(t)
	b := &bureau{t: t, dir: t.TempDir(), database: dbtest.URL(t), vault: buckettest.URL(bucket), nodes: map[string]*server{}}
	b.must("init", "--data", "data-a", "--keys", "keys-a", "--database", b.database, "--bureau", "示例县应急管理局", "--json")
	keys, err := json.Marshal(store.Keys)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, raw []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(b.dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(b.dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("keys-a/s3.json", keys)
	listed, err := os.ReadDir(filepath.Join(b.dir, "keys-a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range listed {
		raw, err := os.ReadFile(filepath.Join(b.dir, "keys-a", n.Name()))
		if err != nil {
			t.Fatal(err)
		}
		write("keys-b/"+n.Name(), raw)
	}
	if err := os.Mkdir(filepath.Join(b.dir, "data-b"), 0o700); err != nil {
		t.Fatal(err)
	}
	write("token", []byte(strings.TrimSpace(b.must("token", "create", "--data", "data-a", "--database", b.database, "--scope", "dock", "--name", "一号采集站"))))
	a, other := b.start("a"), b.start("b")
	if !b.signs(a) || b.signs(other) {
		t.Fatal("the first signs, and only the first")
	}
	address := b.address("a", "b")
	content := func(name string, size int) []byte {
		return bytes.Repeat([]byte(name+" 0123456789abcdef\n"), size/(len(name)+18)+1)[:size]
	}
	for i := range 6 {
		write(fmt.Sprintf("card1/F%04d.mp4", i), content(fmt.Sprintf("card1-%d", i), 700_000))
	}
	dock := func(card, state string) []string {
		return []string{"dock", "--card", card, "--server", address, "--token-file", "token", "--json", "--chunk-size", "65536", "--state", state}
	}

	// The signer dies while a card is being docked through both.
	docked := make(chan string, 1)
	go func() {
		out, code := b.zhilu(dock("card1", "state1")...)
		docked <- fmt.Sprintf("exit %d\n%s", code, out)
	}()
	b.until("uploads through both", func() bool { return b.passed.Load() > 30 })
	b.kill("a")
	died := time.Now()
	b.until("the other to sign", func() bool { return b.signs(other) })
	t.Logf("the log is signed again %d ms after its signer was killed", time.Since(died).Milliseconds())
	b.start("a")
	if out := <-docked; !strings.HasPrefix(out, "exit 0\n") || strings.Count(out, `"status":"sealed"`) != 6 {
		t.Fatalf("docking: %s\n%s", out, b.traces())
	}

	// With one server gone for good the other does everything.
	b.kill("a")
	for i := range 3 {
		write(fmt.Sprintf("card2/G%04d.mp4", i), content(fmt.Sprintf("card2-%d", i), 200_000))
	}
	if out := b.must(dock("card2", "state2")...); strings.Count(out, `"status":"sealed"`) != 3 {
		t.Fatal(out)
	}
	b.must("verify", "http://"+other.addr+"/log", "--trust", "data-b/public/trust.json")
	b.start("a")
	if b.signs(b.nodes["a"]) || !b.signs(other) {
		t.Fatal("two sign, or none")
	}
	if out := b.must(dock("card1", "state3")...); strings.Count(out, `"status":"duplicate"`) != 6 {
		t.Fatal(out)
	}

	// A server dies and does not come back: what was half sent to it is begun anew with the other.
	d, err := db.Open(t.Context(), db.Config{URL: b.database})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	for i := range 4 {
		write(fmt.Sprintf("card3/H%04d.mp4", i), content(fmt.Sprintf("card3-%d", i), 2_000_000))
	}
	go func() {
		out, code := b.zhilu(dock("card3", "state4")...)
		docked <- fmt.Sprintf("exit %d\n%s", code, out)
	}()
	open := func() (n int) {
		if err := d.Reader.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM upload WHERE node = 'a' AND state = 'open'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	b.until("an upload that is under way on the first", func() bool { return open() > 0 })
	b.kill("a")
	if _, err := d.Writer.ExecContext(t.Context(), "UPDATE node SET seen_at = seen_at - 180000000 WHERE name = 'a'"); err != nil { // three minutes later
		t.Fatal(err)
	}
	if out := <-docked; !strings.HasPrefix(out, "exit 0\n") || strings.Count(out, `"status":"sealed"`)+strings.Count(out, `"status":"duplicate"`) != 4 {
		t.Fatalf("docking: %s\n%s", out, b.traces())
	}
	b.start("a")

	// Exactly once, all of it, and nothing found wrong from either server.
	count := func(q string) (n int) {
		t.Helper()
		if err := d.Reader.QueryRowContext(t.Context(), q).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count("SELECT COUNT(*) FROM recording_file"); n != 13 {
		t.Fatalf("%d files", n)
	}
	if n := count("SELECT COUNT(DISTINCT node) FROM upload"); n != 2 {
		t.Fatalf("uploads began on %d servers", n)
	}
	if n := count("SELECT COUNT(DISTINCT sha256) FROM recording_file"); n != 13 {
		t.Fatalf("%d different files", n)
	}
	b.until("one leaf each", func() bool {
		return count(`SELECT COUNT(*) FROM recording_file AS f JOIN custody_entry AS e ON e.id = f.entry_id JOIN custody_leaf AS l ON l.seq = e.seq`) == 13
	})
	for _, n := range []string{"a", "b"} {
		b.must(append(append([]string{"fsck"}, b.place(n)...), "--online")...)
	}
	// Who stands by knows how far the log was published, or could be made to sign behind it.
	b.until("the one that stands by to keep up", func() bool {
		mine, err := os.ReadFile(filepath.Join(b.dir, "keys-a", "log.head"))
		theirs, err2 := os.ReadFile(filepath.Join(b.dir, "keys-b", "log.head"))
		return err == nil && err2 == nil && bytes.Equal(mine, theirs)
	})
	// Somebody with the store's keys lays something over an object: it is found, and nothing else is served.
	laidOver(t, store, bucket, d)
	out, code := b.zhilu(append(append([]string{"fsck"}, b.place("a")...), "--online")...)
	if code != 3 || strings.Count(out, "object.changed") != 1 || !strings.Contains(out, "1 newer versions") {
		t.Fatalf("%d\n%s", code, out)
	}
	if out, code := b.zhilu(append(append([]string{"serve"}, "--data", "data-b", "--keys", "keys-b", "--database", b.database, "--vault", b.vault, "--node", "b"), "--listen", "127.0.0.1:0")...); code == 0 {
		t.Fatal("a second server under one name: ", out)
	}
}
