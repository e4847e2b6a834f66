package library_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

func has(t *testing.T, a recordtest.Answer, status int, texts ...string) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d:\n%s", a.Status, status, a.Body)
	}
	for _, s := range texts {
		if !strings.Contains(a.Body, s) {
			t.Errorf("the page lacks %q", s)
		}
	}
	if i := strings.Index(a.Body, "⟦"); i >= 0 {
		t.Errorf("words are missing: %.60s", a.Body[i:])
	}
}

// rows counts the recordings a list shows.
func rows(a recordtest.Answer) int { return strings.Count(a.Body, "data-zl-row") }

// TestScope is R-21-1: everybody sees what is theirs, and nothing else.
func TestScope(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	h.Fill()
	for _, c := range []struct {
		role access.Role
		want int
	}{
		{access.Officer, 3}, {access.Custodian, 5}, {access.Head, 5}, {access.Leader, 15}, {access.LegalReviewer, 15}, {access.Supervisor, 15},
	} {
		a := h.As(c.role).Get("/recordings")
		has(t, a, http.StatusOK, "音像库", "导出 Excel")
		if n := rows(a); n != c.want {
			t.Errorf("%s sees %d recordings, want %d", c.role, n, c.want)
		}
	}
	has(t, h.SignIn(h.Other.ID).Get("/recordings"), http.StatusOK, "还没有录音录像", "交还设备后由保管人采集入库")
	for _, role := range []access.Role{access.SystemAdmin, access.SecurityAdmin, access.AuditAdmin} {
		for _, path := range []string{"/recordings", "/recordings/export"} {
			if a := h.As(role).Get(path); a.Status != http.StatusForbidden {
				t.Errorf("%s: %s got %d", path, role, a.Status)
			}
		}
	}
}

// TestConditions: each condition narrows, all stay in the address, what makes no sense is said.
func TestConditions(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	h.Fill()
	leader := h.As(access.Leader)
	today, yesterday := h.Clock.Now().Format(time.DateOnly), h.Clock.Now().Add(-24*time.Hour).Format(time.DateOnly)
	for _, c := range []struct {
		query string
		want  int
	}{
		{"verdict=late", 1},
		{"verdict=cannot_judge", 11},
		{"state=stored", 5},
		{"state=damaged", 0},
		{"flag=unreadable", 1},
		{"flag=unknown_device", 10},
		{"q=" + url.QueryEscape("执法记录"), 1},
		{"q=" + url.QueryEscape("买买提"), 3},
		{"q=MOVI0007", 1},
		{"q=" + url.QueryEscape("没有这个"), 0},
		{"q=" + url.QueryEscape(`"' OR 1=1 --`), 0},
		{"device=" + string(h.Camera), 3},
		{"device=" + string(h.Loose), 2},
		{"officer=" + string(h.People[access.Officer].ID), 3},
		{"department=" + string(h.Departments[0].ID), 5},
		{"department=" + string(h.Departments[1].ID), 0},
		{"kind=video", 15},
		{"kind=picture", 0},
		{"from=" + yesterday + "&to=" + yesterday, 2},
		{"from=" + today, 13},
		{"to=2020-01-01", 0},
		{"sort=start", 15},
		{"sort=start&verdict=late&q=Z-07", 1},
	} {
		a := leader.Get("/recordings?" + c.query)
		has(t, a, http.StatusOK)
		if n := rows(a); n != c.want {
			t.Errorf("%s: %d rows, want %d", c.query, n, c.want)
		}
		if c.want == 0 && !strings.Contains(a.Body, "没有符合这些条件的录音录像") {
			t.Errorf("%s: nothing says why the list is empty", c.query)
		}
	}
	a := leader.Get("/recordings?verdict=late&q=Z-07&sort=start")
	has(t, a, http.StatusOK, `value="Z-07"`, `/recordings/export?q=Z-07&amp;sort=start&amp;verdict=late`, "清除条件", `aria-current="page"`)
	has(t, leader.Get("/recordings?verdict=guilty&from=soon&officer=me"), http.StatusOK, "这些条件看不懂", "判定", "使用人", "从")
	if a := leader.Get("/recordings?after=zzz"); a.Status != http.StatusSeeOther {
		t.Errorf("a mangled place: %d", a.Status)
	}
	has(t, leader.Get("/recordings?col=who"), http.StatusOK, "使用人与设备")
	if a := leader.Get("/recordings?col=who"); strings.Contains(a.Body, `class="zl-badge`) {
		t.Error("a column that was not chosen is shown")
	}
}

// TestNoOrderByOfficer is decision 4.
func TestNoOrderByOfficer(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	h.Fill()
	leader := h.As(access.Leader)
	for _, sort := range []string{"officer", "who", "count"} {
		has(t, leader.Get("/recordings?sort="+sort), http.StatusOK, "这些条件看不懂", "次序")
	}
	if a := leader.Get("/recordings"); strings.Contains(a.Body, "sort=who") || strings.Contains(a.Body, "sort=officer") {
		t.Error("a list by officer is offered")
	}
}

// TestPages walks a long list by its keys: every recording once, newest first.
func TestPages(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	card := h.Card("Z07")
	const total = 60
	for i := range total {
		h.Clock.Add(time.Minute)
		h.Take(card, h.Name("DSJ-0007", time.Hour, i+1), fmt.Sprint(i), false)
	}
	leader := h.As(access.Leader)
	path, seen := "/recordings", map[string]bool{}
	for range 5 {
		a := leader.Get(path)
		has(t, a, http.StatusOK, "共 60 条")
		for _, part := range strings.Split(a.Body, `class="zl-main1" href="`)[1:] {
			href, _, _ := strings.Cut(part, `"`)
			if seen[href] {
				t.Fatalf("%s twice", href)
			}
			seen[href] = true
		}
		_, rest, more := strings.Cut(a.Body, `href="/recordings?after=`)
		if !more {
			break
		}
		cursor, _, _ := strings.Cut(rest, `"`)
		path = "/recordings?after=" + cursor
	}
	if len(seen) != total {
		t.Errorf("saw %d of %d", len(seen), total)
	}
}

// TestExport: the same rows in Excel, harmless (T26), with an entry of what was taken.
func TestExport(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	leader := h.As(access.Leader)
	read := func(path string) [][]string {
		t.Helper()
		a := leader.Get(path)
		if a.Status != http.StatusOK || !strings.Contains(a.Header.Get("Content-Disposition"), "filename*=UTF-8''%E9%9F%B3") {
			t.Fatalf("%s: %d %v", path, a.Status, a.Header)
		}
		f, err := excelize.OpenReader(strings.NewReader(a.Body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.GetRows(f.GetSheetName(0))
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range got {
			for j, cell := range row {
				axis, err := excelize.CoordinatesToCellName(j+1, i+1)
				if err != nil {
					t.Fatal(err)
				}
				if formula, err := f.GetCellFormula(f.GetSheetName(0), axis); err != nil || formula != "" {
					t.Errorf("%s holds a formula %q %v", axis, formula, err)
				}
				if cell != "" && strings.ContainsAny(cell[:1], "=+@") {
					t.Errorf("%s begins like a formula: %q", axis, cell)
				}
				if strings.ContainsAny(cell, "\u202e\x01") {
					t.Errorf("%s holds what cannot be seen: %q", axis, cell)
				}
			}
		}
		return got
	}
	all := read("/recordings/export")
	if len(all) != 16 || all[0][0] != "序号" || len(all[0]) != 20 {
		t.Fatalf("%d rows, %v", len(all), all[0])
	}
	late := read("/recordings/export?verdict=late")
	if len(late) != 2 || late[1][19] != string(d.Late.RecordingID) || late[1][16] != "逾期" || late[1][10] != "阿依努尔·买买提" || late[1][13] != "执法一科" {
		t.Errorf("%v", late)
	}
	entries := h.History(t, "ledger", "recordings")
	if len(entries) != 2 || entries[0].Action != string(access.RecordingExport) || entries[0].Outcome != custody.Done || !strings.Contains(string(entries[0].Detail), "late") {
		t.Errorf("%+v", entries)
	}
}

// TestHostileNames is T19 and T26 in the list.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	for _, lang := range []string{"", "en"} {
		r := h.As(access.Leader)
		r.Lang = lang
		a := r.Get("/recordings")
		has(t, a, http.StatusOK, record.Path(d.Hostile[0].RecordingID), "𬱖䶮·阿依努尔")
		for _, bad := range []string{"<script>alert", "\u202e", "\x01"} {
			if strings.Contains(a.Body, bad) {
				t.Errorf("the list holds %q", bad)
			}
		}
	}
	has(t, h.As(access.Leader).Get("/recordings?q="+url.QueryEscape(`"><script>alert(1)</script>`)), http.StatusOK, "&lt;script&gt;")
}
