package locale

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

// Visible writes a text that somebody else chose, a file name above all, so that nobody is deceived by it: what cannot be
// seen or turns the direction of writing stands as its number, ‹U+202E›. Letters of every script stay as they are (T26).
func Visible(s string) string { return written(s, unseen) }

// Steady is Visible for what only reorders or commands: it keeps line breaks, tabs and the joiners that some scripts need,
// so whole texts may pass. Whatever comes into a sentence (Printer.T) or out to a page or a workbook has passed it.
func Steady(s string) string { return written(s, unsteady) }

// SteadyHTML is Steady for a page that is finished.
func SteadyHTML(page []byte) []byte {
	for i, b := range page {
		// The first byte of every character in question: controls, U+0080–9F and U+061C, U+200x and U+206x.
		if b < 0x20 && b != '\n' && b != '\t' || b == 0x7f || b == 0xc2 || b == 0xd8 || b == 0xe2 {
			var out bytes.Buffer
			out.Grow(len(page))
			out.Write(page[:i])
			out.WriteString(Steady(string(page[i:])))
			return out.Bytes()
		}
	}
	return page
}

func unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}

// unsteady characters reorder what stands beside them, or are commands to a terminal.
func unsteady(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r == '\u061c', r == '\u200e', r == '\u200f', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true
	}
	return unicode.IsControl(r)
}

func written(s string, out func(rune) bool) string {
	if strings.IndexFunc(s, out) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if out(r) {
			fmt.Fprintf(&b, "‹U+%04X›", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Typed is what a person wrote into a field, fit to be kept: without space around it and without bytes that are no text or that a
// database does not take.
func Typed(s string) string {
	return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\ufffd"))
}
