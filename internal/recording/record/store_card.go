package record

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
)

// Card is a row of dockings.
type Card struct {
	bun.BaseModel `bun:"table:card"`

	ID         ident.CardID       `bun:"id,pk"`
	Label      string             `bun:"label"`
	Station    string             `bun:"station"`
	Agent      string             `bun:"agent"`
	DeviceHint string             `bun:"device_hint"`
	Device     ident.DeviceID     `bun:"device_id"`
	Department ident.DepartmentID `bun:"department_id"`
	Owner      string             `bun:"owner"`
	OwnerKind  access.Kind        `bun:"owner_kind"`
	OwnerName  string             `bun:"owner_name"`
	FreeBytes  int64              `bun:"free_bytes"`
	TotalBytes int64              `bun:"total_bytes"`
	Files      int                `bun:"files"`
	Bytes      int64              `bun:"bytes"`
	OpenedAt   int64              `bun:"opened_at"`
	ClosedAt   int64              `bun:"closed_at"`
}

// Subject is the docking as policies see it: only who opened it goes on with it.
func (r *Card) Subject() access.Subject {
	return access.Subject{Kind: "card", ID: string(r.ID), Owner: r.Owner, Department: r.Department}
}

// CardFile is a line of a card's own list.
type CardFile struct {
	bun.BaseModel `bun:"table:card_file"`

	Card   ident.CardID `bun:"card_id,pk"`
	N      int          `bun:"n,pk"`
	Path   string       `bun:"path"`
	Size   int64        `bun:"size"`
	MTime  int64        `bun:"mtime"`
	Status Outcome      `bun:"status"`
	Code   string       `bun:"code"`
	File   ident.FileID `bun:"file_id"`
}

// Subject is what a duty to hand the file in is about.
func (r *CardFile) Subject() custody.Subject {
	return custody.Subject{Kind: "card_file", ID: string(r.Card) + ":" + strconv.Itoa(r.N)}
}

// Ended reports whether nothing more is expected of the file.
func (r *CardFile) Ended() bool {
	return r.Status == Sealed || r.Status == Duplicate || r.Status == Left
}

// Gap is a row of holes in a camera's numbering.
type Gap struct {
	bun.BaseModel `bun:"table:recording_gap"`

	ID        string         `bun:"id,pk"`
	Device    ident.DeviceID `bun:"device_id"`
	Card      ident.CardID   `bun:"card_id"`
	Kind      media.GapKind  `bun:"kind"`
	Series    string         `bun:"series"`
	Width     int            `bun:"width"`
	From      int            `bun:"from_no"`
	To        int            `bun:"to_no"`
	Number    int            `bun:"number"`
	Before    string         `bun:"before_name"`
	After     string         `bun:"after_name"`
	ArrivedAt int64          `bun:"arrived_at"`
	FoundAt   int64          `bun:"found_at"`
}

// Subject is what a duty to explain the hole is about.
func (r *Gap) Subject() custody.Subject { return custody.Subject{Kind: "gap", ID: r.ID} }

// Chunk bounds the rows of one INSERT.
const Chunk = 500

// InsertCardFiles writes a card's list.
func InsertCardFiles(ctx context.Context, idb bun.IDB, files []CardFile) error {
	for chunk := range slices.Chunk(files, Chunk) {
		if err := Insert(ctx, idb, &chunk); err != nil {
			return err
		}
	}
	return nil
}

// ArriveOnCards writes on the card's list that the upload's file came in, and gives the files of earlier dockings that
// were owed and have come in with it: the same path, size and time.
func ArriveOnCards(ctx context.Context, idb bun.IDB, up *Upload, status Outcome) ([]CardFile, error) {
	rows, err := All[CardFile](ctx, idb, "card_id, n", "path = ? AND size = ? AND (card_id = ? OR mtime / 1000000 = ?) AND status IN ('waiting', 'failed', 'missing')",
		up.Path, up.Size, up.Card, up.MTime/1_000_000)
	if err != nil {
		return nil, err
	}
	var owed []CardFile
	for i := range rows {
		r := &rows[i]
		if r.Card != up.Card {
			owed = append(owed, *r)
		}
		r.Status, r.Code, r.File = status, "", up.File
		if err := Update(ctx, idb, r, "status", "code", "file_id"); err != nil {
			return nil, err
		}
	}
	return owed, nil
}

// OpenCards reads the dockings nobody closed since before.
func OpenCards(ctx context.Context, idb bun.IDB, before int64) ([]Card, error) {
	return All[Card](ctx, idb, "opened_at", "closed_at = 0 AND opened_at < ?", before)
}

// CardsIn reads the latest dockings in scope: all of them, those of the departments and of no department, or the
// actor's own.
func CardsIn(ctx context.Context, idb bun.IDB, sc access.Scope, owner string, limit int) ([]Card, error) {
	rows := []Card{}
	q := idb.NewSelect().Model(&rows).OrderExpr("opened_at DESC, id DESC").Limit(int64(limit))
	if !sc.All {
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			q = q.Where("owner = ?", owner)
			if len(sc.Departments) > 0 {
				q = q.WhereOr("department_id IN (?)", bun.List(append([]ident.DepartmentID{""}, sc.Departments...)))
			}
			return q
		})
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return rows, nil
}

// CountOutcomes counts each card's files by what became of them.
func CountOutcomes(ctx context.Context, idb bun.IDB, cards []ident.CardID) (map[ident.CardID]map[Outcome]int, error) {
	out := map[ident.CardID]map[Outcome]int{}
	if len(cards) == 0 {
		return out, nil
	}
	var rows []struct {
		Card   ident.CardID `bun:"card_id"`
		Status Outcome      `bun:"status"`
		N      int          `bun:"n"`
	}
	err := idb.NewSelect().Model((*CardFile)(nil)).ColumnExpr("card_id, status, COUNT(*) AS n").Where("card_id IN (?)", bun.List(cards)).
		GroupExpr("card_id, status").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	for _, r := range rows {
		if out[r.Card] == nil {
			out[r.Card] = map[Outcome]int{}
		}
		out[r.Card][r.Status] = r.N
	}
	return out, nil
}

// NumbersHere reads which numbers of a camera's series are in the vault, between two bounds.
func NumbersHere(ctx context.Context, idb bun.IDB, device ident.DeviceID, g Gap) ([]int, error) {
	var have []int
	err := idb.NewSelect().Model((*File)(nil)).ColumnExpr("DISTINCT number").
		Join("JOIN recording AS r ON r.id = f.recording_id").
		Where("f.series = ? AND f.width = ? AND f.number BETWEEN ? AND ?", g.Series, g.Width, g.From, g.To).
		Where("r.device_id = ?", device).Order("number").Scan(ctx, &have)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return have, nil
}

// OpenGaps reads a camera's holes that nobody filled.
func OpenGaps(ctx context.Context, idb bun.IDB, device ident.DeviceID) ([]Gap, error) {
	return All[Gap](ctx, idb, "found_at, id", "device_id = ? AND arrived_at = 0", device)
}

// GapKnown reports whether the same hole was found before.
func GapKnown(ctx context.Context, idb bun.IDB, g Gap) (bool, error) {
	_, found, err := Lookup[Gap](ctx, idb, "device_id = ? AND series = ? AND width = ? AND from_no <= ? AND to_no >= ? AND number = ? AND (device_id <> '' OR card_id = ?)",
		g.Device, g.Series, g.Width, g.From, g.To, g.Number, g.Card)
	return found, err
}

// GapsIn reads the holes of a camera or a docking, latest first, whose docking is in scope.
func GapsIn(ctx context.Context, idb bun.IDB, sc access.Scope, camera ident.DeviceID, card ident.CardID, limit int64) ([]Gap, error) {
	rows := []Gap{}
	q := idb.NewSelect().Model(&rows).OrderExpr("found_at DESC, id DESC").Limit(limit)
	if camera != "" {
		q = q.Where("device_id = ?", camera)
	}
	if card != "" {
		q = q.Where("card_id = ?", card)
	}
	if !sc.All {
		q = q.Where("card_id IN (SELECT id FROM card WHERE department_id IN (?))", bun.List(append([]ident.DepartmentID{""}, sc.Departments...)))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return rows, nil
}
