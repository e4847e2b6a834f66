// Package casetest gives tests a small bureau with people who handle, review and decide cases, and fills papers with
// words that pass every check.
package casetest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// World is a bureau with one department: two officers, its head, a leader, a legal reviewer, a presider and a supervisor.
type World struct {
	*gatetest.World

	T          testing.TB
	Org        *org.Service
	Rules      *regulation.Service
	Cases      *casefile.Service
	Department ident.DepartmentID

	A, B, Head, Leader, Legal, Presider, Supervisor, Stranger access.Actor
}

// Host acts as the command line does.
var Host = access.Actor{Kind: access.Host, ID: "test"}

// New makes a world.
func New(t testing.TB, w *gatetest.World) *World {
	t.Helper()
	x := &World{World: w, T: t}
	var err error
	x.Org, err = org.New(org.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock})
	x.must(err)
	ctx := context.Background()
	_, err = x.Org.CreateBureau(ctx, Host, "云溪县司法局")
	x.must(err)
	d, err := x.Org.AddDepartment(ctx, Host, "", "公共法律服务科")
	x.must(err)
	x.Department = d.ID
	x.Rules = regulation.New(w.Gate, w.DB)
	x.Cases, err = casefile.New(casefile.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock, People: x.Org, Rules: x.Rules})
	x.must(err)
	for _, p := range []struct {
		to     *access.Actor
		name   string
		number string
		role   access.Role
	}{
		{&x.A, "执法人员甲", "云执0417", access.Officer},
		{&x.B, "迪丽拜尔·阿卜杜喀迪尔", "云执0388", access.Officer},
		{&x.Head, "科室负责人", "", access.Head},
		{&x.Leader, "分管领导", "", access.Leader},
		{&x.Legal, "法制审核员", "", access.LegalReviewer},
		{&x.Presider, "听证主持人", "云执0500", access.Officer},
		{&x.Supervisor, "监督员", "", access.Supervisor},
		{&x.Stranger, "旁人", "云执0600", access.Officer},
	} {
		person, err := x.Org.AddPerson(ctx, Host, org.PersonEdit{Name: p.name, Department: d.ID})
		x.must(err)
		if p.number != "" {
			_, err = x.Org.AddCertificate(ctx, Host, person.ID, org.CertificateEdit{
				Number: p.number, ValidFrom: gatetest.Start.AddDate(-1, 0, 0), ValidTo: gatetest.Start.AddDate(2, 0, 0),
			})
			x.must(err)
		}
		*p.to = access.Actor{
			Kind: access.Person, ID: "account-" + string(person.ID), Person: person.ID, Roles: []access.Role{p.role},
			Departments: []ident.DepartmentID{d.ID},
		}
	}
	x.Stranger.Departments = nil
	return x
}

func (w *World) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// Open opens a case of an act with both officers and one party.
func (w *World) Open(act string, p matter.Procedure, kind matter.PartyKind) matter.Case {
	w.T.Helper()
	c, err := w.Cases.Open(context.Background(), w.A, casefile.Opening{
		Title: "砚田法律服务所未按规定统一收案收费案", Act: act, Procedure: p, Department: w.Department, Lead: w.A.Person, Others: []ident.PersonID{w.B.Person},
		Parties: []casefile.PartyEdit{{
			Role: matter.PartyMain, Kind: kind, Name: "砚田法律服务所", LegalRep: "欧阳䶮", Address: "云溪县䶮山镇东街9号", IDNumber: "31650000MD0000000X",
		}},
	})
	w.must(err)
	return c
}

// File reads a case.
func (w *World) File(id ident.CaseID) matter.File {
	w.T.Helper()
	f, err := w.Cases.Get(context.Background(), w.Supervisor, id)
	w.must(err)
	return f
}

// Catalogue is the catalogue the case is judged by.
func (w *World) Catalogue() catalogue.Catalogue {
	w.T.Helper()
	e, err := w.Rules.EditionOn(context.Background(), w.Clock.Now())
	w.must(err)
	return e.Catalogue
}

// Draft begins a paper as an actor and fills it; over are fields with values of the test's own.
func (w *World) Draft(actor access.Actor, id ident.CaseID, doc string, over map[string]any) ident.PaperID {
	w.T.Helper()
	p, err := w.Cases.Draft(context.Background(), actor, id, doc)
	w.must(err)
	d, _ := w.Catalogue().Document(doc)
	var edits []casefile.Edit
	for field, v := range w.Fill(d, over) {
		if _, own := over[field]; !own && !p.Values.Empty(field) {
			continue
		}
		edits = append(edits, casefile.Edit{Field: field, Value: v, Base: p.Revision})
	}
	saved, err := w.Cases.Save(context.Background(), actor, p.ID, edits)
	w.must(err)
	if len(saved.Problems) > 0 {
		w.T.Fatalf("%s: %+v", doc, saved.Problems)
	}
	return p.ID
}

// Own signs as oneself.
func (w *World) Own(actor access.Actor, id ident.PaperID, role string) {
	w.T.Helper()
	w.must(w.Cases.Sign(context.Background(), actor, id, casefile.Mark{Role: role, Mode: matter.Own}))
}

// Sign puts every signature under a paper that it needs: the house's own, the party's drawn, the seal registered.
func (w *World) Sign(id ident.PaperID) {
	w.T.Helper()
	ctx := context.Background()
	for range 12 {
		f, p, err := w.Cases.OfPaper(ctx, w.Supervisor, id)
		w.must(err)
		if p.State == matter.Complete {
			return
		}
		d, _ := w.Catalogue().Document(p.Type)
		for _, s := range procedure.Signatures(f, d, p) {
			if !s.Required || s.Count >= s.Need {
				continue
			}
			m := casefile.Mark{Role: s.Role, Mode: matter.Own}
			actor := w.A
			switch procedure.OfHouse(s.Role) {
			case "handler":
				if s.Count > 0 {
					actor = w.B
				}
			case "unit":
				actor = w.Head
			case "legal":
				actor = w.Legal
			case "leader":
				actor = w.Leader
				if s.Count > 0 || s.Role == "members" {
					actor = w.Head
				}
			case "presider":
				actor = w.Presider
			default:
				m.Mode, m.Name, m.Image = matter.Drawn, "欧阳䶮", Stroke()
				if s.Role == "seal" {
					m.Mode, m.Image = matter.Sealed, nil
				}
				if procedure.Writers(d) == "presider" {
					actor = w.Presider
				}
			}
			w.must(w.Cases.Sign(ctx, actor, id, m))
			break
		}
	}
	w.T.Fatalf("paper %s is never complete", id)
}

// Approve sends a paper through every step of its approval.
func (w *World) Approve(id ident.PaperID, texts ...ident.PaperID) {
	w.T.Helper()
	ctx := context.Background()
	w.must(w.Cases.Submit(ctx, w.A, id, texts))
	for range 5 {
		f, p, err := w.Cases.OfPaper(ctx, w.Supervisor, id)
		w.must(err)
		step, waits := casefile.Waiting(f, w.Catalogue(), p)
		if !waits {
			return
		}
		actor := map[matter.Step]access.Actor{matter.StepHandler: w.B, matter.StepUnit: w.Head, matter.StepLegal: w.Legal, matter.StepLeader: w.Leader}[step]
		w.must(w.Cases.Decide(ctx, actor, id, true, "同意，事实清楚，程序合法。"))
	}
}

// Serve records that a paper was handed over, signed for now.
func (w *World) Serve(id ident.PaperID) {
	w.T.Helper()
	f, _, err := w.Cases.OfPaper(context.Background(), w.A, id)
	w.must(err)
	relation := "legal_rep"
	if f.Parties[0].Kind == matter.Natural {
		relation = "addressee"
	}
	_, err = w.Cases.Serve(context.Background(), w.A, matter.Delivery{
		Paper: id, Mode: "direct", Recipient: "欧阳䶮", Relation: relation, Place: "本局", Taken: w.Clock.Now(), Answers: json.RawMessage(`{"receipt":"yes"}`),
	})
	w.must(err)
}

// Answer answers facts; those that do not apply with a reason.
func (w *World) Answer(id ident.CaseID, facts map[string]string) {
	w.T.Helper()
	var all []casefile.AnswerOf
	for f, v := range facts {
		all = append(all, casefile.AnswerOf{Fact: f, Value: v, Reason: "本案没有这种情形"})
	}
	w.must(w.Cases.Answer(context.Background(), w.A, id, all))
}

// None answers every open question of the case's stage with no.
func (w *World) None(id ident.CaseID) {
	w.T.Helper()
	f := w.File(id)
	facts := map[string]string{}
	for _, q := range procedure.Check(f, w.Catalogue()).Questions(f.Case.Stage) {
		if q.Type == "bool" {
			facts[q.ID] = "false"
		}
	}
	if len(facts) > 0 {
		w.Answer(id, facts)
	}
}

// Film links a recording to a paper.
func (w *World) Film(id ident.CaseID, p ident.PaperID) {
	w.T.Helper()
	_, err := w.Cases.Film(context.Background(), w.A, matter.Link{Case: id, Paper: p, Recording: ident.New[ident.RecordingID](), From: w.Clock.Now(), To: w.Clock.Now().Add(time.Hour)})
	w.must(err)
}

// FilmAll links a recording to every paper whose step is to be filmed and is not.
func (w *World) FilmAll(id ident.CaseID) {
	w.T.Helper()
	for _, it := range procedure.Check(w.File(id), w.Catalogue()).Items {
		if it.Sort == procedure.ForFilm && it.Standing == procedure.Missing {
			w.Film(id, it.Papers[0])
		}
	}
}

// Fill gives every field of a document that a person types a value that passes.
func (w *World) Fill(d catalogue.Document, over map[string]any) form.Values {
	v := form.Values{}
	now := w.Clock.Now().In(clock.Shanghai)
	for _, f := range d.Fields {
		if x, ok := over[f.ID]; ok {
			v.Set(f.ID, x)
			continue
		}
		if form.Signed(f) || f.Type == "doc-no" || f.Type == "case-ref" || form.Filled(f.ID) != "" && procedure.Approved(d) {
			continue
		}
		switch f.Type {
		case "text", "address", "org":
			v.Set(f.ID, f.ZH+"若干")
		case "longtext":
			v.Set(f.ID, f.ZH+"：经查，情况属实。")
		case "date":
			v.Set(f.ID, now.Format(time.DateOnly))
		case "datetime":
			at := now.Add(-2 * time.Hour)
			switch f.ID {
			case "ended_at", "resume_at", "left_at":
				at = now.Add(-time.Hour)
			case "cert_shown_at":
				at = now.Add(-110 * time.Minute)
			}
			v.Set(f.ID, at.Format(time.RFC3339))
		case "integer":
			v.Set(f.ID, 3)
		case "money":
			v.Set(f.ID, "100.00")
		case "bool":
			v.Set(f.ID, true)
		case "enum":
			if len(f.Options) > 0 {
				v.Set(f.ID, f.Options[0].ID)
			} else {
				v.Set(f.ID, "AV-01")
			}
		case "id-number":
			v.Set(f.ID, "31650000MD0000000X")
		case "phone":
			v.Set(f.ID, "0903-0000000")
		case "party", "person", "officer":
			v.Set(f.ID, form.Person{Name: "欧阳䶮", Kind: "organisation"})
		case "person-list":
			v.Set(f.ID, []form.Person{{Name: "欧阳䶮"}, {Name: "买买提·艾力"}})
		case "officer-list":
			v.Set(f.ID, []form.Person{{ID: string(w.A.Person), Name: "执法人员甲", Certificate: "云执0417"}, {ID: string(w.B.Person), Name: "迪丽拜尔·阿卜杜喀迪尔", Certificate: "云执0388"}})
		case "item-list", "table":
			row := form.Row{}
			for _, c := range f.Columns {
				switch c.Type {
				case "date":
					row[c.ID] = now.Format(time.DateOnly)
				case "datetime":
					row[c.ID] = now.Format(time.RFC3339)
				case "integer":
					row[c.ID] = 1
				case "money":
					row[c.ID] = "100.00"
				case "bool":
					row[c.ID] = true
				default:
					row[c.ID] = c.ZH + "甲"
				}
			}
			v.Set(f.ID, []form.Row{row})
		case "file", "file-list":
			v.Set(f.ID, []form.FileRef{{ID: ident.New[string](), Name: f.ZH + ".pdf", SHA256: strings.Repeat("0a", 32)}})
		case "law-ref-list":
			v.Set(f.ID, []string{"《中华人民共和国行政处罚法》第五十七条"})
		case "evidence-list":
			v.Set(f.ID, []form.EvidenceRef{{Text: "收案登记簿复印件"}})
		}
	}
	return v
}
