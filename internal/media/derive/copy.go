package derive

import (
	"context"
	"fmt"
	"io"
	"time"

	"zhilu.dev/zhilu/internal/media/fence"
	"zhilu.dev/zhilu/internal/media/segment"
)

// Copied is what is known of a viewing copy.
type Copied struct {
	Width, Height int // 0 without a picture
	Duration      time.Duration
	Pictures      int
	Sound         bool
	Head          []byte // stands before every segment
	Segments      []segment.Segment
}

// Bounds of a viewing copy.
const (
	copyLong, copyShort = 1280, 720
	copyRate            = 3_000_000 // bits a second at most
	segmentSeconds      = "4"
	clock               = "1:90000" // of the stream; anything coarser would move pictures
)

// fit is the filter that brings a picture into a frame, whichever way it stands, with square points and never enlarged.
func fit(long, short int) string {
	f := fmt.Sprintf(`min(1\,min(if(gte(iw*sar\,ih)\,%[1]d\,%[2]d)/(iw*sar)\,if(gte(iw*sar\,ih)\,%[2]d\,%[1]d)/ih))`, long, short)
	return fmt.Sprintf(`scale=w=max(2\,2*trunc(iw*sar*%[1]s/2)):h=max(2\,2*trunc(ih*%[1]s/2))`, f)
}

// nameless keeps everything the original or the encoder would say of itself out of what is made.
var nameless = []string{
	"-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1", "-fflags", "+bitexact",
	"-flags:v", "+bitexact", "-flags:a", "+bitexact", "-sn", "-dn",
}

// stream writes a transport stream whose time stamps say where in the recording something belongs.
var stream = []string{
	"-muxdelay", "0", "-muxpreload", "0", "-avoid_negative_ts", "disabled", "-mpegts_copyts", "1", "-pes_payload_size", "0", "-f", "mpegts",
}

// picture is how pictures are encoded: no picture refers to a later one, and every segment begins anew.
var picture = []string{
	"-c:v", "libx264", "-profile:v", "main", "-bf", "0", "-sc_threshold", "0", "-g", "100000", "-forced-idr", "1", "-threads", "2",
	"-enc_time_base:v", clock, "-a53cc", "0", "-bsf:v", "filter_units=remove_types=6",
}

// Copy makes the viewing copy of a recording with pictures or sound, an MPEG transport stream with H.264 of at most 720
// lines and AAC, and writes it to w as it comes. What is wrong with the original is fault Invalid "derivative.…"; w then
// holds a beginning that is of no use. Any other error says nothing of the original.
func (m *Maker) Copy(ctx context.Context, s Source, w io.Writer, told Progress) (Copied, error) {
	if err := s.Check(); err != nil {
		return Copied{}, err
	}
	var x segment.Index
	length := s.length()
	work := fence.Work{
		Demuxer: s.Facts.Kind.Demuxer(), Behind: true,
		Output: writer(func(p []byte) (int, error) {
			if _, err := x.Write(p); err != nil {
				return 0, err
			}
			if told != nil {
				told(x.At())
			}
			return w.Write(p)
		}),
		CPU: time.Minute + 8*length, Wall: 2*time.Minute + 24*length,
		Size: 64<<20 + int64(length.Seconds()+1)*(copyRate/8+40_000)*3/2,
	}
	work.Args = append(work.Args, "-map", "0:V:0?", "-map", "0:a:0?")
	work.Args = append(work.Args, nameless...)
	work.Args = append(work.Args, "-t", fmt.Sprint(int(MaxDuration.Seconds())), "-fps_mode", "vfr",
		"-vf", "yadif=deint=interlaced,"+fit(copyLong, copyShort)+":out_range=tv,setsar=1,format=yuv420p")
	work.Args = append(work.Args, picture...)
	work.Args = append(work.Args, "-preset", "superfast", "-crf", "24", "-maxrate", fmt.Sprint(copyRate), "-bufsize", fmt.Sprint(2*copyRate),
		"-force_key_frames", "expr:gte(t,n_forced*"+segmentSeconds+")",
		"-c:a", "aac", "-b:a", "96k", "-ac", "2", "-ar", "48000", "-af", "aresample=async=1:first_pts=0", "-output_ts_offset", "1")
	work.Args = append(work.Args, stream...)
	done, err := m.open(ctx, s, &work)
	if err != nil {
		return Copied{}, err
	}
	defer done()
	out, err := m.encoder.Run(ctx, work)
	if err != nil {
		return Copied{}, err
	}
	if err := verdict(out); err != nil {
		return Copied{}, err
	}
	list, err := x.Segments()
	if err != nil {
		return Copied{}, refuse("derivative.nothing")
	}
	last := list[len(list)-1]
	c := Copied{Duration: last.Start + last.Length, Pictures: x.Pictures(), Sound: x.HasSound(), Head: x.Head(), Segments: list}
	c.Width, c.Height = x.Frame()
	return c, nil
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
