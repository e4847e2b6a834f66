package plan

// Frame is a picture as YUV 4:2:0, its three planes one behind another. Width and height are even.
type Frame struct {
	Pix           []byte
	Width, Height int
}

// FrameSize is how many bytes a picture of this size has.
func FrameSize(width, height int) int { return width * height * 3 / 2 }

// Slack is how far, in milliseconds, the moment of a picture may be from the one it was taken at, since a copy has 25 pictures a
// second whatever its recording has.
const Slack = 20

// Hide replaces what the plan hides at a moment, or would within Slack of it. Of what was there nothing remains but, under pixelate
// and blur, a few averages of whole blocks; under box not even those.
func (p *Plan) Hide(f Frame, ms int64) {
	for i := range p.Regions {
		r := &p.Regions[i]
		var hidden Rect
		for _, near := range []int64{ms - Slack, ms, ms + Slack} {
			if at, ok := r.At(near); ok {
				hidden = hidden.with(at.Rect(f.Width, f.Height))
			}
		}
		if hidden != (Rect{}) {
			f.hide(r.Kind, hidden)
		}
	}
}

// plane is one plane of a frame.
type plane struct {
	pix           []byte
	width, height int
	black         byte
}

func (f Frame) planes() [3]plane {
	w, h := f.Width, f.Height
	y, c := w*h, w*h/4
	return [3]plane{
		{f.Pix[:y], w, h, 16}, {f.Pix[y : y+c], w / 2, h / 2, 128}, {f.Pix[y+c : y+2*c], w / 2, h / 2, 128},
	}
}

func (f Frame) hide(k Kind, r Rect) {
	for i, p := range f.planes() {
		q := r
		if i > 0 {
			q = Rect{r.X0 / 2, r.Y0 / 2, r.X1 / 2, r.Y1 / 2}
		}
		switch k {
		case Box:
			p.fill(q)
		case Pixelate, Blur:
			// Few enough that nothing can be read or recognised, whatever the region's size.
			p.average(q, cells)
			if k == Blur {
				p.smooth(q)
			}
		}
	}
}

// cells is into how many blocks the longer side of a region is averaged.
const cells = 8

func (p plane) fill(r Rect) {
	for y := r.Y0; y < r.Y1; y++ {
		line := p.pix[y*p.width+r.X0 : y*p.width+r.X1]
		for i := range line {
			line[i] = p.black
		}
	}
}

// average replaces blocks by their averages.
func (p plane) average(r Rect, cells int) {
	side := max((max(r.X1-r.X0, r.Y1-r.Y0)+cells-1)/cells, 2)
	for y0 := r.Y0; y0 < r.Y1; y0 += side {
		for x0 := r.X0; x0 < r.X1; x0 += side {
			x1, y1 := min(x0+side, r.X1), min(y0+side, r.Y1)
			sum := 0
			for y := y0; y < y1; y++ {
				for _, v := range p.pix[y*p.width+x0 : y*p.width+x1] {
					sum += int(v)
				}
			}
			v := byte(sum / ((x1 - x0) * (y1 - y0))) //nolint:gosec // an average of bytes
			for y := y0; y < y1; y++ {
				line := p.pix[y*p.width+x0 : y*p.width+x1]
				for i := range line {
					line[i] = v
				}
			}
		}
	}
}

// smooth makes gradual steps of the blocks, along lines and then along columns. It only ever reads inside the region, where
// nothing but averages is left.
func (p plane) smooth(r Rect) {
	reach := max(max(r.X1-r.X0, r.Y1-r.Y0)/(2*cells), 1)
	n := max(r.X1-r.X0, r.Y1-r.Y0)
	buf := make([]byte, n)
	for y := r.Y0; y < r.Y1; y++ {
		line := p.pix[y*p.width+r.X0 : y*p.width+r.X1]
		copy(buf, line)
		slide(buf[:len(line)], reach, func(i int, v byte) { line[i] = v })
	}
	for x := r.X0; x < r.X1; x++ {
		m := r.Y1 - r.Y0
		for y := range m {
			buf[y] = p.pix[(r.Y0+y)*p.width+x]
		}
		slide(buf[:m], reach, func(i int, v byte) { p.pix[(r.Y0+i)*p.width+x] = v })
	}
}

// slide gives the averages of what stands around each value.
func slide(in []byte, reach int, out func(i int, v byte)) {
	sum, from, to := 0, 0, 0
	for i := range in {
		for ; to < len(in) && to <= i+reach; to++ {
			sum += int(in[to])
		}
		for ; from < i-reach; from++ {
			sum -= int(in[from])
		}
		out(i, byte(sum/(to-from))) //nolint:gosec // an average of bytes
	}
}
