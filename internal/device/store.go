package device

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
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

func selectDevice(ctx context.Context, idb bun.IDB, id ident.DeviceID) (Device, error) {
	var r deviceRow
	if err := idb.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx); err != nil {
		return Device{}, db.NotFound(fmt.Errorf("device: %w", err), "device.unknown")
	}
	return r.device(), nil
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
		q = q.WhereOr("card_key IN (?)", bun.In(cards))
	}
	if len(names) > 0 {
		q = q.WhereOr("name_key IN (?)", bun.In(names))
	}
	if len(serials) > 0 {
		q = q.WhereOr("serial_key IN (?)", bun.In(serials))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("device: match: %w", err)
	}
	return rows, nil
}

type issueRow struct {
	bun.BaseModel `bun:"table:device_issue,alias:i"`

	ID           string `bun:"id,pk"`
	DeviceID     string `bun:"device_id"`
	DepartmentID string `bun:"department_id"`
	PersonID     string `bun:"person_id"`
	Purpose      string `bun:"purpose"`
	IssuedAt     int64  `bun:"issued_at"`
	IssuedBy     string `bun:"issued_by"`
	EnteredAt    int64  `bun:"entered_at"`
	ReturnedAt   int64  `bun:"returned_at"`
	ReturnedBy   string `bun:"returned_by"`
	Condition    string `bun:"condition"`
	Note         string `bun:"note"`
}

func (r *issueRow) issue() Issue {
	return Issue{
		ID: ident.IssueID(r.ID), Device: ident.DeviceID(r.DeviceID), Department: ident.DepartmentID(r.DepartmentID),
		Person: ident.PersonID(r.PersonID), Purpose: r.Purpose, Issued: clock.FromMicros(r.IssuedAt), IssuedBy: ident.PersonID(r.IssuedBy),
		Entered: clock.FromMicros(r.EnteredAt), Returned: clock.FromMicros(r.ReturnedAt), ReturnedBy: ident.PersonID(r.ReturnedBy),
		Condition: Condition(r.Condition), Note: r.Note,
	}
}

// selectTouching gives the issues that touch the span, first issued first. More than a few dozen are never needed.
func selectTouching(ctx context.Context, idb bun.IDB, id ident.DeviceID, span clock.Interval) ([]Issue, error) {
	var rows []issueRow
	err := idb.NewSelect().Model(&rows).Where("device_id = ? AND issued_at <= ? AND (returned_at = 0 OR returned_at >= ?)",
		id, span.To.UnixMicro(), span.From.UnixMicro()).OrderExpr("issued_at, id").Limit(50).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("device: holder: %w", err)
	}
	out := make([]Issue, len(rows))
	for i := range rows {
		out[i] = rows[i].issue()
	}
	return out, nil
}

// selectFirstIssue gives when the device was first issued; zero if never.
func selectFirstIssue(ctx context.Context, idb bun.IDB, id ident.DeviceID) (time.Time, error) {
	var at int64
	err := idb.NewSelect().Model((*issueRow)(nil)).ColumnExpr("coalesce(min(issued_at), 0)").Where("device_id = ?", id).Scan(ctx, &at)
	if err != nil {
		return time.Time{}, fmt.Errorf("device: holder: %w", err)
	}
	return clock.FromMicros(at), nil
}

type clockRow struct {
	bun.BaseModel `bun:"table:device_clock"`

	ID       string `bun:"id,pk"`
	DeviceID string `bun:"device_id"`
	At       int64  `bun:"at"`
	FaceAt   int64  `bun:"face_at"`
	LoUS     int64  `bun:"lo_us"`
	HiUS     int64  `bun:"hi_us"`
	Source   string `bun:"source"`
}

func insertCheck(ctx context.Context, idb bun.IDB, id ident.DeviceID, c check) error {
	_, err := idb.NewInsert().Model(&clockRow{
		ID: ident.New[string](), DeviceID: string(id), At: clock.Micros(c.at), FaceAt: c.face.UnixMicro(),
		LoUS: c.lo.Microseconds(), HiUS: c.hi.Microseconds(), Source: string(c.source),
	}).Exec(ctx)
	if err != nil {
		return fmt.Errorf("device: clock: %w", err)
	}
	return nil
}

// selectChecks gives the nearest clock checks at or before, and after, a moment by the device's own clock.
func selectChecks(ctx context.Context, idb bun.IDB, id ident.DeviceID, face time.Time) (before, after *check, err error) {
	one := func(where, order string) (*check, error) {
		var r clockRow
		err := idb.NewSelect().Model(&r).Where("device_id = ?", id).Where(where, face.UnixMicro()).OrderExpr(order).Limit(1).Scan(ctx)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil, nil //nolint:nilnil // no check on this side is an answer
		case err != nil:
			return nil, fmt.Errorf("device: clock: %w", err)
		}
		return &check{
			at: clock.FromMicros(r.At), face: time.UnixMicro(r.FaceAt).UTC(),
			lo: time.Duration(r.LoUS) * time.Microsecond, hi: time.Duration(r.HiUS) * time.Microsecond, source: Source(r.Source),
		}, nil
	}
	if before, err = one("face_at <= ?", "face_at DESC, id DESC"); err != nil {
		return nil, nil, err
	}
	after, err = one("face_at > ?", "face_at, id")
	return before, after, err
}

type markRow struct {
	bun.BaseModel `bun:"table:device_series"`

	DeviceID string `bun:"device_id,pk"`
	Series   string `bun:"series,pk"`
	Width    int    `bun:"width,pk"`
	Number   int    `bun:"number"`
	Name     string `bun:"name"`
	MadeAt   int64  `bun:"made_at"`
	NotedAt  int64  `bun:"noted_at"`
}

func selectMarks(ctx context.Context, idb bun.IDB, id ident.DeviceID) ([]Mark, error) {
	var rows []markRow
	if err := idb.NewSelect().Model(&rows).Where("device_id = ?", id).OrderExpr("series, width").Scan(ctx); err != nil {
		return nil, fmt.Errorf("device: numbers: %w", err)
	}
	out := make([]Mark, len(rows))
	for i, r := range rows {
		out[i] = Mark{Series: r.Series, Width: r.Width, Number: r.Number, Name: r.Name, Made: clock.FromMicros(r.MadeAt)}
	}
	return out, nil
}

func upsertMark(ctx context.Context, idb bun.IDB, id ident.DeviceID, m Mark, now time.Time) error {
	_, err := idb.NewInsert().Model(&markRow{
		DeviceID: string(id), Series: m.Series, Width: m.Width, Number: m.Number, Name: m.Name,
		MadeAt: clock.Micros(m.Made), NotedAt: clock.Micros(now),
	}).On("CONFLICT (device_id, series, width) DO UPDATE").
		Set("number = EXCLUDED.number, name = EXCLUDED.name, made_at = EXCLUDED.made_at, noted_at = EXCLUDED.noted_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("device: numbers: %w", err)
	}
	return nil
}
