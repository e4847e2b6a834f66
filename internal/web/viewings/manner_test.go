package viewings_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

// TestProvide walks R-20-2 on the pages: what leaves the bureau names who receives it and on what basis, the leader alone
// decides, and a head's post round the page is refused (T5).
func TestProvide(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	rec := h.Fill().InTime.RecordingID
	reviewer, head, leader := h.As(access.LegalReviewer), h.As(access.Head), h.As(access.Leader)
	form := ask(rec, h)
	form.Set("manner", "provide")
	has(t, reviewer.Post("/viewings", form), http.StatusUnprocessableEntity, `id="to_body-error"`)
	form.Set("to_body", "云溪县人民法院 <b>")
	form.Set("to_person", "张法官")
	has(t, reviewer.Post("/viewings", form), http.StatusUnprocessableEntity, `id="to_basis-error"`, `value="张法官"`)
	form.Set("to_basis", "调取函〔2026〕9 号")
	form.Set("manner", "forward")
	has(t, reviewer.Post("/viewings", form), http.StatusUnprocessableEntity, `id="manner-error"`)
	form.Set("manner", "provide")
	a := reviewer.Post("/viewings", form)
	if a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	place := a.Header.Get("Location")
	has(t, leader.Get(place), http.StatusOK, place+"/decide", "云溪县人民法院 &lt;b&gt;", "张法官", "调取函〔2026〕9 号")
	if a := head.Get(place); strings.Contains(a.Body, place+"/decide") {
		t.Error("a head is offered to let something leave the bureau")
	}
	if a := head.Post(place+"/decide", url.Values{"answer": {"consent"}}); a.Status != http.StatusForbidden {
		t.Errorf("a head let something leave the bureau: %d", a.Status)
	}
	if a := leader.Post(place+"/decide", url.Values{"answer": {"consent"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, reviewer.Get(place), http.StatusOK, "/disclosures/new?request=1")
}
