package device

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

var errTodo = fault.New(fault.Unavailable, "device.todo")

// Register enters a device, in use. A label that is taken is fault Conflict "device.label_taken".
func (v *Inventory) Register(ctx context.Context, actor access.Actor, s Spec) (ident.DeviceID, error) {
	return "", errTodo
}

// Edit changes what is entered of a device. version is the one the editor saw; another is fault Conflict
// "device.changed".
func (v *Inventory) Edit(ctx context.Context, actor access.Actor, id ident.DeviceID, version int64, s Spec) error {
	return errTodo
}

// SetState puts a device into another state, with a note of at least four characters.
func (v *Inventory) SetState(ctx context.Context, actor access.Actor, id ident.DeviceID, s State, note string) error {
	return errTodo
}

// Issue hands a device out (领用).
func (v *Inventory) Issue(ctx context.Context, actor access.Actor, id ident.DeviceID, in IssueInput) (ident.IssueID, error) {
	return "", errTodo
}

// Return takes a device back (交回).
func (v *Inventory) Return(ctx context.Context, actor access.Actor, id ident.DeviceID, in ReturnInput) error {
	return errTodo
}

// Get gives one device within the actor's scope; any other is fault NotFound "device.unknown".
func (v *Inventory) Get(ctx context.Context, actor access.Actor, id ident.DeviceID) (Item, error) {
	return Item{}, errTodo
}

// List gives the devices in the actor's scope, by label.
func (v *Inventory) List(ctx context.Context, actor access.Actor, f Filter) (org.Page[Item], error) {
	return org.Page[Item]{}, errTodo
}

// Issues gives the ledger of issues in the actor's scope, latest first.
func (v *Inventory) Issues(ctx context.Context, actor access.Actor, f IssueFilter) (org.Page[Entry], error) {
	return org.Page[Entry]{}, errTodo
}

// Stock counts the devices in the actor's scope by department (R-04-1).
func (v *Inventory) Stock(ctx context.Context, actor access.Actor) ([]Stock, error) {
	return nil, errTodo
}
