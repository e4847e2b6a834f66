package bmff

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Why a file cannot be read from front to end.
var (
	ErrNoIndex  = errors.New("bmff: the file has no index, or only a part of one")
	ErrIndex    = errors.New("bmff: the index is damaged or larger than any camera writes")
	ErrBackward = errors.New("bmff: the samples do not stand in an order that can be read from front to end")
)

// maxIndex bounds the index that is put before the samples, in bytes.
const maxIndex = 96 << 20

// maxApart is how far into the samples a track may begin or end after or before another, in 256ths of all of them:
// what is read from front to end must bring sound and picture together.
const maxApart = 32

// Front gives the bytes of a file in an order that can be read from front to end: as they are where the index comes
// first or the file is fragmented, else with the index put before the samples and its places moved. The samples
// themselves are never touched. ErrBackward: the tracks do not lie side by side, so it has to be read with seeking.
func Front(ctx context.Context, r io.ReaderAt, size int64) (io.Reader, error) {
	var brand, index Box
	samples, fragmented := int64(-1), false
	err := Walk(r, size, func(b Box) bool {
		switch b.Type {
		case "ftyp":
			brand = b
		case "moov":
			index = b
		case "moof":
			fragmented = true
		case "mdat":
			if samples < 0 {
				samples = b.Offset
			}
		}
		return ctx.Err() == nil && (index.Size == 0 || samples < 0 && !fragmented)
	})
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case index.Size == 0 && err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrEndless):
		return nil, fmt.Errorf("bmff: %w", err)
	case index.Size == 0 || index.Short:
		return nil, ErrNoIndex
	case index.Size > maxIndex || brand.Size > maxIndex:
		return nil, ErrIndex
	}
	whole := io.NewSectionReader(r, 0, size)
	if fragmented {
		return whole, nil
	}
	moov := make([]byte, index.Size)
	if _, err := r.ReadAt(moov, index.Offset); err != nil {
		return nil, fmt.Errorf("bmff: %w", err)
	}
	m := mover{low: math.MaxUint64}
	plain := m.move(nil, moov, 0) // as long as it will be, and what stands where
	if !m.sound || m.low > m.high && index.Offset > samples {
		return nil, ErrIndex
	}
	if m.apart() {
		return nil, ErrBackward
	}
	if samples < 0 || index.Offset < samples {
		return whole, nil
	}
	if m.low < uint64(samples) {
		return nil, ErrBackward
	}
	head := make([]byte, brand.Size, brand.Size+int64(len(plain)))
	if _, err := r.ReadAt(head, brand.Offset); err != nil {
		return nil, fmt.Errorf("bmff: %w", err)
	}
	head = m.move(head, moov, brand.Size+int64(len(plain))-samples)
	return io.MultiReader(bytes.NewReader(head), io.NewSectionReader(r, samples, size-samples)), nil
}

// mover writes an index anew with other places of the samples. Places of 32 bits become 64 bits wide, so that moving
// them cannot run over.
type mover struct {
	sound       bool
	low, high   uint64 // of all places
	first, last []uint64
	depth       int
}

// maxDepth bounds boxes within boxes: places stand at moov, trak, mdia, minf, stbl.
const maxDepth = 6

// move appends the boxes in src to dst with every place moved by shift.
func (m *mover) move(dst, src []byte, shift int64) []byte {
	m.sound, m.first, m.last, m.low, m.high = true, nil, nil, math.MaxUint64, 0
	return m.boxes(dst, src, shift)
}

func (m *mover) boxes(dst, src []byte, shift int64) []byte {
	if m.depth++; m.depth > maxDepth {
		m.sound = false
	}
	defer func() { m.depth-- }()
	for m.sound && len(src) >= 8 {
		n := int64(binary.BigEndian.Uint32(src))
		typ := string(src[4:8])
		head := int64(8)
		if n == 1 && len(src) >= 16 {
			n, head = int64(min(binary.BigEndian.Uint64(src[8:]), 1<<62)), 16
		}
		if n == 0 && typ == "\x00\x00\x00\x00" { // QuickTime ends a list with zeros
			break
		}
		if n < head || n > int64(len(src)) {
			m.sound = false
			return dst
		}
		body := src[head:n]
		at := len(dst)
		switch typ {
		case "moov", "trak", "mdia", "minf", "stbl":
			dst = append(dst, 0, 0, 0, 0)
			dst = m.boxes(append(dst, typ...), body, shift)
			binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at)) //nolint:gosec // no longer than twice maxIndex
		case "stco", "co64":
			dst = append(dst, 0, 0, 0, 0)
			dst = m.places(append(dst, "co64"...), body, typ == "co64", shift)
			binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at)) //nolint:gosec // no longer than twice maxIndex
		case "cmov": // an index packed as a whole
			m.sound = false
			return dst
		default:
			dst = append(dst, src[:n]...)
		}
		src = src[n:]
	}
	return append(dst, src...)
}

// places moves one table of them.
func (m *mover) places(dst, body []byte, wide bool, shift int64) []byte {
	width := 4
	if wide {
		width = 8
	}
	if len(body) < 8 || int64(binary.BigEndian.Uint32(body[4:])) > int64(len(body)-8)/int64(width) {
		m.sound = false
		return dst
	}
	count := int(binary.BigEndian.Uint32(body[4:]))
	dst = append(dst, body[:8]...)
	first, last := uint64(math.MaxUint64), uint64(0)
	for i := range count {
		var at uint64
		if wide {
			at = binary.BigEndian.Uint64(body[8+8*i:])
		} else {
			at = uint64(binary.BigEndian.Uint32(body[8+4*i:]))
		}
		first, last = min(first, at), max(last, at)
		dst = binary.BigEndian.AppendUint64(dst, at+uint64(shift)) //nolint:gosec // two's complement, and no place lies before the first sample
	}
	if count > 0 {
		m.low, m.high = min(m.low, first), max(m.high, last)
	}
	if count > 1 { // a single chunk says nothing of the order
		m.first, m.last = append(m.first, first), append(m.last, last)
	}
	return dst
}

// apart reports whether some track of several chunks begins long after, or ends long before, another one.
func (m *mover) apart() bool {
	span := m.high - m.low
	for i := range m.first {
		if (m.first[i]-m.low) > span/256*maxApart || (m.high-m.last[i]) > span/256*maxApart {
			return span > 1<<20 // in less, nothing is far
		}
	}
	return false
}
