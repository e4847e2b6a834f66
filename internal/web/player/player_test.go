package player_test

import (
	"context"
	"encoding/json"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

// want fails the test unless the answer has this status and holds each text.
func want(t *testing.T, what string, a recordtest.Answer, status int, texts ...string) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("%s: status %d, want %d: %.600s", what, a.Status, status, a.Body)
	}
	for _, s := range texts {
		if !strings.Contains(a.Body, s) {
			t.Fatalf("%s lacks %q: %.1500s", what, s, a.Body)
		}
	}
}

// TestTile: decision 1. The picture of a recording in a list is a look: under a grant for the whole of it, and in the register.
func TestTile(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	r := th.As(access.LegalReviewer)
	tile := "/recordings/" + string(th.rec) + "/poster"
	want(t, "without a grant", r.Get(tile), http.StatusForbidden, "access.ask_to_look")
	q := th.consent()
	if a := r.Get(tile); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "\xff\xd8") || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("with one: %d", a.Status)
	}
	page, err := th.svc.Ledger(th.ctx, th.Actor(t, access.Custodian), viewing.RegisterFilter{}, "", 0)
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Kind != viewing.Picture {
		t.Fatalf("%+v %v", page.Rows, err)
	}
	want(t, "no id", r.Get("/recordings/none/poster"), http.StatusNotFound)
	if err := th.svc.Revoke(th.ctx, th.head(), q.ID, "收回"); err != nil {
		t.Fatal(err)
	}
	want(t, "taken back", r.Get(tile), http.StatusForbidden)
}

// A look from the button to the end: the page, the list of segments, the segments, what was watched in the register.
func TestLook(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	page := r.Get(look)
	want(t, "page", page, http.StatusOK, "查看：", "申请 1 号，王建国同意", "核对笔录第 3 页", "授权至今天", "结束查看", "zl-look", "播放需要浏览器脚本")
	if csp := page.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "media-src 'self' blob:") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "worker") {
		t.Errorf("policy %q", csp)
	}
	if strings.Contains(page.Body, "<form method=\"post\" action=\""+look+"/register") {
		t.Error("a look by consent offers to register")
	}
	facts := r.Get(look + "/facts")
	want(t, "facts", facts, http.StatusOK, `"state":"ready"`, `"fps":25`, `"pending":false`)
	list := r.Get(look + "/index.m3u8")
	want(t, "list", list, http.StatusOK, "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-TARGETDURATION:4", "#EXT-X-ENDLIST", string(th.file)+"/0.ts", string(th.file)+"/4.ts")
	for n := range segmentCount {
		piece := r.Get(look + "/" + string(th.file) + "/" + string(rune('0'+n)) + ".ts")
		want(t, "segment", piece, http.StatusOK)
		if len(piece.Body) < 188 || len(piece.Body)%188 != 0 || piece.Body[0] != 0x47 {
			t.Errorf("segment %d is no transport stream", n)
		}
		for name, value := range map[string]string{"Content-Type": "video/mp2t", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
			if piece.Header.Get(name) != value {
				t.Errorf("%s: %q", name, piece.Header.Get(name))
			}
		}
	}
	for _, m := range th.booth.said() {
		if !strings.HasPrefix(m, "陈𬱖 执法一科 申请1号 2") {
			t.Errorf("marked %q", m)
		}
	}
	want(t, "beat", r.Post(look+"/beat", url.Values{"played": {"0-3000,2000-9000,500000-600000"}}), http.StatusNoContent)
	want(t, "beat", r.Post(look+"/beat", url.Values{"played": {"-"}}), http.StatusBadRequest, "player.beat")
	want(t, "beat", r.Post(look+"/beat", url.Values{"played": {"9-1"}}), http.StatusBadRequest, "player.beat")
	want(t, "strip", r.Get(look+"/strip/"+string(th.file)), http.StatusOK)
	end := r.Post(look+"/close", url.Values{"back": {"1"}})
	if end.Status != http.StatusSeeOther || end.Header.Get("Location") != "/recordings/"+string(th.rec) {
		t.Errorf("end: %d %s", end.Status, end.Header.Get("Location"))
	}
	row := th.row(th.lookID(look))
	if row.WatchedFor != 9*time.Second || row.WhyClosed != viewing.ClosedByViewer {
		t.Errorf("register: %v %s", row.WatchedFor, row.WhyClosed)
	}
	over := r.Get(look)
	want(t, "page of a look that is over", over, http.StatusForbidden, "这次查看已经结束", "再打开", "回到录像")
	want(t, "second end", r.Post(look+"/close", url.Values{}), http.StatusNoContent)
}

// Every way round (threat T6): each is refused in words, sends nothing, and stands in the log.
func TestEveryWayRound(t *testing.T) { // T6
	t.Parallel()
	th := newTheatre(t)
	q := th.consent(viewing.Item{Recording: th.rec, From: 3 * time.Second, To: 13 * time.Second})
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	piece := func(file ident.FileID, n string) string { return look + "/" + string(file) + "/" + n }
	want(t, "inside", r.Get(piece(th.file, "1.ts")), http.StatusOK)
	list := r.Get(look + "/index.m3u8").Body
	if strings.Contains(list, "/0.ts") || !strings.Contains(list, "/1.ts") || !strings.Contains(list, "/2.ts") || strings.Contains(list, "/3.ts") {
		t.Errorf("list of a span: %s", list)
	}
	made := len(th.booth.said())
	for name, path := range map[string]string{"before": "0.ts", "over the end": "3.ts", "after": "4.ts"} {
		want(t, name, r.Get(piece(th.file, path)), http.StatusForbidden, "access.look_outside", "这一段不在同意的范围里")
	}
	for _, n := range []string{"01.ts", "+1.ts", "1", "1.ts.ts", "-1.ts", "99.ts", "9999999999999999999.ts", "1.TS", "%2e%2e", "1.ts%00", "0x1.ts", "１.ts", "..%2f1.ts"} {
		want(t, n, r.Get(piece(th.file, n)), http.StatusNotFound)
	}
	for _, file := range []string{string(th.other), strings.ToUpper(string(th.file)), "urn:uuid:" + string(th.file), "..%2f..", "{" + string(th.file) + "}", string(ident.New[ident.FileID]())} {
		want(t, file, r.Get(look+"/"+file+"/1.ts"), http.StatusNotFound)
		want(t, "strip of "+file, r.Get(look+"/strip/"+file), http.StatusNotFound)
	}
	stranger := map[string]*recordtest.Reader{
		"head": th.As(access.Head), "keeper": th.As(access.Custodian), "officer": th.As(access.Officer),
		"administrator": th.As(access.SystemAdmin), "auditor": th.As(access.AuditAdmin),
	}
	pieces := []string{"/facts", "/index.m3u8", "/" + string(th.file) + "/1.ts", "/strip/" + string(th.file), "/picture/" + string(th.file)}
	for who, s := range stranger {
		for _, p := range pieces {
			a := s.Get(look + p)
			want(t, who+" "+p, a, http.StatusForbidden, "access.look_foreign")
			if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") {
				t.Errorf("%s %s: %s", who, p, ct)
			}
		}
		for _, p := range []string{"/beat", "/marks", "/marks/" + string(ident.New[ident.MarkID]()) + "/strike", "/close", "/register"} {
			want(t, who+" "+p, s.Post(look+p, url.Values{"at": {"5000"}, "words": {"看一看"}}), http.StatusForbidden)
		}
		page := s.Get(look)
		want(t, who, page, http.StatusForbidden, "access.look_foreign")
		if strings.Contains(page.Body, string(th.rec)) {
			t.Errorf("%s is told which recording it is", who)
		}
	}
	want(t, "nobody", th.Nobody().Get(look+"/index.m3u8"), http.StatusSeeOther)
	if n := len(th.booth.said()); n != made {
		t.Errorf("%d pieces were made for nobody", n-made)
	}
	refused := 0
	for _, h := range th.History(t, "recording", string(th.rec)) {
		if h.Outcome == custody.Refused {
			refused++
		}
	}
	if refused < 5 {
		t.Errorf("%d refusals in the log", refused)
	}

	// Taken back under a running player.
	if err := th.svc.Revoke(th.ctx, th.head(), q.ID, "不再需要"); err != nil {
		t.Fatal(err)
	}
	for _, p := range pieces {
		want(t, "revoked "+p, r.Get(look+p), http.StatusForbidden, "access.look_revoked", "授权已经收回")
	}
	want(t, "revoked beat", r.Post(look+"/beat", url.Values{}), http.StatusForbidden, "access.look_revoked")
	want(t, "revoked page", r.Get(look), http.StatusForbidden, "授权已经收回", "回到录像")
	want(t, "revoked mark", r.Post(look+"/marks", url.Values{"at": {"5000"}, "words": {"看一看"}}), http.StatusForbidden)

	// Over its term.
	th.consent()
	look = th.open(r)
	want(t, "again", r.Get(look+"/index.m3u8"), http.StatusOK)
	th.Clock.Add(20*time.Minute + time.Second)
	r2 := r.Get(look + "/index.m3u8")
	want(t, "expired", r2, http.StatusForbidden, "access.look_expired", "授权已经到期")

	// The same person, signed in anew: the address is of no use.
	th.consent()
	look = th.open(r)
	again := th.As(access.LegalReviewer)
	for _, p := range pieces {
		want(t, "another session "+p, again.Get(look+p), http.StatusForbidden, "access.look_foreign")
	}
}

// A piece whose grant is taken back while it is being made is not sent any more.
func TestRevokedWhileMaking(t *testing.T) { // T6
	t.Parallel()
	th := newTheatre(t)
	q := th.consent()
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	th.booth.after.Store(func() {
		if err := th.svc.Revoke(th.ctx, th.head(), q.ID, "不再需要"); err != nil {
			t.Error(err)
		}
	})
	a := r.Get(look + "/" + string(th.file) + "/0.ts")
	want(t, "piece", a, http.StatusForbidden, "access.look_revoked")
	if strings.IndexByte(a.Body, 0x47) == 0 {
		t.Error("a piece was sent")
	}
}

// freeze has the keeper say that the recording holds a state secret, as the page of marks does.
func (th *theatre) freeze() {
	th.t.Helper()
	marks, err := marking.New(marking.Config{DB: th.DB, Gate: th.Gate, Object: func(context.Context, ident.RecordingID) (marking.Object, error) {
		return marking.Object{ID: th.rec, Department: th.Keeper().Department, Name: "x"}, nil
	}})
	if err != nil {
		th.t.Fatal(err)
	}
	if _, err := marks.Put(th.ctx, th.Keeper(), th.rec, marking.StateSecret, "疑似涉密文件入镜"); err != nil {
		th.t.Fatal(err)
	}
}

// TestFrozenInMidPlay: T6. Whoever watches a recording while it is marked as a state secret is sent nothing more, also what was just
// being made, and nobody begins anew; the consent stands, and helps nothing (decision 21).
func TestFrozenInMidPlay(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	want(t, "before", r.Get(look+"/"+string(th.file)+"/0.ts"), http.StatusOK)
	a := r.Post(look+"/grabs", url.Values{"at": {"1480"}})
	var g kept
	if err := json.Unmarshal([]byte(a.Body), &g); err != nil {
		t.Fatal(err)
	}
	th.booth.after.Store(th.freeze)
	want(t, "made meanwhile", r.Get(look+"/"+string(th.file)+"/1.ts"), http.StatusConflict, "marking.frozen")
	th.booth.after.Store(func() {})
	for _, p := range []string{"/facts", "/index.m3u8", "/" + string(th.file) + "/0.ts", "/strip/" + string(th.file), "/picture/" + string(th.file)} {
		want(t, p, r.Get(look+p), http.StatusConflict, "marking.frozen")
	}
	want(t, "beat", r.Post(look+"/beat", url.Values{}), http.StatusConflict, "marking.frozen")
	want(t, "still", r.Post(look+"/grabs", url.Values{"at": {"1480"}}), http.StatusConflict, "marking.frozen")
	for _, p := range []string{g.Picture, g.Sheet, g.Statement} {
		want(t, p, r.Get(p), http.StatusConflict, "marking.frozen")
	}
	want(t, "anew", r.Post("/recordings/"+string(th.rec)+"/look", url.Values{}), http.StatusConflict)
}

// What tells of the contents is cut to the span: loudness, speech, gaps, hover pictures, marks.
func TestFactsOfASpan(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent(viewing.Item{Recording: th.rec, From: 4 * time.Second, To: 13 * time.Second})
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	var f struct {
		From, To, First, Last int64
		Speech                []struct{ From, To int64 }
		Waves                 []struct {
			From  int64
			Peaks []int
		}
		Marks []struct{ At int64 }
	}
	if err := json.Unmarshal([]byte(r.Get(look+"/facts").Body), &f); err != nil {
		t.Fatal(err)
	}
	if f.From != 4000 || f.To != 13000 || f.First != 4000 || f.Last != 12000 {
		t.Errorf("span %+v", f)
	}
	near := func(got, want int64) bool { return got > want-150 && got < want+150 }
	if len(f.Speech) != 2 || f.Speech[0].From != 4000 || !near(f.Speech[0].To, 5000) || !near(f.Speech[1].From, 9000) || f.Speech[1].To > 13000 {
		t.Errorf("speech %+v", f.Speech)
	}
	if len(f.Waves) != 1 || f.Waves[0].From != 4000 || len(f.Waves[0].Peaks) != 450 || slices.Max(f.Waves[0].Peaks) < 40 {
		t.Errorf("waves %+v", f.Waves)
	}
	img := decode(t, r.Get(look+"/strip/"+string(th.file)).Body)
	for i := range 20 { // a picture every second, ten in a row
		x, y := i%10*160, i/10*90
		black := true
		for dy := 16; dy < 74 && black; dy += 5 { // edges blur
			for dx := 16; dx < 144 && black; dx += 5 {
				cr, cg, cb, _ := img.At(x+dx, y+dy).RGBA()
				black = cr < 0x2000 && cg < 0x2000 && cb < 0x2000
			}
		}
		if inside := i >= 4 && i < 13; black == inside {
			t.Errorf("hover picture %d: black %v", i, black)
		}
	}
	want(t, "picture of a part in a list", r.Get("/recordings/"+string(th.rec)+"/poster"), http.StatusNotFound)
	want(t, "mark outside", r.Post(look+"/marks", url.Values{"at": {"14000"}, "words": {"外面"}}), http.StatusForbidden, "access.look_outside")
}

// Marks are made with words, shown to who may look, struck by who made them.
func TestMarks(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	var m struct {
		ID   string
		Mine bool
	}
	a := r.Post(look+"/marks", url.Values{"at": {"5200"}, "words": {"出示执法证"}})
	want(t, "mark", a, http.StatusOK, `"at":5200`, "出示执法证")
	if err := json.Unmarshal([]byte(a.Body), &m); err != nil || !m.Mine {
		t.Fatalf("%v %s", err, a.Body)
	}
	want(t, "no words", r.Post(look+"/marks", url.Values{"at": {"5200"}, "words": {" "}}), http.StatusBadRequest, "viewing.words")
	want(t, "no time", r.Post(look+"/marks", url.Values{"at": {"x"}, "words": {"出示"}}), http.StatusBadRequest, "viewing.moment")
	want(t, "facts", r.Get(look+"/facts"), http.StatusOK, "出示执法证", "陈𬱖")
	officer := th.As(access.Officer)
	own := th.open(officer)
	want(t, "another's mark", officer.Post(own+"/marks/"+m.ID+"/strike", url.Values{}), http.StatusForbidden, "access.not_yours")
	want(t, "strike", r.Post(look+"/marks/"+m.ID+"/strike", url.Values{}), http.StatusNoContent)
	if f := r.Get(look + "/facts"); strings.Contains(f.Body, "出示执法证") {
		t.Error("a struck mark is shown")
	}
}

// TestHandler: who handles the open case looks without asking each time; the pictures and the page say for which case, and it ends with
// the handling (decision 2, T6).
func TestHandler(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	r := th.As(access.Officer)
	th.handler.Store(th.Actor(t, access.Officer).Person)
	look := th.open(r)
	th.develop()
	want(t, "page", r.Get(look), http.StatusOK, "承办本案 "+theCase.No, theCase.Title, "办案期间", `until=""`)
	want(t, "piece", r.Get(look+"/"+string(th.file)+"/0.ts"), http.StatusOK)
	if last := th.booth.said(); !strings.Contains(last[len(last)-1], "本案"+theCase.No) {
		t.Errorf("mark %q", last)
	}
	th.handler.Store(ident.PersonID("somebody else"))
	want(t, "after", r.Get(look+"/"+string(th.file)+"/1.ts"), http.StatusForbidden, "access.look_expired")
}

// TestBesideSomebodyOutside: who accompanies somebody from outside has that body and person written into the pictures too.
func TestBesideSomebodyOutside(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	q, err := th.svc.Ask(th.ctx, th.Actor(t, access.LegalReviewer), viewing.Ask{
		Items: []viewing.Item{{Recording: th.rec}}, Purpose: viewing.PurposeReview, Words: "代理律师阅卷", Until: th.Clock.Now().Add(20 * time.Minute),
		To: viewing.Recipient{Body: "天山律师事务所", Person: "古丽娜尔"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := th.svc.Decide(th.ctx, th.head(), q.ID, viewing.Decision{Consent: true}); err != nil {
		t.Fatal(err)
	}
	th.develop()
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	want(t, "page", r.Get(look), http.StatusOK, "一同查看", "古丽娜尔", "天山律师事务所")
	want(t, "piece", r.Get(look+"/"+string(th.file)+"/0.ts"), http.StatusOK)
	if last := th.booth.said(); !strings.Contains(last[len(last)-1], "陪同 天山律师事务所 古丽娜尔") {
		t.Errorf("mark %q", last)
	}
}

// The officer looks at their own recording to register it; with that the look ends and needs consent from then on.
func TestRegister(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	r := th.As(access.Officer)
	look := th.open(r)
	want(t, "not made yet", r.Get(look+"/facts"), http.StatusOK, `"state":"making"`)
	want(t, "nothing to play yet", r.Get(look+"/"+string(th.file)+"/0.ts"), http.StatusNotFound)
	th.develop()
	want(t, "page", r.Get(look), http.StatusOK, "本人录制，用于登记", "录像内容", "action=\""+look+"/register\"")
	want(t, "too short", r.Post(look+"/register", url.Values{"words": {"短"}}), http.StatusUnprocessableEntity, "说明太短或者太长", "短")
	want(t, "piece", r.Get(look+"/"+string(th.file)+"/0.ts"), http.StatusOK)
	if last := th.booth.said(); !strings.Contains(last[len(last)-1], "本人登记") {
		t.Errorf("mark %q", last)
	}
	a := r.Post(look+"/register", url.Values{"words": {"上午在建设路检查两家门店"}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != look+"/registered" {
		t.Fatalf("register: %d %s", a.Status, a.Header.Get("Location"))
	}
	want(t, "after", r.Get(look+"/registered"), http.StatusOK, "已登记，查看结束")
	want(t, "piece after", r.Get(look+"/"+string(th.file)+"/0.ts"), http.StatusForbidden)
	want(t, "look anew", r.Post("/recordings/"+string(th.rec)+"/look", url.Values{}), http.StatusForbidden, "access.ask_to_look")
}

// A picture is sent as a marked copy; of what has only sound, segments without picture.
func TestPictureAndSound(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	r := th.As(access.Officer)
	for n, c := range []struct {
		kind, name string
		args       []string
	}{
		{"picture", "p.jpg", []string{"-f", "lavfi", "-i", "testsrc2=s=640x360", "-frames:v", "1"}},
		{"audio", "a.wav", []string{"-f", "lavfi", "-i", "sine=d=5:r=16000"}},
	} {
		content, err := shot(c.name, c.args...)
		if err != nil {
			t.Fatal(err)
		}
		res := th.take(th.Card("Z07"), time.Hour, 20+n, content)
		th.rec, th.file = res.RecordingID, res.FileID
		look := th.open(r)
		th.develop()
		want(t, c.kind, r.Get(look+"/facts"), http.StatusOK, `"state":"ready"`, `"kind":"`+c.kind+`"`, `"gaps":[]`)
		page := r.Get(look)
		want(t, c.kind, page, http.StatusOK, "zl-look")
		picture, list := r.Get(look+"/picture/"+string(th.file)), r.Get(look+"/index.m3u8")
		if c.kind == "picture" {
			want(t, "picture", picture, http.StatusOK)
			if decode(t, picture.Body).Bounds().Dx() != 640 || picture.Header.Get("Cache-Control") != "no-store" {
				t.Error("not the copy of the picture")
			}
			if picture.Body == content || strings.Contains(list.Body, ".ts") || strings.Contains(page.Body, `data-do="play"`) {
				t.Error("a picture is the original, or plays")
			}
			continue
		}
		want(t, "no picture in a sound", picture, http.StatusNotFound)
		want(t, "list", list, http.StatusOK, "/0.ts", "/1.ts")
		if piece := r.Get(look + "/" + string(th.file) + "/0.ts"); piece.Status != http.StatusOK || piece.Body[0] != 0x47 {
			t.Errorf("sound: %d", piece.Status)
		}
	}
}

// Without a ground nobody gets a player.
func TestNoGround(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	for _, role := range []access.Role{access.Head, access.Leader, access.Custodian, access.LegalReviewer, access.Supervisor, access.SystemAdmin, access.SecurityAdmin, access.AuditAdmin} {
		a := th.As(role).Post("/recordings/"+string(th.rec)+"/look", url.Values{})
		want(t, string(role), a, http.StatusForbidden, "看画面和听声音要先取得同意")
	}
	want(t, "no recording", th.As(access.Officer).Post("/recordings/x/look", url.Values{}), http.StatusNotFound)
	want(t, "no look", th.As(access.Officer).Get("/looks/"+string(ident.New[ident.LookID]())+"/facts"), http.StatusNotFound, "viewing.look_unknown")
}

func decode(t *testing.T, body string) image.Image {
	t.Helper()
	img, err := jpeg.Decode(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
