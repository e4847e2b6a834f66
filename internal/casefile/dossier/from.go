package dossier

import (
	"cmp"
	"slices"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Frame is what a case file does not say of itself.
type Frame struct {
	Bureau   string
	Versions []matter.Version                                  // every version of every paper
	Document func(id string) (catalogue.Document, bool)        // of the edition by which the case is judged
	Person   func(id ident.PersonID) string                    // a person's name
	Footage  []Footage                                         // of the recordings that are linked, file by file
	Void     string                                            // the note in the index about what is void (作废)
	Author   func(d catalogue.Document, p matter.Paper) string // 责任者; nil for the bureau
}

// Of gives a case file as a package holds it: of each paper the newest version that was ever fixed, in the order in which the papers
// were first fixed. A draft that never was, is no part of the file; one that is being corrected stands there as it was signed.
func Of(f matter.File, fr Frame) (*Case, error) {
	c := &Case{
		ID: string(f.Case.ID), No: f.Case.No, Title: f.Case.Title, Act: f.Case.Act, Procedure: string(f.Case.Procedure), State: string(f.Case.State),
		OpenedAt: f.Case.OpenedAt, Department: f.Case.Department, Papers: []Paper{}, Recordings: fr.Footage,
		names: map[string]string{},
	}
	fr.matter(c, f)
	first, last := map[ident.PaperID]matter.Version{}, map[ident.PaperID]matter.Version{}
	for _, v := range fr.Versions {
		if old, ok := first[v.Paper]; !ok || v.Number < old.Number {
			first[v.Paper] = v
		}
		if old, ok := last[v.Paper]; !ok || v.Number > old.Number {
			last[v.Paper] = v
		}
	}
	papers := slices.DeleteFunc(slices.Clone(f.Papers), func(p matter.Paper) bool { return last[p.ID].Number == 0 })
	slices.SortStableFunc(papers, func(a, b matter.Paper) int {
		return cmp.Or(first[a.ID].At.Compare(first[b.ID].At), cmp.Compare(a.ID, b.ID))
	})
	for _, p := range papers {
		x, err := fr.paper(f, p, last[p.ID])
		if err != nil {
			return nil, err
		}
		c.Papers, c.names[x.ID] = append(c.Papers, x), x.Title
	}
	return c, nil
}

// matter takes over what is said of the case itself. Whoever complained or informed never shows (decision 26).
func (fr *Frame) matter(c *Case, f matter.File) {
	for _, p := range f.Parties {
		if p.Role == matter.Complainant {
			continue
		}
		if p.Role == matter.PartyMain && p.EndedAt.IsZero() {
			c.parties = append(c.parties, p.Name)
		}
		c.Parties = append(c.Parties, Party{string(p.Role), string(p.Kind), p.Name, p.IDNumber, p.LegalRep, p.Address, p.Phone, p.AddedAt, p.EndedAt, p.Entry})
	}
	for _, h := range f.Handlers {
		c.Handlers = append(c.Handlers, Handler{string(h.Person), fr.name(h.Person), h.Certificate, h.Reason, h.Lead, h.From, h.Until, h.Entry})
	}
	for _, w := range f.Waivers {
		c.Waivers = append(c.Waivers, Waiver{w.Item, w.Reason, fr.name(w.By), w.At, w.Entry})
	}
	for _, r := range f.Reports {
		c.Events = append(c.Events, Event{r.Event, r.Basis, fr.name(r.By), r.On, r.At, r.Entry})
	}
}

func (fr *Frame) paper(f matter.File, p matter.Paper, v matter.Version) (Paper, error) {
	d, ok := fr.Document(p.Type)
	if !ok {
		return Paper{}, fault.New(fault.Internal, "dossier.type", p.Type)
	}
	content, err := form.Text(d, v.Values)
	if err != nil {
		return Paper{}, err
	}
	x := Paper{
		ID: string(p.ID), Type: p.Type, Title: d.ZH, No: p.No, State: string(p.State), Version: v.Number, FixedAt: v.At, FixedBy: string(v.By),
		Content: content, Digest: v.Digest, Entry: v.Entry, Author: fr.Bureau,
		document: d, values: v.Values, reason: v.Reason,
	}
	if fr.Author != nil {
		x.Author = fr.Author(d, p)
	}
	if p.State == matter.Void {
		x.Note = fr.Void
	}
	for _, s := range f.Signatures {
		if s.Paper == p.ID && s.Version == v.Number {
			x.Signatures = append(x.Signatures, Signature{
				Role: s.Role, Mode: string(s.Mode), Name: s.Name, Person: string(s.Person), Reason: s.Reason, Witness: s.Witness, At: s.At, Entry: s.Entry, Image: s.Image,
			})
		}
	}
	for _, a := range f.Approvals {
		if a.Paper != p.ID {
			continue
		}
		decision := "return"
		if a.Agreed {
			decision = "agree"
		}
		x.Approvals = append(x.Approvals, Approval{
			Step: string(a.Step), Decision: decision, Opinion: a.Opinion, By: fr.name(a.By), OnBehalfOf: fr.name(a.For), At: a.At, Entry: a.Entry,
		})
	}
	for _, s := range f.Deliveries {
		if s.Paper == p.ID {
			x.Deliveries = append(x.Deliveries, Delivery{Mode: s.Mode, Recipient: s.Recipient, Outcome: outcome(s), At: s.When(), Deemed: s.Deemed, Entry: s.Entry})
		}
	}
	return x, nil
}

func (fr *Frame) name(id ident.PersonID) string {
	if id == "" {
		return ""
	}
	return fr.Person(id)
}

func outcome(d matter.Delivery) string {
	switch {
	case d.Refused():
		return "refused"
	case !d.Taken.IsZero():
		return "received"
	}
	return "sent"
}
