package record

import (
	"strings"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/locale"
)

// MaxPath bounds what is kept of a path, in bytes; longer ones are attempts.
const MaxPath = 4096

// Opaque makes a path storable and changes it as little as that takes, since its sender must find the file by it
// again. It is a key, never a place: nothing of ours is named by it (T19).
func Opaque(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
	if len(s) <= MaxPath {
		return s
	}
	s = s[:MaxPath]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// MaxShown bounds a name that is shown, in characters.
const MaxShown = 200

// Shown makes a name harmless to show: the last part of it, by either slash, with what cannot be seen or turns the
// direction of writing as its number, cut at MaxShown. It stays opaque text: whoever shows it must still escape it
// (T19, T26).
func Shown(s string) string {
	s = strings.TrimRight(s, `/\`)
	s = Opaque(s[strings.LastIndexAny(s, `/\`)+1:])
	var b strings.Builder
	n := 0
	for _, r := range locale.Visible(s) {
		if n++; n > MaxShown {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
	}
	if out := strings.TrimSpace(b.String()); out != "" && out != "." && out != ".." {
		return out
	}
	return "?"
}

// ShownOr is Shown, with the empty text left as empty.
func ShownOr(s, empty string) string {
	if s == "" {
		return empty
	}
	return Shown(s)
}

// OrNil leaves an empty text out of an entry's detail.
func OrNil[T ~string](v T) any {
	if v == "" {
		return nil
	}
	return string(v)
}

// Related gives the subjects of kinds and ids in turn; those without an id are left out.
func Related(pairs ...string) []custody.Subject {
	var out []custody.Subject
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, custody.Subject{Kind: pairs[i], ID: pairs[i+1]})
		}
	}
	return out
}

// Micros reads a stored duration.
func Micros(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

// Rows of a page.
const (
	DefaultRows = 50
	MaxRows     = 200
)

// Clamp bounds how many rows are asked for.
func Clamp(limit int) int {
	if limit <= 0 {
		return DefaultRows
	}
	return min(limit, MaxRows)
}
