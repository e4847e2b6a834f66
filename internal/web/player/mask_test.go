package player_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/redaction/plan"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// pointer has the pointer do something at a place of the picture, in shares of it.
func pointer(kind, target string, x, y string) string {
	return `(() => { const l = document.querySelector("[data-part=mask-layer]"), r = l.getBoundingClientRect(), v = document.querySelector("video");
		const s = Math.min(r.width / v.videoWidth, r.height / v.videoHeight), w = v.videoWidth * s, h = v.videoHeight * s;
		l.setPointerCapture = () => {};
		(` + target + `).dispatchEvent(new PointerEvent("` + kind + `", {bubbles: true, button: 0, pointerId: 1,
			clientX: r.left + (r.width - w) / 2 + w * ` + x + `, clientY: r.top + (r.height - h) / 2 + h * ` + y + `})); })()`
}

const (
	layer  = `document.querySelector("[data-part=mask-layer]")`
	figure = `document.querySelector("#mask-r0-p`
)

// edit opens the editor over a look at the recording.
func (s *screen) edit(r *recordtest.Reader, size webtest.Size) string {
	s.t.Helper()
	a := r.Post("/recordings/"+string(s.th.rec)+"/mask", url.Values{})
	if a.Status != http.StatusSeeOther {
		s.t.Fatalf("%d %s", a.Status, a.Body)
	}
	at := a.Header.Get("Location")
	s.open(at, size)
	s.wait("the picture is shown", part+`cover]").hidden`)
	s.wait("the editor is ready", video+`.readyState >= 2 && `+`!!document.querySelector("#mask-to")?.value`)
	return at
}

// The draft that was saved last.
func (th *theatre) draft() redaction.Copy {
	th.t.Helper()
	list, err := th.masks.ForRecording(th.ctx, th.Actor(th.t, access.LegalReviewer), th.rec)
	if err != nil || len(list) == 0 {
		th.t.Fatalf("%v %v", list, err)
	}
	return list[0]
}

// Drawn with the mouse: a region, moved at another moment, which sets a keyframe; dragged out of the picture it is kept
// inside, in words; seen masked; saved. At both sizes, clean for axe.
func TestMaskByMouse(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	s := th.sit(r)
	for _, size := range []webtest.Size{webtest.Desktop, webtest.Phone} {
		s.edit(r, size)
		s.do(`document.querySelector("[name=mask-kind][value=pixelate]").click()`)
		s.do(pointer("pointerdown", layer, "0.2", "0.2"))
		s.do(pointer("pointermove", layer, "0.5", "0.6"))
		s.do(pointer("pointerup", layer, "0.5", "0.6"))
		s.wait("a region stands in the list and over the picture", figure+`0-x")?.value === "20" && `+figure+`0-h").value === "40" && document.querySelector(".zl-mask.is-pixelate")?.offsetWidth > 40`)
		s.do(`document.querySelector("zl-look").go(10000)`)
		s.wait("there", `Math.abs(`+video+`.currentTime - 10) < 0.05 && !`+video+`.seeking`)
		box := `document.querySelector(".zl-mask")`
		s.do(pointer("pointerdown", box, "0.3", "0.3"))
		s.do(pointer("pointermove", layer, "0.4", "0.3"))
		s.do(pointer("pointerup", layer, "0.4", "0.3"))
		s.wait("moving sets a keyframe", `Math.abs(`+figure+`1-x")?.value - 30) < 0.2`)
		s.do(pointer("pointerdown", box, "0.4", "0.3"))
		s.do(pointer("pointermove", layer, "0.99", "0.3"))
		s.do(pointer("pointerup", layer, "0.99", "0.3"))
		s.wait("it stays inside, and that is said", figure+`1-x").value === "70" && document.querySelector("[data-mask=note]").innerText.includes("超出画面")`)
		s.do(`document.querySelector("[data-mask-do=preview]").click()`)
		s.wait("it is seen masked", `document.querySelector("[data-mask=preview-img]").naturalWidth > 0`)
		s.do(`document.querySelector("[data-mask-do=save]").click()`)
		s.wait("without a reason the summary leads to it", `document.querySelector("[data-mask=errors] a")?.hash === "#mask-why"`)
		webtest.NoSideways(t, s.ctx)
		webtest.Axe(t, s.ctx)
		s.do(`document.querySelector("#mask-why").value = "对外提供前遮住路人"; document.querySelector("[data-mask-do=save]").click()`)
		s.wait("it is saved", `!document.querySelector("[data-mask=page]").hidden`)
		c := th.draft()
		if c.State != redaction.Draft || len(c.Plan.Regions) != 1 || c.Plan.Regions[0].Kind != plan.Pixelate || len(c.Plan.Regions[0].Points) != 2 || c.Plan.Regions[0].Points[1].X != 0.7 {
			t.Errorf("%+v", c)
		}
	}
}

// With the keyboard alone: a region is added, moved, sized, given a keyframe, its figures typed; the span set by its keys.
func TestMaskByKeys(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	s := th.sit(r)
	s.edit(r, webtest.Desktop)
	s.do(`document.querySelector("[data-mask-do=add]").focus()`)
	s.press("\r")
	s.wait("a region has the focus", `document.activeElement.classList.contains("zl-mask")`)
	s.do(`for (const [key, shiftKey] of [["ArrowRight"], ["ArrowRight"], ["ArrowUp"], ["ArrowDown", true]]) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, shiftKey, bubbles: true}))`)
	s.wait("moved and sized", figure+`0-x").value === "42" && `+figure+`0-y").value === "39" && `+figure+`0-h").value === "21" && `+figure+`0-w").value === "20"`)
	s.do(`document.querySelector("zl-look").go(8000)`)
	s.wait("there", `Math.abs(`+video+`.currentTime - 8) < 0.05 && !`+video+`.seeking`)
	s.do(`document.querySelector(".zl-mask").focus()`)
	s.press("k")
	s.wait("a keyframe", figure+`1-at")?.value.startsWith("0:00:0")`)
	s.do(`const f = ` + figure + `1-x"); f.value = "95"; f.dispatchEvent(new Event("change", {bubbles: true}))`)
	s.wait("typed beyond the edge it is kept inside, in words", figure+`1-x").value === "80" && document.querySelector("[data-mask=note]").innerText.includes("超出画面")`)
	s.do(`const g = ` + figure + `1-at"); g.value = "bald"; g.dispatchEvent(new Event("change", {bubbles: true}))`)
	s.wait("a wrong time leads to its field", `document.querySelector("[data-mask=errors] a")?.hash === "#mask-r0-p1-at"`)
	s.do(`const g2 = ` + figure + `1-at"); g2.value = "0:00:08"; g2.dispatchEvent(new Event("change", {bubbles: true})); document.querySelector("zl-look").go(9000)`)
	s.wait("there", `Math.abs(`+video+`.currentTime - 9) < 0.05 && !`+video+`.seeking`)
	s.do(part + `player]").focus()`)
	s.press("]")
	s.wait("the end is set", `document.querySelector("#mask-to").value === "0:00:09.0"`)
	s.do(`document.querySelector("zl-look").go(2000)`)
	s.wait("there", `Math.abs(`+video+`.currentTime - 2) < 0.05 && !`+video+`.seeking`)
	s.do(`document.querySelector("[data-part=player]").focus()`)
	s.press("[")
	s.wait("the beginning is set", `document.querySelector("#mask-from").value === "0:00:02.0"`)
	s.do(`document.querySelector("[data-mask-do=sound-tone]").focus()`)
	s.press("\r")
	s.wait("a tone", `document.querySelector("#mask-s0-from")?.value === "0:00:02.0"`)
	s.do(`document.querySelector("#mask-why").focus()`)
	s.press("给当事人")
	s.do(`document.querySelector("[data-mask-do=save]").focus()`)
	s.press("\r")
	s.wait("it is saved and leads on", `document.activeElement === document.querySelector("[data-mask=page]")`)
	c := th.draft()
	if c.Plan.From != 2000 || c.Plan.To/10 != 900 || len(c.Plan.Sounds) != 1 || c.Plan.Sounds[0].Kind != plan.Tone || len(c.Plan.Regions[0].Points) != 2 {
		t.Errorf("%+v", c.Plan)
	}
	s.press("\r")
	s.wait("its page", `location.pathname.startsWith("/masked/") && document.body.innerText.includes("报请同意")`)
	webtest.Axe(t, s.ctx)
}

// Over http: who may not look draws nothing and sees nothing; nobody decides on their own; what was asked for is fixed.
func TestMaskEveryWayRound(t *testing.T) { // T6, T7
	t.Parallel()
	th := newTheatre(t)
	r := th.As(access.LegalReviewer)
	want(t, "no grant", r.Post("/recordings/"+string(th.rec)+"/mask", url.Values{}), http.StatusForbidden)
	q := th.consent(viewing.Item{Recording: th.rec, From: 3 * time.Second, To: 13 * time.Second})
	a := r.Post("/recordings/"+string(th.rec)+"/mask", url.Values{})
	want(t, "open", a, http.StatusSeeOther)
	at := a.Header.Get("Location")
	want(t, "editor", r.Get(at), http.StatusOK, "zl-mask", "遮蔽区域", "事由")
	say := func(x plan.Plan, more ...string) url.Values {
		raw, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		out := url.Values{"plan": {string(raw)}, "why": {"对外提供前遮住路人"}}
		for i := 0; i+1 < len(more); i += 2 {
			out.Set(more[i], more[i+1])
		}
		return out
	}
	good := plan.Plan{From: 3000, To: 12000, Regions: []plan.Region{{Kind: plan.Box, Until: 12000, Points: []plan.Point{{At: 3000, X: 0.9, Y: 0.1, W: 0.3, H: 0.2}}}}}
	want(t, "outside the span", r.Post(at, say(plan.Plan{From: 0, To: 12000})), http.StatusForbidden, "access.look_outside")
	want(t, "preview outside the span", r.Post(at+"/preview", say(good, "at", "1000")), http.StatusForbidden, "access.look_outside")
	want(t, "no plan", r.Post(at, url.Values{"plan": {"{"}, "why": {"对外提供"}}), http.StatusBadRequest, "redaction.plan")
	want(t, "no reason", r.Post(at, say(good, "why", "")), http.StatusBadRequest, "redaction.words")
	want(t, "a region outside", r.Post(at, say(plan.Plan{From: 3000, To: 12000, Regions: []plan.Region{{Kind: plan.Box, Points: []plan.Point{{At: 3000, X: 1.2, W: 0.1, H: 0.1}}}}})), http.StatusBadRequest, "redaction.region")
	pic := r.Post(at+"/preview", say(good, "at", "5000"))
	if pic.Status != http.StatusOK || !strings.HasPrefix(pic.Body, "\xff\xd8") || pic.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("preview: %d %.200s", pic.Status, pic.Body)
	}
	kept := r.Post(at, say(good))
	want(t, "saved", kept, http.StatusOK, "超出画面")
	var s struct{ Copy, Href string }
	if err := json.Unmarshal([]byte(kept.Body), &s); err != nil {
		t.Fatal(err)
	}
	for _, who := range []access.Role{access.Head, access.SystemAdmin, access.Officer} {
		x := th.As(who)
		want(t, string(who)+" opens the editor", x.Get(at), http.StatusForbidden)
		want(t, string(who)+" saves", x.Post(at, say(good, "copy", s.Copy)), http.StatusForbidden)
		want(t, string(who)+" sees it masked", x.Post(at+"/preview", say(good, "at", "5000")), http.StatusForbidden)
	}
	want(t, "an administrator", th.As(access.SystemAdmin).Get(s.Href), http.StatusForbidden)
	want(t, "an unknown copy", r.Get("/masked/"+string(ident.New[ident.CopyID]())), http.StatusNotFound)
	want(t, "decided before it is asked for", th.As(access.Head).Post(s.Href+"/decide", url.Values{"answer": {"agree"}}), http.StatusForbidden)
	want(t, "the page", r.Get(s.Href), http.StatusOK, "草稿", "报请同意", "继续编辑", "涂黑")
	want(t, "asked", r.Post(s.Href+"/ask", url.Values{}), http.StatusSeeOther)
	want(t, "changed after asking", r.Post(at, say(good, "copy", s.Copy)), http.StatusConflict, "redaction.not_draft")
	want(t, "one's own", r.Post(s.Href+"/decide", url.Values{"answer": {"agree"}}), http.StatusForbidden) // T7
	head := th.As(access.Head)
	want(t, "the head", head.Get(s.Href), http.StatusOK, "等待同意", "不能决定自己的", "看画面要先取得查看同意")
	want(t, "refused without words", head.Post(s.Href+"/decide", url.Values{"answer": {"refuse"}}), http.StatusUnprocessableEntity)
	want(t, "agreed", head.Post(s.Href+"/decide", url.Values{"answer": {"agree"}, "words": {"同意"}}), http.StatusSeeOther)
	want(t, "being made", r.Get(s.Href), http.StatusOK, "正在制作")
	if err := th.masks.Make(th.ctx, ident.CopyID(s.Copy)); err != nil {
		t.Fatal(err)
	}
	want(t, "made", r.Get(s.Href), http.StatusOK, "已制成", "SHA-256", "你没有可以取走这份遮蔽件的申请")
	if a := r.Post(s.Href+"/take", url.Values{"request": {"1"}}); a.Status == http.StatusOK || strings.Contains(a.Body, "ftyp") {
		t.Errorf("taken on a request to look: %d", a.Status)
	}
	if err := th.svc.Revoke(th.ctx, th.head(), q.ID, "不再需要"); err != nil {
		t.Fatal(err)
	}
	want(t, "revoked", r.Post(at+"/preview", say(good, "at", "5000")), http.StatusForbidden, "access.look_revoked")
	want(t, "revoked editor", r.Get(at), http.StatusForbidden, "授权已经收回")
}
