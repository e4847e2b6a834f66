package profile

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// headLen is how much of a transport stream is looked at for its tables, which come several times a second.
const headLen = 2 << 20

// packets reads the tables of an MPEG transport stream: how long its packets are, on which numbers its streams lie, and
// what the multiplexer calls itself.
func (p *Profile) packets(s *source) {
	b := s.bytes(0, headLen)
	length, lead := 0, 0
	for _, form := range []struct{ length, lead int }{{188, 0}, {192, 4}, {204, 0}} {
		if 5*form.length <= len(b) {
			whole := true
			for i := range 5 {
				whole = whole && b[i*form.length+form.lead] == 0x47
			}
			if whole && length == 0 {
				length, lead = form.length, form.lead
			}
		}
	}
	if length == 0 {
		return
	}
	p.Layout = append(p.Layout, fmt.Sprintf("packets of %d", length))
	pmt, seen := -1, map[string]bool{}
	for ; len(b) >= length && len(seen) < 3; b = b[length:] {
		pid, section := tableIn(b[lead : lead+188])
		switch {
		case section == nil:
		case pid == 0 && section[0] == 0x00 && !seen["pat"]:
			seen["pat"] = true
			for e := section[8:]; len(e) >= 8; e = e[4:] { // the last four bytes are a checksum
				if binary.BigEndian.Uint16(e) != 0 && pmt < 0 {
					pmt = int(binary.BigEndian.Uint16(e[2:]) & 0x1fff)
					p.Layout = append(p.Layout, fmt.Sprintf("program %d on %#x", binary.BigEndian.Uint16(e), pmt))
				}
			}
		case pid == pmt && section[0] == 0x02 && !seen["pmt"]:
			seen["pmt"] = true
			p.program(section)
		case pid == 0x11 && section[0] == 0x42 && !seen["sdt"]:
			seen["sdt"] = true
			p.Layout = append(p.Layout, "service table")
			p.service(section)
		}
	}
}

// tableIn gives the number of a packet and the table that begins in it, as far as the packet goes; nil if none does.
func tableIn(packet []byte) (pid int, section []byte) {
	pid = int(binary.BigEndian.Uint16(packet[1:]) & 0x1fff)
	if packet[0] != 0x47 || packet[1]&0x40 == 0 || packet[3]&0x10 == 0 {
		return pid, nil
	}
	at := 4
	if packet[3]&0x20 != 0 {
		at += 1 + int(packet[4])
	}
	if at >= len(packet) {
		return pid, nil
	}
	at += 1 + int(packet[at])
	if at+12 > len(packet) {
		return pid, nil
	}
	end := at + 3 + int(binary.BigEndian.Uint16(packet[at+1:])&0xfff)
	if section = packet[at:min(end, len(packet))]; len(section) < 12 {
		return pid, nil
	}
	return pid, section
}

// program lists the streams of a program, each with its kind, number and the kinds of its descriptors.
func (p *Profile) program(section []byte) {
	p.Index = append(p.Index, fmt.Sprintf("clock on %#x", binary.BigEndian.Uint16(section[8:])&0x1fff))
	n := int(binary.BigEndian.Uint16(section[10:]) & 0xfff)
	rest := section[12:]
	if n > len(rest) {
		return
	}
	p.Index = append(p.Index, "program"+descriptors(rest[:n]))
	for rest = rest[n:]; len(rest) >= 5+4 && len(p.Index) < maxParts; {
		n := int(binary.BigEndian.Uint16(rest[3:]) & 0xfff)
		about := rest[5:min(5+n, len(rest))]
		p.Index = append(p.Index, fmt.Sprintf("%#x on %#x%s", rest[0], binary.BigEndian.Uint16(rest[1:])&0x1fff, descriptors(about)))
		rest = rest[min(5+n, len(rest)):]
	}
}

// descriptors lists the kinds of descriptors, and the letters of those that register a format.
func descriptors(b []byte) string {
	var list []string
	for len(b) >= 2 && len(b) >= 2+int(b[1]) && len(list) < 16 {
		one := fmt.Sprintf("%#x", b[0])
		if b[0] == 0x05 && b[1] >= 4 {
			one += "=" + text(string(b[2:6]))
		}
		list, b = append(list, one), b[2+int(b[1]):]
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, " ") + ")"
}

// service takes the provider's name, which programs leave at their own.
func (p *Profile) service(section []byte) {
	if len(section) < 16 {
		return
	}
	for b := section[16:]; len(b) >= 2 && len(b) >= 2+int(b[1]); b = b[2+int(b[1]):] {
		if d := b[2 : 2+int(b[1])]; b[0] == 0x48 && len(d) >= 2 && len(d) >= 2+int(d[1]) {
			p.Complete(nil, string(d[2:2+int(d[1])]))
		}
	}
}
