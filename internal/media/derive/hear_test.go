package derive_test

import (
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// TestSilences listens to originals as ffmpeg writes them: a tone, a track that holds nothing, a microphone that died in the middle, and one
// without a track.
func TestSilences(t *testing.T) {
	t.Parallel()
	m := newMaker(t, weak)
	video := []string{"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10:duration=20"}
	with := func(sound string, more ...string) []string {
		return append(append(append([]string{}, video...), "-f", "lavfi", "-i", sound, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"), more...)
	}
	near := func(a, b time.Duration) bool { return (a - b).Abs() < 200*time.Millisecond }
	for name, c := range map[string]struct {
		args     []string
		from, to time.Duration // of the one stretch; equal for none
	}{
		"a tone":                {with("sine=frequency=440:duration=20", "a.mp4"), 0, 0},
		"room noise":            {with("anoisesrc=amplitude=0.002:duration=20", "n.mp4"), 0, 0},
		"nothing at all":        {with("anullsrc=channel_layout=mono:sample_rate=44100:duration=20", "-shortest", "s.mp4"), 0, 20 * time.Second},
		"died after 8 s":        {with("sine=frequency=440:duration=20,volume='if(lt(t,8),1,0)':eval=frame", "d.mp4"), 8 * time.Second, 20 * time.Second},
		"a pause of 2 s":        {with("sine=frequency=440:duration=20,volume='if(between(t,8,10),0,1)':eval=frame", "p.mp4"), 0, 0},
		"in a transport stream": {with("anullsrc=channel_layout=mono:sample_rate=44100:duration=20", "-shortest", "-f", "mpegts", "s.ts"), 0, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := m.Silences(t.Context(), generated(t, c.args...))
			switch {
			case err != nil:
				t.Fatal(err)
			case c.from == c.to && len(got) > 0:
				t.Fatal(got)
			case c.from != c.to && (len(got) != 1 || !near(got[0].From, c.from) || !near(got[0].To, c.to)):
				t.Fatal(got)
			}
		})
	}
	_, err := m.Silences(t.Context(), generated(t, append(append([]string{}, video...), "-c:v", "libx264", "-preset", "ultrafast", "mute.mp4")...))
	if !fault.Is(err, fault.Invalid) {
		t.Fatal(err)
	}
}
