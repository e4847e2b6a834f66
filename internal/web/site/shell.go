package site

import (
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/web/ui"
)

// place is a place of the navigation: who may go there is asked of the policies.
type place struct {
	key    string // of its label in the catalogues
	href   string
	icon   string
	action access.Action
	count  func(Counts) (n int, late bool)
}

// places are the groups of the navigation, in the order pages show them.
var places = []struct {
	key   string
	items []place
}{
	{"", []place{
		{"nav.workbench", "/", "layout-list", access.DutyList, func(c Counts) (int, bool) { return c.Duties, c.Overdue > 0 }},
	}},
	{"nav.group.media", []place{
		{"nav.library", "/recordings", "movie", access.RecordingList, nil},
		{"nav.upload", "/upload-files", "upload", access.UploadCreate, nil},
		{"nav.inbox", "/inbox", "inbox", access.InboxList, func(c Counts) (int, bool) { return c.Inbox, false }},
		{"nav.cards", "/cards", "device-sd-card", access.InboxList, nil},
	}},
	{"nav.group.device", []place{
		{"nav.devices", "/devices", "device-mobile", access.DeviceList, nil},
	}},
	{"nav.group.people", []place{
		{"nav.people", "/people", "users", access.OrgView, nil},
		{"nav.accounts", "/accounts", "key", access.AccountList, nil},
		{"nav.tokens", "/tokens", "plug", access.TokenList, nil},
	}},
	{"nav.group.oversight", []place{
		{"nav.log", "/custody", "timeline-event", access.LogView, nil},
		{"nav.settings", "/settings", "settings", access.SettingView, nil},
		{"nav.policies", "/policies", "scale", access.OrgView, nil},
		{"nav.health", "/health", "heartbeat", access.HealthView, nil},
	}},
}

// shell is everything around the page for this reader.
func (p *Page) shell() ui.Shell {
	s := p.site
	counts := s.c.Counts(p.R.Context(), p.Actor)
	sh := ui.Shell{
		P: p.P, Bureau: s.c.Bureau, Now: p.Now, Home: HomePath, Notices: counts.Overdue, NoticesHref: HomePath,
		AccountHref: PasswordPath, PreferHref: PreferPath, SignOutHref: SignOutPath, Path: p.R.URL.RequestURI(),
		Theme: p.theme, Size: p.size, Log: s.c.LogState(p.P),
		Person: ui.Person{Name: p.Actor.Name, Dept: s.c.DepartmentName(p.R.Context(), p.Actor.Department)},
	}
	for _, r := range p.Actor.Roles {
		sh.Person.Roles = append(sh.Person.Roles, p.P.T("role."+string(r)))
	}
	if p.May(access.RecordingList, access.Subject{Kind: "recording"}) {
		sh.Search = &ui.Search{Action: "/recordings", Value: p.R.URL.Query().Get("q")}
	}
	if p.May(access.LogView, access.Subject{Kind: "log"}) {
		sh.Log.Href = "/custody"
	} else {
		sh.Log.Href = ""
	}
	at := p.current()
	for _, g := range places {
		group := ui.NavGroup{}
		if g.key != "" {
			group.Label = p.P.T(g.key)
		}
		for _, i := range g.items {
			if !p.May(i.action, access.Subject{Kind: "page", ID: pageID(i.href)}) {
				continue
			}
			item := ui.NavItem{Text: p.P.T(i.key), Href: i.href, Icon: i.icon, Current: i.href == at}
			if i.count != nil {
				item.Count, item.Late = i.count(counts)
			}
			group.Items = append(group.Items, item)
		}
		if len(group.Items) > 0 {
			sh.Nav = append(sh.Nav, group)
		}
	}
	return sh
}

// current is the place of the navigation that this address belongs to: the longest that begins it.
func (p *Page) current() string {
	best := ""
	for _, g := range places {
		for _, i := range g.items {
			inside := p.R.URL.Path == i.href || i.href != "/" && strings.HasPrefix(p.R.URL.Path, i.href+"/")
			if inside && len(i.href) > len(best) {
				best = i.href
			}
		}
	}
	return best
}
