package media

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is how much of a string out of a file is kept, in bytes. Camera tags are short; longer ones are not
// descriptions but attempts.
const maxText = 256

// clean makes a string from a file harmless to carry: valid UTF-8, no control or direction-changing characters, cut
// at maxText bytes. It stays opaque text: whoever shows it must still escape it.
func clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) ||
			r == '\u2028' || r == '\u2029' {
			continue
		}
		if b.Len()+utf8.RuneLen(r) > maxText {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// firstLine gives the first line of a tool's complaint, cleaned.
func firstLine(complaint []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(complaint)), "\n")
	return clean(line)
}
