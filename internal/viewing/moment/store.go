package moment

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type row struct {
	bun.BaseModel `bun:"table:viewing_mark"`

	ID        ident.MarkID      `bun:"id,pk"`
	Recording ident.RecordingID `bun:"recording_id"`
	AtMS      int64             `bun:"at_ms"`
	Words     string            `bun:"words"`
	By        ident.PersonID    `bun:"person_id"`
	ByName    string            `bun:"person_name"`
	Look      ident.LookID      `bun:"look_id"`
	MadeAt    int64             `bun:"made_at"`
	StruckAt  int64             `bun:"struck_at"`
	Entry     ident.EntryID     `bun:"entry_id"`
}

func (r *row) mark() Mark {
	return Mark{
		ID: r.ID, Recording: r.Recording, At: time.Duration(r.AtMS) * time.Millisecond, Words: r.Words, By: r.By, ByName: r.ByName, MadeAt: clock.FromMicros(r.MadeAt),
	}
}

func insert(ctx context.Context, idb bun.IDB, m *Mark, look ident.LookID, entry ident.EntryID) error {
	_, err := idb.NewInsert().Model(&row{
		ID: m.ID, Recording: m.Recording, AtMS: m.At.Milliseconds(), Words: m.Words, By: m.By, ByName: m.ByName, Look: look, MadeAt: clock.Micros(m.MadeAt), Entry: entry,
	}).Exec(ctx)
	return fail(err)
}

func byID(ctx context.Context, idb bun.IDB, id ident.MarkID) (*Mark, error) {
	row := new(row)
	if err := idb.NewSelect().Model(row).Where("id = ? AND struck_at = 0", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "viewing.mark_unknown")
	}
	m := row.mark()
	return &m, nil
}

func strike(ctx context.Context, idb bun.IDB, id ident.MarkID, at time.Time) error {
	_, err := idb.NewUpdate().Model((*row)(nil)).Set("struck_at = ?", clock.Micros(at)).Where("id = ? AND struck_at = 0", id).Exec(ctx)
	return fail(err)
}

// maxMarks bounds what a page shows of one recording.
const maxMarks = 1000

func of(ctx context.Context, idb bun.IDB, rec ident.RecordingID) ([]Mark, error) {
	var rows []row
	err := idb.NewSelect().Model(&rows).Where("recording_id = ? AND struck_at = 0", rec).Order("at_ms", "id").Limit(maxMarks).Scan(ctx)
	out := make([]Mark, len(rows))
	for i := range rows {
		out[i] = rows[i].mark()
	}
	return out, fail(err)
}

func fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("moment: %w", err)
}
