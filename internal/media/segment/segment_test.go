package segment_test

import (
	"bytes"
	"errors"
	"testing"

	"zhilu.dev/zhilu/internal/media/segment"
)

// What is no stream of ours is told, whatever pieces it comes in.
func TestForeign(t *testing.T) {
	t.Parallel()
	for name, content := range map[string][]byte{
		"nothing": {}, "text": []byte("#EXTM3U\n"), "zeros": make([]byte, 1880), "only signs": bytes.Repeat([]byte{0x47}, 1880),
	} {
		var x segment.Index
		for _, b := range content {
			_, _ = x.Write([]byte{b})
		}
		if list, err := x.Segments(); !errors.Is(err, segment.ErrForeign) || list != nil {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
}

// FuzzIndex: no bytes bring the index down, and what it finds lies inside the stream.
func FuzzIndex(f *testing.F) {
	packet := append([]byte{0x47, 0x40, 0, 0x10, 0, 0, 0xb0, 0x0d, 0, 1, 0xc1, 0, 0, 0, 1, 0xf0, 0}, make([]byte, 171)...)
	f.Add(packet)
	f.Add(bytes.Repeat([]byte{0x47, 0x41, 0, 0x30, 183}, 200))
	f.Fuzz(func(t *testing.T, content []byte) {
		var x segment.Index
		_, _ = x.Write(content)
		list, err := x.Segments()
		if err != nil {
			return
		}
		for _, s := range list {
			if s.From < 0 || s.Bytes < 0 || s.From+s.Bytes > int64(len(content)) {
				t.Fatalf("%+v of %d bytes", s, len(content))
			}
		}
		x.Frame()
	})
}
