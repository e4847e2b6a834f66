// Package derivative keeps what is made from recordings to be looked at in their place (派生件): one row for each file
// and kind, the bytes in a vault of their own that can be emptied and filled again. What plays is always one of these,
// never the original (decision 1). The package decides nothing about who may look: it asks its callers to have done so,
// and it never hands out a moving picture without a mark.
package derivative

import (
	"encoding/json"
	"time"

	"zhilu.dev/zhilu/internal/ident"
)

// Kind is what a derivative is.
type Kind string

// The kinds. Everything is made from the viewing copy, so whoever wants another kind wants that too.
const (
	Copy     Kind = "copy"     // 观看件: 720 lines of H.264 in a transport stream; of a picture a smaller one, of sound only sound
	Poster   Kind = "poster"   // 封面: one picture, JPEG
	Strip    Kind = "strip"    // 预览条: small pictures along the recording, one JPEG
	Waveform Kind = "waveform" // 波形: the loudness along the recording, JSON
	Speech   Kind = "speech"   // 可能有说话声: a hint at where somebody speaks, JSON
)

// Kinds lists the kinds in the order in which they are made.
func Kinds() []Kind { return []Kind{Copy, Poster, Strip, Waveform, Speech} }

// State is how far a derivative is.
type State string

// The states.
const (
	Wanted State = "wanted" // it waits its turn
	Making State = "making" // this server is at it; Progress says how far
	Ready  State = "ready"
	Failed State = "failed" // Reason says why; the original is as it was
	None   State = "none"   // the original has nothing of this kind: no sound, no moving picture
)

// Derivative is one derivative of one file.
type Derivative struct {
	ID        ident.DerivativeID
	File      ident.FileID
	N         int // the file's place in the recording, from 1
	Recording ident.RecordingID
	Kind      Kind
	State     State
	Progress  float64 // of Making, 0 to 1
	Reason    string  // of Failed: the words stand under fault.derivative.<reason>
	Source    string  // SHA-256 of the original
	SHA256    string  // of Ready, as everything below
	Size      int64
	Duration  time.Duration // of a viewing copy
	Detail    json.RawMessage
	Tool      string
	Sandbox   string // what stood around the tool
	WantedAt  time.Time
	MadeAt    time.Time
}

// Frame is the Detail of a viewing copy or a poster.
type Frame struct {
	Width  int  `json:"width"` // 0 without a picture
	Height int  `json:"height"`
	Sound  bool `json:"sound"`
	Still  bool `json:"still"` // a picture; it has no segments
}

// Frame reads the Detail of a viewing copy or a poster.
func (d Derivative) Frame() (f Frame) {
	_ = json.Unmarshal(d.Detail, &f) // written by us; nothing there is a zero frame
	return f
}

// Segment is a stretch of a viewing copy that plays by itself.
type Segment struct {
	N      int // from 0
	Start  time.Duration
	Length time.Duration
}
