package custody

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// NewEpoch declares that the log goes on from what the database holds, although a higher or another checkpoint was
// published: the database was restored from an older backup, and what was entered since is lost from it. The
// declaration is an entry by the named actor, with their reason, and says for ever which checkpoint was given up. It
// is refused with fault Conflict "log.not_behind" while the log can be signed, and with "log.broken" while the
// database contradicts itself, for that is to be repaired and not declared away.
func (s *Sequencer) NewEpoch(ctx context.Context, by Actor, reason string) error {
	if by.Kind != Person && by.Kind != Host || by.ID == "" || reason == "" || !isPlain(reason) {
		return fault.New(fault.Invalid, "log.epoch_reason").At("reason")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	published, err := s.keys.Published()
	lost := fault.HasCode(err, "log.head_missing")
	if err != nil && !lost {
		return err
	}
	if lost {
		published = keyring.Head{} // nobody can say any more what was published
	}
	var declared *Checkpoint
	err = s.db.Write(ctx, func(tx bun.Tx) error {
		if err := fence(ctx, tx, s.counter); err != nil {
			return err
		}
		_, err := s.guard(ctx, tx)
		if err == nil {
			return fault.New(fault.Conflict, "log.not_behind")
		}
		if f := fault.As(err); f.Code == "log.witness_ahead" {
			// Database and keys folder were put back together. Only the size of what was lost is known.
			if seen, ok := f.Args[1].(int64); ok && seen > published.Size {
				published.Size, published.Root = seen, ""
			}
		} else if fault.HasCode(err, "log.broken") || !fault.Is(err, fault.Conflict) {
			return err
		}
		st, err := s.readState(ctx, tx)
		if err != nil {
			return err
		}
		epoch := max(st.epoch, published.Epoch) + 1
		root, err := tlog.TreeHash(st.edge.size, st.edge.tiles)
		if err != nil {
			return fmt.Errorf("custody: new epoch: %w", err)
		}
		declared = &Checkpoint{Size: st.edge.size, Root: base64.StdEncoding.EncodeToString(root[:]), Epoch: epoch}
		if st.last != nil {
			declared.Note = st.last.Note
		}
		if err := s.readmitKeys(ctx, tx, st.edge.size, by); err != nil {
			return err
		}
		return s.enterEpoch(ctx, tx, declared, published, by, reason)
	})
	if err != nil {
		return err
	}
	if err := s.keys.Publish(keyring.Head{Epoch: declared.Epoch, Size: declared.Size, Root: declared.Root, Note: declared.Note}); err != nil {
		return err
	}
	_, s.bad = s.sequence(ctx)
	if s.bad != nil {
		return s.bad
	}
	return s.writeTrust(ctx)
}

func (s *Sequencer) enterEpoch(ctx context.Context, tx bun.IDB, from *Checkpoint, given keyring.Head, by Actor, reason string) error {
	now := s.clock.Now()
	row := epochRow{
		Epoch: from.Epoch, FromSize: from.Size, LostSize: given.Size, LostRoot: given.Root,
		EntryID: string(ident.New[ident.EntryID]()), At: clock.Micros(now),
	}
	if err := insertRow(ctx, tx, &row); err != nil {
		return err
	}
	return Append(ctx, tx, Entry{
		ID: ident.EntryID(row.EntryID), At: now, Actor: by, Action: ActionNewEpoch,
		Subject: Subject{Kind: "log", ID: s.keys.Origin()}, Outcome: Done,
		Detail: Detail("epoch", from.Epoch, "from_size", from.Size, "from_root", from.Root,
			"lost_size", given.Size, "lost_root", given.Root, "reason", reason),
	})
}

// readmitKeys enters keys that the restored database does not know any more, because they were rotated in what was
// lost.
func (s *Sequencer) readmitKeys(ctx context.Context, tx bun.IDB, size int64, by Actor) error {
	rows, err := keyRows(ctx, tx)
	if err != nil {
		return err
	}
	for _, kind := range []keyring.Kind{keyring.Log, keyring.Receipt} {
		public := s.keys.Public(kind)
		if isCurrent(rows, kind, public) {
			continue
		}
		if err := retireKey(ctx, tx, kind, size); err != nil {
			return err
		}
		if err := s.enterKey(ctx, tx, kind, public, size+1, "", by); err != nil {
			return err
		}
	}
	return nil
}
