package casefile

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
)

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// reckon counts the case's time limits anew and keeps how each stands. A limit whose cause is gone stays, marked so.
func (c *change) reckon() error {
	for i := range c.f.Deliveries {
		p, ok := c.f.Paper(c.f.Deliveries[i].Paper)
		if !ok || c.f.Deliveries[i].Entry == c.entry {
			continue
		}
		before := c.f.Deliveries[i]
		if err := c.judge(i, p); err != nil {
			return err
		}
		if now := c.f.Deliveries[i]; now.State != before.State || !now.Deemed.Equal(before.Deemed) {
			if err := c.set("case_delivery", rows.OfDelivery(now)); err != nil {
				return err
			}
		}
	}
	now := procedure.Limits(c.f, c.edition.Catalogue, c.edition.Calendar)
	kept := len(c.f.Limits)
	before := make([]rows.Limit, kept)
	for i, l := range c.f.Limits {
		before[i] = *rows.OfLimit(l)
		c.f.Limits[i].Gone = !slices.ContainsFunc(now, func(l matter.Limit) bool { return same(l, c.f.Limits[i]) })
	}
	for _, l := range now {
		i := slices.IndexFunc(c.f.Limits, func(x matter.Limit) bool { return same(x, l) })
		if i < 0 {
			l.ID, l.Case = ident.New[ident.LimitID](), c.f.Case.ID
			c.f.Limits = append(c.f.Limits, l)
			if err := rows.Insert(c.ctx, c.tx.DB(), rows.OfLimit(l)); err != nil {
				return err
			}
			continue
		}
		l.ID, l.Case = c.f.Limits[i].ID, c.f.Case.ID
		c.f.Limits[i] = l
	}
	for i, l := range c.f.Limits[:kept] {
		row := rows.OfLimit(l)
		if *row == before[i] {
			continue
		}
		if err := rows.Update(c.ctx, c.tx.DB(), row); err != nil {
			return err
		}
	}
	return nil
}

func same(a, b matter.Limit) bool { return a.Term == b.Term && a.Source == b.Source }

// nextDue is when the first of the case's own time limits ends.
func (c *change) nextDue() time.Time {
	var due time.Time
	for _, l := range c.f.Limits {
		if Running(l) && c.f.Case.State != matter.Archived && (due.IsZero() || l.Due.Before(due)) {
			due = l.Due
		}
	}
	return due
}

// Running reports whether a time limit is owed by the house and not met yet.
func Running(l matter.Limit) bool { return l.Duty && !l.Gone && l.Met.IsZero() && !l.Due.IsZero() }

// paperDays is how long a paper may take where no statute says: its stage has none of its own.
const (
	paperDays    = 30
	approvalDays = 3
	filmDays     = 7
)

// want is a duty that should be open.
type want struct {
	kind    duty.Kind
	subject custody.Subject
}

// duties opens what the case now owes and closes what it owes no longer (第七至十三条 as duties).
func (c *change) duties() error {
	list := procedure.Check(c.f, c.edition.Catalogue)
	wanted := c.wanted(list)
	open, err := duty.OpenAbout(c.ctx, c.tx.DB(), string(c.f.Case.ID))
	if err != nil {
		return err
	}
	for _, d := range open {
		n, ok := wanted[want{d.Kind, d.Subject}]
		switch {
		case !ok && c.gone(d, list):
			err = duty.Cancel(c.tx, d.Kind, d.Subject, "case_changed")
		case !ok:
			err = duty.Meet(c.tx, d.Kind, d.Subject, c.entry)
		default:
			if err = duty.Reschedule(c.tx, d.Kind, d.Subject, d.Since, n.Due, "reckoned_anew"); err == nil {
				err = duty.Reassign(c.tx, d.Kind, d.Subject, n.Person, n.Department)
			}
		}
		if err != nil {
			return err
		}
	}
	keys := slices.SortedFunc(maps.Keys(wanted), func(a, b want) int {
		return strings.Compare(string(a.kind)+a.subject.Kind+a.subject.ID, string(b.kind)+b.subject.Kind+b.subject.ID)
	})
	for _, k := range keys {
		if slices.ContainsFunc(open, func(d duty.Duty) bool { return d.Kind == k.kind && d.Subject == k.subject }) {
			continue
		}
		if _, err := duty.Open(c.tx, wanted[k]); err != nil {
			return err
		}
	}
	return nil
}

// gone reports whether a duty ended because the case changed under it, and not because somebody did what was owed.
func (c *change) gone(d duty.Duty, list procedure.Checklist) bool {
	if c.f.Case.State == matter.Withdrawn || c.f.Case.State == matter.Joined {
		return true
	}
	_, key, _ := strings.Cut(d.Subject.ID, "/")
	switch d.Kind {
	case duty.CaseTerm:
		i := slices.IndexFunc(c.f.Limits, func(l matter.Limit) bool { return string(l.ID) == key })
		return i < 0 || c.f.Limits[i].Met.IsZero()
	case duty.CasePaper, duty.CaseFilm:
		i := slices.IndexFunc(list.Items, func(it procedure.Item) bool { return it.Key == key })
		return i < 0 || list.Items[i].Standing != procedure.Present && list.Items[i].Standing != procedure.Underway
	case duty.DecidePaper, duty.DecidePaperLegal, duty.DecidePaperLeader, duty.AgreePaper, duty.SignPaper:
		return false
	case duty.Store, duty.ExplainLate, duty.SettleInbox, duty.ExplainMissing, duty.DecideViewing, duty.SecondConsent, duty.DecideMasked, duty.ConfirmLook, duty.LinkRecording, duty.PersonMatter, duty.SecretReport,
		duty.DisclosureReceipt, duty.CaseForReview, duty.CaseForCourt, duty.DiscReadback, duty.DiscReread, duty.ReturnLoan,
		duty.CloseActivity, duty.ReportStop, duty.ReceiveReport, duty.WriteStop, duty.AnswerGap: // not a case's
	}
	return true
}

// wanted lists the duties the case should have open.
func (c *change) wanted(list procedure.Checklist) map[want]duty.New {
	out := map[want]duty.New{}
	if c.f.Case.State == matter.Withdrawn || c.f.Case.State == matter.Joined || c.f.Case.State == matter.Archived {
		return out
	}
	lead := ident.PersonID("")
	handlers := c.f.Current()
	if len(handlers) > 0 {
		lead = handlers[0].Person
	}
	add := func(k duty.Kind, key string, person ident.PersonID, due time.Time, args map[string]any) {
		args["no"] = c.f.Case.No
		s := custody.Subject{Kind: "case", ID: string(c.f.Case.ID) + "/" + key}
		out[want{k, s}] = duty.New{Kind: k, Subject: s, Person: person, Department: c.f.Case.Department, Due: due, Args: args}
	}
	for _, l := range c.f.Limits {
		if t, ok := c.edition.Catalogue.Term(l.Term); ok && Running(l) {
			add(duty.CaseTerm, string(l.ID), lead, l.Due, map[string]any{"name": t.ZH})
		}
	}
	if c.f.Case.State != matter.Suspended {
		c.wantItems(add, list, lead)
	}
	c.wantVoices(add, handlers)
	return out
}

type adder func(k duty.Kind, key string, person ident.PersonID, due time.Time, args map[string]any)

// wantItems: a stage opens one duty for each paper, service and recording it demands.
func (c *change) wantItems(add adder, list procedure.Checklist, lead ident.PersonID) {
	for _, it := range list.Owed(c.f.Case.Stage) {
		d, _ := c.edition.Catalogue.Document(it.Document)
		switch {
		case it.Sort == procedure.ForFilm:
			p, _ := c.f.Paper(it.Papers[0])
			add(duty.CaseFilm, it.Key, lead, p.DoneAt.AddDate(0, 0, filmDays), map[string]any{"name": d.ZH})
		case it.Standing == procedure.Missing:
			add(duty.CasePaper, it.Key, lead, c.f.Case.OpenedAt.AddDate(0, 0, paperDays), map[string]any{"name": d.ZH})
		}
	}
}

// wantVoices: a paper on its way waits for somebody's word, a fixed one for somebody's signature.
func (c *change) wantVoices(add adder, handlers []matter.Handler) {
	kinds := map[matter.Step]duty.Kind{
		matter.StepUnit: duty.DecidePaper, matter.StepLegal: duty.DecidePaperLegal, matter.StepLeader: duty.DecidePaperLeader,
	}
	for _, p := range c.f.Papers {
		d, ok := c.edition.Catalogue.Document(p.Type)
		if !ok {
			continue
		}
		args := func() map[string]any { return map[string]any{"name": d.ZH} }
		switch p.State {
		case matter.Submitted:
			step, waits := Waiting(c.f, c.edition.Catalogue, p)
			due := p.FixedAt.AddDate(0, 0, approvalDays)
			switch {
			case !waits:
			case step == matter.StepHandler:
				for _, h := range handlers {
					if !slices.ContainsFunc(c.f.Said(p.ID, c.f.Round(p.ID)), func(a matter.Approval) bool { return a.By == h.Person }) {
						add(duty.AgreePaper, string(p.ID)+"/"+string(h.Person), h.Person, due, args())
						break
					}
				}
			default:
				add(kinds[step], string(p.ID), "", due, args())
			}
		case matter.Fixed:
			for _, w := range procedure.Signatures(c.f, d, p) {
				if procedure.OfHouse(w.Role) != "handler" || w.Count >= w.Need || !w.Required {
					continue
				}
				for _, h := range handlers {
					if !slices.ContainsFunc(c.f.SignedBy(p), func(s matter.Signature) bool { return s.Role == w.Role && s.Person == h.Person }) {
						add(duty.SignPaper, string(p.ID)+"/"+w.Role+"/"+string(h.Person), h.Person, p.FixedAt.AddDate(0, 0, approvalDays), args())
						break
					}
				}
			}
		case matter.Draft, matter.Returned, matter.Complete, matter.Void: // nobody's voice is waited for
		}
	}
}
