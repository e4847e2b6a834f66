// Package derive makes from a recording what may be looked at in its place: a viewing copy, pictures of it, its waveform
// and a hint at speech. The original is only read, its bytes are hostile (threats T16 to T18), and everything foreign
// happens behind package fence. Nothing that is made carries a name, a place or a time of the original (decision 28).
package derive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/bmff"
	"zhilu.dev/zhilu/internal/media/fence"
)

// Bounds of what is taken. Beyond them a file is refused before anything of it is decoded.
const (
	MaxDuration = 24 * time.Hour
	MaxRate     = 480    // frames a second
	MaxSide     = 16_384 // pixels; fence.MaxPixels bounds the area
	// MaxScratch is the greatest original of which, where it cannot be read from front to end, a private file is written.
	MaxScratch = 8 << 30
)

// Config is what a Maker needs.
type Config struct {
	Logger *slog.Logger // required
	// TempDir takes the private file (0600) of an original that has to be read with seeking. Put it on memory or an
	// encrypted disk. "" is the system's.
	TempDir     string
	FFmpeg      string // path; "" looks it up
	Bwrap       string // path; "" looks it up
	AllowRlimit bool   // as in fence.Config
	NoBwrap     bool
	Font        string // path of a font with Chinese letters, for marks; "" looks it up
	// Busy reports that uploads are arriving: making waits for them. nil is never.
	Busy func() bool
}

// Maker makes derivatives. It is safe for concurrent use.
type Maker struct {
	cfg     Config
	encoder *fence.Encoder
	tool    string
	scribe  *scribe // nil without a font
}

// New makes a Maker, tries its sandbox and looks for a font. Without a font everything works but Mark. Faults are those
// of fence.New.
func New(ctx context.Context, cfg Config) (*Maker, error) {
	if cfg.Logger == nil {
		return nil, fault.New(fault.Invalid, "media.config", "Logger")
	}
	e, err := fence.NewEncoder(ctx, fence.Config{
		Logger: cfg.Logger, FFmpeg: cfg.FFmpeg, Bwrap: cfg.Bwrap, AllowRlimit: cfg.AllowRlimit, NoBwrap: cfg.NoBwrap,
	})
	if err != nil {
		return nil, err
	}
	m := &Maker{cfg: cfg, encoder: e}
	if m.tool, err = e.Version(ctx); err != nil {
		return nil, err
	}
	if words := strings.Fields(m.tool); len(words) > 2 {
		m.tool = words[0] + " " + words[2]
	}
	if m.scribe, err = newScribe(ctx, cfg.Font); err != nil {
		cfg.Logger.WarnContext(ctx, "no font with Chinese letters: nothing can be played until there is one", "cause", err)
	}
	return m, nil
}

// Tool is the program that makes, and its version.
func (m *Maker) Tool() string { return m.tool }

// Sandbox names the fence in use.
func (m *Maker) Sandbox() string { return m.encoder.Mode() }

const scratchPrefix = "derive-"

// Sweep removes private files that a crash left. It is called while nothing is being made.
func (m *Maker) Sweep() error {
	left, err := filepath.Glob(filepath.Join(m.tempDir(), scratchPrefix+"*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return fmt.Errorf("derive: sweep: %w", err)
	}
	return nil
}

func (m *Maker) tempDir() string {
	if m.cfg.TempDir == "" {
		return os.TempDir()
	}
	return m.cfg.TempDir
}

// Source is an original, with what is known of it.
type Source struct {
	io.ReaderAt
	Size  int64
	Facts media.Facts
}

// Check refuses what is not worth trying or would cost too much: fault Invalid "derivative.…".
func (s Source) Check() error {
	f := s.Facts
	switch {
	case s.Size == 0 || f.Has(media.FlagEmpty):
		return refuse("derivative.empty")
	case f.Kind.Demuxer() == "":
		return refuse("derivative.no_reader")
	case f.Reason == media.ReasonFigures || f.HasDuration && f.Duration > MaxDuration:
		return refuse("derivative.figures")
	case f.Reason == media.ReasonMoovMissing:
		return refuse("derivative.index")
	case len(f.Tracks) == 0:
		return refuse("derivative.unreadable")
	}
	shown := false
	for _, t := range f.Tracks {
		if t.Width > MaxSide || t.Height > MaxSide || int64(t.Width)*int64(t.Height) > fence.MaxPixels || t.Rate > MaxRate {
			return refuse("derivative.figures")
		}
		shown = shown || t.Kind == media.TrackVideo || t.Kind == media.TrackAudio || f.Kind.Still()
	}
	switch {
	case !shown && f.Has(media.FlagTruncated):
		return refuse("derivative.index")
	case !shown:
		return refuse("derivative.nothing")
	}
	return nil
}

func refuse(code string) error { return fault.New(fault.Invalid, code) }

// length is how long the original may be, for the limits: what its tables say, or what its size allows at the lowest
// rate a camera writes, whichever is more.
func (s Source) length() time.Duration {
	const lowest = 100_000 // bytes a second
	return min(max(s.Facts.Duration, time.Duration(s.Size/lowest)*time.Second), MaxDuration)
}

// Progress is told how far a run has come in the recording.
type Progress func(at time.Duration)

// open brings the original to the encoder: through a pipe wherever it can be read from front to end, else as a private
// file. done is called when the run has ended.
func (m *Maker) open(ctx context.Context, s Source, w *fence.Work) (done func(), err error) {
	var in io.Reader = io.NewSectionReader(s, 0, s.Size)
	if s.Facts.Kind.BMFF() {
		front, err := bmff.Front(ctx, s, s.Size)
		switch {
		case errors.Is(err, bmff.ErrNoIndex):
			return nil, refuse("derivative.index")
		case errors.Is(err, bmff.ErrBackward), errors.Is(err, bmff.ErrIndex):
			return m.scratch(ctx, s, w)
		case err != nil:
			return nil, err
		}
		in = front
	}
	p := &patient{ctx: ctx, r: in, busy: m.cfg.Busy}
	w.Input, w.Paused = p, p.waiting.Load
	return func() {}, nil
}

// scratch writes the private file.
func (m *Maker) scratch(ctx context.Context, s Source, w *fence.Work) (done func(), err error) {
	if s.Size > MaxScratch {
		return nil, refuse("derivative.scratch")
	}
	f, err := os.CreateTemp(m.tempDir(), scratchPrefix+"*") // CreateTemp makes it 0600
	if err != nil {
		return nil, fmt.Errorf("derive: scratch: %w", err)
	}
	done = func() { _ = os.Remove(f.Name()) } // swept at the next start
	_, err = io.Copy(f, &patient{ctx: ctx, r: io.NewSectionReader(s, 0, s.Size), busy: m.cfg.Busy})
	if err = errors.Join(err, f.Close()); err != nil {
		done()
		return nil, fmt.Errorf("derive: scratch: %w", err)
	}
	w.Path = f.Name()
	return done, nil
}

// patient reads on only while nobody else needs the machine more (decision 11).
type patient struct {
	ctx     context.Context
	r       io.Reader
	busy    func() bool
	waiting atomic.Bool
}

func (p *patient) Read(b []byte) (int, error) {
	for p.busy != nil && p.busy() {
		p.waiting.Store(true)
		select {
		case <-p.ctx.Done():
			return 0, context.Cause(p.ctx)
		case <-time.After(time.Second):
		}
	}
	p.waiting.Store(false)
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

// verdict tells what an outcome says of the file: nil, a refusal, or that the house itself failed.
func verdict(out fence.Outcome) error {
	switch out.End {
	case fence.Done:
		return nil
	case fence.Wall, fence.CPU:
		return refuse("derivative.limit")
	case fence.Output:
		return refuse("derivative.too_big")
	case fence.Failed:
		return fault.Wrap(fmt.Errorf("%w: %.300q", out.Err, out.Complaint), fault.Invalid, "derivative.tool_failed")
	case fence.Setup:
	}
	return fault.Wrap(fmt.Errorf("start sandbox: %w (%.300q)", out.Err, out.Complaint), fault.Unavailable, "media.sandbox_unavailable")
}
