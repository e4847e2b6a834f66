package disclosure_test

import (
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
)

// TestCall: a call opens its duty with the last day of its term, only a package of this case made since then answers it, once, and the duty
// is met by that package's entry. // issue 6 point 7
func TestCall(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		id := ident.New[ident.CaseID]()
		at := clock.Micros(w.Clock.Now())
		_, err := w.DB.Writer.NewRaw(`INSERT INTO casefile (id, no, title, act, procedure, origin, department_id, stage, state, edition, opened_at, opened_by, closed_at, joined_into, split_from, basis, entry_id, revision, next_due, parties)
			VALUES (?, '示案〔2026〕1号', '某案', 'penalty', 'ordinary', '', 'd1', 'initiation', 'open', 1, ?, 'o', 0, '', '', '', 'e', 1, 0, '')`, id, at).Exec(h.ctx)
		h.must(err)
		f := disclosure.CaseFacts{No: "示案〔2026〕1号", Department: "d1", Lead: "o"}
		today := w.Clock.Now().In(clock.Shanghai).Format(time.DateOnly)
		packed := func(about ident.CaseID) ident.EntryID {
			e := custody.Entry{
				ID: ident.New[ident.EntryID](), At: w.Clock.Now(), Actor: custody.Actor{Kind: custody.Person, ID: h.second.ID}, Action: "case.export",
				Subject: custody.Subject{Kind: "case", ID: string(about)}, Outcome: custody.Done, Detail: custody.Detail("package", "p"),
			}
			h.must(w.DB.Write(h.ctx, func(tx bun.Tx) error { return custody.Append(h.ctx, tx, e) }))
			return e.ID
		}
		for code, bad := range map[string]disclosure.Call{
			"disclosure.call_kind": {Kind: "x", Body: "县政府", Letter: "1", ReceivedOn: today},
			"disclosure.words":     {Kind: disclosure.ForReview, Body: "县政府", ReceivedOn: today},
			"disclosure.call_day":  {Kind: disclosure.ForReview, Body: "县政府", Letter: "云复〔2026〕3号", ReceivedOn: "2099-01-01"},
		} {
			_, err := h.svc.Call(h.ctx, h.officer, id, f, bad)
			want(t, err, code)
		}
		good := disclosure.Call{Kind: disclosure.ForReview, Body: "县政府复议办", Letter: "云复〔2026〕3号", ReceivedOn: today}
		if _, err := h.svc.Call(h.ctx, h.keeper, id, f, good); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		before := packed(id)
		w.Clock.Add(48 * time.Hour)
		good.ReceivedOn = w.Clock.Now().In(clock.Shanghai).Format(time.DateOnly)
		c, err := h.svc.Call(h.ctx, h.officer, id, f, good)
		h.must(err)
		owed, err := duty.Owed(h.ctx, w.DB.Reader, custody.Subject{Kind: "case_call", ID: string(c.ID)})
		h.must(err)
		if len(owed) != 1 || owed[0].Kind != duty.CaseForReview || !owed[0].Due.Equal(c.Due) {
			t.Fatalf("%+v", owed)
		}
		want(t, h.svc.Answered(h.ctx, h.officer, id, f, c.ID, before), "disclosure.call_package") // made before it came
		want(t, h.svc.Answered(h.ctx, h.officer, id, f, c.ID, packed(ident.New[ident.CaseID]())), "disclosure.call_package")
		w.Clock.Add(30 * 24 * time.Hour)
		now := packed(id)
		h.must(h.svc.Answered(h.ctx, h.officer, id, f, c.ID, now))
		want(t, h.svc.Answered(h.ctx, h.officer, id, f, c.ID, now), "disclosure.call_met")
		all, err := disclosure.CallsOf(h.ctx, w.DB.Reader, id)
		h.must(err)
		if len(all) != 1 || all[0].MetBy != now || !all[0].Late(w.Clock.Now()) {
			t.Fatalf("%+v", all)
		}
		owed, err = duty.Owed(h.ctx, w.DB.Reader, custody.Subject{Kind: "case_call", ID: string(c.ID)})
		h.must(err)
		if of, err := disclosure.CaseOfCall(h.ctx, w.DB.Reader, c.ID); len(owed) != 0 || err != nil || of != id {
			t.Fatalf("%+v %v %v", owed, of, err)
		}
	})
}
