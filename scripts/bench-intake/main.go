// Command bench-intake measures how fast a card gets into the vault: the built program, a fresh house, `zhilu dock` over
// loopback, against what a careful person would do by hand with the same files on the same disk in the same run:
//
//	cp -r CARD COPY; sync; sha256sum COPY/*
//
// Each is done several times by turns, each time with other bytes, and the medians are compared. "Stored" is the moment
// of the last receipt (received digest equals the sender's, bytes durable, sealed, logged); "verified" is the end of the
// dock, when every file was read back from the disk and proves its place in the log. The last line is the ratio of
// throughputs, more than 1 meaning faster than by hand.
//
//	bench-intake -zhilu bin/zhilu -size 1024 -files 4 -rounds 3 [-dir DIR]
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench-intake:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	out    io.Writer
	zhilu  string // the program
	dir    string // everything below here, on the disk to be measured
	size   int64  // bytes of a card
	files  int
	rounds int
	parts  int // files at once of one dock
}

func run(args []string, out io.Writer) error {
	b := bench{out: out}
	flags := flag.NewFlagSet("bench-intake", flag.ContinueOnError)
	flags.StringVar(&b.zhilu, "zhilu", "bin/zhilu", "the program")
	flags.StringVar(&b.dir, "dir", "", "a folder on the disk to measure; by default below the system's temporary folder")
	mb := flags.Int64("size", 1024, "MiB on a card")
	flags.IntVar(&b.files, "files", 0, "files on a card; 0: one for each 256 MiB, four at least")
	flags.IntVar(&b.rounds, "rounds", 3, "how often each side is measured")
	flags.IntVar(&b.parts, "parallel", 3, "files a dock sends at once, its own default")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if b.size = *mb << 20; b.size <= 0 || b.rounds <= 0 {
		return errors.New("size and rounds must be more than 0")
	}
	if b.files == 0 {
		b.files = max(4, int(*mb/256))
	}
	var err error
	if b.zhilu, err = filepath.Abs(b.zhilu); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp(b.dir, "zhilu-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	return b.measure()
}

func (b *bench) measure() error {
	srv, err := b.start()
	if err != nil {
		return err
	}
	defer srv.stop()
	fmt.Fprintf(b.out, "card: %d files, %d MiB; %d rounds; %s\n", b.files, b.size>>20, b.rounds, b.dir)
	var hand, stored, verified []time.Duration
	for i := range b.rounds {
		card := filepath.Join(b.dir, fmt.Sprintf("card%d", i))
		if err := b.makeCard(card); err != nil {
			return err
		}
		mine := func() error {
			s, v, err := srv.dock(b, card)
			stored, verified = append(stored, s), append(verified, v)
			return err
		}
		peer := func() error {
			d, err := b.byHand(card)
			hand = append(hand, d)
			return err
		}
		turn := []func() error{mine, peer}
		if i%2 == 1 { // neither side always comes second
			slices.Reverse(turn)
		}
		for _, f := range turn {
			if err := f(); err != nil {
				return err
			}
		}
		fmt.Fprintf(b.out, "round %d: by hand %s, stored %s, verified %s\n", i+1, b.rate(hand[i]), b.rate(stored[i]), b.rate(verified[i]))
		if err := os.RemoveAll(card); err != nil {
			return err
		}
	}
	h, s, v := median(hand), median(stored), median(verified)
	cpu, rss := srv.used()
	fmt.Fprintf(b.out, "server: %.2f s of the processor a GiB, peak memory %d MiB\n", cpu.Seconds()/(float64(b.size)*float64(b.rounds)/(1<<30)), rss>>20)
	fmt.Fprintf(b.out, "cp+sync+sha256sum: %s\n", b.rate(h))
	fmt.Fprintf(b.out, "card to stored:    %s\n", b.rate(s))
	fmt.Fprintf(b.out, "card to verified:  %s, ratio to cp+sync+sha256sum: %.2f\n", b.rate(v), h.Seconds()/v.Seconds())
	fmt.Fprintf(b.out, "ratio to cp+sync+sha256sum: %.2f\n", h.Seconds()/s.Seconds())
	return nil
}

func (b *bench) rate(d time.Duration) string {
	return fmt.Sprintf("%.2f s (%.0f MiB/s)", d.Seconds(), float64(b.size>>20)/d.Seconds())
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

// makeCard writes files nobody has seen before: footage cannot be compressed either. They are synced, so that neither
// side pays for their writing, and lie in the page cache for both.
func (b *bench) makeCard(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var seed [32]byte
	_, _ = rand.Read(seed[:])
	source := mrand.NewChaCha8(seed)
	for i := range b.files {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("DSJ_20261127_%06d.bin", i)))
		if err != nil {
			return err
		}
		n := b.size / int64(b.files)
		if i == 0 {
			n += b.size % int64(b.files)
		}
		if _, err := io.CopyN(f, source, n); err != nil {
			return errors.Join(err, f.Close())
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// byHand copies, syncs and hashes.
func (b *bench) byHand(card string) (time.Duration, error) {
	to := filepath.Join(b.dir, "copy")
	syscall.Sync() // what others left is not charged to this
	begin := time.Now()
	for _, line := range [][]string{{"cp", "-r", card, to}, {"sync"}} {
		if out, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%s: %w: %s", line[0], err, out)
		}
	}
	names, err := filepath.Glob(filepath.Join(to, "*"))
	if err != nil {
		return 0, err
	}
	if out, err := exec.Command("sha256sum", names...).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("sha256sum: %w: %s", err, out)
	}
	took := time.Since(begin)
	return took, os.RemoveAll(to)
}

// server is a house being served.
type server struct {
	cmd   *exec.Cmd
	url   string
	token string // file
	log   bytes.Buffer
}

func (b *bench) start() (*server, error) {
	data, keys := filepath.Join(b.dir, "data"), filepath.Join(b.dir, "keys")
	if out, err := b.command("init", "--data", data, "--keys", keys, "--bureau", "示例县应急管理局", "--json").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("init: %w: %s", err, out)
	}
	out, err := b.command("token", "create", "--data", data, "--scope", "dock", "--name", "一号采集站", "--json").Output()
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	var made struct{ Token string }
	if err := json.Unmarshal(out, &made); err != nil || made.Token == "" {
		return nil, fmt.Errorf("token: %w: %s", err, out)
	}
	s := &server{token: filepath.Join(b.dir, "token")}
	if err := os.WriteFile(s.token, []byte(made.Token), 0o600); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	s.url = "http://" + addr
	s.cmd = b.command("serve", "--data", data, "--keys", keys, "--listen", addr, "--reserve", "64MiB", "--log-level", "warn")
	s.cmd.Stderr = &s.log
	begin := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for end := begin.Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		resp, err := http.Get(s.url + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(end) {
			s.stop()
			return nil, fmt.Errorf("the server is not ready: %s", s.log.String())
		}
	}
	fmt.Fprintf(b.out, "start to ready: %.2f s\n", time.Since(begin).Seconds())
	return s, nil
}

func (b *bench) command(args ...string) *exec.Cmd {
	c := exec.Command(b.zhilu, args...)
	c.Env = append(os.Environ(), "LANG=en_US.UTF-8")
	return c
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// used is the processor's time and the peak of the memory of the server so far.
func (s *server) used() (cpu time.Duration, peak int64) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err == nil {
		f := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		var u, k int64
		_, _ = fmt.Sscan(f[11], &u)
		_, _ = fmt.Sscan(f[12], &k)
		cpu = time.Duration(u+k) * (time.Second / 100) // USER_HZ
	}
	raw, _ = os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if _, rest, ok := strings.Cut(string(raw), "VmHWM:"); ok {
		_, _ = fmt.Sscan(rest, &peak)
	}
	return cpu, peak << 10
}

// dock docks the card; stored is the time to the last receipt's own moment, verified the whole.
func (s *server) dock(b *bench, card string) (stored, verified time.Duration, err error) {
	syscall.Sync()
	c := b.command("dock", "--card", card, "--server", s.url, "--token-file", s.token, "--json", "--state", card+"-state",
		"--parallel", fmt.Sprint(b.parts))
	c.Stderr = os.Stderr
	begin := time.Now()
	out, err := c.Output()
	verified = time.Since(begin)
	if err != nil {
		return 0, 0, fmt.Errorf("dock: %w", err)
	}
	n := 0
	for line := range bytes.Lines(out) {
		var r struct{ Status, Receipt string }
		if err := json.Unmarshal(line, &r); err != nil {
			return 0, 0, err
		}
		if r.Status != "sealed" {
			return 0, 0, fmt.Errorf("a file was not sealed: %s", line)
		}
		at, state, err := storedAt(r.Receipt)
		if err != nil {
			return 0, 0, err
		}
		if state != "verified" {
			return 0, 0, fmt.Errorf("%s is %s, not verified, when the dock ended", r.Receipt, state)
		}
		stored = max(stored, at.Sub(begin))
		n++
	}
	if n != b.files {
		return 0, 0, fmt.Errorf("%d lines for %d files", n, b.files)
	}
	return stored, verified, nil
}

// storedAt reads a receipt's own word on when its file was stored.
func storedAt(path string) (at time.Time, state string, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return at, "", err
	}
	var r struct{ Statement string }
	if err := json.Unmarshal(raw, &r); err != nil {
		return at, "", err
	}
	_, text, _ := strings.Cut(r.Statement, "\n")
	var st struct {
		StoredAt time.Time `json:"stored_at"`
		State    string    `json:"state"`
	}
	err = json.Unmarshal([]byte(text), &st)
	return st.StoredAt, st.State, err
}
