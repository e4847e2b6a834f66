package casefile

import (
	"context"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation"
)

// Opening is what opening a case says of it.
type Opening struct {
	Title      string
	Act        string
	Procedure  matter.Procedure
	Department ident.DepartmentID
	Lead       ident.PersonID
	Others     []ident.PersonID // with the lead at least two (行政处罚法 §42)
	Parties    []PartyEdit      // may be empty at first

	splitFrom ident.CaseID
	basis     string
}

// PartyEdit is what can be said of a party.
type PartyEdit = matter.PartyEdit

// bounds of short texts, in characters.
const (
	maxTitle  = 200
	maxName   = 200
	minReason = 4
	maxReason = 1000
)

func cleanLine(s, field string, least, most int) (string, error) {
	return matter.CleanLine(s, field, least, most)
}

func cleanReason(s, field string) (string, error) {
	s = form.Long(s)
	if n := utf8.RuneCountInString(s); n < minReason || n > maxReason {
		return "", fault.New(fault.Invalid, "case.length", minReason, maxReason).At(field)
	}
	return s, nil
}

// Open opens a case. The act must be open in the edition in force today; the officers, two or more, must hold a
// certificate valid today (R-08-01). The case's number is given and never given again.
func (s *Service) Open(ctx context.Context, actor access.Actor, n Opening) (matter.Case, error) {
	title, err := cleanLine(n.Title, "title", 2, maxTitle)
	if err != nil {
		return matter.Case{}, err
	}
	today := s.c.Clock.Now()
	edition, err := s.c.Rules.EditionOn(ctx, today)
	if err != nil {
		return matter.Case{}, err
	}
	act, ok := edition.Catalogue.Acts[n.Act]
	switch {
	case !ok:
		return matter.Case{}, fault.New(fault.Invalid, "case.act").At("act")
	case !act.EnabledByDefault:
		return matter.Case{}, fault.New(fault.Invalid, "case.act_closed", act.ZH).At("act").Under("3")
	case n.Procedure == matter.Summary && n.Act != "penalty", n.Procedure != matter.Summary && n.Procedure != matter.Ordinary:
		return matter.Case{}, fault.New(fault.Invalid, "case.procedure").At("procedure")
	}
	var parties []PartyEdit
	for _, p := range n.Parties {
		p, err := p.Clean()
		if err != nil {
			return matter.Case{}, err
		}
		parties = append(parties, p)
	}
	handlers, err := s.officers(ctx, append([]ident.PersonID{n.Lead}, n.Others...), today)
	if err != nil {
		return matter.Case{}, err
	}
	c := matter.Case{
		ID: ident.New[ident.CaseID](), Title: title, Act: n.Act, Procedure: n.Procedure, Origin: matter.ExOfficio, Department: n.Department,
		Stage: matter.Initiation, State: matter.Open, Edition: edition.Number, OpenedBy: actor.Person,
		SplitFrom: n.splitFrom, Basis: n.basis,
	}
	if slices.Contains(matter.OnApplication, n.Act) {
		c.Origin = matter.Application
	}
	subject := access.Subject{Kind: "case", ID: string(c.ID), Department: n.Department}
	err = s.c.Gate.Do(ctx, actor, access.CaseOpen, subject, func(tx *gate.Tx) error {
		c.OpenedAt = tx.Now()
		var err error
		if c.No, err = s.number(tx, c.Act); err != nil {
			return err
		}
		ch := &change{
			s: s, tx: tx, ctx: tx.Context(), f: File{Case: c}, edition: edition, entry: ident.New[ident.EntryID](),
			said: map[string][]vouch.Columns{}, subject: custody.Subject{Kind: "case", ID: string(c.ID)},
		}
		ch.f.Case.Entry = ch.entry
		if err := rows.Insert(ch.ctx, tx.DB(), rows.OfCase(ch.f.Case)); err != nil {
			return err
		}
		for i, h := range handlers {
			h.Case, h.Lead = c.ID, i == 0
			if err := ch.addHandler(h); err != nil {
				return err
			}
		}
		for _, p := range parties {
			if _, err := ch.addParty(p); err != nil {
				return err
			}
		}
		ch.tell("edition", edition.Number, "procedure", string(c.Procedure))
		if n.splitFrom != "" {
			ch.related = append(ch.related, custody.Subject{Kind: "case", ID: string(n.splitFrom)})
			ch.tell("basis", n.basis)
		}
		c = ch.f.Case
		return ch.settle()
	})
	return c, err
}

// MayOpen refuses, and records, who cannot open a case in a department.
func (s *Service) MayOpen(ctx context.Context, actor access.Actor, department ident.DepartmentID) error {
	return s.c.Gate.Check(ctx, actor, access.CaseOpen, access.Subject{Kind: "case", ID: "new", Department: department})
}

// number gives the next case number by the bureau's pattern.
func (s *Service) number(tx *gate.Tx, act string) (string, error) {
	pattern := regulation.Defaults().CaseNumber
	if v, err := s.c.Rules.Current(tx.Context()); err == nil && v.Settings.CaseNumber != "" {
		pattern = v.Settings.CaseNumber
	}
	year := strconv.Itoa(tx.Now().In(clock.Shanghai).Year())
	n, err := rows.NextNumber(tx.Context(), tx.DB(), "case/"+act+"/"+year)
	if err != nil {
		return "", err
	}
	return procedure.CaseNo(pattern, act, year, n), nil
}

// officers checks that people may handle a case from a day on.
func (s *Service) officers(ctx context.Context, ids []ident.PersonID, day time.Time) ([]matter.Handler, error) {
	var out []matter.Handler
	for _, id := range ids {
		if id == "" || slices.ContainsFunc(out, func(h matter.Handler) bool { return h.Person == id }) {
			continue
		}
		p, err := s.c.People.Person(ctx, id)
		if err != nil || !p.Active() {
			return nil, fault.New(fault.Invalid, "case.officer_gone").At("officers")
		}
		cert, err := s.c.People.CertificateOn(ctx, id, day)
		if err != nil {
			return nil, fault.New(fault.Invalid, "case.certificate", p.Name).At("officers").Under("8(1)")
		}
		out = append(out, matter.Handler{Person: id, Certificate: cert.Number})
	}
	if len(out) < 2 {
		return nil, fault.New(fault.Invalid, "case.two_officers").At("officers").Under("8(1)")
	}
	return out, nil
}

func (c *change) addHandler(h matter.Handler) error {
	h.ID, h.Case, h.From, h.Entry = ident.New[ident.HandlerID](), c.f.Case.ID, c.now(), c.entry
	c.f.Handlers = append(c.f.Handlers, h)
	c.related = append(c.related, custody.Subject{Kind: "person", ID: string(h.Person)})
	return c.add("case_handler", rows.OfHandler(h))
}

func (c *change) addParty(e PartyEdit) (matter.Party, error) {
	p := matter.Party{
		ID: ident.New[ident.PartyID](), Case: c.f.Case.ID, Role: e.Role, Kind: e.Kind, Name: e.Name, IDNumber: e.IDNumber, LegalRep: e.LegalRep,
		Address: e.Address, Phone: e.Phone, For: e.For, AddedAt: c.now(), Entry: c.entry,
	}
	c.f.Parties = append(c.f.Parties, p)
	return p, c.add("case_party", rows.OfParty(p))
}

// AddParty adds somebody the case concerns.
func (s *Service) AddParty(ctx context.Context, actor access.Actor, id ident.CaseID, e PartyEdit) (matter.Party, error) {
	e, err := e.Clean()
	if err != nil {
		return matter.Party{}, err
	}
	var p matter.Party
	err = s.change(ctx, actor, access.CaseEdit, id, func(c *change) error {
		if err := c.live(); err != nil {
			return err
		}
		if e.For != "" && !slices.ContainsFunc(c.f.Parties, func(x matter.Party) bool { return x.ID == e.For }) {
			return fault.New(fault.Invalid, "case.party_unknown").At("for")
		}
		p, err = c.addParty(e)
		c.tell("party", string(p.ID), "role", string(p.Role))
		return err
	})
	return p, err
}

// EndParty takes somebody out of the case from now on; what was written keeps naming them.
func (s *Service) EndParty(ctx context.Context, actor access.Actor, id ident.CaseID, party ident.PartyID) error {
	return s.change(ctx, actor, access.CaseEdit, id, func(c *change) error {
		i := slices.IndexFunc(c.f.Parties, func(p matter.Party) bool { return p.ID == party && p.EndedAt.IsZero() })
		if i < 0 {
			return fault.New(fault.NotFound, "case.party_unknown")
		}
		c.f.Parties[i].EndedAt = c.now()
		c.tell("party", string(party), "ended", true)
		return c.set("case_party", rows.OfParty(c.f.Parties[i]))
	})
}

// Assign names the case's handlers anew: who leaves is ended with the reason, who comes needs a certificate valid today.
// It is the department's decision, not the handlers' own.
func (s *Service) Assign(ctx context.Context, actor access.Actor, id ident.CaseID, lead ident.PersonID, others []ident.PersonID, reason string) error {
	reason, err := cleanReason(reason, "reason")
	if err != nil {
		return err
	}
	next, err := s.officers(ctx, append([]ident.PersonID{lead}, others...), s.c.Clock.Now())
	if err != nil {
		return err
	}
	return s.change(ctx, actor, access.CaseAssign, id, func(c *change) error {
		if err := c.live(); err != nil {
			return err
		}
		for i, h := range c.f.Handlers {
			if !h.Until.IsZero() {
				continue
			}
			at := slices.IndexFunc(next, func(n matter.Handler) bool { return n.Person == h.Person })
			if at >= 0 && (at == 0) == h.Lead {
				next[at].ID = h.ID // stays as they are
				continue
			}
			c.f.Handlers[i].Until, c.f.Handlers[i].Reason = c.now(), reason
			c.related = append(c.related, custody.Subject{Kind: "person", ID: string(h.Person)})
			if err := c.set("case_handler", rows.OfHandler(c.f.Handlers[i])); err != nil {
				return err
			}
		}
		changed := len(c.said) > 0
		for i, n := range next {
			if n.ID != "" {
				continue
			}
			n.Lead = i == 0
			changed = true
			if err := c.addHandler(n); err != nil {
				return err
			}
		}
		if !changed {
			return fault.New(fault.Conflict, "case.unchanged")
		}
		c.tell("reason", reason)
		return nil
	})
}
