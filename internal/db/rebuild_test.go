package db

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
)

// TestLooksOutliveRebuild: SQLite makes the table of looks anew in migration 30, in both directions; no row and no guard is lost.
func TestLooksOutliveRebuild(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d, err := Open(ctx, Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "t.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	p, err := d.provider(d.Writer.DB)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(q string) {
		t.Helper()
		if _, err := d.Writer.ExecContext(ctx, q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	exec(`INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, sort_at, verdict) VALUES ('r', 'video', 'verified', 'a', 1, 1, '', 1, 1, 'in_time')`)
	exec(`INSERT INTO viewing_look (id, no, kind, ground, request_id, recording_id, department_id, viewer_id, viewer_name, viewer_dept, account_id, session_key, ip,
		from_us, to_us, opened_at, closed_at, remark) VALUES ('l', 7, 'play', 'own', '', 'r', 'd', 'v', '阿依古丽', '一科', 'a', 's', 'i', 1, 2, 3, 4, '无')`)
	exec(`INSERT INTO viewing_watch (look_id, sent, played, seen_at) VALUES ('l', '[1]', '[2]', 5)`)
	exec(`INSERT INTO viewing_grab (id, n, look_id, recording_id, file_id, segment, within_us, at_us, mark, sha256, size, person_id, made_at, entry_id)
		VALUES ('g', 1, 'l', 'r', 'f', 2, 3, 4, 'm', 'x', 5, 'v', 6, 'e')`)
	all := func() string {
		t.Helper()
		var look, watch, grab string
		for q, to := range map[string]*string{
			`SELECT id || no || kind || ground || viewer_name || from_us || to_us || opened_at || closed_at || remark FROM viewing_look`:               &look,
			`SELECT look_id || sent || played || seen_at FROM viewing_watch`:                                                                           &watch,
			`SELECT id || n || look_id || file_id || segment || within_us || at_us || mark || sha256 || size || made_at || entry_id FROM viewing_grab`: &grab,
		} {
			if err := d.Writer.QueryRowContext(ctx, q).Scan(to); err != nil {
				t.Fatal(err)
			}
		}
		return fmt.Sprint(look, " ", watch, " ", grab)
	}
	guards := func() (n int) {
		t.Helper()
		if err := d.Writer.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master WHERE type IN ('trigger', 'index') AND tbl_name IN ('viewing_look', 'viewing_watch', 'viewing_grab')`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{`DELETE FROM viewing_look`, `UPDATE viewing_look SET opened_at = 9`, `DELETE FROM viewing_grab`, `UPDATE viewing_grab SET at_us = 9`} {
			if _, err := d.Writer.ExecContext(ctx, q); err == nil {
				t.Errorf("%s was let through", q)
			}
		}
		return n
	}
	before, had := all(), guards()
	if _, err := p.DownTo(ctx, 29); err != nil {
		t.Fatal(err)
	}
	if now, has := all(), guards(); now != before || has != had {
		t.Errorf("back: %s, %d guards; before %s, %d", now, has, before, had)
	}
	if _, err := p.Up(ctx); err != nil {
		t.Fatal(err)
	}
	if now, has := all(), guards(); now != before || has != had {
		t.Errorf("again: %s, %d guards; before %s, %d", now, has, before, had)
	}
}
