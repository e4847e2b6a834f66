// Package packing gathers what a case's package is made of (案卷包) from the services of the house, and has it printed.
package packing

import (
	"context"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/receipt"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/viewing"
)

// Press sets papers as PDF; *sheet.Press is one.
type Press interface {
	Ready() error
	Set(ctx context.Context, paper sheet.Paper) (sheet.PDF, error)
	SetOfficial(ctx context.Context, o sheet.Official) (sheet.PDF, error)
}

// People names people; *org.Service is one.
type People interface {
	Names(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error)
}

// Deps is what packing needs. Sequence gives waiting entries their place where no server does; nil leaves it to the server.
type Deps struct {
	DB       *db.DB
	Gate     *gate.Gate
	Clock    clock.Clock
	Cases    *casefile.Service
	People   People
	Words    *locale.Catalogue
	Press    Press
	Origin   string
	Bureau   string
	Sequence func(ctx context.Context) error
}

// Office packs cases.
type Office struct {
	d     Deps
	words locale.Printer // papers are printed in the official language
	svc   *dossier.Service
}

// New makes an office.
func New(d Deps) (*Office, error) {
	o := &Office{d: d, words: d.Words.For(locale.Chinese)}
	var err error
	o.svc, err = dossier.New(dossier.Config{
		DB: d.DB, Gate: d.Gate, Clock: d.Clock, FS: durable.OS(), Origin: d.Origin, Bureau: d.Bureau,
		Print: o.print, Cover: o.cover, Receipt: o.receipt, Consent: o.consent, Sequence: d.Sequence,
	})
	return o, err
}

// Make packs a case, which the caller read as somebody who may; what may be taken away is decided of actor and request. Fault
// Unavailable with what is missing where nothing can be printed.
func (o *Office) Make(ctx context.Context, actor access.Actor, f casefile.File, order dossier.Order) (dossier.Result, error) {
	return o.MakeWhole(ctx, actor, f, order, nil)
}

// MakeWhole is Make with what goes along with the papers; more plans it, nil for nothing. Whether the case may be taken away at all is asked first, so
// that a refusal is an entry.
func (o *Office) MakeWhole(ctx context.Context, actor access.Actor, f casefile.File, order dossier.Order, more func(c *dossier.Case) (dossier.More, error)) (dossier.Result, error) {
	if err := o.d.Press.Ready(); err != nil {
		return dossier.Result{}, err
	}
	c, err := o.Case(ctx, f)
	if err != nil {
		return dossier.Result{}, err
	}
	order.Case = c
	if more != nil {
		if _, _, err := o.svc.Ask(ctx, actor, c, order.Request); err != nil {
			return dossier.Result{}, err
		}
		if order.More, err = more(c); err != nil {
			return dossier.Result{}, err
		}
	}
	return o.svc.Make(ctx, actor, order)
}

// Case gives a case file as a package holds it.
func (o *Office) Case(ctx context.Context, f casefile.File) (*dossier.Case, error) {
	e, err := o.d.Cases.Edition(ctx, f)
	if err != nil {
		return nil, err
	}
	names, err := o.d.People.Names(ctx, people(f))
	if err != nil {
		return nil, err
	}
	fr := dossier.Frame{
		Bureau: o.d.Bureau, Document: e.Catalogue.Document, Void: o.words.T("dossier.index.void"),
		Person: func(id ident.PersonID) string { return names[id] },
		Author: func(d catalogue.Document, _ matter.Paper) string { return o.author(f, d) },
	}
	for _, p := range f.Papers {
		if p.Version == 0 {
			continue
		}
		versions, err := rows.VersionsOf(ctx, o.d.DB.Reader, p.ID)
		if err != nil {
			return nil, err
		}
		fr.Versions = append(fr.Versions, versions...)
	}
	if fr.Footage, err = o.footage(ctx, f); err != nil {
		return nil, err
	}
	return dossier.Of(f, fr)
}

// author says who answers for a paper: the party for what it handed in, else the bureau.
func (o *Office) author(f casefile.File, d catalogue.Document) string {
	if d.Kind == "party-submission" {
		for _, p := range f.Parties {
			if p.Role == matter.PartyMain {
				return p.Name
			}
		}
	}
	return o.d.Bureau
}

// people are all whom a package names by id.
func people(f casefile.File) []ident.PersonID {
	seen := map[ident.PersonID]bool{"": true}
	var out []ident.PersonID
	add := func(id ident.PersonID) {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	for _, h := range f.Handlers {
		add(h.Person)
	}
	for _, a := range f.Approvals {
		add(a.By)
		add(a.For)
	}
	for _, w := range f.Waivers {
		add(w.By)
	}
	for _, r := range f.Reports {
		add(r.By)
	}
	return out
}

// footage lists the files of the recordings that are linked to the case, each once. A recording that is not here any more is
// passed over: its link stands in the log.
func (o *Office) footage(ctx context.Context, f casefile.File) ([]dossier.Footage, error) {
	out := []dossier.Footage{}
	seen := map[ident.RecordingID]bool{}
	for _, l := range f.Links {
		if !l.Struck.IsZero() || seen[l.Recording] {
			continue
		}
		seen[l.Recording] = true
		marks, err := marking.For(ctx, o.d.DB.Reader, l.Recording)
		if err != nil {
			return nil, err
		}
		if err := marks.Refuse(); err != nil { // nothing of the case leaves until that is settled (decision 21)
			return nil, err
		}
		if marks.Withheld() { // it would show who informed (decision 26)
			continue
		}
		files, err := record.FilesOf(ctx, o.d.DB.Reader, l.Recording)
		if err != nil {
			return nil, err
		}
		for _, x := range files {
			out = append(out, dossier.Footage{Recording: x.Recording, File: x.ID, Name: x.Name, Size: x.Size, SHA256: x.SHA256, State: string(x.State)})
		}
	}
	return out, nil
}

// receipt gives the newest receipt of a file with its proof. The consent to take the case away covers it.
func (o *Office) receipt(ctx context.Context, _ access.Actor, file ident.FileID) ([]byte, error) {
	row, err := record.NewestReceipt(ctx, o.d.DB.Reader, file)
	if err != nil {
		return nil, err
	}
	if row.Body == "" {
		return nil, fault.New(fault.NotFound, "receipt.unknown")
	}
	signed, err := receipt.Parse([]byte(row.Body))
	if err != nil {
		return nil, err
	}
	if err := signed.Refresh(ctx, o.d.DB.Reader); err != nil {
		return nil, err
	}
	return signed.Render()
}

func (o *Office) consent(ctx context.Context, idb bun.IDB, person ident.PersonID, no int64, id string) (dossier.Consent, error) {
	r, err := viewing.ForCase(ctx, idb, o.d.Clock.Now(), person, no, ident.CaseID(id))
	if err != nil {
		return dossier.Consent{}, err
	}
	filmed, err := rows.Filmed(ctx, idb, ident.CaseID(id)) // one may have been frozen while papers were printed
	if err != nil {
		return dossier.Consent{}, err
	}
	marks, err := marking.ForAll(ctx, idb, filmed)
	if err != nil {
		return dossier.Consent{}, err
	}
	for _, m := range marks {
		if err := m.Refuse(); err != nil {
			return dossier.Consent{}, err
		}
	}
	return dossier.Consent{ID: r.ID, No: r.No, Until: r.Until}, nil
}

// Receipt gives the newest receipt of a file with its proof.
func (o *Office) Receipt(ctx context.Context, file ident.FileID) ([]byte, error) {
	return o.receipt(ctx, access.Actor{}, file)
}

// Print sets a paper of a case.
func (o *Office) Print(ctx context.Context, c *dossier.Case, p *dossier.Paper) (dossier.PDF, error) {
	if err := o.d.Press.Ready(); err != nil {
		return dossier.PDF{}, err
	}
	return o.print(ctx, c, p)
}

func (o *Office) print(ctx context.Context, c *dossier.Case, p *dossier.Paper) (dossier.PDF, error) {
	pdf, err := o.d.Press.SetOfficial(ctx, c.Official(o.words, o.d.Bureau, p))
	return dossier.PDF{Bytes: pdf.Bytes, Pages: pdf.Pages}, err
}

func (o *Office) cover(ctx context.Context, c *dossier.Case, x dossier.Index) (dossier.PDF, error) {
	pdf, err := o.d.Press.Set(ctx, c.IndexSheet(o.words, o.d.Bureau, x, o.d.Clock.Now()))
	return dossier.PDF{Bytes: pdf.Bytes, Pages: pdf.Pages}, err
}
