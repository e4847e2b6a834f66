package catalogue_test

import (
	"bytes"
	"os"
	"path/filepath"
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
