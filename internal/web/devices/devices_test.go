package devices_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/devices"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/webtest"
)

const (
	longName = "阿卜杜热合曼·麦麦提吐尔逊·托合提库尔班江·阿布都热依木"
	markup   = `<script>alert("1")</script>`
	formula  = "=HYPERLINK(\"http://x\",\"y\")"
)

func routes(w *pagetest.World) []site.Route {
	return devices.Routes(devices.Deps{Devices: w.Devices, Org: w.Org, Accounts: w.Accounts})
}

func path(id ident.DeviceID) string { return "/devices/" + string(id) }

func TestIssueReturnAndLedger(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	id := w.Device("Z-07")
	officer := string(w.People[access.Officer].ID)
	keeper := w.As(access.Custodian)
	keeper.Get(path(id)).Want(http.StatusOK, "发给执法人员", "阿依努尔·买买提（没有有效执法证）", "没有核对过")
	keeper.Post(path(id)+"/issue", "person", "", "purpose", "巡查").Want(http.StatusUnprocessableEntity, "要选使用人", `value="巡查"`)
	keeper.Post(path(id)+"/issue", "person", officer, "purpose", "").Want(http.StatusUnprocessableEntity, "用途")
	keeper.Post(path(id)+"/issue", "person", officer, "purpose", markup).Leads(path(id))
	keeper.Get("/devices").Want(http.StatusOK, "已领用", "阿依努尔·买买提", "收回")
	a := keeper.Get(path(id)).Want(http.StatusOK, "在 阿依努尔·买买提 手上", "&lt;script&gt;", "还没有交回")
	a.Lacks(markup) // T26
	keeper.Post(path(id)+"/return", "condition", "damaged", "note", "").Want(http.StatusUnprocessableEntity, "说明")
	keeper.Post(path(id)+"/return", "condition", "damaged", "note", "镜头有裂纹").Leads(path(id))
	keeper.Get("/devices?view=ledger").Want(http.StatusOK, "交接台账", "损坏", "镜头有裂纹", "经手 古丽巴哈尔·阿卜杜热西提") // R-21-3
	keeper.Post(path(id)+"/return", "condition", "good").Want(http.StatusUnprocessableEntity, "没有领出")
	// T13, R-21-3: only the department's custodian hands out; an officer sees nothing they do not hold.
	w.As(access.Head).Post(path(id)+"/issue", "person", officer, "purpose", "巡查").Want(http.StatusForbidden, "第二十一条")
	w.As(access.Officer).Get(path(id)).Want(http.StatusNotFound)
	w.As(access.SecurityAdmin).Get("/devices").Want(http.StatusForbidden)
	w.As(access.Officer).Get("/devices").Want(http.StatusOK, "你手上没有设备")
	w.As(access.Officer).Get("/devices/new").Want(http.StatusForbidden)
}

func TestUnstoredFilesHoldADeviceBack(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	id := w.Device("Z-07")
	w.OpenDuty(duty.New{Kind: duty.Store, Subject: custody.Subject{Kind: "card_file", ID: "c:1"}, Device: id, Department: w.Departments[0].ID, Due: w.Clock.Now().Add(time.Hour)})
	a := w.As(access.Custodian).Post(path(id)+"/issue", "person", string(w.People[access.Officer].ID), "purpose", "现场检查")
	a.Want(http.StatusUnprocessableEntity, "没有入库", `value="现场检查"`) // R-19-1: never handed out with unstored files
}

func TestRegisterEditAndState(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	keeper := w.As(access.Custodian)
	d1 := string(w.Departments[0].ID)
	keeper.Get("/devices").Want(http.StatusOK, "还没有登记设备")
	keeper.Get("/devices/new").Want(http.StatusOK, "登记设备").Lacks("执法二科")
	keeper.Post("/devices", "label", "", "kind", "body_camera", "department", d1, "maker", "云记").Want(http.StatusUnprocessableEntity, "设备编号", `value="云记"`)
	a := keeper.Post("/devices", "label", formula, "kind", "body_camera", "department", d1, "note", markup).Leads("/devices/")
	at := a.Location
	keeper.Post("/devices", "label", formula, "kind", "body_camera", "department", d1).Want(http.StatusUnprocessableEntity, "登记")
	keeper.Get(at).Want(http.StatusOK, "HYPERLINK").Lacks(markup)
	keeper.Get(at+"?edit=1").Want(http.StatusOK, `name="version" value="1"`, "换状态")
	keeper.Post(at, "version", "7", "label", "Z-08", "kind", "camera", "department", d1).Want(http.StatusUnprocessableEntity, `value="Z-08"`)
	keeper.Post(at, "version", "1", "label", "Z-08", "kind", "camera", "department", d1).Leads(at)
	keeper.Post(at, "do", "state", "state", "repair", "state_note", "坏").Want(http.StatusUnprocessableEntity, `value="坏"`)
	keeper.Post(at, "do", "state", "state", "repair", "state_note", "镜头送修").Leads(at)
	keeper.Get(at).Want(http.StatusOK, "维修", "镜头送修").Lacks("发给执法人员")
	keeper.Get("/devices?view=stock").Want(http.StatusOK, "配备情况", "执法一科") // R-04-1
	keeper.Post("/devices", "label", "Z-09", "kind", "camera", "department", string(w.Departments[1].ID)).Want(http.StatusForbidden)
	keeper.Get("/devices/nonsense").Want(http.StatusNotFound)
}

func TestClock(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	id := w.Device("Z-07")
	keeper := w.As(access.Custodian)
	keeper.Post(path(id)+"/clock", "face", "九点").Want(http.StatusUnprocessableEntity, `value="九点"`)
	keeper.Post(path(id)+"/clock", "face", "2026/11/24 08:59：50").Leads(path(id))
	keeper.Get(path(id)).Want(http.StatusOK, "慢 4 秒 到 16 秒", "人工核对")
	keeper.Post(path(id)+"/clock", "face", "2026-11-24 09:10").Leads(path(id))
	keeper.Get(path(id)).Want(http.StatusOK, "快 9 分 55 秒")
}

func TestListIsFilteredPagedAndExported(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	ctx := context.Background()
	for i := range 55 {
		w.Device("Z-" + string(rune('0'+i/10)) + string(rune('0'+i%10)))
	}
	keeper := w.As(access.Custodian)
	a := keeper.Get("/devices").Want(http.StatusOK, "50 条以上", "下一页")
	i := strings.Index(a.Body, `rel="next"`)
	href := a.Body[strings.LastIndex(a.Body[:i], `href="`)+6:]
	href = strings.ReplaceAll(href[:strings.Index(href, `"`)], "&amp;", "&")
	keeper.Get(href).Want(http.StatusOK, "共 55 条", "回到最前")
	keeper.Get("/devices?q=Z-07").Want(http.StatusOK, "Z-07").Lacks("Z-08")
	keeper.Get("/devices?q=没有这台").Want(http.StatusOK, "没有符合条件的设备")
	keeper.Get("/devices?after=broken").Want(http.StatusBadRequest)
	id, err := w.Devices.Register(ctx, access.HostActor("test"), device.Spec{Label: formula, Kind: device.Camera, Department: w.Departments[0].ID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Devices.Issue(ctx, w.Actor(t, access.Custodian), id, device.IssueInput{Person: w.People[access.Officer].ID, Purpose: "+1"}); err != nil {
		t.Fatal(err)
	}
	rows := sheet(t, keeper.Get("/devices/export").Want(http.StatusOK))
	if len(rows) != 57 {
		t.Errorf("%d rows exported, want 57", len(rows))
	}
	for _, r := range rows {
		for _, c := range r {
			if strings.HasPrefix(c, "=") {
				t.Errorf("a formula in the export: %q", c) // T26
			}
		}
	}
	led := sheet(t, keeper.Get("/devices/export?view=ledger").Want(http.StatusOK))
	if len(led) != 2 || led[1][5] != "'+1" {
		t.Errorf("the ledger is %q", led)
	}
	sheet(t, keeper.Get("/devices/template").Want(http.StatusOK))
}

func sheet(t *testing.T, a pagetest.Answer) [][]string {
	t.Helper()
	if !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("sent as %q", a.Header.Get("Content-Disposition"))
	}
	f, err := excelize.OpenReader(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := f.GetRows(f.GetSheetList()[0])
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// cards makes a sheet of devices to be imported.
func cards(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	var b bytes.Buffer
	table := ledger.Table{Title: "设备", Rows: func(yield func([]any, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}}
	for _, c := range device.Sheet().Columns {
		table.Columns = append(table.Columns, ledger.Heading{Title: c.Titles[0]})
	}
	if err := ledger.Write(&b, table); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImport(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	w.Device("Z-07")
	keeper := w.As(access.Custodian)
	keeper.Get("/device-import").Want(http.StatusOK, "导入设备", "下载空白表格")
	keeper.Send("/device-import", "", "", nil).Want(http.StatusUnprocessableEntity, "没有选文件")
	keeper.Send("/device-import", "file", "x.xlsx", []byte("no workbook")).Want(http.StatusUnprocessableEntity, "打不开")
	data := cards(t, []any{"Z-07", "执法记录仪", "执法一科", "", "DSJ-6"}, []any{"Z-08", "执法记录仪", "执法一科"}, []any{markup, "冰箱", "不存在的科室"}, []any{"Z-10", "手机", "执法二科"})
	a := keeper.Send("/device-import", "file", "设备 "+markup+".xlsx", data)
	a.Want(http.StatusOK, "新增 1 行，改动 1 行，不变 0 行，有问题 2 行", "冰箱", "导入 2 行", "下载有问题的 2 行").Lacks(markup)
	if got, err := w.Devices.List(context.Background(), access.HostActor("test"), device.Filter{}); err != nil || len(got.Items) != 1 {
		t.Fatalf("a preview changed something: %v %v", got, err)
	}
	wrong := between(t, a.Body, `name="wrong" value="`)
	rows := sheet(t, keeper.Send("/device-import", "", "", nil, "wrong", wrong).Want(http.StatusOK))
	if len(rows) != 3 || rows[1][0] != "4" || !strings.Contains(strings.Join(rows[1], " "), "冰箱") {
		t.Errorf("the wrong rows are %q", rows)
	}
	keeper.Send("/device-import", "", "", nil, "wrong", "!").Want(http.StatusBadRequest)
	apply := "/device-import/" + between(t, a.Body, `action="/device-import/`)
	w.As(access.Officer).Post(apply).Want(http.StatusForbidden)
	done := keeper.Post(apply).Leads("/device-import?")
	keeper.Get(done.Location).Want(http.StatusOK, "已经导入", "新增 1 行")
	keeper.Get("/devices").Want(http.StatusOK, "Z-08", "DSJ-6").Lacks("Z-10")
	keeper.Post(apply).Want(http.StatusNotFound) // carried out once
}

func between(t *testing.T, body, start string) string {
	t.Helper()
	i := strings.Index(body, start)
	if i < 0 {
		t.Fatalf("%q is not on the page", start)
	}
	rest := body[i+len(start):]
	return rest[:strings.Index(rest, `"`)]
}

func TestLooks(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes)
	ctx := context.Background()
	id, other := w.Device("Z-07"), w.Device("Z-08")
	long := w.Add(t, longName, "long", w.Departments[0].ID, access.Officer)
	w.Certificate(long.ID, "HT650001", 400)
	keeper := w.Actor(t, access.Custodian)
	for i := range 3 {
		if _, err := w.Devices.Issue(ctx, keeper, id, device.IssueInput{Person: long.ID, Purpose: "北塘市场现场检查" + strings.Repeat("，再查一遍", i)}); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(5 * time.Hour)
		if i == 2 {
			break
		}
		if err := w.Devices.Return(ctx, keeper, id, device.ReturnInput{}); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Hour)
	}
	if err := w.Devices.CheckClock(ctx, keeper, other, w.Clock.Now().Add(3*time.Second), time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Org.AddPerson(ctx, access.HostActor("test"), org.PersonEdit{Name: markup, Department: w.Departments[0].ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Devices.Register(ctx, access.HostActor("test"), device.Spec{Label: strings.Repeat("W", 40), Kind: device.Fixed, Department: w.Departments[0].ID, Model: markup}); err != nil {
		t.Fatal(err)
	}
	b := webtest.NewBrowser(t)
	webtest.Watch(t, b, func(text string) bool { return strings.Contains(text, "422") })
	w.As(access.Custodian).Browse(t, b)
	for name, at := range map[string]string{
		"list": "/devices", "out": path(id), "in": path(other), "ledger": "/devices?view=ledger", "stock": "/devices?view=stock",
		"new": "/devices/new", "edit": path(id) + "?edit=1", "import": "/device-import",
	} {
		look(t, b, w.Server.URL+at, "devices-"+name)
	}
	w.As(access.Custodian).In(locale.English).Browse(t, b, "zhilu_lang", "en", "zhilu_theme", "dark")
	look(t, b, w.Server.URL+path(other), "devices-en")
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
