// Package whence is the part of a recording's page that says from whom it came, where somebody handed it in, and to whom it was given out.
package whence

import (
	"context"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/handed"
	"zhilu.dev/zhilu/internal/web/giveout"
	handedpages "zhilu.dev/zhilu/internal/web/handed"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Deps is what the part needs. Each asks nobody: the part shows only what the reader may know of.
type Deps struct {
	Handed   func(ctx context.Context, id ident.RecordingID) (*handed.Handing, error) // nil for the bureau's own footage
	MayKnow  func(actor access.Actor, action access.Action, h *handed.Handing) bool
	Given    func(ctx context.Context, id ident.RecordingID) ([]disclosure.Disclosure, error)
	MayGiven func(actor access.Actor, action access.Action, d *disclosure.Disclosure) bool
}

// Sheet is the part.
func (d Deps) Sheet(p *site.Page, r recording.Recording) (templ.Component, error) {
	facts, err := d.facts(p, r.ID)
	if err != nil || len(facts) == 0 {
		return templ.NopComponent, err
	}
	return sheet(p.P, facts), nil
}

func (d Deps) facts(p *site.Page, id ident.RecordingID) ([]ui.Fact, error) {
	pr := p.P
	var facts []ui.Fact
	h, err := d.Handed(p.Context(), id)
	if err != nil {
		return nil, err
	}
	if h != nil && d.MayKnow(p.Actor, access.HandedView, h) {
		f := ui.FactText(pr.T("whence.from"), "", pr.When(h.EndedAt, p.Now))
		f.Value = ui.TextLink(ui.Link{Text: listing.Join(pr, []string{record.Harmless(h.Giver), pr.T("handed.capacity." + string(h.Capacity))}), Href: handedpages.PathOf(h.ID)})
		facts = append(facts, f)
	}
	list, err := d.Given(p.Context(), id)
	for i := range list {
		if x := &list[i]; d.MayGiven(p.Actor, access.DisclosureView, x) {
			f := ui.FactText(pr.T("whence.to"), "", pr.T("disclosure.state."+string(x.State)))
			f.Value = ui.TextLink(ui.Link{Text: listing.Join(pr, []string{x.Number(), record.Harmless(x.To.Body)}), Href: giveout.Path + "/" + string(x.ID)})
			facts = append(facts, f)
		}
	}
	return facts, err
}
