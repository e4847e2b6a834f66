package workbench

import (
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/ui"
)

type view struct {
	Sub     string
	Actions []ui.Action
	Figures []figure // empty for who answers for nobody else
	Next    *ui.Next // nil when nothing is owed
	Duties  ui.DutyList
	Others  *ui.DutyList // nil for who answers for nobody else
	Alerts  []ui.Alert
	Held    []heldView
	Done    []ui.Done
}

type heldView struct {
	Title, Href string
	Facts       []string
}

type bucketView struct {
	Title string
	List  ui.DutyList
	Pager ui.PagerView
}

// figure is a count of duties in the reader's scope, never of a person's (decisions §4).
type figure struct {
	Count, Text, Href string
	Late              bool
}

// scopeView is a list over everything in the reader's scope.
type scopeView struct {
	Title, Sub string
	Tabs       []ui.Tab
	Filters    ui.Filters
	List       ui.DutyList
	Pager      ui.PagerView
}

// doneView is what the reader has done, page by page.
type doneView struct {
	Rows  []ui.Done
	Pager ui.PagerView
}

type adminView struct {
	Sub     string
	Roles   []string
	NoRole  bool
	Waiting *ui.Next
	Places  []ui.Alert
	Alerts  []ui.Alert
}

type waiveView struct {
	ID     string
	Row    ui.Duty
	May    bool
	Reason ui.Field
	Bad    refusal.Fault
}
