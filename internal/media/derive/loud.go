package derive

import (
	"context"
	"math"
	"slices"
	"time"
)

// soundRate is how many samples a second are looked at: enough for how loud something is and whether it may be a voice.
const soundRate = 8000

// maxPoints is how many points a waveform has at most.
const maxPoints = 4000

// Waveform is how far the sound swings, point by point, from -128 to 127.
type Waveform struct {
	StepMS float64 `json:"step_ms"` // how long a point lasts
	Min    []int8  `json:"min"`
	Max    []int8  `json:"max"`
}

// Waveform measures the sound of a film.
func (m *Maker) Waveform(ctx context.Context, f Film) (Waveform, error) {
	p := newPeaks(f.Duration)
	err := m.sound(ctx, f, p.take)
	return p.waveform(), err
}

// peaks gathers the points of a waveform.
type peaks struct {
	per      int // samples a point
	n        int
	low, top int16
	out      Waveform
}

func newPeaks(length time.Duration) *peaks {
	samples := int(length.Seconds() * soundRate)
	per := max((samples+maxPoints-1)/maxPoints, soundRate/50)
	return &peaks{per: per, out: Waveform{StepMS: float64(per) * 1000 / soundRate, Min: []int8{}, Max: []int8{}}}
}

func (p *peaks) take(samples []int16) {
	for _, v := range samples {
		if p.n == 0 {
			p.low, p.top = v, v
		}
		p.low, p.top = min(p.low, v), max(p.top, v)
		if p.n++; p.n == p.per {
			p.point()
		}
	}
}

func (p *peaks) point() {
	if len(p.out.Min) < maxPoints {
		p.out.Min, p.out.Max = append(p.out.Min, int8(p.low>>8)), append(p.out.Max, int8(p.top>>8)) //nolint:gosec // the upper half of 16 bits
	}
	p.n = 0
}

func (p *peaks) waveform() Waveform {
	if p.n > 0 {
		p.point()
	}
	return p.out
}

// Speech lists where somebody may be speaking (可能有说话声): a hint where to listen, found by loudness alone. Other
// sounds that come and go are in it, and quiet words are not.
type Speech struct {
	Spans [][2]int64 `json:"spans_ms"` // begin and end
}

// Speech listens to a film.
func (m *Maker) Speech(ctx context.Context, f Film) (Speech, error) {
	var v voice
	err := m.sound(ctx, f, v.take)
	return v.speech(), err
}

// The voice: frames of 20 ms; louder by so much than the quiet around it, for so long, with pauses no longer than that.
const (
	frameLen  = soundRate / 50
	frameMS   = 20
	louder    = 9   // dB over the quiet
	audible   = -55 // dB below which nothing counts
	around    = 500 // frames on either side among which the quiet is looked for
	shortest  = 15  // frames
	longPause = 40
)

// voice gathers how loud every frame is, in dB, without the deep tones of wind and engines.
type voice struct {
	frames []int8
	sum    float64
	n      int
	last   int16
}

func (v *voice) take(samples []int16) {
	for _, s := range samples {
		d := float64(s) - float64(v.last) // a slope that takes out deep tones
		v.last = s
		v.sum += d * d
		if v.n++; v.n == frameLen {
			level := max(10*math.Log10(v.sum/frameLen/(32768*32768)+1e-12), -120)
			v.frames = append(v.frames, int8(min(level, 0)))
			v.sum, v.n = 0, 0
		}
	}
}

// speech finds the spans.
func (v *voice) speech() Speech {
	out := Speech{Spans: [][2]int64{}}
	begin, last := -1, 0
	end := func() {
		if begin >= 0 && last-begin+1 >= shortest {
			out.Spans = append(out.Spans, [2]int64{int64(begin) * frameMS, int64(last+1) * frameMS})
		}
		begin = -1
	}
	quiet := 0
	for i, level := range v.frames {
		if i%(around/5) == 0 {
			quiet = quietest(v.frames[max(0, i-around):min(len(v.frames), i+around)])
		}
		if int(level) > audible && int(level) >= quiet+louder {
			if begin < 0 {
				begin = i
			}
			last = i
		} else if begin >= 0 && i-last > longPause {
			end()
		}
	}
	end()
	return out
}

// quietest is the level below which a tenth of the frames lie.
func quietest(frames []int8) int {
	sorted := slices.Clone(frames)
	slices.Sort(sorted)
	return int(sorted[len(sorted)/10])
}
