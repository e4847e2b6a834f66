package access

// What concerns marks on recordings (第二十条第三款).
var markingActions = []Action{}
