// Package vouchtest tries whether the log says rows as they stand (T9): every column of every row, edited past the program as
// somebody with every right to the database would.
package vouchtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate/gatetest"
)

var errUndo = errors.New("undo")

// EveryColumn fails unless the newest entry about each row says it as it stands, and an UPDATE of any of its columns differs from what
// is said. A table without a row fails. bounded gives what a column is set to where the database itself holds it in bounds.
func EveryColumn(t *testing.T, w *gatetest.World, bounded map[string]string, tables ...vouch.Table) {
	t.Helper()
	for _, table := range tables {
		rows, err := table.Page(t.Context(), w.DB.Reader, "", 200)
		if err != nil || len(rows) == 0 {
			t.Errorf("%s: %d rows: %v", table.Name, len(rows), err)
			continue
		}
		for _, r := range rows {
			said := newest(t, w, table, r)
			if diff, err := vouch.Differ(r.Says, said); err != nil || said == nil || len(diff) > 0 {
				t.Errorf("%s %s: the newest entry says %v of %v (%v)", table.Name, r.ID, said, r.Says, err)
			}
		}
		r := rows[len(rows)-1]
		said := newest(t, w, table, r)
		for column, kind := range columns(t, w.DB, table.Name) {
			to, within := bounded[table.Name+"."+column]
			switch {
			case column == "id": // fsck finds such a row as one too many
				continue
			case within:
			case kind == "boolean":
				to = "NOT " + column
			case kind == "text":
				to = "COALESCE(" + column + ", '') || 'x'"
			default:
				to = column + " + 1000"
			}
			edited(t, w, table, r.ID, fmt.Sprintf("UPDATE %s SET %s = %s WHERE id = '%s'", table.Name, column, to, r.ID), func(after *vouch.Row) {
				if after == nil { // it is somewhere else now: fsck finds no entry that says it there
					return
				}
				if diff, err := vouch.Differ(after.Says, said); err != nil || !slices.Contains(diff, column) && after.Subject == r.Subject {
					t.Errorf("%s.%s: unnoticed (%v %v)", table.Name, column, diff, err)
				}
			})
		}
	}
}

// newest gives what the newest entry about a row's subject says of it.
func newest(t *testing.T, w *gatetest.World, table vouch.Table, r vouch.Row) vouch.Columns {
	t.Helper()
	for _, h := range w.History(t, r.Subject.Kind, r.Subject.ID) { // the newest comes first
		openings, err := h.OpenAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range openings {
			if o.Name != "detail."+table.Key() {
				continue
			}
			list, err := vouch.Read([]byte(o.Value))
			if err != nil {
				t.Fatal(err)
			}
			if i := slices.IndexFunc(list, func(s vouch.Saying) bool { return s.ID == r.ID }); i >= 0 {
				return list[i].Says
			}
		}
	}
	return nil
}

// edited has seen look at a row after an edit, which is undone.
func edited(t *testing.T, w *gatetest.World, table vouch.Table, id, edit string, seen func(*vouch.Row)) {
	t.Helper()
	err := w.DB.Write(t.Context(), func(tx bun.Tx) error {
		if err := Disarm(t.Context(), w.DB.Engine, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(t.Context(), edit); err != nil {
			return err
		}
		rows, err := table.Page(t.Context(), tx, "", 200)
		if err != nil {
			return err
		}
		var found *vouch.Row
		if i := slices.IndexFunc(rows, func(r vouch.Row) bool { return r.ID == id }); i >= 0 {
			found = &rows[i]
		}
		seen(found)
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Errorf("%s: %v", edit, err)
	}
}

// Disarm takes triggers and foreign keys out of a transaction's way, as whoever owns the database can.
func Disarm(ctx context.Context, engine db.Engine, tx bun.Tx) error {
	if engine == db.Postgres {
		_, err := tx.ExecContext(ctx, "SET LOCAL session_replication_role = replica")
		return err
	}
	if _, err := tx.ExecContext(ctx, "PRAGMA defer_foreign_keys = ON"); err != nil {
		return err
	}
	var names []string
	if err := tx.NewRaw("SELECT name FROM sqlite_master WHERE type = 'trigger'").Scan(ctx, &names); err != nil {
		return err
	}
	for _, n := range names {
		if _, err := tx.ExecContext(ctx, "DROP TRIGGER "+n); err != nil {
			return err
		}
	}
	return nil
}

// columns gives the columns of a table and the type of each.
func columns(t *testing.T, d *db.DB, table string) map[string]string {
	t.Helper()
	q := "SELECT name, type AS kind FROM pragma_table_info('" + table + "')"
	if d.Engine == db.Postgres {
		q = "SELECT column_name AS name, data_type AS kind FROM information_schema.columns WHERE table_name = '" + table + "'"
	}
	var rows []struct{ Name, Kind string }
	if err := d.Reader.NewRaw(q).Scan(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, r := range rows {
		out[r.Name] = strings.ToLower(r.Kind)
	}
	return out
}
