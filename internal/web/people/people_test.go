package people_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/people"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/webtest"
)

const (
	longName = "阿卜杜热合曼·麦麦提吐尔逊·托合提库尔班江·阿布都热依木"
	markup   = `<script>alert("1")</script>`
	formula  = "=1+cmd|' /C calc'!A0"
)

func routes(w *pagetest.World) []site.Route {
	return people.Routes(people.Deps{Org: w.Org, Accounts: w.Accounts})
}

func path(id ident.PersonID) string { return "/people/" + string(id) }

func TestWhoSeesWhom(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	officer, other := w.People[access.Officer], w.Other
	w.As(access.SystemAdmin).Get("/people").Want(http.StatusOK, "阿依努尔·买买提", "马晓东", "执法人员", "登记")
	w.As(access.Head).Get("/people").Want(http.StatusOK, "阿依努尔·买买提").Lacks("马晓东", "/people/new")
	w.As(access.Officer).Get("/people").Want(http.StatusOK, "阿依努尔·买买提").Lacks("王建国")
	w.As(access.Officer).Get(path(other.ID)).Want(http.StatusNotFound)
	w.As(access.Head).Get(path(officer.ID)).Want(http.StatusOK, "执法一科").Lacks("离岗", "登记一本证件")
	w.As(access.Leader).Get(path(other.ID)).Want(http.StatusOK, "马晓东")
	w.As(access.Head).Post("/people", "name", "新人").Want(http.StatusForbidden, "系统管理员")
	w.As(access.Head).Get("/people/new").Want(http.StatusForbidden)
	w.As(access.Head).Get("/people/nonsense").Want(http.StatusNotFound)
}

func TestAddEditAndEndService(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	admin := w.As(access.SystemAdmin)
	admin.Post("/people", "name", "", "number", "A 1", "department", "").Want(http.StatusUnprocessableEntity, "名称不能为空", `value="A 1"`)
	a := admin.Post("/people", "name", longName, "number", "7", "department", string(w.Departments[1].ID)).Leads("/people/")
	at := a.Location
	admin.Get(at).Want(http.StatusOK, longName, "执法二科", "没有任命")
	admin.Post(at, "name", markup, "number", "7", "department", string(w.Departments[1].ID)).Leads(at)
	admin.Post(at, "name", markup, "number", "7", "department", string(w.Departments[1].ID)).Leads(at) // nothing to change is no failure
	admin.Get(at).Want(http.StatusOK, "&lt;script&gt;").Lacks(markup)                                  // T26
	admin.Get("/people?q="+"alert").Want(http.StatusOK, "&lt;script&gt;").Lacks(markup)
	admin.Post(at+"/deactivate", "reason", "").Want(http.StatusUnprocessableEntity, "要写明原因")
	admin.Post(at+"/deactivate", "reason", "退休").Leads(at)
	admin.Get(at).Want(http.StatusOK, "已离岗").Lacks("改资料")
	admin.Get("/people?serving=all").Want(http.StatusOK, "离岗")
	admin.Get("/people?q=没有这个人").Want(http.StatusOK, "没有符合条件的人")
	admin.Post(path(w.People[access.SystemAdmin].ID)+"/deactivate", "reason", "自己不干了").Want(http.StatusForbidden)
}

// TestCertificates: R-08-01.
func TestCertificates(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	admin, at := w.As(access.SystemAdmin), path(w.People[access.Officer].ID)
	admin.Post(at+"/certificates", "certificate", "HT1", "kind", "enforcement", "valid_from", "2025-01-01", "valid_to", "2024-01-01").Want(http.StatusUnprocessableEntity, "有效期不对", `value="HT1"`)
	admin.Post(at+"/certificates", "certificate", "HT1", "kind", "enforcement", "valid_from", "x", "valid_to", "2024-01-01").Want(http.StatusUnprocessableEntity, "日期不对")
	admin.Post(at+"/certificates", "certificate", "HT1", "kind", "enforcement", "valid_from", "2025-01-01", "valid_to", "2026-12-20").Leads(at)
	admin.Get(at).Want(http.StatusOK, "HT1", "还剩 26 天")
	admin.Get("/people?view=expiring").Want(http.StatusOK, "阿依努尔·买买提", "还剩 26 天")
	list, err := w.Org.Certificates(context.Background(), w.People[access.Officer].ID)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	one := at + "/certificates/" + string(list[0].ID)
	admin.Post(one, "certificate", "HT1", "kind", "enforcement", "valid_from", "2025-01-01", "valid_to", "2028-12-31").Leads(at)
	admin.Get(at).Want(http.StatusOK, "有效至 2028 年 12 月 31 日")
	admin.Post(path(w.Other.ID)+"/certificates/"+string(list[0].ID)+"/revoke", "reason", "别人的").Want(http.StatusNotFound)
	admin.Post(one+"/revoke", "reason", "").Want(http.StatusUnprocessableEntity, "要写明原因")
	admin.Post(one+"/revoke", "reason", "遗失").Leads(at)
	admin.Get(at).Want(http.StatusOK, "吊销", "遗失")
	w.As(access.Head).Post(at+"/certificates", "certificate", "HT2").Want(http.StatusForbidden)
}

func TestDepartments(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	admin := w.As(access.SystemAdmin)
	admin.Get("/departments").Want(http.StatusOK, "一科二中队", "由 执法一科 的人负责", "没有保管人", "第二十一条") // R-21-2
	admin.Post("/departments", "name", "执法一科", "parent", "").Want(http.StatusUnprocessableEntity, "已经有叫", `value="执法一科"`)
	admin.Post("/departments", "name", markup, "parent", string(w.Departments[0].ID)).Leads("/departments")
	admin.Get("/departments").Want(http.StatusOK, "&lt;script&gt;").Lacks(markup)
	d2 := "/departments/" + string(w.Departments[1].ID)
	admin.Get("/departments?edit="+string(w.Departments[1].ID)).Want(http.StatusOK, "改科室：执法二科")
	admin.Post(d2, "name", "执法三科", "parent", string(w.Departments[0].ID)).Leads("/departments")
	admin.Post(d2+"/close").Want(http.StatusUnprocessableEntity, "不能撤销")
	d1 := "/departments/" + string(w.Departments[0].ID)
	admin.Post(d1, "name", "执法一科", "parent", string(w.Departments[1].ID)).Want(http.StatusUnprocessableEntity, "自己下面")
	w.As(access.Head).Get("/departments").Want(http.StatusOK, "执法三科").Lacks("新建科室", "撤销")
	w.As(access.Head).Post("/departments", "name", "x").Want(http.StatusForbidden)
}

func TestExport(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	if _, err := w.Org.AddPerson(context.Background(), access.HostActor("test"), org.PersonEdit{Name: formula, Number: "9"}); err != nil {
		t.Fatal(err)
	}
	rows := sheet(t, w.As(access.SystemAdmin).Get("/people/export").Want(http.StatusOK))
	if len(rows) != 12 {
		t.Errorf("%d rows, want 12", len(rows))
	}
	for _, r := range rows {
		if strings.HasPrefix(r[0], "=") {
			t.Errorf("a formula in the export: %q", r) // T26
		}
	}
	if got := sheet(t, w.As(access.Officer).Get("/people/export").Want(http.StatusOK)); len(got) != 2 {
		t.Errorf("an officer exports %d rows", len(got))
	}
	sheet(t, w.As(access.SystemAdmin).Get("/people/template").Want(http.StatusOK))
}

func sheet(t *testing.T, a pagetest.Answer) [][]string {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := f.GetRows(f.GetSheetList()[0])
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func roll(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	var b bytes.Buffer
	table := ledger.Table{Title: "人员", Rows: func(yield func([]any, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}}
	for _, c := range org.PeopleSheet().Columns {
		table.Columns = append(table.Columns, ledger.Heading{Title: c.Titles[0]})
	}
	if err := ledger.Write(&b, table); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func between(t *testing.T, body, start string) string {
	t.Helper()
	i := strings.Index(body, start)
	if i < 0 {
		t.Fatalf("%q is not on the page", start)
	}
	rest := body[i+len(start):]
	return rest[:strings.Index(rest, `"`)]
}

func TestImport(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	admin := w.As(access.SystemAdmin)
	data := roll(t,
		[]any{"阿依努尔·买买提", "执法一科", "", "执法人员", "HT650001", "2024-01-01", "2028-12-31"},
		[]any{longName, "执法二科", "12", "执法人员，保管人", "", "", "", "newone"},
		[]any{markup, "没有的科", "", "系统管理员"})
	a := admin.Send("/people-import", "file", "人员.xlsx", data).Want(http.StatusOK, "新增 1 行", "改动 1 行", "有问题 1 行", "没有叫“没有的科”的科室", "导入 2 行")
	a.Lacks(markup)
	rows := sheet(t, admin.Send("/people-import", "", "", nil, "wrong", between(t, a.Body, `name="wrong" value="`)).Want(http.StatusOK))
	if len(rows) != 2 || rows[1][0] != "4" {
		t.Errorf("the wrong rows are %q", rows)
	}
	done := admin.Post("/people-import/" + between(t, a.Body, `action="/people-import/`)).Leads("/people-import?")
	admin.Get(done.Location).Want(http.StatusOK, "已经导入")
	admin.Get("/people").Want(http.StatusOK, longName, "HT650001", "有效至 2028")
	again := admin.Send("/people-import", "file", "人员.xlsx", roll(t, []any{"阿依努尔·买买提", "执法一科", "", "", "HT650001", "2024-01-01", "2028-12-31"}))
	again.Want(http.StatusOK, "没有可以导入的内容").Lacks("导入 0 行")
	w.As(access.Head).Get("/people-import").Want(http.StatusForbidden)
	w.As(access.Head).Send("/people-import", "file", "x.xlsx", data).Want(http.StatusForbidden)
}

func TestLooks(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	long := w.Add(t, longName, "long", w.Departments[2].ID, access.Officer)
	w.Certificate(long.ID, "HT650001", 26)
	w.Certificate(long.ID, "HT650002", 900)
	w.Certificate(w.People[access.Officer].ID, "HT650003", -3)
	w.Add(t, markup, "markup", w.Departments[1].ID)
	b := webtest.NewBrowser(t)
	webtest.Watch(t, b, nil)
	w.As(access.SystemAdmin).Browse(t, b)
	for name, at := range map[string]string{
		"list": "/people", "person": path(long.ID), "expiring": "/people?view=expiring", "departments": "/departments", "new": "/people/new", "import": "/people-import",
	} {
		look(t, b, w.Server.URL+at, "people-"+name)
	}
	w.As(access.Officer).Browse(t, b, "zhilu_lang", "en", "zhilu_theme", "dark")
	look(t, b, w.Server.URL+path(w.People[access.Officer].ID), "people-own-en")
}

func look(t *testing.T, b context.Context, url, name string) {
	t.Helper()
	for _, size := range []webtest.Size{webtest.Desktop, webtest.Phone} {
		n := name
		if size == webtest.Phone {
			n += "-phone"
		}
		webtest.Open(t, b, url, size)
		webtest.NoSideways(t, b)
		webtest.Screenshot(t, b, n, size.Width, size.Height)
		webtest.Axe(t, b)
	}
}
