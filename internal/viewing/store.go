package viewing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type requestRow struct {
	bun.BaseModel `bun:"table:viewing_request,alias:q"`

	ID           ident.ViewingID    `bun:"id,pk"`
	No           int64              `bun:"no"`
	State        State              `bun:"state"`
	Viewer       ident.PersonID     `bun:"viewer_id"`
	ViewerName   string             `bun:"viewer_name"`
	ViewerDept   string             `bun:"viewer_dept"`
	Department   ident.DepartmentID `bun:"department_id"`
	Purpose      Purpose            `bun:"purpose"`
	Words        string             `bun:"words"`
	AskedAt      int64              `bun:"asked_at"`
	AskedUntil   int64              `bun:"asked_until"`
	Case         ident.CaseID       `bun:"case_id"`
	Level        access.Role        `bun:"level"`
	Approver     ident.PersonID     `bun:"approver_id"`
	DecidedAt    int64              `bun:"decided_at"`
	DecidedBy    ident.PersonID     `bun:"decided_by"`
	DecidedName  string             `bun:"decided_name"`
	DecidedWords string             `bun:"decided_words"`
	Until        int64              `bun:"granted_until"`
	EndedAt      int64              `bun:"ended_at"`
	EndedBy      ident.PersonID     `bun:"ended_by"`
	EndedName    string             `bun:"ended_name"`
	EndedWords   string             `bun:"ended_words"`
	Manner       Manner             `bun:"manner"`
	ToBody       string             `bun:"to_body"`
	ToPerson     string             `bun:"to_person"`
	ToContact    string             `bun:"to_contact"`
	ToBasis      string             `bun:"to_basis"`
	Renews       ident.ViewingID    `bun:"renews"`
	Quorum       int                `bun:"quorum"`
	SecondLevel  access.Role        `bun:"second_level"`
	FirstAt      int64              `bun:"first_at"`
	FirstBy      ident.PersonID     `bun:"first_by"`
	FirstName    string             `bun:"first_name"`
	FirstWords   string             `bun:"first_words"`
}

func requestRowOf(r *Request) *requestRow {
	return &requestRow{
		ID: r.ID, No: r.No, State: r.State, Viewer: r.Viewer, ViewerName: r.ViewerName, ViewerDept: r.ViewerDept, Department: r.Department,
		Purpose: r.Purpose, Words: r.Words, AskedAt: clock.Micros(r.AskedAt), AskedUntil: clock.Micros(r.AskedUntil), Case: r.Case, Level: r.Level,
		Approver: r.Approver, DecidedAt: clock.Micros(r.DecidedAt), DecidedBy: r.DecidedBy, DecidedName: r.DecidedName,
		DecidedWords: r.DecidedWords, Until: clock.Micros(r.Until), EndedAt: clock.Micros(r.EndedAt), EndedBy: r.EndedBy,
		EndedName: r.EndedName, EndedWords: r.EndedWords,
		Manner: r.Manner, ToBody: r.To.Body, ToPerson: r.To.Person, ToContact: r.To.Contact, ToBasis: r.To.Basis, Renews: r.Renews, Quorum: r.Quorum,
		SecondLevel: r.SecondLevel, FirstAt: clock.Micros(r.FirstAt), FirstBy: r.FirstBy, FirstName: r.FirstName, FirstWords: r.FirstWords,
	}
}

func (r *requestRow) request() Request {
	return Request{
		ID: r.ID, No: r.No, State: r.State, Viewer: r.Viewer, ViewerName: r.ViewerName, ViewerDept: r.ViewerDept, Department: r.Department,
		Purpose: r.Purpose, Words: r.Words, AskedAt: clock.FromMicros(r.AskedAt), AskedUntil: clock.FromMicros(r.AskedUntil), Case: r.Case, Level: r.Level,
		Approver: r.Approver, DecidedAt: clock.FromMicros(r.DecidedAt), DecidedBy: r.DecidedBy, DecidedName: r.DecidedName,
		DecidedWords: r.DecidedWords, Until: clock.FromMicros(r.Until), EndedAt: clock.FromMicros(r.EndedAt), EndedBy: r.EndedBy,
		EndedName: r.EndedName, EndedWords: r.EndedWords,
		Manner: r.Manner, To: Recipient{r.ToBody, r.ToPerson, r.ToContact, r.ToBasis}, Renews: r.Renews, Quorum: r.Quorum, SecondLevel: r.SecondLevel,
		FirstAt: clock.FromMicros(r.FirstAt), FirstBy: r.FirstBy, FirstName: r.FirstName, FirstWords: r.FirstWords,
	}
}

func (r *requestRow) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "viewing", ID: string(r.ID)},
		Says: vouch.Of(r, "viewer_name", "viewer_dept", "words", "decided_name", "decided_words", "ended_name", "ended_words",
			"to_body", "to_person", "to_contact", "to_basis", "first_name", "first_words"),
	}
}

type itemRow struct {
	bun.BaseModel `bun:"table:viewing_item"`

	ID        string            `bun:"id,pk"`
	Request   ident.ViewingID   `bun:"request_id"`
	N         int               `bun:"n"`
	Recording ident.RecordingID `bun:"recording_id"`
	From      int64             `bun:"from_us"`
	To        int64             `bun:"to_us"`
}

func (r *itemRow) vouched() vouch.Row {
	return vouch.Row{ID: r.ID, Subject: custody.Subject{Kind: "viewing_item", ID: r.ID}, Says: vouch.Of(r)}
}

type registrationRow struct {
	bun.BaseModel `bun:"table:viewing_registration"`

	ID        string            `bun:"id,pk"`
	Recording ident.RecordingID `bun:"recording_id"`
	By        ident.PersonID    `bun:"person_id"`
	ByName    string            `bun:"person_name"`
	Words     string            `bun:"words"`
	At        int64             `bun:"at"`
	Entry     ident.EntryID     `bun:"entry_id"`
}

func (r *registrationRow) vouched() vouch.Row {
	return vouch.Row{ID: r.ID, Subject: custody.Subject{Kind: "recording", ID: string(r.Recording)}, Entry: r.Entry, Says: vouch.Of(r, "person_name", "words")}
}

// Tables are the tables on which it rests who may look and who did, for fsck.
func Tables() []vouch.Table {
	return []vouch.Table{
		vouch.NewTable("viewing_request", (*requestRow).vouched), vouch.NewTable("viewing_item", (*itemRow).vouched),
		vouch.NewTable("viewing_look", (*lookRow).vouched), vouch.NewTable("viewing_registration", (*registrationRow).vouched),
	}
}

// sayRequest gives what an entry says of a request and of what it asks for, and the subjects it is related to.
func sayRequest(ctx context.Context, idb bun.IDB, id ident.ViewingID) (said []any, related []custody.Subject, err error) {
	r, err := vouch.Locked[requestRow](ctx, idb, string(id))
	if err != nil {
		return nil, nil, fail(err)
	}
	rows, err := itemRows(ctx, idb, []ident.ViewingID{id})
	if err != nil {
		return nil, nil, err
	}
	related = []custody.Subject{{Kind: "person", ID: string(r.Viewer)}}
	if r.Case != "" {
		related = append(related, custody.Subject{Kind: "case", ID: string(r.Case)})
	}
	items := make([]vouch.Columns, len(rows))
	for i := range rows {
		v := rows[i].vouched()
		items[i] = v.Says
		related = append(related, v.Subject, custody.Subject{Kind: "recording", ID: string(rows[i].Recording)})
	}
	said = []any{vouch.Key("viewing_request"), r.vouched().Says}
	if len(items) > 0 {
		said = append(said, vouch.Key("viewing_item"), items)
	}
	return said, related, nil
}

func sayLook(ctx context.Context, idb bun.IDB, id ident.LookID) ([]any, error) {
	r, err := vouch.Locked[lookRow](ctx, idb, string(id))
	if err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("viewing_look"), r.vouched().Says}, nil
}

func sayRegistration(ctx context.Context, idb bun.IDB, id string) ([]any, error) {
	r, err := vouch.Locked[registrationRow](ctx, idb, id)
	if err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("viewing_registration"), r.vouched().Says}, nil
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("viewing: %w", err)
}

// nextNumber draws the next running number; a change that is rolled back gives it back.
func nextNumber(ctx context.Context, idb bun.IDB, name string) (int64, error) {
	var n int64
	err := idb.NewRaw("UPDATE viewing_number SET last = last + 1 WHERE name = ? RETURNING last", name).Scan(ctx, &n)
	return n, fail(err)
}

func insertRequest(ctx context.Context, idb bun.IDB, r *Request) error {
	if _, err := idb.NewInsert().Model(requestRowOf(r)).Exec(ctx); err != nil {
		return fail(err)
	}
	rows := make([]itemRow, len(r.Items))
	for i, item := range r.Items {
		rows[i] = itemRow{
			ID: string(ident.New[ident.EntryID]()), Request: r.ID, N: i + 1, Recording: item.Recording, From: item.From.Microseconds(), To: item.To.Microseconds(),
		}
	}
	if len(rows) == 0 { // a case
		return nil
	}
	_, err := idb.NewInsert().Model(&rows).Exec(ctx)
	return fail(err)
}

func updateRequest(ctx context.Context, idb bun.IDB, r *Request) error {
	_, err := idb.NewUpdate().Model(requestRowOf(r)).WherePK().Column("state", "decided_at", "decided_by", "decided_name", "decided_words",
		"granted_until", "ended_at", "ended_by", "ended_name", "ended_words", "approver_id", "first_at", "first_by", "first_name", "first_words").Exec(ctx)
	return fail(err)
}

func requestByID(ctx context.Context, idb bun.IDB, id ident.ViewingID) (*Request, error) {
	row := new(requestRow)
	if err := idb.NewSelect().Model(row).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "viewing.unknown")
	}
	return whole(ctx, idb, row)
}

// lockRequest reads a request for change: on PostgreSQL it stays locked to the end of the transaction.
func lockRequest(ctx context.Context, idb bun.IDB, id ident.ViewingID) (*Request, error) {
	row, err := vouch.Locked[requestRow](ctx, idb, string(id))
	if err != nil {
		return nil, db.NotFound(fail(err), "viewing.unknown")
	}
	return whole(ctx, idb, row)
}

func whole(ctx context.Context, idb bun.IDB, row *requestRow) (*Request, error) {
	list, err := withItems(ctx, idb, []requestRow{*row})
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

func itemRows(ctx context.Context, idb bun.IDB, ids []ident.ViewingID) ([]itemRow, error) {
	rows := []itemRow{}
	err := idb.NewSelect().Model(&rows).Where("request_id IN (?)", bun.List(ids)).Order("request_id", "n").Scan(ctx)
	return rows, fail(err)
}

func withItems(ctx context.Context, idb bun.IDB, rows []requestRow) ([]Request, error) {
	out := make([]Request, len(rows))
	at := map[ident.ViewingID]int{}
	ids := make([]ident.ViewingID, len(rows))
	for i := range rows {
		out[i] = rows[i].request()
		ids[i], at[rows[i].ID] = rows[i].ID, i
	}
	if len(ids) == 0 {
		return out, nil
	}
	items, err := itemRows(ctx, idb, ids)
	if err != nil {
		return nil, err
	}
	for _, r := range items {
		q := &out[at[r.Request]]
		q.Items = append(q.Items, Item{Recording: r.Recording, From: micros(r.From), To: micros(r.To)})
	}
	return out, nil
}

func micros(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

// openFor reports whether a person already waits for, or has, consent to look at a recording.
// A request in another manner is another request, and one that goes on from an old one may be asked while that lasts.
func openFor(ctx context.Context, idb bun.IDB, r *Request, rec ident.RecordingID, now time.Time) (bool, error) {
	ok, err := idb.NewSelect().Model((*requestRow)(nil)).Join("JOIN viewing_item AS i ON i.request_id = q.id").
		Where("i.recording_id = ? AND q.viewer_id = ? AND q.manner = ? AND q.id <> ?", rec, r.Viewer, r.Manner, r.Renews).
		Where("q.state = ? OR q.state = ? AND q.granted_until > ?", Asked, Granted, clock.Micros(now)).Exists(ctx)
	return ok, fail(err)
}

// grantFor gives the grant that lets a person look at a recording now, the longest one; nil where there is none.
func grantFor(ctx context.Context, idb bun.IDB, person ident.PersonID, rec ident.RecordingID, now time.Time) (*Request, error) {
	row := new(requestRow)
	err := idb.NewSelect().Model(row).Join("JOIN viewing_item AS i ON i.request_id = q.id").
		Where("i.recording_id = ? AND q.viewer_id = ? AND q.state = ? AND q.granted_until > ?", rec, person, Granted, clock.Micros(now)).
		OrderExpr("q.granted_until DESC, q.no").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // no grant is the ordinary answer
	}
	if err != nil {
		return nil, fail(err)
	}
	return whole(ctx, idb, row)
}

func overdueGrants(ctx context.Context, idb bun.IDB, now time.Time) ([]ident.ViewingID, error) {
	var ids []ident.ViewingID
	err := idb.NewSelect().Model((*requestRow)(nil)).Column("id").Where("state = ? AND granted_until <= ?", Granted, clock.Micros(now)).
		Order("no").Limit(200).Scan(ctx, &ids)
	return ids, fail(err)
}

func registrationOf(ctx context.Context, idb bun.IDB, rec ident.RecordingID) (Registration, bool, error) {
	r := new(registrationRow)
	err := idb.NewSelect().Model(r).Where("recording_id = ?", rec).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return Registration{}, false, nil
	}
	return Registration{Recording: r.Recording, By: r.By, ByName: r.ByName, Words: r.Words, At: clock.FromMicros(r.At), Entry: r.Entry}, err == nil, fail(err)
}

func insertRegistration(ctx context.Context, idb bun.IDB, r Registration) (string, error) {
	row := registrationRow{
		ID: string(ident.New[ident.EntryID]()), Recording: r.Recording, By: r.By, ByName: r.ByName, Words: r.Words, At: clock.Micros(r.At), Entry: r.Entry,
	}
	_, err := idb.NewInsert().Model(&row).Exec(ctx)
	return row.ID, fail(err)
}
