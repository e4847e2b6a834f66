package marking

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

type instructionRow struct {
	bun.BaseModel `bun:"table:marking_instruction,alias:i"`

	ID      ident.InstructionID `bun:"id,pk"`
	Marking ident.MarkingID     `bun:"marking_id"`
	Office  string              `bun:"office"`
	Number  string              `bun:"number"`
	Dated   string              `bun:"dated_on"`
	Orders  Order               `bun:"orders"`
	Words   string              `bun:"words"`
	At      int64               `bun:"at"`
	By      ident.PersonID      `bun:"person_id"`
	ByName  string              `bun:"person_name"`
	Entry   ident.EntryID       `bun:"entry_id"`
}

func (r *instructionRow) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "marking", ID: string(r.Marking)}, Entry: r.Entry, Says: vouch.Of(r, "office", "number", "words", "person_name"),
	}
}

func (r *instructionRow) plain() Instruction {
	return Instruction{
		ID: r.ID, Marking: r.Marking, Office: r.Office, Number: r.Number, Dated: r.Dated, Orders: r.Orders, Words: r.Words, At: clock.FromMicros(r.At), By: r.By, ByName: r.ByName,
		Entry: r.Entry,
	}
}

type executionRow struct {
	bun.BaseModel `bun:"table:marking_execution,alias:e"`

	ID           ident.ExecutionID   `bun:"id,pk"`
	Instruction  ident.InstructionID `bun:"instruction_id"`
	Marking      ident.MarkingID     `bun:"marking_id"`
	Places       string              `bun:"places"`
	Words        string              `bun:"words"`
	DoneAt       int64               `bun:"done_at"`
	At           int64               `bun:"at"`
	By           ident.PersonID      `bun:"person_id"`
	ByName       string              `bun:"person_name"`
	WitnessAt    int64               `bun:"witness_at"`
	Witness      ident.PersonID      `bun:"witness_id"`
	WitnessName  string              `bun:"witness_name"`
	WitnessWords string              `bun:"witness_words"`
	Entry        ident.EntryID       `bun:"entry_id"`
}

func (r *executionRow) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "marking", ID: string(r.Marking)}, Entry: r.Entry,
		Says: vouch.Of(r, "words", "person_name", "witness_name", "witness_words"),
	}
}

func executionRowOf(e *Execution) *executionRow {
	return &executionRow{
		ID: e.ID, Instruction: e.Instruction, Marking: e.Marking, Places: e.places(), Words: e.Words, DoneAt: clock.Micros(e.DoneAt), At: clock.Micros(e.At), By: e.By, ByName: e.ByName,
		WitnessAt: clock.Micros(e.WitnessAt), Witness: e.Witness, WitnessName: e.WitnessName, WitnessWords: e.WitnessWords, Entry: e.Entry,
	}
}

func (r *executionRow) plain() Execution {
	e := Execution{
		ID: r.ID, Instruction: r.Instruction, Marking: r.Marking, Words: r.Words, DoneAt: clock.FromMicros(r.DoneAt), At: clock.FromMicros(r.At), By: r.By, ByName: r.ByName,
		WitnessAt: clock.FromMicros(r.WitnessAt), Witness: r.Witness, WitnessName: r.WitnessName, WitnessWords: r.WitnessWords, Entry: r.Entry,
	}
	for p := range strings.FieldsSeq(r.Places) {
		e.Places = append(e.Places, Place(p))
	}
	return e
}

// locked is byID inside a change that must not meet another about the same mark.
func locked(ctx context.Context, idb bun.IDB, id ident.MarkingID) (*Marking, error) {
	r, err := vouch.Locked[row](ctx, idb, string(id))
	if err != nil {
		return nil, db.NotFound(fail(err), "marking.unknown")
	}
	m := r.plain()
	return &m, nil
}

// insertInstruction adds one and gives what its entry says of its row. Conflict "marking.instructed".
func insertInstruction(ctx context.Context, idb bun.IDB, i *Instruction) ([]any, error) {
	again, err := idb.NewSelect().Model((*instructionRow)(nil)).Where("marking_id = ? AND office = ? AND number = ?", i.Marking, i.Office, i.Number).Exists(ctx)
	if err != nil {
		return nil, fail(err)
	}
	if again {
		return nil, fault.New(fault.Conflict, "marking.instructed")
	}
	r := &instructionRow{
		ID: i.ID, Marking: i.Marking, Office: i.Office, Number: i.Number, Dated: i.Dated, Orders: i.Orders, Words: i.Words, At: clock.Micros(i.At), By: i.By, ByName: i.ByName, Entry: i.Entry,
	}
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("marking_instruction"), r.vouched().Says}, nil
}

func instructionByID(ctx context.Context, idb bun.IDB, id ident.InstructionID) (*Instruction, error) {
	r := new(instructionRow)
	if err := idb.NewSelect().Model(r).Where("i.id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "marking.no_instruction")
	}
	i := r.plain()
	return &i, nil
}

func insertExecution(ctx context.Context, idb bun.IDB, e *Execution) ([]any, error) {
	r := executionRowOf(e)
	if _, err := idb.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fail(err)
	}
	return []any{vouch.Key("marking_execution"), r.vouched().Says}, nil
}

func executionByID(ctx context.Context, idb bun.IDB, id ident.ExecutionID) (*Execution, error) {
	r := new(executionRow)
	if err := idb.NewSelect().Model(r).Where("e.id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "marking.no_execution")
	}
	e := r.plain()
	return &e, nil
}

func witness(ctx context.Context, idb bun.IDB, e *Execution) ([]any, error) {
	r := executionRowOf(e)
	_, err := idb.NewUpdate().Model(r).WherePK().Column("witness_at", "witness_id", "witness_name", "witness_words", "entry_id").Exec(ctx)
	return []any{vouch.Key("marking_execution"), r.vouched().Says}, fail(err)
}

// instructionsOf lists what was written about a whole recording, the newest first, each with what was done on it.
func instructionsOf(ctx context.Context, idb bun.IDB, rec ident.RecordingID) ([]Instruction, error) {
	marks := idb.NewSelect().Model((*row)(nil)).Column("id").
		Where("m.recording_id = ? OR m.recording_id IN (SELECT id FROM recording WHERE joined_into = ?)", rec, rec)
	var rows []instructionRow
	if err := idb.NewSelect().Model(&rows).Where("i.marking_id IN (?)", marks).OrderExpr("i.at DESC, i.id DESC").Scan(ctx); err != nil {
		return nil, fail(err)
	}
	var done []executionRow
	if err := idb.NewSelect().Model(&done).Where("e.marking_id IN (?)", marks).OrderExpr("e.at DESC, e.id DESC").Scan(ctx); err != nil {
		return nil, fail(err)
	}
	out := make([]Instruction, len(rows))
	for i := range rows {
		out[i] = rows[i].plain()
		for k := range done {
			if done[k].Instruction == rows[i].ID {
				out[i].Done = append(out[i].Done, done[k].plain())
			}
		}
	}
	return out, nil
}
