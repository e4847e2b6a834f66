package viewing_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/loan"
)

// TestLoan is R-23-3 for what is lent: only on consent to borrow and within it, out and back by a custodian who is not the borrower, with a
// duty until it is back; a grant that is taken back makes it due at once; who lost it leaves words.
func TestLoan(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		svc, err := loan.New(loan.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock})
		if err != nil {
			t.Fatal(err)
		}
		due := w.Clock.Now().Add(20 * time.Hour)
		looks := r.ask(r.second)
		r.consent(looks)
		_, err = svc.Hand(r.ctx, r.keeper, looks.ID, "证据光盘 2026-7 第 1 份", due)
		want(t, err, "viewing.other_manner")
		q, err := r.svc.Ask(r.ctx, r.second, r.copies(viewing.MannerBorrow, viewing.Recipient{}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = svc.Hand(r.ctx, r.keeper, q.ID, "证据光盘 2026-7 第 1 份", due)
		want(t, err, "viewing.not_granted")
		r.consent(q)
		for _, a := range []access.Actor{r.head, r.second, r.officer, r.admin, person("k2", "别科保管", "d2", access.Custodian)} {
			if _, err := svc.Hand(r.ctx, a, q.ID, "证据光盘", due); !fault.Is(err, fault.Forbidden) {
				t.Fatalf("%s handed out: %v", a.Name, err)
			}
		}
		_, err = svc.Hand(r.ctx, r.keeper, q.ID, "盘", due)
		want(t, err, "viewing.words")
		for _, d := range []time.Time{w.Clock.Now(), w.Clock.Now().Add(25 * time.Hour), {}} {
			_, err = svc.Hand(r.ctx, r.keeper, q.ID, "证据光盘", d)
			want(t, err, "loan.due")
		}
		l, err := svc.Hand(r.ctx, r.keeper, q.ID, "证据光盘 2026-7 第 1 份", due)
		if err != nil || l.No != 1 || l.Borrower != r.second.Person || !l.Out() {
			t.Fatalf("%+v %v", l, err)
		}
		owed := func() []duty.Duty {
			t.Helper()
			d, err := duty.Owed(r.ctx, w.DB.Reader, custody.Subject{Kind: "loan", ID: string(l.ID)})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		if d := owed(); len(d) != 1 || d[0].Kind != duty.ReturnLoan || d[0].Person != r.second.Person || !d[0].Due.Equal(due) {
			t.Fatalf("%+v", d)
		}
		want(t, svc.Take(r.ctx, r.keeper, l.ID, "good", ""), "loan.condition")
		want(t, svc.Take(r.ctx, r.keeper, l.ID, loan.Missing, ""), "viewing.words")
		if err := svc.Take(r.ctx, person("p", "借阅人自己", "d1", access.Custodian), l.ID, loan.Intact, ""); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("took it back from themselves: %v", err)
		}
		if err := svc.Take(r.ctx, r.keeper, l.ID, loan.Intact, ""); err != nil {
			t.Fatal(err)
		}
		if len(owed()) != 0 {
			t.Fatal("still owed")
		}
		want(t, svc.Take(r.ctx, r.keeper, l.ID, loan.Damaged, "划伤"), "loan.returned")

		if l, err = svc.Hand(r.ctx, r.keeper, q.ID, "移动硬盘 YP-3", due); err != nil {
			t.Fatal(err)
		}
		if page, err := svc.List(r.ctx, r.keeper, loan.Filter{Out: true}, 0, 50); err != nil || page.Count != 1 || len(page.Rows) != 1 || page.Rows[0].No != 2 {
			t.Fatalf("%+v %v", page, err)
		}
		if page, err := svc.List(r.ctx, person("k2", "别科保管", "d2", access.Custodian), loan.Filter{}, 0, 50); err != nil || page.Count != 0 {
			t.Fatalf("another department's: %+v %v", page, err)
		}
		if _, err := svc.List(r.ctx, r.admin, loan.Filter{}, 0, 50); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("an administrator reads the register: %v", err)
		}
		svcEnds, err := viewing.New(viewing.Config{
			DB: w.DB, Gate: w.Gate, Recordings: r, Offices: r, Copies: r, Clock: w.Clock, Log: w.Log, DepartmentName: func(context.Context, ident.DepartmentID) string { return "科室" }, Ended: loan.Recall,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := svcEnds.Revoke(r.ctx, r.head, q.ID, "事由不成立"); err != nil {
			t.Fatal(err)
		}
		if d := owed(); len(d) != 1 || d[0].Due.After(w.Clock.Now()) {
			t.Fatalf("what is out on a revoked grant is not due at once: %+v", d)
		}
		w.Clock.Add(48 * time.Hour)
		if page, err := svc.List(r.ctx, r.head, loan.Filter{Late: true}, 0, 50); err != nil || page.Count != 1 {
			t.Fatalf("%+v %v", page, err)
		}
		if err := svc.Take(r.ctx, r.keeper, l.ID, loan.Missing, "途中丢失，已报告科室负责人"); err != nil {
			t.Fatal(err)
		}
		rows, err := svc.Export(r.ctx, r.keeper, loan.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		var got []loan.Condition
		for x, err := range rows {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, x.Condition)
		}
		if !slices.Equal(got, []loan.Condition{loan.Missing, loan.Intact}) {
			t.Fatalf("%v", got)
		}
		for _, edit := range []string{
			"UPDATE viewing_loan SET condition = 'intact'", "UPDATE viewing_loan SET what = 'x'", "UPDATE viewing_loan SET lent_at = 1", "DELETE FROM viewing_loan",
		} {
			if _, err := w.DB.Writer.ExecContext(r.ctx, edit); err == nil {
				t.Errorf("%s was let through", edit)
			}
		}
	})
}
