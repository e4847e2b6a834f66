package record

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Join is a row of joins: a recording was joined to the one before, or taken off it.
type Join struct {
	bun.BaseModel `bun:"table:recording_join"`

	ID        string            `bun:"id,pk"`
	Recording ident.RecordingID `bun:"recording_id"`
	Part      ident.RecordingID `bun:"part_id"`
	Kind      string            `bun:"kind"`
	How       string            `bun:"how"`
	Gap       int64             `bun:"gap_us"`
	At        int64             `bun:"at"`
	By        ident.PersonID    `bun:"by_person"`
	ByName    string            `bun:"by_name"`
	Words     string            `bun:"words"`
	Entry     ident.EntryID     `bun:"entry_id"`
}

// The kinds of joins.
const (
	Joined = "joined"
	Apart  = "apart"
)

// Run reads the files of one camera with numbers from low to high in one numbering, with their recordings.
func Run(ctx context.Context, idb bun.IDB, camera ident.DeviceID, series string, width, low, high int) ([]Recording, []File, error) {
	files, err := All[File](ctx, idb, "number, name, id", "series = ? AND width = ? AND number BETWEEN ? AND ? AND recording_id IN (SELECT id FROM recording WHERE device_id = ?)",
		series, width, low, high, camera)
	if err != nil || len(files) == 0 {
		return nil, nil, err
	}
	ids := make([]ident.RecordingID, len(files))
	for i, f := range files {
		ids[i] = f.Recording
	}
	rows, err := All[Recording](ctx, idb, "seq", "id IN (?)", bun.List(ids))
	return rows, files, err
}

// Parts gives the recordings that were joined into one, in the order of recording.
func Parts(ctx context.Context, idb bun.IDB, whole ident.RecordingID) ([]Recording, error) {
	return All[Recording](ctx, idb, "start_at, seq", "joined_into = ?", whole)
}

// WholeOf gives the recording itself, or the one it is a part of.
func WholeOf(ctx context.Context, idb bun.IDB, r *Recording) (*Recording, error) {
	if r.JoinedInto == "" {
		return r, nil
	}
	return One[Recording](ctx, idb, "recording.unknown", "id = ?", r.JoinedInto)
}

// FilesOf gives the files of a recording and of its parts, in the order of recording.
func FilesOf(ctx context.Context, idb bun.IDB, whole ident.RecordingID) ([]File, error) {
	rows := []File{}
	err := idb.NewSelect().Model(&rows).Join("JOIN recording AS r ON r.id = f.recording_id").Where("(r.id = ? OR r.joined_into = ?)", whole, whole).
		OrderExpr("CASE WHEN r.joined_into = '' THEN 0 ELSE 1 END, r.start_at, r.seq, f.n").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("recording: files: %w", err)
	}
	return rows, nil
}

// JoinsOf gives the newest join of each of these recordings to the one before.
func JoinsOf(ctx context.Context, idb bun.IDB, parts []ident.RecordingID) (map[ident.RecordingID]Join, error) {
	out := map[ident.RecordingID]Join{}
	if len(parts) == 0 {
		return out, nil
	}
	rows, err := All[Join](ctx, idb, "at, id", "part_id IN (?)", bun.List(parts))
	for _, r := range rows {
		out[r.Part] = r
	}
	return out, err
}

// HasNotes says of which recordings something was written down.
func HasNotes(ctx context.Context, idb bun.IDB, ids []ident.RecordingID) (map[ident.RecordingID]bool, error) {
	rows, err := All[Note](ctx, idb, "id", "recording_id IN (?)", bun.List(ids))
	out := map[ident.RecordingID]bool{}
	for _, n := range rows {
		out[n.Recording] = true
	}
	return out, err
}

// TellWhole adds a finding of a part, and its state, to the whole that shows it, with an entry of its own. It does nothing
// for what is no part.
func TellWhole(tx *gate.Tx, part *Recording, f Flag, detail string) error {
	if part.JoinedInto == "" {
		return nil
	}
	whole, err := WholeOf(tx.Context(), tx.DB(), part)
	if err != nil {
		return err
	}
	if part.State == Damaged {
		whole.State = Damaged
	}
	if err := AddFlag(tx, whole, f, detail); err != nil {
		return err
	}
	return EnterPart(tx, whole.ID, part.ID)
}

// EnterPart writes the entry of a whole that follows one of its parts. An entry says one row of a table, so what is joined
// has one for each.
func EnterPart(tx *gate.Tx, whole, part ident.RecordingID) error {
	said, err := Say(tx, whole)
	if err != nil {
		return err
	}
	_, err = tx.Record(gate.Entry{
		Action: "recording.part", Subject: custody.Subject{Kind: tableRecording, ID: string(whole)}, Related: Related(tableRecording, string(part)),
		Detail: custody.Detail(said...),
	})
	return err
}
