package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/fault"
)

// Snapshot is the database as it stood at one moment, in a file of its own, while work goes on (ADR 14). On SQLite the
// file is a database, made by VACUUM INTO: one read transaction, all pages that are in use and none that is half
// written. On PostgreSQL it is a dump of pg_dump's custom format, which carries everything a database has (sequences,
// triggers), of the very snapshot that Read reads.
type Snapshot struct {
	Path string
	Read bun.IDB // what is in the file, as rows

	release func() error
}

// Close ends reading. The file stays.
func (s *Snapshot) Close() error { return s.release() }

// Snapshot writes the database to path, which must not exist. rawURL is the one it was opened with.
func (d *DB) Snapshot(ctx context.Context, rawURL, path string) (*Snapshot, error) {
	if d.Engine == Postgres {
		return d.dumpPostgres(ctx, rawURL, path)
	}
	// A connection of its own: the readers' may not write, and the writer's must not wait for this.
	from, _ := strings.CutPrefix(rawURL, "sqlite:")
	h, err := sqliteHandle(from, 1, url.Values{}, nil)
	if err != nil {
		return nil, err
	}
	_, err = h.ExecContext(ctx, "VACUUM INTO ?", path)
	if err := errors.Join(err, h.Close()); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	copied, err := readSQLite(path, true)
	if err != nil {
		return nil, err
	}
	return &Snapshot{Path: path, Read: copied, release: copied.Close}, nil
}

func (d *DB) dumpPostgres(ctx context.Context, rawURL, path string) (_ *Snapshot, err error) {
	tx, err := d.Reader.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	var name string
	if err := tx.QueryRowContext(ctx, "SELECT pg_export_snapshot()").Scan(&name); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	if err := postgresTool(ctx, rawURL, "pg_dump", "--format=custom", "--compress=0", "--no-owner", "--no-privileges", "--snapshot="+name, "--file="+path); err != nil {
		return nil, err
	}
	return &Snapshot{Path: path, Read: tx, release: tx.Rollback}, nil
}

// postgresTool runs one of PostgreSQL's programs on the database of a URL. The password goes by the environment: arguments
// can be read by everybody on the machine. A missing program is fault Unavailable "db.tool_missing".
func postgresTool(ctx context.Context, rawURL, tool string, args ...string) error {
	u, err := url.Parse(rawURL)
	if err != nil {
		return fault.New(fault.Invalid, "setting.database_url").At("database")
	}
	env := os.Environ()
	if password, ok := u.User.Password(); ok {
		env = append(env, "PGPASSWORD="+password)
		u.User = url.User(u.User.Username())
	}
	program, err := exec.LookPath(tool)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "db.tool_missing", tool)
	}
	c := exec.CommandContext(ctx, program, append(args, "--dbname="+u.String())...) //nolint:gosec // our own program and the operator's database
	c.Env = env
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", tool, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// LoadDump fills an empty PostgreSQL database from a dump that Snapshot made. One that is not empty is fault Conflict
// "db.not_empty".
func LoadDump(ctx context.Context, rawURL, path string) (err error) {
	_, h, err := postgresHandles(rawURL)
	if err != nil {
		return err
	}
	var tables int
	err = h.QueryRowContext(ctx, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'").Scan(&tables)
	if err := errors.Join(err, h.Close()); err != nil {
		return fault.Wrap(err, fault.Unavailable, "db.unreachable")
	}
	if tables > 0 {
		return fault.New(fault.Conflict, "db.not_empty")
	}
	return postgresTool(ctx, rawURL, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", path)
}

// Scratch makes a database of its own beside the one of a URL and gives its URL; drop removes it. On SQLite it is a file in
// dir that does not exist yet. The database's user must be allowed to make databases: else fault Unavailable
// "db.no_scratch".
func Scratch(ctx context.Context, rawURL, path, name string) (scratchURL string, drop func(context.Context) error, err error) {
	if strings.HasPrefix(rawURL, "sqlite:") {
		return "sqlite:" + path, func(context.Context) error { return nil }, nil // the file goes with its folder
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", nil, fault.New(fault.Invalid, "setting.database_url").At("database")
	}
	quoted := `"` + strings.ReplaceAll(name, `"`, "") + `"`
	run := func(ctx context.Context, statement string) error {
		w, r, err := postgresHandles(rawURL)
		if err != nil {
			return err
		}
		_, err = w.ExecContext(ctx, statement)
		return errors.Join(err, w.Close(), r.Close())
	}
	// template0 holds nothing that an administrator may have added to every new database.
	if err := run(ctx, "CREATE DATABASE "+quoted+" TEMPLATE template0"); err != nil {
		return "", nil, fault.Wrap(err, fault.Unavailable, "db.no_scratch")
	}
	u.Path = "/" + name
	return u.String(), func(ctx context.Context) error { return run(ctx, "DROP DATABASE IF EXISTS "+quoted+" WITH (FORCE)") }, nil
}
