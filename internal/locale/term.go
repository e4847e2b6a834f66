package locale

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Chinese has no spaces and its words are mostly two characters long, so a text is indexed by its pairs of adjacent
// characters. A text is folded first (NFKC, lower case): full-width letters and digits meet their plain forms.
//
// In an index every run of characters also gives its last character alone, so that each character begins some term
// and a search for a single one can be a search for a beginning. The dot inside a name (阿依努尔·买买提) parts the runs,
// and the pair across it is given too, so that the name is found when typed without the dot.

// Bigrams gives the terms under which a text is found, in order, each once: pairs of adjacent CJK characters with the
// last of a run alone (a run of one gives that one), and whole words of other scripts and digits.
func Bigrams(text string) []string {
	var terms []string
	seen := map[string]bool{}
	add := func(t string) {
		if !seen[t] {
			seen[t] = true
			terms = append(terms, t)
		}
	}
	for _, r := range runs(text) {
		if !r.cjk {
			add(string(r.text))
			continue
		}
		for i := range r.text {
			add(string(r.text[i:min(i+2, len(r.text))]))
		}
		if r.joined != 0 {
			add(string([]rune{r.text[len(r.text)-1], r.joined}))
		}
	}
	return terms
}

// Term is one thing a search asks for: a term of the index, or the beginning of one.
type Term struct {
	Text   string
	Prefix bool
}

// Query gives the terms that a text must all match to be found by a search: the pairs of each run, a single character
// or a word as a beginning. No terms means that the search says nothing that could be looked for.
func Query(text string) []Term {
	var terms []Term
	seen := map[Term]bool{}
	add := func(t Term) {
		if !seen[t] {
			seen[t] = true
			terms = append(terms, t)
		}
	}
	for _, r := range runs(text) {
		if !r.cjk || len(r.text) == 1 {
			add(Term{string(r.text), true})
			continue
		}
		for i := range r.text[1:] {
			add(Term{string(r.text[i : i+2]), false})
		}
	}
	return terms
}

// IndexText gives the terms of a text for a full-text column, in letters and digits of ASCII and parted by spaces, so
// that no tokenizer takes them apart: FTS5's unicode61 knows no character that is younger than Unicode 6.1 (𬱖), and
// PostgreSQL's parser goes by the database's locale. Characters beyond ASCII are written as u and four, or v and six
// hexadecimal digits.
func IndexText(text string) string {
	terms := Bigrams(text)
	for i, t := range terms {
		terms[i] = encode(t)
	}
	return strings.Join(terms, " ")
}

// MatchFTS5 gives the MATCH expression of a search over a column filled with IndexText; empty if nothing is searched.
// It holds letters, digits, quotes and stars only, so no input can break it.
func MatchFTS5(query string) string {
	terms := Query(query)
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = `"` + encode(t.Text) + `"`
		if t.Prefix {
			parts[i] += " *"
		}
	}
	return strings.Join(parts, " ")
}

// MatchTSQuery gives the to_tsquery('simple', …) expression of a search over a to_tsvector('simple', …) of IndexText;
// empty if nothing is searched. It holds letters, digits, &, : and * only.
func MatchTSQuery(query string) string {
	terms := Query(query)
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = encode(t.Text)
		if t.Prefix {
			parts[i] += ":*"
		}
	}
	return strings.Join(parts, " & ")
}

func encode(term string) string {
	var b strings.Builder
	for _, r := range term {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, "u%04x", r)
		default:
			fmt.Fprintf(&b, "v%06x", r)
		}
	}
	return b.String()
}

// longestWord is how many characters of a word of letters and digits are kept; PostgreSQL takes terms up to 2 KB.
const longestWord = 64

// run is a stretch of one kind: CJK characters, or a word of another script. joined is the first character of the
// next run where only a name's dot stands between the two.
type run struct {
	text   []rune
	cjk    bool
	joined rune
}

func runs(text string) []run {
	var out []run
	var cur run
	dot := false // only a name's dot has been seen since the last run
	flush := func() {
		if len(cur.text) > 0 {
			out = append(out, cur)
			cur = run{}
		}
	}
	for _, r := range norm.NFKC.String(strings.ToLower(norm.NFKC.String(text))) {
		switch c := isCJK(r); {
		case c || isWord(r):
			if len(cur.text) > 0 && cur.cjk != c {
				flush()
			}
			if len(cur.text) == 0 {
				if dot && c && len(out) > 0 && out[len(out)-1].cjk {
					out[len(out)-1].joined = r
				}
				cur.cjk = c
			}
			if c || len(cur.text) < longestWord {
				cur.text = append(cur.text, r)
			}
			dot = false
		default:
			dot = isNameDot(r) && len(cur.text) > 0
			flush()
		}
	}
	flush()
	return out
}

// isCJK covers Han of every extension and the scripts written with it. 〇 is a digit written among Han characters.
func isCJK(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) ||
		r == '々' || r == '〇' || r >= 0x20000 && r <= 0x3ffff
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }

// isNameDot knows the dots people type inside names.
func isNameDot(r rune) bool {
	switch r {
	case '·', '•', '‧', '・', '∙', '⋅', '᛫':
		return true
	}
	return false
}
