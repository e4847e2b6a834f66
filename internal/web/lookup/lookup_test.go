package lookup_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/persons"
	"zhilu.dev/zhilu/internal/persons/lookup"
	"zhilu.dev/zhilu/internal/viewing"
	pages "zhilu.dev/zhilu/internal/web/lookup"
	matters "zhilu.dev/zhilu/internal/web/persons"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/webtest"
)

const caseNo = "云司罚〔2026〕7号"

func newHouse(t *testing.T) *recordtest.House {
	t.Helper()
	return recordtest.New(t, func(h *recordtest.House) []site.Route {
		cause := ident.New[ident.CaseID]()
		register, err := persons.New(persons.Config{DB: h.DB, Gate: h.Gate, Case: func(_ context.Context, a access.Actor, _ string) (ident.CaseID, ident.DepartmentID, error) {
			return cause, a.Department, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		svc, err := lookup.New(lookup.Config{
			DB: h.DB, Gate: h.Gate, Clock: h.Clock, Matters: register, CaseNo: func(context.Context, ident.CaseID) (string, error) { return caseNo, nil },
			Done: func(context.Context, ident.CaseID) ([]lookup.Line, error) {
				return []lookup.Line{
					{Ref: "request:1", Day: "2026-11-20", Office: "法制审核科 <b>", Kind: lookup.Looked, Purpose: "法制审核", Times: 2},
					{Ref: "given:1", Day: "2026-11-23", Office: "县人民法院", Kind: lookup.Received, Purpose: "复议、诉讼答复", Times: 1},
				}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Concat(
			matters.Routes(matters.Deps{
				Set:      func(context.Context, *persons.Matter) ([]byte, error) { return []byte("%PDF-1.7 answer"), nil },
				Register: register, DepartmentName: func(context.Context, ident.DepartmentID) string { return "执法一科" },
				Case: func(context.Context, ident.CaseID) (viewing.CaseObject, error) {
					return viewing.CaseObject{No: caseNo}, nil
				},
			}),
			pages.Routes(pages.Deps{
				Receipts: svc, Set: func(context.Context, *lookup.Receipt) ([]byte, error) { return []byte("%PDF-1.7"), nil },
				Proof: func(context.Context, ident.EntryID) ([]byte, error) { return []byte("{}"), nil },
			}),
		)
	})
}

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

func asked(t *testing.T, r *recordtest.Reader) string {
	t.Helper()
	a := r.Post("/persons", url.Values{"kind": {"look_up"}, "name": {"买买提"}, "contact": {"139"}, "case_no": {caseNo}, "words": {"谁看过我的录像"}})
	if a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	return a.Header.Get("Location")
}

// TestLookup walks a look-up receipt: what it would say, a line that a leader has told later, issued by the custodian, with its paper and its
// proof; round the pages nobody else gets it (T5).
func TestLookup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	keeper, leader := h.As(access.Custodian), h.As(access.Leader)
	matter := asked(t, keeper)
	has(t, keeper.Get(matter), http.StatusOK, matter+"/lookup")
	has(t, keeper.Get(matter+"/lookup"), http.StatusOK, "法制审核科 &lt;b&gt;", "县人民法院", "对外提供", "还没有出具过")
	if a := keeper.Get(matter + "/lookup"); strings.Contains(a.Body, matter+"/lookup/delay") {
		t.Error("a custodian is offered to have a line told later")
	}
	later := url.Values{"ref": {"request:1"}, "ground": {"依刑事诉讼法侦查阶段保密"}, "until": {h.Clock.Now().AddDate(0, 1, 0).Format(time.DateOnly)}}
	for name, r := range map[string]*recordtest.Reader{"custodian": keeper, "head": h.As(access.Head), "administrator": h.As(access.SystemAdmin)} {
		if a := r.Post(matter+"/lookup/delay", later); a.Status != http.StatusForbidden {
			t.Errorf("%s had a line told later: %d", name, a.Status)
		}
	}
	for name, r := range map[string]*recordtest.Reader{"leader": leader, "officer": h.As(access.Officer), "audit": h.As(access.AuditAdmin)} {
		if a := r.Post(matter+"/lookup", nil); a.Status != http.StatusForbidden {
			t.Errorf("%s issued one: %d", name, a.Status)
		}
	}
	bad := url.Values{"ref": {"request:1"}, "ground": {""}, "until": {h.Clock.Now().AddDate(0, 1, 0).Format(time.DateOnly)}}
	has(t, leader.Post(matter+"/lookup/delay", bad), http.StatusUnprocessableEntity, `id="ground-error"`)
	if a := leader.Post(matter+"/lookup/delay", later); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, leader.Get(matter+"/lookup"), http.StatusOK, "暂缓告知", "依刑事诉讼法侦查阶段保密")
	if a := keeper.Post(matter+"/lookup", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	page := keeper.Get(matter + "/lookup")
	has(t, page, http.StatusOK, "〔2026〕查询回执1号")
	_, rest, _ := strings.Cut(page.Body, `href="`+matter+`/lookup/`)
	at := matter + "/lookup/" + rest[:36]
	if a := keeper.Get(at); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "%PDF") {
		t.Errorf("%d", a.Status)
	}
	has(t, keeper.Get(at+"/proof"), http.StatusOK)
	if a := keeper.Get(matter + "/paper"); a.Status != http.StatusConflict {
		t.Errorf("an answer that is none was printed: %d", a.Status)
	}
	other := asked(t, keeper)
	if a := keeper.Post(other+"/answer", url.Values{"answer": {"已经出具查询回执。"}, "do": {"answer"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("%d", a.Status)
	}
	has(t, keeper.Get(other), http.StatusOK, other+"/paper")
	if a := keeper.Get(other + "/paper"); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "%PDF") {
		t.Errorf("%d", a.Status)
	}
	for name, r := range map[string]*recordtest.Reader{"officer": h.As(access.Officer), "administrator": h.As(access.SystemAdmin)} {
		if a := r.Get(other + "/paper"); a.Status != http.StatusForbidden {
			t.Errorf("%s printed it: %d", name, a.Status)
		}
		if a := r.Get("/persons/export"); a.Status != http.StatusForbidden {
			t.Errorf("%s exported the register: %d", name, a.Status)
		}
	}
	if a := keeper.Get("/persons/export?kind=look_up"); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "PK") {
		t.Errorf("export: %d", a.Status)
	}
	if a := keeper.Get(other + "/lookup/" + rest[:36]); a.Status != http.StatusNotFound {
		t.Errorf("under another matter's address: %d", a.Status)
	}
	if a := h.As(access.SystemAdmin).Get(at); a.Status != http.StatusForbidden {
		t.Errorf("an administrator takes it: %d", a.Status)
	}
}

// TestPages looks at the register of people who were filmed and at receipts in a browser.
func TestPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	keeper, leader := h.As(access.Custodian), h.As(access.Leader)
	matter := asked(t, keeper)
	keeper.Post(matter+"/lookup", nil)
	leader.Post(matter+"/lookup/delay", url.Values{"ref": {"request:1"}, "ground": {"侦查阶段保密"}, "until": {h.Clock.Now().AddDate(0, 1, 0).Format(time.DateOnly)}})
	answered := asked(t, keeper)
	keeper.Post(answered+"/answer", url.Values{"answer": {"已经出具查询回执，请查收。"}, "do": {"answer"}})
	ctx := webtest.NewBrowser(t)
	const start = "/asset/none"
	webtest.Watch(t, ctx, func(text string) bool { return strings.Contains(text, start) || strings.Contains(text, "/favicon.ico") })
	for _, size := range []struct {
		name   string
		window webtest.Size
	}{{"desk", webtest.Desktop}, {"phone", webtest.Phone}} {
		for name, p := range map[string]struct{ path, token string }{
			"persons": {"/persons", keeper.Token}, "persons-new": {"/persons/new", keeper.Token}, "persons-open": {matter, keeper.Token}, "persons-answered": {answered, keeper.Token},
			"lookup-keeper": {matter + "/lookup", keeper.Token}, "lookup-leader": {matter + "/lookup", leader.Token},
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
