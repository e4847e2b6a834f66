package access

// What concerns people who were filmed, and what parties hand in.
const (
	PersonReceive Action = "person.receive"
	PersonAnswer  Action = "person.answer"
	PersonList    Action = "person.list"
	PersonView    Action = "person.view"
)

var personsActions = []Action{PersonReceive, PersonAnswer, PersonList, PersonView}
