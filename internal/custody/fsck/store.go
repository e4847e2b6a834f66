package fsck

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"zhilu.dev/zhilu/internal/db"
)

// snapshots gives a reader each of whose calls sees one moment of the database.
func snapshots(d *db.DB) func(context.Context, func(bun.IDB) error) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if d.Engine == db.Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	return func(ctx context.Context, fn func(bun.IDB) error) error {
		tx, err := d.Reader.BeginTx(ctx, opts)
		if err != nil {
			return fmt.Errorf("fsck: %w", err)
		}
		defer func() { _ = tx.Rollback() }() // it only read
		return fn(tx)
	}
}

// integrity gives what SQLite finds wrong with the pages and indexes of its tables. The index of words is passed over: it
// is no evidence, is made anew from the rows, and cannot be asked by a reader beside a writer. PostgreSQL has no such
// question to ask.
func integrity(ctx context.Context, idb bun.IDB) ([]string, error) {
	if idb.Dialect().Name() == dialect.PG {
		return nil, nil
	}
	var tables, complaints []string
	if err := idb.NewRaw("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name").Scan(ctx, &tables); err != nil {
		return nil, fmt.Errorf("fsck: integrity: %w", err)
	}
	for _, t := range tables {
		var lines []string
		err := idb.NewRaw("PRAGMA integrity_check(?)", bun.Ident(t)).Scan(ctx, &lines)
		if db.IsDamaged(err) {
			lines = append(lines, err.Error())
		} else if err != nil {
			return nil, fmt.Errorf("fsck: integrity of %s: %w", t, err)
		}
		for _, l := range lines {
			if l != "ok" {
				complaints = append(complaints, t+": "+l)
			}
		}
	}
	return complaints, nil
}

// sayingRow is an entry that says rows.
type sayingRow struct {
	Seq       int64  `bun:"seq"`
	ID        string `bun:"id"`
	SubjectID string `bun:"subject_id"` // in whose history it was looked up
	Detail    string `bun:"detail"`
	Erased    string `bun:"erased"`

	values map[string]json.RawMessage
}

// selectSayings reads the entries in the histories of subjects that say rows under a key, or did before an erasure,
// oldest first.
func selectSayings(ctx context.Context, idb bun.IDB, kind string, ids []string, key string) ([]sayingRow, error) {
	var rows []sayingRow
	err := idb.NewRaw(`SELECT e.seq, e.id, s.subject_id, e.detail, e.erased FROM custody_subject AS s JOIN custody_entry AS e ON e.seq = s.seq
		WHERE s.kind = ? AND s.subject_id IN (?) AND (e.detail LIKE ? OR e.erased LIKE ?) ORDER BY e.seq`,
		kind, bun.List(ids), `%"`+key+`":%`, "%detail."+key+"%").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("fsck: sayings: %w", err)
	}
	return rows, nil
}

// selectEntries reads entries by their ids.
func selectEntries(ctx context.Context, idb bun.IDB, ids []string) ([]sayingRow, error) {
	var rows []sayingRow
	err := idb.NewRaw(`SELECT seq, id, subject_id, detail, erased FROM custody_entry WHERE id IN (?) ORDER BY seq`, bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("fsck: sayings: %w", err)
	}
	return rows, nil
}

// selectRowEntries reads entries that say rows of any table, in the order of writing.
func selectRowEntries(ctx context.Context, idb bun.IDB, after int64, limit int) ([]sayingRow, error) {
	var rows []sayingRow
	err := idb.NewRaw(`SELECT seq, id, subject_id, detail, erased FROM custody_entry WHERE seq > ? AND detail LIKE '%_row":%' ORDER BY seq LIMIT ?`,
		after, limit).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("fsck: sayings: %w", err)
	}
	return rows, nil
}
