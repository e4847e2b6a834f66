package access

// What concerns look-up receipts (查询回执, decision 26).
const (
	LookupPrepare Action = "lookup.prepare" // what a receipt would say
	LookupIssue   Action = "lookup.issue"   // one is issued
	LookupDelay   Action = "lookup.delay"   // a line is told later, on a lawful ground
)

var lookupActions = []Action{LookupPrepare, LookupIssue, LookupDelay}
