package listing

import (
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
)

// Column is a column of a workbook: the last part of its words' key, and its width in characters.
type Column = struct {
	Key   string
	Width float64
}

// Headings puts columns into words; prefix is what their keys have in common, with its point.
func Headings(p locale.Printer, prefix string, columns ...Column) []ledger.Heading {
	out := make([]ledger.Heading, 0, len(columns))
	for _, c := range columns {
		out = append(out, ledger.Heading{Title: p.T(prefix + c.Key), Width: c.Width})
	}
	return out
}
