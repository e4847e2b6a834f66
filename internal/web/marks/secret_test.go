package marks_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// linked gives the id that a page offers under a name in the query of its address.
func linked(t *testing.T, r *recordtest.Reader, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`\?` + name + `=([0-9a-f-]{36})`).FindStringSubmatch(r.Get(page).Body)
	if m == nil {
		t.Fatalf("%s is not offered on %s", name, page)
	}
	return m[1]
}

// answered is a recording frozen for a state secret, whose removal was ordered and carried out for two places, and not witnessed yet.
func answered(t *testing.T, h *recordtest.House, keeper, leader *recordtest.Reader, page string) (order, done string) {
	t.Helper()
	post := func(r *recordtest.Reader, path string, form url.Values) {
		t.Helper()
		if a := r.Post(path, form); a.Status != http.StatusSeeOther {
			t.Fatalf("%s: %d\n%.1500s", path, a.Status, a.Body)
		}
	}
	post(keeper, page, url.Values{"mark": {"state_secret"}, "words": {"画面里出现密级标志"}})
	post(leader, page+"/"+linked(t, leader, page, "instruct")+"/instructions", url.Values{
		"office": {"县国家保密局"}, "number": {"保密〔2026〕<7>号"}, "dated": {"2026-11-24"}, "orders": {"remove"}, "words": {"按程序清除"},
	})
	order = linked(t, keeper, page, "execute")
	post(keeper, strings.TrimSuffix(page, "/marks")+"/instructions/"+order+"/executions", url.Values{
		"places": {"card", "backup"}, "done": {h.Clock.Now().Format("2006-01-02T15:04")}, "words": {"存储卡交保密局，备份介质一并移交"},
	})
	return order, linked(t, leader, page, "witness")
}

// TestWrittenInstruction is decision 21 as people meet it: a leader records the paper, a custodian what was done, somebody else witnesses it;
// the page says which places are left, and the freeze stays.
func TestWrittenInstruction(t *testing.T) {
	t.Parallel()
	h, page := pages(t)
	keeper, leader, officer, admin := h.As(access.Custodian), h.As(access.Leader), h.As(access.Officer), h.As(access.SystemAdmin)
	rec := strings.TrimSuffix(page, "/marks")
	has := func(a recordtest.Answer, status int, words ...string) {
		t.Helper()
		if a.Status != status {
			t.Fatalf("%d, want %d\n%.2000s", a.Status, status, a.Body)
		}
		for _, w := range words {
			if !strings.Contains(a.Body, w) {
				t.Errorf("%q is missing", w)
			}
		}
	}
	if strings.Contains(keeper.Get(page).Body, "主管部门书面意见") {
		t.Error("instructions are offered where nothing is frozen")
	}
	order, done := answered(t, h, keeper, leader, page)
	a := keeper.Get(page)
	has(a, http.StatusOK, "已经冻结", "不存入本系统", "县国家保密局", "保密〔2026〕&lt;7&gt;号", "按程序清除", "记录设备和存储卡、备份", "等另一人确认", "还没有确认处理的地方", "内容到过的地方")
	for _, offer := range []string{"?instruct=", "?witness=" + done} {
		if strings.Contains(a.Body, offer) {
			t.Errorf("a custodian who carried it out is offered %s", offer)
		}
	}
	mark := linked(t, leader, page, "instruct")
	for _, r := range []*recordtest.Reader{keeper, admin} {
		has(r.Post(page+"/"+mark+"/instructions", url.Values{"office": {"某局"}, "number": {"1号"}, "dated": {"2026-11-24"}, "orders": {"remove"}}), http.StatusForbidden)
	}
	has(leader.Post(page+"/"+mark+"/instructions", url.Values{"office": {"县国家保密局"}, "number": {"9号"}, "dated": {"2027-01-01"}, "orders": {"keep_frozen"}}), http.StatusUnprocessableEntity, "晚于今天", `value="9号"`)
	has(leader.Post(page+"/nothing/instructions", url.Values{}), http.StatusNotFound)
	for _, r := range []*recordtest.Reader{officer, admin} {
		has(r.Post(rec+"/instructions/"+order+"/executions", url.Values{"places": {"card"}, "done": {"2026-11-24T09:00"}, "words": {"已经清除"}}), http.StatusForbidden)
	}
	has(keeper.Post(rec+"/instructions/"+order+"/executions", url.Values{"done": {"2026-11-24T09:00"}, "words": {"已经清除"}}), http.StatusUnprocessableEntity, "没有选处理了哪些地方", "已经清除</textarea>")
	has(keeper.Post(rec+"/instructions/"+order+"/executions", url.Values{"places": {"card"}, "words": {"已经清除"}}), http.StatusUnprocessableEntity, "执行时间不对")
	has(keeper.Post(rec+"/executions/"+done+"/witness", url.Values{"words": {"我自己确认"}}), http.StatusForbidden)
	has(leader.Get(page+"?witness="+done), http.StatusOK, "由执行人以外的人确认")
	has(leader.Post(rec+"/executions/"+done+"/witness", url.Values{"words": {""}}), http.StatusUnprocessableEntity, "要写清原因")
	has(leader.Post(rec+"/executions/"+done+"/witness", url.Values{"words": {"在场监督，属实"}}), http.StatusSeeOther)
	has(leader.Post(rec+"/executions/"+done+"/witness", url.Values{"words": {"再来一次"}}), http.StatusUnprocessableEntity, "已经有人确认")
	a = keeper.Get(page)
	has(a, http.StatusOK, "在场监督，属实", "已经冻结", "还没有确认处理的地方：封存原件、采集站和办公电脑")
	if strings.Contains(a.Body, "等另一人确认") {
		t.Error("what was witnessed waits for a witness")
	}
}

// TestSecretPages looks at the page of a frozen recording in a browser.
func TestSecretPages(t *testing.T) {
	t.Parallel()
	h, page := pages(t)
	keeper, leader := h.As(access.Custodian), h.As(access.Leader)
	order, done := answered(t, h, keeper, leader, page)
	mark := linked(t, leader, page, "instruct")
	ctx := webtest.NewBrowser(t)
	const start = "/asset/none"
	webtest.Watch(t, ctx, func(text string) bool { return strings.Contains(text, start) || strings.Contains(text, "/favicon.ico") })
	for _, size := range []struct {
		name   string
		window webtest.Size
	}{{"desk", webtest.Desktop}, {"phone", webtest.Phone}} {
		for name, p := range map[string]struct{ path, token string }{
			"secret": {page, leader.Token}, "secret-instruct": {page + "?instruct=" + mark, leader.Token},
			"secret-execute": {page + "?execute=" + order, keeper.Token}, "secret-witness": {page + "?witness=" + done, leader.Token},
		} {
			webtest.Open(t, ctx, h.Server.URL+start, size.window)
			if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.cookie = "zhilu_session=`+p.token+`; path=/"`)); err != nil {
				t.Fatal(err)
			}
			webtest.Open(t, ctx, h.Server.URL+p.path, size.window)
			webtest.NoSideways(t, ctx)
			webtest.Screenshot(t, ctx, name+"-"+size.name, size.window.Width, size.window.Height)
			webtest.Axe(t, ctx)
		}
	}
}
