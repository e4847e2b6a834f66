package image

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The tags of ECMA-167 that are read.
const (
	tagAnchor     = 2
	tagPointer    = 3
	tagPartition  = 5
	tagLogical    = 6
	tagEnd        = 8
	tagFileSet    = 256
	tagIdentifier = 257
	tagFile       = 261
	tagFileLarge  = 266
)

// partition is where the blocks of the one partition lie.
type partition struct{ start, blocks int64 }

// tagged reads a block that bears this tag, and checks the tag's own sum.
func (i *Image) tagged(block int64, want ...uint16) ([]byte, bool) {
	b, ok := i.bytes(block*sector, sector)
	if !ok || !sound(b) {
		return nil, false
	}
	id := binary.LittleEndian.Uint16(b)
	for _, w := range want {
		if id == w {
			return b, true
		}
	}
	return nil, false
}

func sound(b []byte) bool {
	var sum byte
	for n := range 16 {
		if n != 4 {
			sum += b[n]
		}
	}
	return sum == b[4]
}

// recognised reports whether the image says of itself that it holds UDF.
func (i *Image) recognised() bool {
	for n := int64(16); n < 64; n++ {
		b, ok := i.bytes(n*sector, sector)
		if !ok {
			return false
		}
		switch string(b[1:6]) {
		case "NSR02", "NSR03":
			return true
		case "CD001", "BEA01", "BOOT2", "CDW02", "TEA01":
		default:
			return false
		}
	}
	return false
}

// udf reads the tree of UDF.
func (i *Image) udf() {
	anchor, ok := i.tagged(256, tagAnchor)
	if !ok {
		if i.recognised() {
			i.odd("tree.form", UDF, "anchor")
		}
		return
	}
	w := &walk{i: i, t: Tree{Kind: UDF}, seen: map[int64]bool{}}
	defer func() { i.Trees = append(i.Trees, w.t) }()
	p, set, ok := i.logical(anchor)
	if !ok {
		w.odd("tree.form", "volume")
		return
	}
	fs, ok := i.tagged(p.start+set, tagFileSet)
	if !ok {
		w.odd("tree.form", "file set")
		return
	}
	if next := binary.LittleEndian.Uint32(fs[448:]); next&0x3fffffff != 0 {
		w.odd("tree.twice", "file set")
	}
	w.part = p
	w.udfFolder(longAD(fs[400:]), "", 0)
}

// logical finds the partition and the file set: in the last descriptors that the anchor's sequence holds.
func (i *Image) logical(anchor []byte) (p partition, set int64, ok bool) {
	blocks := int64(binary.LittleEndian.Uint32(anchor[16:])) / sector
	at := int64(binary.LittleEndian.Uint32(anchor[20:]))
	found := 0
	for n := int64(0); n < min(blocks, 64); n++ {
		d, good := i.bytes((at+n)*sector, sector)
		if !good || !sound(d) {
			break
		}
		switch binary.LittleEndian.Uint16(d) {
		case tagPartition:
			p.start, p.blocks = int64(binary.LittleEndian.Uint32(d[188:])), int64(binary.LittleEndian.Uint32(d[192:]))
			found |= 1
		case tagLogical:
			maps := binary.LittleEndian.Uint32(d[268:])
			if binary.LittleEndian.Uint32(d[212:]) != sector || maps != 1 || d[440] != 1 {
				return p, 0, false
			}
			set = longAD(d[248:]).block
			i.Label = cs0(d[84:212])
			found |= 2
		case tagPointer:
			return p, 0, false
		case tagEnd:
			return p, set, found == 3
		}
	}
	return p, set, found == 3
}

// ad is where something lies in the partition.
type ad struct {
	kind  uint32
	len   int64
	block int64
	part  uint16
}

func longAD(b []byte) ad {
	n := binary.LittleEndian.Uint32(b)
	return ad{n >> 30, int64(n & 0x3fffffff), int64(binary.LittleEndian.Uint32(b[4:])), binary.LittleEndian.Uint16(b[8:])}
}

func shortAD(b []byte) ad {
	n := binary.LittleEndian.Uint32(b)
	return ad{n >> 30, int64(n & 0x3fffffff), int64(binary.LittleEndian.Uint32(b[4:])), 0}
}

// node is a file entry: a file or a folder.
type node struct {
	kind byte // 4 folder, 5 file
	File
	at int64
}

// entry reads a file entry.
func (w *walk) entry(icb ad, name string) (node, bool) {
	b, ok := w.i.tagged(w.part.start+icb.block, tagFile, tagFileLarge)
	if !ok || icb.part != 0 {
		return node{}, false
	}
	n := node{kind: b[27], at: icb.block, File: File{Name: name, Size: int64(binary.LittleEndian.Uint64(b[56:]))}} //nolint:gosec // what is negative is refused below
	head := 176
	if binary.LittleEndian.Uint16(b) == tagFileLarge {
		head = 216
	}
	ea, ads := int64(binary.LittleEndian.Uint32(b[head-8:])), int64(binary.LittleEndian.Uint32(b[head-4:]))
	if n.Size < 0 || binary.LittleEndian.Uint16(b[20:]) != 4 || ea > sector || ads > sector || int64(head)+ea+ads > sector {
		return n, false
	}
	from := int64(head) + ea
	list := b[from : from+ads]
	size := 8
	switch binary.LittleEndian.Uint16(b[34:]) & 7 {
	case 3: // the bytes stand in the entry itself
		if n.Size != ads {
			return n, false
		}
		if ads > 0 {
			n.Extents = []Extent{{Off: (w.part.start+icb.block)*sector + from, Len: ads}}
		}
		return n, true
	case 1:
		size = 16
	case 0:
	default:
		return n, false
	}
	return n, w.extents(&n.File, list, size)
}

// extents reads where a file's bytes lie; lists may go on in further blocks.
func (w *walk) extents(f *File, list []byte, size int) bool {
	left := f.Size
	for hops := 0; hops < 256; hops++ {
		var next *ad
		for len(list) >= size && left > 0 {
			a := shortAD(list)
			if size == 16 {
				a = longAD(list)
			}
			list = list[size:]
			if a.part != 0 {
				return false
			}
			if a.kind == 3 {
				next = &a
				break
			}
			if a.len == 0 {
				return false // the end of the list, before that of the file
			}
			n := min(a.len, left)
			left -= n
			e := Extent{Off: (w.part.start + a.block) * sector, Len: n, Hole: a.kind != 0}
			if k := len(f.Extents); k > 0 && !e.Hole && !f.Extents[k-1].Hole && f.Extents[k-1].Off+f.Extents[k-1].Len == e.Off {
				f.Extents[k-1].Len += n
			} else if f.Extents = append(f.Extents, e); len(f.Extents) > maxExtents {
				return false
			}
		}
		if left == 0 {
			return true
		}
		if next == nil {
			return false
		}
		b, ok := w.i.tagged(w.part.start+next.block, 258)
		if !ok {
			return false
		}
		n := int64(binary.LittleEndian.Uint32(b[20:]))
		if n > sector-24 {
			return false
		}
		list = b[24 : 24+n]
	}
	return false
}

// udfFolder reads a folder of UDF.
func (w *walk) udfFolder(icb ad, name string, depth int) {
	n, ok := w.entry(icb, name)
	if !ok || n.kind != 4 || !w.i.fits(n.File) {
		w.odd("tree.form", name+"/")
		return
	}
	if !w.enter(n.at, n.Size, depth, name) {
		return
	}
	var data []byte
	for _, e := range n.Extents {
		part, ok := w.i.bytes(e.Off, e.Len)
		if !ok || e.Hole {
			w.odd("tree.extent", name+"/")
			return
		}
		data = append(data, part...)
	}
	for len(data) > 0 {
		used, ok := w.identifier(data, name, depth)
		if !ok {
			w.odd("tree.form", name+"/")
			return
		}
		if used == 0 {
			return
		}
		data = data[min(used, len(data)):]
	}
}

// identifier takes up one entry of a folder and says how long it was; 0 to read no further.
func (w *walk) identifier(b []byte, dir string, depth int) (int, bool) {
	if len(b) < 38 || binary.LittleEndian.Uint16(b) != tagIdentifier || !sound(b) {
		return 0, false
	}
	flags, long, use := b[18], int(b[19]), int(binary.LittleEndian.Uint16(b[36:]))
	end := 38 + use + long
	if end > len(b) {
		return 0, false
	}
	used := (end + 3) &^ 3
	if flags&(4|8) != 0 { // deleted, or the parent
		return used, true
	}
	if !w.count() {
		return 0, true
	}
	own := cs0d(b[38+use : end])
	full := join(dir, own)
	if own == "" || own == "." || own == ".." || strings.ContainsAny(own, "/\x00") || strings.ContainsRune(own, utf8.RuneError) {
		return 0, false
	}
	icb := longAD(b[20:])
	if flags&2 != 0 {
		w.udfFolder(icb, full, depth+1)
		return used, true
	}
	n, ok := w.entry(icb, full)
	switch {
	case !ok:
		w.odd("tree.form", full)
	case n.kind != 5:
		w.odd("file.kind", full)
	}
	w.put(n.File)
	return used, true
}

// cs0d reads a name of OSTA compressed Unicode.
func cs0d(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	switch b[0] {
	case 8:
		out := make([]rune, len(b)-1)
		for n, c := range b[1:] {
			out[n] = rune(c)
		}
		return string(out)
	case 16:
		if len(b)%2 == 0 {
			return string(utf8.RuneError)
		}
		u := make([]uint16, (len(b)-1)/2)
		for n := range u {
			u[n] = binary.BigEndian.Uint16(b[1+2*n:])
		}
		return string(utf16.Decode(u))
	}
	return string(utf8.RuneError)
}

// cs0 reads a field of fixed length, whose last byte is the length used.
func cs0(b []byte) string {
	n := int(b[len(b)-1])
	if n == 0 || n >= len(b) {
		return ""
	}
	return strings.ToValidUTF8(cs0d(b[:n]), "?")
}
