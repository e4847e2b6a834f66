package device_test

import (
	"context"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

// bureau is a small bureau: two departments, a custodian in each, two officers in the first.
type bureau struct {
	*gatetest.World

	t      *testing.T
	ctx    context.Context
	org    *org.Service
	inv    *device.Inventory
	d1, d2 ident.DepartmentID
	p1, p2 ident.PersonID
	keeper access.Actor // custodian of d1
	other  access.Actor // custodian of d2
}

var host = access.HostActor("test")

func newBureau(t *testing.T, w *gatetest.World) *bureau {
	t.Helper()
	b := &bureau{World: w, t: t, ctx: context.Background()}
	var err error
	if b.org, err = org.New(org.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}); err != nil {
		t.Fatal(err)
	}
	if b.inv, err = device.NewInventory(device.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}); err != nil {
		t.Fatal(err)
	}
	department := func(name string) ident.DepartmentID {
		d, err := b.org.AddDepartment(b.ctx, host, "", name)
		if err != nil {
			t.Fatal(err)
		}
		return d.ID
	}
	person := func(name string, d ident.DepartmentID) ident.PersonID {
		p, err := b.org.AddPerson(b.ctx, host, org.PersonEdit{Name: name, Department: d})
		if err != nil {
			t.Fatal(err)
		}
		return p.ID
	}
	b.d1, b.d2 = department("执法一科"), department("执法二科")
	b.p1, b.p2 = person("阿依古丽·买买提", b.d1), person("王建军", b.d1)
	b.keeper = actor(person("李保管", b.d1), b.d1, access.Custodian)
	b.other = actor(person("赵保管", b.d2), b.d2, access.Custodian)
	return b
}

func actor(p ident.PersonID, d ident.DepartmentID, roles ...access.Role) access.Actor {
	return access.Actor{Kind: access.Person, ID: "a-" + string(p), Person: p, Roles: roles, Department: d, Departments: []ident.DepartmentID{d}}
}

func (b *bureau) register(s device.Spec) ident.DeviceID {
	b.t.Helper()
	if s.Kind == "" {
		s.Kind = device.BodyCamera
	}
	if s.Department == "" {
		s.Department = b.d1
	}
	id, err := b.inv.Register(b.ctx, host, s)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *bureau) issue(id ident.DeviceID, p ident.PersonID) ident.IssueID {
	b.t.Helper()
	i, err := b.inv.Issue(b.ctx, b.keeper, id, device.IssueInput{Person: p, Purpose: "巡查"})
	if err != nil {
		b.t.Fatal(err)
	}
	return i
}

func (b *bureau) back(id ident.DeviceID) {
	b.t.Helper()
	if err := b.inv.Return(b.ctx, b.keeper, id, device.ReturnInput{}); err != nil {
		b.t.Fatal(err)
	}
}

// change runs fn as a change of the product's own.
func (b *bureau) change(fn func(tx *gate.Tx) error) error {
	return b.Gate.Do(b.ctx, access.SystemActor("test"), access.RecordingSeal, access.Subject{Kind: "file", ID: "f1"}, func(tx *gate.Tx) error {
		if _, err := tx.Record(gate.Entry{}); err != nil {
			return err
		}
		return fn(tx)
	})
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if code == "" && err == nil {
		return
	}
	if code == "" || !fault.HasCode(err, code) {
		t.Fatalf("want fault %q, got %v", code, err)
	}
}

const hour = time.Hour
