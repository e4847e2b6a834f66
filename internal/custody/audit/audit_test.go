package audit

import (
	"context"
	"slices"
	"testing"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
)

func (w *world) audit(t testing.TB) *Report {
	t.Helper()
	r, err := Run(context.Background(), w.d, w.keys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// disarm takes the triggers away, as a DBA can (T9).
func disarm(t testing.TB, d *db.DB) {
	t.Helper()
	ctx := context.Background()
	if d.Engine == db.Postgres {
		for _, table := range []string{"entry", "subject", "pending", "leaf", "tile", "checkpoint", "key", "epoch"} {
			if _, err := d.Writer.ExecContext(ctx, "ALTER TABLE custody_"+table+" DISABLE TRIGGER USER"); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	var names []string
	if err := d.Reader.NewRaw("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'custody%'").Scan(ctx, &names); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if _, err := d.Writer.ExecContext(ctx, "DROP TRIGGER "+n); err != nil {
			t.Fatal(err)
		}
	}
}

// edits are what somebody with SQL rights might do; each must be refused by the triggers or, without them, be found.
var edits = []struct{ name, sql string }{
	{"change the time", "UPDATE custody_entry SET at = at + 1 WHERE seq = 5"},
	{"change the actor", "UPDATE custody_entry SET actor_id = 'someone-else' WHERE seq = 5"},
	{"change the actor's kind", "UPDATE custody_entry SET actor_kind = 'system' WHERE seq = 5"},
	{"change the role", "UPDATE custody_entry SET actor_role = 'officer' WHERE seq = 5"},
	{"change the action", "UPDATE custody_entry SET action = 'recording.view' WHERE seq = 5"},
	{"change the subject", "UPDATE custody_entry SET subject_id = 'rec-9' WHERE seq = 5"},
	{"change what is related", "UPDATE custody_entry SET related = '' WHERE seq = 5"},
	{"change the article", "UPDATE custody_entry SET article = '20' WHERE seq = 5"},
	{"change the outcome", "UPDATE custody_entry SET outcome = 'refused' WHERE seq = 5"},
	{"change the detail", "UPDATE custody_entry SET detail = replace(detail, '1002', '1003') WHERE seq = 5"},
	{"empty the detail", "UPDATE custody_entry SET detail = '{}' WHERE seq = 5"},
	{"change the detail's digest", "UPDATE custody_entry SET detail_digest = 'ab' WHERE seq = 5"},
	{"change the detail's salts", "UPDATE custody_entry SET detail_parts = (SELECT detail_parts FROM custody_entry WHERE seq = 6) WHERE seq = 5"},
	{"copy another's commitments", "UPDATE custody_entry SET commitments = (SELECT commitments FROM custody_entry WHERE seq = 6), salts = (SELECT salts FROM custody_entry WHERE seq = 6) WHERE seq = 5"},
	{"pretend an erasure", "UPDATE custody_entry SET erased = 'actor.id', actor_id = '', erased_by = 'x' WHERE seq = 5"},
	{"delete an entry", "DELETE FROM custody_entry WHERE seq = 5"},
	{"delete the last entry", "DELETE FROM custody_entry WHERE seq = (SELECT max(seq) FROM custody_entry)"},
	{"hide an entry from its subject", "DELETE FROM custody_subject WHERE seq = 5"},
	{"move an entry in the history", "UPDATE custody_subject SET subject_id = 'rec-8' WHERE seq = 5 AND kind = 'recording'"},
	{"delete a place", "DELETE FROM custody_leaf WHERE idx = 4"},
	{"delete the last place", "DELETE FROM custody_leaf WHERE idx = (SELECT max(idx) FROM custody_leaf)"},
	{"swap two places", "UPDATE custody_leaf SET seq = CASE idx WHEN 4 THEN 100006 ELSE 100005 END WHERE idx IN (4, 5)"},
	{"change a tile", "UPDATE custody_tile SET hashes = (SELECT hashes FROM custody_tile WHERE level = 1) WHERE level = 0 AND n = 0"},
	{"delete a tile", "DELETE FROM custody_tile WHERE level = 0 AND n = 0"},
	{"change a root", "UPDATE custody_checkpoint SET root = 'AAAA'"},
	{"change a note", "UPDATE custody_checkpoint SET note = replace(note, 'zhilu', 'zhilv')"},
	{"delete the last checkpoint", "DELETE FROM custody_checkpoint WHERE size = (SELECT max(size) FROM custody_checkpoint)"},
	{"change a key", "UPDATE custody_key SET public_key = 'AAAA' WHERE kind = 'receipt'"},
	{"widen a key", "UPDATE custody_key SET valid_from = 1 WHERE kind = 'log'"},
	{"delete a key", "DELETE FROM custody_key WHERE kind = 'receipt'"},
	{"declare an epoch", "INSERT INTO custody_epoch VALUES (2, 1, 1, 'x', 'x', 1)"},
	{"slip in an entry", `INSERT INTO custody_entry (id, at, actor_kind, actor_id, actor_role, action, subject_kind, subject_id, related,
		article, requirement, outcome, detail, detail_digest, detail_parts, commitments, salts)
		SELECT 'slipped-in', at, actor_kind, actor_id, actor_role, action, subject_kind, subject_id, related,
		article, requirement, outcome, detail, detail_digest, detail_parts, commitments, salts FROM custody_entry WHERE seq = 5`},
}

// T9, G7: every edit is refused while the triggers stand, and found once they are gone.
func TestEditsAreRefusedOrFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var batch []custody.Entry
		for i := range 300 {
			batch = append(batch, sample(i))
		}
		write(t, d, batch...)
		w.sequence(t)
		if r := w.audit(t); !r.OK() || r.Placed != 302 || r.Size != 302 {
			t.Fatalf("an untouched log: %+v", r)
		}
		ctx := context.Background()
		// Adding rows is what the table is for; the audit finds what does not belong.
		insertable := []string{"declare an epoch", "slip in an entry"}
		for _, e := range edits {
			if slices.Contains(insertable, e.name) {
				continue
			}
			if _, err := d.Writer.ExecContext(ctx, e.sql); !db.IsConstraint(err) {
				t.Errorf("%s: not refused by a trigger: %v", e.name, err)
			}
		}
		if r := w.audit(t); !r.OK() {
			t.Fatalf("refused edits left something: %+v", r.Findings)
		}
		disarm(t, d)
		for _, e := range edits {
			tx, err := d.Writer.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.ExecContext(ctx, e.sql); err != nil {
				t.Errorf("%s: %v", e.name, err)
			}
			r, err := auditIn(ctx, tx, w.keys)
			if err != nil {
				t.Errorf("%s: %v", e.name, err)
			} else if r.OK() {
				t.Errorf("%s: not found", e.name)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
		if r := w.audit(t); !r.OK() {
			t.Fatalf("rolled back edits left something: %+v", r.Findings)
		}
	})
}

func TestAuditFindsLargeTreesWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.SQLite(t))
	for i := range 4 {
		var batch []custody.Entry
		for j := range 171 {
			batch = append(batch, sample(i*1000+j))
		}
		write(t, w.d, batch...)
		w.sequence(t)
	}
	write(t, w.d, sample(1)) // stays pending
	if r := w.audit(t); !r.OK() || r.Pending != 1 || r.Placed != 2+4*171 {
		t.Fatalf("%+v", r)
	}
}

// auditIn audits inside a transaction that the test has spoiled.
func auditIn(ctx context.Context, tx bun.Tx, keys *keyring.Keyring) (*Report, error) {
	a := &auditor{tx: tx, report: &Report{Findings: []Finding{}}, keys: keys, rng: factory.NewEmptyRange(0)}
	if keys != nil {
		a.head, a.headErr = keys.Published()
	}
	return a.run(ctx, a.whole()...)
}
