package fence

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
)

// patience is how much longer than a look at its head the list of a file's packets may take: all of it is read.
const patience = 4

// Packets has ffprobe list the packets of a file, read by exactly this demuxer, in the form given (as for -of), and
// writes the list to sink as it comes. The file is the one at path or, if path is empty, what comes out of input: a
// stored object then goes through ffprobe without ever lying in the clear on a disk. An error means that input could
// not be read or that ctx ended; how far the list went is told by the outcome.
func (f *Fence) Packets(ctx context.Context, path string, input io.Reader, demuxer, entries, form string, sink io.Writer) (Outcome, error) {
	a := ask{path: path, demuxer: demuxer, wall: patience * f.limits.Wall, cpu: patience * f.limits.CPU, sink: sink}
	a.args = []string{"-probesize", strconv.Itoa(1 << 20), "-analyzeduration", "1000000", "-show_entries", entries, "-of", form}
	var in *source
	if path == "" {
		in = &source{Reader: input}
		a.input = in
	}
	out, err := f.ask(ctx, a)
	if in != nil && err == nil {
		if broken := in.err.Load(); broken != nil {
			err = fmt.Errorf("read for probe: %w", *broken)
		}
	}
	return out, err
}

// source remembers why reading ended, so that a store that cannot be read is not taken for a finding on the file.
type source struct {
	io.Reader
	err atomic.Pointer[error] // a run that was ended does not wait for a slow store
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err.Store(&err)
	}
	return n, err
}

// capped keeps the first limit bytes, or hands them on, and drops the rest; full, if set, is called at the first byte
// too many.
type capped struct {
	buf   bytes.Buffer
	sink  io.Writer
	n     int64
	limit int64
	over  bool
	full  func()
}

// Write never fails: a failing writer would look like a failing tool.
func (c *capped) Write(p []byte) (int, error) {
	keep := p
	if room := c.limit - c.n; int64(len(p)) > room {
		keep = p[:max(room, 0)]
		if !c.over && c.full != nil {
			c.full()
		}
		c.over = true
	}
	c.n += int64(len(keep))
	if c.sink == nil {
		c.buf.Write(keep)
	} else {
		_, _ = c.sink.Write(keep) // as the doc comment of Write says
	}
	return len(p), nil
}
