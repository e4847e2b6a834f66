package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"zhilu.dev/zhilu/internal/media/bmff"
)

// signatures are what software encoders write of themselves into the first picture, as H.264 and H.265 let them, and
// FFmpeg's sound encoder into the first sound. Hardware encoders write nothing of the kind.
var signatures = []string{"x264 - core", "x265 (build", "HandBrake", "Lavc"}

// maxSample is how much of a first sample is looked at; a signature stands in its first hundreds of bytes.
const maxSample = 4096

// Signed adds what encoders wrote of themselves into the first sample of each picture and sound track. It looks for
// their names only, and reads nothing of what was recorded. An error means that the bytes could not be read.
func (p *Profile) Signed(ctx context.Context, r io.ReaderAt, size int64, f *bmff.File) error {
	for i, t := range f.Tracks {
		if i >= maxParts || t.Handler != "vide" && t.Handler != "soun" || t.Here == 0 {
			continue
		}
		first, err := bmff.Extents(ctx, r, size, t, 1)
		if err != nil {
			return err
		}
		if len(first) == 0 || first[0].Len <= 0 || first[0].At < 0 || first[0].At+first[0].Len > size {
			continue
		}
		b := make([]byte, min(first[0].Len, maxSample))
		if n, err := r.ReadAt(b, first[0].At); n < len(b) {
			return fmt.Errorf("read first sample: %w", errors.Join(err, io.ErrUnexpectedEOF))
		}
		for _, s := range signatures {
			if at := bytes.Index(b, []byte(s)); at >= 0 {
				w := text(string(b[at:min(len(b), at+signed(b[at:]))]))
				if w != "" && !slices.Contains(p.Wrote, w) {
					p.Wrote = append(p.Wrote, w)
				}
			}
		}
	}
	return nil
}

// signed is how long a signature is: to the first byte that is no letter of ASCII, or to where its settings begin.
func signed(b []byte) int {
	b = b[:min(len(b), 40)]
	if at := bytes.Index(b[1:], []byte(" - ")); at >= 0 && !bytes.HasPrefix(b, []byte("x264")) {
		b = b[:at+1]
	}
	if bytes.HasPrefix(b, []byte("x264 - core ")) {
		n := len("x264 - core ")
		for n < len(b) && '0' <= b[n] && b[n] <= '9' {
			n++
		}
		return n
	}
	for i, c := range b {
		if c < 0x20 || c > 0x7e {
			return i
		}
	}
	return len(b)
}
