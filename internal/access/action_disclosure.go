package access

// What concerns giving out (第二十条第一款).
var disclosureActions = []Action{}
