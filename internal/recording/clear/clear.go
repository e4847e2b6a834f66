// Package clear lets a card be emptied: only by a custodian's signed order, once, for a day, and only for files that were
// read back from the disk and stand in the log (decision 14, G16).
package clear

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
)

// File is one file a clear order names.
type File struct {
	Path   string `json:"path"` // exactly as the card's own list had it
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Order is a custodian's order to empty a card (清卡命令): it names only files that are verified and whose entries
// are in the log, works once and for 24 hours (decision 14). Staying counts the card's files it does not name.
type Order struct {
	ID                  ident.ClearID
	Card                ident.CardID
	IssuedAt, ExpiresAt time.Time
	Files               []File
	Staying             int
}

// Result is what the dock says became of one file of an order.
type Result struct {
	Path   string `json:"path"`
	Status string `json:"status"` // "cleared" or "kept"
	Code   string `json:"code,omitempty"`
}

// orderStatement is what is signed, after a line with its format (docs/formats/dock-api.md §5).
type orderStatement struct {
	OrderID   ident.ClearID `json:"order_id"`
	CardID    ident.CardID  `json:"card_id"`
	IssuedAt  time.Time     `json:"issued_at"`
	ExpiresAt time.Time     `json:"expires_at"`
	Files     []File        `json:"files"`
}

type orderFile struct {
	Format    string `json:"format"`
	Statement string `json:"statement"`
	Signature string `json:"signature"`
}

const (
	orderFormat = "zhilu-clear/v1"
	orderLife   = 24 * time.Hour
)

type orderRow struct {
	bun.BaseModel `bun:"table:clear_order"`

	ID         ident.ClearID  `bun:"id,pk"`
	Card       ident.CardID   `bun:"card_id"`
	Statement  string         `bun:"statement"`
	Body       string         `bun:"body"`
	IssuedBy   ident.PersonID `bun:"issued_by"`
	IssuedAt   int64          `bun:"issued_at"`
	ExpiresAt  int64          `bun:"expires_at"`
	ReportedAt int64          `bun:"reported_at"`
	Report     string         `bun:"report"`
}

// Table is the table of clear orders, whose rows entries say.
func Table() vouch.Table { return vouch.NewTable(table, vouched) }

const table = "clear_order"

func vouched(r *orderRow) vouch.Row {
	return vouch.Row{ID: string(r.ID), Subject: custody.Subject{Kind: "clear", ID: string(r.ID)}, Says: vouch.Of(r)}
}

// Config is what a Desk needs.
type Config struct {
	DB    *db.DB
	Gate  *gate.Gate
	Clock clock.Clock
	Keys  *keyring.Keyring // signs orders
}

// Desk writes clear orders and takes what docks report of them. It is safe for concurrent use.
type Desk struct{ c Config }

// New makes a Desk.
func New(c Config) (*Desk, error) {
	if c.DB == nil || c.Gate == nil || c.Clock == nil || c.Keys == nil {
		return nil, errors.New("clear: Config needs DB, Gate, Clock and Keys")
	}
	return &Desk{c}, nil
}

func (s *Desk) sign(statement string) string {
	_, signature := s.c.Keys.Sign(statement)
	return base64.StdEncoding.EncodeToString(signature)
}

// OrderClear writes and signs an order over the card's files that are verified and in the log; the others stay. Once the
// policies agree, confirm is called: it MUST ask the actor's password again, and what it returns ends the order. Without one
// it is Forbidden "clear.confirm". Conflict "clear.nothing" if no file qualifies, "clear.pending" while an earlier order
// still works.
func (s *Desk) OrderClear(ctx context.Context, actor access.Actor, card ident.CardID, confirm func(context.Context) error) (Order, error) {
	row, err := record.One[record.Card](ctx, s.c.DB.Reader, "card.unknown", "id = ?", card)
	if err != nil {
		return Order{}, err
	}
	subject := row.Subject()
	if subject.Department, err = s.cardDepartment(ctx, row, actor); err != nil {
		return Order{}, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.ClearOrder, subject); err != nil {
		return Order{}, err
	}
	if confirm == nil {
		return Order{}, fault.New(fault.Forbidden, "clear.confirm").Under("19")
	}
	if err := confirm(ctx); err != nil {
		return Order{}, err
	}
	files, err := s.clearable(ctx, card)
	if err != nil {
		return Order{}, err
	}
	if len(files) == 0 {
		return Order{}, fault.New(fault.Conflict, "clear.nothing").Under("19")
	}
	var order Order
	err = s.c.Gate.Do(ctx, actor, access.ClearOrder, subject, func(tx *gate.Tx) error {
		now := tx.Now()
		_, pending, err := record.Lookup[orderRow](tx.Context(), tx.DB(), "card_id = ? AND reported_at = 0 AND expires_at > ?", card, clock.Micros(now))
		if err != nil {
			return err
		}
		if pending {
			return fault.New(fault.Conflict, "clear.pending")
		}
		order = Order{
			ID: ident.New[ident.ClearID](), Card: card, IssuedAt: now, ExpiresAt: now.Add(orderLife), Files: files, Staying: row.Files - len(files),
		}
		statement, err := json.Marshal(orderStatement{order.ID, card, order.IssuedAt, order.ExpiresAt, files})
		if err != nil {
			return err
		}
		out := orderRow{
			ID: order.ID, Card: card, Statement: orderFormat + "\n" + string(statement), IssuedBy: actor.Person,
			IssuedAt: clock.Micros(now), ExpiresAt: clock.Micros(order.ExpiresAt),
		}
		body, err := json.Marshal(orderFile{orderFormat, out.Statement, s.sign(out.Statement)})
		if err != nil {
			return err
		}
		out.Body = string(body)
		if err := record.Insert(tx.Context(), tx.DB(), &out); err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			Outcome: custody.Intent, Related: record.Related("clear", string(order.ID), "device", string(row.Device)),
			Detail: custody.Detail("order_id", string(order.ID), "files", len(files), "expires_us", out.ExpiresAt, vouch.Key(table), vouched(&out).Says),
		})
		return err
	})
	return order, err
}

// cardDepartment is whose card it is: its camera's department, else that of its recordings, else, where nobody's, the
// asking custodian's own.
func (s *Desk) cardDepartment(ctx context.Context, card *record.Card, actor access.Actor) (ident.DepartmentID, error) {
	if card.Department != "" {
		return card.Department, nil
	}
	rec, found, err := record.Lookup[record.Recording](ctx, s.c.DB.Reader, "card_id = ? AND department_id <> ''", card.ID)
	if err != nil {
		return "", err
	}
	if found {
		return rec.Department, nil
	}
	return actor.Department, nil
}

// clearable gives the card's files that may go: verified, and their entries in the log of a signed checkpoint.
func (s *Desk) clearable(ctx context.Context, card ident.CardID) ([]File, error) {
	latest, err := custody.Latest(ctx, s.c.DB.Reader)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	listed, err := record.All[record.CardFile](ctx, s.c.DB.Reader, "n", "card_id = ? AND status IN ('sealed', 'duplicate')", card)
	if err != nil {
		return nil, err
	}
	var out []File
	for _, l := range listed {
		file, err := record.One[record.File](ctx, s.c.DB.Reader, "file.unknown", "id = ?", l.File)
		if err != nil {
			return nil, err
		}
		if file.State != record.Verified || file.Size != l.Size {
			continue
		}
		receipt, err := record.NewestReceipt(ctx, s.c.DB.Reader, file.ID)
		if err != nil {
			return nil, err
		}
		in := receipt.State == record.Verified
		for _, id := range []ident.EntryID{file.Entry, receipt.Entry} {
			entry, err := custody.Get(ctx, s.c.DB.Reader, id)
			if err != nil {
				return nil, err
			}
			in = in && entry.Index >= 0 && entry.Index < latest.Size
		}
		if in {
			out = append(out, File{Path: l.Path, Size: l.Size, SHA256: file.SHA256})
		}
	}
	return out, nil
}

// PendingClear gives the signed order file for a card to the dock that handed it in. NotFound "clear.none" if there is no
// order, or it was used or has expired.
func (s *Desk) PendingClear(ctx context.Context, actor access.Actor, card ident.CardID) ([]byte, error) {
	row, err := record.One[record.Card](ctx, s.c.DB.Reader, "card.unknown", "id = ?", card)
	if err != nil {
		return nil, err
	}
	if err := s.c.Gate.Check(ctx, actor, access.ClearFetch, row.Subject()); err != nil {
		return nil, err
	}
	order, err := record.One[orderRow](ctx, s.c.DB.Reader, "clear.none", "card_id = ? AND reported_at = 0 AND expires_at > ?",
		card, clock.Micros(s.c.Clock.Now()))
	if err != nil {
		return nil, err
	}
	return []byte(order.Body), nil
}

// ReportClear ends an order: what was cleared and what was kept, with why, is an entry for each file. Conflict
// "clear.used" the second time, "clear.expired" after its day; a file the order does not name is Invalid
// "clear.not_ordered".
func (s *Desk) ReportClear(ctx context.Context, actor access.Actor, id ident.ClearID, results []Result) error {
	seen, err := record.One[orderRow](ctx, s.c.DB.Reader, "clear.unknown", "id = ?", id)
	if err != nil {
		return err
	}
	card, err := record.One[record.Card](ctx, s.c.DB.Reader, "card.unknown", "id = ?", seen.Card)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.ClearReport, card.Subject(), func(tx *gate.Tx) error {
		order, err := record.One[orderRow](tx.Context(), tx.DB(), "clear.unknown", "id = ?", id)
		if err != nil {
			return err
		}
		if order.ReportedAt != 0 {
			return fault.New(fault.Conflict, "clear.used")
		}
		// A report after the order's day is taken all the same, and says so: what happened must be written down.
		var statement orderStatement
		if err := json.Unmarshal([]byte(order.Statement[len(orderFormat)+1:]), &statement); err != nil {
			return err
		}
		entries := []gate.Entry{{Outcome: custody.Closed, Related: record.Related("clear", string(id), "device", string(card.Device)), Detail: nil}}
		cleared := 0
		for i := range results {
			r := &results[i]
			at := slices.IndexFunc(statement.Files, func(f File) bool { return f.Path == record.Opaque(r.Path) })
			if at < 0 || r.Status != "cleared" && r.Status != "kept" {
				return fault.New(fault.Invalid, "clear.not_ordered").At("files")
			}
			outcome := custody.Done
			if r.Status == "cleared" {
				cleared++
			} else {
				outcome = custody.Refused
			}
			file, err := record.One[record.File](tx.Context(), tx.DB(), "file.unknown", "sha256 = ?", statement.Files[at].SHA256)
			if err != nil {
				return err
			}
			entries = append(entries, gate.Entry{
				Outcome: outcome, Subject: custody.Subject{Kind: "file", ID: string(file.ID)},
				Related: record.Related("clear", string(id), "card", string(card.ID), "recording", string(file.Recording)),
				Detail:  custody.Detail("status", r.Status, "code", record.OrNil(record.ShownOr(r.Code, "")), "sha256", file.SHA256),
			})
		}
		report, err := json.Marshal(results)
		if err != nil {
			return err
		}
		order.ReportedAt, order.Report = clock.Micros(tx.Now()), string(report)
		if err := record.Update(tx.Context(), tx.DB(), order, "reported_at", "report"); err != nil {
			return err
		}
		entries[0].Detail = custody.Detail("order_id", string(id), "cleared", cleared, "kept", len(results)-cleared,
			"unreported", len(statement.Files)-len(results), "after_expiry", clock.Micros(tx.Now()) > order.ExpiresAt,
			vouch.Key(table), vouched(order).Says)
		_, err = tx.Record(entries...)
		return err
	})
}
