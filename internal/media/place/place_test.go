package place

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/media/bmff"
	"zhilu.dev/zhilu/internal/media/bmff/bmfftest"
)

func realFile(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("ZHILU_MEDIA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "media")
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		if os.Getenv("ZHILU_REQUIRE_MEDIA") == "1" {
			t.Fatalf("camera files are missing and ZHILU_REQUIRE_MEDIA=1: %v", err)
		}
		t.Skip("camera files are not here")
	}
	return b
}

// claims writes what a file claims as JSON, as the command shows it.
func claims(t testing.TB, b []byte) string {
	t.Helper()
	f, err := bmff.Open(t.Context(), bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := OfRecording(t.Context(), bytes.NewReader(b), int64(len(b)), f)
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// What the real cameras' files claim; the phone's text reads +32.0929+034.8620+028.516/, the drone's figures were read
// by hand.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"iphone-with-gps.mov": `[{"source":"quicktime_location","latitude":32.0929,"longitude":34.862,"altitude_m":28.516}]`,
		"gopro-karma.mp4":     `[{"source":"gopro_gpmf","track":3,"latitude":33.125368,"longitude":-117.3310641,"altitude_m":15.445}]`,
		"phone-uuid540.mp4":   `null`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, claims(t, realFile(t, name))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	udta := func(boxes ...[]byte) []byte { return bmfftest.Movie{UserData: bmfftest.Box("udta", boxes...)}.Plain() }
	xyz := func(text string) []byte {
		return udta(bmfftest.Box("\xa9xyz", binary.BigEndian.AppendUint16(nil, uint16(len(text))), []byte{0x15, 0xc7}, []byte(text)))
	}
	point := func(name string, figures ...int32) []byte {
		b := append([]byte{0x15, 0xc7}, name...)
		b = append(b, 0, 1) // the end of the name, and the role
		for _, v := range figures {
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		}
		return udta(bmfftest.Full("loci", 0, 0, b, []byte("earth\x00\x00")))
	}
	shanghai := `"latitude":31.2304,"longitude":121.4737`
	cases := map[string]struct {
		file []byte
		want string
	}{
		"a phone":             {xyz("+31.2304+121.4737/"), `[{"source":"quicktime_xyz",` + shanghai + `}]`},
		"with height and map": {xyz("+31.2304+121.4737-3.5CRSWGS_84/"), `[{"source":"quicktime_xyz",` + shanghai + `,"altitude_m":-3.5}]`},
		"minutes":             {xyz("+3113.824+12128.422/"), `[{"source":"quicktime_xyz",` + shanghai + `}]`},
		"seconds":             {xyz("-311349.44-1212825.32/"), `[{"source":"quicktime_xyz","latitude":-31.2304,"longitude":-121.4737}]`},
		"no fix":              {xyz("+00.0000+000.0000/"), `[{"source":"quicktime_xyz"}]`},
		"off the globe":       {xyz("+91.0000+121.4737/"), `[{"source":"quicktime_xyz"}]`},
		"not a place":         {xyz("<script>alert(1)</script>"), `[{"source":"quicktime_xyz"}]`},
		"odd digits":          {xyz("+311.2304+121.4737/"), `[{"source":"quicktime_xyz"}]`},
		"3GPP":                {point("here", 7960900, 2046716, 4<<16), `[{"source":"3gpp_loci","latitude":31.2304077,"longitude":121.4736938,"altitude_m":4}]`},
		"3GPP, wide name":     {point("\xfe\xff\x4e\x0a\x00", 0, 0, 0), `[{"source":"3gpp_loci"}]`},
		"3GPP, cut":           {point("here", 5), `[{"source":"3gpp_loci"}]`},
		"a list of Novatek's": {bmfftest.Movie{UserData: bmfftest.Box("gps ", make([]byte, 16))}.Plain(), `[{"source":"novatek_gps"}]`},
		"twice":               {udta(bmfftest.Box("\xa9xyz", []byte("+31.2304+121.4737/")), bmfftest.Box("\xa9xyz", []byte("+1.0+2.0/"))), `[{"source":"quicktime_xyz",` + shanghai + `}]`},
		"nothing":             {bmfftest.Movie{}.Plain(), `null`},
	}
	for what, c := range cases {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, claims(t, c.file)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// klv writes one entry of a telemetry sample.
func klv(key string, kind byte, row int, body []byte) []byte {
	n := 0
	if row > 0 {
		n = len(body) / row
	}
	b := append([]byte(key), kind, byte(row))
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	b = append(b, body...)
	return append(b, make([]byte, (4-len(body)%4)%4)...)
}

func figures(v ...int32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func stream(parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return klv("DEVC", 0, 1, klv("STRM", 0, 1, body))
}

var scale5 = klv("SCAL", 'l', 4, figures(10_000_000, 10_000_000, 1000, 1000, 100))

func hero(fix int32) []byte {
	return stream(klv("GPSF", 'L', 4, figures(fix)), klv("GPSU", 'U', 16, []byte("261123011208.500")), scale5,
		klv("GPS5", 'l', 20, figures(312304000, 1214737000, 4500, 0, 0, 312304001, 1214737001, 4500, 0, 0)))
}

func TestTelemetry(t *testing.T) {
	t.Parallel()
	newer := stream(klv("TYPE", 'c', 1, []byte("lllllllSS")), klv("SCAL", 'l', 4, figures(10_000_000, 10_000_000, 1000, 1000, 100, 1, 1000, 100, 1)),
		klv("GPS9", '?', 32, append(figures(312304000, 1214737000, 4500, 0, 0, 9823, 4328500), 0, 150, 0, 3)))
	place := `"latitude":31.2304,"longitude":121.4737,"altitude_m":4.5`
	cases := map[string]struct {
		samples [][]byte
		want    string
	}{
		"a fix":               {[][]byte{hero(3)}, `[{"source":"gopro_gpmf","track":0,` + place + `,"at":"2026-11-23T01:12:08.5Z"}]`},
		"a fix in time":       {[][]byte{hero(0), hero(0), hero(2)}, `[{"source":"gopro_gpmf","track":0,` + place + `,"at":"2026-11-23T01:12:08.5Z"}]`},
		"never a fix":         {[][]byte{hero(0), hero(0)}, `[{"source":"gopro_gpmf","track":0}]`},
		"a newer camera":      {[][]byte{newer}, `[{"source":"gopro_gpmf","track":0,` + place + `}]`},
		"no receiver":         {[][]byte{stream(klv("ACCL", 's', 6, make([]byte, 60))), hero(3)}, `null`},
		"a row too short":     {[][]byte{stream(scale5, klv("GPS5", 'l', 4, figures(312304000)))}, `[{"source":"gopro_gpmf","track":0}]`},
		"an unknown kind":     {[][]byte{stream(scale5, klv("GPS5", 'x', 20, make([]byte, 20)))}, `[{"source":"gopro_gpmf","track":0}]`},
		"no scale, no globe":  {[][]byte{stream(klv("GPS5", 'l', 20, figures(312304000, 1214737000, 0, 0, 0)))}, `[{"source":"gopro_gpmf","track":0}]`},
		"a length beyond all": {[][]byte{append(klv("DEVC", 0, 255, nil)[:6], 0xff, 0xff)}, `null`},
	}
	for what, c := range cases {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			track := bmfftest.Track{Handler: "meta", Codec: "gpmd", Scale: 1000, PerChunk: 1}
			for _, s := range c.samples {
				track.Samples = append(track.Samples, bmfftest.Sample{Step: 1000, Size: len(s)})
			}
			b := bmfftest.Movie{Tracks: []bmfftest.Track{track}}.Plain()
			copy(b[bytes.Index(b, []byte("mdat"))+4:], bytes.Join(c.samples, nil))
			if diff := cmp.Diff(c.want, claims(t, b)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func TestStoreErrors(t *testing.T) {
	t.Parallel()
	b := bmfftest.Movie{Tracks: []bmfftest.Track{{Handler: "meta", Codec: "gpmd", Scale: 1000, Samples: []bmfftest.Sample{{Size: 9}}}}}.Plain()
	f, err := bmff.Open(t.Context(), bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OfRecording(t.Context(), broken{}, int64(len(b)), f); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("err = %v", err)
	}
}

// T16: telemetry is as hostile as all else.
func FuzzTelemetry(f *testing.F) {
	f.Add(hero(3))
	f.Add(stream(klv("TYPE", 'c', 1, []byte("LllllsssS")), scale5, klv("GLPI", '?', 28, make([]byte, 28))))
	f.Add(stream(klv("TYPE", 'c', 1, []byte("JlllSSSSBB")), klv("SCAL", 'b', 1, nil), klv("GPRI", '?', 30, []byte(strings.Repeat("\xff", 30)))))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, has := gpmf(b)
		if c.Latitude != nil && (!has || *c.Latitude > 90 || *c.Latitude < -90 || *c.Longitude > 180 || *c.Longitude < -180) {
			t.Fatalf("%v %+v", has, c)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte("+32.0929+034.8620+028.516/"))
	f.Add([]byte("\x00\x00\x00\x00\x15\xc7here\x00\x00aaaabbbbcccc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range []Claim{iso6709(Apple, b), loci(b)} {
			if c.Latitude != nil && (*c.Latitude > 90 || *c.Latitude < -90 || *c.Longitude > 180 || *c.Longitude < -180) {
				t.Fatalf("%+v", c)
			}
		}
	})
}
