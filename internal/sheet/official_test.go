package sheet_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/sheet"
)

func officialPaper(t testing.TB, layout sheet.Layout) sheet.Official {
	t.Helper()
	var img bytes.Buffer
	if err := png.Encode(&img, image.NewNRGBA(image.Rect(0, 0, 40, 20))); err != nil {
		t.Fatal(err)
	}
	cell := func(s string) sheet.Cell { return sheet.Cell{Label: "标" + s, Lines: []string{"值" + s}} }
	return sheet.Official{
		Layout: layout, Bureau: "和田市市场监督管理局", Title: "行政处罚决定书", Number: "〔2026〕1号", Foot: "第1版", Of: [2]string{"共", "页"},
		MissingLine: "没有字形的字：", ImageLine: "签名图样", StripLine: "逐页签名", Strip: []sheet.Slot{{Label: "当事人："}},
		Images: [][]byte{img.Bytes()}, At: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC),
		Parts: []sheet.Part{
			{Kind: sheet.Addressee, Lines: []string{"某公司："}},
			{Kind: sheet.Heading, Text: "一、事实"},
			{Kind: sheet.Prose, Lines: []string{"事实如此。"}},
			{Kind: sheet.Items, Rows: [][]sheet.Cell{{cell("甲")}, {{Label: "空", Blank: 2}}, {{Label: "选", Choices: []sheet.Choice{{Text: "直接", On: true}, {Text: "留置"}}}}}},
			{Kind: sheet.Cells, Rows: [][]sheet.Cell{{cell("乙"), cell("丙")}, {{Label: "签名", Signs: []sheet.Sign{{Label: "执法人员", Image: 1, Day: "某日", Note: "屏上手写"}}}}}},
			{Kind: sheet.Listing, List: &sheet.List{Title: "清单", Heads: []string{"序号", "名称"}, Shares: []float64{3, 20}, Rows: [][]string{{"1", "物品"}, {"2", ""}}}},
			{Kind: sheet.Talk, Turns: []sheet.Turn{{Mark: "问：", Asks: true, Lines: []string{"是谁的？"}}, {Mark: "答：", Lines: []string{"我的。"}, Blank: 1}}},
			{Kind: sheet.Ending, Lines: []string{"最后一段。"}, Off: &sheet.SignOff{Who: "和田市市场监督管理局", Day: "2026年11月28日", Place: "（印章）", Image: 1, Note: "印章图样"}},
			{Kind: sheet.SmallType, Lines: []string{"小字。"}},
			{Kind: sheet.Void, Text: "（以下空白）"},
		},
	}
}

// TestOfficial: in every layout each part is there as text, with its structure tagged and its fonts in the file, and the
// same paper comes out as the same bytes.
func TestOfficial(t *testing.T) {
	t.Parallel()
	p := newPress(t, sheet.Limits{})
	for _, layout := range []sheet.Layout{sheet.Letter, sheet.Form, sheet.Ledger, sheet.Cover} {
		o := officialPaper(t, layout)
		pdf, err := p.SetOfficial(t.Context(), o)
		if err != nil {
			t.Fatalf("%s: %v", layout, err)
		}
		got := text(t, pdf)
		for _, want := range []string{
			o.Bureau, o.Title, o.Number, "某公司：", "一、事实", "事实如此。", "标甲", "值甲", "空", "直接", "√", "留置", "标乙", "值丙", "执法人员", "屏上手写", "清单", "物品",
			"问：", "是谁的？", "我的。", "最后一段。", "2026年11月28日", "印章图样", "小字。", "（以下空白）", "第1版", "— 1 —", "逐页签名",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", layout, want, got)
			}
		}
		structure := ask(t, pdf, "pdfinfo", "-struct", "FILE")
		for _, want := range []string{"H1", "H2", "Table", "TH", "TD", "Figure"} {
			if !strings.Contains(structure, want) {
				t.Errorf("%s has no %s:\n%s", layout, want, structure)
			}
		}
		for _, want := range []string{"<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>"} {
			if !bytes.Contains(pdf.Bytes, []byte(want)) {
				t.Errorf("%s: the file does not say %s", layout, want)
			}
		}
		for _, line := range strings.Split(strings.TrimSpace(ask(t, pdf, "pdffonts", "FILE")), "\n")[2:] {
			if f := strings.Fields(line); len(f) < 6 || f[len(f)-5] != "yes" || f[len(f)-3] != "yes" {
				t.Errorf("%s: a font is not in the file, or its text cannot be read out: %s", layout, line)
			}
		}
		wide := strings.Contains(ask(t, pdf, "pdfinfo", "FILE"), "841.89 x 595")
		if wide != (layout == sheet.Ledger) {
			t.Errorf("%s lies across: %v", layout, wide)
		}
		again, err := p.SetOfficial(t.Context(), o)
		if err != nil || again.SHA256() != pdf.SHA256() {
			t.Errorf("%s: the same paper came out as other bytes (%v)", layout, err)
		}
	}
}

// TestBrokenImage: an image that is none is refused, and the helper lives on.
func TestBrokenImage(t *testing.T) {
	t.Parallel()
	p := newPress(t, sheet.Limits{})
	o := officialPaper(t, sheet.Form)
	good := o.Images
	o.Images = [][]byte{[]byte("no image")}
	if _, err := p.SetOfficial(t.Context(), o); err == nil {
		t.Error("it was set")
	}
	o.Images = good
	if _, err := p.SetOfficial(t.Context(), o); err != nil {
		t.Error(err)
	}
}
