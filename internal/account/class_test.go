package account_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
)

var (
	ctx  = context.Background()
	host = access.HostActor("test")
)

func each(t *testing.T, run func(t *testing.T, b *accounttest.Bureau)) {
	t.Helper()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) { run(t, accounttest.New(t, w)) })
}

// TestThreeAdministratorsByService: nobody is granted roles of two classes, in either order, now or in the future.
func TestThreeAdministratorsByService(t *testing.T) { // T13
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		for _, has := range access.Roles() {
			for _, wants := range access.Roles() {
				if has.Class() == wants.Class() {
					continue
				}
				q := account.GrantRequest{
					Person: b.People[has].ID, Role: wants, Department: b.Departments[0].ID,
					From: b.Clock.Now().Add(1000 * time.Hour), To: b.Clock.Now().Add(2000 * time.Hour),
				}
				if _, err := b.Accounts.Grant(ctx, host, q); !fault.HasCode(err, "account.class") {
					t.Fatalf("%s became %s too: %v", has, wants, err)
				}
			}
		}
		security := b.Actor(t, access.SecurityAdmin)
		_, err := b.Accounts.Grant(ctx, security, account.GrantRequest{Person: security.Person, Role: access.Officer, Department: b.Departments[0].ID})
		if !fault.Is(err, fault.Forbidden) {
			t.Fatalf("a security administrator granted themselves a role: %v", err)
		}
	})
}

// tricks are ways to give a person two classes with SQL. Each gets a person who is an officer and has the appointment
// a, and another, free person.
var tricks = []struct{ name, sql string }{
	{"a second class row", `INSERT INTO person_class (person_id, class) VALUES ('{p}', 'security')`},
	{"replacing the class row", `UPDATE person_class SET class = 'security' WHERE person_id = '{p}'`},
	{"moving the class row away", `UPDATE person_class SET person_id = '{free}' WHERE person_id = '{p}'`},
	{"deleting the class row", `DELETE FROM person_class WHERE person_id = '{p}'`},
	{"an invented class", `UPDATE person_class SET class = 'evidence security' WHERE person_id = '{p}'`},
	{"an appointment of another class", `INSERT INTO appointment (id, person_id, role, from_at, appointed_by, created_at, active_class) VALUES ('x', '{p}', 'security_admin', 1, 'sql', 1, 'security')`},
	{"under the class the person has", `INSERT INTO appointment (id, person_id, role, from_at, appointed_by, created_at, active_class) VALUES ('x', '{p}', 'security_admin', 1, 'sql', 1, 'evidence')`},
	{"without a class", `INSERT INTO appointment (id, person_id, role, from_at, appointed_by, created_at) VALUES ('x', '{p}', 'security_admin', 1, 'sql', 1)`},
	{"ended, then revived", `INSERT INTO appointment (id, person_id, role, from_at, appointed_by, created_at, ended_at) VALUES ('x', '{p}', 'security_admin', 1, 'sql', 1, 1); UPDATE appointment SET ended_at = 0 WHERE id = 'x'`},
	{"ended, then revived with its class", `INSERT INTO appointment (id, person_id, role, from_at, appointed_by, created_at, ended_at) VALUES ('x', '{p}', 'audit_admin', 1, 'sql', 1, 1); UPDATE appointment SET ended_at = 0, active_class = 'audit' WHERE id = 'x'`},
	{"ended before time began", `INSERT INTO appointment (id, person_id, role, from_at, appointed_by, created_at, ended_at) VALUES ('x', '{p}', 'security_admin', 1, 'sql', 1, -1)`},
	{"an invented role", `INSERT INTO appointment (id, person_id, role, from_at, appointed_by, created_at, active_class) VALUES ('x', '{p}', 'superuser', 1, 'sql', 1, 'evidence')`},
	{"changing the role in place", `UPDATE appointment SET role = 'security_admin' WHERE id = '{a}'`},
	{"changing role and class in place", `UPDATE appointment SET role = 'security_admin', active_class = 'security' WHERE id = '{a}'`},
	{"letting go of the class only", `UPDATE appointment SET active_class = NULL WHERE id = '{a}'`},
	{"another's appointment", `UPDATE appointment SET person_id = '{p}' WHERE role = 'security_admin'`},
	{"no role", `UPDATE appointment SET role = NULL WHERE id = '{a}'`},
	{"no end", `UPDATE appointment SET ended_at = NULL, active_class = NULL WHERE id = '{a}'`},
}

// TestThreeAdministratorsBySQL: the declared constraints hold against whoever writes SQL into the tables.
func TestThreeAdministratorsBySQL(t *testing.T) { // T13
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		p := b.People[access.Officer].ID
		free := b.Add(t, "无职", "free", "")
		roles, err := b.Accounts.RolesOf(ctx, p)
		if err != nil || len(roles[p]) != 1 {
			t.Fatalf("%v %v", roles, err)
		}
		all := tricks
		if b.DB.Engine == db.SQLite {
			all = append(all[:len(all):len(all)],
				struct{ name, sql string }{"or replace", `INSERT OR REPLACE INTO person_class (person_id, class) VALUES ('{p}', 'security')`},
				struct{ name, sql string }{"or replace on update", `UPDATE OR REPLACE person_class SET person_id = '{p}' WHERE class = 'security'`},
				struct{ name, sql string }{"or ignore", `UPDATE OR IGNORE appointment SET role = 'security_admin', active_class = 'security' WHERE id = '{a}'; INSERT INTO person_class (person_id, class) VALUES ('{p}', 'security')`},
			)
		}
		for _, trick := range all {
			q := trick.sql
			for k, v := range map[string]string{"{p}": string(p), "{free}": string(free.ID), "{a}": string(roles[p][0].ID)} {
				q = replaceAll(q, k, v)
			}
			if _, err := b.DB.Writer.ExecContext(ctx, q); !db.IsConstraint(err) {
				t.Errorf("%s: not refused by a constraint: %v", trick.name, err)
			}
			if a := b.ActorOf(t, p); len(a.Roles) != 1 || a.Roles[0] != access.Officer {
				t.Fatalf("%s: acts as %v now", trick.name, a.Roles)
			}
			if _, err := b.DB.Writer.ExecContext(ctx, "DELETE FROM appointment WHERE id = 'x'"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func replaceAll(s, old, by string) string {
	for i := 0; i+len(old) <= len(s); {
		if s[i:i+len(old)] == old {
			s = s[:i] + by + s[i+len(old):]
			i += len(by)
			continue
		}
		i++
	}
	return s
}

// TestThreeAdministratorsAtOnce: twenty grants of four classes to one person at the same moment leave one class.
func TestThreeAdministratorsAtOnce(t *testing.T) { // T13
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		p := b.Add(t, "新人", "fresh", b.Departments[0].ID)
		roles := []access.Role{access.Officer, access.SystemAdmin, access.SecurityAdmin, access.AuditAdmin}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				_, err := b.Accounts.Grant(ctx, host, account.GrantRequest{Person: p.ID, Role: roles[i%4], Department: b.Departments[0].ID})
				if err != nil && !fault.Is(err, fault.Conflict) {
					t.Errorf("grant: %v", err)
				}
			})
		}
		wg.Wait()
		var n int
		err := b.DB.Reader.NewRaw("SELECT COUNT(DISTINCT active_class) FROM appointment WHERE person_id = ? AND ended_at = 0", p.ID).Scan(ctx, &n)
		if err != nil || n != 1 {
			t.Fatalf("%d classes at once, %v", n, err)
		}
	})
}

// TestRacingSQL: raw inserts from many connections at once, without the service.
func TestRacingSQL(t *testing.T) { // T13
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		p := b.Add(t, "新人", "fresh", b.Departments[0].ID)
		classes := map[string]string{"system_admin": "system", "security_admin": "security", "audit_admin": "audit", "leader": "evidence"}
		var wg sync.WaitGroup
		for role, class := range classes {
			for i := range 5 {
				wg.Go(func() {
					tx, err := b.DB.Writer.BeginTx(ctx, nil)
					if err != nil {
						t.Error(err)
						return
					}
					defer func() { _ = tx.Rollback() }()
					_, err = tx.ExecContext(ctx, "INSERT INTO person_class (person_id, class) VALUES (?, ?) ON CONFLICT DO NOTHING", p.ID, class)
					if err == nil {
						_, err = tx.ExecContext(ctx, "INSERT INTO appointment (id, person_id, role, from_at, appointed_by, created_at, active_class) VALUES (?, ?, ?, 1, 'sql', 1, ?)",
							fmt.Sprint(role, i), p.ID, role, class)
					}
					if err == nil {
						err = tx.Commit()
					}
					if err != nil && !db.IsConstraint(err) {
						t.Errorf("insert: %v", err)
					}
				})
			}
		}
		wg.Wait()
		if a := b.ActorOf(t, p.ID); len(a.Roles) != 1 {
			t.Fatalf("acts as %v", a.Roles)
		}
	})
}

// TestClassesNeverMix draws grants, revocations and passing days, and looks at every step whether anybody acts in two
// classes.
func TestClassesNeverMix(t *testing.T) { // T13
	t.Parallel()
	b := accounttest.New(t, gatetest.New(t, sqlite(t)))
	rapid.Check(t, func(rt *rapid.T) {
		p := b.Add(t, "新人", "u"+string(ident.New[ident.PersonID]())[:36], b.Departments[0].ID)
		var open []ident.AppointmentID
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0, 1:
				q := account.GrantRequest{Person: p.ID, Role: rapid.SampledFrom(access.Roles()).Draw(rt, "role"), Department: b.Departments[0].ID}
				if d := rapid.IntRange(0, 5).Draw(rt, "days"); d > 0 {
					q.To = b.Clock.Now().Add(time.Duration(d) * 24 * time.Hour)
				}
				if a, err := b.Accounts.Grant(ctx, host, q); err == nil {
					open = append(open, a.ID)
				} else if !fault.Is(err, fault.Conflict) {
					rt.Fatal(err)
				}
			case 2:
				if len(open) > 0 {
					if err := b.Accounts.Revoke(ctx, host, open[0]); err != nil && !fault.Is(err, fault.Conflict) {
						rt.Fatal(err)
					}
					open = open[1:]
				}
			case 3:
				b.Clock.Add(36 * time.Hour)
			}
			classes := map[access.Class]bool{}
			for _, r := range b.ActorOf(t, p.ID).Roles {
				classes[r.Class()] = true
			}
			if len(classes) > 1 {
				rt.Fatalf("acts in %v", classes)
			}
		}
	})
}

// TestAnAppointmentEndsByItself: roles are computed from dates, and a lapsed one does not hold the class for ever.
func TestAnAppointmentEndsByItself(t *testing.T) { // R-21-2
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		p := b.Add(t, "新人", "fresh", b.Departments[1].ID)
		tomorrow := b.Clock.Now().Add(24 * time.Hour)
		a, err := b.Accounts.Grant(ctx, host, account.GrantRequest{Person: p.ID, Role: access.Custodian, Department: b.Departments[1].ID, To: tomorrow})
		if err != nil {
			t.Fatal(err)
		}
		if !b.ActorOf(t, p.ID).Has(access.Custodian) {
			t.Fatal("not in force today")
		}
		b.Clock.Set(tomorrow.Add(-time.Microsecond))
		if !b.ActorOf(t, p.ID).Has(access.Custodian) {
			t.Fatal("not in force until the end")
		}
		b.Clock.Set(tomorrow)
		if b.ActorOf(t, p.ID).Has(access.Custodian) {
			t.Fatal("still in force after its end")
		}
		if _, err := b.Accounts.Grant(ctx, host, account.GrantRequest{Person: p.ID, Role: access.AuditAdmin}); err != nil {
			t.Fatalf("a lapsed appointment holds the class: %v", err)
		}
		h := b.History(t, "appointment", string(a.ID))
		if len(h) != 2 || h[0].Action != "role.lapse" || clock.Micros(h[0].At) != clock.Micros(tomorrow) {
			t.Fatalf("history %+v", h)
		}
		if err := b.Accounts.Revoke(ctx, host, a.ID); !fault.HasCode(err, "account.appointment_ended") {
			t.Fatalf("revoked twice: %v", err)
		}
	})
}
