package housetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// House is a bureau on the disk and the address at which its server listens, if it runs.
type House struct {
	Dir     string // holds data, keys, the dock's state
	Data    string
	Keys    string
	Addr    string // host:port, kept over restarts
	Reserve string // --reserve
	Flags   []string

	Dock string // token of a dock, whole
	Read string // token that reads facts

	Logins map[string]*Login // by role, of the accounts that init made

	program string
}

// New makes a bureau in a folder that must exist, with a dock's and a reader's token. Its server is not started.
func New(t testing.TB, dir string) *House {
	t.Helper()
	h := At(t, dir)
	h.Logins = logins(t, h.must(t, "init", "--data", h.Data, "--keys", h.Keys, "--bureau", "示例局", "--json"))
	h.Dock = h.Token(t, "dock")
	h.Read = h.Token(t, "read")
	return h
}

// At is a bureau that lies in a folder already, a copy for instance: set Dock and Read, or take those of the original
// with Copy.
func At(t testing.TB, dir string) *House {
	t.Helper()
	return &House{
		Dir: dir, Data: filepath.Join(dir, "data"), Keys: filepath.Join(dir, "keys"), Addr: address(t), Reserve: "64MiB",
		program: Program(t),
	}
}

// address finds a port for a server that comes and goes. It lies below those that the kernel hands out, or somebody else's
// would have it before ours is back.
func address(t testing.TB) string {
	t.Helper()
	for range 1000 {
		addr := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(22_000))
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

// Copy is the same bureau as it lies in another folder, at another address.
func (h *House) Copy(t testing.TB, dir string) *House {
	t.Helper()
	c := At(t, dir)
	c.Dock, c.Read, c.Logins, c.Reserve, c.Flags = h.Dock, h.Read, h.Logins, h.Reserve, h.Flags
	return c
}

// Token makes one more token of a scope, "dock" or "read", also beside a running server.
func (h *House) Token(t testing.TB, scope string) string {
	t.Helper()
	return strings.TrimSpace(h.must(t, "token", "create", "--data", h.Data, "--scope", scope, "--name", scope))
}

// URL is the server's address.
func (h *House) URL() string { return "http://" + h.Addr }

func (h *House) env() []string {
	return []string{"HOME=" + h.Dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "LANG=zh_CN.UTF-8"}
}

// Command prepares the program with arguments, in the house's folder.
func (h *House) Command(args ...string) *exec.Cmd {
	c := exec.Command(h.program, args...)
	c.Dir, c.Env = h.Dir, h.env()
	return c
}

// Run runs the program to its end.
func (h *House) Run(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := h.Command(args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			t.Fatal(err)
		}
		code = e.ExitCode()
	}
	return out.String(), errs.String(), code
}

func (h *House) must(t testing.TB, args ...string) string {
	t.Helper()
	out, errs, code := h.Run(t, args...)
	if code != 0 {
		t.Fatalf("zhilu %s: %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// FsckReport is what `zhilu fsck --report` says.
type FsckReport struct {
	Code     int   `json:"-"`
	Objects  int   `json:"objects"`
	Files    int   `json:"files"`
	Stages   int   `json:"stages"`
	Bytes    int64 `json:"bytes"`
	Findings []struct {
		Code string `json:"code"`
		ID   string `json:"id"`
		What string `json:"what"`
	} `json:"findings"`
	Text string `json:"-"`
}

// Fsck checks everything against everything. online: beside a running server.
func (h *House) Fsck(t testing.TB, online bool) FsckReport {
	t.Helper()
	args := []string{"fsck", "--data", h.Data, "--keys", h.Keys, "--report"}
	if online {
		args = append(args, "--online")
	}
	out, errs, code := h.Run(t, args...)
	r := FsckReport{Code: code, Text: out + errs}
	if err := json.Unmarshal([]byte(out), &r); err != nil && code == 0 {
		t.Errorf("fsck said nothing that could be read: %v\n%s", err, r.Text)
	}
	return r
}

// Docked is a line of `zhilu dock --json`.
type Docked struct {
	Name      string `json:"name"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	Status    string `json:"status"`
	Code      string `json:"code"`
	Recording string `json:"recording_id"`
	File      string `json:"file_id"`
	Receipt   string `json:"receipt"` // a file
}

// Agent prepares `zhilu dock` for a card with the house's first dock token.
func (h *House) Agent(t testing.TB, card, state string, flags ...string) *exec.Cmd {
	t.Helper()
	return h.AgentAs(t, h.Dock, card, state, flags...)
}

// AgentAs prepares `zhilu dock` for a card; state is the folder of its journal, below the house's, and no two agents share
// one.
func (h *House) AgentAs(t testing.TB, secret, card, state string, flags ...string) *exec.Cmd {
	t.Helper()
	token := filepath.Join(h.Dir, state+".token")
	if err := os.WriteFile(token, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"dock", "--card", card, "--server", h.URL(), "--token-file", token, "--json", "--state", filepath.Join(h.Dir, state)}
	return h.Command(append(args, flags...)...)
}

// DockedLines reads what an agent printed, also one that was killed in the middle of a line.
func DockedLines(out []byte) []Docked {
	var list []Docked
	for line := range bytes.Lines(out) {
		var d Docked
		if json.Unmarshal(line, &d) == nil && d.Name != "" {
			list = append(list, d)
		}
	}
	return list
}
