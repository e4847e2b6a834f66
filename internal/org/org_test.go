package org_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

var (
	ctx  = context.Background()
	host = access.HostActor("test")
)

func each(t *testing.T, run func(t *testing.T, b *accounttest.Bureau)) {
	t.Helper()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) { run(t, accounttest.New(t, w)) })
}

func day(s string) time.Time {
	d, err := time.ParseInLocation(time.DateOnly, s, clock.Shanghai)
	if err != nil {
		panic(err)
	}
	return d
}

func TestBureauOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		if _, err := b.Org.CreateBureau(ctx, host, "另一个局"); !fault.HasCode(err, "org.bureau_exists") {
			t.Errorf("a second bureau: %v", err)
		}
		if got, err := b.Org.Bureau(ctx); err != nil || got != b.Bureau {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := b.Org.CreateBureau(ctx, b.Actor(t, access.SystemAdmin), "我的局"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("not the host: %v", err)
		}
	})
}

func TestDepartments(t *testing.T) { // R-21-1
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		admin := b.Actor(t, access.SystemAdmin)
		one, two, below := b.Departments[0].ID, b.Departments[1].ID, b.Departments[2].ID
		for code, err := range map[string]error{
			"org.department_cycle":  b.Org.MoveDepartment(ctx, admin, one, below),
			"org.department":        b.Org.MoveDepartment(ctx, admin, one, "gone"),
			"org.department_exists": b.Org.RenameDepartment(ctx, admin, two, " 执法一科 "),
			"org.department_in_use": b.Org.CloseDepartment(ctx, admin, one),
			"org.name":              b.Org.RenameDepartment(ctx, admin, two, "\u200b \t"),
		} {
			if !fault.HasCode(err, code) {
				t.Errorf("want %s, got %v", code, err)
			}
		}
		if err := b.Org.MoveDepartment(ctx, admin, one, one); !fault.HasCode(err, "org.department_cycle") {
			t.Errorf("under itself: %v", err)
		}
		if err := b.Org.RenameDepartment(ctx, b.Actor(t, access.Head), two, "我的科"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a head renamed: %v", err)
		}
		if err := b.Org.MoveDepartment(ctx, admin, below, two); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Org.Descendants(ctx, two); err != nil || !slices.Equal(got, []ident.DepartmentID{two, below}) {
			t.Errorf("%v %v", got, err)
		}
		if err := b.Org.CloseDepartment(ctx, admin, below); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Org.AddPerson(ctx, admin, org.PersonEdit{Name: "新人", Department: below}); !fault.HasCode(err, "org.department_closed") {
			t.Errorf("into a closed department: %v", err)
		}
		// The name of a closed department may be used again.
		again, err := b.Org.AddDepartment(ctx, admin, two, "一科二中队")
		if err != nil {
			t.Fatal(err)
		}
		tree, err := b.Org.Tree(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"执法二科", "一科二中队"}, tree.Path(again.ID)); diff != "" {
			t.Error(diff)
		}
		var got []string
		for _, e := range b.History(t, "department", string(below)) {
			got = append(got, e.Action)
		}
		if diff := cmp.Diff([]string{"org.close_department", "org.move_department", "org.add_department"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestNoCircles moves departments about at random; whatever was allowed, the tree stays a tree.
func TestNoCircles(t *testing.T) {
	t.Parallel()
	b := accounttest.Services(t, gatetest.New(t, dbtest.SQLite(t)))
	var ids []ident.DepartmentID
	for i := range 6 {
		d, err := b.Org.AddDepartment(ctx, host, "", strings.Repeat("科", i+1))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, d.ID)
	}
	rapid.Check(t, func(rt *rapid.T) {
		a, to := rapid.SampledFrom(ids).Draw(rt, "what"), rapid.SampledFrom(append(ids, "")).Draw(rt, "to")
		if err := b.Org.MoveDepartment(ctx, host, a, to); err != nil && !fault.HasCode(err, "org.department_cycle") {
			rt.Fatal(err)
		}
		tree, err := b.Org.Tree(ctx)
		if err != nil {
			rt.Fatal(err)
		}
		reached := 0
		for _, top := range tree.Children("") {
			reached += len(tree.Descendants(top.ID))
		}
		if reached != len(ids) {
			rt.Fatalf("%d of %d departments hang from the bureau", reached, len(ids))
		}
	})
}

func TestPeople(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		admin := b.Actor(t, access.SystemAdmin)
		long := "阿卜杜热合曼江·麦麦提图尔荪尼亚孜·阿卜杜克热木𬱖" // thirty characters with dots and a rare one
		p, err := b.Org.AddPerson(ctx, admin, org.PersonEdit{Name: "  " + long + "\u202e ", Number: " ０１７ ", Department: b.Departments[1].ID})
		if err != nil || p.Name != long || p.Number != "017" {
			t.Fatalf("%+v %v", p, err)
		}
		if _, err := b.Org.AddPerson(ctx, admin, org.PersonEdit{Name: "别人", Number: "017"}); !fault.HasCode(err, "org.number_taken") {
			t.Errorf("number: %v", err)
		}
		uyghur := "ئاينۇر مەمەت"
		if _, err := b.Org.AddPerson(ctx, admin, org.PersonEdit{Name: uyghur, Department: b.Departments[1].ID}); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]int{
			"麦麦提": 1, "麦麦提图尔荪": 1, "曼江麦麦提": 1, "江·麦": 1, "𬱖": 2, "０17": 1, "ئاينۇر": 1, "阿依": 1, "%": 0, `\`: 0, "' OR": 0, "": 12,
		} {
			page, err := b.Org.People(ctx, admin, org.PeopleFilter{Query: query})
			if err != nil || len(page.Items) != want {
				t.Errorf("%q finds %d, want %d (%v)", query, len(page.Items), want, err)
			}
		}
		if err := b.Org.EditPerson(ctx, admin, p.ID, org.PersonEdit{Name: long, Number: "017", Department: b.Departments[1].ID}); !fault.HasCode(err, "org.unchanged") {
			t.Errorf("nothing changed: %v", err)
		}
		if err := b.Org.EditPerson(ctx, admin, p.ID, org.PersonEdit{Name: long, Department: b.Departments[0].ID}); err != nil {
			t.Fatal(err)
		}
		h := b.History(t, "person", string(p.ID))
		if len(h) != 2 || !strings.Contains(string(h[0].Detail), `"department_from"`) || strings.Contains(string(h[0].Detail), "麦麦提") {
			t.Errorf("history %s", h[0].Detail)
		}
		if err := b.Org.DeactivatePerson(ctx, admin, p.ID, " "); !fault.HasCode(err, "org.reason") {
			t.Errorf("without a reason: %v", err)
		}
		if err := b.Org.DeactivatePerson(ctx, admin, admin.Person, "走了"); !fault.HasCode(err, "org.not_self") {
			t.Errorf("oneself: %v", err)
		}
		if err := b.Org.DeactivatePerson(ctx, admin, p.ID, "调离"); err != nil {
			t.Fatal(err)
		}
		if err := b.Org.EditPerson(ctx, admin, p.ID, org.PersonEdit{Name: "回来"}); !fault.HasCode(err, "org.person_inactive") {
			t.Errorf("edited after leaving: %v", err)
		}
		names, err := b.Org.Names(ctx, []ident.PersonID{p.ID, b.Other.ID, "gone"})
		if diff := cmp.Diff(map[ident.PersonID]string{p.ID: long, b.Other.ID: "马晓东"}, names); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	})
}

// TestWhoSeesWhom: administrators all, heads and custodians their departments, officers themselves (R-21-1).
func TestWhoSeesWhom(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		for role, want := range map[access.Role]int{
			access.Officer: 1, access.Custodian: 9, access.Head: 9, access.Leader: 10, access.LegalReviewer: 10,
			access.Supervisor: 10, access.SystemAdmin: 10, access.SecurityAdmin: 10, access.AuditAdmin: 10,
		} {
			seen, after := 0, ""
			for {
				page, err := b.Org.People(ctx, b.Actor(t, role), org.PeopleFilter{Limit: 4, After: after})
				if err != nil {
					t.Fatal(err)
				}
				if seen += len(page.Items); page.Next == "" {
					break
				}
				after = page.Next
			}
			if seen != want {
				t.Errorf("%s sees %d people, want %d", role, seen, want)
			}
		}
		if _, err := b.Org.People(ctx, access.AnyoneActor(), org.PeopleFilter{}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("anyone: %v", err)
		}
		dock := access.Actor{Kind: access.Token, ID: "t", TokenScope: access.ScopeDock}
		if _, err := b.Org.People(ctx, dock, org.PeopleFilter{}); !fault.Is(err, fault.Forbidden) { // T27
			t.Errorf("dock: %v", err)
		}
	})
}

func TestCertificates(t *testing.T) { // R-08-01
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		admin, p := b.Actor(t, access.SystemAdmin), b.People[access.Officer].ID
		add := func(person ident.PersonID, number, from, to string) org.Certificate {
			t.Helper()
			c, err := b.Org.AddCertificate(ctx, admin, person, org.CertificateEdit{Number: number, ValidFrom: day(from).Add(13 * time.Hour), ValidTo: day(to).Add(20 * time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		old := add(p, "ht 65001", "2020-01-01", "2024-12-31")
		now := add(p, "HT65002", "2025-01-01", "2026-12-31")
		if old.Number != "HT65001" {
			t.Errorf("number %q", old.Number)
		}
		for when, want := range map[string]ident.CertificateID{
			"2019-12-31": "", "2020-01-01": old.ID, "2024-12-31": old.ID, "2025-01-01": now.ID, "2026-12-31": now.ID, "2027-01-01": "",
		} {
			for _, at := range []time.Duration{0, 24*time.Hour - time.Microsecond} { // the whole day in Shanghai
				c, err := b.Org.CertificateOn(ctx, p, day(when).Add(at))
				if c.ID != want || (want == "") != fault.HasCode(err, "org.no_certificate") {
					t.Errorf("%s: %q %v", when, c.ID, err)
				}
			}
		}
		_, err := b.Org.AddCertificate(ctx, admin, b.Other.ID, org.CertificateEdit{Number: "ＨＴ65002", ValidFrom: day("2025-01-01"), ValidTo: day("2026-01-01")})
		if !fault.HasCode(err, "org.certificate_taken") {
			t.Errorf("a number twice: %v", err)
		}
		for _, e := range []org.CertificateEdit{
			{Number: "X", ValidFrom: day("2025-01-02"), ValidTo: day("2025-01-01")},
			{Number: "X", ValidTo: day("2025-01-01")},
			{Number: "X", ValidFrom: day("2025-01-01")},
			{ValidFrom: day("2025-01-01"), ValidTo: day("2025-01-01")},
			{Number: "X", Kind: "driving", ValidFrom: day("2025-01-01"), ValidTo: day("2025-01-01")},
		} {
			if _, err := b.Org.AddCertificate(ctx, admin, p, e); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", e, err)
			}
		}
		// The clock stands at 2026-11-24: what ends by the end of the year is near.
		list, err := b.Org.Expiring(ctx, b.Actor(t, access.Head), 60*24*time.Hour)
		if err != nil || len(list) != 1 || list[0].ID != now.ID {
			t.Errorf("expiring %v %v", list, err)
		}
		if list, err = b.Org.Expiring(ctx, b.ActorOf(t, b.Other.ID), 60*24*time.Hour); err != nil || len(list) != 0 {
			t.Errorf("another's: %v %v", list, err)
		}
		add(p, "HT65003", "2027-01-01", "2030-12-31")
		if list, err = b.Org.Expiring(ctx, admin, 60*24*time.Hour); err != nil || len(list) != 0 {
			t.Errorf("followed by a later one: %v %v", list, err)
		}
		if err := b.Org.EditCertificate(ctx, admin, now.ID, org.CertificateEdit{Number: "HT65002", ValidFrom: day("2025-01-01"), ValidTo: day("2026-06-30")}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Org.CertificateOn(ctx, p, day("2026-07-01")); !fault.HasCode(err, "org.no_certificate") {
			t.Errorf("shortened: %v", err)
		}
		if err := b.Org.RevokeCertificate(ctx, admin, now.ID, "遗失"); err != nil {
			t.Fatal(err)
		}
		if err := b.Org.RevokeCertificate(ctx, admin, now.ID, "再来"); !fault.HasCode(err, "org.certificate_revoked") {
			t.Errorf("twice: %v", err)
		}
		if c, err := b.Org.CertificateOn(ctx, p, day("2026-06-30")); err != nil || c.ID != now.ID {
			t.Errorf("revocation does not reach back: %v", err)
		}
		h := b.History(t, "person", string(p))
		if len(h) < 5 || h[0].Action != "org.revoke_certificate" || h[0].Requirement != "R-08-01" {
			t.Errorf("history %+v", h)
		}
	})
}
