package player

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/media/place"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/vault"
)

// Copies gives what is looked at, never the original (decision 1); *derivative.Service does. It asks nobody: every call
// that gives bytes comes after one of Looks.Watch.
type Copies interface {
	Of(ctx context.Context, rec ident.RecordingID) ([]derivative.Derivative, error)
	Open(ctx context.Context, rec ident.RecordingID, file ident.FileID, kind derivative.Kind) (derivative.Derivative, vault.Object, error)
	Segments(ctx context.Context, file ident.FileID) ([]derivative.Segment, error)
	Segment(ctx context.Context, file ident.FileID, n int, mark string) ([]byte, error)
	Picture(ctx context.Context, file ident.FileID, mark string) ([]byte, error)
	Grab(ctx context.Context, file ident.FileID, n int, at time.Duration, mark string) ([]byte, error)
	Places(ctx context.Context, file ident.FileID) ([]place.Claim, error)
	Retry(ctx context.Context, actor access.Actor, rec ident.RecordingID) error
}

// state says how far a recording, or a file of it, is.
type state string

const (
	making state = "making"
	ready  state = "ready"
	failed state = "failed"
)

// reel is what may be looked at in place of one file.
type reel struct {
	File     ident.FileID
	State    state
	Progress float64
	Reason   string // why it failed: a code under fault.derivative
	Duration time.Duration
	Still    bool
	Kinds    map[derivative.Kind]derivative.Derivative
}

// has reports whether a derivative can be sent.
func (r reel) has(k derivative.Kind) bool { return r.Kinds[k].State == derivative.Ready }

// reels gathers derivatives by file, in the order of the files.
func reels(list []derivative.Derivative) []reel {
	var out []reel
	for _, d := range list {
		if len(out) == 0 || out[len(out)-1].File != d.File {
			out = append(out, reel{File: d.File, State: making, Kinds: map[derivative.Kind]derivative.Derivative{}})
		}
		r := &out[len(out)-1]
		r.Kinds[d.Kind] = d
		if d.Kind != derivative.Copy {
			continue
		}
		r.Duration, r.Progress, r.Still, r.Reason = max(d.Duration, 0), d.Progress, d.Frame().Still, d.Reason
		switch d.State {
		case derivative.Ready:
			r.State = ready
		case derivative.Failed:
			r.State = failed
		case derivative.None:
			r.State, r.Reason = failed, "nothing"
		case derivative.Wanted, derivative.Making:
		}
	}
	return out
}

// plan lays out the recording of a look.
func (a area) plan(ctx context.Context, rec ident.RecordingID) (plan, error) {
	list, err := a.Copies.Of(ctx, rec)
	if err != nil {
		return nil, err
	}
	all := reels(list)
	segments := make([][]derivative.Segment, len(all))
	for i, r := range all {
		if r.State != ready || r.Still {
			continue
		}
		if segments[i], err = a.Copies.Segments(ctx, r.File); err != nil {
			return nil, err
		}
	}
	return lay(all, segments), nil
}

// maxWhole bounds what is read of a derivative that is sent whole; the house made it, so more than this is a defect.
const maxWhole = 32 << 20

// whole reads a derivative.
func (a area) whole(ctx context.Context, rec ident.RecordingID, file ident.FileID, kind derivative.Kind) ([]byte, error) {
	_, obj, err := a.Copies.Open(ctx, rec, file, kind)
	if err != nil {
		return nil, err
	}
	defer func() { _ = obj.Close() }() // only read
	if obj.Size() > maxWhole {
		return nil, fault.New(fault.Internal, "internal")
	}
	return io.ReadAll(io.NewSectionReader(obj, 0, obj.Size()))
}

// sounds reads how loud a file is and where somebody may be speaking; nothing where that was not made.
func (a area) sounds(ctx context.Context, rec ident.RecordingID, r reel) (w derive.Waveform, s derive.Speech, err error) {
	for kind, into := range map[derivative.Kind]any{derivative.Waveform: &w, derivative.Speech: &s} {
		if !r.has(kind) {
			continue
		}
		raw, err := a.whole(ctx, rec, r.File, kind)
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			return w, s, err
		}
	}
	return w, s, nil
}

// cells says which hover picture of a file shows which moment.
func (r reel) cells() (s derive.Strip) {
	if r.has(derivative.Strip) {
		_ = json.Unmarshal(r.Kinds[derivative.Strip].Detail, &s) // written by us; nothing there is no picture
	}
	return s
}
