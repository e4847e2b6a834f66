package redaction

import (
	"context"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/redaction/plan"
)

// TakeUp makes what was approved and is not made: jobs that were given up, or a server that was killed.
func (s *Service) TakeUp(ctx context.Context) error {
	left, err := inState(ctx, s.c.DB.Reader, Approved, 100)
	if err != nil {
		return err
	}
	for _, c := range left {
		if err := s.Make(ctx, c.ID); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.c.Log.WarnContext(ctx, "a masked copy is still not made", "copy", c.ID, "cause", err)
		}
	}
	return nil
}

// Make makes an approved copy; of one in any other state nothing is done. What is wrong with the recording becomes a state with
// words; an error is the house's own trouble, and is tried again. A run that was killed leaves nothing that counts.
func (s *Service) Make(ctx context.Context, id ident.CopyID) error {
	c, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil || c.State != Approved {
		return err
	}
	if err := marking.Refuse(ctx, s.c.DB.Reader, c.Recording); err != nil {
		return err // it stays approved; frozen is not for ever
	}
	s.tell(id, 0)
	defer s.forget(id)
	reels, made, err := s.build(ctx, c)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	code := ""
	if fault.Is(err, fault.Invalid) {
		code, _ = strings.CutPrefix(fault.As(err).Code, "derivative.")
	} else if err != nil {
		return err
	}
	settled := fault.New(fault.Conflict, "redaction.decided")
	_, err = s.change(ctx, access.SystemActor("redaction"), access.RedactionMake, id, "", func(tx *gate.Tx, c *Copy) error {
		if c.State != Approved {
			return settled
		}
		c.MadeAt = tx.Now()
		if code != "" {
			c.State, c.Reason = Failed, code
			return nil
		}
		if err := marking.Refuse(tx.Context(), tx.DB(), c.Recording); err != nil {
			return err
		}
		c.State, c.SHA256, c.Size, c.Length, c.Entry = Ready, made.SHA256, made.Size, made.Length, ident.New[ident.EntryID]()
		c.Statement, err = s.state(c, reels, made)
		return err
	})
	if fault.HasCode(err, "redaction.decided") {
		return nil
	}
	return err
}

// build makes the bytes.
func (s *Service) build(ctx context.Context, c *Copy) ([]derivative.Reel, derivative.Made, error) {
	reels, done, err := s.c.Films.Reels(ctx, c.Recording)
	if err != nil {
		return nil, derivative.Made{}, err
	}
	defer func() { _ = done() }() // only read
	made, err := s.c.Films.Clip(ctx, clipOf(&c.Plan, reels), func(at time.Duration) {
		s.tell(c.ID, min(float64(at.Milliseconds())/float64(max(c.Plan.To-c.Plan.From, 1)), 1))
	})
	return reels, made, err
}

// clipOf brings a plan, whose times are the recording's, to the clip's.
func clipOf(p *plan.Plan, reels []derivative.Reel) derive.Clip {
	from, to := time.Duration(p.From)*time.Millisecond, time.Duration(p.To)*time.Millisecond
	out := derive.Clip{Hide: func(pix []byte, width, height int, at time.Duration) {
		p.Hide(plan.Frame{Pix: pix, Width: width, Height: height}, p.From+at.Milliseconds())
	}}
	for _, r := range reels {
		if a, b := max(from, r.From), min(to, r.To); a < b {
			out.Cuts = append(out.Cuts, derive.Cut{Film: r.Film, From: a - r.From, To: b - r.From})
		}
	}
	for _, q := range p.Sounds {
		out.Quiets = append(out.Quiets, derive.Quiet{
			From: time.Duration(q.From)*time.Millisecond - from, To: time.Duration(q.To)*time.Millisecond - from, Tone: q.Kind == plan.Tone,
		})
	}
	return out
}

// Preview gives one picture at a moment with the plan's regions hidden, as JPEG without a name in it: the caller has checked a running
// look and writes its mark.
func (s *Service) Preview(ctx context.Context, rec ident.RecordingID, p plan.Plan, at time.Duration) ([]byte, error) {
	if err := marking.Refuse(ctx, s.c.DB.Reader, rec); err != nil {
		return nil, err
	}
	clean, _, err := s.clean(ctx, rec, p)
	if err != nil {
		return nil, err
	}
	return s.c.Films.Frame(ctx, rec, at, func(pix []byte, width, height int) {
		clean.Hide(plan.Frame{Pix: pix, Width: width, Height: height}, at.Milliseconds())
	})
}

func (s *Service) tell(id ident.CopyID, done float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[id] = done
}

func (s *Service) forget(id ident.CopyID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}

// Get reads a copy for whoever may know of it: who made it, who decides, and who may know of the recording.
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.CopyID) (*Copy, error) {
	c, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.RedactionView, c.subject()); err != nil {
		return nil, err
	}
	s.mu.Lock()
	c.Progress = s.running[id]
	s.mu.Unlock()
	return c, nil
}

// ForRecording lists the copies of a recording that the actor may know of, the newest first.
func (s *Service) ForRecording(ctx context.Context, actor access.Actor, rec ident.RecordingID) ([]Copy, error) {
	all, err := ofRecording(ctx, s.c.DB.Reader, rec)
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, c := range all {
		if s.c.Gate.May(actor, access.RedactionView, c.subject()) {
			out = append(out, c)
		}
	}
	return out, nil
}

// May reports whether the actor may do something with a copy; pages ask it for their buttons.
func (s *Service) May(actor access.Actor, action access.Action, c *Copy) bool {
	return s.c.Gate.May(actor, action, c.subject())
}
