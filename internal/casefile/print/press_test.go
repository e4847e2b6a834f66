package print_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/casefile/print"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
)

func tool(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatalf("%s is missing and ZHILU_REQUIRE_TOOLS=1", name)
		}
		t.Skipf("%s is not installed", name)
	}
}

func newPress(t testing.TB) *sheet.Press {
	t.Helper()
	p := sheet.New(sheet.Config{Log: slog.New(slog.DiscardHandler), Modules: filepath.Join("..", "..", "sheet", "helper")})
	if err := p.Ready(); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func chinese(t testing.TB) locale.Printer {
	t.Helper()
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.For(locale.Chinese)
}

func shipped(t testing.TB) []catalogue.Document {
	t.Helper()
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return c.Documents
}

func document(t testing.TB, id string) catalogue.Document {
	t.Helper()
	for _, d := range shipped(t) {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("no document %q", id)
	return catalogue.Document{}
}

func set(t testing.TB, p *sheet.Press, o sheet.Official, name string) sheet.PDF {
	t.Helper()
	pdf, err := p.SetOfficial(t.Context(), o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if keep := os.Getenv("ZHILU_KEEP_SHEETS"); keep != "" {
		if err := os.WriteFile(filepath.Join(keep, name+".pdf"), pdf.Bytes, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pdf
}

func ask(t testing.TB, pdf sheet.PDF, name string, args ...string) string {
	t.Helper()
	tool(t, name)
	file := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(file, pdf.Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), name, append(args[:len(args):len(args)], file, "-")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// text is what can be copied out of the file, without its line ends, so that where a line breaks does not matter.
func text(t testing.TB, pdf sheet.PDF) string {
	t.Helper()
	return strings.NewReplacer("\n", "", "\f", "").Replace(ask(t, pdf, "pdftotext", "-raw"))
}

// The words of the examples.
const (
	company = "和田县镕喆食品有限责任公司"
	longMan = "阿卜杜热合曼·阿卜杜外力·买买提吐尔逊·艾合麦提江·托合提"
	facts   = "2026年9月18日，本局执法人员对当事人位于和田县团结路12号的经营场所进行检查，在东侧第3组货架上发现标注生产日期为2026年1月6日、保质期6个月的红枣夹核桃17袋，已超过保质期74日。\n" +
		"当事人未能提供进货查验记录，现场负责人承认未按规定检查保质期。上述食品货值金额561元，已售出4袋，违法所得132元。"
	inquiry = "问：我们是和田县市场监督管理局的执法人员，这是我们的执法证件，请你看清楚。\n答：看清楚了。\n问：这批红枣夹核桃是谁的？\n答：是我店里的。\n进货时没有登记。\n问：你还有什么要补充的？\n答：没有。"
)

var at = time.Date(2026, 11, 28, 2, 20, 0, 0, time.UTC)

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// example is a value as people would fill the field in.
func example(f catalogue.Field) json.RawMessage {
	person := map[string]any{"name": "阿依努尔·吐尔逊", "id_number": "653222199001010023", "phone": "13900000000"}
	officers := []any{map[string]any{"name": "张 伟", "certificate": "65320260017"}, map[string]any{"name": "买买提·艾力", "certificate": "65320260023"}}
	switch f.Type {
	case "integer":
		return raw(30)
	case "money":
		return raw("15020.50")
	case "bool":
		return raw(true)
	case "enum":
		if len(f.Options) > 0 {
			return raw(f.Options[0].ID)
		}
		if i := strings.Index(f.ZH, "（"); i > 0 && strings.Contains(f.ZH[i:], "、") {
			return raw(strings.Split(strings.TrimSuffix(f.ZH[i+len("（"):], "）"), "、")[0])
		}
		return raw("符合规定的情形")
	case "date":
		return raw("2026-11-28")
	case "datetime":
		return raw("2026-11-28T10:20:00+08:00")
	case "party":
		return raw(map[string]any{"name": company, "id_number": "91653222MA00000000", "legal_rep": longMan, "address": "和田县团结路㐂来巷12号", "phone": "0903-0000000", "kind": "organisation"})
	case "person":
		return raw(person)
	case "officer":
		return raw(officers[0])
	case "officer-list":
		return raw(officers)
	case "person-list":
		return raw([]any{person, map[string]any{"name": "李𠮷"}})
	case "item-list", "table":
		return rows(f)
	case "law-ref-list":
		return raw([]string{"《中华人民共和国食品安全法》第三十四条第十项", "《中华人民共和国食品安全法》第一百二十四条第一款第五项"})
	case "recording-ref-list":
		return raw([]any{map[string]any{"recording_id": "KY-20260918-0003", "at": "2026-09-18T14:33:10+08:00", "text": "检查全过程"}})
	case "evidence-list":
		return raw([]any{map[string]any{"text": "现场检查笔录一份，证明检查经过"}, map[string]any{"text": "询问笔录一份，证明当事人承认未检查保质期"}})
	case "file":
		return raw(map[string]any{"file_id": "f1", "name": "回执.pdf", "sha256": strings.Repeat("0123456789abcdef", 4)})
	case "file-list":
		return raw([]any{map[string]any{"file_id": "f1", "name": "营业执照.jpg", "sha256": strings.Repeat("0123456789abcdef", 4)}})
	case "id-number":
		return raw("91653222MA00000000")
	case "phone":
		return raw("0903-0000000")
	case "address":
		return raw("和田县团结路㐂来巷12号")
	case "org":
		return raw("和田县市场监督管理局")
	case "doc-no":
		return raw("和县市监罚〔2026〕36号")
	case "longtext":
		if f.ID == "statement" {
			return raw(inquiry)
		}
		return raw(facts)
	}
	switch f.ID {
	case "party_name":
		return raw(company)
	case "remedy_review":
		return raw("如不服本决定，可以自收到本决定书之日起六十日内，依法向和田县人民政府申请行政复议。")
	case "remedy_suit":
		return raw("也可以自收到本决定书之日起六个月内，依法向和田县人民法院提起行政诉讼。复议、诉讼期间，除法律另有规定外，本决定不停止执行。")
	}
	return raw("经营超过保质期的食品")
}

// rows are those of a table, by the columns that the regulation gives it.
func rows(f catalogue.Field) json.RawMessage {
	switch f.ID {
	case "penalty_kinds":
		return raw([]any{map[string]any{"kind": "没收", "content": "没收违法所得132元和超过保质期的红枣夹核桃17袋。"}, map[string]any{"kind": "罚款", "content": "罚款15020.50元。"}})
	case "qa":
		return raw([]any{
			map[string]any{"question": "我们是和田县市场监督管理局的执法人员，这是我们的执法证件，请你看清楚。", "answer": "看清楚了。"},
			map[string]any{"question": "这批红枣夹核桃是谁的？", "answer": "是我店里的。\n进货时没有登记。"},
			map[string]any{"question": "你还有什么要补充的？", "answer": "没有。"},
		})
	}
	var out []any
	for i := range 3 {
		row := map[string]any{}
		for _, c := range f.Columns {
			row[c.ID] = column(c, i)
		}
		if len(f.Columns) == 0 {
			row = map[string]any{"name": "红枣夹核桃", "spec": "500克/袋", "quantity": fmt.Sprint(17 + i), "state": "超过保质期"}
		}
		out = append(out, row)
	}
	return raw(out)
}

func column(c catalogue.Column, i int) any {
	switch c.Type {
	case "integer":
		return 17 + i
	case "money":
		return fmt.Sprintf("%d.00", 100*(i+1))
	case "bool":
		return i%2 == 0
	case "date":
		return "2026-11-28"
	case "datetime":
		return "2026-11-28T10:20:00+08:00"
	}
	return []string{"红枣夹核桃", "核桃仁礼盒（红色）", "葡萄干"}[i]
}

func signature(t testing.TB) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 300, 90))
	for x := range 280 {
		y := 45 + int(30*float64((x/20%2)*2-1)*float64(x%20)/20)
		for d := range 4 {
			img.Set(x+10, y+d, color.NRGBA{20, 30, 110, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// filled is a paper of this type as it might be, signed in every way.
func filled(t testing.TB, d catalogue.Document) print.Input {
	t.Helper()
	in := print.Input{
		Document: d, Values: map[string]json.RawMessage{}, Bureau: "和田县市场监督管理局", CaseNo: "和县市监案〔2026〕36号",
		Number: "和县市监〔2026〕36号", Version: 2, Digest: strings.Repeat("a1b2c3d4", 8), Correction: "原第一版日期写错。",
		Languages: []print.Language{{Name: "国家通用语言文字"}, {Name: "维吾尔语", Interpreter: "阿依古丽·买买提"}}, At: at,
		Names: map[string]string{"KY-20260918-0003": "录像 KY-20260918-0003"},
	}
	for _, f := range d.Fields {
		if f.Type != "signature" && f.Type != "signature-list" && f.Type != "seal" && f.Type != "case-ref" && f.ID != "refusal_note" {
			in.Values[f.ID] = example(f)
		}
	}
	modes := []print.Mode{print.Own, print.Drawn, print.Refused, print.Scan}
	for i, s := range d.Signers {
		one := print.Signature{Role: s.Role, Name: "买买提·艾力", Mode: modes[i%len(modes)], At: at}
		switch {
		case s.Role == "seal":
			one.Mode, one.Image, one.Name = print.Seal, nil, in.Bureau
		case one.Mode == print.Refused:
			one.Reason, one.Witness = "认为数量不对", "古丽·艾山（团结社区）"
		default:
			one.Image = signature(t)
		}
		in.Signatures = append(in.Signatures, one)
		if strings.HasSuffix(s.Role, "2") {
			one.Name, one.Mode = "张 伟", print.Drawn
			one.Image = signature(t)
			in.Signatures = append(in.Signatures, one)
		}
	}
	return in
}
