package whence_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/handed"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
	"zhilu.dev/zhilu/internal/web/whence"
)

// TestWhence is R-20-2 and R-21-1: the part says only what its reader may know of, and nothing at all where there is nothing to say.
func TestWhence(t *testing.T) {
	t.Parallel()
	var given, foreign bool
	h := recordtest.New(t, func(*recordtest.House) []site.Route {
		d := whence.Deps{
			Handed: func(context.Context, ident.RecordingID) (*handed.Handing, error) {
				if !foreign {
					return nil, nil
				}
				return &handed.Handing{ID: "h1", Giver: "阿依努尔<b>", Capacity: handed.Capacities()[0]}, nil
			},
			MayKnow: func(a access.Actor, _ access.Action, _ *handed.Handing) bool { return a.Has(access.Custodian) },
			Given: func(context.Context, ident.RecordingID) ([]disclosure.Disclosure, error) {
				if !given {
					return nil, nil
				}
				return []disclosure.Disclosure{{ID: "d1", Year: 2026, No: 4, State: disclosure.Given, To: viewing.Recipient{Body: "云溪县人民法院"}}}, nil
			},
			MayGiven: func(a access.Actor, _ access.Action, _ *disclosure.Disclosure) bool { return a.Has(access.Head) },
		}
		return []site.Route{{Method: http.MethodGet, Path: "/part", Action: access.RecordingList, Handle: func(p *site.Page) error {
			c, err := d.Sheet(p, recording.Recording{ID: "r"})
			if err != nil {
				return err
			}
			return p.Render("部分", templ.Join(ui.Text("别的部分"), c))
		}}}
	})
	see := func(role access.Role) (from, to bool) {
		a := h.As(role).Get("/part")
		if a.Status != http.StatusOK || !strings.Contains(a.Body, "别的部分") || strings.Contains(a.Body, "努尔<b>") {
			t.Fatal(a.Status)
		}
		return strings.Contains(a.Body, "/handed-in/h1"), strings.Contains(a.Body, "/disclosures/d1")
	}
	if from, to := see(access.Custodian); from || to {
		t.Fatal("something is said of the bureau's own footage")
	}
	given, foreign = true, true
	for role, want := range map[access.Role][2]bool{access.Custodian: {true, false}, access.Head: {false, true}, access.Officer: {false, false}} {
		if from, to := see(role); from != want[0] || to != want[1] {
			t.Errorf("%s sees %v %v", role, from, to)
		}
	}
}
