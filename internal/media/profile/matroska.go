package profile

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
)

// elements names the parts of a Matroska file that tell its form.
var elements = map[uint32]string{
	0x1a45dfa3: "EBML", 0x18538067: "Segment", 0x114d9b74: "SeekHead", 0xec: "Void", 0x1549a966: "Info", 0x1654ae6b: "Tracks",
	0x1f43b675: "Cluster", 0x1c53bb6b: "Cues", 0x1254c367: "Tags", 0x1941a469: "Attachments", 0x1043a770: "Chapters", 0xbf: "CRC-32",
	0x4282: "DocType", 0x2ad7b1: "TimestampScale", 0x4d80: "MuxingApp", 0x5741: "WritingApp", 0xae: "TrackEntry", 0x83: "TrackType",
	0x86: "CodecID", 0x536e: "Name", 0x23e383: "DefaultDuration", 0xe0: "Video", 0xe1: "Audio", 0xb0: "PixelWidth", 0xba: "PixelHeight",
	0xb5: "SamplingFrequency", 0x9f: "Channels", 0x63a2: "CodecPrivate",
}

// element reads the head of an element; a size of -1 is not told, as in a recording that was written as it went.
func element(s *source, at int64) (name string, body, size int64, ok bool) {
	b := s.bytes(at, 12)
	n, id := vint(b, false)
	if n == 0 || n > 4 {
		return "", 0, 0, false
	}
	m, length := vint(b[n:], true)
	if m == 0 {
		return "", 0, 0, false
	}
	if length == 1<<(7*m)-1 {
		length = math.MaxUint64
	}
	name = elements[uint32(id)] //nolint:gosec // at most four bytes
	if name == "" {
		name = fmt.Sprintf("%#x", id)
	}
	if length > math.MaxInt64/2 {
		return name, at + int64(n+m), -1, true
	}
	return name, at + int64(n+m), int64(length), true
}

// vint reads a figure whose first byte tells its length, with or without the bits that tell it.
func vint(b []byte, cut bool) (length int, v uint64) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	for length = 1; b[0]&(0x80>>(length-1)) == 0; length++ {
	}
	if length > len(b) {
		return 0, 0
	}
	first := b[0]
	if cut {
		first &= 0xff >> length
	}
	for v, b = uint64(first), b[1:length]; len(b) > 0; b = b[1:] {
		v = v<<8 | uint64(b[0])
	}
	return length, v
}

// each visits the elements between two places. One whose size is not told reaches to the end.
func each(s *source, from, end int64, visit func(name string, from, end int64)) {
	for at := from; at < end; {
		name, body, size, ok := element(s, at)
		if !ok {
			return
		}
		to := end
		if size >= 0 {
			to = min(body+size, end)
		}
		visit(name, min(body, to), to)
		at = max(to, at+1)
	}
}

// matroska reads the order of a file's parts, the programs' names, and what each track says.
func (p *Profile) matroska(s *source) {
	each(s, 0, s.size, func(name string, from, end int64) {
		p.Layout = fold(p.Layout, name)
		switch name {
		case "EBML":
			each(s, from, end, func(name string, from, end int64) {
				if name == "DocType" {
					p.Brand = text(string(s.bytes(from, min(end-from, maxText))))
				}
			})
		case "Segment":
			each(s, from, end, func(name string, from, end int64) {
				if len(p.Index) < maxParts {
					p.Index = fold(p.Index, name)
				}
				switch name {
				case "Info":
					p.info(s, from, end)
				case "Tracks":
					p.entries(s, from, end)
				}
			})
		}
	})
}

func (p *Profile) info(s *source, from, end int64) {
	each(s, from, end, func(name string, from, end int64) {
		switch b := s.bytes(from, min(end-from, maxText)); name {
		case "TimestampScale":
			p.TimeScale = whole(b)
		case "MuxingApp", "WritingApp":
			p.Complete(nil, string(b))
		}
	})
}

func (p *Profile) entries(s *source, from, end int64) {
	each(s, from, end, func(name string, from, end int64) {
		if name != "TrackEntry" || len(p.Tracks) >= maxParts {
			return
		}
		t := Track{}
		var parts []string
		each(s, from, end, func(name string, from, end int64) {
			if len(parts) < maxParts {
				parts = fold(parts, name)
			}
			t.entry(s, name, from, end)
			if name == "Video" || name == "Audio" {
				each(s, from, end, func(name string, from, end int64) { t.entry(s, name, from, end) })
			}
		})
		p.Tracks = append(p.Tracks, t)
	})
}

func (t *Track) entry(s *source, name string, from, end int64) {
	b := s.bytes(from, min(end-from, 1024))
	switch name {
	case "TrackType":
		t.Kind = map[int64]string{1: "vide", 2: "soun", 0x11: "text"}[whole(b)]
	case "CodecID":
		t.Codec = text(string(b))
	case "Name":
		t.Handler = text(string(b))
	case "DefaultDuration":
		if v := whole(b); v > 0 && t.Kind != "soun" {
			t.Rate = math.Round(100*1e9/float64(v)) / 100
		}
	case "PixelWidth":
		t.Width = int(min(whole(b), 1<<20))
	case "PixelHeight":
		t.Height = int(min(whole(b), 1<<20))
	case "Channels":
		t.Channels = int(min(whole(b), 1<<10))
	case "SamplingFrequency":
		switch len(b) {
		case 4:
			t.SampleRate = hertz(float64(math.Float32frombits(binary.BigEndian.Uint32(b))))
		case 8:
			t.SampleRate = hertz(math.Float64frombits(binary.BigEndian.Uint64(b)))
		}
	case "CodecPrivate":
		sum := sha256.Sum256(b)
		t.Config = hex.EncodeToString(sum[:8])
	}
}

func hertz(v float64) int {
	if !(v > 0 && v < 1e9) {
		return 0
	}
	return int(v)
}

// whole reads a whole figure of at most eight bytes; larger ones are cut.
func whole(b []byte) int64 {
	if len(b) > 8 {
		return 0
	}
	v := uint64(0)
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return int64(min(v, math.MaxInt64))
}
