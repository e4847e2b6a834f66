//go:build linux

package derive_test

import (
	"io"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/redaction/plan"
)

// BenchmarkRedact tells how many times as fast as the recording itself a masked copy of it is made, with three moving regions, one of each
// kind, and how long one picture of a preview takes.
func BenchmarkRedact(b *testing.B) {
	m := newMaker(b, weak)
	film, _ := copied(b, m, footage(b, "1280x720"))
	p := plan.Plan{}
	for i, k := range plan.Kinds() {
		x := 0.1 + 0.25*float64(i)
		p.Regions = append(p.Regions, plan.Region{Kind: k, Points: []plan.Point{{X: x, Y: 0.1, W: 0.2, H: 0.3}, {At: 19_000, X: x, Y: 0.6, W: 0.2, H: 0.3}}})
	}
	p, _, err := plan.Clean(p, film.Duration)
	if err != nil {
		b.Fatal(err)
	}
	hide := func(pix []byte, width, height int, at time.Duration) {
		p.Hide(plan.Frame{Pix: pix, Width: width, Height: height}, at.Milliseconds())
	}
	b.Run("copy", func(b *testing.B) {
		before, began, long := used(b), time.Now(), time.Duration(0)
		for b.Loop() {
			d, err := m.Redact(b.Context(), derive.Clip{Cuts: []derive.Cut{{Film: film, To: film.Duration}}, Hide: hide}, io.Discard, nil)
			if err != nil {
				b.Fatal(err)
			}
			long += d
		}
		b.ReportMetric(long.Seconds()/time.Since(began).Seconds(), "x/wall")
		b.ReportMetric(long.Seconds()/(used(b)-before).Seconds(), "x/processor")
	})
	b.Run("preview", func(b *testing.B) {
		for b.Loop() {
			_, err := m.Frame(b.Context(), film, 13*time.Second, func(pix []byte, width, height int) { hide(pix, width, height, 13*time.Second) })
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
