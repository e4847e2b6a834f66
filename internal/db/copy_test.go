package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
)

// fill enters rows that refer to each other backwards, and values at the edges of their types.
func fill(t *testing.T, d *db.DB) {
	t.Helper()
	for _, q := range []string{
		`INSERT INTO bureau (one, id, name, created_at) VALUES (1, 'b', '示例局', 9007199254740993)`,
		`INSERT INTO department (id, parent_id, name, created_at) VALUES ('d2', NULL, '甲', 1)`,
		`INSERT INTO department (id, parent_id, name, created_at) VALUES ('d1', 'd2', '乙', -9223372036854775808)`,
		`UPDATE department SET parent_id = NULL WHERE id = 'd1'`,
		`INSERT INTO department (id, parent_id, name, created_at) VALUES ('d0', 'd1', '丙 "x" \N ' || char(9), 1)`,
		`UPDATE department SET parent_id = 'd0' WHERE id = 'd2'`,
		`INSERT INTO person (id, name, department_id, search, created_at) VALUES ('p', '努尔·买买提', 'd1', '', 1)`,
		`INSERT INTO account (id, person_id, username, password_hash, must_change, created_at, password_at) VALUES ('a', 'p', 'nur', 'x', 1, 1, 1)`,
		`INSERT INTO case_docket (seq, case_id, said) VALUES (7, 'c7', '')`,
		`INSERT INTO case_fts (rowid, terms, names) VALUES (7, 'u4e91u53f8 14', 'u6b27u9633')`,
		`INSERT INTO custody_tile (level, n, hashes) VALUES (0, 0, x'00ff10')`,
		`INSERT INTO river_job (kind, max_attempts, args, state, attempt) VALUES ('k', 3, jsonb('{"id":"x"}'), 'running', 1)`,
		`INSERT INTO river_job (kind, max_attempts, args, state, finalized_at) VALUES ('k', 3, jsonb('{"id":"done"}'), 'completed', CURRENT_TIMESTAMP)`,
	} {
		if _, err := d.Writer.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func nothing(string) error { return nil }

// TestCopy: all or nothing, compared before it counts; the jobs still to be done go along. // decision 23
func TestCopy(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	from, to := dbtest.SQLite(t), dbtest.Postgres(t)
	fill(t, from)

	stop := errors.New("killed")
	for _, at := range []string{"account", "person", "custody_tile"} {
		if _, err := db.Copy(ctx, from, to, func(table string) error {
			if table == at {
				return stop
			}
			return nil
		}); !errors.Is(err, stop) {
			t.Fatalf("%s: %v", at, err)
		}
		if empty, err := to.IsEmpty(ctx); err != nil || !empty {
			t.Fatalf("%s: something stayed: %v", at, err)
		}
	}
	sums, err := db.Copy(ctx, from, to, nothing)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, s := range sums {
		rows[s.Table] = s.Rows
	}
	if rows["department"] != 3 || rows["account"] != 1 || rows["custody_tile"] != 1 || len(sums) < 40 {
		t.Fatalf("%d tables, %v", len(sums), rows)
	}
	again, differs, err := db.Same(ctx, from, to)
	if err != nil || differs != "" || len(again) != len(sums) {
		t.Fatalf("differs %q, %v", differs, err)
	}
	var job string
	if err := to.Reader.QueryRowContext(ctx, "SELECT string_agg(kind || state || attempt || (args ->> 'id'), ',') FROM river_job").Scan(&job); err != nil || job != "kavailable1x" {
		t.Fatalf("jobs %q, %v", job, err)
	}
	var found int
	if err := to.Reader.QueryRowContext(ctx, "SELECT COUNT(*) FROM case_docket WHERE seq = 7 AND terms @@ to_tsquery('simple', 'u4e91u53f8') AND names @@ to_tsquery('simple', 'u6b27u9633')").Scan(&found); err != nil || found != 1 {
		t.Fatalf("the words of %d cases came along: %v", found, err)
	}
	if _, err := db.Copy(ctx, from, to, nothing); err == nil {
		t.Fatal("copied over what is there")
	}
	// Every table: a changed value and a missing row are found and named.
	for _, c := range []struct{ table, do string }{
		{"account", "UPDATE account SET must_change = FALSE"},
		{"person", "UPDATE person SET name = name || ' '"},
	} {
		if _, err := to.Writer.ExecContext(ctx, c.do); err != nil {
			t.Fatal(err)
		}
		if _, differs, err := db.Same(ctx, from, to); err != nil || differs != c.table && !strings.HasPrefix(differs, "account") {
			t.Fatalf("%s: differs %q, %v", c.table, differs, err)
		}
	}
	if _, err := to.Writer.ExecContext(ctx, "UPDATE account SET must_change = TRUE"); err != nil {
		t.Fatal(err)
	}
	if _, differs, err := db.Same(ctx, from, to); err != nil || differs != "person" {
		t.Fatalf("differs %q, %v", differs, err)
	}
}
