package handed_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/vouchtest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/handed"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
	pages "zhilu.dev/zhilu/internal/web/handed"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/webtest"
)

type house struct {
	*recordtest.House
	t   *testing.T
	svc *handed.Service
	set int // receipts
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t}
	h.House = recordtest.New(t, func(r *recordtest.House) []site.Route {
		var err error
		h.svc, err = handed.New(handed.Config{DB: r.DB, Gate: r.Gate, Clock: r.Clock, Case: func(_ context.Context, _ access.Actor, no string) (ident.CaseID, error) {
			if no != "云司罚〔2026〕7号" {
				return "", fault.New(fault.Invalid, "handed.case_unknown").At("case")
			}
			return "c7", nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		return pages.Routes(pages.Deps{
			Register: h.svc, Upload: "/upload", DepartmentName: func(context.Context, ident.DepartmentID) string { return "执法一科" },
			Set: func(context.Context, *handed.Handing, []handed.Item) ([]byte, error) {
				h.set++
				return []byte("%PDF-1.7 receipt"), nil
			},
		})
	})
	return h
}

func (h *house) send(actor access.Actor, id, name, content string) recording.Result {
	return h.Send(actor, recording.Intent{Name: name, RelPath: name, ModTime: h.Clock.Now().AddDate(0, 0, -9), Metadata: "filename eA==,handed " + base64.StdEncoding.EncodeToString([]byte(id))}, content, true)
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

func form() url.Values {
	return url.Values{
		"capacity": {"party"}, "giver": {"买买提·<b>艾力"}, "contact": {"139 0000 0000"}, "carrier": {"手机"}, "shows": {"11 月 20 日上午店门口的经过"}, "returned": {"yes"}, "case": {"云司罚〔2026〕7号"},
	}
}

// TestHandIn walks what a party hands in: taken in through the same door, marked, not measured by the 24-hour term, in the receiver's
// department, listed with digests, fixed, and receipted. Odd files are kept like every other.
func TestHandIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	taker := h.As(access.Custodian)
	keeper := taker
	has(t, taker.Get("/handed-in"), http.StatusOK, "还没有接收过材料", "/handed-in/new")
	bad := form()
	bad.Set("capacity", "agent")
	has(t, taker.Post("/handed-in", bad), http.StatusUnprocessableEntity, `id="for-error"`, "买买提·&lt;b&gt;艾力")
	bad = form()
	bad.Set("case", "没有这个案号")
	has(t, taker.Post("/handed-in", bad), http.StatusUnprocessableEntity, `id="case-error"`)
	a := taker.Post("/handed-in", form())
	if a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	place := a.Header.Get("Location")
	id := strings.TrimPrefix(place, "/handed-in/")
	has(t, taker.Get(place), http.StatusOK, `handed="`+id+`"`, "还没有文件", "作废", "云司罚〔2026〕7号")
	has(t, taker.Post(place+"/close", nil), http.StatusUnprocessableEntity, `role="alert"`, "还没有文件入库")

	me := h.Actor(t, access.Custodian)
	film := h.send(me, id, "IMG_2031.MOV", "a film from a telephone")
	odd := h.send(me, id, "说明 <1>.pdf", "%PDF-1.4 not footage at all")
	for _, r := range []recording.Result{film, odd} {
		rec, err := h.Service.Brief(ctx, r.RecordingID)
		if err != nil {
			t.Fatal(err)
		}
		var row record.Recording
		if err := h.DB.Reader.NewSelect().Model(&row).Where("id = ?", r.RecordingID).Scan(ctx); err != nil {
			t.Fatal(err)
		}
		if rec.Verdict != storage.NotOurs || rec.Department != me.Department || row.Inbox != record.InboxNone || !strings.Contains(row.Flags, "party") || rec.Officer != "" {
			t.Errorf("%s: verdict %s, department %q, inbox %d, flags %q, officer %q", rec.Name, rec.Verdict, rec.Department, row.Inbox, row.Flags, rec.Officer)
		}
	}
	has(t, taker.Get(place), http.StatusOK, "IMG_2031.MOV", film.SHA256.String(), "说明 &lt;1&gt;.pdf", "完成接收")
	has(t, taker.Post(place+"/cancel", url.Values{"words": {"开错了"}}), http.StatusUnprocessableEntity, "已经有文件入库")
	has(t, taker.Get(place+"/receipt"), http.StatusConflict)
	if a := taker.Post(place+"/close", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, taker.Post(place+"/close", nil), http.StatusUnprocessableEntity, `role="alert"`, "已经结束")
	has(t, keeper.Get(place), http.StatusOK, "已封存", "说明 &lt;1&gt;.pdf", place+"/receipt")
	if a := keeper.Get(place + "/receipt"); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "%PDF") || h.set != 1 {
		t.Errorf("receipt: %d, %d set", a.Status, h.set)
	}
	has(t, keeper.Get("/handed-in?state=closed"), http.StatusOK, "买买提·&lt;b&gt;艾力", "已接收")
	if a := keeper.Get("/handed-in/export"); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "PK") {
		t.Errorf("export: %d", a.Status)
	}
	if got, err := h.svc.Of(ctx, film.RecordingID); err != nil || got == nil || string(got.ID) != id {
		t.Errorf("%+v %v", got, err)
	}
	has(t, keeper.Get("/recordings/"+string(film.RecordingID)), http.StatusOK, "当事人提交", "不适用 24 小时入库")
	has(t, keeper.Get("/recordings?flag=party"), http.StatusOK, "IMG_2031.MOV")
	vouchtest.EveryColumn(t, h.World, map[string]string{"handed_in.state": "'open'", "handed_in.capacity": "'unit'", "handed_in.returned": "0", "handed_item.known": "1"}, handed.Tables()...) // T9
	for _, edit := range []string{"UPDATE handed_in SET giver = 'x'", "DELETE FROM handed_in", "UPDATE handed_item SET sha256 = 'x'", "DELETE FROM handed_item"} {
		if _, err := h.DB.Writer.ExecContext(ctx, edit); err == nil {
			t.Errorf("%s was let through", edit)
		}
	}
}

// TestHandedInIsNoWayRound: naming a handing does not take a bureau's own recording out of the 24-hour term (第十九条): not after it
// was closed, not another account's, not with a camera of the inventory, not by saying nonsense. And nobody else ends it (T5).
func TestHandedInIsNoWayRound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	taker := h.As(access.Custodian)
	place := taker.Post("/handed-in", form()).Header.Get("Location")
	id := strings.TrimPrefix(place, "/handed-in/")
	me := h.Actor(t, access.Custodian)
	other := me
	other.ID = "another account"
	verdict := func(r recording.Result) storage.Verdict {
		t.Helper()
		rec, err := h.Service.Brief(ctx, r.RecordingID)
		if err != nil {
			t.Fatal(err)
		}
		return rec.Verdict
	}
	if v := verdict(h.send(other, id, "a.mp4", "another account's")); v == storage.NotOurs {
		t.Error("another account's file")
	}
	for _, said := range []string{string(ident.New[ident.HandedID]()), "nonsense", ""} {
		if v := verdict(h.send(me, said, "b.mp4", "says "+said)); v == storage.NotOurs {
			t.Errorf("a file that names %q", said)
		}
	}
	if v := verdict(h.send(me, id, h.Name("DSJ-0007", 5*time.Hour, 3), "from our own camera")); v == storage.NotOurs {
		t.Error("a file of a camera of the inventory")
	}
	for name, r := range map[string]*recordtest.Reader{"head": h.As(access.Head), "officer": h.As(access.Officer), "leader": h.As(access.Leader), "administrator": h.As(access.SystemAdmin), "reviewer": h.As(access.LegalReviewer)} {
		for _, do := range []string{"/close", "/cancel"} {
			if a := r.Post(place+do, url.Values{"words": {"开错了"}}); a.Status != http.StatusForbidden {
				t.Errorf("%s %s: %d", name, do, a.Status)
			}
		}
	}
	if a := h.As(access.SystemAdmin).Get(place); a.Status != http.StatusForbidden {
		t.Errorf("an administrator sees it: %d", a.Status)
	}
	h.send(me, id, "c.mp4", "theirs")
	if a := taker.Post(place+"/close", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if v := verdict(h.send(me, id, "d.mp4", "after it was closed")); v == storage.NotOurs {
		t.Error("a file after the end")
	}
	again := taker.Post("/handed-in", form()).Header.Get("Location")
	known := h.send(me, strings.TrimPrefix(again, "/handed-in/"), "b2.mp4", "says nonsense")
	if known.Status != recording.Duplicate {
		t.Fatalf("%+v", known)
	}
	if a := taker.Post(again+"/close", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, taker.Get(again), http.StatusOK, "本局已有相同文件")
	if v := verdict(known); v == storage.NotOurs {
		t.Error("what the bureau had became somebody else's")
	}
	if got, err := h.svc.Of(ctx, known.RecordingID); err != nil || got != nil {
		t.Errorf("%+v %v", got, err)
	}
}

// TestPages looks at the pages in a browser.
func TestPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	taker := h.As(access.Custodian)
	open := taker.Post("/handed-in", form()).Header.Get("Location")
	me := h.Actor(t, access.Custodian)
	h.send(me, strings.TrimPrefix(open, "/handed-in/"), "IMG_2031.MOV", "a film")
	closed := taker.Post("/handed-in", form()).Header.Get("Location")
	h.send(me, strings.TrimPrefix(closed, "/handed-in/"), "录像 (2).mp4", "another film")
	taker.Post(closed+"/close", nil)
	ctx := webtest.NewBrowser(t)
	const start = "/asset/none"
	webtest.Watch(t, ctx, func(text string) bool { return strings.Contains(text, start) || strings.Contains(text, "/favicon.ico") })
	for _, size := range []struct {
		name   string
		window webtest.Size
	}{{"desk", webtest.Desktop}, {"phone", webtest.Phone}} {
		for name, path := range map[string]string{"handed-list": "/handed-in", "handed-new": "/handed-in/new", "handed-open": open, "handed-closed": closed} {
			webtest.Open(t, ctx, h.Server.URL+start, size.window)
			if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.cookie = "zhilu_session=`+taker.Token+`; path=/"`)); err != nil {
				t.Fatal(err)
			}
			webtest.Open(t, ctx, h.Server.URL+path, size.window)
			webtest.NoSideways(t, ctx)
			webtest.Screenshot(t, ctx, name+"-"+size.name, size.window.Width, size.window.Height)
			webtest.Axe(t, ctx)
		}
	}
}
