package device

import "time"

// Mark is a place in the numbering of a device's files. Series and Width are as media.NameFacts has them: what the
// names have in common, and how many digits the number has.
type Mark struct {
	Series string
	Width  int
	Number int
	Name   string    // the file's name, shown beside a gap
	Made   time.Time // when it was recorded, by the device's clock; zero if unknown
}

// advances reports whether next lies after the mark that is remembered. Times decide where both are known, because a
// counter may have been set back; without them a number that is lower by more than half the counter's range has run
// over its end. A card handed in late must not turn the memory back.
func (m Mark) advances(next Mark) bool {
	if !m.Made.IsZero() && !next.Made.IsZero() && !m.Made.Equal(next.Made) {
		return next.Made.After(m.Made)
	}
	if next.Number >= m.Number {
		return true
	}
	span := 1
	for range min(m.Width, 9) {
		span *= 10
	}
	return m.Number-next.Number > span/2
}
