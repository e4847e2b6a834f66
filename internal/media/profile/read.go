package profile

import (
	"errors"
	"fmt"
	"io"

	"zhilu.dev/zhilu/internal/media/sniff"
)

// Bounds on one reading. Heads of recordings are far smaller.
const (
	maxRead  = 8 << 20
	maxSteps = 20_000
)

// Read gives the form of a file of another kind than ISO base media: AVI and WAV, MPEG transport streams, Matroska.
// Of the rest it knows the kind only; Complete adds what ffprobe saw. An error means that the bytes could not be read.
func Read(r io.ReaderAt, size int64, kind sniff.Kind) (Profile, error) {
	p := Profile{Version: Version, Container: string(kind), Tracks: []Track{}}
	s := &source{r: r, size: size, left: maxRead, steps: maxSteps}
	switch kind { //nolint:exhaustive // these three; the rest has no form of its own to read
	case sniff.AVI, sniff.WAV:
		p.riff(s)
	case sniff.TS:
		p.packets(s)
	case sniff.Matroska, sniff.WebM:
		p.matroska(s)
	}
	p.Layout, p.Index = texts(p.Layout), texts(p.Index)
	return p, s.err
}

// source reads a hostile file within a budget; what the store cannot read is an error that stays.
type source struct {
	r     io.ReaderAt
	size  int64
	left  int64
	steps int
	err   error
}

// bytes gives n bytes, and fewer where the file or the budget ends.
func (s *source) bytes(at, n int64) []byte {
	n = min(n, s.size-at, s.left)
	if s.steps--; s.err != nil || s.steps < 0 || at < 0 || n <= 0 {
		return nil
	}
	s.left -= n
	b := make([]byte, n)
	if got, err := s.r.ReadAt(b, at); int64(got) < n {
		s.err = fmt.Errorf("read form of file: %w", errors.Join(err, io.ErrUnexpectedEOF))
		return nil
	}
	return b
}
