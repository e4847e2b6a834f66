package audit

import (
	"database/sql"

	"github.com/uptrace/bun"
)

// fieldNames are the fields of a leaf in order, as docs/formats/log-entry-v1.md lists them.
var fieldNames = [...]string{
	"id", "at", "actor.kind", "actor.id", "actor.role", "action", "subject.kind", "subject.id", "related",
	"article", "requirement", "outcome", "detail_digest",
}

type entryRow struct {
	bun.BaseModel `bun:"table:custody_entry,alias:e"`

	Seq          int64  `bun:"seq"`
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

type placedRow struct {
	entryRow `bun:",extend"`

	Idx sql.NullInt64 `bun:"idx"`
}

type subjectRow struct {
	bun.BaseModel `bun:"table:custody_subject"`

	Kind      string `bun:"kind"`
	SubjectID string `bun:"subject_id"`
	Seq       int64  `bun:"seq"`
}

type tileRow struct {
	bun.BaseModel `bun:"table:custody_tile"`

	Level  int64  `bun:"level"`
	N      int64  `bun:"n"`
	Hashes []byte `bun:"hashes"`
}

type checkpointRow struct {
	bun.BaseModel `bun:"table:custody_checkpoint"`

	Size  int64  `bun:"size"`
	Root  string `bun:"root"`
	Note  string `bun:"note"`
	Epoch int64  `bun:"epoch"`
}

type keyRow struct {
	bun.BaseModel `bun:"table:custody_key"`

	Fingerprint string `bun:"fingerprint"`
	Kind        string `bun:"kind"`
	Name        string `bun:"name"`
	PublicKey   string `bun:"public_key"`
	ValidFrom   int64  `bun:"valid_from"`
	ValidTo     int64  `bun:"valid_to"`
	EntryID     string `bun:"entry_id"`
}

type epochRow struct {
	bun.BaseModel `bun:"table:custody_epoch"`

	Epoch    int64  `bun:"epoch"`
	FromSize int64  `bun:"from_size"`
	LostSize int64  `bun:"lost_size"`
	LostRoot string `bun:"lost_root"`
	EntryID  string `bun:"entry_id"`
}
