//go:build linux

package fence_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"zhilu.dev/zhilu/internal/media/fence"
)

const (
	listEntries = "packet=stream_index,pts_time"
	listForm    = "csv=p=0"
)

// The same list comes of a file in sight and of bytes through a pipe, behind both fences.
func TestPackets(t *testing.T) {
	t.Parallel()
	path := victim(t, t.TempDir())
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*fence.Fence{newFence(t, fence.Config{}), newFence(t, fence.Config{NoBwrap: true, AllowRlimit: true})} {
		var lists [2]bytes.Buffer
		for i, in := range []io.Reader{nil, bytes.NewReader(whole)} {
			at := path
			if in != nil {
				at = ""
			}
			out, err := f.Packets(t.Context(), at, in, "mpegts", listEntries, listForm, &lists[i])
			if err != nil || out.End != fence.Done || len(out.Out) != 0 {
				t.Fatalf("%s: %v, end %d, %d kept: %s", f.Mode(), err, out.End, len(out.Out), out.Complaint)
			}
		}
		if n := strings.Count("\n"+lists[0].String(), "\n0,"); n != 10 || lists[0].String() != lists[1].String() {
			t.Errorf("%s: %d packets by path\n%s\nthrough the pipe\n%s", f.Mode(), n, &lists[0], &lists[1])
		}
	}
}

// T18: a list without end is ended; what was read stays.
func TestPacketsAreBounded(t *testing.T) {
	t.Parallel()
	path := victim(t, t.TempDir())
	f := newFence(t, fence.Config{Limits: fence.Limits{List: 40}})
	var list bytes.Buffer
	out, err := f.Packets(t.Context(), path, nil, "mpegts", listEntries, listForm, &list)
	if err != nil || out.End != fence.Output || list.Len() != 40 {
		t.Errorf("%v, end %d, %d bytes", err, out.End, list.Len())
	}
}

// T17: through the pipe nothing is in sight at all, and the pipe is the only protocol.
func TestPipeOpensNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	evil := "ffconcat version 1.0\nfile " + victim(t, dir) + "\n"
	for _, f := range []*fence.Fence{newFence(t, fence.Config{}), newFence(t, fence.Config{NoBwrap: true, AllowRlimit: true})} {
		var list bytes.Buffer
		out, err := f.Packets(t.Context(), "", strings.NewReader(evil), "concat", listEntries, listForm, &list)
		if err != nil || out.End != fence.Failed || list.Len() != 0 {
			t.Errorf("%s: %v, end %d, %q", f.Mode(), err, out.End, list.String())
		}
	}
}

// A store that breaks is an error and no finding; a caller who gives up is heard.
func TestPacketsStoreErrors(t *testing.T) {
	t.Parallel()
	f := newFence(t, fence.Config{})
	whole, err := os.ReadFile(victim(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	broken := io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := f.Packets(t.Context(), "", broken, "mpegts", listEntries, listForm, io.Discard); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("broken store: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Packets(ctx, "", bytes.NewReader(whole), "mpegts", listEntries, listForm, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
