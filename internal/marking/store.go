package marking

import (
	"cmp"
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type row struct {
	bun.BaseModel `bun:"table:marking,alias:m"`

	ID          ident.MarkingID   `bun:"id,pk"`
	Recording   ident.RecordingID `bun:"recording_id"`
	Mark        Mark              `bun:"mark"`
	Words       string            `bun:"words"`
	PutAt       int64             `bun:"put_at"`
	PutBy       ident.PersonID    `bun:"put_by"`
	PutName     string            `bun:"put_name"`
	LiftedAt    int64             `bun:"lifted_at"`
	LiftedBy    ident.PersonID    `bun:"lifted_by"`
	LiftedName  string            `bun:"lifted_name"`
	LiftedWords string            `bun:"lifted_words"`
	Basis       string            `bun:"basis"`
}

func rowOf(m *Marking) *row {
	return &row{
		ID: m.ID, Recording: m.Recording, Mark: m.Mark, Words: m.Words, PutAt: clock.Micros(m.PutAt), PutBy: m.PutBy, PutName: m.PutName,
		LiftedAt: clock.Micros(m.LiftedAt), LiftedBy: m.LiftedBy, LiftedName: m.LiftedName, LiftedWords: m.LiftedWords, Basis: m.Basis,
	}
}

func (r *row) plain() Marking {
	return Marking{
		ID: r.ID, Recording: r.Recording, Mark: r.Mark, Words: r.Words, PutAt: clock.FromMicros(r.PutAt), PutBy: r.PutBy, PutName: r.PutName,
		LiftedAt: clock.FromMicros(r.LiftedAt), LiftedBy: r.LiftedBy, LiftedName: r.LiftedName, LiftedWords: r.LiftedWords, Basis: r.Basis,
	}
}

func (r *row) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "marking", ID: string(r.ID)},
		Says: vouch.Of(r, "words", "put_name", "lifted_name", "lifted_words", "basis"),
	}
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table {
	return []vouch.Table{
		vouch.NewTable("marking", (*row).vouched), vouch.NewTable("marking_instruction", (*instructionRow).vouched), vouch.NewTable("marking_execution", (*executionRow).vouched),
	}
}

func say(ctx context.Context, idb bun.IDB, id ident.MarkingID) ([]any, error) {
	r, err := vouch.Locked[row](ctx, idb, string(id))
	if err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("marking"), r.vouched().Says}, nil
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("marking: %w", err)
}

// For gives the marks that stand on a recording, those of the files joined to it with them. Asked inside a change, it sees
// what the change sees.
func For(ctx context.Context, idb bun.IDB, rec ident.RecordingID) (Set, error) {
	all, err := ForAll(ctx, idb, []ident.RecordingID{rec})
	return all[rec], err
}

// ForAll is For of several; a recording without marks has an empty set.
func ForAll(ctx context.Context, idb bun.IDB, recs []ident.RecordingID) (map[ident.RecordingID]Set, error) {
	out := make(map[ident.RecordingID]Set, len(recs))
	for _, r := range recs {
		out[r] = Set{}
	}
	if len(recs) == 0 {
		return out, nil
	}
	// A mark counts for every file of one pressing: whichever of them was marked, and whichever is asked about.
	var asked []struct {
		ID    ident.RecordingID `bun:"id"`
		Whole ident.RecordingID `bun:"joined_into"`
	}
	if err := idb.NewSelect().Table("recording").Column("id", "joined_into").Where("id IN (?)", bun.List(recs)).Scan(ctx, &asked); err != nil {
		return nil, fail(err)
	}
	wholes := make([]ident.RecordingID, len(asked))
	for i := range asked {
		asked[i].Whole = cmp.Or(asked[i].Whole, asked[i].ID)
		wholes[i] = asked[i].Whole
	}
	if len(wholes) == 0 {
		return out, nil
	}
	var found []struct {
		Whole ident.RecordingID `bun:"whole"`
		Mark  Mark              `bun:"mark"`
	}
	err := idb.NewSelect().TableExpr("marking AS m").Join("JOIN recording AS p ON p.id = m.recording_id").
		ColumnExpr("CASE WHEN p.joined_into <> '' THEN p.joined_into ELSE p.id END AS whole").ColumnExpr("m.mark").
		Where("m.lifted_at = 0 AND (p.id IN (?) OR p.joined_into IN (?))", bun.List(wholes), bun.List(wholes)).Scan(ctx, &found)
	for _, f := range found {
		for _, a := range asked {
			if a.Whole == f.Whole {
				out[a.ID][f.Mark] = true
			}
		}
	}
	return out, fail(err)
}

// Refuse is Conflict "marking.frozen" while a mark for a state secret stands on the recording. Whoever shows, copies, packs
// or derives asks it, inside the same change.
func Refuse(ctx context.Context, idb bun.IDB, rec ident.RecordingID) error {
	s, err := For(ctx, idb, rec)
	if err != nil {
		return err
	}
	return s.Refuse()
}

func insert(ctx context.Context, idb bun.IDB, m *Marking) error {
	_, err := idb.NewInsert().Model(rowOf(m)).Exec(ctx)
	return fail(err)
}

func lift(ctx context.Context, idb bun.IDB, m *Marking) error {
	_, err := idb.NewUpdate().Model(rowOf(m)).WherePK().Column("lifted_at", "lifted_by", "lifted_name", "lifted_words", "basis").Exec(ctx)
	return fail(err)
}

func byID(ctx context.Context, idb bun.IDB, id ident.MarkingID) (*Marking, error) {
	r := new(row)
	if err := idb.NewSelect().Model(r).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "marking.unknown")
	}
	m := r.plain()
	return &m, nil
}

// of lists the marks of a whole recording, the newest first.
func of(ctx context.Context, idb bun.IDB, rec ident.RecordingID) ([]Marking, error) {
	var rows []row
	err := idb.NewSelect().Model(&rows).
		Where("m.recording_id = ? OR m.recording_id IN (SELECT id FROM recording WHERE joined_into = ?)", rec, rec).OrderExpr("m.put_at DESC, m.id DESC").Scan(ctx)
	out := make([]Marking, len(rows))
	for i := range rows {
		out[i] = rows[i].plain()
	}
	return out, fail(err)
}
