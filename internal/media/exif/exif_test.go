package exif_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/media/exif"
)

type tag struct {
	id, kind uint16
	text     string
	number   uint32
}

// picture makes a JPEG head with the given tags in the main and in the Exif directory.
func picture(order binary.AppendByteOrder, main, sub []tag) []byte {
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	dir := func(at int, tags []tag) (entries, data []byte) {
		entries = order.AppendUint16(nil, uint16(len(tags)))
		place := at + 2 + 12*len(tags) + 4
		for _, t := range tags {
			entries = order.AppendUint16(entries, t.id)
			entries = order.AppendUint16(entries, t.kind)
			if t.kind != 2 {
				entries = order.AppendUint32(entries, 1)
				entries = order.AppendUint32(entries, t.number)
				continue
			}
			entries = order.AppendUint32(entries, uint32(len(t.text)+1))
			if len(t.text) < 4 {
				entries = append(entries, append([]byte(t.text), make([]byte, 4-len(t.text))...)...)
				continue
			}
			entries = order.AppendUint32(entries, uint32(place+len(data)))
			data = append(append(data, t.text...), 0)
		}
		return append(entries, 0, 0, 0, 0), data
	}
	main = append(main, tag{id: 0x8769, kind: 4})
	e, d := dir(8, main)
	main[len(main)-1].number = uint32(8 + len(e) + len(d))
	e, d = dir(8, main)
	tiff = append(append(tiff, e...), d...)
	e, d = dir(len(tiff), sub)
	tiff = append(append(tiff, e...), d...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := []byte{0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xe1}
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(append(out, body...), 0xff, 0xda, 0, 2)
}

func example(order binary.AppendByteOrder) []byte {
	return picture(order,
		[]tag{{0x010f, 2, "SONY", 0}, {0x0110, 2, "A7", 0}, {0x0132, 2, "2026:11:24 10:00:00", 0}, {0x8825, 4, "", 200}},
		[]tag{{0x9003, 2, "2026:11:23 09:12:08", 0}, {0x9011, 2, "+08:00", 0}, {0xa431, 2, "12345678", 0}})
}

func TestRead(t *testing.T) {
	t.Parallel()
	want := exif.Fields{Maker: "SONY", Model: "A7", Time: "2026:11:23 09:12:08", Offset: "+08:00", Serial: "12345678", HasGPS: true}
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		whole := example(order)
		got, ok := exif.Read(whole)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%v: ok %v (-want +got):\n%s", order, ok, diff)
		}
		for cut := range whole { // a picture cut anywhere gives what is left, never a panic
			exif.Read(whole[:cut])
		}
	}
	if f, ok := exif.Read([]byte{0xff, 0xd8, 0xff, 0xdb, 0, 2}); ok {
		t.Errorf("nothing to read: %+v", f)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(example(binary.LittleEndian))
	f.Add(example(binary.BigEndian))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := exif.Read(b)
		if ok == (got == exif.Fields{}) || len(got.Time) > 256 || len(got.Maker) > 256 {
			t.Fatalf("%v %+v", ok, got)
		}
	})
}
