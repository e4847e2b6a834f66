package catalogue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// metaSheet holds the head of a file as pairs of name and value.
const metaSheet = "meta"

// ReadAny reads a file in either form, told apart by its first bytes.
func ReadAny(name string, raw []byte) (File, []Problem) {
	if bytes.HasPrefix(raw, []byte("PK\x03\x04")) {
		return ReadExcel(name, raw)
	}
	return Read(name, raw)
}

// JSON gives a file in the form Read reads.
func JSON(f File) ([]byte, error) {
	list, ok := lists[f.Schema]
	if !ok {
		return nil, fmt.Errorf("regulation: no schema %q", f.Schema)
	}
	rows, err := f.rows()
	if err != nil {
		return nil, err
	}
	raw, err := json.MarshalIndent(map[string]any{"meta": meta{f.Schema, f.Acts, f.Stages}, list: rows}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("regulation: rows: %w", err)
	}
	return append(raw, '\n'), nil
}

// Excel gives a file as a workbook: a sheet of its rows with a column a field, and its head. Text stands as it is;
// lists, structures, figures and nothing stand as JSON, so that each can be read back as what it was.
func Excel(f File) ([]byte, error) {
	list, ok := lists[f.Schema]
	if !ok {
		return nil, fmt.Errorf("regulation: no schema %q", f.Schema)
	}
	x := excelize.NewFile()
	defer func() { _ = x.Close() }() // in memory
	if err := x.SetSheetName(x.GetSheetName(0), list); err != nil {
		return nil, fmt.Errorf("regulation: workbook: %w", err)
	}
	if _, err := x.NewSheet(metaSheet); err != nil {
		return nil, fmt.Errorf("regulation: workbook: %w", err)
	}
	columns := columnsOf(f.Schema)
	rows, err := f.rows()
	if err != nil {
		return nil, err
	}
	put := func(sheet string, col, row int, text string) error {
		cell, err := excelize.CoordinatesToCellName(col, row)
		if err != nil {
			return fmt.Errorf("regulation: workbook: %w", err)
		}
		if len([]rune(text)) > excelize.TotalCellChars {
			return fmt.Errorf("regulation: row %d is too long for a cell", row-1)
		}
		if err := x.SetCellStr(sheet, cell, text); err != nil { // never a formula
			return fmt.Errorf("regulation: workbook: %w", err)
		}
		return nil
	}
	for i, c := range columns {
		if err := put(list, i+1, 1, c.name); err != nil {
			return nil, err
		}
		for j, row := range rows {
			text := string(row[c.name])
			if c.text {
				if err := json.Unmarshal(row[c.name], &text); err != nil {
					return nil, fmt.Errorf("regulation: workbook: %w", err)
				}
			}
			if err := put(list, i+1, j+2, text); err != nil {
				return nil, err
			}
		}
	}
	acts, err := json.Marshal(f.Acts)
	if err != nil {
		return nil, fmt.Errorf("regulation: workbook: %w", err)
	}
	stages, err := json.Marshal(f.Stages)
	if err != nil {
		return nil, fmt.Errorf("regulation: workbook: %w", err)
	}
	for i, kv := range [][2]string{{"schema", f.Schema}, {"acts", string(acts)}, {"stages", string(stages)}} {
		for j, text := range kv {
			if err := put(metaSheet, j+1, i+1, text); err != nil {
				return nil, err
			}
		}
	}
	b, err := x.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("regulation: workbook: %w", err)
	}
	return b.Bytes(), nil
}

// ReadExcel reads a workbook that has the form Excel gives, as strictly as Read: rows count from 1 below the headings.
func ReadExcel(name string, raw []byte) (File, []Problem) {
	bad := func(field, code, arg string) (File, []Problem) {
		return File{Name: name}, []Problem{{File: name, Field: field, Code: code, Arg: arg}}
	}
	x, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{UnzipSizeLimit: 4 * MaxBytes, UnzipXMLSizeLimit: MaxBytes})
	if err != nil {
		return bad("", "not_excel", "")
	}
	defer func() { _ = x.Close() }() // only read
	left := MaxBytes
	pairs, err := cellsOf(x, metaSheet, &left)
	switch {
	case errors.Is(err, errTooMuch):
		return bad(metaSheet, "too_large", strconv.Itoa(MaxBytes))
	case err != nil:
		return bad(metaSheet, "missing", "")
	}
	head := map[string]json.RawMessage{}
	var schema string
	for _, p := range pairs {
		switch {
		case len(p) < 2:
		case p[0] == "schema":
			schema = p[1]
			head["schema"] = quote(schema)
		default:
			head[p[0]] = value(p[1])
		}
	}
	list, ok := lists[schema]
	if !ok {
		return bad("meta.schema", "unknown_value", schema)
	}
	cells, err := cellsOf(x, list, &left)
	switch {
	case errors.Is(err, errTooMuch):
		return bad(list, "too_large", strconv.Itoa(MaxBytes))
	case err != nil || len(cells) < 2:
		return bad(list, "missing", "")
	}
	columns := columnsOf(schema)
	rows := make([]map[string]json.RawMessage, 0, len(cells)-1)
	for _, r := range cells[1:] {
		row := map[string]json.RawMessage{}
		for i, h := range cells[0] {
			var text string // what stands empty at a row's end is not in r
			if i < len(r) {
				text = r[i]
			}
			at := slices.IndexFunc(columns, func(c column) bool { return c.name == h })
			if at >= 0 && columns[at].optional && strings.TrimSpace(text) == "" {
				continue
			}
			if at >= 0 && !columns[at].text {
				row[h] = value(text)
			} else {
				row[h] = quote(text)
			}
		}
		rows = append(rows, row)
	}
	whole, err := json.Marshal(map[string]any{"meta": head, list: rows})
	if err != nil {
		return bad("", "not_excel", "")
	}
	return Read(name, whole)
}

// A workbook that means well has a few hundred rows of twenty columns; a small file can say that it has a million of
// sixteen thousand, or one long text in every cell.
const (
	mostRows    = 20_000
	mostColumns = 100
)

var errTooMuch = errors.New("regulation: a workbook too large to read")

// cellsOf reads a sheet row by row and takes what it reads from left, in bytes. Empty rows at its end are left out.
func cellsOf(x *excelize.File, sheet string, left *int) ([][]string, error) {
	it, err := x.Rows(sheet)
	if err != nil {
		return nil, fmt.Errorf("regulation: workbook: %w", err)
	}
	defer func() { _ = it.Close() }() // only read
	var out [][]string
	filled := 0
	for it.Next() {
		if len(out) == mostRows {
			return nil, errTooMuch
		}
		row, err := it.Columns()
		if err != nil {
			return nil, fmt.Errorf("regulation: workbook: %w", err)
		}
		if len(row) > mostColumns {
			return nil, errTooMuch
		}
		for _, c := range row {
			if *left -= len(c); *left < 0 {
				return nil, errTooMuch
			}
		}
		out = append(out, row)
		if slices.ContainsFunc(row, func(c string) bool { return c != "" }) {
			filled = len(out)
		}
	}
	if err := it.Error(); err != nil {
		return nil, fmt.Errorf("regulation: workbook: %w", err)
	}
	return out[:filled], nil
}

func quote(text string) json.RawMessage {
	b, err := json.Marshal(text)
	if err != nil {
		return json.RawMessage(`""`)
	}
	return b
}

// value is a cell's JSON; what is none stays text, which the reader then finds to be of the wrong type.
func value(text string) json.RawMessage {
	if s := strings.TrimSpace(text); json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	return quote(text)
}

type column struct {
	name     string
	text     bool // always text, in the type
	optional bool // left out where the cell is empty
}

// columnsOf are the fields of a schema's rows in the order of the type.
func columnsOf(schema string) []column {
	switch schema {
	case "documents/1":
		return columnsIn(reflect.TypeFor[Document]())
	case "deadlines/1":
		return columnsIn(reflect.TypeFor[Term]())
	case "recording-matters/1":
		return columnsIn(reflect.TypeFor[Matter]())
	case "requirements/1":
		return columnsIn(reflect.TypeFor[Obligation]())
	}
	return nil
}

func columnsIn(t reflect.Type) []column {
	var out []column
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			out = append(out, columnsIn(f.Type)...)
			continue
		}
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, column{name, f.Type.Kind() == reflect.String, rest == "omitempty"})
	}
	return out
}

// rows are the rows as their fields' JSON.
func (f File) rows() ([]map[string]json.RawMessage, error) {
	var v any
	switch f.Schema {
	case "documents/1":
		v = f.Documents
	case "deadlines/1":
		v = f.Terms
	case "recording-matters/1":
		v = f.Matters
	case "requirements/1":
		v = f.Obligations
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("regulation: rows: %w", err)
	}
	var out []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("regulation: rows: %w", err)
	}
	return out, nil
}
