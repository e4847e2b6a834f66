package image

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// iso reads the volume descriptors of ISO 9660 and the trees they name.
func (i *Image) iso() {
	ended := false
	for n := int64(16); n < 256; n++ {
		d, ok := i.bytes(n*sector, sector)
		if !ok || string(d[1:6]) != "CD001" {
			break
		}
		switch d[0] {
		case 0:
			i.odd("tree.boot", ISO, "")
		case 1:
			i.volumeTree(ISO, d)
			if i.volume == 0 {
				i.volume = int64(binary.LittleEndian.Uint32(d[80:])) * sector
			}
			if i.Label == "" {
				i.Label = strings.TrimRight(string(bytes.ToValidUTF8(d[40:72], []byte("?"))), " \x00")
			}
		case 2:
			if e := string(d[88:91]); e == "%/@" || e == "%/C" || e == "%/E" {
				i.volumeTree(Joliet, d)
			} else {
				i.odd("tree.form", ISO, "descriptor 2")
			}
		case 3:
			i.odd("tree.form", ISO, "descriptor 3")
		case 255:
			ended = true
		default:
			i.odd("tree.form", ISO, "descriptor")
		}
		if ended {
			return
		}
	}
	if len(i.Trees) > 0 {
		i.odd("tree.form", ISO, "no end of descriptors")
	}
}

// volumeTree reads the tree of one descriptor.
func (i *Image) volumeTree(kind string, d []byte) {
	if i.Tree(kind) != nil {
		i.odd("tree.twice", kind, "")
		return
	}
	w := &walk{i: i, t: Tree{Kind: kind}, seen: map[int64]bool{}}
	root, ok := readRecord(d[156:190])
	if !ok || !root.folder() || both16(d[128:132]) != sector {
		w.odd("tree.form", "")
	} else {
		w.skip = -1
		w.isoFolder(root, "", 0)
	}
	i.Trees = append(i.Trees, w.t)
}

// record is a directory record.
type record struct {
	extent, size    int64
	flags           byte
	name            []byte
	use             []byte // system use: Rock Ridge
	skewed, strange bool   // its two byte orders differ; it has what no plain file has
}

func (r record) folder() bool { return r.flags&2 != 0 }

func both32(b []byte) (int64, bool) {
	le, be := binary.LittleEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	return int64(le), le == be
}

func both16(b []byte) int64 {
	le, be := binary.LittleEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if le != be {
		return -1
	}
	return int64(le)
}

func readRecord(b []byte) (record, bool) {
	if len(b) < 34 || int(b[0]) < 34 || int(b[0]) > len(b) || 33+int(b[32]) > int(b[0]) || b[32] == 0 {
		return record{}, false
	}
	b = b[:b[0]]
	r := record{flags: b[25], name: b[33 : 33+int(b[32])]}
	var same, same2 bool
	r.extent, same = both32(b[2:10])
	r.size, same2 = both32(b[10:18])
	r.skewed = !same || !same2
	r.strange = b[1] != 0 || b[26] != 0 || b[27] != 0 || r.flags&0x04 != 0
	if at := 33 + int(b[32]) + 1 - int(b[32])%2; at < len(b) {
		r.use = b[at:]
	}
	return r, true
}

// isoFolder reads a folder of ISO 9660 or Joliet.
func (w *walk) isoFolder(dir record, name string, depth int) {
	if !w.enter(dir.extent, dir.size, depth, name) {
		return
	}
	data, ok := w.i.bytes(dir.extent*sector, dir.size)
	if !ok {
		w.odd("tree.extent", name+"/")
		return
	}
	var open *File // of several extents
	for at, n := 0, 0; at < len(data); n++ {
		if data[at] == 0 { // records do not cross sectors
			at = (at/sector + 1) * sector
			continue
		}
		r, ok := readRecord(data[at:])
		if !ok {
			w.odd("tree.form", name+"/")
			return
		}
		at += int(data[at])
		if len(r.name) == 1 && r.name[0] <= 1 { // itself and its parent
			if r.name[0] == 0 && depth == 0 && w.t.Kind == ISO {
				w.skip = ridge(r.use)
			}
			continue
		}
		if !w.count() {
			return
		}
		open = w.isoEntry(r, name, depth, open)
	}
	if open != nil {
		w.odd("tree.form", open.Name)
	}
}

// isoEntry takes up one record. It gives the file whose further extents are to come.
func (w *walk) isoEntry(r record, dir string, depth int, open *File) *File {
	own, kind, ok := w.nameOf(r)
	full := join(dir, own)
	switch {
	case !ok || strings.ContainsAny(own, "/\x00") || own == "." || own == ".." || own == "":
		w.odd("tree.form", full)
		return nil
	case r.skewed:
		w.odd("tree.form", full)
	case r.strange || kind != "":
		w.odd("file.kind", full)
	}
	if r.folder() {
		if open != nil {
			w.odd("tree.form", full)
		}
		w.isoFolder(r, full, depth+1)
		return nil
	}
	if open == nil {
		open = &File{Name: full}
	} else if open.Name != full {
		w.odd("tree.form", full)
		open = &File{Name: full}
	}
	open.Size += r.size
	if r.size > 0 {
		e := Extent{Off: r.extent * sector, Len: r.size}
		if n := len(open.Extents); n > 0 && open.Extents[n-1].Off+open.Extents[n-1].Len == e.Off {
			open.Extents[n-1].Len += e.Len
		} else {
			open.Extents = append(open.Extents, e)
		}
	}
	if r.flags&0x80 != 0 && len(open.Extents) < maxExtents {
		return open
	}
	w.put(*open)
	return nil
}

// nameOf gives a record's name as a reader of its tree shows it. kind is set for what is no plain file.
func (w *walk) nameOf(r record) (name, kind string, ok bool) {
	if w.t.Kind == Joliet {
		name, ok = ucs2(r.name)
		return strings.TrimSuffix(name, ";1"), "", ok
	}
	if w.skip < 0 {
		plain := strings.TrimSuffix(strings.TrimSuffix(string(r.name), ";1"), ".")
		return plain, "", utf8.ValidString(plain)
	}
	return w.ridgeName(r)
}

func ucs2(b []byte) (string, bool) {
	if len(b)%2 != 0 {
		return "", false
	}
	u := make([]uint16, len(b)/2)
	for n := range u {
		u[n] = binary.BigEndian.Uint16(b[2*n:])
	}
	s := string(utf16.Decode(u))
	return s, !strings.ContainsRune(s, utf8.RuneError)
}

// ridge reads from the root's own record how many bytes of each system use area are not Rock Ridge's; -1 where there is none.
func ridge(use []byte) int {
	if len(use) >= 7 && string(use[:2]) == "SP" && use[4] == 0xbe && use[5] == 0xef {
		return int(use[6])
	}
	return -1
}

// ridgeName reads the name that Rock Ridge gives; the plain one where it gives none.
func (w *walk) ridgeName(r record) (name, kind string, ok bool) {
	use := r.use
	if w.skip > len(use) {
		return "", "", false
	}
	use = use[w.skip:]
	var b strings.Builder
	named := false
	for hops := 0; hops < 16; hops++ {
		next := []byte(nil)
		for len(use) >= 4 {
			n := int(use[2])
			if n < 4 || n > len(use) {
				break // padding
			}
			f := use[:n]
			use = use[n:]
			switch string(f[:2]) {
			case "NM":
				if n < 5 || f[4]&^1 != 0 || b.Len() > 1024 {
					return "", "", false
				}
				named = true
				b.Write(f[5:])
			case "CE":
				if n < 28 {
					return "", "", false
				}
				block, _ := both32(f[4:12])
				off, _ := both32(f[12:20])
				length, _ := both32(f[20:28])
				if length > sector {
					return "", "", false
				}
				if next, ok = w.i.bytes(block*sector+off, length); !ok {
					return "", "", false
				}
			case "SL", "CL", "PL", "RE", "PN", "SF", "ZF":
				kind = string(f[:2])
			}
		}
		if use = next; next == nil {
			break
		}
	}
	if name = b.String(); !named {
		name = strings.TrimSuffix(strings.TrimSuffix(string(r.name), ";1"), ".")
	}
	return name, kind, utf8.ValidString(name)
}
