package recording

import (
	"context"
	"iter"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// Order is how a list is sorted, always with the id as tie break.
type Order string

// The orders, newest first.
const (
	ByStored Order = "stored"
	ByStart  Order = "start"
)

// Filter narrows a list; empty fields do not. There is no order or count by officer (decision 4).
type Filter struct {
	Query      string    // words, names, numbers; Chinese by pairs of characters
	From, To   time.Time // of the start by the camera's clock where it is known, else of storing; To is exclusive
	Department ident.DepartmentID
	Officer    ident.PersonID
	Device     ident.DeviceID
	Verdict    storage.Verdict
	Flag       Flag
	State      State
	Kind       Kind
	Card       ident.CardID
	Order      Order // ByStored if empty
}

// Cursor is where a page begins: after this row. The zero value is the beginning. Text is opaque and safe in a URL.
type Cursor string

// MaxCount is as far as a list is counted: more is shown as "10,000+".
const MaxCount = 10_000

// Page is one page of a list.
type Page struct {
	Rows  []Recording
	Next  Cursor // "" at the end
	Count int    // rows the filter matches in scope, at most MaxCount
	More  bool   // there are more than MaxCount
}

// List gives a page of recordings in the actor's scope (R-21-1). limit is at most 200.
func (s *Service) List(ctx context.Context, actor access.Actor, f Filter, after Cursor, limit int) (Page, error) {
	panic("not yet")
}

// Inbox gives a page of recordings that wait to be settled (待认领): unknown camera, no officer, unreadable, empty or
// foreign files, doubtful clocks.
func (s *Service) Inbox(ctx context.Context, actor access.Actor, f Filter, after Cursor, limit int) (Page, error) {
	panic("not yet")
}

// Export writes an entry with the filter and the count, and yields every row in scope, for a ledger in Excel.
func (s *Service) Export(ctx context.Context, actor access.Actor, f Filter) (iter.Seq2[Recording, error], error) {
	panic("not yet")
}
