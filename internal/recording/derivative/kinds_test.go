package derivative_test

import (
	"encoding/json"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/derivative"
)

// Every kind of every sort of original: made where there is something to make, said to be none where there is not.
func TestEveryKind(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		for name, none := range map[string][]derivative.Kind{
			"gopro-karma.mp4":   nil,
			"phone-uuid540.mp4": {derivative.Waveform, derivative.Speech},
			"photo.jpg":         {derivative.Strip, derivative.Waveform, derivative.Speech},
			"tone.wav":          {derivative.Poster, derivative.Strip},
		} {
			rec, file := h.sample(name)
			h.want(rec, derivative.Kinds()...)
			h.makes(file)
			got := h.states(rec)
			for _, k := range derivative.Kinds() {
				want := derivative.Ready
				for _, n := range none {
					if k == n {
						want = derivative.None
					}
				}
				if got[k].State != want {
					t.Errorf("%s: %s is %s %s, want %s", name, k, got[k].State, got[k].Reason, want)
					continue
				}
				if want == derivative.Ready {
					h.holds(got[k])
				}
			}
			_, err := h.svc.Picture(h.ctx, file, "阿依古丽")
			if still := name == "photo.jpg"; still != (err == nil) || !still && !fault.HasCode(err, "derivative.not_a_picture") {
				t.Errorf("%s as a picture: %v", name, err)
			}
		}
	})
}

// sample is a file of a camera, or one made for the purpose.
func (h *house) sample(name string) (rec ident.RecordingID, file ident.FileID) {
	h.t.Helper()
	made := map[string][]string{
		"photo.jpg": {"-f", "lavfi", "-i", "testsrc=s=2000x1500", "-frames:v", "1"}, "tone.wav": {"-f", "lavfi", "-i", "sine=d=5"},
	}
	args, is := made[name]
	if !is {
		return h.camera(name)
	}
	path := filepath.Join(h.t.TempDir(), name)
	out, err := exec.CommandContext(h.ctx, "ffmpeg", append(append([]string{"-v", "error"}, args...), path)...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return h.stored(name, must(os.ReadFile(path))(h.t))
}

// holds opens a derivative and looks whether it is what its row says.
func (h *house) holds(d derivative.Derivative) {
	h.t.Helper()
	_, obj, err := h.svc.Open(h.ctx, d.Recording, d.File, d.Kind)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = obj.Close() }()
	r := io.NewSectionReader(obj, 0, obj.Size())
	switch d.Kind {
	case derivative.Copy:
	case derivative.Poster, derivative.Strip:
		c, err := jpeg.DecodeConfig(r)
		width, height := d.Frame().Width, d.Frame().Height
		if d.Kind == derivative.Strip {
			var s derive.Strip
			if err := json.Unmarshal(d.Detail, &s); err != nil || len(s.At) == 0 {
				h.t.Errorf("strip: %s, %v", d.Detail, err)
			}
			width, height = s.Columns*s.Width, s.Rows*s.Height
		}
		if err != nil || c.Width != width || c.Height != height || c.Width == 0 {
			h.t.Errorf("%s is %d × %d, its row says %d × %d: %v", d.Kind, c.Width, c.Height, width, height, err)
		}
	case derivative.Waveform:
		var v derive.Waveform
		if err := json.NewDecoder(r).Decode(&v); err != nil || len(v.Min) == 0 {
			h.t.Errorf("waveform: %v", err)
		}
	case derivative.Speech:
		var v derive.Speech
		if err := json.NewDecoder(r).Decode(&v); err != nil || v.Spans == nil {
			h.t.Errorf("speech: %v", err)
		}
	}
}
