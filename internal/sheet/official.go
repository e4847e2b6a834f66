package sheet

import (
	"context"
	_ "embed" // the template
	"time"
)

// Layout is how the page of an official document is laid out. Every page is A4 with the type area of GB/T 9704.
type Layout string

// The layouts.
const (
	Letter Layout = "letter" // 22 lines of 28 characters: decisions, notices, letters
	Form   Layout = "form"   // bordered tables: approval forms, records, lists
	Ledger Layout = "ledger" // wide tables across the page
	Cover  Layout = "cover"  // the cover of a file
)

// Official (文书) is one document of a case as its bureau gives it out or files it: data, like a Paper, and set by the
// template official.typ.
type Official struct {
	Layout      Layout    `json:"layout"`
	Bureau      string    `json:"bureau"`
	Title       string    `json:"title"`
	Number      string    `json:"number"`
	Watermark   string    `json:"watermark"`    // across every page; "" for none
	Foot        string    `json:"foot"`         // beside every page number
	Of          [2]string `json:"of"`           // stand around the number of all pages behind Foot; both empty: it is not said
	MissingLine string    `json:"missing-line"` // stands before the codes of characters that no font has
	ImageLine   string    `json:"image-line"`   // what a reader that speaks says for the image of a signature
	StripLine   string    `json:"strip-line"`   // stands before Strip
	Strip       []Slot    `json:"strip"`        // signed at the foot of every page
	Parts       []Part    `json:"parts"`
	Images      [][]byte  `json:"-"` // PNG; Sign and SignOff name them by their place, counted from one
	At          time.Time `json:"-"` // goes into the file as the time it was made
}

// Slot is a place to sign at the foot of every page; Text stands there instead of a line.
type Slot struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

// Kinds of parts.
const (
	Addressee = "addressee" // Lines flush left: to whom the document goes
	Prose     = "prose"     // Lines are paragraphs
	Heading   = "heading"   // Text
	Items     = "items"     // Rows, each cell on lines of its own, label and value
	Cells     = "grid"      // Rows as a bordered table of labels and values
	Listing   = "list"      // List
	Talk      = "talk"      // Turns
	Ending    = "ending"    // Off: the bureau, the day, the seal; Lines, Rows or List are what shall not part from them
	SmallType = "small"     // Lines in small print
	Void      = "void"      // Text says that the rest of the page is empty, and a line crosses it out
)

// Part is a piece of an official document. Which fields count depends on Kind.
type Part struct {
	Kind  string   `json:"kind"`
	Text  string   `json:"text,omitempty"`
	Lines []string `json:"lines,omitempty"`
	Rows  [][]Cell `json:"rows,omitempty"` // of one cell that takes the whole width, or of two halves
	List  *List    `json:"list,omitempty"`
	Turns []Turn   `json:"turns,omitempty"`
	Off   *SignOff `json:"off,omitempty"`
}

// Cell is a label and what belongs to it: paragraphs, ticks and signatures, in this order.
type Cell struct {
	Label   string   `json:"label"`
	Lines   []string `json:"lines,omitempty"`
	Prose   bool     `json:"prose,omitempty"` // paragraphs are indented
	Choices []Choice `json:"choices,omitempty"`
	Blank   int      `json:"blank,omitempty"` // lines left to be written by hand
	Signs   []Sign   `json:"signs,omitempty"`
}

// Choice is one of several that are printed with a box.
type Choice struct {
	Text string `json:"text"`
	On   bool   `json:"on"`
}

// Sign is a place to sign, or what was signed there.
type Sign struct {
	Label string `json:"label"`
	Name  string `json:"name,omitempty"`
	Image int    `json:"image,omitempty"` // in Official.Images, counted from one
	Day   string `json:"day"`
	Note  string `json:"note,omitempty"` // how it was signed, or why not
}

// List is a table whose head comes again on every page.
type List struct {
	Title  string     `json:"title,omitempty"`
	Heads  []string   `json:"heads"`
	Shares []float64  `json:"shares"` // of the width
	Rows   [][]string `json:"rows"`
}

// Turn is a question and its answer. Notes stand without a mark.
type Turn struct {
	Mark  string   `json:"mark,omitempty"`
	Asks  bool     `json:"asks,omitempty"`
	Lines []string `json:"lines"`
	Blank int      `json:"blank,omitempty"`
}

// SignOff (落款) is the end of a document: who gives it out, the day, the place of the seal.
type SignOff struct {
	Who   string `json:"who"`
	Day   string `json:"day"`
	Place string `json:"place"`           // stands in the empty place of the seal; "" for a document without a seal
	Image int    `json:"image,omitempty"` // of a seal, in Official.Images, counted from one
	Note  string `json:"note,omitempty"`  // what the image of the seal is
}

//go:embed official.typ
var official string

// SetOfficial is Set for an official document.
func (p *Press) SetOfficial(ctx context.Context, o Official) (PDF, error) {
	return p.print(ctx, request{Sources: map[string]string{"main.typ": official}, Images: o.Images, Data: o, Standard: Standard, At: o.At.Unix()})
}
