// Package profile says what a recording's form looks like: which parts in which order, by which writer, with which
// tracks and figures. A camera's recordings share their form, so a file that has another was perhaps written by another
// program since: re-muxed, re-encoded, trimmed (threat T1). Compare says what differs. That is a hint for a person who
// then asks, never a finding and never an accusation: cameras get new firmware, officers change settings, and whoever
// knows how can imitate a form.
//
// A profile holds nothing of what was recorded, when or where.
package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/media/bmff"
	"zhilu.dev/zhilu/internal/media/sniff"
	"zhilu.dev/zhilu/internal/media/timeline"
)

// Version goes up when the same file would get another profile. Profiles of different versions cannot be compared.
const Version = 2

// Profile (设备特征) is the form of one file. Texts are cleaned and short; what is not known is left out.
type Profile struct {
	Version      int      `json:"version"`
	Container    string   `json:"container"`
	Brand        string   `json:"brand,omitempty"`
	BrandVersion uint32   `json:"brand_version,omitempty"`
	Brands       []string `json:"brands,omitempty"`
	Layout       []string `json:"layout,omitempty"`  // outer parts in order, repetitions folded
	Index        []string `json:"index,omitempty"`   // parts of the head or index, likewise
	Encoder      []string `json:"encoder,omitempty"` // what the writing program calls itself
	Wrote        []string `json:"wrote,omitempty"`   // what encoders wrote of themselves into their streams
	Firmware     string   `json:"firmware,omitempty"`
	TimeScale    int64    `json:"time_scale,omitempty"`
	Tracks       []Track  `json:"tracks"`
}

// Track is the form of one track.
type Track struct {
	Kind       string  `json:"kind"` // "vide", "soun", …
	Codec      string  `json:"codec,omitempty"`
	Handler    string  `json:"handler,omitempty"` // its name, by the writer
	Encoder    string  `json:"encoder,omitempty"`
	Layout     string  `json:"layout,omitempty"` // its parts, nested
	TimeScale  int64   `json:"time_scale,omitempty"`
	Width      int     `json:"width,omitempty"`
	Height     int     `json:"height,omitempty"`
	Rate       float64 `json:"rate,omitempty"` // pictures a second, two decimals
	Channels   int     `json:"channels,omitempty"`
	SampleRate int     `json:"sample_rate,omitempty"`
	Reordered  bool    `json:"reordered,omitempty"` // B pictures
	Edit       Edit    `json:"edit,omitempty"`
	Config     string  `json:"config,omitempty"` // digest of the decoder's settings
}

// Edit says how much of a track its edit list shows.
type Edit string

// The edits.
const (
	Whole  Edit = ""       // all of it, whenever it begins
	Cut    Edit = "cut"    // it begins or ends inside what is stored
	Pieces Edit = "pieces" // more than one stretch
)

// hidden is how much of a track an edit list may leave out before it counts as cut: pictures that wait for others and
// what a sound encoder puts in front are less.
const hidden = 500 * time.Millisecond

// maxText bounds each text in bytes, and maxParts each list.
const (
	maxText  = 80
	maxParts = 64
)

// OfRecording gives the form of an ISO base media file from what its boxes told.
func OfRecording(kind sniff.Kind, f *bmff.File, t timeline.Timeline) Profile {
	p := Profile{
		Version: Version, Container: string(kind), Brand: text(f.Brand), BrandVersion: f.BrandVersion, Layout: texts(f.Layout),
		Index: texts(f.Index), TimeScale: int64(f.Scale), Brands: texts(f.Brands), Tracks: []Track{},
		Firmware: text(f.Word("FIRM", "com.apple.quicktime.software", "com.android.version", "©fwv")),
	}
	for _, key := range []string{"©too", "©swr", "©enc", "©swf", "encoder", "com.apple.proapps.encoder"} {
		if w := text(f.Word(key)); w != "" && !slices.Contains(p.Encoder, w) {
			p.Encoder = append(p.Encoder, w)
		}
	}
	for i, tr := range f.Tracks {
		one := Track{
			Kind: text(tr.Handler), Codec: text(tr.Codec), Handler: text(tr.HandlerName), Encoder: text(tr.Compressor), TimeScale: int64(tr.Scale),
			Width: tr.Width, Height: tr.Height, Channels: tr.Channels, SampleRate: tr.SampleRate, Reordered: tr.Reordered,
			Layout: nested(tr.Layout), Edit: edit(tr, int64(f.Scale)),
		}
		if i < len(t.Lines) && tr.Handler == "vide" {
			one.Rate = rate(t.Lines[i].Usual)
		}
		if len(tr.Config) > 0 {
			sum := sha256.Sum256(tr.Config)
			one.Config = hex.EncodeToString(sum[:8])
		}
		p.Tracks = append(p.Tracks, one)
	}
	return p
}

// nested is a track's layout without its edit list, which many cameras write only when sound begins late.
func nested(layout string) string {
	layout = strings.ReplaceAll(layout, "edts(elst) ", "")
	if len(layout) > 400 {
		layout = layout[:400]
	}
	return layout
}

func edit(t *bmff.Track, movieScale int64) Edit {
	if t.Scale == 0 || movieScale == 0 {
		return Whole
	}
	shown, result := 0, Whole
	for _, e := range t.Edits {
		if e.From < 0 {
			continue
		}
		shown++
		if shown > 1 {
			return Pieces
		}
		from := float64(e.From) / float64(t.Scale)
		to := from + float64(e.Length)/float64(movieScale)
		all := float64(t.Claimed) / float64(t.Scale)
		if from > hidden.Seconds() || e.Length > 0 && all-to > hidden.Seconds() {
			result = Cut
		}
	}
	return result
}

func rate(step time.Duration) float64 {
	if step <= 0 {
		return 0
	}
	return math.Round(100*float64(time.Second)/float64(step)) / 100
}

// Seen is what ffprobe tells of one track of a file whose container keeps such figures inside its streams.
type Seen struct {
	Kind, Codec          string
	Width, Height        int
	Rate                 float64
	Channels, SampleRate int
}

// Complete adds what ffprobe saw: the tracks of a container that has no index of ours, the figures that are missing,
// and the name of the writing program. It changes nothing that is known already.
func (p *Profile) Complete(seen []Seen, encoder string) {
	if w := text(encoder); w != "" && !slices.Contains(p.Encoder, w) {
		p.Encoder = append(p.Encoder, w)
	}
	for i, s := range seen {
		if i >= maxParts {
			return
		}
		if i >= len(p.Tracks) {
			p.Tracks = append(p.Tracks, Track{Kind: text(s.Kind), Codec: text(s.Codec)})
		}
		t := &p.Tracks[i]
		if t.Codec == "" {
			t.Codec = text(s.Codec)
		}
		if t.Kind != s.Kind {
			continue
		}
		if t.Rate == 0 {
			t.Rate = math.Round(100*s.Rate) / 100
		}
		if t.Width == 0 && t.SampleRate == 0 {
			t.Width, t.Height, t.Channels, t.SampleRate = s.Width, s.Height, s.Channels, s.SampleRate
		}
	}
}

// Digest is the same for files of the same form, and only for those.
func (p Profile) Digest() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic("profile: a profile is plain data: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// text makes a text of a hostile file harmless to carry: one line of letters, short.
func text(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			continue
		}
		if b.Len()+utf8.RuneLen(r) > maxText {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

func texts(list []string) []string {
	var out []string
	for _, s := range list[:min(len(list), maxParts)] {
		out = append(out, text(s))
	}
	return out
}

// fold appends a part and takes it back with those before it where they only repeat.
func fold(list []string, part string) []string {
	list = append(list, part)
	for period := 1; period <= 4 && 2*period <= len(list); period++ {
		cut := len(list) - period
		if slices.Equal(list[cut:], list[cut-period:cut]) {
			return list[:cut]
		}
	}
	return list
}
