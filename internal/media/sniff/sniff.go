// Package sniff tells what a file is from its own first bytes. The name is never asked: a playlist called 0001.mp4 is a
// playlist, a page called photo.jpg is a page (T17, T22).
package sniff

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is what a file is by its own bytes.
type Kind string

// The kinds. Media kinds come first; the rest is what else is met on cards and in hostile uploads.
const (
	MP4      Kind = "mp4"
	MOV      Kind = "mov"
	ThreeGP  Kind = "3gp"
	AVI      Kind = "avi"
	TS       Kind = "mpegts"
	PS       Kind = "mpegps"
	Matroska Kind = "matroska"
	WebM     Kind = "webm"
	ASF      Kind = "asf"
	FLV      Kind = "flv"
	DHAV     Kind = "dhav" // recorders of one Chinese maker
	H264     Kind = "h264" // bare H.264 without a container
	HEVC     Kind = "hevc" // bare H.265 without a container
	WAV      Kind = "wav"
	MP3      Kind = "mp3"
	AAC      Kind = "aac"
	AMR      Kind = "amr"
	FLAC     Kind = "flac"
	Ogg      Kind = "ogg"
	JPEG     Kind = "jpeg"
	PNG      Kind = "png"
	GIF      Kind = "gif"
	BMP      Kind = "bmp"
	WebP     Kind = "webp"
	HEIF     Kind = "heif"

	Empty    Kind = "empty"
	Playlist Kind = "playlist"
	HTML     Kind = "html"
	SVG      Kind = "svg"
	XML      Kind = "xml"
	Script   Kind = "script"
	Text     Kind = "text"
	EXE      Kind = "exe"
	ELF      Kind = "elf"
	Zip      Kind = "zip" // office documents and packages too
	OLE      Kind = "ole" // old office documents
	PDF      Kind = "pdf"
	Archive  Kind = "archive"
	Unknown  Kind = "unknown"
)

// demuxers is the whole list of readers ffprobe is ever made to use. Playlist readers (hls, concat, dash, image2
// with patterns) are not on it, so no bytes can make ffprobe open a second file (T17).
var demuxers = map[Kind]string{
	MP4: "mov", MOV: "mov", ThreeGP: "mov", AVI: "avi", TS: "mpegts", PS: "mpeg",
	Matroska: "matroska", WebM: "matroska", ASF: "asf", FLV: "flv", DHAV: "dhav",
	H264: "h264", HEVC: "hevc", WAV: "wav", MP3: "mp3", AAC: "aac", AMR: "amr",
	FLAC: "flac", Ogg: "ogg", JPEG: "jpeg_pipe", PNG: "png_pipe", GIF: "gif",
	BMP: "bmp_pipe", WebP: "webp_pipe",
}

// Demuxer is the ffprobe reader that is forced for this kind; "" when the kind is never given to ffprobe.
func (k Kind) Demuxer() string { return demuxers[k] }

// Media reports whether the kind is a recording or a picture.
func (k Kind) Media() bool { return k == HEIF || demuxers[k] != "" }

// Still reports whether the kind is a picture: it has no duration and is not expected to have sound.
func (k Kind) Still() bool { return slices.Contains([]Kind{JPEG, PNG, GIF, BMP, WebP, HEIF}, k) }

// AudioOnly reports whether the kind carries sound only, so that a missing picture is no finding.
func (k Kind) AudioOnly() bool { return slices.Contains([]Kind{WAV, MP3, AAC, AMR, FLAC}, k) }

// BMFF reports whether the kind is of the ISO base media family.
func (k Kind) BMFF() bool { return k == MP4 || k == MOV || k == ThreeGP || k == HEIF }

// HeadLen is how many leading bytes Sniff wants; fewer are enough only when the file is shorter.
const HeadLen = 64 << 10

var magics = []struct {
	offset int
	magic  string
	kind   Kind
}{
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", ASF},
	{0, "FLV\x01", FLV},
	{0, "DHAV", DHAV},
	{0, "fLaC\x00", FLAC},
	{0, "OggS\x00", Ogg},
	{0, "#!AMR", AMR},
	{0, "\xff\xd8\xff", JPEG},
	{0, "\x89PNG\r\n\x1a\n", PNG},
	{0, "GIF87a", GIF},
	{0, "GIF89a", GIF},
	{0, "\x00\x00\x01\xba", PS},
	{0, "IMKH", PS},
	{0, "\x7fELF", ELF},
	{0, "PK\x03\x04", Zip},
	{0, "PK\x05\x06", Zip},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE},
	{0, "%PDF-", PDF},
	{0, "Rar!\x1a\x07", Archive},
	{0, "7z\xbc\xaf\x27\x1c", Archive},
	{0, "\x1f\x8b\x08", Archive},
	{0, "\xfd7zXZ\x00", Archive},
	{0, "BZh", Archive},
	{257, "ustar", Archive},
}

// Of tells a file's kind from its first bytes (give HeadLen of them, or the whole file if shorter). It looks at
// nothing else and never fails; what it does not know is Unknown.
func Of(head []byte) Kind {
	if len(head) == 0 {
		return Empty
	}
	head = head[:min(len(head), HeadLen)]
	if k, ok := bmff(head); ok {
		return k
	}
	if k, ok := riff(head); ok {
		return k
	}
	for _, m := range magics {
		if len(head) >= m.offset+len(m.magic) && string(head[m.offset:m.offset+len(m.magic)]) == m.magic {
			return m.kind
		}
	}
	if bytes.HasPrefix(head, []byte{0x1a, 0x45, 0xdf, 0xa3}) {
		if bytes.Contains(head[:min(len(head), 4096)], []byte("\x42\x82\x84webm")) {
			return WebM
		}
		return Matroska
	}
	if packets(head) {
		return TS
	}
	if k, ok := program(head); ok {
		return k
	}
	if k, ok := bare(head); ok {
		return k
	}
	if k, ok := mpegAudio(head); ok {
		return k
	}
	return textual(head)
}

func bmff(head []byte) (Kind, bool) {
	if len(head) < 8 {
		return "", false
	}
	size := uint64(binary.BigEndian.Uint32(head))
	typ := string(head[4:8])
	if size != 0 && size != 1 && size < 8 {
		return "", false
	}
	switch typ {
	case "ftyp", "styp":
		if len(head) < 12 {
			return MP4, true
		}
		brand := string(head[8:12])
		switch {
		case brand == "qt  ":
			return MOV, true
		case strings.HasPrefix(brand, "3g"):
			return ThreeGP, true
		case brand == "heic" || brand == "heix" || brand == "mif1" || brand == "avif" || brand == "msf1" || brand == "hevc":
			return HEIF, true
		}
		return MP4, true
	case "moov", "mdat", "wide", "pnot", "moof", "sidx":
		return MOV, true
	case "free", "skip", "uuid":
		// Such a box leads only when another known box follows it.
		if size >= 8 && size+8 <= uint64(len(head)) {
			if next := string(head[size+4 : size+8]); next != "free" && next != "skip" && next != "uuid" {
				return bmff(head[size:])
			}
			return "", false
		}
		return MOV, size > uint64(len(head)) && size < 1<<31 || size == 1
	}
	return "", false
}

func riff(head []byte) (Kind, bool) {
	if len(head) < 12 {
		return "", false
	}
	form := string(head[8:12])
	switch string(head[:4]) {
	case "RIFF":
		switch form {
		case "AVI ", "AVIX", "AVI\x19":
			return AVI, true
		case "WAVE":
			return WAV, true
		case "WEBP":
			return WebP, true
		}
	case "RF64", "BW64":
		return WAV, form == "WAVE"
	case "ON2 ":
		return AVI, form == "ON2f"
	}
	return "", false
}

// packets wants the sync byte at several packets in a row, at one of the three packet lengths in use.
func packets(head []byte) bool {
	for _, packet := range []int{188, 192, 204} {
		lead := min(packet, len(head))
		for start := range lead {
			if head[start] != 0x47 {
				continue
			}
			seen := 0
			for at := start; at < len(head) && head[at] == 0x47 && seen < 8; at += packet {
				seen++
			}
			fits := (len(head) - start + packet - 1) / packet
			if seen >= 5 || seen >= 2 && seen == fits && start <= 4 && !isText(head) {
				return true
			}
		}
	}
	return false
}

func program(head []byte) (Kind, bool) {
	if len(head) >= 4 {
		switch binary.BigEndian.Uint32(head) {
		case 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe:
			return EXE, true
		}
	}
	if !bytes.HasPrefix(head, []byte("MZ")) {
		return "", false
	}
	// Two letters alone could begin a text; a real program names its PE header or at least is not text.
	if len(head) >= 64 {
		at := uint64(binary.LittleEndian.Uint32(head[60:]))
		if at+4 <= uint64(len(head)) && string(head[at:at+4]) == "PE\x00\x00" {
			return EXE, true
		}
	}
	return EXE, !isText(head)
}

// bare knows H.264 and H.265 streams without a container: a start code, then a parameter set or delimiter.
func bare(head []byte) (Kind, bool) {
	var nal []byte
	switch {
	case bytes.HasPrefix(head, []byte{0, 0, 0, 1}):
		nal = head[4:]
	case bytes.HasPrefix(head, []byte{0, 0, 1}):
		nal = head[3:]
	}
	if len(nal) < 4 {
		return "", false
	}
	if nal[0]&0x80 == 0 && nal[1] == 1 && (nal[0]>>1 == 32 || nal[0]>>1 == 33 || nal[0]>>1 == 35) {
		return HEVC, true
	}
	if t := nal[0] & 0x1f; nal[0]&0x80 == 0 && (t == 7 && nal[0]&0x60 != 0 || t == 9 && nal[0]&0x60 == 0) {
		return H264, true
	}
	return "", false
}

func mpegAudio(head []byte) (Kind, bool) {
	if bytes.HasPrefix(head, []byte("ID3")) && len(head) >= 10 && head[3] < 5 && head[4] < 0xff {
		size := 0
		for _, b := range head[6:10] {
			if b&0x80 != 0 {
				return "", false
			}
			size = size<<7 | int(b)
		}
		at := 10 + size
		if at >= len(head) {
			return MP3, true // the tag reaches past what is seen; ffprobe judges the rest
		}
		if k, ok := frames(head[at:]); ok {
			return k, true
		}
		return "", false
	}
	return frames(head)
}

// frames wants three MPEG audio frames in a row (or all there are, at least two): one sync word proves nothing.
func frames(b []byte) (Kind, bool) {
	for _, kind := range []Kind{MP3, AAC} {
		at, frames := 0, 0
		for frames < 3 {
			n := 0
			if len(b)-at >= 7 {
				if kind == MP3 {
					n = mp3Frame(b[at:])
				} else {
					n = adtsFrame(b[at:])
				}
			}
			if n == 0 {
				break
			}
			frames++
			at += n
		}
		if frames == 3 || frames == 2 && at >= len(b) {
			return kind, true
		}
	}
	return "", false
}

var mp3Rates = [2][3][15]int{
	{
		{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	},
	{
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
	},
}

// mp3Frame is the length in bytes of the MPEG audio frame at the start of b, 0 if there is none.
func mp3Frame(b []byte) int {
	if b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return 0
	}
	version, layer, rate, freq, pad := b[1]>>3&3, b[1]>>1&3, b[2]>>4, b[2]>>2&3, int(b[2]>>1&1)
	if version == 1 || layer == 0 || rate == 0 || rate == 15 || freq == 3 {
		return 0
	}
	low, layerNo := 0, 3-int(layer) // 0 is layer I
	hz := [3]int{44100, 48000, 32000}[freq]
	if version != 3 {
		low, hz = 1, hz/2
	}
	if version == 0 {
		hz /= 2
	}
	bits := mp3Rates[low][layerNo][rate] * 1000
	switch {
	case layerNo == 0:
		return (12*bits/hz + pad) * 4
	case layerNo == 2 && low == 1:
		return 72*bits/hz + pad
	}
	return 144*bits/hz + pad
}

// adtsFrame is the length in bytes of the AAC frame at the start of b, 0 if there is none.
func adtsFrame(b []byte) int {
	if b[0] != 0xff || b[1]&0xf6 != 0xf0 || b[2]>>2&15 > 12 {
		return 0
	}
	n := int(b[3]&3)<<11 | int(b[4])<<3 | int(b[5]>>5)
	if n < 7 {
		return 0
	}
	return n
}

func textual(head []byte) Kind {
	if len(head) >= 4 && string(head[:2]) == "BM" && len(head) >= 18 && binary.LittleEndian.Uint32(head[6:]) == 0 &&
		binary.LittleEndian.Uint32(head[14:]) < 256 && !isText(head) {
		return BMP
	}
	text, marked := decodeHead(head)
	if text == "" {
		return Unknown
	}
	trimmed := strings.TrimLeft(text, " \t\r\n\f\v\x00")
	low := strings.ToLower(trimmed[:min(len(trimmed), 8192)])
	for _, p := range []string{"#extm3u", "ffconcat", "[playlist]", "[reference]", "<asx", "<smil", "rtsptext"} {
		if strings.HasPrefix(low, p) {
			return Playlist
		}
	}
	switch {
	case strings.HasPrefix(low, "<") && strings.Contains(low, "<mpd"):
		return Playlist
	case strings.HasPrefix(low, "<!doctype html"), strings.HasPrefix(low, "<") && containsTag(low, "html", "head", "body",
		"script", "iframe", "img", "meta", "a", "div", "form", "object", "embed", "title", "style"):
		return HTML
	case strings.HasPrefix(low, "<") && containsTag(low, "svg"):
		return SVG
	case strings.HasPrefix(low, "<?xml"):
		return XML
	case strings.HasPrefix(low, "#!"):
		return Script
	case marked || isText(head):
		return Text
	}
	return Unknown
}

func containsTag(low string, names ...string) bool {
	for _, n := range names {
		for rest := low; ; {
			_, after, found := strings.Cut(rest, "<"+n)
			if !found {
				break
			}
			if after == "" || strings.ContainsAny(after[:1], " \t\r\n/>:") {
				return true
			}
			rest = after
		}
	}
	return false
}

// decodeHead gives the head as text: UTF-8 as it is, UTF-16 with a byte order mark reduced to its ASCII letters. marked
// reports that a byte order mark and text behind it say that this is text.
func decodeHead(head []byte) (text string, marked bool) {
	b := head[:min(len(head), 16<<10)]
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		return string(b[3:]), isText(b[3:])
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		var s strings.Builder
		lo := 0
		if b[0] == 0xfe {
			lo = 1
		}
		for i := 2; i+1 < len(b); i += 2 {
			if b[i+1-lo] == 0 && b[i+lo] < 0x80 {
				s.WriteByte(b[i+lo])
			}
		}
		return s.String(), s.Len()*4 > len(b)
	}
	return string(b), false
}

// isText reports whether the bytes are UTF-8 without control characters; a letter cut at the end is forgiven.
func isText(b []byte) bool {
	b = b[:min(len(b), 16<<10)]
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			return len(b) < utf8.UTFMax && !utf8.FullRune(b)
		}
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' && r != '\f' && r != 0x1b || r == 0x7f {
			return false
		}
		b = b[n:]
	}
	return true
}
