package links_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/links"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

const day = 24 * time.Hour

// house is a bureau with recordings of which nobody has said to which case they belong.
func house(t *testing.T) *recordtest.House {
	t.Helper()
	h := recordtest.New(t)
	h.Fill()
	return h
}

// waiting opens the duty to link each recording, as if it had been stored so long ago.
func waiting(t *testing.T, h *recordtest.House, age func(i int) time.Duration) []recording.Recording {
	t.Helper()
	page, err := h.Service.List(t.Context(), h.Actor(t, access.Leader), recording.Filter{}, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	now := h.Clock.Now()
	for i, r := range page.Rows {
		err := h.Gate.Do(context.Background(), access.SystemActor("test"), access.RecordingSeal, access.Subject{Kind: "file", ID: "f1"}, func(tx *gate.Tx) error {
			if _, err := tx.Record(gate.Entry{}); err != nil {
				return err
			}
			since := now.Add(-age(i))
			n := duty.New{Kind: duty.LinkRecording, Subject: custody.Subject{Kind: "recording", ID: string(r.ID)}, Person: r.Officer, Department: r.Department, Since: since, Due: since.Add(7 * day), Args: map[string]any{"name": r.Name}}
			if now.After(n.Due) {
				n.Person = ""
			}
			_, err := duty.Open(tx, n)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return page.Rows
}

// TestList: what belongs to no case ages in view, the oldest first, each reader in their scope (R-22-4, R-21-1).
func TestList(t *testing.T) {
	t.Parallel()
	h := house(t)
	leader, officer := h.As(access.Leader), h.As(access.Officer)
	if a := leader.Get(links.Path); a.Status != http.StatusOK || !strings.Contains(a.Body, "都关联了") {
		t.Fatal(a.Status, a.Body)
	}
	rows := waiting(t, h, func(i int) time.Duration { return []time.Duration{day, 6 * day, 9 * day}[i%3] })
	a := leader.Get(links.Path)
	for _, want := range []string{"入库 9 天", "逾期 48 小时", "剩 24 小时", "剩 6 天", `/link"`, "由谁关联"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the list does not hold %q", want)
		}
	}
	if i, j := strings.Index(a.Body, "入库 9 天"), strings.Index(a.Body, "入库 24 小时"); i < 0 || j < i {
		t.Errorf("the longest waiting must stand first: %d %d", i, j)
	}
	if strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, "<img") {
		t.Error("a name became markup, or a picture stands there (decision 1)")
	}
	over := leader.Get(links.Path + "?age=over").Body
	if !strings.Contains(over, "入库 9 天") || strings.Contains(over, "入库 6 天") {
		t.Error("the view of those over their term holds others")
	}
	if soon := leader.Get(links.Path + "?age=soon").Body; !strings.Contains(soon, "入库 6 天") || strings.Contains(soon, "入库 9 天") {
		t.Error("the view of those nearly over their term holds others")
	}
	mine := officer.Get(links.Path).Body
	for _, r := range rows {
		if r.Officer == "" && strings.Contains(mine, string(r.ID)) {
			t.Errorf("the officer sees %s, which is not theirs", r.Name)
		}
	}
	for path, want := range map[string]int{"?after=nonsense": 303, "?age=nonsense": 200, "?department=nonsense": 200} {
		if a := leader.Get(links.Path + path); a.Status != want {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	if a := h.As(access.SystemAdmin).Get(links.Path); a.Status != http.StatusForbidden { // T13
		t.Errorf("an administrator: %d", a.Status)
	}
}
