package media

import (
	"math"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/media/profile"
)

// Report is the answer of `zhilu media FILE --json`, described in docs/formats/media-json.md. Fields are only ever
// added.
type Report struct {
	Format     int               `json:"format"`
	Container  string            `json:"container"`
	DurationS  *float64          `json:"duration_s"`
	Start      ReportStart       `json:"start"`
	Tracks     []ReportTrack     `json:"tracks"`
	Gaps       []ReportGap       `json:"gaps"`
	Timeline   *ReportTimeline   `json:"timeline,omitempty"`
	Profile    *profile.Profile  `json:"profile,omitempty"`
	Flags      []Flag            `json:"flags"`
	Reason     string            `json:"reason,omitempty"`
	Detail     string            `json:"detail,omitempty"`
	SizeBytes  int64             `json:"size_bytes"`
	FormatName string            `json:"format_name,omitempty"`
	Brand      string            `json:"brand,omitempty"`
	Device     ReportDevice      `json:"device"`
	Timecode   string            `json:"timecode,omitempty"`
	HasGPS     bool              `json:"has_gps"`
	Name       ReportName        `json:"name"`
	Candidates []ReportCandidate `json:"candidates"`
	Sandbox    string            `json:"sandbox"`
	Tool       string            `json:"tool,omitempty"`
	Windowed   bool              `json:"windowed"`
}

// ReportStart is the chosen start. Value is null when no source gives a time.
type ReportStart struct {
	Value  *string `json:"value"`
	Source Origin  `json:"source"`
	Doubt  []Doubt `json:"doubt"`
	// From and To bound the start as far as the reading goes; null when nothing is known.
	From *string `json:"from"`
	To   *string `json:"to"`
}

// ReportTrack is one track; unknown figures are left out.
type ReportTrack struct {
	Index      int       `json:"index"`
	Kind       TrackKind `json:"kind"`
	Codec      string    `json:"codec"`
	Width      int       `json:"width,omitempty"`
	Height     int       `json:"height,omitempty"`
	Rate       float64   `json:"rate,omitempty"`
	Channels   int       `json:"channels,omitempty"`
	SampleRate int       `json:"sample_rate,omitempty"`
	Language   string    `json:"language,omitempty"`
	DurationS  float64   `json:"duration_s,omitempty"`
	StartS     float64   `json:"start_s"`
}

// ReportDevice holds the claims of the camera.
type ReportDevice struct {
	Maker    string `json:"maker,omitempty"`
	Model    string `json:"model,omitempty"`
	Serial   string `json:"serial,omitempty"`
	Firmware string `json:"firmware,omitempty"`
	Encoder  string `json:"encoder,omitempty"`
}

// ReportName is what the name says; unknown parts are left out.
type ReportName struct {
	Base    string `json:"base"`
	Time    string `json:"time,omitempty"`
	EndTime string `json:"end_time,omitempty"`
	Date    string `json:"date,omitempty"`
	Series  string `json:"series,omitempty"`
	Number  *int   `json:"number,omitempty"`
	Width   int    `json:"width,omitempty"`
	Chapter int    `json:"chapter,omitempty"`
	Channel string `json:"channel,omitempty"`
	Device  string `json:"device_code,omitempty"`
	Officer string `json:"officer_code,omitempty"`
}

// ReportCandidate is one reading of the start.
type ReportCandidate struct {
	Source   Origin `json:"source"`
	Raw      string `json:"raw"`
	Value    string `json:"value,omitempty"`
	Rejected Doubt  `json:"rejected,omitempty"`
}

// ReportFormat is the version of the JSON form.
const ReportFormat = 1

// JSON gives the facts in the stable form for scripts. Times are RFC 3339 in Asia/Shanghai.
func JSON(f Facts) Report {
	r := Report{
		Format: ReportFormat, Container: string(f.Kind), Flags: append([]Flag{}, f.Flags...), Reason: f.Reason, Detail: f.Detail,
		SizeBytes: f.Size, FormatName: f.FormatName, Brand: f.Brand, Device: ReportDevice(f.Device), Timecode: f.Timecode,
		HasGPS: f.HasGPS, Sandbox: f.Sandbox, Tool: f.Tool, Windowed: f.Windowed,
		Tracks: make([]ReportTrack, 0, len(f.Tracks)), Candidates: make([]ReportCandidate, 0, len(f.Start.Candidates)),
		Start: ReportStart{
			Value: stamped(f.Start.Value), Source: f.Start.Source, Doubt: append([]Doubt{}, f.Start.Doubt...),
			From: stamped(f.Start.Interval.From), To: stamped(f.Start.Interval.To),
		},
	}
	r.timed(f.Timeline)
	r.Profile = f.Form
	if f.HasDuration {
		s := math.Round(f.Duration.Seconds()*1e6) / 1e6
		r.DurationS = &s
	}
	for _, t := range f.Tracks {
		r.Tracks = append(r.Tracks, ReportTrack{
			Index: t.Index, Kind: t.Kind, Codec: t.Codec, Width: t.Width, Height: t.Height, Rate: t.Rate, Channels: t.Channels,
			SampleRate: t.SampleRate, Language: t.Language, DurationS: t.Seconds, StartS: t.Start,
		})
	}
	for _, c := range f.Start.Candidates {
		at := c.At
		if c.Zone == ZoneNone && !at.IsZero() {
			at = inZone(at, clock.Shanghai)
		}
		rc := ReportCandidate{Source: c.Source, Raw: c.Raw, Rejected: c.Rejected}
		if s := stamped(at); s != nil {
			rc.Value = *s
		}
		r.Candidates = append(r.Candidates, rc)
	}
	n := f.Name
	r.Name = ReportName{
		Base: n.Base, Series: n.Series, Width: n.Width, Chapter: n.Chapter, Channel: n.Channel, Device: n.DeviceCode, Officer: n.OfficerCode,
	}
	if n.HasTime {
		r.Name.Time = n.Time.String()
	}
	if !n.EndTime.IsZero() {
		r.Name.EndTime = n.EndTime.String()
	}
	if !n.Date.IsZero() {
		r.Name.Date = n.Date.String()[:10]
	}
	if n.HasNumber {
		number := n.Number
		r.Name.Number = &number
	}
	return r
}

func stamped(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.In(clock.Shanghai).Format("2006-01-02T15:04:05.999999-07:00")
	return &s
}
