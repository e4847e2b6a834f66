package links_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/links"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/webtest"
)

const cause = "砚田法律服务所<b>未按规定统一收案收费案"

// opened opens a case of the house's officer and another.
func opened(t *testing.T, h *recordtest.House) matter.Case {
	t.Helper()
	ctx := context.Background()
	second := h.Add(t, "执法人员乙", "second", h.Departments[0].ID, access.Officer)
	now := h.Clock.Now().In(clock.Shanghai)
	for i, id := range []ident.PersonID{h.People[access.Officer].ID, second.ID} {
		_, err := h.Org.AddCertificate(ctx, access.HostActor("test"), id, org.CertificateEdit{Number: "HT65000" + string(rune('1'+i)), ValidFrom: now.AddDate(-1, 0, 0), ValidTo: now.AddDate(1, 0, 0)})
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := h.Cases.Open(ctx, h.Actor(t, access.Officer), casefile.Opening{
		Title: cause, Act: "penalty", Procedure: matter.Ordinary, Department: h.Departments[0].ID, Lead: h.People[access.Officer].ID, Others: []ident.PersonID{second.ID},
		Parties: []casefile.PartyEdit{{Role: matter.PartyMain, Kind: matter.Organisation, Name: "砚田法律服务所"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func find(t *testing.T, h *recordtest.House, id ident.FileID) recording.Recording {
	t.Helper()
	rec, err := h.Service.FileRecording(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.Service.Selected(t.Context(), h.Actor(t, access.Leader), []ident.RecordingID{rec})
	if err != nil || len(list) != 1 {
		t.Fatal(err)
	}
	return list[0]
}

func want(t *testing.T, a recordtest.Answer, status int, texts ...string) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d: %.400s", a.Status, status, a.Body)
	}
	for _, s := range texts {
		if !strings.Contains(a.Body, s) {
			t.Errorf("the page does not hold %q", s)
		}
	}
	if strings.Contains(a.Body, "⟦") || strings.Contains(a.Body, "<b>未按") {
		t.Error("a word is missing, or a cause became markup")
	}
}

// TestLink walks a recording from belonging nowhere to its case and back: it is suggested, linked with its step, told of on
// every page, contradicted by its record, and taken back with a reason.
func TestLink(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	c := opened(t, h)
	rec := find(t, h, d.InTime.FileID)
	if err := h.Strays.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	officer, leader, keeper := h.As(access.Officer), h.As(access.Leader), h.As(access.Custodian)
	page := "/recordings/" + string(rec.ID)
	want(t, officer.Get(links.Path), http.StatusOK, page+"/link")
	want(t, officer.Get(page), http.StatusOK, "还没有关联案件", "可能属于", "使用人承办这个案件", c.No)
	if a := leader.Get(page); strings.Contains(a.Body, "可能属于") {
		t.Error("a leader, who links nothing, is asked to link")
	}
	want(t, officer.Post(page+"/link", url.Values{"no": {"罚〔1999〕1号"}}), http.StatusUnprocessableEntity, "没有这个案号的案件", "罚〔1999〕1号")
	a := officer.Post(page+"/link", url.Values{"no": {" " + c.No + " "}})
	if a.Status != http.StatusSeeOther || !strings.Contains(a.Header.Get("Location"), "?case="+string(c.ID)) {
		t.Fatalf("%d %s", a.Status, a.Header.Get("Location"))
	}
	// A record that says it began two hours before its recording.
	ctx, actor := context.Background(), h.Actor(t, access.Officer)
	paper, err := h.Cases.Draft(ctx, actor, c.ID, "onsite-inspection-record")
	if err != nil {
		t.Fatal(err)
	}
	said, _ := json.Marshal(rec.Start.Add(-2 * time.Hour).In(clock.Shanghai).Format("2006-01-02T15:04:05+08:00"))
	if saved, err := h.Cases.Save(ctx, actor, paper.ID, []casefile.Edit{{Field: "started_at", Value: said, Base: paper.Revision}}); err != nil || len(saved.Problems) > 0 {
		t.Fatalf("%+v %v", saved.Problems, err)
	}
	want(t, officer.Get(page+"/link?case="+string(c.ID)), http.StatusOK, "现场检查（勘验）笔录", "它记录的是哪一步", c.No)
	a = officer.Post(page+"/link", url.Values{"case": {string(c.ID)}, "paper": {string(paper.ID)}, "note": {"入门时"}})
	if a.Status != http.StatusSeeOther {
		t.Fatalf("%d %.300s", a.Status, a.Body)
	}
	want(t, officer.Post(page+"/link", url.Values{"case": {string(c.ID)}, "paper": {string(paper.ID)}}), http.StatusUnprocessableEntity)
	want(t, officer.Get(page), http.StatusOK, c.No, "入门时", "现场检查（勘验）笔录", links.FilmPath(c.ID))
	open, err := dutyBook(t, h).Count(t.Context(), h.Actor(t, access.Leader), duty.Filter{Kinds: []duty.Kind{duty.LinkRecording}, Person: actor.Person})
	if err != nil {
		t.Fatal(err)
	}
	want(t, leader.Get(links.FilmPath(c.ID)), http.StatusOK, page, "时间对不上", "开始时间", "在录音录像开始以前", "相差", "入门时")
	// Another department's custodian knows nothing of it; an administrator of no case at all (R-21-1, T13).
	for _, path := range []string{links.FilmPath(c.ID), page + "/link"} {
		if a := h.As(access.SystemAdmin).Get(path); a.Status != http.StatusForbidden && a.Status != http.StatusNotFound {
			t.Errorf("%s for an administrator: %d", path, a.Status)
		}
	}
	f, err := h.Cases.Get(ctx, actor, c.ID)
	if err != nil || len(f.Links) != 1 {
		t.Fatal(len(f.Links), err)
	}
	strike := links.FilmPath(c.ID) + "/" + string(f.Links[0].ID) + "/strike"
	want(t, officer.Get(links.FilmPath(c.ID)+"?strike="+string(f.Links[0].ID)), http.StatusOK, "划去", strike)
	want(t, officer.Post(strike, url.Values{"reason": {"错"}}), http.StatusUnprocessableEntity, "错</textarea>")
	if a := leader.Post(strike, url.Values{"reason": {"关联错了案件"}}); a.Status != http.StatusForbidden {
		t.Errorf("a leader struck a link: %d", a.Status)
	}
	if a := keeper.Post(strike, url.Values{"reason": {"关联错了案件"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %.300s", a.Status, a.Body)
	}
	again, err := dutyBook(t, h).Count(t.Context(), h.Actor(t, access.Leader), duty.Filter{Kinds: []duty.Kind{duty.LinkRecording}, Person: actor.Person})
	if err != nil || again != open+1 {
		t.Errorf("%d owed, then %d: %v", open, again, err)
	}
	want(t, officer.Get(page), http.StatusOK, "还没有关联案件")
}

func dutyBook(t *testing.T, h *recordtest.House) *duty.Book {
	t.Helper()
	b, err := duty.NewBook(duty.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLooks opens these pages at both widths and looks for what axe-core calls serious.
func TestLooks(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	c := opened(t, h)
	ctx, actor := context.Background(), h.Actor(t, access.Officer)
	rec, other := find(t, h, d.InTime.FileID), find(t, h, d.Late.FileID)
	paper, err := h.Cases.Draft(ctx, actor, c.ID, "onsite-inspection-record")
	if err != nil {
		t.Fatal(err)
	}
	said, _ := json.Marshal(rec.Start.Add(-2 * time.Hour).In(clock.Shanghai).Format("2006-01-02T15:04:05+08:00"))
	if _, err := h.Cases.Save(ctx, actor, paper.ID, []casefile.Edit{{Field: "started_at", Value: said, Base: paper.Revision}}); err != nil {
		t.Fatal(err)
	}
	for _, l := range []matter.Link{{Case: c.ID, Paper: paper.ID, Recording: rec.ID}, {Case: c.ID, Recording: other.ID, Note: "送达时"}} {
		if _, err := h.Cases.Film(ctx, actor, l); err != nil {
			t.Fatal(err)
		}
	}
	h.Clock.Add(8 * day)
	if err := h.Strays.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	tab := webtest.NewBrowser(t)
	const start = "/asset/none"
	webtest.Watch(t, tab, func(text string) bool { return strings.Contains(text, start) || strings.Contains(text, "/favicon.ico") })
	webtest.Open(t, tab, h.Server.URL+start, webtest.Desktop)
	stored := find(t, h, d.Stored.FileID)
	for _, size := range []webtest.Size{webtest.Desktop, webtest.Phone} {
		for _, x := range []struct {
			who        access.Role
			name, path string
		}{
			{access.Leader, "unlinked", links.Path},
			{access.Officer, "film", links.FilmPath(c.ID)},
			{access.Officer, "link", "/recordings/" + string(stored.ID) + "/link?case=" + string(c.ID)},
			{access.Officer, "recording-link", "/recordings/" + string(stored.ID)},
		} {
			if err := chromedp.Do(tab, chromedp.Evaluate[chromedp.Void](`document.cookie = "zhilu_session=`+h.As(x.who).Token+`; path=/"`)); err != nil {
				t.Fatal(err)
			}
			webtest.Open(t, tab, h.Server.URL+x.path, size)
			webtest.NoSideways(t, tab)
			webtest.Screenshot(t, tab, "links-"+x.name+map[bool]string{true: "-phone"}[size == webtest.Phone], size.Width, size.Height)
			webtest.Axe(t, tab)
		}
	}
}
