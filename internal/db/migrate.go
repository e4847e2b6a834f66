package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"zhilu.dev/zhilu/internal/fault"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

func (d *DB) provider(h *sql.DB) (*goose.Provider, error) {
	dialect, dir := goose.DialectSQLite3, "migrations/sqlite"
	if d.Engine == Postgres {
		dialect, dir = goose.DialectPostgres, "migrations/postgres"
	}
	sub, err := fs.Sub(migrations, dir)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, h, sub, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return p, nil
}

// Migrate brings the schema, and that of the job queue, to what this program needs. It is safe to repeat. A database
// written by a newer program is refused (fault Unavailable "db.newer") and left as it is (G14).
func (d *DB) Migrate(ctx context.Context) error {
	p, err := d.provider(d.Writer.DB)
	if err != nil {
		return err
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	sources := p.ListSources()
	if want := sources[len(sources)-1].Version; have > want {
		return fault.New(fault.Unavailable, "db.newer", have, want)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return d.migrateJobs(ctx)
}

func (d *DB) migrateJobs(ctx context.Context) error {
	var m *rivermigrate.Migrator[*sql.Tx]
	var err error
	if d.Engine == Postgres {
		m, err = rivermigrate.New(riverdatabasesql.New(d.Writer.DB), nil)
	} else {
		m, err = rivermigrate.New(riversqlite.New(d.Writer.DB), nil)
	}
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	return nil
}

// MigrateDown undoes every migration of ours; for tests only.
func (d *DB) MigrateDown(ctx context.Context) error {
	p, err := d.provider(d.Writer.DB)
	if err != nil {
		return err
	}
	if _, err := p.DownTo(ctx, 0); err != nil && !errors.Is(err, goose.ErrNoNextVersion) {
		return fmt.Errorf("migrate down: %w", err)
	}
	return nil
}
