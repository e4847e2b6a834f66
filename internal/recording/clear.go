package recording

import (
	"context"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
)

// ClearFile is one file a clear order names, and what became of it.
type ClearFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// ClearOrder is a custodian's order to empty a card (清卡命令): it names only files that are verified and whose entries
// are in the log, works once and for 24 hours (decision 14).
type ClearOrder struct {
	ID                  ident.ClearID
	Card                ident.CardID
	IssuedAt, ExpiresAt time.Time
	Files               []ClearFile
	Reported            bool
}

// ClearResult is what the dock says became of one file of an order.
type ClearResult struct {
	Path   string
	Status string // "cleared" or "kept"
	Code   string
}

// OrderClear writes and signs an order over the card's files that are verified and in the log; the others stay. It takes
// a confirmed password. Conflict "clear.nothing" if no file qualifies, Forbidden "clear.confirm" without confirmation.
func (s *Service) OrderClear(ctx context.Context, actor access.Actor, card ident.CardID, confirmed bool) (ClearOrder, error) {
	panic("not yet")
}

// PendingClear gives the signed order file for a card to the dock that handed it in. NotFound "clear.none" if there is no
// order, or it was used or has expired.
func (s *Service) PendingClear(ctx context.Context, actor access.Actor, card ident.CardID) ([]byte, error) {
	panic("not yet")
}

// ReportClear ends an order: what was cleared and what was kept, with why, is an entry. Conflict "clear.used" the second
// time.
func (s *Service) ReportClear(ctx context.Context, actor access.Actor, order ident.ClearID, results []ClearResult) error {
	panic("not yet")
}
