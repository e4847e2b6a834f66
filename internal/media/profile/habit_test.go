package profile_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"zhilu.dev/zhilu/internal/media/profile"
	"zhilu.dev/zhilu/internal/media/sniff"
	"zhilu.dev/zhilu/internal/media/timeline"
)

// whole gives the form of a file with what its streams say, as the prober makes it.
func whole(t testing.TB, path string) profile.Profile {
	t.Helper()
	b := read(t, path)
	p := of(t, b)
	if sniff.Of(b[:min(len(b), sniff.HeadLen)]).BMFF() {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		_, file, err := timeline.Read(t.Context(), f, int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Signed(t.Context(), f, int64(len(b)), file); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// repeat gives a form n times: a camera's files at one setting.
func repeat(p profile.Profile, n int) []profile.Profile {
	return slices.Repeat([]profile.Profile{p}, n)
}

// T1: what programs make of a recording, held against the camera's genuine files, and with nothing to hold it against.
func TestWhatProgramsMake(t *testing.T) {
	t.Parallel()
	needTool(t, "ffmpeg")
	type made struct {
		what  string
		tool  string
		args  []string // with IN and OUT
		ext   string
		known bool // found beside genuine files
		alone bool // found with nothing to compare with
	}
	ways := []made{
		{"copied", "ffmpeg", []string{"-i", "IN", "-c", "copy", "OUT"}, "", true, true},
		{"trimmed", "ffmpeg", []string{"-ss", "1", "-i", "IN", "-t", "1", "-c", "copy", "OUT"}, "", true, true},
		{"trimmed, names left out", "ffmpeg", []string{"-ss", "1", "-i", "IN", "-t", "1", "-c", "copy", "-fflags", "+bitexact", "-flags", "+bitexact", "OUT"}, "", true, false},
		{"into mp4", "ffmpeg", []string{"-i", "IN", "-c", "copy", "-bitexact", "OUT"}, ".mp4", true, false},
		{"encoded anew", "ffmpeg", []string{"-i", "IN", "-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "OUT"}, "", true, true},
		{"encoded anew, names left out", "ffmpeg", []string{"-i", "IN", "-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-bitexact", "OUT"}, "", true, true},
		{"dates changed", "exiftool", []string{"-q", "-CreateDate=2024:01:01 10:00:00", "-o", "OUT", "IN"}, "", true, false},
		{"title added", "exiftool", []string{"-q", "-Keys:Title=x", "-o", "OUT", "IN"}, "", true, false},
		{"note added as XMP", "exiftool", []string{"-q", "-XMP:Description=x", "-o", "OUT", "IN"}, "", true, false},
	}
	for _, camera := range []string{"gopro-karma.mp4", "iphone-with-gps.mov", "phone-uuid540.mp4"} {
		t.Run(camera, func(t *testing.T) {
			t.Parallel()
			path := realFile(t, camera)
			genuine := whole(t, path)
			if j := profile.Weigh(genuine, nil); j.Unlike() || j.Why != profile.WhyFew {
				t.Errorf("a genuine file alone: %+v", j)
			}
			if j := profile.Weigh(genuine, repeat(genuine, 4)); j.Unlike() || j.Verdict != profile.Usual {
				t.Errorf("a genuine file among its own: %+v", j)
			}
			for _, w := range ways {
				if _, err := exec.LookPath(w.tool); err != nil {
					continue
				}
				ext := w.ext
				if ext == "" {
					ext = filepath.Ext(camera)
				}
				out := filepath.Join(t.TempDir(), "made"+ext)
				args := slices.Clone(w.args)
				for i, a := range args {
					switch a {
					case "IN":
						args[i] = path
					case "OUT":
						args[i] = out
					}
				}
				if w.tool == "ffmpeg" {
					ffmpeg(t, args...)
				} else if b, err := exec.CommandContext(t.Context(), w.tool, args...).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", w.what, err, b)
				}
				p := whole(t, out)
				known, alone := profile.Weigh(p, repeat(genuine, 4)), profile.Weigh(p, nil)
				t.Log(row(w.what, known, alone))
				if w.what == "trimmed, names left out" && camera == "phone-uuid540.mp4" {
					w.alone = true // here the cut left an edit list behind
				}
				if known.Unlike() != w.known || alone.Unlike() != w.alone {
					t.Errorf("%s: beside genuine files %v, want %v; alone %v, want %v", w.what, known.Unlike(), w.known, alone.Unlike(), w.alone)
				}
			}
		})
	}
}

func row(what string, known, alone profile.Judgement) string {
	return fmt.Sprintf("%-32s beside genuine: %-8s %v · alone: %v", what, known.Verdict, aspects(known.Comparison), alone.Programs)
}

// The rule: what is usual, what is unlike, and when nothing can be said.
func TestWeigh(t *testing.T) {
	t.Parallel()
	form := func(change func(*profile.Profile)) profile.Profile {
		p := profile.Profile{
			Version: profile.Version, Container: "mp4", Brand: "mp42", Layout: []string{"ftyp", "mdat", "moov"}, TimeScale: 1000,
			Tracks: []profile.Track{{Kind: "vide", Codec: "avc1", Handler: "V", Width: 1920, Height: 1080, Rate: 30}, {Kind: "soun", Codec: "mp4a", Channels: 1, SampleRate: 48_000}},
		}
		if change != nil {
			change(&p)
		}
		return p
	}
	genuine := form(nil)
	small := form(func(p *profile.Profile) { p.Tracks[0].Width, p.Tracks[0].Height = 1280, 720 })
	sound := form(func(p *profile.Profile) { p.Tracks = p.Tracks[1:]; p.Container = "wav" })
	lapse := form(func(p *profile.Profile) { p.Layout = []string{"ftyp", "free", "mdat", "moov"} })
	remuxed := form(func(p *profile.Profile) { p.Brand, p.Layout = "isom", []string{"ftyp", "free", "mdat", "moov", "udta"} })
	named := form(func(p *profile.Profile) { p.Brand, p.Encoder = "isom", []string{"Lavf60.3.100"} })
	named2 := form(func(p *profile.Profile) { p.Encoder = []string{"Lavf60.3.100"}; p.Tracks[0].Edit = profile.Cut })
	old := form(func(p *profile.Profile) { p.Version-- })
	mix := func(groups ...[]profile.Profile) []profile.Profile { return slices.Concat(groups...) }
	for _, c := range []struct {
		what    string
		file    profile.Profile
		others  []profile.Profile
		verdict profile.Verdict
		why     profile.Why
		unlike  bool
	}{
		{"nothing to compare with", genuine, nil, profile.Unknown, profile.WhyFew, false},
		{"two are too few", remuxed, repeat(genuine, 2), profile.Unknown, profile.WhyFew, false},
		{"its own form", genuine, repeat(genuine, 3), profile.Usual, "", false},
		{"another setting", small, repeat(genuine, 3), profile.Setting, "", false},
		{"another setting among both", small, mix(repeat(genuine, 9), repeat(small, 1)), profile.Usual, "", false},
		{"another form", remuxed, repeat(genuine, 3), profile.Unusual, "", true},
		{"the second of another form", remuxed, mix(repeat(genuine, 9), repeat(remuxed, 1)), profile.Unusual, "", true},
		{"a mode seen three times in thirty", lapse, mix(repeat(genuine, 27), repeat(lapse, 3)), profile.Usual, "", false},
		{"a mode seen three times in forty", lapse, mix(repeat(genuine, 37), repeat(lapse, 3)), profile.Unusual, "", true},
		{"sound alone is no picture", sound, repeat(genuine, 9), profile.Unknown, profile.WhyFew, false},
		{"sound among sound", sound, mix(repeat(genuine, 9), repeat(sound, 3)), profile.Usual, "", false},
		{"every file is another", remuxed, []profile.Profile{genuine, lapse, named2}, profile.Unknown, profile.WhyFew, false},
		{"no form is usual", genuine, mix(repeat(remuxed, 2), repeat(lapse, 2)), profile.Unknown, profile.WhyDivided, false},
		{"of another version", genuine, repeat(old, 9), profile.Unknown, profile.WhyFew, false},
		{"a program's name, nothing to compare with", named, nil, profile.Unknown, profile.WhyFew, true},
		{"a program's name beside genuine ones", named, repeat(genuine, 3), profile.Unusual, "", true},
		{"files that name a program teach nothing", genuine, repeat(named, 4), profile.Unknown, profile.WhyFew, false},
		{"a camera built on that program", named, repeat(named, 5), profile.Usual, "", false},
		{"cut by the program the camera is built on", named2, repeat(named, 9), profile.Unusual, "", true},
		{"first files re-muxed: the first genuine one", genuine, repeat(remuxed, 3), profile.Unusual, "", true},
		{"… the fourth", genuine, mix(repeat(remuxed, 3), repeat(genuine, 3)), profile.Usual, "", false},
		{"… the re-muxed, judged again", remuxed, mix(repeat(remuxed, 2), repeat(genuine, 4)), profile.Unusual, "", true},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			j := profile.Weigh(c.file, c.others)
			if j.Verdict != c.verdict || j.Why != c.why || j.Unlike() != c.unlike {
				t.Errorf("%+v; want %s %q %v", j, c.verdict, c.why, c.unlike)
			}
			others := slices.Clone(c.others)
			slices.Reverse(others)
			if k := profile.Weigh(c.file, others); k.Verdict != j.Verdict || k.Why != j.Why || k.Alike != j.Alike {
				t.Errorf("in another order: %+v, then %+v", j, k)
			}
		})
	}
	if j := profile.Weigh(named2, nil); !j.Cut {
		t.Errorf("a cut that needs no other file: %+v", j)
	}
}

func TestPrograms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Lavf58.29.100": "FFmpeg", "HandBrake 1.6.1 2023012300": "HandBrake", "Adobe Premiere Pro 2023.0 (Windows)": "Adobe Premiere", "剪映专业版": "剪映",
		"x264 - core 164": "x264", "GoPro AVC encoder": "", "DSJ-A7 V1.2": "", "Las Vegas": "", "DJI Lavida": "", "4.3.1": "", "iMovie 10": "iMovie", "": "",
	} {
		if got := profile.Programs(text); want == "" && len(got) > 0 || want != "" && !slices.Contains(got, want) {
			t.Errorf("%q: %v, want %q", text, got, want)
		}
	}
}
