// Package qr draws a text as a QR code and reads QR codes out of pictures as cameras take them: at an angle, small,
// blurred, in poor light. What it reads is whatever somebody held before a camera.
package qr

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"strings"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

// quiet is the light border a code needs, in modules (ISO/IEC 18004).
const quiet = 4

// MaxScale is the greatest size of a module that is drawn, in pixels.
const MaxScale = 64

// Reasons why nothing is drawn.
var (
	ErrText  = errors.New("qr: the text does not fit into a code")
	ErrScale = errors.New("qr: a module is 1 to 64 pixels")
)

// Code is a drawn QR code: Side modules a side, without its border.
type Code struct {
	Side int
	dark []bool
}

// Encode draws a text as densely as it can be: error correction level L in the smallest version that holds it. A slate
// stands on a bright screen for seconds, and larger modules help a camera more than redundancy does (docs/adr/0029).
func Encode(text string) (Code, error) {
	drawn, err := encoder.Encoder_encodeWithoutHint(text, decoder.ErrorCorrectionLevel_L)
	if err != nil {
		return Code{}, fmt.Errorf("%w: %w", ErrText, err)
	}
	m := drawn.GetMatrix()
	c := Code{Side: m.GetWidth(), dark: make([]bool, m.GetWidth()*m.GetHeight())}
	for i := range c.dark {
		c.dark[i] = m.Get(i%c.Side, i/c.Side) == 1
	}
	return c, nil
}

// Dark says whether the module in a column and row is dark. Outside the code nothing is.
func (c Code) Dark(x, y int) bool {
	return x >= 0 && y >= 0 && x < c.Side && y < c.Side && c.dark[y*c.Side+x]
}

// Image is the code with its border, a module scale pixels wide, in black and white. The error is ErrScale.
func (c Code) Image(scale int) (*image.Gray, error) {
	if scale < 1 || scale > MaxScale {
		return nil, ErrScale
	}
	side := (c.Side + 2*quiet) * scale
	out := image.NewGray(image.Rect(0, 0, side, side))
	for i := range out.Pix {
		if !c.Dark(i%side/scale-quiet, i/side/scale-quiet) {
			out.Pix[i] = 0xff
		}
	}
	return out, nil
}

// PNG writes the picture of Image.
func (c Code) PNG(w io.Writer, scale int) error {
	img, err := c.Image(scale)
	if err != nil {
		return err
	}
	if err := png.Encode(w, img); err != nil {
		return fmt.Errorf("qr: %w", err)
	}
	return nil
}

// SVG is the code with its border as a drawing of any size.
func (c Code) SVG() string {
	var path strings.Builder
	for y := range c.Side {
		for x := 0; x < c.Side; x++ {
			from := x
			for c.Dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	side := c.Side + 2*quiet
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+
		`<rect width="%d" height="%d" fill="#fff"/><path d="%s"/></svg>`+"\n", side, side, side, side, path.String())
}
