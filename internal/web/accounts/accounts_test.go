package accounts_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/accounts"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/webtest"
)

const (
	longName = "阿卜杜热合曼·麦麦提吐尔逊·托合提库尔班江·阿布都热依木"
	markup   = `<script>alert("1")</script>`
	pin      = "c0ffee"
)

func routes(w *pagetest.World) []site.Route {
	return accounts.Routes(accounts.Deps{Accounts: w.Accounts, Org: w.Org, Pin: pin})
}

type env struct{ *pagetest.World }

func world(t *testing.T) *env { return &env{pagetest.New(t, routes)} }

func newcomer(t *testing.T, w *env, name string) org.Person {
	t.Helper()
	p, err := w.Org.AddPerson(context.Background(), access.HostActor("test"), org.PersonEdit{Name: name, Department: w.Departments[1].ID})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCreateShowsThePasswordOnce(t *testing.T) {
	t.Parallel()
	w := world(t)
	who := newcomer(t, w, longName)
	sec := w.As(access.SecurityAdmin)
	sec.Get("/accounts/new").Want(http.StatusOK, longName).Lacks(">阿依努尔·买买提，")
	sec.Post("/accounts", "person", "", "username", "new-one").Want(http.StatusUnprocessableEntity, "要选为谁开账号", `value="new-one"`)
	sec.Post("/accounts", "person", string(who.ID), "username", "a b").Want(http.StatusUnprocessableEntity, "用户名")
	sec.Post("/accounts", "person", string(who.ID), "username", "officer").Want(http.StatusUnprocessableEntity, "已经有人用")
	a := sec.Post("/accounts", "person", string(who.ID), "username", "new-one").Want(http.StatusOK, "只显示这一次", "new-one", longName)
	if a.Header.Get("Cache-Control") != "no-store" {
		t.Error("a page with a password may not be kept")
	}
	secret := a.Body[strings.Index(a.Body, `data-zl-copy="`)+14:]
	secret = secret[:strings.Index(secret, `"`)]
	in, err := w.Accounts.SignIn(context.Background(), account.SignInRequest{Username: "new-one", Password: secret, IP: "127.0.0.1"})
	if err != nil || !in.MustChange {
		t.Fatalf("the password shown does not sign in: %v", err)
	}
	sec.Get("/accounts?q=new-one").Want(http.StatusOK, longName, "还没换第一个密码").Lacks(secret)
	for _, role := range []access.Role{access.SystemAdmin, access.AuditAdmin, access.Head} { // T13
		w.As(role).Post("/accounts", "person", string(who.ID), "username", "another").Want(http.StatusForbidden)
	}
	w.As(access.AuditAdmin).Get("/accounts").Want(http.StatusOK, "你可以查看，不能办理").Lacks("/accounts/new")
	w.As(access.SystemAdmin).Get("/accounts").Want(http.StatusForbidden)
}

func TestResetLockDisable(t *testing.T) {
	t.Parallel()
	w := world(t)
	sec, officer := w.As(access.SecurityAdmin), w.path(w.People[access.Officer].ID)
	sec.Post(officer+"/reset").Want(http.StatusOK, "密码已经重设", "只显示这一次")
	for range 5 {
		_, _ = w.Accounts.SignIn(context.Background(), account.SignInRequest{Username: "officer", Password: "wrong", IP: "127.0.0.1"})
	}
	sec.Get(officer).Want(http.StatusOK, "锁定到", "解锁") // T28
	sec.Post(officer + "/unlock").Leads(officer)
	sec.Get(officer).Want(http.StatusOK).Lacks("锁定到")
	sec.Post(officer + "/disable").Leads(officer)
	sec.Post(officer+"/disable").Want(http.StatusUnprocessableEntity, "没有要改的内容")
	sec.Get("/accounts?state=disabled").Want(http.StatusOK, "阿依努尔·买买提", "停用")
	sec.Post(officer + "/enable").Leads(officer)
	own := w.path(w.People[access.SecurityAdmin].ID)
	sec.Get(own).Want(http.StatusOK, "这是你自己的账号").Lacks("重设密码", "收回 周燕")
	sec.Post(own+"/reset").Want(http.StatusForbidden, "不能对自己办理") // T13
	sec.Post("/accounts/nonsense/reset").Want(http.StatusNotFound)
	w.As(access.AuditAdmin).Post(officer + "/disable").Want(http.StatusForbidden)
}

func TestAppointments(t *testing.T) {
	t.Parallel()
	w := world(t)
	sec := w.As(access.SecurityAdmin)
	who := w.People[access.Officer]
	id, at := string(w.AccountIDs[who.ID]), w.path(who.ID)
	grant := func(pairs ...string) pagetest.Answer {
		return sec.Post("/accounts/roles", append([]string{"person", string(who.ID), "account", id}, pairs...)...)
	}
	// T13: what excludes what is said in words, and what was typed stays.
	grant("role", "system_admin", "department", "", "from", "2026-12-01").Want(http.StatusUnprocessableEntity, "三员", "互相牵制", `value="2026-12-01"`)
	grant("role", "custodian", "department", "").Want(http.StatusUnprocessableEntity, "写明科室")
	grant("role", "custodian", "department", string(w.Departments[0].ID), "from", "2026-12-01", "to", "2026-11-30").Want(http.StatusUnprocessableEntity, "起止时间不对")
	grant("role", "custodian", "department", string(w.Departments[0].ID), "from", "x").Want(http.StatusUnprocessableEntity, "日期不对")
	grant("role", "custodian", "department", string(w.Departments[0].ID), "from", "2026-11-24", "to", "2026-11-30").Leads(at)
	sec.Get(at).Want(http.StatusOK, "保管人", "至 2026 年 11 月 30 日", "有效")
	w.Clock.Set(time.Date(2026, 11, 30, 15, 0, 0, 0, time.UTC)) // 23:00 in Shanghai: the last day counts whole
	sec = w.As(access.SecurityAdmin)
	sec.Get("/accounts?role=custodian").Want(http.StatusOK, "阿依努尔·买买提")
	w.Clock.Add(2 * time.Hour)
	sec = w.As(access.SecurityAdmin)
	sec.Get("/accounts?role=custodian").Want(http.StatusOK).Lacks("阿依努尔·买买提")
	list, err := w.Accounts.Appointments(context.Background(), w.Actor(t, access.SecurityAdmin), account.AppointmentFilter{Person: who.ID, Role: access.Officer})
	if err != nil || len(list.Items) != 1 {
		t.Fatal(list, err)
	}
	end := "/appointments/" + string(list.Items[0].ID) + "/end"
	w.As(access.AuditAdmin).Post(end).Want(http.StatusForbidden)
	sec.Post(end, "account", id).Leads(at)
	sec.Post(end).Want(http.StatusUnprocessableEntity, "已经结束")
	sec.Get("/accounts?view=appointments&past=yes").Want(http.StatusOK, "收回", "已到期")
	sec.Get("/accounts?view=appointments").Want(http.StatusOK, "王建国")
}

func TestProposalsAreSettledBySecurity(t *testing.T) {
	t.Parallel()
	w := world(t)
	sec := w.As(access.SecurityAdmin)
	sec.Get("/accounts?view=proposals").Want(http.StatusOK, "没有等着办理的")
	w.As(access.AuditAdmin).Get("/accounts?view=proposals").Want(http.StatusForbidden)
	who := newcomer(t, w, markup)
	sec.Post("/accounts", "do", "settle", "person", string(who.ID)).Want(http.StatusNotFound)
	propose(t, w, longName, "执法二科", "执法人员", "imported")
	list, err := w.Org.Proposals(context.Background())
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	sec.Get("/accounts?view=proposals").Want(http.StatusOK, longName, "imported", "执法人员")
	w.As(access.SystemAdmin).Post("/accounts", "do", "settle", "person", string(list[0].Person)).Want(http.StatusForbidden) // T13
	sec.Post("/accounts", "do", "settle", "person", string(list[0].Person)).Want(http.StatusOK, "只显示这一次", "imported")
	sec.Get("/accounts?role=officer").Want(http.StatusOK, longName)
}

// propose hands in a sheet of one person with a user name and a role.
func propose(t *testing.T, w *env, name, department, role, username string) {
	t.Helper()
	var b bytes.Buffer
	cells := map[string]any{"name": name, "department": department, "roles": role, "username": username}
	table := ledger.Table{Title: "人员"}
	var row []any
	for _, c := range org.PeopleSheet().Columns {
		table.Columns = append(table.Columns, ledger.Heading{Title: c.Titles[0]})
		row = append(row, cells[c.Key])
	}
	table.Rows = func(yield func([]any, error) bool) { yield(row, nil) }
	if err := ledger.Write(&b, table); err != nil {
		t.Fatal(err)
	}
	ctx, admin := context.Background(), w.Actor(t, access.SystemAdmin)
	pre, err := w.Org.PreviewPeople(ctx, admin, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Org.ApplyPeople(ctx, admin, pre.ID); err != nil {
		t.Fatal(err)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := world(t)
	sys := w.As(access.SystemAdmin)
	sys.Get("/tokens").Want(http.StatusOK, "没有令牌", "发一个令牌")
	sys.Post("/tokens", "name", "", "scope", "dock").Want(http.StatusUnprocessableEntity, "名称不能为空")
	sys.Post("/tokens", "name", "一楼", "scope", "everything").Want(http.StatusUnprocessableEntity, "用途", `value="一楼"`)
	sys.Post("/tokens", "name", "一楼", "scope", "dock", "expires", "2020-01-01").Want(http.StatusUnprocessableEntity, "到期日不对")
	a := sys.Post("/tokens", "name", markup, "scope", "dock", "department", string(w.Departments[0].ID)).Want(http.StatusOK, "只显示这一次", "zlt_")
	a.Lacks(markup)
	text := a.Body[strings.Index(a.Body, `data-zl-copy="`)+14:]
	text = text[:strings.Index(text, `"`)]
	secret, found := strings.CutSuffix(text, "."+pin)
	if !found {
		t.Fatalf("%q does not end in the pin", text)
	}
	actor, err := w.Accounts.AuthenticateToken(context.Background(), secret)
	if err != nil || actor.TokenScope != access.ScopeDock { // T27
		t.Fatal(actor, err)
	}
	sys.Get("/tokens").Want(http.StatusOK, "&lt;script&gt;", "采集站", "执法一科").Lacks(secret)
	sys.Post("/tokens/" + actor.ID + "/revoke").Leads("/tokens")
	sys.Post("/tokens/" + actor.ID + "/revoke").Leads("/tokens")
	if _, err := w.Accounts.AuthenticateToken(context.Background(), secret); err == nil {
		t.Error("a revoked token still works")
	}
	sys.Get("/tokens?past=yes").Want(http.StatusOK, "作废")
	w.As(access.SecurityAdmin).Get("/tokens").Want(http.StatusForbidden)
}

func TestExport(t *testing.T) {
	t.Parallel()
	w := world(t)
	newcomer(t, w, "=1+1")
	sec := w.As(access.SecurityAdmin)
	for _, at := range []string{"/accounts/export", "/accounts/export?view=appointments"} {
		f, err := excelize.OpenReader(strings.NewReader(sec.Get(at).Want(http.StatusOK).Body))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.GetRows(f.GetSheetList()[0])
		if err != nil || len(rows) != 11 {
			t.Errorf("%s: %d rows, %v", at, len(rows), err)
		}
		_ = f.Close()
	}
}

func TestLooks(t *testing.T) {
	t.Parallel()
	w := world(t)
	long := w.Add(t, longName, strings.Repeat("w", 40), w.Departments[2].ID, access.Officer, access.LegalReviewer)
	newcomer(t, w, markup)
	if _, _, err := w.Accounts.CreateToken(context.Background(), w.Actor(t, access.SystemAdmin), account.TokenRequest{Scope: access.ScopeDock, Name: "一楼采集站"}); err != nil {
		t.Fatal(err)
	}
	b := webtest.NewBrowser(t)
	webtest.Watch(t, b, nil)
	sec := w.As(access.SecurityAdmin)
	sec.Browse(t, b)
	for name, at := range map[string]string{
		"list": "/accounts", "one": w.path(long.ID), "appointments": "/accounts?view=appointments", "new": "/accounts/new", "proposals": "/accounts?view=proposals",
	} {
		look(t, b, w.Server.URL+at, "accounts-"+name)
	}
	w.As(access.SystemAdmin).Browse(t, b)
	look(t, b, w.Server.URL+"/tokens", "accounts-tokens")
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

func (e *env) path(id ident.PersonID) string { return "/accounts/" + string(e.AccountIDs[id]) }
