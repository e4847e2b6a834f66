package bmff

import (
	"bytes"
	"encoding/binary"
)

// keep notes one text, as long as there is room.
func (o *opener) keep(key string, from, end int64, track int) {
	if len(o.f.Texts) >= maxTexts {
		o.f.Limit = true
		return
	}
	o.f.Texts = append(o.f.Texts, Text{Key: key, Value: o.s.text(from, min(end-from, maxText)), Track: track})
}

// userData reads what makers put beside the index: Apple's texts, whose type begins with the copyright sign, and the
// rest as it stands.
func (o *opener) userData(b Box, track int) {
	from, end := b.body()
	o.s.inner(from, end, func(c Box) {
		at, to := c.body()
		switch {
		case c.Type == "meta":
			o.meta(c, track)
		case c.Type[0] == 0xa9:
			// A length and a language, then the text; some writers leave both out.
			head := o.s.bytes(at, 4)
			if head != nil && to-at >= 4 && int64(binary.BigEndian.Uint16(head)) <= to-at-4 {
				to = at + 4 + int64(binary.BigEndian.Uint16(head))
				at += 4
			}
			o.keep(name(c.Type), at, to, track)
		case printable(c.Type):
			o.keep(name(c.Type), at, to, track)
		}
	})
}

// meta reads keyed values: QuickTime's, where a list of keys gives the names, and iTunes', where the type does.
func (o *opener) meta(b Box, track int) {
	from, end := b.body()
	if head := o.s.bytes(from, 8); head != nil && string(head[4:]) != "hdlr" {
		from += 4 // version and flags, which QuickTime leaves out
	}
	var keys []string
	o.s.inner(from, end, func(c Box) {
		at, to := c.body()
		switch c.Type {
		case "keys":
			o.s.inner(at+8, to, func(k Box) {
				if kf, kt := k.body(); len(keys) < maxTexts {
					keys = append(keys, string(o.s.text(kf, min(kt-kf, maxText))))
				}
			})
		case "ilst":
			o.s.inner(at, to, func(item Box) {
				key := name(item.Type)
				if n := binary.BigEndian.Uint32([]byte(item.Type)); n >= 1 && int64(n) <= int64(len(keys)) {
					key = keys[n-1]
				}
				o.value(key, item, track)
			})
		}
	})
}

func (o *opener) value(key string, item Box, track int) {
	from, end := item.body()
	o.s.inner(from, end, func(d Box) {
		if at, to := d.body(); d.Type == "data" && to-at >= 8 {
			o.keep(key, at+8, to, track)
		}
	})
}

// Word gives the first text of the file itself under one of the keys, up to the first zero byte; "" where there is
// none.
func (f *File) Word(keys ...string) string {
	for _, key := range keys {
		for _, t := range f.Texts {
			if t.Key == key && t.Track < 0 {
				text, _, _ := bytes.Cut(t.Value, []byte{0})
				if len(text) > 0 {
					return string(text)
				}
			}
		}
	}
	return ""
}
