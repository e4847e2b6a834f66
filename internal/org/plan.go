package org

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
)

// The columns of the sheet of people.
const (
	colName        = "name"
	colDepartment  = "department"
	colNumber      = "number"
	colRoles       = "roles"
	colCertificate = "certificate"
	colFrom        = "valid_from"
	colTo          = "valid_to"
	colUsername    = "username"
)

// PeopleSheet says what a sheet of people looks like, for reading and for the template.
func PeopleSheet() ledger.Spec {
	return ledger.Spec{Columns: []ledger.Column{
		{Key: colName, Titles: []string{"姓名", "Name", "人员姓名", "执法人员"}, Required: true},
		{Key: colDepartment, Titles: []string{"科室", "Department", "部门", "所属科室", "单位"}},
		{Key: colNumber, Titles: []string{"工号", "Staff number", "Number", "人员编号"}},
		{Key: colRoles, Titles: []string{"角色", "Roles", "Role", "岗位"}},
		{Key: colCertificate, Titles: []string{"执法证号", "Certificate number", "Certificate", "证件号", "执法证件号", "执法证编号"}},
		{Key: colFrom, Titles: []string{"证件有效期起", "Valid from", "有效期起", "发证日期"}, Date: true},
		{Key: colTo, Titles: []string{"证件有效期止", "Valid to", "有效期止", "有效期至"}, Date: true},
		{Key: colUsername, Titles: []string{"用户名", "Username", "登录名", "账号"}},
	}}
}

// Effect says what an import will do with a row.
type Effect string

// The effects.
const (
	EffectNew       Effect = "new"
	EffectChanged   Effect = "changed"
	EffectUnchanged Effect = "unchanged"
	EffectWrong     Effect = "wrong" // left out; the problems say why
)

// The problems an import of people can have with a row. The catalogues hold "ledger.problem.<code>".
const (
	ProblemName             = "name"                // args: the limit in characters
	ProblemNumber           = "number"              // args: the limit in characters
	ProblemDepartment       = "no_department"       // args: what stands there
	ProblemRole             = "role"                // args: the word that is no role
	ProblemRoleDepartment   = "role_department"     // officers, custodians and heads need a department
	ProblemUsername         = "username"            // not a possible sign-in name
	ProblemUsernameTaken    = "username_taken"      // args: the name
	ProblemDays             = "days"                // the certificate's days are missing or the wrong way round
	ProblemNoCertificate    = "days_alone"          // days without a certificate number
	ProblemCertificateOther = "certificate_other"   // args: number; it belongs to somebody of another name
	ProblemCertificateDead  = "certificate_revoked" // args: number
	ProblemNamesake         = "namesake"            // several people of this name: a number must tell them apart
	ProblemInactive         = "inactive"            // the person no longer serves
	ProblemTwice            = "twice"               // args: the line that says the same of the same person or number
)

// register is what the database knows, for planning.
type register struct {
	tree         Tree
	people       []Person
	certificates []Certificate
	proposals    []Proposal
}

// planned is what one row will do. An empty Username or no Roles leaves a proposal as it is.
type planned struct {
	Line        int
	Effect      Effect
	Person      Person // with its id; a new person's is empty until it is carried out
	edit        PersonEdit
	certificate *CertificateEdit
	current     *Certificate // the certificate that is changed; nil when it is new
	proposal    *Proposal    // when it differs from the one kept
	Changes     []string     // the columns that differ from what is kept
}

// plan decides what each row does. It is a pure function: the preview and the carrying out use it alike, so what was
// shown is what happens.
func plan(reg register, rows []ledger.Row, problems []ledger.Problem) ([]planned, []ledger.Problem) {
	pl := planner{register: reg, problems: slices.Clone(problems), wrong: map[int]bool{}, seenPerson: map[string]int{}, seenNumber: map[string]int{}, seenUser: map[string]int{}}
	for _, p := range problems {
		pl.wrong[p.Line] = true
	}
	out := make([]planned, len(rows))
	for i, row := range rows {
		out[i] = pl.row(row)
		if pl.wrong[row.Line] {
			out[i].Effect = EffectWrong
		}
	}
	slices.SortStableFunc(pl.problems, func(a, b ledger.Problem) int { return a.Line - b.Line })
	return out, pl.problems
}

type planner struct {
	register

	problems   []ledger.Problem
	wrong      map[int]bool
	seenPerson map[string]int // person (by id, or by name and department) → line
	seenNumber map[string]int // certificate number → line
	seenUser   map[string]int // sign-in name → line
}

func (pl *planner) problem(line int, column, code string, args ...any) {
	pl.problems = append(pl.problems, ledger.Problem{Line: line, Column: column, Code: code, Args: args})
	pl.wrong[line] = true
}

func (pl *planner) row(row ledger.Row) planned {
	out := planned{Line: row.Line}
	pl.readEdit(row, &out)
	pl.readCertificate(row, &out)
	username, roles := pl.readProposal(row, &out)
	out.Person.Name, out.Person.Department, out.Person.Number = out.edit.Name, out.edit.Department, out.edit.Number
	if pl.wrong[row.Line] {
		return out
	}
	known, ok := pl.find(row.Line, &out, username)
	if !ok {
		return out
	}
	if _, stated := row.Cells[colDepartment]; !stated && known != nil {
		out.edit.Department = known.Department // an empty cell says nothing
	}
	if known != nil && out.edit.Number == "" {
		out.edit.Number = known.Number
	}
	pl.compare(&out, known, username, roles)
	return out
}

// find looks for the person a row is about: by certificate number, staff number, sign-in name, and by name and
// department at last. It refuses what could be two people.
func (pl *planner) find(line int, out *planned, username string) (*Person, bool) {
	known := pl.match(line, out, username)
	if pl.wrong[line] {
		return nil, false
	}
	key := "new\x1f" + out.edit.Name + "\x1f" + string(out.edit.Department) + "\x1f" + out.edit.Number
	if known != nil {
		key = string(known.ID)
		if !known.Active() {
			pl.problem(line, colName, ProblemInactive)
			return nil, false
		}
	}
	if first, twice := pl.seenPerson[key]; twice {
		// Several certificates of one person stand on several lines; anything else is said twice.
		if out.certificate == nil || known == nil {
			pl.problem(line, colName, ProblemTwice, first)
			return nil, false
		}
	} else {
		pl.seenPerson[key] = line
	}
	return known, true
}

func (pl *planner) match(line int, out *planned, username string) *Person {
	byID := func(id ident.PersonID) *Person {
		if i := slices.IndexFunc(pl.people, func(p Person) bool { return p.ID == id }); i >= 0 {
			return &pl.people[i]
		}
		return nil
	}
	if out.certificate != nil {
		if i := slices.IndexFunc(pl.certificates, func(c Certificate) bool { return c.Number == out.certificate.Number }); i >= 0 {
			c := pl.certificates[i]
			holder := byID(c.Person)
			switch {
			case holder == nil || Fold(holder.Name) != Fold(out.edit.Name):
				pl.problem(line, colCertificate, ProblemCertificateOther, c.Number)
				return nil
			case !c.RevokedAt.IsZero():
				pl.problem(line, colCertificate, ProblemCertificateDead, c.Number)
				return nil
			}
			out.current = &c
			return holder
		}
	}
	if out.edit.Number != "" {
		if i := slices.IndexFunc(pl.people, func(p Person) bool { return p.Number == out.edit.Number }); i >= 0 {
			return &pl.people[i]
		}
	}
	if username != "" {
		if i := slices.IndexFunc(pl.proposals, func(p Proposal) bool { return p.Username == username }); i >= 0 {
			holder := byID(pl.proposals[i].Person)
			if holder == nil || Fold(holder.Name) != Fold(out.edit.Name) {
				pl.problem(line, colUsername, ProblemUsernameTaken, username)
				return nil
			}
			return holder
		}
	}
	var found []*Person
	for i, p := range pl.people {
		if p.Active() && p.Name == out.edit.Name && p.Department == out.edit.Department && (p.Number == "" || out.edit.Number == "") {
			found = append(found, &pl.people[i])
		}
	}
	switch len(found) {
	case 0:
		return nil
	case 1:
		return found[0]
	}
	pl.problem(line, colName, ProblemNamesake)
	return nil
}

// compare says what the row changes.
func (pl *planner) compare(out *planned, known *Person, username string, roles []access.Role) {
	out.Effect = EffectNew
	if known != nil {
		out.Effect, out.Person = EffectUnchanged, *known
		for _, f := range []struct {
			column   string
			from, to string
		}{
			{colName, known.Name, out.edit.Name},
			{colNumber, known.Number, out.edit.Number},
			{colDepartment, string(known.Department), string(out.edit.Department)},
		} {
			if f.from != f.to {
				out.Changes = append(out.Changes, f.column)
			}
		}
	}
	if c := out.certificate; c != nil {
		if now := out.current; now == nil {
			out.Changes = append(out.Changes, colCertificate)
		} else {
			c.Kind = now.Kind
			if !c.ValidFrom.Equal(now.ValidFrom) {
				out.Changes = append(out.Changes, colFrom)
			}
			if !c.ValidTo.Equal(now.ValidTo) {
				out.Changes = append(out.Changes, colTo)
			}
		}
	}
	pl.compareProposal(out, known, username, roles)
	if known != nil && len(out.Changes) > 0 {
		out.Effect = EffectChanged
	}
	if known != nil { // a further line about the same person starts from here
		known.Name, known.Number, known.Department = out.edit.Name, out.edit.Number, out.edit.Department
	}
}

func (pl *planner) compareProposal(out *planned, known *Person, username string, roles []access.Role) {
	if username == "" && len(roles) == 0 {
		return
	}
	want, kept := Proposal{Username: username, Roles: roles}, Proposal{}
	if known != nil {
		if i := slices.IndexFunc(pl.proposals, func(p Proposal) bool { return p.Person == known.ID }); i >= 0 {
			kept = pl.proposals[i]
		}
	}
	if username == "" {
		want.Username = kept.Username
	}
	if len(roles) == 0 {
		want.Roles = kept.Roles
	}
	if want.Username != kept.Username {
		out.Changes = append(out.Changes, colUsername)
	}
	if !slices.Equal(want.Roles, kept.Roles) {
		out.Changes = append(out.Changes, colRoles)
	}
	if want.Username != kept.Username || !slices.Equal(want.Roles, kept.Roles) {
		out.proposal = &want
		if known != nil {
			want.Person = known.ID
			pl.proposals = append(slices.DeleteFunc(pl.proposals, func(p Proposal) bool { return p.Person == known.ID }), want)
		}
	}
}

func (pl *planner) readEdit(row ledger.Row, out *planned) {
	name, err := CleanName(row.Cells[colName], colName)
	if err != nil && row.Cells[colName] != "" { // an empty cell is a problem already
		pl.problem(row.Line, colName, ProblemName, maxName)
	}
	number, err := cleanNumber(row.Cells[colNumber], colNumber)
	if err != nil {
		pl.problem(row.Line, colNumber, ProblemNumber, maxNumber)
	}
	out.edit = PersonEdit{Name: name, Number: number}
	text := plain(row.Cells[colDepartment])
	if text == "" {
		return
	}
	i := slices.IndexFunc(pl.tree, func(d Department) bool { return d.ClosedAt.IsZero() && Fold(d.Name) == Fold(text) })
	if i < 0 {
		pl.problem(row.Line, colDepartment, ProblemDepartment, text)
		return
	}
	out.edit.Department = pl.tree[i].ID
}

func (pl *planner) readCertificate(row ledger.Row, out *planned) {
	number, err := cleanNumber(row.Cells[colCertificate], colCertificate)
	from, to := row.Cells[colFrom], row.Cells[colTo]
	switch {
	case err != nil:
		pl.problem(row.Line, colCertificate, ProblemNumber, maxNumber)
		return
	case number == "" && from == "" && to == "":
		return
	case number == "":
		pl.problem(row.Line, colCertificate, ProblemNoCertificate)
		return
	}
	if first, twice := pl.seenNumber[number]; twice {
		pl.problem(row.Line, colCertificate, ProblemTwice, first)
		return
	}
	pl.seenNumber[number] = row.Line
	f, err1 := time.ParseInLocation(time.DateOnly, from, clock.Shanghai)
	t, err2 := time.ParseInLocation(time.DateOnly, to, clock.Shanghai)
	c := CertificateEdit{Number: number, Kind: Enforcement, ValidFrom: f, ValidTo: t}
	if err1 != nil || err2 != nil || checkValidity(f, t) != nil {
		if !pl.wrong[row.Line] || from == "" || to == "" || err1 == nil && err2 == nil {
			pl.problem(row.Line, colTo, ProblemDays)
		}
		return
	}
	c.ValidFrom, c.ValidTo = DayOf(f), DayOf(t)
	out.certificate = &c
}

func (pl *planner) readProposal(row ledger.Row, out *planned) (username string, roles []access.Role) {
	roles, unknown := parseRoles(row.Cells[colRoles])
	if unknown != "" {
		pl.problem(row.Line, colRoles, ProblemRole, unknown)
	}
	needs := slices.ContainsFunc(roles, func(r access.Role) bool {
		return r == access.Officer || r == access.Custodian || r == access.Head
	})
	if needs && out.edit.Department == "" && strings.TrimSpace(row.Cells[colDepartment]) == "" {
		pl.problem(row.Line, colDepartment, ProblemRoleDepartment)
	}
	if row.Cells[colUsername] == "" {
		return "", roles
	}
	username, err := CleanUsername(row.Cells[colUsername])
	if err != nil {
		pl.problem(row.Line, colUsername, ProblemUsername)
		return "", roles
	}
	if first, twice := pl.seenUser[username]; twice && pl.seenUser[username] != row.Line {
		pl.problem(row.Line, colUsername, ProblemTwice, first)
	}
	pl.seenUser[username] = row.Line
	return username, roles
}

// fingerprint is what was shown in a preview, for telling whether it still holds.
func fingerprint(list []planned) string {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, "%d %s %s %s\n", p.Line, p.Effect, p.Person.ID, strings.Join(p.Changes, ","))
	}
	return b.String()
}
