package record_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

// has fails for every text that the page lacks.
func has(t *testing.T, a recordtest.Answer, status int, texts ...string) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d:\n%s", a.Status, status, a.Body)
	}
	for _, s := range texts {
		if !strings.Contains(a.Body, s) {
			t.Errorf("the page lacks %q", s)
		}
	}
	if strings.Contains(a.Body, "⟦") {
		t.Errorf("words are missing: %.60s", a.Body[strings.Index(a.Body, "⟦"):])
	}
}

func lacks(t *testing.T, a recordtest.Answer, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if strings.Contains(a.Body, s) {
			t.Errorf("the page shows %q", s)
		}
	}
}

// TestPage is R-19-1: the verdict stands there with its sum, every fact with its source; no look is offered (R-23-1).
func TestPage(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	officer := h.As(access.Officer)

	a := officer.Get(record.Path(d.InTime.RecordingID))
	has(t, a, http.StatusOK, "按时入库", "第十九条第一款", "甲", "乙", "乙 − 甲，不超过 24 小时", "设备误差不超过", "回执已签名",
		"阿依努尔·买买提", "领用记录，整段都在其手中", "Z-07", "卡的卷标", "从磁盘重新读过，与封存时一致", d.InTime.SHA256.String(), "SM3",
		"封存原件", "开始接收文件", "下载证明", "这是你录的", record.Path(d.InTime.RecordingID)+"/look", "缺 0010", "有定位信息", "封存证明", "下载回执")
	lacks(t, a, "<video", "<img", "登记返回时间", "认定设备和使用人", "hevc.m3u8")

	has(t, h.As(access.Head).Get(record.Path(d.InTime.RecordingID)), http.StatusOK, "查看要先取得同意", "申请查看") // R-23-1

	a = officer.Get(record.Path(d.Late.RecordingID))
	has(t, a, http.StatusOK, "逾期入库")
	a = h.As(access.Custodian).Get(record.Path(d.Late.RecordingID))
	has(t, a, http.StatusOK, "逾期入库", "登记没有及时储存的原因", `name="returned_at"`, "在偏远地区执法", `name="where"`, "改认定")
	has(t, h.As(access.Custodian).Get(record.Path(d.Late.RecordingID)+"?do=assign"), http.StatusOK, "认定设备和使用人", `name="officer"`)

	a = h.As(access.Custodian).Get(record.Path(d.Stored.RecordingID))
	has(t, a, http.StatusOK, "已封存，待复核", "还没有从磁盘重新读过", "复核以后才有")

	a = h.As(access.Custodian).Get(record.Path(d.Doubtful.RecordingID))
	has(t, a, http.StatusOK, "无法判定", "可能在时限之内，也可能在时限之外", " 至 ", "设备时钟没有核对过", "使用人不明", "找不到使用人", "认领这段录音录像")

	a = h.As(access.Custodian).Get(record.Path(d.Bad.RecordingID))
	has(t, a, http.StatusOK, "无法读取：索引没有写完，多半是录制中断电")
}

// TestWhoSees is R-21-1: an officer of another department, and every administrator, is refused.
func TestWhoSees(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	for _, path := range []string{
		record.Path(d.InTime.RecordingID), record.Path(d.InTime.RecordingID) + "/certificate", "/files/" + string(d.InTime.FileID) + "/receipt",
		"/receipts/" + string(d.InTime.ReceiptID),
	} {
		if a := h.SignIn(h.Other.ID).Get(path); a.Status != http.StatusForbidden || strings.Contains(a.Body, d.InTime.SHA256.String()) {
			t.Errorf("%s: another officer got %d", path, a.Status)
		}
		for _, role := range []access.Role{access.SystemAdmin, access.SecurityAdmin, access.AuditAdmin} {
			if a := h.As(role).Get(path); a.Status != http.StatusForbidden {
				t.Errorf("%s: %s got %d", path, role, a.Status)
			}
		}
		for _, role := range []access.Role{access.Officer, access.Custodian, access.Head, access.Leader, access.LegalReviewer, access.Supervisor} {
			if a := h.As(role).Get(path); a.Status != http.StatusOK {
				t.Errorf("%s: %s got %d", path, role, a.Status)
			}
		}
	}
	for _, path := range []string{"/recordings/x", "/recordings/" + string(ident.New[ident.RecordingID]()), "/receipts/x", "/files/x/receipt", "/entries/x/proof"} {
		if a := h.As(access.Leader).Get(path); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}

// TestReturn is R-19-3: a return note with a reason makes a late recording count from the return; what is wrong with the
// form is said at its field and everything typed stays.
func TestReturn(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	keeper, path := h.As(access.Custodian), record.Path(d.Late.RecordingID)
	at := func(ago time.Duration) string {
		return h.Clock.Now().Add(-ago).In(time.FixedZone("", 8*3600)).Format("2006-01-02T15:04")
	}
	for _, c := range []struct {
		form  url.Values
		field string
	}{
		{url.Values{"returned_at": {"yesterday"}, "reason": {"remote"}, "words": {"留着这句话"}}, "return-returned_at-error"},
		{url.Values{"returned_at": {at(-time.Hour)}, "reason": {"remote"}, "words": {"留着这句话"}}, "return-returned_at-error"},
		{url.Values{"returned_at": {at(time.Hour)}, "reason": {"asleep"}, "words": {"留着这句话"}}, "return-reason-error"},
		{url.Values{"returned_at": {at(time.Hour)}, "words": {"留着这句话"}}, "return-reason-error"},
	} {
		a := keeper.Post(path+"/return", c.form)
		has(t, a, http.StatusUnprocessableEntity, `id="`+c.field+`"`, "留着这句话", "有 1 处要改")
	}
	if a := h.As(access.Officer).Post(path+"/return", url.Values{"returned_at": {at(time.Hour)}, "reason": {"remote"}}); a.Status != http.StatusForbidden {
		t.Errorf("an officer noted the own return: %d", a.Status)
	}
	a := keeper.Post(path+"/return", url.Values{"returned_at": {at(20 * time.Hour)}, "reason": {"remote"}, "words": {"<b>山上</b>"}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != path+"#notes" {
		t.Fatalf("%d %s", a.Status, a.Header.Get("Location"))
	}
	a = keeper.Get(path)
	has(t, a, http.StatusOK, "返回后按时入库", "第十九条第二款", "丙", "古丽巴哈尔·阿卜杜热西提 登记", "各种算法", "返回后入库平台", "&lt;b&gt;山上&lt;/b&gt;", "登记返回时间和事由", "逾期 改为 按时（返回起算）")
	lacks(t, a, "<b>山上</b>")
}

// TestDesignateAndAssign: the other overlays; what was found first stays in sight.
func TestDesignateAndAssign(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	keeper, path := h.As(access.Custodian), record.Path(d.Late.RecordingID)
	at := h.Clock.Now().Add(-20 * time.Hour).In(time.FixedZone("", 8*3600)).Format("2006-01-02T15:04")
	has(t, keeper.Post(path+"/designate", url.Values{"stored_at": {at}}), http.StatusUnprocessableEntity, `id="designate-where-error"`)
	if a := keeper.Post(path+"/designate", url.Values{"stored_at": {at}, "where": {"一科保险柜"}}); a.Status != http.StatusSeeOther {
		t.Fatal(a.Status, a.Body)
	}
	has(t, keeper.Get(path), http.StatusOK, "按时存入指定存储", "一科保险柜", "丁")

	has(t, keeper.Post(path+"/assign", url.Values{"words": {"看卷标"}}), http.StatusUnprocessableEntity, `id="assign-device-error"`, "看卷标")
	has(t, keeper.Post(path+"/assign", url.Values{"officer": {string(h.People[access.Head].ID)}}), http.StatusUnprocessableEntity, `id="assign-words-error"`)
	has(t, keeper.Post(path+"/assign", url.Values{"officer": {"x"}, "words": {"看卷标"}}), http.StatusUnprocessableEntity, `id="assign-officer-error"`)
	if a := keeper.Post(path+"/assign", url.Values{"officer": {string(h.People[access.Head].ID)}, "words": {"看卷标"}}); a.Status != http.StatusSeeOther {
		t.Fatal(a.Status, a.Body)
	}
	has(t, keeper.Get(path), http.StatusOK, "王建国", "保管人认定", "当初认出的是 阿依努尔·买买提", "认定使用人 王建国")
}

// TestPapers: receipts, proofs and certificate agree with the log, as an outsider checks them (decision 6).
func TestPapers(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	reader := h.As(access.Officer)
	trust, err := custody.ReadTrust(t.Context(), h.DB.Reader, h.Keys.Origin(), h.Bureau.Bureau.Name)
	if err != nil {
		t.Fatal(err)
	}
	trustFile, err := trust.Render()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := verify.ParseTrust(trustFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/files/" + string(d.InTime.FileID) + "/receipt", "/receipts/" + string(d.InTime.ReceiptID)} {
		a := reader.Get(path)
		if a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
			t.Fatalf("%s: %d %v", path, a.Status, a.Header)
		}
		report, err := verify.Bytes([]byte(a.Body), verify.Options{Trust: parsed, Clock: h.Clock})
		if err != nil || report.ExitCode() != verify.ExitOK {
			t.Errorf("%s: an outsider finds %+v %v", path, report, err)
		}
	}
	history, err := custody.List(t.Context(), h.DB.Reader, custody.Filter{Subject: custody.Subject{Kind: "recording", ID: string(d.InTime.RecordingID)}})
	if err != nil || len(history) < 3 {
		t.Fatal(len(history), err)
	}
	for _, e := range history {
		a := reader.Get("/entries/" + string(e.ID) + "/proof")
		report, err := verify.Bytes([]byte(a.Body), verify.Options{Trust: parsed, Clock: h.Clock})
		if a.Status != http.StatusOK || err != nil {
			t.Fatal(a.Status, err)
		}
		if report.Kind != "entry" || report.ExitCode() != verify.ExitOK || *report.Index != e.Index || report.Opened[0].Value != string(e.ID) {
			t.Errorf("%s: an outsider finds %+v", e.Action, report)
		}
		if a := h.SignIn(h.Other.ID).Get("/entries/" + string(e.ID) + "/proof"); a.Status != http.StatusNotFound {
			t.Errorf("another officer got the proof: %d", a.Status)
		}
		foreign := fmt.Sprintf("/entries/%s/proof?recording=%s", e.ID, d.Stored.RecordingID)
		if a := reader.Get(foreign); e.Subject.ID == string(d.InTime.RecordingID) && a.Status != http.StatusNotFound {
			t.Errorf("a proof was handed out for a recording it is not about: %d", a.Status)
		}
	}
	a := reader.Get(record.Path(d.InTime.RecordingID) + "/certificate")
	has(t, a, http.StatusOK, "封存证明", "证明从入库（采集站收到文件）开始", d.InTime.SHA256.String(), custody.Fingerprint(trustFile), h.Keys.Origin(),
		"zhilu verify --trust trust.json", "乙 − 甲", "日志第", "2026-11-24 04:00:00")
	lacks(t, a, "今天 04:00")
}

// TestHostile is T19 and T26: whatever a card calls its files, the pages hold and no name becomes markup.
func TestHostile(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	keeper := h.As(access.Custodian)
	for i, r := range d.Hostile {
		for _, path := range []string{record.Path(r.RecordingID), record.Path(r.RecordingID) + "/certificate"} {
			a := keeper.Get(path)
			has(t, a, http.StatusOK)
			lacks(t, a, "<script>alert", "\u202e", "\x01")
			if a.Header.Get("Content-Security-Policy") == "" {
				t.Errorf("%d: no policy", i)
			}
		}
	}
}

// TestEnglish: the same pages, with every word.
func TestEnglish(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	r := h.As(access.Custodian)
	r.Lang = "en"
	for _, id := range []ident.RecordingID{d.InTime.RecordingID, d.Late.RecordingID, d.Doubtful.RecordingID, d.Bad.RecordingID} {
		for _, path := range []string{record.Path(id), record.Path(id) + "/certificate"} {
			has(t, r.Get(path), http.StatusOK)
		}
	}
	has(t, r.Get(record.Path(d.InTime.RecordingID)), http.StatusOK, "Stored in time", "B − A, at most 24 h", "Proof", "A look needs consent first")
}
