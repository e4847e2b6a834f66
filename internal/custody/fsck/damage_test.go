package fsck_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate/gatetest"
)

// G6: bits that rotted in the database's file are found, also where no row differs, and what can still be read is looked
// at all the same.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "zhilu.db")
	d := must(db.Open(t.Context(), db.Config{URL: "sqlite:" + path}))(t)
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := live(t, gatetest.New(t, d))
	h.sound()
	must(d.Writer.ExecContext(h.ctx, "PRAGMA wal_checkpoint(TRUNCATE)"))(t)
	good := must(os.ReadFile(path))(t)
	size := must(strconv.Atoi(h.one("SELECT CAST(page_size AS TEXT) FROM pragma_page_size")))(t)
	page := func(name string) int { // where the first page of a table or index begins
		return (must(strconv.Atoi(h.one("SELECT CAST(rootpage AS TEXT) FROM sqlite_master WHERE name = '"+name+"'")))(t) - 1) * size
	}
	for _, c := range []struct {
		name, names string
		at, n       int
	}{
		{"a byte of an index", "recording_flag", page("recording_flag_recording") + size - 3, 1},
		{"the head of a table of the log", "custody_tile", page("custody_tile"), 8},
		{"the head of a table of rows", "recording_note", page("recording_note"), 8},
	} {
		bad := append([]byte(nil), good...)
		for i := range c.n {
			bad[c.at+i] ^= 0x55
		}
		rotten := filepath.Join(t.TempDir(), "zhilu.db")
		h.must(os.WriteFile(rotten, bad, 0o600))
		config := h.config()
		config.DB = must(db.OpenReader(h.ctx, db.Config{URL: "sqlite:" + rotten}, true))(t)
		r, err := fsck.Run(h.ctx, config)
		h.must(config.DB.Close())
		if err != nil || !found(r, "database.damaged", c.names) || r.Objects != 8 || r.Receipts == 0 {
			t.Errorf("%s: %+v %v", c.name, r, err)
		}
	}
}
