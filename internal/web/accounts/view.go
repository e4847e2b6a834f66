package accounts

import (
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/ui"
)

type listView struct {
	Tabs    []ui.Tab
	May     bool
	Bad     refusal.Fault
	Note    string
	Filters *ui.Filters // nil for a view without
	Table   ui.TableView
}

// line is a role and what belongs to it.
type line struct{ First, Second string }

type accountView struct {
	ID, Person, Name                                     string
	Words, Icon                                          string
	Tone                                                 ui.Tone
	Note                                                 refusal.Fault
	Self                                                 bool // it is the reader's own
	Facts                                                []ui.Fact
	MayReset, MayUnlock, MayDisable, MayEnable, MayGrant bool
	Appointments                                         []ui.Row
	Grant                                                []ui.Field
	GrantBad                                             refusal.Fault
	Class                                                bool // refused because the three administrators exclude each other
}

type passwordView struct{ Title, Name, Username, Password, Href string }

type newView struct {
	Query  string
	Fields []ui.Field
	Bad    refusal.Fault
	Has    bool // the person asked for has an account
	None   bool // nobody is left to choose
	More   bool // more people than can be shown
}

type tokenView struct {
	Fields  []ui.Field
	Bad     refusal.Fault
	Filters ui.Filters
	Table   ui.TableView
}

type onceView struct {
	Name, Text, Scope, Until string
	Dock                     bool
}
