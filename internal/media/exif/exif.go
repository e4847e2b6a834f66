// Package exif reads from a JPEG picture when and by which camera it was taken. It reads a handful of fields out of
// the first bytes, within bounds, and nothing else. Of places Read tells only that there are some; which ones, Place
// tells to whoever may look (decision 1).
package exif

import (
	"encoding/binary"
	"strings"
)

// Fields is what a picture says of itself. Texts are as found: hostile until cleaned.
type Fields struct {
	Maker, Model, Software string
	// Time is DateTimeOriginal, else DateTimeDigitized, else DateTime: "2026:11:23 09:12:08" on the camera's face.
	Time string
	// Offset belongs to Time, "+08:00"; "" if the camera does not write it.
	Offset string
	Serial string
	HasGPS bool
}

// The tags that are read.
const (
	tagMaker     = 0x010f
	tagModel     = 0x0110
	tagSoftware  = 0x0131
	tagDateTime  = 0x0132
	tagExif      = 0x8769
	tagGPS       = 0x8825
	tagOriginal  = 0x9003
	tagDigitized = 0x9004
	tagOffset    = 0x9010
	tagOffsetOrg = 0x9011
	tagOffsetDig = 0x9012
	tagSerial    = 0xa431
)

// maxEntries bounds one directory; cameras write some dozens.
const maxEntries = 512

// open finds the Exif part among a picture's first bytes, and its first directory.
func open(head []byte) (reader, directory, bool) {
	tiff := segment(head)
	if len(tiff) < 8 {
		return reader{}, nil, false
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return reader{}, nil, false
	}
	r := reader{tiff, order}
	return r, r.directory(uint64(order.Uint32(tiff[4:]))), true
}

// Read reads the fields out of the first bytes of a JPEG picture. It reports false where there are none to read.
func Read(head []byte) (Fields, bool) {
	r, main, ok := open(head)
	if !ok {
		return Fields{}, false
	}
	sub := r.directory(uint64(main.pointer(r, tagExif)))
	_, gps := main[tagGPS]
	f := Fields{
		Maker: r.text(main[tagMaker]), Model: r.text(main[tagModel]), Software: r.text(main[tagSoftware]),
		Serial: r.text(sub[tagSerial]), HasGPS: gps,
	}
	for _, c := range []struct{ time, offset entry }{
		{sub[tagOriginal], sub[tagOffsetOrg]}, {sub[tagDigitized], sub[tagOffsetDig]}, {main[tagDateTime], sub[tagOffset]},
	} {
		if f.Time = r.text(c.time); f.Time != "" {
			f.Offset = r.text(c.offset)
			break
		}
	}
	return f, f != Fields{}
}

// segment finds the Exif segment among a picture's leading segments; a segment cut off by the end of head is given as
// far as it goes.
func segment(head []byte) []byte {
	if len(head) < 4 || head[0] != 0xff || head[1] != 0xd8 {
		return nil
	}
	const name = "Exif\x00\x00"
	for at := 2; at+4 <= len(head) && head[at] == 0xff; {
		marker, n := head[at+1], int(binary.BigEndian.Uint16(head[at+2:]))
		if marker == 0xda || n < 2 { // the picture itself begins
			return nil
		}
		body := head[at+4 : min(at+2+n, len(head))]
		if marker == 0xe1 && len(body) > len(name) && string(body[:len(name)]) == name {
			return body[len(name):]
		}
		at += 2 + n
	}
	return nil
}

type entry struct {
	kind  uint16
	count uint32
	value []byte // the four bytes of the value, or of its place
}

type directory map[uint16]entry

// pointer reads an entry that holds the place of another directory; 0 where there is none.
func (d directory) pointer(r reader, tag uint16) uint32 {
	e, ok := d[tag]
	if !ok || e.kind != 4 || e.count != 1 {
		return 0
	}
	return r.order.Uint32(e.value)
}

type reader struct {
	tiff  []byte
	order binary.ByteOrder
}

// directory reads the entries of one directory; an empty one where there is none. It follows no links.
func (r reader) directory(at uint64) directory {
	d := directory{}
	size := uint64(len(r.tiff))
	if at < 8 || at+2 > size {
		return d
	}
	count := min(uint64(r.order.Uint16(r.tiff[at:])), maxEntries)
	for i := range count {
		from := at + 2 + 12*i
		if from+12 > size {
			break
		}
		b := r.tiff[from : from+12]
		d[r.order.Uint16(b)] = entry{r.order.Uint16(b[2:]), r.order.Uint32(b[4:]), b[8:12]}
	}
	return d
}

// text reads an ASCII value of at most 256 bytes; "" for anything else.
func (r reader) text(e entry) string {
	if e.kind != 2 || e.count == 0 || e.count > 256 {
		return ""
	}
	b := e.value
	if e.count > 4 {
		at, n := uint64(r.order.Uint32(e.value)), uint64(e.count)
		if at+n > uint64(len(r.tiff)) {
			return ""
		}
		b = r.tiff[at : at+n]
	} else {
		b = b[:e.count]
	}
	s, _, _ := strings.Cut(string(b), "\x00")
	return strings.TrimSpace(s)
}
