package ui

import (
	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/locale"
)

// HeadView is the head of a page's body: where it stands, its title, at most two plain buttons.
type HeadView struct {
	Crumbs  []Link // from the outermost; the page itself is not among them
	Title   string
	Sub     string          // one line beside the title
	Marks   templ.Component // badges that belong to the object; nil for none
	Actions []Action
}

// Next is the single next step of a page: the loudest thing on it.
type Next struct {
	ID      string // of its title; "next" when empty
	Eyebrow string // "最急的一件，已逾期"
	Cite    Cite
	Title   string // begins with a verb
	Text    string
	Clock   Clock // an empty Text leaves the clock out
	Action  Action
}

func (n Next) id() string {
	if n.ID == "" {
		return "next"
	}
	return n.ID
}

// DutyList is what someone owes, in groups by when.
type DutyList struct {
	ID     string // of the sheet; may be empty
	Title  string
	Count  int
	Note   string // "按到期先后"
	More   Link
	Groups []DutyGroup
	Empty  EmptyView // shown when there is nothing in any group
}

// DutyGroup is a stretch of duties: 今天到期, 本周, 以后.
type DutyGroup struct {
	Label string
	Count string // "2 件"
	Rows  []Duty
}

// Duty is one owed thing: clock, what, article, one action.
type Duty struct {
	ID     string // of the row, so that it can be replaced in place; may be empty
	Clock  Clock
	Title  Link // begins with a verb
	Facts  []string
	Cite   Cite
	Action Action
}

// Alert is something not due yet that the reader should know of.
type Alert struct {
	Title Link
	Left  string // bold: "还剩 12 天"
	Facts []string
	Used  int // percent; negative draws no bar
}

// Done is something finished, newest first.
type Done struct {
	Text  string
	Facts []string
}

// Letter is a fact of a verdict with its letter (甲, 乙), its source and its value. Empty Letters are filled in order.
type Letter struct {
	Letter string
	Label  string
	Source string
	Value  string
}

// Verdict is a verdict on the page that owns it: article, facts with sources, arithmetic, then the answer.
type Verdict struct {
	Topic    string // "储存时限"
	Cite     Cite
	Tone     Tone
	Icon     string
	Headline string // "按时入库"
	Note     string // why it cannot be judged, or what the reader must know
	Facts    []Letter
	Sum      string // "乙 − 甲，不超过 24 小时"
	Result   string // "5 小时 21 分 26 秒"
	Scale    *Scale
}

// Scale is the bar under a sum: how much of a limit was used. An answer that is only known as an interval lies between
// Low and High and is drawn dashed.
type Scale struct {
	Percent     int // used of the limit, may go over 100
	HighPercent int // upper bound when the answer is an interval, else 0
	Used        string
	Limit       string
	Tone        Tone
}

// SheetView is the head of the one container.
type SheetView struct {
	ID    string
	Title string
	Count string // grey, beside the title
	Note  string
	More  Link
	Tight bool // the body brings its own edges (a table, a list)
}

// Fact is a thing known of an object, with where it is known from.
type Fact struct {
	Label  string
	Value  templ.Component
	Source string // short: "文件内时间"; empty draws nothing
	Plain  string // the value as a text, for paper
	Code   bool   // an identifier or a digest
}

// FactText makes a fact whose value is a text.
func FactText(label, value, source string) Fact {
	return Fact{Label: label, Value: Text(value), Source: source, Plain: value}
}

// FactMono makes a fact whose value is an identifier or a digest.
func FactMono(label, value, source string) Fact {
	return Fact{Label: label, Value: Mono(value), Source: source, Plain: value, Code: true}
}

// Event is one step of the history of an object.
type Event struct {
	Time  string // "09:58" or "11-23"
	Day   string // second line under the time
	Icon  string
	Tone  Tone
	Text  string
	Href  string // where the text leads; empty: nowhere
	Facts []string
	Link  Link // e.g. to the proof
}

// NoteView is one fact that the reader must weigh. Tone Plain, Due or Late.
type NoteView struct {
	Tone  Tone
	Icon  string // info-circle when empty
	Bold  string
	Text  string
	Links []Link
}

// EmptyView says why there is nothing and what to do.
type EmptyView struct {
	Icon    string
	Title   string
	Text    string
	Actions []Action
}

// ConfirmView is a question before an act. Its form posts to Action.
type ConfirmView struct {
	ID     string // unique on the page
	Open   Action // the button that asks; only its looks and words are used
	Title  string
	Text   string
	Keeps  string // what is kept, or cannot be undone
	Action string
	Hidden []Hidden
	Yes    string // the same verb as Open
	Danger bool
}

// Tab is a view of a list, or a part of a page.
type Tab struct {
	Text    string
	Count   string
	Href    string
	Current bool
}

// PagerView leads through a list by keys. Empty addresses leave the link out.
type PagerView struct {
	Total   int64
	AtLeast bool // Total is a lower bound: "10,000 条以上"
	First   string
	Prev    string
	Next    string
}

func (v PagerView) total(p locale.Printer) string {
	if v.AtLeast {
		return p.T("table.total_least", v.Total)
	}
	return p.T("table.total", v.Total)
}

// Failure is the page of an error: what happened, what was kept, what to do, and a code to quote.
type Failure struct {
	P       locale.Printer
	Kind    string // in a few words, over the title: "没有权限"
	Fault   locale.FaultText
	Request string // id of the request, to find it in the operator's log
	Actions []Action
}

func (n NoteView) icon() string {
	if n.Icon == "" {
		return "info-circle"
	}
	return n.Icon
}

func (l Letter) letter(p locale.Printer, i int) string {
	if l.Letter == "" {
		return p.Letter(i)
	}
	return l.Letter
}

// geometry places a scale's marks: the whole bar is the limit, or what was used when that is more.
type geometry struct{ from, to, limit int }

func (s Scale) geometry() geometry {
	top := max(100, s.Percent, s.HighPercent)
	at := func(n int) int { return n * 100 / top }
	g := geometry{from: at(s.Percent), to: at(s.Percent), limit: at(100)}
	if s.HighPercent > s.Percent {
		g.to = at(s.HighPercent)
	}
	return g
}

// roomy reports whether the label of the used part has room beside those at both ends.
func (s Scale) roomy() bool {
	g := s.geometry()
	return g.to >= 12 && g.to <= 74 && s.HighPercent <= 100 && g.limit == 100
}

// limitAnchor says how the label of the limit's mark stands on an overdue bar: in the middle under it, before it, or
// nowhere when there is no room beside the labels at both ends.
func (s Scale) limitAnchor() string {
	switch g := s.geometry(); {
	case g.limit < 14 || g.limit > 88:
		return ""
	case g.limit > 68:
		return "end"
	}
	return "middle"
}
