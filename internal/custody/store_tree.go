package custody

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"zhilu.dev/zhilu/internal/fault"
)

type tileRow struct {
	bun.BaseModel `bun:"table:custody_tile"`

	Level  int64  `bun:"level"`
	N      int64  `bun:"n"`
	Hashes []byte `bun:"hashes"`
}

type leafRow struct {
	bun.BaseModel `bun:"table:custody_leaf"`

	Idx int64 `bun:"idx"`
	Seq int64 `bun:"seq"`
}

// committedRow is what the sequencer needs of an entry.
type committedRow struct {
	Seq         int64  `bun:"seq"`
	Commitments []byte `bun:"commitments"`
}

func isPostgres(idb bun.IDB) bool { return idb.Dialect().Name() == dialect.PG }

// On SQLite there is one writer, so entries commit in the order of their insertion.
const pendingSQLite = `
SELECT p.seq, e.commitments
FROM custody_pending AS p JOIN custody_entry AS e ON e.seq = p.seq
ORDER BY p.seq LIMIT ?`

// On PostgreSQL a transaction may insert early and commit late, so insertion order would skip it for ever. Entries are
// ordered by (transaction, insertion), and only those are taken whose transaction is older than every transaction
// still running in this database ("bound"): whoever commits later then also sorts later. Transactions of other
// databases of the same server cannot write here and hold nothing up; a running one counts as another database's only
// where its lock and session prove it. Transactions from the future came with a restored dump and are finished.
const pendingPostgres = `
WITH snap AS MATERIALIZED (
    SELECT pg_current_snapshot() AS s
), elsewhere AS MATERIALIZED (
    SELECT l.transactionid::text::bigint AS xid32
    FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
      AND a.datid <> (SELECT oid FROM pg_database WHERE datname = current_database())
), edge AS MATERIALIZED (
    SELECT pg_snapshot_xmax(s)::text::bigint AS top,
           least(pg_snapshot_xmax(s)::text::bigint,
                 (SELECT min(x::text::bigint) FROM pg_snapshot_xip(s) AS x
                  WHERE x::text::bigint % 4294967296 NOT IN (SELECT xid32 FROM elsewhere))) AS bound
    FROM snap
)
SELECT p.seq, e.commitments
FROM edge, custody_pending AS p JOIN custody_entry AS e ON e.seq = p.seq
WHERE p.xid < edge.bound OR p.xid >= edge.top
ORDER BY p.xid, p.seq LIMIT ?`

// nextPending gives the next entries to be placed, in their final order.
func nextPending(ctx context.Context, tx bun.IDB, limit int) ([]committedRow, error) {
	q := pendingSQLite
	if isPostgres(tx) {
		q = pendingPostgres
	}
	var rows []committedRow
	if err := tx.NewRaw(q, limit).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("custody: pending entries: %w", err)
	}
	return rows, nil
}

// place records the places of entries, from index from on, and takes them off the pending list.
func place(ctx context.Context, tx bun.IDB, from int64, rows []committedRow) error {
	leaves := make([]leafRow, len(rows))
	for i, r := range rows {
		leaves[i] = leafRow{Idx: from + int64(i), Seq: r.Seq}
	}
	if _, err := tx.NewInsert().Model(&leaves).Exec(ctx); err != nil {
		return fmt.Errorf("custody: place entries: %w", err)
	}
	q := "DELETE FROM custody_pending WHERE seq IN (SELECT seq FROM custody_leaf WHERE idx >= ?)"
	if _, err := tx.NewRaw(q, from).Exec(ctx); err != nil {
		return fmt.Errorf("custody: take placed entries off the list: %w", err)
	}
	return nil
}

// loadTile reads a tile; a missing one is an error, for the caller knows that it must be there.
func loadTile(idb bun.IDB) tileLoader {
	return func(ctx context.Context, k tileKey) ([]byte, error) {
		var r tileRow
		err := idb.NewSelect().Model(&r).Where("level = ? AND n = ?", k.level, k.n).Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fault.Wrap(fmt.Errorf("custody: tile %d/%d is missing", k.level, k.n), fault.NotFound, "log.no_tile")
		}
		if err != nil {
			return nil, fmt.Errorf("custody: tile %d/%d: %w", k.level, k.n, err)
		}
		return r.Hashes, nil
	}
}

func saveTiles(ctx context.Context, tx bun.IDB, e *edge) error {
	rows := make([]tileRow, 0, len(e.dirty))
	for k := range e.dirty {
		rows = append(rows, tileRow{Level: int64(k.level), N: k.n, Hashes: e.tiles.tiles[k]})
	}
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (level, n) DO UPDATE").Set("hashes = EXCLUDED.hashes").Exec(ctx)
	if err != nil {
		return fmt.Errorf("custody: keep tiles: %w", err)
	}
	return nil
}

// leafTexts gives the leaves with from ≤ index < to in order; a gap is an error.
func leafTexts(ctx context.Context, idb bun.IDB, from, to int64) ([][]byte, error) {
	var rows []struct {
		Idx         int64
		Commitments []byte
	}
	err := idb.NewRaw(`SELECT l.idx, e.commitments FROM custody_leaf AS l JOIN custody_entry AS e ON e.seq = l.seq
		WHERE l.idx >= ? AND l.idx < ? ORDER BY l.idx`, from, to).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("custody: leaves: %w", err)
	}
	out := make([][]byte, len(rows))
	for i, r := range rows {
		if r.Idx != from+int64(i) || len(r.Commitments) != fieldCount*digestSize {
			return nil, fmt.Errorf("custody: leaf %d is missing or damaged", from+int64(i))
		}
		out[i] = leafText(r.Commitments)
	}
	if int64(len(out)) != to-from {
		return nil, fmt.Errorf("custody: %d of %d leaves found from %d on", len(out), to-from, from)
	}
	return out, nil
}

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

// signerLock is the advisory lock of the one signer on PostgreSQL ("zhilulog" as a number).
const signerLock = 0x7a68696c756c6f67

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

// retireKey ends the validity of the current key of a kind at the given position.
func retireKey(ctx context.Context, tx bun.IDB, kind KeyKind, at int64) error {
	_, err := tx.NewRaw("UPDATE custody_key SET valid_to = ? WHERE kind = ? AND valid_to = -1", at, string(kind)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("custody: retire key: %w", err)
	}
	return nil
}
