package devices

import (
	"strconv"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// spec is the form of a device.
type spec struct {
	device.Spec

	Version int64
	Bad     refusal.Fault
}

func readSpec(p *site.Page) spec {
	version, err := strconv.ParseInt(p.Value("version"), 10, 64)
	if err != nil {
		version = 0 // no version is never the kept one
	}
	return spec{Version: version, Spec: device.Spec{
		Label: p.Value("label"), Kind: device.Kind(p.Value("kind")), Maker: p.Value("maker"), Model: p.Value("model"), Serial: p.Value("serial"),
		CardLabel: p.Value("card_label"), NameCode: p.Value("name_code"), Department: ident.DepartmentID(p.Value("department")), Note: p.Value("note"),
	}}
}

func (s spec) fields(p *site.Page, tree org.Tree) []ui.Field {
	kinds := make([]string, 0, 5)
	for _, k := range device.Kinds() {
		kinds = append(kinds, string(k))
	}
	t := p.P.T
	text := func(name, value string, most int, optional bool) ui.Field {
		f := ui.Field{Name: name, Label: t("device.column." + name), Value: value, Max: most, Optional: optional, Auto: "off"}
		if k := "device.hint." + name; p.P.Has(k) {
			f.Hint = t("device.hint." + name)
		}
		return s.Bad.Mark(f)
	}
	departments := ownDepartments(p, tree)
	if len(departments) == 1 && s.Department == "" {
		s.Department = departments[0].ID
	}
	return []ui.Field{
		text("label", s.Label, 40, false),
		s.Bad.Mark(ui.Field{Name: "kind", Label: t("device.kind"), Options: listing.Choice(p.P, false, string(s.Kind), kinds, func(k string) string { return t("device.kind." + k) })}),
		s.Bad.Mark(ui.Field{Name: "department", Label: t("device.department"), Hint: t("device.hint.department"), Options: options(tree, departments, s.Department)}),
		text("serial", s.Serial, 60, true), text("card_label", s.CardLabel, 60, true), text("name_code", s.NameCode, 60, true),
		text("maker", s.Maker, 60, true), text("model", s.Model, 60, true), text("note", s.Note, 500, true),
	}
}

func (a area) showNew(p *site.Page) error {
	return a.newPage(p, spec{Spec: device.Spec{Kind: device.BodyCamera}})
}

func (a area) newPage(p *site.Page, s spec) error {
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	v := formView{Title: p.P.T("device.add_title"), Action: listPath, Yes: p.P.T("device.add"), Fields: s.fields(p, tree), Bad: s.Bad, Cancel: listPath}
	v.May = len(ownDepartments(p, tree)) > 0
	if s.Bad.What != "" {
		return p.Refused(v.Title, formPage(p.P, v))
	}
	return p.Render(v.Title, formPage(p.P, v))
}

func (a area) register(p *site.Page) error {
	s := readSpec(p)
	id, err := a.d.Devices.Register(p.Context(), p.Actor, s.Spec)
	if bad, ok := refusal.Of(p.P, err); ok {
		s.Bad = bad
		return a.newPage(p, s)
	}
	if err != nil {
		return err
	}
	return p.Redirect(devicePath(id))
}

// change is the page on which a device's entries and its state are changed.
func (a area) change(p *site.Page, it device.Item, s spec, st stateForm) error {
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	v := formView{
		Title: p.P.T("device.edit_title", it.Label), Action: devicePath(it.ID), Yes: p.P.T("device.save"), Fields: s.fields(p, tree), Bad: s.Bad,
		Cancel: devicePath(it.ID), Label: it.Label, Version: s.Version, May: true, State: st.fields(p, it), StateBad: st.Bad, Out: it.Out != nil,
	}
	if s.Bad.What != "" || st.Bad.What != "" {
		return p.Refused(v.Title, formPage(p.P, v))
	}
	return p.Render(v.Title, formPage(p.P, v))
}

// edit takes both forms of that page: do=state changes the state, else what is entered.
func (a area) edit(p *site.Page) error {
	it, err := a.item(p)
	if err != nil {
		return err
	}
	s, st := spec{Spec: it.Spec, Version: it.Version}, stateForm{State: it.State}
	if p.Value("do") == "state" {
		st = stateForm{State: device.State(p.Value("state")), Note: p.Value("state_note")}
		err = a.d.Devices.SetState(p.Context(), p.Actor, it.ID, st.State, st.Note)
		st.Bad, _ = refusal.Of(p.P, err)
	} else {
		s = readSpec(p)
		err = a.d.Devices.Edit(p.Context(), p.Actor, it.ID, s.Version, s.Spec)
		s.Bad, _ = refusal.Of(p.P, err)
		if s.Bad.Code == "device.changed" {
			s.Version = it.Version // what is kept now is shown on the device's page; sending again overwrites it knowingly
		}
	}
	if s.Bad.What != "" || st.Bad.What != "" {
		return a.change(p, it, s, st)
	}
	if err != nil {
		return err
	}
	return p.Redirect(devicePath(it.ID))
}

// stateForm is the form of a device's state.
type stateForm struct {
	State device.State
	Note  string
	Bad   refusal.Fault
}

func (f stateForm) fields(p *site.Page, it device.Item) []ui.Field {
	var states []string
	for _, s := range device.States() {
		if s != it.State {
			states = append(states, string(s))
		}
	}
	return []ui.Field{
		f.Bad.Mark(ui.Field{Name: "state", Label: p.P.T("device.state_to"), Inline: true, Options: listing.Choice(p.P, false, string(f.State), states, func(s string) string { return p.P.T("device.state." + s) })}),
		f.Bad.Mark(ui.Field{Name: "state_note", Label: p.P.T("device.state_note"), Hint: p.P.T("device.state_note_hint"), Value: f.Note, Max: 500, Auto: "off"}, "note"),
	}
}

func mayEdit(p *site.Page, d device.Device) bool { return p.May(access.DeviceEdit, subject(d)) }
