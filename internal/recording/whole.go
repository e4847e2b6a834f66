package recording

import (
	"context"
	"errors"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/chain"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/split"
)

// JoinArgs tells the job that asks whether a file is a part of one pressing with its neighbours.
type JoinArgs struct {
	File ident.FileID `json:"file"`
}

// Kind names the job.
func (JoinArgs) Kind() string { return "recording.join" }

// Join joins a file's recording with those it is one pressing with (decision 13). What was sealed keeps its rows, digests,
// entries and receipts; the later recordings become parts of the first, which is then judged by the last. What is joined
// stays joined until a custodian takes it apart. Doing it twice changes nothing.
func (s *Service) Join(ctx context.Context, id ident.FileID) error {
	file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", id)
	if err != nil {
		return err
	}
	rec, err := record.RecordingOf(ctx, s.c.DB.Reader, id)
	if err != nil || rec.Device == "" || file.Number < 0 {
		return err
	}
	err = s.c.Gate.Do(ctx, access.SystemActor("join"), access.RecordingProbe, rec.Subject(), func(tx *gate.Tx) error {
		r, err := chain.Around(tx.Context(), tx.DB(), rec, file, chain.Reach)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(r.Files, func(f record.File) bool { return f.ID == id })
		if at < 0 {
			return errEntered // it is no more this camera's
		}
		first, last := at, at
		for first > 0 && r.Joins[first].Joined {
			first--
		}
		for last+1 < len(r.Joins) && r.Joins[last+1].Joined {
			last++
		}
		whole, joined := r.Recs[first].ID, []string(nil)
		for i := first + 1; i <= last; i++ {
			part := r.Recs[i]
			if part.JoinedInto == whole {
				continue
			}
			row := record.Join{
				ID: string(ident.New[ident.EntryID]()), Recording: whole, Part: part.ID, Kind: record.Joined, How: string(r.Joins[i].Why),
				Gap: r.Joins[i].Gap.Microseconds(), At: clock.Micros(tx.Now()), Entry: ident.New[ident.EntryID](),
			}
			if err := chain.Swallow(tx, part, r.Files[i].Size, &row); err != nil {
				return err
			}
			if err := chain.Enter(tx, &row, "recording.join"); err != nil {
				return err
			}
			joined = append(joined, "recording", string(part.ID))
		}
		if len(joined) == 0 {
			return errEntered
		}
		if err := s.settleWhole(tx, whole); err != nil {
			return err
		}
		return s.enterWhole(tx, whole, "recording.join", joined)
	})
	if errors.Is(err, errEntered) {
		return nil
	}
	return err
}

// settleWhole sums up a recording with its parts and judges it anew.
func (s *Service) settleWhole(tx *gate.Tx, id ident.RecordingID) error {
	whole, details, err := chain.Sum(tx, id)
	if err != nil {
		return err
	}
	if err := s.rejudge(tx, whole); err != nil {
		return err
	}
	return writeFlags(tx, whole, details)
}

// enterWhole writes the entry of a whole after its last writing, and opens what is owed.
func (s *Service) enterWhole(tx *gate.Tx, whole ident.RecordingID, action access.Action, related []string) error {
	rec, err := record.One[record.Recording](tx.Context(), tx.DB(), "recording.unknown", "id = ?", whole)
	if err != nil {
		return err
	}
	said, err := record.Say(tx, whole)
	if err != nil {
		return err
	}
	_, err = tx.Record(gate.Entry{
		Action: action, Subject: custody.Subject{Kind: "recording", ID: string(whole)}, Related: record.Related(related...),
		Detail: custody.Detail(append(said, "files", rec.Files, "verdict", rec.Verdict, "end_to_us", rec.EndTo)...),
	})
	if err != nil {
		return err
	}
	if !rec.AsksCustodian() {
		if err := duty.Cancel(tx, duty.SettleInbox, custody.Subject{Kind: "recording", ID: string(whole)}, "judged"); err != nil {
			return err
		}
	}
	return owe(tx, rec)
}

// TakeApart takes a part and what follows it off the recording they were joined into, with a reason; they are not joined
// there again. NotFound "recording.unknown" for what is no part, Invalid "recording.words" without a reason.
func (s *Service) TakeApart(ctx context.Context, actor access.Actor, part ident.RecordingID, reason string) error {
	text, err := words(reason, true)
	if err != nil {
		return err
	}
	seen, err := record.One[record.Recording](ctx, s.c.DB.Reader, "recording.unknown", "id = ? AND joined_into <> ''", part)
	if err != nil {
		return err
	}
	whole, err := record.WholeOf(ctx, s.c.DB.Reader, seen)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.RecordingAssign, whole.Subject(), func(tx *gate.Tx) error {
		parts, err := record.Parts(tx.Context(), tx.DB(), whole.ID)
		if err != nil {
			return err
		}
		from := slices.IndexFunc(parts, func(r record.Recording) bool { return r.ID == part })
		if from < 0 {
			return fault.New(fault.Conflict, "recording.changed")
		}
		row := record.Join{
			ID: string(ident.New[ident.EntryID]()), Recording: whole.ID, Part: part, Kind: record.Apart, How: string(split.TakenApart), At: clock.Micros(tx.Now()),
			By: actor.Person, ByName: actor.Name, Words: text, Entry: ident.New[ident.EntryID](),
		}
		if err := record.Insert(tx.Context(), tx.DB(), &row); err != nil {
			return err
		}
		for i := from; i < len(parts); i++ {
			p := &parts[i]
			if p.JoinedInto = part; i == from {
				p.JoinedInto = ""
			}
			if err := record.Update(tx.Context(), tx.DB(), p, "joined_into"); err != nil {
				return err
			}
			if i > from {
				if err := record.EnterPart(tx, p.ID, part); err != nil {
					return err
				}
			}
		}
		if err := s.settleWhole(tx, part); err != nil {
			return err
		}
		if err := chain.Enter(tx, &row, "recording.apart"); err != nil {
			return err
		}
		if err := chain.KeepOwn(tx, whole.ID, parts[from:]); err != nil {
			return err
		}
		if err := s.settleWhole(tx, whole.ID); err != nil {
			return err
		}
		if err := s.enterWhole(tx, whole.ID, "recording.apart", []string{"recording", string(part)}); err != nil {
			return err
		}
		freed, err := record.One[record.Recording](tx.Context(), tx.DB(), "recording.unknown", "id = ?", part)
		if err != nil {
			return err
		}
		if freed.Device != "" {
			if err := tx.Enqueue(CompareArgs{Device: freed.Device}); err != nil {
				return err
			}
		}
		return owe(tx, freed)
	})
}
