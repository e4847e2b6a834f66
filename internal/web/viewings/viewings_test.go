package viewings_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/webtest"
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

func ask(rec ident.RecordingID, h *recordtest.House) url.Values {
	return url.Values{
		"rec": {string(rec)}, "purpose": {"review"}, "words": {"核对笔录第 3 页 <script>alert(1)</script>"},
		"until": {h.Clock.Now().Add(56 * time.Hour).Format("2006-01-02T15:04")},
	}
}

// TestRequests walks R-23-2 on the pages: ask, refused form, decide, withdraw, revoke; who may do what.
func TestRequests(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	rec := d.InTime.RecordingID
	reviewer, head, keeper := h.As(access.LegalReviewer), h.As(access.Head), h.As(access.Custodian)
	has(t, reviewer.Get(record.Path(rec)), http.StatusOK, "查看要先取得同意", "申请查看", `name="rec" value="`+string(rec)+`"`)
	has(t, reviewer.Get("/viewings"), http.StatusOK, "你没有申请过查阅", "去音像库")
	has(t, reviewer.Get("/viewings/new"), http.StatusOK, "还没有选录像")

	bad := ask(rec, h)
	bad.Set("words", " ")
	has(t, reviewer.Post("/viewings", bad), http.StatusUnprocessableEntity, `id="words-error"`, "写 2 到 500 个字", `value="review" selected`)
	bad = ask(rec, h)
	bad.Set("part", "part")
	bad.Set("from", "1:75")
	has(t, reviewer.Post("/viewings", bad), http.StatusUnprocessableEntity, `id="from-error"`, "1:75")

	good := ask(rec, h)
	good.Set("part", "part")
	good.Set("from", "1:00")
	good.Set("to", "2:30")
	a := reviewer.Post("/viewings", good)
	if a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	place := a.Header.Get("Location")
	a = reviewer.Get(place)
	has(t, a, http.StatusOK, "01:00 至 02:30", "法制审核", "等科室负责人", "撤回", "&lt;script&gt;alert(1)")
	if strings.Contains(a.Body, "/decide") {
		t.Error("who asks is offered to decide")
	}
	has(t, reviewer.Get(record.Path(rec)), http.StatusOK, "申请 1 号", "等科室负责人")
	has(t, reviewer.Post("/viewings", good), http.StatusUnprocessableEntity, "你已经申请过")
	has(t, head.Get("/viewings"), http.StatusOK, "等我决定", place)
	has(t, head.Get(place), http.StatusOK, "同意", "不同意", place+"/decide")
	for _, role := range []access.Role{access.Officer, access.SystemAdmin} {
		if a := h.As(role).Get(place); a.Status != http.StatusForbidden {
			t.Errorf("%s sees the request: %d", role, a.Status)
		}
	}
	if a := keeper.Post(place+"/decide", url.Values{"answer": {"consent"}}); a.Status != http.StatusForbidden {
		t.Errorf("a custodian decided: %d", a.Status)
	}
	has(t, head.Post(place+"/decide", url.Values{"answer": {"refuse"}, "words": {""}}), http.StatusUnprocessableEntity, `id="words-error"`)
	if a := head.Post(place+"/decide", url.Values{"answer": {"consent"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, reviewer.Get(record.Path(rec)), http.StatusOK, "可以查看", record.Path(rec)+"/look", "01:00 至 02:30")
	has(t, reviewer.Get(place), http.StatusOK, "可以看了", "不再需要")
	has(t, head.Get("/viewings?view=inforce"), http.StatusOK, place)
	has(t, head.Post(place+"/revoke", url.Values{"words": {""}}), http.StatusUnprocessableEntity, `id="words-error"`)
	if a := head.Post(place+"/revoke", url.Values{"words": {"审核已完成"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, reviewer.Get(place), http.StatusOK, "已收回", "审核已完成")
	has(t, reviewer.Get(record.Path(rec)), http.StatusOK, "查看要先取得同意", "再申请一次")

	second := reviewer.Post("/viewings", ask(d.Late.RecordingID, h)).Header.Get("Location")
	if a := reviewer.Post(second+"/withdraw", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, reviewer.Get("/viewings?view=ended"), http.StatusOK, "已撤回", "已收回")
	for _, wrong := range []string{"/viewings/none", "/viewings/" + string(ident.New[ident.ViewingID]()), "/viewings?view=all"} {
		if a := reviewer.Get(wrong); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", wrong, a.Status)
		}
	}
}

// TestRegister is R-23-3: rows write themselves, the custodian confirms, Excel and paper.
func TestRegister(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	ctx := context.Background()
	officer := h.Actor(t, access.Officer)
	seat := viewing.Seat{Account: ident.AccountID(officer.ID), Session: "s", IP: "127.0.0.1"}
	l, err := h.Viewing.Open(ctx, officer, seat, d.InTime.RecordingID, viewing.Play)
	if err != nil {
		t.Fatal(err)
	}
	keeper := h.As(access.Custodian)
	has(t, keeper.Get("/register"), http.StatusOK, "正在看", "本人登记", "共 1 条")
	has(t, keeper.Post("/register/confirm", url.Values{"look": {string(l.ID)}}), http.StatusUnprocessableEntity, "1 行没有办成")
	if err := h.Viewing.Close(ctx, officer, seat, l.ID); err != nil {
		t.Fatal(err)
	}
	has(t, keeper.Get("/register?view=open"), http.StatusOK, "待核对", "核对无误", `value="`+string(l.ID)+`"`)
	if a := h.As(access.Officer).Get("/register"); a.Status != http.StatusForbidden {
		t.Errorf("an officer keeps the register: %d", a.Status)
	}
	if a := keeper.Post("/register/confirm", url.Values{"look": {string(l.ID)}}); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, keeper.Get("/register"), http.StatusOK, "circle-check")
	has(t, keeper.Get("/register?from=2027-01-01"), http.StatusOK, "这里没有登记")
	has(t, h.As(access.Supervisor).Get("/register/print"), http.StatusOK, "保管人", "导出已记入存证日志", "2026-11-24 04:00:00 的录像")
	if a := keeper.Get("/register/export"); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "PK") {
		t.Fatalf("export: %d", a.Status)
	}
	has(t, keeper.Get(record.Path(d.InTime.RecordingID)), http.StatusOK, "/register?recording=")
}

// TestViewingLooks opens the pages in a browser: axe-core, the content policy, nothing wider than the window.
func TestViewingLooks(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	reviewer, head, keeper := h.As(access.LegalReviewer), h.As(access.Head), h.As(access.Custodian)
	place := reviewer.Post("/viewings", ask(d.InTime.RecordingID, h)).Header.Get("Location")
	granted := reviewer.Post("/viewings", ask(d.Late.RecordingID, h)).Header.Get("Location")
	if a := head.Post(granted+"/decide", url.Values{"answer": {"consent"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	officer := h.Actor(t, access.Officer)
	seat := viewing.Seat{Account: ident.AccountID(officer.ID), Session: "s", IP: "127.0.0.1"}
	l, err := h.Viewing.Open(context.Background(), officer, seat, d.InTime.RecordingID, viewing.Play)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Viewing.Close(context.Background(), officer, seat, l.ID); err != nil {
		t.Fatal(err)
	}
	lend := ask(d.Late.RecordingID, h)
	lend.Set("manner", "borrow")
	borrow := reviewer.Post("/viewings", lend).Header.Get("Location")
	head.Post(borrow+"/decide", url.Values{"answer": {"consent"}})
	keeper.Post(borrow+"/loans", url.Values{"what": {"证据光盘 2026-7 第 1 份"}, "due": {h.Clock.Now().Add(20 * time.Hour).Format("2006-01-02T15:04")}})
	h.As(access.SystemAdmin).Post(record.Path(d.Late.RecordingID)+"/look", nil)
	if _, err := h.Viewing.Open(context.Background(), h.Actor(t, access.SystemAdmin), seat, d.Late.RecordingID, viewing.Play); err == nil {
		t.Error("an administrator looks")
	}
	ctx := webtest.NewBrowser(t)
	const start = "/asset/none"
	webtest.Watch(t, ctx, func(text string) bool { return strings.Contains(text, start) || strings.Contains(text, "/favicon.ico") })
	for _, look := range []struct {
		name   string
		window webtest.Size
	}{{"desk", webtest.Desktop}, {"phone", webtest.Phone}, {"narrow", webtest.Narrow}} {
		for _, p := range []struct{ name, path, token string }{
			{"viewings-head", "/viewings", head.Token},
			{"viewing-decide", place, head.Token},
			{"viewing-granted", granted, reviewer.Token},
			{"viewing-ask", "/viewings/new?rec=" + string(d.Doubtful.RecordingID), reviewer.Token},
			{"recording-ask", record.Path(d.Doubtful.RecordingID), reviewer.Token},
			{"recording-granted", record.Path(d.Late.RecordingID), reviewer.Token},
			{"register", "/register", keeper.Token},
			{"register-print", "/register/print", keeper.Token},
			{"loans", "/register/loans", keeper.Token},
			{"refused", "/register/refused", keeper.Token},
			{"viewing-borrow", borrow, keeper.Token},
			{"viewing-renew", "/viewings/new?renews=" + strings.TrimPrefix(granted, "/viewings/"), reviewer.Token},
		} {
			t.Run(p.name+"-"+look.name, func(t *testing.T) {
				webtest.Open(t, ctx, h.Server.URL+start, look.window)
				if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.cookie = "zhilu_session=`+p.token+`; path=/"`)); err != nil {
					t.Fatal(err)
				}
				webtest.Open(t, ctx, h.Server.URL+p.path, look.window)
				webtest.NoSideways(t, ctx)
				webtest.Screenshot(t, ctx, p.name+"-"+look.name, look.window.Width, look.window.Height)
				webtest.Axe(t, ctx)
			})
		}
	}
}
