package access

// What concerns evidence discs (第二十四条).
const (
	DiscMake   Action = "disc.make"   // on a consented request
	DiscFail   Action = "disc.fail"   // that one could not be made, said by who began it
	DiscList   Action = "disc.list"   // the register of discs
	DiscView   Action = "disc.view"   // one of them, and its label
	DiscExport Action = "disc.export" // the register as a ledger
	DiscShelve Action = "disc.shelve" // who keeps a copy, and where
	DiscFetch  Action = "disc.fetch"  // its image, to burn it
	DiscCheck  Action = "disc.check"  // that it was read, and what was found
)

var discActions = []Action{DiscMake, DiscFail, DiscList, DiscView, DiscExport, DiscShelve, DiscFetch, DiscCheck}
