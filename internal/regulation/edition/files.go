// Package edition is the text of the bureau's regulation as one piece: the four files of the catalogue, the calendar
// of working days, and the legal powers by which closed acts were opened. It is pure: it reads, judges, changes and
// compares what it is given. Who may change it, and which edition (版本) is in force when, is package regulation's.
package edition

import (
	"bytes"
	"fmt"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Part names one file of an edition. Its text is stable: entries, addresses and files carry it.
type Part string

// The parts.
const (
	Documents    Part = "documents"
	Deadlines    Part = "deadlines"
	Matters      Part = "recording-matters"
	Requirements Part = "requirements"
	Calendar     Part = "calendar"
	Powers       Part = "powers"
)

// Parts lists the parts in the order pages show them.
func Parts() []Part { return []Part{Documents, Deadlines, Matters, Requirements, Calendar, Powers} }

// File is the part's name as a file.
func (p Part) File() string { return string(p) + ".json" }

// Rows reports whether the part is a file of the catalogue: rows that can stand in a workbook.
func (p Part) Rows() bool {
	return p == Documents || p == Deadlines || p == Matters || p == Requirements
}

// Files are the whole texts of an edition's parts (docs/formats/regulation.md).
type Files struct{ Documents, Deadlines, Matters, Requirements, Calendar, Powers []byte }

// Of gives a part's text, nil for what is no part.
func (f Files) Of(p Part) []byte {
	if at := f.at(p); at != nil {
		return *at
	}
	return nil
}

func (f *Files) at(p Part) *[]byte {
	switch p {
	case Documents:
		return &f.Documents
	case Deadlines:
		return &f.Deadlines
	case Matters:
		return &f.Matters
	case Requirements:
		return &f.Requirements
	case Calendar:
		return &f.Calendar
	case Powers:
		return &f.Powers
	}
	return nil
}

// with gives the files with one part's text replaced.
func (f Files) with(p Part, text []byte) Files {
	if at := f.at(p); at != nil {
		*at = text
	}
	return f
}

// Same reports whether every part says the same, letter by letter.
func (f Files) Same(g Files) bool {
	for _, p := range Parts() {
		if !bytes.Equal(f.Of(p), g.Of(p)) {
			return false
		}
	}
	return true
}

// Shipped gives the edition the program ships with: drafts, which a bureau's lawyers confirm before use.
func Shipped() (Files, error) {
	var f Files
	for p, raw := range catalogue.ShippedFiles() {
		file, problems := catalogue.Read(p, raw)
		if len(problems) > 0 {
			return Files{}, fmt.Errorf("edition: shipped %s: %+v", p, problems[0])
		}
		text, err := catalogue.JSON(file) // in the one form in which editions are kept, so that equal rows are equal text
		if err != nil {
			return Files{}, fmt.Errorf("edition: shipped %s: %w", p, err)
		}
		f = f.with(Part(p), text)
	}
	f.Calendar = catalogue.ShippedCalendar()
	var err error
	f.Powers, err = writePowers(nil)
	return f, err
}
