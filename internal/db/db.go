// Package db opens the database: SQLite by default, PostgreSQL for several machines. Concepts write their SQL once,
// through bun, and every store test runs on both.
//
// On SQLite there are two handles: Writer has one connection whose transactions begin immediately, so writers queue
// instead of failing; Reader is a pool that cannot write. Code that holds a transaction reads only through it.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"zhilu.dev/zhilu/internal/fault"
)

// Engine names a database engine.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DB is an open database. Close it once nothing uses it.
type DB struct {
	Engine Engine
	Writer *bun.DB // owned by gate, the log's sequencer and the job queue; nil after OpenReader
	Reader *bun.DB // read only; for lists and pages

	// Committed is told how long each change took that Write committed, from its beginning on. Set it before the first; nil
	// for nobody.
	Committed func(took time.Duration)

	alarm *alarm // of a SQLite writer
}

// ReadOnly is nil while the database may be written, or the reason why not: fault Unavailable "db.read_only", which wraps
// the first failed fsync. It never goes back to nil while the process lives.
func (d *DB) ReadOnly() error {
	if d.alarm == nil {
		return nil
	}
	return d.alarm.refusal()
}

// Config says which database to open. URL is "sqlite:PATH" or a postgres:// address.
type Config struct {
	URL string
	Log *slog.Logger
}

// engine tells from the URL; path is that of a SQLite database.
func (c Config) engine() (e Engine, path string, err error) {
	if path, ok := strings.CutPrefix(c.URL, "sqlite:"); ok {
		return SQLite, path, nil
	}
	if strings.HasPrefix(c.URL, "postgres://") || strings.HasPrefix(c.URL, "postgresql://") {
		return Postgres, "", nil
	}
	return "", "", fault.New(fault.Invalid, "setting.database_url").At("database")
}

// Open opens the database and asserts what durability needs: on SQLite WAL with synchronous=FULL (a commit survives a
// power cut only then, G5), on PostgreSQL fsync and synchronous_commit on. It does not migrate.
func Open(ctx context.Context, c Config) (*DB, error) {
	engine, path, err := c.engine()
	switch {
	case err != nil:
		return nil, err
	case engine == SQLite:
		return openSQLite(ctx, path, c.Log)
	}
	return openPostgres(ctx, c.URL)
}

// sqliteHandle opens a pool of connections to a SQLite database. Those that write have an alarm.
func sqliteHandle(path string, conns int, params url.Values, a *alarm) (*bun.DB, error) {
	params.Add("_pragma", "busy_timeout(15000)")
	params.Add("_pragma", "foreign_keys(1)")
	params.Add("_pragma", "trusted_schema(0)")
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: params.Encode()}).String()
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	if a != nil {
		c = guarded{c, a}
	}
	h := sql.OpenDB(c)
	h.SetMaxOpenConns(conns)
	h.SetMaxIdleConns(conns)
	return bun.NewDB(h, sqlitedialect.New(), bun.WithDiscardUnknownColumns()), nil
}

// sqliteReaders is how many connections read a SQLite database at once.
func sqliteReaders() int { return max(4, runtime.NumCPU()) }

func openSQLite(ctx context.Context, path string, log *slog.Logger) (*DB, error) {
	a := &alarm{log: log}
	w, err := sqliteHandle(path, 1, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "fullfsync(1)", "journal_size_limit(67108864)", "wal_autocheckpoint(0)"},
	}, a)
	if err != nil {
		return nil, err
	}
	d := &DB{Engine: SQLite, Writer: w, alarm: a}
	if err := d.assertSQLite(ctx); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	d.Reader, err = sqliteHandle(path, sqliteReaders(), url.Values{"_pragma": {"query_only(1)"}}, nil)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return d, nil
}

func (d *DB) assertSQLite(ctx context.Context) error {
	var mode string
	var sync int
	if err := d.Writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return fmt.Errorf("open sqlite: %w", err)
	}
	if err := d.Writer.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync); err != nil {
		return fmt.Errorf("open sqlite: %w", err)
	}
	if mode != "wal" || sync != 2 {
		return fault.New(fault.Unavailable, "db.not_durable")
	}
	return nil
}

// postgresHandles opens two pools of connections to a PostgreSQL database; the second cannot write. Neither has connected
// yet.
func postgresHandles(dsn string) (writer, reader *bun.DB, err error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Invalid, "setting.database_url").At("database")
	}
	cfg.RuntimeParams["timezone"] = "UTC"
	// A machine that vanished must not hold the signer's lock for the hours that TCP would wait.
	cfg.RuntimeParams["tcp_keepalives_idle"], cfg.RuntimeParams["tcp_keepalives_interval"], cfg.RuntimeParams["tcp_keepalives_count"] = "10", "5", "3"
	open := func(c *pgx.ConnConfig, conns int) *bun.DB {
		h := stdlib.OpenDB(*c)
		h.SetMaxOpenConns(conns)
		h.SetMaxIdleConns(conns / 2)
		return bun.NewDB(h, pgdialect.New(), bun.WithDiscardUnknownColumns())
	}
	ro := cfg.Copy()
	ro.RuntimeParams["default_transaction_read_only"] = "on"
	return open(cfg, 16), open(ro, 16), nil
}

func openPostgres(ctx context.Context, dsn string) (*DB, error) {
	w, r, err := postgresHandles(dsn)
	if err != nil {
		return nil, err
	}
	d := &DB{Engine: Postgres, Writer: w, Reader: r}
	var fsync, commit string
	if err := d.Writer.QueryRowContext(ctx, "SELECT current_setting('fsync'), current_setting('synchronous_commit')").Scan(&fsync, &commit); err != nil {
		return nil, errors.Join(fault.Wrap(err, fault.Unavailable, "db.unreachable"), d.Close())
	}
	if fsync != "on" || commit == "off" {
		return nil, errors.Join(fault.New(fault.Unavailable, "db.not_durable"), d.Close())
	}
	return d, nil
}

// Close closes both handles.
func (d *DB) Close() error {
	var errs []error
	if d.Reader != nil {
		errs = append(errs, d.Reader.Close())
	}
	if d.Writer != nil {
		errs = append(errs, d.Writer.Close())
	}
	return errors.Join(errs...)
}

// Write runs fn in one writing transaction and commits it durably when fn returns nil. Only gate and the log's
// sequencer call it: a change without a custody entry must be impossible.
func (d *DB) Write(ctx context.Context, fn func(tx bun.Tx) error) error {
	began := time.Now() //nolint:forbidigo // time that passes, not the time of an act
	err := d.Writer.RunInTx(ctx, nil, func(_ context.Context, tx bun.Tx) error { return fn(tx) })
	if err == nil && d.Committed != nil {
		d.Committed(time.Since(began)) //nolint:forbidigo // time that passes
	}
	return err
}

// IsUnique reports whether err is a violated unique or primary key.
func IsUnique(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "23505"
}

// IsConstraint reports whether err is any violated constraint (unique, check, foreign key, trigger).
func IsConstraint(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (strings.HasPrefix(e.Code, "23") || e.Code == "P0001")
}

// IsInterrupted reports whether a statement was broken off because its context ended, as the engine says it.
func IsInterrupted(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_INTERRUPT
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "57014" // query_canceled
}

// IsDamaged reports whether the database says that its own pages are not what it wrote.
func IsDamaged(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "XX001" || e.Code == "XX002") // data_corrupted, index_corrupted
}

// NotFound turns sql.ErrNoRows into the fault NotFound with this code and leaves every other error as it is.
func NotFound(err error, code string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, code)
	}
	return err
}
