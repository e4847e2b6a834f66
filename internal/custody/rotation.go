package custody

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// The log's own actions.
const (
	ActionKeyAdded = "log.key_added"       // a key came into use; detail: kind, alg, public_key, fingerprint, valid_from, replaces
	ActionNewEpoch = "log.new_epoch"       // a person declared a new epoch; see NewEpoch
	ActionErased   = "opening.erased"      // openings were destroyed; see Erase
	systemActor    = "custody"             // the id of the log's own actor
	algEd25519     = "ed25519"             // the only algorithm of v1
	drainTries     = 100                   // how often a rotation waits for running transactions
	drainPause     = 50 * time.Millisecond // and how long each time
)

// enterFirstKeys enters the keys of a new log, valid from the beginning. A log that has checkpoints keeps what it has:
// keys that vanished from a used log are for a person to explain.
func (s *Sequencer) enterFirstKeys(ctx context.Context, tx bun.IDB) error {
	rows, err := keyRows(ctx, tx)
	if err != nil || len(rows) > 0 {
		return err
	}
	if _, err := Latest(ctx, tx); !fault.Is(err, fault.NotFound) {
		return err
	}
	for _, kind := range []keyring.Kind{keyring.Log, keyring.Receipt} {
		by := Actor{Kind: System, ID: systemActor}
		if err := s.enterKey(ctx, tx, kind, s.keys.Public(kind), 0, "", by); err != nil {
			return err
		}
	}
	return nil
}

// enterKey records a key as valid from a position on, and the entry that says so.
func (s *Sequencer) enterKey(ctx context.Context, tx bun.IDB, kind keyring.Kind, public ed25519.PublicKey, from int64, replaces string, by Actor) error {
	now := s.clock.Now()
	row := keyRow{
		Fingerprint: keyring.Fingerprint(public), Kind: string(kind), Alg: algEd25519, Name: s.keys.Origin(),
		PublicKey: base64.StdEncoding.EncodeToString(public), ValidFrom: from, ValidTo: -1,
		EntryID: string(ident.New[ident.EntryID]()), At: clock.Micros(now),
	}
	if err := insertRow(ctx, tx, &row); err != nil {
		return err
	}
	return Append(ctx, tx, Entry{
		ID: ident.EntryID(row.EntryID), At: now, Actor: by, Action: ActionKeyAdded,
		Subject: Subject{Kind: "key", ID: row.Fingerprint}, Outcome: Done,
		Detail: Detail("kind", row.Kind, "alg", row.Alg, "public_key", row.PublicKey, "fingerprint", row.Fingerprint,
			"valid_from", from, "replaces", replaces),
	})
}

// RotateKey replaces a key by a new one, with an entry by the given actor. While it works nothing is signed. The old
// key stays valid for what it signed: for checkpoints up to the tree size at which it was replaced, for receipts up to
// the entries that stood in the tree then. Its private half is overwritten. If an older transaction keeps entries from
// being placed, it fails with fault Unavailable "log.busy" and nothing changes.
func (s *Sequencer) RotateKey(ctx context.Context, kind keyring.Kind, by Actor) error {
	if kind != keyring.Log && kind != keyring.Receipt {
		return fault.New(fault.Invalid, "keys.kind").At("kind")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind == keyring.Receipt {
		// No receipt is signed from here on, so every receipt of the old key belongs to an entry that is placed below.
		// Checkpoints are signed under s.mu; they need no such pause, and signing them reads the keyring.
		defer s.keys.PauseReceipts()()
	}
	size, err := s.drain(ctx)
	if err != nil {
		return err
	}
	// The key is durable before the log names it; finishRotation decides by the log which of the two files counts.
	public, err := s.keys.Prepare(kind)
	if err != nil {
		return err
	}
	old := keyring.Fingerprint(s.keys.Public(kind))
	err = s.db.Write(ctx, func(tx bun.Tx) error {
		if err := fence(ctx, tx, s.counter); err != nil {
			return err
		}
		if err := retireKey(ctx, tx, kind, size); err != nil {
			return err
		}
		return s.enterKey(ctx, tx, kind, public, size+1, old, by)
	})
	if err != nil {
		return err
	}
	if err := s.finishRotation(ctx); err != nil {
		return err
	}
	if _, err := s.sequence(ctx); err != nil {
		return err
	}
	return s.writeTrust(ctx)
}

// drain sequences until nothing is pending and gives the tree's size.
func (s *Sequencer) drain(ctx context.Context) (int64, error) {
	for range drainTries {
		if _, err := s.sequence(ctx); err != nil {
			return 0, err
		}
		left, err := Pending(ctx, s.db.Reader)
		if err != nil {
			return 0, err
		}
		if left == 0 {
			last, err := Latest(ctx, s.db.Reader)
			if err != nil {
				return 0, err
			}
			return last.Size, nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("custody: drain: %w", ctx.Err())
		case <-time.After(drainPause):
		}
	}
	return 0, fault.New(fault.Unavailable, "log.busy")
}

// finishRotation takes a key that a rotation left as ".next" into use if the log names it, and removes it otherwise.
func (s *Sequencer) finishRotation(ctx context.Context) error {
	rows, err := keyRows(ctx, s.db.Reader)
	if err != nil {
		return err
	}
	for _, kind := range []keyring.Kind{keyring.Log, keyring.Receipt} {
		next, err := s.keys.Next(kind)
		switch {
		case err != nil:
			return err
		case next == nil:
		case isCurrent(rows, kind, next):
			err = s.keys.Adopt(kind)
		default:
			err = s.keys.Discard(kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
