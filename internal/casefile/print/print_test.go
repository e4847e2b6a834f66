package print_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/print"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
)

// TestEveryType: every document type of the regulation prints, filled in and as an empty form. What was filled in stands
// there under its label, and what was signed says how.
func TestEveryType(t *testing.T) {
	t.Parallel()
	press, words := newPress(t), chinese(t)
	all := shipped(t)
	var took time.Duration
	for _, d := range all {
		in := filled(t, d)
		o := print.Paper(words, in)
		start := time.Now()
		pdf := set(t, press, o, d.ID)
		took += time.Since(start)
		if len(pdf.Missing) > 0 {
			t.Errorf("%s: no glyphs for %q", d.ID, pdf.Missing)
		}
		inside(t, pdf, d.ID)
		got := strings.ReplaceAll(text(t, pdf), " ", "") // a stretched line reads as words
		name, _, _ := strings.Cut(d.ZH, "（")
		for _, want := range append(expected(d), name, "第2版", "a1b2c3d4a1b2c3d4", "原第一版日期写错") {
			// The end of a page may part one of them from itself, and not both.
			if a, b, _ := strings.Cut(want, "|"); !strings.Contains(got, a) && (b == "" || !strings.Contains(got, b)) {
				t.Errorf("%s lacks %q:\n%s", d.ID, want, got)
			}
		}
		if signs := strings.Count(got, "本人以账号确认") + strings.Count(got, "手写的图样") + strings.Count(got, "扫描件") + strings.Count(got, "拒绝（不能）签名。"); signs < signers(in) {
			t.Errorf("%s: of %d signatures %d say how they were made:\n%s", d.ID, signers(in), signs, got)
		}
		if signers(in) > 0 && !strings.Contains(got, "不是《中华人民共和国电子签名法》所称可靠的电子签名") {
			t.Errorf("%s: nothing says that no signature is a reliable electronic one", d.ID)
		}
		blank := set(t, press, print.Paper(words, print.Input{Document: d, Bureau: "和田县市场监督管理局", CaseNo: "秘", Blank: true, At: at}), d.ID+"-blank")
		if got := text(t, blank); !strings.Contains(got, name) || !strings.Contains(got, "空白文书") || strings.Contains(got, "秘号") {
			t.Errorf("%s, empty:\n%s", d.ID, got)
		}
	}
	t.Logf("%d types, %v each", len(all), took/time.Duration(len(all)))
}

// inside: no word leaves the type area for the margin, but for the empty half of a mark at the end of a line.
func inside(t *testing.T, pdf sheet.PDF, name string) {
	t.Helper()
	word := regexp.MustCompile(`xMin="([-\d.]+)" yMin="[-\d.]+" xMax="([-\d.]+)" yMax="[-\d.]+">(.*?)<`)
	for page := range strings.SplitSeq(ask(t, pdf, "pdftotext", "-bbox"), "<page ") {
		const margin = 22 * 72 / 25.4
		var width float64
		if _, err := fmt.Sscanf(page, `width="%f"`, &width); err != nil {
			continue // what stands before the first page
		}
		for _, m := range word.FindAllStringSubmatch(page, -1) {
			left, _ := strconv.ParseFloat(m[1], 64)
			right, _ := strconv.ParseFloat(m[2], 64)
			if left < margin || right > width-margin {
				t.Errorf("%s: %.60s… stands from %.0f to %.0f of %.0f pt", name, m[3], left, right, width)
			}
		}
	}
}

// signers are the people of an example who signed; a seal is nobody.
func signers(in print.Input) int {
	n := 0
	for _, s := range in.Signatures {
		if s.Role != "seal" {
			n++
		}
	}
	return n
}

// expected are pieces of the example values that stand in the document, whatever its layout.
func expected(d catalogue.Document) []string {
	var out []string
	for _, f := range d.Fields {
		switch f.Type {
		case "longtext":
			if f.ID == "statement" {
				out = append(out, "进货时没有登记")
			} else if f.ID != "refusal_note" {
				out = append(out, "违法所得132元|货值金额561元")
			}
		case "money":
			out = append(out, "15,020.50", "壹万伍仟零贰拾元伍角整")
		case "law-ref-list":
			out = append(out, "第三十四条第十项")
		case "officer-list", "officer":
			out = append(out, "65320260017")
		case "recording-ref-list":
			out = append(out, "KY-20260918-0003")
		case "date":
			out = append(out, "2026年11月28日")
		case "datetime":
			out = append(out, "2026年11月28日10时20分")
		case "evidence-list":
			out = append(out, "证明检查经过")
		}
	}
	return out
}

// TestGeometry is GB/T 9704: A4, 37/35/28/26 mm, 22 lines of 28 characters, the number of the page outside.
func TestGeometry(t *testing.T) {
	t.Parallel()
	press := newPress(t)
	pdf := set(t, press, sheet.Official{
		Layout: sheet.Letter, Bureau: "局", Title: "量", Number: "〔2026〕1号", At: at,
		Parts: []sheet.Part{{Kind: sheet.Addressee, Lines: []string{strings.Repeat("字", 28*22*3)}}},
	}, "geometry")
	pages := regexp.MustCompile(`(?s)<page .*?</page>`).FindAllString(ask(t, pdf, "pdftotext", "-bbox"), -1)
	word := regexp.MustCompile(`xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>`)
	const mm = 72 / 25.4
	within := func(what string, got, want, by float64) {
		t.Helper()
		if got < want-by || got > want+by {
			t.Errorf("%s: %.2f mm, want %.2f", what, got, want)
		}
	}
	for i, page := range pages[:3] {
		lines := map[int]int{} // characters by the height of the line
		left, right, top, bottom, number, above := 1000.0, 0.0, 1000.0, 0.0, 0.0, 0.0
		for _, m := range word.FindAllStringSubmatch(page, -1) {
			var at [4]float64
			for j := range at {
				at[j], _ = strconv.ParseFloat(m[j+1], 64)
			}
			switch {
			case strings.Contains(m[5], "字"):
				lines[int(at[1])] += len([]rune(m[5]))
				left, right, top, bottom = min(left, at[0]), max(right, at[2]), min(top, at[1]), max(bottom, at[3])
			case m[5] == "—" && number == 0, m[5] == strconv.Itoa(i+1):
				number, above = at[0]/mm, (at[1]+at[3])/2/mm
			}
		}
		if i == 0 {
			continue // the title stands there
		}
		within("page's left margin", left/mm, map[bool]float64{true: 28, false: 26}[i%2 == 0], 0.3)
		within("page's right margin", 210-right/mm, map[bool]float64{true: 26, false: 28}[i%2 == 0], 0.3)
		if len(lines) != 22 {
			t.Errorf("page %d has %d lines", i+1, len(lines))
		}
		for y, n := range lines {
			if n != 28 {
				t.Errorf("page %d, line at %d: %d characters", i+1, y, n)
			}
		}
		pitch := 225.0 / 22
		within("top of the first line", top/mm, 37+(pitch-16/mm)/2, 1.5)
		within("bottom of the last line", 297-bottom/mm, 35+(pitch-16/mm)/2, 1.5)
		if outside := number > 105; outside != (i%2 == 0) {
			t.Errorf("page %d: its number stands at %.0f mm", i+1, number)
		}
		within("the number below the type area", above-(297-35), 7, 3)
	}
}

// TestHostile: whatever people write comes out as text, control and reordering characters by their number.
func TestHostile(t *testing.T) {
	t.Parallel()
	press, words := newPress(t), chinese(t)
	for _, id := range []string{"penalty-decision", "inquiry-record", "device-register", "service-receipt"} {
		for i, s := range []string{`#panic("x")`, "*b* _i_ $x^2$ `code`", `]#read("/etc/passwd")[`, "= 标题", "<script>alert(1)</script>", "问：{{.}} %s \\u{41}"} {
			in := filled(t, document(t, id))
			for _, f := range in.Document.Fields {
				if v := in.Values[f.ID]; len(v) > 0 && v[0] == '"' {
					in.Values[f.ID] = raw(s)
				}
			}
			in.Title, in.Bureau, in.Correction, in.Digest = s, s, s, s
			in.Signatures[0].Name, in.Signatures[0].Reason = s, s
			got := strings.ReplaceAll(text(t, set(t, press, print.Paper(words, in), fmt.Sprintf("%s-hostile-%d", id, i))), " ", "")
			if want := strings.ReplaceAll(strings.TrimPrefix(s, "问："), " ", ""); strings.Count(got, want) < 3 {
				t.Errorf("%s: %q stands there %d times:\n%s", id, s, strings.Count(got, want), got)
			}
		}
	}
	// Runs that no rule lets break stay on the paper all the same.
	long := filled(t, document(t, "inquiry-record"))
	var runs []string
	for _, s := range []string{"，", "（", "—", "…", "·", "a", "7", "ئا", "ក", "字"} {
		runs = append(runs, strings.Repeat(s, 1000))
	}
	long.Values["corrections"] = raw(strings.Join(runs, "\n"))
	inside(t, set(t, press, print.Paper(words, long), "runs"), "runs")
	in := filled(t, document(t, "penalty-decision"))
	in.Values["facts"] = raw("正\u202e反\u0000零\x1b逃\u200b隐\ue000私\ufeff标" + strings.Repeat("\u202e反", 20))
	controls := set(t, press, print.Paper(words, in), "controls")
	inside(t, controls, "controls")
	got := strings.ReplaceAll(text(t, controls), " ", "")
	for _, want := range []string{"正‹U+202E›反", "‹U+0000›零", "‹U+001B›逃", "‹U+200B›隐", "‹U+FEFF›标"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestNames: rare characters, long names, and lines from the right.
func TestNames(t *testing.T) {
	t.Parallel()
	press, words := newPress(t), chinese(t)
	const uyghur = "مەن بۇ خاتىرىنى ئوقۇدۇم، ئېيتقانلىرىم بىلەن ئوخشاش."
	for _, id := range []string{"penalty-decision", "service-receipt"} {
		in := filled(t, document(t, id))
		in.Values["party_name"] = raw("𠮷㐂䶮商行（" + longMan + "）")
		in.Values["party"] = raw(map[string]any{"name": "𠮷㐂䶮商行（" + longMan + "）"})
		in.Values["facts"], in.Values["refusal_note"] = raw(uyghur), raw(uyghur)
		pdf := set(t, press, print.Paper(words, in), id+"-names")
		if len(pdf.Missing) > 0 {
			t.Errorf("%s: no glyphs for %q", id, pdf.Missing)
		}
		got := text(t, pdf)
		for _, want := range []string{"𠮷㐂䶮商行", longMan} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", id, want, got)
			}
		}
		if !strings.Contains(ask(t, pdf, "pdftotext", "-raw"), "ئوخشاش") {
			t.Errorf("%s: the Uyghur line is not there", id)
		}
	}
}

// TestLong: texts of 100 KB and lists of a thousand rows split over pages and lose nothing; the head of a list comes again.
func TestLong(t *testing.T) {
	t.Parallel()
	press, words := newPress(t), chinese(t)
	var b strings.Builder
	for i := 0; b.Len() < 100<<10; i++ {
		fmt.Fprintf(&b, "第%05d段，当事人说货是从批发市场买来的，没有登记。", i)
		if i%4 == 3 {
			b.WriteByte('\n')
		}
	}
	for _, id := range []string{"penalty-decision", "decision-approval", "inquiry-record", "seizure-item-list"} {
		in := filled(t, document(t, id))
		in.Values["facts"], in.Values["corrections"] = raw(b.String()), raw(b.String())
		items := make([]any, 1000)
		for i := range items {
			items[i] = map[string]any{"name": fmt.Sprintf("物品%04d号", i), "quantity": "3", "state": "完好"}
		}
		in.Values["seized_items"] = raw(items)
		start := time.Now()
		pdf := set(t, press, print.Paper(words, in), id+"-long")
		t.Logf("%s: %d pages, %d bytes, %v", id, pdf.Pages, len(pdf.Bytes), time.Since(start))
		got := text(t, pdf)
		if id == "seizure-item-list" {
			if n := strings.Count(got, "物品"); n < 1000 || strings.Count(got, "规格")+strings.Count(got, "状态、特征") < pdf.Pages-2 {
				t.Errorf("%d of 1000 rows, on %d pages %d heads", n, pdf.Pages, strings.Count(got, "状态、特征"))
			}
		} else if n := strings.Count(got, "批发市场"); n < strings.Count(b.String(), "批发市场") {
			t.Errorf("%s: %d of %d", id, n, strings.Count(b.String(), "批发市场"))
		}
	}
}

// TestLedger: a ledger has a row for each entry and its head on every page, across.
func TestLedger(t *testing.T) {
	t.Parallel()
	press, words := newPress(t), chinese(t)
	in := print.Input{Document: document(t, "device-register"), Bureau: "和田县市场监督管理局", Version: 1, At: at}
	for i := range 120 {
		in.Rows = append(in.Rows, form.Values{"device_no": raw(fmt.Sprintf("仪%03d", i)), "acquired_on": raw("2026-11-28"), "clock_check": raw(i%2 == 0)})
	}
	pdf := set(t, press, print.Paper(words, in), "ledger")
	got := text(t, pdf)
	if n := strings.Count(got, "仪"); n < 120 || strings.Count(got, "购置日期") != pdf.Pages || pdf.Pages < 4 {
		t.Errorf("%d entries, %d heads on %d pages", n, strings.Count(got, "购置日期"), pdf.Pages)
	}
	inside(t, pdf, "ledger")
}

// TestDraft: a draft says so on every page and has no seal, even where one was made.
func TestDraft(t *testing.T) {
	t.Parallel()
	press, words := newPress(t), chinese(t)
	in := filled(t, document(t, "penalty-decision"))
	for i := range in.Signatures {
		in.Signatures[i].Image = signature(t)
	}
	sealed := print.Paper(words, in)
	in.Draft = true
	draft := print.Paper(words, in)
	if len(sealed.Images) != 1 || len(draft.Images) != 0 {
		t.Errorf("%d seals, and %d on the draft", len(sealed.Images), len(draft.Images))
	}
	pdf := set(t, press, draft, "draft")
	for n, page := range strings.Split(strings.TrimSuffix(ask(t, pdf, "pdftotext", "-raw"), "\f"), "\f") {
		if !strings.Contains(page, "草稿") || !strings.Contains(strings.ReplaceAll(page, "\n", ""), "不得送达") {
			t.Errorf("page %d does not say that it is a draft:\n%s", n+1, page)
		}
	}
	if got := text(t, set(t, press, sealed, "sealed")); strings.Contains(got, "草稿") || !strings.Contains(got, "印章图样，不是电子印章") {
		t.Errorf("with a seal:\n%s", got)
	}
}

// TestSignatures: a refusal names reason and witness, an image that is none does no harm, two of one role both stand there.
func TestSignatures(t *testing.T) {
	t.Parallel()
	words := chinese(t)
	in := filled(t, document(t, "onsite-inspection-record"))
	in.Signatures = []print.Signature{
		{Role: "party", Name: "李𠮷", Mode: print.Refused, Reason: "不认可数量", Witness: "艾山", At: at},
		{Role: "officer2", Name: "张 伟", Mode: print.Drawn, Image: []byte("no image"), At: at},
		{Role: "officer2", Name: "艾力", Mode: print.Drawn, Image: signature(t), At: at},
		{Role: "somebody", Label: "村委会代表", Name: "古丽", Mode: print.Own, At: at},
	}
	o := print.Paper(words, in)
	all, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"李𠮷拒绝（不能）签名。原因：不认可数量。见证人：艾山", "张 伟，屏上手写的图样（图样不能显示）", "艾力，屏上手写的图样", "村委会代表", "古丽", "本人以账号确认"} {
		if !strings.Contains(string(all), want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if len(o.Images) != 1 {
		t.Errorf("%d images", len(o.Images))
	}
	set(t, newPress(t), o, "signatures")
}

// TestCapitals: amounts in the numerals of banks.
func TestCapitals(t *testing.T) {
	t.Parallel()
	words := chinese(t)
	d := catalogue.Document{Kind: "internal-record", Fields: []catalogue.Field{{ID: "m", Type: "money", Text: catalogue.Text{ZH: "金额"}}}}
	for amount, want := range map[string]string{
		"0": "0.00 元（大写：零元整）", "0.05": "0.05 元（大写：伍分）", "1.00": "1.00 元（大写：壹元整）", "10.01": "10.01 元（大写：壹拾元零壹分）", "5000": "5,000.00 元（大写：伍仟元整）",
		"10000.05": "10,000.05 元（大写：壹万元零伍分）", "100100.00": "100,100.00 元（大写：壹拾万零壹佰元整）", "20000000.50": "20,000,000.50 元（大写：贰仟万元伍角整）",
		"100000001": "100,000,001.00 元（大写：壹亿零壹元整）", "10203.4": "10,203.40 元（大写：壹万零贰佰零叁元肆角整）", "999999999999.99": "大写：玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
		"一千元": "一千元", "-5": "-5", "1e5": "1e5", "5000000000000": "5000000000000",
	} {
		o := print.Paper(words, print.Input{Document: d, Values: map[string]json.RawMessage{"m": raw(amount)}})
		if got := o.Parts[0].Rows[0][0].Lines; len(got) != 1 || !strings.HasSuffix(strings.TrimSuffix(got[0], "）"), strings.TrimSuffix(want, "）")) {
			t.Errorf("%s: %q, want %q", amount, got, want)
		}
	}
}

// FuzzPaper: whatever the values are, laying them out ends, and every text that was filled in comes through.
func FuzzPaper(f *testing.F) {
	f.Add("penalty-decision", `{"facts":"事实","party":{"name":"甲"},"penalty_kinds":[{"kind":"罚款"}],"fine_amount":"12.5"}`)
	f.Add("inquiry-record", `{"qa":[{"question":"问","answer":"答"},null,7,"x"],"officers":{"name":1}}`)
	f.Add("device-register", `{"device_no":[[["x"]]],"clock_check":"maybe","acquired_on":"2026-13-40"}`)
	all := shipped(f)
	words := chinese(f)
	f.Fuzz(func(t *testing.T, id, values string) {
		i := slices.IndexFunc(all, func(d catalogue.Document) bool { return d.ID == id })
		in := print.Input{Document: all[max(i, 0)], At: at}
		if json.Unmarshal([]byte(values), &in.Values) != nil {
			t.Skip()
		}
		if _, err := json.Marshal(print.Paper(words, in)); err != nil {
			t.Fatal(err)
		}
	})
}

// BenchmarkPaper sets papers with a warm helper.
func BenchmarkPaper(b *testing.B) {
	press, words := newPress(b), chinese(b)
	for _, id := range []string{"penalty-decision", "case-filing-approval", "inquiry-record", "service-receipt", "device-register"} {
		b.Run(id, func(b *testing.B) {
			in := filled(b, document(b, id))
			set(b, press, print.Paper(words, in), id)
			for i := range b.N {
				in.Values["facts"], in.Values["corrections"], in.Number = raw(facts+strconv.Itoa(i)), raw(strconv.Itoa(i)), strconv.Itoa(i)
				set(b, press, print.Paper(words, in), id)
			}
		})
	}
}

// TestConditions: a field that is not asked as the values stand is not printed, unless something was written there.
func TestConditions(t *testing.T) {
	t.Parallel()
	words := chinese(t)
	d := catalogue.Document{Kind: "internal-record", Text: catalogue.Text{ZH: "登记表"}, Fields: []catalogue.Field{
		{ID: "open", Type: "bool", Text: catalogue.Text{ZH: "是否公开"}},
		{ID: "why", Type: "text", Required: true, When: `has(values.open) && values.open == false`, Text: catalogue.Text{ZH: "不公开理由"}},
	}}
	for _, c := range []struct {
		values map[string]json.RawMessage
		blank  bool
		want   bool
	}{
		{map[string]json.RawMessage{"open": raw(true)}, false, false},
		{map[string]json.RawMessage{"open": raw(false)}, false, true},
		{map[string]json.RawMessage{"open": raw(true), "why": raw("秘密")}, false, true},
		{nil, true, true},
	} {
		all := fmt.Sprint(print.Paper(words, print.Input{Document: d, Values: c.values, Blank: c.blank}).Parts)
		if strings.Contains(all, "不公开理由") != c.want {
			t.Errorf("%s, blank %v: %s", c.values, c.blank, all)
		}
	}
}
