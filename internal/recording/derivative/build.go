package derivative

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/media/segment"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// build makes one derivative. A row without a digest says that the original has nothing of this kind.
func (s *Service) build(ctx context.Context, file *record.File, rows []row, kind Kind) (row, error) {
	if kind == Copy {
		return s.buildCopy(ctx, file)
	}
	at := slices.IndexFunc(rows, func(r row) bool { return r.Kind == Copy })
	if at < 0 {
		return row{}, fault.New(fault.NotFound, "derivative.unknown")
	}
	source := rows[at]
	if source.State == Failed { // what could not be copied cannot be shown in parts either
		return row{}, fault.New(fault.Invalid, "derivative."+source.Reason)
	}
	obj, err := s.open(ctx, &source)
	if err != nil {
		return row{}, err
	}
	defer func() { _ = obj.Close() }() // only read
	frame := (&placed{row: source}).derivative().Frame()
	switch {
	case frame.Still && kind == Poster:
		return s.buildThumb(ctx, obj)
	case kind == Poster && frame.Width > 0, kind == Strip && frame.Width > 0 && !frame.Still, frame.Sound && kind != Poster && kind != Strip:
		film, err := filmOf(&source, obj)
		if err != nil {
			return row{}, err
		}
		return s.buildOf(ctx, film, kind)
	}
	return row{}, nil
}

// buildCopy makes the viewing copy.
func (s *Service) buildCopy(ctx context.Context, file *record.File) (row, error) {
	src, done, err := s.original(ctx, file)
	if err != nil {
		return row{}, err
	}
	defer done()
	if src.Facts.Kind.Still() {
		picture, err := s.c.Maker.Still(ctx, src)
		if err != nil {
			return row{}, err
		}
		return s.keepPicture(ctx, picture, true)
	}
	whole := max(src.Facts.Duration, time.Millisecond)
	told := func(at time.Duration) {
		s.tell(file.ID, running{kind: Copy, done: min(max(float64(at)/float64(whole), 0), 1)})
	}
	var c derive.Copied
	made, err := s.keep(ctx, func(w io.Writer) error {
		c, err = s.c.Maker.Copy(ctx, src, w, told)
		return err
	})
	if err != nil {
		return row{}, err
	}
	made.Duration = c.Duration.Microseconds()
	if err := made.say(Frame{Width: c.Width, Height: c.Height, Sound: c.Sound}); err != nil {
		return row{}, err
	}
	list, err := json.Marshal(index{Head: c.Head, Segments: pack(c.Segments)})
	made.Segments = string(list)
	return made, err
}

// buildOf makes what shows a film or lets it be found in.
func (s *Service) buildOf(ctx context.Context, film derive.Film, kind Kind) (row, error) {
	switch kind {
	case Poster:
		picture, err := s.c.Maker.Poster(ctx, film)
		if err != nil {
			return row{}, err
		}
		return s.keepPicture(ctx, picture, false)
	case Strip:
		picture, facts, err := s.c.Maker.Strip(ctx, film)
		if err != nil {
			return row{}, err
		}
		return s.keepBytes(ctx, picture, facts)
	case Waveform:
		w, err := s.c.Maker.Waveform(ctx, film)
		if err != nil {
			return row{}, err
		}
		return s.keepJSON(ctx, w, map[string]any{"points": len(w.Min), "step_ms": w.StepMS})
	case Speech:
		v, err := s.c.Maker.Speech(ctx, film)
		if err != nil {
			return row{}, err
		}
		return s.keepJSON(ctx, v, map[string]any{"spans": len(v.Spans)})
	case Copy:
	}
	return row{}, fmt.Errorf("derivative: %s is not made of a film", kind)
}

func (s *Service) buildThumb(ctx context.Context, obj vault.Object) (row, error) {
	still, err := io.ReadAll(io.NewSectionReader(obj, 0, obj.Size()))
	if err != nil {
		return row{}, fmt.Errorf("derivative: %w", err)
	}
	picture, err := s.c.Maker.Thumb(ctx, still)
	if err != nil {
		return row{}, err
	}
	return s.keepPicture(ctx, picture, true)
}

// filmOf is a viewing copy as package derive knows it.
func filmOf(r *row, obj vault.Object) (derive.Film, error) {
	var x index
	if err := json.Unmarshal([]byte(r.Segments), &x); err != nil {
		return derive.Film{}, fmt.Errorf("derivative: index: %w", err)
	}
	f := derive.Film{ReaderAt: obj, Size: obj.Size()}
	f.Head, f.Duration = x.Head, time.Duration(r.Duration)*time.Microsecond
	for i, g := range x.Segments {
		f.Segments = append(f.Segments, segment.Segment{N: i, From: g[0], Bytes: g[1], Start: span(g[2]), Length: span(g[3])})
	}
	if len(f.Segments) == 0 {
		return derive.Film{}, fault.New(fault.Invalid, "derivative.nothing")
	}
	return f, nil
}

func (s *Service) keepPicture(ctx context.Context, picture []byte, still bool) (row, error) {
	width, height, err := derive.Sides(picture)
	if err != nil {
		return row{}, fault.Wrap(err, fault.Invalid, "derivative.tool_failed")
	}
	return s.keepBytes(ctx, picture, Frame{Width: width, Height: height, Still: still})
}

func (s *Service) keepJSON(ctx context.Context, v, facts any) (row, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return row{}, fmt.Errorf("derivative: %w", err)
	}
	return s.keepBytes(ctx, raw, facts)
}

func (s *Service) keepBytes(ctx context.Context, raw []byte, facts any) (row, error) {
	made, err := s.keep(ctx, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return row{}, err
	}
	return made, made.say(facts)
}
