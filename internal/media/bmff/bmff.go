// Package bmff reads the structure of ISO base media files (MP4, QuickTime, 3GP), whole, fragmented or cut off: boxes,
// index and sample tables, never a sample. Walk goes over the outermost boxes only; Open reads the index. The bytes are
// hostile: every size, count and depth is bounded, and a table is never in memory as a whole.
package bmff

import (
	"encoding/binary"
	"errors"
	"io"
)

// Box is one top-level box of an ISO base media file.
type Box struct {
	Type   string
	Offset int64
	Header int64 // length of the header: 8, or 16 with a 64-bit size
	Size   int64 // length of the whole box as far as the file holds it
	Short  bool  // the box claims more bytes than the file has
}

// maxBoxes bounds the walk. A fragmented recording of 8 hours with one fragment a second has 57,600 boxes.
const maxBoxes = 200_000

// ErrEndless ends a walk over more boxes than any camera writes.
var ErrEndless = errors.New("bmff: more top-level boxes than any camera writes")

// Walk calls visit for every top-level box of an ISO base media file of the given size. It reads headers only,
// handles 64-bit sizes and size 0 (to the end of the file), and always ends: a box shorter than its header, or more
// than maxBoxes of them, stops it. The error tells why the walk could not reach the end of the file: bytes that are
// no box give io.ErrUnexpectedEOF.
func Walk(r io.ReaderAt, size int64, visit func(Box) bool) error {
	var head [16]byte
	at := int64(0)
	for range maxBoxes {
		if at == size {
			return nil
		}
		if size-at < 8 {
			return io.ErrUnexpectedEOF
		}
		want := min(int64(len(head)), size-at)
		if n, err := r.ReadAt(head[:want], at); int64(n) < want {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		b := Box{Type: string(head[4:8]), Offset: at, Header: 8, Size: int64(binary.BigEndian.Uint32(head[:4]))}
		switch b.Size {
		case 0:
			b.Size = size - at
		case 1:
			if want < 16 {
				return io.ErrUnexpectedEOF
			}
			long := binary.BigEndian.Uint64(head[8:16])
			b.Header = 16
			b.Size = int64(min(long, 1<<62))
		}
		if b.Size < b.Header || !printable(b.Type) {
			return io.ErrUnexpectedEOF
		}
		if b.Size > size-at {
			b.Size, b.Short = size-at, true
		}
		if !visit(b) {
			return nil
		}
		at += b.Size
	}
	return ErrEndless
}

// printable reports whether a box type is four bytes such as writers use (0xA9 leads Apple's own).
func printable(typ string) bool {
	for i := range len(typ) {
		if c := typ[i]; (c < 0x20 || c > 0x7e) && c != 0xa9 {
			return false
		}
	}
	return true
}
