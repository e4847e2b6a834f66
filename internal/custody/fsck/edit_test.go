package fsck_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate/gatetest"
)

// spoiled makes changes to the database as somebody with every right to it would, past triggers and foreign keys, checks
// the house with them, and undoes them.
func (h *house) spoiled(statements ...string) (*fsck.Report, error) {
	h.t.Helper()
	tx := must(h.DB.Writer.BeginTx(h.ctx, nil))(h.t)
	defer func() { h.must(tx.Rollback()) }()
	h.disarm(tx)
	for _, q := range statements {
		if _, err := tx.ExecContext(h.ctx, q); err != nil {
			return nil, fmt.Errorf("%s: %w", q, err)
		}
	}
	return fsck.RunIn(h.ctx, h.config(), tx)
}

func (h *house) disarm(tx bun.Tx) {
	h.t.Helper()
	if h.DB.Engine == db.Postgres {
		must(tx.ExecContext(h.ctx, "SET LOCAL session_replication_role = replica"))(h.t)
		return
	}
	must(tx.ExecContext(h.ctx, "PRAGMA defer_foreign_keys = ON"))(h.t)
	var names []string
	h.must(tx.NewRaw("SELECT name FROM sqlite_master WHERE type = 'trigger'").Scan(h.ctx, &names))
	for _, n := range names {
		must(tx.ExecContext(h.ctx, "DROP TRIGGER "+n))(h.t)
	}
}

// found reports whether a finding has this code and names this in its id or its words.
func found(r *fsck.Report, code, name string) bool {
	return slices.ContainsFunc(r.Findings, func(f fsck.Finding) bool {
		return f.Code == code && (strings.Contains(f.ID, name) || strings.Contains(f.What, name))
	})
}

func (h *house) one(query string) string {
	h.t.Helper()
	var v string
	h.must(h.DB.Reader.NewRaw(query).Scan(h.ctx, &v))
	return v
}

// columns gives the columns of a table and whether each holds text.
func (h *house) columns(table string) map[string]bool {
	h.t.Helper()
	q := "SELECT name, type AS kind FROM pragma_table_info('" + table + "')"
	if h.DB.Engine == db.Postgres {
		q = "SELECT column_name AS name, data_type AS kind FROM information_schema.columns WHERE table_name = '" + table + "'"
	}
	var rows []struct{ Name, Kind string }
	h.must(h.DB.Reader.NewRaw(q).Scan(h.ctx, &rows))
	out := map[string]bool{}
	for _, r := range rows {
		out[r.Name] = strings.EqualFold(r.Kind, "text")
	}
	return out
}

// T9: an UPDATE of any column of any row that the log says is found, and the row and the column are named.
func TestEveryColumn(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := live(t, w)
		h.sound()
		// What the database itself holds in bounds is changed within them, together with what that needs.
		bounded := map[string]string{
			"recording.state": "'damaged'", "recording_file.state": "'damaged'", "recording_receipt.state": "'stored'", "recording_note.kind": "'designated'", "recording_join.kind": "'apart'",
			"viewing_request.state": "'expired'", "viewing_request.level": "'head'", "viewing_request.manner": "'publish'", "viewing_request.quorum": "2", "viewing_request.second_level": "'head'", "viewing_look.kind": "'picture'", "viewing_look.ground": "'own'",
			"derivative.state": "'none'", "derivative.kind": "'strip'", "derivative.sha256": "'x', state = 'ready'", "derivative.reason": "'limit', state = 'failed'",
			"device_clock.lo_us": "lo_us - 1", "device_clock.source": "'slate'",
			"viewing_loan.condition": "'missing'", "viewing_loan.returned_at": "returned_at + 7",
			"marking.mark":                 "'home'",
			"marking.lifted_at":            "7, lifted_words = 'x', lifted_by = 'x'",
			"marking_instruction.orders":   "'hand_over'",
			"marking_execution.witness_at": "witness_at + 7",
			"regulation_draft.state":       "'discarded'",
			"device_issue.issued_at":       "issued_at - 1000",
			"device_issue.condition":       "CASE condition WHEN 'good' THEN 'damaged' ELSE 'good' END, returned_at = issued_at + 1",
			"device_issue.returned_at":     "issued_at + 7, condition = 'good'",
			"appointment.role":             "'leader'", "appointment.to_at": "from_at + 1000",
			"appointment.ended_at":     "CASE ended_at WHEN 0 THEN 7 ELSE 0 END, active_class = CASE ended_at WHEN 0 THEN NULL ELSE 'evidence' END",
			"appointment.active_class": "CASE ended_at WHEN 0 THEN NULL ELSE 'evidence' END, ended_at = CASE ended_at WHEN 0 THEN 7 ELSE 0 END",
		}
		tried := 0
		for _, table := range h.config().Tables {
			row := h.one("SELECT id FROM " + table.Name + " ORDER BY id DESC LIMIT 1")
			for column, text := range h.columns(table.Name) {
				if column == "search_vector" {
					continue // an index of words, made anew with every change
				}
				value := column + " + 1000"
				if text {
					value = "COALESCE(" + column + ", '') || 'x'"
				}
				if within, ok := bounded[table.Name+"."+column]; ok {
					value = within
				}
				tried++
				edit := fmt.Sprintf("UPDATE %s SET %s = %s WHERE id = '%s'", table.Name, column, value, row)
				r, err := h.spoiled(edit)
				switch {
				case err != nil:
					t.Errorf("%s: %v", edit, err)
				case column == "id":
					if !found(r, "row.missing", row) || !found(r, "row.added", row+"x") {
						t.Errorf("%s: %+v", edit, r.Findings)
					}
				case !slices.ContainsFunc(r.Findings, func(f fsck.Finding) bool {
					names, _, _ := strings.Cut(strings.TrimPrefix(f.What, table.Name+": "), ";")
					return f.Code == "row.altered" && f.ID == row && slices.Contains(strings.Fields(names), column)
				}):
					t.Errorf("%s: %+v", edit, r.Findings)
				}
			}
			if r, err := h.spoiled(fmt.Sprintf("DELETE FROM %s WHERE id = '%s'", table.Name, row)); err != nil || !found(r, "row.missing", row) {
				t.Errorf("delete from %s: %+v %v", table.Name, r, err)
			}
			tried++
		}
		t.Logf("%d edits", tried)
		h.sound()
	})
}
