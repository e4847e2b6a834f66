package witness_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/witness"
	"zhilu.dev/zhilu/internal/durable"
)

// history is a log that can prove what it says.
type history struct {
	origin string
	signer note.Signer
	hashes []tlog.Hash
	size   int64
}

func newHistory(t *testing.T, skey, origin string) *history {
	t.Helper()
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return &history{origin: origin, signer: signer}
}

func (h *history) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = h.hashes[x]
	}
	return out, nil
}

func (h *history) grow(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		more, err := tlog.StoredHashes(h.size, []byte(w), h)
		if err != nil {
			t.Fatal(err)
		}
		h.hashes = append(h.hashes, more...)
		h.size++
	}
}

// checkpoint is the signed head of the first n entries.
func (h *history) checkpoint(t *testing.T, n int64) string {
	t.Helper()
	root, err := tlog.TreeHash(n, h)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := note.Sign(&note.Note{Text: h.origin + "\n" + strconv.FormatInt(n, 10) + "\n" + base64.StdEncoding.EncodeToString(root[:]) + "\n"}, h.signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(msg)
}

func (h *history) proof(t *testing.T, old, n int64) []string {
	t.Helper()
	if old == 0 || old == n {
		return nil
	}
	p, err := tlog.ProveTree(n, old, h)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range p {
		out = append(out, base64.StdEncoding.EncodeToString(x[:]))
	}
	return out
}

func post(t *testing.T, url string, body []byte) (status int, answer, kind string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url+"/add-checkpoint", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header.Get("Content-Type")
}

// TestProtocol: C2SP tlog-witness, each answer it knows; rollback and fork are never signed, nor after a restart. // G7, T10, T11
func TestProtocol(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := witness.Create(durable.OS(), dir, "witness.example/w1"); err != nil {
		t.Fatal(err)
	}
	const origin = "log.example/zhilu"
	skey, vkey, err := note.GenerateKey(nil, origin)
	if err != nil {
		t.Fatal(err)
	}
	f, err := witness.OpenFolder(durable.OS(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.AddLog(vkey); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	srv := httptest.NewServer(witness.NewServer(f, clock.NewManual(time.Date(2026, 11, 27, 1, 2, 3, 0, time.UTC)), log))
	defer srv.Close()
	v, err := witness.NewVerifier(f.Key().Verifier())
	if err != nil {
		t.Fatal(err)
	}
	a, fork := newHistory(t, skey, origin), newHistory(t, skey, origin)
	a.grow(t, "1", "2", "3", "4", "5", "6", "7", "8", "9", "10")
	fork.grow(t, "1", "2", "3", "4", "x", "y", "z", "8", "9", "10")
	otherKey, _, err := note.GenerateKey(nil, origin)
	if err != nil {
		t.Fatal(err)
	}
	stranger := newHistory(t, otherKey, origin)
	stranger.grow(t, "1", "2", "3")
	unknownKey, _, err := note.GenerateKey(nil, "other.example/log")
	if err != nil {
		t.Fatal(err)
	}
	unknown := newHistory(t, unknownKey, "other.example/log")
	unknown.grow(t, "1")
	long := strings.Repeat(base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", 64)
	steps := []struct {
		name string
		body []byte
		want int
		size string // of a conflict
	}{
		{"an unknown log", witness.Request(0, nil, unknown.checkpoint(t, 1)), 404, ""},
		{"another key", witness.Request(0, nil, stranger.checkpoint(t, 3)), 403, ""},
		{"no form", []byte("hello"), 400, ""},
		{"leading zero", []byte("old 00\n\n" + a.checkpoint(t, 3)), 400, ""},
		{"too long a proof", []byte("old 0\n" + long + "\n" + a.checkpoint(t, 3)), 400, ""},
		{"smaller than old", witness.Request(5, nil, a.checkpoint(t, 3)), 400, ""},
		{"a size nobody signed", witness.Request(2, a.proof(t, 2, 3), a.checkpoint(t, 3)), 409, "0\n"},
		{"a proof of nothing", witness.Request(0, a.proof(t, 2, 3), a.checkpoint(t, 3)), 422, ""},
		{"the first", witness.Request(0, nil, a.checkpoint(t, 3)), 200, ""},
		{"the same again", witness.Request(3, nil, a.checkpoint(t, 3)), 200, ""},
		{"from the beginning", witness.Request(0, nil, a.checkpoint(t, 5)), 409, "3\n"},
		{"without a proof", witness.Request(3, nil, a.checkpoint(t, 5)), 422, ""},
		{"with another's proof", witness.Request(3, a.proof(t, 2, 5), a.checkpoint(t, 5)), 422, ""},
		{"the next", witness.Request(3, a.proof(t, 3, 6), a.checkpoint(t, 6)), 200, ""},
		{"a fork of one size", witness.Request(6, nil, fork.checkpoint(t, 6)), 409, "6\n"},
		{"a longer fork", witness.Request(6, fork.proof(t, 6, 9), fork.checkpoint(t, 9)), 422, ""},
		{"a rollback", witness.Request(3, a.proof(t, 3, 4), a.checkpoint(t, 4)), 409, "6\n"},
		{"and on", witness.Request(6, a.proof(t, 6, 10), a.checkpoint(t, 10)), 200, ""},
	}
	for _, s := range steps {
		status, answer, kind := post(t, srv.URL, s.body)
		if status != s.want || s.want == 409 && (answer != s.size || kind != "text/x.tlog.size") {
			t.Errorf("%s: %d %q %s, want %d %q", s.name, status, answer, kind, s.want, s.size)
		}
		if status == 200 {
			_, msg, _ := strings.Cut(string(s.body), "\n\n")
			line, at, ok := v.Find([]byte(msg + answer))
			if !ok || line != answer || at.Unix() != 1795741323 {
				t.Errorf("%s: %q is no cosignature at %v", s.name, answer, at)
			}
		}
	}
	// After a restart it knows what it signed; what it cannot read it does not take for nothing.
	again, err := witness.OpenFolder(durable.OS(), dir)
	if err != nil {
		t.Fatal(err)
	}
	next := httptest.NewServer(witness.NewServer(again, clock.System(), log))
	defer next.Close()
	if status, answer, _ := post(t, next.URL, witness.Request(0, nil, a.checkpoint(t, 4))); status != 409 || answer != "10\n" {
		t.Error(status, answer)
	}
	heads, err := filepath.Glob(filepath.Join(dir, "heads", "*.json"))
	if err != nil || len(heads) != 1 {
		t.Fatal(heads, err)
	}
	if err := os.WriteFile(heads[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := post(t, next.URL, witness.Request(0, nil, a.checkpoint(t, 4))); status != 500 {
		t.Error("a head that cannot be read counts as none", status)
	}
}

// TestAccept: another history is let in by the operator only, with a reason, and what was given up stays on record.
func TestAccept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := witness.Create(durable.OS(), dir, "witness.example/w1"); err != nil {
		t.Fatal(err)
	}
	f, err := witness.OpenFolder(durable.OS(), dir)
	if err != nil {
		t.Fatal(err)
	}
	skey, vkey, err := note.GenerateKey(nil, "log.example/zhilu")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.AddLog(vkey); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(witness.NewServer(f, clock.System(), slog.New(slog.DiscardHandler)))
	defer srv.Close()
	a, b := newHistory(t, skey, "log.example/zhilu"), newHistory(t, skey, "log.example/zhilu")
	a.grow(t, "1", "2", "3", "4")
	b.grow(t, "1", "2", "x", "y", "z")
	if status, _, _ := post(t, srv.URL, witness.Request(0, nil, a.checkpoint(t, 4))); status != 200 {
		t.Fatal(status)
	}
	now := time.Now()
	for name, try := range map[string]func() error{
		"no name":       func() error { _, err := f.Accept([]byte(a.checkpoint(t, 2)), "", "x", now); return err },
		"no reason":     func() error { _, err := f.Accept([]byte(a.checkpoint(t, 2)), "x", "", now); return err },
		"not signed":    func() error { _, err := f.Accept([]byte("log.example/zhilu\n2\nAA\n"), "x", "x", now); return err },
		"what it has":   func() error { _, err := f.Accept([]byte(a.checkpoint(t, 4)), "x", "x", now); return err },
		"a greater one": func() error { _, err := f.Accept([]byte(b.checkpoint(t, 5)), "x", "x", now); return err },
	} {
		if try() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := f.Accept([]byte(b.checkpoint(t, 2)), "李四", "恢复备份", now); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := post(t, srv.URL, witness.Request(2, b.proof(t, 2, 5), b.checkpoint(t, 5))); status != 200 {
		t.Error(status)
	}
	h, err := f.Head("log.example/zhilu")
	if err != nil || len(h.Epochs) != 1 || h.Epochs[0].LostSize != 4 || h.Epochs[0].By != "李四" || !strings.Contains(h.Epochs[0].Lost, "\n4\n") {
		t.Errorf("%+v %v", h, err)
	}
}

// TestVerifier: a key is read in its one form, and no changed signature holds.
func TestVerifier(t *testing.T) {
	t.Parallel()
	k, err := witness.NewKey("witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	same, err := witness.ParseKey(k.Text())
	if err != nil || same.Verifier() != k.Verifier() {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "a+b", "witness.example/w1+00000000+" + strings.SplitN(k.Verifier(), "+", 3)[2], "x" + k.Verifier(), k.Verifier() + "A"} {
		if _, err := witness.NewVerifier(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
	v, err := witness.NewVerifier(k.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	text := "log.example/zhilu\n1\nAAAA\n"
	line := k.Sign(text, time.Unix(1_800_000_000, 0))
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(strings.SplitN(line, " ", 3)[2]))
	if err != nil || !v.Verify([]byte(text), raw[4:]) || v.Verify([]byte(text+"x"), raw[4:]) {
		t.Fatal(err)
	}
	for i := range raw[4:] {
		bad := append([]byte(nil), raw[4:]...)
		bad[i] ^= 1
		if v.Verify([]byte(text), bad) {
			t.Errorf("byte %d may be changed", i)
		}
	}
}

// FuzzRequest: whatever is sent, the witness answers, and signs nothing that its log did not.
func FuzzRequest(f *testing.F) {
	dir := f.TempDir()
	if _, err := witness.Create(durable.OS(), dir, "witness.example/w1"); err != nil {
		f.Fatal(err)
	}
	folder, err := witness.OpenFolder(durable.OS(), dir)
	if err != nil {
		f.Fatal(err)
	}
	_, vkey, err := note.GenerateKey(nil, "log.example/zhilu")
	if err != nil {
		f.Fatal(err)
	}
	if err := folder.AddLog(vkey); err != nil {
		f.Fatal(err)
	}
	s := witness.NewServer(folder, clock.System(), slog.New(slog.DiscardHandler))
	f.Add([]byte("old 0\n\nlog.example/zhilu\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— log.example/zhilu AAAAAAAA\n"))
	f.Add([]byte("old 3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nlog.example/zhilu\n4\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/add-checkpoint", strings.NewReader(string(body))))
		if w.Code < 400 || w.Code >= 500 {
			t.Errorf("%d", w.Code)
		}
	})
}
