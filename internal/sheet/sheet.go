// Package sheet sets papers that a bureau gives out: PDF/A, tagged, on A4 by GB/T 9704. Typst does the setting, in a
// process of its own that is started when the first paper is wanted, sees nothing of the host but its program and the
// fonts, has no network, and is replaced when it dies or grows (threats T16 to T18: what is printed was written by
// cameras and strangers). A Paper is data from end to end; no part of it is ever Typst source.
package sheet

import (
	"crypto/sha256"
	_ "embed" // the worker and the template
	"encoding/hex"
	"time"
)

// Standard is what every paper keeps to: archivable, with the whole structure tagged and all text as Unicode. It is the
// strongest the exporter checks itself against, short of part 4, which readers in courts do not know yet.
const Standard = "a-2a"

// Paper is one document.
type Paper struct {
	Lang        string    `json:"lang"` // "zh" or "en", for readers that speak
	Bureau      string    `json:"bureau"`
	Title       string    `json:"title"`
	Number      string    `json:"number"`
	NumberLine  string    `json:"number-line"`  // as printed under the title
	Foot        string    `json:"foot"`         // beside every page number
	MissingLine string    `json:"missing-line"` // stands before the codes of characters that no font has
	Sections    []Section `json:"sections"`
	Sign        []string  `json:"sign"` // lines at the end, where it is signed and sealed
	Images      [][]byte  `json:"-"`    // JPEG, shown by Picture
	At          time.Time `json:"-"`    // goes into the file as the time it was made
}

// Section is a heading and what stands under it.
type Section struct {
	Heading string  `json:"heading"`
	Blocks  []Block `json:"blocks"`
}

// Block is one of: a paragraph (plain, strong, or a quiet note), a name as a small heading, facts, a table, steps, a picture,
// or other blocks kept on one page.
type Block struct {
	Kind  string  `json:"kind"`
	Text  string  `json:"text,omitempty"`
	Facts []Fact  `json:"facts,omitempty"`
	Table *Table  `json:"table,omitempty"`
	Steps []Step  `json:"steps,omitempty"`
	Whole []Block `json:"whole,omitempty"`
	Image int     `json:"image,omitempty"` // in Paper.Images, counted from one; Text is what a reader that speaks says
}

// Fact is a label, its value and where that is known from.
type Fact struct {
	Label  string `json:"label"`
	Text   string `json:"text"`
	Source string `json:"source,omitempty"`
	Mono   bool   `json:"mono,omitempty"`
	Digest bool   `json:"digest,omitempty"` // never parted by the end of a page
}

// Table has a head that comes again on every page. A width is in millimetres, 0 takes what is left.
type Table struct {
	Widths []float64  `json:"widths"`
	Head   []string   `json:"head"`
	Rows   [][]string `json:"rows"`
}

// Step is something to do, perhaps with a command to type.
type Step struct {
	Text    string `json:"text"`
	Command string `json:"command,omitempty"`
}

// Text is a paragraph.
func Text(s string) Block { return Block{Kind: "text", Text: s} }

// Strong is a paragraph that must not be overlooked.
func Strong(s string) Block { return Block{Kind: "strong", Text: s} }

// Note is a quiet paragraph.
func Note(s string) Block { return Block{Kind: "note", Text: s} }

// Name is a small heading over what follows, such as a file's name.
func Name(s string) Block { return Block{Kind: "name", Text: s} }

// Facts are labels and values.
func Facts(f ...Fact) Block { return Block{Kind: "facts", Facts: f} }

// Grid is a table.
func Grid(t Table) Block { return Block{Kind: "table", Table: &t} }

// Picture shows an image of the paper, counted from one, across the page; says is what a reader that speaks says for it.
func Picture(n int, says string) Block { return Block{Kind: "picture", Image: n, Text: says} }

// Steps are numbered.
func Steps(s ...Step) Block { return Block{Kind: "steps", Steps: s} }

// wholeLimit is how many bytes of text surely have room on one page, whatever they are.
const wholeLimit = 1200

// Whole keeps blocks on one page, unless they hold so much that they might not fit there.
func Whole(b ...Block) []Block {
	n := 0
	for _, x := range b {
		n += len(x.Text)
		for _, f := range x.Facts {
			n += len(f.Label) + len(f.Text) + len(f.Source)
		}
	}
	if n > wholeLimit {
		return b
	}
	return []Block{{Kind: "whole", Whole: b}}
}

// PDF is a paper that was set.
type PDF struct {
	Bytes []byte
	Pages int
	// Missing are characters that no font has. The paper shows each by its code, U+…, and says so at its end.
	Missing []string
}

// SHA256 is the digest of the file in hex.
func (p PDF) SHA256() string {
	sum := sha256.Sum256(p.Bytes)
	return hex.EncodeToString(sum[:])
}

//go:embed helper/worker.mjs
var worker string

//go:embed paper.typ
var template string
