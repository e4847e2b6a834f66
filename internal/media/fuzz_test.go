package media

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzParseName(f *testing.F) {
	for _, seed := range []string{
		"GX010123.MP4", "DSJ-AB12_000001_20261123091208_0001.mp4", "2026年11月23日09时12分08秒_003.mp4", "IMG_0001 (2).JPG",
		"执法记录_２０２６１１２３０９１２０８．mp4", "..\\..\\x\x00.mp4", "\xff\xfe.mp4", "İ_20261123091208_0001.mp4", "@@__20261123091208__",
		"CH01_20261123091208_20261123092208_0012.dav", strings.Repeat("9", 2000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		n := ParseName(name)
		if n.HasTime && (!n.Time.valid() || n.RawTime == "") {
			t.Fatalf("time %v from %q", n.Time, name)
		}
		if n.HasNumber && (n.Number < 0 || n.Width < 2 || n.Width > MaxNumberWidth || n.Series == "") {
			t.Fatalf("number %+v from %q", n, name)
		}
		if !utf8.ValidString(n.Base+n.Series+n.DeviceCode+n.OfficerCode+n.Channel) || strings.ContainsAny(n.Base, "/\\\x00\n") || len(n.Base) > maxText {
			t.Fatalf("text %+v from %q", n, name)
		}
		MissingNumbers([]NameFacts{n, ParseName("C0001.MP4")}, n)
	})
}

func FuzzParseProbe(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"streams":[{"codec_type":"video","codec_name":"h264","width":1920,"height":1080,"avg_frame_rate":"30000/1001"}],"format":{"duration":"12.5"}}`,
		`{"format":{"duration":"1e308","tags":{"creation_time":"2026-11-23T01:12:08.000000Z","location":"+1+2/"}}}`,
		`{"streams":[{"width":-1,"sample_rate":"99999999999","avg_frame_rate":"1/0","start_time":"NaN"}]}`, `{"format":{"tags":{"x":1}}} x`, `[`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parseProbe(data, false)
		if err != nil {
			return
		}
		if len(p.Tracks) > maxTracks || p.Seconds < 0 || p.Seconds > maxSeconds {
			t.Fatalf("%+v", p)
		}
		for _, tr := range p.Tracks {
			if tr.Width < 0 || tr.Width > maxDimension || tr.Rate < 0 || tr.Rate > maxRate || tr.SampleRate < 0 || !utf8.ValidString(tr.Codec) || len(tr.Codec) > maxText {
				t.Fatalf("%+v", tr)
			}
		}
		JSON(Facts{Tracks: p.Tracks, Times: p.Times, Device: p.Device})
	})
}
