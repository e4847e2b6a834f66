package casetest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// Stroke is a drawn signature.
func Stroke() []byte {
	img := image.NewGray(image.Rect(0, 0, 160, 60))
	for x := range 160 {
		for y := range 60 {
			img.SetGray(x, y, color.Gray{Y: 255})
		}
		img.SetGray(x, 10+x/4, color.Gray{})
		img.SetGray(x, 11+x/4, color.Gray{})
	}
	var b bytes.Buffer
	if png.Encode(&b, img) != nil {
		return nil
	}
	return b.Bytes()
}
