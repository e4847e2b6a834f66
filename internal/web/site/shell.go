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
	action access.Action // the same as its route asks
	count  func(Counts) (n int, late bool)
	also   []string // addresses that belong here and do not begin with href
}

// places are the groups of the navigation, in the order pages show them.
var places = []struct {
	key   string
	items []place
}{
	{"", []place{
		{
			key: "nav.workbench", href: "/", icon: "layout-list", action: access.DutyList, also: []string{"/duties"},
			count: func(c Counts) (int, bool) { return c.Duties, c.Overdue > 0 },
		},
		{key: "nav.cases", href: "/cases", icon: "briefcase", action: access.CaseList, also: []string{"/papers"}},
		{key: "nav.activities", href: "/activities", icon: "map-pin", action: access.ActivityList},
	}},
	{"nav.group.media", []place{
		{key: "nav.library", href: "/recordings", icon: "movie", action: access.RecordingList},
		{key: "nav.upload", href: "/upload-files", icon: "upload", action: access.UploadCreate},
		{
			key: "nav.inbox", href: "/inbox", icon: "inbox", action: access.InboxList,
			count: func(c Counts) (int, bool) { return c.Inbox, false },
		},
		{key: "nav.handed", href: "/handed-in", icon: "folder", action: access.HandedList},
		{key: "nav.unlinked", href: "/unlinked", icon: "link", action: access.RecordingList},
		{key: "nav.viewings", href: "/viewings", icon: "eye", action: access.ViewingList, also: []string{"/looks"}, count: func(c Counts) (int, bool) { return c.Viewings, false }},
		{key: "nav.register", href: "/register", icon: "notebook", action: access.RegisterList},
		{key: "nav.discs", href: "/discs", icon: "disc", action: access.DiscList},
		{key: "nav.disclosures", href: "/disclosures", icon: "send", action: access.DisclosureList},
		{key: "nav.cards", href: "/cards", icon: "device-sd-card", action: access.RecordingList},
	}},
	{"nav.group.device", []place{
		{key: "nav.devices", href: "/devices", icon: "device-mobile", action: access.DeviceList, also: []string{"/device-import"}},
	}},
	{"nav.group.people", []place{
		{key: "nav.people", href: "/people", icon: "users", action: access.OrgView, also: []string{"/people-import", "/departments"}},
		{key: "nav.persons", href: "/persons", icon: "user", action: access.PersonList},
		{key: "nav.accounts", href: "/accounts", icon: "key", action: access.AccountList, also: []string{"/appointments"}},
		{key: "nav.tokens", href: "/tokens", icon: "plug", action: access.TokenList},
	}},
	{"nav.group.oversight", []place{
		{key: "nav.log", href: "/custody", icon: "timeline-event", action: access.LogView},
		{key: "nav.rules", href: "/rules", icon: "book", action: access.EditionView},
		{key: "nav.settings", href: "/settings", icon: "settings", action: access.SettingView},
		{key: "nav.policies", href: "/policies", icon: "scale", action: access.OrgView},
		{key: "nav.health", href: "/health", icon: "heartbeat", action: access.HealthView, count: func(c Counts) (int, bool) { return c.Damage, c.Damage > 0 }},
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
func (p *Page) current() string { return placeOf(p.R.URL.Path) }

func placeOf(path string) string {
	best, length := "", 0
	for _, g := range places {
		for _, i := range g.items {
			for _, begin := range append([]string{i.href}, i.also...) {
				inside := path == begin || begin != "/" && strings.HasPrefix(path, begin+"/")
				if inside && len(begin) > length {
					best, length = i.href, len(begin)
				}
			}
		}
	}
	return best
}
