package rules_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/rules"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/webtest"
)

const (
	longName = "关于阿卜杜热合曼·麦麦提吐尔逊·托合提库尔班江·阿布都热依木等人申请基层法律服务工作者执业核准的补充材料接收与退回登记表"
	markup   = `<script>alert("1")</script>`
)

func world(t *testing.T) *pagetest.World {
	t.Helper()
	return pagetest.New(t, func(w *pagetest.World) []site.Route {
		return rules.Routes(rules.Deps{Regulation: regulation.New(w.Gate, w.DB)})
	})
}

// begin makes a draft and gives its address.
func begin(admin *pagetest.Reader) string {
	return admin.Post("/rules/drafts", "words", "新法施行").Leads("/rules/drafts/").Location
}

// typed is what a browser would send of the form with this action: every input as it stands on the page.
func typed(t *testing.T, page, action string) url.Values {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	attr := func(n *html.Node, key string) (string, bool) {
		for _, a := range n.Attr {
			if a.Key == key {
				return a.Val, true
			}
		}
		return "", false
	}
	var form *html.Node
	for n := range root.Descendants() {
		if at, _ := attr(n, "action"); n.Data == "form" && at == action && form == nil {
			form = n
		}
	}
	if form == nil {
		t.Fatalf("no form posts to %s", action)
	}
	v := url.Values{}
	for n := range form.Descendants() {
		name, ok := attr(n, "name")
		if !ok {
			continue
		}
		value, _ := attr(n, "value")
		kind, _ := attr(n, "type")
		_, checked := attr(n, "checked")
		switch {
		case n.Data == "input" && (kind == "checkbox" || kind == "radio") && !checked:
		case n.Data == "input":
			v.Add(name, value)
		case n.Data == "textarea" && n.FirstChild != nil:
			v.Add(name, n.FirstChild.Data)
		case n.Data == "select":
			for o := range n.Descendants() {
				if _, on := attr(o, "selected"); o.Data == "option" && on {
					value, _ := attr(o, "value")
					v.Add(name, value)
				}
			}
		}
	}
	return v
}

func send(r *pagetest.Reader, path string, v url.Values, pairs ...string) pagetest.Answer {
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	var all []string
	for name, list := range v {
		for _, value := range list {
			all = append(all, name, value)
		}
	}
	return r.Post(path, all...)
}

// TestWhoDoesWhat: everybody reads, system administrators draft, the leader adopts and nobody else.
func TestWhoDoesWhat(t *testing.T) {
	t.Parallel()
	w := world(t)
	at := begin(w.As(access.SystemAdmin))
	for _, role := range access.Roles() {
		r := w.As(role)
		r.Get("/rules").Want(http.StatusOK, "程序自带的草稿", "现行有效", "草案 1 号")
		r.Get(at).Want(http.StatusOK, "新法施行")
		r.Get("/rules/editions/0/documents/case-assignment-notice").Want(http.StatusOK, "案件交办", "文书编号").Lacks("保存")
		if role == access.SystemAdmin {
			continue
		}
		r.Get(at+"/documents/case-assignment-notice").Want(http.StatusOK, "案件交办").Lacks("name=\"was\"")
		r.Get(at + "/import").Want(http.StatusForbidden)
		r.Get(at + "/new/documents").Want(http.StatusForbidden)
		r.Post("/rules/drafts", "words", "x").Want(http.StatusForbidden)
		r.Post(at+"/drop", "part", "deadlines", "row", "penalty-decision-90d").Want(http.StatusForbidden)
		if role != access.Leader {
			r.Post(at+"/adopt", "revision", "0", "from", "2026-12-01").Want(http.StatusForbidden)
			r.Get(at + "/compare").Want(http.StatusOK).Lacks("name=\"from\"")
		}
	}
	w.As(access.SystemAdmin).Post("/rules/drafts", "words", " ").Want(http.StatusUnprocessableEntity, "请写明修改制度的理由")
	for _, path := range []string{"/rules/editions/7", "/rules/editions/x", "/rules/drafts/x", at + "/tea", at + "/documents/none", "/rules/editions/0/export/tea"} {
		w.As(access.Officer).Get(path).Want(http.StatusNotFound)
	}
}

// TestNewDocument: a document type is added without code, field by field; what is wrong stands at its input and nothing typed is
// lost; then the leader sees exactly that, and adopts it.
func TestNewDocument(t *testing.T) {
	t.Parallel()
	w := world(t)
	admin := w.As(access.SystemAdmin)
	at := begin(admin)
	form := typed(t, admin.Get(at+"/new/documents").Want(http.StatusOK, "新的文书种类").Body, at+"/documents")
	page := send(admin, at+"/documents", form, "id", "supplement-register", "zh", longName, "en", markup, "do", "add-field")
	page.Want(http.StatusOK, longName, "&lt;script&gt;", `id="f1_zh"`).Lacks(markup)
	form = typed(t, page.Body, at+"/documents")
	form.Set("f1_zh", "程度")
	form.Set("f1_en", "degree")
	form.Set("f1_id", "doc_no")
	form.Set("f1_type", "enum")
	page = send(admin, at+"/documents", form, "do", "save")
	page.Want(http.StatusUnprocessableEntity, "重复出现：doc_no", "不能为空", longName, `value="程度"`)
	form = typed(t, page.Body, at+"/documents")
	form.Add("acts", "permit")
	form.Add("acts", "penalty")
	for name, value := range map[string]string{
		"f1_id": "degree", "f1_options": "low | 较低 | low\n较高 | high", "f1_when": "values.doc_no != ''", "f1_required": "yes",
		"stage": "investigation", "kind": "on-site-record", "requirement": "conditional", "condition_zh": "扣押财物的", "condition_en": "if property is seized",
		"rules_when": "property_seized", "legal_basis": "行政强制法 §24\n行政强制法 §25", "rules_events": "seized | signed", "confidence": "high",
	} {
		form.Set(name, value)
	}
	bad := url.Values{}
	for k, v := range form {
		bad[k] = slices.Clone(v)
	}
	send(admin, at+"/documents", bad, "rules_when", "property_seized &&", "rules_events", "party | signed").
		Want(http.StatusUnprocessableEntity, "条件表达式不成立", "事件不在词汇表中：party", `href="#rules_when"`, `href="#rules_events"`)
	send(admin, at+"/documents", form).Leads(at + "/documents/supplement-register")
	admin.Get(at+"/documents/supplement-register").Want(http.StatusOK, longName, "low | 较低 | low", "o2 | 较高 | high", "seized | signed", "行政强制法 §25", "删去")

	leader := w.As(access.Leader)
	seen := leader.Get(at+"/compare").Want(http.StatusOK, longName, "新增", "supplement-register", "通过这一版", "较高")
	send(leader, at+"/adopt", typed(t, seen.Body, at+"/adopt"), "from", "2026-01-01").Want(http.StatusUnprocessableEntity, "不能早于今天")
	send(leader, at+"/adopt", typed(t, seen.Body, at+"/adopt"), "from", "2026-12-01").Leads("/rules/editions/1")
	w.As(access.Officer).Get("/rules/editions/1").Want(http.StatusOK, "第 1 版", "2026 年 12 月 1 日", "新法施行")
	w.As(access.Officer).Get("/rules/editions/1/documents?q=supplement").Want(http.StatusOK, longName, "扣押财物的")
	w.As(access.Officer).Get("/rules/editions/1/compare").Want(http.StatusOK, longName)
	w.As(access.Officer).Get("/rules").Want(http.StatusOK, "尚未施行", "现行有效")
	admin.Get(at).Want(http.StatusOK, "已通过").Lacks("废弃")
}

// TestRepeatedRows: the buttons of fields and signers add, move and take out, and nothing is kept before it is saved.
func TestRepeatedRows(t *testing.T) {
	t.Parallel()
	w := world(t)
	admin := w.As(access.SystemAdmin)
	at := begin(admin)
	row := at + "/documents/case-assignment-notice"
	form := typed(t, admin.Get(row).Want(http.StatusOK).Body, at+"/documents")
	if form.Get("f0_id") != "doc_no" || form.Get("f1_id") != "case_ref" || form.Get("fields") != "14" || form.Get("s0_role") != "seal" {
		t.Fatalf("%v", form)
	}
	form = typed(t, send(admin, at+"/documents", form, "do", "down-field-0").Want(http.StatusOK).Body, at+"/documents")
	form = typed(t, send(admin, at+"/documents", form, "do", "drop-field-2").Want(http.StatusOK).Body, at+"/documents")
	form = typed(t, send(admin, at+"/documents", form, "do", "add-signer").Want(http.StatusOK).Body, at+"/documents")
	if form.Get("f0_id") != "case_ref" || form.Get("f1_id") != "doc_no" || form.Get("f2_id") != "party" || form.Get("fields") != "13" || form.Get("signers") != "2" {
		t.Fatalf("%v", form)
	}
	admin.Get(at+"/compare").Want(http.StatusOK, "没有不同")
	send(admin, at+"/documents", form, "do", "save").Want(http.StatusUnprocessableEntity, `href="#s1_role"`)
	send(admin, at+"/documents", form, "do", "save", "s1_role", "party", "s1_zh", "当事人", "s1_en", "party").Leads(row)
	admin.Get(at+"/compare").Want(http.StatusOK, "改动", "字段 cause", "签署人 party")
	send(admin, at+"/documents", typed(t, admin.Get(row).Body, at+"/documents"), "do", "drop-field-999999").Want(http.StatusUnprocessableEntity, "完全相同")
}

// TestFormsLoseNothing: what a form shows of a row and is sent back as it stands is the row, letter by letter. A few of each kind; all
// with ZHILU_TEST_WHOLE=1.
func TestFormsLoseNothing(t *testing.T) {
	t.Parallel()
	w := world(t)
	admin := w.As(access.SystemAdmin)
	at := begin(admin)
	c, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for _, d := range c.Documents {
		rows["documents"] = append(rows["documents"], d.ID)
	}
	for _, d := range c.Terms {
		rows["deadlines"] = append(rows["deadlines"], d.ID)
	}
	for _, m := range c.Matters {
		rows["recording-matters"] = append(rows["recording-matters"], m.ID)
	}
	for _, o := range c.Obligations {
		rows["requirements"] = append(rows["requirements"], o.ID)
	}
	for part, ids := range rows {
		step := max(1, len(ids)/4)
		if os.Getenv("ZHILU_TEST_WHOLE") == "1" {
			step = 1
		}
		for i := 0; i < len(ids); i += step {
			page := admin.Get(at+"/"+part+"/"+ids[i]).Want(http.StatusOK, "保存")
			answer := send(admin, at+"/"+part, typed(t, page.Body, at+"/"+part))
			if answer.Status != http.StatusUnprocessableEntity || !strings.Contains(answer.Body, "完全相同") {
				t.Errorf("%s %s: sending the form back as it was changes it", part, ids[i])
			}
		}
	}
}

// TestMatterAndObligation: the bureau's own list of matters to film is written on pages, and so are obligations.
func TestMatterAndObligation(t *testing.T) {
	t.Parallel()
	w := world(t)
	admin := w.As(access.SystemAdmin)
	at := begin(admin)
	form := typed(t, admin.Get(at+"/new/recording-matters").Want(http.StatusOK, "新的音像记录事项").Body, at+"/recording-matters")
	send(admin, at+"/recording-matters", form, "id", "AV-90", "zh", "山区巡查").Want(http.StatusUnprocessableEntity, `href="#trigger_zh"`, "山区巡查", `href="#acts"`)
	for name, value := range map[string]string{
		"id": "AV-90", "zh": "山区巡查", "en": "patrol in the mountains", "acts": "inspection", "stage": "investigation", "trigger_zh": "离开县城", "trigger_en": "out of town",
		"start_rule_zh": "出发", "start_rule_en": "leaving", "end_rule_zh": "返回", "end_rule_en": "back", "default_retention_code": "other", "must_film": "road | 道路 | the road | 8(2)\n车辆 | the car",
	} {
		form.Set(name, value)
	}
	send(admin, at+"/recording-matters", form).Leads(at + "/recording-matters/AV-90")
	admin.Get(at+"/recording-matters/AV-90").Want(http.StatusOK, "road | 道路 | the road | 8(2)", "o2 | 车辆 | the car")
	form = typed(t, admin.Get(at+"/requirements/R-03-1").Want(http.StatusOK).Body, at+"/requirements")
	send(admin, at+"/requirements", form, "level", "people", "obliged_zh", "").Want(http.StatusUnprocessableEntity, `href="#obliged_zh"`)
	send(admin, at+"/requirements", form, "obliged_zh", "本局").Leads(at + "/requirements/R-03-1")
	admin.Get(at+"/compare").Want(http.StatusOK, "山区巡查", "R-03-1", "靠人")
}

// TestTwoEditors: two people on different rows are in nobody's way; on one row the second is told, loses no word, and may then
// write over it knowingly.
func TestTwoEditors(t *testing.T) {
	t.Parallel()
	w := world(t)
	admin := w.As(access.SystemAdmin)
	at := begin(admin)
	row := at + "/deadlines/penalty-decision-90d"
	mine := typed(t, admin.Get(row).Want(http.StatusOK).Body, at+"/deadlines")
	theirs := typed(t, admin.Get(row).Want(http.StatusOK).Body, at+"/deadlines")
	other := typed(t, admin.Get(at+"/deadlines/permit-decision-20wd").Want(http.StatusOK).Body, at+"/deadlines")
	send(admin, at+"/deadlines", other, "length", "15").Leads(at + "/deadlines/permit-decision-20wd")
	send(admin, at+"/deadlines", theirs, "length", "60").Leads(row)
	again := send(admin, at+"/deadlines", mine, "length", "45", "note", "我的话").Want(http.StatusUnprocessableEntity, "刚才被别人改过", `value="45"`, "我的话")
	send(admin, at+"/deadlines", typed(t, again.Body, at+"/deadlines")).Leads(row)
	admin.Get(row).Want(http.StatusOK, `value="45"`, "我的话")
	send(admin, at+"/deadlines", typed(t, admin.Get(row).Body, at+"/deadlines"), "length", "ninety").Want(http.StatusUnprocessableEntity, "期限数值应为")
}

// TestDaysAndActs: the calendar is changed line by line and a wrong line is named; an act opens by a whole power only.
func TestDaysAndActs(t *testing.T) {
	t.Parallel()
	w := world(t)
	admin := w.As(access.SystemAdmin)
	at := begin(admin)
	form := typed(t, admin.Get(at+"/calendar").Want(http.StatusOK, "国庆节").Body, at+"/calendar")
	rest := form.Get("rest")
	lines := strings.Count(rest, "\n") + 2
	stale := url.Values{}
	for k, v := range form {
		stale[k] = slices.Clone(v)
	}
	send(admin, at+"/calendar", form, "rest", rest+"\n2026-13-20 肉孜节").Want(http.StatusUnprocessableEntity, "第 "+itoa(lines)+" 行不能用", "肉孜节")
	send(admin, at+"/calendar", form, "rest", rest+"\n2026-03-20 2026-03-21 肉孜节").Leads(at + "/calendar")
	admin.Get(at+"/compare").Want(http.StatusOK, "肉孜节", "2026-03-21")
	send(admin, at+"/calendar", stale, "rest", rest+"\n2026-05-27 古尔邦节").Want(http.StatusUnprocessableEntity, "刚才被别人改过", "古尔邦节")

	power := []string{"act", "compulsion", "law", "中华人民共和国行政强制法", "article", "第十七条", "document_no", "和县司发〔2026〕3号", "date", "2026-03-01"}
	for i := 3; i < len(power); i += 2 {
		broken := slices.Clone(power)
		broken[i] = ""
		admin.Post(at+"/acts", broken...).Want(http.StatusUnprocessableEntity, `href="#compulsion-`+power[i-1]+`"`)
	}
	admin.Post(at+"/acts", power...).Leads(at + "/acts")
	w.As(access.Leader).Get(at+"/compare").Want(http.StatusOK, "行政强制", "和县司发〔2026〕3号", "第十七条")
	admin.Post(at+"/acts", "act", "compulsion", "do", "close").Leads(at + "/acts")
	admin.Get(at + "/compare").Want(http.StatusOK).Lacks("和县司发")
	w.As(access.Leader).Post(at+"/acts", power...).Want(http.StatusForbidden)
}

// TestBrokenDraftPage: a term that documents name is taken out; the draft says which rows are wrong, leads to them, and offers no
// adoption; what is posted all the same is refused.
func TestBrokenDraftPage(t *testing.T) {
	t.Parallel()
	w := world(t)
	admin := w.As(access.SystemAdmin)
	at := begin(admin)
	admin.Post(at+"/drop", "part", "deadlines", "row", "penalty-decision-90d").Leads(at + "/deadlines")
	admin.Get(at).Want(http.StatusOK, "要改正的地方", "引用了不存在的条目：penalty-decision-90d", `href="`+at+`/documents/`)
	leader := w.As(access.Leader)
	leader.Get(at+"/compare").Want(http.StatusOK, "要改正的地方").Lacks("通过这一版")
	leader.Post(at+"/adopt", "revision", "1", "from", "2026-12-01").Want(http.StatusUnprocessableEntity, "处不对")
	leader.Post(at+"/discard", "revision", "1", "words", "").Want(http.StatusUnprocessableEntity, "理由")
	leader.Post(at+"/discard", "revision", "0", "words", "旧页").Want(http.StatusUnprocessableEntity, "刚才被别人改过")
	leader.Post(at+"/discard", "revision", "1", "words", "引用不全").Leads(at)
	admin.Get(at).Want(http.StatusOK, "已废弃", "引用不全").Lacks("导入文件")
	admin.Post(at+"/drop", "part", "deadlines", "row", "permit-decision-20wd").Want(http.StatusUnprocessableEntity, "已经通过或者废弃")
}

// TestImportPage: what is exported comes in again as it was; a wrong cell is named by row and field and nothing is taken over; what
// is no file of the regulation is refused in words.
func TestImportPage(t *testing.T) {
	t.Parallel()
	w := world(t)
	admin := w.As(access.SystemAdmin)
	at := begin(admin)
	for _, part := range []string{"documents", "deadlines", "recording-matters", "requirements"} {
		book := admin.Get(at + "/export/" + part).Want(http.StatusOK)
		if !strings.HasPrefix(book.Body, "PK") || !strings.Contains(book.Header.Get("Content-Disposition"), part+".xlsx") {
			t.Fatalf("%s: %v", part, book.Header)
		}
		admin.Send(at+"/import", "file", part+".xlsx", []byte(book.Body)).Want(http.StatusUnprocessableEntity, "完全相同")
	}
	terms := admin.Get(at + "/export/deadlines?form=json").Want(http.StatusOK).Body
	admin.Send(at+"/import", "file", "期限.json", []byte("\xef\xbb\xbf"+strings.Replace(terms, `"length": 90`, `"length": 89`, 1))).Leads(at + "/compare")
	admin.Get(at+"/compare").Want(http.StatusOK, "89", "90")
	for name, c := range map[string]struct {
		raw  string
		want []string
	}{
		"a wrong row":  {strings.Replace(terms, `"unit": "hour"`, `"unit": "moon"`, 1), []string{"没有这个取值：moon", "第 ", "单位", "坏.json"}},
		"no file":      {"", []string{"JSON"}},
		"markup":       {markup, []string{"JSON"}},
		"half a book":  {"PK\x03\x04 not a workbook", []string{"不是可读的 Excel 工作簿"}},
		"other things": {`{"meta":{"schema":"songs/1"},"songs":[]}`, []string{"没有这个取值：songs/1"}},
		"a calendar":   {`{"schema":"calendar/1","place":"x","from":"2026-01-01","to":"2026-12-31","rest":[{"from":"2025-01-01","to":"2025-01-01","name":"x"}],"work":[]}`, []string{"日历里这一处不能用"}},
	} {
		t.Run(name, func(t *testing.T) {
			admin.Send(at+"/import", "file", "坏.json", []byte(c.raw)).Want(http.StatusUnprocessableEntity, c.want...).Lacks(markup)
		})
	}
	admin.Send(at+"/import", "", "", nil).Want(http.StatusUnprocessableEntity)
	admin.Send(at+"/import", "file", "x.json", bytes.Repeat([]byte("a"), 9<<20)).Want(http.StatusUnprocessableEntity, "8")
	admin.Get(at).Want(http.StatusOK, "导入：期限")
}

func itoa(n int) string {
	var b []byte
	for ; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

// TestLooks opens every page of the area in a browser, wide and narrow, and lets axe look.
func TestLooks(t *testing.T) {
	t.Parallel()
	w := world(t)
	admin := w.As(access.SystemAdmin)
	at := begin(admin)
	form := typed(t, admin.Get(at+"/documents/case-assignment-notice").Body, at+"/documents")
	send(admin, at+"/documents", form, "zh", longName).Leads(at)
	admin.Post(at+"/acts", "act", "compulsion", "law", "中华人民共和国行政强制法", "article", "第十七条", "document_no", "和县司发〔2026〕3号", "date", "2026-03-01").Leads(at)
	admin.Post(at+"/drop", "part", "deadlines", "row", "penalty-decision-90d").Leads(at)
	second := begin(admin)
	send(admin, second+"/deadlines", typed(t, admin.Get(second+"/deadlines/permit-decision-20wd").Body, second+"/deadlines"), "length", "15").Leads(second)
	b := webtest.NewBrowser(t)
	webtest.Watch(t, b, nil)
	admin.Browse(t, b)
	pages := map[string]string{
		"list": "/rules", "document": at + "/documents/case-assignment-notice", "acts": at + "/acts",
	}
	if os.Getenv("ZHILU_SHOTS") != "" { // as many as eyes want; the suite looks at one of each kind
		pages["draft"], pages["obligation"] = at, at+"/requirements/R-03-1"
		pages["import"], pages["calendar"] = at+"/import", at+"/calendar"
		pages["documents"], pages["new"], pages["term"], pages["compare"] = at+"/documents", at+"/new/documents", at+"/deadlines/permit-decision-20wd", at+"/compare"
		pages["terms"], pages["matters"], pages["matter"] = at+"/deadlines", at+"/recording-matters", at+"/recording-matters/AV-01"
	}
	for name, path := range pages {
		look(t, b, w.Server.URL+path, "rules-"+name)
	}
	w.As(access.Leader).Browse(t, b, "zhilu_lang", "en", "zhilu_theme", "dark")
	look(t, b, w.Server.URL+second+"/compare", "rules-adopt-en")
	look(t, b, w.Server.URL+"/rules/editions/0/documents?act=payment", "rules-edition-en")
	w.As(access.Custodian).Browse(t, b)
	look(t, b, w.Server.URL+"/rules/editions/0", "rules-read-edition")
}

func look(t *testing.T, b context.Context, url, name string) {
	t.Helper()
	for _, size := range []webtest.Size{webtest.Desktop, webtest.Phone} {
		n := name
		if size == webtest.Phone {
			n += "-phone"
		}
		webtest.Open(t, b, url, size)
		webtest.NoSideways(t, b)
		webtest.Screenshot(t, b, n, size.Width, size.Height)
		webtest.Axe(t, b)
	}
}
