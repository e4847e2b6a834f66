package ledger

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/locale"
)

// Heading is one column of a table that is written. Width is in characters, 0 for the usual.
type Heading struct {
	Title string
	Width float64
}

// Day is a moment of which only the day is written.
type Day time.Time

// Table is a table to write. Title names the sheet. A row's cells may be string, int, int64, float64, bool,
// time.Time (written to the second) and Day, both as text in Asia/Shanghai; nil and zero times are empty cells. A row with an
// error ends the writing with that error.
type Table struct {
	Title   string
	Columns []Heading
	Rows    iter.Seq2[[]any, error]
}

// maxText is what Excel takes in a cell.
const maxText = 32767

// Write writes the table as a workbook of one sheet, row by row: memory does not grow with the rows. Text that a
// spreadsheet program could take for a formula gets a leading ' (T26) and characters that cannot be seen are left
// out. The file is complete only if Write returns nil.
func Write(w io.Writer, t Table) (err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	sheet := sheetName(t.Title)
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	sw, err := f.NewStreamWriter(sheet)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	head, err := heading(f, sw, t.Columns)
	if err != nil {
		return err
	}
	if err := sw.SetRow("A1", head); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if t.Rows != nil {
		line := 1
		for row, err := range t.Rows {
			if err != nil {
				return err
			}
			line++
			cells := make([]any, len(row))
			for i, v := range row {
				cells[i] = cell(v)
			}
			if err := sw.SetRow(fmt.Sprintf("A%d", line), cells); err != nil {
				return fmt.Errorf("ledger: row %d: %w", line, err)
			}
		}
	}
	if err := sw.Flush(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// Template writes an empty table for people to fill in and hand in again: the first title of each column, with "*"
// where it must be filled, and rows of examples.
func Template(w io.Writer, title string, spec Spec, examples ...[]string) error {
	t := Table{Title: title, Rows: func(yield func([]any, error) bool) {
		for _, e := range examples {
			row := make([]any, len(e))
			for i, v := range e {
				row[i] = v
			}
			if !yield(row, nil) {
				return
			}
		}
	}}
	for _, c := range spec.Columns {
		h := Heading{Title: c.Titles[0]}
		if c.Required {
			h.Title += "*"
		}
		t.Columns = append(t.Columns, h)
	}
	return Write(w, t)
}

// heading sets widths and the frozen, bold first row.
func heading(f *excelize.File, sw *excelize.StreamWriter, columns []Heading) ([]any, error) {
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	for i, c := range columns {
		width := c.Width
		if width == 0 {
			width = 18
		}
		if err := sw.SetColWidth(i+1, i+1, width); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
	}
	if err := sw.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	head := make([]any, len(columns))
	for i, c := range columns {
		head[i] = excelize.Cell{StyleID: bold, Value: Safe(c.Title)}
	}
	return head, nil
}

func cell(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return Safe(v)
	case int, int64, float64, bool:
		return v
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return v.In(clock.Shanghai).Format(time.DateTime)
	case Day:
		if time.Time(v).IsZero() {
			return nil
		}
		return time.Time(v).In(clock.Shanghai).Format(time.DateOnly)
	}
	return Safe(fmt.Sprint(v))
}

// Safe makes a text harmless in a cell of a spreadsheet, CSV included: what begins with = + - @, a tab or a return, in
// plain or full width and behind spaces too, gets a leading '; control characters are left out, and what turns the
// direction of writing is written as its number.
func Safe(s string) string {
	danger := dangerous(s)
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case r < 0x20, r == 0x7f, r >= 0x80 && r < 0xa0, r == utf8.RuneError, r == 0xfffe, r == 0xffff:
			return -1
		}
		return r
	}, s)
	s = locale.Steady(s)
	if danger || dangerous(s) { // it may have come to the front when what stood before it was left out
		s = "'" + s
	}
	if r := []rune(s); len(r) > maxText {
		s = string(r[:maxText])
	}
	return s
}

func dangerous(s string) bool {
	s = strings.TrimLeftFunc(s, func(r rune) bool {
		return r == ' ' || r == '\u00a0' || r == '\u3000' || unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\n'
	})
	return s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", firstRune(s))
}

func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }

// sheetName makes a title fit for a sheet: at most 31 characters, none that Excel forbids.
func sheetName(title string) string {
	title = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]`, r) || r < 0x20 {
			return -1
		}
		return r
	}, title)
	title = strings.Trim(title, "' ")
	if r := []rune(title); len(r) > 31 {
		title = string(r[:31])
	}
	if title == "" {
		return "Sheet1"
	}
	return title
}
