package custody

import (
	"context"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
)

// Outside refuses a head of this epoch and size that somebody outside is known to contradict.
type Outside func(ctx context.Context, idb bun.IDB, epoch, size int64) error

// KeepUp notes the latest checkpoint in this keys folder too, while another server signs: whoever becomes the signer here
// must not sign behind it. It refuses, as Sequence does, a checkpoint that does not go on from the one noted here or that
// outside (nil for none, see Config.Outside) contradicts.
func KeepUp(ctx context.Context, d *db.DB, keys *keyring.Keyring, outside Outside) error {
	lock, err := keys.Lock()
	if errors.Is(err, durable.ErrLocked) {
		return nil // the signer has this very folder
	}
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	s := &Sequencer{db: d, keys: keys, outside: outside}
	opts := &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
	return d.Reader.RunInTx(ctx, opts, func(ctx context.Context, tx bun.Tx) error {
		st, err := s.guard(ctx, tx)
		if err != nil || st.last == nil {
			return err
		}
		return s.publish(st.last)
	})
}
