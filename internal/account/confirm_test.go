package account_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
)

// TestConfirmPassword is T28: a password asked again is guarded like a sign-in. Wrong ones lock the account, at a sign-in and
// here alike; a right one forgives those before; the session goes on; every try is an entry.
func TestConfirmPassword(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		p := b.People[access.Custodian].ID
		id := b.AccountIDs[p]
		token := b.SignIn(t, p)
		signedIn, err := b.Accounts.Account(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		b.Clock.Add(time.Minute)
		actor := b.Actor(t, access.Custodian)
		confirm := func(password string) string {
			err := b.Accounts.ConfirmPassword(ctx, actor, password)
			if err == nil {
				return "right"
			}
			f := fault.As(err)
			if f.Field != "password" || fault.Is(err, fault.Unauthorized) {
				t.Errorf("a form cannot show %v", err)
			}
			return f.Code
		}
		const wrong, locked = "account.password_wrong", "account.locked"
		var got []string
		for _, password := range []string{"", "a", "b", "c", accounttest.Password, "a", "b", "c", "d"} {
			got = append(got, confirm(password))
		}
		if diff := cmp.Diff([]string{wrong, wrong, wrong, wrong, "right", wrong, wrong, wrong, wrong}, got); diff != "" {
			t.Fatal(diff)
		}
		if _, err := signIn(b, "custodian", "wrong"); !fault.HasCode(err, locked) {
			t.Fatalf("wrong ones are not counted together: %v", err)
		}
		if got := confirm(accounttest.Password); got != locked {
			t.Fatalf("the right password passed a locked account: %s", got)
		}
		if _, err := signIn(b, "custodian", accounttest.Password); !fault.HasCode(err, locked) {
			t.Fatalf("locked here and open at the door: %v", err)
		}
		if _, _, err := b.Accounts.Authenticate(ctx, token); err != nil {
			t.Fatalf("the session ended: %v", err)
		}
		acc, err := b.Accounts.Account(ctx, id)
		if err != nil || !acc.SignedInAt.Equal(signedIn.SignedInAt) {
			t.Errorf("a confirmation passes for a sign-in: %v, %v", acc.SignedInAt, err)
		}
		b.Clock.Add(15 * time.Minute)
		if got := confirm(accounttest.Password); got != "right" {
			t.Fatalf("still locked: %s", got)
		}
		outcomes := map[custody.Outcome]int{}
		var kinds []custody.ActorKind
		for _, e := range b.History(t, "account", string(id)) {
			if e.Action == "account.confirm_password" {
				outcomes[e.Outcome]++
				kinds = append(kinds, e.Actor.Kind)
			}
		}
		if outcomes[custody.Done] != 2 || outcomes[custody.Failed] != 9 || slices.ContainsFunc(kinds, func(k custody.ActorKind) bool { return k != custody.Person }) {
			t.Errorf("entries: %v by %v", outcomes, kinds)
		}
	})
}

// TestGuessingFromASession is T28: whoever finds a browser signed in cannot try passwords there, neither against the
// confirmation nor against the change of password.
func TestGuessingFromASession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *accounttest.Bureau) {
		p := b.People[access.Head].ID
		actor, session, err := b.Accounts.Authenticate(ctx, b.SignIn(t, p))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for range 6 {
			err := b.Accounts.ChangePassword(ctx, actor, session, "wrong", "a new one of its own")
			if fault.As(err).Field != "current" {
				t.Errorf("at the field %q", fault.As(err).Field)
			}
			got = append(got, fault.As(err).Code)
		}
		const wrong, locked = "account.password_wrong", "account.locked"
		if diff := cmp.Diff([]string{wrong, wrong, wrong, wrong, locked, locked}, got); diff != "" {
			t.Error(diff)
		}
	})
	b := accounttest.New(t, world(t))
	s, err := account.New(account.Config{DB: b.DB, Gate: b.Gate, Clock: b.Clock, Log: b.Log, Hash: accounttest.CheapHash})
	if err != nil {
		t.Fatal(err)
	}
	b.SignIn(t, b.People[access.Custodian].ID)
	actor, limited := b.Actor(t, access.Custodian), 0
	for range 12 {
		if fault.HasCode(s.ConfirmPassword(ctx, actor, accounttest.Password), "account.sign_in_rate") {
			limited++
		}
	}
	if limited != 2 {
		t.Errorf("%d of 12 tries were held back, want 2", limited)
	}
}
