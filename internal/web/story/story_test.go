package story_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/story"
	"zhilu.dev/zhilu/internal/web/ui"
)

const nasty = "<script>alert(1)</script>\u202egpj"

var now = time.Date(2026, 11, 24, 11, 52, 0, 0, clock.Shanghai)

func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, clock.Shanghai)
}

func printer(t testing.TB) locale.Printer {
	t.Helper()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return words.For(locale.Chinese)
}

// source is the case of the design: from the complaint to the legal reviewer's look at a recording.
func source() story.Source {
	f := matter.File{
		Case:     matter.Case{ID: "c1", No: "云司罚〔2026〕14 号", Origin: matter.ExOfficio, OpenedAt: at(12, 10, 0), OpenedBy: "boss"},
		Handlers: []matter.Handler{{ID: "h1", Person: "jia", Lead: true, From: at(12, 10, 0)}, {ID: "h2", Person: "bing", From: at(12, 10, 0), Until: at(20, 9, 0), Reason: "调离"}, {ID: "h3", Person: "yi", From: at(20, 9, 0), Certificate: "云执 0417"}},
		Papers: []matter.Paper{
			{ID: "p1", Type: "onsite-inspection-record", No: "034", State: matter.Complete, Version: 1, MadeBy: "jia", MadeAt: at(18, 9, 5), FixedAt: at(18, 9, 50), DoneAt: at(18, 9, 58)},
			{ID: "p2", Type: "inquiry-record", State: matter.Draft, MadeBy: "yi", MadeAt: at(20, 15, 12)},
			{ID: "p3", Type: "prior-notice", State: matter.Fixed, Version: 2, Reason: "改正日期 " + nasty, MadeBy: "jia", FixedAt: at(23, 9, 0)},
			{ID: "p4", Type: "summons", State: matter.Void, Reason: "重复", MadeBy: "jia", ChangedAt: at(19, 8, 0)},
		},
		Signatures: []matter.Signature{{Paper: "p3", Version: 2, Mode: matter.Refused, Name: "欧阳𬱖"}, {Paper: "p3", Version: 1, Mode: matter.Refused, Name: "旧版的人"}},
		Approvals:  []matter.Approval{{ID: "a1", Paper: "p3", Step: matter.StepLegal, Agreed: true, Opinion: "事实清楚，裁量适当", By: "feng", At: at(23, 16, 40)}, {ID: "a2", Paper: "p3", Step: matter.StepLeader, By: "boss", For: "big", Opinion: "补正", At: at(23, 17, 0)}},
		Deliveries: []matter.Delivery{{ID: "d1", Case: "c1", Paper: "p3", Mode: "lien", Recipient: "砚田法律服务所", Witness: "居委会 王某", Taken: at(24, 9, 0), Deemed: at(24, 0, 0)}},
		Waivers:    []matter.Waiver{{ID: "w1", Item: "sampling", Reason: "账册已全部复印，无须抽样", By: "boss", At: at(18, 18, 0)}},
		Links:      []matter.Link{{ID: "l1", Paper: "p1", Recording: "r1", At: at(18, 20, 0)}, {ID: "l2", Recording: "r1", At: at(18, 21, 0)}, {ID: "l3", Recording: "r2", At: at(18, 22, 0), Struck: at(19, 7, 0)}, {ID: "l4", Recording: "hidden", At: at(18, 23, 0)}},
		Reports:    []matter.Report{{ID: "x1", Event: "source_received", On: at(10, 0, 0), Basis: "投诉登记", By: "jia"}},
	}
	return story.Source{
		File: f,
		Entries: []custody.Record{
			{Entry: custody.Entry{ID: "e1", At: at(21, 9, 0), Action: "case.suspend", Outcome: custody.Done, Article: "8", Actor: custody.Actor{Kind: custody.Person, ID: "acc"}}},
			{Entry: custody.Entry{ID: "e2", At: at(21, 9, 1), Action: "case.suspend", Outcome: custody.Refused}},
			{Entry: custody.Entry{ID: "e3", At: at(21, 9, 2), Action: "case.view", Outcome: custody.Done}},
			{Entry: custody.Entry{ID: "e4", At: at(12, 10, 0), Action: "case.open", Outcome: custody.Done}},
			{Entry: custody.Entry{ID: "e5", At: at(21, 9, 3), Action: "paper.draft", Outcome: custody.Done}},
		},
		Looks:      []viewing.Look{{ID: "k1", No: 76, Recording: "r1", ViewerName: "法制审核人员", ViewerDept: "法制科", OpenedAt: at(24, 10, 20), WatchedFor: 19*time.Minute + 42*time.Second}},
		Recordings: map[ident.RecordingID]recording.Recording{"r1": {ID: "r1", Kind: recording.Video, OfficerName: "执法人员甲", DeviceName: "Z-07", Start: at(18, 9, 5), HasDuration: true, Duration: 24 * time.Minute}},
		Names:      map[ident.PersonID]string{"jia": "执法人员甲", "yi": "执法人员乙", "boss": "分管领导", "feng": "冯岚", "big": "局长"},
		Actors:     map[string]string{"acc": "执法人员甲"},
		Document:   func(kind string) string { return "《" + kind + "》" },
		Item:       func(id string) string { return "项目 " + id },
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	p := printer(t)
	list := story.Tell(p, source(), now)
	var lines []string
	for _, m := range list {
		lines = append(lines, fmt.Sprint(m.At.In(clock.Shanghai).Format("01-02 15:04 "), m.Kind, " ", m.Text, "|", strings.Join(m.Facts, "|")))
	}
	all := strings.Join(lines, "\n")
	for _, want := range []string{
		"11-24 10:20 look 法制审核人员 查看录音录像|法制科|登记簿 76 号", "看了 19 分 42 秒", "11-24 09:00 service 《prior-notice》 留置送达|砚田法律服务所", "拒收，见证人 居委会 王某",
		"11-23 17:00 decision 负责人 退回：《prior-notice》|分管领导 受 局长 委托|意见：补正", "11-23 16:40 decision 法制审核 同意：《prior-notice》|冯岚|意见：事实清楚，裁量适当",
		"11-23 09:00 document 《prior-notice》 已定稿，待签齐", "第 2 版", "欧阳𬱖 拒绝签名", "11-20 15:12 document 起草 《inquiry-record》", "11-20 09:00 course 执法人员乙 承办本案|云执 0417",
		"11-20 09:00 course 名字已不在人员库的人 不再承办本案|调离", "11-19 08:00 document 《summons》 作废", "11-18 18:00 decision 免除：项目 sampling", "11-18 09:58 document 《onsite-inspection-record》 已成文",
		"11-18 09:05 recording 录像 24 分|执法人员甲|Z-07|记录：《onsite-inspection-record》", "录音录像，不在你能看到的范围里", "11-12 10:00 course 依职权立案|云司罚〔2026〕14 号", "11-10 00:00 course 收到案件来源|投诉登记",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the story does not tell %q", want)
		}
	}
	if strings.Contains(all, "旧版的人") || strings.Contains(all, "\u202e") {
		t.Error("the story tells of an old version's signature, or a name turns the direction of writing")
	}
	if n := story.Count(list)[story.Course]; n != 5 { // opened, two handlers, suspended, the source: not refusals, looks at pages or what rows tell
		t.Errorf("%d moments of the course", n)
	}
	if n := story.Count(list)[story.Recording]; n != 2 {
		t.Errorf("%d recordings: one linked twice stands once, one struck not at all", n)
	}
	if t.Failed() {
		t.Log(all)
	}
}

// TestOrder: newest first by day; what has only its day stands below the rest of that day; the order never changes.
func TestOrder(t *testing.T) {
	t.Parallel()
	p := printer(t)
	rapid.Check(t, func(t *rapid.T) {
		s := story.Source{Document: func(k string) string { return k }, Item: func(k string) string { return k }}
		for i := range rapid.IntRange(0, 12).Draw(t, "n") {
			when := at(1, 0, 0).Add(time.Duration(rapid.IntRange(0, 60*72).Draw(t, "minute")) * time.Minute)
			s.File.Reports = append(s.File.Reports, matter.Report{ID: ident.ReportID(fmt.Sprint("x", i)), Event: "filed", On: when, Timed: rapid.Bool().Draw(t, "timed")})
		}
		a := story.Tell(p, s, now)
		for i := range s.File.Reports { // the order of rows says nothing
			j := rapid.IntRange(0, i).Draw(t, "swap")
			s.File.Reports[i], s.File.Reports[j] = s.File.Reports[j], s.File.Reports[i]
		}
		if b := story.Tell(p, s, now); fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatal("the order of rows changed the story")
		}
		days := story.Days(p, a, now)
		n := 0
		for _, d := range days {
			n += len(d.Events)
		}
		if n != len(a) {
			t.Fatalf("%d of %d moments stand in days", n, len(a))
		}
		for i := 1; i < len(a); i++ {
			x, y := a[i-1].At.In(clock.Shanghai), a[i].At.In(clock.Shanghai)
			if x.Format(time.DateOnly) < y.Format(time.DateOnly) {
				t.Fatal("an older day stands first")
			}
			if x.Format(time.DateOnly) == y.Format(time.DateOnly) && (a[i-1].Dated && !a[i].Dated || a[i-1].Dated == a[i].Dated && x.Before(y)) {
				t.Fatal("within a day: newest first, then what has only the day")
			}
		}
	})
}

func TestNarrow(t *testing.T) {
	t.Parallel()
	list := story.Tell(printer(t), source(), now)
	whole := len(list)
	sum := 0
	for _, k := range story.Kinds() {
		got := story.Narrow(list, k)
		sum += len(got)
		for _, m := range got {
			if m.Kind != k {
				t.Errorf("%s among %s", m.Kind, k)
			}
		}
	}
	if sum != whole || len(story.Narrow(list, "")) != whole {
		t.Errorf("%d of %d", sum, whole)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprint(story.People(source().File)); got != "[big bing boss feng jia yi]" {
		t.Error(got)
	}
}

// TestPage: nothing of a paper becomes markup.
func TestPage(t *testing.T) {
	t.Parallel()
	p := printer(t)
	list := story.Tell(p, source(), now)
	var b strings.Builder
	v := story.PageView{Head: ui.HeadView{Title: "砚田法律服务所未按规定统一收案收费案"}, Days: story.Days(p, list, now)}
	if err := story.Page(p, v).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	s := b.String()
	if strings.Contains(s, "<script>alert") || !strings.Contains(s, "&lt;script&gt;") || strings.Contains(s, "⟦") {
		t.Error("a reason became markup, is gone, or a word is missing")
	}
	for _, want := range []string{`href="/papers/p1"`, `href="/recordings/r1"`, "今天", "昨天", "当日", "星期二"} {
		if !strings.Contains(s, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	if got := story.Latest(p, list, now, 3); len(got) != 3 || got[0].Time != "今天" || got[0].Day != "10:20" {
		t.Errorf("%+v", got)
	}
}
