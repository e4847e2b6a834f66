package access

// What concerns clips and masked copies.
var redactionActions = []Action{}
