package access

// What concerns evidence discs (第二十四条).
var discActions = []Action{}
