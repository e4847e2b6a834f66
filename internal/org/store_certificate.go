package org

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

func selectCertificate(ctx context.Context, q bun.IDB, id ident.CertificateID) (Certificate, error) {
	var r certificateRow
	if err := q.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx); err != nil {
		return Certificate{}, fail(db.NotFound(err, "org.certificate"), "read certificate")
	}
	return r.value(), nil
}

// selectCertificates gives the certificates of some people, or of everybody when people is nil, newest last.
func selectCertificates(ctx context.Context, q bun.IDB, people []ident.PersonID) ([]Certificate, error) {
	var rows []certificateRow
	s := q.NewSelect().Model(&rows).Order("c.person_id", "c.valid_to", "c.id")
	if people != nil {
		s = s.Where("c.person_id IN ?", bun.Tuple(people))
	}
	if err := s.Scan(ctx); err != nil {
		return nil, fail(err, "read certificates")
	}
	out := make([]Certificate, len(rows))
	for i, r := range rows {
		out[i] = r.value()
	}
	return out, nil
}

func insertCertificate(ctx context.Context, q bun.IDB, c Certificate, at time.Time) error {
	r := rowOfCertificate(c)
	r.CreatedAt = clock.Micros(at)
	_, err := q.NewInsert().Model(&r).Exec(ctx)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "org.certificate_taken", c.Number).At("certificate")
	}
	return fail(err, "insert certificate")
}

func updateCertificate(ctx context.Context, q bun.IDB, c Certificate) error {
	r := rowOfCertificate(c)
	_, err := q.NewUpdate().Model(&r).Column("number", "kind", "valid_from", "valid_to", "revoked_at", "revoke_reason").WherePK().Exec(ctx)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "org.certificate_taken", c.Number).At("certificate")
	}
	return fail(err, "update certificate")
}

func rowOfCertificate(c Certificate) certificateRow {
	return certificateRow{
		ID: c.ID, PersonID: c.Person, Number: c.Number, Kind: c.Kind, ValidFrom: clock.Micros(c.ValidFrom),
		ValidTo: clock.Micros(c.ValidTo), RevokedAt: clock.Micros(c.RevokedAt), RevokeReason: c.RevokeReason,
	}
}

// selectExpiring gives certificates of serving people in scope that end by the day and have no later one of their
// kind, soonest first.
func selectExpiring(ctx context.Context, q bun.IDB, scope access.Scope, by time.Time) ([]Certificate, error) {
	var rows []certificateRow
	s := q.NewSelect().Model(&rows).Join("JOIN person AS p ON p.id = c.person_id").
		Where("p.deactivated_at = 0 AND c.revoked_at = 0 AND c.valid_to <= ?", clock.Micros(by)).
		Where(`NOT EXISTS (SELECT 1 FROM certificate n WHERE n.person_id = c.person_id AND n.kind = c.kind
			AND n.revoked_at = 0 AND (n.valid_to, n.id) > (c.valid_to, c.id))`).
		Order("c.valid_to", "c.id")
	if !scope.All {
		s = s.WhereGroup(" AND ", func(s *bun.SelectQuery) *bun.SelectQuery {
			s = s.Where("p.id = ?", scope.Officer)
			if len(scope.Departments) > 0 {
				s = s.WhereOr("p.department_id IN ?", bun.Tuple(scope.Departments))
			}
			return s
		})
	}
	if err := s.Scan(ctx); err != nil {
		return nil, fail(err, "list expiring certificates")
	}
	out := make([]Certificate, len(rows))
	for i, r := range rows {
		out[i] = r.value()
	}
	return out, nil
}

type proposalRow struct {
	bun.BaseModel `bun:"table:person_proposal"`

	PersonID  ident.PersonID `bun:",pk"`
	Username  string
	Roles     string
	AskedAt   int64
	SettledAt int64
}

func selectProposals(ctx context.Context, q bun.IDB, open bool) ([]Proposal, error) {
	var rows []proposalRow
	s := q.NewSelect().Model(&rows).Order("asked_at", "person_id")
	if open {
		s = s.Where("settled_at = 0")
	}
	if err := s.Scan(ctx); err != nil {
		return nil, fail(err, "read proposals")
	}
	out := make([]Proposal, len(rows))
	for i, r := range rows {
		out[i] = r.value()
	}
	return out, nil
}

func selectProposal(ctx context.Context, q bun.IDB, id ident.PersonID) (Proposal, error) {
	var r proposalRow
	if err := q.NewSelect().Model(&r).Where("person_id = ?", id).Scan(ctx); err != nil {
		return Proposal{}, fail(db.NotFound(err, "org.proposal"), "read proposal")
	}
	return r.value(), nil
}

func upsertProposal(ctx context.Context, q bun.IDB, p Proposal) error {
	r := proposalRow{
		PersonID: p.Person, Username: p.Username, Roles: joinRoles(p.Roles),
		AskedAt: clock.Micros(p.AskedAt), SettledAt: clock.Micros(p.SettledAt),
	}
	_, err := q.NewInsert().Model(&r).On("CONFLICT (person_id) DO UPDATE").
		Set("username = EXCLUDED.username").Set("roles = EXCLUDED.roles").
		Set("asked_at = EXCLUDED.asked_at").Set("settled_at = EXCLUDED.settled_at").Exec(ctx)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "org.username_taken", p.Username).At("username")
	}
	return fail(err, "write proposal")
}

func (r proposalRow) value() Proposal {
	return Proposal{
		Person: r.PersonID, Username: r.Username, Roles: splitRoles(r.Roles),
		AskedAt: clock.FromMicros(r.AskedAt), SettledAt: clock.FromMicros(r.SettledAt),
	}
}

type draftRow struct {
	bun.BaseModel `bun:"table:import_draft"`

	ID      ident.ImportID `bun:",pk"`
	Kind    string
	MadeBy  string
	At      int64
	Content string
}

func insertDraft(ctx context.Context, q bun.IDB, r *draftRow, staleBefore time.Time) error {
	if _, err := q.NewDelete().Model((*draftRow)(nil)).Where("at < ?", clock.Micros(staleBefore)).Exec(ctx); err != nil {
		return fail(err, "drop stale drafts")
	}
	_, err := q.NewInsert().Model(r).Exec(ctx)
	return fail(err, "insert draft")
}

func selectDraft(ctx context.Context, q bun.IDB, id ident.ImportID) (draftRow, error) {
	var r draftRow
	err := q.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx)
	return r, fail(db.NotFound(err, "org.import"), "read draft")
}

func deleteDraft(ctx context.Context, q bun.IDB, id ident.ImportID) error {
	_, err := q.NewDelete().Model((*draftRow)(nil)).Where("id = ?", id).Exec(ctx)
	return fail(err, "delete draft")
}
