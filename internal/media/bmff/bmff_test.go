package bmff_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/media/bmff"
)

func box(typ string, size uint32, body int) []byte {
	b := binary.BigEndian.AppendUint32(nil, size)
	return append(append(b, typ...), make([]byte, body)...)
}

func long(typ string, size uint64, body int) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, 1), typ...)
	return append(binary.BigEndian.AppendUint64(b, size), make([]byte, body)...)
}

func TestWalk(t *testing.T) {
	t.Parallel()
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	cases := map[string]struct {
		file []byte
		want []bmff.Box
		err  error
	}{
		"ordinary": {join(box("ftyp", 16, 8), box("moov", 12, 4)), []bmff.Box{
			{Type: "ftyp", Header: 8, Size: 16}, {Type: "moov", Offset: 16, Header: 8, Size: 12},
		}, nil},
		"64-bit size":     {long("mdat", 20, 4), []bmff.Box{{Type: "mdat", Header: 16, Size: 20}}, nil},
		"to the end":      {box("mdat", 0, 100), []bmff.Box{{Type: "mdat", Header: 8, Size: 108}}, nil},
		"cut off":         {box("mdat", 1000, 4), []bmff.Box{{Type: "mdat", Header: 8, Size: 12, Short: true}}, nil},
		"huge size":       {long("mdat", 1<<63, 4), []bmff.Box{{Type: "mdat", Header: 16, Size: 20, Short: true}}, nil},
		"size too small":  {box("moov", 4, 20), nil, io.ErrUnexpectedEOF},
		"long too small":  {long("moov", 8, 20), nil, io.ErrUnexpectedEOF},
		"no room for it":  {box("moov", 1, 0), nil, io.ErrUnexpectedEOF},
		"tail of rubbish": {join(box("free", 8, 0), []byte{1, 2, 3}), []bmff.Box{{Type: "free", Header: 8, Size: 8}}, io.ErrUnexpectedEOF},
		"no type":         {make([]byte, 64), nil, io.ErrUnexpectedEOF},
		"nothing":         {nil, nil, nil},
		"endless":         {bytes.Repeat(box("free", 8, 0), 200_001), nil, bmff.ErrEndless},
	}
	for what, c := range cases {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var got []bmff.Box
			err := bmff.Walk(bytes.NewReader(c.file), int64(len(c.file)), func(b bmff.Box) bool {
				got = append(got, b)
				return true
			})
			if !errors.Is(err, c.err) {
				t.Errorf("err = %v, want %v", err, c.err)
			}
			if what == "endless" {
				return
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("boxes (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(box("ftyp", 16, 8))
	f.Add(long("mdat", 1<<62, 4))
	f.Add(box("mdat", 0, 9))
	f.Add(box("moov", 1, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		end := int64(0)
		_ = bmff.Walk(bytes.NewReader(b), int64(len(b)), func(x bmff.Box) bool {
			if x.Offset != end || x.Size < x.Header || x.Offset+x.Size > int64(len(b)) {
				t.Fatalf("box %+v in %d bytes after %d", x, len(b), end)
			}
			end = x.Offset + x.Size
			return true
		})
	})
}
