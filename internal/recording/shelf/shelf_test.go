package shelf_test

import (
	"fmt"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/recording/shelf"
)

func names(views []shelf.View) string {
	var out []string
	for _, v := range views {
		out = append(out, v.Name)
	}
	return strings.Join(out, " ")
}

// TestViews: a person's views are theirs; a department's are its people's; every change is an entry (T11).
func TestViews(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { //nolint:thelper // it is the test
		b := accounttest.New(t, gatetest.New(t, d))
		s, err := shelf.New(shelf.Config{DB: b.DB, Gate: b.Gate})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		officer, head, admin := b.Actor(t, access.Officer), b.Actor(t, access.Head), b.Actor(t, access.AuditAdmin)
		mine, err := s.Save(ctx, officer, " 我的  逾期 ", "verdict=late", false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Save(ctx, head, "待查", "state=stored", true); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Save(ctx, officer, "大家的", "state=stored", true); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an officer shared a view: %v", err)
		}
		if _, err := s.Save(ctx, admin, "甲", "state=stored", false); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an administrator kept a view: %v", err)
		}
		views, err := s.Views(ctx, officer)
		if err != nil || names(views) != "我的 逾期 待查" {
			t.Errorf("%q %v", names(views), err)
		}
		if views, err = s.Views(ctx, head); err != nil || names(views) != "待查" {
			t.Errorf("%q %v", names(views), err)
		}
		if err := s.Remove(ctx, head, mine); !fault.HasCode(err, "shelf.unknown") {
			t.Errorf("another's view was removed: %v", err)
		}
		if _, err := s.Save(ctx, officer, "我的 逾期", "verdict=late&kind=video", false); err != nil {
			t.Fatal(err)
		}
		if views, err = s.Views(ctx, officer); err != nil || len(views) != 2 || views[0].Query != "verdict=late&kind=video" {
			t.Errorf("%+v %v", views, err)
		}
		if err := s.Remove(ctx, officer, views[0].ID); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ name, query, code string }{
			{"", "a=b", "shelf.name"},
			{strings.Repeat("长", 21), "a=b", "shelf.name"},
			{"a\x00", "a=b", "shelf.name"},
			{"甲", "", "shelf.query"},
			{"甲", strings.Repeat("a", 601), "shelf.query"},
			{"甲", "a=b#c", "shelf.query"},
		} {
			if _, err := s.Save(ctx, officer, c.name, c.query, false); !fault.HasCode(err, c.code) {
				t.Errorf("%q %q: %v", c.name, c.query, err)
			}
		}
		for i := range shelf.MaxViews {
			if _, err := s.Save(ctx, officer, fmt.Sprint("第", i), "a=b", false); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Save(ctx, officer, "多一个", "a=b", false); !fault.HasCode(err, "shelf.full") {
			t.Errorf("%v", err)
		}
		list, err := custody.List(ctx, b.DB.Reader, custody.Filter{Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for _, e := range list {
			count[e.Action+" "+string(e.Outcome)]++
		}
		if count["recording.save_view done"] != 3+shelf.MaxViews || count["recording.remove_view done"] != 1 || count["recording.save_view refused"] != 2 {
			t.Errorf("entries: %v", count)
		}
	})
}

// TestLayout: what a person chose comes back, and only a change is written down.
func TestLayout(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { //nolint:thelper // it is the test
		b := accounttest.New(t, gatetest.New(t, d))
		s, err := shelf.New(shelf.Config{DB: b.DB, Gate: b.Gate})
		if err != nil {
			t.Fatal(err)
		}
		officer := b.Actor(t, access.Officer)
		want := shelf.Layout{Columns: []string{"who", "verdict"}, Dense: true}
		for _, l := range []shelf.Layout{{}, want, want, {Columns: []string{"who"}}, want} {
			if err := s.SetLayout(t.Context(), officer, l); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Layout(t.Context(), officer)
		if err != nil || strings.Join(got.Columns, " ") != "who verdict" || !got.Dense {
			t.Errorf("%+v %v", got, err)
		}
		if got, err = s.Layout(t.Context(), b.Actor(t, access.Head)); err != nil || len(got.Columns) > 0 || got.Dense {
			t.Errorf("another's: %+v %v", got, err)
		}
		list, err := custody.List(t.Context(), b.DB.Reader, custody.Filter{Action: "recording.set_layout", Limit: 50})
		if err != nil || len(list) != 3 {
			t.Errorf("%d entries, %v", len(list), err)
		}
	})
}
