// Package rows is the tables of cases: each row as it lies in the database, its way to and from package matter's values,
// and what the log says of it. Nothing here decides anything.
package rows

import (
	"time"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/ident"
)

// Sort is the order of a list. Cases are never ordered by person or by counts (decisions §4).
type Sort string

// The orders.
const (
	SortNewest Sort = ""       // opened last first
	SortOldest Sort = "oldest" // opened first first
	SortDue    Sort = "due"    // what is due first first; cases with nothing due are left out
)

// Filter narrows a list. Empty fields do not narrow.
type Filter struct {
	Acts       []string
	Stages     []string
	States     []matter.State
	Department ident.DepartmentID
	Handler    ident.PersonID
	Overdue    bool      // something of ours is overdue
	From       time.Time // opened at or after
	Before     time.Time // opened before
	Text       string    // part of the number or the cause
	Sort       Sort
	After      string // the Next of the page before
	Limit      int    // rows of a page; 0 means 50, at most 200
}
