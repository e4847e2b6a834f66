package qr

import (
	"image"
	"slices"
)

// Effort is how long a picture is looked at.
type Effort int

// A film has many pictures, of which the next is as good; a photograph is the only one there is.
const (
	Quick    Effort = iota // as it is, and as a negative
	Thorough               // smoothed, halved, quartered and doubled, too
)

// MaxPixels is the greatest picture that is looked at; nothing is found in a larger one.
const MaxPixels = 4096 * 4096

// Read gives the texts of the codes of a slate's form (version 9, 53 modules a side) in a picture, each once, in no
// promised order. The picture may be hostile: whatever is wrong with it, there is nothing in it.
func Read(img *image.Gray, effort Effort) []string {
	if n := img.Rect.Dx() * img.Rect.Dy(); n == 0 || n > MaxPixels {
		return nil
	}
	img = tight(img)
	var found []string
	for _, v := range views(effort) {
		found = v.read(img, found)
	}
	return found
}

// view is one way of looking at a picture for the three corners of a code.
type view struct {
	see  func(*image.Gray) *image.Gray
	zoom float64 // how large what is seen is
}

func views(effort Effort) []view {
	same := func(img *image.Gray) *image.Gray { return img }
	if effort == Quick {
		return []view{{same, 1}}
	}
	return []view{{same, 1}, {smooth, 1}, {doubled, 2}, {halved, .5}, {func(img *image.Gray) *image.Gray { return halved(halved(img)) }, .25}}
}

// read adds to what was found: dark codes on light, and light ones on dark.
func (v view) read(img *image.Gray, found []string) []string {
	seen := v.see(img)
	for _, inverted := range []bool{false, true} {
		for _, t := range triples(part(seen, inverted), v.zoom) {
			if text := fit(img, t, inverted); text != "" && !slices.Contains(found, text) {
				found = append(found, text)
			}
		}
	}
	return found
}
