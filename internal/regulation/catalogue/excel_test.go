package catalogue_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// TestExcelRoundTrip: a workbook read back holds what was written, for every kind of file.
func TestExcelRoundTrip(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"documents.json", "deadlines.json", "recording-matters.json", "requirements.json"} {
		raw, err := os.ReadFile(filepath.Join("data", name))
		if err != nil {
			t.Fatal(err)
		}
		f, problems := catalogue.Read(name, raw)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		book, err := catalogue.Excel(f)
		if err != nil {
			t.Fatal(err)
		}
		got, problems := catalogue.ReadExcel(name, book)
		if len(problems) > 0 {
			t.Fatalf("%s: %+v", name, problems)
		}
		again, err := catalogue.JSON(got)
		if err != nil {
			t.Fatal(err)
		}
		if got, problems = catalogue.ReadAny(name, again); len(problems) > 0 {
			t.Fatalf("%s: %+v", name, problems)
		}
		if diff := cmp.Diff(f.Catalogue, got.Catalogue); diff != "" {
			t.Fatalf("%s: %s", name, diff)
		}
	}
}

// TestExcelRow: a wrong cell is named by row and field, a text that looks like a formula is text, and what is no
// workbook is refused.
func TestExcelRow(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("data", "deadlines.json"))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := catalogue.Read("x", raw)
	f.Terms[2].Note = "=1+1"
	book, err := catalogue.Excel(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, problems := catalogue.ReadExcel("x", book); len(problems) > 0 || got.Terms[2].Note != "=1+1" {
		t.Fatalf("%+v", problems)
	}
	x, err := excelize.OpenReader(bytes.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	heads, err := x.GetRows("deadlines")
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range heads[0] {
		if h == "length" {
			cell, _ := excelize.CoordinatesToCellName(i+1, 10)
			if err := x.SetCellStr("deadlines", cell, "ninety"); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := x.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	_, problems := catalogue.ReadExcel("x", b.Bytes())
	want := []catalogue.Problem{{File: "x", Row: 9, ID: "penalty-decision-90d", Field: "length", Code: "wrong_type", Arg: "int"}}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Fatal(diff)
	}
	if _, problems := catalogue.ReadExcel("x", raw); len(problems) != 1 || problems[0].Code != "not_excel" {
		t.Fatalf("%+v", problems)
	}
}

// TestExcelHostile: T23. A small workbook that unfolds to more than a machine has is refused before it does; so is one whose
// sheet is no XML. What a formula has last come to is taken as a text.
func TestExcelHostile(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("data", "deadlines.json"))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := catalogue.Read("x", raw)
	good, err := catalogue.Excel(f)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("长", 1<<20)
	row := func(cell string) string {
		return `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + cell + `</sheetData></worksheet>`
	}
	var wide, same strings.Builder
	for i := 1; i <= 30_000; i++ {
		fmt.Fprintf(&wide, `<row r="%d"><c r="XFD%d"><v>1</v></c></row>`, i, i)
		fmt.Fprintf(&same, `<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>`, i, i)
	}
	for name, c := range map[string]struct {
		part, text string
		code       string
	}{
		"every row has sixteen thousand columns": {"xl/worksheets/sheet1.xml", row(wide.String()), "too_large"},
		"one row, a million rows down":           {"xl/worksheets/sheet1.xml", row(`<row r="1048576"><c r="A1048576"><v>1</v></c></row>`), "too_large"},
		"one long text in every cell":            {"xl/sharedStrings.xml", `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>` + long + `</t></si><si><t>schema</t></si><si><t>deadlines/1</t></si></sst>`, "too_large"},
		"a sheet that unfolds without end":       {"xl/worksheets/sheet1.xml", row(strings.Repeat(" ", 200<<20)), "not_excel"},
		"a sheet that is no XML":                 {"xl/worksheets/sheet1.xml", "<<<", "missing"},
		"an entity from elsewhere":               {"xl/worksheets/sheet1.xml", strings.Replace(row(`<row r="1"><c r="A1" t="inlineStr"><is><t>&e;</t></is></c></row>`), "?>", `?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>`, 1), "missing"},
		"no sheet of its name":                   {"xl/workbook.xml", `<workbook/>`, "not_excel"},
	} {
		t.Run(name, func(t *testing.T) {
			book := with(t, good, c.part, c.text)
			if c.part == "xl/sharedStrings.xml" {
				book = with(t, book, "xl/worksheets/sheet1.xml", row(same.String()))
				book = with(t, book, "xl/worksheets/sheet2.xml", row(`<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>2</v></c></row>`))
			}
			_, problems := catalogue.ReadExcel("x", book)
			if len(problems) == 0 || problems[0].Code != c.code {
				t.Fatalf("%+v, want %s", problems, c.code)
			}
		})
	}
	x, err := excelize.OpenReader(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.SetCellFormula("deadlines", "B5", `=HYPERLINK("http://evil","x")`); err != nil {
		t.Fatal(err)
	}
	b, err := x.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	if got, problems := catalogue.ReadExcel("x", b.Bytes()); len(problems) == 0 && strings.Contains(got.Terms[3].ZH, "HYPERLINK") {
		t.Fatalf("a formula was taken over: %q", got.Terms[3].ZH)
	}
}

// with gives the workbook with one of its files replaced.
func with(t *testing.T, book []byte, name, text string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range r.File {
		to, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == name {
			if _, err := io.WriteString(to, text); err != nil {
				t.Fatal(err)
			}
			continue
		}
		from, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(to, from); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// FuzzReadExcel changes the cells of a workbook: whatever its sheets hold, it is read or refused.
func FuzzReadExcel(f *testing.F) {
	const sheet = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>`
	whole, problems := catalogue.Read("x", []byte(`{"meta":{"schema":"deadlines/1","acts":{},"stages":{}},"deadlines":[]}`))
	if len(problems) == 0 {
		f.Fatal("an empty list was read")
	}
	whole.Schema, whole.Terms = "deadlines/1", []catalogue.Term{{ID: "a"}}
	book, err := catalogue.Excel(whole)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>`)
	f.Add(`<row r="99999"><c r="XFD99999" t="s"><v>4000000000</v></c></row>`)
	f.Add(`<row r="2"><c r="B2"><f>HYPERLINK("x")</f><v>true</v></c></row><row r="1"/>`)
	f.Fuzz(func(t *testing.T, cells string) {
		got, _ := catalogue.ReadExcel("f", with(t, book, "xl/worksheets/sheet1.xml", fmt.Sprintf(sheet, cells)))
		_ = catalogue.Check([]catalogue.File{got}, catalogue.Catalogue{})
	})
}
