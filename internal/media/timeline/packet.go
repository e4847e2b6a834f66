package timeline

import (
	"bytes"
	"strconv"
)

// PacketEntries is what ffprobe is asked for so that Packets can read it, and PacketForm how it is to write it.
const (
	PacketEntries = "packet=stream_index,pts_time,dts_time,duration_time"
	PacketForm    = "csv=p=0"
)

// packetScale: ffprobe writes times with six decimals.
const packetScale = 1_000_000

// maxLine bounds one line of ffprobe's list; they have some forty letters.
const maxLine = 256

// Packets reads ffprobe's list of packets as it is written, and keeps no more of it than a builder for each track. It
// is an io.Writer that never fails: the text is made from a hostile file, and a line that is not understood is passed
// over.
type Packets struct {
	tracks  []*builder
	lines   []Line
	usesDTS []bool
	rest    []byte // of a line that is not whole yet
	skip    bool   // the line is too long: to its end
}

// PacketTrack is what is known of one track before its packets are read.
type PacketTrack struct {
	Handler string // as in Line
	Codec   string
}

// NewPackets makes a reader for a file with these tracks.
func NewPackets(tracks []PacketTrack) *Packets {
	p := &Packets{usesDTS: make([]bool, len(tracks))}
	for i, t := range tracks {
		// Sound tells the length of each packet. A picture's length is only what its rate says.
		b := newBuilder(packetScale, t.Handler, t.Handler == "soun")
		p.tracks = append(p.tracks, b)
		p.lines = append(p.lines, Line{Track: i, Handler: t.Handler, Codec: t.Codec, Scale: packetScale})
	}
	return p
}

// Write takes the next stretch of the list.
func (p *Packets) Write(text []byte) (int, error) {
	n := len(text)
	for len(text) > 0 {
		line, after, whole := bytes.Cut(text, []byte{'\n'})
		text = after
		if len(p.rest)+len(line) > maxLine {
			p.skip, p.rest = true, p.rest[:0]
		}
		if !p.skip && (!whole || len(p.rest) > 0) {
			p.rest = append(p.rest, line...)
			line = p.rest
		}
		if !whole {
			break
		}
		if !p.skip {
			p.line(line)
		}
		p.skip, p.rest = false, p.rest[:0]
	}
	return n, nil
}

func (p *Packets) line(line []byte) {
	var fields [4][]byte
	for i := range fields {
		fields[i], line, _ = bytes.Cut(line, []byte{','})
	}
	track, err := strconv.Atoi(string(fields[0]))
	if err != nil || track < 0 || track >= len(p.tracks) {
		return
	}
	b := p.tracks[track]
	p.lines[track].Samples++
	at, ok := micros(fields[1])
	if !ok {
		// Old containers have no time of presentation at all; that of decoding shows the same holes.
		if at, ok = micros(fields[2]); !ok || b.count > 0 && !p.usesDTS[track] {
			return
		}
		p.usesDTS[track] = true
	} else if p.usesDTS[track] {
		return
	}
	length, _ := micros(fields[3])
	b.add(at, max(length, 0))
}

// micros reads "12.040000"; false for anything else, and for what no clock reaches.
func micros(text []byte) (int64, bool) {
	whole, part, dotted := bytes.Cut(text, []byte{'.'})
	if !dotted || len(part) != 6 || len(whole) == 0 || len(whole) > 12 || part[0] < '0' || part[0] > '9' {
		return 0, false
	}
	seconds, err1 := strconv.ParseInt(string(whole), 10, 64)
	rest, err2 := strconv.ParseInt(string(part), 10, 64)
	if err1 != nil || err2 != nil {
		return 0, false
	}
	if whole[0] == '-' {
		rest = -rest
	}
	return seconds*packetScale + rest, true
}

// Timeline ends the reading. stopped says that ffprobe did not come to the file's end.
func (p *Packets) Timeline(stopped bool) Timeline {
	out := Timeline{Source: FromPackets, Lines: p.lines}
	order, untimed := false, false
	for i, b := range p.tracks {
		l := &out.Lines[i]
		l.Here = l.Samples
		if !b.some && b.lo == b.hi {
			untimed = untimed || l.Samples > 0 && judged(l.Handler)
			continue
		}
		m := b.close()
		s := show(m, packetScale, nil, 0)
		l.Start, l.End = s.from, s.to
		if judged(l.Handler) {
			l.Usual = seconds(m.usual, packetScale)
		}
		l.Gaps, l.GapCount = s.gaps, int64(len(s.gaps))+s.more
		order = order || b.disorder > 0 && judged(l.Handler)
	}
	if stopped {
		out.Doubts = append(out.Doubts, DoubtReader)
	}
	if untimed {
		out.Doubts = append(out.Doubts, DoubtNoTimes)
	}
	if order {
		out.Doubts = append(out.Doubts, DoubtOrder)
	}
	if len(out.Lines) == 0 {
		out.Source = FromNothing
	}
	return out
}
