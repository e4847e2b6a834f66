package media

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// probeEntries is all that is asked of ffprobe: facts about the container, never a frame.
const probeEntries = "program_version=version" +
	":format=format_name,nb_streams,start_time,duration" +
	":format_tags" +
	":stream=index,codec_name,codec_type,codec_tag_string,width,height,avg_frame_rate,r_frame_rate,sample_rate,channels,start_time,duration" +
	":stream_tags" +
	":stream_disposition=attached_pic"

// Bounds on what is believed out of ffprobe's answer. No camera comes near them.
const (
	maxTracks    = 64
	maxTags      = 256
	maxDimension = 65536
	maxRate      = 10_000.0
	maxSeconds   = 1000 * 3600.0
)

type rawTags map[string]json.RawMessage

type rawProbe struct {
	Version struct {
		Version string `json:"version"`
	} `json:"program_version"`
	Streams []rawStream `json:"streams"`
	Format  struct {
		Name      string  `json:"format_name"`
		StartTime string  `json:"start_time"`
		Duration  string  `json:"duration"`
		Tags      rawTags `json:"tags"`
	} `json:"format"`
}

type rawStream struct {
	Index       int64   `json:"index"`
	Codec       string  `json:"codec_name"`
	Type        string  `json:"codec_type"`
	CodecTag    string  `json:"codec_tag_string"`
	Width       int64   `json:"width"`
	Height      int64   `json:"height"`
	Average     string  `json:"avg_frame_rate"`
	Rate        string  `json:"r_frame_rate"`
	SampleRate  string  `json:"sample_rate"`
	Channels    int64   `json:"channels"`
	StartTime   string  `json:"start_time"`
	Duration    string  `json:"duration"`
	Tags        rawTags `json:"tags"`
	Disposition struct {
		Picture int `json:"attached_pic"`
	} `json:"disposition"`
}

// parsed is ffprobe's answer after all limits.
type parsed struct {
	Tool, Format string
	Brand        string
	Start        float64
	Seconds      float64
	HasSeconds   bool
	Tracks       []Track
	Device       Device
	Times        []TagTime
	Timecode     string
	HasGPS       bool
	Absurd       bool // a figure beyond every limit was met and dropped
}

var errNotProbe = errors.New("media: not an answer of ffprobe")

// parseProbe reads ffprobe's JSON. The text is hostile: its strings come out of the file. Whatever is too big, too
// many or not a number is dropped and noted, and every string is cleaned.
func parseProbe(data []byte, still bool) (parsed, error) {
	var raw rawProbe
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&raw); err != nil {
		return parsed{}, errors.Join(errNotProbe, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return parsed{}, errNotProbe
	}
	p := parsed{Tool: "ffprobe " + clean(raw.Version.Version), Format: clean(raw.Format.Name)}
	if s, ok := p.seconds(raw.Format.StartTime); ok {
		p.Start = s
	}
	if s, ok := p.seconds(raw.Format.Duration); ok && s > 0 {
		p.Seconds, p.HasSeconds = s, true
	}
	p.tags(raw.Format.Tags, 0, true)
	for i, s := range raw.Streams {
		if i >= maxTracks {
			p.Absurd = true
			break
		}
		p.Tracks = append(p.Tracks, p.track(s, i, still))
		p.tags(s.Tags, i+1, false)
	}
	if !p.HasSeconds {
		for _, t := range p.Tracks {
			if t.Seconds > p.Seconds {
				p.Seconds, p.HasSeconds = t.Seconds, true
			}
		}
	}
	return p, nil
}

func (p *parsed) track(s rawStream, index int, still bool) Track {
	t := Track{Index: index, Codec: clean(s.Codec), Channels: int(p.bounded(s.Channels, 256))}
	if t.Codec == "" || t.Codec == "unknown" || t.Codec == "bin_data" {
		if tag := clean(s.CodecTag); tag != "" && !strings.Contains(tag, "[") {
			t.Codec = tag
		}
	}
	switch {
	case s.Type == "video" && (still || s.Disposition.Picture != 0):
		t.Kind = TrackImage
	case s.Type == "video":
		t.Kind = TrackVideo
	case s.Type == "audio":
		t.Kind = TrackAudio
	case s.Type == "subtitle":
		t.Kind = TrackSubtitle
	default:
		t.Kind = TrackData
	}
	if t.Kind == TrackVideo || t.Kind == TrackImage {
		t.Width, t.Height = int(p.bounded(s.Width, maxDimension)), int(p.bounded(s.Height, maxDimension))
	}
	if t.Kind == TrackVideo {
		if t.Rate = p.ratio(s.Average); t.Rate == 0 {
			t.Rate = p.ratio(s.Rate)
		}
	}
	if n, err := strconv.ParseInt(s.SampleRate, 10, 64); err == nil {
		t.SampleRate = int(p.bounded(n, 10_000_000))
	}
	if v, ok := p.seconds(s.StartTime); ok {
		t.Start = v
	}
	if v, ok := p.seconds(s.Duration); ok && v > 0 && !still {
		t.Seconds = v
	}
	if lang := tagText(s.Tags["language"]); lang != "und" {
		t.Language = lang
	}
	return t
}

func (p *parsed) bounded(n, limit int64) int64 {
	if n < 0 || n > limit {
		p.Absurd = true
		return 0
	}
	return n
}

// seconds reads a decimal number of seconds; not a number, infinite or beyond 1,000 hours is no figure.
func (p *parsed) seconds(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	if s == "" || s == "N/A" {
		return 0, false
	}
	if err != nil || math.IsNaN(v) || math.Abs(v) > maxSeconds {
		p.Absurd = true
		return 0, false
	}
	return v, true
}

// ratio reads "30000/1001" as frames a second, 0 if unknown.
func (p *parsed) ratio(s string) float64 {
	num, den, ok := strings.Cut(s, "/")
	n, err1 := strconv.ParseInt(num, 10, 64)
	d, err2 := strconv.ParseInt(den, 10, 64)
	if !ok || err1 != nil || err2 != nil || d <= 0 || n <= 0 {
		return 0
	}
	v := float64(n) / float64(d)
	if v > maxRate {
		p.Absurd = true
		return 0
	}
	return math.Round(v*1000) / 1000
}

func tagText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return clean(s)
}

// timeKeys are the tags that carry a moment of capture, with what the format says of their zone.
var timeKeys = []string{
	"com.apple.quicktime.creationdate", "creation_time", "date", "com.android.capture.time", "wm/encodingtime",
	"datetimeoriginal", "date_recorded",
}

// gpsKeys are the tags that carry a place. Only their presence is noted; the place itself is a look (decision 1).
var gpsKeys = []string{"location", "location-eng", "com.apple.quicktime.location.iso6709", "gps", "xyz", "©xyz", "geotag"}

// tags takes what is wanted out of one set of tags; where is 0 for the container, else track number + 1.
func (p *parsed) tags(tags rawTags, where int, container bool) {
	if len(tags) > maxTags {
		p.Absurd = true
		return
	}
	keys := make([]string, 0, len(tags))
	for k := range tags {
		keys = append(keys, k)
	}
	slices.Sort(keys) // the same file always gives the same facts
	for _, k := range keys {
		v := tagText(tags[k])
		if v == "" {
			continue
		}
		low := strings.ToLower(clean(k))
		switch {
		case slices.Contains(timeKeys, low):
			p.addTime(TagTime{Tag: low, Raw: v, Track: where - 1})
		case slices.Contains(gpsKeys, low) || strings.Contains(low, "location") || strings.Contains(low, "gps"):
			p.HasGPS = true
		case low == "timecode" && p.Timecode == "":
			p.Timecode = v
		case low == "major_brand" && container:
			p.Brand = strings.TrimSpace(v)
		}
		p.Device.take(low, v, container)
	}
}

// addTime keeps one of each text: every track of most files repeats the container's time.
func (p *parsed) addTime(t TagTime) {
	if len(p.Times) >= 16 {
		return
	}
	for _, have := range p.Times {
		if have.Raw == t.Raw && have.Tag == t.Tag {
			return
		}
	}
	t.At, t.Zone, t.Valid = parseTagTime(t.Raw)
	p.Times = append(p.Times, t)
}

func (d *Device) take(key, v string, container bool) {
	set := func(to *string) {
		if *to == "" {
			*to = v
		}
	}
	switch key {
	case "make", "com.apple.quicktime.make", "com.android.manufacturer", "manufacturer", "©mak", "artist-make":
		set(&d.Maker)
	case "model", "com.apple.quicktime.model", "com.android.model", "model-eng", "©mod", "wm/devicemodel":
		set(&d.Model)
	case "serial", "serial_number", "camera_serial", "device_id", "deviceid", "com.apple.quicktime.serialnumber":
		set(&d.Serial)
	case "firmware", "com.apple.quicktime.software", "com.android.version":
		set(&d.Firmware)
	case "encoder", "software", "encoded_by", "writing_application":
		if container || d.Encoder == "" {
			set(&d.Encoder)
		}
	case "handler_name":
		if strings.HasPrefix(v, "GoPro") && d.Maker == "" {
			d.Maker = "GoPro"
		}
	}
}

// tagLayouts are the forms in which ffprobe and camera makers write moments.
var tagLayouts = []struct {
	layout string
	zone   ZoneKind
}{
	{"2006-01-02T15:04:05.999999999Z", ZoneUTC},
	{"2006-01-02T15:04:05.999999999-0700", ZoneOffset},
	{"2006-01-02T15:04:05.999999999-07:00", ZoneOffset},
	{"2006-01-02 15:04:05.999999999 -0700", ZoneOffset},
	{"2006-01-02 15:04:05.999999999-07:00", ZoneOffset},
	{"2006:01:02 15:04:05-07:00", ZoneOffset},
	{"2006-01-02T15:04:05.999999999", ZoneNone},
	{"2006-01-02 15:04:05.999999999", ZoneNone},
	{"2006-01-02 15:04", ZoneNone},
	{"2006:01:02 15:04:05", ZoneNone},
	{"2006/01/02 15:04:05", ZoneNone},
	{"20060102 15:04:05", ZoneNone},
	{"Mon Jan _2 15:04:05 2006", ZoneNone},
	{"Mon Jan 02 15:04:05 2006", ZoneNone},
}

// parseTagTime reads a moment out of a tag. Without a zone the face of the camera's clock comes back as if in UTC.
func parseTagTime(s string) (time.Time, ZoneKind, bool) {
	for _, l := range tagLayouts {
		t, err := time.Parse(l.layout, s)
		if err == nil && t.Year() >= 1900 && t.Year() <= 2199 {
			return t.UTC(), l.zone, true
		}
	}
	return time.Time{}, ZoneNone, false
}
