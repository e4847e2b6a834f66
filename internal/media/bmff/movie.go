package bmff

import (
	"encoding/binary"
	"math"
	"strings"
)

// moov reads the index. Its tracks' samples are handed on at once: fragments behind it go on where they end.
func (o *opener) moov(b Box) {
	from, end := b.body()
	var presets []Box
	if !o.s.inner(from, end, func(c Box) {
		o.f.Index = fold(o.f.Index, name(c.Type))
		if len(o.f.Index) > maxNames {
			o.f.Index = o.f.Index[:maxNames]
		}
		switch c.Type {
		case "mvhd":
			if scale, length, _, ok := o.clock(c); ok {
				o.f.Scale, o.f.Claimed = scale, length
			}
		case "trak":
			if len(o.f.Tracks) >= maxTracks {
				o.f.Limit = true
				return
			}
			o.trak(c)
		case "mvex":
			presets = append(presets, c)
		case "udta":
			o.userData(c, -1)
		case "meta":
			o.meta(c, -1)
		}
	}) && !b.Short {
		o.f.Broken = true
	}
	for _, c := range presets {
		o.mvex(c)
	}
	for i, t := range o.f.Tracks {
		o.plain(i, t)
	}
	o.f.NoIndex = len(o.f.Tracks) == 0
}

// clock reads the head that movie and track share: ticks a second, duration, language.
func (o *opener) clock(b Box) (scale uint32, length int64, lang uint16, ok bool) {
	from, end := b.body()
	p := o.s.bytes(from, int(min(end-from, 36)))
	switch {
	case len(p) >= 34 && p[0] == 1:
		return binary.BigEndian.Uint32(p[20:]), ticks(binary.BigEndian.Uint64(p[24:])), binary.BigEndian.Uint16(p[32:]), true
	case len(p) >= 22 && p[0] != 1:
		d := binary.BigEndian.Uint32(p[16:])
		if d == math.MaxUint32 { // not known
			d = 0
		}
		return binary.BigEndian.Uint32(p[12:]), int64(d), binary.BigEndian.Uint16(p[20:]), true
	}
	return 0, 0, 0, false
}

// within says in which box each box that is gone into must stand; so nothing nests deeper than this.
var within = map[string]string{"edts": "trak", "mdia": "trak", "minf": "mdia", "dinf": "minf", "stbl": "minf"}

func (o *opener) trak(b Box) {
	t := &Track{}
	o.f.Tracks = append(o.f.Tracks, t)
	t.Layout = o.part(b, t)
	o.describe(t)
}

// part reads one box of a track with all in it and gives their names.
func (o *opener) part(b Box, t *Track) string {
	var names []string
	from, end := b.body()
	ok := o.s.inner(from, end, func(c Box) {
		n := name(c.Type)
		if within[c.Type] == b.Type {
			n += "(" + o.part(c, t) + ")"
		} else {
			o.leaf(b.Type, c, t)
			if c.Type == "co64" { // a matter of the file's length
				n = "stco"
			}
		}
		if names = fold(names, n); len(names) > maxNames {
			names = names[:maxNames]
		}
	})
	if !ok && !o.f.Short {
		o.f.Broken = true
	}
	return strings.Join(names, " ")
}

func (o *opener) leaf(parent string, b Box, t *Track) {
	from, end := b.body()
	once := func(to *table, skip int64, width int) {
		if to.width != 0 {
			return
		}
		rows, whole, ok := o.s.rows(b, skip, width)
		if !ok || !whole && !b.Short {
			o.f.Broken = true
		}
		*to = rows
	}
	switch parent + "/" + b.Type {
	case "trak/tkhd":
		skip := int64(12)
		if v := o.s.bytes(from, 1); v != nil && v[0] == 1 {
			skip = 20
		}
		t.ID, _ = o.s.u32(from + skip)
	case "trak/udta":
		o.userData(b, len(o.f.Tracks)-1)
	case "trak/meta":
		o.meta(b, len(o.f.Tracks)-1)
	case "edts/elst":
		o.edits(b, t)
	case "mdia/mdhd":
		if scale, length, lang, ok := o.clock(b); ok && t.Scale == 0 {
			t.Scale, t.Claimed, t.Language = scale, length, language(lang)
		}
	case "mdia/hdlr":
		o.handler(b, t)
	case "dinf/dref":
		if head := o.s.bytes(from, 20); head != nil && end-from >= 20 {
			t.External = head[19]&1 == 0 // flags of the first entry: the samples are in this file
		}
	case "stbl/stsd":
		if t.desc.Size == 0 {
			t.desc = b
		}
	case "stbl/stts":
		once(&t.times, 4, 8)
	case "stbl/ctts":
		once(&t.shifts, 4, 8)
	case "stbl/stsc":
		once(&t.chunks, 4, 12)
	case "stbl/stco":
		once(&t.places, 4, 4)
	case "stbl/co64":
		once(&t.places, 4, 8)
	case "stbl/stsz", "stbl/stz2":
		o.readSizes(b, t)
	}
}

func (o *opener) edits(b Box, t *Track) {
	if len(t.Edits) > 0 {
		return
	}
	from, _ := b.body()
	width := 12
	v := o.s.bytes(from, 1)
	if v == nil {
		return
	}
	if long := v[0] == 1; long {
		width = 20
	}
	rows, whole, ok := o.s.rows(b, 4, width)
	o.f.Broken = o.f.Broken || !whole && !b.Short
	if !ok {
		return
	}
	if rows.count > maxEdits {
		rows.count, o.f.Limit = maxEdits, true
	}
	for c := o.s.cursor(rows); ; {
		e := c.next()
		if e == nil {
			return
		}
		var one Edit
		if width == 12 {
			one = Edit{Length: int64(binary.BigEndian.Uint32(e)), From: int64(int32(binary.BigEndian.Uint32(e[4:])))} //nolint:gosec // the format's own sign
		} else {
			one = Edit{Length: ticks(binary.BigEndian.Uint64(e)), From: int64(binary.BigEndian.Uint64(e[8:]))} //nolint:gosec // the format's own sign
		}
		if one.From < 0 || one.From > maxTicks {
			one.From = -1
		}
		one.Still = binary.BigEndian.Uint32(e[width-4:]) == 0
		t.Edits = append(t.Edits, one)
	}
}

// handler reads what a track is for, and what its writer called it: a counted text in QuickTime, else ended by zero.
func (o *opener) handler(b Box, t *Track) {
	from, end := b.body()
	p := o.s.bytes(from, int(min(end-from, 24+256)))
	if len(p) < 24 || t.Handler != "" {
		return
	}
	t.Handler = string(p[8:12])
	t.HandlerName = counted(p[24:])
}

func counted(p []byte) string {
	if len(p) > 0 && int(p[0]) < len(p) && int(p[0]) >= len(p)-3 {
		p = p[1 : 1+int(p[0])]
	}
	text, _, _ := strings.Cut(string(p), "\x00")
	return text
}

// describe reads the first sample description, once it is known what the track is for.
func (o *opener) describe(t *Track) {
	if t.desc.Size == 0 {
		return
	}
	from, end := t.desc.body()
	e, ok := o.s.box(from+8, end)
	if !ok {
		return
	}
	t.Codec = e.Type
	from, end = e.Offset, e.Offset+e.Size
	p := append([]byte(nil), o.s.bytes(from, int(min(end-from, 86)))...)
	switch {
	case t.Handler == "vide" && len(p) >= 86:
		t.Width, t.Height = int(binary.BigEndian.Uint16(p[32:])), int(binary.BigEndian.Uint16(p[34:]))
		if n := int(p[50]); n < 32 {
			t.Compressor = strings.TrimRight(string(p[51:51+n]), "\x00")
		}
		o.s.inner(from+86, end, func(c Box) {
			if t.Config == nil && (c.Type == "avcC" || c.Type == "hvcC" || c.Type == "av1C") {
				at, to := c.body()
				t.Config = o.s.text(at, min(to-at, maxConfig))
			}
		})
	case t.Handler == "soun" && len(p) >= 36:
		t.Channels, t.SampleRate = int(binary.BigEndian.Uint16(p[24:])), int(binary.BigEndian.Uint32(p[32:])>>16)
		if binary.BigEndian.Uint16(p[16:]) == 2 && len(p) >= 52 { // QuickTime's second form
			t.Channels = int(min(binary.BigEndian.Uint32(p[48:]), 256))
			t.SampleRate = int(max(0, min(math.Float64frombits(binary.BigEndian.Uint64(p[40:])), 1e9)))
		}
	}
}

// language reads three letters packed into 15 bits; older codes of the Macintosh, and "undetermined", are none.
func language(v uint16) string {
	if v < 0x400 || v == 0x7fff || v == 0x55c4 {
		return ""
	}
	l := []byte{byte(v>>10&31) + 0x60, byte(v>>5&31) + 0x60, byte(v&31) + 0x60}
	for _, c := range l {
		if c < 'a' || c > 'z' {
			return ""
		}
	}
	return string(l)
}

func (o *opener) mvex(b Box) {
	from, end := b.body()
	o.s.inner(from, end, func(c Box) {
		at, to := c.body()
		switch c.Type {
		case "mehd":
			p := o.s.bytes(at, int(min(to-at, 12)))
			switch {
			case len(p) >= 12 && p[0] == 1:
				o.f.Claimed = max(o.f.Claimed, ticks(binary.BigEndian.Uint64(p[4:])))
			case len(p) >= 8:
				o.f.Claimed = max(o.f.Claimed, int64(binary.BigEndian.Uint32(p[4:])))
			}
		case "trex":
			p := o.s.bytes(at, 24)
			if p == nil || to-at < 24 {
				return
			}
			for _, t := range o.f.Tracks {
				if t.ID == binary.BigEndian.Uint32(p[4:]) {
					t.preset = preset{step: int64(binary.BigEndian.Uint32(p[12:])), size: int64(binary.BigEndian.Uint32(p[16:]))}
				}
			}
		}
	})
}
