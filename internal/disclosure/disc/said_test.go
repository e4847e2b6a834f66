package disc_test

import (
	"testing"

	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/disclosure/disc/disctest"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/gate/vouchtest"
)

// TestSaid: the log says each row of discs as it stands, and an UPDATE of any of its columns differs from what is said. // T9
func TestSaid(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		d := disctest.New(t, w, "一.mp4")
		out := d.Make(t, disc.Image)
		x, err := d.Service.Numbered(t.Context(), "2026-1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Service.AddCopy(t.Context(), d.Keeper, x.ID, disc.CopyEdit{Medium: "BD-R", Custodian: "钱保管", Place: "档案室"}); err != nil {
			t.Fatal(err)
		}
		of, _, err := d.Service.Read(t.Context(), x, out)
		if err != nil {
			t.Fatal(err)
		}
		of.Copy = 1
		if _, err := d.Service.Record(t.Context(), d.Keeper, x.ID, of); err != nil {
			t.Fatal(err)
		}
		vouchtest.EveryColumn(t, w, map[string]string{"disc.state": "'failed'", "disc.form": "'bag'", "disc_check.whole": "0"}, disc.Tables()...)
	})
}
