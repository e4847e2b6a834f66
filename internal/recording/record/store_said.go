package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// The tables whose rows entries say.
const (
	tableRecording = "recording"
	tableFile      = "recording_file"
	tableReceipt   = "recording_receipt"
	tableNote      = "recording_note"
	tableGap       = "recording_gap"
	tableCard      = "card"
	tableStep      = "clock_step"
	tableJoin      = "recording_join"
)

// Say gives what an entry says of rows that its change wrote, as pairs for custody.Detail: of those named by an id as
// they stand now, and of notes and jumps of the clock, which are written once. It is called after the last writing of
// these rows and before the entry is recorded (see package vouch).
func Say(tx *gate.Tx, rows ...any) ([]any, error) {
	var pairs []any
	for _, row := range rows {
		table, says, err := say(tx.Context(), tx.DB(), row)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, vouch.Key(table), says)
	}
	return pairs, nil
}

func say(ctx context.Context, idb bun.IDB, row any) (table string, says vouch.Columns, err error) {
	switch r := row.(type) {
	case ident.RecordingID:
		return sayLocked(ctx, idb, tableRecording, string(r), func(row *Recording) (vouch.Columns, error) {
			rows := []vouch.Row{recordingRow(row)}
			err := addFlagged(ctx, idb, rows)
			return rows[0].Says, err
		})
	case ident.FileID:
		return sayLocked(ctx, idb, tableFile, string(r), plain(fileRow))
	case ident.ReceiptID:
		return sayLocked(ctx, idb, tableReceipt, string(r), plain(receiptRow))
	case ident.CardID:
		return sayLocked(ctx, idb, tableCard, string(r), func(row *Card) (vouch.Columns, error) {
			says := cardRow(row).Says
			err := addList(ctx, idb, row.ID, says)
			return says, err
		})
	case *Gap:
		return tableGap, gapRow(r).Says, nil
	case *Note:
		return tableNote, noteRow(r).Says, nil
	case *Join:
		return tableJoin, joinRow(r).Says, nil
	case *Step:
		return tableStep, stepRow(r).Says, nil
	}
	return "", nil, fmt.Errorf("recording: nothing is said of %T", row)
}

func sayLocked[T any](ctx context.Context, idb bun.IDB, table, id string, says func(*T) (vouch.Columns, error)) (string, vouch.Columns, error) {
	row, err := vouch.Locked[T](ctx, idb, id)
	if err != nil {
		return "", nil, fmt.Errorf("recording: %w", err)
	}
	c, err := says(row)
	return table, c, err
}

func plain[T any](row func(*T) vouch.Row) func(*T) (vouch.Columns, error) {
	return func(r *T) (vouch.Columns, error) { return row(r).Says, nil }
}

func recordingRow(r *Recording) vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: about("recording", r.ID), Says: vouch.Of(r, "name", "officer_name")}
}

func fileRow(r *File) vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: about("file", r.ID), Entry: r.Entry, Says: vouch.Of(r, "name", "path")}
}

func receiptRow(r *Receipt) vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: about("file", r.File), Entry: r.Entry, Says: vouch.Of(r)}
}

func noteRow(r *Note) vouch.Row {
	return vouch.Row{ID: r.ID, Subject: about("recording", r.Recording), Entry: r.Entry, Says: vouch.Of(r, "by_name", "words", "place")}
}

func joinRow(r *Join) vouch.Row {
	return vouch.Row{ID: r.ID, Subject: about("recording", r.Recording), Entry: r.Entry, Says: vouch.Of(r, "by_name", "words")}
}

func gapRow(r *Gap) vouch.Row {
	return vouch.Row{ID: r.ID, Subject: r.Subject(), Says: vouch.Of(r, "series", "before_name", "after_name")}
}

func cardRow(r *Card) vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: about("card", r.ID), Says: vouch.Of(r, "owner_name")}
}

// Subject is the jump as its entry is related to it.
func (r *Step) Subject() custody.Subject { return about("clock_step", r.ID) }

func stepRow(r *Step) vouch.Row {
	return vouch.Row{ID: r.ID, Subject: r.Subject(), Says: vouch.Of(r)}
}

func about[T ~string](kind string, id T) custody.Subject {
	return custody.Subject{Kind: kind, ID: string(id)}
}

// addFlagged adds the findings of recordings, which stand in a table of their own, with when and why they were found.
func addFlagged(ctx context.Context, idb bun.IDB, rows []vouch.Row) error {
	if len(rows) == 0 {
		return nil
	}
	ids, at := make([]string, len(rows)), map[string]int{}
	for i, r := range rows {
		ids[i], at[r.ID] = r.ID, i
	}
	flags, err := All[Flagged](ctx, idb, "recording_id, flag", "recording_id IN (?)", bun.List(ids))
	if err != nil {
		return err
	}
	for _, f := range flags {
		says := rows[at[string(f.Recording)]].Says
		found, ok := says["flagged"].(vouch.Columns)
		if !ok {
			found = vouch.Columns{}
			says["flagged"] = found
		}
		found[string(f.Flag)] = []any{f.Seq, f.Detail, f.At}
	}
	return nil
}

// addList adds the digest of what a card listed, so that nobody strikes a file off it or puts one on. What became of the
// files is not part of it: that changes with later dockings.
func addList(ctx context.Context, idb bun.IDB, id ident.CardID, says vouch.Columns) error {
	files, err := All[CardFile](ctx, idb, "n", "card_id = ?", id)
	if err != nil {
		return err
	}
	sum := sha256.New()
	enc := json.NewEncoder(sum)
	for _, f := range files {
		if err := enc.Encode([]any{f.N, f.Path, f.Size, f.MTime}); err != nil {
			return fmt.Errorf("recording: %w", err)
		}
	}
	says["list"] = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// Tables are the tables whose rows entries say, for fsck.
func Tables() []vouch.Table {
	recordings, cards := vouch.NewTable(tableRecording, recordingRow), vouch.NewTable(tableCard, cardRow)
	recordings.Page = then(recordings.Page, addFlagged)
	cards.Page = then(cards.Page, func(ctx context.Context, idb bun.IDB, rows []vouch.Row) error {
		for _, r := range rows {
			if err := addList(ctx, idb, ident.CardID(r.ID), r.Says); err != nil {
				return err
			}
		}
		return nil
	})
	return []vouch.Table{
		recordings, vouch.NewTable(tableFile, fileRow), vouch.NewTable(tableReceipt, receiptRow), vouch.NewTable(tableNote, noteRow),
		vouch.NewTable(tableGap, gapRow), cards, vouch.NewTable(tableStep, stepRow), vouch.NewTable(tableJoin, joinRow),
	}
}

type page = func(ctx context.Context, idb bun.IDB, after string, limit int64) ([]vouch.Row, error)

// then adds to the rows of a page what stands elsewhere.
func then(read page, add func(context.Context, bun.IDB, []vouch.Row) error) page {
	return func(ctx context.Context, idb bun.IDB, after string, limit int64) ([]vouch.Row, error) {
		rows, err := read(ctx, idb, after, limit)
		if err != nil {
			return nil, err
		}
		return rows, add(ctx, idb, rows)
	}
}
