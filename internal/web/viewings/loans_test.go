package viewings_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

// TestLoans walks R-23-3 for what is lent: the custodian hands out from the request's page and takes back there, both stand in the
// register; nobody else is offered or let do it (T5), and what was typed is kept where it is refused.
func TestLoans(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	rec := h.Fill().Late.RecordingID
	reviewer, head, keeper := h.As(access.LegalReviewer), h.As(access.Head), h.As(access.Custodian)
	form := ask(rec, h)
	form.Set("manner", "borrow")
	place := reviewer.Post("/viewings", form).Header.Get("Location")
	out := url.Values{"what": {"证据光盘 <7> 第 1 份"}, "due": {h.Clock.Now().Add(20 * time.Hour).Format("2006-01-02T15:04")}}
	has(t, keeper.Post(place+"/loans", out), http.StatusUnprocessableEntity, `role="alert"`, "这份授权已经不在")
	if a := head.Post(place+"/decide", url.Values{"answer": {"consent"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, keeper.Get(place), http.StatusOK, "借出的载体", "还没有借出", place+"/loans")
	for name, r := range map[string]*recordtest.Reader{"head": head, "borrower": reviewer} {
		if a := r.Get(place); strings.Contains(a.Body, `action="`+place+"/loans") {
			t.Errorf("%s is offered to hand out", name)
		}
		if a := r.Post(place+"/loans", out); a.Status != http.StatusForbidden {
			t.Errorf("%s handed out: %d", name, a.Status)
		}
	}
	late := url.Values{"what": {"证据光盘 <7> 第 1 份"}, "due": {h.Clock.Now().Add(90 * time.Hour).Format("2006-01-02T15:04")}}
	has(t, keeper.Post(place+"/loans", late), http.StatusUnprocessableEntity, `id="hand-due-error"`, "证据光盘 &lt;7&gt;")
	if a := keeper.Post(place+"/loans", out); a.Status != http.StatusSeeOther || a.Header.Get("Location") != place {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	page := keeper.Get(place)
	has(t, page, http.StatusOK, "证据光盘 &lt;7&gt; 第 1 份", "收回借阅 1 号", "完好", "遗失")
	_, rest, _ := strings.Cut(page.Body, `action="/register/loans/`)
	id, _, _ := strings.Cut(rest, "/take")
	take := "/register/loans/" + id + "/take"
	if a := reviewer.Post(take, url.Values{"condition": {"intact"}}); a.Status != http.StatusForbidden {
		t.Errorf("the borrower took it back: %d", a.Status)
	}
	has(t, keeper.Post(take, url.Values{"condition": {"missing"}}), http.StatusUnprocessableEntity, `id="remark-`+id+`-error"`, `value="missing" checked`)
	has(t, keeper.Get("/register/loans"), http.StatusOK, "证据光盘 &lt;7&gt; 第 1 份", "借出，")
	has(t, keeper.Get("/register/loans?view=late"), http.StatusOK, "没有借阅记录")
	if a := keeper.Post(take, url.Values{"condition": {"intact"}}); a.Status != http.StatusSeeOther || a.Header.Get("Location") != place {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, keeper.Get(place), http.StatusOK, "已收回", "收回，完好")
	has(t, keeper.Post(take, url.Values{"condition": {"intact"}}), http.StatusUnprocessableEntity, `role="alert"`, "这笔借阅已经收回")
	if a := keeper.Get("/register/loans/export"); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "PK") {
		t.Errorf("export: %d", a.Status)
	}
	has(t, keeper.Get("/register/print"), http.StatusOK, "借阅登记", "证据光盘 &lt;7&gt; 第 1 份")
	for _, role := range []access.Role{access.Officer, access.SystemAdmin, access.AuditAdmin} {
		if a := h.As(role).Get("/register/loans"); a.Status != http.StatusForbidden {
			t.Errorf("%s reads the loans: %d", role, a.Status)
		}
	}
	if a := keeper.Post("/register/loans/none/take", nil); a.Status != http.StatusNotFound {
		t.Errorf("%d", a.Status)
	}
}

// TestRefusedAndRenewed: refused looks stand in the register, administrators' like everyone's; a grant is gone on from on a form that is
// filled in with what it was for, by its viewer alone.
func TestRefusedAndRenewed(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	rec := h.Fill().Late.RecordingID
	reviewer, head, keeper := h.As(access.LegalReviewer), h.As(access.Head), h.As(access.Custodian)
	has(t, keeper.Get("/register/refused"), http.StatusOK, "没有被拒绝的查看")
	admin := h.Actor(t, access.SystemAdmin)
	if _, err := h.Viewing.Open(context.Background(), admin, viewing.Seat{Account: ident.AccountID(admin.ID), Session: "s"}, rec, viewing.Play); err == nil {
		t.Fatal("an administrator looks")
	}
	has(t, keeper.Get("/register/refused"), http.StatusOK, "账号 "+admin.ID, "没有授权")
	if a := keeper.Get("/register/refused/export"); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "PK") {
		t.Errorf("export: %d", a.Status)
	}
	for name, r := range map[string]*recordtest.Reader{"an officer": h.As(access.Officer), "a reviewer": reviewer, "an administrator": h.As(access.SystemAdmin)} {
		if a := r.Get("/register/refused"); a.Status != http.StatusForbidden {
			t.Errorf("%s reads the refusals: %d", name, a.Status)
		}
	}

	form := ask(rec, h)
	form.Set("part", "part")
	form.Set("from", "1:00")
	form.Set("to", "2:30")
	asked := reviewer.Post("/viewings", form)
	if asked.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", asked.Status, asked.Body[strings.Index(asked.Body, "<main"):])
	}
	place := asked.Header.Get("Location")
	id := strings.TrimPrefix(place, "/viewings/")
	head.Post(place+"/decide", url.Values{"answer": {"consent"}})
	has(t, reviewer.Get(place), http.StatusOK, "/viewings/new?renews="+id)
	if a := head.Get(place); strings.Contains(a.Body, "renews=") {
		t.Error("who consented is offered to renew")
	}
	has(t, reviewer.Get("/viewings/new?renews="+id), http.StatusOK, `name="renews" value="`+id+`"`, `value="01:00"`, `value="02:30"`, "核对笔录第 3 页")
	has(t, reviewer.Post("/viewings", form), http.StatusUnprocessableEntity, "你已经申请过")
	form.Set("renews", id)
	wider := url.Values{}
	for k, v := range form {
		wider[k] = v
	}
	wider.Set("to", "3:30")
	has(t, reviewer.Post("/viewings", wider), http.StatusUnprocessableEntity, "这份授权不能续期", `name="renews"`)
	a := reviewer.Post("/viewings", form)
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") == place {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, head.Get(a.Header.Get("Location")), http.StatusOK, "/decide")
}
