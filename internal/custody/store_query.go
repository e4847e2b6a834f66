package custody

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// Record is an entry as it is kept. Index is its place in the tree, -1 while it waits for the sequencer. Seq orders
// records and is the key of paging; it means nothing outside this database. Erased names the fields whose openings
// were destroyed ("detail.name"): their values are gone for ever, their commitments stay.
type Record struct {
	Entry
	Seq      int64
	Index    int64
	Erased   []string
	ErasedBy ident.EntryID

	row entryRow
}

// readRow is a row of custody_entry joined with its place in the tree.
type readRow struct {
	entryRow `bun:",extend"`

	Idx sql.NullInt64 `bun:"idx"`
}

func (r *readRow) record() Record {
	rec := Record{
		Entry: Entry{
			ID: ident.EntryID(r.ID), At: clock.FromMicros(r.At),
			Actor:   Actor{Kind: ActorKind(r.ActorKind), ID: r.ActorID, Role: r.ActorRole},
			Action:  r.Action,
			Subject: Subject{Kind: r.SubjectKind, ID: r.SubjectID}, Related: parseRelated(r.Related),
			Article: r.Article, Requirement: r.Requirement, Outcome: Outcome(r.Outcome), Detail: json.RawMessage(r.Detail),
		},
		Seq: r.Seq, Index: -1, ErasedBy: ident.EntryID(r.ErasedBy), row: r.entryRow,
	}
	if r.Idx.Valid {
		rec.Index = r.Idx.Int64
	}
	if r.Erased != "" {
		rec.Erased = strings.Split(r.Erased, ",")
	}
	return rec
}

// Leaf is the record's leaf text, as it stands in the tree.
func (r *Record) Leaf() []byte { return leafText(r.row.Commitments) }

// DetailStatement is the text whose SHA-256 is the record's detail_digest. It names the detail's keys.
func (r *Record) DetailStatement() ([]byte, error) {
	parts, err := parseParts(r.row.DetailParts, r.row.Detail)
	if err != nil {
		return nil, err
	}
	return detailText(parts), nil
}

// Open gives the openings of the named fields ("at", "detail_digest", "detail.size"). A field that is unknown is
// fault NotFound "custody.field"; one that is erased is fault NotFound "custody.erased".
func (r *Record) Open(names ...string) ([]Opening, error) {
	parts, err := parseParts(r.row.DetailParts, r.row.Detail)
	if err != nil {
		return nil, err
	}
	if len(r.row.Salts) != saltSize*fieldCount {
		return nil, fmt.Errorf("custody: entry %s: %d bytes of salts", r.ID, len(r.row.Salts)) // somebody cut the row
	}
	values := r.row.fields()
	out := make([]Opening, 0, len(names))
	for _, name := range names {
		o, found := Opening{Name: name}, false
		for i, f := range fieldNames {
			if f == name {
				o.Salt, o.Value, found = r.row.Salts[saltSize*i:][:saltSize], values[i], true
			}
		}
		for _, p := range parts {
			if detailPrefix+p.key == name {
				o.Salt, o.Value, found = p.salt, p.value, true
			}
		}
		if !found {
			return nil, fault.New(fault.NotFound, "custody.field", name)
		}
		for _, e := range r.Erased {
			if e == name {
				return nil, fault.New(fault.NotFound, "custody.erased", name)
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// fields are the row's committed texts in the order of fieldNames.
func (r *entryRow) fields() [fieldCount]string {
	return [fieldCount]string{
		r.ID, formatTime(clock.FromMicros(r.At)), r.ActorKind, r.ActorID, r.ActorRole, r.Action,
		r.SubjectKind, r.SubjectID, r.Related, r.Article, r.Requirement, r.Outcome, r.DetailDigest,
	}
}

// OpenAll gives every opening that is not erased, detail keys last.
func (r *Record) OpenAll() ([]Opening, error) {
	parts, err := parseParts(r.row.DetailParts, r.row.Detail)
	if err != nil {
		return nil, err
	}
	names := append([]string(nil), fieldNames[:]...)
	for _, p := range parts {
		names = append(names, detailPrefix+p.key)
	}
	gone := map[string]bool{}
	for _, e := range r.Erased {
		gone[e] = true
	}
	kept := names[:0]
	for _, n := range names {
		if !gone[n] {
			kept = append(kept, n)
		}
	}
	return r.Open(kept...)
}

// Filter narrows a list of records. Zero members do not narrow. Action matches exactly, or, where it ends in ".",
// every action that begins with it. Before is the Seq of the last record of the page before this one.
type Filter struct {
	Subject  Subject
	Action   string
	ActorID  string
	Outcome  Outcome
	Article  string
	From, To time.Time // From is included, To is not
	Before   int64
	Limit    int64 // 50 if zero, at most 500
}

func selectRecords(idb bun.IDB, rows *[]readRow) *bun.SelectQuery {
	return idb.NewSelect().Model(rows).ModelTableExpr("custody_entry AS e").
		ColumnExpr("e.*").ColumnExpr("l.idx").Join("LEFT JOIN custody_leaf AS l ON l.seq = e.seq")
}

// List gives records, newest first. Ask for the next page with Before set to the last record's Seq.
func List(ctx context.Context, idb bun.IDB, f Filter) ([]Record, error) {
	var rows []readRow
	q := selectRecords(idb, &rows).OrderExpr("e.seq DESC")
	if f.Subject != (Subject{}) {
		q = q.Join("JOIN custody_subject AS s ON s.seq = e.seq").
			Where("s.kind = ? AND s.subject_id = ?", f.Subject.Kind, f.Subject.ID)
		if f.Before > 0 {
			q = q.Where("s.seq < ?", f.Before)
		}
	} else if f.Before > 0 {
		q = q.Where("e.seq < ?", f.Before)
	}
	switch {
	case strings.HasSuffix(f.Action, "."):
		q = q.Where("substr(e.action, 1, ?) = ?", len(f.Action), f.Action)
	case f.Action != "":
		q = q.Where("e.action = ?", f.Action)
	}
	if f.ActorID != "" {
		q = q.Where("e.actor_id = ?", f.ActorID)
	}
	if f.Outcome != "" {
		q = q.Where("e.outcome = ?", string(f.Outcome))
	}
	if f.Article != "" {
		q = q.Where("e.article = ?", f.Article)
	}
	if !f.From.IsZero() {
		q = q.Where("e.at >= ?", clock.Micros(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("e.at < ?", clock.Micros(f.To))
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	if err := q.Limit(min(limit, 500)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("custody: list: %w", err)
	}
	return records(rows), nil
}

func records(rows []readRow) []Record {
	out := make([]Record, len(rows))
	for i := range rows {
		out[i] = rows[i].record()
	}
	return out
}

// Get gives one record. An unknown id is fault NotFound "custody.entry_unknown".
func Get(ctx context.Context, idb bun.IDB, id ident.EntryID) (*Record, error) {
	var rows []readRow
	if err := selectRecords(idb, &rows).Where("e.id = ?", string(id)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("custody: get: %w", err)
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "custody.entry_unknown")
	}
	r := rows[0].record()
	return &r, nil
}

// Tile gives the hashes of a stored tile, which may be wider or, at the right edge of the tree, narrower than a caller
// wants. One that does not exist is fault NotFound "log.no_tile".
func Tile(ctx context.Context, idb bun.IDB, level int, n int64) ([]byte, error) {
	return loadTile(idb)(ctx, tileKey{level, n})
}

// Leaves gives the leaf texts with from ≤ index < to in order; a gap is an error.
func Leaves(ctx context.Context, idb bun.IDB, from, to int64) ([][]byte, error) {
	return leafTexts(ctx, idb, from, to)
}

// Range gives the records with from ≤ Index < to in order, at most 1,000.
func Range(ctx context.Context, idb bun.IDB, from, to int64) ([]Record, error) {
	var rows []readRow
	err := selectRecords(idb, &rows).Where("l.idx >= ? AND l.idx < ?", from, min(to, from+1000)).OrderExpr("l.idx").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("custody: range: %w", err)
	}
	return records(rows), nil
}

// Pending counts committed entries that have no place in the tree yet.
func Pending(ctx context.Context, idb bun.IDB) (int64, error) {
	n, err := idb.NewSelect().TableExpr("custody_pending").Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("custody: pending: %w", err)
	}
	return n, nil
}

// anyPending reports whether anything waits, for less than Pending costs.
func anyPending(ctx context.Context, idb bun.IDB) (bool, error) {
	some, err := idb.NewSelect().TableExpr("custody_pending").Limit(1).Exists(ctx)
	if err != nil {
		return false, fmt.Errorf("custody: pending: %w", err)
	}
	return some, nil
}

// Checkpoint is a signed tree head as it is kept.
type Checkpoint struct {
	Size  int64
	Root  string // base64
	Note  string // the C2SP signed note
	Epoch int64
	At    time.Time
}

type checkpointRow struct {
	bun.BaseModel `bun:"table:custody_checkpoint,alias:c"`

	Size  int64  `bun:"size"`
	Root  string `bun:"root"`
	Note  string `bun:"note"`
	Epoch int64  `bun:"epoch"`
	At    int64  `bun:"at"`
}

func (r *checkpointRow) checkpoint() *Checkpoint {
	return &Checkpoint{Size: r.Size, Root: r.Root, Note: r.Note, Epoch: r.Epoch, At: clock.FromMicros(r.At)}
}

func (c *Checkpoint) rootBytes() ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(c.Root)
	if err != nil || len(b) != digestSize {
		return nil, fmt.Errorf("custody: checkpoint %d has no readable root", c.Size)
	}
	return b, nil
}

// Latest gives the latest checkpoint. Before the first one it is fault NotFound "custody.checkpoint_none".
func Latest(ctx context.Context, idb bun.IDB) (*Checkpoint, error) {
	var r checkpointRow
	err := idb.NewSelect().Model(&r).OrderExpr("size DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "custody.checkpoint_none")
	}
	if err != nil {
		return nil, fmt.Errorf("custody: latest checkpoint: %w", err)
	}
	return r.checkpoint(), nil
}
