package segment

import "bytes"

// Frame is the width and height of the pictures, in points; zero before the first one and without any.
func (x *Index) Frame() (width, height int) { return x.width, x.height }

// frame reads width and height from the head of a coded picture: H.264 in Main profile, whose points are whole.
func frame(b []byte) (width, height int) {
	for {
		at := bytes.Index(b, []byte{0, 0, 1})
		if at < 0 || len(b) < at+8 {
			return 0, 0
		}
		b = b[at+3:]
		if b[0]&0x1f == 7 {
			break
		}
	}
	r := bits{b: unescaped(b[4:])}
	r.golomb() // its number
	r.golomb() // frame numbers
	switch kind := r.golomb(); kind {
	case 0:
		r.golomb()
	case 1: // never written by x264
		return 0, 0
	}
	r.golomb() // references
	r.bit()
	wide, high := r.golomb()+1, r.golomb()+1
	if r.bit() == 0 { // half pictures: ours are whole
		return 0, 0
	}
	r.bit()
	width, height = 16*wide, 16*high
	if r.bit() == 1 {
		left, right, top, bottom := r.golomb(), r.golomb(), r.golomb(), r.golomb()
		width, height = width-2*(left+right), height-2*(top+bottom)
	}
	if r.over || width <= 0 || height <= 0 {
		return 0, 0
	}
	return width, height
}

// unescaped takes out the bytes that keep a start code from occurring.
func unescaped(b []byte) []byte { return bytes.ReplaceAll(b, []byte{0, 0, 3}, []byte{0, 0}) }

// bits reads single bits.
type bits struct {
	b    []byte
	at   int
	over bool
}

func (r *bits) bit() int {
	if r.at/8 >= len(r.b) {
		r.over = true
		return 0
	}
	v := r.b[r.at/8] >> (7 - r.at%8) & 1
	r.at++
	return int(v)
}

// golomb reads a number in the code named after Golomb.
func (r *bits) golomb() int {
	zeros := 0
	for r.bit() == 0 {
		if zeros++; zeros > 16 || r.over {
			r.over = true
			return 0
		}
	}
	v := 1
	for range zeros {
		v = v<<1 | r.bit()
	}
	return v - 1
}
