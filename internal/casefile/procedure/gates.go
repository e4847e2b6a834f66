package procedure

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/fact"
)

// Block is a reason why something may not be done yet, for words "case.block.<code>" with Args. It names the article it
// carries out.
type Block struct {
	Code        string
	Article     string
	Requirement string
	Args        []any
	Document    string // the document that is wanted, "" if none
	Facts       []string
}

// MayFix says what keeps a paper's text from being fixed (signed or submitted), besides what the form itself says.
func MayFix(f matter.File, c catalogue.Catalogue, p matter.Paper, now time.Time) []Block {
	d, ok := c.Document(p.Type)
	if !ok {
		return []Block{{Code: "no_such_document", Article: "5", Requirement: "R-05-1"}}
	}
	known := Facts(f, c)
	out := slices.Concat(reached(f, d), approved(f, c, d, p, known), rights(f, c, d, p, known, now), hearing(f, d, p, known))
	if d.ID == "closing-approval" {
		if owed := Check(f, c).Owed(matter.Execution); len(owed) > 0 {
			out = append(out, Block{Code: "owed", Article: "11", Requirement: "R-11-1", Args: []any{len(owed)}})
		}
	}
	return out
}

// reached: decisions wait for the stage of decisions, and the closing for the end (第九、十一条).
func reached(f matter.File, d catalogue.Document) []Block {
	if f.Case.Procedure == matter.Summary || d.Stage != matter.Decision && d.Stage != matter.Closing {
		return nil
	}
	if matter.StageIndex(d.Stage) > matter.StageIndex(f.Case.Stage) {
		return []Block{{Code: "stage", Article: "9", Requirement: "R-09-01", Args: []any{d.Stage}}}
	}
	return nil
}

// approved: what an approval form stands before is issued only after it, and in exactly the text that was approved
// (R-09-05, R-08-07).
func approved(f matter.File, c catalogue.Catalogue, d catalogue.Document, p matter.Paper, known fact.Answers) []Block {
	var wanted []string
	for _, id := range d.RulesOf().ApprovedBy {
		if form, ok := c.Document(id); ok && form.For(f.Case.Act) {
			if truth, _ := Applies(form, known); truth != fact.No || len(f.OfType(id)) > 0 {
				wanted = append(wanted, id)
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	digest, err := form.Digest(d, p.Values)
	if err != nil {
		return []Block{{Code: "approval", Article: "9(5)", Requirement: "R-09-05", Document: wanted[0]}}
	}
	var other bool
	for _, a := range f.Done(wanted...) {
		for _, t := range a.Texts {
			if t.Paper == p.ID {
				if t.Digest == digest {
					return nil
				}
				other = true
			}
		}
	}
	code := "approval"
	if other {
		code = "other_text"
	}
	return []Block{{Code: code, Article: "9(5)", Requirement: "R-09-05", Document: wanted[0]}}
}

// rights: no penalty before the party was told, could answer in time, and was answered (行政处罚法 §44, §45, §62; R-08-09).
func rights(f matter.File, c catalogue.Catalogue, d catalogue.Document, p matter.Paper, known fact.Answers, now time.Time) []Block {
	if d.ID != "penalty-decision" && (d.ID != "decision-approval" || f.Case.Act != "penalty" || known["outcome"] != "penalty") {
		return nil
	}
	block := func(code, doc string, args ...any) []Block {
		return []Block{{Code: code, Article: "8(9)", Requirement: "R-08-09", Document: doc, Args: args}}
	}
	var told time.Time
	var notice matter.Paper
	for _, n := range f.Done("penalty-prior-notice", "rights-notice") {
		at, ok := f.Served(n.ID)
		if n.Type == "rights-notice" {
			at, ok = n.Values.Time("told_at")
		}
		if ok && (told.IsZero() || at.Before(told)) {
			told, notice = at, n
		}
	}
	if told.IsZero() {
		return block("rights_not_told", "penalty-prior-notice")
	}
	if issued, ok := p.Values.Time("issued_on"); ok && d.ID == "penalty-decision" && dayOf(issued).Before(dayOf(told)) {
		return block("decided_before_told", "", form.Show(told, time.DateOnly))
	}
	answered := f.Done("statement-defence-record")
	reviewed := f.Done("statement-review")
	switch {
	case known["party_spoke"] == "true" && len(reviewed) == 0:
		return block("answer_not_reviewed", "statement-review")
	case len(answered) > 0 || len(reviewed) > 0 || len(f.Done("waiver-statement")) > 0:
		return nil
	}
	by, ok := notice.Values.Time("reply_by")
	if !ok {
		return block("no_reply_term", notice.Type)
	}
	if !now.After(endOf(by)) {
		return block("reply_term_runs", "", form.Show(by, time.DateOnly))
	}
	return nil
}

// hearing: a hearing that was due was told of, and one that was asked for was held (行政处罚法 §63 to §65; R-08-10).
func hearing(f matter.File, d catalogue.Document, p matter.Paper, known fact.Answers) []Block {
	block := func(code, doc string, facts ...string) []Block {
		return []Block{{Code: code, Article: "8(10)", Requirement: "R-08-10", Document: doc, Facts: facts}}
	}
	switch d.ID {
	case "hearing-record", "hearing-report":
		for _, who := range p.Values.People("presider") {
			if slices.ContainsFunc(f.Handlers, func(h matter.Handler) bool { return string(h.Person) == who.ID }) {
				return block("presider_handles", "")
			}
		}
		return nil
	case "penalty-decision", "decision-approval", "permit-grant-decision", "permit-refusal-decision":
	default:
		return nil
	}
	if d.ID == "decision-approval" && known["outcome"] == "no_penalty" {
		return nil
	}
	if known["hearing_due"] == "true" && !slices.ContainsFunc(f.Done("hearing-right-notice"), func(n matter.Paper) bool { _, ok := f.Served(n.ID); return ok }) {
		return block("hearing_not_told", "hearing-right-notice")
	}
	if known["hearing_asked"] == "true" && len(f.Done("hearing-record")) == 0 {
		return block("hearing_not_held", "hearing-record")
	}
	if known["hearing_due"] == "true" && known["hearing_asked"] == "" && len(f.Done("waiver-statement")) == 0 {
		return block("hearing_unanswered", "", "hearing_asked")
	}
	return nil
}

// MayAgree says what keeps a step of an approval from agreeing. Returning a paper is always possible.
func MayAgree(f matter.File, c catalogue.Catalogue, p matter.Paper, step matter.Step) []Block {
	if p.Type != "decision-approval" || step != matter.StepLeader {
		return nil
	}
	known := Facts(f, c)
	list := Check(f, c)
	var out []Block
	for _, want := range []struct {
		doc, fact, code, article, requirement string
	}{
		{"unit-review-form", "", "unit_review", "9(2)", "R-09-02"},
		{"legal-review-opinion", "legal_review_due", "legal_review", "9(3)", "R-09-03"},
		{"collective-discussion-record", "discussion_due", "discussion", "9(4)", "R-09-04"},
	} {
		d, ok := c.Document(want.doc)
		if !ok || !d.For(f.Case.Act) {
			continue
		}
		i := slices.IndexFunc(list.Items, func(it Item) bool { return it.Key == want.doc })
		b := Block{Code: want.code, Article: want.article, Requirement: want.requirement, Document: want.doc}
		if want.fact != "" && known[want.fact] == "" && f.Case.Procedure == matter.Ordinary {
			b.Facts = []string{want.fact}
		}
		switch {
		case i < 0 || !list.Items[i].Standing.Owed():
		default:
			out = append(out, b)
			continue
		}
		if want.doc == "legal-review-opinion" {
			done := f.Done(want.doc)
			if len(done) > 0 && done[len(done)-1].Values.Text("review_conclusion") != "agree" && done[len(done)-1].Values.Empty("response_to_review") {
				out = append(out, Block{Code: "legal_objects", Article: "9(3)", Requirement: "R-09-03", Document: want.doc})
			}
		}
	}
	return out
}

func dayOf(t time.Time) time.Time {
	y, m, d := t.In(clock.Shanghai).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, clock.Shanghai)
}

// endOf is the last moment of a day.
func endOf(t time.Time) time.Time { return dayOf(t).AddDate(0, 0, 1).Add(-time.Microsecond) }
