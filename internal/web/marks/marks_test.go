package marks_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/marks"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/site"
)

func pages(t *testing.T, handles ...bool) (h *recordtest.House, page string) {
	t.Helper()
	h = recordtest.New(t, func(h *recordtest.House) []site.Route {
		svc, err := marking.New(marking.Config{DB: h.DB, Gate: h.Gate, Object: func(ctx context.Context, id ident.RecordingID) (marking.Object, error) {
			o, err := viewing.Over(h.Service).Object(ctx, id)
			return marking.Object{ID: o.ID, Department: o.Department, Officer: o.Officer, Name: o.Name}, err
		}, Handled: func(context.Context, ident.PersonID, ident.RecordingID) (bool, error) { return len(handles) > 0, nil }})
		if err != nil {
			t.Fatal(err)
		}
		return marks.New(marks.Deps{
			Marks: svc, Recordings: h.Service, ActorName: func(context.Context, custody.Actor) string { return "某人" },
			Traces: func(ctx context.Context, rec ident.RecordingID) ([]custody.Record, error) {
				return custody.List(ctx, h.DB.Reader, custody.Filter{Subject: custody.Subject{Kind: "recording", ID: string(rec)}, Limit: 50})
			},
		}).Routes()
	})
	d := h.Fill()
	return h, "/recordings/" + string(d.Doubtful.RecordingID) + "/marks"
}

// TestMarksPage is R-20-4 as people meet it: put with a reason, lifted by the leader alone, refused in words with what was typed kept, and of a
// state secret every place where its bytes have been (decision 21).
func TestMarksPage(t *testing.T) {
	t.Parallel()
	h, page := pages(t)
	keeper, leader := h.As(access.Custodian), h.As(access.Leader)
	has := func(a recordtest.Answer, status int, words ...string) {
		t.Helper()
		if a.Status != status {
			t.Fatalf("%d, want %d\n%.2000s", a.Status, status, a.Body)
		}
		for _, w := range words {
			if !strings.Contains(a.Body, w) {
				t.Errorf("%q is missing", w)
			}
		}
	}
	has(keeper.Get(page), http.StatusOK, "没有标记", "未成年人", "涉嫌国家秘密")
	has(keeper.Post(page, url.Values{"mark": {"minor"}, "words": {"<"}}), http.StatusUnprocessableEntity, "要写清原因", "&lt;</textarea>")
	has(keeper.Post(page, url.Values{"words": {"没有选种类"}}), http.StatusUnprocessableEntity, "没有选标记的种类")
	has(keeper.Post(page, url.Values{"mark": {"minor"}, "words": {"<b>画面里有孩子</b>"}}), http.StatusSeeOther)
	a := keeper.Get(page)
	has(a, http.StatusOK, "&lt;b&gt;画面里有孩子")
	if strings.Contains(a.Body, "?lift=") {
		t.Error("a custodian is offered to lift")
	}
	if a := h.As(access.SystemAdmin).Get(page); a.Status != http.StatusForbidden { // T13
		t.Errorf("an administrator: %d", a.Status)
	}
	_, rest, ok := strings.Cut(leader.Get(page).Body, "?lift=")
	id, _, _ := strings.Cut(rest, `"`)
	if !ok {
		t.Fatal("a leader is not offered to lift")
	}
	has(leader.Get(page+"?lift="+id), http.StatusOK, "解除“未成年人”")
	has(leader.Post(page+"/"+id+"/lift", url.Values{"words": {""}}), http.StatusUnprocessableEntity, "要写清原因")
	if a := keeper.Post(page+"/"+id+"/lift", url.Values{"words": {"我来解除"}}); a.Status != http.StatusForbidden {
		t.Errorf("a custodian lifted: %d", a.Status)
	}
	has(leader.Post(page+"/"+id+"/lift", url.Values{"words": {"核实为成年人"}}), http.StatusSeeOther)
	has(leader.Get(page), http.StatusOK, "核实为成年人")
	has(keeper.Post(page, url.Values{"mark": {"state_secret"}, "words": {"出现密级标志"}}), http.StatusSeeOther)
	has(keeper.Get(page), http.StatusOK, "已经冻结", "内容到过的地方", "封存原件")
}

// TestHandlerMarksPage: an officer meets the form on the page of a recording of a case they handle, and nobody else's.
func TestHandlerMarksPage(t *testing.T) {
	t.Parallel()
	said := url.Values{"mark": {"minor"}, "words": {"画面里有孩子"}}
	h, page := pages(t)
	stranger := h.As(access.Officer)
	if a, b := stranger.Get(page), stranger.Post(page, said); a.Status != http.StatusForbidden || b.Status != http.StatusForbidden {
		t.Errorf("an officer who handles nothing: %d, %d", a.Status, b.Status)
	}
	h, page = pages(t, true)
	handler := h.As(access.Officer)
	if a := handler.Get(page); a.Status != http.StatusOK || !strings.Contains(a.Body, "未成年人") {
		t.Fatalf("the form: %d", a.Status)
	}
	if a := handler.Post(page, said); a.Status != http.StatusSeeOther {
		t.Fatalf("put: %d\n%.2000s", a.Status, a.Body)
	}
	if a := handler.Get(page); !strings.Contains(a.Body, "画面里有孩子") || strings.Contains(a.Body, "?lift=") {
		t.Error("the mark is not told, or may be lifted")
	}
	if a := h.As(access.SystemAdmin).Get(page); a.Status != http.StatusForbidden { // T13
		t.Errorf("an administrator: %d", a.Status)
	}
}
