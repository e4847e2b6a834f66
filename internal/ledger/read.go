package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"

	"zhilu.dev/zhilu/internal/fault"
)

// maxCells bounds the work a file can cause: a row may claim 16,384 cells in thirty bytes.
const maxCells = 1 << 20

// headingRows is how far down the headings may stand, below a title or a note.
const headingRows = 10

// Read reads the first sheet of a workbook. Rows without content are skipped; rows that have a problem are among rows
// as well as in problems, so that a preview can show them. A missing required column is a problem of line 0 and no
// rows are given. Faults: Invalid "ledger.unreadable" (not a workbook, damaged, protected by a password),
// TooLarge "ledger.too_large" (bytes, as sent or unpacked) and "ledger.too_many_rows" (args: the limit).
func Read(data []byte, spec Spec) (rows []Row, problems []Problem, err error) {
	if len(data) > MaxFile {
		return nil, nil, fault.New(fault.TooLarge, "ledger.too_large", MaxFile>>20)
	}
	if !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return nil, nil, fault.New(fault.Invalid, "ledger.unreadable").At("file")
	}
	// The library parses hostile XML; a panic in it is one unreadable file, not a stopped server.
	defer func() {
		if r := recover(); r != nil {
			rows, problems = nil, nil
			err = fault.Wrap(fmt.Errorf("excelize panicked: %v", r), fault.Invalid, "ledger.unreadable").At("file")
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: MaxUnpacked, UnzipXMLSizeLimit: MaxUnpacked,
	})
	if err != nil {
		if strings.Contains(err.Error(), "unzip size exceeds") {
			return nil, nil, fault.Wrap(err, fault.TooLarge, "ledger.too_large", MaxUnpacked>>20)
		}
		return nil, nil, fault.Wrap(err, fault.Invalid, "ledger.unreadable").At("file")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := reader{spec: spec, max: spec.MaxRows, left: maxCells}
	if r.max == 0 {
		r.max = DefaultMaxRows
	}
	if p, err := f.GetWorkbookProps(); err == nil && p.Date1904 != nil {
		r.from1904 = *p.Date1904
	}
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return nil, nil, fault.New(fault.Invalid, "ledger.unreadable").At("file")
	}
	if err := r.sheet(f, sheets[0]); err != nil {
		return nil, nil, err
	}
	return r.rows, r.problems, nil
}

type reader struct {
	spec     Spec
	max      int
	left     int   // cells that may still be read
	at       []int // column of the sheet → index into spec.Columns, -1 for none; nil before the headings
	from1904 bool
	rows     []Row
	problems []Problem
}

func (r *reader) sheet(f *excelize.File, name string) error {
	it, err := f.Rows(name)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "ledger.unreadable").At("file")
	}
	defer func() { _ = it.Close() }()
	filled, first := 0, []string(nil)
	for line := 1; it.Next(); line++ {
		cells, err := it.Columns()
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "ledger.unreadable").At("file")
		}
		if r.left -= len(cells); r.left < 0 {
			return fault.New(fault.TooLarge, "ledger.too_many_rows", r.max)
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return clean(c) != "" }) {
			continue
		}
		if r.at == nil {
			if filled++; filled == 1 {
				first = cells
			}
			if r.headings(cells); r.at == nil && filled >= headingRows {
				break
			}
			continue
		}
		if err := r.row(line, cells); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return fault.Wrap(err, fault.Invalid, "ledger.unreadable").At("file")
	}
	if r.at == nil {
		r.missing(first)
	}
	return nil
}

// headings takes cells as the headings if every required column is among them.
func (r *reader) headings(cells []string) {
	at, found := r.match(cells)
	for i, c := range r.spec.Columns {
		if c.Required && found[i] == 0 {
			return
		}
	}
	if !slices.ContainsFunc(found, func(n int) bool { return n > 0 }) {
		return
	}
	for i, c := range r.spec.Columns {
		if found[i] > 1 {
			r.problems = append(r.problems, Problem{Column: c.Key, Code: ProblemTwiceColumn, Args: []any{c.Titles[0]}})
		}
	}
	r.at = at
}

func (r *reader) missing(first []string) {
	_, found := r.match(first)
	for i, c := range r.spec.Columns {
		if c.Required && found[i] == 0 {
			r.problems = append(r.problems, Problem{Column: c.Key, Code: ProblemMissingColumn, Args: []any{c.Titles[0]}})
		}
	}
}

// match says which column each cell heads, and how often each column is found. The first one counts.
func (r *reader) match(cells []string) (at, found []int) {
	at, found = make([]int, len(cells)), make([]int, len(r.spec.Columns))
	for i, cell := range cells {
		at[i] = -1
		title := foldTitle(cell)
		if title == "" {
			continue
		}
		for j, c := range r.spec.Columns {
			if slices.ContainsFunc(c.Titles, func(t string) bool { return foldTitle(t) == title }) {
				if found[j]++; found[j] == 1 {
					at[i] = j
				}
			}
		}
	}
	return at, found
}

func (r *reader) row(line int, cells []string) error {
	row := Row{Line: line, Cells: make(map[string]string, len(r.spec.Columns))}
	for i, cell := range cells {
		if i < len(r.at) && r.at[i] >= 0 {
			if v := clean(cell); v != "" {
				row.Cells[r.spec.Columns[r.at[i]].Key] = v
			}
		}
	}
	if len(row.Cells) == 0 {
		return nil // only columns we did not ask for
	}
	if len(r.rows) == r.max {
		return fault.New(fault.TooLarge, "ledger.too_many_rows", r.max)
	}
	for _, c := range r.spec.Columns {
		v := row.Cells[c.Key]
		switch {
		case v == "" && c.Required:
			r.problems = append(r.problems, Problem{Line: line, Column: c.Key, Code: ProblemEmpty})
		case utf8.RuneCountInString(v) > MaxCell:
			row.Cells[c.Key] = string([]rune(v)[:MaxCell])
			r.problems = append(r.problems, Problem{Line: line, Column: c.Key, Code: ProblemTooLong, Args: []any{MaxCell}})
		case v != "" && c.Date:
			day, ok := parseDay(v, r.from1904)
			if !ok {
				r.problems = append(r.problems, Problem{Line: line, Column: c.Key, Code: ProblemDate, Args: []any{v}})
				continue
			}
			row.Cells[c.Key] = day
		}
	}
	r.rows = append(r.rows, row)
	return nil
}

// clean trims a cell and takes out what cannot be seen: control characters and broken encodings. Marks that steer
// the direction of writing stay out too: they can make a name read as another one.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u00a0' || r == '\u3000':
			return ' '
		case unicode.IsControl(r), r == utf8.RuneError, r == '\ufeff', r >= '\u202a' && r <= '\u202e',
			r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\u200b':
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(strings.TrimSpace(s))
}

// foldTitle makes headings comparable.
func foldTitle(s string) string {
	s = strings.ToLower(norm.NFKC.String(clean(s)))
	s = strings.TrimSuffix(s, "(必填)")
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '*' || r == ':' {
			return -1
		}
		return r
	}, s)
}

var dayLayouts = []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102", time.RFC3339, "2006-1-2 15:04:05", "2006-01-02T15:04:05"}

// parseDay reads a day as people and Excel write it. A bare number is Excel's count of days.
func parseDay(s string, from1904 bool) (string, bool) {
	text := norm.NFKC.String(strings.ReplaceAll(s, " ", ""))
	for _, layout := range dayLayouts {
		in := text
		if strings.Contains(layout, " ") {
			in = strings.TrimSpace(s)
		}
		if t, err := time.Parse(layout, in); err == nil {
			return plausible(t)
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n < 1 || n > 100000 {
		return "", false
	}
	t, err := excelize.ExcelDateToTime(n, from1904)
	if err != nil {
		return "", false
	}
	return plausible(t)
}

func plausible(t time.Time) (string, bool) {
	return t.Format(time.DateOnly), t.Year() >= 1950 && t.Year() <= 2150
}
