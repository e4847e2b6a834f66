package disc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/disclosure/disc/disctest"
	"zhilu.dev/zhilu/internal/gate/gatetest"
)

var errUndo = errors.New("undo")

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
		said := map[string]vouch.Columns{} // the newest
		for _, r := range w.History(t, "disc", string(x.ID)) {
			openings, err := r.OpenAll()
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range openings {
				for _, table := range disc.Tables() {
					if o.Name != "detail."+table.Key() {
						continue
					}
					list, err := vouch.Read([]byte(o.Value))
					if err != nil {
						t.Fatal(err)
					}
					if said[table.Name] == nil { // the newest comes first
						said[table.Name] = list[0].Says
					}
				}
			}
		}
		bounded := map[string]string{"disc.state": "'failed'", "disc.form": "'bag'", "disc_check.whole": "0"}
		for _, table := range disc.Tables() {
			now := row(t, w.DB.Reader, table)
			if diff, err := vouch.Differ(now.Says, said[table.Name]); err != nil || len(diff) > 0 {
				t.Errorf("%s: the newest entry says %v of %v (%v)", table.Name, said[table.Name], now.Says, err)
			}
			for column, value := range now.Says {
				to := fmt.Sprintf("%s + 1000", column)
				if _, text := value.(string); text || strings.HasSuffix(column, "_id") || column == "state" || column == "form" || column == "id" {
					to = column + " || 'x'"
				}
				if b, ok := bounded[table.Name+"."+column]; ok {
					to = b
				}
				if column == "id" || column == "disc_id" { // held by the database
					continue
				}
				err := w.DB.Write(t.Context(), func(tx bun.Tx) error {
					if _, err := tx.ExecContext(t.Context(), "UPDATE "+table.Name+" SET "+column+" = "+to); err != nil {
						return err
					}
					after := row(t, tx, table)
					if diff, err := vouch.Differ(after.Says, said[table.Name]); err != nil || len(diff) == 0 {
						t.Errorf("%s.%s: unnoticed (%v)", table.Name, column, err)
					}
					return errUndo
				})
				if !errors.Is(err, errUndo) {
					t.Errorf("%s.%s: %v", table.Name, column, err)
				}
			}
		}
	})
}

func row(t *testing.T, idb bun.IDB, table vouch.Table) vouch.Row {
	t.Helper()
	rows, err := table.Page(context.Background(), idb, "", 10)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%s: %v %v", table.Name, rows, err)
	}
	return rows[0]
}
