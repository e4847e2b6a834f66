package place

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"zhilu.dev/zhilu/internal/media/bmff"
)

// Bounds of what is read of a telemetry track. A sample is a second; a fix may take a minute.
const (
	maxSamples   = 60
	maxSampleLen = 256 << 10
	maxItems     = 4096
)

// telemetry looks for the first place with a fix in a track of GoPro's. It reports false where the track has no places
// at all.
func telemetry(ctx context.Context, r io.ReaderAt, size int64, t *bmff.Track) (Claim, bool, error) {
	extents, err := bmff.Extents(ctx, r, size, t, maxSamples)
	if err != nil {
		return Claim{}, false, err
	}
	found := false
	for _, e := range extents {
		if err := ctx.Err(); err != nil {
			return Claim{}, false, fmt.Errorf("read telemetry: %w", err)
		}
		b := make([]byte, min(e.Len, maxSampleLen))
		if n, err := r.ReadAt(b, e.At); n < len(b) {
			return Claim{}, false, fmt.Errorf("read telemetry: %w", errors.Join(err, io.ErrUnexpectedEOF))
		}
		c, has := gpmf(b)
		found = found || has
		if c.Latitude != nil {
			return c, true, nil
		}
		if !has && !found { // what the first sample does not have, no other will
			break
		}
	}
	return Claim{Source: GoPro}, found, nil
}

// item is one entry of the format: a key, a kind, how long one figure's row is, and the rows.
type item struct {
	key  string
	kind byte
	row  int
	rows int
	body []byte
}

// items reads entries until the bytes end or are none.
func items(b []byte) (out []item) {
	for len(b) >= 8 && len(out) < maxItems {
		it := item{key: string(b[:4]), kind: b[4], row: int(b[5]), rows: int(binary.BigEndian.Uint16(b[6:]))}
		n := it.row * it.rows
		if b = b[8:]; n > len(b) {
			return out
		}
		it.body = b[:n]
		b = b[min((n+3)&^3, len(b)):]
		out = append(out, it)
	}
	return out
}

// latitudeAt says which figure of a row is the latitude; longitude and altitude follow it.
var latitudeAt = map[string]int{"GPS5": 0, "GPS9": 0, "GLPI": 1, "GPRI": 1}

// gpmf reads one sample: devices, which have streams, which have figures, and before them how these are to be read.
func gpmf(b []byte) (best Claim, has bool) {
	best.Source = GoPro
	for _, device := range items(b) {
		if device.key != "DEVC" {
			continue
		}
		for _, stream := range items(device.body) {
			if stream.key != "STRM" {
				continue
			}
			c, ok := stream.place()
			if has = has || ok; c.Latitude != nil {
				return c, true
			}
		}
	}
	return best, has
}

func (stream item) place() (Claim, bool) {
	c := Claim{Source: GoPro}
	var scale, figures item
	var types string
	fix := uint32(math.MaxUint32)
	for _, it := range items(stream.body) {
		switch {
		case it.key == "SCAL":
			scale = it
		case it.key == "TYPE":
			types = string(it.body)
		case it.key == "GPSF" && len(it.body) >= 4:
			fix = binary.BigEndian.Uint32(it.body)
		case it.key == "GPSU" && len(it.body) >= 16:
			if t, err := time.Parse("060102150405.000", string(it.body[:16])); err == nil {
				c.At = &t
			}
		}
		if _, ok := latitudeAt[it.key]; ok {
			figures = it
		}
	}
	if figures.key == "" {
		return c, false
	}
	if fix == 0 || figures.rows == 0 {
		c.At = nil
		return c, true
	}
	if figures.kind != '?' { // all alike
		types = ""
		for range figures.row / max(1, width(figures.kind)) {
			types += string(figures.kind)
		}
	}
	row, at := figures.body[:figures.row], latitudeAt[figures.key]
	var v [3]float64
	for i := range v {
		x, ok := figure(row, types, at+i)
		if by, has := figure(scale.body, repeat(scale.kind, len(scale.body)), min(at+i, max(0, scale.rows-1))); ok && has && by != 0 {
			x /= by
		}
		if !ok {
			return c, true
		}
		v[i] = x
	}
	if figures.key == "GPS9" {
		if fix, ok := figure(row, types, 8); ok && fix == 0 {
			return c, true
		}
	}
	if c.point(v[0], v[1]) {
		c.altitude(v[2])
	} else {
		c.At = nil
	}
	return c, true
}

func repeat(kind byte, length int) string {
	b := make([]byte, length/max(1, width(kind)))
	for i := range b {
		b[i] = kind
	}
	return string(b)
}

// width is the length of one figure; 0 for kinds that hold none.
func width(kind byte) int {
	switch kind {
	case 'b', 'B':
		return 1
	case 's', 'S':
		return 2
	case 'l', 'L', 'f':
		return 4
	case 'j', 'J', 'd':
		return 8
	}
	return 0
}

// figure reads one figure of a row whose kinds are given, letter by letter.
func figure(row []byte, types string, n int) (float64, bool) {
	if n >= len(types) {
		return 0, false
	}
	at := 0
	for _, kind := range []byte(types[:n]) {
		if width(kind) == 0 {
			return 0, false
		}
		at += width(kind)
	}
	w := width(types[n])
	if w == 0 || at+w > len(row) {
		return 0, false
	}
	b := row[at : at+w]
	switch types[n] {
	case 'b':
		return float64(int8(b[0])), true //nolint:gosec // the format's own sign
	case 'B':
		return float64(b[0]), true
	case 's':
		return float64(int16(binary.BigEndian.Uint16(b))), true //nolint:gosec // the format's own sign
	case 'S':
		return float64(binary.BigEndian.Uint16(b)), true
	case 'l':
		return float64(int32(binary.BigEndian.Uint32(b))), true //nolint:gosec // the format's own sign
	case 'L':
		return float64(binary.BigEndian.Uint32(b)), true
	case 'f':
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b))), true
	case 'j':
		return float64(int64(binary.BigEndian.Uint64(b))), true //nolint:gosec // the format's own sign
	case 'J':
		return float64(binary.BigEndian.Uint64(b)), true
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), true
}
