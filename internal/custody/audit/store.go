// Package audit computes the custody log again from its rows and says what does not agree. It is the half of fsck that
// looks at the database; it shares neither tree, commitment nor row code with the writer, only the names of the tables.
package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
)

// Finding is one thing an audit found wrong. Code is stable: "entry.commitment" (a field does not open its commitment),
// "entry.detail", "entry.erased" (an erasure without an entry that says so), "entry.lost" (neither placed nor pending),
// "entry.double" (both), "entry.repeated" (two with one id), "entry.subjects", "leaf.gap" (no entry at an index), "tree.tile", "tree.checkpoint" (another
// root than signed), "tree.signature", "tree.size" (checkpoint and leaves disagree), "head.behind", "head.forked",
// "head.missing", "key.unproved", "key.missing", "epoch.unproved".
type Finding struct {
	Code  string `json:"code"`
	Entry string `json:"entry,omitempty"`
	Index int64  `json:"index"` // -1 where there is none
	What  string `json:"what,omitempty"`
}

// Report is what an audit saw. Findings are at most a thousand; More counts the rest.
type Report struct {
	Placed   int64     `json:"placed"`
	Pending  int64     `json:"pending"`
	Size     int64     `json:"size"` // of the latest checkpoint
	Root     string    `json:"root"` // as computed
	Findings []Finding `json:"findings"`
	More     int       `json:"more"`

	rng *compact.Range // the tree as computed, for Follow
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

func (r *Report) add(code, entry string, index int64, what string) {
	if len(r.Findings) >= 1000 {
		r.More++
		return
	}
	r.Findings = append(r.Findings, Finding{Code: code, Entry: entry, Index: index, What: what})
}

var factory = &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}

type step func(context.Context) error

// whole are the steps of Run.
func (a *auditor) whole() []step {
	return []step{a.loadHeads, a.walkPlaced, a.rest}
}

// within takes the steps in one snapshot.
func (a *auditor) within(ctx context.Context, d *db.DB, steps ...step) (*Report, error) {
	// The published checkpoint is read before the first snapshot begins, so that a log that grows meanwhile is not taken for
	// one that fell behind.
	if a.keys != nil && !a.begun {
		a.head, a.headErr = a.keys.Published()
	}
	opts := &sql.TxOptions{ReadOnly: true}
	if d.Engine == db.Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := d.Reader.BeginTx(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	a.tx = tx
	return a.run(ctx, steps...)
}

func (a *auditor) run(ctx context.Context, steps ...step) (*Report, error) {
	for _, do := range steps {
		if err := do(ctx); err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
	}
	a.report.rng = a.rng
	return a.report, nil
}

type auditor struct {
	tx     bun.Tx
	report *Report
	keys   *keyring.Keyring
	from   int64 // entries before it are taken as audited, or were walked in an earlier snapshot
	most   int   // entries to walk in this snapshot; 0: all
	begun  bool  // an earlier snapshot walked what is before from
	walked bool  // every placed entry was

	head        keyring.Head // as published, and why it could not be read
	headErr     error
	checkpoints []checkpointRow
	keyRows     []keyRow
	epochs      []epochRow
	rng         *compact.Range
	tiles       map[tileKey][]byte  // as computed
	keyEntries  map[string]entryRow // entries log.key_added and log.new_epoch by id
}

func (a *auditor) loadHeads(ctx context.Context) error {
	a.checkpoints, a.keyRows, a.epochs = nil, nil, nil
	if err := a.tx.NewSelect().Model(&a.checkpoints).Where("size >= ?", a.from).OrderExpr("size").Scan(ctx); err != nil {
		return err
	}
	var err error
	if err = a.tx.NewSelect().Model(&a.keyRows).OrderExpr("kind, valid_from, at").Scan(ctx); err != nil {
		return err
	}
	if err = a.tx.NewSelect().Model(&a.epochs).OrderExpr("epoch").Scan(ctx); err != nil {
		return err
	}
	if n := len(a.checkpoints); n > 0 {
		a.report.Size = a.checkpoints[n-1].Size
	}
	if a.tiles == nil {
		a.tiles, a.keyEntries = map[tileKey][]byte{}, map[string]entryRow{}
	}
	return nil
}

// walkPlaced goes through the placed entries in the order of the tree, from a.from on, as many as one snapshot may.
func (a *auditor) walkPlaced(ctx context.Context) error {
	next, cp := a.from, 0
	root := func() (string, error) {
		if next == 0 {
			return base64.StdEncoding.EncodeToString(rfc6962.DefaultHasher.EmptyRoot()), nil
		}
		h, err := a.rng.GetRootHash(nil)
		return base64.StdEncoding.EncodeToString(h), err
	}
	judge := func() error { // compare with the checkpoints of this size
		for ; cp < len(a.checkpoints) && a.checkpoints[cp].Size <= next; cp++ {
			have, err := root()
			if err != nil {
				return err
			}
			a.judgeCheckpoint(&a.checkpoints[cp], next, have)
		}
		return a.judgeHead(next, root)
	}
	if a.begun { // the last snapshot judged what has this size
		for cp < len(a.checkpoints) && a.checkpoints[cp].Size <= next {
			cp++
		}
	} else if err := judge(); err != nil {
		return err
	}
	a.begun = true
	for {
		if a.most > 0 && next-a.from >= int64(a.most) {
			a.from = next
			return nil
		}
		var rows []placedRow
		err := a.placed(&rows).Where("l.idx >= ?", next).OrderExpr("l.idx").Limit(1000).Scan(ctx)
		if err != nil {
			return err
		}
		if err := a.checkSubjects(ctx, rows); err != nil {
			return err
		}
		for i := range rows {
			r := &rows[i]
			if r.Idx.Int64 != next {
				a.report.add("leaf.gap", "", next, "")
				a.walked = true
				return nil // nothing behind a gap can be compared
			}
			if err := a.checkEntry(ctx, &r.entryRow, next); err != nil {
				return err
			}
			if err := a.grow(next, leafHash(r.Commitments)); err != nil {
				return err
			}
			next++
			a.report.Placed = next
			if err := judge(); err != nil {
				return err
			}
		}
		if len(rows) < 1000 {
			break
		}
	}
	a.walked = true
	var err error
	if a.report.Root, err = root(); err != nil {
		return err
	}
	if next != a.report.Size {
		a.report.add("tree.size", "", next, fmt.Sprintf("%d leaves, checkpoint says %d", next, a.report.Size))
	}
	return a.judgeHeadReached(next)
}

func (a *auditor) judgeCheckpoint(c *checkpointRow, size int64, root string) {
	if c.Size != size || c.Root != root {
		a.report.add("tree.checkpoint", "", c.Size, "root")
	}
	var verifier string
	for _, k := range a.keyRows {
		if k.Kind == string(keyring.Log) && k.ValidFrom <= c.Size && (k.ValidTo < 0 || c.Size <= k.ValidTo) {
			if public, err := base64.StdEncoding.DecodeString(k.PublicKey); err == nil {
				verifier, _ = keyring.VerifierKey(k.Name, public)
			}
		}
	}
	text, err := openNote(c.Note, verifier)
	lines := strings.Split(text, "\n")
	if err != nil || len(lines) < 4 || lines[1] != fmt.Sprint(c.Size) || lines[2] != c.Root || a.keys != nil && lines[0] != a.keys.Origin() {
		a.report.add("tree.signature", "", c.Size, "")
	}
}

// judgeHead compares the tree with the published checkpoint when it has that size.
func (a *auditor) judgeHead(size int64, root func() (string, error)) error {
	if a.keys == nil {
		return nil
	}
	h := a.head
	if a.headErr != nil || h.Size != size {
		return nil // judgeHeadReached reports it once
	}
	have, err := root()
	if err != nil {
		return err
	}
	if have != h.Root {
		a.report.add("head.forked", "", h.Size, "")
	}
	return nil
}

func (a *auditor) judgeHeadReached(size int64) error {
	if a.keys == nil {
		return nil
	}
	h := a.head
	if a.headErr != nil {
		a.report.add("head.missing", "", -1, "")
		return nil
	}
	if h.Size > size || h.Epoch != a.epoch() {
		a.report.add("head.behind", "", size, fmt.Sprintf("%d was published", h.Size))
	}
	return nil
}

func (a *auditor) walkPending(ctx context.Context) error {
	after := int64(-1)
	for {
		var rows []placedRow
		err := a.placed(&rows).Join("JOIN custody_pending AS p ON p.seq = e.seq").
			Where("p.seq > ?", after).OrderExpr("p.seq").Limit(1000).Scan(ctx)
		if err != nil {
			return err
		}
		if err := a.checkSubjects(ctx, rows); err != nil {
			return err
		}
		for i := range rows {
			if rows[i].Idx.Valid {
				a.report.add("entry.double", rows[i].ID, rows[i].Idx.Int64, "")
			}
			if err := a.checkEntry(ctx, &rows[i].entryRow, -1); err != nil {
				return err
			}
			after = rows[i].Seq
			a.report.Pending++
		}
		if len(rows) < 1000 {
			return nil
		}
	}
}

// checkTiles compares the stored tiles with the computed ones.
func (a *auditor) checkTiles(ctx context.Context) error {
	seen := 0
	last := tileKey{-1, -1}
	for {
		var rows []tileRow
		err := a.tx.NewSelect().Model(&rows).Where("level > ? OR (level = ? AND n > ?)", last.level, last.level, last.n).
			OrderExpr("level, n").Limit(200).Scan(ctx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			last = tileKey{int(r.Level), r.N}
			want, ok := a.tiles[last]
			if !ok || !bytes.Equal(want, r.Hashes) {
				a.report.add("tree.tile", "", r.N, fmt.Sprintf("level %d", r.Level))
			}
			if ok {
				seen++
			}
		}
		if len(rows) < 200 {
			break
		}
	}
	if seen != len(a.tiles) {
		a.report.add("tree.tile", "", -1, fmt.Sprintf("%d of %d tiles found", seen, len(a.tiles)))
	}
	return nil
}

// placed selects entries with their places.
func (a *auditor) placed(rows *[]placedRow) *bun.SelectQuery {
	return a.tx.NewSelect().Model(rows).ModelTableExpr("custody_entry AS e").
		ColumnExpr("e.*").ColumnExpr("l.idx").Join("LEFT JOIN custody_leaf AS l ON l.seq = e.seq")
}

// epoch is the current epoch as the database has it.
func (a *auditor) epoch() int64 {
	if len(a.epochs) == 0 {
		return 1
	}
	return a.epochs[len(a.epochs)-1].Epoch
}

// checkEntry opens every commitment of an entry again.
func (a *auditor) checkEntry(ctx context.Context, r *entryRow, index int64) error {
	gone := map[string]bool{}
	if r.Erased != "" {
		for n := range strings.SplitSeq(r.Erased, ",") {
			gone[n] = true
		}
		told, err := a.erasuresOf(ctx, r.ID)
		if err != nil {
			return err
		}
		for n := range gone {
			if !told[n] {
				a.report.add("entry.erased", r.ID, index, n)
			}
		}
	}
	if len(r.Commitments) != len(fieldNames)*32 || len(r.Salts) != len(fieldNames)*16 {
		a.report.add("entry.commitment", r.ID, index, "length")
		return nil
	}
	values := [...]string{
		r.ID, time.UnixMicro(r.At).UTC().Format("2006-01-02T15:04:05.000000Z"), r.ActorKind, r.ActorID, r.ActorRole, r.Action,
		r.SubjectKind, r.SubjectID, r.Related, r.Article, r.Requirement, r.Outcome, r.DetailDigest,
	}
	for i, name := range fieldNames {
		if !gone[name] && !bytes.Equal(r.Commitments[i*32:][:32], commitment(name, r.Salts[i*16:][:16], values[i])) {
			a.report.add("entry.commitment", r.ID, index, name)
		}
	}
	a.checkDetail(r, gone, index)
	// That it was intended, or refused, made no row.
	if (r.Action == custody.ActionKeyAdded || r.Action == custody.ActionNewEpoch) && r.Outcome == string(custody.Done) {
		a.keyEntries[r.ID] = *r
	}
	return nil
}

func (a *auditor) checkDetail(r *entryRow, gone map[string]bool, index int64) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.Detail), &values); err != nil {
		a.report.add("entry.detail", r.ID, index, "json")
		return
	}
	var text strings.Builder
	text.WriteString("zhilu-detail/v1\n")
	seen := 0
	for line := range strings.Lines(r.DetailParts) {
		f := strings.Fields(line)
		if len(f) != 3 {
			a.report.add("entry.detail", r.ID, index, "parts")
			return
		}
		text.WriteString(f[0] + " " + f[1] + "\n")
		value, have := values[f[0]]
		if f[2] == "-" {
			if !gone["detail."+f[0]] || have {
				a.report.add("entry.erased", r.ID, index, "detail."+f[0])
			}
			continue
		}
		seen++
		salt, err := base64.StdEncoding.DecodeString(f[2])
		if err != nil || !have || base64.StdEncoding.EncodeToString(commitment("detail."+f[0], salt, string(value))) != f[1] {
			a.report.add("entry.commitment", r.ID, index, "detail."+f[0])
		}
	}
	digest := sha256.Sum256([]byte(text.String()))
	if seen != len(values) || hex.EncodeToString(digest[:]) != r.DetailDigest {
		a.report.add("entry.detail", r.ID, index, "digest")
	}
}

// erasuresOf gives the fields that opening.erased entries name for an entry.
func (a *auditor) erasuresOf(ctx context.Context, id string) (map[string]bool, error) {
	var details []string
	err := a.tx.NewRaw(`SELECT e.detail FROM custody_subject AS s JOIN custody_entry AS e ON e.seq = s.seq
		WHERE s.kind = 'entry' AND s.subject_id = ? AND e.action = ? AND e.subject_id = ?`, id, custody.ActionErased, id).Scan(ctx, &details)
	if err != nil {
		return nil, err
	}
	told := map[string]bool{}
	for _, d := range details {
		var v struct{ Fields []string }
		if err := json.Unmarshal([]byte(d), &v); err != nil {
			continue // checkEntry finds it at that entry
		}
		for _, f := range v.Fields {
			told[f] = true
		}
	}
	return told, nil
}

// checkSubjects compares the index of subjects with what the entries name.
func (a *auditor) checkSubjects(ctx context.Context, rows []placedRow) error {
	if len(rows) == 0 {
		return nil
	}
	seqs := make([]int64, len(rows))
	for i := range rows {
		seqs[i] = rows[i].Seq
	}
	var have []subjectRow
	if err := a.tx.NewSelect().Model(&have).Where("seq IN ?", bun.Tuple(seqs)).Scan(ctx); err != nil {
		return err
	}
	bySeq := map[int64][]string{}
	for _, s := range have {
		bySeq[s.Seq] = append(bySeq[s.Seq], s.Kind+":"+s.SubjectID)
	}
	for i := range rows {
		r := &rows[i]
		var want []string
		if r.SubjectID != "" {
			want = append(want, r.SubjectKind+":"+r.SubjectID)
		}
		if r.Related != "" {
			want = append(want, strings.Split(r.Related, ",")...)
		}
		slices.Sort(want)
		got := bySeq[r.Seq]
		slices.Sort(got)
		if !slices.Equal(slices.Compact(want), got) {
			a.report.add("entry.subjects", r.ID, -1, "")
		}
	}
	return nil
}

var errNoKey = errors.New("audit: no key was valid there")
