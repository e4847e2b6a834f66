package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/vault"
)

// Upload is the row of an announced file: its intent, and what became of it. Times are microseconds of UTC.
type Upload struct {
	bun.BaseModel `bun:"table:upload"`

	ID         ident.UploadID  `bun:"id,pk"`
	Card       ident.CardID    `bun:"card_id"`
	Owner      string          `bun:"owner"`
	OwnerKind  access.Kind     `bun:"owner_kind"`
	Name       string          `bun:"name"`
	Path       string          `bun:"path"`
	Size       int64           `bun:"size"`
	MTime      int64           `bun:"mtime"`
	Declared   string          `bun:"declared_sha256"`
	DeviceHint string          `bun:"device_hint"`
	Node       string          `bun:"node"`
	State      UploadState     `bun:"state"`
	Code       string          `bun:"code"`
	SHA256     string          `bun:"sha256"`
	File       ident.FileID    `bun:"file_id"`
	Receipt    ident.ReceiptID `bun:"receipt_id"`
	BegunAt    int64           `bun:"begun_at"`
	EndedAt    int64           `bun:"ended_at"`
	Metadata   string          `bun:"metadata"`
	Concat     string          `bun:"concat"`
	PartStart  int64           `bun:"part_start"`
	ClosedAt   int64           `bun:"closed_at"`
}

// Subject is the upload as policies see it: only who began it goes on with it (T20).
func (r *Upload) Subject() access.Subject {
	return access.Subject{Kind: "upload", ID: string(r.ID), Owner: r.Owner}
}

// Digest reads a stored digest; nil for none.
func Digest(text string) *vault.Digest {
	d, err := vault.ParseDigest(text)
	if err != nil {
		return nil
	}
	return &d
}

// Recording is a row of recordings. What the camera told is written once; the found_* columns keep what was found before
// any assignment.
type Recording struct {
	bun.BaseModel `bun:"table:recording,alias:r"`

	Seq          int64              `bun:"seq,pk,autoincrement"`
	ID           ident.RecordingID  `bun:"id"`
	Kind         Kind               `bun:"kind"`
	State        State              `bun:"state"`
	Name         string             `bun:"name"`
	Files        int                `bun:"files"`
	Size         int64              `bun:"size"`
	Card         ident.CardID       `bun:"card_id"`
	StoredAt     int64              `bun:"stored_at"`
	FactsAt      int64              `bun:"facts_at"`
	StartAt      int64              `bun:"start_at"`
	StartFrom    int64              `bun:"start_from"`
	StartTo      int64              `bun:"start_to"`
	StartSource  string             `bun:"start_source"`
	StartDoubts  string             `bun:"start_doubts"`
	Duration     int64              `bun:"duration_us"`
	OffsetLo     int64              `bun:"offset_lo"`
	OffsetHi     int64              `bun:"offset_hi"`
	OffsetKnown  int                `bun:"offset_known"`
	EndFrom      int64              `bun:"end_from"`
	EndTo        int64              `bun:"end_to"`
	SortAt       int64              `bun:"sort_at"`
	Device       ident.DeviceID     `bun:"device_id"`
	DeviceName   string             `bun:"device_name"`
	DeviceHow    string             `bun:"device_how"`
	Officer      ident.PersonID     `bun:"officer_id"`
	OfficerName  string             `bun:"officer_name"`
	Certainty    Certainty          `bun:"certainty"`
	Issue        ident.IssueID      `bun:"issue_id"`
	Department   ident.DepartmentID `bun:"department_id"`
	FoundDevice  ident.DeviceID     `bun:"found_device"`
	FoundHow     string             `bun:"found_how"`
	FoundOfficer ident.PersonID     `bun:"found_officer"`
	Verdict      string             `bun:"verdict"`
	Flags        string             `bun:"flags"`
	Inbox        int                `bun:"inbox"`
	JoinedInto   ident.RecordingID  `bun:"joined_into"` // the recording whose part it is; it is then in no list
	Whole        int64              `bun:"whole_us"`    // length with all parts; 0 without parts, -1 unknown
}

// The inbox column.
const (
	InboxNone    = 0
	InboxWaiting = 1
	InboxSettled = 2
)

// Subject is the recording as policies see it: its department's, and its officer's (R-21-1).
func (r *Recording) Subject() access.Subject {
	return access.Subject{Kind: "recording", ID: string(r.ID), Department: r.Department, Officer: r.Officer}
}

// FlagList gives the findings; never nil.
func (r *Recording) FlagList() []Flag {
	out := []Flag{}
	for f := range strings.FieldsSeq(r.Flags) {
		out = append(out, Flag(f))
	}
	return out
}

// File is a row of files: what was sealed, and how far it was checked.
type File struct {
	bun.BaseModel `bun:"table:recording_file,alias:f"`

	ID         ident.FileID      `bun:"id,pk"`
	Recording  ident.RecordingID `bun:"recording_id"`
	N          int               `bun:"n"`
	Upload     ident.UploadID    `bun:"upload_id"`
	Entry      ident.EntryID     `bun:"entry_id"`
	SHA256     string            `bun:"sha256"`
	SM3        string            `bun:"sm3"`
	Size       int64             `bun:"size"`
	Name       string            `bun:"name"`
	Path       string            `bun:"path"`
	MTime      int64             `bun:"mtime"`
	DeviceHint string            `bun:"device_hint"`
	Series     string            `bun:"series"`
	Width      int               `bun:"width"`
	Number     int               `bun:"number"` // -1 without one
	State      State             `bun:"state"`
	StoredAt   int64             `bun:"stored_at"`
	VerifiedAt int64             `bun:"verified_at"`
	Medium     string            `bun:"medium"`
	Facts      string            `bun:"facts"`
}

// Receipt is a row of receipts. Body is empty until somebody signed it.
type Receipt struct {
	bun.BaseModel `bun:"table:recording_receipt"`

	ID    ident.ReceiptID `bun:"id,pk"`
	File  ident.FileID    `bun:"file_id"`
	State State           `bun:"state"`
	Owner string          `bun:"owner"`
	Entry ident.EntryID   `bun:"entry_id"`
	At    int64           `bun:"at"`
	Body  string          `bun:"body"`
}

// Flagged is one finding on one recording, for lists by finding.
type Flagged struct {
	bun.BaseModel `bun:"table:recording_flag"`

	Recording ident.RecordingID `bun:"recording_id"`
	Seq       int64             `bun:"seq"` // the recording's running number
	Flag      Flag              `bun:"flag"`
	Detail    string            `bun:"detail"`
	At        int64             `bun:"at"`
}

// Note is a row of overlays.
type Note struct {
	bun.BaseModel `bun:"table:recording_note"`

	ID        string            `bun:"id,pk"`
	Recording ident.RecordingID `bun:"recording_id"`
	Kind      NoteKind          `bun:"kind"`
	At        int64             `bun:"at"`
	By        ident.PersonID    `bun:"by_person"`
	ByName    string            `bun:"by_name"`
	Reason    string            `bun:"reason"`
	Words     string            `bun:"words"`
	Moment    int64             `bun:"moment"`
	Place     string            `bun:"place"`
	Device    ident.DeviceID    `bun:"device_id"`
	Officer   ident.PersonID    `bun:"officer_id"`
	Entry     ident.EntryID     `bun:"entry_id"`
}

// Step is a jump of the server's own clock.
type Step struct {
	bun.BaseModel `bun:"table:clock_step"`

	ID string `bun:"id,pk"`
	At int64  `bun:"at"`
	By int64  `bun:"by_us"`
}

// Insert writes a row, or a slice of them.
func Insert(ctx context.Context, idb bun.IDB, row any) error {
	if _, err := idb.NewInsert().Model(row).Exec(ctx); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}

// One reads the row for which where holds; code is the fault for none.
func One[T any](ctx context.Context, idb bun.IDB, code, where string, args ...any) (*T, error) {
	row := new(T)
	if err := idb.NewSelect().Model(row).Where(where, args...).Limit(1).Scan(ctx); err != nil {
		return nil, db.NotFound(fmt.Errorf("recording: %w", err), code)
	}
	return row, nil
}

// Lookup is one, with nil for none: absence is an answer here, not a failure.
func Lookup[T any](ctx context.Context, idb bun.IDB, where string, args ...any) (*T, bool, error) {
	row, err := One[T](ctx, idb, "none", where, args...)
	if fault.HasCode(err, "none") {
		return nil, false, nil
	}
	return row, err == nil, err
}

// All reads the rows for which where holds, in order.
func All[T any](ctx context.Context, idb bun.IDB, order, where string, args ...any) ([]T, error) {
	rows := []T{}
	if err := idb.NewSelect().Model(&rows).Where(where, args...).OrderExpr(order).Scan(ctx); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return rows, nil
}

// LockUpload reads an upload's row for change: on PostgreSQL it stays locked to the end of the transaction, on SQLite
// there is one writer.
func LockUpload(ctx context.Context, idb bun.IDB, id ident.UploadID) (*Upload, bool, error) {
	row := new(Upload)
	q := idb.NewSelect().Model(row).Where("id = ?", id)
	if IsPostgres(idb) {
		q = q.For("UPDATE")
	}
	err := q.Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("recording: %w", err)
	}
	return row, true, nil
}

// IsPostgres tells the engine.
func IsPostgres(idb bun.IDB) bool { return idb.Dialect().Name() == dialect.PG }

// Update writes the named columns of a row, by its key, and says whether one was there.
func Update(ctx context.Context, idb bun.IDB, row any, columns ...string) error {
	if _, err := idb.NewUpdate().Model(row).Column(columns...).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}

// KeepReceipt writes a signed receipt unless one was kept already.
func KeepReceipt(ctx context.Context, idb bun.IDB, id ident.ReceiptID, body string) (bool, error) {
	res, err := idb.NewUpdate().Model((*Receipt)(nil)).Set("body = ?", body).Where("id = ? AND body = ''", id).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("recording: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// ReplaceFlags writes a recording's flags anew.
func ReplaceFlags(ctx context.Context, idb bun.IDB, id ident.RecordingID, flags []Flagged) error {
	if _, err := idb.NewDelete().Model((*Flagged)(nil)).Where("recording_id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	if len(flags) == 0 {
		return nil
	}
	return Insert(ctx, idb, &flags)
}

// KnownDigests says which of the digests have a row.
func KnownDigests(ctx context.Context, idb bun.IDB, digests []string) (map[string]bool, error) {
	var have []string
	if err := idb.NewSelect().Model((*File)(nil)).Column("sha256").Where("sha256 IN (?)", bun.List(digests)).Scan(ctx, &have); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	out := make(map[string]bool, len(have))
	for _, d := range have {
		out[d] = true
	}
	return out, nil
}

// StepsAround reads the jumps of our own clock near a moment.
func StepsAround(ctx context.Context, idb bun.IDB, from, to int64) ([]Step, error) {
	return All[Step](ctx, idb, "at", "at BETWEEN ? AND ?", from, to)
}

// lastMoment gives the latest moment that intake wrote down, 0 for none.
func lastMoment(ctx context.Context, idb bun.IDB) (int64, error) {
	var at int64
	err := idb.NewSelect().Model((*Upload)(nil)).ColumnExpr("COALESCE(MAX(CASE WHEN ended_at > begun_at THEN ended_at ELSE begun_at END), 0)").Scan(ctx, &at)
	if err != nil {
		return 0, fmt.Errorf("recording: %w", err)
	}
	return at, nil
}

// RecordingOf gives the recording a file belongs to.
func RecordingOf(ctx context.Context, idb bun.IDB, file ident.FileID) (*Recording, error) {
	return One[Recording](ctx, idb, "recording.unknown", "id = (SELECT recording_id FROM recording_file WHERE id = ?)", file)
}

// NotesOf reads a recording's overlays, oldest first.
func NotesOf(ctx context.Context, idb bun.IDB, id ident.RecordingID) ([]Note, error) {
	return All[Note](ctx, idb, "at, id", "recording_id = ?", id)
}

// SetFlags lays findings down, each once.
func (r *Recording) SetFlags(flags []Flag) {
	words := make([]string, 0, len(flags))
	for _, f := range flags {
		if !slices.Contains(words, string(f)) {
			words = append(words, string(f))
		}
	}
	r.Flags = strings.Join(words, " ")
}

// AddFlag adds one finding to a recording. One that a person must do something about brings even a settled recording back
// into the inbox.
func AddFlag(tx *gate.Tx, rec *Recording, f Flag, detail string) error {
	if slices.Contains(rec.FlagList(), f) {
		return nil
	}
	rec.SetFlags(append(rec.FlagList(), f))
	if slices.Contains(InboxFlags(), f) {
		rec.Inbox = InboxWaiting
	}
	if err := Update(tx.Context(), tx.DB(), rec, "flags", "inbox", "state"); err != nil {
		return err
	}
	return Insert(tx.Context(), tx.DB(), &Flagged{Recording: rec.ID, Seq: rec.Seq, Flag: f, Detail: detail, At: clock.Micros(tx.Now())})
}

// SearchText is what a recording is found by.
func SearchText(r *Recording, path string) string {
	return strings.Join([]string{r.Name, path, r.DeviceName, r.OfficerName}, " ")
}

// Index writes a recording's search terms: FTS5 on SQLite, a tsvector on PostgreSQL.
func Index(ctx context.Context, idb bun.IDB, seq int64, text string) error {
	terms := locale.IndexText(text)
	var err error
	if IsPostgres(idb) {
		_, err = idb.NewRaw("UPDATE recording SET search_vector = to_tsvector('simple', ?) WHERE seq = ?", terms, seq).Exec(ctx)
	} else {
		if _, err = idb.NewRaw("DELETE FROM recording_fts WHERE rowid = ?", seq).Exec(ctx); err == nil {
			_, err = idb.NewRaw("INSERT INTO recording_fts (rowid, terms) VALUES (?, ?)", seq, terms).Exec(ctx)
		}
	}
	if err != nil {
		return fmt.Errorf("recording: index: %w", err)
	}
	return nil
}

// StoredNear gives the recordings stored within a span.
func StoredNear(ctx context.Context, idb bun.IDB, from, to int64) ([]Recording, error) {
	return All[Recording](ctx, idb, "seq", "stored_at BETWEEN ? AND ?", from, to)
}

// NewestReceipt gives the receipt that says most of a file: verified before stored, then the first.
func NewestReceipt(ctx context.Context, idb bun.IDB, file ident.FileID) (*Receipt, error) {
	rows, err := All[Receipt](ctx, idb, "CASE state WHEN 'verified' THEN 0 ELSE 1 END, at, id", "file_id = ?", file)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "receipt.unknown")
	}
	return &rows[0], nil
}
