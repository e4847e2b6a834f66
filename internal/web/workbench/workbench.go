// Package workbench is the front page (工作台): what the reader owes, the most urgent first and loudest; what is not due
// yet but to be known; for heads and leaders, who owes what. For the administrators, who owe nothing, it says what
// they can do.
package workbench

import (
	"context"
	"net/http"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Deps are what the page stands on.
type Deps struct {
	Duties   *duty.Book
	Org      *org.Service
	Accounts *account.Service
	Devices  *device.Inventory
	// Inbox counts what waits to be claimed, as far as the actor may know of it. It is asked only for who may list
	// the inbox.
	Inbox func(ctx context.Context, actor access.Actor) (int, error)
	// Grants are the actor's own grants to look that hold now, the one that ends first in front.
	Grants func(ctx context.Context, actor access.Actor) ([]viewing.Request, error)
}

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: site.HomePath, Action: access.DutyList, Handle: a.show},
		{Method: http.MethodPost, Path: "/duties/{id}/waive", Action: access.DutyWaive, Object: true, Handle: a.waive},
	}
}

type area struct{ d Deps }

// Owed counts what the actor owes, as the page lists it, and how much of it is overdue.
func Owed(ctx context.Context, book *duty.Book, actor access.Actor, now time.Time) (open, overdue int, err error) {
	a := area{Deps{Duties: book}}
	all, err := a.between(ctx, actor, time.Time{}, time.Time{}, perPage)
	if err != nil {
		return 0, 0, err
	}
	late, err := a.between(ctx, actor, time.Time{}, now, perPage)
	return all.count, late.count, err
}

// evidence reports whether the reader holds a role that can owe something.
func evidence(actor access.Actor) bool {
	return actor.Has(access.Officer, access.Custodian, access.Head, access.Leader, access.LegalReviewer, access.Supervisor)
}

// answers reports whether the reader answers for what others owe.
func answers(actor access.Actor) bool {
	return actor.Has(access.Head, access.Leader, access.Supervisor)
}

func (a area) show(p *site.Page) error {
	if id := p.Value("waive"); id != "" {
		return a.askWaive(p, id)
	}
	if b := duty.Bucket(p.Value("bucket")); b != "" {
		return a.bucket(p, b)
	}
	if !evidence(p.Actor) {
		return a.administrator(p)
	}
	if name := p.Value("view"); name != "" {
		return a.view(p, name)
	}
	title := p.P.T("workbench.title")
	groups, err := a.mine(p.Context(), p.Actor, p.Now, perGroup)
	if err != nil {
		return err
	}
	v := view{Sub: p.P.Long(p.Now), Actions: actions(p)}
	v.Next, v.Duties = a.duties(p, groups)
	if answers(p.Actor) {
		if v.Figures, err = a.figures(p, v.Duties.Count); err != nil {
			return err
		}
		if v.Others, err = a.others(p); err != nil {
			return err
		}
	}
	if v.Alerts, err = a.alerts(p); err != nil {
		return err
	}
	if v.Held, err = a.held(p); err != nil {
		return err
	}
	if v.Done, err = a.done(p); err != nil {
		return err
	}
	return p.Render(title, page(p.P, v))
}

// actions are the plain buttons beside the title: what this reader begins most often.
func actions(p *site.Page) []ui.Action {
	var out []ui.Action
	if p.May(access.UploadCreate, access.Subject{Kind: "page", ID: "/upload-files"}) {
		out = append(out, ui.Action{Text: p.P.T("workbench.upload"), Href: "/upload-files", Icon: "upload"})
	}
	if p.Actor.Has(access.Custodian) {
		out = append(out, ui.Action{Text: p.P.T("workbench.issue"), Href: "/devices?out=no&state=in_use", Icon: "device-mobile"})
	}
	return out
}
