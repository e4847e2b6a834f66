package org

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Proposal is what an import asks for beyond the register: a sign-in name and roles. The import is done by the system
// administrator, who must not give anybody a role; a security administrator settles the proposal (T13, package
// account).
type Proposal struct {
	Person    ident.PersonID
	Username  string
	Roles     []access.Role
	AskedAt   time.Time
	SettledAt time.Time // zero while open
}

// Proposals lists the open proposals, oldest first. It is for the program itself; package account guards it.
func (s *Service) Proposals(ctx context.Context) ([]Proposal, error) {
	return selectProposals(ctx, s.c.DB.Reader, true)
}

// TakeProposal gives a person's open proposal and marks it settled, inside the caller's change. None is fault
// NotFound "org.proposal".
func TakeProposal(tx *gate.Tx, id ident.PersonID) (Proposal, error) {
	p, err := selectProposal(tx.Context(), tx.DB(), id)
	if err != nil {
		return p, err
	}
	if !p.SettledAt.IsZero() {
		return p, fault.New(fault.NotFound, "org.proposal")
	}
	settled := p
	settled.SettledAt = tx.Now()
	return p, upsertProposal(tx.Context(), tx.DB(), settled)
}

// PersonIn reads a person inside the caller's change.
func PersonIn(tx *gate.Tx, id ident.PersonID) (Person, error) {
	return selectPerson(tx.Context(), tx.DB(), id)
}

// CheckDepartmentIn refuses, inside the caller's change, a department that does not exist (fault NotFound
// "org.department") or is closed (Conflict "org.department_closed").
func CheckDepartmentIn(tx *gate.Tx, id ident.DepartmentID) error { return checkDepartment(tx, id) }

// roleNames are the words under which a sheet names a role. The three administrators are missing on purpose: they are
// appointed one by one.
var roleNames = map[string]access.Role{
	"officer": access.Officer, "执法人员": access.Officer,
	"custodian": access.Custodian, "保管人": access.Custodian, "保管员": access.Custodian, "专门人员": access.Custodian,
	"head": access.Head, "科室负责人": access.Head, "科室主要负责人": access.Head, "负责人": access.Head,
	"leader": access.Leader, "局领导": access.Leader, "分管局领导": access.Leader,
	"legal_reviewer": access.LegalReviewer, "法制审核": access.LegalReviewer, "法制审核人员": access.LegalReviewer,
	"supervisor": access.Supervisor, "执法监督": access.Supervisor, "执法监督人员": access.Supervisor,
}

// parseRoles reads the roles of a cell, parted by commas, slashes or spaces, in the order pages show them. An unknown
// word is given back.
func parseRoles(text string) (roles []access.Role, unknown string) {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(",，、;；/ ", r) })
	found := map[access.Role]bool{}
	for _, w := range words {
		r, ok := roleNames[w]
		if !ok {
			return nil, w
		}
		found[r] = true
	}
	for _, r := range access.Roles() {
		if found[r] {
			roles = append(roles, r)
		}
	}
	return roles, ""
}

// FoldUsername gives the form in which sign-in names are kept and compared.
func FoldUsername(s string) string {
	return norm.NFKC.String(strings.ToLower(norm.NFKC.String(strings.TrimSpace(s))))
}

// CleanUsername gives the kept form of a sign-in name: 2 to 40 letters of any script, digits and . _ - without spaces.
// Anything else is fault Invalid "account.username".
func CleanUsername(s string) (string, error) {
	s = FoldUsername(s)
	n := utf8.RuneCountInString(s)
	ok := n >= 2 && n <= 40
	for _, r := range s {
		ok = ok && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune("._-·", r))
	}
	if !ok {
		return "", fault.New(fault.Invalid, "account.username").At("username")
	}
	return s, nil
}

func joinRoles(roles []access.Role) string {
	s := make([]string, len(roles))
	for i, r := range roles {
		s[i] = string(r)
	}
	return strings.Join(s, ",")
}

func splitRoles(s string) []access.Role {
	var out []access.Role
	for w := range strings.SplitSeq(s, ",") {
		if r := access.Role(w); slices.Contains(access.Roles(), r) {
			out = append(out, r)
		}
	}
	return out
}
