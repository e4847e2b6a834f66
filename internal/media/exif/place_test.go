package exif_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/media/exif"
)

// located makes a JPEG head with a part for a place only.
func located(order binary.AppendByteOrder, south, west string) []byte {
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	u32 := func(v ...uint32) {
		for _, x := range v {
			tiff = order.AppendUint32(tiff, x)
		}
	}
	entry := func(tag, kind uint16, count, value uint32) {
		tiff = order.AppendUint16(order.AppendUint16(tiff, tag), kind)
		u32(count, value)
	}
	letter := func(tag uint16, s string) {
		tiff = order.AppendUint16(order.AppendUint16(tiff, tag), 2)
		u32(2)
		tiff = append(tiff, s[0], 0, 0, 0)
	}
	u32(8)
	tiff = order.AppendUint16(tiff, 1)
	entry(0x8825, 4, 1, 26)
	u32(0)
	tiff = order.AppendUint16(tiff, 8) // at 26; ends at 26 + 2 + 8*12 + 4 = 128
	letter(1, south)
	entry(2, 5, 3, 128)
	letter(3, west)
	entry(4, 5, 3, 152)
	tiff = order.AppendUint16(order.AppendUint16(tiff, 5), 1)
	u32(1)
	tiff = append(tiff, 1, 0, 0, 0)
	entry(6, 5, 1, 176)
	entry(7, 5, 3, 184)
	entry(29, 2, 11, 208)
	u32(0)
	u32(31, 1, 13, 1, 4944, 100)
	u32(121, 1, 28, 1, 2532, 100)
	u32(45, 10)
	u32(1, 1, 12, 1, 85, 10)
	tiff = append(tiff, "2026:11:23\x00"...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(body)+2))
	return append(append(out, body...), 0xff, 0xda, 0, 2)
}

func TestPlace(t *testing.T) {
	t.Parallel()
	near := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		whole := located(order, "N", "E")
		want := exif.GPS{HasPoint: true, Latitude: 31.2304, Longitude: 121.4737, HasAltitude: true, Altitude: -4.5, Time: "2026:11:23 01:12:08"}
		got, ok := exif.Place(whole)
		if diff := cmp.Diff(want, got, near); diff != "" || !ok {
			t.Errorf("%v: ok %v (-want +got):\n%s", order, ok, diff)
		}
		want.Latitude, want.Longitude = -want.Latitude, -want.Longitude
		got, _ = exif.Place(located(order, "s", "W"))
		if diff := cmp.Diff(want, got, near); diff != "" {
			t.Errorf("%v, south and west (-want +got):\n%s", order, diff)
		}
		if got, ok := exif.Place(located(order, "X", "E")); !ok || got.HasPoint {
			t.Errorf("%v, no such direction: %v %+v", order, ok, got)
		}
		if f, ok := exif.Read(whole); !ok || !f.HasGPS {
			t.Errorf("%v: Read %v %+v", order, ok, f)
		}
		for cut := range whole {
			exif.Place(whole[:cut])
		}
	}
	if got, ok := exif.Place(example(binary.LittleEndian)); !ok || got.HasPoint {
		t.Errorf("a part that lies outside: %v %+v", ok, got)
	}
	if _, ok := exif.Place([]byte{0xff, 0xd8, 0xff, 0xdb, 0, 2}); ok {
		t.Error("a place in nothing")
	}
}

func FuzzPlace(f *testing.F) {
	f.Add(located(binary.LittleEndian, "N", "E"))
	f.Add(located(binary.BigEndian, "S", "W"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, ok := exif.Place(b); !ok && got != (exif.GPS{}) || len(got.Time) > 19 {
			t.Fatalf("%v %+v", ok, got)
		}
	})
}
