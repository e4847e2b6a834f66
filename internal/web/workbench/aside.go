package workbench

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

const (
	// expiryNotice is how long before its end a certificate is told of.
	expiryNotice = 60 * 24 * time.Hour
	// outTooLong is how long a device may be out before it is told of: article 19 gives its files a day.
	outTooLong = 24 * time.Hour
	// perAlert is how many of one kind are told one by one.
	perAlert = 3
)

// alerts tells what is not due yet, or nobody's duty, and still to be known. Each kind is told to those who can do
// something about it.
func (a area) alerts(p *site.Page) ([]ui.Alert, error) {
	var out []ui.Alert
	for _, find := range []func(*site.Page) ([]ui.Alert, error){a.soon, a.grants, a.outLong, a.inbox, a.strays, a.uncared, a.expiring} {
		got, err := find(p)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// soon tells of duties in the reader's scope of whose term three quarters are used (预警). What the reader owes today stands
// in the list of duties already.
func (a area) soon(p *site.Page) ([]ui.Alert, error) {
	if !evidence(p.Actor) {
		return nil, nil
	}
	_, today := duty.BucketToday.Bounds(p.Now)
	got, err := a.d.Duties.List(p.Context(), p.Actor, duty.Filter{Soon: true, Limit: perPage, Except: gathered()})
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(got.Duties, func(d duty.Duty) bool { return d.Person == p.Actor.Person && d.Due.Before(today) })
	names, err := a.owerNames(p, list)
	if err != nil {
		return nil, err
	}
	var out []ui.Alert
	for i, d := range list {
		if i == perAlert && len(list) > perAlert+1 {
			text := p.P.T("workbench.alert.soon_more", len(list)-perAlert)
			if got.Next != "" {
				text = p.P.T("workbench.alert.soon_many")
			}
			return append(out, ui.Alert{Title: ui.Link{Text: text, Href: viewHref(viewSoon)}, Used: -1}), nil
		}
		left, _ := p.P.Left(d.Due, p.Now)
		out = append(out, ui.Alert{
			Title: ui.Link{Text: p.P.T(d.Kind.TitleKey(), d.TitleArgs()...), Href: where(d)}, Left: left,
			Facts: []string{names[d.Person], p.P.T("duty.used", d.Used(p.Now))}, Used: d.Used(p.Now),
		})
	}
	return out, nil
}

// owerNames names who owes these duties; the reader's own and nobody's have no name.
func (a area) owerNames(p *site.Page, list []duty.Duty) (map[ident.PersonID]string, error) {
	var ids []ident.PersonID
	for _, d := range list {
		if d.Person != "" && d.Person != p.Actor.Person && !slices.Contains(ids, d.Person) {
			ids = append(ids, d.Person)
		}
	}
	if len(ids) == 0 {
		return map[ident.PersonID]string{}, nil
	}
	return a.d.Org.Names(p.Context(), ids)
}

// grants tells what the reader may look at now, and until when: they learn here that consent was given, and that it ends.
func (a area) grants(p *site.Page) ([]ui.Alert, error) {
	list, err := a.d.Grants(p.Context(), p.Actor)
	if err != nil {
		return nil, err
	}
	var out []ui.Alert
	for i, r := range list {
		if i == perAlert {
			out = append(out, ui.Alert{Title: ui.Link{Text: p.P.T("workbench.alert.grants_more", len(list)-perAlert), Href: "/viewings?view=inforce"}, Used: -1})
			break
		}
		left, _ := p.P.Left(r.Until, p.Now)
		al := ui.Alert{
			Title: ui.Link{Text: p.P.T("workbench.alert.grant", r.No), Href: "/viewings/" + string(r.ID)}, Left: left,
			Facts: []string{p.P.T("workbench.alert.grant_by", r.DecidedName)}, Used: -1,
		}
		if r.EndsSoon(p.Now) {
			al.Used = int(100 - 100*r.Until.Sub(p.Now)/viewing.WarnAhead)
		}
		out = append(out, al)
	}
	return out, nil
}

// expiring tells of certificates that end within two months or have ended (R-08-01).
func (a area) expiring(p *site.Page) ([]ui.Alert, error) {
	list, err := a.d.Org.Expiring(p.Context(), p.Actor, expiryNotice)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ids := make([]ident.PersonID, len(list))
	for i, c := range list {
		ids[i] = c.Person
	}
	names, err := a.d.Org.Names(p.Context(), ids)
	if err != nil {
		return nil, err
	}
	var out []ui.Alert
	for i, c := range list {
		if i == perAlert {
			out = append(out, ui.Alert{Title: ui.Link{Text: p.P.T("workbench.alert.certificates_more", len(list)-perAlert), Href: "/people?view=expiring"}, Used: -1})
			break
		}
		left := c.ValidTo.Sub(org.DayOf(p.Now))
		al := ui.Alert{
			Title: ui.Link{Text: p.P.T("workbench.alert.certificate", c.Number), Href: "/people/" + string(c.Person)},
			Left:  p.P.T("workbench.alert.days", int(left.Hours()/24)), Facts: []string{names[c.Person]},
			Used: int(max(0, 100-left*100/expiryNotice)),
		}
		if left < 0 {
			al.Left, al.Used = p.P.T("workbench.alert.certificate_over", p.P.Date(c.ValidTo)), -1
		}
		if c.Person == p.Actor.Person {
			al.Facts = []string{p.P.T("workbench.alert.certificate_own")}
		}
		out = append(out, al)
	}
	return out, nil
}

// uncared tells of departments without a custodian (R-21-2): intake goes on, and those who can mend it are told.
func (a area) uncared(p *site.Page) ([]ui.Alert, error) {
	all := p.Actor.Has(access.Leader, access.Supervisor, access.SecurityAdmin)
	if !all && !p.Actor.Has(access.Head) {
		return nil, nil
	}
	list, err := a.d.Accounts.WithoutCustodian(p.Context())
	if err != nil {
		return nil, err
	}
	var out []ui.Alert
	for _, d := range list {
		if all || slices.Contains(p.Actor.Departments, d.ID) {
			out = append(out, ui.Alert{Title: ui.Link{Text: p.P.T("workbench.alert.uncared", d.Name), Href: "/departments"}, Facts: []string{p.P.T("workbench.alert.uncared_text")}, Used: -1})
		}
	}
	return out, nil
}

// outLong tells of devices that have been out for a day or longer, those out longest first.
func (a area) outLong(p *site.Page) ([]ui.Alert, error) {
	if !p.May(access.DeviceList, access.Subject{Kind: "device"}) || p.Actor.Has(access.LegalReviewer) && !p.Actor.Has(access.Leader, access.Supervisor) {
		return nil, nil
	}
	got, err := a.d.Devices.Issues(p.Context(), p.Actor, device.IssueFilter{Open: true, Before: p.Now.Add(-outTooLong), Limit: org.MaxPage})
	if err != nil || len(got.Items) == 0 {
		return nil, err
	}
	list := got.Items
	slices.Reverse(list)
	var ids []ident.PersonID
	for _, e := range list {
		ids = append(ids, e.Person)
	}
	names, err := a.d.Org.Names(p.Context(), ids)
	if err != nil {
		return nil, err
	}
	var out []ui.Alert
	for i, e := range list {
		if i == perAlert {
			out = append(out, ui.Alert{Title: ui.Link{Text: p.P.T("workbench.alert.out_more", len(list)-perAlert), Href: "/devices?view=ledger&open=yes"}, Used: -1})
			break
		}
		out = append(out, ui.Alert{
			Title: ui.Link{Text: p.P.T("workbench.alert.out", e.Label), Href: "/devices/" + string(e.Device)},
			Left:  p.P.T("workbench.alert.out_for", p.P.Duration(p.Now.Sub(e.Issued))), Facts: []string{names[e.Person], e.Purpose}, Used: -1,
		})
	}
	return out, nil
}

// inbox tells how many files wait to be claimed.
func (a area) inbox(p *site.Page) ([]ui.Alert, error) {
	if a.d.Inbox == nil || !p.May(access.InboxList, access.Subject{Kind: "recording"}) {
		return nil, nil
	}
	n, err := a.d.Inbox(p.Context(), p.Actor)
	if err != nil || n == 0 {
		return nil, err
	}
	return []ui.Alert{{Title: ui.Link{Text: p.P.T("workbench.alert.inbox", n), Href: "/inbox"}, Facts: []string{p.P.T("workbench.alert.inbox_text")}, Used: -1}}, nil
}

// strays tells those who answer for recordings how many belong to no case, and how long the oldest has waited (R-22-4).
func (a area) strays(p *site.Page) ([]ui.Alert, error) {
	if !p.Actor.Has(access.Custodian) && !answers(p.Actor) {
		return nil, nil
	}
	f := duty.Filter{Kinds: gathered(), Limit: 1}
	got, err := a.d.Duties.List(p.Context(), p.Actor, f)
	if err != nil || len(got.Duties) == 0 {
		return nil, err
	}
	n, err := a.d.Duties.Count(p.Context(), p.Actor, f)
	if err != nil {
		return nil, err
	}
	oldest := got.Duties[0]
	return []ui.Alert{{
		Title: ui.Link{Text: p.P.T("workbench.alert.unlinked", upTo(p, n)), Href: "/unlinked"},
		Left:  p.P.T("workbench.alert.unlinked_oldest", p.P.Duration(p.Now.Sub(oldest.Since))), Used: min(oldest.Used(p.Now), 100),
	}}, nil
}

// held are the devices in the reader's hands.
func (a area) held(p *site.Page) ([]heldView, error) {
	if !p.May(access.DeviceList, access.Subject{Kind: "device"}) {
		return nil, nil
	}
	got, err := a.d.Devices.List(p.Context(), p.Actor, device.Filter{Holder: p.Actor.Person})
	if err != nil {
		return nil, err
	}
	var out []heldView
	for _, it := range got.Items {
		if it.Out == nil {
			continue
		}
		out = append(out, heldView{
			Title: p.P.T("workbench.held", it.Label), Href: "/devices/" + string(it.ID),
			Facts: []string{p.P.T("workbench.held_since", p.P.When(it.Out.Issued, p.Now)), it.Out.Purpose},
		})
	}
	return out, nil
}
