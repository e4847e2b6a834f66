package derive

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/media/fence"
)

// Silence is a stretch of an original in which its sound track holds nothing: not even what a microphone hears of an empty room.
type Silence struct {
	From time.Duration `json:"from"`
	To   time.Duration `json:"to"`
}

const (
	// hush is how far from the middle a sample of such a stretch lies at most: -66 dB. The quietest room is louder through any camera.
	hush = 16
	// hushed is how long a stretch is before it counts: shorter ones are cameras' noise gates between words.
	hushed = 5 * time.Second
	// maxSilences is how many stretches are listed; of more, one is told from the first to the last.
	maxSilences = 2000
)

// Silences listens to the sound of an original, once and without looking at its picture, and says where nothing is heard: not whether anybody
// speaks, which no machine says here. What is wrong with the original is fault Invalid "derivative.…".
func (m *Maker) Silences(ctx context.Context, s Source) ([]Silence, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	var q quiet
	length := s.length()
	work := fence.Work{
		Demuxer: s.Facts.Kind.Demuxer(), Behind: true, Output: sampled(q.take),
		CPU: time.Minute + length, Wall: 2*time.Minute + 24*length, Size: 1<<20 + int64(length.Seconds()+1)*soundRate*4,
		Args: []string{
			"-map", "0:a:0", "-vn", "-t", "172800", "-ac", "1", "-ar", "8000", "-af", "aresample=async=1:first_pts=0", "-c:a", "pcm_s16le", "-f", "s16le",
		},
	}
	done, err := m.open(ctx, s, &work)
	if err != nil {
		return nil, err
	}
	defer done()
	out, err := m.encoder.Run(ctx, work)
	if err == nil {
		err = verdict(out)
	}
	return q.end(), err
}

// quiet finds stretches of silence in samples as they come.
type quiet struct {
	n     int64
	since int64 // where the stretch began that is still silent
	list  []Silence
}

func (q *quiet) take(samples []int16) {
	for _, v := range samples {
		if v > hush || v < -hush {
			q.close()
			q.since = q.n + 1
		}
		q.n++
	}
}

func at(sample int64) time.Duration { return time.Duration(sample) * time.Second / soundRate }

func (q *quiet) close() {
	from, to := at(q.since), at(q.n)
	if to-from < hushed {
		return
	}
	if len(q.list) == maxSilences { // too many to list: from the first to here
		q.list = []Silence{{q.list[0].From, to}}
		return
	}
	q.list = append(q.list, Silence{from, to})
}

// end gives what was found.
func (q *quiet) end() []Silence {
	q.close()
	return q.list
}
