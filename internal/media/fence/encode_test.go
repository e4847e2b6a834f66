//go:build linux

package fence_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"zhilu.dev/zhilu/internal/media/fence"
)

func capturedEncoder(t *testing.T) *fence.Encoder {
	t.Helper()
	needTool(t, "nice")
	capturedFence(t, fence.Limits{}) // skips where it has to
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e, err := fence.NewEncoder(t.Context(), fence.Config{Logger: slog.New(slog.DiscardHandler), FFmpeg: self})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// T16: a captured ffmpeg is as alone as a captured ffprobe.
func TestCapturedEncoderIsAlone(t *testing.T) {
	t.Parallel()
	e := capturedEncoder(t)
	var said bytes.Buffer
	out, err := e.Run(t.Context(), fence.Work{Path: write(t, t.TempDir(), "order", "reach"), Demuxer: "mov", Output: &said, Behind: true})
	if err != nil || out.End != fence.Done {
		t.Fatalf("end %d, %v, %s", out.End, err, out.Complaint)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(said.String()), "\n") {
		switch line {
		case "lists", "root has ffmpeg", "root has input", "root has lib", "root has lib64", "root has usr":
		default:
			t.Errorf("a captured program: %s", line)
		}
	}
}

// T18: each limit ends a run, and each end is told apart; time that is waited does not count.
func TestEncoderLimits(t *testing.T) {
	t.Parallel()
	e := capturedEncoder(t)
	broken := errors.New("the disk is full")
	asked := sync.OnceValue(time.Now)
	paused := func() bool { return time.Since(asked()) < 2*time.Second }
	for name, c := range map[string]struct {
		order string
		work  fence.Work
		end   fence.End
		err   error
		least time.Duration
	}{
		"wall":       {"sleep", fence.Work{Wall: time.Second, Output: io.Discard}, fence.Wall, nil, 0},
		"paused":     {"sleep", fence.Work{Wall: time.Second, Output: io.Discard, Paused: paused}, fence.Wall, nil, 2 * time.Second},
		"processor":  {"spin", fence.Work{CPU: time.Second, Wall: time.Minute, Output: io.Discard}, fence.CPU, nil, 0},
		"too much":   {"flood", fence.Work{Size: 1 << 20, Wall: time.Minute, CPU: time.Minute, Output: io.Discard}, fence.Output, nil, 0},
		"full store": {"flood", fence.Work{Wall: time.Minute, CPU: time.Minute, Output: failing{broken}}, 0, broken, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			c.work.Path, c.work.Demuxer = write(t, t.TempDir(), "order", c.order), "mov"
			out, err := e.Run(t.Context(), c.work)
			if !errors.Is(err, c.err) || err == nil && out.End != c.end || time.Since(began) < c.least {
				t.Errorf("end %d, %v, after %v", out.End, err, time.Since(began))
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A store that breaks is an error and no finding; a caller who gives up is heard.
func TestEncoderStoreErrors(t *testing.T) {
	t.Parallel()
	needTool(t, "ffmpeg", "nice")
	newFence(t, fence.Config{})
	e, err := fence.NewEncoder(t.Context(), fence.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(victim(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	work := func(r io.Reader) fence.Work {
		return fence.Work{Input: r, Demuxer: "mpegts", Args: []string{"-c", "copy", "-f", "mpegts"}, Output: io.Discard, Wall: time.Minute}
	}
	if out, err := e.Run(t.Context(), work(bytes.NewReader(whole))); err != nil || out.End != fence.Done {
		t.Fatalf("end %d, %v, %s", out.End, err, out.Complaint)
	}
	if _, err := e.Run(t.Context(), work(io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(io.ErrClosedPipe)))); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("broken store: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Run(ctx, work(bytes.NewReader(whole))); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
