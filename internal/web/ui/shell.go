// Package ui holds the parts that pages are made of: the layout and its components, as templ templates over typed
// views. A view carries words that are already in the reader's language, or codes that the catalogues know; no
// domain object and no map comes in here, and no component decides anything.
//
// Everything works without scripts; classes and words follow docs/design. No component writes inline style or
// script, so that the policy "default-src 'self'" holds.
package ui

import (
	"encoding/json"
	"html"
	"strings"
	"time"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/locale"
)

// Theme is light or dark; it is set by the server so that nothing flashes.
type Theme string

// The themes. The empty one is light.
const (
	Light Theme = "light"
	Dark  Theme = "dark"
)

// Size is the size of text.
type Size string

// The sizes. The empty one is normal; Large is 大字版.
const (
	Normal Size = "normal"
	Large  Size = "large"
)

// Person is the signed-in reader, as the top bar shows them.
type Person struct {
	Name  string
	Dept  string
	Roles []string // labels of the roles held, in the reader's language
}

// NavGroup is a group of the side navigation; the first group usually has no label.
type NavGroup struct {
	Label string
	Items []NavItem
}

// NavItem is one place to go.
type NavItem struct {
	Text    string
	Href    string
	Icon    string // a name of asset/icon/names.txt
	Count   int    // shown when above zero
	Late    bool   // the count is about overdue things
	Current bool
}

// LogState is what the foot of the navigation says of the custody log.
type LogState struct {
	State   string // "sound", "behind", "broken"; anything else is "not checked yet"
	Size    int64  // entries that are signed
	Checked int64  // entries covered by the last check, Size or less
	At      string // when it was checked, written for reading
	Href    string // empty: the reader may not open the log
}

// reach says how many entries there are and up to which of them they were checked, and when. Nothing is said of a log
// that nobody has looked at yet.
func (l LogState) reach(p locale.Printer) string {
	switch {
	case l.At == "" && l.Size == 0:
		return ""
	case l.At == "":
		return p.T("shell.log_size", l.Size)
	case l.Checked < l.Size:
		return p.T("shell.log_partly", l.Size, l.At, l.Checked)
	}
	return p.T("shell.log_at", l.Size, l.At)
}

// Search is the search box of the top bar.
type Search struct {
	Action string
	Value  string
}

// Shell is everything around a page. The zero values of optional parts leave them out.
type Shell struct {
	P       locale.Printer
	Bureau  string
	Now     time.Time // the server's clock, for times that run on in the page
	Home    string    // where the brand leads, usually "/"
	Person  Person
	Nav     []NavGroup
	Tabs    []NavItem // phone: up to four places; "more" opens the whole navigation. Empty: the first four of Nav
	Search  *Search   // nil for readers who may not search
	Notices int
	// NoticesHref, HelpHref and AccountHref lead to their pages; empty leaves the sign out.
	NoticesHref string
	HelpHref    string
	AccountHref string
	// PreferHref takes POST with theme (light, dark), size (normal, large) or lang (zh-CN, en), and back, the path to
	// return to. SignOutHref takes POST.
	PreferHref  string
	SignOutHref string
	Path        string // this page's path and query
	Theme       Theme
	Size        Size
	Log         LogState
}

// bottom gives the places of the phone's bar.
func (s Shell) bottom() []NavItem {
	if len(s.Tabs) > 0 {
		return s.Tabs[:min(4, len(s.Tabs))]
	}
	var items []NavItem
	for _, g := range s.Nav {
		items = append(items, g.Items...)
	}
	return items[:min(4, len(items))]
}

// beyond reports whether the current place is one that the phone's bar does not name.
func (s Shell) beyond() bool {
	for _, t := range s.bottom() {
		if t.Current {
			return false
		}
	}
	for _, g := range s.Nav {
		for _, i := range g.Items {
			if i.Current {
				return true
			}
		}
	}
	return false
}

func (s Shell) otherLang() string {
	if s.P.Lang() == locale.Chinese {
		return string(locale.English)
	}
	return string(locale.Chinese)
}

func (s Shell) otherSize() string {
	if s.Size == Large {
		return string(Normal)
	}
	return string(Large)
}

func (s Shell) otherTheme() string {
	if s.Theme == Dark {
		return string(Light)
	}
	return string(Dark)
}

func (t Theme) attr() string {
	if t == Dark {
		return string(Dark)
	}
	return string(Light)
}

func (s Shell) nowMillis() string {
	if s.Now.IsZero() {
		return ""
	}
	return millis(s.Now)
}

// initial is the character in the round sign of the person: the last of a name, as prototypes write 甲 for 执法人员甲.
func (p Person) initial() string {
	name := []rune(strings.TrimSpace(p.Name))
	if len(name) == 0 {
		return ""
	}
	if name[0] < 0x2e80 || strings.ContainsRune(p.Name, '·') {
		return string(name[:1])
	}
	return string(name[len(name)-1:])
}

func (p Person) second() string {
	parts := make([]string, 0, 2)
	if p.Dept != "" {
		parts = append(parts, p.Dept)
	}
	if p.Dept == "" && len(p.Roles) > 0 {
		parts = append(parts, p.Roles[0])
	}
	return strings.Join(parts, " ")
}

func (l LogState) icon() string {
	switch l.State {
	case "sound":
		return "shield-check"
	case "broken":
		return "shield-x"
	}
	return "clock"
}

func (l LogState) text(p locale.Printer) string {
	switch l.State {
	case "sound", "behind", "broken":
		return p.T("shell.log_" + l.State)
	}
	return p.T("shell.log_unknown")
}

// wordKeys are the texts that scripts of every page show; counted ones are sent with their form for one.
var wordKeys = []string{
	"time.left", "time.overdue", "time.days", "time.day_hour", "time.hours", "time.hour_minute", "time.minutes",
	"time.minute_second", "time.seconds", "size.bytes", "size.rate",
}

// words writes texts into the page for scripts, as a block of data that no browser runs.
func words(p locale.Printer, keys ...string) templ.Component {
	table := make(map[string]string, 2*len(keys))
	for _, k := range keys {
		table[k] = p.T(k)
		if one := p.T(k, 1); strings.Contains(table[k], "{0}") && strings.Replace(table[k], "{0}", "1", 1) != one {
			table[k+".one"] = one
		}
	}
	data, err := json.Marshal(table) // escapes <, > and &
	if err != nil {
		data = []byte("{}")
	}
	return templ.Raw(`<script type="application/json" data-zl-words>` + string(data) + `</script>`)
}

// Words writes the texts of these keys into a page for its own script, beside those of every page.
func Words(p locale.Printer, keys ...string) templ.Component { return words(p, keys...) }

// htmxConfig turns off what the content policy forbids.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,"historyCacheSize":0}`

// Text is a component that writes a text, escaped.
func Text(s string) templ.Component { return templ.Raw(html.EscapeString(s)) }

// BareView is what a page without navigation needs to know.
type BareView struct {
	P          locale.Printer
	Bureau     string
	Theme      Theme
	Size       Size
	PreferHref string // as in Shell; empty leaves the switches out
	Path       string
}

func current(yes bool) templ.Attributes {
	if !yes {
		return nil
	}
	return templ.Attributes{"aria-current": "page"}
}

func logTone(l LogState) Tone {
	switch l.State {
	case "sound":
		return OK
	case "broken":
		return Late
	case "behind":
		return Due
	}
	return Moot
}

func noticesLabel(s Shell) string {
	if s.Notices == 0 {
		return s.P.T("shell.notices")
	}
	return s.P.T("shell.notices_unread", s.Notices)
}

func themeLabel(s Shell) string {
	if s.Theme == Dark {
		return s.P.T("shell.to_light")
	}
	return s.P.T("shell.to_dark")
}
