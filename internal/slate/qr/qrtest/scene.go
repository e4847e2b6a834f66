// Package qrtest photographs QR codes for tests: a code on a lit screen before a darker wall, turned, tilted, far away,
// out of focus, in noise. A scene is the same whenever it is drawn.
package qrtest

import (
	"image"
	"math"
	"math/rand/v2"

	"zhilu.dev/zhilu/internal/slate/qr"
)

// Scene is how a camera sees a code. The zero value of a light means its default.
type Scene struct {
	Width, Height int     // of the picture, pixels; 1280 × 720
	Module        float64 // of a module at the code's middle, pixels
	Turn          float64 // degrees, in the picture's plane
	Yaw, Pitch    float64 // degrees, of the screen away from the camera
	At            [2]float64
	Blur          float64 // standard deviation, pixels
	Noise         float64 // standard deviation, grey levels
	Dark, Light   float64 // grey levels of the screen; 30 and 225
	Inverted      bool    // light modules on dark, as some phones' dark mode shows them
	Beside        *qr.Code
	Seed          uint64
}

// distance is how far the camera stands from the code, in lengths of the code's side: a phone at arm's length.
const distance = 2.5

// Render takes the picture.
func (s Scene) Render(c qr.Code) *image.Gray {
	if s.Width == 0 {
		s.Width, s.Height = 1280, 720
	}
	if s.Light == 0 {
		s.Dark, s.Light = 30, 225
	}
	r := rand.New(rand.NewPCG(s.Seed, 9))
	field := make([]float64, s.Width*s.Height)
	for i := range field { // a wall with some structure, so that binarizers have something to do
		x, y := float64(i%s.Width), float64(i/s.Width)
		field[i] = 95 + 35*math.Sin(x/83)*math.Cos(y/61) + 20*math.Sin((x+y)/17)
	}
	s.draw(field, c, s.At)
	if s.Beside != nil {
		other := s
		other.Inverted, other.Yaw, other.Pitch = false, 0, 0
		other.draw(field, *s.Beside, [2]float64{s.At[0] - float64(s.Beside.Side+c.Side+16)*s.Module/2, s.At[1]})
	}
	field = blurred(field, s.Width, s.Height, s.Blur)
	out := image.NewGray(image.Rect(0, 0, s.Width, s.Height))
	for i, v := range field {
		out.Pix[i] = uint8(min(max(math.Round(v+r.NormFloat64()*s.Noise), 0), 255))
	}
	return out
}

// draw lays a code over the field, each pixel the mean of sixteen points in it.
func (s Scene) draw(field []float64, c qr.Code, at [2]float64) {
	const sub = 4
	sinT, cosT := math.Sincos(s.Turn * math.Pi / 180)
	sinY, cosY := math.Sincos(s.Yaw * math.Pi / 180)
	sinP, cosP := math.Sincos(s.Pitch * math.Pi / 180)
	d := distance * float64(c.Side)
	f := d * s.Module
	// The screen's axes and middle, seen from the camera; a point of the picture is a ray that meets the screen.
	ux, uz := [3]float64{cosY, sinY * sinP, -sinY * cosP}, [3]float64{sinY, -cosY * sinP, cosY * cosP}
	uy := [3]float64{0, cosP, sinP}
	half := float64(c.Side)/2 + 6
	reach := int(1.9 * half * s.Module * distance / (distance - 1)) // nothing of the screen is seen beyond it
	for i := range field {
		if dx, dy := i%s.Width-s.Width/2-int(at[0]), i/s.Width-s.Height/2-int(at[1]); dx < -reach || dx > reach || dy < -reach || dy > reach {
			continue
		}
		sum, n := 0.0, 0
		for k := range sub * sub {
			px := float64(i%s.Width) + (float64(k%sub)+.5)/sub - float64(s.Width)/2 - at[0]
			py := float64(i/s.Width) + (float64(k/sub)+.5)/sub - float64(s.Height)/2 - at[1]
			ray := [3]float64{(px*cosT + py*sinT) / f, (-px*sinT + py*cosT) / f, 1}
			t := d * uz[2] / dot(ray, uz)
			hit := [3]float64{ray[0] * t, ray[1] * t, t - d}
			x, y := dot(hit, ux), dot(hit, uy)
			if math.Abs(x) > half || math.Abs(y) > half {
				continue
			}
			n++
			if c.Dark(int(math.Floor(x+float64(c.Side)/2)), int(math.Floor(y+float64(c.Side)/2))) != s.Inverted {
				sum += s.Dark
			} else {
				sum += s.Light
			}
		}
		if n > 0 {
			field[i] = (sum + field[i]*float64(sub*sub-n)) / (sub * sub)
		}
	}
}

func dot(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

// blurred is the field under a Gaussian.
func blurred(field []float64, w, h int, sigma float64) []float64 {
	if sigma <= 0 {
		return field
	}
	radius := int(math.Ceil(3 * sigma))
	kernel := make([]float64, 2*radius+1)
	sum := 0.0
	for i := range kernel {
		kernel[i] = math.Exp(-float64((i-radius)*(i-radius)) / (2 * sigma * sigma))
		sum += kernel[i]
	}
	for _, along := range []int{0, 1} {
		out := make([]float64, len(field))
		for i := range field {
			x, y := i%w, i/w
			for k, weight := range kernel {
				nx, ny := x, y
				if along == 0 {
					nx = min(max(x+k-radius, 0), w-1)
				} else {
					ny = min(max(y+k-radius, 0), h-1)
				}
				out[i] += field[ny*w+nx] * weight / sum
			}
		}
		field = out
	}
	return field
}
