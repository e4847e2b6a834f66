package countersign

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/db"
)

type idb = bun.IDB

type witnessRow struct {
	bun.BaseModel `bun:"table:custody_witness"`

	Name     string `bun:"name,pk"`
	Verifier string `bun:"verifier"`
	Since    int64  `bun:"since"`
	Ahead    int64  `bun:"ahead"`
	AheadIn  int64  `bun:"ahead_in"`
	AskedAt  int64  `bun:"asked_at"`
	Problem  string `bun:"problem"`
}

// claims reports whether the witness has signed what we do not have.
func (r *witnessRow) claims() bool { return r.Problem == problemAhead || r.Problem == problemForked }

type signatureRow struct {
	bun.BaseModel `bun:"table:custody_cosignature"`

	Name string `bun:"name,pk"`
	Size int64  `bun:"size,pk"`
	Root string `bun:"root,pk"`
	Line string `bun:"line"`
	At   int64  `bun:"at"`
}

func all(ctx context.Context, idb idb) ([]witnessRow, error) {
	var rows []witnessRow
	if err := idb.NewSelect().Model(&rows).OrderExpr("since, name").Scan(ctx); err != nil {
		return nil, fmt.Errorf("countersign: witnesses: %w", err)
	}
	return rows, nil
}

// find gives a witness, nil if it was never asked.
func find(ctx context.Context, idb idb, name string) (*witnessRow, error) {
	var r witnessRow
	err := idb.NewSelect().Model(&r).Where("name = ?", name).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("countersign: witness: %w", err)
	}
	return &r, nil
}

func insert(ctx context.Context, tx idb, r *witnessRow) error {
	if _, err := tx.NewInsert().Model(r).Exec(ctx); err != nil {
		return fmt.Errorf("countersign: keep witness: %w", err)
	}
	return nil
}

// update and keepSignature write no entry: what witnesses say of the log is beside it, as its checkpoints are. An entry for
// each would give the log a new head to be signed, for ever.
func update(ctx context.Context, d *db.DB, r *witnessRow) error {
	return d.Write(ctx, func(tx bun.Tx) error {
		if _, err := tx.NewUpdate().Model(r).WherePK().Column("ahead", "ahead_in", "asked_at", "problem").Exec(ctx); err != nil {
			return fmt.Errorf("countersign: witness: %w", err)
		}
		return nil
	})
}

func keepSignature(ctx context.Context, d *db.DB, r *signatureRow, now int64) error {
	return d.Write(ctx, func(tx bun.Tx) error {
		_, err := tx.NewInsert().Model(r).On("CONFLICT (name, size, root) DO UPDATE").Set("line = EXCLUDED.line, at = EXCLUDED.at").Exec(ctx)
		if err != nil {
			return fmt.Errorf("countersign: keep signature: %w", err)
		}
		_, err = tx.NewRaw("UPDATE custody_witness SET problem = '', ahead = 0, ahead_in = 0, asked_at = ? WHERE name = ?", now, r.Name).Exec(ctx)
		if err != nil {
			return fmt.Errorf("countersign: witness: %w", err)
		}
		return nil
	})
}

func one(ctx context.Context, q *bun.SelectQuery, r *signatureRow) (*signatureRow, error) {
	err := q.OrderExpr("size DESC, at DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("countersign: signatures: %w", err)
	}
	return r, nil
}

// newest gives the witness's signature on the greatest head up to a size, nil if there is none.
func newest(ctx context.Context, idb idb, name string, size int64) (*signatureRow, error) {
	var r signatureRow
	return one(ctx, idb.NewSelect().Model(&r).Where("name = ? AND size <= ?", name, size), &r)
}

// latest gives its signature of the greatest head.
func latest(ctx context.Context, idb idb, name string) (*signatureRow, error) {
	var r signatureRow
	return one(ctx, idb.NewSelect().Model(&r).Where("name = ?", name), &r)
}

// Lines gives the witnesses' signature lines under a checkpoint.
func Lines(ctx context.Context, idb idb, size int64, root string) (string, error) {
	var lines []string
	if err := idb.NewSelect().Model((*signatureRow)(nil)).Column("line").Where("size = ? AND root = ?", size, root).OrderExpr("name").Scan(ctx, &lines); err != nil {
		return "", fmt.Errorf("countersign: signatures: %w", err)
	}
	return strings.Join(lines, ""), nil
}

// Cosigned gives the newest checkpoint that a witness signed, with all signature lines: "" if there is none.
func Cosigned(ctx context.Context, idb idb) (string, error) {
	var row struct {
		Size int64
		Root string
		Note string
	}
	err := idb.NewRaw(`SELECT c.size, c.root, c.note FROM custody_checkpoint AS c
		JOIN custody_cosignature AS s ON s.size = c.size AND s.root = c.root ORDER BY c.size DESC LIMIT 1`).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("countersign: signatures: %w", err)
	}
	lines, err := Lines(ctx, idb, row.Size, row.Root)
	return row.Note + lines, err
}
