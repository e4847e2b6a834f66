package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/fault"
)

// TableSum says what a table holds, whatever engine holds it and in whatever order.
type TableSum struct {
	Table string
	Rows  int64
	Sum   string // of the SHA-256 of each row, added up
}

// stayBehind are tables of ours that speak of this very database and do not move with the rest.
var stayBehind = []string{"goose_db_version", "moved", "node"}

// changeAnyway are tables that a program which only looks may change, by taking a lock.
var changeAnyway = []string{"custody_signer"}

// Copy brings all rows of a SQLite database into a PostgreSQL database that holds none, out of one consistent read and in
// one transaction, reads them back in the same transaction, and commits only if each table has the same rows. Killed at
// any point it leaves nothing, or everything. The jobs still to be done go along. step is told each table.
func Copy(ctx context.Context, from, to *DB, step func(table string) error) ([]TableSum, error) {
	if from.Engine != SQLite || to.Engine != Postgres {
		return nil, fault.New(fault.Invalid, "db.copy_engines")
	}
	return both(ctx, from, to, func(src bun.Tx, dst pgx.Tx, tables []table) ([]TableSum, error) {
		var sums []TableSum
		for _, t := range tables {
			sum, err := t.copy(ctx, src, dst)
			if err != nil {
				return nil, fmt.Errorf("db: copy %s: %w", t.name, err)
			}
			if err := step(t.name); err != nil {
				return nil, err
			}
			sums = append(sums, sum)
		}
		if err := copyTerms(ctx, src, dst); err != nil {
			return nil, err
		}
		return sums, copyJobs(ctx, src, dst)
	})
}

// Same reports whether two databases hold the same rows, apart from what changes when a program looks, and which table
// does not if not.
func Same(ctx context.Context, from, to *DB) (sums []TableSum, differs string, err error) {
	sums, err = both(ctx, from, to, func(src bun.Tx, dst pgx.Tx, tables []table) ([]TableSum, error) {
		var sums []TableSum
		for _, t := range tables {
			a, err := t.sumSQL(ctx, src)
			if err != nil {
				return nil, err
			}
			b, err := t.sumPgx(ctx, dst)
			if err != nil {
				return nil, err
			}
			if a != b && !slices.Contains(changeAnyway, t.name) && differs == "" {
				differs = t.name
			}
			sums = append(sums, a)
		}
		return sums, nil
	})
	return sums, differs, err
}

// IsEmpty reports whether nothing was ever entered.
func (d *DB) IsEmpty(ctx context.Context) (bool, error) {
	var n int
	err := d.Writer.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM custody_entry) + (SELECT COUNT(*) FROM bureau)").Scan(&n)
	return n == 0, err
}

// both runs fn over one reading transaction and one writing one, which commits if fn returns nil.
func both(ctx context.Context, from, to *DB, fn func(src bun.Tx, dst pgx.Tx, tables []table) ([]TableSum, error)) (sums []TableSum, err error) {
	src, err := from.Reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	defer func() { _ = src.Rollback() }() // nothing was written
	conn, err := to.Writer.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return errors.New("db: this is no connection of pgx")
		}
		return pgx.BeginTxFunc(ctx, c.Conn(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(dst pgx.Tx) error {
			tables, err := tablesOf(ctx, dst)
			if err != nil {
				return err
			}
			sums, err = fn(src, dst, tables)
			return err
		})
	})
	return sums, err
}

// table is one of ours, as PostgreSQL describes it.
type table struct {
	name     string
	columns  []string
	types    []string
	identity string // the column that numbers itself, or ""
}

// tablesOf lists our tables so that each comes after those its rows refer to.
func tablesOf(ctx context.Context, tx pgx.Tx) ([]table, error) {
	rows, err := tx.Query(ctx, `
		SELECT c.table_name, c.column_name, c.data_type, c.is_identity
		FROM information_schema.columns AS c
		JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
		WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER' AND c.data_type <> 'tsvector'
		ORDER BY c.table_name, c.ordinal_position`)
	if err != nil {
		return nil, fmt.Errorf("db: tables: %w", err)
	}
	byName := map[string]*table{}
	var names []string
	for rows.Next() {
		var name, column, kind, identity string
		if err := rows.Scan(&name, &column, &kind, &identity); err != nil {
			return nil, fmt.Errorf("db: tables: %w", err)
		}
		if slices.Contains(stayBehind, name) || strings.HasPrefix(name, "river_") {
			continue
		}
		t := byName[name]
		if t == nil {
			t = &table{name: name}
			byName[name] = t
			names = append(names, name)
		}
		t.columns, t.types = append(t.columns, column), append(t.types, kind)
		if identity == "YES" {
			t.identity = column
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("db: tables: %w", err)
	}
	before, err := references(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []table
	state := map[string]int{}
	var visit func(name string) error
	visit = func(name string) error {
		switch state[name] {
		case 1:
			return fmt.Errorf("db: the rows of %s refer to each other in a circle", name)
		case 2:
			return nil
		}
		state[name] = 1
		for _, b := range before[name] {
			if b != name {
				if err := visit(b); err != nil {
					return err
				}
			}
		}
		state[name] = 2
		if t := byName[name]; t != nil {
			out = append(out, *t)
		}
		return nil
	}
	for _, name := range names {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// references gives for each table those that its rows refer to.
func references(ctx context.Context, tx pgx.Tx) (map[string][]string, error) {
	rows, err := tx.Query(ctx, `
		SELECT a.relname, b.relname FROM pg_constraint AS k
		JOIN pg_class AS a ON a.oid = k.conrelid JOIN pg_class AS b ON b.oid = k.confrelid
		JOIN pg_namespace AS n ON n.oid = a.relnamespace
		WHERE k.contype = 'f' AND n.nspname = current_schema() ORDER BY 1, 2`)
	if err != nil {
		return nil, fmt.Errorf("db: references: %w", err)
	}
	out := map[string][]string{}
	for rows.Next() {
		var a, b string
		if err := rows.Scan(&a, &b); err != nil {
			return nil, fmt.Errorf("db: references: %w", err)
		}
		out[a] = append(out[a], b)
	}
	return out, rows.Err()
}

func (t table) query() string {
	quoted := make([]string, len(t.columns))
	for i, c := range t.columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	return "SELECT " + strings.Join(quoted, ", ") + " FROM " + pgx.Identifier{t.name}.Sanitize()
}

// copy moves one table: rows of a table may refer to each other, which PostgreSQL checks when the one statement ends.
func (t table) copy(ctx context.Context, src bun.Tx, dst pgx.Tx) (TableSum, error) {
	name := pgx.Identifier{t.name}
	var there int64
	if err := dst.QueryRow(ctx, "SELECT COUNT(*) FROM "+name.Sanitize()).Scan(&there); err != nil {
		return TableSum{}, err
	}
	if there > 0 { // rows that a migration makes; the database is a new one
		if _, err := dst.Exec(ctx, "DELETE FROM "+name.Sanitize()); err != nil {
			return TableSum{}, err
		}
	}
	rows, err := src.QueryContext(ctx, t.query())
	if err != nil {
		return TableSum{}, err
	}
	defer func() { _ = rows.Close() }()
	feed := &feed{t: t, rows: rows, sum: newSum(t)}
	if _, err := dst.CopyFrom(ctx, name, t.columns, feed); err != nil {
		return TableSum{}, err
	}
	if err := rows.Err(); err != nil {
		return TableSum{}, err
	}
	if t.identity != "" {
		q := fmt.Sprintf("SELECT setval(pg_get_serial_sequence($1, $2), GREATEST(1, COALESCE(MAX(%s), 1)), COUNT(*) > 0) FROM %s",
			pgx.Identifier{t.identity}.Sanitize(), name.Sanitize())
		if _, err := dst.Exec(ctx, q, t.name, t.identity); err != nil {
			return TableSum{}, err
		}
	}
	back, err := t.sumPgx(ctx, dst)
	if err != nil {
		return TableSum{}, err
	}
	if back != feed.sum.result() {
		return TableSum{}, fmt.Errorf("%d rows with sum %s became %d with %s", feed.sum.rows, feed.sum.result().Sum, back.Rows, back.Sum)
	}
	return back, nil
}

// feed gives a table's rows to COPY and adds them up on the way.
type feed struct {
	t    table
	rows *sql.Rows
	sum  *summer
	row  []any
	err  error
}

func (f *feed) Next() bool {
	if f.err != nil || !f.rows.Next() {
		return false
	}
	f.row, f.err = f.t.scan(f.rows)
	if f.err == nil {
		f.err = f.sum.add(f.row)
	}
	return f.err == nil
}

func (f *feed) Values() ([]any, error) { return f.row, nil }

func (f *feed) Err() error { return errors.Join(f.err, f.rows.Err()) }

// scan reads one row and gives each value the type that its column has in PostgreSQL.
func (t table) scan(rows *sql.Rows) ([]any, error) {
	row := make([]any, len(t.columns))
	to := make([]any, len(row))
	for i := range row {
		to[i] = &row[i]
	}
	if err := rows.Scan(to...); err != nil {
		return nil, err
	}
	for i, v := range row {
		var ok bool
		if row[i], ok = convert(t.types[i], v); !ok {
			return nil, fmt.Errorf("column %s holds a %T, which is no %s", t.columns[i], v, t.types[i])
		}
	}
	return row, nil
}

func convert(kind string, v any) (any, bool) {
	if v == nil {
		return nil, true
	}
	switch kind {
	case "bigint", "integer", "smallint":
		n, ok := v.(int64)
		return n, ok
	case "boolean":
		if n, ok := v.(int64); ok {
			return n != 0, true
		}
		b, ok := v.(bool)
		return b, ok
	case "double precision":
		if n, ok := v.(int64); ok {
			return float64(n), true
		}
		x, ok := v.(float64)
		return x, ok
	case "text", "character varying":
		if b, ok := v.([]byte); ok {
			return string(b), true
		}
		s, ok := v.(string)
		return s, ok
	case "bytea":
		if s, ok := v.(string); ok {
			return []byte(s), true
		}
		b, ok := v.([]byte)
		return b, ok
	}
	return nil, false // a new type of column wants a thought here
}

func (t table) sumSQL(ctx context.Context, src bun.Tx) (TableSum, error) {
	rows, err := src.QueryContext(ctx, t.query())
	if err != nil {
		return TableSum{}, fmt.Errorf("db: %s: %w", t.name, err)
	}
	defer func() { _ = rows.Close() }()
	sum := newSum(t)
	for rows.Next() {
		row, err := t.scan(rows)
		if err == nil {
			err = sum.add(row)
		}
		if err != nil {
			return TableSum{}, fmt.Errorf("db: %s: %w", t.name, err)
		}
	}
	return sum.result(), rows.Err()
}

func (t table) sumPgx(ctx context.Context, dst pgx.Tx) (TableSum, error) {
	rows, err := dst.Query(ctx, t.query())
	if err != nil {
		return TableSum{}, fmt.Errorf("db: %s: %w", t.name, err)
	}
	defer rows.Close()
	sum := newSum(t)
	for rows.Next() {
		row, err := rows.Values()
		if err == nil {
			err = sum.add(row)
		}
		if err != nil {
			return TableSum{}, fmt.Errorf("db: %s: %w", t.name, err)
		}
	}
	return sum.result(), rows.Err()
}

// searched are the tables whose words SQLite keeps in a table of its own kind, and PostgreSQL in columns that no other table
// has: of each such column, the one it becomes.
var searched = []struct {
	words, table string
	columns      [][2]string
}{
	{"recording_fts", "recording", [][2]string{{"terms", "search_vector"}}},
	{"case_fts", "case_docket", [][2]string{{"terms", "terms"}, {"names", "names"}}},
}

// copyTerms brings the words by which recordings and cases are found.
func copyTerms(ctx context.Context, src bun.Tx, dst pgx.Tx) error {
	for _, s := range searched {
		t := table{name: s.words, columns: []string{"seq"}, types: []string{"bigint"}}
		made, asked, set := "seq BIGINT PRIMARY KEY", "rowid", ""
		for i, c := range s.columns {
			t.columns, t.types = append(t.columns, c[0]), append(t.types, "text")
			made, asked = made+", "+c[0]+" TEXT NOT NULL", asked+", "+c[0]
			if i > 0 {
				set += ", "
			}
			set += c[1] + " = to_tsvector('simple', m." + c[0] + ")"
		}
		if err := copyTermsOf(ctx, src, dst, t, made, asked, "UPDATE "+s.table+" AS r SET "+set+" FROM moving_"+s.words+" AS m WHERE m.seq = r.seq"); err != nil {
			return fmt.Errorf("db: terms: %s: %w", s.table, err)
		}
	}
	return nil
}

func copyTermsOf(ctx context.Context, src bun.Tx, dst pgx.Tx, t table, made, asked, update string) error {
	if _, err := dst.Exec(ctx, "CREATE TEMPORARY TABLE moving_"+t.name+" ("+made+") ON COMMIT DROP"); err != nil {
		return err
	}
	rows, err := src.QueryContext(ctx, "SELECT "+asked+" FROM "+t.name)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	n, err := dst.CopyFrom(ctx, pgx.Identifier{"moving_" + t.name}, t.columns, &feed{t: t, rows: rows, sum: newSum(t)})
	if err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return err
	}
	done, err := dst.Exec(ctx, update)
	if err != nil {
		return err
	}
	if done.RowsAffected() != n {
		return fmt.Errorf("%d of %d rows found", done.RowsAffected(), n)
	}
	return nil
}

// copyJobs makes the jobs that are still to be done anew; what was done is done.
func copyJobs(ctx context.Context, src bun.Tx, dst pgx.Tx) error {
	rows, err := src.QueryContext(ctx, `
		SELECT json(args), attempt, kind, max_attempts, json(metadata), priority, queue, state, json(tags),
		       CAST(ROUND((julianday(created_at) - 2440587.5) * 86400000) AS INTEGER),
		       CAST(ROUND((julianday(scheduled_at) - 2440587.5) * 86400000) AS INTEGER)
		FROM river_job WHERE finalized_at IS NULL ORDER BY id`)
	if err != nil {
		return fmt.Errorf("db: jobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var args, kind, metadata, queue, state, tags string
		var attempt, most, priority, created, scheduled int64
		if err := rows.Scan(&args, &attempt, &kind, &most, &metadata, &priority, &queue, &state, &tags, &created, &scheduled); err != nil {
			return fmt.Errorf("db: jobs: %w", err)
		}
		if state == "running" {
			state = "available" // nothing runs: the server is stopped
		}
		if _, err := dst.Exec(ctx, `
			INSERT INTO river_job (args, attempt, kind, max_attempts, metadata, priority, queue, state, tags, created_at, scheduled_at)
			VALUES ($1::jsonb, $2, $3, $4, $5::jsonb, $6, $7, $8::river_job_state, ARRAY(SELECT jsonb_array_elements_text($9::jsonb)), $10, $11)`,
			args, attempt, kind, most, metadata, priority, queue, state, tags, time.UnixMilli(created).UTC(), time.UnixMilli(scheduled).UTC()); err != nil {
			return fmt.Errorf("db: jobs: %w", err)
		}
	}
	return rows.Err()
}

// Moved says where this database's rows went, or "" while it is the one in use. id is the move's.
func (d *DB) Moved(ctx context.Context) (place, id string, err error) {
	err = d.Writer.QueryRowContext(ctx, "SELECT place, id FROM moved").Scan(&place, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return place, id, err
}

// MarkMoved says for ever where this database's rows went. From then on no server begins on it.
func (d *DB) MarkMoved(ctx context.Context, place, id string, at time.Time) error {
	return d.Write(ctx, func(tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO moved (one, place, id, at) VALUES (1, ?, ?, ?)", place, id, at.UnixMicro())
		return err
	})
}
