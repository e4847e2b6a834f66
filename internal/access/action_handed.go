package access

// What concerns material that parties and the public hand in.
const (
	HandedOpen    Action = "handed.open"    // a handing in is begun
	HandedClose   Action = "handed.close"   // its list is fixed
	HandedCancel  Action = "handed.cancel"  // begun by mistake
	HandedList    Action = "handed.list"    // the register of what was handed in
	HandedView    Action = "handed.view"    // one of them
	HandedReceipt Action = "handed.receipt" // its receipt is printed
	HandedExport  Action = "handed.export"  // the register as a ledger
)

var handedActions = []Action{HandedOpen, HandedClose, HandedCancel, HandedList, HandedView, HandedReceipt, HandedExport}
