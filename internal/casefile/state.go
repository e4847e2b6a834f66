package casefile

import (
	"context"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/casefile/stray"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/fact"
)

// Advance moves a case to its next stage, once nothing is owed in this one (R-03-2). Otherwise it is fault Conflict
// "case.owed" with how much is.
func (s *Service) Advance(ctx context.Context, actor access.Actor, id ident.CaseID) error {
	return s.change(ctx, actor, access.CaseAdvance, id, func(c *change) error {
		if c.f.Case.State != matter.Open {
			return fault.New(fault.Conflict, "case.not_open")
		}
		at := matter.StageIndex(c.f.Case.Stage)
		if at+1 >= len(matter.Stages()) {
			return fault.New(fault.Conflict, "case.last_stage")
		}
		if owed := procedure.Check(c.f, c.edition.Catalogue).Owed(c.f.Case.Stage); len(owed) > 0 {
			return fault.New(fault.Conflict, "case.owed", len(owed)).Under(owed[0].Article)
		}
		from := c.f.Case.Stage
		c.f.Case.Stage = matter.Stages()[at+1]
		c.tell("from", from)
		return nil
	})
}

// Suspend stops a case for a stated basis; its time limits run on unless a notice to the party pauses them.
func (s *Service) Suspend(ctx context.Context, actor access.Actor, id ident.CaseID, basis string) error {
	return s.turn(ctx, actor, id, basis, matter.Suspended, matter.Open)
}

// Resume goes on with a suspended case.
func (s *Service) Resume(ctx context.Context, actor access.Actor, id ident.CaseID, basis string) error {
	return s.turn(ctx, actor, id, basis, matter.Open, matter.Suspended)
}

// Withdraw ends a case without a decision: the applicant withdrew, or it should not have been opened.
func (s *Service) Withdraw(ctx context.Context, actor access.Actor, id ident.CaseID, basis string) error {
	return s.turn(ctx, actor, id, basis, matter.Withdrawn, matter.Open, matter.Suspended)
}

func (s *Service) turn(ctx context.Context, actor access.Actor, id ident.CaseID, basis string, to matter.State, from ...matter.State) error {
	basis, err := cleanReason(basis, "basis")
	if err != nil {
		return err
	}
	return s.change(ctx, actor, access.CaseTurn, id, func(c *change) error {
		if !slices.Contains(from, c.f.Case.State) {
			return fault.New(fault.Conflict, "case.not_open")
		}
		c.f.Case.State, c.f.Case.Basis = to, basis
		if to == matter.Withdrawn {
			c.f.Case.ClosedAt = c.now()
		}
		c.tell("basis", basis)
		return nil
	})
}

// Join ends a case by joining it into another of the same act, which goes on for both.
func (s *Service) Join(ctx context.Context, actor access.Actor, id, into ident.CaseID, basis string) error {
	basis, err := cleanReason(basis, "basis")
	if err != nil {
		return err
	}
	other, err := s.Get(ctx, actor, into)
	if err != nil {
		return err
	}
	if into == id || !other.Case.Live() {
		return fault.New(fault.Conflict, "case.join").At("into")
	}
	return s.change(ctx, actor, access.CaseTurn, id, func(c *change) error {
		if err := c.live(); err != nil {
			return err
		}
		if other.Case.Act != c.f.Case.Act {
			return fault.New(fault.Conflict, "case.join").At("into")
		}
		c.f.Case.State, c.f.Case.JoinedInto, c.f.Case.Basis, c.f.Case.ClosedAt = matter.Joined, into, basis, c.now()
		c.related = append(c.related, custody.Subject{Kind: "case", ID: string(into)})
		c.tell("basis", basis, "into", other.Case.No)
		return nil
	})
}

// Split opens a new case out of one, for some of its parties, with the same officers.
func (s *Service) Split(ctx context.Context, actor access.Actor, id ident.CaseID, title, basis string, parties []ident.PartyID) (matter.Case, error) {
	basis, err := cleanReason(basis, "basis")
	if err != nil {
		return matter.Case{}, err
	}
	f, err := s.Get(ctx, actor, id)
	if err != nil {
		return matter.Case{}, err
	}
	if len(parties) == 0 {
		return matter.Case{}, fault.New(fault.Invalid, "case.split").At("parties")
	}
	n := Opening{Title: title, Act: f.Case.Act, Procedure: f.Case.Procedure, Department: f.Case.Department, splitFrom: id, basis: basis}
	for _, h := range f.Current() {
		if h.Lead {
			n.Lead = h.Person
		} else {
			n.Others = append(n.Others, h.Person)
		}
	}
	for _, p := range f.Parties {
		if slices.Contains(parties, p.ID) {
			n.Parties = append(n.Parties, PartyEdit{
				Role: p.Role, Kind: p.Kind, Name: p.Name, IDNumber: p.IDNumber, LegalRep: p.LegalRep, Address: p.Address, Phone: p.Phone,
			})
		}
	}
	return s.Open(ctx, actor, n)
}

// AnswerOf is one answer to a question of the vocabulary.
type AnswerOf struct {
	Fact, Value string
	Reason      string // wanted where something is said not to apply
}

// Answer says how facts of the case stand. The newest answer to a fact counts; all are kept.
func (s *Service) Answer(ctx context.Context, actor access.Actor, id ident.CaseID, answers []AnswerOf) error {
	if len(answers) == 0 {
		return fault.New(fault.Invalid, "case.nothing_answered")
	}
	for i, a := range answers {
		f, ok := fact.Find(a.Fact)
		if !ok || f.Derived || !f.Holds(a.Value) {
			return fault.New(fault.Invalid, "case.answer").At(a.Fact)
		}
		if a.Value == "false" {
			var err error
			if answers[i].Reason, err = cleanReason(a.Reason, a.Fact); err != nil {
				return err
			}
		}
	}
	return s.change(ctx, actor, access.CaseEdit, id, func(c *change) error {
		if err := c.unfiled(); err != nil {
			return err
		}
		for _, a := range answers {
			x := matter.Answer{
				ID: ident.New[ident.AnswerID](), Case: id, Fact: a.Fact, Value: a.Value, Reason: a.Reason, By: actor.Person, At: c.now(), Entry: c.entry,
			}
			c.f.Answers = append(c.f.Answers, x)
			if err := c.add("case_answer", rows.OfAnswer(x)); err != nil {
				return err
			}
			c.tell("fact_"+a.Fact, a.Value)
		}
		return nil
	})
}

// Waive excuses one item of the list (免除): a decision of the department's head or a leader who does not handle the
// case, with a reason.
func (s *Service) Waive(ctx context.Context, actor access.Actor, id ident.CaseID, item, reason string) error {
	reason, err := cleanReason(reason, "reason")
	if err != nil {
		return err
	}
	return s.change(ctx, actor, access.CaseWaive, id, func(c *change) error {
		if err := c.unfiled(); err != nil {
			return err
		}
		items := procedure.Check(c.f, c.edition.Catalogue).Items
		i := slices.IndexFunc(items, func(it procedure.Item) bool { return it.Key == item })
		if i < 0 || !items[i].Standing.Owed() {
			return fault.New(fault.Conflict, "case.not_owed").At("item")
		}
		w := matter.Waiver{ID: ident.New[ident.WaiverID](), Case: id, Item: item, Reason: reason, By: actor.Person, At: c.now(), Entry: c.entry}
		c.f.Waivers = append(c.f.Waivers, w)
		c.under(items[i].Article, items[i].Requirement)
		c.tell("item", item)
		return c.add("case_waiver", rows.OfWaiver(w))
	})
}

// Report notes that something happened which no document of ours shows: a court took the case, a review was applied for.
func (s *Service) Report(ctx context.Context, actor access.Actor, id ident.CaseID, event string, on time.Time, timed bool, basis string) error {
	basis, err := cleanReason(basis, "basis")
	if err != nil {
		return err
	}
	if !slices.Contains(fact.Reported(), event) {
		return fault.New(fault.Invalid, "case.event").At("event")
	}
	if on.IsZero() || on.After(s.c.Clock.Now().Add(24*time.Hour)) || on.Year() < 1990 {
		return fault.New(fault.Invalid, "case.event_time").At("on")
	}
	return s.change(ctx, actor, access.CaseEdit, id, func(c *change) error {
		if c.f.Case.State == matter.Joined {
			return fault.New(fault.Conflict, "case.ended")
		}
		r := matter.Report{
			ID: ident.New[ident.ReportID](), Case: id, Event: event, On: on, Timed: timed, Basis: basis, By: actor.Person, At: c.now(), Entry: c.entry,
		}
		c.f.Reports = append(c.f.Reports, r)
		c.tell("event", event)
		return c.add("case_report", rows.OfReport(r))
	})
}

// Film joins a recording to the case, or to the paper whose step it shows (R-13-1a). What the recording is, is known to
// whoever calls; the link is a statement of the person who makes it.
func (s *Service) Film(ctx context.Context, actor access.Actor, l matter.Link) (matter.Link, error) {
	note, err := cleanLine(l.Note, "note", 0, maxReason)
	if err != nil {
		return l, err
	}
	err = s.change(ctx, actor, access.CaseFilm, l.Case, func(c *change) error {
		if _, ok := c.f.Paper(l.Paper); l.Paper != "" && !ok {
			return fault.New(fault.NotFound, "paper.unknown")
		}
		for _, x := range c.f.Links {
			if x.Recording == l.Recording && x.Paper == l.Paper && x.Struck.IsZero() {
				return fault.New(fault.Conflict, "case.linked")
			}
		}
		l.ID, l.Note, l.By, l.At, l.Struck, l.Entry = ident.New[ident.LinkID](), note, actor.Person, c.now(), time.Time{}, c.entry
		c.f.Links = append(c.f.Links, l)
		c.related = append(c.related, custody.Subject{Kind: "recording", ID: string(l.Recording)})
		c.tell("recording", string(l.Recording), "paper", string(l.Paper))
		if err := c.add("case_link", rows.OfLink(l)); err != nil {
			return err
		}
		return stray.Linked(c.tx, l.Recording, c.entry)
	})
	return l, err
}

// Strike takes a link back, with a reason; it stays in the file, struck out.
func (s *Service) Strike(ctx context.Context, actor access.Actor, id ident.CaseID, link ident.LinkID, reason string) error {
	reason, err := cleanReason(reason, "reason")
	if err != nil {
		return err
	}
	return s.change(ctx, actor, access.CaseFilm, id, func(c *change) error {
		i := slices.IndexFunc(c.f.Links, func(l matter.Link) bool { return l.ID == link && l.Struck.IsZero() })
		if i < 0 {
			return fault.New(fault.NotFound, "case.link_unknown")
		}
		c.f.Links[i].Struck = c.now()
		c.related = append(c.related, custody.Subject{Kind: "recording", ID: string(c.f.Links[i].Recording)})
		c.tell("link", string(link), "reason", reason)
		if err := c.set("case_link", rows.OfLink(c.f.Links[i])); err != nil {
			return err
		}
		return stray.Struck(c.tx, c.f.Links[i].Recording, link)
	})
}

// Archive files a closed case (R-11-1): nothing may be owed in its last stage.
func (s *Service) Archive(ctx context.Context, actor access.Actor, id ident.CaseID) error {
	return s.change(ctx, actor, access.CaseArchive, id, func(c *change) error {
		if c.f.Case.State != matter.Closed {
			return fault.New(fault.Conflict, "case.not_closed")
		}
		if owed := procedure.Check(c.f, c.edition.Catalogue).Owed(matter.Closing); len(owed) > 0 {
			return fault.New(fault.Conflict, "case.owed", len(owed)).Under("11")
		}
		c.f.Case.State = matter.Archived
		return nil
	})
}
