package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
)

// Kind says what a run did.
type Kind string

// The kinds of run.
const (
	Backup Kind = "backup" // a set was written
	Drill  Kind = "drill"  // a set was restored and checked
)

// Run is what was done once, and how it ended. Code is the fault of one that failed.
type Run struct {
	ID       ident.BackupID
	Kind     Kind
	Set      string
	Folder   string
	At       time.Time // when it began
	Ended    time.Time
	OK       bool
	Code     string
	Full     bool // a drill that read every object
	Objects  int
	New      int // objects that were copied
	Bytes    int64
	NewBytes int64
	LogSize  int64
	Findings int
	Entry    ident.EntryID
}

type runRow struct {
	bun.BaseModel `bun:"table:backup_run"`

	ID       ident.BackupID `bun:"id,pk"`
	Kind     Kind           `bun:"kind"`
	Set      string         `bun:"set_id"`
	Folder   string         `bun:"folder"`
	At       int64          `bun:"at"`
	Ended    int64          `bun:"ended"`
	OK       int            `bun:"ok"`
	Code     string         `bun:"code"`
	Full     int            `bun:"whole"`
	Objects  int            `bun:"objects"`
	New      int            `bun:"objects_new"`
	Bytes    int64          `bun:"bytes"`
	NewBytes int64          `bun:"bytes_new"`
	LogSize  int64          `bun:"log_size"`
	Findings int            `bun:"findings"`
	Entry    ident.EntryID  `bun:"entry_id"`
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Insert keeps a run, in the transaction that enters it.
func Insert(ctx context.Context, tx bun.IDB, r *Run) error {
	row := runRow{
		ID: r.ID, Kind: r.Kind, Set: r.Set, Folder: r.Folder, At: clock.Micros(r.At), Ended: clock.Micros(r.Ended), OK: flag(r.OK), Code: r.Code,
		Full: flag(r.Full), Objects: r.Objects, New: r.New, Bytes: r.Bytes, NewBytes: r.NewBytes, LogSize: r.LogSize, Findings: r.Findings, Entry: r.Entry,
	}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return fmt.Errorf("backup: keep run: %w", err)
	}
	return nil
}

// Which says what runs are meant: of a kind, that ended so, and, where they are set, only into a folder, or only drills that read
// everything.
type Which struct {
	Kind   Kind
	OK     bool
	Folder string
	Full   bool
}

// Newest gives the newest such run, nil if there is none.
func Newest(ctx context.Context, idb bun.IDB, which Which) (*Run, error) {
	var r runRow
	q := idb.NewSelect().Model(&r).Where("kind = ? AND ok = ?", which.Kind, flag(which.OK))
	if which.Full {
		q = q.Where("whole = 1")
	}
	if which.Folder != "" {
		q = q.Where("folder = ?", which.Folder)
	}
	err := q.OrderExpr("at DESC, id DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("backup: runs: %w", err)
	}
	return &Run{
		ID: r.ID, Kind: r.Kind, Set: r.Set, Folder: r.Folder, At: clock.FromMicros(r.At), Ended: clock.FromMicros(r.Ended), OK: r.OK == 1, Code: r.Code,
		Full: r.Full == 1, Objects: r.Objects, New: r.New, Bytes: r.Bytes, NewBytes: r.NewBytes, LogSize: r.LogSize, Findings: r.Findings, Entry: r.Entry,
	}, nil
}

// Last gives the newest backup and the newest drill that succeeded, each nil if there is none.
func Last(ctx context.Context, idb bun.IDB) (backup, drill *Run, err error) {
	if backup, err = Newest(ctx, idb, Which{Kind: Backup, OK: true}); err != nil {
		return nil, nil, err
	}
	drill, err = Newest(ctx, idb, Which{Kind: Drill, OK: true})
	return backup, drill, err
}
