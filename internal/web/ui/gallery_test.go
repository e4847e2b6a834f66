package ui_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/asset"
	"zhilu.dev/zhilu/internal/web/ui"
)

// The gallery shows every component with the kind of content it will meet: long names, rare characters, late things.
// Its texts stand here and not in the catalogues because it is no part of the product.

const policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"

var galleryNow = time.Date(2026, 11, 24, 11, 52, 0, 0, clock.Shanghai)

// gallery serves a page a component group. ?theme=dark&size=large&lang=en as it says.
func gallery(t testing.TB) *httptest.Server {
	t.Helper()
	cat, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(asset.Prefix, asset.Handler())
	mux.HandleFunc("POST /prefer", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for path, g := range map[string]struct {
		title string
		body  func(p locale.Printer) templ.Component
	}{
		"/workbench": {"工作台", workbench},
		"/list":      {"音像库", list},
		"/recording": {"清和律师事务所现场检查，第 2 段", recording},
		"/form":      {"登记设备", form},
		"/parts":     {"组件", parts},
		"/intake":    {"上传", upload},
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			s := galleryShell(cat, r.URL, path)
			send(w, r, ui.Page(s, g.title, g.body(s.P)))
		})
	}
	mux.HandleFunc("GET /signin", func(w http.ResponseWriter, r *http.Request) {
		b := galleryBare(cat, r.URL)
		send(w, r, ui.Bare(b, "登录", signin(b.P)))
	})
	mux.HandleFunc("GET /error", func(w http.ResponseWriter, r *http.Request) {
		s := galleryShell(cat, r.URL, "/list")
		f := s.P.Fault(fault.New(fault.Forbidden, "gallery").Under("23.1"))
		send(w, r, ui.Page(s, f.What, ui.Failed(ui.Failure{P: s.P, Fault: f, Request: "01J9-7QK2", Actions: []ui.Action{{Text: "回工作台", Href: "/workbench", Primary: true}}})))
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func send(w http.ResponseWriter, r *http.Request, c templ.Component) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := c.Render(r.Context(), w); err != nil {
		panic(err)
	}
}

func galleryBare(cat *locale.Catalogue, u *url.URL) ui.BareView {
	q := u.Query()
	return ui.BareView{
		P: cat.For(locale.Choose(q.Get("lang"))), Bureau: "云溪县司法局", Theme: ui.Theme(q.Get("theme")),
		Size: ui.Size(q.Get("size")), PreferHref: "/prefer", Path: u.RequestURI(),
	}
}

func galleryShell(cat *locale.Catalogue, u *url.URL, at string) ui.Shell {
	q := u.Query()
	p := cat.For(locale.Choose(q.Get("lang")))
	nav := []ui.NavGroup{
		{Items: []ui.NavItem{
			{Text: "工作台", Href: "/workbench", Icon: "layout-list", Count: 7, Late: true},
			{Text: "收件箱", Href: "/parts", Icon: "inbox", Count: 12},
		}},
		{Label: "音像", Items: []ui.NavItem{
			{Text: "音像库", Href: "/list", Icon: "movie"},
			{Text: "上传", Href: "/intake", Icon: "upload"},
			{Text: "一段录像", Href: "/recording", Icon: "video"},
		}},
		{Label: "设备与检查", Items: []ui.NavItem{
			{Text: "设备", Href: "/form", Icon: "device-mobile"},
			{Text: "存证日志", Href: "/log", Icon: "timeline-event"},
		}},
	}
	for _, g := range nav {
		for i := range g.Items {
			g.Items[i].Current = g.Items[i].Href == at
		}
	}
	return ui.Shell{
		P: p, Bureau: "云溪县司法局", Now: galleryNow, Home: "/workbench",
		Person: ui.Person{Name: "执法人员甲", Dept: "公共法律服务科", Roles: []string{"执法人员", "保管人"}},
		Nav:    nav, Search: &ui.Search{Action: "/list"}, Notices: 2, NoticesHref: "/parts", HelpHref: "/parts", AccountHref: "/form",
		PreferHref: "/prefer", SignOutHref: "/prefer", Path: u.RequestURI(), Theme: ui.Theme(q.Get("theme")), Size: ui.Size(q.Get("size")),
		Log: ui.LogState{State: "sound", Size: 48213, Checked: 48213, At: "11:52", Href: "/log"},
	}
}

func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, clock.Shanghai)
}

func workbench(p locale.Printer) templ.Component {
	row := func(due, opened time.Time, title, article, act string, facts ...string) ui.Duty {
		return ui.Duty{
			Clock: ui.DueClock(p, opened, due, galleryNow), Title: ui.Link{Text: title, Href: "/recording"}, Facts: facts,
			Cite: ui.Cite{Article: article, Href: "/parts"}, Action: ui.Action{Text: act, Href: "/form", Label: act + "：" + title},
		}
	}
	duties := ui.DutyList{Title: "待办", Count: 4, Note: "按到期先后", More: ui.Link{Text: "我发起的 4", Href: "/list"}, Groups: []ui.DutyGroup{
		{Label: "今天到期", Count: "2 件", Rows: []ui.Duty{
			row(at(24, 17, 34), at(23, 17, 34), "交回设备 Z-07，把昨天的录像入库", "19", "看交接步骤", "3 段还在机内，末段录制结束于昨天 17:34", "找保管人乙"),
			row(at(24, 18, 0), at(24, 1, 0), "补上当事人签名，或者注明拒签", "8", "去签名", "现场检查笔录", "云司检〔2026〕037 号", "清和律师事务所"),
		}},
		{Label: "以后", Count: "2 件", Rows: []ui.Duty{
			row(at(27, 18, 0), at(20, 9, 0), "一次告知需要补正的全部材料", "7", "拟补正告知", "执业核准", "阿依努尔·买买提依明·托合提库尔班江（申请人）"),
			row(at(30, 18, 0), at(20, 9, 0), "回访整改情况并作记录", "22(10)", "安排回访", "䶮山镇司法所辖区第三法律服务所", "𬱖"),
		}},
	}}
	next := ui.Next{
		Eyebrow: "最急的一件，已逾期", Cite: ui.Cite{Article: "17", Href: "/parts"}, Title: "写明昨天录像中断的原因",
		Text:   "北塘法律服务所现场检查，14:02:14 至 14:06:20 中断 4 分 06 秒。当场已口头说明，还欠书面说明。",
		Clock:  ui.DueClock(p, at(23, 9, 0), at(24, 9, 0), galleryNow),
		Action: ui.Action{Text: "写说明", Href: "/form", Primary: true, Large: true},
	}
	aside := ui.Stack(
		inSheet(ui.SheetView{Title: "预警", Count: "2", Note: "还没到期，先留意", Tight: true}, ui.Alerts([]ui.Alert{
			{Title: ui.Link{Text: "北山司法鉴定所案 办案期限", Href: "/list"}, Left: "还剩 12 天", Facts: []string{"90 日已用 78 日"}, Used: 87},
			{Title: ui.Link{Text: "执法证 云执 0417 到期", Href: "/list"}, Left: "还剩 26 天", Facts: []string{"过期后不能列为执法人员"}, Used: 70},
		})),
		inSheet(ui.SheetView{Title: "已办", Note: "本月 31 件", More: ui.Link{Text: "全部", Href: "/list"}, Tight: true}, ui.DoneList([]ui.Done{
			{Text: "取得查阅同意：清和检查录像 2 段", Facts: []string{"今天 10:20", "日志第 48,190 条"}},
			{Text: "入库 6 段，用时 4 小时 12 分", Facts: []string{"11-22 18:40", "凭据已核对"}},
		})),
	)
	return ui.Join(
		ui.Head(p, ui.HeadView{Title: "工作台", Sub: p.Long(galleryNow), Actions: []ui.Action{
			{Text: "开始现场活动", Href: "/form", Icon: "map-pin"}, {Text: "立案或受理", Href: "/form", Icon: "plus"},
		}}),
		ui.Two(false, ui.Join(ui.NextStep(p, next), ui.Duties(p, duties)), aside),
	)
}

func inSheet(v ui.SheetView, c templ.Component) templ.Component { return withChildren(ui.Sheet(v), c) }

func list(p locale.Printer) templ.Component {
	row := func(when, file, who, dev, kase, no string, s ui.Storage, took string, flags ...ui.Flag) ui.Row {
		return ui.Row{Value: file, Label: when + " " + file, Cells: []ui.Cell{
			ui.Tile(p, "04:11"), ui.MainCell(ui.Link{Text: when, Href: "/recording"}, file, true), ui.TwoCell(who, dev), ui.TwoCell(kase, no),
			ui.Under(ui.Badge(p, s), took), ui.Flags(p, flags),
		}}
	}
	table := ui.TableView{
		Caption: "录音录像", Pick: "id", BulkHref: "/prefer", Bulk: ui.Join(
			ui.Button(ui.Action{Text: "关联到案件", Icon: "link", Name: "do", Value: "link"}), ui.Button(ui.Action{Text: "申请查看", Icon: "eye-check", Name: "do", Value: "ask"})),
		Columns: []ui.Column{
			{Key: "tile", Label: "画面"},
			{Key: "start", Label: "录制开始", Sort: ui.Descending, Href: "/list?sort=start"},
			{Key: "who", Label: "人员与设备", Sort: ui.Sortable, Href: "/list?sort=who"},
			{Key: "case", Label: "所属案件"},
			{Key: "verdict", Label: "储存判定"},
			{Key: "flag", Label: "标记"},
		},
		Rows: []ui.Row{
			row("今天 08:15:40", "ZL_Z12_20261124_0815_0004.MP4", "迪丽拜尔·阿卜杜喀迪尔", "Z-12", "未关联", "还有 7 天", ui.InTime, "用 38 分"),
			row("昨天 15:40:22", "20261123154022_000117.mp4", "执法人员乙", "Z-02", "石桥法律服务所现场检查", "云司检〔2026〕038 号", ui.InTimeReturn, "返回后 11 小时 05 分"),
			row("昨天 09:05:22", "ZL_Z05_20261123_0905_0030.MP4", "执法人员甲", "Z-05", "清和律师事务所现场检查", "云司检〔2026〕037 号", ui.Designated, "", ui.Flag{Code: "gap", Detail: "少 0029"}),
			row("11-21 10:17:50", "MOVI0007.avi", "执法人员丙", "Z-11", "调取卷宗", "云司检〔2026〕033 号", ui.StoredLate, "用 27 小时 44 分", ui.Flag{Code: "clock_doubtful"}, ui.Flag{Code: "unknown_device"}),
			row("不能确定", "一个没有扩展名而且名字特别特别长的文件_最终版_副本（2）_abcdefghijklmnopqrstuvwxyz0123456789", "䶮𬱖", "", "", "", ui.CannotJudge, "录制结束可能在时限两边", ui.Flag{Code: "unreadable"}),
			row("11-20 16:03:34", "ZL_Z03_20261120_1603_0212.MP4", "执法人员丙", "Z-03", "", "", ui.Unstored, ""),
		},
		Pager: &ui.PagerView{Total: 10000, AtLeast: true, First: "/list", Prev: "/list?before=x", Next: "/list?after=y"},
	}
	return ui.Join(
		ui.Head(p, ui.HeadView{Title: "音像库", Sub: "本科室与你有授权的录音录像", Actions: []ui.Action{{Text: "上传文件", Href: "/intake", Icon: "upload"}}}),
		ui.Tabs("视图", []ui.Tab{{Text: "全部", Count: "1,284", Href: "/list", Current: true}, {Text: "逾期", Count: "12", Href: "/list?v=late"}, {Text: "无法判定", Count: "3", Href: "/list?v=moot"}, {Text: "有标记", Count: "9", Href: "/list?v=flag"}, {Text: "未关联案件", Count: "5", Href: "/list?v=free"}}),
		inSheet(ui.SheetView{Tight: true}, ui.Join(
			ui.FilterBar(p, ui.Filters{Action: "/list", Clear: "/list", Export: "/list.xlsx", Fields: []ui.Filter{
				{Name: "q", Label: "文件名、人、地点"},
				{Kind: ui.FilterSelect, Name: "verdict", Label: "判定", Options: []ui.Option{{Text: p.T("table.any")}, {Value: "late", Text: "逾期", On: true}}},
				{Kind: ui.FilterSelect, Name: "device", Label: "设备", Options: []ui.Option{{Text: p.T("table.any"), On: true}, {Value: "7", Text: "Z-07"}}},
				{Kind: ui.FilterDate, Name: "from", Label: "从", Value: "2026-11-01"},
			}, Columns: []ui.Option{{Value: "start", Text: "录制开始", On: true}, {Value: "case", Text: "所属案件", On: true}, {Value: "flag", Text: "标记"}}}),
			ui.Table(p, table))),
	)
}

func recording(p locale.Printer) templ.Component {
	verdict := func(tone ui.Tone, icon, headline, note, result string, scale ui.Scale) templ.Component {
		return ui.VerdictSheet(p, ui.Verdict{
			Topic: "储存时限", Cite: ui.Cite{Article: "19.1", Href: "/parts"}, Tone: tone, Icon: icon, Headline: headline, Note: note,
			Facts: []ui.Letter{
				{Label: "录制结束", Source: "文件 09:58:44，设备快 3 秒", Value: "11-23 09:58:41"},
				{Label: "封存完成", Source: "服务器时钟，凭据已签名", Value: "11-23 15:20:07"},
			},
			Sum: "乙 − 甲，不超过 24 小时", Result: result, Scale: &scale,
		})
	}
	facts := []ui.Fact{
		ui.FactText("录制", "09:12:08 至 09:58:41", "文件内时间"),
		ui.FactText("使用人", "阿依努尔·买买提依明·托合提库尔班江", "领用记录"),
		ui.FactText("设备", "Z-05，特征相符", "入库时识别"),
		{Label: "文件名", Value: ui.Mono("ZL_Z05_20261123_0912_0031.MP4"), Source: "卡上原名"},
		{Label: "摘要", Value: ui.Digest(p, "SHA-256", "9f41c07a52be9f41c07a52be9f41c07a52be9f41c07a52be9f41c07a52be52be"), Source: "入库时计算"},
	}
	events := []ui.Event{
		{Time: "15:20", Day: "11-23", Icon: "shield-check", Tone: ui.OK, Text: "封存完成，凭据已签名", Facts: []string{"采集站一号"}, Link: ui.Link{Text: "日志第 48,102 条", Href: "/log"}},
		{Time: "15:18", Day: "11-23", Icon: "upload", Text: "开始入库"},
		{Time: "14:02", Day: "11-23", Icon: "alert-triangle", Tone: ui.Late, Text: "查看被拒绝：没有同意", Facts: []string{"执法人员丙", "第二十三条"}},
	}
	main := ui.Join(
		inSheet(ui.SheetView{Title: "事实", Note: "原件不改，更正另记"}, ui.Facts(p, facts)),
		inSheet(ui.SheetView{Title: "保管经过", Note: "共 3 条，从新到旧", More: ui.Link{Text: "打印", Href: "/parts"}}, ui.Spine(events, false)),
	)
	aside := ui.Join(
		verdict(ui.OK, "circle-check", "按时入库", "", "5 小时 21 分 26 秒", ui.Scale{Percent: 22, Used: "5:21", Limit: "24 小时", Tone: ui.OK}),
		verdict(ui.Late, "clock-x", "逾期入库", "", "27 小时 44 分 03 秒", ui.Scale{Percent: 116, Used: "27:44", Limit: "24 小时", Tone: ui.Late}),
		verdict(ui.Moot, "help-circle", "无法判定", "设备时钟的误差可能有 40 分，录制结束落在时限的两边。", "23 小时 50 分至 24 小时 30 分", ui.Scale{Percent: 99, HighPercent: 102, Used: "24:30", Limit: "24 小时", Tone: ui.Moot}),
	)
	return ui.Join(
		ui.Head(p, ui.HeadView{
			Crumbs: []ui.Link{{Text: "音像库", Href: "/list"}, {Text: "云司检〔2026〕037 号", Href: "/list"}}, Title: "清和律师事务所现场检查，第 2 段",
			Marks: ui.Join(ui.Badge(p, ui.InTime), ui.BadgeText("缺帧 14 秒", "video-off", ui.Due)),
		}),
		ui.Two(true, main, aside),
	)
}

func form(p locale.Printer) templ.Component {
	fields := []ui.Field{
		{Name: "serial", Label: "出厂编号", Hint: "在机身背面", Value: "Z-07", Error: "这个编号已经登记给 Z-07", Auto: "off"},
		{Name: "dept", Label: "归属科室", Options: []ui.Option{{Value: "1", Text: "公共法律服务科"}, {Value: "2", Text: "基层工作科"}}, Error: "请选一个科室"},
		{Name: "bought", Label: "购入日期", Type: "date", Optional: true},
		{Name: "note", Label: "说明", Optional: true, Rows: 3},
		{Name: "kind", Label: "种类", Inline: true, Options: []ui.Option{{Value: "a", Text: "执法记录仪", On: true}, {Value: "b", Text: "固定机位"}}},
		{Name: "has", Label: "带有", Options: []ui.Option{{Value: "gps", Text: "定位", On: true}, {Value: "ir", Text: "红外"}}, Optional: true},
		{Name: "file", Label: "照片", Type: "file", Accept: "image/*", Optional: true},
		{Name: "agree", Label: "我已核对编号", Value: "1", Error: "请核对后打勾"},
	}
	inputs := ui.Join(
		ui.Input(p, fields[0]), ui.Select(p, fields[1]), ui.Input(p, fields[2]), ui.Textarea(p, fields[3]),
		ui.Radio(p, fields[4]), ui.Checks(p, fields[5]), ui.File(p, fields[6]), ui.Check(p, fields[7]),
	)
	f := ui.FormView{Action: "/prefer", Files: true, Errors: ui.Errors(fields...), Buttons: []ui.Action{{Text: "登记", Primary: true}, {Text: "取消", Href: "/list"}}}
	return ui.Join(
		ui.Head(p, ui.HeadView{Crumbs: []ui.Link{{Text: "设备", Href: "/list"}}, Title: "登记设备"}),
		inSheet(ui.SheetView{}, withChildren(ui.Form(p, f), inputs)),
	)
}

func parts(p locale.Printer) templ.Component {
	badges := make([]templ.Component, 0, 6)
	for _, s := range []ui.Storage{ui.InTime, ui.InTimeReturn, ui.Designated, ui.StoredLate, ui.CannotJudge, ui.Unstored} {
		badges = append(badges, ui.Badge(p, s))
	}
	flags := []ui.Flag{{Code: "unlike_camera"}, {Code: "gap", Detail: "少 0029"}, {Code: "clock_doubtful"}, {Code: "unknown_device"}, {Code: "unreadable"}, {Code: "empty"}, {Code: "foreign"}, {Code: "duplicate"}, {Code: "no_officer"}, {Code: "truncated"}, {Code: "something_new"}}
	return ui.Join(
		ui.Head(p, ui.HeadView{Title: "组件"}),
		ui.Stack(
			inSheet(ui.SheetView{Title: "储存判定"}, withChildren(row(), ui.Join(badges...))),
			inSheet(ui.SheetView{Title: "四种没有"}, withChildren(row(), ui.Join(
				ui.St("从未录制", "circle-dashed", ui.None), ui.St("尚未入库", "clock", ui.Due), ui.St("灭失", "file-broken", ui.Late), ui.St("依法销毁", "archive", ui.None)))),
			inSheet(ui.SheetView{Title: "标记"}, ui.Flags(p, flags)),
			inSheet(ui.SheetView{Title: "按钮"}, withChildren(row(), ui.Join(
				ui.Button(ui.Action{Text: "写说明", Href: "/form", Primary: true}), ui.Button(ui.Action{Text: "不同意", Href: "/form"}), ui.Button(ui.Action{Text: "再看 2 件", Href: "/form", Quiet: true}),
				ui.Button(ui.Action{Text: "还不能签名", Disabled: true}), ui.Button(ui.Action{Text: "收回", Href: "/prefer", Post: true, Danger: true, Hidden: []ui.Hidden{{Name: "id", Value: "7"}}}),
				withChildren(ui.Confirm(p, ui.ConfirmView{ID: "clear", Open: ui.Action{Text: "清卡", Danger: true}, Title: "清掉这张卡上的 12 个文件", Text: "它们都已封存并且核对过。", Keeps: "清卡以后不能恢复卡上的文件；封存的不受影响。", Action: "/prefer", Yes: "清卡", Danger: true}),
					ui.Input(p, ui.Field{Name: "reason", Label: "事由"}))))),
			ui.Note(ui.NoteView{Text: "“完好”只说明封存以后没有变过，从采集站开始算。"}),
			ui.Note(ui.NoteView{Tone: ui.Due, Icon: "users", Bold: "执法人员乙也在改这一份。", Text: "两边都会保留。"}),
			ui.Note(ui.NoteView{Tone: ui.Late, Icon: "alert-triangle", Bold: "没有同意。", Text: "申请 83 号被退回，理由：事由不明。", Links: []ui.Link{{Text: "看申请", Href: "/list"}}}),
			inSheet(ui.SheetView{Title: "收件箱", Tight: true}, ui.Table(p, ui.TableView{Caption: "收件箱", Empty: ui.EmptyView{
				Icon: "inbox", Title: "没有要认领的文件", Text: "认不出设备或者使用人的文件会到这里，由保管人认领。", Actions: []ui.Action{{Text: "上传文件", Href: "/intake"}},
			}})),
			inSheet(ui.SheetView{Title: "采集", Tight: true}, ui.Table(p, ui.TableView{
				Caption: "今天的入库", ShowCaption: true, Compact: true, Columns: []ui.Column{{Label: "文件"}, {Label: "大小", Num: true}},
				Rows: []ui.Row{{Cells: []ui.Cell{ui.Mono("MOVI0007.avi"), ui.Text(p.Size(1482330112))}}, {Cells: []ui.Cell{ui.Mono("MOVI0008.avi"), ui.NoneCell(p)}}},
			})),
		),
	)
}

func signin(p locale.Printer) templ.Component {
	user := ui.Field{Name: "username", Label: "用户名或者执法证号", Value: "云执 0417", Auto: "username"}
	pass := ui.Field{Name: "password", Label: "密码", Type: "password", Error: "密码不对，还可以试 3 次", Auto: "current-password"}
	return ui.Join(heading("登录"), withChildren(ui.Form(p, ui.FormView{Action: "/prefer", Buttons: []ui.Action{{Text: "登录", Primary: true, Large: true}}}), ui.Join(ui.Input(p, user), ui.Input(p, pass))))
}

func upload(p locale.Printer) templ.Component {
	return ui.Join(ui.Head(p, ui.HeadView{Title: "上传"}), ui.Upload(p, ui.UploadView{Endpoint: "/upload/"}))
}
