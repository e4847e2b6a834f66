package device

import (
	"context"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

func listSubject() access.Subject { return access.Subject{Kind: "device"} }

// Get gives one device within the actor's scope: their department's, or the one they hold. Any other is fault NotFound
// "device.unknown".
func (v *Inventory) Get(ctx context.Context, actor access.Actor, id ident.DeviceID) (Item, error) {
	if err := v.c.Gate.Check(ctx, actor, access.DeviceList, listSubject()); err != nil {
		return Item{}, err
	}
	items, err := selectItems(ctx, v.c.DB.Reader, access.ScopeOf(actor), id, Filter{}, nil, 1)
	if err != nil {
		return Item{}, err
	}
	if len(items) == 0 {
		return Item{}, fault.New(fault.NotFound, "device.unknown")
	}
	return items[0], nil
}

// List gives the devices in the actor's scope, by label. An officer sees the devices they hold.
func (v *Inventory) List(ctx context.Context, actor access.Actor, f Filter) (org.Page[Item], error) {
	if err := v.c.Gate.Check(ctx, actor, access.DeviceList, listSubject()); err != nil {
		return org.Page[Item]{}, err
	}
	after, err := org.ReadCursor(f.After, 2)
	if err != nil {
		return org.Page[Item]{}, err
	}
	limit := org.PageSize(f.Limit)
	items, err := selectItems(ctx, v.c.DB.Reader, access.ScopeOf(actor), "", f, after, limit+1)
	if err != nil {
		return org.Page[Item]{}, err
	}
	return org.Cut(items, limit, func(i Item) []string { return []string{fold(i.Label), string(i.ID)} }), nil
}

// Issues gives the ledger of issues in the actor's scope, latest first: a device's, a department's, a person's, or
// with Open who holds what now. It has no other order: issues are not a measure of people.
func (v *Inventory) Issues(ctx context.Context, actor access.Actor, f IssueFilter) (org.Page[Entry], error) {
	if err := v.c.Gate.Check(ctx, actor, access.DeviceList, listSubject()); err != nil {
		return org.Page[Entry]{}, err
	}
	after, err := readIssueCursor(f.After)
	if err != nil {
		return org.Page[Entry]{}, err
	}
	limit := org.PageSize(f.Limit)
	entries, err := selectEntries(ctx, v.c.DB.Reader, access.ScopeOf(actor), f, after, limit+1)
	if err != nil {
		return org.Page[Entry]{}, err
	}
	return org.Cut(entries, limit, func(e Entry) []string {
		return []string{strconv.FormatInt(clock.Micros(e.Issued), 10), string(e.ID)}
	}), nil
}

// issueCursor is where a page of the ledger goes on; the zero value is its beginning.
type issueCursor struct {
	at int64
	id string
}

func readIssueCursor(s string) (issueCursor, error) {
	values, err := org.ReadCursor(s, 2)
	if err != nil || values == nil {
		return issueCursor{}, err
	}
	at, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil {
		return issueCursor{}, fault.New(fault.Invalid, "list.cursor").At("after")
	}
	return issueCursor{at, values[1]}, nil
}

// Stock counts the devices in the actor's scope by department (R-04-1).
func (v *Inventory) Stock(ctx context.Context, actor access.Actor) ([]Stock, error) {
	if err := v.c.Gate.Check(ctx, actor, access.DeviceList, listSubject()); err != nil {
		return nil, err
	}
	return selectStock(ctx, v.c.DB.Reader, access.ScopeOf(actor))
}

// Clock gives how far a device's clock is off now, as far as the last check tells; for a device in the actor's scope.
func (v *Inventory) Clock(ctx context.Context, actor access.Actor, id ident.DeviceID) (Offset, error) {
	if _, err := v.Get(ctx, actor, id); err != nil {
		return Offset{}, err
	}
	last, err := selectLastCheck(ctx, v.c.DB.Reader, id)
	if err != nil || last == nil {
		return offsetOf(nil, nil, time.Time{}), err
	}
	// What it shows now is what it showed then and the time gone since.
	return offsetOf(last, nil, last.face.Add(v.c.Clock.Now().Sub(last.at))), nil
}

// CheckClock notes a comparison of a device's clock with ours made by a person: when it showed face, our clock showed
// now, give or take doubt (a minute if only minutes were shown).
func (v *Inventory) CheckClock(ctx context.Context, actor access.Actor, id ident.DeviceID, face time.Time, doubt time.Duration) error {
	return v.change(ctx, actor, access.DeviceEdit, id, func(tx *gate.Tx, _ Device, _ *Issue) error {
		off := tx.Now().Sub(face)
		return RecordClock(tx, id, tx.Now(), off-doubt.Abs(), off+doubt.Abs(), FromPerson)
	})
}
