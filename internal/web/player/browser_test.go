package player_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// screen is a browser in front of a player.
type screen struct {
	t   *testing.T
	ctx context.Context
	th  *theatre
}

// sit opens a browser for somebody who is signed in.
func (th *theatre) sit(r *recordtest.Reader) *screen {
	th.t.Helper()
	s := &screen{th.t, webtest.NewBrowser(th.t), th}
	const start = "/asset/none" // a page of ours that needs no sign-in, to set cookies on
	webtest.Watch(th.t, s.ctx, func(text string) bool {
		return strings.Contains(text, start) || strings.Contains(text, "/favicon.ico") || strings.Contains(text, "status of 403") || strings.Contains(text, "status of 400") || strings.Contains(text, "status of 409")
	})
	webtest.Open(th.t, s.ctx, th.Server.URL+start, webtest.Desktop)
	s.do(`document.cookie = "zhilu_session=` + r.Token + `; path=/"`)
	return s
}

func (s *screen) do(js string) {
	s.t.Helper()
	if err := chromedp.Do(s.ctx, chromedp.Evaluate[chromedp.Void](js+";0")); err != nil {
		s.t.Fatalf("%s: %v", js, err)
	}
}

// wait waits until an expression is true.
func (s *screen) wait(what, js string) {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.ctx, time.Minute)
	defer stop()
	js = "(() => { try { return " + js + " } catch { return false } })()" // a page that is half there is waited for
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](js))
	for err != nil && (strings.Contains(err.Error(), "navigated or closed") || strings.Contains(err.Error(), "Cannot find context")) { // a page led on to another one
		_, err = chromedp.Run(ctx, chromedp.Poll[bool](js))
	}
	if err != nil {
		state, _ := chromedp.Run(s.ctx, chromedp.Evaluate[string](`JSON.stringify({t: document.querySelector("video")?.currentTime, p: document.querySelector("video")?.paused,
			r: document.querySelector("video")?.readyState, rate: document.querySelector("video")?.playbackRate, e: document.querySelector("video")?.error?.message, cover: document.querySelector("[data-part=cover]")?.innerText,
			focus: document.activeElement?.outerHTML.slice(0, 100)})`))
		s.t.Fatalf("%s: %v: %s", what, err, state)
	}
}

func (s *screen) number(js string) float64 {
	s.t.Helper()
	v, err := chromedp.Run(s.ctx, chromedp.Evaluate[float64](js))
	if err != nil {
		s.t.Fatalf("%s: %v", js, err)
	}
	return v
}

func (s *screen) press(keys string) {
	s.t.Helper()
	if err := chromedp.Do(s.ctx, chromedp.KeyEvent(keys)); err != nil {
		s.t.Fatal(err)
	}
}

const (
	video = `document.querySelector("video")`
	part  = `document.querySelector("[data-part=`
)

func (s *screen) open(look string, size webtest.Size) {
	s.t.Helper()
	webtest.Open(s.t, s.ctx, s.th.Server.URL+look, size)
}

// The player plays, its keys work, marks are made with them, and it says what it showed.
func TestPlays(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	s := th.sit(r)
	s.open(look, webtest.Desktop)
	s.wait("first picture", `performance.getEntriesByName("zl-first-picture").length > 0`)
	t.Logf("first picture of a prepared copy %.0f ms after the page was asked for, marking included", s.number(`performance.getEntriesByName("zl-first-picture")[0].startTime`))
	s.wait("the picture is shown", part+`cover]").hidden`)
	s.do(part + `player]").focus()`)
	s.press(" ")
	s.wait("it plays", `!`+video+`.paused && `+video+`.currentTime > 0.7`)
	s.press("l")
	s.wait("faster", video+`.playbackRate === 2`)
	s.press("k")
	s.wait("stops", video+`.paused`)
	at := s.number(video + `.currentTime`)
	s.press(".")
	s.wait("a frame on", video+`.currentTime > `+num(at+0.03)+` && `+video+`.currentTime < `+num(at+0.06))
	s.press(",")
	s.wait("a frame back", `Math.abs(`+video+`.currentTime - `+num(at)+`) < 0.02`)
	s.do(part + `jump-form] input").value = "0:00:13.5"; ` + part + `jump-form] button").click()`)
	s.wait("jumps by the field", `Math.abs(`+video+`.currentTime - 13.5) < 0.01 && !`+video+`.seeking`)
	s.do(part + `player]").focus()`)
	s.press("j")
	s.wait("runs backwards", video+`.currentTime < 12.5`)
	s.press("k")
	s.do(part + `keys-on]").click()`)
	s.do(part + `player]").focus()`)
	s.press("l")
	s.do(part + `keys-on]").click()`)
	if s.number(video+`.paused ? 1 : 0`) != 1 {
		t.Error("a key worked though keys are off")
	}
	s.do(part + `player]").focus()`)
	s.press("m")
	s.wait("the form for a mark has the focus", `document.activeElement.id === "mark-words"`)
	s.press("jkl 出示执法证")
	s.press("\r")
	s.wait("the mark stands in the list", part+`mark-list]").innerText.includes("jkl 出示执法证") && document.querySelectorAll(".zl-pin").length === 1`)
	s.do(`document.querySelector(".zl-marklist .zl-linkbtn").click()`)
	s.wait("it is struck", `document.querySelectorAll(".zl-pin").length === 0`)
	s.do(part + `seek]").dispatchEvent(new PointerEvent("pointermove", {clientX: 400, bubbles: true}))`)
	s.wait("the hover picture shows", `!`+part+`peek]").hidden && `+part+`cell]").style.backgroundImage.includes("/strip/")`)
	s.do(part + `player]").focus()`)
	s.press("?")
	s.wait("the keys are shown", `!`+part+`keysbox]").hidden`)
	s.press("\x1b")
	s.wait("and go away", part+`keysbox]").hidden`)
	if ahead := s.number(`(() => { const b = ` + video + `.buffered; return b.length ? b.end(b.length - 1) - ` + video + `.currentTime : 0; })()`); ahead > 14 {
		t.Errorf("%v s lie ahead in the buffer", ahead)
	}
	webtest.Open(t, s.ctx, th.Server.URL+"/recordings", webtest.Desktop) // leaving says so
	row := th.row(th.lookID(look))
	for late := time.Now().Add(20 * time.Second); row.ClosedAt.IsZero() && time.Now().Before(late); {
		r.Get("/recordings") // as long as it takes
		row = th.row(th.lookID(look))
	}
	if row.WhyClosed != viewing.ClosedByViewer || row.WatchedFor < 500*time.Millisecond || row.WatchedFor > 15*time.Second {
		t.Errorf("register: %v, %q", row.WatchedFor, row.WhyClosed)
	}
}

func num(f float64) string {
	b, _ := json.Marshal(f) // a number
	return string(b)
}

// A grant that is taken back stops a running player within a beat, and nothing of the picture stays.
func TestRevokeStopsThePlayer(t *testing.T) { // T6
	t.Parallel()
	th := newTheatre(t)
	q := th.consent()
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	s := th.sit(r)
	s.open(look, webtest.Desktop)
	s.wait("first picture", video+`.readyState >= 2 && `+part+`cover]").hidden`)
	s.do(part + `player]").focus()`)
	s.press(" ")
	s.wait("it plays", video+`.currentTime > 0.3`)
	if err := th.svc.Revoke(th.ctx, th.head(), q.ID, "不再需要"); err != nil {
		t.Fatal(err)
	}
	revoked := time.Now()
	s.wait("it says why", `!`+part+`cover]").hidden && `+part+`cover]").innerText.includes("授权已经收回")`)
	t.Logf("stopped %v after the grant was taken back", time.Since(revoked).Round(time.Millisecond))
	s.wait("nothing stays", video+`.readyState === 0 && !`+video+`.currentSrc.startsWith("blob:x") && `+video+`.hidden && `+video+`.buffered.length === 0 && `+video+`.paused`)
	s.wait("no lanes, no marks", part+`lanes]").hidden && `+part+`marks]").hidden && document.querySelectorAll("[data-part=lane-speech] *, .zl-pin, .zl-marklist li").length === 0 && !`+part+`peek]")`)
	webtest.ScreenshotView(t, s.ctx, "player-revoked", webtest.Desktop.Width, webtest.Desktop.Height)
	webtest.Axe(t, s.ctx)
	s.press(" ")
	if s.number(video+`.paused ? 1 : 0`) != 1 {
		t.Error("it plays on")
	}
}

// TestFreezeStopsThePlayer: T6. A mark for a state secret empties a running player within a beat (decision 21).
func TestFreezeStopsThePlayer(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	s := th.sit(r)
	s.open(look, webtest.Desktop)
	s.wait("first picture", video+`.readyState >= 2 && `+part+`cover]").hidden`)
	s.do(part + `player]").focus()`)
	s.press(" ")
	s.wait("it plays", video+`.currentTime > 0.3`)
	th.freeze()
	s.wait("it says why", `!`+part+`cover]").hidden && `+part+`cover]").innerText.includes("国家秘密")`)
	s.wait("nothing stays", video+`.readyState === 0 && `+video+`.hidden && `+video+`.buffered.length === 0 && `+video+`.paused`)
	webtest.ScreenshotView(t, s.ctx, "player-frozen", webtest.Desktop.Width, webtest.Desktop.Height)
	webtest.Axe(t, s.ctx)
}

// A copy that is being made shows how far it is and opens by itself; one that failed says so in words and can be tried
// again.
func TestMaking(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	r := th.As(access.Officer)
	look := th.open(r)
	s := th.sit(r)
	s.open(look, webtest.Desktop)
	s.wait("progress", part+`cover]").innerText.includes("正在生成观看件") && !`+part+`progress]").hidden`)
	webtest.ScreenshotView(t, s.ctx, "player-making", webtest.Desktop.Width, webtest.Desktop.Height)
	webtest.Axe(t, s.ctx)
	th.develop()
	s.wait("it opens by itself", video+`.readyState >= 2 && `+part+`cover]").hidden`)
	th.rec = th.bad
	look = th.open(r)
	d, err := th.Service.Get(th.ctx, th.Keeper(), th.bad)
	if err != nil {
		t.Fatal(err)
	}
	if err := th.booth.Make(th.ctx, d.FileList[0].ID); err != nil {
		t.Logf("made of nothing: %v", err)
	}
	s.open(look, webtest.Desktop)
	s.wait("failed, in words", `!`+part+`cover]").innerText.includes("player.") && `+part+`cover]").innerText.includes("观看件没有做成") && `+part+`cover]").innerText.includes("再做一次")`)
	webtest.ScreenshotView(t, s.ctx, "player-failed", webtest.Desktop.Width, webtest.Desktop.Height)
	s.do(`document.querySelector("[data-part=cover-act] button").click()`)
	s.wait("it is tried again", part+`cover]").innerText.includes("正在生成观看件")`)
}

// The same look in the same session, opened again while the page before it says goodbye: it plays all the same.
func TestReload(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	s := th.sit(r)
	for range 3 {
		s.open(th.open(r), webtest.Phone)
		s.wait("picture", video+`?.readyState >= 2 && `+part+`cover]").hidden`)
		s.do(`sessionStorage.clear()`)
	}
}

// The page on a desktop and on phones, in light and dark: nothing serious for axe-core, nothing sideways.
func TestLooksOfThePlayer(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	own := th.As(access.Officer)
	look := th.open(r)
	s := th.sit(r)
	for i, words := range []string{"到达，说明时间、地点、执法人员", "出示执法证", "阿依努尔·买买提依明·托合提库尔班江在收案登记簿上签字，第 41 页缺失，另见照片"} {
		r.Post(look+"/marks", url.Values{"at": {num(float64(1000 + 5500*i))}, "words": {words}})
	}
	for _, v := range []struct {
		name, theme, lang string
		size              webtest.Size
		r                 *recordtest.Reader
	}{
		{"desk", "light", "zh-CN", webtest.Desktop, r},
		{"phone", "light", "zh-CN", webtest.Phone, r},
		{"narrow", "light", "zh-CN", webtest.Narrow, r},
		{"dark", "dark", "zh-CN", webtest.Desktop, r},
		{"english", "light", "en", webtest.Narrow, r},
		{"own", "light", "zh-CN", webtest.Desktop, own},
		{"own-phone", "light", "zh-CN", webtest.Phone, own},
	} {
		t.Run(v.name, func(t *testing.T) {
			s.t = t
			s.do(`document.cookie = "zhilu_session=` + v.r.Token + `; path=/"; document.cookie = "zhilu_theme=` + v.theme + `; path=/"; document.cookie = "zhilu_lang=` + v.lang + `; path=/"`)
			webtest.Open(t, s.ctx, th.Server.URL+"/recordings", v.size)
			s.open(th.open(v.r), v.size)
			s.wait("picture", video+`.readyState >= 2 && `+part+`cover]").hidden`)
			s.do(part + `jump-form] input").value = "6"; ` + part + `jump-form] button").click()`)
			s.wait("there", `Math.abs(`+video+`.currentTime - 6) < 0.01 && !`+video+`.seeking && `+video+`.readyState >= 2`)
			webtest.NoSideways(t, s.ctx)
			webtest.Screenshot(t, s.ctx, "player-"+v.name, v.size.Width, v.size.Height)
			webtest.ScreenshotView(t, s.ctx, "player-view-"+v.name, v.size.Width, v.size.Height)
			webtest.Axe(t, s.ctx)
			if small := s.number(`Array.from(document.querySelectorAll(".zl-player button, .zl-player select, .zl-player input")).filter(e => e.offsetParent && (e.offsetHeight < ` +
				map[bool]string{true: "44", false: "24"}[v.size.Width < 760] + `)).length`); small > 0 {
				t.Errorf("%v controls are too low to be hit", small)
			}
		})
	}
}
