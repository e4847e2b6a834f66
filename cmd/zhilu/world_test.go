package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // scripts tamper with the database as an intruder would
)

// patience bounds every wait of a script. It is generous: a busy machine is slow, not wrong.
const patience = 3 * time.Minute

// world is what a script's commands share.
type world struct {
	dir   string // the script's folder
	addr  string // where the server listens
	tls   bool   // the server speaks nothing but TLS
	trace bytes.Buffer

	server *exec.Cmd
	ended  chan error
	proxy  *proxy
	court  *court
	decoy  *decoy
}

type worldKey struct{}

// setup gives the script its addresses: $SERVER and $TLS the server, $PROXY a way to it that can be held up, $DECOY a
// server that is not ours.
func setup(e *testscript.Env) error {
	w := &world{dir: e.WorkDir}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.addr = l.Addr().String()
	if err := l.Close(); err != nil { // the server takes the port over; restarts need the same one
		return err
	}
	if w.proxy, err = newProxy(w.addr); err != nil {
		return err
	}
	if w.decoy, err = newDecoy(); err != nil {
		return err
	}
	e.Defer(func() {
		w.proxy.close()
		w.decoy.close()
		if w.server != nil {
			_ = w.server.Process.Kill()
			<-w.ended
		}
	})
	e.Defer(func() { w.court.end() })
	e.Setenv("SERVER", "http://"+w.addr)
	e.Setenv("TLS", "https://"+w.addr)
	e.Setenv("PROXY", "http://"+w.proxy.addr())
	e.Setenv("DECOY", "https://"+w.decoy.addr())
	e.Setenv("PORT", w.addr[strings.LastIndexByte(w.addr, ':')+1:])
	e.Setenv("MEDIA", mediaDir())
	examples, err := filepath.Abs(filepath.Join("..", "..", "internal", "verify", "testdata", "example"))
	if err != nil {
		return err
	}
	e.Setenv("EXAMPLES", examples)
	e.Setenv("LANG", "en_US.UTF-8")
	e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "state"))
	e.Values[worldKey{}] = w
	return nil
}

func worldOf(ts *testscript.TestScript) *world {
	w, ok := ts.Value(worldKey{}).(*world)
	if !ok {
		ts.Fatalf("no world")
	}
	return w
}

type command = func(ts *testscript.TestScript, neg bool, args []string)

func commandsOfScripts() map[string]command {
	return map[string]command{
		"exits": cmdExits, "serve": cmdServe, "halt": cmdHalt, "crash": cmdCrash, "http": cmdHTTP, "sql": cmdSQL, "count": cmdCount,
		"flip": cmdFlip, "tree": cmdTree, "field": cmdField, "docked": cmdDocked, "card": cmdCard, "big": cmdBig, "hold": cmdHold,
		"held": cmdHeld, "release": cmdRelease, "passed": cmdPassed, "untouched": cmdUntouched, "receipts": cmdReceipts,
		"opaque": cmdOpaque, "witness": cmdWitness, "unwitness": cmdUnwitness, "cosigned": cmdCosigned, "tsa": cmdTSA, "killed": cmdKilled,
	}
}

// builtIn are testscript's own commands. They go before ours, unseen: a command of ours called "stop" once ended every script
// at its first third, and all of them passed.
var builtIn = []string{
	"cat", "cd", "chmod", "cmp", "cmpenv", "cp", "env", "exec", "exists", "grep", "kill", "mkdir", "mv", "rm", "skip", "stderr", "stdin", "stdout",
	"stop", "symlink", "ttyin", "ttyout", "unix2dos", "unquote", "wait",
}

// TestCommandNames: none of our commands is shadowed, and no script ends itself early.
func TestCommandNames(t *testing.T) {
	t.Parallel()
	for name := range commandsOfScripts() {
		if slices.Contains(builtIn, name) {
			t.Errorf("%q is testscript's own", name)
		}
	}
	scripts, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	for _, s := range scripts {
		text, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`(?m)^\s*stop\b`).Match(text) {
			t.Errorf("%s ends itself", s)
		}
	}
}

// exits CODE COMMAND ARGS…: the command ends with exactly this code. Its output is there for stdout and stderr.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGS…]")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = e.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("%s ended with %d, want %s", args[1], code, args[0])
	}
}

// serve [-refusing] [-tls] FLAGS…: starts the server and waits until it is ready; -refusing: until it says it is not;
// -tls: it listens on every address of the machine and so speaks nothing but TLS.
func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	want := http.StatusOK
	if len(args) > 0 && args[0] == "-refusing" {
		want, args = http.StatusServiceUnavailable, args[1:]
	}
	if len(args) > 1 && args[0] == "-tsa" {
		args = append([]string{"--tsa", ts.Getenv("TSA"), "--tsa-ca", args[1]}, args[2:]...)
	}
	if len(args) > 1 && args[0] == "-witness" {
		peer := strings.TrimSpace(ts.ReadFile(args[1]))
		args = append([]string{"--witness", peer, "--witness-every", "1s"}, args[2:]...)
	}
	listen := w.addr
	if w.tls = len(args) > 0 && args[0] == "-tls"; w.tls {
		args, listen = args[1:], "0.0.0.0:"+ts.Getenv("PORT")
	}
	if neg || w.server != nil {
		ts.Fatalf("serve: there is a server already, or !")
	}
	all := append([]string{"serve", "--data", "data", "--keys", "keys", "--listen", listen, "--reserve", "64MiB", "--log-level", "warn"}, args...)
	c := exec.Command("zhilu", all...) // ended by stop, crash or the end of the script
	c.Dir, c.Stdout, c.Stderr = w.dir, &w.trace, &w.trace
	c.Env = []string{"HOME=" + w.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + ts.Getenv("TMPDIR"), "LANG=en_US.UTF-8"}
	if err := c.Start(); err != nil {
		ts.Fatalf("%v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	w.server, w.ended = c, ended
	w.until(ts, "the server to answer "+strconv.Itoa(want), func() bool {
		select {
		case err := <-ended:
			w.server = nil
			ts.Fatalf("the server ended: %v\n%s", err, w.trace.String())
		default:
		}
		status, _, err := w.get(http.MethodGet, "/readyz", "")
		return err == nil && status == want
	})
}

// halt tells the server to end and waits; crash kills it as a power cut would.
func cmdHalt(ts *testscript.TestScript, _ bool, _ []string) { worldOf(ts).end(ts, syscall.SIGTERM) }

func cmdCrash(ts *testscript.TestScript, _ bool, _ []string) { worldOf(ts).end(ts, syscall.SIGKILL) }

func (w *world) end(ts *testscript.TestScript, sig syscall.Signal) {
	if w.server == nil {
		ts.Fatalf("no server runs")
	}
	if err := w.server.Process.Signal(sig); err != nil {
		ts.Fatalf("%v", err)
	}
	err := <-w.ended
	w.server = nil
	if sig == syscall.SIGTERM && err != nil {
		ts.Fatalf("the server ended with %v\n%s", err, w.trace.String())
	}
	ts.Logf("%s", w.trace.String())
	w.trace.Reset()
}

// until polls what runs beside the script until it holds.
func (w *world) until(ts *testscript.TestScript, what string, fn func() bool) {
	for end := time.Now().Add(patience); !fn(); {
		if time.Now().After(end) {
			ts.Fatalf("waited too long for %s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (w *world) get(method, path, token string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	scheme := "http://"
	if w.tls {
		scheme = "https://"
	}
	req, err := http.NewRequestWithContext(ctx, method, scheme+w.addr+path, nil)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		secret, _, _ := strings.Cut(token, ".")
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Tus-Resumable", "1.0.0") // of no meaning except at /upload
	// this client only asks whether the server is up; the pin is tried by the agent
	tr := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// http STATUS METHOD PATH [TOKENFILE] [-until REGEXP]: asks the server; the answer is in the file `answer`. With
// -until it asks until the answer matches: jobs go on after a docking.
func cmdHTTP(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	match := regexp.MustCompile("")
	if n := len(args); n > 2 && args[n-2] == "-until" {
		match, args = regexp.MustCompile(args[n-1]), args[:n-2]
	}
	if neg || len(args) < 3 {
		ts.Fatalf("usage: http STATUS METHOD PATH [TOKENFILE] [-until REGEXP]")
	}
	token := ""
	if len(args) > 3 {
		token = strings.TrimSpace(ts.ReadFile(args[3]))
	}
	var body []byte
	w.until(ts, match.String(), func() bool {
		status, b, err := w.get(args[1], args[2], token)
		if err != nil {
			ts.Fatalf("%v", err)
		}
		if strconv.Itoa(status) != args[0] {
			ts.Fatalf("%s %s: %d, want %s\n%s", args[1], args[2], status, args[0], b)
		}
		body = b
		return match.Match(b)
	})
	ts.Check(os.WriteFile(ts.MkAbs("answer"), body, 0o600))
}

func (w *world) open(ts *testscript.TestScript) *sql.DB {
	d, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "data", "zhilu.db")+"?_pragma=busy_timeout(60000)")
	ts.Check(err)
	d.SetMaxOpenConns(1)
	return d
}

func triggers(ctx context.Context, d *sql.DB) ([]string, error) {
	rows, err := d.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	return names, rows.Err()
}

// sql [-force] STATEMENT: changes rows behind the program's back. -force takes every trigger away first, as somebody
// would who knows the schema.
func cmdSQL(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	d := worldOf(ts).open(ts)
	defer func() { _ = d.Close() }()
	if args[0] == "-force" {
		args = args[1:]
		names, err := triggers(ctx, d)
		ts.Check(err)
		for _, n := range names {
			_, err := d.ExecContext(ctx, `DROP TRIGGER "`+n+`"`) // names out of the schema
			ts.Check(err)
		}
	}
	r, err := d.ExecContext(ctx, args[0])
	if neg {
		if err == nil {
			ts.Fatalf("the database let it happen: %s", args[0])
		}
		ts.Logf("refused: %v", err)
		return
	}
	ts.Check(err)
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("no row was changed (%v)", err)
	}
}

// count [-until] N QUERY, or count N objects: rows of the database, sealed objects of the vault. With -until it asks until
// there are as many: jobs take their time.
func cmdCount(ts *testscript.TestScript, neg bool, args []string) {
	if !neg && len(args) == 3 && args[0] == "-until" {
		w := worldOf(ts)
		d := w.open(ts)
		defer func() { _ = d.Close() }()
		n := -1
		w.until(ts, args[2], func() bool {
			ts.Check(d.QueryRowContext(context.Background(), args[2]).Scan(&n))
			return strconv.Itoa(n) == args[1]
		})
		return
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: count N QUERY|objects")
	}
	n := 0
	if args[1] == "objects" {
		list, err := filepath.Glob(filepath.Join(worldOf(ts).dir, "data", "vault", "objects", "*", "*", "*.zv"))
		ts.Check(err)
		n = len(list)
	} else {
		d := worldOf(ts).open(ts)
		defer func() { _ = d.Close() }()
		ts.Check(d.QueryRowContext(context.Background(), args[1]).Scan(&n))
	}
	if strconv.Itoa(n) != args[0] {
		ts.Fatalf("%d, want %s: %s", n, args[0], args[1])
	}
}

// flip GLOB OFFSET: changes one bit of the first file that matches; a negative offset counts from the end.
func cmdFlip(ts *testscript.TestScript, neg bool, args []string) {
	list, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	offset, err := strconv.Atoi(args[1])
	ts.Check(err)
	if neg || len(list) == 0 {
		ts.Fatalf("no file matches %s", args[0])
	}
	ts.Check(os.Chmod(list[0], 0o600))
	raw, err := os.ReadFile(list[0])
	ts.Check(err)
	if offset < 0 {
		offset += len(raw)
	}
	raw[offset] ^= 1
	ts.Check(os.WriteFile(list[0], raw, 0o600))
}

// tree FROM TO: copies a folder whole, instead of what was there; rm'ing first is part of it.
func cmdTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tree FROM TO")
	}
	ts.Check(os.RemoveAll(ts.MkAbs(args[1])))
	ts.Check(ts.Exec("cp", "-a", ts.MkAbs(args[0]), ts.MkAbs(args[1]))) // with the modes: keys that others can read are refused
}

// card NAME: a card as nobody would wish it. What a file holds is different for each, so that all are kept.
func cmdCard(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: card DIR")
	}
	root := ts.MkAbs(args[0])
	for i, name := range hostileNames {
		path := filepath.Join(root, filepath.FromSlash(name))
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
		content := fmt.Sprintf("file %d, and what a camera would have written\n", 100+i) // one length for all
		switch {
		case strings.HasPrefix(name, "空"):
			content = ""
		case strings.HasPrefix(name, "网页"):
			content = "<!doctype html><title>x</title><script>alert(1)</script>"
		case strings.HasPrefix(name, "列表"):
			content = "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
		}
		ts.Check(os.WriteFile(path, []byte(content), 0o600))
		at := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
		ts.Check(os.Chtimes(path, at, at))
	}
	ts.Check(os.Symlink("/etc/passwd", filepath.Join(root, "链接.mp4")))
	ts.Check(syscall.Mkfifo(filepath.Join(root, "管.mp4"), 0o600))
}

// hostileNames are the regular files of a hostile card; the last three belong to operating systems.
var hostileNames = []string{
	"DCIM/现场 清和律师事务所.mp4", "DCIM/执法 记录 仪 0001.mp4", `DCIM/100/it's "quoted" & <b>.mp4`, "-rf.mp4", "--help",
	strings.Repeat("执", 65) + "0.mp4", "坏\xff\xfe.mp4", "坏\xfe\xff.mp4", "\u202egpj.现场.mp4", "a\tb\nc\x1b[31m\x07.mp4", "空文件.mp4",
	"网页.mp4", "列表.mp4", "a/b/c/d/e/f/深处.avi", "no-extension", "%00..%2f..%2fetc.mp4", "$(touch x);`id`.mp4", "=cmd|' /C calc'!A0.csv",
	"CON.mp4", " leading and trailing .mp4 ", "e\u0301-decomposed.mp4", "\u00e9-composed.mp4", "👮‍♂️.mov",
	"System Volume Information/IndexerVolumeGuid", "Thumbs.db", "DCIM/._现场.mp4",
}

// big FILE BYTES: a file that no compression and no digest confuses with another.
func cmdBig(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	if neg {
		ts.Fatalf("unsupported: ! big")
	}
	raw := make([]byte, n)
	x := uint64(len(args[0]))*0x9e3779b97f4a7c15 + 1
	for i := range raw {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		raw[i] = byte(x >> 32)
	}
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o700))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), raw, 0o600))
}
