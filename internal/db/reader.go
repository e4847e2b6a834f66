package db

import (
	"context"
	"errors"
	"net/url"
	"os"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/fault"
)

// OpenReader opens the database only to read it: DB.Writer is nil, nothing is migrated, and what is looked at as evidence
// stays as it is. With still nobody writes to it meanwhile; then SQLite makes no file of its own beside it, and the
// database may lie on a write-protected disk. A schema other than this program's is fault Unavailable "db.newer" or
// "db.older".
func OpenReader(ctx context.Context, c Config, still bool) (*DB, error) {
	engine, path, err := c.engine()
	if err != nil {
		return nil, err
	}
	d := &DB{Engine: engine}
	if engine == SQLite {
		d.Reader, err = readSQLite(path, still)
	} else {
		d.Writer, d.Reader, err = postgresHandles(c.URL)
	}
	if err != nil {
		return nil, err
	}
	if d.Writer != nil {
		err = d.Writer.Close()
		d.Writer = nil
	}
	if err = errors.Join(err, d.current(ctx)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func readSQLite(path string, still bool) (*bun.DB, error) {
	if _, err := os.Stat(path); err != nil { // or SQLite would speak of a file that it cannot open
		return nil, fault.Wrap(err, fault.Unavailable, "db.unreachable")
	}
	params := url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)"}}
	if log, err := os.Stat(path + "-wal"); still && (err != nil || log.Size() == 0) {
		params.Set("immutable", "1") // all is in the one file; else its log must be read too, which takes an index beside it
	}
	return sqliteHandle(path, sqliteReaders(), params, nil)
}

// current refuses a schema that is not this program's.
func (d *DB) current(ctx context.Context) error {
	p, err := d.provider(d.Reader.DB)
	if err != nil {
		return err
	}
	sources := p.ListSources()
	want := sources[len(sources)-1].Version
	var have int64
	if err := d.Reader.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&have); err != nil {
		return fault.Wrap(err, fault.Unavailable, "db.unreachable")
	}
	switch {
	case have > want:
		return fault.New(fault.Unavailable, "db.newer", have, want)
	case have < want:
		return fault.New(fault.Unavailable, "db.older", have, want)
	}
	return nil
}
