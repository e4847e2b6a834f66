package bmff

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds on one reading. A recording of 12 hours at 60 frames a second has some 60 MiB of tables.
const (
	maxRead  = 256 << 20 // bytes read of one file
	maxInner = 2_000_000 // boxes inside others
	pageLen  = 4 << 10   // what is read at once to see small things
	pageMost = 64 << 10  // and of a fragment, which is read as a whole
	tableLen = 32 << 10  // how much of a table is in memory at once
)

// source reads a hostile file within a budget. What the file lacks is an answer; what the store cannot read is an
// error, which stays and ends everything.
type source struct {
	ctx    context.Context // of the one reading this lives for
	r      io.ReaderAt
	size   int64
	left   int64 // bytes that may still be read
	boxes  int   // inner boxes that may still be visited
	err    error // of the store or of ctx
	over   bool  // the budget was used up
	page   []byte
	pageAt int64
}

func newSource(ctx context.Context, r io.ReaderAt, size int64) *source {
	return &source{ctx: ctx, r: r, size: size, left: maxRead, boxes: maxInner, page: make([]byte, 0, pageMost)}
}

// fill reads as many bytes of p as the file has at this place and reports how many.
func (s *source) fill(p []byte, at int64) int {
	if s.err != nil || s.over || at < 0 || at >= s.size {
		return 0
	}
	p = p[:min(int64(len(p)), s.size-at)]
	if s.left < int64(len(p)) {
		s.over = true
		return 0
	}
	s.left -= int64(len(p))
	if s.err = s.ctx.Err(); s.err != nil {
		return 0
	}
	n, err := s.r.ReadAt(p, at)
	if n < len(p) {
		// The size was told by whoever opened the file: fewer bytes are the store's failure, not the camera's.
		s.err = fmt.Errorf("read media file: %w", errors.Join(err, io.ErrUnexpectedEOF))
		return 0
	}
	return n
}

// bytes gives n bytes, at most a page, which are good until the next call; nil where the file has not so many.
func (s *source) bytes(at int64, n int) []byte {
	if at < 0 || n > pageLen || at > s.size-int64(n) {
		return nil
	}
	from := at - s.pageAt
	if from < 0 || from+int64(n) > int64(len(s.page)) {
		s.load(at, pageLen)
		if from = at - s.pageAt; from+int64(n) > int64(len(s.page)) {
			return nil
		}
	}
	return s.page[from : from+int64(n)]
}

// load makes the page hold n bytes from here on, or as many as there are.
func (s *source) load(at, n int64) {
	if n = min(n, pageMost); at >= s.pageAt && at+n <= s.pageAt+int64(len(s.page)) {
		return // it is here already
	}
	s.page = s.page[:s.fill(s.page[:n], at)]
	s.pageAt = at
}

// paged gives a table that lies in the page as a whole, good until the next load; nil otherwise.
func (s *source) paged(t table) []byte {
	from, n := t.at-s.pageAt, t.count*int64(t.width)
	if from < 0 || from+n > int64(len(s.page)) {
		return nil
	}
	return s.page[from : from+n]
}

// u32 reads one figure; false where the file ends.
func (s *source) u32(at int64) (uint32, bool) {
	b := s.bytes(at, 4)
	if b == nil {
		return 0, false
	}
	return binary.BigEndian.Uint32(b), true
}

// text reads at most n bytes, and fewer where the file ends.
func (s *source) text(at, n int64) []byte {
	n = min(n, s.size-at, pageLen)
	if n <= 0 {
		return nil
	}
	return append([]byte(nil), s.bytes(at, int(n))...)
}

// box reads the header of the box at this place, which may reach no further than end. It reports false where there is
// no box.
func (s *source) box(at, end int64) (Box, bool) {
	head := s.bytes(at, 8)
	if head == nil || end-at < 8 {
		return Box{}, false
	}
	b := Box{Type: letters(head[4:8]), Offset: at, Header: 8, Size: int64(binary.BigEndian.Uint32(head))}
	switch b.Size {
	case 0:
		b.Size = end - at
	case 1:
		long := s.bytes(at+8, 8)
		if long == nil {
			return Box{}, false
		}
		b.Header, b.Size = 16, int64(min(binary.BigEndian.Uint64(long), 1<<62))
	}
	if b.Size < b.Header {
		return Box{}, false
	}
	if b.Size > end-at {
		b.Size, b.Short = end-at, true
	}
	return b, b.Size >= b.Header
}

// common is the types that come again in every fragment, so that none is made anew each time.
var common = func() map[string]string {
	m := map[string]string{}
	for _, t := range []string{"moof", "mdat", "mfhd", "traf", "tfhd", "tfdt", "trun", "sidx", "styp", "free"} {
		m[t] = t
	}
	return m
}()

func letters(b []byte) string {
	if t, ok := common[string(b)]; ok {
		return t
	}
	return string(b)
}

// inner visits the boxes between two places. Zeros at the end, as QuickTime writes them, end it quietly; it reports
// false where something else than boxes stands there, or one that reaches out.
func (s *source) inner(from, end int64, visit func(Box)) bool {
	whole := true
	for at := from; end-at >= 8; {
		if s.boxes--; s.boxes < 0 {
			s.over = true
			return false
		}
		b, ok := s.box(at, end)
		if !ok {
			return false
		}
		if b.Size == end-at && b.Type == "\x00\x00\x00\x00" {
			return true
		}
		visit(b)
		at += b.Size
		whole = whole && !b.Short
	}
	return whole
}

// body is where the contents of a box begin and end.
func (b Box) body() (from, end int64) { return b.Offset + b.Header, b.Offset + b.Size }

// table is a run of equal entries in a box.
type table struct {
	at    int64
	width int   // bytes of an entry
	count int64 // entries, never more than the box has room for
}

// rows reads the head of a table of which the box tells the count; skip is what stands before the count. It reports
// false where the box has no such head, and cuts the count to what the box holds.
func (s *source) rows(b Box, skip int64, width int) (t table, whole, ok bool) {
	from, end := b.body()
	n, ok := s.u32(from + skip)
	if !ok || from+skip+4 > end {
		return table{}, false, false
	}
	t = table{at: from + skip + 4, width: width, count: int64(n)}
	if room := (end - t.at) / int64(width); t.count > room {
		t.count = room
		return t, false, true
	}
	return t, true, true
}

// cursor walks a table with little of it in memory.
type cursor struct {
	s    *source
	t    table
	row  int64 // of the next entry
	buf  []byte
	rest []byte
}

func (s *source) cursor(t table) *cursor {
	if t.width == 0 { // there is no such table
		return &cursor{s: s}
	}
	return &cursor{s: s, t: t, buf: make([]byte, min(t.count*int64(t.width), int64(tableLen/t.width*t.width)))}
}

// next gives the next entry, good until the next call; nil at the end.
func (c *cursor) next() []byte {
	if len(c.rest) == 0 {
		left := c.t.count - c.row
		if left <= 0 {
			return nil
		}
		n := c.s.fill(c.buf[:min(int64(len(c.buf)), left*int64(c.t.width))], c.t.at+c.row*int64(c.t.width))
		if n < c.t.width {
			return nil
		}
		c.rest = c.buf[:n/c.t.width*c.t.width]
	}
	e := c.rest[:c.t.width]
	c.rest = c.rest[c.t.width:]
	c.row++
	return e
}
