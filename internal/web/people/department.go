package people

import (
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// departmentForm is the form of a new department, or of one that is renamed or moved.
type departmentForm struct {
	ID     ident.DepartmentID // empty for a new one
	Name   string
	Parent ident.DepartmentID
	Bad    refusal.Fault
}

func (f departmentForm) fields(p *site.Page, tree org.Tree) []ui.Field {
	parents := append([]ui.Option{{Text: p.P.T("people.bureau_itself"), On: f.Parent == ""}}, departmentOptions(p.P, tree, f.Parent, f.ID)...)
	return []ui.Field{
		f.Bad.Mark(ui.Field{Name: "name", Label: p.P.T("people.department_name"), Value: f.Name, Max: 60, Auto: "off"}),
		f.Bad.Mark(ui.Field{Name: "parent", Label: p.P.T("people.parent"), Options: parents}),
	}
}

func (a area) departments(p *site.Page) error {
	f := departmentForm{}
	if id := ident.DepartmentID(p.Value("edit")); id != "" {
		tree, err := a.d.Org.Tree(p.Context())
		if err != nil {
			return err
		}
		d, ok := tree.Find(id)
		if !ok {
			return fault.New(fault.NotFound, "org.department")
		}
		f = departmentForm{ID: id, Name: d.Name, Parent: d.Parent}
	}
	return a.departmentPage(p, f)
}

func (a area) departmentPage(p *site.Page, f departmentForm) error {
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	v := departmentView{
		Tabs: tabs(p, listing.Start(departmentPath, "", "")), Fields: f.fields(p, tree), Bad: f.Bad, Editing: string(f.ID),
		May: p.May(access.OrgEditDepartment, access.Subject{Kind: "department"}),
	}
	rows, err := a.departmentRows(p, tree, v.May)
	if err != nil {
		return err
	}
	if d, ok := tree.Find(f.ID); ok {
		v.EditingName = d.Name
	}
	v.Table = ui.TableView{
		Caption: p.P.T("people.tab.departments"), Rows: rows, Pager: &ui.PagerView{Total: int64(len(rows))},
		Columns: []ui.Column{
			{Label: p.P.T("people.department")}, {Label: p.P.T("role.head")}, {Label: p.P.T("role.custodian")}, {Label: p.P.T("people.do"), Acts: true},
		},
		Empty: ui.EmptyView{Icon: "building", Title: p.P.T("people.no_departments"), Text: p.P.T("people.no_departments_text")},
	}
	if len(rows) == 0 {
		v.Table.Pager = nil
	}
	title := p.P.T("people.tab.departments")
	if f.Bad.What != "" {
		return p.Refused(title, departmentsPage(p.P, v))
	}
	return p.Render(title, departmentsPage(p.P, v))
}

func (a area) departmentRows(p *site.Page, tree org.Tree, may bool) ([]ui.Row, error) {
	heads, err := a.holders(p, access.Head)
	if err != nil {
		return nil, err
	}
	keepers, err := a.holders(p, access.Custodian)
	if err != nil {
		return nil, err
	}
	var rows []ui.Row
	for _, d := range ordered(tree) {
		depth := len(tree.Ancestors(d.ID)) - 1
		above := ""
		if depth > 0 {
			above = p.P.T("people.under", pathOf(p.P, tree, d.Parent))
		}
		row := ui.Row{Cells: []ui.Cell{
			departmentName(depth, d.Name, above, listPath+"?department="+string(d.ID)),
			a.held(p, tree, d.ID, heads, "people.no_head", ui.None), a.held(p, tree, d.ID, keepers, "people.no_custodian", ui.Late), nil,
		}}
		if may {
			row.Cells[3] = departmentActions(p.P, string(d.ID), d.Name)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// holders gives the names of those who hold a role now, by department.
func (a area) holders(p *site.Page, role access.Role) (map[ident.DepartmentID][]string, error) {
	ids, err := a.d.Accounts.Holders(p.Context(), role)
	if err != nil {
		return nil, err
	}
	names, err := a.d.Org.Names(p.Context(), ids)
	if err != nil {
		return nil, err
	}
	list, err := a.d.Accounts.RolesOf(p.Context(), ids...)
	if err != nil {
		return nil, err
	}
	out := map[ident.DepartmentID][]string{}
	for _, id := range ids {
		for _, r := range list[id] {
			if r.Role == role {
				out[r.Department] = append(out[r.Department], names[id])
			}
		}
	}
	return out, nil
}

// held says who holds a role for a department: appointed here, or above, or nobody.
func (a area) held(p *site.Page, tree org.Tree, id ident.DepartmentID, by map[ident.DepartmentID][]string, none string, tone ui.Tone) ui.Cell {
	for i, at := range tree.Ancestors(id) {
		if len(by[at]) == 0 {
			continue
		}
		second := ""
		if i > 0 {
			d, _ := tree.Find(at)
			second = p.P.T("people.held_above", d.Name)
		}
		return ui.TwoCell(strings.Join(by[at], p.P.T("preview.comma")), second)
	}
	if tone == ui.Late {
		return ui.Under(ui.St(p.P.T(none), "user-off", tone), p.P.T("people.r21"))
	}
	return ui.St(p.P.T(none), "user-off", tone)
}

func (a area) addDepartment(p *site.Page) error {
	f := departmentForm{Name: p.Value("name"), Parent: ident.DepartmentID(p.Value("parent"))}
	_, err := a.d.Org.AddDepartment(p.Context(), p.Actor, f.Parent, f.Name)
	return a.afterDepartment(p, f, err)
}

// editDepartment renames and moves: one form, two changes of the register, each with its entry.
func (a area) editDepartment(p *site.Page) error {
	id, err := ident.Parse[ident.DepartmentID](p.R.PathValue("id"))
	if err != nil {
		return fault.New(fault.NotFound, "org.department")
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	old, ok := tree.Find(id)
	if !ok {
		return fault.New(fault.NotFound, "org.department")
	}
	f := departmentForm{ID: id, Name: p.Value("name"), Parent: ident.DepartmentID(p.Value("parent"))}
	if f.Parent != old.Parent {
		err = a.d.Org.MoveDepartment(p.Context(), p.Actor, id, f.Parent)
	}
	if err == nil && f.Name != old.Name {
		err = a.d.Org.RenameDepartment(p.Context(), p.Actor, id, f.Name)
	}
	return a.afterDepartment(p, f, err)
}

func (a area) closeDepartment(p *site.Page) error {
	id, err := ident.Parse[ident.DepartmentID](p.R.PathValue("id"))
	if err != nil {
		return fault.New(fault.NotFound, "org.department")
	}
	return a.afterDepartment(p, departmentForm{}, a.d.Org.CloseDepartment(p.Context(), p.Actor, id))
}

func (a area) afterDepartment(p *site.Page, f departmentForm, err error) error {
	if bad, ok := refusal.Of(p.P, err); ok {
		f.Bad = bad
		return a.departmentPage(p, f)
	}
	if err != nil {
		return err
	}
	return p.Redirect(departmentPath)
}
