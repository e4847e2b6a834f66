package custody

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/fault"
)

// takeSigner makes this process the signer and gives its counter. Whoever held the counter before is fenced off.
func takeSigner(ctx context.Context, tx bun.IDB, holder string) (int64, error) {
	var counter int64
	err := tx.NewRaw(`INSERT INTO custody_signer (id, counter, holder) VALUES (1, 1, ?)
		ON CONFLICT (id) DO UPDATE SET counter = custody_signer.counter + 1, holder = EXCLUDED.holder
		RETURNING counter`, holder).Scan(ctx, &counter)
	if err != nil {
		return 0, fmt.Errorf("custody: become the signer: %w", err)
	}
	return counter, nil
}

// fence refuses with fault Conflict "log.fenced" if another process has become the signer, and keeps others from
// becoming it until the transaction ends.
func fence(ctx context.Context, tx bun.IDB, counter int64) error {
	res, err := tx.NewRaw("UPDATE custody_signer SET holder = holder WHERE id = 1 AND counter = ?", counter).Exec(ctx)
	if err != nil {
		return fmt.Errorf("custody: fence: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("custody: fence: %w", err)
	}
	if n != 1 {
		return fault.New(fault.Conflict, "log.fenced")
	}
	return nil
}

type epochRow struct {
	bun.BaseModel `bun:"table:custody_epoch"`

	Epoch    int64  `bun:"epoch"`
	FromSize int64  `bun:"from_size"`
	LostSize int64  `bun:"lost_size"`
	LostRoot string `bun:"lost_root"`
	EntryID  string `bun:"entry_id"`
	At       int64  `bun:"at"`
}

func epochRows(ctx context.Context, idb bun.IDB) ([]epochRow, error) {
	var rows []epochRow
	if err := idb.NewSelect().Model(&rows).OrderExpr("epoch").Scan(ctx); err != nil {
		return nil, fmt.Errorf("custody: epochs: %w", err)
	}
	return rows, nil
}

// currentEpoch is 1 until a new one is declared.
func currentEpoch(rows []epochRow) int64 {
	if len(rows) == 0 {
		return 1
	}
	return rows[len(rows)-1].Epoch
}

type keyRow struct {
	bun.BaseModel `bun:"table:custody_key"`

	Fingerprint string `bun:"fingerprint"`
	Kind        string `bun:"kind"`
	Alg         string `bun:"alg"`
	Name        string `bun:"name"`
	PublicKey   string `bun:"public_key"`
	ValidFrom   int64  `bun:"valid_from"`
	ValidTo     int64  `bun:"valid_to"`
	EntryID     string `bun:"entry_id"`
	At          int64  `bun:"at"`
}

func keyRows(ctx context.Context, idb bun.IDB) ([]keyRow, error) {
	var rows []keyRow
	if err := idb.NewSelect().Model(&rows).OrderExpr("kind, valid_from, at").Scan(ctx); err != nil {
		return nil, fmt.Errorf("custody: keys: %w", err)
	}
	return rows, nil
}

// trustWitnesses reads who was ever asked to sign beside the log. The table is that of package countersign.
func trustWitnesses(ctx context.Context, idb bun.IDB) ([]TrustWitness, error) {
	var out []TrustWitness
	if err := idb.NewRaw("SELECT name, verifier FROM custody_witness ORDER BY since, name").Scan(ctx, &out); err != nil {
		return nil, fmt.Errorf("custody: witnesses: %w", err)
	}
	return out, nil
}

// retireKey ends the validity of the current key of a kind at the given position.
func retireKey(ctx context.Context, tx bun.IDB, kind keyring.Kind, at int64) error {
	_, err := tx.NewRaw("UPDATE custody_key SET valid_to = ? WHERE kind = ? AND valid_to = -1", at, string(kind)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("custody: retire key: %w", err)
	}
	return nil
}

// insertRow adds a checkpoint, a key or an epoch.
func insertRow[R checkpointRow | keyRow | epochRow](ctx context.Context, tx bun.IDB, row *R) error {
	if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
		return fmt.Errorf("custody: keep %T: %w", *row, err)
	}
	return nil
}

// signerLock is the advisory lock of the one signer on PostgreSQL ("zhilulog" as a number).
const signerLock = 0x7a68696c756c6f67

// lockSigner holds the advisory lock, on a connection of its own, until the function it gives is called or the
// process ends.
func lockSigner(ctx context.Context, writer *bun.DB) (func() error, error) {
	conn, err := writer.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("custody: advisory lock: %w", err)
	}
	var got bool
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock(?)", int64(signerLock)).Scan(&got); err != nil {
		return nil, errors.Join(fmt.Errorf("custody: advisory lock: %w", err), conn.Close())
	}
	if !got {
		return nil, errors.Join(fault.New(fault.Conflict, "log.locked"), conn.Close())
	}
	return func() error {
		// Closing only gives the session back to the pool, which would keep the lock.
		_, err := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(?)", int64(signerLock))
		return errors.Join(err, conn.Close())
	}, nil
}

// updateErased writes what an erasure left of an entry.
func updateErased(ctx context.Context, tx bun.IDB, row *entryRow) error {
	_, err := tx.NewUpdate().Model(row).Where("seq = ?", row.Seq).
		Column("actor_id", "subject_id", "related", "detail", "detail_parts", "salts", "erased", "erased_by").Exec(ctx)
	if err != nil {
		return fmt.Errorf("custody: erase: %w", err)
	}
	return nil
}

// deleteSubject takes an entry out of a subject's history.
func deleteSubject(ctx context.Context, tx bun.IDB, s Subject, seq int64) error {
	_, err := tx.NewRaw("DELETE FROM custody_subject WHERE kind = ? AND subject_id = ? AND seq = ?", s.Kind, s.ID, seq).Exec(ctx)
	if err != nil {
		return fmt.Errorf("custody: erase subject: %w", err)
	}
	return nil
}
