package access

// What concerns clips and masked copies (第二十条).
const (
	RedactionPlan   Action = "redaction.plan"
	RedactionAsk    Action = "redaction.ask"
	RedactionDrop   Action = "redaction.drop"
	RedactionDecide Action = "redaction.decide"
	RedactionMake   Action = "redaction.make"
	RedactionView   Action = "redaction.view"
	RedactionTake   Action = "redaction.take"
)

var redactionActions = []Action{RedactionPlan, RedactionAsk, RedactionDrop, RedactionDecide, RedactionMake, RedactionView, RedactionTake}
