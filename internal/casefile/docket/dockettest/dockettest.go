// Package dockettest fills a database with cases, for lists. It is for tests only.
package dockettest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun/dialect"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
)

// Crowd is who and what the rows of Many are about.
type Crowd struct {
	Departments []ident.DepartmentID // the first is the caller's
	Officers    []ident.PersonID     // the first is the caller's
	Names       []string             // of parties
}

// How many there are of each.
const (
	departments = 20
	officers    = 401
	parties     = 4999
)

// Many writes n cases as five years of twenty departments would leave them: nine in ten closed or archived, one in two
// hundred suspended, some overdue. No papers stand behind them. The database makes the rows, since Go would take long.
func Many(t testing.TB, d *db.DB, now time.Time, department ident.DepartmentID, officer ident.PersonID, n int) Crowd {
	t.Helper()
	c := Crowd{Departments: []ident.DepartmentID{department}, Officers: []ident.PersonID{officer}}
	run := func(statement string, args ...any) {
		t.Helper()
		if _, err := d.Writer.NewRaw(statement, args...).Exec(context.Background()); err != nil {
			t.Fatalf("%.300s: %v", statement, err)
		}
	}
	for range departments - 1 {
		c.Departments = append(c.Departments, ident.New[ident.DepartmentID]())
	}
	run("CREATE TABLE many_officer (n BIGINT PRIMARY KEY, id TEXT, department TEXT)")
	run("CREATE TABLE many_party (n BIGINT PRIMARY KEY, name TEXT, cell TEXT, terms TEXT)")
	run("CREATE TABLE many_title (n BIGINT PRIMARY KEY, name TEXT, terms TEXT)")
	people := make([][]any, officers)
	for i := range officers {
		if i > 0 {
			c.Officers = append(c.Officers, ident.New[ident.PersonID]())
		}
		people[i] = []any{i, c.Officers[i], c.Departments[i%departments]}
	}
	rows(run, "INSERT INTO many_officer VALUES ", people)
	family, given := []string{"欧阳", "买买提", "王", "阿卜杜热西提", "李", "吐尔逊", "赵"}, []string{"建国", "阿依努尔", "秀英", "古丽巴哈尔", "志强", "艾合麦提"}
	called := make([][]any, parties)
	for i := range parties {
		name := family[i%len(family)] + given[i/len(family)%len(given)]
		if i%3 == 0 {
			name = fmt.Sprintf("和田%s%s法律服务所第%d分所", family[i%len(family)], given[i%len(given)], i)
		}
		c.Names = append(c.Names, name)
		cell, err := json.Marshal([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		called[i] = []any{i, name, string(cell), locale.IndexText(name)}
	}
	rows(run, "INSERT INTO many_party VALUES ", called)
	for i, title := range []string{"未按规定统一收案收费案", "擅自变更执业场所案", "冒用律师名义执业案", "执业许可", "申请法律援助", "日常检查", "未在规定期限内备案案", "以不正当手段承揽业务案"} {
		run("INSERT INTO many_title VALUES (?, ?, ?)", i, title, locale.IndexText(title))
	}
	fill(t, run, d.Writer.Dialect().Name() == dialect.PG, now, n)
	if d.Writer.Dialect().Name() == dialect.PG { // as its autovacuum would have done meanwhile
		run("ANALYZE")
	}
	return c
}

// rows writes rows, many in one statement.
func rows(run func(string, ...any), into string, list [][]any) {
	for part := range slices.Chunk(list, 400) {
		var marks []string
		var args []any
		for _, r := range part {
			marks = append(marks, "("+strings.TrimSuffix(strings.Repeat("?, ", len(r)), ", ")+")")
			args = append(args, r...)
		}
		run(into+strings.Join(marks, ", "), args...)
	}
}

// fill has the database write the rows. i is the case, o its first officer, p its party, k its title.
func fill(t testing.TB, run func(string, ...any), pg bool, now time.Time, n int) {
	t.Helper()
	pad := func(x string, width int) string {
		if pg {
			return fmt.Sprintf("right('00000000' || (%s)::text, %d)", x, width)
		}
		return fmt.Sprintf("substr('00000000' || (%s), -%d, %d)", x, width, width)
	}
	yes, no := "1", "0"
	if pg {
		yes, no = "true", "false"
	}
	step := 5 * 365 * 24 * time.Hour.Microseconds() / int64(n+1)
	r := strings.NewReplacer(
		"$series", fmt.Sprintf("WITH RECURSIVE series (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM series WHERE i + 1 < %d) ", n),
		"$id", "'01900000-0000-7000-9000-0000' || "+pad("i", 8), "$opened", fmt.Sprintf("(%d + i * %d)", clock.Micros(now.Add(-5*365*24*time.Hour)), step),
		"$now", fmt.Sprint(clock.Micros(now)), "$live", fmt.Sprintf("(i %% 97 < 6 OR i > %d)", n*95/100), "$true", yes, "$false", no,
		"$no", "'云司罚〔' || (2021 + i * 5 / "+fmt.Sprint(n)+") || '〕' || i || ' 号'", "$digits", "(2021 + i * 5 / "+fmt.Sprint(n)+") || ' ' || i",
	)
	do := func(s string) {
		t.Helper()
		run(strings.ReplaceAll(r.Replace(s), "?", "\\?"))
	}
	from := " FROM series JOIN many_officer AS o ON o.n = (i * 31) % 401 JOIN many_party AS p ON p.n = (i * 7) % 4999 JOIN many_title AS k ON k.n = i % 8 ORDER BY i"
	do("INSERT INTO casefile (id, no, title, act, procedure, origin, department_id, stage, state, edition, opened_at, opened_by, closed_at, joined_into, split_from, basis, entry_id, revision, next_due, parties) " +
		"$series SELECT $id, $no, CASE WHEN p.n % 3 = 0 THEN p.name ELSE '' END || k.name, " +
		"CASE i % 10 WHEN 0 THEN 'permit' WHEN 1 THEN 'payment' WHEN 2 THEN 'inspection' WHEN 3 THEN 'inspection' ELSE 'penalty' END, CASE WHEN i % 9 = 0 THEN 'summary' ELSE 'ordinary' END, 'ex_officio', o.department, " +
		"CASE WHEN NOT $live THEN 'closing-archive' WHEN i % 5 = 0 THEN 'initiation' WHEN i % 5 = 1 THEN 'review-decision' WHEN i % 5 = 2 THEN 'service-execution' ELSE 'investigation' END, " +
		"CASE WHEN i % 199 = 0 THEN 'suspended' WHEN $live THEN 'open' WHEN i % 3 = 0 THEN 'closed' ELSE 'archived' END, 1, $opened, o.id, CASE WHEN $live OR i % 199 = 0 THEN 0 ELSE $opened + 7776000000000 END, '', '', " +
		"CASE WHEN i % 199 = 0 THEN '等待鉴定' ELSE '' END, '', 1, CASE WHEN $live AND i % 4 > 0 THEN $now + ((i * 7919) % 2000 - 300) * 3600000000 ELSE 0 END, p.cell" + from)
	for n, lead := range []string{"$true", "$false"} {
		do(fmt.Sprintf("INSERT INTO case_handler (id, case_id, person_id, certificate, lead, from_at, until_at, reason, entry_id) $series SELECT 'h%d-' || i, $id, o.id, '', %s, $opened, 0, '', '' ", n, lead) +
			fmt.Sprintf("FROM series JOIN many_officer AS o ON o.n = (i * 31 + %d * 20) %% 401 ORDER BY i", n))
	}
	terms := "'u4e91u53f8 u53f8u7f5a $pad' || $digits || ' ' || CASE WHEN p.n % 3 = 0 THEN p.terms || ' ' ELSE '' END || k.terms"
	terms = strings.ReplaceAll(terms, "$pad", "")
	if pg {
		do("INSERT INTO case_docket (seq, case_id, said, terms, names) $series SELECT i + 1, $id, '', to_tsvector('simple', " + terms + "), to_tsvector('simple', p.terms)" + from)
		run("SELECT setval(pg_get_serial_sequence('case_docket', 'seq'), (SELECT max(seq) FROM case_docket))")
		return
	}
	do("INSERT INTO case_docket (seq, case_id, said) $series SELECT i + 1, $id, '' FROM series ORDER BY i")
	do("INSERT INTO case_fts (rowid, terms, names) $series SELECT i + 1, " + terms + ", p.terms" + from)
}
