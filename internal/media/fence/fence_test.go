//go:build linux

package fence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media/fence"
)

func needTool(t testing.TB, names ...string) {
	t.Helper()
	for _, n := range names {
		if _, err := exec.LookPath(n); err != nil {
			if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
				t.Fatalf("%s is missing and ZHILU_REQUIRE_TOOLS=1", n)
			}
			t.Skipf("%s is not installed", n)
		}
	}
}

func newFence(t testing.TB, cfg fence.Config) *fence.Fence {
	t.Helper()
	needTool(t, "ffprobe", "prlimit", "bwrap")
	cfg.Logger = slog.New(slog.DiscardHandler)
	f, err := fence.New(t.Context(), cfg)
	if err != nil {
		if fault.HasCode(err, "media.sandbox_unavailable") && os.Getenv("ZHILU_REQUIRE_TOOLS") != "1" {
			t.Skipf("no namespaces here: %v", err)
		}
		t.Fatal(err)
	}
	return f
}

func write(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A small transport stream, the victim of the evil playlists.
func victim(t testing.TB, dir string) string {
	t.Helper()
	needTool(t, "ffmpeg")
	path := filepath.Join(dir, "victim.ts")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=1:s=96x64:r=10", "-c:v", "mpeg2video", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return path
}

const entries = "format=format_name,duration:stream=codec_name,width"

// T17, M5: even when the playlist reader itself is forced on an evil file, the second file is not in sight.
func TestPlaylistSeesNoSecondFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := victim(t, dir)
	evil := map[string][2]string{
		"relative concat": {"concat", "ffconcat version 1.0\nfile victim.ts\n"},
		"relative hls":    {"hls", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nvictim.ts\n#EXT-X-ENDLIST\n"},
		"absolute hls":    {"hls", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + v + "\n#EXT-X-ENDLIST\n"},
		"network hls":     {"hls", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n"},
	}
	f := newFence(t, fence.Config{})
	weak := newFence(t, fence.Config{NoBwrap: true, AllowRlimit: true})
	for what, e := range evil {
		path := write(t, dir, strings.ReplaceAll(what, " ", "_")+".mp4", e[1])
		out, err := f.Run(t.Context(), path, e[0], entries)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out.Out, []byte("mpeg2video")) {
			t.Errorf("%s: the victim was read: %s", what, out.Out)
		}
		for mode, g := range map[string]*fence.Fence{"bwrap": f, "rlimit": weak} {
			out, err := g.Run(t.Context(), path, "mov", entries)
			if err != nil {
				t.Fatal(err)
			}
			if out.End != fence.Failed || bytes.Contains(out.Out, []byte("codec_name")) {
				t.Errorf("%s by mov behind %s: end %d, %s", what, mode, out.End, out.Out)
			}
		}
	}
	// The test can tell the difference: the victim itself is read.
	out, err := f.Run(t.Context(), v, "mpegts", entries)
	if err != nil || out.End != fence.Done || !bytes.Contains(out.Out, []byte("mpeg2video")) {
		t.Fatalf("victim: %v, end %d, %s", err, out.End, out.Complaint)
	}
}

// TestMain lets this test program stand in for an ffprobe or ffmpeg that an attacker has taken over: inside the sandbox
// it is called /ffprobe or /ffmpeg, and the one file it sees tells it what to try.
func TestMain(m *testing.M) {
	if os.Args[0] == "/ffprobe" || os.Args[0] == "/ffmpeg" {
		captured()
		return
	}
	os.Exit(m.Run())
}

func captured() {
	if slices.Contains(os.Args, "-version") {
		return // the fence tries itself out
	}
	order, err := os.ReadFile("/input")
	if err != nil {
		fmt.Println("input:", err)
		os.Exit(1)
	}
	switch string(order) {
	case "reach":
		reach()
	case "sleep":
		time.Sleep(time.Minute)
	case "spin":
		for n := 0; ; n++ {
			_ = n
		}
	case "eat":
		var all [][]byte
		for {
			b := make([]byte, 64<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
			_ = all
		}
	case "flood":
		for {
			fmt.Println(strings.Repeat("x", 4096))
		}
	}
}

// reach prints one line for everything that can be done and should not be.
func reach() {
	say := func(what string, err error) {
		if err == nil {
			fmt.Println(what)
		}
	}
	for _, path := range []string{"/proc/self/status", "/etc/passwd", "/dev/null", "/sys/kernel", "/tmp", "/home", "/root", "/work"} {
		_, err := os.Stat(path)
		say("sees "+path, err)
	}
	say("writes input", os.WriteFile("/input", []byte("x"), 0o600))
	say("makes a file", os.WriteFile("/x", []byte("x"), 0o600))
	say("makes a folder", os.Mkdir("/d", 0o700))
	ctx := context.Background()
	_, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	say("listens", err)
	_, err = new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:22")
	say("connects", err)
	_, err = new(net.Dialer).DialContext(ctx, "unix", "@anything")
	if !errors.Is(err, syscall.EPERM) {
		say("has sockets", nil)
	}
	say("starts a program", exec.CommandContext(ctx, "/ffprobe").Start())
	say("makes a namespace", syscall.Unshare(syscall.CLONE_NEWUSER))
	say("mounts", syscall.Mount("none", "/", "tmpfs", 0, ""))
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "PWD=") {
			say("knows "+e, nil)
		}
	}
	entries, err := os.ReadDir("/")
	say("lists", err)
	for _, e := range entries {
		fmt.Println("root has", e.Name())
	}
}

func capturedFence(t *testing.T, limits fence.Limits) *fence.Fence {
	t.Helper()
	if raceDetector {
		t.Skip("a program under the race detector needs more memory than the fence allows")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	newFence(t, fence.Config{}) // skips where there are no namespaces; from here on nothing is skipped
	f, err := fence.New(t.Context(), fence.Config{Logger: slog.New(slog.DiscardHandler), FFprobe: self, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// T16: what a captured ffprobe could reach behind the fence: itself, its libraries and the one file, read-only.
func TestCapturedProgramIsAlone(t *testing.T) {
	t.Parallel()
	f := capturedFence(t, fence.Limits{})
	out, err := f.Run(t.Context(), write(t, t.TempDir(), "order", "reach"), "mov", entries)
	if err != nil || out.End != fence.Done {
		t.Fatalf("end %d, %v, %s", out.End, err, out.Complaint)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out.Out)), "\n") {
		switch line {
		case "lists", "root has ffprobe", "root has input", "root has lib", "root has lib64", "root has usr":
		default:
			t.Errorf("a captured program: %s", line)
		}
	}
}

// T18: time, memory and output are limited, and each limit is told apart.
func TestLimits(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		limits fence.Limits
		want   fence.End
	}{
		"sleep": {fence.Limits{Wall: time.Second}, fence.Wall},
		"spin":  {fence.Limits{CPU: time.Second}, fence.CPU},
		"flood": {fence.Limits{Output: 1 << 20}, fence.Output},
		"eat":   {fence.Limits{}, fence.Failed},
	}
	for order, c := range cases {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			f := capturedFence(t, c.limits)
			out, err := f.Run(t.Context(), write(t, t.TempDir(), "order", order), "mov", entries)
			if err != nil || out.End != c.want {
				t.Errorf("end %d, want %d (%v; %v; %.200s)", out.End, c.want, err, out.Err, out.Complaint)
			}
		})
	}
}

// The caller's own end is told apart from the wall limit.
func TestCallerEnds(t *testing.T) {
	t.Parallel()
	f := capturedFence(t, fence.Limits{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Run(ctx, write(t, t.TempDir(), "order", "sleep"), "mov", entries); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A missing file is the sandbox's failure, not the file's.
func TestMissingFileIsSetup(t *testing.T) {
	t.Parallel()
	f := newFence(t, fence.Config{})
	out, err := f.Run(t.Context(), filepath.Join(t.TempDir(), "none.mp4"), "mov", entries)
	if err != nil || out.End != fence.Setup {
		t.Errorf("end %d, %v, %s", out.End, err, out.Complaint)
	}
}

type sparse struct {
	size  int64
	parts map[int64][]byte
	read  int64
}

func (s *sparse) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), s.size-off))
	s.read += int64(n)
	clear(p[:n])
	for at, b := range s.parts {
		for i := range b {
			if k := at + int64(i) - off; k >= 0 && k < int64(n) {
				p[k] = b[i]
			}
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// A stored object of 5 GiB whose index lies in the middle: the window has its true size, holds the index, and took
// little to make. It is private and goes away.
func TestWindow(t *testing.T) {
	t.Parallel()
	const gib = int64(1) << 30
	index := append([]byte{0, 0, 0, 24, 'm', 'o', 'o', 'v'}, []byte("0123456789abcdef")...)
	first := []byte{0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0, 0, 0xC0, 0, 0, 0} // 3 GiB
	last := []byte{0, 0, 0, 0, 'm', 'd', 'a', 't'}
	src := &sparse{size: 5 * gib, parts: map[int64][]byte{0: first, 3 * gib: index, 3*gib + 24: last, 5*gib - 4: []byte("tail")}}
	dir := t.TempDir()
	path, remove, err := fence.Window(dir, src, src.size, true)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != src.size || info.Mode().Perm() != 0o600 {
		t.Errorf("size %d, mode %v", info.Size(), info.Mode())
	}
	if src.read > 32<<20 {
		t.Errorf("%d bytes were decrypted", src.read)
	}
	w, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	for at, want := range src.parts {
		got := make([]byte, len(want))
		if _, err := w.ReadAt(got, at); err != nil || !bytes.Equal(got, want) {
			t.Errorf("at %d: %q, want %q (%v)", at, got, want, err)
		}
	}
	remove()
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// The window stays bounded however much index a file claims.
func TestWindowIsBounded(t *testing.T) {
	t.Parallel()
	const gib = int64(1) << 30
	src := &sparse{size: gib, parts: map[int64][]byte{0: {0, 0, 0, 0, 'm', 'o', 'o', 'v'}}}
	dir := t.TempDir()
	_, remove, err := fence.Window(dir, src, src.size, true)
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	if src.read > 100<<20 {
		t.Errorf("%d bytes were decrypted", src.read)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	needTool(t, "ffprobe", "prlimit")
	log := slog.New(slog.DiscardHandler)
	if _, err := fence.New(t.Context(), fence.Config{Logger: log, NoBwrap: true}); !fault.HasCode(err, "media.config") {
		t.Errorf("no fence at all: %v", err)
	}
	if _, err := fence.New(t.Context(), fence.Config{Logger: log, Bwrap: "/nonexistent"}); !fault.HasCode(err, "media.sandbox_unavailable") {
		t.Errorf("no bubblewrap: %v", err)
	}
}
