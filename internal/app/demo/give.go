package demo

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/persons"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
)

// give has footage lent, given to a court, and asked about by who was filmed: so that the demo shows a loan that is owed, a package with its
// receipt to come, and a request with its clock. caseNo is the case it is about.
func give(ctx context.Context, h *app.House, caseNo string) error {
	who := map[string]access.Actor{}
	for _, name := range []string{"fenglan", "wujing", "zhenghf", "zhoujg"} {
		var err error
		if who[name], err = actor(ctx, h, name); err != nil {
			return err
		}
	}
	reviewer, head, leader, keeper := who["fenglan"], who["wujing"], who["zhenghf"], who["zhoujg"]
	page, err := h.Recordings.List(ctx, head, recording.Filter{Kind: recording.Video, Department: head.Department}, "", 0)
	if err != nil || len(page.Rows) == 0 {
		return err
	}
	rec, now := page.Rows[0].ID, h.Clock.Now()
	granted := func(decider access.Actor, a viewing.Ask) (*viewing.Request, error) {
		a.Items, a.Until = []viewing.Item{{Recording: rec}}, now.Add(10*24*time.Hour)
		q, err := h.Viewing.Ask(ctx, reviewer, a)
		if err != nil {
			return nil, err
		}
		return q, h.Viewing.Decide(ctx, decider, q.ID, viewing.Decision{Consent: true, Words: "同意"})
	}
	lend, err := granted(head, viewing.Ask{Manner: viewing.MannerBorrow, Purpose: viewing.PurposeReview, Words: "在没有网络的审核室里看"})
	if err != nil {
		return err
	}
	if _, err := h.Giving.Loans.Hand(ctx, keeper, lend.ID, "证据光盘 2026-1 副本1", now.Add(5*24*time.Hour)); err != nil {
		return err
	}
	out, err := granted(leader, viewing.Ask{
		Manner: viewing.MannerProvide, Purpose: viewing.PurposeReply, Words: "法院调取现场检查录像",
		To: viewing.Recipient{Body: "云溪县人民法院", Person: "张法官", Contact: "0991-0000000", Basis: "调取函〔2026〕9号"},
	})
	if err != nil {
		return err
	}
	if _, err := h.Giving.Given.Make(ctx, reviewer, disclosure.Order{Request: out.No, Items: []disclosure.Item{{Recording: rec}}}); err != nil {
		return err
	}
	return asked(ctx, h, keeper, caseNo)
}

// asked takes in what people who were filmed ask.
func asked(ctx context.Context, h *app.House, keeper access.Actor, caseNo string) error {
	for _, r := range []persons.Received{
		{Kind: persons.LookUp, Name: "欧阳䶮", Contact: "139 0000 0000", CaseNo: caseNo, Words: "想知道谁看过当天检查的录像。"},
		{Kind: persons.Complaint, Name: "古丽巴哈尔·买买提", Contact: "云溪县东街9号", Where: "11 月 20 日上午，东街9号", Words: "检查时没有告知正在录像。"},
	} {
		m, err := h.Giving.Persons.Receive(ctx, keeper, r)
		if err != nil {
			return err
		}
		if r.Kind == persons.LookUp {
			if _, err := h.Giving.Lookup.Issue(ctx, keeper, m.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
