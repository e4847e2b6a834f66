package record

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/ident"
)

// Formed is a file with the form its facts tell, as far as anybody has looked into it.
type Formed struct {
	Recording ident.RecordingID `bun:"recording_id"`
	File      ident.FileID      `bun:"file_id"`
	Flags     string            `bun:"flags"` // of its recording
	Form      string            `bun:"form"`  // JSON
}

// FormsOf reads the forms of these cameras' files, the newest first.
func FormsOf(ctx context.Context, idb bun.IDB, cameras []ident.DeviceID, limit int) ([]Formed, error) {
	form := bun.Safe("json_extract(f.facts, '$.Form')")
	if IsPostgres(idb) {
		form = "(f.facts::json ->> 'Form')"
	}
	rows := []Formed{}
	err := idb.NewSelect().TableExpr("recording AS r").Join("JOIN recording_file AS f ON f.recording_id = r.id").
		ColumnExpr("r.id AS recording_id, f.id AS file_id, r.flags, COALESCE(?, '') AS form", form).
		Where("r.device_id IN (?)", bun.List(cameras)).Where("f.facts <> ''").OrderExpr("r.seq DESC, f.n DESC").Limit(int64(limit)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("recording: forms: %w", err)
	}
	return rows, nil
}
