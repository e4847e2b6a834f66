package locale

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Mark is a piece of a text, and whether a search found it.
type Mark struct {
	Text string
	On   bool
}

// Marks cuts a text where a search matched it, by the same folding and pairs of characters that found it. The pieces put
// together are the text. Nothing matched gives the whole text as one piece.
func Marks(text, query string) []Mark {
	// Each character is folded for itself, so that a place in the folded text is a place in the text. A name's dot is
	// passed over: the name is found without it, and shown with it.
	var folded []rune
	var from []int // where in the text the folded character begins
	for i, r := range text {
		if isNameDot(r) {
			continue
		}
		for _, f := range norm.NFKC.String(strings.ToLower(norm.NFKC.String(string(r)))) {
			folded, from = append(folded, f), append(from, i)
		}
	}
	on := make([]bool, len(text))
	for _, t := range Query(query) {
		term := []rune(t.Text)
		for i := 0; i+len(term) <= len(folded); i++ {
			if string(folded[i:i+len(term)]) != t.Text || t.Prefix && !isCJK(term[0]) && i > 0 && isWord(folded[i-1]) && !isCJK(folded[i-1]) {
				continue
			}
			last := from[i+len(term)-1]
			for j := from[i]; j < len(text) && (j <= last || text[j]&0xc0 == 0x80); j++ {
				on[j] = true
			}
		}
	}
	var out []Mark
	begin := 0
	for i := 1; i <= len(text); i++ {
		if i == len(text) || on[i] != on[begin] {
			out = append(out, Mark{text[begin:i], on[begin]})
			begin = i
		}
	}
	return out
}
