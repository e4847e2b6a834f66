package disclosure

import (
	"context"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/viewing"
)

// Order says what package is wanted.
type Order struct {
	Request   int64 // number of one's own approved request
	Items     []Item
	Papers    []ident.PaperID
	Recipient string // public key (age1…); empty: a passphrase will be given when it is taken away
}

// manners are those in which something leaves the bureau.
var manners = []viewing.Manner{viewing.MannerProvide, viewing.MannerPublish}

// OriginalWords is what the leader's decision must say so that an original leaves which a mark would mask: the recipient's lawful
// basis covers it, and somebody answers for that in words.
const OriginalWords = "提供原件"

// Make has a package put together on one's own approved request (R-20-2, R-25-5). It is numbered in the order of asking. Faults:
// Invalid "disclosure.items" (none, or one that the request does not name), "disclosure.papers", "disclosure.key"; Conflict
// "marking.frozen", "disclosure.withheld" (a recording that would show who informed), "disclosure.masked" (a mark demands a
// masked copy), "disclosure.span" (an original, where only a span was approved), "disclosure.copy" (a copy that is not ready,
// of something else, or of more than was approved).
func (s *Service) Make(ctx context.Context, by access.Actor, o Order) (*Disclosure, error) {
	if o.Recipient = strings.TrimSpace(o.Recipient); o.Recipient != "" {
		if _, err := RecipientOf(o.Recipient); err != nil {
			return nil, err
		}
	}
	d := &Disclosure{ID: ident.New[ident.DisclosureID](), State: Making, By: by.Person, ByAccount: by.ID, ByName: by.Name, Recipient: o.Recipient, Items: o.Items, Papers: o.Papers}
	ground := ""
	r, err := viewing.Allowed(ctx, s.c.DB.Reader, s.c.Clock.Now(), by.Person, o.Request, manners...)
	switch {
	case err == nil:
		ground = "consent"
		d.take(r)
	case !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict):
		return nil, err
	}
	if err := s.c.Gate.Check(ctx, by, access.DisclosureMake, d.subject(ground)); err != nil {
		return nil, err
	}
	copies, err := s.copies(ctx, d)
	if err != nil {
		return nil, err
	}
	if err := s.papers(ctx, d, r); err != nil {
		return nil, err
	}
	err = s.c.Gate.Do(ctx, by, access.DisclosureMake, d.subject(ground), func(tx *gate.Tx) error {
		r, err := s.holds(tx.Context(), tx.DB(), tx.Now(), d)
		if err != nil {
			return err
		}
		if err := s.fit(tx.Context(), tx.DB(), d, r, copies); err != nil {
			return err
		}
		d.AskedAt, d.Year = tx.Now(), tx.Now().In(clock.Shanghai).Year()
		if err := insert(tx.Context(), tx.DB(), d); err != nil {
			return err
		}
		if err := record(tx, d, custody.Opened, "items", len(d.Items), "papers", len(d.Papers)); err != nil {
			return err
		}
		return tx.Enqueue(PackArgs{d.ID})
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// take takes over what the request says.
func (d *Disclosure) take(r *viewing.Request) {
	d.Request, d.RequestNo, d.Manner, d.To, d.Purpose, d.Words, d.Case, d.Department = r.ID, r.No, r.Manner, r.To, r.Purpose, r.Words, r.Case, r.Department
}

// holds gives the request a package rests on, if it still does.
func (s *Service) holds(ctx context.Context, idb bun.IDB, now time.Time, d *Disclosure) (*viewing.Request, error) {
	return viewing.Allowed(ctx, idb, now, d.By, d.RequestNo, manners...)
}

// copies reads the masked copies that are wanted.
func (s *Service) copies(ctx context.Context, d *Disclosure) (map[string]Copy, error) {
	out := map[string]Copy{}
	for _, i := range d.Items {
		if i.Original() || s.c.Copies == nil {
			continue
		}
		list, err := s.c.Copies(ctx, i.Recording)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			out[c.ID] = c
		}
	}
	return out, nil
}

// papers checks that each paper that is wanted was fixed and belongs to the request's case.
func (s *Service) papers(ctx context.Context, d *Disclosure, r *viewing.Request) error {
	if len(d.Items)+len(d.Papers) == 0 {
		return fault.New(fault.Invalid, "disclosure.items").At("items")
	}
	if len(d.Papers) == 0 {
		return nil
	}
	if r == nil || r.Case == "" || s.c.Case == nil {
		return fault.New(fault.Invalid, "disclosure.papers").At("papers")
	}
	c, err := s.c.Case(ctx, r.Case)
	if err != nil {
		return err
	}
	for _, id := range d.Papers {
		if _, ok := c.Paper(string(id)); !ok {
			return fault.New(fault.Invalid, "disclosure.papers").At("papers")
		}
	}
	return nil
}

// fit checks each item against what was approved and what stands marked. It is asked when a package is ordered, when it is packed,
// and again and again while it is sent.
func (s *Service) fit(ctx context.Context, idb bun.IDB, d *Disclosure, r *viewing.Request, copies map[string]Copy) error {
	recs := make([]ident.RecordingID, len(d.Items))
	for i := range d.Items {
		recs[i] = d.Items[i].Recording
	}
	marks, err := marking.ForAll(ctx, idb, recs)
	if err != nil {
		return err
	}
	seen := map[Item]bool{}
	for _, i := range d.Items {
		n := slices.IndexFunc(r.Items, func(x viewing.Item) bool { return x.Recording == i.Recording })
		if n < 0 || seen[i] {
			return fault.New(fault.Invalid, "disclosure.items").At("items")
		}
		seen[i] = true
		if err := Suits(i, r, r.Items[n], marks[i.Recording], copies); err != nil {
			return err
		}
	}
	return nil
}

// Suits is the rule for one item (decisions 21 and 26).
func Suits(i Item, r *viewing.Request, allowed viewing.Item, m marking.Set, copies map[string]Copy) error {
	c, ready := copies[i.Copy]
	switch {
	case m.Frozen():
		return m.Refuse()
	case m.Withheld():
		return fault.New(fault.Conflict, "disclosure.withheld").Under("20")
	case !i.Original() && (!ready || c.Recording != i.Recording || !within(c, allowed)):
		return fault.New(fault.Conflict, "disclosure.copy").At("items")
	case i.Original() && !allowed.Whole():
		return fault.New(fault.Conflict, "disclosure.span").At("items")
	case m.Masked() && (i.Original() || !c.Masked) && (r.Manner == viewing.MannerPublish || !strings.Contains(r.DecidedWords, OriginalWords)):
		return fault.New(fault.Conflict, "disclosure.masked").Under("20").At("items")
	}
	return nil
}

// within reports whether a copy shows no more than was approved.
func within(c Copy, allowed viewing.Item) bool {
	return allowed.Whole() || c.From >= allowed.From && c.To > 0 && (allowed.To == 0 || c.To <= allowed.To)
}

// RecipientOf reads a public key: Invalid "disclosure.key".
func RecipientOf(key string) (age.Recipient, error) {
	list, err := age.ParseRecipients(strings.NewReader(key))
	if err != nil || len(list) != 1 {
		return nil, fault.Wrap(err, fault.Invalid, "disclosure.key").At("key")
	}
	return list[0], nil
}
