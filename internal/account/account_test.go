package account_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

func sqlite(t *testing.T) *db.DB { return dbtest.SQLite(t) }

func signIn(b *accounttest.Bureau, username, password string) (account.SignedIn, error) {
	return b.Accounts.SignIn(ctx, account.SignInRequest{Username: username, Password: password, IP: "10.0.0.1", Agent: "test"})
}

// TestFirstSignIn: the first password lets one do nothing but change it.
func TestFirstSignIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		p := b.People[access.Custodian]
		id := b.AccountIDs[p.ID]
		first, err := b.Accounts.ResetPassword(ctx, host, id)
		if err != nil {
			t.Fatal(err)
		}
		in, err := signIn(b, " CUSTODIAN ", first)
		if err != nil || !in.MustChange {
			t.Fatalf("%+v %v", in, err)
		}
		actor, session, err := b.Accounts.Authenticate(ctx, in.Token)
		if err != nil || !actor.Limited || actor.Person != p.ID || actor.Name != p.Name || !actor.Has(access.Custodian) {
			t.Fatalf("%+v %v", actor, err)
		}
		if b.Gate.May(actor, access.DeviceIssue, access.Subject{Kind: "device", Department: b.Departments[0].ID}) {
			t.Error("the first password opens more than its change")
		}
		other, err := signIn(b, "custodian", first)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []struct{ current, next, code string }{
			{"wrong", accounttest.Password, "account.password_wrong"},
			{first, "short", "account.password_short"},
			{first, first, "account.password_same"},
			{first, "i am custodian here", "account.password_name"},
			{first, "Password123456!", "account.password_common"},
		} {
			if err := b.Accounts.ChangePassword(ctx, actor, session, bad.current, bad.next); !fault.HasCode(err, bad.code) {
				t.Errorf("%q: want %s, got %v", bad.next, bad.code, err)
			}
		}
		if err := b.Accounts.ChangePassword(ctx, actor, session, first, accounttest.Password); err != nil {
			t.Fatal(err)
		}
		if actor, _, err = b.Accounts.Authenticate(ctx, in.Token); err != nil || actor.Limited {
			t.Fatalf("%+v %v", actor, err)
		}
		if _, _, err := b.Accounts.Authenticate(ctx, other.Token); !fault.HasCode(err, "account.session") {
			t.Errorf("the other session lives on: %v", err)
		}
		if _, err := signIn(b, "custodian", first); !fault.HasCode(err, "account.sign_in") {
			t.Errorf("the old password still works: %v", err)
		}
		if err := b.Accounts.SignOut(ctx, actor, session); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Accounts.Authenticate(ctx, in.Token); !fault.HasCode(err, "account.session") {
			t.Errorf("signed out and still in: %v", err)
		}
		var got []string
		for _, e := range b.History(t, "account", string(id)) {
			got = append(got, e.Action+" "+string(e.Outcome)+" "+string(e.Actor.Kind))
		}
		slices.Reverse(got)
		want := []string{
			"account.create done host", "account.reset_password done host", "account.sign_in done anyone", "account.sign_in done anyone",
			"account.change_password failed person", "account.change_password done person", "account.sign_in failed anyone", "account.sign_out done person",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSecretsAreNotKept: neither passwords nor tokens stand in the database.
func TestSecretsAreNotKept(t *testing.T) { // T29
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		token := b.SignIn(t, b.People[access.Officer].ID)
		_, dock, err := b.Accounts.CreateToken(ctx, host, account.TokenRequest{Scope: access.ScopeDock, Name: "一楼采集站"})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{
			"SELECT password_hash FROM account", "SELECT digest FROM session", "SELECT digest FROM token",
			"SELECT detail FROM custody_entry",
		} {
			var texts []string
			if err := b.DB.Reader.NewRaw(q).Scan(ctx, &texts); err != nil {
				t.Fatal(err)
			}
			for _, s := range texts {
				for _, secret := range []string{token, dock, strings.TrimPrefix(dock, "zlt_"), accounttest.Password} {
					if strings.Contains(s, secret) {
						t.Errorf("%s holds a secret", q)
					}
				}
				if strings.HasPrefix(q, "SELECT password") && !strings.HasPrefix(s, "$argon2id$v=19$m=64,t=1,p=1$") {
					t.Errorf("hash %q", s)
				}
			}
		}
	})
}

// TestLock: five wrong passwords lock for a quarter of an hour, the next five for twice as long; a name without
// account answers exactly alike.
func TestLock(t *testing.T) { // T28
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		b.SignIn(t, b.People[access.Head].ID)
		codes := func(name string) (got []string) {
			for range 7 {
				_, err := signIn(b, name, "wrong password")
				got = append(got, fault.As(err).Code)
			}
			return got
		}
		want := []string{"account.sign_in", "account.sign_in", "account.sign_in", "account.sign_in", "account.locked", "account.locked", "account.locked"}
		for _, name := range []string{"head", "nobody"} {
			if diff := cmp.Diff(want, codes(name)); diff != "" {
				t.Fatalf("%s: %s", name, diff)
			}
		}
		_, err := signIn(b, "head", accounttest.Password)
		if f := fault.As(err); f.Code != "account.locked" || !f.Args[0].(time.Time).Equal(b.Clock.Now().Add(15*time.Minute)) {
			t.Fatalf("the right password opened a locked account: %v", err)
		}
		b.Clock.Add(15 * time.Minute)
		for _, name := range []string{"head", "nobody"} {
			codes(name)
			_, err := signIn(b, name, "x")
			if f := fault.As(err); f.Code != "account.locked" || !f.Args[0].(time.Time).Equal(b.Clock.Now().Add(30*time.Minute)) {
				t.Fatalf("%s: the second lock is not twice as long: %v", name, err)
			}
		}
		id := b.AccountIDs[b.People[access.Head].ID]
		if err := b.Accounts.Unlock(ctx, b.Actor(t, access.Officer), id); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("an officer unlocked: %v", err)
		}
		if err := b.Accounts.Unlock(ctx, b.Actor(t, access.SecurityAdmin), id); err != nil {
			t.Fatal(err)
		}
		if _, err := signIn(b, "head", accounttest.Password); err != nil {
			t.Fatalf("unlocked and still out: %v", err)
		}
		if _, err := signIn(b, "head", "wrong"); !fault.HasCode(err, "account.sign_in") {
			t.Fatalf("a right password must forgive the wrong ones: %v", err)
		}
		locks := 0
		for _, e := range b.History(t, "account", string(id)) {
			if e.Action == "account.lock" && e.Outcome == custody.Done {
				locks++
			}
		}
		if locks != 2 {
			t.Errorf("%d lock entries", locks)
		}
		if h := b.History(t, "account", "unknown"); len(h) != 15 || strings.Contains(string(h[0].Detail), "nobody") {
			t.Errorf("%d entries of an unknown name, the last %s", len(h), h[0].Detail)
		}
	})
}

// TestSessionsEnd: by idleness, by age, when the account is disabled, when the person leaves, when roles change.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		p := b.People[access.Officer].ID
		id := b.AccountIDs[p]
		alive := func(token string) bool {
			t.Helper()
			_, _, err := b.Accounts.Authenticate(ctx, token)
			if err != nil && !fault.HasCode(err, "account.session") {
				t.Fatal(err)
			}
			return err == nil
		}
		token := b.SignIn(t, p)
		for range 24 {
			if b.Clock.Add(29 * time.Minute); !alive(token) {
				t.Fatal("a used session ended")
			}
		}
		if b.Clock.Add(29 * time.Minute); alive(token) {
			t.Fatal("a session outlived twelve hours")
		}
		token = b.SignIn(t, p)
		if b.Clock.Add(30 * time.Minute); alive(token) {
			t.Fatal("an idle session lives")
		}
		token = b.SignIn(t, p)
		if err := b.Accounts.Disable(ctx, host, id); err != nil || alive(token) {
			t.Fatalf("disabled and still in: %v", err)
		}
		if _, err := signIn(b, "officer", accounttest.Password); !fault.HasCode(err, "account.disabled") {
			t.Fatalf("disabled: %v", err)
		}
		if _, err := signIn(b, "officer", "wrong"); !fault.HasCode(err, "account.sign_in") {
			t.Fatalf("who does not know the password need not know that it is disabled: %v", err)
		}
		if err := b.Accounts.Disable(ctx, host, id); !fault.HasCode(err, "org.unchanged") {
			t.Fatalf("disabled twice: %v", err)
		}
		if err := b.Accounts.Enable(ctx, host, id); err != nil {
			t.Fatal(err)
		}
		token = b.SignIn(t, p)
		a, err := b.Accounts.Grant(ctx, host, account.GrantRequest{Person: p, Role: access.LegalReviewer})
		if err != nil || alive(token) {
			t.Fatalf("a session kept its old roles: %v", err)
		}
		token = b.SignIn(t, p)
		if err := b.Accounts.Revoke(ctx, host, a.ID); err != nil || alive(token) {
			t.Fatalf("a session kept a revoked role: %v", err)
		}
		token = b.SignIn(t, p)
		if err := b.Org.DeactivatePerson(ctx, host, p, "调离"); err != nil || alive(token) {
			t.Fatalf("left and still in: %v", err)
		}
		if _, err := signIn(b, "officer", accounttest.Password); !fault.Is(err, fault.Unauthorized) {
			t.Fatalf("left and signed in: %v", err)
		}
		for _, bad := range []string{"", "x", strings.Repeat("a", 5000), "' OR 1=1 --"} {
			if alive(bad) {
				t.Errorf("%.10q is a session", bad)
			}
		}
	})
}

func TestRateLimits(t *testing.T) { // T28
	t.Parallel()
	b := accounttest.New(t, world(t))
	s, err := account.New(account.Config{DB: b.DB, Gate: b.Gate, Clock: b.Clock, Log: b.Log, Hash: accounttest.CheapHash})
	if err != nil {
		t.Fatal(err)
	}
	try := func(name, ip string) error {
		_, err := s.SignIn(ctx, account.SignInRequest{Username: name, Password: "x", IP: ip})
		return err
	}
	limited := 0
	for i := range 40 {
		if fault.HasCode(try("name"+string(rune('a'+i)), "10.0.0.9"), "account.sign_in_rate") {
			limited++
		}
	}
	if limited != 10 {
		t.Errorf("%d of 40 tries from one address were held back, want 10", limited)
	}
	if err := try("officer", "10.0.0.10"); !fault.HasCode(err, "account.sign_in") {
		t.Errorf("another address suffers: %v", err)
	}
	b.Clock.Add(3 * time.Second)
	if err := try("other", "10.0.0.9"); fault.Is(err, fault.RateLimited) {
		t.Errorf("held back for ever: %v", err)
	}
}

func TestTokens(t *testing.T) { // T27
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		admin := b.Actor(t, access.SystemAdmin)
		k, text, err := b.Accounts.CreateToken(ctx, admin, account.TokenRequest{Scope: access.ScopeDock, Name: "一楼采集站", Department: b.Departments[0].ID})
		if err != nil || !strings.HasPrefix(text, "zlt_") {
			t.Fatalf("%q %v", text, err)
		}
		a, err := b.Accounts.AuthenticateToken(ctx, "Bearer "+text)
		want := access.Actor{
			Kind: access.Token, ID: string(k.ID), Name: "一楼采集站", TokenScope: access.ScopeDock, Department: b.Departments[0].ID,
			Departments: []ident.DepartmentID{b.Departments[0].ID, b.Departments[2].ID},
		}
		if diff := cmp.Diff(want, a); diff != "" || err != nil {
			t.Fatalf("%v %s", err, diff)
		}
		if !b.Gate.May(a, access.UploadCreate, access.Subject{Kind: "upload"}) || b.Gate.May(a, access.RecordingList, access.Subject{Kind: "recording"}) {
			t.Error("a dock token writes and reads nothing")
		}
		for _, bad := range []string{"", "Bearer ", text + "x", strings.TrimPrefix(text, "zlt_"), "zlt_", "Basic " + text} {
			if _, err := b.Accounts.AuthenticateToken(ctx, bad); !fault.HasCode(err, "token.unknown") {
				t.Errorf("%q: %v", bad, err)
			}
		}
		page, err := b.Accounts.Tokens(ctx, admin, account.TokenFilter{Scope: access.ScopeDock})
		if err != nil || len(page.Items) != 1 || !page.Items[0].UsedAt.Equal(b.Clock.Now()) {
			t.Fatalf("%+v %v", page, err)
		}
		if err := b.Accounts.RevokeToken(ctx, b.Actor(t, access.Custodian), k.ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a custodian revoked: %v", err)
		}
		if err := b.Accounts.RevokeToken(ctx, admin, k.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Accounts.AuthenticateToken(ctx, text); !fault.HasCode(err, "token.revoked_used") {
			t.Errorf("revoked: %v", err)
		}
		_, text, err = b.Accounts.CreateToken(ctx, admin, account.TokenRequest{Scope: access.ScopeRead, Name: "大屏", ExpiresAt: b.Clock.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		b.Clock.Add(time.Hour)
		if _, err := b.Accounts.AuthenticateToken(ctx, text); !fault.HasCode(err, "token.expired") {
			t.Errorf("expired: %v", err)
		}
		for _, q := range []account.TokenRequest{
			{Scope: "admin", Name: "x"},
			{Scope: access.ScopeDock},
			{Scope: access.ScopeDock, Name: "x", ExpiresAt: b.Clock.Now()},
			{Scope: access.ScopeDock, Name: "x", ExpiresAt: b.Clock.Now().AddDate(5, 0, 0)},
		} {
			if _, _, err := b.Accounts.CreateToken(ctx, admin, q); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// TestWhoIsWho: the people a duty falls to, and departments nobody looks after.
func TestWhoIsWho(t *testing.T) { // R-21-1, R-21-2
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		one, two, below := b.Departments[0].ID, b.Departments[1].ID, b.Departments[2].ID
		for _, d := range []ident.DepartmentID{one, below} {
			if p, err := b.Accounts.HeadOf(ctx, d); err != nil || p != b.People[access.Head].ID {
				t.Errorf("head of %s: %s %v", d, p, err)
			}
			if p, err := b.Accounts.CustodiansOf(ctx, d); err != nil || !slices.Equal(p, []ident.PersonID{b.People[access.Custodian].ID}) {
				t.Errorf("custodians of %s: %s %v", d, p, err)
			}
		}
		if _, err := b.Accounts.HeadOf(ctx, two); !fault.HasCode(err, "account.no_head") {
			t.Errorf("head of the second: %v", err)
		}
		if p, err := b.Accounts.Leaders(ctx); err != nil || !slices.Equal(p, []ident.PersonID{b.People[access.Leader].ID}) {
			t.Errorf("leaders %v %v", p, err)
		}
		without, err := b.Accounts.WithoutCustodian(ctx)
		if err != nil || len(without) != 1 || without[0].ID != two {
			t.Errorf("without custodian: %v %v", without, err)
		}
		if err := b.Org.DeactivatePerson(ctx, host, b.People[access.Custodian].ID, "退休"); err != nil {
			t.Fatal(err)
		}
		if without, err = b.Accounts.WithoutCustodian(ctx); err != nil || len(without) != 3 {
			t.Errorf("after the custodian left: %v %v", without, err)
		}
		head := b.Actor(t, access.Head)
		if diff := cmp.Diff([]ident.DepartmentID{one, below}, head.Departments); diff != "" {
			t.Error(diff)
		}
		// A head here who would be custodian elsewhere would be both in both.
		_, err = b.Accounts.Grant(ctx, host, account.GrantRequest{Person: head.Person, Role: access.Custodian, Department: two})
		if !fault.HasCode(err, "account.mixed_departments") {
			t.Errorf("mixed: %v", err)
		}
		if _, err = b.Accounts.Grant(ctx, host, account.GrantRequest{Person: head.Person, Role: access.Head, Department: one}); !fault.HasCode(err, "account.already_appointed") {
			t.Errorf("twice: %v", err)
		}
	})
}

func TestGrantRefusals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		p, dep, now := b.Other.ID, b.Departments[1].ID, b.Clock.Now()
		for code, q := range map[string]account.GrantRequest{
			"account.role":             {Person: p, Role: "god", Department: dep},
			"account.role_department":  {Person: p, Role: access.Head},
			"account.appointment_days": {Person: p, Role: access.Head, Department: dep, From: now.AddDate(0, 0, -2)},
			"org.department":           {Person: p, Role: access.Head, Department: "gone"},
			"org.person":               {Person: "gone", Role: access.Leader},
		} {
			if _, err := b.Accounts.Grant(ctx, host, q); !fault.HasCode(err, code) {
				t.Errorf("want %s, got %v", code, err)
			}
		}
		q := account.GrantRequest{Person: p, Role: access.Head, Department: dep, From: now.AddDate(0, 0, 2), To: now.AddDate(0, 0, 1)}
		if _, err := b.Accounts.Grant(ctx, host, q); !fault.HasCode(err, "account.appointment_days") {
			t.Errorf("backwards: %v", err)
		}
		if _, err := b.Accounts.Grant(ctx, b.Actor(t, access.SystemAdmin), account.GrantRequest{Person: p, Role: access.Leader}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a system administrator appointed: %v", err)
		}
	})
}

func TestLists(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		admin := b.Actor(t, access.SecurityAdmin)
		var got []string
		f := account.Filter{Limit: 3}
		for {
			page, err := b.Accounts.Accounts(ctx, admin, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range page.Items {
				got = append(got, l.Username)
				if len(l.Appointments) != 1 || l.Name == "" || !l.Serving {
					t.Errorf("%+v", l)
				}
			}
			if f.After = page.Next; f.After == "" {
				break
			}
		}
		if len(got) != 10 || !slices.IsSorted(got) {
			t.Errorf("%v", got)
		}
		for q, want := range map[string]string{"买提": "officer", "阿依努尔买买提": "officer", "𬱖": "legal_reviewer", "SYS": "system_admin", "100%": "", "_": ""} {
			page, err := b.Accounts.Accounts(ctx, admin, account.Filter{Query: q})
			names := ""
			for _, l := range page.Items {
				names += l.Username
			}
			if q == "_" {
				want = "audit_adminlegal_reviewersecurity_adminsystem_admin" // an underscore is an underscore
			}
			if err != nil || names != want {
				t.Errorf("%q finds %q, want %q (%v)", q, names, want, err)
			}
		}
		b.Add(t, "赛里木", "wang.wu·2", b.Departments[0].ID)
		for _, q := range []string{"wang.wu", "wangwu", "WANG.WU·2", "g.w", ".wu"} {
			page, err := b.Accounts.Accounts(ctx, admin, account.Filter{Query: q})
			if err != nil || len(page.Items) != 1 || page.Items[0].Username != "wang.wu·2" {
				t.Errorf("%q finds %+v (%v)", q, page.Items, err)
			}
		}
		for _, r := range []access.Role{access.Officer, access.Leader, access.SystemAdmin} {
			if _, err := b.Accounts.Accounts(ctx, b.Actor(t, r), account.Filter{}); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s lists accounts: %v", r, err)
			}
		}
		page, err := b.Accounts.Appointments(ctx, admin, account.AppointmentFilter{Role: access.Officer, Limit: 1})
		if err != nil || len(page.Items) != 1 || page.Items[0].Person != b.Other.ID || page.Next == "" {
			t.Fatalf("%+v %v", page, err)
		}
		page, err = b.Accounts.Appointments(ctx, admin, account.AppointmentFilter{Role: access.Officer, Limit: 1, After: page.Next})
		if err != nil || len(page.Items) != 1 || page.Items[0].Person != b.People[access.Officer].ID || page.Next != "" {
			t.Fatalf("%+v %v", page, err)
		}
		if _, err := b.Accounts.Appointments(ctx, admin, account.AppointmentFilter{After: "no cursor!"}); !fault.HasCode(err, "list.cursor") {
			t.Errorf("cursor: %v", err)
		}
	})
}

// TestNobodyResetsTheirOwn: nor unlocks or disables themselves.
func TestNobodyResetsTheirOwn(t *testing.T) { // T13
	t.Parallel()
	b := accounttest.New(t, world(t))
	me := b.Actor(t, access.SecurityAdmin)
	id := ident.AccountID(me.ID)
	_, err := b.Accounts.ResetPassword(ctx, me, id)
	for _, err := range []error{err, b.Accounts.Unlock(ctx, me, id), b.Accounts.Disable(ctx, me, id)} {
		if !fault.Is(err, fault.Forbidden) {
			t.Errorf("own account: %v", err)
		}
	}
	if _, err := b.Accounts.Create(ctx, host, b.Other.ID, "again"); !fault.HasCode(err, "account.exists") {
		t.Errorf("a second account: %v", err)
	}
	fresh, err := b.Org.AddPerson(ctx, host, org.PersonEdit{Name: "新人"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x", "has space", "a@b", strings.Repeat("a", 41), ""} {
		if _, err := b.Accounts.Create(ctx, host, fresh.ID, name); !fault.HasCode(err, "account.username") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := b.Accounts.Create(ctx, host, fresh.ID, "OFFICER"); !fault.HasCode(err, "account.exists") {
		t.Errorf("a name that is taken: %v", err)
	}
	if _, err := account.New(account.Config{}); err == nil || errors.Is(err, nil) {
		t.Error("an empty Config was taken")
	}
}

func world(t *testing.T) *gatetest.World { return gatetest.New(t, sqlite(t)) }
