// Package people is the pages of the bureau's register: people with their certificates and roles, departments, and
// the import of both from a sheet.
package people

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
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
	Org      *org.Service
	Accounts *account.Service
}

// The addresses of this area.
const (
	listPath       = "/people"
	newPath        = "/people/new"
	importPath     = "/people-import"
	departmentPath = "/departments"
)

// soon is how long before its end a certificate is marked.
const soon = 60 * 24 * time.Hour

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: listPath, Action: access.OrgView, Handle: a.list},
		{Method: http.MethodGet, Path: listPath + "/export", Action: access.OrgView, Handle: a.export},
		{Method: http.MethodGet, Path: listPath + "/template", Action: access.OrgImport, Handle: a.template},
		{Method: http.MethodGet, Path: newPath, Action: access.OrgEditPerson, Handle: a.showNew},
		{Method: http.MethodPost, Path: listPath, Action: access.OrgEditPerson, Handle: a.add},
		{Method: http.MethodGet, Path: importPath, Action: access.OrgImport, Handle: a.showImport},
		{Method: http.MethodPost, Path: importPath, Action: access.OrgImport, Handle: a.previewImport},
		{Method: http.MethodPost, Path: importPath + "/{id}", Action: access.OrgImport, Handle: a.applyImport},
		{Method: http.MethodGet, Path: listPath + "/{id}", Action: access.OrgView, Handle: a.show},
		{Method: http.MethodPost, Path: listPath + "/{id}", Action: access.OrgEditPerson, Handle: a.edit},
		{Method: http.MethodPost, Path: listPath + "/{id}/deactivate", Action: access.OrgEditPerson, Handle: a.deactivate},
		{Method: http.MethodPost, Path: listPath + "/{id}/certificates", Action: access.OrgEditCertificate, Handle: a.addCertificate},
		{Method: http.MethodPost, Path: listPath + "/{id}/certificates/{certificate}", Action: access.OrgEditCertificate, Handle: a.editCertificate},
		{Method: http.MethodPost, Path: listPath + "/{id}/certificates/{certificate}/revoke", Action: access.OrgEditCertificate, Handle: a.revokeCertificate},
		{Method: http.MethodGet, Path: departmentPath, Action: access.OrgView, Handle: a.departments},
		{Method: http.MethodPost, Path: departmentPath, Action: access.OrgEditDepartment, Handle: a.addDepartment},
		{Method: http.MethodPost, Path: departmentPath + "/{id}", Action: access.OrgEditDepartment, Handle: a.editDepartment},
		{Method: http.MethodPost, Path: departmentPath + "/{id}/close", Action: access.OrgEditDepartment, Handle: a.closeDepartment},
	}
}

type area struct{ d Deps }

func sheet() preview.Kind {
	return preview.Kind{
		Path: importPath, List: listPath, Template: listPath + "/template", Spec: org.PeopleSheet(), Main: "name", Words: "people.import",
	}
}

// visible reports whether the reader may know of a person.
func visible(actor access.Actor, who org.Person) bool {
	s := org.ScopeOf(actor)
	return s.All || who.ID == actor.Person || s.Officer != "" && s.Officer == who.ID || slices.Contains(s.Departments, who.Department)
}

// person reads the person of the address; one that the reader may not know of is not there.
func (a area) person(p *site.Page) (org.Person, error) {
	id, err := ident.Parse[ident.PersonID](p.R.PathValue("id"))
	if err != nil {
		return org.Person{}, fault.New(fault.NotFound, "org.person")
	}
	who, err := a.d.Org.Person(p.Context(), id)
	if err == nil && !visible(p.Actor, who) {
		err = fault.New(fault.NotFound, "org.person")
	}
	return who, err
}

func personPath[T ~string](id T) string { return listPath + "/" + string(id) }

// pathOf writes a department with those above it; the bureau itself has a word of its own.
func pathOf(p locale.Printer, t org.Tree, id ident.DepartmentID) string {
	if id == "" {
		return p.T("people.bureau")
	}
	return strings.Join(t.Path(id), " / ")
}

// departmentOptions are the open departments to choose from, each under those above it. except leaves one out with
// all below it.
func departmentOptions(p locale.Printer, t org.Tree, chosen, except ident.DepartmentID) []ui.Option {
	var out []ui.Option
	var left []ident.DepartmentID
	if except != "" {
		left = t.Descendants(except)
	}
	for _, d := range ordered(t) {
		if !slices.Contains(left, d.ID) {
			out = append(out, ui.Option{Value: string(d.ID), Text: pathOf(p, t, d.ID), On: d.ID == chosen})
		}
	}
	return out
}

// ordered gives the open departments, each before those below it.
func ordered(t org.Tree) []org.Department {
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

// facts are what a list of people knows beside the people themselves.
type facts struct {
	tree         org.Tree
	certificates map[ident.PersonID][]org.Certificate
	roles        map[ident.PersonID][]account.Appointment
}

func (a area) facts(ctx context.Context, people []org.Person) (facts, error) {
	ids := make([]ident.PersonID, len(people))
	for i, q := range people {
		ids[i] = q.ID
	}
	f := facts{certificates: map[ident.PersonID][]org.Certificate{}}
	var err error
	if f.tree, err = a.d.Org.Tree(ctx); err != nil {
		return f, err
	}
	list, err := a.d.Org.Certificates(ctx, ids...)
	if err != nil {
		return f, err
	}
	for _, c := range list {
		f.certificates[c.Person] = append(f.certificates[c.Person], c)
	}
	f.roles, err = a.d.Accounts.RolesOf(ctx, ids...)
	return f, err
}

// roleWords are the names of roles, each once, in the order pages show them.
func roleWords(p locale.Printer, list []account.Appointment) []string {
	var out []string
	for _, r := range access.Roles() {
		if slices.ContainsFunc(list, func(a account.Appointment) bool { return a.Role == r }) {
			out = append(out, p.T("role."+string(r)))
		}
	}
	return out
}
