package redaction

import (
	"context"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
)

type transcriptRow struct {
	bun.BaseModel `bun:"table:redaction_transcript"`

	ID      ident.CopyID `bun:"id,pk"`
	Content []byte       `bun:"content"`
}

// putTranscript replaces the bytes of a draft's transcript; the database refuses it once it is no draft. Empty takes it away.
func putTranscript(ctx context.Context, idb bun.IDB, id ident.CopyID, content []byte) error {
	if _, err := idb.NewDelete().Model((*transcriptRow)(nil)).Where("id = ?", id).Exec(ctx); err != nil || len(content) == 0 {
		return fail(err)
	}
	_, err := idb.NewInsert().Model(&transcriptRow{ID: id, Content: content}).Exec(ctx)
	return fail(err)
}

func transcriptOf(ctx context.Context, idb bun.IDB, id ident.CopyID) ([]byte, error) {
	r := new(transcriptRow)
	if err := idb.NewSelect().Model(r).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, db.NotFound(fail(err), "redaction.transcript_gone")
	}
	return r.Content, nil
}
