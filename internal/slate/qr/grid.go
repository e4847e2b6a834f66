package qr

import (
	"image"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// sharpenings are how much of its neighbours' light is taken off a module, tried in turn: what a lens out of focus lays
// over each other is taken apart again.
var sharpenings = [...]float64{0, .5, 1, 1.8}

// decode reads the modules where the plane has them; "" where they are no text.
func decode(img *image.Gray, q plane, light float64) string {
	var grid [side][side]float64
	for y := range side {
		for x := range side {
			sum := 0.0
			for k := range 9 {
				at := q.at(float64(x)+.5+.2*float64(k%3-1), float64(y)+.5+.2*float64(k/3-1))
				sum += bilinear(img, at.x, at.y)
			}
			grid[y][x] = light * sum / 9
		}
	}
	for _, amount := range sharpenings {
		bits, err := gozxing.NewBitMatrix(side, side)
		if err != nil {
			return ""
		}
		clear := sharpened(&grid, amount)
		for y := range side {
			for x := range side {
				if clear[y][x] < around(&clear, x, y) {
					bits.Set(x, y)
				}
			}
		}
		if r, err := decoder.NewDecoder().DecodeWithoutHint(bits); err == nil {
			return r.GetText()
		}
	}
	return ""
}

// sharpened takes the mean of a module's four neighbours off it.
func sharpened(g *[side][side]float64, amount float64) [side][side]float64 {
	out := *g
	for y := range side {
		for x := range side {
			n := g[y][max(x-1, 0)] + g[y][min(x+1, side-1)] + g[max(y-1, 0)][x] + g[min(y+1, side-1)][x]
			out[y][x] = g[y][x] + amount*(g[y][x]-n/4)
		}
	}
	return out
}

// around is the mean of the modules around one. Codes are masked so that half of them are dark everywhere.
func around(g *[side][side]float64, x, y int) float64 {
	const reach = 5
	sum, n := 0.0, 0.0
	for j := max(y-reach, 0); j <= min(y+reach, side-1); j++ {
		for i := max(x-reach, 0); i <= min(x+reach, side-1); i++ {
			sum, n = sum+g[j][i], n+1
		}
	}
	return sum / n
}
