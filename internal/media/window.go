package media

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Bounds of the window: what of a stored object is ever written in the clear to the disk for ffprobe.
const (
	wholeLimit  = 64 << 20 // files up to this size are copied whole
	edgeLen     = 8 << 20  // head and tail that are always copied
	windowLimit = 96 << 20 // all that is copied of a large file, head and tail among it
)

// region is a stretch of bytes to copy into the window.
type region struct{ From, To int64 }

// windowRegions says which bytes of a large file ffprobe needs: head, tail, and of an ISO base media file every
// top-level box that is not sample data, with the headers of those that are. The sum never exceeds windowLimit.
func windowRegions(r io.ReaderAt, size int64, kind Kind) []region {
	if size <= wholeLimit {
		return []region{{0, size}}
	}
	regions := []region{{0, edgeLen}, {size - edgeLen, size}}
	if !kind.bmff() {
		return regions
	}
	left := int64(windowLimit - 2*edgeLen)
	_ = walkBoxes(r, size, func(b box) bool { // a broken walk leaves the boxes found so far, which is what there is
		n := b.Size
		if b.Type == "mdat" || b.Type == "free" || b.Type == "skip" || n > left {
			n = b.Header
		}
		if n > left {
			return false
		}
		left -= n
		regions = append(regions, region{b.Offset, b.Offset + n})
		return true
	})
	return regions
}

// makeWindow writes a private file of the source's true size that holds only the regions ffprobe needs; the rest
// are holes. The caller calls the returned function to remove it. The file is not made durable: it is scratch.
func makeWindow(dir string, r io.ReaderAt, size int64, kind Kind) (path string, remove func(), err error) {
	f, err := os.CreateTemp(dir, "probe-*") // CreateTemp makes it 0600
	if err != nil {
		return "", nil, fmt.Errorf("make probe window: %w", err)
	}
	remove = func() { _ = os.Remove(f.Name()) } // scratch: a leftover is harmless and swept with the folder
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("close probe window: %w", cerr)
		}
		if err != nil {
			remove()
		}
	}()
	if err = f.Truncate(size); err != nil {
		return "", nil, fmt.Errorf("size probe window: %w", err)
	}
	buf := make([]byte, 256<<10)
	for _, g := range windowRegions(r, size, kind) {
		src := io.NewSectionReader(r, g.From, g.To-g.From)
		if _, err = io.CopyBuffer(io.NewOffsetWriter(f, g.From), onlyReader{src}, buf); err != nil && !errors.Is(err, io.EOF) {
			return "", nil, fmt.Errorf("fill probe window: %w", err)
		}
	}
	return f.Name(), remove, nil
}

// onlyReader hides everything but Read, so that the copy goes through the one buffer.
type onlyReader struct{ io.Reader }
