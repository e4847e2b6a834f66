package qr

import "image"

// tight is the picture with nothing between its rows.
func tight(img *image.Gray) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if img.Stride == w && img.Rect.Min == (image.Point{}) {
		return img
	}
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		copy(out.Pix[y*w:(y+1)*w], img.Pix[y*img.Stride:])
	}
	return out
}

// smooth is the mean of three by three pixels: noise goes.
func smooth(img *image.Gray) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewGray(img.Rect)
	for y := range h {
		above, below := max(y-1, 0)*w, min(y+1, h-1)*w
		for x := range w {
			sum := 0
			for _, i := range [3]int{max(x-1, 0), x, min(x+1, w-1)} {
				sum += int(img.Pix[above+i]) + int(img.Pix[y*w+i]) + int(img.Pix[below+i])
			}
			out.Pix[y*w+x] = uint8(sum / 9)
		}
	}
	return out
}

// halved is half as wide and high: a code that fills the picture, or one in noise.
func halved(img *image.Gray) *image.Gray {
	w := img.Rect.Dx()
	out := image.NewGray(image.Rect(0, 0, w/2, img.Rect.Dy()/2))
	for i := range out.Pix {
		at := i/out.Stride*2*w + i%out.Stride*2
		out.Pix[i] = uint8((int(img.Pix[at]) + int(img.Pix[at+1]) + int(img.Pix[at+w]) + int(img.Pix[at+w+1]) + 2) / 4) //nolint:gosec // a mean of bytes
	}
	return out
}

// doubled is twice as wide and high: a code far away.
func doubled(img *image.Gray) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if w*h > MaxPixels/4 {
		return img
	}
	out := image.NewGray(image.Rect(0, 0, 2*w, 2*h))
	for i := range out.Pix {
		x, y := i%(2*w), i/(2*w)
		out.Pix[i] = uint8(bilinear(img, float64(x)/2-.25, float64(y)/2-.25) + .5)
	}
	return out
}

// bilinear is the picture between its pixels, whose middles lie at whole numbers. Beyond its edge it goes on as at the edge.
func bilinear(img *image.Gray, x, y float64) float64 {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	x, y = min(max(x, 0), float64(w-1)), min(max(y, 0), float64(h-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, w-1), min(y0+1, h-1)
	fx, fy := x-float64(x0), y-float64(y0)
	top := float64(img.Pix[y0*w+x0])*(1-fx) + float64(img.Pix[y0*w+x1])*fx
	low := float64(img.Pix[y1*w+x0])*(1-fx) + float64(img.Pix[y1*w+x1])*fx
	return top*(1-fy) + low*fy
}
