package demo

import (
	"context"
	"encoding/json"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
)

// casebook plays the people of one department through the beginning of two cases, so that the pages of cases have
// something on them: a penalty under investigation, and an inspection that was just opened.
type casebook struct {
	h                    *app.House
	first, second        access.Actor
	head, leader         access.Actor
	firstName, otherName string
}

func cases(ctx context.Context, h *app.House) (no string, err error) {
	b := casebook{h: h}
	for _, x := range []struct {
		to   *access.Actor
		name string
	}{{&b.first, "aynur"}, {&b.second, "zhaoyan"}, {&b.head, "wujing"}, {&b.leader, "zhenghf"}} {
		if *x.to, err = actor(ctx, h, x.name); err != nil {
			return "", err
		}
	}
	names, err := h.Org.Names(ctx, []ident.PersonID{b.first.Person, b.second.Person})
	if err != nil {
		return "", err
	}
	b.firstName, b.otherName = names[b.first.Person], names[b.second.Person]
	if no, err = b.penalty(ctx); err != nil {
		return "", err
	}
	_, err = h.Cases.Open(ctx, b.first, casefile.Opening{
		Title: "清和律师事务所年度执业检查", Act: "inspection", Procedure: matter.Ordinary, Department: b.first.Departments[0],
		Lead: b.first.Person, Others: []ident.PersonID{b.second.Person},
		Parties: []casefile.PartyEdit{{Role: matter.PartyMain, Kind: matter.Organisation, Name: "清和律师事务所", LegalRep: "林清", Address: "云溪县清河路18号3楼"}},
	})
	return no, err
}

// penalty is a case whose filing was approved and whose inspection is written down; it gives its number.
func (b casebook) penalty(ctx context.Context) (no string, err error) {
	c, err := b.h.Cases.Open(ctx, b.first, casefile.Opening{
		Title: "砚田法律服务所未按规定统一收案收费案", Act: "penalty", Procedure: matter.Ordinary, Department: b.first.Departments[0],
		Lead: b.first.Person, Others: []ident.PersonID{b.second.Person},
		Parties: []casefile.PartyEdit{
			{Role: matter.PartyMain, Kind: matter.Organisation, Name: "砚田法律服务所", LegalRep: "欧阳䶮", Address: "云溪县䶮山镇东街9号", IDNumber: "31650000MD0000000X"},
			{Role: matter.Witness, Kind: matter.Natural, Name: "古丽巴哈尔·买买提"},
		},
	})
	if err != nil {
		return "", err
	}
	return c.No, b.papers(ctx, c.ID)
}

// papers writes what the case holds.
func (b casebook) papers(ctx context.Context, id ident.CaseID) error {
	now := b.h.Clock.Now().In(clock.Shanghai)
	at := func(ago time.Duration) string { return now.Add(-ago).Format(time.RFC3339) }
	source, err := b.write(ctx, id, "case-source-register", map[string]any{
		"source_kind": "complaint", "source_detail": "群众反映该所私自收费，未开具票据。", "received_at": at(30 * time.Hour),
		"received_by": form.Person{ID: string(b.second.Person), Name: b.otherName}, "clue_facts": "三份委托合同未登记，收费未入账。",
	})
	if err != nil {
		return err
	}
	if err := b.h.Cases.Sign(ctx, b.first, source, casefile.Mark{Role: "officer", Mode: matter.Own}); err != nil {
		return err
	}
	filing, err := b.write(ctx, id, "case-filing-approval", map[string]any{
		"source_kind": "complaint", "source_detail": "群众反映该所私自收费，未开具票据。", "facts": "初步核查，三份委托合同没有收案登记。",
		"clue_facts": "三份委托合同未登记，收费未入账。", "preliminary_facts": "初步核查，三份委托合同没有收案登记。", "filing_outcome": "filed",
		"basis": []string{"《基层法律服务工作者管理办法》第四十六条"}, "filed_on": now.Format(time.DateOnly), "handler_opinion": "建议立案调查。",
	})
	if err != nil {
		return err
	}
	if err := b.approve(ctx, filing); err != nil {
		return err
	}
	if err := b.h.Cases.Answer(ctx, b.first, id, []casefile.AnswerOf{
		{Fact: "has_complainant", Value: "false", Reason: "投诉人未留姓名，无法告知"}, {Fact: "assigned_by_superior", Value: "false", Reason: "本局自行发现的线索"},
	}); err != nil {
		return err
	}
	if err := b.h.Cases.Advance(ctx, b.first, id); err != nil {
		return err
	}
	record, err := b.write(ctx, id, "onsite-inspection-record", map[string]any{
		"started_at": at(5 * time.Hour), "ended_at": at(4 * time.Hour), "cert_shown": true, "cert_shown_at": at(290 * time.Minute), "place": "云溪县䶮山镇东街9号，砚田法律服务所",
		"site_party": form.Person{Name: "欧阳䶮", Capacity: "负责人"}, "rights_told": true, "language": "zh",
		"site_situation": "执法人员到达后说明来意，出示执法证件，告知正在音像记录。现场负责人在场。检查收案登记簿、印章使用台账、委托合同及收费票据存根。收案登记簿第41页缺失，负责人称系装订时遗漏，未能当场提供。",
	})
	if err != nil {
		return err
	}
	page, err := b.h.Recordings.List(ctx, b.head, recording.Filter{Kind: recording.Video, Department: b.head.Department}, "", 0)
	if err != nil || len(page.Rows) == 0 {
		return err
	}
	_, err = b.h.Cases.Film(ctx, b.first, matter.Link{Case: id, Paper: record, Recording: page.Rows[0].ID, Matter: "AV-01", Note: "到场到离场"})
	return err
}

// write begins a paper and fills it in.
func (b casebook) write(ctx context.Context, id ident.CaseID, doc string, values map[string]any) (ident.PaperID, error) {
	p, err := b.h.Cases.Draft(ctx, b.first, id, doc)
	if err != nil {
		return "", err
	}
	var edits []casefile.Edit
	for field, v := range values {
		raw, err := json.Marshal(v)
		if err != nil {
			return "", err
		}
		edits = append(edits, casefile.Edit{Field: field, Value: raw, Base: p.Revision})
	}
	_, err = b.h.Cases.Save(ctx, b.first, p.ID, edits)
	return p.ID, err
}

func (b casebook) approve(ctx context.Context, id ident.PaperID) error {
	if err := b.h.Cases.Submit(ctx, b.first, id, nil); err != nil {
		return err
	}
	for _, x := range []struct {
		who     access.Actor
		opinion string
	}{{b.second, "同意立案。"}, {b.head, "同意，请两名执法人员依法调查。"}, {b.leader, "同意立案。"}} {
		if err := b.h.Cases.Decide(ctx, x.who, id, true, x.opinion); err != nil {
			return err
		}
	}
	return nil
}
