package recording

import (
	"context"
	"fmt"
	"iter"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
)

// Catalog shows fsck what the rows say of the vault and of receipts. It is not for anybody else: it asks nobody's leave.
type Catalog struct{ db *db.DB }

// NewCatalog makes a catalog.
func NewCatalog(d *db.DB) Catalog { return Catalog{d} }

// catalogPage is how many rows are read at a time.
const catalogPage = 1000

// Files yields every file in the order of ids.
func (c Catalog) Files(ctx context.Context) iter.Seq2[fsck.File, error] {
	return func(yield func(fsck.File, error) bool) {
		for after := ident.FileID(""); ; {
			var rows []record.File
			if err := c.db.Reader.NewSelect().Model(&rows).Where("id > ?", after).OrderExpr("id").Limit(catalogPage).Scan(ctx); err != nil {
				yield(fsck.File{}, fmt.Errorf("recording: catalog: %w", err))
				return
			}
			for _, r := range rows {
				after = r.ID
				f := fsck.File{
					ID: r.ID, Upload: r.Upload, SHA256: r.SHA256, SM3: r.SM3, Size: r.Size, Entry: r.Entry, StoredAt: clock.FromMicros(r.StoredAt),
				}
				if !yield(f, nil) {
					return
				}
			}
			if len(rows) < catalogPage {
				return
			}
		}
	}
}

// Receipts yields every receipt in the order of ids.
func (c Catalog) Receipts(ctx context.Context) iter.Seq2[fsck.Receipt, error] {
	return func(yield func(fsck.Receipt, error) bool) {
		for after := ident.ReceiptID(""); ; {
			var rows []record.Receipt
			if err := c.db.Reader.NewSelect().Model(&rows).Where("id > ?", after).OrderExpr("id").Limit(catalogPage).Scan(ctx); err != nil {
				yield(fsck.Receipt{}, fmt.Errorf("recording: catalog: %w", err))
				return
			}
			for _, r := range rows {
				after = r.ID
				if !yield(fsck.Receipt{ID: r.ID, File: r.File, Entry: r.Entry, State: string(r.State), Body: []byte(r.Body)}, nil) {
					return
				}
			}
			if len(rows) < catalogPage {
				return
			}
		}
	}
}

// Open reports whether the upload has an intent and has not ended.
func (c Catalog) Open(ctx context.Context, id ident.UploadID) (bool, error) {
	n, err := c.db.Reader.NewSelect().Model((*record.Upload)(nil)).Where("id = ? AND state = ?", id, UploadOpen).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("recording: catalog: %w", err)
	}
	return n > 0, nil
}

var _ fsck.Catalog = Catalog{}
