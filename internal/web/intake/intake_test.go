package intake_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

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
	if i := strings.Index(a.Body, "⟦"); i >= 0 {
		t.Errorf("words are missing: %.60s", a.Body[i:])
	}
}

// TestInbox is R-21-2: what nothing explains is listed with what to do, and settled with a name and words.
func TestInbox(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	keeper := h.As(access.Custodian)
	a := keeper.Get("/inbox")
	has(t, a, http.StatusOK, "未登记设备", "没有登记的先去登记", "无法读取", "共 13 条", "找不到使用人", "𬱖䶮·阿依努尔")
	if strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, "\u202e") {
		t.Error("a hostile name became markup")
	}
	has(t, keeper.Get("/inbox?flag=unreadable"), http.StatusOK, "共 1 条", "清除条件")
	has(t, keeper.Get("/inbox?flag=late"), http.StatusOK, "共 1 条", "问使用人几点返回", record.Path(d.Late.RecordingID)+"#return", "写返回说明")
	has(t, keeper.Get("/inbox?flag=cannot_judge"), http.StatusOK, "先核对设备时钟", record.Path(d.Doubtful.RecordingID))
	if strings.Contains(a.Body, record.Path(d.InTime.RecordingID)) {
		t.Error("what is in time asks for nobody")
	}
	has(t, keeper.Get("/inbox?q=%E6%B2%A1%E6%9C%89%E8%BF%99%E4%B8%AA"), http.StatusOK, "没有符合这些条件的文件")
	has(t, h.As(access.Head).Get("/inbox"), http.StatusOK, "看事实")
	has(t, a, http.StatusOK, "说明 Z07 缺少的编号 0010", "缺号是要问的事", "/devices/"+string(h.Camera))
	if b := keeper.Get("/inbox?flag=late"); strings.Contains(b.Body, "缺少的编号") {
		t.Error("missing numbers under a condition they do not meet")
	}

	path := "/inbox/" + string(d.Unknown.RecordingID)
	has(t, keeper.Get("/inbox?settle="+string(d.Unknown.RecordingID)), http.StatusOK, `id="settle"`, `action="`+path+`"`, "Z-07", "阿依努尔·买买提")
	has(t, keeper.Post(path, url.Values{"device": {string(h.Camera)}, "words": {" "}}), http.StatusUnprocessableEntity, `id="words-error"`, `value="`+string(h.Camera)+`" selected`)
	has(t, keeper.Post(path, url.Values{"device": {"Z-07"}, "words": {"是 Z-07 的卡"}}), http.StatusUnprocessableEntity, `id="device-error"`, "是 Z-07 的卡")
	if a := h.As(access.Officer).Post(path, url.Values{"words": {"我的"}}); a.Status != http.StatusForbidden {
		t.Errorf("an officer settled: %d", a.Status)
	}
	if a := h.As(access.Officer).Get("/inbox"); a.Status != http.StatusForbidden {
		t.Errorf("an officer sees the inbox: %d", a.Status)
	}
	if a := keeper.Post("/inbox/"+string(ident.New[ident.RecordingID]()), url.Values{"words": {"没有的"}}); a.Status != http.StatusNotFound {
		t.Errorf("settled what does not exist: %d", a.Status)
	}
	a = keeper.Post(path, url.Values{"officer": {string(h.People[access.Officer].ID)}, "device": {string(h.Camera)}, "words": {"是 Z-07 的卡"}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/inbox?done=1" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	has(t, keeper.Get("/inbox?done=1"), http.StatusOK, "已认领，记入日志", "共 12 条")
	has(t, keeper.Get(record.Path(d.Unknown.RecordingID)), http.StatusOK, "认定设备 Z-07、使用人 阿依努尔·买买提", "是 Z-07 的卡", "当初没有认出设备")
}

// TestCards is T2: what became of every file, and which numbers are missing.
func TestCards(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	keeper := h.As(access.Custodian)
	has(t, keeper.Get("/cards"), http.StatusOK, "Z-07", "没有认出设备", "已封存 3", "清单上有，没有交来 1", "有文件没有入库", "采集站 1 号")
	a := keeper.Get("/cards/" + string(d.Card))
	has(t, a, http.StatusOK, "缺 0010", "还没有交来", "系统文件", "已封存并复核", "已封存，待复核", record.Path(d.InTime.RecordingID), "采集结束，逐个文件写明结果",
		"会清 2 个文件", "已封存，还没有从磁盘复核", "按规则不入库的文件", "8 GB")
	a = keeper.Get("/cards/" + string(d.Second))
	has(t, a, http.StatusOK, "&#34;&gt;&lt;script&gt;", "photo_‹U+202E›gpj.exe", "a‹U+0001›b‹U+0009›c.mp4")
	if strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, "\u202e") {
		t.Error("a hostile name became markup")
	}
	for _, c := range []struct {
		role   access.Role
		status int
	}{{access.Head, 200}, {access.Leader, 200}, {access.Supervisor, 200}, {access.SystemAdmin, 403}, {access.AuditAdmin, 403}} {
		a := h.As(c.role).Get("/cards/" + string(d.Card))
		if a.Status != c.status || strings.Contains(a.Body, `action="/cards/`+string(d.Card)+`/clear"`) {
			t.Errorf("%s: %d", c.role, a.Status)
		}
	}
	if a := keeper.Get("/cards/x"); a.Status != http.StatusNotFound {
		t.Errorf("%d", a.Status)
	}
}

// TestClear is R-19-2, T28: only the custodian orders, only once, only with the password given again, and only what is safe.
func TestClear(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	path := "/cards/" + string(d.Card) + "/clear"
	right := url.Values{"password": {accounttest.Password}}
	for _, role := range []access.Role{access.Officer, access.Head, access.Leader, access.SystemAdmin} {
		if a := h.As(role).Post(path, right); a.Status != http.StatusForbidden {
			t.Errorf("%s ordered: %d", role, a.Status)
		}
	}
	keeper := h.As(access.Custodian)
	has(t, keeper.Get("/cards/"+string(d.Card)), http.StatusOK, `type="password"`, `autocomplete="current-password"`)
	for _, wrong := range []url.Values{{}, {"confirm": {"1"}}, {"password": {"not it"}}} {
		has(t, keeper.Post(path, wrong), http.StatusUnprocessableEntity, `id="password-error"`, "密码不对")
	}
	a := keeper.Post(path, right)
	if a.Status != http.StatusSeeOther {
		t.Fatal(a.Status, a.Body)
	}
	has(t, keeper.Get(a.Header.Get("Location")), http.StatusOK, "清卡命令已签发", "下清卡命令")
	has(t, keeper.Post(path, right), http.StatusUnprocessableEntity, "已经有一份有效的清卡命令")
	for range 5 {
		a = keeper.Post(path, url.Values{"password": {"not it"}})
	}
	has(t, a, http.StatusUnprocessableEntity, `id="password-error"`, "账号锁定到")

	fresh := h.Card("Z07")
	r := h.Take(fresh, h.Name("DSJ-0007", 2*3600e9, 40), "fresh", false)
	has(t, keeper.Get("/cards/"+string(fresh)), http.StatusOK, "清单是空的", "现在没有可以清的文件", "正在采集")
	h.Verify(r.FileID)
}

// TestUpload: the page is the custodian's.
func TestUpload(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	has(t, h.As(access.Custodian).Get("/upload-files"), http.StatusOK, `endpoint="/upload"`, "选文件夹")
	for _, role := range []access.Role{access.Officer, access.Head, access.Supervisor, access.SecurityAdmin} {
		if a := h.As(role).Get("/upload-files"); a.Status != http.StatusForbidden {
			t.Errorf("%s: %d", role, a.Status)
		}
	}
	has(t, h.As(access.Custodian).Get("/cards"), http.StatusOK, "还没有采集记录")
	has(t, h.As(access.Custodian).Get("/inbox"), http.StatusOK, "没有等着处理的文件")
}

// TestEnglish: the same pages, with every word.
func TestEnglish(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	r := h.As(access.Custodian)
	r.Lang = "en"
	for _, path := range []string{"/inbox?settle=" + string(d.Unknown.RecordingID), "/cards", "/cards/" + string(d.Card), "/cards/" + string(d.Second), "/upload-files"} {
		has(t, r.Get(path), http.StatusOK)
	}
}
