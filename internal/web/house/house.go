// Package house is the pages about the house itself: the settings the bureau adopted, the access rules as they are
// written, and how the machine stands.
package house

import (
	"context"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/scrub"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Health is one line of the machine's state.
type Health struct {
	Label, Value string
	Tone         ui.Tone
	Icon         string
	Do           string // what to do about it, "" when all is well
	Href         string // where there is more of it
	HrefText     string
	Share        float64 // used of what there is, 0 to 100, for a picture; shown where ShareText is set
	ShareText    string  // the same in words
}

// Deps is what the area needs. Health reads the machine's state in the reader's language.
type Deps struct {
	Regulation *regulation.Service
	Access     *access.Authorizer
	PersonName func(ctx context.Context, id ident.PersonID) string
	Health     func(ctx context.Context, p locale.Printer) []Health
	Scrub      func(ctx context.Context) (*scrub.State, error)
	Diagnose   func(ctx context.Context, actor access.Actor) ([]byte, error)
}

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: "/settings", Action: access.SettingView, Handle: a.settings},
		{Method: http.MethodPost, Path: "/settings", Action: access.SettingAdopt, Handle: a.adopt},
		{Method: http.MethodGet, Path: "/policies", Action: access.OrgView, Handle: a.policies},
		{Method: http.MethodGet, Path: "/health", Action: access.HealthView, Handle: a.health},
		{Method: http.MethodPost, Path: "/health/diagnostics", Action: access.HealthDiagnose, Handle: a.diagnose},
		{Method: http.MethodGet, Path: "/health/scrub", Action: access.HealthView, Handle: a.scrub},
	}
}

type area struct{ Deps }

// settingsView is the page of settings: the form for who may adopt, the facts for everybody.
type settingsView struct {
	None    bool // nothing was adopted yet
	Fields  []ui.Field
	Facts   []ui.Fact // the same for who may only read them
	History []ui.Event
	May     bool
	Open    string
}

func (a area) settings(p *site.Page) error {
	set := regulation.Defaults()
	v, err := a.Regulation.Current(p.Context())
	switch {
	case err == nil:
		set = v.Settings
	case !fault.Is(err, fault.NotFound):
		return err
	}
	view, err := a.view(p, set, fault.Is(err, fault.NotFound), nil)
	if err != nil {
		return err
	}
	return p.Render(p.P.T("setting.title"), settingsPage(p.P, view))
}

func (a area) view(p *site.Page, set regulation.Settings, none bool, bad *locale.FaultText) (settingsView, error) {
	history, err := a.Regulation.History(p.Context())
	if err != nil {
		return settingsView{}, err
	}
	view := settingsView{None: none && len(history) == 0, Fields: fields(p.P, set), May: p.May(access.SettingAdopt, access.Subject{Kind: "setting"})}
	if !view.May {
		view.Facts = facts(p.P, view.Fields)
	}
	for i := range view.Fields {
		if bad != nil && bad.Field == view.Fields[i].Name {
			view.Fields[i].Error = bad.What
		}
	}
	if bad != nil && bad.Field == "" {
		view.Open = bad.What
	}
	for _, h := range history {
		by := p.P.T("actor.host")
		if h.AdoptedBy != "" {
			by = a.PersonName(p.Context(), h.AdoptedBy)
		}
		view.History = append(view.History, ui.Event{
			Time: p.P.Clock(h.AdoptedAt), Day: p.P.Day(h.AdoptedAt, p.Now), Icon: "circle-check", Text: p.P.T("setting.version", h.Number, by),
		})
	}
	return view, nil
}

// fields are the settings as questions, in the order of the articles.
func fields(p locale.Printer, s regulation.Settings) []ui.Field {
	num := func(name string, v int64) ui.Field {
		return ui.Field{Name: name, Label: p.T("setting." + name), Hint: p.T("setting." + name + "_hint"), Value: strconv.FormatInt(v, 10), Mode: "numeric"}
	}
	list := func(name string, v []string) ui.Field {
		return ui.Field{Name: name, Label: p.T("setting." + name), Hint: p.T("setting." + name + "_hint"), Value: strings.Join(v, ", "), Optional: name == "designated_stores"}
	}
	return []ui.Field{
		{Name: "issued_on", Label: p.T("setting.issued_on"), Hint: p.T("setting.issued_on_hint"), Type: "date", Value: s.IssuedOn},
		num("major_property_yuan", s.MajorPropertyYuan),
		{Name: "dispute_prone_steps", Label: p.T("setting.dispute_prone_steps"), Hint: p.T("setting.dispute_prone_steps_hint"), Value: s.DisputeProneSteps, Optional: true, Max: 500},
		num("join_tolerance_seconds", int64(s.JoinToleranceSeconds)),
		num("report_after_minutes", int64(s.ReportAfterMinutes)),
		num("explain_working_days", int64(s.ExplainWorkingDays)),
		list("designated_stores", s.DesignatedStores),
		{Name: "late_reasons", Label: p.T("setting.late_reasons"), Hint: p.T("setting.late_reasons_hint"), Multiple: true, Options: reasons(p, s.LateReasons)},
		{Name: "disclosure_by", Label: p.T("setting.disclosure_by"), Hint: p.T("setting.disclosure_by_hint"), Options: approvers(p, s.DisclosureBy)},
		num("device_check_days", int64(s.DeviceCheckDays)),
		num("playback_percent", int64(s.PlaybackPercent)),
		num("unlinked_after_days", int64(s.UnlinkedAfterDays)),
		{Name: "handler_standing_grant", Label: p.T("setting.handler_standing_grant"), Hint: p.T("setting.handler_standing_grant_hint"), Options: []ui.Option{
			{Value: "yes", Text: p.T("setting.yes"), On: s.HandlerStandingGrant}, {Value: "no", Text: p.T("setting.no"), On: !s.HandlerStandingGrant},
		}},
		num("disc_retention_years", int64(s.DiscRetentionYears)),
		num("disc_online_copies", int64(s.DiscOnlineCopies)),
		num("disc_reread_months", int64(s.DiscRereadMonths)),
		num("other_retention_days", int64(s.OtherRetentionDays)),
		{Name: "case_number", Label: p.T("setting.case_number"), Hint: p.T("setting.case_number_hint"), Value: s.CaseNumber, Max: 100},
	}
}

// reasons are the causes one can adopt: those the product has words for, and whatever else the bureau has adopted.
func reasons(p locale.Printer, adopted []string) []ui.Option {
	known := regulation.Defaults().LateReasons
	for _, code := range adopted {
		if !slices.Contains(known, code) {
			known = append(known, code)
		}
	}
	out := make([]ui.Option, len(known))
	for i, code := range known {
		out[i] = ui.Option{Value: code, Text: code, On: slices.Contains(adopted, code)}
		if k := "reason." + code; p.Has(k) {
			out[i].Text = p.T(k)
		}
	}
	return out
}

// approvers are the chains of consent that can be adopted, in their order.
func approvers(p locale.Printer, adopted []string) []ui.Option {
	chains := [][]string{{"head", "leader"}, {"leader"}, {"head"}}
	if len(adopted) > 0 && !slices.ContainsFunc(chains, func(c []string) bool { return slices.Equal(c, adopted) }) {
		chains = append(chains, adopted)
	}
	out := make([]ui.Option, len(chains))
	for i, c := range chains {
		names := make([]string, len(c))
		for j, role := range c {
			names[j] = role
			if k := "role." + role; p.Has(k) {
				names[j] = p.T(k)
			}
		}
		out[i] = ui.Option{Value: strings.Join(c, ","), Text: strings.Join(names, p.T("setting.then")), On: slices.Equal(c, adopted)}
	}
	return out
}

// facts are the settings as they stand, in words.
func facts(p locale.Printer, fields []ui.Field) []ui.Fact {
	out := make([]ui.Fact, len(fields))
	for i, f := range fields {
		value := f.Value
		var chosen []string
		for _, o := range f.Options {
			if o.On {
				chosen = append(chosen, o.Text)
			}
		}
		if len(f.Options) > 0 {
			value = strings.Join(chosen, p.T("library.and"))
		}
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			value = p.Num(n)
		}
		if day, err := time.ParseInLocation(time.DateOnly, value, clock.Shanghai); err == nil {
			value = p.Date(day)
		}
		if value == "" {
			value = p.T("table.none")
		}
		out[i] = ui.FactText(f.Label, value, f.Hint)
	}
	return out
}

// read takes the settings from the form. What is no number becomes -1, which no setting allows.
func read(p *site.Page) regulation.Settings {
	num := func(name string) int64 {
		n, err := strconv.ParseInt(p.Value(name), 10, 64)
		if err != nil {
			return -1
		}
		return n
	}
	list := func(name string) []string {
		out := []string{}
		for _, s := range strings.FieldsFunc(p.Value(name), func(r rune) bool { return strings.ContainsRune(",，、;；\n", r) }) {
			if s = strings.TrimSpace(s); s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	return regulation.Settings{
		IssuedOn: p.Value("issued_on"), MajorPropertyYuan: num("major_property_yuan"), DisputeProneSteps: p.Value("dispute_prone_steps"),
		JoinToleranceSeconds: int(num("join_tolerance_seconds")), ReportAfterMinutes: int(num("report_after_minutes")),
		ExplainWorkingDays: int(num("explain_working_days")), DesignatedStores: list("designated_stores"), LateReasons: append([]string{}, p.Values("late_reasons")...),
		DisclosureBy: list("disclosure_by"), DeviceCheckDays: int(num("device_check_days")), PlaybackPercent: int(num("playback_percent")),
		UnlinkedAfterDays: int(num("unlinked_after_days")), HandlerStandingGrant: p.Value("handler_standing_grant") == "yes",
		DiscRetentionYears: int(num("disc_retention_years")), DiscOnlineCopies: int(num("disc_online_copies")), DiscRereadMonths: int(num("disc_reread_months")), OtherRetentionDays: int(num("other_retention_days")),
		CaseNumber: strings.TrimSpace(p.Value("case_number")),
	}
}

func (a area) adopt(p *site.Page) error {
	set := read(p)
	_, err := a.Regulation.Adopt(p.Context(), p.Actor, set)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		t := p.P.Fault(err)
		view, verr := a.view(p, set, false, &t)
		if verr != nil {
			return verr
		}
		return p.Refused(p.P.T("setting.title"), settingsPage(p.P, view))
	}
	if err != nil {
		return err
	}
	return p.Redirect("/settings")
}

// ruleView is one access rule: in a sentence, and as it is written.
type ruleView struct {
	ID, Title, Article, Requirement, Text string
	Permits                               bool
}

// ruleGroup is the rules of one concept.
type ruleGroup struct {
	Title string
	Rules []ruleView
}

func (a area) policies(p *site.Page) error {
	var groups []ruleGroup
	file, n := "", 0
	for _, r := range a.Access.Rules() {
		if r.File != file {
			file = r.File
			groups = append(groups, ruleGroup{Title: p.P.T("policy.group." + strings.TrimSuffix(path.Base(file), ".cedar"))})
		}
		n++
		g := &groups[len(groups)-1]
		g.Rules = append(g.Rules, ruleView{
			ID: r.ID, Title: p.P.T("policy.rule." + r.ID), Article: r.Article, Requirement: r.Requirement, Text: r.Text, Permits: r.Permits,
		})
	}
	return p.Render(p.P.T("policy.title"), policiesPage(p.P, n, groups))
}

func (a area) health(p *site.Page) error {
	return p.Render(p.P.T("health.title"), healthPage(p.P, healthActions(p), a.Health(p.Context(), p.P)))
}
