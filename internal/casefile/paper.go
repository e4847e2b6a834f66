package casefile

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Draft begins a paper of a type, with what the case already knows filled in. A second one of a type is a paper of its own.
func (s *Service) Draft(ctx context.Context, actor access.Actor, id ident.CaseID, docType string) (matter.Paper, error) {
	var p matter.Paper
	err := s.write(ctx, actor, id, docType, func(c *change, d catalogue.Document) error {
		c.quiet = false
		var err error
		p, err = c.newPaper(d, procedure.Prefill(c.f, d, c.officers()))
		if err != nil {
			return err
		}
		c.tell("type", docType)
		return nil
	})
	return p, err
}

// write is a change of a paper's text: the case must take such papers still, and the actor be one who writes them.
func (s *Service) write(ctx context.Context, actor access.Actor, id ident.CaseID, docType string, fn func(c *change, d catalogue.Document) error) error {
	return s.change(ctx, actor, access.PaperDraft, id, func(c *change) error {
		d, err := c.doc(docType)
		if err != nil {
			return err
		}
		if err := c.takes(d); err != nil {
			return err
		}
		if err := c.writer(d); err != nil {
			return err
		}
		c.quiet = true
		return fn(c, d)
	})
}

// takes refuses papers in a case that has ended; what files it away is written after its closing.
func (c *change) takes(d catalogue.Document) error {
	if !d.For(c.f.Case.Act) {
		return fault.New(fault.Invalid, "paper.other_act", d.ZH)
	}
	if c.f.Case.State == matter.Closed && (d.Stage == matter.Closing || d.Stage == matter.Execution) {
		return nil
	}
	return c.live()
}

// writer refuses who is not the one to write a type of paper: nobody writes the opinion of another office (T7).
func (c *change) writer(d catalogue.Document) error {
	if !writes(c.f, d, c.actor()) {
		return fault.New(fault.Forbidden, "paper.not_writer", d.ZH).Under("9")
	}
	return nil
}

// writes says who writes a type of paper in a case: its officers, or the office whose opinion it is.
func writes(f File, d catalogue.Document, a access.Actor) bool {
	switch procedure.Writers(d) {
	case "handler":
		return f.Handles(a.Person)
	case "presider":
		return presides(f, a.Person)
	case "legal":
		return a.Has(access.LegalReviewer) && !f.Handled(a.Person)
	case "unit":
		return a.Has(access.Head) && slices.Contains(a.Departments, f.Case.Department) && !f.Handled(a.Person)
	}
	return false
}

// Writes reports whether an actor may write a type of paper, for showing the form and its buttons.
func (s *Service) Writes(f File, d catalogue.Document, a access.Actor) bool {
	return writes(f, d, a) && s.May(f, a, access.PaperDraft)
}

func (c *change) newPaper(d catalogue.Document, v form.Values) (matter.Paper, error) {
	n, err := rows.NextNumber(c.ctx, c.tx.DB(), "paper/"+string(c.f.Case.ID))
	if err != nil {
		return matter.Paper{}, err
	}
	p := matter.Paper{
		ID: ident.New[ident.PaperID](), Case: c.f.Case.ID, Type: d.ID, No: procedure.PaperNo(c.f.Case.No, n), State: matter.Draft, Values: v, Revision: 1,
		MadeBy: c.actor().Person, MadeAt: c.now(), ChangedAt: c.now(), ChangedBy: c.actor().Person, Entry: c.entry,
	}
	for _, f := range d.Fields {
		switch f.Type {
		case "doc-no":
			p.Values.Set(f.ID, p.No)
		case "case-ref":
			p.Values.Set(f.ID, c.f.Case.No)
		}
	}
	c.about(p.ID)
	c.f.Papers = append(c.f.Papers, p)
	row := rows.OfPaper(p)
	row.Marks = "{}"
	return p, rows.Insert(c.ctx, c.tx.DB(), row)
}

// officers are the case's officers as a paper names them. Where the register does not answer, the form is filled by hand.
func (c *change) officers() []form.Person {
	var ids []ident.PersonID
	for _, h := range c.f.Current() {
		ids = append(ids, h.Person)
	}
	names, err := c.s.c.People.Names(c.ctx, ids)
	if err != nil {
		return nil
	}
	var out []form.Person
	for _, h := range c.f.Current() {
		out = append(out, form.Person{ID: string(h.Person), Name: names[h.Person], Certificate: h.Certificate})
	}
	return out
}

// Clash is words of a draft that met others in the same field.
type Clash struct {
	ID    ident.ClashID
	Paper ident.PaperID
	Field string
	Value json.RawMessage
	By    ident.PersonID
	At    time.Time
}

// Edit is one field of a draft as somebody typed it. Base is the draft's revision they had before them.
type Edit struct {
	Field string          `json:"field"`
	Value json.RawMessage `json:"value"`
	Base  int             `json:"base"`
}

// Saved is what became of a saving.
type Saved struct {
	Revision int                        `json:"revision"`
	At       time.Time                  `json:"at"`
	Problems []form.Problem             `json:"problems,omitempty"` // fields that could not be taken, all else was
	Clashes  []Clash                    `json:"clashes,omitempty"`
	Others   map[string]json.RawMessage `json:"others,omitempty"` // fields others changed since Base, as they stand now
}

// Save takes what was typed into a draft, field by field. A field that somebody else changed since is not overwritten:
// both are kept, and the paper cannot be signed before somebody has said which stands. What cannot be of its field's type
// is a problem of that field; all others are taken.
func (s *Service) Save(ctx context.Context, actor access.Actor, id ident.PaperID, edits []Edit) (Saved, error) {
	var out Saved
	err := s.onPaper(ctx, actor, access.PaperDraft, id, func(c *change, d catalogue.Document, p *matter.Paper, marks map[string]int) error {
		c.quiet = true
		if err := c.writer(d); err != nil {
			return err
		}
		if !p.Editable() {
			return fault.New(fault.Conflict, "paper.not_draft")
		}
		next := p.Revision + 1
		var took []string
		lowest := p.Revision
		for _, e := range edits {
			lowest = min(lowest, e.Base)
			f, ok := d.Field(e.Field)
			if !ok || form.Signed(f) || f.Type == "doc-no" || f.Type == "case-ref" || procedure.Approved(d) && form.Filled(f.ID) != "" {
				out.Problems = append(out.Problems, form.Problem{Field: e.Field, Code: "no_field"})
				continue
			}
			clean, problem := form.Clean(f, e.Value)
			if problem != nil {
				out.Problems = append(out.Problems, *problem)
				continue
			}
			if string(clean) == string(p.Values[f.ID]) {
				continue
			}
			if marks[f.ID] > e.Base {
				x := rows.Clash{
					ID: ident.New[ident.ClashID](), Paper: id, Field: f.ID, Value: string(clean), By: actor.Person, At: clock.Micros(c.now()),
				}
				if err := rows.Insert(c.ctx, c.tx.DB(), &x); err != nil {
					return err
				}
				out.Clashes = append(out.Clashes, clashOf(&x))
				c.tell("clash_"+f.ID, string(x.ID))
				continue
			}
			if clean == nil {
				delete(p.Values, f.ID)
			} else {
				p.Values[f.ID] = clean
			}
			marks[f.ID] = next
			took = append(took, f.ID)
		}
		if len(took) > 0 {
			p.Revision, p.ChangedAt, p.ChangedBy = next, c.now(), actor.Person
		}
		out.Others = map[string]json.RawMessage{}
		for field, rev := range marks {
			if rev > lowest && !slices.Contains(took, field) {
				out.Others[field] = p.Values[field]
			}
		}
		out.Revision, out.At = p.Revision, c.now()
		c.tell("type", d.ID, "revision", p.Revision, "fields", strings.Join(took, " "))
		return nil
	})
	return out, err
}

func clashOf(r *rows.Clash) Clash {
	return Clash{ID: r.ID, Paper: r.Paper, Field: r.Field, Value: json.RawMessage(r.Value), By: r.By, At: clock.FromMicros(r.At)}
}

// onPaper is a change of one paper: fn gets it with the revisions of its fields, and what it leaves is written.
func (s *Service) onPaper(ctx context.Context, actor access.Actor, action access.Action, id ident.PaperID, fn func(c *change, d catalogue.Document, p *matter.Paper, marks map[string]int) error) error {
	caseID, err := rows.CaseOf(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	return s.change(ctx, actor, action, caseID, func(c *change) error {
		i := slices.IndexFunc(c.f.Papers, func(p matter.Paper) bool { return p.ID == id })
		if i < 0 {
			return fault.New(fault.NotFound, "paper.unknown")
		}
		p := &c.f.Papers[i]
		d, err := c.doc(p.Type)
		if err != nil {
			return err
		}
		if err := c.takes(d); err != nil {
			return err
		}
		row, err := rows.PaperBy(c.ctx, c.tx.DB(), id)
		if err != nil {
			return err
		}
		marks := map[string]int{}
		if err := json.Unmarshal([]byte(row.Marks), &marks); err != nil {
			marks = map[string]int{} // then every field counts as changed long ago
		}
		p.Values = maps.Clone(p.Values)
		c.about(id)
		if err := fn(c, d, p, marks); err != nil {
			return err
		}
		next := rows.OfPaper(*p)
		next.Marks = rows.JSON(marks)
		return rows.Update(c.ctx, c.tx.DB(), next)
	})
}

// Clashes lists the words of a draft that wait for somebody to settle them.
func (s *Service) Clashes(ctx context.Context, id ident.PaperID) ([]Clash, error) {
	list, err := rows.Clashes(ctx, s.c.DB.Reader, id)
	out := make([]Clash, len(list))
	for i := range list {
		out[i] = clashOf(&list[i])
	}
	return out, err
}

// Settle says which words stand: those that were put aside (take), or those in the draft.
func (s *Service) Settle(ctx context.Context, actor access.Actor, paper ident.PaperID, id ident.ClashID, take bool) error {
	return s.onPaper(ctx, actor, access.PaperDraft, paper, func(c *change, d catalogue.Document, p *matter.Paper, marks map[string]int) error {
		c.quiet = true
		if err := c.writer(d); err != nil {
			return err
		}
		list, err := rows.Clashes(c.ctx, c.tx.DB(), paper)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(r rows.Clash) bool { return r.ID == id })
		if i < 0 || !p.Editable() {
			return fault.New(fault.Conflict, "paper.clash_settled")
		}
		list[i].Settled = clock.Micros(c.now())
		if err := rows.Update(c.ctx, c.tx.DB(), &list[i]); err != nil {
			return err
		}
		if take {
			p.Values[list[i].Field] = json.RawMessage(list[i].Value)
			p.Revision++
			marks[list[i].Field] = p.Revision
			p.ChangedAt, p.ChangedBy = c.now(), actor.Person
		}
		c.tell("clash", string(id), "taken", take)
		return nil
	})
}

// Void declares a paper void, with a reason. A paper that was served or approved stays: it is corrected, not undone.
func (s *Service) Void(ctx context.Context, actor access.Actor, id ident.PaperID, reason string) error {
	reason, err := cleanReason(reason, "reason")
	if err != nil {
		return err
	}
	return s.onPaper(ctx, actor, access.PaperDraft, id, func(c *change, d catalogue.Document, p *matter.Paper, _ map[string]int) error {
		if err := c.writer(d); err != nil {
			return err
		}
		if _, served := c.f.Served(id); served || p.State == matter.Void || p.State == matter.Submitted {
			return fault.New(fault.Conflict, "paper.stays")
		}
		p.State, p.Reason, p.ChangedAt, p.ChangedBy = matter.Void, reason, c.now(), actor.Person
		c.tell("type", d.ID, "reason", reason)
		return c.absent(id)
	})
}
