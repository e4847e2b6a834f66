// Package devices is the pages of the recording devices: who holds which, handing out and taking back, their clocks,
// the ledger of both (交接台账), and the import of an inventory.
package devices

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/preview"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Deps are what the pages stand on.
type Deps struct {
	Devices  *device.Inventory
	Org      *org.Service
	Accounts *account.Service // who is an officer, for handing out
}

// The addresses of this area.
const (
	listPath   = "/devices"
	newPath    = "/devices/new"
	importPath = "/device-import"
)

// Routes are the pages of this area. What is done to one device is decided upon that device, by its service.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: listPath, Action: access.DeviceList, Handle: a.list},
		{Method: http.MethodGet, Path: listPath + "/export", Action: access.DeviceList, Handle: a.export},
		{Method: http.MethodGet, Path: listPath + "/template", Action: access.DeviceImport, Handle: a.template},
		{Method: http.MethodGet, Path: newPath, Action: access.DeviceImport, Handle: a.showNew}, // every custodian registers somewhere
		{Method: http.MethodPost, Path: listPath, Action: access.DeviceRegister, Object: true, Handle: a.register},
		{Method: http.MethodGet, Path: importPath, Action: access.DeviceImport, Handle: a.showImport},
		{Method: http.MethodPost, Path: importPath, Action: access.DeviceImport, Handle: a.previewImport},
		{Method: http.MethodPost, Path: importPath + "/{id}", Action: access.DeviceImport, Handle: a.applyImport},
		{Method: http.MethodGet, Path: listPath + "/{id}", Action: access.DeviceList, Handle: a.show},
		{Method: http.MethodPost, Path: listPath + "/{id}", Action: access.DeviceEdit, Object: true, Handle: a.edit},
		{Method: http.MethodPost, Path: listPath + "/{id}/issue", Action: access.DeviceIssue, Object: true, Handle: a.issue},
		{Method: http.MethodPost, Path: listPath + "/{id}/return", Action: access.DeviceReturn, Object: true, Handle: a.takeBack},
		{Method: http.MethodPost, Path: listPath + "/{id}/clock", Action: access.DeviceEdit, Object: true, Handle: a.checkClock},
	}
}

type area struct{ d Deps }

func sheet() preview.Kind {
	return preview.Kind{
		Path: importPath, List: listPath, Template: listPath + "/template", Spec: device.Sheet(), Main: "label", Words: "device.import",
	}
}

func devicePath[T ~string](id T) string { return listPath + "/" + string(id) }

func subject(d device.Device) access.Subject {
	return access.Subject{Kind: "device", ID: string(d.ID), Department: d.Department}
}

// item reads the device of the address, within what the reader may know of.
func (a area) item(p *site.Page) (device.Item, error) {
	id, err := ident.Parse[ident.DeviceID](p.R.PathValue("id"))
	if err != nil {
		return device.Item{}, fault.New(fault.NotFound, "device.unknown")
	}
	return a.d.Devices.Get(p.Context(), p.Actor, id)
}

// ownDepartments are the open departments whose devices the reader may register.
func ownDepartments(p *site.Page, tree org.Tree) []org.Department {
	return slices.DeleteFunc(open(tree), func(d org.Department) bool {
		return !p.May(access.DeviceRegister, access.Subject{Kind: "device", Department: d.ID})
	})
}

// open gives the open departments, each before those below it.
func open(t org.Tree) []org.Department {
	var out []org.Department
	var walk func(parent ident.DepartmentID)
	walk = func(parent ident.DepartmentID) {
		for _, d := range t.Children(parent) {
			out = append(out, d)
			walk(d.ID)
		}
	}
	walk("")
	return out
}

func options(t org.Tree, list []org.Department, chosen ident.DepartmentID) []ui.Option {
	out := make([]ui.Option, len(list))
	for i, d := range list {
		out[i] = ui.Option{Value: string(d.ID), Text: strings.Join(t.Path(d.ID), " / "), On: d.ID == chosen}
	}
	return out
}

// state says how a device stands: words, icon, tone.
func state(p locale.Printer, i device.Item) (string, string, ui.Tone) {
	switch {
	case i.Out != nil:
		return p.T("device.state.out"), "user", ui.Plain
	case i.State == device.Repair:
		return p.T("device.state.repair"), "settings", ui.Due
	case i.State == device.Lost:
		return p.T("device.state.lost"), "alert-triangle", ui.Late
	case i.State == device.Retired:
		return p.T("device.state.retired"), "archive", ui.None
	}
	return p.T("device.state.in"), "circle-check", ui.OK
}

// sort1 is kind, maker and model on one line.
func sort1(p locale.Printer, d device.Spec) string {
	var out []string
	for _, s := range []string{p.T("device.kind." + string(d.Kind)), d.Maker, d.Model} {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, p.T("preview.comma"))
}

// names gives the names of the people of issues.
func (a area) names(ctx context.Context, issues ...*device.Issue) (map[ident.PersonID]string, error) {
	var ids []ident.PersonID
	for _, i := range issues {
		if i == nil {
			continue
		}
		for _, id := range []ident.PersonID{i.Person, i.IssuedBy, i.ReturnedBy} {
			if id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return a.d.Org.Names(ctx, ids)
}
