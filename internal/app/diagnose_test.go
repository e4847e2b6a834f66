package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/app/bundle"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
)

// unzip gives the files of a bundle by their names.
func unzip(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(b)
	}
	return out
}

// personal gives every value of the house's rows by which a person, a thing or a piece of evidence could be known: what has a
// digit or a sign that no code has. Words that the program chose ("sealed") are none.
func personal(t *testing.T, h *app.House) map[string]string {
	t.Helper()
	out, word, count := map[string]string{}, regexp.MustCompile(`^[a-z_.]*$`), regexp.MustCompile(`^[0-9]{1,11}$`)
	for _, table := range []string{
		"bureau", "department", "person", "account", "session", "token", "device", "card", "card_file", "upload", "recording", "recording_file",
		"recording_receipt", "custody_entry", "custody_key", "scrub_object",
	} {
		rows, err := h.DB.Reader.QueryContext(t.Context(), "SELECT * FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				t.Fatal(err)
			}
			for i, c := range cells {
				s := fmt.Sprint(*c.(*any))
				if b, ok := (*c.(*any)).([]byte); ok {
					s = string(b)
				}
				name := table + "." + columns[i]
				if strings.HasSuffix(name, "_bytes") || name == "custody_key.alg" || count.MatchString(s) {
					continue // a card on this disk is as large as it, a stack names its algorithm, and a small number says nothing
				}
				if slices.Contains([]string{"account.username", "token.name"}, name) || len(s) >= 6 && !word.MatchString(s) {
					out[s] = name
				}
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		_ = rows.Close()
	}
	return out
}

// A house full of people, cards and secrets, and a log that was told all of them, gives a bundle in which none of them is
// (personal data stays in the house), with a server and without one, of a house that is ill as well; each is an entry.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	st := openStation(t)
	h, place := st.house, st.house.Place
	dir := card(t, map[string]string{"DCIM/京E9-王小明-110101199003078888.mp4": "some film", "DCIM/HB-13900001111.mp4": "another"})
	st.dock(st.agent(dir, st.url))

	told := map[string]string{
		"王小明": "name", "110101199003078888": "id card", "13900001111": "telephone", "203.0.113.77": "address", "〔2026〕示例罚字第77号": "case", st.token: "token",
		place.Data: "folder", place.Keys: "folder", dir: "folder", "孙慧": "name", "另一个 长口令 2026": "password", "SN-4411-A": "camera",
	}
	secret := func(s string) { // as careless code would
		h.Log.Error("a line that was told too much", "person", s, "code", s, "state", s, "kind", s, "err", fault.Wrap(fmt.Errorf("%s: %w", s, os.ErrPermission), fault.Conflict, "test.code", s).At(s))
		h.Log.With("code", s, "name", s).WithGroup("g").Error("a line in a group", "code", s, slog.Group("inner", "kind", s))
		h.Log.Error("a line with more", "status", []string{s}, "method", struct{ Name string }{s}, "bytes", []byte(s))
	}
	for s := range told {
		secret(s)
	}
	for _, name := range []string{"log.key", "receipt.key", "storage.key", "ca.key"} {
		raw, err := os.ReadFile(filepath.Join(place.Keys, name))
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(string(raw)) {
			if l = strings.TrimSpace(l); len(l) > 20 && !strings.HasPrefix(l, "-----") {
				told[l] = name
			}
		}
	}
	for s, where := range personal(t, h) {
		told[s] = where
	}
	if len(told) < 80 {
		t.Fatalf("only %d values to look for", len(told))
	}
	clean := func(files map[string]string) {
		t.Helper()
		for name, text := range files {
			for s, what := range told {
				if strings.Contains(text, s) {
					t.Errorf("%s holds %q (%s)", name, s, what)
				}
			}
		}
	}
	c := bundle.Config{Place: place, Version: "v9", Clock: clock.System(), Log: slog.New(slog.DiscardHandler)}
	packed := func(unrecorded bool, want ...string) map[string]string {
		t.Helper()
		raw, err := bundle.Make(t.Context(), c)
		if fault.HasCode(err, "diagnose.unrecorded") != unrecorded || err != nil && !unrecorded {
			t.Fatal(err)
		}
		files := unzip(t, raw)
		clean(files)
		for _, name := range want {
			if files[name] == "" {
				t.Errorf("no %s in %d files: %s", name, len(files), files["missing.json"])
			}
		}
		return files
	}
	always := []string{"README.txt", "versions.json", "configuration.json", "disk.json"}
	running := packed(false, append(always, "health.json", "fsck.json", "log.jsonl", "metrics.txt", "goroutines.txt", "heap.txt")...)
	var health struct {
		Rows map[string]int64
		Log  struct{ Size int64 }
	}
	if err := json.Unmarshal([]byte(running["health.json"]), &health); err != nil || health.Rows["card_file"] != 2 || health.Log.Size == 0 {
		t.Errorf("%v: %s", err, running["health.json"])
	}
	for name, want := range map[string]string{
		"log.jsonl": `"code":"test.code"`, "metrics.txt": "zhilu_log_size ", "goroutines.txt": "diagnosis.(*Service).Run", "disk.json": `"total_bytes"`,
		"README.txt": "执录诊断包",
	} {
		if !strings.Contains(running[name], want) {
			t.Errorf("%s lacks %q:\n%.2000s", name, want, running[name])
		}
	}
	list, err := custody.List(t.Context(), h.DB.Reader, custody.Filter{Action: string(access.HealthDiagnose)})
	if err != nil || len(list) != 1 || list[0].Actor.Kind != custody.Host {
		t.Errorf("%+v %v", list, err)
	}

	// A copy of the data that no server runs over, then one whose database is none.
	still := config.Place{Data: filepath.Join(t.TempDir(), "data"), Keys: place.Keys}
	if err := os.MkdirAll(still.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := h.DB.Writer.ExecContext(t.Context(), "VACUUM INTO ?", filepath.Join(still.Data, "zhilu.db")); err != nil {
		t.Fatal(err)
	}
	c.Place = still
	if files := packed(false, append(always, "health.json", "fsck.json")...); files["log.jsonl"] != "" || files["goroutines.txt"] != "" {
		t.Error("a server's parts without a server")
	}
	if err := os.WriteFile(filepath.Join(still.Data, "zhilu.db"), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if files := packed(true, append(always, "missing.json")...); !strings.Contains(files["missing.json"], "diagnose.no_database") {
		t.Error(files["missing.json"])
	}
}

// diagnostics holds who may have a bundle from the page of health.
func diagnostics(t *testing.T, v *visitor, role string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.base+"/health/diagnostics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, page := v.get("/health")
	if button := strings.Contains(page, `action="/health/diagnostics"`); button != (role == "system_admin") {
		t.Errorf("%s sees the button: %v", role, button)
	}
	if role != "system_admin" {
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s gets %d", role, resp.StatusCode)
		}
		return
	}
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") || unzip(t, raw)["health.json"] == "" {
		t.Errorf("%s gets %d, %d bytes", role, resp.StatusCode, len(raw))
	}
}
