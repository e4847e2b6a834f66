package viewing

import (
	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
)

// ChooseApprover and ChooseSecond are the same rule for what else is decided about recordings, such as a masked copy: the
// head of the owning department, or a leader; never who asks, never one person twice.
func ChooseApprover(asker, head ident.PersonID, leaders []ident.PersonID) (access.Role, ident.PersonID, error) {
	return chooseApprover(asker, head, leaders, false)
}

// ChooseSecond says who decides after first.
func ChooseSecond(asker, first, head ident.PersonID, leaders []ident.PersonID) (access.Role, ident.PersonID, error) {
	return chooseSecond(asker, first, head, leaders)
}
