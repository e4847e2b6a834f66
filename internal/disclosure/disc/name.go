package disc

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)

// safeName makes the name under which the nth file of a disc lies there: one that ISO 9660 with Joliet, UDF and every system take, and
// that cannot pass for another. The name it had stands in the manifest.
func safeName(n int, name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		switch {
		case r > 0xffff || r == utf8.RuneError || !unicode.IsPrint(r) || unicode.Is(unicode.Mn, r), // beyond UCS-2, invisible, or composed
			strings.ContainsRune(`<>:"/\|?*;' `, r):
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, ". _-")
	ext := path.Ext(name)
	if len(ext) < 2 || len(ext) > 6 || strings.Trim(strings.ToLower(ext[1:]), "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		ext = ""
	}
	stem := []rune(strings.TrimRight(strings.TrimSuffix(name, ext), ". "))
	if len(stem) > 40 {
		stem = stem[:40]
	}
	if len(stem) == 0 || device.MatchString(string(stem)) {
		stem = append([]rune("file"), stem...)
	}
	return fmt.Sprintf("%03d-%s%s", n, string(stem), strings.ToLower(ext))
}
