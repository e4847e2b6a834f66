package hardship_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

// finding is a line of `zhilu fsck --json` and `zhilu scrub --json`.
type finding struct {
	Kind     string `json:"kind"`
	Subject  string `json:"subject"`
	Code     string `json:"code"`
	LastGood string `json:"last_good"`
}

func findings(t *testing.T, out string) []finding {
	t.Helper()
	var list []finding
	for line := range strings.Lines(out) {
		var f finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, f)
	}
	return list
}

// TestRot is goal G6 against the built program: after a sound round of the standing check one byte flips in each of fifty
// objects, and every one is named by the next round, with the time when it was last whole, and nothing else. Then one byte
// at a time in the database's file, inside rows of the log, its tiles and its entries' facts, and in files of a backup.
func TestRot(t *testing.T) {
	t.Parallel()
	began := time.Now()
	seed := housetest.Seed(t)
	r := housetest.Rand(seed, "rot")
	files := housetest.Number(t, "G6_FILES", 40, 400)
	objects := housetest.Number(t, "G6_OBJECTS", 20, 50)
	others := housetest.Number(t, "G6_OTHERS", 3, 10)
	h := housetest.New(t, t.TempDir())
	s := h.Start(t)
	acks := housetest.NewAcks()
	c := &housetest.Client{House: h, Token: h.Dock, Acks: acks}
	for _, f := range housetest.Files(r, files, 1, 400_000) {
		if a, err := c.Send(t.Context(), f); err != nil {
			t.Fatalf("%v %+v", err, a)
		}
	}
	v := h.Check(t, s, acks.List(), 1) // it waits for every entry's place
	backup := filepath.Join(h.Dir, "backup")
	if out, errs, code := h.Run(t, "backup", "--data", h.Data, "--keys", h.Keys, "--to", backup); code != 0 {
		t.Fatalf("backup: %d %s%s", code, out, errs)
	}
	scrub := []string{"scrub", "--data", h.Data, "--keys", h.Keys, "--json"}
	if out, errs, code := h.Run(t, scrub...); code != 0 || out != "" {
		t.Fatalf("a false alarm: %d %s%s", code, out, errs)
	}
	wrong := func(format string, args ...any) {
		v.Wrong++
		v.Notes = append(v.Notes, fmt.Sprintf(format, args...))
	}

	list := h.Objects()
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	want := map[string]string{}
	for _, path := range list[:objects] {
		defer flip(t, r, path, -1)()
		want[strings.TrimSuffix(filepath.Base(path), ".zv")] = path
	}
	out, errs, code := h.Run(t, scrub...)
	if code != 3 {
		wrong("scrub over %d spoiled objects ends with %d: %s", objects, code, errs)
	}
	for _, f := range findings(t, out) {
		if want[f.Subject] == "" || f.Kind != "changed" || f.LastGood == "" {
			wrong("a false alarm, or one that does not say when it was whole: %+v", f)
		}
		delete(want, f.Subject)
	}
	for name := range want {
		wrong("object %s has one flipped byte, and nobody noticed", name)
	}

	rows := rotRows(t, h, r, others)
	rows += rotFiles(t, h, r, backup, others, wrong)
	v.Must(t)
	housetest.Tally{
		Goal: "G6", Runs: objects + rows, Lost: v.Lost, Doubled: v.Doubled, Wrong: v.Wrong, Began: began,
		Note: fmt.Sprintf("%d of %d objects in one round, then %d bytes one at a time in the database and a backup; seed %d", objects, files, rows, seed),
	}.Say(t)
}

// rotRows flips a byte of the database's file inside the facts of the log, one at a time, and has the house checked.
func rotRows(t *testing.T, h *housetest.House, r *rand.Rand, n int) int {
	t.Helper()
	d := h.Rows(t)
	var facts [][]byte
	for what, query := range map[string]string{
		"entry": "SELECT detail FROM custody_entry WHERE length(detail) > 40 ORDER BY random() LIMIT ?",
		"id":    "SELECT id FROM custody_entry ORDER BY random() LIMIT ?",
		"tile":  "SELECT hashes FROM custody_tile WHERE length(hashes) >= 32 ORDER BY random() LIMIT ?",
		"file":  "SELECT sha256 FROM recording_file ORDER BY random() LIMIT ?",
	} {
		facts = append(facts, values(t, d, what, query, n)...)
	}
	_ = d.Close()
	path := filepath.Join(h.Data, "zhilu.db")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, fact := range facts {
		var places []int
		for at := 0; ; at++ {
			i := bytes.Index(raw[at:], fact)
			if i < 0 {
				break
			}
			at += i
			places = append(places, at)
		}
		if len(places) == 0 {
			t.Fatalf("%x is not in the database's file", fact)
		}
		place := places[r.IntN(len(places))]
		undo := flip(t, r, path, int64(place+r.IntN(len(fact))))
		out, errs, code := h.Run(t, "fsck", "--data", h.Data, "--keys", h.Keys, "--json")
		if code != 3 || len(findings(t, out)) == 0 {
			t.Errorf("a byte flipped at %d of the database (%q): fsck ends with %d %s%s", place, fact, code, out, errs)
		}
		undo()
	}
	if out, errs, code := h.Run(t, "fsck", "--data", h.Data, "--keys", h.Keys, "--json"); len(facts) > 0 && strings.Contains(out, `"log"`) {
		t.Errorf("all is as it was, and fsck ends with %d %s%s", code, out, errs)
	}
	return len(facts)
}

// values gives the beginnings of one column's values.
func values(t *testing.T, d *sql.DB, what, query string, n int) (out [][]byte) {
	t.Helper()
	list, err := d.QueryContext(t.Context(), query, n)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer func() { _ = list.Close() }()
	for list.Next() {
		var raw []byte
		if err := list.Scan(&raw); err != nil {
			t.Fatal(err)
		}
		out = append(out, raw[:min(len(raw), 32)])
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// rotFiles flips a byte in files of a backup, one at a time.
func rotFiles(t *testing.T, h *housetest.House, r *rand.Rand, backup string, n int, wrong func(string, ...any)) int {
	t.Helper()
	var all []string
	err := filepath.WalkDir(backup, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && e.Name() != "lock" {
			all = append(all, path)
		}
		return err
	})
	if err != nil || len(all) < n {
		t.Fatal(len(all), err)
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, path := range all[:n] {
		undo := flip(t, r, path, -1)
		out, errs, code := h.Run(t, "backup", "--check", "--to", backup, "--json")
		name, _ := filepath.Rel(backup, path)
		if list := findings(t, out); code != 3 || len(list) != 1 || list[0].Subject != filepath.ToSlash(name) {
			wrong("a byte flipped in %s of a backup: %d %s%s", name, code, out, errs)
		}
		undo()
	}
	return n
}

// flip changes one bit of a file, at a place or (-1) anywhere, and gives what undoes it.
func flip(t *testing.T, r *rand.Rand, path string, at int64) (undo func()) {
	t.Helper()
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if at < 0 {
		st, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		at = r.Int64N(st.Size())
	}
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	was := b[0]
	b[0] ^= 1 << r.IntN(8)
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	return func() {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			_, err = f.WriteAt([]byte{was}, at)
			_ = f.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
}
