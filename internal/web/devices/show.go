package devices

import (
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// lateEntry is how much later than the event an entry must be to be called one written down afterwards.
const lateEntry = 5 * time.Minute

func (a area) show(p *site.Page) error {
	it, err := a.item(p)
	if err != nil {
		return err
	}
	if p.Value("edit") == "1" && mayEdit(p, it.Device) {
		return a.change(p, it, spec{Spec: it.Spec, Version: it.Version}, stateForm{})
	}
	return a.page(p, it, forms{})
}

// page shows one device; f are its forms as they were sent.
func (a area) page(p *site.Page, it device.Item, f forms) error {
	ctx := p.Context()
	tree, err := a.d.Org.Tree(ctx)
	if err != nil {
		return err
	}
	q := listing.Read(p)
	issues, err := a.d.Devices.Issues(ctx, p.Actor, device.IssueFilter{Device: it.ID, After: q.After(), Limit: 20})
	if err != nil {
		return err
	}
	rows, err := a.ledgerRows(p, issues.Items, false)
	if err != nil {
		return err
	}
	offset, err := a.d.Devices.Clock(ctx, p.Actor, it.ID)
	if err != nil {
		return err
	}
	names, err := a.names(ctx, it.Out)
	if err != nil {
		return err
	}
	words, icon, tone := state(p.P, it)
	v := deviceView{
		ID: string(it.ID), Label: it.Label, Sub: sort1(p.P, it.Spec), Words: words, Icon: icon, Tone: tone, Facts: deviceFacts(p, it, tree),
		MayEdit: mayEdit(p, it.Device), MayRecordings: p.May(access.RecordingList, access.Subject{Kind: "recording"}),
		Clock: clockWords(p.P, offset), ClockFacts: clockFacts(p, offset), ClockKnown: offset.Known, ClockField: f.clockField(p.P), ClockBad: f.Clock.Bad,
		Ledger: ui.TableView{
			Caption: p.P.T("device.tab.ledger"), Rows: rows, Columns: ledgerColumns(p.P, false), Pager: q.Pager(len(rows), issues.Next),
			Empty: ui.EmptyView{Icon: "notebook", Title: p.P.T("device.never_issued"), Text: p.P.T("device.never_issued_text")},
		},
		ExportHref: listPath + "/export?view=" + viewLedger + "&device=" + string(it.ID),
	}
	if len(rows) == 0 {
		v.Ledger.Pager = nil
	}
	if it.Out != nil {
		v.Holder = names[it.Out.Person]
		v.HolderFacts = []string{p.P.T("device.since", p.P.When(it.Out.Issued, p.Now), p.P.Duration(p.Now.Sub(it.Out.Issued))), it.Out.Purpose}
		if p.May(access.DeviceReturn, subject(it.Device)) {
			v.Return = f.returnFields(p.P)
		}
	} else if it.State == device.InUse && p.May(access.DeviceIssue, subject(it.Device)) {
		if v.Issue, err = a.issueFields(p, it, tree, f); err != nil {
			return err
		}
	}
	v.IssueBad, v.ReturnBad = f.Issue.Bad, f.Return.Bad
	if it.State != device.InUse {
		v.Halt = it.StateNote
	}
	if f.bad() {
		return p.Refused(it.Label, devicePage(p.P, v))
	}
	return p.Render(it.Label, devicePage(p.P, v))
}

func deviceFacts(p *site.Page, it device.Item, tree org.Tree) []ui.Fact {
	d, _ := tree.Find(it.Department)
	text := func(key, value string) ui.Fact {
		if value == "" {
			value = p.P.T("table.none")
		}
		return ui.FactText(p.P.T("device.column."+key), value, "")
	}
	code := func(key, value string) ui.Fact {
		f := ui.Fact{Label: p.P.T("device.column." + key), Value: mono(p.P, value)}
		if value != "" && key != "serial" {
			f.Source = p.P.T("device.recognised") // the card or the file is known by it at intake
		}
		return f
	}
	return []ui.Fact{
		text("kind", p.P.T("device.kind."+string(it.Kind))), text("department", d.Name), text("maker", it.Maker), text("model", it.Model),
		code("serial", it.Serial), code("card_label", it.CardLabel), code("name_code", it.NameCode),
		text("note", it.Note), text("registered", p.P.When(it.Created, p.Now)),
	}
}

func mono(p locale.Printer, s string) ui.Cell {
	if s == "" {
		return ui.NoneCell(p)
	}
	return ui.Mono(s)
}

// clockWords says how far a clock is off. An offset is what must be added to the device's time: a positive one is a
// clock that is slow.
func clockWords(p locale.Printer, o device.Offset) string {
	switch {
	case !o.Known:
		return p.T("device.clock.unknown")
	case o.Stepped:
		return p.T("device.clock.stepped", p.Exact(o.Lo.Round(time.Second)), p.Exact(o.Hi.Round(time.Second)))
	case o.Lo > 0:
		return p.T("device.clock.slow", p.Exact(o.Lo.Round(time.Second)), p.Exact(o.Hi.Round(time.Second)))
	case o.Hi < 0:
		return p.T("device.clock.fast", p.Exact((-o.Hi).Round(time.Second)), p.Exact((-o.Lo).Round(time.Second)))
	}
	return p.T("device.clock.right", p.Exact(max(o.Hi, -o.Lo).Round(time.Second)))
}

func clockFacts(p *site.Page, o device.Offset) []string {
	if !o.Known {
		return nil
	}
	return []string{p.P.T("device.clock.checked", p.P.When(o.At, p.Now)), p.P.T("device.clock.by." + string(o.Source))}
}
