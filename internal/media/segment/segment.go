// Package segment finds, in an MPEG transport stream of our own making, the places where playing can begin: it reads
// the stream as it goes by and keeps where each stretch lies and when it is shown.
package segment

import (
	"encoding/binary"
	"errors"
	"time"
)

// Segment is a stretch of a stream that can be played by itself: it begins with a key picture, or with any sound
// where there is no picture.
type Segment struct {
	N      int           // from 0
	Start  time.Duration // since the beginning of the recording
	Length time.Duration
	From   int64 // first byte in the stream
	Bytes  int64
}

// Zero is the time stamp, in the stream's own clock of 90 kHz, at which the recording begins. It leaves room before it
// for what an encoder of sound needs to run in.
const Zero = 90_000

// packetLen is the length of a packet of a transport stream.
const packetLen = 188

// ErrForeign means that the bytes are not a transport stream as our encoder writes it.
var ErrForeign = errors.New("segment: not a transport stream of ours")

// soundLength is how long a stretch without pictures is.
const soundLength = 4 * 90_000

// Index reads a stream that is written to it. The zero value is ready.
type Index struct {
	buf  []byte
	at   int64 // of the packet
	err  error
	pmt  int // where the programme's table is sent; 0 before it is known
	pic  int // where pictures are sent; 0 for none
	snd  int
	head [2][packetLen]byte // the tables a player needs first
	have [2]bool

	cuts  []cut
	last  int64 // greatest time stamp
	step  int64 // of the last picture or sound
	count int   // of pictures

	width, height int
}

type cut struct{ at, pts int64 }

// Write takes the next bytes of the stream.
func (x *Index) Write(p []byte) (int, error) {
	n := len(p)
	if len(x.buf) > 0 {
		fill := min(packetLen-len(x.buf), len(p))
		x.buf, p = append(x.buf, p[:fill]...), p[fill:]
		if len(x.buf) < packetLen {
			return n, x.err
		}
		x.packet(x.buf)
		x.buf = x.buf[:0]
	}
	for ; len(p) >= packetLen; p = p[packetLen:] {
		x.packet(p[:packetLen])
	}
	x.buf = append(x.buf, p...)
	return n, x.err
}

func (x *Index) packet(p []byte) {
	if x.err != nil {
		return
	}
	at := x.at
	x.at += packetLen
	if p[0] != 0x47 {
		x.err = ErrForeign
		return
	}
	pid := int(binary.BigEndian.Uint16(p[1:])) & 0x1fff
	first := p[1]&0x40 != 0
	key, body := false, p[4:]
	if p[3]&0x20 != 0 {
		n := int(p[4])
		if n > len(body)-1 {
			x.err = ErrForeign
			return
		}
		key = n > 0 && p[5]&0x40 != 0
		body = body[1+n:]
	}
	if !first || p[3]&0x10 == 0 {
		return
	}
	switch pid {
	case 0:
		x.table(0, p, body)
	case x.pmt:
		x.table(1, p, body)
	case x.pic:
		if pts, ok := stamp(body); ok {
			if x.count++; x.width == 0 && key {
				x.width, x.height = frame(body)
			}
			x.seen(pts)
			if key {
				x.cuts = append(x.cuts, cut{at, pts})
			}
		}
	case x.snd:
		pts, ok := stamp(body)
		if !ok || x.pic != 0 {
			return
		}
		x.seen(pts)
		if n := len(x.cuts); n == 0 || pts-x.cuts[n-1].pts >= soundLength {
			x.cuts = append(x.cuts, cut{at, pts})
		}
	}
}

func (x *Index) seen(pts int64) {
	if pts > x.last {
		if x.last > 0 {
			x.step = pts - x.last
		}
		x.last = pts
	}
}

// table reads one of the two tables: which programme, and which streams are in it.
func (x *Index) table(which int, p, body []byte) {
	if x.have[which] {
		return
	}
	if len(body) < 1 || int(body[0]) > len(body)-13 {
		x.err = ErrForeign
		return
	}
	body = body[1+int(body[0]):]
	end := 3 + int(binary.BigEndian.Uint16(body[1:])&0xfff) - 4 // without the check sum
	if end < 12 || end > len(body) {
		x.err = ErrForeign
		return
	}
	copy(x.head[which][:], p)
	x.have[which] = true
	if which == 0 {
		x.pmt = int(binary.BigEndian.Uint16(body[10:]) & 0x1fff)
		return
	}
	row := 12 + int(binary.BigEndian.Uint16(body[10:])&0xfff)
	for row+5 <= end {
		pid := int(binary.BigEndian.Uint16(body[row+1:]) & 0x1fff)
		switch body[row] {
		case 0x1b:
			x.pic = pid
		case 0x0f:
			x.snd = pid
		}
		row += 5 + int(binary.BigEndian.Uint16(body[row+3:])&0xfff)
	}
}

// stamp reads the time of presentation at the head of a packetised stream.
func stamp(b []byte) (int64, bool) {
	if len(b) < 14 || b[0] != 0 || b[1] != 0 || b[2] != 1 || b[7]&0x80 == 0 {
		return 0, false
	}
	t := int64(b[9]>>1&7)<<30 | int64(b[10])<<22 | int64(b[11]>>1)<<15 | int64(b[12])<<7 | int64(b[13]>>1)
	return t, true
}

// At is how far the stream has come.
func (x *Index) At() time.Duration { return ticks(x.last - Zero) }

// Pictures is how many were seen.
func (x *Index) Pictures() int { return x.count }

// HasPicture and HasSound say what the stream carries.
func (x *Index) HasPicture() bool { return x.pic != 0 }

// HasSound reports a stream of sound.
func (x *Index) HasSound() bool { return x.snd != 0 }

// Head gives the tables that stand before every segment.
func (x *Index) Head() []byte {
	return append(append(make([]byte, 0, 2*packetLen), x.head[0][:]...), x.head[1][:]...)
}

// Segments gives what was found once the stream has ended. ErrForeign: it was no stream, or had nothing to play.
func (x *Index) Segments() ([]Segment, error) {
	if x.err != nil || len(x.cuts) == 0 || !x.have[1] || len(x.buf) > 0 {
		return nil, errors.Join(ErrForeign, x.err)
	}
	out := make([]Segment, len(x.cuts))
	for i, c := range x.cuts {
		end, until := x.last+x.step, x.at
		if i+1 < len(x.cuts) {
			end, until = x.cuts[i+1].pts, x.cuts[i+1].at
		}
		out[i] = Segment{N: i, Start: ticks(c.pts - Zero), Length: ticks(max(end-c.pts, 0)), From: c.at, Bytes: until - c.at}
	}
	// Sound that runs in before the first picture, and the tables, belong to the first.
	out[0].Bytes += out[0].From
	out[0].From = 0
	return out, nil
}

func ticks(n int64) time.Duration { return time.Duration(n) * time.Second / 90_000 }
