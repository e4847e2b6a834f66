package recording

import (
	"context"
	"errors"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/likeness"
	"zhilu.dev/zhilu/internal/recording/record"
)

// CompareArgs tells the job that holds a camera's files against one another again.
type CompareArgs struct {
	Device ident.DeviceID `json:"device"`
}

// Kind names the job.
func (CompareArgs) Kind() string { return "recording.compare" }

// compare finds whether a file looks like its camera's others (T1), before its facts are written.
func (s *Service) compare(ctx context.Context, rec *record.Recording, file *record.File, facts media.Facts) (likeness.Found, error) {
	return likeness.Of(ctx, s.c.DB.Reader, rec.Device, file.ID, &facts)
}

// Compare holds a camera's newest files against one another and writes what has changed, each with its entry: the form of
// most files settles only with their number, so what came in first may turn out to be unlike its camera, or to be like it
// after all. Doing it twice changes nothing.
func (s *Service) Compare(ctx context.Context, camera ident.DeviceID) error {
	turns, err := likeness.Turns(ctx, s.c.DB.Reader, camera)
	if err != nil {
		return err
	}
	for _, t := range turns {
		if err := s.turn(ctx, camera, t); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) turn(ctx context.Context, camera ident.DeviceID, t likeness.Turn) error {
	rec, err := record.One[record.Recording](ctx, s.c.DB.Reader, "recording.unknown", "id = ?", t.Recording)
	if err != nil {
		return err
	}
	err = s.c.Gate.Do(ctx, access.SystemActor("compare"), access.RecordingProbe, rec.Subject(), func(tx *gate.Tx) error {
		now, err := record.One[record.Recording](tx.Context(), tx.DB(), "recording.unknown", "id = ?", t.Recording)
		if err != nil {
			return err
		}
		if slices.Contains(now.FlagList(), FlagUnlike) == t.Unlike || now.Device != camera {
			return errEntered
		}
		if err := s.mark(tx, now, t); err != nil {
			return err
		}
		said, err := record.Say(tx, now.ID)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			Action: "recording.compare", Related: record.Related("device", string(camera)),
			Detail: custody.Detail(append(said, "unlike", t.Unlike, "differs", record.OrNil(t.Detail))...),
		})
		if err != nil {
			return err
		}
		if !now.AsksCustodian() {
			if err := duty.Cancel(tx, duty.SettleInbox, custody.Subject{Kind: "recording", ID: string(now.ID)}, "judged"); err != nil {
				return err
			}
		}
		return owe(tx, now)
	})
	if errors.Is(err, errEntered) {
		return nil
	}
	return err
}

// mark sets or takes away the finding.
func (s *Service) mark(tx *gate.Tx, rec *record.Recording, t likeness.Turn) error {
	if t.Unlike {
		return record.AddFlag(tx, rec, FlagUnlike, t.Detail)
	}
	rec.SetFlags(slices.DeleteFunc(rec.FlagList(), func(f Flag) bool { return f == FlagUnlike }))
	return s.rejudge(tx, rec)
}
