package derive

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// scribe writes marks as images. It does so here and not in ffmpeg, so that no text, and no font, is ever near a
// language of filters.
type scribe struct{ font *sfnt.Font }

// fonts is where Noto Sans CJK and its like lie on the systems we know.
var fonts = []string{
	"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
	"/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
	"/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
	"/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
	"/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
}

// newScribe takes the given font, or looks for one: where it usually lies, then what the system says.
func newScribe(ctx context.Context, given string) (*scribe, error) {
	if given != "" {
		return readFont(given)
	}
	var errs []error
	try := func(path string) *scribe {
		s, err := readFont(path)
		if err != nil {
			errs = append(errs, err)
		}
		return s
	}
	for _, path := range fonts {
		if s := try(path); s != nil {
			return s, nil
		}
	}
	out, err := exec.CommandContext(ctx, "fc-match", "-f", "%{file}", "sans:lang=zh-cn").Output()
	if err != nil {
		return nil, errors.Join(append(errs, err)...)
	}
	if s := try(string(out)); s != nil {
		return s, nil
	}
	return nil, errors.Join(errs...)
}

// readFont reads a font that has Chinese letters; of a collection, the one for simplified Chinese.
func readFont(path string) (*scribe, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // a font of the system or of the operator's choice
	if err != nil {
		return nil, fmt.Errorf("derive: font: %w", err)
	}
	set, err := opentype.ParseCollection(raw)
	if err != nil {
		return nil, fmt.Errorf("derive: font %s: %w", path, err)
	}
	var best *sfnt.Font
	var buf sfnt.Buffer
	for i := range set.NumFonts() {
		f, err := set.Font(i)
		if err != nil {
			continue
		}
		if at, err := f.GlyphIndex(&buf, '执'); err != nil || at == 0 {
			continue
		}
		name, err := f.Name(&buf, sfnt.NameIDFamily)
		if best == nil || err == nil && strings.HasSuffix(name, "SC") && !strings.Contains(name, "Mono") {
			best = f
		}
	}
	if best == nil {
		return nil, fmt.Errorf("derive: font %s has no Chinese letters", path)
	}
	return &scribe{best}, nil
}

// maxMark is how many letters are written at most.
const maxMark = 160

// spell gives a mark as it is written: what the font does not have, and what does not show, stands as its number, so
// that no name can make itself invisible.
func (s *scribe) spell(mark string) string {
	var b strings.Builder
	var buf sfnt.Buffer
	for _, r := range strings.Join(strings.Fields(mark), " ") {
		if utf8.RuneCountInString(b.String()) >= maxMark {
			b.WriteString("…")
			break
		}
		at, err := s.font.GlyphIndex(&buf, r)
		if err != nil || at == 0 || r != ' ' && !unicode.IsGraphic(r) {
			fmt.Fprintf(&b, "[%X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// write draws a mark for pictures of this size: light letters with a dark edge, both half transparent, in as many lines
// as it takes. The image is never larger than the picture.
func (s *scribe) write(mark string, width, height int) (*image.NRGBA, error) {
	size := float64(min(max(min(width, height)/32, 12), 40))
	face, err := opentype.NewFace(s.font, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		return nil, fmt.Errorf("derive: font: %w", err)
	}
	defer func() { _ = face.Close() }()
	const edge = 2
	var lines []string
	line, wide, widest := "", fixed.I(0), fixed.I(0)
	room := fixed.I(max(width*9/10-2*edge, int(size)))
	for _, r := range s.spell(mark) {
		advance, _ := face.GlyphAdvance(r)
		if wide+advance > room && line != "" {
			lines, line, wide = append(lines, line), "", 0
		}
		line, wide = line+string(r), wide+advance
		widest = max(widest, wide)
	}
	lines = append(lines, line)
	m := face.Metrics()
	step := m.Height.Ceil()
	out := image.NewNRGBA(image.Rect(0, 0, min(widest.Ceil()+2*edge, width), min(step*len(lines)+2*edge, height)))
	letters := image.NewAlpha(out.Rect)
	d := font.Drawer{Dst: letters, Src: image.Opaque, Face: face}
	for i, line := range lines {
		d.Dot = fixed.P(edge, edge+m.Ascent.Ceil()+i*step)
		d.DrawString(line)
	}
	paint(out, letters, edge)
	return out, nil
}

// paint puts the letters on, with their edge.
func paint(out *image.NRGBA, letters *image.Alpha, edge int) {
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			own, near := letters.AlphaAt(x, y).A, uint8(0)
			for dy := -edge; dy <= edge; dy++ {
				for dx := -edge; dx <= edge; dx++ {
					near = max(near, letters.AlphaAt(x+dx, y+dy).A)
				}
			}
			switch {
			case own > 0:
				out.SetNRGBA(x, y, color.NRGBA{own, own, own, 170})
			case near > 0:
				out.SetNRGBA(x, y, color.NRGBA{0, 0, 0, uint8(int(near) * 110 / 255)}) //nolint:gosec // at most 110
			}
		}
	}
}
