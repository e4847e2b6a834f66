package db_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
)

// count opens a database of a test once more, only to read it, and counts the rows of installation.
func count(t *testing.T, url string, still bool) int {
	t.Helper()
	d, err := db.OpenReader(context.Background(), db.Config{URL: url}, still)
	if err != nil {
		t.Fatal(err)
	}
	n := -1
	err = d.Reader.NewRaw("SELECT COUNT(*) FROM installation").Scan(context.Background(), &n)
	if _, wrote := d.Reader.ExecContext(context.Background(), row); wrote == nil {
		t.Error("it wrote")
	}
	if err := errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	return n
}

const row = "INSERT INTO installation (id, bureau_name, origin, created_at) VALUES ('a','b','c',1)"

// A database that is only read stays as it is to the byte, and nothing is put beside it; one with a log of writes that
// were not brought in yet is read with them.
func TestOpenReader(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "zhilu.db")
	w, err := db.Open(ctx, db.Config{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.OpenReader(ctx, db.Config{URL: "sqlite:" + path}, true); !fault.HasCode(err, "db.unreachable") {
		t.Errorf("without a schema: %v", err)
	}
	if err := w.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Writer.ExecContext(ctx, row); err != nil {
		t.Fatal(err)
	}
	if n := count(t, "sqlite:"+path, true); n != 1 {
		t.Errorf("%d rows with a log of writes", n)
	}
	if n := count(t, "sqlite:"+path, false); n != 1 {
		t.Errorf("%d rows beside a writer", n)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	still := filepath.Join(t.TempDir(), "zhilu.db")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(still, raw, 0o400); err != nil {
		t.Fatal(err)
	}
	if n := count(t, "sqlite:"+still, true); n != 1 {
		t.Errorf("%d rows", n)
	}
	list, err := os.ReadDir(filepath.Dir(still))
	if err != nil || len(list) != 1 {
		t.Errorf("beside it: %v %v", list, err)
	}
	after, err := os.ReadFile(still)
	if err != nil || sha256.Sum256(after) != sha256.Sum256(raw) {
		t.Errorf("changed: %v", err)
	}
	if _, err := db.OpenReader(ctx, db.Config{URL: "sqlite:" + still + "x"}, true); !fault.HasCode(err, "db.unreachable") {
		t.Errorf("none: %v", err)
	}
}

// Another program's schema is not guessed at (G14).
func TestOpenReaderVersion(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "zhilu.db")
	w, err := db.Open(ctx, db.Config{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ sql, code string }{
		{"INSERT INTO goose_db_version (version_id, is_applied) VALUES (9000, 1)", "db.newer"},
		{"DELETE FROM goose_db_version WHERE version_id > 1", "db.older"},
	} {
		if _, err := w.Writer.ExecContext(ctx, c.sql); err != nil {
			t.Fatal(err)
		}
		if _, err := db.OpenReader(ctx, db.Config{URL: "sqlite:" + path}, false); !fault.HasCode(err, c.code) {
			t.Errorf("%v, want %s", err, c.code)
		}
	}
}

func TestOpenReaderPostgres(t *testing.T) {
	t.Parallel()
	if n := count(t, dbtest.URL(t), true); n != 0 {
		t.Errorf("%d rows", n)
	}
}
