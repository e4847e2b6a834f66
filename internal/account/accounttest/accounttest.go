// Package accounttest gives a test a small bureau: three departments, one person in each role, all with accounts.
package accounttest

import (
	"context"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

// Password is what everybody in the bureau has for a password after Ready.
const Password = "glaciers feed the oasis"

// CheapHash makes passwords that cost a test nothing.
var CheapHash = account.HashParams{Memory: 64, Passes: 1, Threads: 1}

// Bureau is a world with people in it. Roles that belong to a department are held in the first one; the second has an
// officer of its own (Other) and no custodian; the third stands below the first.
type Bureau struct {
	*gatetest.World

	Org         *org.Service
	Accounts    *account.Service
	Bureau      org.Bureau
	Departments [3]org.Department
	People      map[access.Role]org.Person
	Other       org.Person // an officer of the second department
	AccountIDs  map[ident.PersonID]ident.AccountID
}

// Names of the people, by role: among them long ones with "·" and a character beyond the basic plane.
var names = map[access.Role]string{
	access.Officer: "阿依努尔·买买提", access.Custodian: "古丽巴哈尔·阿卜杜热西提", access.Head: "王建国", access.Leader: "李志刚",
	access.LegalReviewer: "陈𬱖", access.Supervisor: "赵敏", access.SystemAdmin: "孙涛", access.SecurityAdmin: "周燕", access.AuditAdmin: "吴昊",
}

// New makes a bureau in the world.
func New(t testing.TB, w *gatetest.World) *Bureau {
	t.Helper()
	b := Services(t, w)
	ctx, host := context.Background(), access.HostActor("test")
	var err error
	if b.Bureau, err = b.Org.CreateBureau(ctx, host, "和田地区交通运输综合行政执法局"); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"执法一科", "执法二科", "一科二中队"} {
		parent := ident.DepartmentID("")
		if i == 2 {
			parent = b.Departments[0].ID
		}
		if b.Departments[i], err = b.Org.AddDepartment(ctx, host, parent, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, role := range access.Roles() {
		b.People[role] = b.Add(t, names[role], string(role), b.Departments[0].ID, role)
	}
	b.Other = b.Add(t, "马晓东", "other", b.Departments[1].ID, access.Officer)
	return b
}

// Services makes the services over an empty database.
func Services(t testing.TB, w *gatetest.World) *Bureau {
	t.Helper()
	b := &Bureau{World: w, People: map[access.Role]org.Person{}, AccountIDs: map[ident.PersonID]ident.AccountID{}}
	var err error
	if b.Org, err = org.New(org.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}); err != nil {
		t.Fatal(err)
	}
	b.Accounts, err = account.New(account.Config{
		DB: w.DB, Gate: w.Gate, Clock: w.Clock, Log: w.Log, Hash: CheapHash,
		PerIP: account.Limit{Every: time.Second, Burst: 1000}, PerName: account.Limit{Every: time.Second, Burst: 1000},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Add adds a person with an account and roles in the department.
func (b *Bureau) Add(t testing.TB, name, username string, department ident.DepartmentID, roles ...access.Role) org.Person {
	t.Helper()
	ctx, host := context.Background(), access.HostActor("test")
	p, err := b.Org.AddPerson(ctx, host, org.PersonEdit{Name: name, Department: department})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles {
		if _, err := b.Accounts.Grant(ctx, host, account.GrantRequest{Person: p.ID, Role: role, Department: department}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := b.Accounts.Create(ctx, host, p.ID, username)
	if err != nil {
		t.Fatal(err)
	}
	b.AccountIDs[p.ID] = c.Account.ID
	return p
}

// Actor is the person in the role, as they act now after having changed their first password.
func (b *Bureau) Actor(t testing.TB, role access.Role) access.Actor {
	t.Helper()
	return b.ActorOf(t, b.People[role].ID)
}

// ActorOf is a person as they act now after having changed their first password.
func (b *Bureau) ActorOf(t testing.TB, person ident.PersonID) access.Actor {
	t.Helper()
	a, err := b.Accounts.ActorOf(context.Background(), b.AccountIDs[person])
	if err != nil {
		t.Fatal(err)
	}
	a.Limited = false
	return a
}

// SignIn signs the person in for real: with a first password, changed at once to Password. It returns the session's
// token. A person signed in before is given a new first password.
func (b *Bureau) SignIn(t testing.TB, person ident.PersonID) string {
	t.Helper()
	ctx := context.Background()
	id := b.AccountIDs[person]
	first, err := b.Accounts.ResetPassword(ctx, access.HostActor("test"), id)
	if err != nil {
		t.Fatal(err)
	}
	acc, err := b.Accounts.Account(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	in, err := b.Accounts.SignIn(ctx, account.SignInRequest{Username: acc.Username, Password: first, IP: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	actor, session, err := b.Accounts.Authenticate(ctx, in.Token)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Accounts.ChangePassword(ctx, actor, session, first, Password); err != nil {
		t.Fatal(err)
	}
	return in.Token
}
