package access

// What concerns loans (借阅, 第二十三条).
const (
	LoanHand Action = "loan.hand" // a carrier is handed out on a consented request
	LoanTake Action = "loan.take" // it comes back, or is said to be lost
)

var loanActions = []Action{LoanHand, LoanTake}
