package ledger_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ledger"
)

func spec() ledger.Spec {
	return ledger.Spec{MaxRows: 100, Columns: []ledger.Column{
		{Key: "name", Titles: []string{"姓名", "Name"}, Required: true},
		{Key: "day", Titles: []string{"日期", "Date"}, Date: true},
		{Key: "note", Titles: []string{"备注", "Note"}},
	}}
}

// book makes a workbook of the given rows, cell values as excelize takes them.
func book(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, r := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// pack makes a minimal workbook around the XML of a sheet.
func pack(t testing.TB, sheet string) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, text := range map[string]string{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`,
		"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + sheet + `</sheetData></worksheet>`,
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

const headings = `<row r="1"><c r="A1" t="inlineStr"><is><t>姓名</t></is></c></row>`

// T26: what turns the direction of writing is seen in a workbook, too.
func TestSafeIsSteady(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"photo_\u202egpj.exe": "photo_‹U+202E›gpj.exe", "\u202e=1+1": "'‹U+202E›=1+1", "一\n二": "一\n二"} {
		if got := ledger.Safe(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	data := book(t,
		[]any{"和田地区执法人员名册"}, // a title above the headings
		nil,
		[]any{" 姓 名*", "没要的", "ＤＡＴＥ（必填）", "备注"},
		[]any{"阿依努尔·买买提", "x", "2026年1月2日", "一\n二\u202e三"},
		[]any{"陈𬱖", nil, 46000, nil},
		nil,
		[]any{"", nil, "2026.3.4"},
		[]any{"甲", nil, "下周", strings.Repeat("长", 1001)},
		[]any{nil, "only a column we did not ask for"},
		[]any{"乙", nil, time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)},
	)
	rows, problems, err := ledger.Read(data, spec())
	if err != nil {
		t.Fatal(err)
	}
	wantRows := []ledger.Row{
		{Line: 4, Cells: map[string]string{"name": "阿依努尔·买买提", "day": "2026-01-02", "note": "一 二三"}},
		{Line: 5, Cells: map[string]string{"name": "陈𬱖", "day": "2025-12-09"}},
		{Line: 7, Cells: map[string]string{"day": "2026-03-04"}},
		{Line: 8, Cells: map[string]string{"name": "甲", "day": "下周", "note": strings.Repeat("长", 1000)}},
		{Line: 10, Cells: map[string]string{"name": "乙", "day": "2026-05-06"}},
	}
	if diff := cmp.Diff(wantRows, rows); diff != "" {
		t.Error(diff)
	}
	wantProblems := []ledger.Problem{
		{Line: 7, Column: "name", Code: "empty"},
		{Line: 8, Column: "day", Code: "date", Args: []any{"下周"}},
		{Line: 8, Column: "note", Code: "too_long", Args: []any{1000}},
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Error(diff)
	}
}

func TestHeadings(t *testing.T) {
	t.Parallel()
	rows, problems, err := ledger.Read(book(t, []any{"备注"}, []any{"x"}), spec())
	want := []ledger.Problem{{Column: "name", Code: "missing_column", Args: []any{"姓名"}}}
	if diff := cmp.Diff(want, problems); diff != "" || len(rows) != 0 || err != nil {
		t.Errorf("%v %v %s", rows, err, diff)
	}
	rows, problems, err = ledger.Read(book(t, []any{"姓名", "name"}, []any{"甲", "乙"}), spec())
	if err != nil || len(rows) != 1 || rows[0].Cells["name"] != "甲" || len(problems) != 1 || problems[0].Code != "twice_column" {
		t.Errorf("%v %v %v", rows, problems, err)
	}
	if rows, problems, err = ledger.Read(book(t), spec()); err != nil || len(rows) != 0 || len(problems) != 1 {
		t.Errorf("an empty sheet: %v %v %v", rows, problems, err)
	}
}

// TestHostileFiles: each is refused by a fault, quickly.
func TestHostileFiles(t *testing.T) { // T22, T23
	t.Parallel()
	bomb := func(size int) []byte {
		return pack(t, headings+`<row r="2"><c r="A2" t="inlineStr"><is><t>`+strings.Repeat("a", size)+`</t></is></c></row>`)
	}
	var wide, many strings.Builder
	wide.WriteString(headings)
	for i := 2; i < 1200; i++ {
		fmt.Fprintf(&wide, `<row r="%d"><c r="XFD%d"><v>1</v></c></row>`, i, i) // 16,384 cells in forty bytes
	}
	many.WriteString(headings)
	for i := 2; i < 103; i++ {
		fmt.Fprintf(&many, `<row r="%d"><c r="A%d"><v>1</v></c></row>`, i, i)
	}
	good := book(t, []any{"姓名"}, []any{"甲"})
	for name, c := range map[string]struct {
		data []byte
		code string
	}{
		"nothing":           {nil, "ledger.unreadable"},
		"text":              {[]byte("姓名,日期\n甲,乙\n"), "ledger.unreadable"},
		"the old format":    {append([]byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}, make([]byte, 4096)...), "ledger.unreadable"},
		"cut short":         {good[:len(good)/2], "ledger.unreadable"},
		"another zip":       {pack(t, "")[:100], "ledger.unreadable"},
		"too many bytes":    {append([]byte("PK\x03\x04"), make([]byte, ledger.MaxFile)...), "ledger.too_large"},
		"a bomb":            {bomb(ledger.MaxUnpacked + 1), "ledger.too_large"},
		"wide rows":         {pack(t, wide.String()), "ledger.too_many_rows"},
		"many rows":         {pack(t, many.String()), "ledger.too_many_rows"},
		"a row beyond all":  {pack(t, headings+`<row r="99999999"><c r="A99999999"><v>1</v></c></row>`), "ledger.unreadable"},
		"a cell of nowhere": {pack(t, headings+`<row r="2"><c r="9"><v>1</v></c></row>`), "ledger.unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := ledger.Read(c.data, spec()); !fault.HasCode(err, c.code) {
				t.Errorf("want %s, got %v", c.code, err)
			}
		})
	}
	// What is odd and harmless is read.
	for name, sheet := range map[string]string{
		"a long gap": headings + `<row r="1000000"><c r="A1000000" t="inlineStr"><is><t>甲</t></is></c></row>`,
		"a formula":  headings + `<row r="2"><c r="A2" t="str"><f>HYPERLINK("http://x")</f><v>甲</v></c></row>`,
	} {
		if rows, _, err := ledger.Read(pack(t, sheet), spec()); err != nil || len(rows) != 1 {
			t.Errorf("%s: %v %v", name, rows, err)
		}
	}
}

// payloads are what a spreadsheet program would carry out.
var payloads = []string{
	"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u3000＝1", "=cmd|' /C calc'!A0", "＋1", "－1", "＠x",
	"\x00=1", "\x01\x02@x", "\u200b=1", "=HYPERLINK(\"http://x\",\"y\")", "-2+3+cmd|' /C calc'!E0", "\ufeff=1", "\u00a0=1", "\ufffd=1", "\ufffe\ufffd @x",
}

// TestNoCellIsAFormula writes payloads and reads back that each is text with a leading quote.
func TestNoCellIsAFormula(t *testing.T) { // T26
	t.Parallel()
	var buf bytes.Buffer
	err := ledger.Write(&buf, ledger.Table{
		Title: "=[x]:*?", Columns: []ledger.Heading{{Title: "=name"}, {Title: "text"}},
		Rows: func(yield func([]any, error) bool) {
			for _, p := range payloads {
				if !yield([]any{p, "a" + p}, nil) {
					return
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&buf)
	if err != nil {
		t.Fatal(err)
	}
	sheet := f.GetSheetName(0)
	if strings.ContainsAny(sheet, `[]:*?`) {
		t.Errorf("sheet %q", sheet)
	}
	rows, err := f.GetRows(sheet)
	if err != nil || len(rows) != len(payloads)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, r := range rows {
		if !strings.HasPrefix(r[0], "'") {
			t.Errorf("row %d begins with %q", i+1, r[0])
		}
		for col := range r {
			cell, _ := excelize.CoordinatesToCellName(col+1, i+1)
			if formula, err := f.GetCellFormula(sheet, cell); formula != "" || err != nil {
				t.Errorf("%s is a formula: %q %v", cell, formula, err)
			}
		}
	}
}

func TestSafe(t *testing.T) { // T26
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom(payloads)).Draw(t, "text")
		got := ledger.Safe(s)
		if strings.ContainsAny(got, "\x00\x01\x1b\x7f\r\t") {
			t.Fatalf("%q keeps a control character", got)
		}
		if trimmed := strings.TrimLeft(got, " \u3000\u00a0\n"); trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@") {
			t.Fatalf("%q could be a formula", got)
		}
	})
	for in, want := range map[string]string{"": "", "甲": "甲", "a=b": "a=b", "3-2": "3-2", "ئاينۇر": "ئاينۇر", "=x": "'=x"} {
		if got := ledger.Safe(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func TestWriteKinds(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 17, 30, 5, 0, time.UTC) // already the next day in Shanghai
	var buf bytes.Buffer
	boom := errors.New("boom")
	columns := []ledger.Heading{{Title: "甲"}, {Title: "乙", Width: 40}}
	row := []any{at, ledger.Day(at), 7, int64(8), 1.5, true, nil, time.Time{}, ledger.Day{}, clock.Interval{}}
	if err := ledger.Write(&buf, ledger.Table{Title: "台账", Columns: columns, Rows: func(yield func([]any, error) bool) { yield(row, nil) }}); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&buf)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows("台账")
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v %v", rows, err)
	}
	if diff := cmp.Diff([]string{"2026-11-24 01:30:05", "2026-11-24", "7", "8", "1.5", "TRUE"}, rows[1][:6]); diff != "" {
		t.Error(diff)
	}
	err = ledger.Write(&buf, ledger.Table{Columns: columns, Rows: func(yield func([]any, error) bool) { yield(nil, boom) }})
	if !errors.Is(err, boom) {
		t.Errorf("an error among the rows: %v", err)
	}
}

// FuzzRead: no bytes make Read panic, or give rows beyond the limits. The corpus in testdata holds whole workbooks.
func FuzzRead(f *testing.F) {
	f.Add(book(f, []any{"姓名", "日期"}, []any{"甲", "2026-01-01"}))
	f.Add(pack(f, headings+`<row r="2"><c r="A2"><v>1e309</v></c></row>`))
	f.Add(pack(f, headings+`<row><c><v>1</v></c></row><row r="0"/><row r="-1"><c r="A-1"/></row>`))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, problems, err := ledger.Read(data, spec())
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatalf("not a fault of the file: %v", err)
			}
			return
		}
		if len(rows) > 100 {
			t.Fatalf("%d rows", len(rows))
		}
		for _, r := range rows {
			if r.Line < 1 || len(r.Cells) == 0 {
				t.Fatalf("row %+v", r)
			}
		}
		for _, p := range problems {
			if p.Code == "" || p.Line < 0 {
				t.Fatalf("problem %+v", p)
			}
		}
	})
}

// FuzzSheet gives the fuzzer the XML of the sheet itself, which it would hardly find inside a zip.
func FuzzSheet(f *testing.F) {
	f.Add(headings + `<row r="2"><c r="A2" t="inlineStr"><is><t>甲</t></is></c></row>`)
	f.Add(headings + `<row r="5"><c r="XFD5"/></row><row r="2"><c r="B2" t="d"><v>2026-01-01T00:00:00</v></c></row>`)
	f.Add(`<row r="1048577"/><row/><c/><is/>`)
	f.Fuzz(func(t *testing.T, sheet string) {
		if len(sheet) > 1<<16 {
			return
		}
		rows, _, err := ledger.Read(pack(t, sheet), spec())
		if k := fault.KindOf(err); err != nil && k != fault.Invalid && k != fault.TooLarge || len(rows) > 100 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
	})
}
