package device

import (
	"slices"

	"zhilu.dev/zhilu/internal/ident"
)

// Clue says what a device was recognised by.
type Clue string

// The clues, in the order in which they decide, and the two answers without a device.
const (
	ByExplicit  Clue = "explicit"   // the dock or a custodian named the device
	ByCardLabel Clue = "card_label" // the card's volume label
	ByNameCode  Clue = "name_code"  // a code in the file names
	BySerial    Clue = "serial"     // the maker's number inside the file
	Ambiguous   Clue = "ambiguous"  // several devices fit equally
	Unknown     Clue = "unknown"    // no device fits
)

// Hints is what is known of a card or file. Texts are compared without case, width and surrounding space.
type Hints struct {
	Explicit  ident.DeviceID
	CardLabel string
	NameCodes []string
	Serials   []string
}

// Matched is the device that was recognised. Device is empty if By is Ambiguous or Unknown. Against lists clues that
// point to other devices only: a card in the wrong camera, a file copied from elsewhere. They do not change the
// answer, they make it doubtful.
type Matched struct {
	Device  ident.DeviceID
	By      Clue
	Against []Clue
}

// found is what one clue points to.
type found struct {
	clue    Clue
	devices []ident.DeviceID // those that fit
	given   bool             // the clue was there at all
}

// matchOf is the rule. The first clue that fits exactly one device decides. A clue that fits several narrows the
// choice for the ones after it; if they cannot settle it either, nothing is matched.
func matchOf(clues []found) Matched {
	m := Matched{By: Unknown}
	var choice []ident.DeviceID
	for _, c := range clues {
		fit := c.devices
		if len(choice) > 0 {
			fit = intersect(choice, fit)
		}
		if len(fit) == 1 {
			m.Device, m.By = fit[0], c.clue
			break
		}
		if len(fit) > 1 {
			choice, m.By = fit, Ambiguous
		}
	}
	if m.Device == "" {
		return m
	}
	for _, c := range clues {
		stray := c.clue == ByExplicit && c.given && len(c.devices) == 0 // a device was named that does not exist
		if stray || (len(c.devices) > 0 && !slices.Contains(c.devices, m.Device)) {
			m.Against = append(m.Against, c.clue)
		}
	}
	return m
}

func intersect(a, b []ident.DeviceID) []ident.DeviceID {
	return slices.DeleteFunc(slices.Clone(a), func(d ident.DeviceID) bool { return !slices.Contains(b, d) })
}
