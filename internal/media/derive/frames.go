package derive

import (
	"context"
	"fmt"
	"image"
	"time"

	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/fence"
)

// framesLong is the longer side of what Frames gives, in points.
const framesLong = 1280

// stampBytes is how many bytes of a frame's last row hold its time in milliseconds, the lowest first: 48 bits.
const stampBytes = 6

// Frames gives grey pictures of an original to take, each with its own time on the file's time line, in order: one for every stretch of the
// length every, or, with keys, only those that stand by themselves in the stream, which are found many times faster but may lie far apart.
// Nothing is repeated or moved where the rate of frames varies: each picture brings its time with it. take's error ends the run and is given
// back. What is wrong with the original is fault Invalid "derivative.…".
func (m *Maker) Frames(ctx context.Context, s Source, every time.Duration, keys bool, take func(at time.Duration, picture *image.Gray) error) error {
	if err := s.Check(); err != nil {
		return err
	}
	width, height := framesSize(s.Facts)
	if width == 0 {
		return refuse("derivative.nothing")
	}
	f := &framer{width: width, height: height, take: take}
	length := s.length()
	frames := int64(length/every) + 1
	if keys {
		frames = int64(length.Seconds()+1) * MaxRate
	}
	work := fence.Work{
		Demuxer: s.Facts.Kind.Demuxer(), Behind: true, Output: writer(f.write), CPU: time.Minute + 4*length, Wall: 2*time.Minute + 24*length,
		Size: 16<<20 + frames*int64(width)*int64(height+2),
	}
	work.Before = []string{"-noautorotate", "-skip_loop_filter", "all"}
	if keys {
		work.Before = append(work.Before, "-skip_frame", "nokey")
	}
	pick := fmt.Sprintf("select='isnan(prev_selected_t)+gte(t-prev_selected_t,%.3f)'", every.Seconds())
	stamp := fmt.Sprintf("crop=%d:2:0:0,geq=lum='mod(floor(T*1000/pow(256,X)),256)'", width)
	work.Args = []string{
		"-an", "-filter_complex", fmt.Sprintf("[0:V:0]%s,scale=%d:%d:flags=area,format=gray,split[a][b];[b]%s[t];[a][t]vstack[v]", pick, width, height, stamp),
		"-map", "[v]", "-fps_mode", "passthrough", "-c:v", "rawvideo", "-pix_fmt", "gray", "-f", "rawvideo",
	}
	done, err := m.open(ctx, s, &work)
	if err != nil {
		return err
	}
	defer done()
	out, err := m.encoder.Run(ctx, work)
	switch {
	case f.err != nil:
		return f.err
	case err != nil:
		return err
	}
	return verdict(out)
}

// framesSize is how large the pictures are: no larger than the original, both sides even.
func framesSize(f media.Facts) (width, height int) {
	for _, t := range f.Tracks {
		if t.Kind == media.TrackVideo && t.Width > 1 && t.Height > 1 {
			width, height = t.Width, t.Height
			break
		}
	}
	if long := max(width, height); long > framesLong {
		width, height = width*framesLong/long, height*framesLong/long
	}
	if width < 2*stampBytes || height < 2 {
		return 0, 0
	}
	return width &^ 1, height &^ 1
}

// framer cuts what comes into pictures, each followed by two rows that hold its time.
type framer struct {
	width, height int
	buf           []byte
	take          func(time.Duration, *image.Gray) error
	err           error
}

func (f *framer) write(p []byte) (int, error) {
	f.buf = append(f.buf, p...)
	size := f.width * (f.height + 2)
	for len(f.buf) >= size && f.err == nil {
		raw := f.buf[:size]
		var ms int64
		for i := stampBytes - 1; i >= 0; i-- {
			ms = ms<<8 | int64(raw[f.width*f.height+i])
		}
		pixels := append([]byte(nil), raw[:f.width*f.height]...)
		f.err = f.take(time.Duration(ms)*time.Millisecond, &image.Gray{Pix: pixels, Stride: f.width, Rect: image.Rect(0, 0, f.width, f.height)})
		f.buf = append(f.buf[:0], f.buf[size:]...)
	}
	if f.err != nil {
		return 0, f.err
	}
	return len(p), nil
}
