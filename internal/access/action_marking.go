package access

// What concerns marks on recordings (第二十条第三款).
const (
	MarkingPut  Action = "marking.put"
	MarkingLift Action = "marking.lift"
)

var markingActions = []Action{MarkingPut, MarkingLift}
