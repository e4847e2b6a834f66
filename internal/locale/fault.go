package locale

import "zhilu.dev/zhilu/internal/fault"

// FaultText is what a person is told of a failure: what happened, what was kept, what to do, and the code to quote.
// Kept may be empty where nothing was at stake.
type FaultText struct {
	What    string
	Kept    string
	Do      string
	Code    string // stable, e.g. "upload.checksum"
	Article string // "第十九条", empty where no article stands behind the refusal
	Field   string // the input the fault is about, empty for none
}

// Fault gives the words for an error. They stand under "fault.<code>.what", ".kept" and ".do"; a part that the code
// does not have comes from the kind ("fault.kind.<kind>.…"). An error that is no fault becomes the words for
// "internal": its own text is never shown.
func (p Printer) Fault(err error) FaultText {
	f := fault.As(err)
	part := func(name string) string {
		if k := "fault." + f.Code + "." + name; p.Has(k) {
			return p.T(k, f.Args...)
		}
		if p.Has("fault."+f.Code+".what") && name == "kept" {
			return "" // the code has its own words and nothing was at stake
		}
		return p.T("fault.kind." + f.Kind.String() + "." + name)
	}
	t := FaultText{What: part("what"), Kept: part("kept"), Do: part("do"), Code: f.Code, Field: f.Field}
	if f.Article != "" {
		t.Article = p.Article(f.Article)
	}
	return t
}
