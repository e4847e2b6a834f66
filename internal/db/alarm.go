package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"sync/atomic"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"zhilu.dev/zhilu/internal/fault"
)

// alarm remembers the first fsync that failed under a SQLite database. What the disk holds after that cannot be told: the
// kernel may have dropped the pages and says so only once, so that the next fsync would succeed over a hole. From then on
// the writer takes nothing more until the program is started again and reads what is really there. (PostgreSQL ends itself
// in this case.)
type alarm struct {
	first atomic.Pointer[fault.Error]
	log   *slog.Logger
}

// see passes an error on, as fault Unavailable "db.read_only" if it is a failed fsync, as Exhausted "db.full" if there is no
// room for a commit.
func (a *alarm) see(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC:
	case sqlite3.SQLITE_FULL:
		return fault.Wrap(err, fault.Exhausted, "db.full")
	default:
		return err
	}
	if a.first.CompareAndSwap(nil, fault.Wrap(err, fault.Unavailable, "db.read_only")) && a.log != nil {
		a.log.Error("the disk failed to make a commit durable; the database is read-only until restarted", "error", err)
	}
	return a.refusal()
}

func (a *alarm) refusal() error {
	if f := a.first.Load(); f != nil {
		return f
	}
	return nil
}

// guarded makes connections whose failures are seen by an alarm, and which do nothing once it has gone off.
type guarded struct {
	driver.Connector
	alarm *alarm
}

// Connect opens a connection.
func (g guarded) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := g.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := c.(fullConn)
	if !ok { // every connection of this driver is
		return nil, errors.Join(errors.New("db: the driver's connection lacks what it had"), c.Close())
	}
	return &guardedConn{fullConn: full, alarm: g.alarm}, nil
}

// fullConn is what the driver's connections can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	sqlite.DBStatus
}

type guardedConn struct {
	fullConn
	alarm *alarm
}

// checkpointPages is how many pages are written before they are moved from the write-ahead log into the database, as
// SQLite has it by itself (4 MiB).
const checkpointPages = 1000

// Unwrap gives the driver's own connection.
func (c *guardedConn) Unwrap() driver.Conn { return c.fullConn }

// checkpoint moves what was committed into the database, now and then. SQLite would do so by itself and pass over an fsync
// that failed meanwhile; nothing is lost by that, since the log is synced and stays, but the disk has failed and nobody
// would know. The commit before it stands in any case.
func (c *guardedConn) checkpoint() {
	pages, _, err := c.Status(sqlite.DBStatusCacheWrite, false)
	if err != nil || pages < checkpointPages {
		return
	}
	if _, _, err := c.Status(sqlite.DBStatusCacheWrite, true); err != nil {
		return
	}
	rows, err := c.fullConn.QueryContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)", nil)
	if err == nil {
		err = rows.Next(make([]driver.Value, len(rows.Columns())))
		err = errors.Join(err, rows.Close())
	}
	_ = c.alarm.see(err) // anything else (a reader in the way) is tried again 1,000 pages on
}

// BeginTx begins a transaction.
func (c *guardedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.alarm.refusal(); err != nil {
		return nil, err
	}
	tx, err := c.fullConn.BeginTx(ctx, o)
	if err != nil {
		return nil, c.alarm.see(err)
	}
	return guardedTx{tx, c}, nil
}

// ExecContext runs a statement.
func (c *guardedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.alarm.refusal(); err != nil {
		return nil, err
	}
	r, err := c.fullConn.ExecContext(ctx, query, args)
	return r, c.alarm.see(err)
}

// QueryContext runs a statement that gives rows.
func (c *guardedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.alarm.refusal(); err != nil {
		return nil, err
	}
	r, err := c.fullConn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, c.alarm.see(err)
	}
	full, ok := r.(fullRows)
	if !ok { // all rows of this driver are
		return nil, errors.Join(errors.New("db: the driver's rows lack what they had"), r.Close())
	}
	return guardedRows{full, c.alarm}, nil
}

// fullRows is what the driver's rows can do.
type fullRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
}

// guardedRows are those of a statement that may write (INSERT … RETURNING): outside a transaction it is committed with its
// last row.
type guardedRows struct {
	fullRows
	alarm *alarm
}

// Next gives the next row.
func (r guardedRows) Next(dest []driver.Value) error { return r.alarm.see(r.fullRows.Next(dest)) }

// Close ends the statement.
func (r guardedRows) Close() error { return r.alarm.see(r.fullRows.Close()) }

type guardedTx struct {
	driver.Tx
	conn *guardedConn
}

// Commit commits.
func (t guardedTx) Commit() error {
	if err := t.Tx.Commit(); err != nil {
		return t.conn.alarm.see(err)
	}
	t.conn.checkpoint()
	return nil
}
