package player

import (
	"context"
	"io"
	"time"

	"zhilu.dev/zhilu/internal/ident"
)

// State says how far the viewing copy of a file is.
type State string

// The states of a copy.
const (
	Making State = "making"
	Ready  State = "ready"
	Failed State = "failed"
)

// Art is a kind of derivative that is sent whole.
type Art string

// What is sent whole beside the segments.
const (
	Poster  Art = "poster"  // a JPEG
	Strip   Art = "strip"   // hover pictures in one JPEG
	Picture Art = "picture" // the viewing copy of a still picture, a JPEG
)

// Cells says how the hover pictures lie in their JPEG: Count of them, Across in a row, each W × H, one every Step.
type Cells struct {
	Count, Across, W, H int
	Step                time.Duration
}

// Stretch is a stretch of time in a file.
type Stretch struct{ From, To time.Duration }

// Copy is what may be looked at in place of one file.
type Copy struct {
	File     ident.FileID
	State    State
	Progress float64 // 0 to 1 while it is being made
	Left     time.Duration
	Fault    string // code of why it failed
	Duration time.Duration
	Picture  bool // has pictures
	Sound    bool
	Still    bool // a still picture: no time at all
	Has      map[Art]bool
	Cells    Cells
	PeakStep time.Duration
	Peaks    []byte    // 0 to 255, one each PeakStep
	Speech   []Stretch // where somebody seems to speak
}

// Segment is a piece of a viewing copy that plays on its own; From and To lie in its file.
type Segment struct {
	N        int
	From, To time.Duration
}

// Copies makes and gives what is looked at; never the original (decision 1).
type Copies interface {
	// Of gives the copies of a recording's files, in the order of its files.
	Of(ctx context.Context, rec ident.RecordingID) ([]Copy, error)
	Open(ctx context.Context, file ident.FileID, art Art) (io.ReadCloser, error)
	Segments(ctx context.Context, file ident.FileID) ([]Segment, error)
	// Segment gives a segment as an MPEG transport stream with mark in its pictures.
	Segment(ctx context.Context, file ident.FileID, n int, mark string) ([]byte, error)
}
