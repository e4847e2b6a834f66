package account_test

import (
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/gate/gatetest"
)

// BenchmarkAuthenticate is what every request pays.
func BenchmarkAuthenticate(b *testing.B) {
	w := accounttest.New(b, gatetest.New(b, dbtest.SQLite(b)))
	token := w.SignIn(b, w.People[access.Head].ID)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := w.Accounts.Authenticate(ctx, token); err != nil {
			b.Fatal(err)
		}
	}
}
