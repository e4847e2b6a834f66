// Package dbtest gives each store test its own migrated database, on SQLite and on PostgreSQL.
package dbtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"zhilu.dev/zhilu/internal/db"
)

// Each runs the test once on SQLite and once on PostgreSQL. PostgreSQL needs ZHILU_TEST_POSTGRES (an address of a
// server where databases may be made); without it that half is skipped, unless ZHILU_REQUIRE_POSTGRES=1.
func Each(t *testing.T, run func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); run(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, Postgres(t)) })
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "zhilu-dbtest-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "t.db")
	d, err := db.Open(context.Background(), db.Config{URL: "sqlite:" + path})
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(context.Background()); err != nil {
		return nil, err
	}
	if _, err := d.Writer.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return nil, err
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLite gives a fresh migrated SQLite database that is closed when the test ends.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	img, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("dbtest: sqlite template: %v", err)
	}
	path := filepath.Join(t.TempDir(), "zhilu.db")
	if err := os.WriteFile(path, img, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, "sqlite:"+path)
}

var postgresTemplate = sync.OnceValues(func() (string, error) {
	name := "zhilu_tpl_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if err := adminExec("CREATE DATABASE " + name); err != nil {
		return "", err
	}
	d, err := db.Open(context.Background(), db.Config{URL: withDatabase(name)})
	if err != nil {
		return "", err
	}
	if err := d.Migrate(context.Background()); err != nil {
		return "", err
	}
	return name, d.Close()
})

// URL gives the address of a fresh, migrated PostgreSQL database, dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	if os.Getenv("ZHILU_TEST_POSTGRES") == "" {
		if os.Getenv("ZHILU_REQUIRE_POSTGRES") == "1" {
			t.Fatal("dbtest: ZHILU_TEST_POSTGRES is not set")
		}
		t.Skip("needs PostgreSQL: set ZHILU_TEST_POSTGRES")
	}
	tpl, err := postgresTemplate()
	if err != nil {
		t.Fatalf("dbtest: postgres template: %v", err)
	}
	name := "zhilu_t_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if err := adminExec("CREATE DATABASE " + name + " TEMPLATE " + tpl); err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(func() {
		if err := adminExec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Logf("dbtest: %v", err)
		}
	})
	return withDatabase(name)
}

// Postgres gives a fresh migrated PostgreSQL database that is closed and dropped when the test ends.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return open(t, URL(t))
}

func open(t testing.TB, dsn string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), db.Config{URL: dsn})
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("dbtest: close: %v", err)
		}
	})
	return d
}

func withDatabase(name string) string {
	u, err := url.Parse(os.Getenv("ZHILU_TEST_POSTGRES"))
	if err != nil {
		return ""
	}
	u.Path = "/" + name
	return u.String()
}

var adminMu sync.Mutex // CREATE DATABASE … TEMPLATE refuses to run twice at once from one template

func adminExec(q string) error {
	adminMu.Lock()
	defer adminMu.Unlock()
	d, err := db.Open(context.Background(), db.Config{URL: os.Getenv("ZHILU_TEST_POSTGRES")})
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if _, err := d.Writer.ExecContext(context.Background(), q); err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	return nil
}
