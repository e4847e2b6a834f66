package viewing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type lookRow struct {
	bun.BaseModel `bun:"table:viewing_look,alias:l"`

	ID            ident.LookID       `bun:"id,pk"`
	No            int64              `bun:"no"`
	Kind          Kind               `bun:"kind"`
	Ground        Ground             `bun:"ground"`
	Request       ident.ViewingID    `bun:"request_id"`
	Case          ident.CaseID       `bun:"case_id"`
	Recording     ident.RecordingID  `bun:"recording_id"`
	Department    ident.DepartmentID `bun:"department_id"`
	Viewer        ident.PersonID     `bun:"viewer_id"`
	ViewerName    string             `bun:"viewer_name"`
	ViewerDept    string             `bun:"viewer_dept"`
	Account       ident.AccountID    `bun:"account_id"`
	Session       string             `bun:"session_key"`
	IP            string             `bun:"ip"`
	From          int64              `bun:"from_us"`
	To            int64              `bun:"to_us"`
	OpenedAt      int64              `bun:"opened_at"`
	ClosedAt      int64              `bun:"closed_at"`
	WhyClosed     string             `bun:"why_closed"`
	Watched       string             `bun:"watched"`
	WatchedMS     int64              `bun:"watched_ms"`
	ConfirmedAt   int64              `bun:"confirmed_at"`
	ConfirmedBy   ident.PersonID     `bun:"confirmed_by"`
	ConfirmedName string             `bun:"confirmed_name"`
	Remark        string             `bun:"remark"`
}

func lookRowOf(l *Look) *lookRow {
	return &lookRow{
		ID: l.ID, No: l.No, Kind: l.Kind, Ground: l.Ground, Request: l.Request, Case: l.Case, Recording: l.Recording, Department: l.Department, Viewer: l.Viewer,
		ViewerName: l.ViewerName, ViewerDept: l.ViewerDept, Account: l.Account, Session: l.Session, IP: l.IP, From: l.From.Microseconds(),
		To: l.To.Microseconds(), OpenedAt: clock.Micros(l.OpenedAt), ClosedAt: clock.Micros(l.ClosedAt), WhyClosed: l.WhyClosed,
		Watched: spansText(l.Watched), WatchedMS: l.WatchedFor.Milliseconds(), ConfirmedAt: clock.Micros(l.ConfirmedAt), ConfirmedBy: l.ConfirmedBy,
		ConfirmedName: l.ConfirmedName, Remark: l.Remark,
	}
}

func (r *lookRow) look() Look {
	return Look{
		ID: r.ID, No: r.No, Kind: r.Kind, Ground: r.Ground, Request: r.Request, Case: r.Case, Recording: r.Recording, Department: r.Department, Viewer: r.Viewer,
		ViewerName: r.ViewerName, ViewerDept: r.ViewerDept, Account: r.Account, Session: r.Session, IP: r.IP, From: micros(r.From), To: micros(r.To),
		OpenedAt: clock.FromMicros(r.OpenedAt), ClosedAt: clock.FromMicros(r.ClosedAt), WhyClosed: r.WhyClosed, Watched: spansOf(r.Watched),
		WatchedFor: time.Duration(r.WatchedMS) * time.Millisecond, ConfirmedAt: clock.FromMicros(r.ConfirmedAt), ConfirmedBy: r.ConfirmedBy,
		ConfirmedName: r.ConfirmedName, Remark: r.Remark,
	}
}

func (r *lookRow) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "look", ID: string(r.ID)},
		Says: vouch.Of(r, "viewer_name", "viewer_dept", "confirmed_name", "remark", "session_key", "ip", "watched"),
	}
}

// spansText writes stretches; "" for none, so that a row without any says nothing of them.
func spansText(s []Span) string {
	if len(s) == 0 {
		return ""
	}
	raw, err := json.Marshal(s)
	if err != nil { // two numbers each: cannot be
		return ""
	}
	return string(raw)
}

func spansOf(s string) []Span {
	var out []Span
	if s == "" || json.Unmarshal([]byte(s), &out) != nil {
		return nil
	}
	return out
}

func insertLook(ctx context.Context, idb bun.IDB, l *Look) error {
	_, err := idb.NewInsert().Model(lookRowOf(l)).Exec(ctx)
	return fail(err)
}

func updateLook(ctx context.Context, idb bun.IDB, l *Look) error {
	_, err := idb.NewUpdate().Model(lookRowOf(l)).WherePK().
		Column("closed_at", "why_closed", "watched", "watched_ms", "confirmed_at", "confirmed_by", "confirmed_name", "remark").Exec(ctx)
	return fail(err)
}

func lookByID(ctx context.Context, idb bun.IDB, id ident.LookID) (*Look, error) {
	row := new(lookRow)
	if err := idb.NewSelect().Model(row).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "viewing.look_unknown")
	}
	l := row.look()
	return &l, nil
}

func lockLook(ctx context.Context, idb bun.IDB, id ident.LookID) (*Look, error) {
	row, err := vouch.Locked[lookRow](ctx, idb, string(id))
	if err != nil {
		return nil, db.NotFound(fail(err), "viewing.look_unknown")
	}
	l := row.look()
	return &l, nil
}

// lookOpenIn gives the look that the same session has open on the same ground. NotFound "viewing.look_unknown".
func lookOpenIn(ctx context.Context, idb bun.IDB, l *Look) (*Look, error) {
	row := new(lookRow)
	q := idb.NewSelect().Model(row).Where("session_key = ? AND recording_id = ? AND kind = ? AND ground = ? AND request_id = ? AND case_id = ?",
		l.Session, l.Recording, l.Kind, l.Ground, l.Request, l.Case)
	if l.Kind != Picture {
		q = q.Where("closed_at = 0")
	}
	if err := q.Limit(1).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "viewing.look_unknown")
	}
	found := row.look()
	return &found, nil
}

func openLooks(ctx context.Context, idb bun.IDB, id ident.ViewingID) ([]Look, error) {
	var rows []lookRow
	err := idb.NewSelect().Model(&rows).Where("request_id = ? AND closed_at = 0", id).Order("no").Scan(ctx)
	return looks(rows), fail(err)
}

// idleLooks gives the open looks last heard of before a moment.
func idleLooks(ctx context.Context, idb bun.IDB, before time.Time) ([]Look, error) {
	var rows []lookRow
	err := idb.NewSelect().Model(&rows).Join("LEFT JOIN viewing_watch AS w ON w.look_id = l.id").
		Where("l.closed_at = 0 AND COALESCE(w.seen_at, l.opened_at) < ?", clock.Micros(before)).Order("l.no").Limit(200).Scan(ctx)
	return looks(rows), fail(err)
}

func looks(rows []lookRow) []Look {
	out := make([]Look, len(rows))
	for i := range rows {
		out[i] = rows[i].look()
	}
	return out
}

type watchRow struct {
	bun.BaseModel `bun:"table:viewing_watch"`

	Look   ident.LookID `bun:"look_id,pk"`
	Sent   string       `bun:"sent"`
	Played string       `bun:"played"`
	SeenAt int64        `bun:"seen_at"`
}

// watchOf gives how far a look has come: what was sent, what was played, when it was last heard of.
func watchOf(ctx context.Context, idb bun.IDB, id ident.LookID) (sent, played []Span, seen time.Time, err error) {
	row := new(watchRow)
	err = idb.NewSelect().Model(row).Where("look_id = ?", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, time.Time{}, nil
	}
	return spansOf(row.Sent), spansOf(row.Played), clock.FromMicros(row.SeenAt), fail(err)
}

// maxSpans bounds what a player may tell of one look.
const maxSpans = 2000

// note keeps how far a look has come. It is no change of the record and has no entry of its own: the look's closing entry
// says the sum. A player that tells nonsense is told nothing and keeps its spans bounded.
func note(ctx context.Context, d *db.DB, id ident.LookID, now time.Time, sent Span, played []Span) error {
	return d.Write(ctx, func(tx bun.Tx) error {
		haveSent, havePlayed, _, err := watchOf(ctx, tx, id)
		if err != nil {
			return err
		}
		haveSent = addSpan(haveSent, sent)
		for _, s := range played {
			if len(havePlayed) < maxSpans {
				havePlayed = addSpan(havePlayed, s)
			}
		}
		row := watchRow{Look: id, Sent: spansText(haveSent), Played: spansText(havePlayed), SeenAt: clock.Micros(now)}
		_, err = tx.NewInsert().Model(&row).On("CONFLICT (look_id) DO UPDATE").
			Set("sent = EXCLUDED.sent, played = EXCLUDED.played, seen_at = EXCLUDED.seen_at").Exec(ctx)
		return fail(err)
	})
}
