package record

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/ident"
)

// What Upload.Concat holds, besides nothing.
const (
	ConcatPartial = "partial"
	concatFinal   = "final;"
)

// Partial reports whether the upload is a piece that becomes evidence only when it is joined.
func (r *Upload) Partial() bool { return r.Concat == ConcatPartial }

// Final reports whether the upload is joined from partial ones.
func (r *Upload) Final() bool { return strings.HasPrefix(r.Concat, concatFinal) }

// Sealed reports whether the upload's bytes are evidence.
func (r *Upload) Sealed() bool { return r.State == UploadSealed || r.State == UploadDuplicate }

// Part is one place in a final upload.
type Part struct {
	bun.BaseModel `bun:"table:upload_part"`

	Upload ident.UploadID `bun:"upload_id,pk"` // the final one
	N      int            `bun:"n,pk"`
	Part   ident.UploadID `bun:"part_id"`
}

// Pieces gives the uploads with these ids in the order of the ids, each as often as it is named. One that does not exist
// is left out.
func Pieces(ctx context.Context, idb bun.IDB, ids []ident.UploadID) ([]*Upload, error) {
	byID := make(map[ident.UploadID]*Upload, len(ids))
	for at := 0; at < len(ids); at += Chunk {
		rows, err := All[Upload](ctx, idb, "id", "id IN (?)", bun.List(ids[at:min(at+Chunk, len(ids))]))
		if err != nil {
			return nil, err
		}
		for i := range rows {
			byID[rows[i].ID] = &rows[i]
		}
	}
	out := make([]*Upload, 0, len(ids))
	for _, id := range ids {
		if row := byID[id]; row != nil {
			out = append(out, row)
		}
	}
	return out, nil
}

// PartsOf gives the uploads that a final one is joined from, in order.
func PartsOf(ctx context.Context, idb bun.IDB, final ident.UploadID) ([]*Upload, error) {
	parts, err := All[Part](ctx, idb, "n", "upload_id = ?", final)
	if err != nil {
		return nil, err
	}
	ids := make([]ident.UploadID, len(parts))
	for i, p := range parts {
		ids[i] = p.Part
	}
	return Pieces(ctx, idb, ids)
}

// FinalsWith gives the open final uploads that wait for a part.
func FinalsWith(ctx context.Context, idb bun.IDB, part ident.UploadID) ([]Upload, error) {
	return All[Upload](ctx, idb, "id", "state = ? AND id IN (SELECT upload_id FROM upload_part WHERE part_id = ?)", UploadOpen, part)
}

// TakePart says of an open partial upload what it became part of, and whether it was still open.
func TakePart(ctx context.Context, idb bun.IDB, part *Upload) (bool, error) {
	res, err := idb.NewUpdate().Model(part).Column("state", "size", "sha256", "file_id", "receipt_id", "part_start", "ended_at").
		WherePK().Where("state = ?", UploadOpen).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("recording: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
