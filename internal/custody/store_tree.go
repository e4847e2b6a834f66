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
