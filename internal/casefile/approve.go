package casefile

import (
	"context"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Submit sends an approval form on its way, with the drafts that are to be issued in exactly this text (R-09-05). The
// handler who submits has agreed by it.
func (s *Service) Submit(ctx context.Context, actor access.Actor, id ident.PaperID, texts []ident.PaperID) error {
	return s.onPaper(ctx, actor, access.PaperSubmit, id, func(c *change, d catalogue.Document, p *matter.Paper, _ map[string]int) error {
		if err := c.writer(d); err != nil {
			return err
		}
		if !procedure.Approved(d) {
			return fault.New(fault.Conflict, "paper.no_approval")
		}
		if !p.Editable() {
			return fault.New(fault.Conflict, "paper.not_draft")
		}
		p.Texts = nil
		for _, t := range texts {
			x, ok := c.f.Paper(t)
			if !ok {
				return fault.New(fault.NotFound, "paper.unknown")
			}
			xd, err := c.doc(x.Type)
			if err != nil {
				return err
			}
			if !x.Editable() || !slices.Contains(xd.RulesOf().ApprovedBy, d.ID) {
				return fault.New(fault.Conflict, "paper.text", xd.ZH).At("texts")
			}
			digest, err := form.Digest(xd, x.Values)
			if err != nil {
				return rows.Fail(err)
			}
			p.Texts = append(p.Texts, matter.Text{Paper: t, Digest: digest})
			c.tell("text_"+strings.ReplaceAll(xd.ID, "-", "_"), digest)
		}
		if err := c.fix(d, p, p.Reason); err != nil {
			return err
		}
		p.State = matter.Submitted
		return c.say(p, c.f.Round(id)+1, matter.StepHandler, true, p.Values.Text("handler_opinion"))
	})
}

// say writes one voice of an approval.
func (c *change) say(p *matter.Paper, round int, step matter.Step, agreed bool, opinion string) error {
	a := matter.Approval{
		ID: ident.New[ident.ApprovalID](), Paper: p.ID, Round: round, Step: step, Agreed: agreed, Opinion: opinion, By: c.actor().Person,
		Digest: p.Digest, At: c.now(), Entry: c.entry,
	}
	c.f.Approvals = append(c.f.Approvals, a)
	c.tell("step", string(step), "agreed", agreed, "round", round)
	return c.add("case_approval", rows.OfApproval(a))
}

// Decide agrees with a paper in the step it waits in, or returns it with reasons. Nobody decides on their own work (T7):
// who handles or handled the case speaks only as a handler, and nobody speaks in two steps of one round.
func (s *Service) Decide(ctx context.Context, actor access.Actor, id ident.PaperID, agree bool, opinion string) error {
	opinion, err := cleanReason(opinion, "opinion")
	if err != nil {
		return err
	}
	return s.onPaper(ctx, actor, access.PaperDecide, id, func(c *change, d catalogue.Document, p *matter.Paper, _ map[string]int) error {
		if p.State != matter.Submitted {
			return fault.New(fault.Conflict, "paper.not_submitted")
		}
		known := procedure.Facts(c.f, c.edition.Catalogue)
		at, waits := procedure.At(procedure.Chain(c.f, d, *p, known))
		if !waits {
			return fault.New(fault.Conflict, "paper.not_submitted")
		}
		round := c.f.Round(id)
		if err := c.mayDecide(at.Step, c.f.Said(id, round)); err != nil {
			return err
		}
		if agree {
			if blocks := procedure.MayAgree(c.f, c.edition.Catalogue, *p, at.Step); len(blocks) > 0 {
				return refusal(d, Objections{Blocks: blocks})
			}
		}
		if err := c.say(p, round, at.Step, agree, opinion); err != nil {
			return err
		}
		if !agree {
			p.State, p.Reason = matter.Returned, opinion
			return nil
		}
		if field := form.FieldOf(string(at.Step)); field != "" {
			if f, ok := d.Field(field); ok {
				p.Values.Set(f.ID, opinion) // beside the text: no part of its digest
			}
		}
		if _, waits := procedure.At(procedure.Chain(c.f, d, *p, known)); waits {
			return nil
		}
		p.State = matter.Fixed
		c.under("9(5)", "R-09-05")
		return c.complete(d, p)
	})
}

// mayDecide refuses whom a step does not wait for.
func (c *change) mayDecide(step matter.Step, said []matter.Approval) error {
	if !speaks(c.f, step, c.actor()) {
		return fault.New(fault.Forbidden, "paper.not_decider").Under("9")
	}
	if spoke(said, c.actor()) {
		return fault.New(fault.Forbidden, "paper.spoke_already").Under("9")
	}
	return nil
}

// speaks says whose word a step of an approval is: never that of who handles or handled the case, but in the first.
func speaks(f File, step matter.Step, a access.Actor) bool {
	involved := f.Handled(a.Person)
	switch step {
	case matter.StepHandler:
		return f.Handles(a.Person)
	case matter.StepUnit:
		return a.Has(access.Head) && slices.Contains(a.Departments, f.Case.Department) && !involved
	case matter.StepLegal:
		return a.Has(access.LegalReviewer) && !involved
	case matter.StepLeader:
		return a.Has(access.Leader) && !involved
	}
	return false
}

func spoke(said []matter.Approval, a access.Actor) bool {
	return slices.ContainsFunc(said, func(x matter.Approval) bool { return x.By == a.Person })
}

// Recall takes a submitted paper back before anybody but its handlers has spoken.
func (s *Service) Recall(ctx context.Context, actor access.Actor, id ident.PaperID) error {
	return s.onPaper(ctx, actor, access.PaperSubmit, id, func(c *change, d catalogue.Document, p *matter.Paper, _ map[string]int) error {
		if err := c.writer(d); err != nil {
			return err
		}
		if p.State != matter.Submitted || slices.ContainsFunc(c.f.Said(id, c.f.Round(id)), func(a matter.Approval) bool { return a.Step != matter.StepHandler }) {
			return fault.New(fault.Conflict, "paper.not_recalled")
		}
		p.State, p.Reason = matter.Returned, ""
		c.tell("recalled", true)
		return nil
	})
}

// Waiting is a paper that waits for somebody to speak.
func Waiting(f File, c catalogue.Catalogue, p matter.Paper) (matter.Step, bool) {
	d, ok := c.Document(p.Type)
	if !ok || p.State != matter.Submitted {
		return "", false
	}
	at, waits := procedure.At(procedure.Chain(f, d, p, procedure.Facts(f, c)))
	return at.Step, waits
}

// Decides reports whether an actor could speak in the step a paper waits in, for showing the buttons.
func Decides(f File, c catalogue.Catalogue, p matter.Paper, a access.Actor) bool {
	step, waits := Waiting(f, c, p)
	if !waits {
		return false
	}
	return speaks(f, step, a) && !spoke(f.Said(p.ID, f.Round(p.ID)), a)
}

// reasonsOf joins what was said when papers were returned, for the form's head.
func reasonsOf(said []matter.Approval) string {
	var out []string
	for _, a := range said {
		if !a.Agreed {
			out = append(out, a.Opinion)
		}
	}
	return strings.Join(out, "\n")
}

// Returned gives why a paper came back the last time, "" if it did not.
func Returned(f File, id ident.PaperID) string { return reasonsOf(f.Said(id, f.Round(id))) }
