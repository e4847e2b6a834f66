package derivative

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/media/place"
	"zhilu.dev/zhilu/internal/media/segment"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// index is where the segments of a viewing copy lie: for each one its first byte, its length, its begin and its length
// in the clock of the stream.
type index struct {
	Head     []byte     `json:"head"`
	Segments [][4]int64 `json:"segments"`
}

const clockRate = 90_000

func pack(list []segment.Segment) [][4]int64 {
	out := make([][4]int64, len(list))
	for i, s := range list {
		out[i] = [4]int64{s.From, s.Bytes, int64(s.Start * clockRate / time.Second), int64(s.Length * clockRate / time.Second)}
	}
	return out
}

func span(ticks int64) time.Duration { return time.Duration(ticks) * time.Second / clockRate }

// Open opens a derivative's bytes. It is for packages that have checked a grant: it asks nobody. A file of another
// recording is NotFound "derivative.unknown"; one that is not ready, Conflict "derivative.not_ready"; one that is
// missing from its vault, or damaged there, Unavailable "derivative.lost", and it is made again.
func (s *Service) Open(ctx context.Context, rec ident.RecordingID, file ident.FileID, kind Kind) (Derivative, vault.Object, error) {
	p, err := one(ctx, s.c.DB.Reader, file, kind)
	if err != nil {
		return Derivative{}, nil, err
	}
	if p.Recording != rec {
		return Derivative{}, nil, fault.New(fault.NotFound, "derivative.unknown")
	}
	obj, err := s.open(ctx, &p.row)
	return p.derivative(), obj, err
}

func (s *Service) open(ctx context.Context, r *row) (vault.Object, error) {
	d := record.Digest(r.SHA256)
	if r.State != Ready || d == nil {
		return nil, fault.New(fault.Conflict, "derivative.not_ready")
	}
	obj, err := s.c.Derived.Open(ctx, *d)
	if fault.HasCode(err, "vault.object_unknown") || fault.HasCode(err, "vault.damaged") {
		return nil, s.lost(ctx, r, err)
	}
	return obj, err
}

// ready reads a viewing copy with its index.
func (s *Service) ready(ctx context.Context, file ident.FileID) (*placed, index, error) {
	p, err := one(ctx, s.c.DB.Reader, file, Copy)
	if err != nil {
		return nil, index{}, err
	}
	if p.State != Ready {
		return nil, index{}, fault.New(fault.Conflict, "derivative.not_ready")
	}
	var x index
	if p.Segments == "" { // a picture
		return p, x, nil
	}
	if err := json.Unmarshal([]byte(p.Segments), &x); err != nil {
		return nil, index{}, fmt.Errorf("derivative: index: %w", err)
	}
	return p, x, nil
}

// Segments lists the segments of a file's viewing copy; none of a picture. Conflict "derivative.not_ready".
func (s *Service) Segments(ctx context.Context, file ident.FileID) ([]Segment, error) {
	_, x, err := s.ready(ctx, file)
	if err != nil {
		return nil, err
	}
	out := make([]Segment, len(x.Segments))
	for i, g := range x.Segments {
		out[i] = Segment{N: i, Start: span(g[2]), Length: span(g[3])}
	}
	return out, nil
}

// Segment gives one segment of a file's viewing copy, as MPEG transport stream, with the mark in every picture; segments
// played one after another leave no gap. Like Open it asks nobody. Faults: Invalid "derivative.no_mark" (nothing is shown
// unmarked), NotFound "derivative.segment_unknown", those of Open, Unavailable "derivative.no_font",
// "derivative.no_maker" and "derivative.mark_failed".
func (s *Service) Segment(ctx context.Context, file ident.FileID, n int, mark string) ([]byte, error) {
	if strings.TrimSpace(mark) == "" {
		return nil, fault.New(fault.Invalid, "derivative.no_mark")
	}
	if s.c.Maker == nil {
		return nil, fault.New(fault.Unavailable, "derivative.no_maker")
	}
	p, x, err := s.ready(ctx, file)
	if err != nil {
		return nil, err
	}
	if n < 0 || n >= len(x.Segments) {
		return nil, fault.New(fault.NotFound, "derivative.segment_unknown")
	}
	return s.parts.get(ctx, partKey{p.SHA256, n, mark}, func() ([]byte, error) {
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		defer func() { <-s.slots }()
		obj, err := s.open(ctx, &p.row)
		if err != nil {
			return nil, err
		}
		defer func() { _ = obj.Close() }() // only read
		raw := make([]byte, len(x.Head)+int(x.Segments[n][1]))
		copy(raw, x.Head)
		if _, err := obj.ReadAt(raw[len(x.Head):], x.Segments[n][0]); err != nil && !errors.Is(err, io.EOF) {
			if fault.HasCode(err, "vault.damaged") {
				return nil, s.lost(ctx, &p.row, err)
			}
			return nil, fmt.Errorf("derivative: segment: %w", err)
		}
		f := p.derivative().Frame()
		return s.c.Maker.Mark(ctx, derive.Part{Bytes: raw, N: n, Width: f.Width, Height: f.Height}, mark)
	})
}

// Picture gives the viewing copy of a picture with the mark in it, as JPEG. Faults are those of Segment; of anything but
// a picture, Invalid "derivative.not_a_picture".
func (s *Service) Picture(ctx context.Context, file ident.FileID, mark string) ([]byte, error) {
	if strings.TrimSpace(mark) == "" {
		return nil, fault.New(fault.Invalid, "derivative.no_mark")
	}
	if s.c.Maker == nil {
		return nil, fault.New(fault.Unavailable, "derivative.no_maker")
	}
	p, _, err := s.ready(ctx, file)
	if err != nil {
		return nil, err
	}
	if !p.derivative().Frame().Still {
		return nil, fault.New(fault.Invalid, "derivative.not_a_picture")
	}
	return s.parts.get(ctx, partKey{p.SHA256, 0, mark}, func() ([]byte, error) {
		obj, err := s.open(ctx, &p.row)
		if err != nil {
			return nil, err
		}
		defer func() { _ = obj.Close() }() // only read
		raw, err := io.ReadAll(io.NewSectionReader(obj, 0, obj.Size()))
		if err != nil {
			return nil, fmt.Errorf("derivative: picture: %w", err)
		}
		return s.c.Maker.MarkStill(raw, mark)
	})
}

// Grab cuts a still picture out of one segment, with the mark in it, at a moment after the segment's beginning. Like Open it
// asks nobody. The same question gives the same bytes. Faults are those of Segment; Invalid "derivative.no_picture",
// Unavailable "derivative.grab_failed".
func (s *Service) Grab(ctx context.Context, file ident.FileID, n int, at time.Duration, mark string) ([]byte, error) {
	raw, err := s.Segment(ctx, file, n, mark)
	if err != nil {
		return nil, err
	}
	p, _, err := s.ready(ctx, file)
	if err != nil {
		return nil, err
	}
	f := p.derivative().Frame()
	return s.parts.get(ctx, partKey{p.SHA256, n, fmt.Sprintf("%s\x00%d", mark, at.Milliseconds())}, func() ([]byte, error) {
		return s.c.Maker.Grab(ctx, derive.Part{Bytes: raw, N: n, Width: f.Width, Height: f.Height}, at)
	})
}

// Places reads where a file claims its camera to have been. It is part of a look (decision 1) and, like Open, asks nobody.
func (s *Service) Places(ctx context.Context, id ident.FileID) ([]place.Claim, error) {
	file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", id)
	if err != nil {
		return nil, err
	}
	src, done, err := s.original(ctx, file)
	if err != nil {
		return nil, err
	}
	defer done()
	return media.Places(ctx, media.Source{ReaderAt: src, Size: src.Size}, src.Facts)
}

// MarkPicture writes a mark into a JPEG of ours. Nothing is shown unmarked: without one it is Invalid "derivative.no_mark".
func (s *Service) MarkPicture(raw []byte, mark string) ([]byte, error) {
	if strings.TrimSpace(mark) == "" {
		return nil, fault.New(fault.Invalid, "derivative.no_mark")
	}
	if s.c.Maker == nil {
		return nil, fault.New(fault.Unavailable, "derivative.no_maker")
	}
	return s.c.Maker.MarkStill(raw, mark)
}
