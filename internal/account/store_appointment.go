package account

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

type appointmentRow struct {
	bun.BaseModel `bun:"table:appointment,alias:n"`

	ID           ident.AppointmentID `bun:",pk"`
	PersonID     ident.PersonID
	Role         access.Role
	DepartmentID ident.DepartmentID `bun:",nullzero"`
	FromAt       int64
	ToAt         int64
	AppointedBy  string
	CreatedAt    int64
	EndedAt      int64
	EndedBy      string
	ActiveClass  access.Class `bun:",nullzero"`
}

func (r appointmentRow) value() Appointment {
	return Appointment{
		ID: r.ID, Person: r.PersonID, Role: r.Role, Department: r.DepartmentID,
		From: clock.FromMicros(r.FromAt), To: clock.FromMicros(r.ToAt), AppointedBy: r.AppointedBy,
		CreatedAt: clock.FromMicros(r.CreatedAt), EndedAt: clock.FromMicros(r.EndedAt), EndedBy: r.EndedBy,
	}
}

func values(rows []appointmentRow) []Appointment {
	out := make([]Appointment, len(rows))
	for i, r := range rows {
		out[i] = r.value()
	}
	return out
}

func selectAppointment(ctx context.Context, q bun.IDB, id ident.AppointmentID) (Appointment, error) {
	var r appointmentRow
	if err := q.NewSelect().Model(&r).Where("n.id = ?", id).Scan(ctx); err != nil {
		return Appointment{}, fail(db.NotFound(err, "account.appointment"), "read appointment")
	}
	return r.value(), nil
}

// selectOpen gives the appointments of people that have not been ended, lapsed and future ones included.
func selectOpen(ctx context.Context, q bun.IDB, people ...ident.PersonID) ([]Appointment, error) {
	var rows []appointmentRow
	err := q.NewSelect().Model(&rows).Where("n.person_id IN ? AND n.ended_at = 0", bun.Tuple(people)).Order("n.from_at", "n.id").Scan(ctx)
	return values(rows), fail(err, "read appointments")
}

// selectHolders gives the appointments to a role in force at now, of people who still serve.
func selectHolders(ctx context.Context, q bun.IDB, role access.Role, now time.Time) ([]Appointment, error) {
	var rows []appointmentRow
	err := q.NewSelect().Model(&rows).Join("JOIN person AS p ON p.id = n.person_id").
		Where("p.deactivated_at = 0 AND n.role = ? AND n.ended_at = 0 AND n.from_at <= ? AND (n.to_at = 0 OR n.to_at > ?)",
			role, clock.Micros(now), clock.Micros(now)).
		Order("n.from_at", "n.id").Scan(ctx)
	return values(rows), fail(err, "read appointments")
}

// setClass makes class the person's class. It fails, as fault Conflict "account.class", while an appointment of another
// class has not ended: the constraint says so, whoever asks.
func setClass(ctx context.Context, q bun.IDB, person ident.PersonID, class access.Class) error {
	_, err := q.NewRaw(`INSERT INTO person_class (person_id, class) VALUES (?, ?)
		ON CONFLICT (person_id) DO UPDATE SET class = EXCLUDED.class WHERE person_class.class <> EXCLUDED.class`, person, class).Exec(ctx)
	return classFault(err, "write class")
}

// appointmentTable is the table of appointments, whose rows entries say.
const appointmentTable = "appointment"

func (r *appointmentRow) vouched() vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: entrySubject("appointment", r.ID), Says: vouch.Of(r)}
}

// sayAppointment gives what an entry says of an appointment that its change wrote.
func sayAppointment(ctx context.Context, q bun.IDB, id ident.AppointmentID) ([]any, error) {
	r, err := vouch.Locked[appointmentRow](ctx, q, string(id))
	if err != nil {
		return nil, fail(err, "read appointment")
	}
	return []any{vouch.Key(appointmentTable), r.vouched().Says}, nil
}

// Tables are the tables on which it rests who has which role, for fsck.
func Tables() []vouch.Table {
	return []vouch.Table{vouch.NewTable(appointmentTable, (*appointmentRow).vouched)}
}

func insertAppointment(ctx context.Context, q bun.IDB, a Appointment) error {
	r := appointmentRow{
		ID: a.ID, PersonID: a.Person, Role: a.Role, DepartmentID: a.Department, FromAt: clock.Micros(a.From), ToAt: clock.Micros(a.To),
		AppointedBy: a.AppointedBy, CreatedAt: clock.Micros(a.CreatedAt), ActiveClass: a.Role.Class(),
	}
	_, err := q.NewInsert().Model(&r).Exec(ctx)
	return classFault(err, "insert appointment")
}

func classFault(err error, what string) error {
	if db.IsConstraint(err) {
		return fault.Wrap(err, fault.Conflict, "account.class").At("role")
	}
	return fail(err, what)
}

// endAppointment ends an appointment that has not ended.
func endAppointment(ctx context.Context, q bun.IDB, id ident.AppointmentID, at time.Time, by string) (bool, error) {
	res, err := q.NewRaw("UPDATE appointment SET ended_at = ?, ended_by = ?, active_class = NULL WHERE id = ? AND ended_at = 0",
		clock.Micros(at), by, id).Exec(ctx)
	return affected(res, err, "end appointment")
}

func selectAppointments(ctx context.Context, q bun.IDB, f AppointmentFilter, after []string, now time.Time, limit int) ([]Appointment, error) {
	var rows []appointmentRow
	s := q.NewSelect().Model(&rows).Order("n.id DESC").Limit(int64(limit))
	if f.Person != "" {
		s = s.Where("n.person_id = ?", f.Person)
	}
	if f.Role != "" {
		s = s.Where("n.role = ?", f.Role)
	}
	if f.Department != "" {
		s = s.Where("n.department_id = ?", f.Department)
	}
	if f.Query != "" {
		s = s.Where(`EXISTS (SELECT 1 FROM person AS p WHERE p.id = n.person_id AND p.search LIKE ? ESCAPE '\')`, org.Contains(f.Query))
	}
	if !f.Past {
		s = s.Where("n.ended_at = 0 AND (n.to_at = 0 OR n.to_at > ?)", clock.Micros(now))
	}
	if after != nil {
		s = s.Where("n.id < ?", after[0])
	}
	err := s.Scan(ctx)
	return values(rows), fail(err, "list appointments")
}

type tokenRow struct {
	bun.BaseModel `bun:"table:token,alias:k"`

	ID           ident.TokenID `bun:",pk"`
	Digest       string
	Scope        string
	Name         string
	DepartmentID ident.DepartmentID `bun:",nullzero"`
	CreatedBy    string
	CreatedAt    int64
	ExpiresAt    int64
	UsedAt       int64
	RevokedAt    int64
}

func (r tokenRow) value() Token {
	return Token{
		ID: r.ID, Scope: r.Scope, Name: r.Name, Department: r.DepartmentID, CreatedBy: r.CreatedBy,
		CreatedAt: clock.FromMicros(r.CreatedAt), ExpiresAt: clock.FromMicros(r.ExpiresAt),
		UsedAt: clock.FromMicros(r.UsedAt), RevokedAt: clock.FromMicros(r.RevokedAt),
	}
}

func insertToken(ctx context.Context, q bun.IDB, k Token, digest string) error {
	r := tokenRow{
		ID: k.ID, Digest: digest, Scope: k.Scope, Name: k.Name, DepartmentID: k.Department, CreatedBy: k.CreatedBy,
		CreatedAt: clock.Micros(k.CreatedAt), ExpiresAt: clock.Micros(k.ExpiresAt),
	}
	_, err := q.NewInsert().Model(&r).Exec(ctx)
	return fail(err, "insert token")
}

// selectToken finds a token by a column: "id" or "digest".
func selectToken(ctx context.Context, q bun.IDB, column, value string) (Token, error) {
	var r tokenRow
	err := q.NewSelect().Model(&r).Where("? = ?", bun.Ident("k."+column), value).Scan(ctx)
	return r.value(), fail(db.NotFound(err, "token.token"), "read token")
}

func revokeToken(ctx context.Context, q bun.IDB, id ident.TokenID, at time.Time) (bool, error) {
	res, err := q.NewRaw("UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at = 0", clock.Micros(at), id).Exec(ctx)
	return affected(res, err, "revoke token")
}

func selectTokens(ctx context.Context, q bun.IDB, f TokenFilter, after []string, now time.Time, limit int) ([]Token, error) {
	var rows []tokenRow
	s := q.NewSelect().Model(&rows).Order("k.id DESC").Limit(int64(limit))
	if f.Scope != "" {
		s = s.Where("k.scope = ?", f.Scope)
	}
	if !f.Past {
		s = s.Where("k.revoked_at = 0 AND k.expires_at > ?", clock.Micros(now))
	}
	if after != nil {
		s = s.Where("k.id < ?", after[0])
	}
	err := s.Scan(ctx)
	out := make([]Token, len(rows))
	for i, r := range rows {
		out[i] = r.value()
	}
	return out, fail(err, "list tokens")
}

// selectBelow gives a department and all below it.
func selectBelow(ctx context.Context, q bun.IDB, id ident.DepartmentID) ([]ident.DepartmentID, error) {
	var ids []ident.DepartmentID
	err := q.NewRaw(`WITH RECURSIVE below (id, depth) AS (
			SELECT id, 0 FROM department WHERE id = ?
			UNION
			SELECT d.id, below.depth + 1 FROM department d JOIN below ON d.parent_id = below.id WHERE below.depth < 32
		) SELECT id FROM below ORDER BY depth, id`, id).Scan(ctx, &ids)
	return ids, fail(err, "read departments")
}
