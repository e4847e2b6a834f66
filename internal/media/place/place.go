// Package place reads where a camera claims to have been. A place is a look at the recording (decision 1): whoever calls
// this shows it to somebody who has the file already, or holds a grant. Everything else asks only whether there is one.
package place

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/media/bmff"
	"zhilu.dev/zhilu/internal/media/exif"
)

// Source says which part of a file makes the claim.
type Source string

// The sources.
const (
	Apple   Source = "quicktime_location" // the key com.apple.quicktime.location.ISO6709
	Text    Source = "quicktime_xyz"      // the text ©xyz beside the index, of Android and others
	ThreeGP Source = "3gpp_loci"          // the box loci beside the index
	GoPro   Source = "gopro_gpmf"         // a telemetry track of GoPro's; the first place with a fix
	Novatek Source = "novatek_gps"        // a list of places in the index, of dashboard cameras; not read further
	Exif    Source = "exif"               // a picture's own fields
	Tag     Source = "tag"                // ffprobe names a tag for it; not read further
)

// Claim is one place a file claims. It is what somebody wrote into a file: evidence of a claim, not of a place. Fields
// that are not known, or not to be believed by their figures, are nil.
type Claim struct {
	Source    Source     `json:"source"`
	Track     *int       `json:"track,omitempty"`
	Latitude  *float64   `json:"latitude,omitempty"`  // degrees north
	Longitude *float64   `json:"longitude,omitempty"` // degrees east
	Altitude  *float64   `json:"altitude_m,omitempty"`
	At        *time.Time `json:"at,omitempty"` // by the satellites, not the camera's clock
}

// point sets the place if the figures can be one. 0, 0 is what cameras without a fix write.
func (c *Claim) point(lat, lon float64) bool {
	if !(math.Abs(lat) <= 90 && math.Abs(lon) <= 180) || lat == 0 && lon == 0 {
		return false
	}
	lat, lon = math.Round(lat*1e7)/1e7, math.Round(lon*1e7)/1e7
	c.Latitude, c.Longitude = &lat, &lon
	return true
}

func (c *Claim) altitude(m float64) {
	if math.Abs(m) < 100_000 {
		m = math.Round(m*1000) / 1000
		c.Altitude = &m
	}
}

// OfPicture reads the claim of a JPEG picture from its first bytes.
func OfPicture(head []byte) []Claim {
	g, ok := exif.Place(head)
	if !ok {
		return nil
	}
	c := Claim{Source: Exif}
	if g.HasPoint && c.point(g.Latitude, g.Longitude) && g.HasAltitude {
		c.altitude(g.Altitude)
	}
	if t, err := time.Parse("2006:01:02 15:04:05", g.Time); err == nil {
		c.At = &t
	}
	return []Claim{c}
}

// OfRecording reads the claims of an ISO base media file that bmff.Open has read. An error means that the bytes could
// not be read, or that ctx ended.
func OfRecording(ctx context.Context, r io.ReaderAt, size int64, f *bmff.File) ([]Claim, error) {
	var out []Claim
	add := func(c Claim, track int) {
		if track >= 0 {
			c.Track = &track
		}
		if !slices.ContainsFunc(out, func(o Claim) bool { return o.Source == c.Source && same(o.Track, c.Track) }) {
			out = append(out, c)
		}
	}
	for _, t := range f.Texts {
		switch {
		case strings.EqualFold(t.Key, "com.apple.quicktime.location.ISO6709"):
			add(iso6709(Apple, t.Value), t.Track)
		case t.Key == "©xyz":
			add(iso6709(Text, t.Value), t.Track)
		case t.Key == "loci":
			add(loci(t.Value), t.Track)
		}
	}
	if slices.Contains(f.Index, "gps") {
		add(Claim{Source: Novatek}, -1)
	}
	for i, t := range f.Tracks {
		if t.Codec != "gpmd" {
			continue
		}
		c, ok, err := telemetry(ctx, r, size, t)
		if err != nil {
			return nil, err
		}
		if ok {
			add(c, i)
		}
	}
	return out, nil
}

func same(a, b *int) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

var iso = regexp.MustCompile(`^([+-]\d{2,6}(?:\.\d{1,12})?)([+-]\d{3,7}(?:\.\d{1,12})?)([+-]\d{1,6}(?:\.\d{1,12})?)?(?:CRS|/|$)`)

// iso6709 reads "+32.0929+034.8620+028.516/": degrees, or degrees and minutes, or those and seconds.
func iso6709(source Source, text []byte) Claim {
	c := Claim{Source: source}
	m := iso.FindSubmatch(bytes.TrimSpace(text))
	if m == nil {
		return c
	}
	lat, ok1 := sexagesimal(string(m[1]), 2)
	lon, ok2 := sexagesimal(string(m[2]), 3)
	if ok1 && ok2 && c.point(lat, lon) && len(m[3]) > 0 {
		if alt, err := strconv.ParseFloat(string(m[3]), 64); err == nil {
			c.altitude(alt)
		}
	}
	return c
}

// sexagesimal reads a figure whose degrees have so many digits before minutes and seconds.
func sexagesimal(s string, degrees int) (float64, bool) {
	whole, part, _ := strings.Cut(s[1:], ".")
	var parts []float64
	for at := degrees; ; at += 2 {
		if at > len(whole) {
			return 0, false
		}
		text := whole[max(0, at-2):at]
		if at == degrees {
			text = whole[:at]
		}
		if at == len(whole) && part != "" {
			text += "." + part
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, false
		}
		if parts = append(parts, v); at == len(whole) {
			break
		}
	}
	v := 0.0
	for i, unit := range []float64{1, 60, 3600} {
		if i < len(parts) {
			v += parts[i] / unit
		}
	}
	if len(parts) > 3 {
		return 0, false
	}
	if s[0] == '-' {
		v = -v
	}
	return v, true
}

// loci reads 3GPP's box: a name, a role, then longitude, latitude and altitude in parts of 65,536.
func loci(b []byte) Claim {
	c := Claim{Source: ThreeGP}
	if len(b) < 6 {
		return c
	}
	name := b[6:]
	end := bytes.IndexByte(name, 0)
	if bytes.HasPrefix(name, []byte{0xfe, 0xff}) || bytes.HasPrefix(name, []byte{0xff, 0xfe}) {
		for end = 2; end+1 < len(name) && (name[end] != 0 || name[end+1] != 0); end += 2 {
		}
		end++
	}
	if end < 0 || len(name) < end+1+13 {
		return c
	}
	figures := name[end+2:]
	fixed := func(at int) float64 { return float64(int32(binary.BigEndian.Uint32(figures[at:]))) / 65536 } //nolint:gosec // the format's own sign
	if c.point(fixed(4), fixed(0)) {
		c.altitude(fixed(8))
	}
	return c
}
