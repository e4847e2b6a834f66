// Package locale holds every word the product shows: the catalogues zh-CN (first) and en, and the manners in which
// times, spans, sizes, numbers and articles are written in each. Nothing a person reads stands anywhere else.
//
// A catalogue is a folder of JSON files, one a subject, so that several people add words without meeting; a key stands
// in one of them only. A value is a text with placeholders {0}, {1} or {name}; where a language counts, a value may be
// {"one": …, "other": …}, chosen by the first number among the arguments. Load refuses catalogues that do not have
// the same keys and the same placeholders in both languages.
package locale

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
)

//go:embed zh-CN/*.json en/*.json
var files embed.FS

// Lang is a language the product speaks, as a BCP 47 tag.
type Lang string

// The languages. Chinese is the first and the one used when nothing else is asked for.
const (
	Chinese Lang = "zh-CN"
	English Lang = "en"
)

// Langs gives the languages, Chinese first.
func Langs() []Lang { return []Lang{Chinese, English} }

// Choose picks the language for a reader: the first of the wishes that the product speaks. A wish is a tag ("en") or
// an Accept-Language header; an empty or unknown one is passed over. Chinese if none fits.
func Choose(wishes ...string) Lang {
	for _, w := range wishes {
		if w == "" {
			continue
		}
		tags, _, err := language.ParseAcceptLanguage(w)
		if err != nil {
			continue
		}
		for _, t := range tags {
			switch base, _ := t.Base(); base.String() {
			case "zh":
				return Chinese
			case "en":
				return English
			}
		}
	}
	return Chinese
}

// message is one text, cut at its placeholders. Plural forms are kept by name ("one", "other").
type message struct {
	other form
	one   form // empty unless the language distinguishes it
}

type form []piece

// piece is literal text, or a placeholder when name is set.
type piece struct {
	text string
	name string
}

// Catalogue is the words of all languages, checked. It is immutable and safe for concurrent use.
type Catalogue struct {
	langs map[Lang]map[string]message
}

// Load reads and checks the catalogues built into the program. An error names every key that is missing or doubled,
// or whose placeholders differ between the languages; the program must not start with it.
func Load() (*Catalogue, error) { return load(files) }

func load(fsys fs.FS) (*Catalogue, error) {
	c := &Catalogue{langs: map[Lang]map[string]message{}}
	var errs []error
	for _, l := range Langs() {
		words, err := loadLang(fsys, l)
		if err != nil {
			errs = append(errs, err)
		}
		c.langs[l] = words
	}
	errs = append(errs, c.compare()...)
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("locale: catalogues: %w", err)
	}
	return c, nil
}

func loadLang(fsys fs.FS, l Lang) (map[string]message, error) {
	names, err := fs.Glob(fsys, string(l)+"/*.json")
	if err != nil {
		return nil, err
	}
	words := map[string]message{}
	var errs []error
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		raw, err := decodeFlat(data)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		for _, e := range raw {
			if _, double := words[e.key]; double {
				errs = append(errs, fmt.Errorf("%s: key %q stands twice", name, e.key))
				continue
			}
			m, err := parseMessage(e.value)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: key %q: %w", name, e.key, err))
				continue
			}
			words[e.key] = m
		}
	}
	return words, errors.Join(errs...)
}

type entry struct {
	key   string
	value json.RawMessage
}

// decodeFlat reads one JSON object keeping every pair, so that a key written twice is seen.
func decodeFlat(data []byte) ([]entry, error) {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	var out []entry
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, ok := k.(string)
		if !ok {
			return nil, fmt.Errorf("key %v is not a text", k)
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
		out = append(out, entry{key, v})
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("is cut off: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("goes on after its end")
	}
	return out, nil
}

func parseMessage(raw json.RawMessage) (message, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		f, err := parseForm(s)
		return message{other: f}, err
	}
	var forms map[string]string
	if err := json.Unmarshal(raw, &forms); err != nil {
		return message{}, errors.New(`must be a text or {"one": …, "other": …}`)
	}
	var m message
	for name, s := range forms {
		f, err := parseForm(s)
		if err != nil {
			return message{}, err
		}
		switch name {
		case "one":
			m.one = f
		case "other":
			m.other = f
		default:
			return message{}, fmt.Errorf("plural form %q is unknown", name)
		}
	}
	if m.other == nil {
		return message{}, errors.New(`the form "other" is missing`)
	}
	return m, nil
}

var placeholder = regexp.MustCompile(`\{([a-z0-9_]+)\}`)

func parseForm(s string) (form, error) {
	if s == "" {
		return nil, errors.New("is empty")
	}
	var f form
	at := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(s, -1) {
		if m[0] > at {
			f = append(f, piece{text: s[at:m[0]]})
		}
		f = append(f, piece{name: s[m[2]:m[3]]})
		at = m[1]
	}
	if at < len(s) {
		f = append(f, piece{text: s[at:]})
	}
	for _, p := range f {
		if strings.ContainsAny(p.text, "{}") {
			return nil, fmt.Errorf("has a brace that is no placeholder: %q", s)
		}
	}
	return f, nil
}

// names gives the placeholders of a message, sorted, each once. The "one" form may leave the number out.
func (m message) names() []string {
	set := map[string]bool{}
	for _, p := range slices.Concat(m.other, m.one) {
		if p.name != "" {
			set[p.name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

func (c *Catalogue) compare() []error {
	var errs []error
	first, second := c.langs[Chinese], c.langs[English]
	for _, k := range slices.Sorted(maps.Keys(first)) {
		m, ok := second[k]
		if !ok {
			errs = append(errs, fmt.Errorf("key %q is missing in %s", k, English))
			continue
		}
		if a, b := first[k].names(), m.names(); !slices.Equal(a, b) {
			errs = append(errs, fmt.Errorf("key %q has placeholders %v in %s and %v in %s", k, a, Chinese, b, English))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(second)) {
		if _, ok := first[k]; !ok {
			errs = append(errs, fmt.Errorf("key %q is missing in %s", k, Chinese))
		}
	}
	return errs
}

// Keys gives every key of the catalogues, sorted.
func (c *Catalogue) Keys() []string { return slices.Sorted(maps.Keys(c.langs[Chinese])) }

// For gives the printer of a language; Chinese for one the product does not speak.
func (c *Catalogue) For(l Lang) Printer {
	words, ok := c.langs[l]
	if !ok {
		l, words = Chinese, c.langs[Chinese]
	}
	return Printer{lang: l, words: words}
}

// Printer writes texts in one language. It is a small value, immutable, safe for concurrent use. The zero Printer
// writes keys instead of texts.
type Printer struct {
	lang  Lang
	words map[string]message
}

// Lang is the language the printer writes, for the lang attribute of a page.
func (p Printer) Lang() Lang {
	if p.lang == "" {
		return Chinese
	}
	return p.lang
}

// Arg is a named argument, for a placeholder like {name}.
type Arg struct {
	Name  string
	Value any
}

// Named makes a named argument.
func Named(name string, value any) Arg { return Arg{name, value} }

// Pick gives the wording in the reader's language of what is said in both; Chinese, which binds, where there is no other.
func (p Printer) Pick(zh, en string) string {
	if p.Lang() == English && en != "" {
		return en
	}
	return zh
}

// Has reports whether the catalogue holds the key.
func (p Printer) Has(key string) bool { _, ok := p.words[key]; return ok }

// T gives the text of a key with its arguments filled in: positional ones for {0}, {1} …, Named ones for {name}.
// Whole numbers are grouped ("48,213"), durations written as spans and times as dates in Asia/Shanghai; what must
// keep its digits (a year, a serial number) is passed as text. Texts pass Steady: none of them turns the sentence. A key that does not exist gives the key itself in
// ⟦brackets⟧: visible, and found by the tests.
func (p Printer) T(key string, args ...any) string {
	m, ok := p.words[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	f := m.other
	if m.one != nil {
		if n, ok := firstNumber(args); ok && n == 1 {
			f = m.one
		}
	}
	if len(f) == 1 && f[0].name == "" {
		return f[0].text
	}
	var b strings.Builder
	for _, pc := range f {
		if pc.name == "" {
			b.WriteString(pc.text)
			continue
		}
		b.WriteString(p.arg(pc.name, args))
	}
	return b.String()
}

func (p Printer) arg(name string, args []any) string {
	if i, err := strconv.Atoi(name); err == nil {
		n := 0
		for _, a := range args {
			if _, named := a.(Arg); named {
				continue
			}
			if n == i {
				return p.value(a)
			}
			n++
		}
		return "{" + name + "}"
	}
	for _, a := range args {
		if na, ok := a.(Arg); ok && na.Name == name {
			return p.value(na.Value)
		}
	}
	return "{" + name + "}"
}

func (p Printer) value(v any) string {
	switch v := v.(type) {
	case string:
		return Steady(v)
	case time.Time:
		return p.Full(v)
	case time.Duration:
		return p.Duration(v)
	case fmt.Stringer:
		return Steady(v.String())
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	if n, ok := number(v); ok {
		return p.Num(n)
	}
	return Steady(fmt.Sprint(v))
}

func firstNumber(args []any) (int64, bool) {
	for _, a := range args {
		if na, ok := a.(Arg); ok {
			a = na.Value
		}
		if n, ok := number(a); ok {
			return n, true
		}
	}
	return 0, false
}

func number(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case int32:
		return int64(v), true
	case int16:
		return int64(v), true
	case uint32:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint8:
		return int64(v), true
	case uint64:
		return int64(v), v <= 1<<62 //nolint:gosec // checked on the same line
	}
	return 0, false
}
