package player_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image/jpeg"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/webtest"
)

type kept struct{ ID, SHA256, Picture, Sheet, Statement string }

// A still picture is cut from what the viewer was sent, says what it is, and stands in the log and the register; every way
// round (threat T6) is refused and cuts nothing.
func TestGrab(t *testing.T) { // T6
	t.Parallel()
	th := newTheatre(t)
	q := th.consent(viewing.Item{Recording: th.rec, From: 3 * time.Second, To: 13 * time.Second})
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	grab := func(at string) url.Values { return url.Values{"at": {at}} }
	a := r.Post(look+"/grabs", grab("5480"))
	want(t, "grab", a, http.StatusOK, `"n":1`, `"at":5480`)
	var g kept
	if err := json.Unmarshal([]byte(a.Body), &g); err != nil {
		t.Fatal(err)
	}
	pic := r.Get(g.Picture)
	sum := sha256.Sum256([]byte(pic.Body))
	if pic.Status != http.StatusOK || hex.EncodeToString(sum[:]) != g.SHA256 || !strings.Contains(pic.Header.Get("Content-Disposition"), "attachment") || pic.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("picture: %d %v", pic.Status, pic.Header)
	}
	if c, err := jpeg.DecodeConfig(bytes.NewReader([]byte(pic.Body))); err != nil || c.Width != 640 || c.Height != 360 {
		t.Fatalf("%+v %v", c, err)
	}
	// The mark is that of the viewer's request.
	if said := th.booth.said(); !strings.Contains(said[len(said)-1], "申请1号") {
		t.Errorf("mark %q", said[len(said)-1])
	}
	want(t, "statement", r.Get(g.Statement), http.StatusOK, `"zhilu-grab-statement/v1"`, `"at_ms": 5480`, `"request_no": 1`, `"camera_clock"`, g.SHA256, `"original_sha256"`)
	if err := th.Press.Ready(); err == nil {
		if pdf := r.Get(g.Sheet); pdf.Status != http.StatusOK || !strings.HasPrefix(pdf.Body, "%PDF-") {
			t.Errorf("sheet: %d %.300s", pdf.Status, pdf.Body)
		}
	}
	entries := 0
	for _, h := range th.History(t, "recording", string(th.rec)) {
		if h.Action == string(access.LookGrab) && h.Outcome == custody.Done {
			entries++
		}
	}
	n, err := th.grabs.Count(th.ctx, []ident.LookID{th.lookID(look)})
	if err != nil || n[th.lookID(look)] != 1 || entries != 1 {
		t.Errorf("register counts %v, the log %d: %v", n, entries, err)
	}

	want(t, "before the span", r.Post(look+"/grabs", grab("1000")), http.StatusForbidden, "access.look_outside")
	want(t, "behind it", r.Post(look+"/grabs", grab("15000")), http.StatusForbidden, "access.look_outside")
	want(t, "in a piece that is not sent", r.Post(look+"/grabs", grab("12990")), http.StatusBadRequest, "player.moment") // it sticks out of the span
	for _, at := range []string{"", "-1", "x", "1e3", "99999999999999999999"} {
		want(t, "at "+at, r.Post(look+"/grabs", grab(at)), http.StatusBadRequest)
	}
	want(t, "unknown", r.Get(look+"/grabs/"+string(ident.New[ident.GrabID]())+"/picture"), http.StatusNotFound)
	made := len(th.booth.said())
	want(t, "nobody", th.Nobody().Get(g.Picture), http.StatusSeeOther)
	if err := th.svc.Revoke(th.ctx, th.head(), q.ID, "不再需要"); err != nil {
		t.Fatal(err)
	}
	want(t, "revoked", r.Post(look+"/grabs", grab("5480")), http.StatusForbidden, "access.look_revoked")
	want(t, "revoked picture", r.Get(g.Picture), http.StatusForbidden, "access.look_revoked")
	for _, s := range []access.Role{access.Head, access.Custodian, access.SystemAdmin, access.LegalReviewer} {
		stranger := th.As(s) // the reviewer too: signed in anew
		want(t, string(s)+" cuts", stranger.Post(look+"/grabs", grab("5480")), http.StatusForbidden)
		for _, p := range []string{g.Picture, g.Sheet, g.Statement} {
			want(t, string(s)+" "+p, stranger.Get(p), http.StatusForbidden)
		}
	}
	if now := len(th.booth.said()); now != made {
		t.Errorf("%d pieces were made for nobody", now-made)
	}
}

// Taken back while the picture is being cut: it is not kept and not sent.
func TestGrabRevokedWhileCutting(t *testing.T) { // T6
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
	want(t, "grab", r.Post(look+"/grabs", url.Values{"at": {"5480"}}), http.StatusForbidden, "access.look_revoked")
	if n, err := th.grabs.Count(th.ctx, []ident.LookID{th.lookID(look)}); err != nil || len(n) != 0 {
		t.Errorf("%v %v", n, err)
	}
}

// By its key, a still picture of the moment that is seen is cut and stands in the list.
func TestGrabByKey(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	look := th.open(r)
	s := th.sit(r)
	for _, size := range []webtest.Size{webtest.Desktop, webtest.Phone} {
		s.open(look, size)
		s.wait("the picture is shown", part+`cover]").hidden`)
		s.do(part + `jump-form] input").value = "0:00:13.5"; ` + part + `jump-form] button").click()`)
		s.wait("there", `Math.abs(`+video+`.currentTime - 13.5) < 0.01 && !`+video+`.seeking`)
		s.do(part + `player]").focus()`)
		s.press("s")
		s.wait("it stands in the list", `document.querySelectorAll("[data-part=grab-list] a[href$='/picture']").length === 1 && `+part+`grab-list]").innerText.includes("0:00:13.5")`)
		webtest.NoSideways(t, s.ctx)
		webtest.Axe(t, s.ctx)
	}
}
