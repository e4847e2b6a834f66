package media

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseName(t *testing.T) {
	t.Parallel()
	at := Civil{2026, 11, 23, 9, 12, 8}
	type want struct {
		at      Civil
		number  int // -1: none
		width   int
		series  string
		chapter int
		device  string
		officer string
		channel string
	}
	cases := map[string]want{
		"GX010123.MP4":      {number: 123, width: 4, series: "GOPRO#", chapter: 1},
		"GX030123.MP4":      {number: 123, width: 4, series: "GOPRO#", chapter: 3},
		"GH010007.mp4":      {number: 7, width: 4, series: "GOPRO#", chapter: 1},
		"GOPR0123.MP4":      {number: 123, width: 4, series: "GOPRO#", chapter: 1},
		"GP010123.MP4":      {number: 123, width: 4, series: "GOPRO#", chapter: 2},
		"MVI_4823.AVI":      {number: 4823, width: 4, series: "IMG_#"},
		"IMG_0001.JPG":      {number: 1, width: 4, series: "IMG_#"},
		"DSC_0042.MOV":      {number: 42, width: 4, series: "DSC_#"},
		"DSC00042.JPG":      {number: 42, width: 5, series: "DSC#"},
		"DSCF1234.AVI":      {number: 1234, width: 4, series: "DSCF#"},
		"P1000123.MP4":      {number: 1000123, width: 7, series: "P#"},
		"C0001.MP4":         {number: 1, width: 4, series: "C#"},
		"00001.MTS":         {number: 1, width: 5, series: "#"},
		"M0000123.MOV":      {number: 123, width: 7, series: "M#"},
		"MAH00123.MP4":      {number: 123, width: 5, series: "MAH#"},
		"hiv00012.mp4":      {number: 12, width: 5, series: "HIV#"},
		"IMG_0001 (2).JPG":  {number: 1, width: 4, series: "IMG_#"},
		"IMG_0001 - 副本.JPG": {number: 1, width: 4, series: "IMG_#"},

		"VID_20261123_091208.mp4":                     {at: at, number: -1, series: "VID_T"},
		"PXL_20261123_091208123.mp4":                  {at: at, number: -1, series: "PXL_T"},
		"20261123_091208.mp4":                         {at: at, number: -1, series: "T"},
		"2026-11-23_09-12-08.avi":                     {at: at, number: -1, series: "T"},
		"2026-11-23 09.12.08.mov":                     {at: at, number: -1, series: "T"},
		"2026-11-23T09:12:08.mkv":                     {at: at, number: -1, series: "T"},
		"2026_1123_091208_007.MP4":                    {at: at, number: 7, width: 3, series: "T_#"},
		"261123_091208_0001.mp4":                      {at: at, number: 1, width: 4, series: "T_#"},
		"20261123-091208-0003.ts":                     {at: at, number: 3, width: 4, series: "T-#"},
		"DSJ-XXXX_000000_20261123091208_0001.mp4":     {at: at, number: 1, width: 4, series: "DSJ-XXXX_O_T_#", device: "DSJ-XXXX", officer: "000000"},
		"DSJ-T6A00123@653201_20261123091208_0042.mp4": {at: at, number: 42, width: 4, series: "DSJ-T6A00123@O_T_#", device: "DSJ-T6A00123", officer: "653201"},
		"T6A00123@012345_20261123091208.mp4":          {at: at, number: -1, series: "T6A00123@O_T", device: "T6A00123", officer: "012345"},
		"20261123091208_000123.mp4":                   {at: at, number: 123, width: 6, series: "T_#"},
		"20261123091208_000123_0001.mp4":              {at: at, number: 1, width: 4, series: "T_000123_#", device: "000123"},
		"REC_20261123_091208_0007.mp4":                {at: at, number: 7, width: 4, series: "REC_T_#"},
		"REC0007_20261123_091208.mp4":                 {at: at, number: 7, width: 4, series: "REC#T"},
		"CH01_20261123091208.mp4":                     {at: at, number: -1, series: "CH01_T", channel: "CH01"},
		"CH01_20261123091208_20261123092208_0012.dav": {at: at, number: 12, width: 4, series: "CH01_T_#", channel: "CH01"},
		"执法记录_20261123091208.mp4":                     {at: at, number: -1, series: "执法记录_T"},
		"执法记录_20261123091208_0009.mp4":                {at: at, number: 9, width: 4, series: "执法记录_T_#"},
		"执法记录_２０２６１１２３０９１２０８_０００９．mp4":               {at: at, number: 9, width: 4, series: "执法记录_T_#"},
		"2026年11月23日09时12分08秒.mp4":                   {at: at, number: -1, series: "T"},
		"2026年11月23日 09时12分08秒_003.mp4":              {at: at, number: 3, width: 3, series: "T_#"},
		"DCIM/100MEDIA/VID_20261123_091208.mp4":      {at: at, number: -1, series: "VID_T"},
		`DCIM\100MEDIA\REC_20261123_091208_0007.mp4`: {at: at, number: 7, width: 4, series: "REC_T_#"},
		"../../etc/20261123091208.mp4":               {at: at, number: -1, series: "T"},
		"张三_20261123091208_1.mp4":                    {at: at, number: -1, series: "张三_T"},

		// What looks like a time but is none, and what is too long to be a number.
		"20261323091208.mp4":           {number: -1},
		"20260230120000.mp4":           {number: -1},
		"20261123250000.mp4":           {number: -1},
		"mmexport1700000000000.mp4":    {number: -1},
		"19991231235959.mp4":           {number: -1},
		"会议记录.mp4":                     {number: -1},
		"":                             {number: -1},
		".mp4":                         {number: -1},
		"video1.mp4":                   {number: -1},
		"123456789012345678901234.mp4": {number: -1},
		"2026-11-23.mp4":               {number: -1},
	}
	for name, w := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := ParseName(name)
			got := want{at: n.Time, number: -1, series: n.Series, chapter: n.Chapter, device: n.DeviceCode, officer: n.OfficerCode, channel: n.Channel}
			if n.HasNumber {
				got.number, got.width = n.Number, n.Width
			}
			if diff := cmp.Diff(w, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("ParseName(%q) (-want +got):\n%s", name, diff)
			}
			if n.HasTime == n.Time.IsZero() {
				t.Errorf("HasTime = %v with time %v", n.HasTime, n.Time)
			}
		})
	}
}

func TestParseNameEndAndDate(t *testing.T) {
	t.Parallel()
	n := ParseName("CH01_20261123091208_20261123092208.mp4")
	if want := (Civil{2026, 11, 23, 9, 22, 8}); n.EndTime != want {
		t.Errorf("EndTime = %v, want %v", n.EndTime, want)
	}
	n = ParseName("IMG-20261123-WA0001.jpg")
	if want := (Civil{Year: 2026, Month: 11, Day: 23}); n.Date != want || n.HasTime || n.Number != 1 || n.Series != "IMG-D-WA#" {
		t.Errorf("date only: %+v", n)
	}
}

// Whatever the camera's code is, its timestamp is never taken for the running number.
func TestParseNameTimestampIsNoNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(946684800, 4102444799).Draw(t, "unix"), 0).UTC()
		layout := rapid.SampledFrom([]string{"20060102150405", "20060102_150405", "2006-01-02_15-04-05", "2006-01-02 15.04.05"}).Draw(t, "layout")
		prefix := rapid.SampledFrom([]string{"", "REC_", "DSJ-AB12_012345_", "CH02_", "执法记录_", "VID_"}).Draw(t, "prefix")
		number := rapid.IntRange(0, 9999).Draw(t, "number")
		suffix := rapid.SampledFrom([]string{"", "#"}).Draw(t, "suffix")
		name := prefix + at.Format(layout)
		if suffix != "" {
			name += "_" + pad(number, 4)
		}
		n := ParseName(name + ".mp4")
		if !n.HasTime || !n.Time.In(time.UTC).Equal(at) {
			t.Fatalf("%q: time %v, want %v", name, n.Time, at)
		}
		if n.HasNumber != (suffix != "") || n.HasNumber && n.Number != number {
			t.Fatalf("%q: number %v %d", name, n.HasNumber, n.Number)
		}
	})
}

func pad(n, width int) string {
	s := strings.Repeat("0", width) + itoa(n)
	return s[len(s)-width:]
}

func itoa(n int) string { return strconv.Itoa(n) }
