package rows

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
)

// Clashes lists the words of a draft that met others and are not settled.
func Clashes(ctx context.Context, q bun.IDB, id ident.PaperID) ([]Clash, error) {
	var rows []Clash
	err := q.NewSelect().Model(&rows).Where("paper_id = ? AND settled_at = 0", id).OrderExpr("id").Scan(ctx)
	return rows, Fail(err)
}

// Clash is words of a draft that met others.
type Clash struct {
	bun.BaseModel `bun:"table:case_clash"`

	ID      ident.ClashID  `bun:"id,pk"`
	Paper   ident.PaperID  `bun:"paper_id"`
	Field   string         `bun:"field"`
	Value   string         `bun:"value"`
	By      ident.PersonID `bun:"by_id"`
	At      int64          `bun:"at"`
	Settled int64          `bun:"settled_at"`
}

// Presence is the row of an officer at a place for a time (R-08-02).
type Presence struct {
	bun.BaseModel `bun:"table:case_presence"`

	ID     string         `bun:"id,pk"`
	Paper  ident.PaperID  `bun:"paper_id"`
	Person ident.PersonID `bun:"person_id"`
	From   int64          `bun:"from_at"`
	To     int64          `bun:"to_at"`
}

// Elsewhere finds another paper, of any case, by which one of the people was in another place at that time.
func Elsewhere(ctx context.Context, q bun.IDB, paper ident.PaperID, people []ident.PersonID, from, to time.Time) (*Presence, error) {
	if len(people) == 0 {
		return nil, nil
	}
	var rows []Presence
	err := q.NewSelect().Model(&rows).Where("person_id IN (?)", bun.List(people)).Where("paper_id <> ?", paper).
		Where("from_at < ? AND to_at > ?", clock.Micros(to), clock.Micros(from)).OrderExpr("from_at").Limit(1).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, Fail(err)
	}
	return &rows[0], nil
}

// InsertPresence notes that people were where a paper was made.
func InsertPresence(ctx context.Context, q bun.IDB, paper ident.PaperID, people []ident.PersonID, from, to time.Time) error {
	for _, p := range people {
		r := &Presence{ID: ident.New[string](), Paper: paper, Person: p, From: clock.Micros(from), To: clock.Micros(to)}
		if err := Insert(ctx, q, r); err != nil {
			return err
		}
	}
	return nil
}

// DeletePresence takes back what a paper said of who was where.
func DeletePresence(ctx context.Context, q bun.IDB, paper ident.PaperID) error {
	_, err := q.NewDelete().Model((*Presence)(nil)).Where("paper_id = ?", paper).Exec(ctx)
	return Fail(err)
}

// Attachment is the row of an attached file with its bytes.
type Attachment struct {
	bun.BaseModel `bun:"table:case_attachment"`

	ID      ident.AttachmentID `bun:"id,pk"`
	Case    ident.CaseID       `bun:"case_id"`
	Paper   ident.PaperID      `bun:"paper_id"`
	Name    string             `bun:"name"`
	Kind    string             `bun:"kind"`
	Size    int64              `bun:"size"`
	SHA256  string             `bun:"sha256"`
	Content []byte             `bun:"content"`
	By      ident.PersonID     `bun:"by_id"`
	At      int64              `bun:"at"`
	Entry   ident.EntryID      `bun:"entry_id"`
}

// AttachmentsOf lists the files attached to papers of a case, without their bytes.
func AttachmentsOf(ctx context.Context, q bun.IDB, id ident.CaseID) ([]Attachment, error) {
	var rows []Attachment
	err := q.NewSelect().Model(&rows).ExcludeColumn("content").Where("case_id = ?", id).OrderExpr("id").Scan(ctx)
	return rows, Fail(err)
}

// AttachmentBy reads an attached file with its bytes.
func AttachmentBy(ctx context.Context, q bun.IDB, id ident.AttachmentID) (*Attachment, error) {
	r := new(Attachment)
	err := q.NewSelect().Model(r).Where("id = ?", id).Scan(ctx)
	return r, err
}
