package rows

import (
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/ident"
)

// Case is the row of a case.
type Case struct {
	bun.BaseModel `bun:"table:casefile,alias:t"`

	ID         ident.CaseID       `bun:"id,pk"`
	No         string             `bun:"no"`
	Title      string             `bun:"title"`
	Act        string             `bun:"act"`
	Procedure  matter.Procedure   `bun:"procedure"`
	Origin     matter.Origin      `bun:"origin"`
	Department ident.DepartmentID `bun:"department_id"`
	Stage      string             `bun:"stage"`
	State      matter.State       `bun:"state"`
	Edition    int                `bun:"edition"`
	OpenedAt   int64              `bun:"opened_at"`
	OpenedBy   ident.PersonID     `bun:"opened_by"`
	ClosedAt   int64              `bun:"closed_at"`
	JoinedInto ident.CaseID       `bun:"joined_into"`
	SplitFrom  ident.CaseID       `bun:"split_from"`
	Basis      string             `bun:"basis"`
	Entry      ident.EntryID      `bun:"entry_id"`
	Revision   int                `bun:"revision"`
	NextDue    int64              `bun:"next_due"`
	Parties    string             `bun:"parties"`
}

// OfCase makes the row of a case.
func OfCase(v matter.Case) *Case {
	return &Case{
		ID:         v.ID,
		No:         v.No,
		Title:      v.Title,
		Act:        v.Act,
		Procedure:  v.Procedure,
		Origin:     v.Origin,
		Department: v.Department,
		Stage:      v.Stage,
		State:      v.State,
		Edition:    v.Edition,
		OpenedAt:   clock.Micros(v.OpenedAt),
		OpenedBy:   v.OpenedBy,
		ClosedAt:   clock.Micros(v.ClosedAt),
		JoinedInto: v.JoinedInto,
		SplitFrom:  v.SplitFrom,
		Basis:      v.Basis,
		Entry:      v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Case) Plain() (matter.Case, error) {
	return matter.Case{
		ID:         r.ID,
		No:         r.No,
		Title:      r.Title,
		Act:        r.Act,
		Procedure:  r.Procedure,
		Origin:     r.Origin,
		Department: r.Department,
		Stage:      r.Stage,
		State:      r.State,
		Edition:    r.Edition,
		OpenedAt:   clock.FromMicros(r.OpenedAt),
		OpenedBy:   r.OpenedBy,
		ClosedAt:   clock.FromMicros(r.ClosedAt),
		JoinedInto: r.JoinedInto,
		SplitFrom:  r.SplitFrom,
		Basis:      r.Basis,
		Entry:      r.Entry,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Case) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "case", ID: string(r.ID)}, Entry: r.Entry,
		Says: vouch.Of(r, "title", "basis"),
	}
}

// Party is the row of a party.
type Party struct {
	bun.BaseModel `bun:"table:case_party,alias:t"`

	ID       ident.PartyID    `bun:"id,pk"`
	Case     ident.CaseID     `bun:"case_id"`
	Role     matter.PartyRole `bun:"role"`
	Kind     matter.PartyKind `bun:"kind"`
	Name     string           `bun:"name"`
	IDNumber string           `bun:"id_number"`
	LegalRep string           `bun:"legal_rep"`
	Address  string           `bun:"address"`
	Phone    string           `bun:"phone"`
	For      ident.PartyID    `bun:"for_id"`
	AddedAt  int64            `bun:"added_at"`
	EndedAt  int64            `bun:"ended_at"`
	Entry    ident.EntryID    `bun:"entry_id"`
}

// OfParty makes the row of a party.
func OfParty(v matter.Party) *Party {
	return &Party{
		ID:       v.ID,
		Case:     v.Case,
		Role:     v.Role,
		Kind:     v.Kind,
		Name:     v.Name,
		IDNumber: v.IDNumber,
		LegalRep: v.LegalRep,
		Address:  v.Address,
		Phone:    v.Phone,
		For:      v.For,
		AddedAt:  clock.Micros(v.AddedAt),
		EndedAt:  clock.Micros(v.EndedAt),
		Entry:    v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Party) Plain() (matter.Party, error) {
	return matter.Party{
		ID:       r.ID,
		Case:     r.Case,
		Role:     r.Role,
		Kind:     r.Kind,
		Name:     r.Name,
		IDNumber: r.IDNumber,
		LegalRep: r.LegalRep,
		Address:  r.Address,
		Phone:    r.Phone,
		For:      r.For,
		AddedAt:  clock.FromMicros(r.AddedAt),
		EndedAt:  clock.FromMicros(r.EndedAt),
		Entry:    r.Entry,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Party) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "case", ID: string(r.Case)}, Entry: r.Entry,
		Says: vouch.Of(r, "name", "id_number", "legal_rep", "address", "phone"),
	}
}

// Handler is the row of a handler.
type Handler struct {
	bun.BaseModel `bun:"table:case_handler,alias:t"`

	ID          ident.HandlerID `bun:"id,pk"`
	Case        ident.CaseID    `bun:"case_id"`
	Person      ident.PersonID  `bun:"person_id"`
	Certificate string          `bun:"certificate"`
	Lead        bool            `bun:"lead"`
	From        int64           `bun:"from_at"`
	Until       int64           `bun:"until_at"`
	Reason      string          `bun:"reason"`
	Entry       ident.EntryID   `bun:"entry_id"`
}

// OfHandler makes the row of a handler.
func OfHandler(v matter.Handler) *Handler {
	return &Handler{
		ID:          v.ID,
		Case:        v.Case,
		Person:      v.Person,
		Certificate: v.Certificate,
		Lead:        v.Lead,
		From:        clock.Micros(v.From),
		Until:       clock.Micros(v.Until),
		Reason:      v.Reason,
		Entry:       v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Handler) Plain() (matter.Handler, error) {
	return matter.Handler{
		ID:          r.ID,
		Case:        r.Case,
		Person:      r.Person,
		Certificate: r.Certificate,
		Lead:        r.Lead,
		From:        clock.FromMicros(r.From),
		Until:       clock.FromMicros(r.Until),
		Reason:      r.Reason,
		Entry:       r.Entry,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Handler) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "case", ID: string(r.Case)}, Entry: r.Entry,
		Says: vouch.Of(r, "reason"),
	}
}

// Paper is the row of a paper.
type Paper struct {
	bun.BaseModel `bun:"table:case_paper,alias:t"`

	ID        ident.PaperID     `bun:"id,pk"`
	Case      ident.CaseID      `bun:"case_id"`
	Type      string            `bun:"type"`
	No        string            `bun:"no"`
	State     matter.PaperState `bun:"state"`
	Version   int               `bun:"version"`
	Values    string            `bun:"filled"`
	Digest    string            `bun:"digest"`
	Revision  int               `bun:"revision"`
	Texts     string            `bun:"texts"`
	MadeBy    ident.PersonID    `bun:"made_by"`
	MadeAt    int64             `bun:"made_at"`
	ChangedAt int64             `bun:"changed_at"`
	ChangedBy ident.PersonID    `bun:"changed_by"`
	FixedAt   int64             `bun:"fixed_at"`
	DoneAt    int64             `bun:"done_at"`
	Reason    string            `bun:"reason"`
	Entry     ident.EntryID     `bun:"entry_id"`
	Marks     string            `bun:"marks"`
}

// OfPaper makes the row of a paper.
func OfPaper(v matter.Paper) *Paper {
	return &Paper{
		ID:        v.ID,
		Case:      v.Case,
		Type:      v.Type,
		No:        v.No,
		State:     v.State,
		Version:   v.Version,
		Values:    JSON(v.Values),
		Digest:    v.Digest,
		Revision:  v.Revision,
		Texts:     JSON(v.Texts),
		MadeBy:    v.MadeBy,
		MadeAt:    clock.Micros(v.MadeAt),
		ChangedAt: clock.Micros(v.ChangedAt),
		ChangedBy: v.ChangedBy,
		FixedAt:   clock.Micros(v.FixedAt),
		DoneAt:    clock.Micros(v.DoneAt),
		Reason:    v.Reason,
		Entry:     v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Paper) Plain() (matter.Paper, error) {
	v := matter.Paper{
		ID:        r.ID,
		Case:      r.Case,
		Type:      r.Type,
		No:        r.No,
		State:     r.State,
		Version:   r.Version,
		Digest:    r.Digest,
		Revision:  r.Revision,
		MadeBy:    r.MadeBy,
		MadeAt:    clock.FromMicros(r.MadeAt),
		ChangedAt: clock.FromMicros(r.ChangedAt),
		ChangedBy: r.ChangedBy,
		FixedAt:   clock.FromMicros(r.FixedAt),
		DoneAt:    clock.FromMicros(r.DoneAt),
		Reason:    r.Reason,
		Entry:     r.Entry,
	}
	if err := json.Unmarshal([]byte(r.Values), &v.Values); err != nil {
		return v, fmt.Errorf("casefile: case_paper %s: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(r.Texts), &v.Texts); err != nil {
		return v, fmt.Errorf("casefile: case_paper %s: %w", r.ID, err)
	}
	return v, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Paper) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "paper", ID: string(r.ID)}, Entry: r.Entry,
		Says: vouch.Of(r, "reason"),
	}
}

// Version is the row of a signed version.
type Version struct {
	bun.BaseModel `bun:"table:case_version,alias:t"`

	ID     ident.VersionID `bun:"id,pk"`
	Paper  ident.PaperID   `bun:"paper_id"`
	Number int             `bun:"number"`
	Values string          `bun:"filled"`
	Digest string          `bun:"digest"`
	At     int64           `bun:"at"`
	By     ident.PersonID  `bun:"by_id"`
	Reason string          `bun:"reason"`
	Entry  ident.EntryID   `bun:"entry_id"`
}

// OfVersion makes the row of a signed version.
func OfVersion(v matter.Version) *Version {
	return &Version{
		ID:     v.ID,
		Paper:  v.Paper,
		Number: v.Number,
		Values: JSON(v.Values),
		Digest: v.Digest,
		At:     clock.Micros(v.At),
		By:     v.By,
		Reason: v.Reason,
		Entry:  v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Version) Plain() (matter.Version, error) {
	v := matter.Version{
		ID:     r.ID,
		Paper:  r.Paper,
		Number: r.Number,
		Digest: r.Digest,
		At:     clock.FromMicros(r.At),
		By:     r.By,
		Reason: r.Reason,
		Entry:  r.Entry,
	}
	if err := json.Unmarshal([]byte(r.Values), &v.Values); err != nil {
		return v, fmt.Errorf("casefile: case_version %s: %w", r.ID, err)
	}
	return v, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Version) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "paper", ID: string(r.Paper)}, Entry: r.Entry,
		Says: vouch.Of(r, "reason"),
	}
}

// Signature is the row of a signature.
type Signature struct {
	bun.BaseModel `bun:"table:case_signature,alias:t"`

	ID      ident.SignatureID  `bun:"id,pk"`
	Paper   ident.PaperID      `bun:"paper_id"`
	Version int                `bun:"version"`
	Role    string             `bun:"role"`
	Mode    matter.SignMode    `bun:"mode"`
	Person  ident.PersonID     `bun:"person_id"`
	Name    string             `bun:"name"`
	Reason  string             `bun:"reason"`
	Witness string             `bun:"witness"`
	Image   []byte             `bun:"image"`
	File    ident.AttachmentID `bun:"file_id"`
	At      int64              `bun:"at"`
	Entry   ident.EntryID      `bun:"entry_id"`
}

// OfSignature makes the row of a signature.
func OfSignature(v matter.Signature) *Signature {
	return &Signature{
		ID:      v.ID,
		Paper:   v.Paper,
		Version: v.Version,
		Role:    v.Role,
		Mode:    v.Mode,
		Person:  v.Person,
		Name:    v.Name,
		Reason:  v.Reason,
		Witness: v.Witness,
		Image:   whole(v.Image),
		File:    v.File,
		At:      clock.Micros(v.At),
		Entry:   v.Entry,
	}
}

// Plain is the row as a plain value.
func (r *Signature) Plain() (matter.Signature, error) {
	return matter.Signature{
		ID:      r.ID,
		Paper:   r.Paper,
		Version: r.Version,
		Role:    r.Role,
		Mode:    r.Mode,
		Person:  r.Person,
		Name:    r.Name,
		Reason:  r.Reason,
		Witness: r.Witness,
		Image:   r.Image,
		File:    r.File,
		At:      clock.FromMicros(r.At),
		Entry:   r.Entry,
	}, nil
}

// Vouched is what the entry of the last change says of the row.
func (r *Signature) Vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "paper", ID: string(r.Paper)}, Entry: r.Entry,
		Says: vouch.Of(r, "name", "reason", "witness"),
	}
}
