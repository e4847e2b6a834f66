package derivative

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
)

// TakeUp makes what was left wanted by jobs that were given up, file by file, and clears away what a crash left half
// made. A file that cannot be made now is left for the next time.
func (s *Service) TakeUp(ctx context.Context) error {
	for st, err := range s.c.Derived.Stages(ctx) {
		if err != nil {
			continue // what cannot be read is no beginning of anything
		}
		if stage, err := s.c.Derived.Resume(ctx, st.ID); err == nil {
			_ = stage.Discard(ctx) // nothing in it is needed; the next start tries again
		}
	}
	const most = 1000
	files, err := waiting(ctx, s.c.DB.Reader, most)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := s.Make(ctx, f); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.c.Log.WarnContext(ctx, "derivatives are still not made", "file", f, "cause", err)
		}
	}
	return nil
}

// Make makes what is wanted of a file, the viewing copy first, since the rest is made from it. Doing it twice changes
// nothing. What is wrong with the file becomes a state with words; an error is the house's own trouble, and is tried again.
func (s *Service) Make(ctx context.Context, id ident.FileID) error {
	if s.c.Maker == nil {
		return fault.New(fault.Unavailable, "derivative.no_maker")
	}
	file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", id)
	if err != nil {
		return err
	}
	if s.c.Frozen != nil {
		rec, err := record.RecordingOf(ctx, s.c.DB.Reader, id)
		if err != nil {
			return err
		}
		if err := s.c.Frozen(ctx, rec.ID); fault.Is(err, fault.Conflict) {
			return nil // it stays wanted, and is made when it may be
		} else if err != nil {
			return err
		}
	}
	for _, kind := range Kinds() {
		rows, err := rowsOf(ctx, s.c.DB.Reader, id)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(rows, func(r row) bool { return r.Kind == kind && r.State == Wanted })
		if at < 0 {
			continue
		}
		if err := s.one(ctx, file, rows, rows[at]); err != nil {
			return err
		}
	}
	return nil
}

// one makes one derivative and settles its row.
func (s *Service) one(ctx context.Context, file *record.File, rows []row, r row) error {
	s.tell(file.ID, running{kind: r.Kind})
	defer s.tell(file.ID, running{})
	made, err := s.build(ctx, file, rows, r.Kind)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch code := reason(err); {
	case err == nil:
		made.State = Ready
		if made.SHA256 == "" {
			made.State = None
		}
	case code != "":
		s.c.Log.InfoContext(ctx, "no derivative", "file", file.ID, "kind", r.Kind, "cause", err)
		made = row{State: Failed, Reason: code}
	default:
		return err
	}
	return s.settle(ctx, file, r, made)
}

// reason is the code of a fault that says something of the file; "" of every other.
func reason(err error) string {
	if !fault.Is(err, fault.Invalid) {
		return ""
	}
	code, _ := strings.CutPrefix(fault.As(err).Code, "derivative.")
	return code
}

// settle writes what came of a run, unless the row was settled meanwhile.
func (s *Service) settle(ctx context.Context, file *record.File, r, made row) error {
	rec, err := record.RecordingOf(ctx, s.c.DB.Reader, file.ID)
	if err != nil {
		return err
	}
	settled := fault.New(fault.Conflict, "derivative.settled")
	err = s.c.Gate.Do(ctx, access.SystemActor("derive"), access.DerivativeMake, rec.Subject(), func(tx *gate.Tx) error {
		now, err := vouch.Locked[row](tx.Context(), tx.DB(), string(r.ID))
		if err != nil {
			return err
		}
		if now.State != Wanted {
			return settled
		}
		made.ID, made.File, made.Kind, made.Source, made.WantedAt = now.ID, now.File, now.Kind, now.Source, now.WantedAt
		made.MadeAt, made.Tool, made.Sandbox = clock.Micros(tx.Now()), s.c.Maker.Tool(), s.c.Maker.Sandbox()
		said, err := set(tx.Context(), tx.DB(), &made)
		if err != nil {
			return err
		}
		outcome := custody.Done
		if made.State == Failed {
			outcome = custody.Failed
		}
		_, err = tx.Record(gate.Entry{
			Outcome: outcome, Related: record.Related("file", string(file.ID), "derivative", string(made.ID)),
			Detail: custody.Detail("kind", string(made.Kind), "source_sha256", made.Source, "sha256", record.OrNil(made.SHA256),
				"code", record.OrNil(made.Reason), "tool", made.Tool, vouch.Key(table), said),
		})
		return err
	})
	if fault.HasCode(err, "derivative.settled") {
		return nil
	}
	return err
}

// tell says how far this server is; no kind means that it is at nothing.
func (s *Service) tell(file ident.FileID, r running) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.kind == "" {
		delete(s.running, file)
		return
	}
	s.running[file] = r
}

// say puts the facts of a kind into the row.
func (r *row) say(v any) error {
	raw, err := json.Marshal(v)
	r.Detail = string(raw)
	return err
}

// original opens a file's bytes with what is known of it. Until its facts were read it is Unavailable
// "derivative.no_facts".
func (s *Service) original(ctx context.Context, file *record.File) (derive.Source, func(), error) {
	if file.Facts == "" {
		return derive.Source{}, nil, fault.New(fault.Unavailable, "derivative.no_facts")
	}
	var facts media.Facts
	d := record.Digest(file.SHA256)
	if err := json.Unmarshal([]byte(file.Facts), &facts); err != nil || d == nil {
		return derive.Source{}, nil, fault.Wrap(err, fault.Internal, "internal")
	}
	obj, err := s.c.Originals.Open(ctx, *d)
	if err != nil {
		return derive.Source{}, nil, err
	}
	return derive.Source{ReaderAt: obj, Size: obj.Size(), Facts: facts}, func() { _ = obj.Close() }, nil // only read
}

// keep stores what fill writes, under its own digest. What was begun and not ended is thrown away.
func (s *Service) keep(ctx context.Context, fill func(io.Writer) error) (row, error) {
	stage, err := s.c.Derived.Begin(ctx, ident.New[ident.UploadID](), vault.SizeUnknown, nil)
	if err != nil {
		return row{}, err
	}
	read, write := io.Pipe()
	taken := make(chan error, 1)
	go func() {
		_, err := stage.Append(ctx, read, nil)
		_ = read.CloseWithError(err) // never fails
		taken <- err
	}()
	err = fill(write)
	_ = write.CloseWithError(err) // never fails
	if broken := <-taken; err == nil {
		err = broken
	}
	if err == nil {
		err = stage.DeclareSize(ctx, stage.Offset())
	}
	var info vault.Info
	if err == nil {
		info, _, err = stage.Seal(ctx, nil, nil)
	}
	if err != nil {
		if left := stage.Discard(context.WithoutCancel(ctx)); left != nil {
			s.c.Log.WarnContext(ctx, "a half made derivative stays until the next start", "cause", left)
		}
		return row{}, err
	}
	return row{SHA256: info.Digest.String(), Size: info.Size}, nil
}
