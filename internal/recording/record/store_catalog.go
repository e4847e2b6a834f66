package record

import (
	"context"
	"fmt"
	"iter"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/ident"
)

// Catalog shows fsck what the rows say of the vault and of receipts. It is not for anybody else: it asks nobody's leave.
type Catalog struct{}

var _ fsck.Catalog = Catalog{}

// catalogPage is how many rows are read at a time.
const catalogPage = 500

// Files yields every file in the order of ids.
func (Catalog) Files(ctx context.Context, idb bun.IDB) iter.Seq2[fsck.File, error] {
	return paged(ctx, idb, func(rows []File, yield func(fsck.File, error) bool) bool {
		for i := range rows {
			if !yield(checkedFile(&rows[i]), nil) {
				return false
			}
		}
		return true
	}, func(r *File) string { return string(r.ID) })
}

// FileOf finds the file of a digest.
func (Catalog) FileOf(ctx context.Context, idb bun.IDB, sha256 string) (fsck.File, bool, error) {
	row, found, err := Lookup[File](ctx, idb, "sha256 = ?", sha256)
	if err != nil || !found {
		return fsck.File{}, false, err
	}
	return checkedFile(row), true, nil
}

func checkedFile(r *File) fsck.File {
	f := fsck.File{ID: r.ID, Recording: r.Recording, Name: r.Name, SHA256: r.SHA256, SM3: r.SM3, Size: r.Size}
	if r.VerifiedAt != 0 {
		f.Good = clock.FromMicros(r.VerifiedAt)
	}
	return f
}

// Receipts yields every receipt in the order of ids.
func (Catalog) Receipts(ctx context.Context, idb bun.IDB) iter.Seq2[fsck.Receipt, error] {
	return paged(ctx, idb, func(rows []Receipt, yield func(fsck.Receipt, error) bool) bool {
		ids := make([]ident.FileID, len(rows))
		for i := range rows {
			ids[i] = rows[i].File
		}
		files, err := All[File](ctx, idb, "id", "id IN (?)", bun.List(ids))
		if err != nil {
			yield(fsck.Receipt{}, err)
			return false
		}
		byID := make(map[ident.FileID]fsck.File, len(files))
		for i := range files {
			byID[files[i].ID] = checkedFile(&files[i])
		}
		for _, r := range rows {
			out := fsck.Receipt{ID: r.ID, Entry: r.Entry, State: string(r.State), Body: []byte(r.Body)}
			if out.File, out.Known = byID[r.File]; !out.Known {
				out.File.ID = r.File
			}
			if !yield(out, nil) {
				return false
			}
		}
		return true
	}, func(r *Receipt) string { return string(r.ID) })
}

// paged reads a table page by page in the order of ids and hands each page to give, until give says no.
func paged[T, V any](ctx context.Context, idb bun.IDB, give func([]T, func(V, error) bool) bool, id func(*T) string) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		for after := ""; ; {
			var rows []T
			if err := idb.NewSelect().Model(&rows).Where("id > ?", after).OrderExpr("id").Limit(catalogPage).Scan(ctx); err != nil {
				var none V
				yield(none, fmt.Errorf("recording: catalog: %w", err))
				return
			}
			if len(rows) == 0 || !give(rows, yield) {
				return
			}
			after = id(&rows[len(rows)-1])
		}
	}
}

// Announced reports whether what lies in staging has an intent: of an upload that is not finished, of one whose bytes were not
// what its sender said and stay seven days, or of one that has ended and whose bytes Adopt has yet to drop.
func (Catalog) Announced(ctx context.Context, idb bun.IDB, id ident.UploadID) (bool, error) {
	_, found, err := Lookup[Upload](ctx, idb, "id = ?", id)
	return found, err
}

// Open reports whether a sealed object without a row may be one that a crash left so: its upload was announced and neither
// became a file nor was given up. An object whose upload did become a file has lost its row, which is no accident.
func (Catalog) Open(ctx context.Context, idb bun.IDB, id ident.UploadID) (bool, error) {
	row, found, err := Lookup[Upload](ctx, idb, "id = ?", id)
	return found && !row.Sealed() && row.State != UploadDiscarded, err
}
