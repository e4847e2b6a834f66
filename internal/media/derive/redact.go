package derive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/media/fence"
)

// Quiet is a stretch of the sound that is not heard, from the clip's beginning. Tone puts a tone in its place.
type Quiet struct {
	From, To time.Duration
	Tone     bool
}

// Cut is a stretch of a viewing copy, from its own beginning.
type Cut struct {
	Film     Film
	From, To time.Duration
}

// Clip is what is made of a recording to be given out: stretches of its viewing copies, one after another, with each picture
// handed to Hide before it is encoded anew, and without the stretches of sound that are not to be heard.
type Clip struct {
	Cuts []Cut
	// Hide changes a picture, YUV 4:2:0 of this size, shown at a moment from the clip's beginning. nil leaves all as they are.
	Hide   func(pix []byte, width, height int, at time.Duration)
	Quiets []Quiet
}

// ClipRate is how many pictures a second a clip has: one for every moment, so that a moment is told by counting.
const ClipRate = 25

// clipSound is what a clip's sound takes at most, bytes a second.
const clipSound = 24_000

// Redact makes a clip and writes it to w as it comes: fragmented MP4 with H.264 and AAC that says nothing of where it comes
// from. Pictures are decoded by one fenced run, changed here, and encoded by another, so what was hidden is in nothing that
// the encoder ever saw. It gives how long the clip is. What is wrong with a copy is fault Invalid "derivative.…".
func (m *Maker) Redact(ctx context.Context, c Clip, w io.Writer, told Progress) (time.Duration, error) {
	if len(c.Cuts) == 0 {
		return 0, refuse("derivative.nothing")
	}
	first := c.Cuts[0].Film
	whole, sound := time.Duration(0), false
	for _, k := range c.Cuts {
		if k.To <= k.From || len(k.Film.Segments) == 0 {
			return 0, refuse("derivative.nothing")
		}
		whole += k.To - k.From
		sound = sound || k.Film.Sound
	}
	var heard []byte
	if sound {
		at := time.Duration(0)
		for _, k := range c.Cuts {
			part, err := m.heard(ctx, k, at, c.Quiets)
			if err != nil {
				return 0, err
			}
			heard = append(heard, part...)
			at += k.To - k.From
		}
	}
	if first.Width == 0 {
		return whole, m.wrap(ctx, fence.Work{Demuxer: "aac", Input: bytes.NewReader(heard), Args: []string{"-map", "0:a:0", "-c:a", "copy", "-bsf:a", "aac_adtstoasc"}}, whole, w)
	}
	read, write := io.Pipe()
	seen := make(chan error, 1)
	inner, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		at := time.Duration(0)
		var err error
		for _, k := range c.Cuts {
			if err = m.pictures(inner, k, first.Width, first.Height, at, c.Hide, write, told); err != nil {
				break
			}
			at += k.To - k.From
		}
		_ = write.CloseWithError(err) // never fails
		seen <- err
	}()
	work := fence.Work{
		Demuxer: "rawvideo", Input: read, Behind: true,
		Before: []string{"-pix_fmt", "yuv420p", "-video_size", fmt.Sprintf("%dx%d", first.Width, first.Height), "-framerate", fmt.Sprint(ClipRate)},
		Args:   []string{"-map", "0:v:0"},
	}
	if sound {
		work.Beside, work.BesideArgs = heard, []string{"-f", "aac"}
		work.Args = append(work.Args, "-map", "1:a:0", "-c:a", "copy", "-bsf:a", "aac_adtstoasc")
	}
	work.Args = append(work.Args, "-c:v", "libx264", "-profile:v", "main", "-preset", "superfast", "-crf", "23", "-g", fmt.Sprint(2*ClipRate), "-threads", "2",
		"-a53cc", "0", "-bsf:v", "filter_units=remove_types=6", "-maxrate", fmt.Sprint(2*copyRate), "-bufsize", fmt.Sprint(4*copyRate))
	err := m.wrap(ctx, work, whole, w)
	stop()
	_ = read.CloseWithError(context.Canceled) // never fails
	if broken := <-seen; broken != nil && (err == nil || !errors.Is(broken, context.Canceled) && !errors.Is(broken, io.ErrClosedPipe)) {
		err = broken
	}
	return whole, err
}

// wrap runs an encoder that ends in fragmented MP4.
func (m *Maker) wrap(ctx context.Context, work fence.Work, whole time.Duration, w io.Writer) error {
	work.Args = append(work.Args, nameless...)
	work.Args = append(work.Args, "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4")
	work.Output, work.CPU, work.Wall = w, time.Minute+12*whole, 2*time.Minute+48*whole
	work.Size = 64<<20 + int64(whole.Seconds()+1)*(2*copyRate/8+clipSound)*3/2
	out, err := m.encoder.Run(ctx, work)
	if err != nil {
		return err
	}
	return verdict(out)
}

// pictures decodes a cut and hands exactly as many pictures on as its length has: where some are missing the last one stands,
// as it does in a player.
func (m *Maker) pictures(ctx context.Context, k Cut, width, height int, begin time.Duration, hide func([]byte, int, int, time.Duration), w io.Writer, told Progress) error {
	size := width * height * 3 / 2
	want := int(((k.To-k.From)*ClipRate + time.Second/2) / time.Second)
	frame, fill, n := make([]byte, size), 0, 0
	last := make([]byte, 0, size)
	pass := func() error {
		if n >= want {
			return nil
		}
		at := begin + time.Duration(n)*time.Second/ClipRate
		n++
		last = append(last[:0], frame...)
		if hide != nil {
			hide(frame, width, height, at)
		}
		if told != nil && n%ClipRate == 0 {
			told(at)
		}
		_, err := w.Write(frame)
		return err
	}
	work := k.work()
	work.Args = []string{
		"-map", "0:v:0", "-an", "-vf", fmt.Sprintf("setpts=PTS-%s/TB,fps=%d:start_time=0,scale=%d:%d,setsar=1,format=yuv420p", seconds(zero+k.From), ClipRate, width, height),
		"-frames:v", fmt.Sprint(want), "-f", "rawvideo",
	}
	work.CPU, work.Wall = time.Minute+8*(k.To-k.From), 2*time.Minute+48*(k.To-k.From)
	work.Size = int64(want+1) * int64(size)
	work.Output = writer(func(p []byte) (int, error) {
		all := len(p)
		for len(p) > 0 {
			c := copy(frame[fill:], p)
			fill, p = fill+c, p[c:]
			if fill < size {
				break
			}
			fill = 0
			if err := pass(); err != nil {
				return 0, err
			}
		}
		return all, nil
	})
	out, err := m.encoder.Run(ctx, work)
	if err == nil {
		err = verdict(out)
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return refuse("derivative.nothing")
	}
	for n < want {
		copy(frame, last)
		if err := pass(); err != nil {
			return err
		}
	}
	return nil
}

// zero is where a viewing copy's time stamps begin.
const zero = time.Second

func seconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }

// work reads the segments in which the cut lies, with their time stamps as they are.
func (k Cut) work() fence.Work {
	list := k.Film.Segments[:0:0]
	for _, g := range k.Film.Segments {
		if g.Start+g.Length > k.From && g.Start < k.To {
			list = append(list, g)
		}
	}
	if len(list) == 0 {
		list = k.Film.Segments[len(k.Film.Segments)-1:]
	}
	return fence.Work{Demuxer: "mpegts", Input: k.Film.reader(list...), Before: []string{"-copyts"}, Behind: true}
}

// heard gives a cut's sound as AAC of exactly the cut's length, silent where there is none; begin is where the cut begins in
// the clip.
func (m *Maker) heard(ctx context.Context, k Cut, begin time.Duration, quiets []Quiet) ([]byte, error) {
	length := k.To - k.From
	var out bytes.Buffer
	work := k.work()
	if k.Film.Sound {
		work.Args = []string{"-filter_complex", quietly(k.From, length, begin, quiets), "-map", "[a]", "-vn"}
	} else {
		work = fence.Work{
			Demuxer: "s16le", Before: []string{"-ar", "48000", "-ac", "2"}, Input: io.LimitReader(zeros{}, int64(length.Seconds()*48_000)*4), Behind: true,
			Args: []string{"-map", "0:a:0"},
		}
	}
	work.Args = append(work.Args, "-c:a", "aac", "-b:a", "96k", "-ac", "2", "-ar", "48000", "-flags:a", "+bitexact", "-f", "adts")
	work.Output, work.CPU, work.Wall, work.Size = &out, time.Minute+length, 2*time.Minute+24*length, 1<<20+int64(length.Seconds()+1)*clipSound
	run, err := m.encoder.Run(ctx, work)
	if err == nil {
		err = verdict(run)
	}
	return out.Bytes(), err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// quietly is the graph that brings a cut's sound to its length and takes out what is not to be heard.
func quietly(from, length, begin time.Duration, quiets []Quiet) string {
	hush, ring := []string{}, []string{}
	for _, q := range quiets {
		f, t := max(q.From-begin, 0), min(q.To-begin, length)
		if t <= f {
			continue
		}
		span := fmt.Sprintf("between(t,%s,%s)", seconds(f), seconds(t))
		if hush = append(hush, span); q.Tone {
			ring = append(ring, span)
		}
	}
	g := fmt.Sprintf("[0:a:0]asetpts=PTS-%s/TB,aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo,apad=whole_dur=%s,atrim=start=0:end=%s",
		seconds(zero+from), seconds(length), seconds(length))
	if len(hush) > 0 {
		g += ",volume=volume=0:enable='" + strings.Join(hush, "+") + "'"
	}
	if len(ring) == 0 {
		return g + "[a]"
	}
	return g + "[s];sine=frequency=880:sample_rate=48000:duration=" + seconds(length) + ",aformat=sample_fmts=fltp:channel_layouts=stereo,volume=volume=0:enable='not(" +
		strings.Join(ring, "+") + ")'[r];[s][r]amix=inputs=2:duration=first:normalize=0[a]"
}

// Frame gives the picture that is shown at a moment of a film, after hide changed it, as JPEG. hide may be nil.
func (m *Maker) Frame(ctx context.Context, f Film, at time.Duration, hide func(pix []byte, width, height int)) ([]byte, error) {
	if f.Width == 0 {
		return nil, refuse("derivative.nothing")
	}
	var out bytes.Buffer
	var mask func([]byte, int, int, time.Duration)
	if hide != nil {
		mask = func(pix []byte, width, height int, _ time.Duration) { hide(pix, width, height) }
	}
	at = min(max(at, 0), max(f.Duration-time.Second/ClipRate, 0))
	cut := Cut{Film: f, From: at, To: at + time.Second/ClipRate}
	if err := m.pictures(ctx, cut, f.Width, f.Height, 0, mask, &out, nil); err != nil {
		return nil, err
	}
	return m.picture(ctx, fence.Work{
		Demuxer: "rawvideo", Input: &out, Before: []string{"-pix_fmt", "yuv420p", "-video_size", fmt.Sprintf("%dx%d", f.Width, f.Height)},
		Args: append([]string{"-vf", "scale=out_range=pc"}, jpegArgs...),
	})
}
