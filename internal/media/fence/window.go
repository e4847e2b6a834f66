package fence

import (
	"errors"
	"fmt"
	"io"
	"os"

	"zhilu.dev/zhilu/internal/media/bmff"
)

// WholeLimit is the size in bytes up to which an object is copied whole.
const WholeLimit = 64 << 20

// Bounds of the window: what of a larger object is ever written in the clear to the disk.
const (
	edgeLen     = 8 << 20  // head and tail that are always copied
	windowLimit = 96 << 20 // all that is copied of a large file, head and tail among it
)

// region is a stretch of bytes to copy into the window.
type region struct{ From, To int64 }

// windowRegions says which bytes of a large file ffprobe needs: head, tail, and of an ISO base media file every
// top-level box that is not sample data, with the headers of those that are. The sum never exceeds windowLimit.
func windowRegions(r io.ReaderAt, size int64, index bool) []region {
	if size <= WholeLimit {
		return []region{{0, size}}
	}
	regions := []region{{0, edgeLen}, {size - edgeLen, size}}
	if !index {
		return regions
	}
	left := int64(windowLimit - 2*edgeLen)
	_ = bmff.Walk(r, size, func(b bmff.Box) bool { // a broken walk leaves the boxes found so far, which is what there is
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

// Window writes a private file of the object's true size that holds what ffprobe needs of it: all of a small one; head
// and tail of a large one and, with index set, the boxes of an ISO base media file that are not sample data. The rest
// are holes. The caller calls the returned function to remove it. The file is not made durable: it is scratch.
func Window(dir string, r io.ReaderAt, size int64, index bool) (path string, remove func(), err error) {
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
	for _, g := range windowRegions(r, size, index) {
		src := io.NewSectionReader(r, g.From, g.To-g.From)
		if _, err = io.CopyBuffer(io.NewOffsetWriter(f, g.From), onlyReader{src}, buf); err != nil && !errors.Is(err, io.EOF) {
			return "", nil, fmt.Errorf("fill probe window: %w", err)
		}
	}
	return f.Name(), remove, nil
}

// onlyReader hides everything but Read, so that the copy goes through the one buffer.
type onlyReader struct{ io.Reader }
