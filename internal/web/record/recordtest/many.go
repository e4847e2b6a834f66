package recordtest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording/record"
)

// Crowd is who and what the rows of Many are about.
type Crowd struct {
	Departments []ident.DepartmentID // the first is the house's own
	Officers    []ident.PersonID     // the first is the house's own
	Devices     []ident.DeviceID
}

// How many there are of each; numbers without a common divisor, so that every officer meets every camera.
const (
	departments = 20
	officers    = 400
	devices     = 399
)

// Many writes n rows of recordings as five years of twenty departments would leave them: two in a hundred late, one in twenty
// with a finding, in the order in which they were stored. No files stand behind them: it is for lists. The database makes
// the rows itself, and their indexes afterwards, since a million would take Go a quarter of an hour.
func (h *House) Many(n int) Crowd {
	h.t.Helper()
	c := Crowd{Departments: []ident.DepartmentID{h.Departments[0].ID}, Officers: []ident.PersonID{h.People["officer"].ID}}
	for range departments - 1 {
		c.Departments = append(c.Departments, ident.New[ident.DepartmentID]())
	}
	h.run("CREATE TABLE many_officer (n BIGINT PRIMARY KEY, id TEXT, name TEXT, terms TEXT, department TEXT)")
	h.run("CREATE TABLE many_device (n BIGINT PRIMARY KEY, id TEXT, name TEXT, terms TEXT)")
	given := []string{"阿依努尔", "古丽巴哈尔", "迪丽拜尔", "吐尔逊江", "艾合麦提", "建国", "秀英", "志强"}
	family := []string{"买买提", "阿卜杜热西提", "吐尔逊", "卡迪尔", "王", "李", "张", "赵"}
	for i := range officers {
		if i > 0 {
			c.Officers = append(c.Officers, ident.New[ident.PersonID]())
		}
		name := given[i%len(given)] + "·" + family[i/len(given)%len(family)]
		h.run("INSERT INTO many_officer VALUES (?, ?, ?, ?, ?)", i, c.Officers[i], name, locale.IndexText(name), c.Departments[i%departments])
	}
	for i := range devices {
		c.Devices = append(c.Devices, ident.New[ident.DeviceID]())
		name := fmt.Sprintf("Z-%03d", i)
		h.run("INSERT INTO many_device VALUES (?, ?, ?, ?)", i, c.Devices[i], name, locale.IndexText(name))
	}
	again := h.dropIndexes()
	h.rows(n)
	for _, statement := range again {
		h.run(statement)
	}
	if record.IsPostgres(h.DB.Writer) { // as its autovacuum would have done meanwhile
		h.run("ANALYZE")
	}
	return c
}

func (h *House) run(statement string, args ...any) {
	h.t.Helper()
	if _, err := h.DB.Writer.NewRaw(statement, args...).Exec(context.Background()); err != nil {
		h.t.Fatalf("%.200s: %v", statement, err)
	}
}

// dropIndexes takes away what is only there to be fast, and gives the statements that make it again.
func (h *House) dropIndexes() []string {
	h.t.Helper()
	list := "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'recording' AND sql IS NOT NULL"
	if record.IsPostgres(h.DB.Writer) {
		list = "SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE tablename = 'recording' AND indexdef NOT LIKE '%UNIQUE%'"
	}
	var found []struct{ Name, SQL string }
	if err := h.DB.Writer.NewRaw(list).Scan(context.Background(), &found); err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, f := range found {
		h.run("DROP INDEX " + f.Name)
		out = append(out, f.SQL)
	}
	return out
}

// rows has the database write them. i is the row, o its officer, d its camera.
func (h *House) rows(n int) {
	h.t.Helper()
	numbers := "WITH RECURSIVE series (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM series WHERE i + 1 < ?n) "
	pad := func(x string, width int) string {
		return fmt.Sprintf("substr('00000000' || (%s), -%d, %d)", x, width, width)
	}
	if record.IsPostgres(h.DB.Writer) {
		pad = func(x string, width int) string { return fmt.Sprintf("right('00000000' || (%s)::text, %d)", x, width) }
	}
	begin := clock.Micros(h.Clock.Now().Add(-5 * 365 * 24 * time.Hour))
	step := 5 * 365 * 24 * time.Hour.Microseconds() / int64(n+1)
	length := "((i * 7919 % 7200 + 5) * 1000000)"
	stored := "(?begin + i * ?step)"
	start := "(" + stored + " - " + length + " - (i % 20) * 3600000000)"
	fill := strings.NewReplacer("?n", fmt.Sprint(n), "?begin", fmt.Sprint(begin), "?step", fmt.Sprint(step))
	do := func(s string) { h.run(strings.ReplaceAll(fill.Replace(s), "?", "\\?")) }
	do("INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, start_at, start_from, start_to, start_source, duration_us, end_from, end_to, sort_at, " +
		"device_id, device_name, device_how, officer_id, officer_name, certainty, department_id, verdict, flags) " + numbers +
		"SELECT '01900000-0000-7000-8000-0000' || " + pad("i", 8) + ", CASE WHEN i % 21 = 0 THEN 'audio' ELSE 'video' END, CASE WHEN i % 50021 = 0 THEN 'damaged' ELSE 'verified' END, " +
		"'DSJ-' || " + pad("d.n", 4) + " || '_' || (" + start + " / 1000000) || '_' || " + pad("i % 10000", 4) + " || '.MP4', 1, (i * 104729) % 8589934592, '', " +
		stored + ", " + start + ", " + start + ", " + start + ", 'container_local', " + length + ", " + start + " + " + length + ", " + start + " + " + length + ", " + start + ", " +
		"d.id, d.name, 'card', o.id, o.name, 'whole', o.department, " +
		"CASE WHEN i % 101 < 2 THEN 'late' WHEN i % 101 = 2 THEN 'cannot_judge' WHEN i % 101 < 6 THEN 'in_time_return' ELSE 'in_time' END, CASE WHEN i % 23 = 0 THEN 'clock_doubt' ELSE '' END " +
		"FROM series JOIN many_officer AS o ON o.n = (i * 31) % 400 JOIN many_device AS d ON d.n = i % 399 ORDER BY i")
	do("INSERT INTO recording_flag (recording_id, seq, flag, detail, at) SELECT id, seq, flags, '', stored_at FROM recording WHERE flags <> ''")
	terms := "'dsj ' || substr(r.name, 5, 4) || ' ' || substr(r.name, 10, 10) || ' ' || substr(r.name, 21, 4) || ' mp4 ' || d.terms || ' ' || o.terms"
	from := "FROM recording AS r JOIN many_officer AS o ON o.id = r.officer_id JOIN many_device AS d ON d.id = r.device_id"
	if record.IsPostgres(h.DB.Writer) {
		do("UPDATE recording SET search_vector = to_tsvector('simple', t.terms) FROM (SELECT r.seq, " + terms + " AS terms " + from + ") AS t WHERE t.seq = recording.seq")
		return
	}
	h.run("CREATE INDEX many_officer_id ON many_officer (id)")
	h.run("CREATE INDEX many_device_id ON many_device (id)")
	do("INSERT INTO recording_fts (rowid, terms) SELECT r.seq, " + terms + " " + from + " ORDER BY r.seq")
}
