package sniff_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/media/sniff"
)

func ts(packet, lead, count int) string {
	b := bytes.Repeat([]byte{0xaa}, lead+packet*count)
	for i := range count {
		b[lead+i*packet] = 0x47
	}
	return string(b)
}

// mp3 makes silent MPEG-1 layer III frames of 128 kbit/s at 44.1 kHz (417 bytes each).
func mp3(frames int) string {
	return strings.Repeat("\xff\xfb\x90\x00"+strings.Repeat("\x00", 413), frames)
}

func adts(frames int) string {
	return strings.Repeat("\xff\xf1\x50\x80\x02\x1f\xfc"+strings.Repeat("\x00", 9), frames)
}

func pe() string {
	b := make([]byte, 256)
	copy(b, "MZ\x90\x00")
	binary.LittleEndian.PutUint32(b[60:], 128)
	copy(b[128:], "PE\x00\x00")
	return string(b)
}

func id3(size int, rest string) string {
	return "ID3\x03\x00\x00" + string([]byte{0, 0, byte(size >> 7), byte(size & 127)}) + strings.Repeat("\x00", size) + rest
}

// T22: wrongly named files. The name is what a card might call them; only the bytes decide.
func TestOf(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, bytes string
		want        sniff.Kind
	}{
		{"empty.mp4", "", sniff.Empty},
		{"a.mp4", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", sniff.MP4},
		{"a.avi", "\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", sniff.MOV},
		{"a.jpg", "\x00\x00\x00\x14ftyp3gp4\x00\x00\x00\x00", sniff.ThreeGP},
		{"photo.mp4", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", sniff.HEIF},
		{"old.mp4", "\x00\x00\x00\x08wide\x00\x10\x00\x00mdat", sniff.MOV},
		{"cut.mp4", "\x00\x00\x00\x01mdat\x00\x00\x00\x01\x00\x00\x00\x00", sniff.MOV},
		{"frag.mp4", "\x00\x00\x00\x18stypmsdh\x00\x00\x00\x00msdhmsix", sniff.MP4},
		{"free.mp4", "\x00\x00\x00\x08free\x00\x00\x00\x14ftypisom\x00\x00\x00\x00", sniff.MP4},
		{"a.mp4", "RIFF\x00\x10\x00\x00AVI LIST", sniff.AVI},
		{"a.mp4", "RIFF\x00\x10\x00\x00WAVEfmt ", sniff.WAV},
		{"a.mp4", "RF64\xff\xff\xff\xffWAVEds64", sniff.WAV},
		{"a.jpg", "RIFF\x00\x10\x00\x00WEBPVP8 ", sniff.WebP},
		{"a.mp4", "RIFF\x00\x10\x00\x00EVIL", sniff.Unknown},
		{"a.mp4", ts(188, 0, 8), sniff.TS},
		{"a.mp4", ts(192, 4, 8), sniff.TS},
		{"a.mp4", ts(188, 100, 8), sniff.TS},
		{"short.ts", ts(188, 0, 2), sniff.TS},
		{"G.txt", "G" + strings.Repeat("o", 186) + ".G", sniff.Text},
		{"a.mp4", "\x00\x00\x01\xba\x44\x00", sniff.PS},
		{"a.mp4", "IMKH\x01\x01\x00\x00", sniff.PS},
		{"a.mp4", "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", sniff.WebM},
		{"a.mp4", "\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska", sniff.Matroska},
		{"a.mp4", "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", sniff.ASF},
		{"a.mp4", "FLV\x01\x05", sniff.FLV},
		{"a.mp4", "DHAV\xfd\x00", sniff.DHAV},
		{"a.mp4", "\x00\x00\x00\x01\x67\x64\x00\x1f", sniff.H264},
		{"a.mp4", "\x00\x00\x00\x01\x40\x01\x0c\x01", sniff.HEVC},
		{"a.mp4", mp3(3), sniff.MP3},
		{"a.mp4", id3(100, mp3(3)), sniff.MP3},
		{"a.mp3", id3(100, "<html><script>alert(1)</script>"), sniff.Unknown},
		{"one sync.mp3", "\xff\xfb\x90\x00" + strings.Repeat("x", 2000), sniff.Unknown},
		{"a.mp4", adts(4), sniff.AAC},
		{"a.mp4", "#!AMR\n", sniff.AMR},
		{"a.mp4", "fLaC\x00\x00\x00\x22", sniff.FLAC},
		{"a.mp4", "OggS\x00\x02", sniff.Ogg},
		{"a.mp4", "\xff\xd8\xff\xe1", sniff.JPEG},
		{"a.mp4", "\x89PNG\r\n\x1a\n\x00", sniff.PNG},
		{"a.mp4", "GIF89a\x01\x00", sniff.GIF},
		{"a.jpg", "<!DOCTYPE html><html>", sniff.HTML},
		{"b.jpg", "\n\n  <HTML><body onload=alert(1)>", sniff.HTML},
		{"c.mp4", "\xef\xbb\xbf<script>alert(1)</script>", sniff.HTML},
		{"d.mp4", "<!-- x --><img src=x onerror=alert(1)>", sniff.HTML},
		{"e.mp4", "\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", sniff.HTML},
		{"f.mp4", "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", sniff.HTML},
		{"a.jpg", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", sniff.SVG},
		{"b.png", "<?xml version='1.0'?>\n<svg/>", sniff.SVG},
		{"sidecar.mp4", "<?xml version='1.0'?><NonRealTimeMeta/>", sniff.XML},
		{"a.mp4", pe(), sniff.EXE},
		{"a.jpg", "MZ\x90\x00\x03\x00", sniff.EXE},
		{"a.mp4", "\x7fELF\x02\x01\x01", sniff.ELF},
		{"a.mp4", "\xcf\xfa\xed\xfe\x07\x00", sniff.EXE},
		{"a.mp4", "#!/bin/sh\nrm -rf /\n", sniff.Script},
		{"a.mp4", "PK\x03\x04\x14\x00", sniff.Zip},
		{"report.mp4", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", sniff.OLE},
		{"a.jpg", "%PDF-1.7\n", sniff.PDF},
		{"a.avi", "Rar!\x1a\x07\x01\x00", sniff.Archive},
		{"a.avi", "7z\xbc\xaf\x27\x1c", sniff.Archive},
		{"a.avi", "\x1f\x8b\x08\x00", sniff.Archive},
		{"a.mp4", "#EXTM3U\n#EXTINF:1,\nvictim.ts\n", sniff.Playlist},
		{"b.mp4", "ffconcat version 1.0\nfile victim_upload_id\n", sniff.Playlist},
		{"c.mp4", "\xef\xbb\xbf#EXTM3U\n", sniff.Playlist},
		{"d.mp4", "[playlist]\nFile1=/etc/passwd\n", sniff.Playlist},
		{"e.mp4", "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>", sniff.Playlist},
		{"f.mp4", "<asx version='3.0'>", sniff.Playlist},
		{"note.mp4", "一份说明\r\n", sniff.Text},
		{"MZ.txt", "MZ is only two letters", sniff.Text},
		{"eicar.mp4", `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + "EICAR-TEST", sniff.Text},
		{"zeros.mp4", strings.Repeat("\x00", 4096), sniff.Unknown},
		{"noise.mp4", "\x9f\x03\xe1\x88\x00\x12\xfe\x91\x44\x02", sniff.Unknown},
		{"one.mp4", "\x00", sniff.Unknown},
	}
	if len(cases) < 40 {
		t.Fatalf("%d cases, T22 asks for 40", len(cases))
	}
	for _, c := range cases {
		got := sniff.Of([]byte(c.bytes))
		if got != c.want {
			t.Errorf("%s (%.24q): %s, want %s", c.name, c.bytes, got, c.want)
		}
	}
}

// T17: the list of readers that can ever be forced holds none that follows names to other files.
func TestNoDemuxerFollowsNames(t *testing.T) {
	t.Parallel()
	kinds := []sniff.Kind{
		sniff.MP4, sniff.MOV, sniff.ThreeGP, sniff.AVI, sniff.TS, sniff.PS, sniff.Matroska, sniff.WebM, sniff.ASF, sniff.FLV,
		sniff.DHAV, sniff.H264, sniff.HEVC, sniff.WAV, sniff.MP3, sniff.AAC, sniff.AMR, sniff.FLAC, sniff.Ogg, sniff.JPEG,
		sniff.PNG, sniff.GIF, sniff.BMP, sniff.WebP,
	}
	for _, k := range kinds {
		switch d := k.Demuxer(); d {
		case "", "hls", "concat", "dash", "image2", "sdp", "rtsp", "imf", "webm_dash_manifest", "tee", "lavfi":
			t.Errorf("%s is read by %q", k, d)
		}
		if !k.Media() {
			t.Errorf("%s is no media", k)
		}
	}
	for _, k := range []sniff.Kind{
		sniff.Empty, sniff.Playlist, sniff.HTML, sniff.SVG, sniff.XML, sniff.Script, sniff.Text, sniff.EXE, sniff.ELF, sniff.Zip,
		sniff.OLE, sniff.PDF, sniff.Archive, sniff.Unknown, sniff.HEIF,
	} {
		if k.Demuxer() != "" || k.Media() && k != sniff.HEIF {
			t.Errorf("%s has a reader", k)
		}
	}
}

func FuzzOf(f *testing.F) {
	for _, seed := range []string{
		"", "\x00\x00\x00\x18ftypmp42", "RIFF\x00\x10\x00\x00AVI ", ts(188, 3, 6), mp3(3), id3(20, adts(3)), pe(), "#EXTM3U",
		"\x00\x00\x00\x08free\x00\x00\x00\x08free", "<svg", "\xff\xfe<\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		k := sniff.Of(b)
		if k == "" || k == sniff.Empty != (len(b) == 0) {
			t.Fatalf("kind %q of %d bytes", k, len(b))
		}
		if k.Demuxer() != "" && !k.Media() {
			t.Fatalf("%s has a reader but is no media", k)
		}
	})
}
