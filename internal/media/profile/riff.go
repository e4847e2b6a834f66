package profile

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// riff reads the chunks of an AVI or WAV file: their order, the program's name, and what each stream's head says.
func (p *Profile) riff(s *source) {
	p.chunks(s, 0, s.size, func(id string, from, end int64) {
		if id == "RIFF AVIX" { // what follows the first gigabyte
			return
		}
		if len(p.Layout) < maxParts {
			p.Layout = fold(p.Layout, id)
		}
		if !strings.HasPrefix(id, "RIFF ") {
			return
		}
		p.chunks(s, from, end, func(id string, from, end int64) {
			if len(p.Layout) < maxParts {
				p.Layout = fold(p.Layout, id)
			}
			switch id {
			case "LIST hdrl":
				p.head(s, from, end)
			case "LIST INFO":
				p.chunks(s, from, end, func(id string, from, end int64) {
					if id == "ISFT" {
						p.Complete(nil, string(s.bytes(from, min(end-from, maxText))))
					}
				})
			case "fmt":
				p.Index = append(p.Index, fmt.Sprintf("fmt %d", end-from))
			}
		})
	})
}

// chunks visits the chunks between two places; a list is named with its kind and begins behind it.
func (p *Profile) chunks(s *source, from, end int64, visit func(id string, from, end int64)) {
	for at := from; end-at >= 8; {
		b := s.bytes(at, 12)
		if len(b) < 8 {
			return
		}
		id, n := text(string(b[:4])), int64(binary.LittleEndian.Uint32(b[4:]))
		if n == 0 && (id == "RIFF" || id == "LIST") || n == math.MaxUint32 { // power was lost before the size was known
			n = end - at - 8
		}
		body, to := at+8, min(at+8+n, end)
		if (id == "RIFF" || id == "LIST") && len(b) == 12 && n >= 4 {
			id += " " + text(string(b[8:]))
			body += 4
		}
		visit(id, min(body, to), to)
		at += 8 + n + n&1
	}
}

func (p *Profile) head(s *source, from, end int64) {
	p.chunks(s, from, end, func(id string, from, end int64) {
		switch id {
		case "avih":
			if b := s.bytes(from, min(end-from, 16)); len(b) == 16 {
				id = fmt.Sprintf("avih(%#x)", binary.LittleEndian.Uint32(b[12:]))
			}
		case "LIST strl":
			var parts []string
			t := Track{}
			p.chunks(s, from, end, func(id string, from, end int64) {
				parts = fold(parts, id)
				b := s.bytes(from, min(end-from, 48))
				switch id {
				case "strh":
					t.stream(b)
				case "strf":
					t.format(b)
				}
			})
			if t.Layout = text(strings.Join(parts, " ")); len(p.Tracks) < maxParts {
				p.Tracks = append(p.Tracks, t)
			}
		}
		if len(p.Index) < maxParts {
			p.Index = fold(p.Index, id)
		}
	})
}

// stream reads the head of a stream: what for, by which codec, in which steps.
func (t *Track) stream(b []byte) {
	if len(b) < 28 {
		return
	}
	switch kind := string(b[:4]); kind {
	case "vids":
		t.Kind = "vide"
	case "auds":
		t.Kind = "soun"
	default:
		t.Kind = text(kind)
	}
	t.Handler = text(string(b[4:8]))
	scale, steps := binary.LittleEndian.Uint32(b[20:]), binary.LittleEndian.Uint32(b[24:])
	t.TimeScale = int64(steps)
	if t.Kind == "vide" && scale > 0 {
		t.Rate = math.Round(100*float64(steps)/float64(scale)) / 100
	}
}

// format reads what a stream's own head says of its figures.
func (t *Track) format(b []byte) {
	switch {
	case t.Kind == "vide" && len(b) >= 20:
		t.Width, t.Height = int(int32(binary.LittleEndian.Uint32(b[4:]))), int(int32(binary.LittleEndian.Uint32(b[8:]))) //nolint:gosec // the format's own sign: a picture may stand on its head
		t.Height = max(t.Height, -t.Height)
		t.Codec = text(string(b[16:20]))
	case t.Kind == "soun" && len(b) >= 8:
		t.Codec = fmt.Sprintf("%#04x", binary.LittleEndian.Uint16(b))
		t.Channels, t.SampleRate = int(binary.LittleEndian.Uint16(b[2:])), int(binary.LittleEndian.Uint32(b[4:]))
	}
}
