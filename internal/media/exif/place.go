package exif

import (
	"fmt"
	"strings"
)

// GPS is where a picture claims to have been taken.
type GPS struct {
	HasPoint            bool
	Latitude, Longitude float64 // degrees, north and east; not checked against the globe
	HasAltitude         bool
	Altitude            float64 // metres
	Time                string  // "2026:11:23 01:12:08", in UTC; "" if unknown
}

// The tags of a place.
const (
	tagLatRef   = 1
	tagLat      = 2
	tagLonRef   = 3
	tagLon      = 4
	tagAltRef   = 5
	tagAlt      = 6
	tagGPSClock = 7
	tagGPSDate  = 29
)

// Place reads the claimed place out of the first bytes of a JPEG picture. It reports false where the picture has no
// part for it; such a part may still hold no point.
func Place(head []byte) (GPS, bool) {
	r, main, ok := open(head)
	if _, has := main[tagGPS]; !ok || !has {
		return GPS{}, false
	}
	d := r.directory(uint64(main.pointer(r, tagGPS)))
	var g GPS
	lat, lon := r.ratios(d[tagLat], 3), r.ratios(d[tagLon], 3)
	ns, ew := strings.ToUpper(r.text(d[tagLatRef])), strings.ToUpper(r.text(d[tagLonRef]))
	if lat != nil && lon != nil && (ns == "N" || ns == "S") && (ew == "E" || ew == "W") {
		g.HasPoint = true
		g.Latitude, g.Longitude = lat[0]+lat[1]/60+lat[2]/3600, lon[0]+lon[1]/60+lon[2]/3600
		if ns == "S" {
			g.Latitude = -g.Latitude
		}
		if ew == "W" {
			g.Longitude = -g.Longitude
		}
	}
	if alt := r.ratios(d[tagAlt], 1); alt != nil {
		g.HasAltitude, g.Altitude = true, alt[0]
		if e := d[tagAltRef]; e.kind == 1 && e.count == 1 && e.value[0] == 1 { // below the sea
			g.Altitude = -g.Altitude
		}
	}
	if day, clock := r.text(d[tagGPSDate]), r.ratios(d[tagGPSClock], 3); len(day) == 10 && clock != nil {
		g.Time = day + " " + two(clock[0]) + ":" + two(clock[1]) + ":" + two(clock[2])
	}
	return g, true
}

func two(v float64) string { return fmt.Sprintf("%02d", int(max(0, min(v, 99)))) }

// ratios reads n fractions; nil for anything else.
func (r reader) ratios(e entry, n int) []float64 {
	if e.kind != 5 || e.count != uint32(n) { //nolint:gosec // n is 1 or 3
		return nil
	}
	at := uint64(r.order.Uint32(e.value))
	if at+8*uint64(n) > uint64(len(r.tiff)) { //nolint:gosec // n is 1 or 3
		return nil
	}
	out := make([]float64, 0, n)
	for b := r.tiff[at:]; len(out) < n; b = b[8:] {
		over, under := r.order.Uint32(b), r.order.Uint32(b[4:])
		if under == 0 {
			return nil
		}
		out = append(out, float64(over)/float64(under))
	}
	return out
}
