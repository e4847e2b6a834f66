package custody

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// entryRow is a row of custody_entry. Only erasure changes it, and only by emptying.
type entryRow struct {
	bun.BaseModel `bun:"table:custody_entry,alias:e"`

	Seq          int64  `bun:"seq,pk,autoincrement"`
	ID           string `bun:"id"`
	At           int64  `bun:"at"`
	ActorKind    string `bun:"actor_kind"`
	ActorID      string `bun:"actor_id"`
	ActorRole    string `bun:"actor_role"`
	Action       string `bun:"action"`
	SubjectKind  string `bun:"subject_kind"`
	SubjectID    string `bun:"subject_id"`
	Related      string `bun:"related"`
	Article      string `bun:"article"`
	Requirement  string `bun:"requirement"`
	Outcome      string `bun:"outcome"`
	Detail       string `bun:"detail"`
	DetailDigest string `bun:"detail_digest"`
	DetailParts  string `bun:"detail_parts"`
	Commitments  []byte `bun:"commitments"`
	Salts        []byte `bun:"salts"`
	Erased       string `bun:"erased"`
	ErasedBy     string `bun:"erased_by"`
}

type subjectRow struct {
	bun.BaseModel `bun:"table:custody_subject"`

	Kind      string `bun:"kind"`
	SubjectID string `bun:"subject_id"`
	Seq       int64  `bun:"seq"`
}

type pendingRow struct {
	bun.BaseModel `bun:"table:custody_pending"`

	Seq int64 `bun:"seq"`
}

// appendChunk bounds the rows of one INSERT.
const appendChunk = 500

// Append writes entries in the caller's transaction; they are in the log if and only if that transaction commits, and
// as durable as it is. Their place in the tree is given later by the sequencer. An entry without ID gets one. A
// malformed entry is fault Invalid ("custody.entry", "custody.detail") and a repeated id fault Conflict
// ("custody.repeated"); nothing of the call is to be committed then.
func Append(ctx context.Context, idb bun.IDB, entries ...Entry) error {
	for chunk := range slices.Chunk(entries, appendChunk) {
		if err := appendRows(ctx, idb, chunk); err != nil {
			return err
		}
	}
	return nil
}

func appendRows(ctx context.Context, idb bun.IDB, entries []Entry) error {
	rows := make([]entryRow, len(entries))
	bySeq := make(map[string]int, len(entries))
	for i := range entries {
		e := entries[i]
		if e.ID == "" {
			e.ID = ident.New[ident.EntryID]()
		}
		if err := e.check(); err != nil {
			return err
		}
		s, err := seal(&e, rand.Reader)
		if err != nil {
			return err
		}
		if _, twice := bySeq[string(e.ID)]; twice {
			return fault.New(fault.Conflict, "custody.repeated")
		}
		bySeq[string(e.ID)] = i
		rows[i] = newEntryRow(&e, s)
	}
	var written []struct {
		ID  string
		Seq int64
	}
	if err := idb.NewInsert().Model(&rows).ExcludeColumn("seq").Returning("id, seq").Scan(ctx, &written); err != nil {
		return fmt.Errorf("custody: append: %w", err)
	}
	if len(written) != len(rows) {
		return fmt.Errorf("custody: append: %d of %d rows written", len(written), len(rows))
	}
	var subjects []subjectRow
	pending := make([]pendingRow, 0, len(rows))
	for _, w := range written {
		subjects = appendSubjects(subjects, &entries[bySeq[w.ID]], w.Seq)
		pending = append(pending, pendingRow{Seq: w.Seq})
	}
	if _, err := idb.NewInsert().Model(&subjects).Exec(ctx); err != nil {
		return fmt.Errorf("custody: append subjects: %w", err)
	}
	if _, err := idb.NewInsert().Model(&pending).Exec(ctx); err != nil {
		return fmt.Errorf("custody: append pending: %w", err)
	}
	return nil
}

// appendSubjects adds the entry's subject and its related subjects, each once.
func appendSubjects(rows []subjectRow, e *Entry, seq int64) []subjectRow {
	start := len(rows)
	for _, s := range append([]Subject{e.Subject}, e.Related...) {
		r := subjectRow{Kind: s.Kind, SubjectID: s.ID, Seq: seq}
		if !slices.Contains(rows[start:], r) {
			rows = append(rows, r)
		}
	}
	return rows
}

func newEntryRow(e *Entry, s *sealed) entryRow {
	return entryRow{
		ID: string(e.ID), At: clock.Micros(e.At),
		ActorKind: string(e.Actor.Kind), ActorID: e.Actor.ID, ActorRole: e.Actor.Role,
		Action: e.Action, SubjectKind: e.Subject.Kind, SubjectID: e.Subject.ID, Related: relatedText(e.Related),
		Article: e.Article, Requirement: e.Requirement, Outcome: string(e.Outcome),
		Detail: s.detail, DetailDigest: s.values[fieldCount-1], DetailParts: formatParts(s.parts),
		Commitments: s.commitments, Salts: s.salts,
	}
}
