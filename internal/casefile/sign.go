package casefile

import (
	"bytes"
	"context"
	"image/png"
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

// Objections is why a paper cannot be signed yet: what is wrong in its fields, and what has to come before it.
type Objections struct {
	Problems []form.Problem
	Blocks   []procedure.Block
	Clashes  int
}

// None reports whether nothing stands against it.
func (o Objections) None() bool { return len(o.Problems) == 0 && len(o.Blocks) == 0 && o.Clashes == 0 }

// Objections says what keeps a draft from being signed or submitted.
func (s *Service) Objections(ctx context.Context, f File, p matter.Paper) (Objections, error) {
	e, err := s.Edition(ctx, f)
	if err != nil {
		return Objections{}, err
	}
	known, err := s.known(ctx, f, p)
	if err != nil {
		return Objections{}, err
	}
	clashes, err := rows.Clashes(ctx, s.c.DB.Reader, p.ID)
	if err != nil {
		return Objections{}, err
	}
	return objections(f, e.Catalogue, p, known, len(clashes)), nil
}

func objections(f File, c catalogue.Catalogue, p matter.Paper, known form.Known, clashes int) Objections {
	d, _ := c.Document(p.Type)
	return Objections{Problems: form.Check(d, p.Values, known), Blocks: procedure.MayFix(f, c, p, known.Now), Clashes: clashes}
}

// known gathers what a check may lean on: the officers a paper names, with their certificates.
func (s *Service) known(ctx context.Context, f File, p matter.Paper) (form.Known, error) {
	k := form.Known{Now: s.c.Clock.Now()}
	var ids []ident.PersonID
	for _, x := range p.Values.People("officers") {
		if id, err := ident.Parse[ident.PersonID](x.ID); err == nil {
			ids = append(ids, id)
		}
	}
	for _, h := range f.Handlers {
		if !slices.Contains(ids, h.Person) {
			ids = append(ids, h.Person)
		}
	}
	certs, err := s.c.People.Certificates(ctx, ids...)
	if err != nil {
		return k, err
	}
	for _, id := range ids {
		o := form.Officer{Person: string(id)}
		for _, c := range certs {
			if c.Person != id {
				continue
			}
			to := c.ValidTo
			if !c.RevokedAt.IsZero() && c.RevokedAt.Before(to) {
				to = c.RevokedAt.AddDate(0, 0, -1)
			}
			o.Certificates = append(o.Certificates, form.Certificate{Number: c.Number, From: c.ValidFrom, To: to})
		}
		k.Officers = append(k.Officers, o)
	}
	for _, x := range f.Parties {
		k.Parties = append(k.Parties, string(x.Kind))
	}
	return k, nil
}

// fix makes a paper's text a version that can change no more, or refuses with the first thing in the way.
func (c *change) fix(d catalogue.Document, p *matter.Paper, reason string) error {
	known, err := c.s.known(c.ctx, c.f, *p)
	if err != nil {
		return err
	}
	clashes, err := rows.Clashes(c.ctx, c.tx.DB(), p.ID)
	if err != nil {
		return err
	}
	if o := objections(c.f, c.edition.Catalogue, *p, known, len(clashes)); !o.None() {
		return refusal(d, o)
	}
	if err := c.present(d, *p); err != nil {
		return err
	}
	p.Digest, err = form.Digest(d, p.Values)
	if err != nil {
		return rows.Fail(err)
	}
	p.Version++
	p.FixedAt, p.ChangedAt, p.ChangedBy = c.now(), c.now(), c.actor().Person
	v := matter.Version{
		ID: ident.New[ident.VersionID](), Paper: p.ID, Number: p.Version, Values: p.Values, Digest: p.Digest, At: c.now(), By: c.actor().Person,
		Reason: reason, Entry: c.entry,
	}
	c.tell("type", d.ID, "version", p.Version, "digest", p.Digest)
	return c.add("case_version", rows.OfVersion(v))
}

// refusal is the fault for the first objection; pages show them all.
func refusal(d catalogue.Document, o Objections) error {
	switch {
	case o.Clashes > 0:
		return fault.New(fault.Conflict, "paper.clashes", o.Clashes)
	case len(o.Blocks) > 0:
		b := o.Blocks[0]
		return fault.New(fault.Conflict, "paper.blocked."+b.Code, b.Args...).Under(b.Article)
	}
	first := o.Problems[0]
	name := first.Field
	if f, ok := d.Field(first.Field); ok {
		name = f.ZH
	}
	return fault.New(fault.Invalid, "paper.incomplete", len(o.Problems), name).At(first.Field).Under("5")
}

// present keeps officers from being in two places at once (R-08-02): papers made on the spot say where they were.
func (c *change) present(d catalogue.Document, p matter.Paper) error {
	from, to, ok := form.Span(p.Values)
	if !ok {
		return nil
	}
	var people []ident.PersonID
	for _, field := range []string{"officers", "recorder", "presider", "hearing_clerk"} {
		for _, x := range p.Values.People(field) {
			if id, err := ident.Parse[ident.PersonID](x.ID); err == nil && !slices.Contains(people, id) {
				people = append(people, id)
			}
		}
	}
	if d.Kind != "on-site-record" {
		return nil
	}
	other, err := rows.Elsewhere(c.ctx, c.tx.DB(), p.ID, people, from, to)
	if err != nil {
		return err
	}
	if other != nil && !c.together(p, other.Paper) {
		names, err := c.s.c.People.Names(c.ctx, []ident.PersonID{other.Person})
		if err != nil {
			return err
		}
		return fault.New(fault.Conflict, "paper.two_places", names[other.Person]).At("officers").Under("8(2)")
	}
	if err := rows.DeletePresence(c.ctx, c.tx.DB(), p.ID); err != nil {
		return err
	}
	return rows.InsertPresence(c.ctx, c.tx.DB(), p.ID, people, from, to)
}

// together reports whether two papers of this case were made in the same place: a questioning during an inspection.
func (c *change) together(p matter.Paper, other ident.PaperID) bool {
	o, ok := c.f.Paper(other)
	return ok && o.Type != p.Type && strings.TrimSpace(o.Values.Text("place")) == strings.TrimSpace(p.Values.Text("place"))
}

func (c *change) absent(p ident.PaperID) error { return rows.DeletePresence(c.ctx, c.tx.DB(), p) }

// Mark is one signature as it is given.
type Mark struct {
	Role    string
	Mode    matter.SignMode
	Name    string // of an outsider
	Reason  string // of a refusal
	Witness string
	Image   []byte // PNG of a drawn signature
	File    ident.AttachmentID
}

// maxImage is the largest picture of a signature, in bytes and in pixels a side.
const (
	maxImage = 300 << 10
	maxPixel = 2000
)

func (m *Mark) clean(d catalogue.Document) error {
	if !slices.ContainsFunc(d.Signers, func(s catalogue.Signer) bool { return s.Role == m.Role }) {
		return fault.New(fault.Invalid, "paper.signer").At("role")
	}
	var err error
	if m.Name, err = cleanLine(m.Name, "name", 0, maxName); err != nil {
		return err
	}
	if m.Witness, err = cleanLine(m.Witness, "witness", 0, maxName); err != nil {
		return err
	}
	switch m.Mode {
	case matter.Own:
	case matter.Drawn:
		cfg, err := png.DecodeConfig(bytes.NewReader(m.Image))
		if len(m.Image) > maxImage || err != nil || cfg.Width > maxPixel || cfg.Height > maxPixel {
			return fault.New(fault.Invalid, "paper.signature_picture").At("image")
		}
	case matter.Scan:
		if m.File == "" {
			return fault.New(fault.Invalid, "paper.scan_missing").At("file")
		}
	case matter.Sealed:
		if m.Role != "seal" {
			return fault.New(fault.Invalid, "paper.signer").At("mode")
		}
	case matter.Refused:
		if m.Reason, err = cleanReason(m.Reason, "reason"); err != nil {
			return err
		}
	default:
		return fault.New(fault.Invalid, "paper.sign_mode").At("mode")
	}
	if m.Mode != matter.Own && m.Mode != matter.Sealed && m.Name == "" {
		return fault.New(fault.Invalid, "case.length", 1, maxName).At("name")
	}
	return nil
}

// Sign puts a signature under a paper. The first one fixes the text: from then on it changes only as a new version with a
// reason. People of the house sign as themselves; outsiders' signatures are drawn, scanned from paper, or their refusal
// is noted. None of this is a reliable electronic signature in the sense of 电子签名法 §13.
func (s *Service) Sign(ctx context.Context, actor access.Actor, id ident.PaperID, m Mark) error {
	return s.onPaper(ctx, actor, access.PaperSign, id, func(c *change, d catalogue.Document, p *matter.Paper, _ map[string]int) error {
		if err := m.clean(d); err != nil {
			return err
		}
		if err := c.mayMark(d, m); err != nil {
			return err
		}
		switch {
		case p.State == matter.Submitted, p.State == matter.Void, p.State == matter.Complete:
			return fault.New(fault.Conflict, "paper.not_signable")
		case p.Editable() && procedure.Approved(d):
			return fault.New(fault.Conflict, "paper.submit_first").Under("9(5)")
		case p.Editable():
			if err := c.fix(d, p, p.Reason); err != nil {
				return err
			}
			p.State = matter.Fixed
		}
		x := matter.Signature{
			ID: ident.New[ident.SignatureID](), Paper: id, Version: p.Version, Role: m.Role, Mode: m.Mode, Name: m.Name, Reason: m.Reason,
			Witness: m.Witness, Image: m.Image, File: m.File, At: c.now(), Entry: c.entry,
		}
		if m.Mode == matter.Own {
			x.Person = actor.Person
			names, err := s.c.People.Names(c.ctx, []ident.PersonID{actor.Person})
			if err != nil {
				return err
			}
			x.Name = names[actor.Person]
		}
		if m.Mode == matter.Sealed {
			if err := c.seal(&x, d, *p); err != nil {
				return err
			}
		}
		for _, o := range c.f.SignedBy(*p) {
			if o.Role == x.Role && o.Person == x.Person && o.Name == x.Name {
				return fault.New(fault.Conflict, "paper.signed_already")
			}
		}
		c.f.Signatures = append(c.f.Signatures, x)
		c.tell("role", m.Role, "mode", string(m.Mode))
		if err := c.add("case_signature", rows.OfSignature(x)); err != nil {
			return err
		}
		if err := c.handed(d, *p, x); err != nil {
			return err
		}
		return c.complete(d, p)
	})
}

// mayMark: officers of the case sign as officers, the head as the unit, and so on; outsiders' signatures are taken by the
// case's officers or whoever presides.
func (c *change) mayMark(d catalogue.Document, m Mark) error {
	if procedure.OfHouse(m.Role) != "" && m.Mode != matter.Own {
		return fault.New(fault.Invalid, "paper.own_only").At("mode")
	}
	if m.Mode == matter.Own && procedure.OfHouse(m.Role) == "" || !marks(c.f, d, m.Role, c.actor()) {
		return fault.New(fault.Forbidden, "paper.not_signer").Under("9")
	}
	return nil
}

// marks says who puts, or takes from an outsider, a signature in a role.
func marks(f File, d catalogue.Document, role string, a access.Actor) bool {
	handles, involved := f.Handles(a.Person), f.Handled(a.Person)
	led := procedure.Writers(d) == "presider" && presides(f, a.Person)
	switch procedure.OfHouse(role) {
	case "":
		return handles || led || role == "seal" && a.Has(access.Head, access.Leader, access.Custodian)
	case "handler":
		return handles || led
	case "unit":
		return !involved && (a.Has(access.Head, access.Leader) || role == "checker" && a.Has(access.Custodian))
	case "legal":
		return a.Has(access.LegalReviewer) && !involved
	case "leader":
		return a.Has(access.Leader, access.Head) && !involved
	case "presider":
		return led
	}
	return false
}

// Marks reports whether an actor may put or take a signature in a role, for showing the buttons.
func (s *Service) Marks(f File, d catalogue.Document, role string, a access.Actor) bool {
	return marks(f, d, role, a) && s.May(f, a, access.PaperSign)
}

// seal asks the seal system for a picture, where the bureau has one; otherwise the seal was put on paper by hand.
func (c *change) seal(x *matter.Signature, d catalogue.Document, p matter.Paper) error {
	if x.Name == "" {
		x.Name = p.Values.Text("agency")
	}
	if c.s.c.Sealer == nil {
		return nil
	}
	picture, number, err := c.s.c.Sealer.Seal(c.ctx, p.Digest, x.Name)
	if err != nil {
		return err
	}
	x.Image = picture
	c.tell("seal", number)
	_ = d
	return nil
}

// complete ends a paper's making once every signature it needs is there.
func (c *change) complete(d catalogue.Document, p *matter.Paper) error {
	if p.State != matter.Fixed || !procedure.Whole(c.f, d, *p) {
		return nil
	}
	p.State, p.DoneAt = matter.Complete, c.now()
	c.tell("complete", true)
	return c.closed(d, *p)
}

// closed carries out what a complete paper means for the case itself.
func (c *change) closed(d catalogue.Document, p matter.Paper) error {
	switch d.ID {
	case "closing-approval":
		c.f.Case.State, c.f.Case.ClosedAt = matter.Closed, c.now()
		c.f.Case.Stage = matter.Closing
	case "investigation-suspension":
		c.f.Case.State, c.f.Case.Basis = matter.Suspended, p.No
	}
	return nil
}

// Correct opens a signed paper again as a new version, with a reason; the old one stays as it was signed.
func (s *Service) Correct(ctx context.Context, actor access.Actor, id ident.PaperID, reason string) error {
	reason, err := cleanReason(reason, "reason")
	if err != nil {
		return err
	}
	return s.onPaper(ctx, actor, access.PaperDraft, id, func(c *change, d catalogue.Document, p *matter.Paper, marks map[string]int) error {
		if err := c.writer(d); err != nil {
			return err
		}
		if p.State != matter.Fixed && p.State != matter.Complete {
			return fault.New(fault.Conflict, "paper.not_fixed")
		}
		p.State, p.Reason, p.Texts = matter.Draft, reason, nil
		p.Revision++
		clear(marks)
		p.ChangedAt, p.ChangedBy = c.now(), actor.Person
		c.tell("type", d.ID, "version", p.Version, "reason", reason)
		return nil
	})
}
