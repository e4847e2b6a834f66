package execute_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/casefile/execution"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/performance"
	"zhilu.dev/zhilu/internal/casefile/proof"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
	"zhilu.dev/zhilu/internal/web/execute"
)

const nasty = "<script>alert(1)</script>"

func law(t testing.TB) execution.Law {
	t.Helper()
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	cal, err := term.ReadCalendar(catalogue.ShippedCalendar())
	if err != nil {
		t.Fatal(err)
	}
	return execution.Law{Rules: proof.Rules{Catalogue: c, Calendar: cal}, Hours: performance.DefaultHours()}
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 9, 0, 0, 0, clock.Shanghai) }

func paper(id, doc, no string, values map[string]any) matter.Paper {
	p := matter.Paper{ID: ident.PaperID(id), Type: doc, No: no, State: matter.Complete, Version: 1, Values: form.Values{}}
	for k, v := range values {
		p.Values.Set(k, v)
	}
	return p
}

// fined is a case with a fine of 12,000 yuan served 1 September 2026 (the fifteenth day is the 16th), of which 4,000 were
// paid in time, demanded before its day, and another on the spot whose money is still in a pocket.
func fined() matter.File {
	f := matter.File{
		Case: matter.Case{ID: "c1", Act: "penalty", Procedure: matter.Ordinary, State: matter.Open},
		Papers: []matter.Paper{
			paper("p1", "penalty-decision", "云司罚〔2026〕14 号"+nasty, map[string]any{
				"party": map[string]any{"name": "砚田法律服务所"}, "fine_amount": "12000.00", "issued_on": "2026-08-28", "remedy_review": "六十日", "remedy_suit": "六个月",
			}),
			paper("p2", "fine-payment-voucher", "", map[string]any{"party": map[string]any{"name": "砚田法律服务所"}, "paid_on": "2026-09-10", "paid_amount": "4000.00"}),
			paper("p3", "demand-notice", "", map[string]any{"perform_by": "2026-09-30", "perform_way": "银行", "amount": "8000.00"}),
			paper("p4", "spot-penalty-decision", "00017", map[string]any{
				"party": map[string]any{"name": "甲"}, "fine_amount": "150.00", "issued_on": "2026-09-30", "spot_collection": "small", "violation": "x", "basis": []string{"法 §1"},
			}),
			paper("p5", "fine-payment-voucher", "", map[string]any{"party": map[string]any{"name": "丙"}, "paid_on": "2026-09-10", "paid_amount": "1.00"}),
		},
		Reports: []matter.Report{
			{ID: "x1", Event: "review_applied", On: day(2026, 9, 20)}, {ID: "x2", Event: "review_decision_received", On: day(2026, 9, 24)},
		},
	}
	f.Deliveries = []matter.Delivery{{ID: "d1", Paper: "p1", Deemed: day(2026, 9, 1)}, {ID: "d3", Paper: "p3", Deemed: day(2026, 9, 15)}, {ID: "d4", Paper: "p4", Deemed: day(2026, 9, 30)}}
	return f
}

func shown(t *testing.T, lang locale.Lang, f matter.File, now time.Time) string {
	t.Helper()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := words.For(lang)
	v, err := execute.Of(p, f, law(t), now, func(kind string) string { return "《" + kind + "》" })
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := execute.Panel(p, v).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPanel: the account, the terms and the chain stand there in words, with the figures counted by hand.
//
// 8,000 yuan are late from 17 September; on 12 October that is 26 days, of which 20–24 September are the review: 21 days
// at 240 yuan are 5,040. Money taken on 30 September is due at the bureau on 9 October, over 国庆.
func TestPanel(t *testing.T) {
	t.Parallel()
	s := shown(t, locale.Chinese, fined(), day(2026, 10, 12))
	for _, want := range []string{
		"12,000.00 元", "2026-09-16", "4,000.00 元", "5,040.00 元（逾期 21 天）", "5 天", "13,040.00 元", "逾期未缴", `href="/papers/p1"`,
		"2026-10-09 届满，逾期", "没有当场收缴的法定情形", "没有出具财政部门统一制发的专用票据", "申请人民法院强制执行", "办理过早", "催告书应当载明的事项不全（行政强制法 §35）",
		"有缴款凭证不能对应到哪一项罚款",
	} {
		if !strings.Contains(s, want) {
			t.Errorf("the panel does not hold %q", want)
		}
	}
	if strings.Contains(s, "<script>alert") || !strings.Contains(s, "&lt;script&gt;") {
		t.Error("a number became markup")
	}
	if strings.Contains(s, "⟦") {
		t.Error("a word is missing")
	}
	if e := shown(t, locale.English, fined(), day(2026, 10, 12)); strings.Contains(e, "⟦") || !strings.Contains(e, "5,040.00 yuan (21 days late)") {
		t.Error("a word is missing in English")
	}
}

// TestPanelStates: deferred, unknown, settled and nothing at all.
func TestPanelStates(t *testing.T) {
	t.Parallel()
	f := fined()
	f.Papers = append(f.Papers[:3:3], paper("p6", "fine-instalment-decision", "", map[string]any{
		"instalments": []map[string]any{{"due": "2026-09-30", "amount": "4000.00"}, {"due": "2026-12-31", "amount": "8000.00"}},
	}))
	f.Approvals = []matter.Approval{{Paper: "p6", Round: 1, Step: matter.StepLeader, Agreed: true, At: day(2026, 9, 5)}}
	if s := shown(t, locale.Chinese, f, day(2026, 10, 12)); !strings.Contains(s, "经批准延期（分期）") || !strings.Contains(s, "分期计划") || strings.Contains(s, "⟦") {
		t.Error("deferred")
	}
	f.Papers[3].Values.Set("instalments", []map[string]any{{"due": "2026-09-30", "amount": "1.00"}})
	if s := shown(t, locale.Chinese, f, day(2026, 10, 12)); !strings.Contains(s, "各期之和不等于罚款数额") || strings.Contains(s, "⟦") {
		t.Error("a plan that is wrong")
	}
	f = fined()
	f.Deliveries = nil
	if s := shown(t, locale.Chinese, f, day(2026, 10, 12)); !strings.Contains(s, "决定书没有送达日期，无法起算") || strings.Contains(s, "⟦") {
		t.Error("not served")
	}
	f = fined()
	f.Papers = append(f.Papers[:2:2], paper("p7", "fine-payment-voucher", "", map[string]any{"paid_on": "2026-09-12", "paid_amount": "8000.00"}))
	if s := shown(t, locale.Chinese, f, day(2026, 10, 12)); !strings.Contains(s, "已缴清") || strings.Contains(s, "催告与强制执行") {
		t.Error("settled, and still a chain")
	}
	if s := shown(t, locale.Chinese, matter.File{}, day(2026, 10, 12)); !strings.Contains(s, "没有需要履行的罚款") {
		t.Error("nothing")
	}
}
