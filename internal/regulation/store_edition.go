package regulation

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/edition"
)

// texts are the columns both an edition and a draft have.
type texts struct {
	Documents    string
	Deadlines    string
	Matters      string
	Requirements string
	Calendar     string
	Powers       string
}

var textColumns = []string{"documents", "deadlines", "matters", "requirements", "calendar", "powers"}

func textsOf(f edition.Files) texts {
	return texts{string(f.Documents), string(f.Deadlines), string(f.Matters), string(f.Requirements), string(f.Calendar), string(f.Powers)}
}

func (t texts) files() edition.Files {
	return edition.Files{
		Documents: []byte(t.Documents), Deadlines: []byte(t.Deadlines), Matters: []byte(t.Matters),
		Requirements: []byte(t.Requirements), Calendar: []byte(t.Calendar), Powers: []byte(t.Powers),
	}
}

type editionRow struct {
	bun.BaseModel `bun:"table:regulation_edition,alias:e"`

	ID          ident.EditionID `bun:",pk"`
	Number      int
	FromDay     string
	Words       string
	AdoptedAt   int64
	AdoptedBy   ident.PersonID
	AdoptedName string
	DraftID     ident.DraftID
	EntryID     ident.EntryID

	Documents    string
	Deadlines    string
	Matters      string
	Requirements string
	Calendar     string
	Powers       string
}

const editionTable = "regulation_edition"

var editionHead = []string{"id", "number", "from_day", "words", "adopted_at", "adopted_by", "adopted_name", "draft_id", "entry_id"}

func (r *editionRow) adoption() Adoption {
	return Adoption{
		ID: r.ID, Number: r.Number, From: r.FromDay, Words: r.Words, AdoptedAt: clock.FromMicros(r.AdoptedAt),
		AdoptedBy: r.AdoptedBy, AdoptedName: r.AdoptedName, Draft: r.DraftID, Entry: r.EntryID,
	}
}

// The entry of an adoption stands in the draft's history: one deed, one entry.
func (r *editionRow) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "edition_draft", ID: string(r.DraftID)}, Entry: r.EntryID,
		Says: vouch.Of(r, append([]string{"adopted_name"}, textColumns...)...),
	}
}

func insertEdition(ctx context.Context, q bun.IDB, a Adoption, f edition.Files) ([]any, error) {
	t := textsOf(f)
	r := &editionRow{
		ID: a.ID, Number: a.Number, FromDay: a.From, Words: a.Words, AdoptedAt: clock.Micros(a.AdoptedAt), AdoptedBy: a.AdoptedBy,
		AdoptedName: a.AdoptedName, DraftID: a.Draft, EntryID: a.Entry, Documents: t.Documents, Deadlines: t.Deadlines,
		Matters: t.Matters, Requirements: t.Requirements, Calendar: t.Calendar, Powers: t.Powers,
	}
	if _, err := q.NewInsert().Model(r).Exec(ctx); err != nil {
		return nil, fmt.Errorf("regulation: insert edition: %w", err)
	}
	return []any{vouch.Key(editionTable), r.vouched().Says}, nil
}

func editionWhere(ctx context.Context, q bun.IDB, where string, args ...any) (Adoption, error) {
	var r editionRow
	err := q.NewSelect().Model(&r).Column(editionHead...).Where(where, args...).OrderExpr("e.number DESC").Limit(1).Scan(ctx)
	if err != nil {
		return Adoption{}, fail(db.NotFound(err, "edition.none"), "read edition")
	}
	return r.adoption(), nil
}

// editionOn gives the one with the greatest number that is in force on the day: first days never go back.
func editionOn(ctx context.Context, q bun.IDB, day string) (Adoption, error) {
	return editionWhere(ctx, q, "e.from_day <= ?", day)
}

func editionNumbered(ctx context.Context, q bun.IDB, number int) (Adoption, error) {
	return editionWhere(ctx, q, "e.number = ?", number)
}

func newestEdition(ctx context.Context, q bun.IDB) (Adoption, error) {
	return editionWhere(ctx, q, "e.number > 0")
}

func selectEditions(ctx context.Context, q bun.IDB) ([]Adoption, error) {
	var rows []editionRow
	if err := q.NewSelect().Model(&rows).Column(editionHead...).OrderExpr("e.number DESC").Limit(500).Scan(ctx); err != nil {
		return nil, fail(err, "list editions")
	}
	out := make([]Adoption, len(rows))
	for i := range rows {
		out[i] = rows[i].adoption()
	}
	return out, nil
}

func selectFiles(ctx context.Context, q bun.IDB, id ident.EditionID) (edition.Files, error) {
	var t texts
	err := q.NewSelect().Model((*editionRow)(nil)).Column(textColumns...).Where("e.id = ?", id).Scan(ctx, &t)
	return t.files(), fail(db.NotFound(err, "edition.none"), "read edition")
}

// filesNumbered gives the text of an edition by its number, 0 for what the program ships.
func filesNumbered(ctx context.Context, q bun.IDB, number int) (edition.Files, error) {
	if number == 0 {
		return edition.Shipped()
	}
	a, err := editionNumbered(ctx, q, number)
	if err != nil {
		return edition.Files{}, err
	}
	return selectFiles(ctx, q, a.ID)
}

type draftRow struct {
	bun.BaseModel `bun:"table:regulation_draft,alias:d"`

	ID        ident.DraftID `bun:",pk"`
	No        int64
	Base      int
	Revision  int
	State     DraftState
	Words     string
	BegunAt   int64
	BegunBy   ident.PersonID
	BegunName string

	EndedAt    int64
	EndedBy    ident.PersonID
	EndedName  string
	EndedWords string

	Documents    string
	Deadlines    string
	Matters      string
	Requirements string
	Calendar     string
	Powers       string
}

const draftTable = "regulation_draft"

var draftHead = []string{
	"id", "no", "base", "revision", "state", "words", "begun_at", "begun_by", "begun_name", "ended_at", "ended_by", "ended_name", "ended_words",
}

func (r *draftRow) draft() Draft {
	return Draft{
		ID: r.ID, No: r.No, Base: r.Base, Revision: r.Revision, State: r.State, Words: r.Words, BegunAt: clock.FromMicros(r.BegunAt),
		BegunBy: r.BegunBy, BegunName: r.BegunName, EndedAt: clock.FromMicros(r.EndedAt), EndedBy: r.EndedBy,
		EndedName: r.EndedName, EndedWords: r.EndedWords,
	}
}

func (r *draftRow) files() edition.Files {
	return texts{r.Documents, r.Deadlines, r.Matters, r.Requirements, r.Calendar, r.Powers}.files()
}

func (r *draftRow) vouched() vouch.Row {
	return vouch.Row{
		ID: string(r.ID), Subject: custody.Subject{Kind: "edition_draft", ID: string(r.ID)},
		Says: vouch.Of(r, append([]string{"begun_name", "ended_name"}, textColumns...)...),
	}
}

// insertDraft gives the draft its number and keeps it. On PostgreSQL two that begin at once may want the same number:
// then one is fault Conflict "edition.changed" and can be tried again.
func insertDraft(ctx context.Context, q bun.IDB, d *Draft, f edition.Files) ([]any, error) {
	var last int64
	if err := q.NewSelect().Model((*draftRow)(nil)).ColumnExpr("COALESCE(MAX(d.no), 0)").Scan(ctx, &last); err != nil {
		return nil, fail(err, "number draft")
	}
	d.No = last + 1
	t := textsOf(f)
	r := &draftRow{
		ID: d.ID, No: d.No, Base: d.Base, State: d.State, Words: d.Words, BegunAt: clock.Micros(d.BegunAt), BegunBy: d.BegunBy,
		BegunName: d.BegunName, Documents: t.Documents, Deadlines: t.Deadlines, Matters: t.Matters, Requirements: t.Requirements,
		Calendar: t.Calendar, Powers: t.Powers,
	}
	_, err := q.NewInsert().Model(r).Exec(ctx)
	if db.IsUnique(err) {
		return nil, fault.Wrap(err, fault.Conflict, "edition.changed")
	}
	return []any{vouch.Key(draftTable), r.vouched().Says}, fail(err, "insert draft")
}

// lockedDraft reads an open draft for a change at this revision.
func lockedDraft(ctx context.Context, q bun.IDB, id ident.DraftID, revision int) (Draft, edition.Files, error) {
	r, err := vouch.Locked[draftRow](ctx, q, string(id))
	if err != nil {
		return Draft{}, edition.Files{}, fail(db.NotFound(err, "edition.no_draft"), "lock draft")
	}
	switch {
	case r.State != DraftOpen:
		return Draft{}, edition.Files{}, fault.New(fault.Conflict, "edition.ended")
	case r.Revision != revision:
		return Draft{}, edition.Files{}, fault.New(fault.Conflict, "edition.changed")
	}
	return r.draft(), r.files(), nil
}

// updateDraft writes a draft that was locked, with its text if that changed, and gives what an entry says of the row.
func updateDraft(ctx context.Context, q bun.IDB, d Draft, f *edition.Files) ([]any, error) {
	u := q.NewUpdate().Model((*draftRow)(nil)).Where("id = ?", d.ID).
		Set("base = ?", d.Base).Set("revision = ?", d.Revision).Set("state = ?", d.State).Set("ended_at = ?", clock.Micros(d.EndedAt)).
		Set("ended_by = ?", d.EndedBy).Set("ended_name = ?", d.EndedName).Set("ended_words = ?", d.EndedWords)
	if f != nil {
		for i, v := range []string{string(f.Documents), string(f.Deadlines), string(f.Matters), string(f.Requirements), string(f.Calendar), string(f.Powers)} {
			u = u.Set("? = ?", bun.Ident(textColumns[i]), v)
		}
	}
	if _, err := u.Exec(ctx); err != nil {
		return nil, fail(err, "update draft")
	}
	r, err := vouch.Locked[draftRow](ctx, q, string(d.ID))
	if err != nil {
		return nil, fail(err, "read draft")
	}
	return []any{vouch.Key(draftTable), r.vouched().Says}, nil
}

func selectDraft(ctx context.Context, q bun.IDB, id ident.DraftID) (Draft, error) {
	var r draftRow
	if err := q.NewSelect().Model(&r).Column(draftHead...).Where("d.id = ?", id).Scan(ctx); err != nil {
		return Draft{}, fail(db.NotFound(err, "edition.no_draft"), "read draft")
	}
	return r.draft(), nil
}

func selectDraftFiles(ctx context.Context, q bun.IDB, id ident.DraftID) (edition.Files, error) {
	var t texts
	err := q.NewSelect().Model((*draftRow)(nil)).Column(textColumns...).Where("d.id = ?", id).Scan(ctx, &t)
	return t.files(), fail(db.NotFound(err, "edition.no_draft"), "read draft")
}

func selectDrafts(ctx context.Context, q bun.IDB) ([]Draft, error) {
	var rows []draftRow
	err := q.NewSelect().Model(&rows).Column(draftHead...).OrderExpr("CASE d.state WHEN 'open' THEN 0 ELSE 1 END, d.no DESC").Limit(200).Scan(ctx)
	if err != nil {
		return nil, fail(err, "list drafts")
	}
	out := make([]Draft, len(rows))
	for i := range rows {
		out[i] = rows[i].draft()
	}
	return out, nil
}

type stepRow struct {
	bun.BaseModel `bun:"table:regulation_step,alias:s"`

	ID       ident.StepID `bun:",pk"`
	DraftID  ident.DraftID
	Revision int
	Step     string
	Part     edition.Part
	RowID    string
	MadeAt   int64
	MadeBy   ident.PersonID
	MadeName string
	EntryID  ident.EntryID
}

func insertStep(ctx context.Context, q bun.IDB, id ident.DraftID, st DraftStep) error {
	_, err := q.NewInsert().Model(&stepRow{
		ID: ident.New[ident.StepID](), DraftID: id, Revision: st.Revision, Step: st.Step, Part: st.Part, RowID: st.Said.ID,
		MadeAt: clock.Micros(st.At), MadeBy: st.By, MadeName: st.ByName, EntryID: st.Entry,
	}).Exec(ctx)
	return fail(err, "insert step")
}

func selectSteps(ctx context.Context, q bun.IDB, id ident.DraftID) ([]DraftStep, error) {
	var rows []stepRow
	if err := q.NewSelect().Model(&rows).Where("s.draft_id = ?", id).OrderExpr("s.revision DESC").Scan(ctx); err != nil {
		return nil, fail(err, "list steps")
	}
	out := make([]DraftStep, len(rows))
	for i, r := range rows {
		out[i] = DraftStep{
			Revision: r.Revision, Said: edition.Said{Step: r.Step, Part: r.Part, ID: r.RowID}, At: clock.FromMicros(r.MadeAt),
			By: r.MadeBy, ByName: r.MadeName, Entry: r.EntryID,
		}
	}
	return out, nil
}

// Tables are the tables by which cases are judged, for fsck.
func Tables() []vouch.Table {
	return []vouch.Table{
		vouch.NewTable(editionTable, (*editionRow).vouched),
		vouch.NewTable(draftTable, (*draftRow).vouched),
	}
}

// fail names what could not be done; faults stay what they are.
func fail(err error, doing string) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fmt.Errorf("regulation: %s: %w", doing, err)
}
