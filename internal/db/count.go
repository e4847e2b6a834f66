package db

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"github.com/uptrace/bun"
)

// Schema says how far the schema of the database is, and how far this program's is.
func (d *DB) Schema(ctx context.Context) (have, known int64, err error) {
	if err := d.Reader.NewRaw("SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(ctx, &have); err != nil {
		return 0, 0, fmt.Errorf("db: %w", err)
	}
	p, err := d.provider(d.Reader.DB)
	if err != nil {
		return 0, 0, err
	}
	sources := p.ListSources()
	return have, sources[len(sources)-1].Version, nil
}

var created = regexp.MustCompile(`(?m)^CREATE (?:VIRTUAL )?TABLE (?:IF NOT EXISTS )?([a-z_]+)`)

// Counts gives the number of rows of each table that this program makes; one that is not there, or cannot be read, is left
// out. A table of somebody else's is not looked at.
func (d *DB) Counts(ctx context.Context) (map[string]int64, error) {
	files, err := fs.Glob(migrations, "migrations/sqlite/*.sql")
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	names := []string{"goose_db_version", "river_job"}
	for _, f := range files {
		text, err := migrations.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("db: %w", err)
		}
		for _, m := range created.FindAllSubmatch(text, -1) {
			names = append(names, string(m[1]))
		}
	}
	slices.Sort(names)
	out := map[string]int64{}
	for _, name := range slices.Compact(names) {
		var n int64
		if d.Reader.NewRaw("SELECT count(*) FROM ?", bun.Ident(name)).Scan(ctx, &n) == nil {
			out[name] = n
		}
	}
	return out, ctx.Err()
}
