package db_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
)

// columns lists "table.column" of every table of ours (the job queue's and goose's own are left out).
func columns(t *testing.T, d *db.DB) map[string][]string {
	t.Helper()
	q := `SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type='table'`
	if d.Engine == db.Postgres {
		q = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema='public'`
	}
	rows, err := d.Reader.QueryContext(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string][]string{}
	for rows.Next() {
		var table, col string
		if err := rows.Scan(&table, &col); err != nil {
			t.Fatal(err)
		}
		if len(table) > 5 && table[:5] == "river" || table == "goose_db_version" || table == "sqlite_sequence" {
			continue
		}
		out[table] = append(out[table], col)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for k := range out {
		slices.Sort(out[k])
	}
	return out
}

// engineOnly lists what one engine has and the other must not: the full-text index is built in differently.
var engineOnly = map[string]bool{
	"recording_fts": true, "recording_fts_data": true, "recording_fts_idx": true, "recording_fts_docsize": true,
	"recording_fts_config": true, "recording_fts_content": true, "recording.search_vector": true,
	"case_fts": true, "case_fts_data": true, "case_fts_idx": true, "case_fts_docsize": true, "case_fts_config": true, "case_fts_content": true,
	"case_docket.terms": true, "case_docket.names": true,
}

func TestSchemasAgree(t *testing.T) {
	t.Parallel()
	a, b := columns(t, dbtest.SQLite(t)), columns(t, dbtest.Postgres(t))
	for _, m := range []map[string][]string{a, b} {
		maps.DeleteFunc(m, func(k string, _ []string) bool { return engineOnly[k] })
		for k := range m {
			m[k] = slices.DeleteFunc(m[k], func(c string) bool { return engineOnly[k+"."+c] })
		}
	}
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("SQLite (-) and PostgreSQL (+) schemas differ:\n%s", d)
	}
}

func TestMigrationsGoUpAndDownAndUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		before := columns(t, d)
		if err := d.MigrateDown(ctx); err != nil {
			t.Fatal(err)
		}
		if left := columns(t, d); len(left) != 0 {
			t.Errorf("down migrations left %v", left)
		}
		if err := d.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, columns(t, d)); diff != "" {
			t.Errorf("schema after down and up differs:\n%s", diff)
		}
	})
}

func TestReaderCannotWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, err := d.Reader.ExecContext(context.Background(),
			"INSERT INTO installation (id, bureau_name, origin, created_at) VALUES ('a','b','c',1)")
		if err == nil {
			t.Fatal("the read-only handle wrote a row")
		}
	})
}

func TestUniqueIsRecognised(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := "INSERT INTO installation (id, bureau_name, origin, created_at) VALUES ('a','b','c',1)"
		if _, err := d.Writer.ExecContext(context.Background(), q); err != nil {
			t.Fatal(err)
		}
		_, err := d.Writer.ExecContext(context.Background(), q)
		if !db.IsUnique(err) || !db.IsConstraint(err) {
			t.Fatalf("not recognised as unique violation: %v", err)
		}
	})
}

// The log is moved into the database now and then, so that it does not grow, also since we do it ourselves.
func TestLogIsMovedIntoTheDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "z.db")
	d, err := db.Open(t.Context(), db.Config{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if _, err := d.Writer.ExecContext(t.Context(), "CREATE TABLE t (x BLOB)"); err != nil {
		t.Fatal(err)
	}
	for range 2000 { // some 32 MiB
		err := d.Write(t.Context(), func(tx bun.Tx) error {
			_, err := tx.ExecContext(t.Context(), "INSERT INTO t VALUES (zeroblob(16000))")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	wal, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if wal.Size() > 8<<20 {
		t.Errorf("the write-ahead log has %d bytes", wal.Size())
	}
	if err := d.ReadOnly(); err != nil {
		t.Error(err)
	}
}
