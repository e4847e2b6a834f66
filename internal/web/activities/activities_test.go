package activities_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/coverage"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	pages "zhilu.dev/zhilu/internal/web/activities"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// rules is an edition of two matters.
type rules struct{}

func (rules) EditionOn(context.Context, time.Time) (regulation.Edition, error) {
	return regulation.Edition{Catalogue: catalogue.Catalogue{Matters: []catalogue.Matter{
		{ID: "AV-01", Text: catalogue.Text{ZH: "现场检查全过程"}, Requirement: "mandatory", EnabledByDefault: true}, {ID: "AV-31", Text: catalogue.Text{ZH: "强制拆除"}, Requirement: "uninterrupted"},
	}}}, nil
}

func (rules) Current(context.Context) (regulation.Version, error) {
	return regulation.Version{}, fault.New(fault.NotFound, "setting.none")
}

func newHouse(t *testing.T) *recordtest.House {
	t.Helper()
	return recordtest.New(t, func(r *recordtest.House) []site.Route {
		head := func(context.Context, ident.DepartmentID) ([]ident.PersonID, error) {
			return []ident.PersonID{r.Actor(t, access.Head).Person}, nil
		}
		svc, err := activity.New(activity.Config{
			DB: r.DB, Gate: r.Gate, Clock: r.Clock, Rules: rules{},
			Case: func(context.Context, access.Actor, ident.CaseID) (string, ident.DepartmentID, error) {
				return "", "", fault.New(fault.NotFound, "case.unknown")
			},
			Person: func(_ context.Context, id ident.PersonID) (string, error) { return "某人", nil },
			Device: func(context.Context, ident.DeviceID) (string, error) { return "1号机", nil },
			Notified: func(ctx context.Context, d ident.DepartmentID, id ident.PersonID) (bool, error) {
				list, err := head(ctx, d)
				return slices.Contains(list, id), err
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		cover, err := coverage.New(coverage.Config{DB: r.DB, Gate: r.Gate, Clock: r.Clock, Rules: rules{}})
		if err != nil {
			t.Fatal(err)
		}
		return pages.Routes(pages.Deps{
			Activities: svc, Coverage: cover, DepartmentName: func(context.Context, ident.DepartmentID) string { return "执法一科" }, Addressees: head,
			Names: func(context.Context, []ident.PersonID) (map[ident.PersonID]string, error) {
				return map[ident.PersonID]string{r.Actor(t, access.Head).Person: "吴静"}, nil
			},
			Held: func(context.Context, access.Actor) ([]activity.Member, error) { return nil, nil },
			Colleagues: func(context.Context, access.Actor) ([]activity.Member, error) {
				return []activity.Member{{Person: "mate", Name: "赵䶮"}}, nil
			},
			CaseByNumber: func(context.Context, access.Actor, string) (ident.CaseID, error) {
				return "", fault.New(fault.NotFound, "case.unknown")
			},
		})
	})
}

func has(t *testing.T, a recordtest.Answer, status int, texts ...string) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d:\n%s", a.Status, status, a.Body)
	}
	for _, s := range texts {
		if !strings.Contains(a.Body, s) {
			t.Fatalf("no %q in:\n%s", s, a.Body)
		}
	}
}

// value reads a hidden field of the page's form in which another field has a value.
func value(t *testing.T, body, what, name string) string {
	t.Helper()
	for _, form := range strings.Split(body, "<form")[1:] {
		form, _, _ = strings.Cut(form, "</form>")
		if what != "" && !strings.Contains(form, `name="what" value="`+what+`"`) {
			continue
		}
		if m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(form); m != nil {
			return m[1]
		}
	}
	t.Fatalf("no form of %s with %s", what, name)
	return ""
}

// TestThreeTaps is R-16-1, R-16-2, R-17-1 to R-17-3 and R-18-1 as an officer does them: declared with the arrival, stopped, reported, received by
// the head, explained, left; each pressed twice and told once; bad input kept, others kept out.
func TestThreeTaps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	o := h.As(access.Officer)
	has(t, o.Get("/activities"), http.StatusOK, "还没有现场活动")
	page := o.Get("/activities/new")
	has(t, page, http.StatusOK, "没有领用的设备", "强制拆除")
	form := url.Values{"id": {value(t, page.Body, "", "id")}, "arrived": {value(t, page.Body, "", "arrived")}, "kind": {"scene"}, "matters": {"AV-31"}, "place": {"城关镇<b>人民路"}}
	has(t, o.Post("/activities", form), http.StatusUnprocessableEntity, "没有关联案件", "城关镇")
	form.Set("case", "无此案号")
	has(t, o.Post("/activities", form), http.StatusUnprocessableEntity, "没有这个案号")
	form.Del("case")
	form.Set("task", "代履行")
	first := o.Post("/activities", form)
	if first.Status != http.StatusSeeOther {
		t.Fatal(first.Status, first.Body)
	}
	h.Clock.Add(2 * time.Second)
	if again := o.Post("/activities", form); again.Header.Get("Location") != first.Header.Get("Location") {
		t.Fatal(again.Status, again.Header.Get("Location"))
	}
	at := first.Header.Get("Location")
	page = o.Get(at)
	has(t, page, http.StatusOK, "全程无间断", "离开", "城关镇&lt;b&gt;人民路")
	for _, r := range []access.Role{access.SystemAdmin, access.AuditAdmin} {
		if a := h.As(r).Get(at); a.Status != http.StatusForbidden {
			t.Fatalf("%s: %d", r, a.Status) // T13
		}
	}
	tell := func(what string, more url.Values) recordtest.Answer {
		body := o.Get(at).Body
		v := url.Values{"id": {value(t, body, what, "id")}, "what": {what}}
		for k, x := range more {
			v[k] = x
		}
		return o.Post(at, v)
	}
	has(t, tell("stopped", nil), http.StatusUnprocessableEntity, "中止的原因")
	if a := tell("stopped", url.Values{"cause": {"battery"}}); a.Status != http.StatusSeeOther {
		t.Fatal(a.Body)
	}
	body := o.Get(at).Body
	stop := value(t, body, "reported", "about")
	report := url.Values{"id": {value(t, body, "reported", "id")}, "what": {"reported"}, "about": {stop}, "to": {string(h.Actor(t, access.Officer).Person)}, "how": {"phone"}}
	has(t, o.Post(at, report), http.StatusUnprocessableEntity, "只能报告给")
	report.Set("to", string(h.Actor(t, access.Head).Person))
	if a := o.Post(at, report); a.Status != http.StatusSeeOther {
		t.Fatal(a.Body)
	}
	if a := o.Post(at, report); a.Status != http.StatusSeeOther {
		t.Fatal("pressed twice", a.Body)
	}
	head := h.As(access.Head)
	body = head.Get(at).Body
	if strings.Contains(body, `value="departed"`) {
		t.Fatal("the head may say that others left")
	}
	if a := head.Post(at, url.Values{"id": {value(t, body, "received", "id")}, "what": {"received"}, "about": {value(t, body, "received", "about")}}); a.Status != http.StatusSeeOther {
		t.Fatal(a.Status, a.Body)
	}
	if a := tell("written", url.Values{"about": {stop}, "words": {"电池用尽"}}); a.Status != http.StatusSeeOther {
		t.Fatal(a.Body)
	}
	has(t, tell("restricted", url.Values{"words": {"不让拍"}}), http.StatusUnprocessableEntity, "只有两种理由") // R-18-2
	if a := tell("departed", nil); a.Status != http.StatusSeeOther {
		t.Fatal(a.Body)
	}
	has(t, o.Get(at), http.StatusOK, "收到报告", "书面说明", "电池用尽")
	if a := o.Get("/activities/export"); a.Status != http.StatusOK {
		t.Fatal(a.Status)
	}
	ctx := webtest.NewBrowser(t)
	for _, size := range []webtest.Size{webtest.Desktop, webtest.Phone} {
		webtest.Open(t, ctx, h.Server.URL+"/asset/none", size)
		if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.cookie = "zhilu_session=`+o.Token+`; path=/"`)); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{"/activities", "/activities/new", at} {
			webtest.Open(t, ctx, h.Server.URL+p, size)
			if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`)); err != nil {
				t.Fatal(err)
			}
			webtest.NoSideways(t, ctx)
			webtest.Axe(t, ctx)
		}
	}
}
