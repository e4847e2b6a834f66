// Package ledger reads and writes the tables people keep in Excel (台账): imports of people and cameras, exports of
// lists. What is read may come from anybody, so it is bounded in size, rows and time before it is believed; what is
// written must be harmless when opened, so no cell can become a formula (T26).
package ledger

// Column is one column of a table that is read. Titles are the headings under which it is accepted, in any language;
// spaces, full-width forms and letter case do not matter, and a trailing "*" or "（必填）" is ignored. The first title
// is the one a template shows.
type Column struct {
	Key      string
	Titles   []string
	Required bool // the column must exist and its cells must not be empty
	Date     bool // cells are days, in any way people write them; Read gives them as 2006-01-02
}

// Spec says what a table must look like.
type Spec struct {
	Columns []Column
	MaxRows int // rows with content below the headings; 0 means DefaultMaxRows
}

// The bounds of a file that is read.
const (
	MaxFile        = 10 << 20 // bytes as sent
	MaxUnpacked    = 64 << 20 // bytes once unpacked
	MaxCell        = 1000     // characters in a cell
	DefaultMaxRows = 5000
)

// Row is one row of a table. Line is its number as Excel shows it; Cells holds the trimmed text by column
// key, without control characters. Of a formula it holds the result last shown.
type Row struct {
	Line  int
	Cells map[string]string
}

// Problem is something wrong with one row, or with the headings (Line 0). Code is stable; the catalogues hold
// "ledger.problem.<code>", formatted with Args. Column is the column's key.
type Problem struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty"`
	Code   string `json:"code"`
	Args   []any  `json:"args,omitempty"`
}

// The problems Read itself finds.
const (
	ProblemMissingColumn = "missing_column" // args: the title
	ProblemTwiceColumn   = "twice_column"   // args: the title
	ProblemEmpty         = "empty"          // a required cell is empty
	ProblemTooLong       = "too_long"       // args: the limit in characters
	ProblemDate          = "date"           // args: what stands there; no day can be read from it
)
