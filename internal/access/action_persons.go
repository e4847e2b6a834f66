package access

// What concerns people who were filmed, and what parties hand in.
var personsActions = []Action{}
