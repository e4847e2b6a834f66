package library_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

func entries(t *testing.T, h *recordtest.House, action access.Action) []custody.Record {
	t.Helper()
	list, err := custody.List(t.Context(), h.DB.Reader, custody.Filter{Action: string(action), Outcome: custody.Done, Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestBulkAssign: several are assigned at once, each with an entry of its own; what another department owns is left out and
// said, what fails is named and can be tried again.
func TestBulkAssign(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	keeper := h.As(access.Custodian)
	picks := []string{string(d.Late.RecordingID), string(d.Doubtful.RecordingID), string(d.InTime.RecordingID), string(d.Unknown.RecordingID)}

	has(t, keeper.Get("/recordings"), http.StatusOK, `name="pick"`, "认定使用人和设备", "导出选中的")
	a := keeper.Post("/recordings/bulk", url.Values{"do": {"assign"}, "pick": picks})
	has(t, a, http.StatusOK, "将要办理 3 段", "有 1 段你不能办理", `name="officer"`, `name="words"`)
	if n := strings.Count(a.Body, `name="pick"`); n != 3 {
		t.Errorf("%d are carried on", n)
	}
	if len(entries(t, h, access.RecordingAssign)) != 0 {
		t.Error("looking at what would be done did it")
	}
	form := url.Values{"do": {"assign"}, "go": {"1"}, "pick": picks, "officer": {string(h.People[access.Head].ID)}}
	has(t, keeper.Post("/recordings/bulk", form), http.StatusUnprocessableEntity, `id="bulk-words-error"`)
	form.Set("words", "看卷标")
	form.Del("officer")
	has(t, keeper.Post("/recordings/bulk", form), http.StatusUnprocessableEntity, `id="bulk-device-error"`, "看卷标")
	form.Set("officer", string(h.People[access.Head].ID))
	has(t, keeper.Post("/recordings/bulk", form), http.StatusOK, "办好 3 段", "回到音像库")
	if n := len(entries(t, h, access.RecordingAssign)); n != 3 {
		t.Errorf("%d entries", n)
	}
	form.Set("officer", "01a21d1d-db88-779a-903b-97ea2df4c484") // nobody
	a = keeper.Post("/recordings/bulk", form)
	has(t, a, http.StatusOK, "办好 0 段", "3 段没有办成", "再办没有办成的", "看卷标")
	if n := strings.Count(a.Body, `name="pick"`); n != 3 {
		t.Errorf("%d can be tried again", n)
	}

	officer := h.As(access.Officer)
	a = officer.Post("/recordings/bulk", form)
	has(t, a, http.StatusOK, "选中的里面有")
	if n := len(entries(t, h, access.RecordingAssign)); n != 3 {
		t.Errorf("an officer assigned: %d entries", n)
	}
	if a := officer.Get("/recordings"); strings.Contains(a.Body, "认定使用人和设备") {
		t.Error("an officer is offered to assign")
	}
	for _, path := range []string{"/recordings/bulk", "/recordings/views", "/recordings/layout"} {
		if a := h.As(access.AuditAdmin).Post(path, form); a.Status != http.StatusForbidden {
			t.Errorf("%s: an administrator got %d", path, a.Status)
		}
	}
}

// TestBulkSettle takes everything in the result, and settles the inbox.
func TestBulkSettle(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	h.Fill()
	keeper := h.As(access.Custodian)
	a := keeper.Post("/recordings/bulk", url.Values{"do": {"settle"}, "all": {"1"}, "conditions": {"verdict=cannot_judge"}})
	has(t, a, http.StatusOK, "一起认领")
	n := strings.Count(a.Body, `name="pick"`)
	if n == 0 {
		t.Fatal("nothing is in the result")
	}
	picks := url.Values{"do": {"settle"}, "go": {"1"}, "all": {"1"}, "conditions": {"verdict=cannot_judge"}, "words": {"都看过"}}
	has(t, keeper.Post("/recordings/bulk", picks), http.StatusOK, "办好")
	if got := len(entries(t, h, access.InboxResolve)); got != n {
		t.Errorf("%d entries for %d recordings", got, n)
	}
}

// TestBulkExport: what is picked comes as a ledger, and the entry names each.
func TestBulkExport(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	officer := h.As(access.Officer)
	a := officer.Post("/recordings/bulk", url.Values{"do": {"export"}, "pick": {string(d.InTime.RecordingID), string(d.Late.RecordingID), string(d.Unknown.RecordingID)}})
	if a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Fatal(a.Status, a.Header)
	}
	book, err := excelize.OpenReader(bytes.NewReader([]byte(a.Body)))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows(book.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, r := range rows {
		text += strings.Join(r, " ") + "\n"
	}
	if !strings.Contains(text, string(d.InTime.RecordingID)) || !strings.Contains(text, string(d.Late.RecordingID)) || strings.Contains(text, string(d.Unknown.RecordingID)) {
		t.Errorf("the ledger holds:\n%s", text)
	}
	list := entries(t, h, access.RecordingExport)
	if len(list) != 1 || !strings.Contains(string(list[0].Detail), string(d.Late.RecordingID)) || strings.Contains(string(list[0].Detail), string(d.Unknown.RecordingID)) {
		t.Errorf("the entries say %+v", list)
	}
}

// TestKeptViews: conditions under a name stand as a tab; columns and density come back the next time.
func TestKeptViews(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	h.Fill()
	officer, head := h.As(access.Officer), h.As(access.Head)
	if a := officer.Get("/recordings"); strings.Contains(a.Body, "存为视图") {
		t.Error("no conditions are offered to be kept")
	}
	has(t, officer.Get("/recordings?verdict=late&sort=start"), http.StatusOK, "存为视图", `name="conditions" value="sort=start&amp;verdict=late"`)
	a := officer.Post("/recordings/views", url.Values{"conditions": {"verdict=late&sort=start&evil=1"}, "name": {"我的<逾期>"}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/recordings?sort=start&verdict=late" {
		t.Fatal(a.Status, a.Header.Get("Location"))
	}
	a = officer.Get("/recordings?verdict=late&sort=start")
	has(t, a, http.StatusOK, "我的&lt;逾期&gt;", "删除这个视图")
	if n := strings.Count(a.Body, `class="zl-tabs"`); n != 1 || strings.Count(a.Body, `aria-current="page"`) < 1 {
		t.Error("the kept view is not marked as the one in view")
	}
	has(t, officer.Post("/recordings/views", url.Values{"conditions": {"verdict=late"}, "name": {" "}}), http.StatusUnprocessableEntity, `id="view-name-error"`)
	if a := head.Get("/recordings"); strings.Contains(a.Body, "逾期&gt;") {
		t.Error("another's view is shown")
	}
	if a := head.Post("/recordings/views", url.Values{"conditions": {"state=stored"}, "name": {"本周"}, "share": {"1"}}); a.Status != http.StatusSeeOther {
		t.Fatal(a.Status, a.Body)
	}
	has(t, officer.Get("/recordings"), http.StatusOK, "本周（科室）")

	a = officer.Post("/recordings/layout", url.Values{"col": {"who", "size"}, "dense": {"1"}, "verdict": {"late"}})
	if a.Status != http.StatusSeeOther || !strings.Contains(a.Header.Get("Location"), "col=who&col=size&dense=1&verdict=late") {
		t.Fatal(a.Status, a.Header.Get("Location"))
	}
	a = officer.Get("/recordings")
	has(t, a, http.StatusOK, "is-dense", "使用人与设备")
	if strings.Contains(a.Body, `class="zl-badge`) {
		t.Error("a column that was not chosen is shown the next time")
	}
	if a := head.Get("/recordings"); strings.Contains(a.Body, "is-dense") {
		t.Error("another's choice is shown")
	}
}

// TestFoundAndSorted: what matched is marked; every column that is offered sorts both ways and pages on.
func TestFoundAndSorted(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	h.Fill()
	leader := h.As(access.Leader)
	has(t, leader.Get("/recordings?q="+url.QueryEscape("努尔买买")), http.StatusOK, "<mark>努尔·买买</mark>")
	has(t, leader.Get("/recordings?q=0007"), http.StatusOK, "<mark>0007</mark>")
	for _, sort := range []string{"stored", "start", "size", "length"} {
		down, up := leader.Get("/recordings?sort="+sort), leader.Get("/recordings?dir=asc&sort="+sort)
		has(t, down, http.StatusOK, `aria-sort="descending"`)
		has(t, up, http.StatusOK, `aria-sort="ascending"`)
		if rows(down) != 15 || rows(up) != 15 {
			t.Errorf("%s: %d and %d rows", sort, rows(down), rows(up))
		}
	}
}
