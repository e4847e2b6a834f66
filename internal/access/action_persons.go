package access

// What concerns people who were filmed, and what parties hand in.
const (
	PersonReceive Action = "person.receive"
	PersonAnswer  Action = "person.answer"
	PersonList    Action = "person.list"
	PersonView    Action = "person.view"
	PersonExport  Action = "person.export" // the register as a ledger, without names
	PersonPrint   Action = "person.print"  // an answer on paper
)

var personsActions = []Action{PersonReceive, PersonAnswer, PersonList, PersonView, PersonExport, PersonPrint}
