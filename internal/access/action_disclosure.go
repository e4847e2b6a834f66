package access

// What concerns giving out (第二十条第一款).
const (
	DisclosureMake    Action = "disclosure.make"    // have a package put together, on one's own consented request
	DisclosurePack    Action = "disclosure.pack"    // the job that does
	DisclosureSend    Action = "disclosure.send"    // the package leaves
	DisclosureStop    Action = "disclosure.stop"    // it does not: what it rested on is gone
	DisclosureView    Action = "disclosure.view"    // one row of the register
	DisclosureList    Action = "disclosure.list"    // the register
	DisclosureExport  Action = "disclosure.export"  // the register on paper or as a workbook
	DisclosureReceipt Action = "disclosure.receipt" // the recipient's receipt is entered
	CaseCall          Action = "case.call"          // somebody outside called for the file: reconsideration or court
)

var disclosureActions = []Action{
	DisclosureMake, DisclosurePack, DisclosureSend, DisclosureStop, DisclosureView, DisclosureList, DisclosureExport, DisclosureReceipt, CaseCall,
}
