package qr_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/slate/qr"
	"zhilu.dev/zhilu/internal/slate/qr/qrtest"
)

// text is of a slate's length and characters.
func text(seed uint64) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	r := rand.New(rand.NewPCG(seed, 2))
	out := []byte("ZL1:")
	for len(out) < 324 {
		out = append(out, alphabet[r.IntN(len(alphabet))])
	}
	return string(out)
}

func encode(t testing.TB, s string) qr.Code {
	t.Helper()
	c, err := qr.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What a camera makes of a slate. The figures of docs/formats/slate-v1.md lie at these bounds.
func TestRead(t *testing.T) {
	t.Parallel()
	want := text(1)
	code := encode(t, want)
	if code.Side != 53 {
		t.Fatalf("%d modules a side", code.Side)
	}
	shop := encode(t, "HTTPS://EXAMPLE.CN/PAY")
	for name, c := range map[string]struct {
		s      qrtest.Scene
		effort qr.Effort
	}{
		"square":          {qrtest.Scene{Module: 5}, qr.Quick},
		"upside down":     {qrtest.Scene{Module: 5, Turn: 180}, qr.Quick},
		"turned":          {qrtest.Scene{Module: 5, Turn: 33, Noise: 4}, qr.Quick},
		"small":           {qrtest.Scene{Module: 2, Turn: 12, Noise: 4, Blur: .4}, qr.Quick},
		"40 degrees":      {qrtest.Scene{Module: 3, Yaw: 40, Pitch: 10, Turn: 7, Noise: 4, Blur: .6}, qr.Quick},
		"from below":      {qrtest.Scene{Module: 5, Yaw: -28, Pitch: 28, Turn: 20, Noise: 4, Blur: .6}, qr.Quick},
		"large":           {qrtest.Scene{Module: 7, Yaw: 20}, qr.Quick},
		"blurred":         {qrtest.Scene{Module: 5, Blur: 1.5, Noise: 4, Yaw: 8}, qr.Quick},
		"more blurred":    {qrtest.Scene{Module: 5, Blur: 2.5, Noise: 4, Yaw: 8}, qr.Thorough},
		"dim":             {qrtest.Scene{Module: 5, Dark: 100, Light: 130, Blur: 1, Noise: 3}, qr.Quick},
		"noisy":           {qrtest.Scene{Module: 5, Noise: 10, Blur: 1}, qr.Quick},
		"very noisy":      {qrtest.Scene{Module: 5, Noise: 40, Blur: 1}, qr.Thorough},
		"inverted":        {qrtest.Scene{Module: 5, Inverted: true, Turn: 9, Noise: 4}, qr.Quick},
		"beside a shop's": {qrtest.Scene{Module: 3, Beside: &shop, At: [2]float64{60, 0}, Noise: 4}, qr.Quick},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.s.Width, c.s.Height = 640, 480
			if got := qr.Read(c.s.Render(code), c.effort); !slices.Equal(got, []string{want}) {
				t.Errorf("read %q", got)
			}
		})
	}
}

func TestReadNothing(t *testing.T) {
	t.Parallel()
	shop := encode(t, "HTTPS://EXAMPLE.CN/PAY")
	for name, img := range map[string]*image.Gray{
		"empty":        image.NewGray(image.Rectangle{}),
		"one point":    image.NewGray(image.Rect(0, 0, 1, 1)),
		"a thin line":  image.NewGray(image.Rect(0, 0, 2000, 1)),
		"black":        image.NewGray(image.Rect(0, 0, 300, 200)),
		"too far away": qrtest.Scene{Width: 320, Height: 240, Module: .5}.Render(encode(t, text(1))),
		"a shop's":     qrtest.Scene{Width: 320, Height: 240, Module: 4}.Render(shop),
	} {
		for _, effort := range []qr.Effort{qr.Quick, qr.Thorough} {
			if got := qr.Read(img, effort); len(got) > 0 {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}

// Two phones side by side are both read, in a part of a larger picture as well.
func TestReadTwo(t *testing.T) {
	t.Parallel()
	a, b := encode(t, text(1)), encode(t, text(2))
	img := qrtest.Scene{Width: 800, Height: 400, Module: 4, At: [2]float64{170, 0}, Beside: &b, Noise: 3}.Render(a)
	got := qr.Read(img, qr.Quick)
	slices.Sort(got)
	want := []string{text(1), text(2)}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("read %q", got)
	}
	right, ok := img.SubImage(image.Rect(400, 20, 790, 390)).(*image.Gray)
	if got := qr.Read(right, qr.Quick); !ok || !slices.Equal(got, []string{text(1)}) {
		t.Errorf("a part: %q", got)
	}
}

func TestDraw(t *testing.T) {
	t.Parallel()
	code := encode(t, text(1))
	var raw bytes.Buffer
	if err := code.PNG(&raw, 3); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&raw)
	if err != nil {
		t.Fatal(err)
	}
	gray, ok := img.(*image.Gray)
	if !ok || gray.Rect.Dx() != (53+8)*3 {
		t.Fatalf("%T of %v", img, img.Bounds())
	}
	if got := qr.Read(gray, qr.Quick); !slices.Equal(got, []string{text(1)}) {
		t.Errorf("read %q", got)
	}
	for _, scale := range []int{0, -1, qr.MaxScale + 1} {
		if _, err := code.Image(scale); !errors.Is(err, qr.ErrScale) {
			t.Errorf("scale %d: %v", scale, err)
		}
	}
	if svg := code.SVG(); !strings.HasPrefix(svg, "<svg ") || !strings.Contains(svg, `viewBox="0 0 61 61"`) || !strings.Contains(svg, "M4 4h7v1h-7z") {
		t.Errorf("%.200s", svg)
	}
	if _, err := qr.Encode(strings.Repeat("A", 5000)); !errors.Is(err, qr.ErrText) {
		t.Errorf("too long: %v", err)
	}
}

// Pictures are hostile: nothing in them may do more than not be found.
func FuzzRead(f *testing.F) {
	f.Add(uint8(70), []byte(strings.Repeat("\x00\xff\x00\x00\x00\xff\x00", 700)))
	img, err := encode(f, text(1)).Image(2)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(img.Rect.Dx()), img.Pix)
	f.Fuzz(func(t *testing.T, w uint8, pix []byte) {
		if w == 0 || len(pix) > 1<<16 {
			return
		}
		h := len(pix) / int(w)
		qr.Read(&image.Gray{Pix: pix, Stride: int(w), Rect: image.Rect(0, 0, int(w), h)}, qr.Thorough)
	})
}

// BenchmarkRead tells how long a picture of 720p takes without a code, and with one.
func BenchmarkRead(b *testing.B) {
	code := encode(b, text(1))
	for name, s := range map[string]qrtest.Scene{"nothing": {Module: .2, Noise: 4}, "a slate": {Module: 4, Yaw: 20, Noise: 4}} {
		img := s.Render(code)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				qr.Read(img, qr.Quick)
			}
		})
	}
}
