package redaction

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

type row struct {
	bun.BaseModel `bun:"table:redaction,alias:c"`

	ID          ident.CopyID       `bun:"id,pk"`
	No          int64              `bun:"no"`
	State       State              `bun:"state"`
	Recording   ident.RecordingID  `bun:"recording_id"`
	Department  ident.DepartmentID `bun:"department_id"`
	Plan        string             `bun:"plan"`
	Notes       string             `bun:"notes"`
	Why         string             `bun:"why"`
	By          ident.PersonID     `bun:"by_id"`
	ByName      string             `bun:"by_name"`
	ByDept      string             `bun:"by_dept"`
	At          int64              `bun:"at"`
	AskedAt     int64              `bun:"asked_at"`
	Quorum      int                `bun:"quorum"`
	Level       access.Role        `bun:"level"`
	Approver    ident.PersonID     `bun:"approver_id"`
	SecondLevel access.Role        `bun:"second_level"`
	FirstAt     int64              `bun:"first_at"`
	FirstBy     ident.PersonID     `bun:"first_by"`
	FirstName   string             `bun:"first_name"`
	DecidedAt   int64              `bun:"decided_at"`
	DecidedBy   ident.PersonID     `bun:"decided_by"`
	DecidedName string             `bun:"decided_name"`
	Words       string             `bun:"words"`
	MadeAt      int64              `bun:"made_at"`
	SHA256      string             `bun:"sha256"`
	Size        int64              `bun:"size"`
	Length      int64              `bun:"length_us"`
	Reason      string             `bun:"reason"`
	Statement   string             `bun:"statement"`
	Entry       ident.EntryID      `bun:"entry_id"`

	TranscriptName   string `bun:"transcript_name"`
	TranscriptSHA256 string `bun:"transcript_sha256"`
	TranscriptSize   int64  `bun:"transcript_size"`
}

func rowOf(c *Copy) (*row, error) {
	p, err := json.Marshal(c.Plan)
	if err != nil {
		return nil, fail(err)
	}
	n, err := json.Marshal(append([]string{}, c.Notes...))
	if err != nil {
		return nil, fail(err)
	}
	t := c.Transcript
	if t == nil {
		t = &Transcript{}
	}
	return &row{
		ID: c.ID, No: c.No, State: c.State, Recording: c.Recording, Department: c.Department, Plan: string(p), Notes: string(n), Why: c.Why, By: c.By,
		ByName: c.ByName, ByDept: c.ByDept, At: clock.Micros(c.At), AskedAt: clock.Micros(c.AskedAt), Quorum: c.Quorum, Level: c.Level, Approver: c.Approver,
		SecondLevel: c.SecondLevel, FirstAt: clock.Micros(c.FirstAt), FirstBy: c.FirstBy, FirstName: c.FirstName, DecidedAt: clock.Micros(c.DecidedAt),
		DecidedBy: c.DecidedBy, DecidedName: c.DecidedName, Words: c.Words, MadeAt: clock.Micros(c.MadeAt), SHA256: c.SHA256, Size: c.Size,
		Length: c.Length.Microseconds(), Reason: c.Reason, Statement: c.Statement, Entry: c.Entry,
		TranscriptName: t.Name, TranscriptSHA256: t.SHA256, TranscriptSize: t.Size,
	}, nil
}

func (r *row) plain() (*Copy, error) {
	c := &Copy{
		ID: r.ID, No: r.No, State: r.State, Recording: r.Recording, Department: r.Department, Why: r.Why, By: r.By, ByName: r.ByName, ByDept: r.ByDept,
		At: clock.FromMicros(r.At), AskedAt: clock.FromMicros(r.AskedAt), Quorum: r.Quorum, Level: r.Level, Approver: r.Approver, SecondLevel: r.SecondLevel,
		FirstAt: clock.FromMicros(r.FirstAt), FirstBy: r.FirstBy, FirstName: r.FirstName, DecidedAt: clock.FromMicros(r.DecidedAt), DecidedBy: r.DecidedBy,
		DecidedName: r.DecidedName, Words: r.Words, MadeAt: clock.FromMicros(r.MadeAt), SHA256: r.SHA256, Size: r.Size,
		Length: time.Duration(r.Length) * time.Microsecond, Reason: r.Reason, Statement: r.Statement, Entry: r.Entry,
	}
	if r.TranscriptSHA256 != "" {
		c.Transcript = &Transcript{r.TranscriptName, r.TranscriptSHA256, r.TranscriptSize}
	}
	if err := json.Unmarshal([]byte(r.Plan), &c.Plan); err != nil {
		return nil, fail(err)
	}
	return c, fail(json.Unmarshal([]byte(r.Notes), &c.Notes))
}

func (r *row) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "masked_copy", ID: string(r.ID)},
		Says: vouch.Of(r, "why", "by_name", "by_dept", "first_name", "decided_name", "words", "statement", "plan", "transcript_name"),
	}
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table {
	return []vouch.Table{vouch.NewTable("redaction", (*row).vouched)}
}

func say(ctx context.Context, idb bun.IDB, id ident.CopyID) ([]any, error) {
	r, err := vouch.Locked[row](ctx, idb, string(id))
	if err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("redaction"), r.vouched().Says}, nil
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("redaction: %w", err)
}

func insert(ctx context.Context, idb bun.IDB, c *Copy) error {
	if err := idb.NewRaw("UPDATE viewing_number SET last = last + 1 WHERE name = 'redaction' RETURNING last").Scan(ctx, &c.No); err != nil {
		return fail(err)
	}
	r, err := rowOf(c)
	if err != nil {
		return err
	}
	_, err = idb.NewInsert().Model(r).Exec(ctx)
	return fail(err)
}

func update(ctx context.Context, idb bun.IDB, c *Copy) error {
	r, err := rowOf(c)
	if err != nil {
		return err
	}
	_, err = idb.NewUpdate().Model(r).WherePK().ExcludeColumn("id", "no", "recording_id", "department_id", "by_id", "by_name", "by_dept", "at").Exec(ctx)
	return fail(err)
}

func byID(ctx context.Context, idb bun.IDB, id ident.CopyID) (*Copy, error) {
	r := new(row)
	if err := idb.NewSelect().Model(r).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "redaction.unknown")
	}
	return r.plain()
}

func locked(ctx context.Context, idb bun.IDB, id ident.CopyID) (*Copy, error) {
	r, err := vouch.Locked[row](ctx, idb, string(id))
	if err != nil {
		return nil, db.NotFound(fail(err), "redaction.unknown")
	}
	return r.plain()
}

func ofRecording(ctx context.Context, idb bun.IDB, rec ident.RecordingID) ([]Copy, error) {
	return list(ctx, idb.NewSelect().Where("c.recording_id = ?", rec))
}

// Leaving lists the copies of a recording that are ready, for packages and discs; whether they may leave is theirs to ask.
func Leaving(ctx context.Context, idb bun.IDB, rec ident.RecordingID) ([]Copy, error) {
	all, err := ofRecording(ctx, idb, rec)
	return slices.DeleteFunc(all, func(c Copy) bool { return c.State != Ready }), err
}

// OneLeaving gives one that is ready: NotFound "redaction.unknown", Conflict "redaction.not_ready".
func OneLeaving(ctx context.Context, idb bun.IDB, id ident.CopyID) (*Copy, error) {
	c, err := byID(ctx, idb, id)
	if err == nil && c.State != Ready {
		err = fault.New(fault.Conflict, "redaction.not_ready")
	}
	return c, err
}

func inState(ctx context.Context, idb bun.IDB, s State, limit int) ([]Copy, error) {
	return list(ctx, idb.NewSelect().Where("c.state = ?", s).Limit(int64(limit)))
}

func list(ctx context.Context, q *bun.SelectQuery) ([]Copy, error) {
	var rows []row
	if err := q.Model(&rows).OrderExpr("c.no DESC").Scan(ctx); err != nil {
		return nil, fail(err)
	}
	out := make([]Copy, 0, len(rows))
	for i := range rows {
		c, err := rows[i].plain()
		if err != nil {
			return nil, err
		}
		out = append(out, *c)
	}
	return out, nil
}

// after100 gives a hundred copies with an id greater than after, in the order of ids.
func after100(ctx context.Context, idb bun.IDB, after ident.CopyID) ([]row, error) {
	var out []row
	err := idb.NewSelect().Model(&out).Where("c.id > ?", after).Order("c.id").Limit(100).Scan(ctx)
	return out, fail(err)
}
