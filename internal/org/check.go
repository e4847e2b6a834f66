package org

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// The longest texts, in characters. Names in the region run to thirty characters and more.
const (
	maxName   = 60
	maxNumber = 40
	maxReason = 500
)

// CleanName brings a name into the form it is kept in: NFC, inner spaces single, nothing invisible. An empty or too
// long one is fault Invalid "org.name" (args: the limit).
func CleanName(s, field string) (string, error) {
	s = plain(s)
	if n := utf8.RuneCountInString(s); n == 0 || n > maxName {
		return "", fault.New(fault.Invalid, "org.name", maxName).At(field)
	}
	return s, nil
}

// cleanNumber brings a staff or certificate number into one form: half-width, upper case, no spaces.
func cleanNumber(s, field string) (string, error) {
	s = strings.ToUpper(strings.ReplaceAll(plain(norm.NFKC.String(s)), " ", ""))
	if utf8.RuneCountInString(s) > maxNumber {
		return "", fault.New(fault.Invalid, "org.number", maxNumber).At(field)
	}
	return s, nil
}

// plain drops what cannot be seen, marks of writing direction among it, and makes every space one space.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d', r == utf8.RuneError:
			return -1 // the joiners stay: some scripts are written with them
		}
		return r
	}, s)
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

// checkValidity refuses days that make no certificate.
func checkValidity(from, to time.Time) error {
	if from.IsZero() {
		return fault.New(fault.Invalid, "org.certificate_days").At("valid_from")
	}
	if to.IsZero() || DayOf(to).Before(DayOf(from)) {
		return fault.New(fault.Invalid, "org.certificate_days").At("valid_to")
	}
	return nil
}

// checkMove refuses to put a department below itself.
func checkMove(t Tree, id, parent ident.DepartmentID) error {
	if parent == "" {
		return nil
	}
	d, ok := t.Find(parent)
	if !ok {
		return fault.New(fault.NotFound, "org.department").At("parent")
	}
	if !d.ClosedAt.IsZero() {
		return fault.New(fault.Conflict, "org.department_closed", d.Name).At("parent")
	}
	for _, below := range t.Descendants(id) {
		if below == parent {
			return fault.New(fault.Invalid, "org.department_cycle").At("parent")
		}
	}
	return nil
}
