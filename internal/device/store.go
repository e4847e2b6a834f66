package device

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

type deviceRow struct {
	bun.BaseModel `bun:"table:device,alias:d"`

	ID           string `bun:"id,pk"`
	Label        string `bun:"label"`
	LabelKey     string `bun:"label_key"`
	Kind         string `bun:"kind"`
	Maker        string `bun:"maker"`
	Model        string `bun:"model"`
	Serial       string `bun:"serial"`
	SerialKey    string `bun:"serial_key"`
	CardLabel    string `bun:"card_label"`
	CardKey      string `bun:"card_key"`
	NameCode     string `bun:"name_code"`
	NameKey      string `bun:"name_key"`
	DepartmentID string `bun:"department_id"`
	State        string `bun:"state"`
	StateNote    string `bun:"state_note"`
	StateAt      int64  `bun:"state_at"`
	Note         string `bun:"note"`
	Search       string `bun:"search"`
	CreatedAt    int64  `bun:"created_at"`
	UpdatedAt    int64  `bun:"updated_at"`
	Version      int64  `bun:"version"`
}

func deviceRowOf(d Device) *deviceRow {
	return &deviceRow{
		ID: string(d.ID), Label: d.Label, LabelKey: fold(d.Label), Kind: string(d.Kind), Maker: d.Maker, Model: d.Model,
		Serial: d.Serial, SerialKey: fold(d.Serial), CardLabel: d.CardLabel, CardKey: fold(d.CardLabel),
		NameCode: d.NameCode, NameKey: fold(d.NameCode), DepartmentID: string(d.Department), State: string(d.State),
		StateNote: d.StateNote, StateAt: clock.Micros(d.StateAt), Note: d.Note, Search: searchText(d.Spec),
		CreatedAt: clock.Micros(d.Created), UpdatedAt: clock.Micros(d.Updated), Version: d.Version,
	}
}

func (r *deviceRow) device() Device {
	return Device{
		Spec: Spec{
			Label: r.Label, Kind: Kind(r.Kind), Maker: r.Maker, Model: r.Model, Serial: r.Serial, CardLabel: r.CardLabel,
			NameCode: r.NameCode, Department: ident.DepartmentID(r.DepartmentID), Note: r.Note,
		},
		ID: ident.DeviceID(r.ID), State: State(r.State), StateNote: r.StateNote, StateAt: clock.FromMicros(r.StateAt),
		Created: clock.FromMicros(r.CreatedAt), Updated: clock.FromMicros(r.UpdatedAt), Version: r.Version,
	}
}

// Find gives a device as the program itself knows it, whoever asks; an unknown one is fault NotFound "device.unknown".
// Pages ask [Inventory.Get], which keeps to the reader's scope.
func Find(ctx context.Context, idb bun.IDB, id ident.DeviceID) (Device, error) {
	return selectDevice(ctx, idb, id)
}

func selectDevice(ctx context.Context, idb bun.IDB, id ident.DeviceID) (Device, error) {
	var r deviceRow
	if err := idb.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx); err != nil {
		return Device{}, db.NotFound(fmt.Errorf("device: %w", err), "device.unknown")
	}
	return r.device(), nil
}

// lockDevice reads a device for a change; other changes of it wait until this one ends.
func lockDevice(ctx context.Context, idb bun.IDB, id ident.DeviceID) (Device, error) {
	if _, err := idb.NewUpdate().Model((*deviceRow)(nil)).Set("version = version").Where("id = ?", id).Exec(ctx); err != nil {
		return Device{}, fmt.Errorf("device: %w", err)
	}
	return selectDevice(ctx, idb, id)
}

// insertDevice writes a new device. A label that is taken is fault Conflict "device.label_taken".
func insertDevice(ctx context.Context, idb bun.IDB, d Device) error {
	_, err := idb.NewInsert().Model(deviceRowOf(d)).Exec(ctx)
	return labelTaken(err, d.Label)
}

// updateDevice writes a device that lockDevice read, as its next version.
func updateDevice(ctx context.Context, idb bun.IDB, d Device, now time.Time) error {
	d.Version++
	d.Updated = now
	_, err := idb.NewUpdate().Model(deviceRowOf(d)).ExcludeColumn("id", "created_at").Where("id = ?", d.ID).Exec(ctx)
	return labelTaken(err, d.Label)
}

func labelTaken(err error, label string) error {
	switch {
	case db.IsUnique(err):
		return fault.Wrap(err, fault.Conflict, "device.label_taken", label).At("label")
	case err != nil:
		return fmt.Errorf("device: write: %w", err)
	}
	return nil
}

// clueRow is what Match needs of a device.
type clueRow struct {
	bun.BaseModel `bun:"table:device"`

	ID        string `bun:"id"`
	CardKey   string `bun:"card_key"`
	NameKey   string `bun:"name_key"`
	SerialKey string `bun:"serial_key"`
	State     string `bun:"state"`
}

// selectClued gives every device that any clue points to.
func selectClued(ctx context.Context, idb bun.IDB, explicit ident.DeviceID, cards, names, serials []string) ([]clueRow, error) {
	var rows []clueRow
	q := idb.NewSelect().Model(&rows).Where("id = ?", explicit).OrderExpr("id")
	if len(cards) > 0 {
		q = q.WhereOr("card_key IN (?)", bun.List(cards))
	}
	if len(names) > 0 {
		q = q.WhereOr("name_key IN (?)", bun.List(names))
	}
	if len(serials) > 0 {
		q = q.WhereOr("serial_key IN (?)", bun.List(serials))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("device: match: %w", err)
	}
	return rows, nil
}
