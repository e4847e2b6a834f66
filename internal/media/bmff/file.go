package bmff

import (
	"context"
	"encoding/binary"
	"io"
	"slices"
	"strings"
)

// File is what the boxes of a file tell of it. Texts are as found: hostile until cleaned.
type File struct {
	Brand        string
	BrandVersion uint32
	Brands       []string // compatible ones, in the file's order
	Layout       []string // names of the top-level boxes in order, repetitions folded
	Index        []string // names of the boxes in the index, folded
	Scale        uint32   // ticks a second of the movie; 0 if unknown
	Tracks       []*Track // in the file's order, which is ffprobe's too
	Texts        []Text

	// Claimed is the duration the index tells, in ticks of Scale; ClaimedEnd, of the segment index, in ticks of
	// ClaimedScale. 0 where nothing is told.
	Claimed      int64
	ClaimedEnd   int64
	ClaimedScale uint32

	Fragments     int
	FragmentsLost int64 // numbers that fragments should have and none has

	NoIndex bool // there is none, or it was cut off before its first track
	Short   bool // the file ends before its own structure does
	Broken  bool // boxes or tables that contradict themselves
	Limit   bool // more than any camera writes: not all was read
	Joined  bool // a second index: two recordings in one file
}

// Text is one thing a file says in words, or in a maker's own form.
type Text struct {
	Key   string // the box's type or the key's name
	Value []byte // at most maxText bytes
	Track int    // -1 for the file itself
}

// Track is one track as the index tells it.
type Track struct {
	ID          uint32
	Handler     string // "vide", "soun", …
	HandlerName string
	Codec       string // four letters of the first sample description
	Compressor  string // name of the encoder in a picture track's description
	Config      []byte // decoder settings of H.264, H.265 and AV1; nil otherwise
	Scale       uint32 // ticks a second
	Language    string
	Width       int
	Height      int
	Channels    int
	SampleRate  int
	Claimed     int64 // duration in ticks
	Edits       []Edit
	Layout      string // names of its boxes, nested
	External    bool   // its samples are said to lie in another file
	Reordered   bool   // samples are shown in another order than stored

	Samples int64 // that the index tells
	Here    int64 // of which the file has all bytes

	desc   Box
	times  table // stts
	shifts table // ctts
	chunks table // stsc
	places table // stco, co64
	sizes  sizes

	preset preset // trex
	next   int64  // where a fragment without a time goes on
}

// Edit is one entry of an edit list.
type Edit struct {
	Length int64 // in ticks of the movie; 0 is to the end
	From   int64 // in ticks of the track; -1 shows nothing
	Still  bool  // the picture stands
}

// Run is samples in equal steps: the first at At in decoding order, each Step later than the one before, each shown
// Shift after its time. All in ticks of the track.
type Run struct{ At, N, Step, Shift int64 }

// Sink takes samples of a track; the number is its place in File.Tracks.
type Sink func(track int, t *Track, run Run)

// Bounds on what is believed. No camera comes near them.
const (
	maxTracks = 64
	maxEdits  = 4096
	maxNames  = 64
	maxTexts  = 128
	maxText   = 512
	maxBrands = 32
	maxConfig = 1024
	maxTicks  = int64(1) << 60
)

// Open reads the boxes of a file of the given size: its index, and its fragments as they come. sink, if given, gets
// the samples of which the file has all bytes, each track's in decoding order. Nothing but what a few pages hold and what File shows is kept in memory, whatever the file claims.
//
// What is wrong with the file stands in File; an error means that the bytes could not be read, or that ctx ended.
func Open(ctx context.Context, r io.ReaderAt, size int64, sink Sink) (*File, error) {
	o := &opener{s: newSource(ctx, r, size), f: &File{NoIndex: true}, sink: sink}
	if o.sink == nil {
		o.sink = func(int, *Track, Run) {}
	}
	o.top()
	o.f.Limit = o.f.Limit || o.s.over
	if o.seqSteps > 0 {
		o.f.FragmentsLost = o.seqLost
	}
	return o.f, o.s.err
}

// opener is one reading.
type opener struct {
	s    *source
	f    *File
	sink Sink

	seq      int64 // of the last fragment
	seqSteps int   // fragments that followed the one before
	seqLost  int64
}

func (o *opener) top() {
	f, room := o.f, ""
	for at := int64(0); at < o.s.size && o.s.err == nil && !o.s.over; {
		b, ok := o.s.box(at, o.s.size)
		if !ok || !printable(b.Type) {
			f.Layout = fold(f.Layout, "?")
			f.Short = f.Short || f.NoIndex
			return
		}
		f.Short = f.Short || b.Short
		// A small empty box before the samples keeps room for a long size: it goes when the file is long.
		if room != "" && b.Type != "mdat" {
			f.Layout = fold(f.Layout, room)
		}
		if room = ""; b.Size == 8 && (b.Type == "free" || b.Type == "wide" || b.Type == "skip") {
			room = b.Type
		} else {
			f.Layout = fold(f.Layout, name(b.Type))
		}
		if len(f.Layout) > maxNames {
			f.Layout = f.Layout[:maxNames]
		}
		o.topBox(b)
		at += b.Size
		if f.Fragments > maxBoxes {
			f.Limit = true
			return
		}
	}
	f.Short = f.Short || f.NoIndex
}

func (o *opener) topBox(b Box) {
	switch b.Type {
	case "ftyp":
		o.brands(b)
	case "moov":
		if len(o.f.Tracks) > 0 {
			o.f.Joined = true
			return
		}
		o.f.NoIndex = false
		o.moov(b)
	case "meta":
		o.f.NoIndex = false // of a picture
	case "sidx":
		o.sidx(b)
	case "moof":
		o.moof(b)
	default:
		if o.s.boxes--; o.s.boxes < 0 {
			o.s.over = true
		}
	}
}

func (o *opener) brands(b Box) {
	from, end := b.body()
	head := o.s.bytes(from, 8)
	if head == nil || end-from < 8 || o.f.Brand != "" {
		return
	}
	o.f.Brand, o.f.BrandVersion = string(head[:4]), binary.BigEndian.Uint32(head[4:])
	list := o.s.text(from+8, min(end-from-8, 4*maxBrands))
	for ; len(list) >= 4; list = list[4:] {
		o.f.Brands = append(o.f.Brands, string(list[:4]))
	}
}

// sidx adds what a segment index promises: how long, and up to which byte.
func (o *opener) sidx(b Box) {
	from, end := b.body()
	head := o.s.bytes(from, 32)
	if head == nil || end-from < 32 {
		return
	}
	scale, first, skip := binary.BigEndian.Uint32(head[8:]), int64(0), int64(22)
	at := int64(0)
	if head[0] == 0 {
		at, first = int64(binary.BigEndian.Uint32(head[12:])), int64(binary.BigEndian.Uint32(head[16:]))
	} else {
		at, skip = ticks(binary.BigEndian.Uint64(head[12:])), 30
		first = ticks(binary.BigEndian.Uint64(head[20:]))
	}
	count := o.s.bytes(from+skip, 2)
	if count == nil {
		return
	}
	t := table{at: from + skip + 2, width: 12, count: min(int64(binary.BigEndian.Uint16(count)), (end-from-skip-2)/12)}
	reach := b.Offset + b.Size + first
	for c := o.s.cursor(t); ; {
		e := c.next()
		if e == nil {
			break
		}
		reach += int64(binary.BigEndian.Uint32(e) &^ (1 << 31))
		at += int64(binary.BigEndian.Uint32(e[4:]))
	}
	if reach > o.s.size {
		o.f.Short = true
	}
	if at = min(at, maxTicks); scale > 0 && (o.f.ClaimedScale == 0 || o.f.ClaimedScale == scale && at > o.f.ClaimedEnd) {
		o.f.ClaimedEnd, o.f.ClaimedScale = at, scale
	}
}

// fold appends a name and takes it back with those before it where they only repeat: a recording with a hundred
// fragments has the layout of one with three.
func fold(list []string, name string) []string {
	list = append(list, name)
	for period := 1; period <= 4 && 2*period <= len(list); period++ {
		cut := len(list) - period
		if slices.Equal(list[cut:], list[cut-period:cut]) {
			return list[:cut]
		}
	}
	return list
}

// name writes a box's type for people; Apple's leading 0xA9 is the copyright sign.
func name(typ string) string {
	if !printable(typ) {
		return "?"
	}
	return strings.ReplaceAll(strings.TrimRight(typ, " "), "\xa9", "©")
}

// ticks takes a 64-bit figure of a file; what is beyond every clock is cut.
func ticks(v uint64) int64 { return int64(min(v, uint64(maxTicks))) }
