package player_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/redaction/plan"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

// attach sends a document as the page's form does.
func attach(t *testing.T, th *theatre, r *recordtest.Reader, to, name, content string) (status int, body string) {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("transcript", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(th.ctx, http.MethodPost, th.Server.URL+to, &form)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.AddCookie(&http.Cookie{Name: "zhilu_session", Value: r.Token})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out bytes.Buffer
	if _, err := out.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, out.String()
}

// TestWrittenText: the written text of the sound is put with a draft by who made it, seen by who decides, and fixed from when it is asked
// for; what is no document is refused in words, and nobody else puts or takes one (T5).
func TestWrittenText(t *testing.T) {
	t.Parallel()
	th := newTheatre(t)
	th.consent()
	r := th.As(access.LegalReviewer)
	c, err := th.masks.Begin(th.ctx, th.Actor(t, access.LegalReviewer), th.rec, plan.Plan{From: 0, To: 4000}, "对外提供")
	if err != nil {
		t.Fatal(err)
	}
	at := "/masked/" + string(c.ID)
	want(t, "form", r.Get(at), http.StatusOK, "录音文字", `enctype="multipart/form-data"`)
	if status, body := attach(t, th, r, at+"/written", "a.exe", "MZ"); status != http.StatusUnprocessableEntity || !strings.Contains(body, `id="transcript-error"`) {
		t.Errorf("a program: %d", status)
	}
	if status, _ := attach(t, th, r, at+"/written", "录音文字 <1>.txt", "问：你叫什么？\n答：……"); status != http.StatusSeeOther {
		t.Fatalf("%d", status)
	}
	want(t, "named", r.Get(at), http.StatusOK, "录音文字 &lt;1&gt;.txt", at+"/written", "取下")
	for _, role := range []access.Role{access.Head, access.Leader, access.SystemAdmin} {
		if status, _ := attach(t, th, th.As(role), at+"/written", "b.txt", "换掉"); status != http.StatusForbidden {
			t.Errorf("%s replaced it: %d", role, status)
		}
	}
	got := r.Get(at + "/written")
	if got.Status != http.StatusOK || got.Body != "问：你叫什么？\n答：……" || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %q %v", got.Status, got.Body, got.Header)
	}
	if a := r.Post(at+"/written/remove", nil); a.Status != http.StatusSeeOther {
		t.Errorf("%d", a.Status)
	}
	want(t, "gone", r.Get(at+"/written"), http.StatusNotFound)
	if status, _ := attach(t, th, r, at+"/written", "录音文字.txt", "问：你叫什么？"); status != http.StatusSeeOther {
		t.Fatalf("%d", status)
	}
	if a := r.Post(at+"/ask", url.Values{}); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	want(t, "who decides reads it", th.As(access.Head).Get(at+"/written"), http.StatusOK, "问：你叫什么？")
	if status, _ := attach(t, th, r, at+"/written", "c.txt", "换掉"); status == http.StatusSeeOther {
		t.Error("it was replaced after it was asked for")
	}
	if now, err := th.masks.Get(th.ctx, th.Actor(t, access.LegalReviewer), c.ID); err != nil || now.State != redaction.Asked || now.Transcript == nil || now.Transcript.Name != "录音文字.txt" {
		t.Errorf("%+v %v", now, err)
	}
}
