package qr

import "image"

// binary is a picture parted into light and dark by what is around each pixel.
type binary struct {
	w, h int
	dark []bool
}

// block is the side of the squares whose means the surroundings are made of, and reach how many of them count on either
// side: together half as wide again as a finder pattern of the largest modules that are looked for at this zoom.
const (
	block = 8
	reach = 3
)

// part parts a picture. Unlike the library's binarizer it expects no contrast: a dim screen in dim light is as good as a
// bright one, and what it makes of a bare wall is sorted out later.
func part(img *image.Gray, inverted bool) binary {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	bw, bh := (w+block-1)/block, (h+block-1)/block
	sums := make([]uint32, (bw+1)*(bh+1)) // integral of the blocks' means
	for by := range bh {
		row := uint32(0)
		for bx := range bw {
			x1, y1 := min((bx+1)*block, w), min((by+1)*block, h)
			sum := uint32(0)
			for y := by * block; y < y1; y++ {
				for _, v := range img.Pix[y*w+bx*block : y*w+x1] {
					sum += uint32(v)
				}
			}
			row += sum * 16 / uint32((x1-bx*block)*(y1-by*block)) //nolint:gosec // 1 to 64
			sums[(by+1)*(bw+1)+bx+1] = sums[by*(bw+1)+bx+1] + row
		}
	}
	out := binary{w, h, make([]bool, w*h)}
	for by := range bh {
		for bx := range bw {
			x0, y0, x1, y1 := max(bx-reach, 0), max(by-reach, 0), min(bx+reach+1, bw), min(by+reach+1, bh)
			total := sums[y1*(bw+1)+x1] - sums[y0*(bw+1)+x1] - sums[y1*(bw+1)+x0] + sums[y0*(bw+1)+x0]
			limit := total / uint32((x1-x0)*(y1-y0)) //nolint:gosec // 1 to 49
			for y := by * block; y < min((by+1)*block, h); y++ {
				from, to := y*w+bx*block, y*w+min((bx+1)*block, w)
				for i, v := range img.Pix[from:to] {
					out.dark[from+i] = (uint32(v)*16 < limit) != inverted
				}
			}
		}
	}
	return out
}
