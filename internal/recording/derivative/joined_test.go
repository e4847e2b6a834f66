package derivative_test

import (
	"fmt"
	"testing"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/derivative"
)

// TestJoined: decision 13. Files of one pressing are looked at as one recording, whichever row brought them; a recording of
// many files fits into the log.
func TestJoined(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		whole, first := h.stored("GX010001.MP4", []byte("first"))
		files := []ident.FileID{first}
		for n := range 19 {
			part, file := h.stored(fmt.Sprintf("GX%02d0001.MP4", n+2), fmt.Appendf(nil, "part %d", n))
			if _, err := h.DB.Writer.NewRaw("UPDATE recording SET joined_into = ?, start_at = ? WHERE id = ?", whole, n+1, part).Exec(h.ctx); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		h.want(whole, derivative.Kinds()...)
		list := must(h.svc.Of(h.ctx, whole))(t)
		if len(list) != len(files)*len(derivative.Kinds()) {
			t.Fatalf("%d derivatives of %d files", len(list), len(files))
		}
		for i, d := range list {
			n := i / len(derivative.Kinds())
			if d.File != files[n] || d.N != n+1 || d.Recording != whole {
				t.Fatalf("derivative %d: file %d of %s", i, d.N, d.Recording)
			}
		}
		if _, _, err := h.svc.Open(h.ctx, whole, files[3], derivative.Copy); !fault.HasCode(err, "derivative.not_ready") {
			t.Fatalf("a part's, asked for by the whole: %v", err)
		}
		other, _ := h.stored("other.mp4", []byte("other"))
		if _, _, err := h.svc.Open(h.ctx, other, files[3], derivative.Copy); !fault.HasCode(err, "derivative.unknown") {
			t.Fatalf("a part's, asked for by another: %v", err)
		}
		wishes := 0
		for _, e := range w.History(t, "recording", string(whole)) {
			if e.Action == "derivative.want" && e.Outcome == custody.Intent {
				wishes++
			}
		}
		if wishes != 4 { // a hundred rows, thirty an entry
			t.Fatalf("%d entries", wishes)
		}
	})
}
