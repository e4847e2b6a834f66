package coverage

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/riverqueue/river"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/media/derive"
)

// Ear listens to a file: it says where nothing is heard. *derivative.Service is one.
type Ear interface {
	Silences(ctx context.Context, id ident.FileID) ([]derive.Silence, error)
}

// HearArgs tells the job that listens to a file of an activity, once.
type HearArgs struct {
	File     ident.FileID     `json:"file"`
	Activity ident.ActivityID `json:"activity"`
}

// Kind names the job.
func (HearArgs) Kind() string { return "coverage.hear" }

// InsertOpts puts it behind what somebody waits to look at.
func (HearArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: job.QueueDerive} }

// Hear listens to a file and keeps what was found, and the activity is judged anew. A file that cannot be listened to keeps the reason: its sound
// stays in doubt. Of a frozen recording nothing is listened to.
func (s *Service) Hear(ctx context.Context, a HearArgs) error {
	known, err := soundOf(ctx, s.c.DB.Reader, a.File)
	if err != nil || len(known) > 0 || s.c.Ear == nil {
		return err
	}
	rec, err := recordingOf(ctx, s.c.DB.Reader, a.File)
	if err != nil {
		return err
	}
	list, err := s.c.Ear.Silences(ctx, a.File)
	r := &soundRow{ID: a.File, Recording: rec}
	switch {
	case fault.Is(err, fault.Conflict):
		return nil
	case fault.Is(err, fault.Invalid):
		r.Failed = fault.As(err).Code
	case err != nil:
		return err
	}
	if list == nil {
		list = []derive.Silence{}
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return fail(err)
	}
	r.Silences, r.At = string(raw), clock.Micros(s.c.Clock.Now())
	about := custody.Subject{Kind: "recording", ID: string(rec)}
	return s.c.Gate.Do(ctx, access.SystemActor("coverage"), access.ActivityJudge, access.Subject{Kind: about.Kind, ID: about.ID}, func(tx *gate.Tx) error {
		said, err := putSound(tx.Context(), tx.DB(), r)
		if err != nil {
			return err
		}
		if _, err := tx.Record(gate.Entry{Subject: about, Related: []custody.Subject{{Kind: "activity", ID: string(a.Activity)}}, Detail: custody.Detail(append(said, "silences", len(list))...)}); err != nil {
			return err
		}
		return tx.Enqueue(activity.ChangedArgs{Activity: a.Activity})
	})
}

// heard lays what was measured on the pieces: a piece whose sound was listened to counts as heard but for its silences, in which it is as one
// without sound.
func heard(list []Piece, known map[ident.FileID][]derive.Silence) []Piece {
	var out []Piece
	for _, p := range list {
		silent, ok := known[p.File]
		if p.Sound != continuity.Present || !ok {
			out = append(out, p)
			continue
		}
		p.Heard = true
		if len(silent) == 0 {
			out = append(out, p)
			continue
		}
		mute := p
		mute.Sound = continuity.Silent
		p.Inner = slices.Clone(p.Inner)
		for _, s := range silent {
			p.Inner = append(p.Inner, Stretch(s))
		}
		out = append(out, mute, p)
	}
	return out
}

// unheard are the files of pieces with sound that nobody listened to.
func unheard(list []Piece) []ident.FileID {
	var out []ident.FileID
	for _, p := range list {
		if p.Sound == continuity.Present && !p.Heard && !p.Unsure && !slices.Contains(out, p.File) {
			out = append(out, p.File)
		}
	}
	return out
}
