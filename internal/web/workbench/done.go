package workbench

import (
	"cmp"
	"slices"

	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// done are the reader's own duties that ended last.
func (a area) done(p *site.Page) ([]ui.Done, error) {
	list, _, err := a.ended(p, "", perGroup)
	if err != nil {
		return nil, err
	}
	return doneRows(p, list), nil
}

// ended gives the reader's own ended duties behind a place, those ended latest first, and whether there are more.
func (a area) ended(p *site.Page, after string, limit int) (list []duty.Duty, more bool, err error) {
	for _, f := range owed(p.Actor) {
		f.Limit, f.After = limit, after
		got, err := a.d.Duties.Done(p.Context(), p.Actor, f)
		if err != nil {
			return nil, false, err
		}
		more = more || got.Next != ""
		for _, d := range got.Duties {
			if !slices.ContainsFunc(list, func(e duty.Duty) bool { return e.ID == d.ID }) {
				list = append(list, d)
			}
		}
	}
	slices.SortFunc(list, func(x, y duty.Duty) int { return cmp.Or(y.Closed.Compare(x.Closed), cmp.Compare(y.ID, x.ID)) })
	if len(list) > limit {
		return list[:limit], true, nil
	}
	return list, more, nil
}

func doneRows(p *site.Page, list []duty.Duty) []ui.Done {
	out := make([]ui.Done, 0, len(list))
	for _, d := range list {
		out = append(out, ui.Done{
			Text:  p.P.T(d.Kind.TitleKey(), d.TitleArgs()...),
			Facts: []string{p.P.When(d.Closed, p.Now), p.P.T("duty.standing." + string(d.Standing(p.Now)))},
		})
	}
	return out
}

// doneView is everything the reader has done, page by page (已办).
func (a area) donePage(p *site.Page) error {
	after := p.Value("after")
	list, more, err := a.ended(p, after, perPage)
	if err != nil {
		return err
	}
	v := doneView{Rows: doneRows(p, list)}
	if after != "" {
		v.Pager.First = viewHref(viewDone)
	}
	if more && len(list) > 0 {
		v.Pager.Next = viewHref(viewDone) + "&after=" + list[len(list)-1].DoneCursor()
	}
	return p.Render(p.P.T("workbench.done"), donePage(p.P, v))
}

func doneMore(p locale.Printer, v view) ui.Link {
	if len(v.Done) < perGroup {
		return ui.Link{}
	}
	return ui.Link{Text: p.T("workbench.done_all"), Href: viewHref(viewDone)}
}
