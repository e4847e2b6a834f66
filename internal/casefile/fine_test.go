package casefile_test

import (
	"context"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/casefile/casetest"
	"zhilu.dev/zhilu/internal/casefile/execution"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/ident"
)

func lawOf(t *testing.T, w *casetest.World) execution.Law {
	t.Helper()
	e, err := w.Rules.EditionOn(context.Background(), w.Clock.Now())
	must(t, err)
	return execution.Law{Rules: proof.Rules{Catalogue: e.Catalogue, Calendar: e.Calendar}, Hours: performance.DefaultHours()}
}

// TestFineOfACase: R-10-02. A fine decided on the spot on Monday 23 November 2026 and signed for there and then: fifteen
// days on is 8 December, a Tuesday. Unpaid on the 18th it is ten days late: 800 × 3 % × 10. Paid that day with the charge,
// nothing is owed.
func TestFineOfACase(t *testing.T) {
	each(t, func(t *testing.T, w *casetest.World) {
		w.Clock.Set(time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 8*3600)))
		c := w.Open("penalty", matter.Summary, matter.Organisation)
		w.Sign(w.Draft(w.A, c.ID, "spot-penalty-decision", map[string]any{"fine_amount": "800.00", "spot_collection": "none"}))
		standing := func() performance.Standing {
			t.Helper()
			fines, err := execution.Fines(w.File(c.ID), lawOf(t, w), w.Clock.Now())
			must(t, err)
			if len(fines) != 1 || !fines[0].Known || fines[0].Due.Due != "2026-12-08" || len(fines[0].Doubts) > 0 {
				t.Fatalf("%+v", fines)
			}
			return fines[0].Standing
		}
		if s := standing(); s.State != performance.InTime || s.Owed != 800_00 {
			t.Fatalf("%+v", s)
		}
		spots, err := execution.Spots(w.File(c.ID), lawOf(t, w), w.Clock.Now())
		must(t, err)
		for _, v := range spots {
			if len(v.Decision) != 0 || v.HandIn.State != performance.LimitNone {
				t.Fatalf("800 yuan of an organisation: %+v", v)
			}
		}
		w.Clock.Add(25 * 24 * time.Hour)
		if s := standing(); s.State != performance.Overdue || s.LateDays != 10 || s.Charge != 240_00 {
			t.Fatalf("%+v", s)
		}
		w.Sign(w.Draft(w.A, c.ID, "fine-payment-voucher", map[string]any{"paid_on": "2026-12-18", "paid_amount": "1040.00"}))
		if s := standing(); s.State != performance.Settled || s.Overpaid != 0 {
			t.Fatalf("%+v", s)
		}
		owed, err := execution.Owes(w.File(c.ID), lawOf(t, w), w.Clock.Now())
		must(t, err)
		if len(owed) != 0 {
			t.Fatalf("%+v", owed)
		}
	})
}

// TestMoneyTakenOnTheSpot: Article 71 over what people report: taken Monday 23 November, handed in on Thursday the 26th,
// a day late, and at the bank on the 27th.
func TestMoneyTakenOnTheSpot(t *testing.T) {
	each(t, func(t *testing.T, w *casetest.World) {
		ctx := context.Background()
		w.Clock.Set(time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 8*3600)))
		c := w.Open("penalty", matter.Summary, matter.Natural)
		decision := w.Draft(w.A, c.ID, "spot-penalty-decision", map[string]any{"fine_amount": "150.00", "spot_collection": "hard", "receipt_no": "新财 00017"})
		w.Sign(decision)
		w.Clock.Add(5 * 24 * time.Hour)
		for event, day := range map[string]int{"fine_handed_over": 26, "fine_banked": 27} {
			must(t, w.Cases.Report(ctx, w.A, c.ID, event, time.Date(2026, 11, day, 0, 0, 0, 0, time.FixedZone("", 8*3600)), false, "交款登记簿"))
		}
		spots, err := execution.Spots(w.File(c.ID), lawOf(t, w), w.Clock.Now())
		must(t, err)
		v, ok := spots[ident.PaperID(decision)]
		if !ok || len(v.Decision)+len(v.Collection) != 0 || v.HandIn.Due != "2026-11-25" || v.HandIn.State != performance.LimitLate || v.Bank.Due != "2026-11-30" || v.Bank.State != performance.LimitMet {
			t.Fatalf("%+v", v)
		}
	})
}
