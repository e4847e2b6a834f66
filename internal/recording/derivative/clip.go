package derivative

import (
	"context"
	"errors"
	"io"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// Reel is a file of a recording with its viewing copy, opened.
type Reel struct {
	File   ident.FileID
	SHA256 string // of the original
	Size   int64  // of the original
	Film   derive.Film
	From   time.Duration // on the recording's own time line, where files follow one another
	To     time.Duration
}

// Reels opens the viewing copies of a recording, file after file, as they are played; the returned function closes them. It asks nobody.
// Conflict "derivative.not_ready" while one is missing; Invalid "derivative.not_a_film" of pictures.
func (s *Service) Reels(ctx context.Context, rec ident.RecordingID) (out []Reel, done func() error, err error) {
	files, err := filesOf(ctx, s.c.DB.Reader, rec)
	if err != nil {
		return nil, nil, err
	}
	var open []vault.Object
	done = func() (err error) {
		for _, o := range open {
			err = errors.Join(err, o.Close())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, done())
		}
	}()
	at := time.Duration(0)
	for _, f := range files {
		p, x, err := s.ready(ctx, f.ID)
		if err != nil {
			return nil, done, err
		}
		if len(x.Segments) == 0 {
			return nil, done, fault.New(fault.Invalid, "derivative.not_a_film")
		}
		obj, err := s.open(ctx, &p.row)
		if err != nil {
			return nil, done, err
		}
		open = append(open, obj)
		film, err := filmOf(&p.row, obj)
		if err != nil {
			return nil, done, err
		}
		frame := p.derivative().Frame()
		film.Width, film.Height, film.Sound = frame.Width, frame.Height, frame.Sound
		out = append(out, Reel{File: f.ID, SHA256: f.SHA256, Size: f.Size, Film: film, From: at, To: at + film.Duration})
		at += film.Duration
	}
	if len(out) == 0 {
		return nil, done, fault.New(fault.NotFound, "recording.unknown")
	}
	return out, done, nil
}

// Made is what was made of a recording and is kept.
type Made struct {
	SHA256  string
	Size    int64
	Length  time.Duration
	Tool    string
	Sandbox string
}

// Clip makes a clip and keeps it among the derivatives, under its own digest.
func (s *Service) Clip(ctx context.Context, c derive.Clip, told derive.Progress) (Made, error) {
	if s.c.Maker == nil {
		return Made{}, fault.New(fault.Unavailable, "derivative.no_maker")
	}
	m := Made{Tool: s.c.Maker.Tool(), Sandbox: s.c.Maker.Sandbox()}
	r, err := s.keep(ctx, func(w io.Writer) (err error) {
		m.Length, err = s.c.Maker.Redact(ctx, c, w, told)
		return err
	})
	m.SHA256, m.Size = r.SHA256, r.Size
	return m, err
}

// Object opens what was kept under a digest. Unavailable "derivative.gone" where it is no more.
func (s *Service) Object(ctx context.Context, sha256 string) (vault.Object, error) {
	d := record.Digest(sha256)
	if d == nil {
		return nil, fault.New(fault.Unavailable, "derivative.gone")
	}
	obj, err := s.c.Derived.Open(ctx, *d)
	if fault.HasCode(err, "vault.object_unknown") || fault.HasCode(err, "vault.damaged") {
		return nil, fault.Wrap(err, fault.Unavailable, "derivative.gone")
	}
	return obj, err
}

// Frame gives one picture of a recording's copies at a moment, YUV 4:2:0, for a preview. It asks nobody.
func (s *Service) Frame(ctx context.Context, rec ident.RecordingID, at time.Duration, hide func(pix []byte, width, height int)) ([]byte, error) {
	if s.c.Maker == nil {
		return nil, fault.New(fault.Unavailable, "derivative.no_maker")
	}
	reels, done, err := s.Reels(ctx, rec)
	if err != nil {
		return nil, err
	}
	defer func() { _ = done() }() // only read
	for _, r := range reels {
		if at >= r.From && at < r.To {
			return s.c.Maker.Frame(ctx, r.Film, at-r.From, hide)
		}
	}
	return nil, fault.New(fault.NotFound, "derivative.segment_unknown")
}
