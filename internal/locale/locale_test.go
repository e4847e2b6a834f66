package locale

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
)

func printers(t *testing.T) (zh, en Printer) {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.For(Chinese), c.For(English)
}

func TestLoadRefusesDamagedCatalogues(t *testing.T) {
	t.Parallel()
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for name, tc := range map[string]struct{ zh, en, want string }{
		"missing in en":  {`{"a.x":"甲","a.y":"乙"}`, `{"a.x":"A"}`, `"a.y" is missing in en`},
		"missing in zh":  {`{"a.x":"甲"}`, `{"a.x":"A","a.y":"B"}`, `"a.y" is missing in zh-CN`},
		"placeholders":   {`{"a.x":"{0} 件"}`, `{"a.x":"pieces"}`, `has placeholders [0] in zh-CN and [] in en`},
		"twice":          {`{"a.x":"甲","a.x":"乙"}`, `{"a.x":"A"}`, `stands twice`},
		"stray brace":    {`{"a.x":"甲{"}`, `{"a.x":"A"}`, `no placeholder`},
		"empty":          {`{"a.x":""}`, `{"a.x":"A"}`, `is empty`},
		"no other":       {`{"a.x":"甲"}`, `{"a.x":{"one":"A"}}`, `"other" is missing`},
		"unknown plural": {`{"a.x":"甲"}`, `{"a.x":{"few":"A","other":"B"}}`, `"few" is unknown`},
		"not an object":  {`[]`, `{}`, `not a JSON object`},
		"cut off":        {`{"a.x":"甲"`, `{"a.x":"A"}`, `is cut off`},
		"goes on":        {`{"a.x":"甲"}{}`, `{"a.x":"A"}`, `goes on after its end`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(fstest.MapFS{"zh-CN/a.json": file(tc.zh), "en/a.json": file(tc.en)})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	zh, en := printers(t)
	for _, tc := range []struct{ got, want string }{
		{zh.T("time.days", 3), "3 天"},
		{en.T("time.days", 1), "1 day"},
		{en.T("time.days", 2), "2 days"},
		{en.T("time.days", int64(48213)), "48,213 days"},
		{zh.T("upload.total", Named("done", 2), Named("all", 1200), Named("bytes", "1 MB"), Named("size", "9 GB")), "2 / 1,200 个文件，1 MB / 9 GB"},
		{zh.T("no.such.key"), "⟦no.such.key⟧"},
		{Printer{}.T("shell.skip"), "⟦shell.skip⟧"},
		{zh.T("time.span", "甲"), "甲 至 {1}"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		wishes []string
		want   Lang
	}{
		{nil, Chinese},
		{[]string{"", "en-GB,en;q=0.9,zh;q=0.5"}, English},
		{[]string{"zh-CN", "en"}, Chinese},
		{[]string{"fr", "de-DE,en;q=0.1"}, English},
		{[]string{"ug", "zh-Hant-HK"}, Chinese},
		{[]string{";;;\x00", "en"}, English},
	} {
		if got := Choose(tc.wishes...); got != tc.want {
			t.Errorf("Choose(%q) = %s, want %s", tc.wishes, got, tc.want)
		}
	}
}

func TestFaultNeverShowsTheCause(t *testing.T) {
	t.Parallel()
	zh, en := printers(t)
	secret := errors.New("dial tcp 10.0.0.7: password=hunter2")
	for _, err := range []error{
		secret,
		fault.Wrap(secret, fault.Internal, "some.thing"),
		fault.Wrap(secret, fault.Forbidden, "no.words").Under("23"),
	} {
		for _, p := range []Printer{zh, en} {
			f := p.Fault(err)
			if all := f.What + f.Kept + f.Do + f.Code; strings.Contains(all, "hunter2") || strings.Contains(all, "⟦") || f.What == "" || f.Do == "" {
				t.Errorf("%s: %+v", p.Lang(), f)
			}
		}
	}
	if f := zh.Fault(fault.New(fault.Forbidden, "no.words").Under("23")); f.Article != "第二十三条" || f.Code != "no.words" {
		t.Errorf("%+v", f)
	}
	if f := zh.Fault(secret); f.Code != "internal" {
		t.Errorf("%+v", f)
	}
	// Every kind has its words, so that no code is ever left without.
	for k := fault.Internal; k <= fault.RateLimited; k++ {
		if f := zh.Fault(fault.New(k, "x")); f.What == "" || f.Kept == "" || f.Do == "" {
			t.Errorf("kind %s: %+v", k, f)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	zh, en := printers(t)
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04:05", s, clock.Shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return v.UTC()
	}
	now := at("2026-11-24 11:52:07")
	left := func(p Printer, s string) string { v, _ := p.Left(at(s), now); return v }
	for _, tc := range []struct{ got, want string }{
		{zh.When(at("2026-11-24 10:17:00"), now), "今天 10:17"},
		{zh.When(at("2026-11-24 00:00:00"), now), "今天 00:00"},
		{zh.When(at("2026-11-23 23:59:59"), now), "昨天 23:59"},
		{zh.When(at("2026-11-25 00:00:00"), now), "明天 00:00"},
		{zh.When(at("2026-11-21 10:17:50"), now), "11-21 10:17"},
		{zh.WhenSec(at("2026-11-21 10:17:50"), now), "11-21 10:17:50"},
		{zh.When(at("2025-12-31 10:17:00"), now), "2025-12-31 10:17"},
		{en.When(at("2026-11-24 10:17:00"), now), "today 10:17"},
		{zh.When(time.Time{}, now), "不能确定"},
		{zh.Before(at("2026-11-24 17:34:00"), now), "今天 17:34 前"},
		{zh.Before(at("2026-11-26 17:34:00"), now), "11-26 周四"},
		{zh.WasDue(at("2026-11-24 09:00:00"), now), "应于今天 09:00 前"},
		{zh.Day(at("2026-11-27 09:00:00"), now), "11-27 周五"},
		{zh.Long(now), "2026 年 11 月 24 日 星期二 11:52"},
		{en.Long(now), "Tuesday, 24 November 2026, 11:52"},
		{zh.Full(now), "2026-11-24 11:52:07"},
		{zh.Span(at("2026-11-24 09:12:08"), at("2026-11-24 09:58:41"), now), "今天 09:12:08 至 09:58:41"},
		{zh.Span(at("2026-11-23 23:12:08"), at("2026-11-24 00:58:41"), now), "昨天 23:12:08 至 今天 00:58:41"},
		{zh.Moment(clock.At(at("2026-11-23 09:58:41")), now), "昨天 09:58:41"},
		{zh.Moment(clock.Interval{From: at("2026-11-21 10:17:04"), To: at("2026-11-21 10:19:08")}, now), "11-21 10:17:04 至 10:19:08 之间"},
		{zh.Moment(clock.Interval{}, now), "不能确定"},
		{zh.Duration(5*time.Hour + 42*time.Minute), "5 小时 42 分"},
		{zh.Duration(27*time.Hour + 44*time.Minute + 59*time.Second), "27 小时 44 分"},
		{zh.Duration(4*time.Minute + 6*time.Second), "4 分 06 秒"},
		{zh.Duration(24 * time.Hour), "24 小时"},
		{zh.Duration(76 * time.Hour), "3 天 4 小时"},
		{zh.Duration(0), "0 秒"},
		{zh.Duration(-3 * time.Second), "−3 秒"},
		{en.Duration(5*time.Hour + 2*time.Minute), "5 h 02 min"},
		{zh.Exact(5*time.Hour + 21*time.Minute + 26*time.Second), "5 小时 21 分 26 秒"},
		{zh.Exact(24 * time.Hour), "24 小时"},
		{zh.Exact(400 * time.Millisecond), "0.4 秒"},
		{zh.Exact(0), "0 秒"},
		{left(zh, "2026-11-24 17:34:07"), "剩 5 小时 42 分"},
		{left(zh, "2026-11-24 09:00:07"), "逾期 2 小时 52 分"},
		{left(zh, "2026-11-24 11:52:07"), "剩 0 秒"},
		{left(en, "2026-11-24 17:34:07"), "5 h 42 min left"},
		{zh.Workdays(3), "剩 3 个工作日"},
		{en.Workdays(1), "1 working day left"},
		{zh.Workdays(-2), "逾期 2 个工作日"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	zh, en := printers(t)
	for _, tc := range []struct{ got, want string }{
		{zh.Num(48213), "48,213"},
		{zh.Num(-1234567), "−1,234,567"},
		{zh.Num(999), "999"},
		{zh.Size(812), "812 字节"},
		{en.Size(1), "1 byte"},
		{zh.Size(1024), "1 KB"},
		{zh.Size(1023*1024 + 1000), "1 MB"},
		{zh.Size(1482330112), "1.38 GB"},
		{zh.Size(45_700_000), "43.6 MB"},
		{zh.SizeExact(1482330112), "1,482,330,112 字节"},
		{zh.Rate(44_700_000), "42.6 MB/秒"},
		{zh.Article("19"), "第十九条"},
		{zh.Article("19.1"), "第十九条第一款"},
		{zh.Article("8(9)"), "第八条第九项"},
		{zh.Article("27.2(10)"), "第二十七条第二款第十项"},
		{en.Article("19.1"), "Article 19, paragraph 1"},
		{zh.Article("行政处罚法第四十七条"), "行政处罚法第四十七条"},
		{Numeral(0), "零"},
		{Numeral(10), "十"},
		{Numeral(19), "十九"},
		{Numeral(20), "二十"},
		{Numeral(103), "一百零三"},
		{Numeral(110), "一百一十"},
		{Numeral(1010), "一千零一十"},
		{Numeral(2002), "二千零二"},
		{Numeral(10000), "10000"},
		{zh.Letter(0), "甲"},
		{en.Letter(1), "B"},
		{zh.Letter(10), "11"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestNumeralIsOneToOne(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for n := range 10000 {
		s := Numeral(n)
		if m, ok := seen[s]; ok {
			t.Fatalf("%d and %d are both %s", m, n, s)
		}
		seen[s] = n
	}
}

func TestExactAddsUp(t *testing.T) {
	t.Parallel()
	_, en := printers(t)
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, 400*3600).Draw(t, "seconds")) * time.Second
		s := strings.NewReplacer(" h", "h", " min", "m", " s", "s", " ", "", ",", "").Replace(en.Exact(d))
		back, err := time.ParseDuration(s)
		if err != nil || back != d {
			t.Fatalf("%s is written %q, read back as %s (%v)", d, en.Exact(d), back, err)
		}
	})
}
