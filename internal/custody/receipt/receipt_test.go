package receipt_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/receipt"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
)

// A receipt is signed only for what its entry says. Good ones are checked in package verify.
func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := dbtest.SQLite(t)
	keys, err := keyring.Generate(durable.OS(), t.TempDir(), "log.example/zhilu")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 2, 1, 30, 0, 0, time.UTC)
	sha, other := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	good := receipt.Receipt{
		ID: "r", File: "f", Recording: "rec", Name: "a.mp4", Size: 5, SHA256: sha, SM3: other, State: receipt.Verified,
		StoredAt: now, VerifiedAt: now, Entry: "e", IncludeBy: now,
	}
	err = d.Write(ctx, func(tx bun.Tx) error {
		e := custody.Entry{
			ID: "e", At: now, Actor: custody.Actor{Kind: custody.System, ID: "x"}, Action: "recording.verify",
			Subject: custody.Subject{Kind: "file", ID: "f"}, Outcome: custody.Done,
			Detail: receipt.FileDetail("f", 5, sha, other, receipt.Verified),
		}
		bare := e
		bare.ID, bare.Detail = "bare", nil
		return custody.Append(ctx, tx, e, bare)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := receipt.Issue(ctx, d.Reader, keys, good); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		spoil func(*receipt.Receipt)
		code  string
	}{
		"another file":         {func(r *receipt.Receipt) { r.File = "g" }, "receipt.entry_mismatch"},
		"another digest":       {func(r *receipt.Receipt) { r.SHA256 = other }, "receipt.entry_mismatch"},
		"another SM3":          {func(r *receipt.Receipt) { r.SM3 = sha }, "receipt.entry_mismatch"},
		"another size":         {func(r *receipt.Receipt) { r.Size = 6 }, "receipt.entry_mismatch"},
		"another state":        {func(r *receipt.Receipt) { r.State, r.VerifiedAt = receipt.Stored, time.Time{} }, "receipt.entry_mismatch"},
		"an entry without it":  {func(r *receipt.Receipt) { r.Entry = "bare" }, "receipt.entry_mismatch"},
		"no entry":             {func(r *receipt.Receipt) { r.Entry = "none" }, "custody.entry_unknown"},
		"no id":                {func(r *receipt.Receipt) { r.ID = "" }, "receipt.incomplete"},
		"upper-case digest":    {func(r *receipt.Receipt) { r.SHA256 = strings.ToUpper(sha) }, "receipt.incomplete"},
		"verified without day": {func(r *receipt.Receipt) { r.VerifiedAt = time.Time{} }, "receipt.incomplete"},
		"a name that is bytes": {func(r *receipt.Receipt) { r.Name = "\xff" }, "receipt.incomplete"},
		"no due time":          {func(r *receipt.Receipt) { r.IncludeBy = time.Time{} }, "receipt.incomplete"},
	} {
		r := good
		tc.spoil(&r)
		if s, err := receipt.Issue(ctx, d.Reader, keys, r); !fault.HasCode(err, tc.code) || s != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
