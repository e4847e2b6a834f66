package docket_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/docket"
	"zhilu.dev/zhilu/internal/casefile/docket/dockettest"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation"
	pages "zhilu.dev/zhilu/internal/web/docket"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/webtest"
)

const nasty = "<script>alert(1)</script>\u202e=1+1"

func routes(t testing.TB) func(w *pagetest.World) []site.Route {
	t.Helper()
	return func(w *pagetest.World) []site.Route {
		s, err := docket.New(docket.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock})
		if err != nil {
			t.Fatal(err)
		}
		return pages.Routes(pages.Deps{Cases: s, People: w.Org, Rules: regulation.New(w.Gate, w.DB)})
	}
}

func world(t testing.TB, n int) (*pagetest.World, dockettest.Crowd) {
	t.Helper()
	w := pagetest.New(t, routes(t))
	return w, dockettest.Many(t, w.DB, w.Clock.Now(), w.Departments[0].ID, w.People[access.Officer].ID, n)
}

var next = regexp.MustCompile(`href="(/cases\?[^"]*after=[^"]*)" rel="next"`)

func TestList(t *testing.T) {
	t.Parallel()
	w, c := world(t, 400)
	if _, err := w.DB.Writer.NewRaw("UPDATE casefile SET title = ?, parties = ? WHERE id = '01900000-0000-7000-9000-000000000399'", nasty, `["`+"欧阳𬱖"+`","阿卜杜热合曼·麦麦提吐尔逊·托合提库尔班江·阿布都热依木"]`).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	leader, officer := w.As(access.Leader), w.As(access.Officer)
	a := leader.Get("/cases").Want(http.StatusOK, "全局的案件", "云司罚〔", "欧阳𬱖", "等 2 人", "共 400 条", "行政处罚", "执法一科", "主办", `href="/cases/0190`).Lacks("<script>alert", "\u202e")
	if m := next.FindStringSubmatch(a.Body); m == nil {
		t.Fatal("no way on")
	} else {
		leader.Get(strings.ReplaceAll(m[1], "&amp;", "&")).Want(http.StatusOK, "回到最前")
	}
	officer.Get("/cases").Want(http.StatusOK, "你承办和承办过的案件", "我在办的").Lacks("共 400 条", `name="handler"`)
	leader.Get("/cases?overdue=1&sort=due").Want(http.StatusOK, "逾期")
	leader.Get("/cases?q="+url.QueryEscape("执业许可")).Want(http.StatusOK, "<mark>执业许可</mark>")
	leader.Get("/cases?act=permit&stage=initiation&state=withdrawn&department="+string(c.Departments[0])).Want(http.StatusOK, "没有符合这些条件的案件", "清除条件")
	leader.Get("/cases?act=dance&from=yesterday&handler=x").Want(http.StatusOK, "共 400 条", "类别", "承办人", "没有用上")
	leader.Get("/cases?after=nonsense").Leads("/cases")
	leader.In(locale.English).Get("/cases").Want(http.StatusOK, "All cases of the bureau", "administrative penalty")
	for _, role := range []access.Role{access.SystemAdmin, access.SecurityAdmin, access.AuditAdmin} { // T13
		w.As(role).Get("/cases").Want(http.StatusForbidden)
	}
}

// TestEmpty: a bureau without cases is told what to do.
func TestEmpty(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(t))
	w.As(access.Officer).Get("/cases").Want(http.StatusOK, "还没有案件", "/cases/new")
	w.As(access.Supervisor).Get("/cases").Want(http.StatusOK, "还没有案件")
}

// TestParty: who searches for a party says why; what was found has no address of its own (decisions §4).
func TestParty(t *testing.T) {
	t.Parallel()
	w, c := world(t, 400)
	leader := w.As(access.Leader)
	leader.Get("/cases/parties").Want(http.StatusOK, "要写理由")
	leader.Get("/cases/parties?name=" + url.QueryEscape(c.Names[7]) + "&reason=" + url.QueryEscape("核对是否已立案")).Want(http.StatusOK).Lacks("找到的案件")
	leader.Post("/cases/parties", "name", c.Names[7], "reason", "查").Want(http.StatusUnprocessableEntity, "4 到 200 个字", c.Names[7]).Lacks("找到的案件")
	leader.Post("/cases/parties", "name", "王", "reason", "核对是否已立案").Want(http.StatusUnprocessableEntity, "2 到 60 个字")
	leader.Post("/cases/parties", "name", c.Names[7], "reason", "核对是否已立案").Want(http.StatusOK, "找到的案件", "/cases/0190")
	leader.Post("/cases/parties", "name", "没有这个人", "reason", "核对是否已立案").Want(http.StatusOK, "没有找到")
	list, err := custody.List(t.Context(), w.DB.Reader, custody.Filter{Action: "case.find_party", Outcome: custody.Done, Limit: 50})
	if err != nil || len(list) != 2 {
		t.Errorf("%d entries: %v", len(list), err)
	}
	w.As(access.Custodian).Get("/cases").Want(http.StatusOK).Lacks("/cases/parties")
	w.As(access.Custodian).Get("/cases/parties").Want(http.StatusForbidden)
}

// TestExport: the ledger is a workbook of the same list; a title is no formula.
func TestExport(t *testing.T) {
	t.Parallel()
	w, _ := world(t, 120)
	a := w.As(access.Head).Get("/cases/export?act=penalty").Want(http.StatusOK)
	if !strings.HasPrefix(a.Body, "PK") || !strings.Contains(a.Header.Get("Content-Disposition"), ".xlsx") {
		t.Errorf("%q", a.Header)
	}
	w.As(access.AuditAdmin).Get("/cases/export").Want(http.StatusForbidden)
}

// TestLooks opens the list at both widths and looks for what axe-core calls serious.
func TestLooks(t *testing.T) {
	t.Parallel()
	w, _ := world(t, 400)
	if _, err := w.DB.Writer.NewRaw("UPDATE casefile SET parties = ? WHERE id = '01900000-0000-7000-9000-000000000399'", `["阿卜杜热合曼·麦麦提吐尔逊·托合提库尔班江·阿布都热依木","欧阳𬱖"]`).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := webtest.NewBrowser(t)
	webtest.Watch(t, ctx, nil)
	for _, role := range []access.Role{access.Leader, access.Officer} {
		w.As(role).Browse(t, ctx)
		for _, size := range []webtest.Size{webtest.Desktop, webtest.Phone} {
			name := "cases-" + string(role) + map[bool]string{true: "-phone"}[size == webtest.Phone]
			for page, path := range map[string]string{"": "/cases", "-overdue": "/cases?overdue=1&sort=due&q=", "-none": "/cases?q=zzz&act=permit", "-party": "/cases/parties"} {
				webtest.Open(t, ctx, w.Server.URL+path, size)
				webtest.NoSideways(t, ctx)
				webtest.Screenshot(t, ctx, name+page, size.Width, size.Height)
				webtest.Axe(t, ctx)
			}
		}
	}
}

// BenchmarkPage asks whole pages of ZHILU_BENCH_ROWS cases (the target: 100,000).
func BenchmarkPage(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("ZHILU_BENCH_ROWS"))
	if err != nil {
		n = 1000
	}
	w, c := world(b, n)
	var took []time.Duration
	for _, role := range []access.Role{access.Leader, access.Head, access.Officer} {
		r := w.As(role)
		for _, query := range []string{"", "overdue=1&sort=due", "sort=due", "act=permit", "state=suspended", "state=archived&act=payment", "handler=" + string(c.Officers[20]), "q=" + url.QueryEscape("执业许可"), "q=" + url.QueryEscape("法律服务所"), "from=2024-01-01&to=2024-06-30"} {
			path := "/cases?" + query
			for range 5 {
				w.Clock.Add(2 * time.Minute)
				at := time.Now()
				a := r.Get(path).Want(http.StatusOK)
				d := time.Since(at)
				if took = append(took, d); d > 150*time.Millisecond {
					b.Logf("%4d ms %s %.60s", d.Milliseconds(), role, query)
				}
				if m := next.FindStringSubmatch(a.Body); m != nil {
					path = strings.ReplaceAll(m[1], "&amp;", "&")
				}
			}
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Milliseconds()), "p95-ms")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "max-ms")
	b.ReportMetric(0, "ns/op")
}
