package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

type accountRow struct {
	bun.BaseModel `bun:"table:account,alias:a"`

	ID           ident.AccountID `bun:",pk"`
	PersonID     ident.PersonID
	Username     string
	PasswordHash string
	MustChange   bool
	Failed       int64
	Locks        int64
	LockedUntil  int64
	DisabledAt   int64
	CreatedAt    int64
	PasswordAt   int64
	SignedInAt   int64
}

func (r accountRow) value() Account {
	return Account{
		ID: r.ID, Person: r.PersonID, Username: r.Username, MustChange: r.MustChange,
		LockedUntil: clock.FromMicros(r.LockedUntil), DisabledAt: clock.FromMicros(r.DisabledAt),
		CreatedAt: clock.FromMicros(r.CreatedAt), SignedInAt: clock.FromMicros(r.SignedInAt),
	}
}

type listedRow struct {
	accountRow `bun:",extend"`

	PersonName string
	Department ident.DepartmentID
	Serving    bool
}

// selectAccount finds an account by a column: "id", "username" or "person_id".
func selectAccount(ctx context.Context, q bun.IDB, column string, value any) (accountRow, error) {
	var r accountRow
	err := q.NewSelect().Model(&r).Where("? = ?", bun.Ident("a."+column), value).Scan(ctx)
	return r, fail(db.NotFound(err, "account.account"), "read account")
}

func insertAccount(ctx context.Context, q bun.IDB, r *accountRow) error {
	_, err := q.NewInsert().Model(r).Exec(ctx)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "account.exists", r.Username).At("username")
	}
	return fail(err, "insert account")
}

// countFailure adds a wrong try and returns how many there are and how often the account was locked before.
func countFailure(ctx context.Context, q bun.IDB, id ident.AccountID) (failed, locks int64, err error) {
	err = q.NewRaw("UPDATE account SET failed = failed + 1 WHERE id = ? RETURNING failed, locks", id).Scan(ctx, &failed, &locks)
	return failed, locks, fail(err, "count failure")
}

func lockAccount(ctx context.Context, q bun.IDB, id ident.AccountID, until time.Time) error {
	_, err := q.NewRaw("UPDATE account SET failed = 0, locks = locks + 1, locked_until = ? WHERE id = ?", clock.Micros(until), id).Exec(ctx)
	return fail(err, "lock account")
}

// acceptPassword resets the failures, provided that the password that was checked is still the account's and the account is
// neither locked nor disabled by now. signedIn is when its person signed in last.
func acceptPassword(ctx context.Context, q bun.IDB, r accountRow, newHash string, signedIn, now time.Time) (bool, error) {
	res, err := q.NewRaw(`UPDATE account SET failed = 0, locks = 0, locked_until = 0, signed_in_at = ?, password_hash = ?
		WHERE id = ? AND password_hash = ? AND disabled_at = 0 AND locked_until <= ?`,
		clock.Micros(signedIn), newHash, r.ID, r.PasswordHash, clock.Micros(now)).Exec(ctx)
	return affected(res, err, "accept password")
}

// setPassword writes a new hash; with old it does so only if that is still the account's hash.
func setPassword(ctx context.Context, q bun.IDB, id ident.AccountID, hash, old string, mustChange bool, now time.Time) (bool, error) {
	u := q.NewUpdate().Table("account").Where("id = ?", id).
		Set("password_hash = ?", hash).Set("must_change = ?", mustChange).Set("password_at = ?", clock.Micros(now)).
		Set("failed = 0").Set("locks = 0").Set("locked_until = 0")
	if old != "" {
		u = u.Where("password_hash = ?", old)
	}
	res, err := u.Exec(ctx)
	return affected(res, err, "write password")
}

func unlockAccount(ctx context.Context, q bun.IDB, id ident.AccountID) error {
	_, err := q.NewRaw("UPDATE account SET failed = 0, locks = 0, locked_until = 0 WHERE id = ?", id).Exec(ctx)
	return fail(err, "unlock account")
}

func setDisabled(ctx context.Context, q bun.IDB, id ident.AccountID, at time.Time) (bool, error) {
	res, err := q.NewRaw("UPDATE account SET disabled_at = ? WHERE id = ? AND (disabled_at = 0) <> (? = 0)",
		clock.Micros(at), id, clock.Micros(at)).Exec(ctx)
	return affected(res, err, "disable account")
}

func selectAccounts(ctx context.Context, q bun.IDB, f Filter, after []string, now time.Time, limit int) ([]listedRow, error) {
	var rows []listedRow
	s := q.NewSelect().Model(&rows).ColumnExpr("a.*").
		ColumnExpr("p.name AS person_name, COALESCE(p.department_id, '') AS department, p.deactivated_at = 0 AS serving").
		Join("JOIN person AS p ON p.id = a.person_id").Order("a.username").Limit(int64(limit))
	if f.Query != "" {
		// Contains leaves dots out of what is typed, so they are left out of the sign-in name, too.
		s = s.Where(`(REPLACE(REPLACE(a.username, '.', ''), '·', '') LIKE ? ESCAPE '\' OR p.search LIKE ? ESCAPE '\')`, org.Contains(f.Query), org.Contains(f.Query))
	}
	if len(f.Departments) > 0 {
		s = s.Where("p.department_id IN ?", bun.Tuple(f.Departments))
	}
	switch f.State {
	case StateLocked:
		s = s.Where("a.locked_until > ?", clock.Micros(now))
	case StateDisabled:
		s = s.Where("a.disabled_at <> 0")
	case StateUsable:
		s = s.Where("a.disabled_at = 0")
	case StateAny:
	}
	if f.Role != "" {
		s = s.Where("EXISTS (SELECT 1 FROM appointment AS n WHERE n.person_id = a.person_id AND n.role = ? AND n.ended_at = 0 AND n.from_at <= ? AND (n.to_at = 0 OR n.to_at > ?))",
			f.Role, clock.Micros(now), clock.Micros(now))
	}
	if after != nil {
		s = s.Where("a.username > ?", after[0])
	}
	return rows, fail(s.Scan(ctx), "list accounts")
}

type sessionRow struct {
	bun.BaseModel `bun:"table:session"`

	Digest    string `bun:",pk"`
	AccountID ident.AccountID
	CreatedAt int64
	SeenAt    int64
	IP        string
	Agent     string
}

// signedIn is a session with what an actor is made of.
type signedIn struct {
	sessionRow `bun:",extend"`

	PersonID   ident.PersonID
	Name       string
	Department ident.DepartmentID
	MustChange bool
}

func selectSession(ctx context.Context, q bun.IDB, digest string) (signedIn, error) {
	var r signedIn
	err := q.NewRaw(`SELECT s.*, a.person_id, a.must_change, p.name, COALESCE(p.department_id, '') AS department
		FROM session s JOIN account a ON a.id = s.account_id JOIN person p ON p.id = a.person_id
		WHERE s.digest = ? AND a.disabled_at = 0 AND p.deactivated_at = 0`, digest).Scan(ctx, &r)
	return r, err
}

func selectUsable(ctx context.Context, q bun.IDB, id ident.AccountID) (signedIn, error) {
	var r signedIn
	err := q.NewRaw(`SELECT a.id AS account_id, a.person_id, a.must_change, p.name, COALESCE(p.department_id, '') AS department
		FROM account a JOIN person p ON p.id = a.person_id
		WHERE a.id = ? AND a.disabled_at = 0 AND p.deactivated_at = 0`, id).Scan(ctx, &r)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fault.New(fault.Conflict, "account.unusable")
	}
	return r, fail(err, "read account")
}

// insertSession adds a session and drops those that are over by their age.
func insertSession(ctx context.Context, q bun.IDB, r *sessionRow, oldest time.Time) error {
	if _, err := q.NewRaw("DELETE FROM session WHERE created_at < ?", clock.Micros(oldest)).Exec(ctx); err != nil {
		return fail(err, "drop old sessions")
	}
	_, err := q.NewInsert().Model(r).Exec(ctx)
	return fail(err, "insert session")
}

func deleteSession(ctx context.Context, q bun.IDB, digest string) error {
	_, err := q.NewRaw("DELETE FROM session WHERE digest = ?", digest).Exec(ctx)
	return fail(err, "end session")
}

// deleteSessions ends a person's sessions but one ("" for none kept) and returns how many.
func deleteSessions(ctx context.Context, q bun.IDB, person ident.PersonID, but string) (int64, error) {
	res, err := q.NewRaw("DELETE FROM session WHERE digest <> ? AND account_id IN (SELECT id FROM account WHERE person_id = ?)",
		but, person).Exec(ctx)
	if err != nil {
		return 0, fail(err, "end sessions")
	}
	n, err := res.RowsAffected()
	return n, fail(err, "end sessions")
}

// touch notes that a session or token was used. It is the one write that does not go through the gate: it is no deed
// and says nothing but "still there", at most once a minute; an entry for it would bury the log.
func touch(ctx context.Context, q bun.IDB, table, key, column, value string, now time.Time) error {
	_, err := q.NewRaw("UPDATE ? SET ? = ? WHERE ? = ?", bun.Ident(table), bun.Ident(column), clock.Micros(now), bun.Ident(key), value).Exec(ctx)
	return fail(err, "touch")
}

// roleRow is a role in force with one department it reaches.
type roleRow struct {
	Role       access.Role
	Department ident.DepartmentID
}

// selectRoles gives the roles of a person in force at now. Heads and custodians come once for each department that
// theirs covers, the appointed one first.
func selectRoles(ctx context.Context, q bun.IDB, person ident.PersonID, now time.Time) ([]roleRow, error) {
	var rows []roleRow
	err := q.NewRaw(`WITH RECURSIVE mine (role, department, depth) AS (
			SELECT role, COALESCE(department_id, ''), 0 FROM appointment
			WHERE person_id = ? AND ended_at = 0 AND from_at <= ? AND (to_at = 0 OR to_at > ?)
			UNION
			SELECT mine.role, d.id, mine.depth + 1 FROM department d JOIN mine ON d.parent_id = mine.department
			WHERE mine.role IN ('head', 'custodian') AND mine.depth < 32
		) SELECT role, department FROM mine ORDER BY depth, role, department`,
		person, clock.Micros(now), clock.Micros(now)).Scan(ctx, &rows)
	return rows, fail(err, "read roles")
}

func affected(res sql.Result, err error, what string) (bool, error) {
	if err != nil {
		return false, fail(err, what)
	}
	n, err := res.RowsAffected()
	return n > 0, fail(err, what)
}

// fail names what was tried; faults pass as they are.
func fail(err error, what string) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fmt.Errorf("account: %s: %w", what, err)
}
