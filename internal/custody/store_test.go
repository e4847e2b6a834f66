package custody_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
)

func TestListPagesAndFilters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var all []custody.Entry
		for i := range 25 {
			e := sample(i)
			switch i % 5 {
			case 1:
				e.Action, e.Outcome, e.Article = "recording.view", custody.Refused, "23"
			case 2:
				e.Action, e.Actor = "recordings.list", custody.Actor{Kind: custody.Dock, ID: "dock-1"}
			}
			all = append(all, e)
		}
		write(t, d, all...)
		for name, tc := range map[string]struct {
			f    custody.Filter
			want int
		}{
			"all":            {custody.Filter{}, 25},
			"subject":        {custody.Filter{Subject: all[3].Subject}, 1},
			"related":        {custody.Filter{Subject: all[3].Related[0]}, 25},
			"nobody's":       {custody.Filter{Subject: custody.Subject{Kind: "recording", ID: "none"}}, 0},
			"action":         {custody.Filter{Action: "recording.view"}, 5},
			"actions":        {custody.Filter{Action: "recording."}, 20},
			"actor":          {custody.Filter{ActorID: "dock-1"}, 5},
			"outcome":        {custody.Filter{Outcome: custody.Refused}, 5},
			"article":        {custody.Filter{Article: "23"}, 5},
			"time":           {custody.Filter{From: start.Add(5 * time.Second), To: start.Add(10 * time.Second)}, 5},
			"everything set": {custody.Filter{Subject: all[1].Subject, Action: "recording.", Outcome: custody.Refused, Article: "23"}, 1},
		} {
			for _, limit := range []int64{3, 500} {
				f, got := tc.f, []custody.Record(nil)
				f.Limit = limit
				for {
					page, err := custody.List(ctx, d.Reader, f)
					if err != nil {
						t.Fatal(err)
					}
					if len(page) == 0 {
						break
					}
					got = append(got, page...)
					f.Before = page[len(page)-1].Seq
				}
				if len(got) != tc.want {
					t.Errorf("%s by %d: %d records, want %d", name, limit, len(got), tc.want)
				}
				for i := 1; i < len(got); i++ {
					if got[i-1].Seq <= got[i].Seq {
						t.Errorf("%s: not newest first", name)
					}
				}
			}
		}
	})
}

func TestRecordComesBackAsItWas(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e := sample(7)
		write(t, d, e)
		r, err := custody.Get(context.Background(), d.Reader, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := e
		want.Detail = json.RawMessage(fmt.Sprintf(`{"name":"现场·一.mp4","sha256":"%064x","size":1007}`, 7))
		if fmt.Sprintf("%+v", r.Entry) != fmt.Sprintf("%+v", want) || r.Index != -1 {
			t.Errorf("got  %+v\nwant %+v", r.Entry, want)
		}
		open, err := r.OpenAll()
		if err != nil || len(open) != 16 {
			t.Fatalf("%d openings, %v", len(open), err)
		}
	})
}

func TestAppendRefusesMalformedEntries(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	for name, spoil := range map[string]func(*custody.Entry){
		"no time":            func(e *custody.Entry) { e.At = time.Time{} },
		"no actor kind":      func(e *custody.Entry) { e.Actor.Kind = "" },
		"unknown actor kind": func(e *custody.Entry) { e.Actor.Kind = "ghost" },
		"unknown outcome":    func(e *custody.Entry) { e.Outcome = "perhaps" },
		"undotted action":    func(e *custody.Entry) { e.Action = "seal" },
		"upper-case action":  func(e *custody.Entry) { e.Action = "Recording.Seal" },
		"no subject":         func(e *custody.Entry) { e.Subject = custody.Subject{} },
		"comma in subject":   func(e *custody.Entry) { e.Subject.ID = "a,b" },
		"newline in role":    func(e *custody.Entry) { e.Actor.Role = "a\nb" },
		"wrong UTF-8":        func(e *custody.Entry) { e.Actor.ID = "\xff" },
		"detail: array":      func(e *custody.Entry) { e.Detail = json.RawMessage(`[1]`) },
		"detail: null":       func(e *custody.Entry) { e.Detail = json.RawMessage(`null`) },
		"detail: two values": func(e *custody.Entry) { e.Detail = json.RawMessage(`{} {}`) },
		"detail: spaced key": func(e *custody.Entry) { e.Detail = json.RawMessage(`{"a b":1}`) },
		"detail: odd pairs":  func(e *custody.Entry) { e.Detail = custody.Detail("a") },
		"detail: too large":  func(e *custody.Entry) { e.Detail = custody.Detail("a", string(make([]byte, 1<<16))) },
	} {
		e := sample(1)
		spoil(&e)
		err := d.Write(context.Background(), func(tx bun.Tx) error { return custody.Append(context.Background(), tx, e) })
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := sample(1)
	write(t, d, e)
	err := d.Write(context.Background(), func(tx bun.Tx) error { return custody.Append(context.Background(), tx, e) })
	if err == nil {
		t.Error("an id was taken twice")
	}
	if n, err := custody.Pending(context.Background(), d.Reader); n != 1 || err != nil {
		t.Errorf("%d pending, %v", n, err)
	}
}
