// Package access decides who may do what. The rules are Cedar policies in policy/*.cedar, each annotated with the
// article it carries out and the requirement it answers, so that a lawyer can read them; this package only feeds them
// and turns a refusal into words that name the article and the way forward.
package access

import (
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/ident"
)

// Role is what a person is appointed to (角色).
type Role string

// The roles. A person holds evidence roles or one of the three administrator roles, never both: the database refuses
// it (T13).
const (
	Officer       Role = "officer"        // 执法人员
	Custodian     Role = "custodian"      // 保管人（专门人员，第二十一条）
	Head          Role = "head"           // 科室主要负责人
	Leader        Role = "leader"         // 分管局领导
	LegalReviewer Role = "legal_reviewer" // 法制审核人员
	Supervisor    Role = "supervisor"     // 执法监督人员
	SystemAdmin   Role = "system_admin"   // 系统管理员
	SecurityAdmin Role = "security_admin" // 安全管理员
	AuditAdmin    Role = "audit_admin"    // 审计管理员
)

// Roles lists every role in the order pages show them.
func Roles() []Role {
	return []Role{Officer, Custodian, Head, Leader, LegalReviewer, Supervisor, SystemAdmin, SecurityAdmin, AuditAdmin}
}

// Class groups roles that one person may hold together.
type Class string

// The classes (三员分立). One person is in one class at a time.
const (
	ClassEvidence Class = "evidence"
	ClassSystem   Class = "system"
	ClassSecurity Class = "security"
	ClassAudit    Class = "audit"
)

// Class gives the role's class, "" for an unknown role.
func (r Role) Class() Class {
	switch r {
	case Officer, Custodian, Head, Leader, LegalReviewer, Supervisor:
		return ClassEvidence
	case SystemAdmin:
		return ClassSystem
	case SecurityAdmin:
		return ClassSecurity
	case AuditAdmin:
		return ClassAudit
	}
	return ""
}

// Kind says what sort of actor acts.
type Kind string

// The kinds of actors.
const (
	Person Kind = "person" // a signed-in person
	Token  Kind = "token"  // a dock station or a reading script
	System Kind = "system" // a job of the product
	Host   Kind = "host"   // a command run on the server's own machine
	Anyone Kind = "anyone" // nobody has signed in
)

// The scopes of a token.
const (
	ScopeDock = "dock" // writes only: hands in cards (T27)
	ScopeRead = "read" // reads facts and verdicts, never footage
)

// Actor is who acts. It is handed along explicitly and never kept in a context.
type Actor struct {
	Kind        Kind
	ID          string // account id, token id, or the name of the job or command
	Person      ident.PersonID
	Name        string
	Roles       []Role // those in force now
	Department  ident.DepartmentID
	Departments []ident.DepartmentID // the own one and all below it
	TokenScope  string               // for tokens: dock or read
	// Limited says that the person must change the first password before anything else.
	Limited bool
}

// Has reports whether the actor holds one of the roles.
func (a Actor) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(a.Roles, r) })
}

// RoleText joins the roles for the custody log: "custodian+head", "dock", or the kind.
func (a Actor) RoleText() string {
	switch {
	case len(a.Roles) > 0:
		s := make([]string, len(a.Roles))
		for i, r := range a.Roles {
			s[i] = string(r)
		}
		return strings.Join(s, "+")
	case a.TokenScope != "":
		return a.TokenScope
	}
	return string(a.Kind)
}

// SystemActor is a job of the product itself.
func SystemActor(name string) Actor { return Actor{Kind: System, ID: name, Name: name} }

// HostActor is a command run on the server's machine.
func HostActor(command string) Actor { return Actor{Kind: Host, ID: command, Name: command} }

// AnyoneActor is a visitor who has not signed in.
func AnyoneActor() Actor { return Actor{Kind: Anyone, ID: "anyone"} }

// Subject is what is acted upon, with what policies may ask about it.
type Subject struct {
	Kind       string // "recording", "device", "person", …
	ID         string
	Department ident.DepartmentID // who owns it
	Officer    ident.PersonID     // the person it concerns: the officer of a recording, the holder of an account
	Owner      string             // the actor id that made it, for things only their maker may touch
	Level      Role               // the office that decides about it, where that differs from thing to thing
	Ground     string             // what a look rests on, or why it rests on nothing (package viewing)
}

// Scope limits a list to the rows an actor may know of. Every list query takes one.
type Scope struct {
	All         bool                 // every row of the bureau
	Departments []ident.DepartmentID // rows owned by these departments
	Officer     ident.PersonID       // rows of this officer, and nobody else's
}

// None reports whether the scope holds no row at all.
func (s Scope) None() bool { return !s.All && len(s.Departments) == 0 && s.Officer == "" }

// ScopeOf gives the rows an actor may know of (第二十一条): officers their own, custodians and heads their
// departments', leaders, legal reviewers and supervisors the bureau's, the three administrators none.
func ScopeOf(a Actor) Scope {
	switch {
	case a.Kind == System, a.Kind == Host, a.Kind == Token && a.TokenScope == ScopeRead:
		return Scope{All: true}
	case a.Kind != Person || a.Limited:
		return Scope{}
	case a.Has(Leader, LegalReviewer, Supervisor):
		return Scope{All: true}
	case a.Has(Custodian, Head):
		return Scope{Departments: a.Departments, Officer: a.Person}
	case a.Has(Officer):
		return Scope{Officer: a.Person}
	}
	return Scope{}
}
