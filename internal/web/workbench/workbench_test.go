package workbench_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/webtest"
	"zhilu.dev/zhilu/internal/web/workbench"
)

// nasty is what may come as a name of a file: markup, a formula, marks that turn the direction of writing.
const nasty = "<script>alert(1)</script>=cmd|' /C calc'!A0\u202egpj.exe"

const day = 24 * time.Hour

func routes(inbox int) func(w *pagetest.World) []site.Route {
	return func(w *pagetest.World) []site.Route {
		return workbench.Routes(workbench.Deps{
			Duties: w.Duties, Org: w.Org, Accounts: w.Accounts, Devices: w.Devices,
			Inbox:  func(context.Context, access.Actor) (int, error) { return inbox, nil },
			Grants: grants(w),
		})
	}
}

// grants are those of the legal reviewer: one that ends within a day, one that does not.
func grants(w *pagetest.World) func(context.Context, access.Actor) ([]viewing.Request, error) {
	return func(_ context.Context, actor access.Actor) ([]viewing.Request, error) {
		if !actor.Has(access.LegalReviewer) {
			return nil, nil
		}
		grant := func(no int64, left time.Duration) viewing.Request {
			return viewing.Request{ID: ident.New[ident.ViewingID](), No: no, State: viewing.Granted, DecidedName: "王建国", Until: w.Clock.Now().Add(left)}
		}
		return []viewing.Request{grant(7, 5*time.Hour), grant(8, 50*time.Hour)}, nil
	}
}

// TestGrants: who asked to look learns on the front page that consent was given and when it ends (R-23-2).
func TestGrants(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	w.As(access.LegalReviewer).Get("/").Want(http.StatusOK, "可以查看：申请 7 号", "剩 5 小时", "王建国 同意", "申请 8 号", "剩 50 小时")
	w.As(access.Officer).Get("/").Lacks("可以查看")
}

func recording() custody.Subject {
	return custody.Subject{Kind: "recording", ID: string(ident.New[ident.RecordingID]())}
}

// owe opens what a bureau in the middle of its work owes.
func owe(w *pagetest.World) map[string]ident.DutyID {
	now, d1 := w.Clock.Now(), w.Departments[0].ID
	officer := w.People[access.Officer].ID
	open := func(k duty.Kind, person ident.PersonID, due time.Duration, args map[string]any) ident.DutyID {
		return w.OpenDuty(duty.New{Kind: k, Subject: recording(), Person: person, Department: d1, Since: now.Add(due - 24*time.Hour), Due: now.Add(due), Args: args})
	}
	return map[string]ident.DutyID{
		"late":   open(duty.ExplainLate, officer, -3*time.Hour, map[string]any{"name": "20261123090522_000117.mp4"}),
		"later":  open(duty.ExplainLate, officer, -time.Hour, map[string]any{"name": nasty}),
		"today":  open(duty.ExplainMissing, officer, 5*time.Hour, map[string]any{"device": "Z-07", "numbers": "0029 至 0031"}),
		"week":   open(duty.Store, officer, 50*time.Hour, map[string]any{"name": "MOVI0007.avi", "device": "Z-07"}),
		"settle": open(duty.SettleInbox, "", 7*24*time.Hour, map[string]any{"name": "一个没有扩展名而且名字特别特别长的文件_最终版_副本（2）_abcdefghijklmnopqrstuvwxyz0123456789"}),
		"other":  w.OpenDuty(duty.New{Kind: duty.ExplainLate, Subject: recording(), Person: w.Other.ID, Department: w.Departments[1].ID, Due: now.Add(time.Hour), Args: map[string]any{"name": "OTHER.mp4"}}),
	}
}

func TestOfficerSeesTheMostUrgentFirst(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	owe(w)
	w.Certificate(w.People[access.Officer].ID, "HT650001", 26)
	a := w.As(access.Officer).Get("/").Want(http.StatusOK, "最急的一件，已逾期", "说明没有按时入库的原因：20261123090522_000117.mp4", "今天到期", "本周", "第十九条", "/recordings/", "还剩 26 天")
	a.Lacks("OTHER.mp4", "<script>alert", "一个没有扩展名", "科室里谁还欠什么") // T26; others' duties are not theirs
	if i, j := strings.Index(a.Body, "000117.mp4"), strings.Index(a.Body, "MOVI0007"); i > j {
		t.Error("what is due first must stand first")
	}
	w.As(access.Officer).In(locale.English).Get("/").Want(http.StatusOK, "The most urgent, overdue", "Due today")
}

func TestCustodianOwesTheInbox(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(4))
	owe(w)
	w.As(access.Custodian).Get("/").Want(http.StatusOK, "一个没有扩展名", "4 个文件等着处理", "发设备").Lacks("000117.mp4")
}

// The figure beside the workbench is what its list holds: what the reader owes, not what they can see.
func TestOwedIsWhatThePageLists(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	owe(w)
	for role, want := range map[access.Role][2]int{access.Officer: {4, 2}, access.Custodian: {1, 0}, access.Head: {0, 0}, access.Leader: {0, 0}, access.SystemAdmin: {0, 0}} {
		open, late, err := workbench.Owed(t.Context(), w.Duties, w.Actor(t, role), w.Clock.Now())
		if err != nil || [2]int{open, late} != want {
			t.Errorf("%s owes %d, %d overdue, want %v (%v)", role, open, late, want, err)
		}
	}
}

func TestHeadSeesWhoOwesWhatWithoutCounts(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	ids := owe(w)
	w.Certificate(w.People[access.Officer].ID, "HT650001", 400)
	head := w.As(access.Head)
	a := head.Get("/").Want(http.StatusOK, "科室里谁还欠什么", "阿依努尔·买买提", "HT650001", "没有指定到人", "免除").Lacks("OTHER.mp4")
	if strings.Contains(a.Body[strings.Index(a.Body, "科室里谁还欠什么"):], "4 件") {
		t.Error("nobody's duties may be counted (decisions §4)")
	}
	late := string(ids["late"])
	head.Get("/?waive="+late).Want(http.StatusOK, "免除一件待办", "阿依努尔·买买提")
	head.Post("/duties/"+late+"/waive", "reason", "短").Want(http.StatusUnprocessableEntity, "4 到 500 个字", ">短</textarea>")
	head.Post("/duties/"+late+"/waive", "reason", "设备送修，说明已另附").Leads("/")
	head.Post("/duties/"+late+"/waive", "reason", "设备送修，说明已另附").Want(http.StatusUnprocessableEntity, "已经")
	head.Get("/").Want(http.StatusOK).Lacks("000117.mp4")
	head.Get("/?waive=nonsense").Want(http.StatusNotFound)
	// T7: nobody excuses themselves, and who has no such power is refused with an article.
	w.As(access.Officer).Post("/duties/"+string(ids["today"])+"/waive", "reason", "不想写了，算了吧").Want(http.StatusForbidden, "第十七条")
}

func TestLeaderIsToldOfWhatLacks(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	owe(w)
	w.As(access.Leader).Get("/").Want(http.StatusOK, "本局谁还欠什么", "OTHER.mp4", "执法二科 没有保管人", "没有待办") // R-21-2
}

func TestDevicesOutTooLong(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	id := w.Device("Z-07")
	if _, err := w.Devices.Issue(context.Background(), w.Actor(t, access.Custodian), id, device.IssueInput{Person: w.People[access.Officer].ID, Purpose: "巡查"}); err != nil {
		t.Fatal(err)
	}
	w.As(access.Officer).Get("/").Want(http.StatusOK, "Z-07 在你手上").Lacks("还没交回")
	w.Clock.Add(30 * time.Hour)
	w.As(access.Custodian).Get("/").Want(http.StatusOK, "Z-07 还没交回", "已 30 小时")
}

func TestAdministratorsAreToldWhatTheyCanDo(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(3))
	owe(w)
	for role, want := range map[access.Role]string{access.SystemAdmin: "采集令牌", access.SecurityAdmin: "账号与任命", access.AuditAdmin: "存证日志"} {
		w.As(role).Get("/").Want(http.StatusOK, "你能办的", want, "看不到录音录像").Lacks("000117.mp4", "等着处理", "待办</h2>") // T13
	}
	nobody := w.Add(t, "没有角色", "nobody", w.Departments[0].ID)
	w.AsPerson(nobody.ID).Get("/").Want(http.StatusOK, "你现在没有角色")
}

func TestBucketIsPaged(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	now, officer := w.Clock.Now(), w.People[access.Officer].ID
	for i := range 60 {
		w.OpenDuty(duty.New{Kind: duty.ExplainLate, Subject: recording(), Person: officer, Department: w.Departments[0].ID, Since: now, Due: now.Add(240*time.Hour + time.Duration(i)*time.Minute), Args: map[string]any{"name": "F" + string(rune('A'+i%26)) + ".mp4"}})
	}
	r := w.As(access.Officer)
	r.Get("/").Want(http.StatusOK, "/?bucket=later", "59 件")
	a := r.Get("/?bucket=later").Want(http.StatusOK, "共 60 条", "下一页")
	i := strings.Index(a.Body, `rel="next"`)
	href := a.Body[strings.LastIndex(a.Body[:i], `href="`)+6:]
	href = strings.ReplaceAll(href[:strings.Index(href, `"`)], "&amp;", "&")
	r.Get(href).Want(http.StatusOK, "回到最前").Lacks(`rel="next"`)
	r.Get("/?bucket=nonsense").Want(http.StatusNotFound)
}

// TestScope: who answers for others sees figures over their scope, each leading to its list; an officer's lists hold their
// own alone (R-21-1).
func TestScope(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	owe(w)
	head, leader, officer := w.As(access.Head), w.As(access.Leader), w.As(access.Officer)
	head.Get("/").Want(http.StatusOK, `href="/?view=overdue"`, "24 小时内到期", ">2</b>")
	officer.Get("/").Want(http.StatusOK).Lacks("zl-strip")
	head.Get("/?view=overdue").Want(http.StatusOK, "000117.mp4", "阿依努尔·买买提", "共 2 条").Lacks("OTHER.mp4", "MOVI0007", "<script>alert")
	leader.Get("/?view=within").Want(http.StatusOK, "OTHER.mp4", "0029 至 0031", "执法二科")
	leader.Get("/?view=within&department="+string(w.Departments[1].ID)).Want(http.StatusOK, "OTHER.mp4").Lacks("0029 至 0031")
	leader.Get("/?view=all&kind=settle_inbox").Want(http.StatusOK, "一个没有扩展名", "没有指定到人", "共 1 条").Lacks("MOVI0007")
	officer.Get("/?view=all").Want(http.StatusOK, "MOVI0007", "你的").Lacks("OTHER.mp4", "一个没有扩展名")
	head.Get("/?view=soon&kind=store").Want(http.StatusOK, "这里没有")
	head.Get("/?view=all&after=nonsense").Leads("/?view=all")
	head.Get("/?view=nonsense").Want(http.StatusNotFound)
	w.As(access.SystemAdmin).Get("/?view=all").Want(http.StatusOK, "你能办的").Lacks("MOVI0007") // T13
}

// TestSoonWarns: when three quarters of a term are used its person and who answers for them are told (预警).
func TestSoonWarns(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	now, officer := w.Clock.Now(), w.People[access.Officer].ID
	open := func(name string, gone, left time.Duration) {
		w.OpenDuty(duty.New{Kind: duty.ExplainLate, Subject: recording(), Person: officer, Department: w.Departments[0].ID, Since: now.Add(-gone), Due: now.Add(left), Args: map[string]any{"name": name}})
	}
	open("SEVENTYSIX.mp4", 76*day, 24*day)
	open("SEVENTY.mp4", 70*day, 30*day)
	alerts := func(body string) string { return body[strings.Index(body, "<h2>预警"):] }
	for _, role := range []access.Role{access.Officer, access.Head, access.Leader} {
		a := w.As(role).Get("/").Want(http.StatusOK, "预警", "时限已用 76%")
		if s := alerts(a.Body); !strings.Contains(s, "SEVENTYSIX") || strings.Contains(s, "SEVENTY.mp4") {
			t.Errorf("%s is warned of the wrong things", role)
		}
	}
	w.As(access.Custodian).Get("/?view=soon").Want(http.StatusOK, "SEVENTYSIX")
	for i := range 4 {
		open("MORE"+string(rune('A'+i)), 90*day, 10*day)
	}
	w.As(access.Head).Get("/").Want(http.StatusOK, "还有 2 件时限快用完", "/?view=soon")
}

// TestUnlinkedAreGathered: recordings that belong to no case are one row of their person's list, and one warning for those
// who answer for them (R-22-4).
func TestUnlinkedAreGathered(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	now, officer := w.Clock.Now(), w.People[access.Officer].ID
	open := func(person ident.PersonID, name string, age time.Duration) {
		w.OpenDuty(duty.New{Kind: duty.LinkRecording, Subject: recording(), Person: person, Department: w.Departments[0].ID, Since: now.Add(-age), Due: now.Add(7*day - age), Args: map[string]any{"name": name}})
	}
	open(officer, "ONE.mp4", 5*day)
	w.As(access.Officer).Get("/").Want(http.StatusOK, "给录音录像找到所属案件：ONE.mp4", "/link", "第二十二条")
	open(officer, "TWO.mp4", 4*day)
	open(officer, "THREE.mp4", day)
	open("", "NOBODY.mp4", 9*day)
	w.As(access.Officer).Get("/").Want(http.StatusOK, "给 3 段录音录像找到所属案件", `href="/unlinked"`).Lacks("TWO.mp4", "NOBODY")
	w.As(access.Custodian).Get("/").Want(http.StatusOK, "NOBODY.mp4", "4 段录音录像没有关联案件", "最久的已 9 天").Lacks("ONE.mp4")
	w.As(access.Head).Get("/").Want(http.StatusOK, "4 段录音录像没有关联案件").Lacks("ONE.mp4")
	rows, _, err := workbench.Owed(t.Context(), w.Duties, w.Actor(t, access.Officer), now)
	if err != nil || rows != 1 { // one row, where the first is due
		t.Errorf("the officer owes %d rows: %v", rows, err)
	}
}

// TestDoneIsPaged: everything one has done can be gone through, others' cannot.
func TestDoneIsPaged(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(0))
	now, officer := w.Clock.Now(), w.People[access.Officer].ID
	for i := range 60 {
		about := recording()
		w.OpenDuty(duty.New{Kind: duty.ExplainLate, Subject: about, Person: officer, Department: w.Departments[0].ID, Since: now, Due: now.Add(day), Args: map[string]any{"name": fmt.Sprintf("DONE%02d.mp4", i)}})
		w.Clock.Add(time.Second)
		w.MeetDuty(duty.ExplainLate, about)
	}
	r := w.As(access.Officer)
	r.Get("/").Want(http.StatusOK, "/?view=done", "DONE59.mp4", "按时办结")
	a := r.Get("/?view=done").Want(http.StatusOK, "DONE59.mp4", "DONE10.mp4", "下一页").Lacks("DONE09.mp4")
	i := strings.Index(a.Body, `rel="next"`)
	href := a.Body[strings.LastIndex(a.Body[:i], `href="`)+6:]
	r.Get(strings.ReplaceAll(href[:strings.Index(href, `"`)], "&amp;", "&")).Want(http.StatusOK, "DONE09.mp4", "DONE00.mp4").Lacks("DONE10.mp4", `rel="next"`)
	w.As(access.Custodian).Get("/?view=done").Want(http.StatusOK, "还没有").Lacks("DONE59")
}

// TestLooks opens the workbench as each reader, on a desktop and a phone, and looks for what axe-core calls serious.
func TestLooks(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, routes(4))
	owe(w)
	w.Certificate(w.People[access.Officer].ID, "HT650001", 26)
	id := w.Device("Z-07")
	if _, err := w.Devices.Issue(context.Background(), w.Actor(t, access.Custodian), id, device.IssueInput{Person: w.People[access.Officer].ID, Purpose: "北塘市场现场检查"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Org.AddPerson(context.Background(), access.HostActor("test"), org.PersonEdit{Name: "阿卜杜热合曼·麦麦提吐尔逊·托合提库尔班江·阿布都热依木", Department: w.Departments[1].ID}); err != nil {
		t.Fatal(err)
	}
	ctx := webtest.NewBrowser(t)
	webtest.Watch(t, ctx, nil)
	for _, role := range []access.Role{access.Officer, access.Custodian, access.Head, access.Leader, access.SecurityAdmin, access.LegalReviewer} {
		w.As(role).Browse(t, ctx)
		for _, size := range []webtest.Size{webtest.Desktop, webtest.Phone} {
			name := "workbench-" + string(role)
			if size == webtest.Phone {
				name += "-phone"
			}
			pages := map[string]string{name: "/"}
			if role == access.Leader {
				pages[name+"-overdue"], pages[name+"-soon"], pages[name+"-done"] = "/?view=overdue", "/?view=soon", "/?view=done"
			}
			for name, path := range pages {
				webtest.Open(t, ctx, w.Server.URL+path, size)
				webtest.NoSideways(t, ctx)
				webtest.Screenshot(t, ctx, name, size.Width, size.Height)
				webtest.Axe(t, ctx)
			}
		}
	}
}
