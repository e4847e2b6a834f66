// Package house is the pages about the house itself: the settings the bureau adopted, the access rules as they are
// written, and how the machine stands.
package house

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/access"
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
}

// Deps is what the area needs. Health reads the machine's state in the reader's language.
type Deps struct {
	Regulation *regulation.Service
	Access     *access.Authorizer
	PersonName func(ctx context.Context, id ident.PersonID) string
	Health     func(ctx context.Context, p locale.Printer) []Health
}

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: "/settings", Action: access.SettingView, Handle: a.settings},
		{Method: http.MethodPost, Path: "/settings", Action: access.SettingAdopt, Handle: a.adopt},
		{Method: http.MethodGet, Path: "/policies", Action: access.OrgView, Handle: a.policies},
		{Method: http.MethodGet, Path: "/health", Action: access.HealthView, Handle: a.health},
	}
}

type area struct{ Deps }

// settingsView is the page of settings: the form for who may adopt, the facts for everybody.
type settingsView struct {
	None    bool // nothing was adopted yet
	Fields  []ui.Field
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
	for i := range view.Fields {
		view.Fields[i].ReadOnly = !view.May
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
		list("late_reasons", s.LateReasons),
		list("disclosure_by", s.DisclosureBy),
		num("device_check_days", int64(s.DeviceCheckDays)),
		num("playback_percent", int64(s.PlaybackPercent)),
		num("unlinked_after_days", int64(s.UnlinkedAfterDays)),
		{Name: "handler_standing_grant", Label: p.T("setting.handler_standing_grant"), Hint: p.T("setting.handler_standing_grant_hint"), Options: []ui.Option{
			{Value: "yes", Text: p.T("setting.yes"), On: s.HandlerStandingGrant}, {Value: "no", Text: p.T("setting.no"), On: !s.HandlerStandingGrant},
		}},
		num("disc_retention_years", int64(s.DiscRetentionYears)),
		num("disc_online_copies", int64(s.DiscOnlineCopies)),
		num("other_retention_days", int64(s.OtherRetentionDays)),
	}
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
		ExplainWorkingDays: int(num("explain_working_days")), DesignatedStores: list("designated_stores"), LateReasons: list("late_reasons"),
		DisclosureBy: list("disclosure_by"), DeviceCheckDays: int(num("device_check_days")), PlaybackPercent: int(num("playback_percent")),
		UnlinkedAfterDays: int(num("unlinked_after_days")), HandlerStandingGrant: p.Value("handler_standing_grant") == "yes",
		DiscRetentionYears: int(num("disc_retention_years")), DiscOnlineCopies: int(num("disc_online_copies")), OtherRetentionDays: int(num("other_retention_days")),
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

// ruleView is one access rule, as it is written.
type ruleView struct {
	ID, Article, Requirement, Text string
	Permits                        bool
}

func (a area) policies(p *site.Page) error {
	var rules []ruleView
	for _, r := range a.Access.Rules() {
		rules = append(rules, ruleView{ID: r.ID, Article: r.Article, Requirement: r.Requirement, Text: r.Text, Permits: r.Permits})
	}
	return p.Render(p.P.T("policy.title"), policiesPage(p.P, rules))
}

func (a area) health(p *site.Page) error {
	return p.Render(p.P.T("health.title"), healthPage(p.P, a.Health(p.Context(), p.P)))
}
