package access

// What concerns marks on recordings (第二十条第三款).
const (
	MarkingPut      Action = "marking.put"
	MarkingLift     Action = "marking.lift"
	MarkingInstruct Action = "marking.instruct" // the competent office's written instruction on a suspected state secret
	MarkingExecute  Action = "marking.execute"  // what it ordered was carried out
	MarkingWitness  Action = "marking.witness"  // a second person saw it carried out
)

var markingActions = []Action{MarkingPut, MarkingLift, MarkingInstruct, MarkingExecute, MarkingWitness}
