// Package bmfftest writes ISO base media files for tests: whole or fragmented, with any times, edits and order of
// boxes. It shares nothing with the reader, so that each can show the other's mistakes.
package bmfftest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Sample is one sample: how long until the next, how much later it is shown, how many bytes it has.
type Sample struct {
	Step, Shift int64
	Size        int
}

// Edit is one entry of an edit list; Length in ticks of the movie, From in ticks of the track, -1 for nothing.
type Edit struct {
	Length, From int64
	Still        bool
}

// Track is one track.
type Track struct {
	Handler  string // "vide" unless told
	Name     string
	Codec    string // "avc1" unless told
	Scale    uint32
	Samples  []Sample
	Edits    []Edit
	PerChunk int // samples in a chunk; 10 unless told
	External bool
	First    int64 // decoding time of the first sample; fragments only
}

// Movie is a file to be.
type Movie struct {
	Brand      string // "mp42" unless told
	Scale      uint32 // 1000 unless told
	Tracks     []Track
	IndexFirst bool
	Large      bool   // 64-bit figures everywhere
	UserData   []byte // boxes put into the index as they are

	PerFragment int              // samples in a fragment; 10 unless told
	Drop        func(i int) bool // leaves fragments out
	NoTimes     bool             // fragments without decoding time
	Defaults    bool             // fragments say as little as they can: samples must be alike
	SegmentTime bool             // a segment index in front
}

func (m Movie) scale() uint32 {
	if m.Scale == 0 {
		return 1000
	}
	return m.Scale
}

func (t Track) handler() string { return or(t.Handler, "vide") }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func u16(v int) []byte   { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func u32(v int64) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }
func u64(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }

// Box writes one box.
func Box(typ string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(u32(int64(len(body)+8)), typ...), body...)
}

// Full writes a box with version and flags.
func Full(typ string, version byte, flags int64, parts ...[]byte) []byte {
	return Box(typ, append([][]byte{{version, byte(flags >> 16), byte(flags >> 8), byte(flags)}}, parts...)...)
}

func (m Movie) ftyp() []byte {
	brand := or(m.Brand, "mp42")
	return Box("ftyp", []byte(brand), u32(0), []byte(brand), []byte("isom"))
}

func (m Movie) clock(typ string, scale uint32, length int64, tail []byte) []byte {
	if m.Large {
		return Full(typ, 1, 0, u64(0), u64(0), u32(int64(scale)), u64(length), tail)
	}
	return Full(typ, 0, 0, u32(0), u32(0), u32(int64(scale)), u32(length), tail)
}

func (t Track) length() int64 {
	n := int64(0)
	for _, s := range t.Samples {
		n += s.Step
	}
	return n
}

// chunk is where a run of samples lies.
type chunk struct {
	at   int64
	size int64
	n    int
}

// place lays the samples out from the given byte on, chunk by chunk in turns, and gives where each track's lie.
func (m Movie) place(at int64) (chunks [][]chunk, end int64) {
	chunks = make([][]chunk, len(m.Tracks))
	for round := 0; ; round++ {
		some := false
		for i, t := range m.Tracks {
			per := t.PerChunk
			if per == 0 {
				per = 10
			}
			from := round * per
			if from >= len(t.Samples) {
				continue
			}
			some = true
			c := chunk{at: at, n: min(per, len(t.Samples)-from)}
			for _, s := range t.Samples[from : from+c.n] {
				c.size += int64(s.Size)
			}
			at += c.size
			chunks[i] = append(chunks[i], c)
		}
		if !some {
			return chunks, at
		}
	}
}

func (m Movie) moov(chunks [][]chunk, fragmented bool) []byte {
	longest := int64(0)
	var traks, presets [][]byte
	for i, t := range m.Tracks {
		longest = max(longest, t.length()*int64(m.scale())/int64(t.Scale))
		var own []chunk
		if chunks != nil {
			own = chunks[i]
		}
		if fragmented {
			t.Samples = nil
		}
		traks = append(traks, m.trak(i, t, own))
		presets = append(presets, Full("trex", 0, 0, u32(int64(i+1)), u32(1), u32(0), u32(0), u32(0)))
	}
	parts := [][]byte{m.clock("mvhd", m.scale(), longest, make([]byte, 80)), bytes.Join(traks, nil)}
	if fragmented {
		parts = append(parts, Box("mvex", presets...))
	}
	return Box("moov", append(parts, m.UserData)...)
}

func (m Movie) trak(i int, t Track, chunks []chunk) []byte {
	tkhd := Full("tkhd", 0, 3, u32(0), u32(0), u32(int64(i+1)), make([]byte, 68))
	if m.Large {
		tkhd = Full("tkhd", 1, 3, u64(0), u64(0), u32(int64(i+1)), make([]byte, 72))
	}
	var edts []byte
	if len(t.Edits) > 0 {
		var rows [][]byte
		for _, e := range t.Edits {
			rate := int64(1 << 16)
			if e.Still {
				rate = 0
			}
			if m.Large {
				rows = append(rows, u64(e.Length), u64(e.From), u32(rate))
			} else {
				rows = append(rows, u32(e.Length), u32(e.From), u32(rate))
			}
		}
		version := byte(0)
		if m.Large {
			version = 1
		}
		edts = Box("edts", Full("elst", version, 0, append([][]byte{u32(int64(len(t.Edits)))}, rows...)...))
	}
	inFile := int64(1)
	if t.External {
		inFile = 0
	}
	dinf := Box("dinf", Full("dref", 0, 0, u32(1), Full("url ", 0, inFile)))
	minf := Box("minf", dinf, Box("stbl", m.tables(t, chunks)...))
	hdlr := Full("hdlr", 0, 0, u32(0), []byte(t.handler()), make([]byte, 12), []byte(t.Name), []byte{0})
	return Box("trak", tkhd, edts, Box("mdia", m.clock("mdhd", t.Scale, t.length(), append(u16(0x55c4), 0, 0)), hdlr, minf))
}

func (t Track) description() []byte {
	if t.handler() != "vide" {
		return Box(or(t.Codec, "mp4a"), make([]byte, 6), u16(1), make([]byte, 8), u16(2), u16(16), u32(0), u32(int64(t.Scale)<<16))
	}
	return Box(or(t.Codec, "avc1"), make([]byte, 6), u16(1), make([]byte, 16), u16(640), u16(360), make([]byte, 14), make([]byte, 32), u32(0))
}

// put appends a figure of 32 bits.
func put(b []byte, v int64) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }

// runs writes a table of values, each with how often it comes in a row.
func (t Track) runs(value func(Sample) int64) []byte {
	out, n, count := make([]byte, 4), int64(0), int64(0)
	for i, s := range t.Samples {
		n++
		if i+1 == len(t.Samples) || value(t.Samples[i+1]) != value(s) {
			out, n, count = put(put(out, n), value(s)), 0, count+1
		}
	}
	binary.BigEndian.PutUint32(out, uint32(count))
	return out
}

func (m Movie) tables(t Track, chunks []chunk) [][]byte {
	out := [][]byte{Full("stsd", 0, 0, u32(1), t.description()), Full("stts", 0, 0, t.runs(func(s Sample) int64 { return s.Step }))}
	alike, shifted := len(t.Samples) > 0, false
	for _, s := range t.Samples {
		alike = alike && s.Size == t.Samples[0].Size && s.Size > 0
		shifted = shifted || s.Shift != 0
	}
	if shifted {
		out = append(out, Full("ctts", 1, 0, t.runs(func(s Sample) int64 { return s.Shift })))
	}
	spread, n, last := make([]byte, 4), int64(0), -1
	places := u32(int64(len(chunks)))
	for i, c := range chunks {
		if c.n != last {
			spread, last, n = put(put(put(spread, int64(i+1)), int64(c.n)), 1), c.n, n+1
		}
		if m.Large {
			places = append(places, u64(c.at)...)
		} else {
			places = put(places, c.at)
		}
	}
	binary.BigEndian.PutUint32(spread, uint32(n))
	sizes := put(u32(0), int64(len(t.Samples)))
	if alike {
		sizes = put(u32(int64(t.Samples[0].Size)), int64(len(t.Samples)))
	} else {
		for _, s := range t.Samples {
			sizes = put(sizes, int64(s.Size))
		}
	}
	stco := "stco"
	if m.Large {
		stco = "co64"
	}
	return append(out, Full("stsc", 0, 0, spread), Full("stsz", 0, 0, sizes), Full(stco, 0, 0, places))
}

// Plain writes the file whole, its samples filled with zeros.
func (m Movie) Plain() []byte {
	ftyp := m.ftyp()
	at := int64(len(ftyp))
	if m.IndexFirst {
		chunks, _ := m.place(0)
		at += int64(len(m.moov(chunks, false))) // a second time with the places known; it is as long
	}
	chunks, end := m.place(at + 8)
	mdat := Box("mdat", make([]byte, end-at-8))
	if m.IndexFirst {
		return bytes.Join([][]byte{ftyp, m.moov(chunks, false), mdat}, nil)
	}
	return bytes.Join([][]byte{ftyp, mdat, m.moov(chunks, false)}, nil)
}

// Sparse writes the file with a hole of the given length before its samples, and the index behind them. Neither hole
// nor samples are written. It gives the file's length.
func (m Movie) Sparse(w io.WriterAt, hole int64) (int64, error) {
	ftyp := m.ftyp()
	data := int64(len(ftyp)) + 16
	chunks, end := m.place(data + hole)
	head := bytes.Join([][]byte{ftyp, u32(1), []byte("mdat"), u64(end - data + 16)}, nil)
	index := m.moov(chunks, false)
	if _, err := w.WriteAt(head, 0); err != nil {
		return 0, fmt.Errorf("write head: %w", err)
	}
	if _, err := w.WriteAt(index, end); err != nil {
		return 0, fmt.Errorf("write index: %w", err)
	}
	return end + int64(len(index)), nil
}

// Fragmented writes the file as an empty index and fragments.
func (m Movie) Fragmented() []byte {
	per := m.PerFragment
	if per == 0 {
		per = 10
	}
	out := append(m.ftyp(), m.moov(nil, true)...)
	at := make([]int64, len(m.Tracks))
	for i, t := range m.Tracks {
		at[i] = t.First
	}
	var body []byte
	for n := 0; ; n++ {
		some := false
		var parts []part
		for i, t := range m.Tracks {
			from := min(n*per, len(t.Samples))
			samples := t.Samples[from:min(from+per, len(t.Samples))]
			if len(samples) == 0 {
				continue
			}
			some = true
			parts = append(parts, part{i + 1, at[i], samples})
			for _, s := range samples {
				at[i] += s.Step
			}
		}
		if !some {
			break
		}
		if m.Drop == nil || !m.Drop(n) {
			body = append(body, m.fragment(n+1, parts)...)
		}
	}
	if m.SegmentTime {
		t := m.Tracks[0]
		out = append(out, Full("sidx", 0, 0, u32(1), u32(int64(t.Scale)), u32(0), u32(0), u16(0), u16(1),
			u32(int64(len(body))), u32(t.length()), u32(0))...)
	}
	return append(out, body...)
}

type part struct {
	id      int
	at      int64
	samples []Sample
}

func (m Movie) fragment(seq int, parts []part) []byte {
	total := 0
	head := func(moofLen int) []byte {
		boxes := [][]byte{Full("mfhd", 0, 0, u32(int64(seq)))}
		data := moofLen + 8
		for _, p := range parts {
			boxes = append(boxes, m.traf(p, data))
			for _, s := range p.samples {
				data += s.Size
			}
		}
		total = data - moofLen - 8
		return Box("moof", boxes...)
	}
	moof := head(len(head(0)))
	return append(moof, Box("mdat", make([]byte, total))...)
}

func (m Movie) traf(p part, data int) []byte {
	first := p.samples[0]
	tfhd := Full("tfhd", 0, 0x20000, u32(int64(p.id)))
	trun := [][]byte{u32(int64(len(p.samples))), u32(int64(data))}
	flags := int64(0x1 | 0x100 | 0x200 | 0x800)
	if m.Defaults {
		flags = 1
		tfhd = Full("tfhd", 0, 0x20018, u32(int64(p.id)), u32(first.Step), u32(int64(first.Size)))
	} else {
		for _, s := range p.samples {
			trun = append(trun, u32(s.Step), u32(int64(s.Size)), u32(s.Shift))
		}
	}
	tfdt := Full("tfdt", 0, 0, u32(p.at))
	switch {
	case m.NoTimes:
		tfdt = nil
	case m.Large:
		tfdt = Full("tfdt", 1, 0, u64(p.at))
	}
	return Box("traf", tfhd, tfdt, Full("trun", 1, flags, trun...))
}
