package org

import (
	"context"
	"io"
	"slices"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
)

// draftPeople is the kind of a draft of people.
const draftPeople = "people"

// Preview shows what an import would do. Rows are those of the sheet with content; problems are by line, those of
// line 0 concern the headings. If Changes is 0 there is nothing to carry out and ID is empty.
type Preview struct {
	ID       ident.ImportID
	Rows     []PreviewRow
	Problems []ledger.Problem
	Count    map[Effect]int
}

// Changes is how many rows would change something.
func (p Preview) Changes() int { return p.Count[EffectNew] + p.Count[EffectChanged] }

// PreviewRow is one row and its effect. Changed lists the columns that differ from what is kept.
type PreviewRow struct {
	Line    int
	Effect  Effect
	Person  ident.PersonID // empty for a new one
	Cells   map[string]string
	Changed []string
}

// peopleDraft is what waits between preview and confirmation.
type peopleDraft struct {
	Rows     []ledger.Row
	Problems []ledger.Problem
	Shown    string // the fingerprint of what was shown
}

// PreviewPeople reads a sheet of people and certificates and says what would happen, without changing anything. Wrong
// rows do not hold back the others. What would change is kept for ApplyPeople, for a day. Faults: those of ledger.Read.
func (s *Service) PreviewPeople(ctx context.Context, actor access.Actor, xlsx []byte) (Preview, error) {
	id := ident.New[ident.ImportID]()
	subject := subjectOf("import", id)
	if err := s.c.Gate.Check(ctx, actor, access.OrgImport, subject); err != nil {
		return Preview{}, err
	}
	rows, problems, err := ledger.Read(xlsx, PeopleSheet())
	if err != nil {
		return Preview{}, err
	}
	var p Preview
	show := func(q bun.IDB) (string, error) {
		reg, err := s.register(ctx, q)
		if err != nil {
			return "", err
		}
		list, all := plan(reg, rows, problems)
		p = preview(rows, list, all)
		return fingerprint(list), nil
	}
	shown, err := show(s.c.DB.Reader)
	if err != nil || p.Changes() == 0 {
		return p, err
	}
	p.ID = id
	return p, s.c.Gate.Do(ctx, actor, access.OrgImport, subject, func(tx *gate.Tx) error {
		if err := SaveDraft(tx, id, draftPeople, peopleDraft{rows, problems, shown}); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{Outcome: custody.Intent, Detail: countDetail(p.Count)})
		return err
	})
}

func preview(rows []ledger.Row, list []planned, problems []ledger.Problem) Preview {
	p := Preview{Problems: problems, Count: map[Effect]int{}, Rows: make([]PreviewRow, len(list))}
	for i, x := range list {
		p.Rows[i] = PreviewRow{Line: x.Line, Effect: x.Effect, Person: x.Person.ID, Cells: rows[i].Cells, Changed: x.Changes}
		p.Count[x.Effect]++
	}
	return p
}

// ApplyPeople carries out a previewed import: one transaction, an entry for each person and certificate changed and
// one for the import. Wrong rows are left out. If the register changed since the preview so that something else than
// was shown would happen, it is fault Conflict "org.import_stale" and nothing is done.
func (s *Service) ApplyPeople(ctx context.Context, actor access.Actor, id ident.ImportID) (map[Effect]int, error) {
	var count map[Effect]int
	err := s.c.Gate.Do(ctx, actor, access.OrgImport, subjectOf("import", id), func(tx *gate.Tx) error {
		if err := lockTree(tx.Context(), tx.DB()); err != nil {
			return err
		}
		var d peopleDraft
		if err := TakeDraft(tx, id, draftPeople, &d); err != nil {
			return err
		}
		reg, err := s.register(tx.Context(), tx.DB())
		if err != nil {
			return err
		}
		list, problems := plan(reg, d.Rows, d.Problems)
		if fingerprint(list) != d.Shown {
			return fault.New(fault.Conflict, "org.import_stale")
		}
		for _, x := range list {
			if x.Effect == EffectNew || x.Effect == EffectChanged {
				if err := carryOut(tx, id, x); err != nil {
					return err
				}
			}
		}
		count = preview(d.Rows, list, problems).Count
		_, err = tx.Record(gate.Entry{Detail: countDetail(count)})
		return err
	})
	return count, err
}

func carryOut(tx *gate.Tx, id ident.ImportID, x planned) error {
	p := x.Person
	if x.Effect == EffectNew {
		p = Person{ID: ident.New[ident.PersonID](), Name: x.edit.Name, Number: x.edit.Number, Department: x.edit.Department, CreatedAt: tx.Now()}
		if err := addPerson(tx, p); err != nil {
			return err
		}
	} else if slices.ContainsFunc(x.Changes, func(c string) bool { return c == colName || c == colNumber || c == colDepartment }) {
		if err := editPerson(tx, p, x.edit); err != nil {
			return err
		}
	}
	if err := carryOutCertificate(tx, p, x); err != nil {
		return err
	}
	if x.proposal == nil {
		return nil
	}
	x.proposal.Person, x.proposal.AskedAt = p.ID, tx.Now()
	if err := upsertProposal(tx.Context(), tx.DB(), *x.proposal); err != nil {
		return err
	}
	_, err := tx.Record(gate.Entry{
		Action: "org.propose", Subject: entrySubject("person", p.ID), Related: []custody.Subject{entrySubject("import", id)},
		Detail: custody.Detail("username", nilIfEmpty(x.proposal.Username), "roles", nilIfEmpty(joinRoles(x.proposal.Roles))),
	})
	return err
}

func carryOutCertificate(tx *gate.Tx, p Person, x planned) error {
	switch {
	case x.certificate == nil:
		return nil
	case x.current == nil:
		return addCertificate(tx, Certificate{
			ID: ident.New[ident.CertificateID](), Person: p.ID, Number: x.certificate.Number, Kind: x.certificate.Kind,
			ValidFrom: x.certificate.ValidFrom, ValidTo: x.certificate.ValidTo,
		})
	case slices.Contains(x.Changes, colFrom), slices.Contains(x.Changes, colTo):
		return editCertificate(tx, *x.current, *x.certificate)
	}
	return nil
}

// register reads what a plan needs. A bureau has some hundred people; all of them are read.
func (s *Service) register(ctx context.Context, q bun.IDB) (register, error) {
	var reg register
	var err error
	if reg.tree, err = selectTree(ctx, q); err != nil {
		return reg, err
	}
	if reg.people, err = selectEverybody(ctx, q); err != nil {
		return reg, err
	}
	if reg.certificates, err = selectCertificates(ctx, q, nil); err != nil {
		return reg, err
	}
	reg.proposals, err = selectProposals(ctx, q, false)
	return reg, err
}

func countDetail(c map[Effect]int) []byte {
	return custody.Detail("new", c[EffectNew], "changed", c[EffectChanged], "unchanged", c[EffectUnchanged], "wrong", c[EffectWrong])
}

// PeopleTemplate writes an empty sheet to fill in, with one example row.
func PeopleTemplate(w io.Writer) error {
	return ledger.Template(w, "人员和证件", PeopleSheet(),
		[]string{"阿依努尔·买买提", "执法一科", "", "执法人员", "HT650001", "2024-01-01", "2028-12-31", "aynur"})
}

// WrongRows writes the rows that were left out, with their line and why, so that they can be mended and handed in
// again. words turns a problem into a sentence.
func (p Preview) WrongRows(w io.Writer, title, lineTitle, whyTitle string, spec ledger.Spec, words func(ledger.Problem) string) error {
	t := ledger.Table{Title: title, Columns: []ledger.Heading{{Title: lineTitle, Width: 8}}}
	for _, c := range spec.Columns {
		t.Columns = append(t.Columns, ledger.Heading{Title: c.Titles[0]})
	}
	t.Columns = append(t.Columns, ledger.Heading{Title: whyTitle, Width: 60})
	t.Rows = func(yield func([]any, error) bool) {
		for _, r := range p.Rows {
			if r.Effect != EffectWrong {
				continue
			}
			row := []any{r.Line}
			for _, c := range spec.Columns {
				row = append(row, r.Cells[c.Key])
			}
			why := ""
			for _, q := range p.Problems {
				if q.Line == r.Line {
					if why != "" {
						why += "\n"
					}
					why += words(q)
				}
			}
			if !yield(append(row, why), nil) {
				return
			}
		}
	}
	return ledger.Write(w, t)
}
