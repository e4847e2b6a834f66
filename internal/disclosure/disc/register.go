package disc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
	disccheck "zhilu.dev/zhilu/internal/verify/disc"
)

// The orders of the register.
const (
	SortNumber = ""    // newest first
	SortDue    = "due" // what is to be read again soonest first
)

// Filter narrows the register; empty fields do not.
type Filter struct {
	State State
	Case  ident.CaseID
	Words string    // in the number, the case's number or its name
	Due   time.Time // to be read again before
	Sort  string
}

// MaxCount is as far as the register is counted.
const MaxCount = 10_000

// Page is one page of the register.
type Page struct {
	Rows  []Disc
	Count int
}

// List gives a page of the register of discs in the actor's scope.
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, skip, limit int64) (Page, error) {
	if err := s.c.Gate.Check(ctx, actor, access.DiscList, access.Subject{Kind: "disc"}); err != nil {
		return Page{}, err
	}
	rows, err := selectDiscs(ctx, s.c.DB.Reader, access.ScopeOf(actor), f, max(skip, 0), min(max(limit, 1), 500))
	if err != nil {
		return Page{}, err
	}
	n, err := countDiscs(ctx, s.c.DB.Reader, access.ScopeOf(actor), f)
	return Page{rows, n}, err
}

// Export writes an entry with the filter and yields every row in scope, for Excel.
func (s *Service) Export(ctx context.Context, actor access.Actor, f Filter) (iter.Seq2[Disc, error], error) {
	scope := access.ScopeOf(actor)
	err := s.c.Gate.Do(ctx, actor, access.DiscExport, access.Subject{Kind: "ledger", ID: "discs"}, func(tx *gate.Tx) error {
		n, err := countDiscs(tx.Context(), tx.DB(), scope, f)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail("count", n, "state", orNil(string(f.State)), "case", orNil(string(f.Case)), "words", orNil(f.Words))})
		return err
	})
	if err != nil {
		return nil, err
	}
	return func(yield func(Disc, error) bool) {
		const chunk = 500
		for skip := int64(0); ; skip += chunk {
			rows, err := selectDiscs(ctx, s.c.DB.Reader, scope, f, skip, chunk)
			if err != nil {
				yield(Disc{}, err)
				return
			}
			for i := range rows {
				if !yield(rows[i], nil) {
					return
				}
			}
			if len(rows) < chunk {
				return
			}
		}
	}, nil
}

func (d *Disc) subject() access.Subject {
	return access.Subject{Kind: "disc", ID: string(d.ID), Department: d.Department, Officer: d.By}
}

// Get gives a disc to those who may know of it. NotFound "disc.unknown".
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.DiscID) (*Disc, []Copy, []Check, error) {
	d, err := discBy(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.DiscView, d.subject()); err != nil {
		return nil, nil, nil, err
	}
	copies, err := copiesOf(ctx, s.c.DB.Reader, id)
	if err != nil {
		return nil, nil, nil, err
	}
	checks, err := checksOf(ctx, s.c.DB.Reader, id)
	return d, copies, checks, err
}

// May tells whether the actor may do something about a disc, to show or hide a button.
func (s *Service) May(actor access.Actor, action access.Action, d *Disc) bool {
	return s.c.Gate.May(actor, action, d.subject())
}

var numberForm = regexp.MustCompile(`^〔?([0-9]{4})〕?[-/ ]?(?:光盘)?([0-9]{1,9})号?$`)

// Numbered gives a disc by its number, as it is printed or as "2026-3".
func (s *Service) Numbered(ctx context.Context, number string) (*Disc, error) {
	m := numberForm.FindStringSubmatch(strings.TrimSpace(number))
	if m == nil {
		return nil, fault.New(fault.NotFound, "disc.unknown").At("disc")
	}
	year, err := strconv.Atoi(m[1])
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "disc.unknown").At("disc")
	}
	seq, err := strconv.ParseInt(m[2], 10, 64)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "disc.unknown").At("disc")
	}
	return discByNumber(ctx, s.c.DB.Reader, year, seq)
}

// CopyEdit says of one physical copy who keeps it and where.
type CopyEdit struct{ Medium, Custodian, Place string }

// maxWords bounds what a person writes, in characters.
const maxWords = 200

func words(s, field string, needed bool) (string, error) {
	s = oneLine(clean(s))
	if n := utf8.RuneCountInString(s); n > maxWords || needed && n == 0 {
		return "", fault.New(fault.Invalid, "disc.words", maxWords).At(field)
	}
	return s, nil
}

// AddCopy writes down one more physical copy: the first is the original (正本), the others duplicates (副本). Conflict "disc.not_made".
func (s *Service) AddCopy(ctx context.Context, actor access.Actor, id ident.DiscID, e CopyEdit) (c Copy, err error) {
	row := &copyRow{ID: ident.New[ident.DiscCopyID](), Disc: id, By: actor.Person, ByName: actor.Name}
	for _, f := range []struct {
		to     *string
		value  string
		field  string
		needed bool
	}{{&row.Medium, e.Medium, "medium", true}, {&row.Custodian, e.Custodian, "custodian", true}, {&row.Place, e.Place, "place", true}} {
		if *f.to, err = words(f.value, f.field, f.needed); err != nil {
			return c, err
		}
	}
	seen, err := discBy(ctx, s.c.DB.Reader, id)
	if err != nil {
		return c, err
	}
	err = s.c.Gate.Do(ctx, actor, access.DiscShelve, seen.subject(), func(tx *gate.Tx) error {
		d, err := lockDisc(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if d.State != Made {
			return fault.New(fault.Conflict, "disc.not_made")
		}
		have, err := copiesOf(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		row.N, row.At = len(have)+1, micros(tx.Now())
		said, err := insertSaid(tx.Context(), tx.DB(), "disc_copy", row, row.vouched().Says)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Related: []custody.Subject{{Kind: "disc_copy", ID: string(row.ID)}}, Detail: custody.Detail(append(said, "number", d.Number, "copy", row.N)...)})
		return err
	})
	return row.copy(), err
}

// CheckOf is what one read of a disc found.
type CheckOf struct {
	Copy   int
	Source string // "image", "folder" or "drive"
	Report *verify.Report
}

// Read reads a disc where it lies: a drive, an image or a folder, and tells whether it is whole and the one of this number. Found names what is not.
func (s *Service) Read(ctx context.Context, d *Disc, from string) (c CheckOf, found []string, err error) {
	info, err := os.Stat(from)
	if err != nil {
		return c, nil, fault.Wrap(err, fault.NotFound, "verify.unreadable", from)
	}
	c.Source = "image"
	switch {
	case info.IsDir():
		c.Source = "folder"
	case info.Mode()&os.ModeDevice != 0:
		c.Source = "drive"
	}
	raw, _, err := s.trust(ctx)
	if err != nil {
		return c, nil, err
	}
	t, err := verify.ParseTrust(raw)
	if err != nil {
		return c, nil, err
	}
	if c.Report, err = disccheck.Target(ctx, from, verify.Options{Clock: s.c.Clock, Trust: t}); err != nil {
		return c, nil, err
	}
	return c, wrong(d, c.Report), nil
}

// wrong lists what a report says against a disc.
func wrong(d *Disc, r *verify.Report) []string {
	var out []string
	for _, f := range []verify.Finding{r.RecordIntact, r.SignerTrusted, r.InLog} {
		for _, why := range f.Reasons {
			if f.Answer != verify.Yes && f.Answer != verify.NotYet {
				out = append(out, strings.TrimSpace(why.Code+" "+why.What))
			}
		}
	}
	switch {
	case r.Disc == nil:
		out = append(out, "disc.none")
	case r.Disc.ID != string(d.ID) || r.Disc.ManifestSHA256 != d.ManifestSHA256:
		out = append(out, "disc.other "+r.Disc.Number)
	case len(out) == 0 && r.ExitCode() != verify.ExitOK:
		out = append(out, "disc.unsure")
	}
	return out
}

// Record writes down that a disc was read and what was found: a whole one ends the duty to read it back and opens the next. Who reads
// it on another machine brings the report. Conflict "disc.not_made".
func (s *Service) Record(ctx context.Context, actor access.Actor, id ident.DiscID, c CheckOf) (Check, error) {
	seen, err := discBy(ctx, s.c.DB.Reader, id)
	if err != nil {
		return Check{}, err
	}
	if c.Report == nil {
		return Check{}, errors.New("disc: no report")
	}
	found := wrong(seen, c.Report)
	text := strings.Join(found[:min(len(found), 50)], "\n")
	if len(text) > 8000 {
		text = strings.ToValidUTF8(text[:8000], "")
	}
	row := &checkRow{ID: ident.New[ident.DiscCheckID](), Disc: id, Copy: c.Copy, Source: cmp.Or(c.Source, "image"), Found: text, By: actor.Person, ByName: actor.Name}
	if len(found) == 0 {
		row.Whole = 1
	}
	every := s.c.Reread(ctx)
	err = s.c.Gate.Do(ctx, actor, access.DiscCheck, seen.subject(), func(tx *gate.Tx) error {
		d, err := lockDisc(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if d.State != Made {
			return fault.New(fault.Conflict, "disc.not_made")
		}
		copies, err := copiesOf(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if c.Copy < 0 || c.Copy > len(copies) {
			return fault.New(fault.NotFound, "disc.copy_unknown").At("copy")
		}
		n, err := countChecks(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		row.At = micros(tx.Now())
		said, err := insertSaid(tx.Context(), tx.DB(), "disc_check", row, row.vouched().Says)
		if err != nil {
			return err
		}
		if row.Whole != 0 {
			d.CheckedAt, d.RereadDue = tx.Now(), tx.Now().Add(every)
			if err := updateDisc(tx.Context(), tx.DB(), d); err != nil {
				return err
			}
		}
		more, err := sayDisc(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		entry, err := tx.Record(gate.Entry{
			Related: []custody.Subject{{Kind: "disc_check", ID: string(row.ID)}},
			Detail:  custody.Detail(append(append(said, more...), "number", d.Number, "copy", c.Copy, "whole", row.Whole != 0, "source", row.Source, "wrong", len(found))...),
		})
		if err != nil || row.Whole == 0 {
			return err
		}
		return s.next(tx, d, n, entry)
	})
	return row.check(), err
}

// next ends the duties that a good read meets, and opens the one to read again.
func (s *Service) next(tx *gate.Tx, d *Disc, round int, entry ident.EntryID) error {
	if err := duty.Meet(tx, duty.DiscReadback, d.about(), entry); err != nil {
		return err
	}
	open, err := duty.OpenAbout(tx.Context(), tx.DB(), string(d.ID))
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.Kind == duty.DiscReread {
			if err := duty.Meet(tx, duty.DiscReread, o.Subject, entry); err != nil {
				return err
			}
		}
	}
	_, err = duty.Open(tx, duty.New{
		Kind: duty.DiscReread, Subject: custody.Subject{Kind: "disc", ID: fmt.Sprintf("%s/%d", d.ID, round+1)}, Department: d.Department, Due: d.RereadDue,
		Args: map[string]any{"no": d.Number},
	})
	return err
}

// Label gives the label as PDF (标签): number, case, copies, custodian, the head of the log and the fingerprint to compare with.
func (s *Service) Label(ctx context.Context, actor access.Actor, id ident.DiscID) (*Disc, []byte, error) {
	d, copies, _, err := s.Get(ctx, actor, id)
	if err != nil {
		return nil, nil, err
	}
	if d.State != Made {
		return nil, nil, fault.New(fault.Conflict, "disc.not_made")
	}
	if err := s.c.Sheets.Ready(); err != nil {
		return nil, nil, err
	}
	_, fingerprint, err := s.trust(ctx)
	if err != nil {
		return nil, nil, err
	}
	pdf, err := s.c.Sheets.Label(ctx, *d, copies, fingerprint)
	return d, pdf, err
}
