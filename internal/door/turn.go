package door

import "runtime"

// turns bounds how many requests work on evidence at a time: hash, encrypt, write, commit. Whoever asks first is first, and
// after each piece that was read a request asks again, behind all others that wait; so hundreds of docks that come at once get
// on at the same pace, instead of some being done before others began (G10). Nobody holds a turn while it waits for its sender: a slow line
// takes none away.
type turns chan struct{} // senders that block are let in in their order

func newTurns() turns { return make(turns, max(16, 4*runtime.GOMAXPROCS(0))) }

func (t turns) take() { t <- struct{}{} }

func (t turns) give() { <-t }
