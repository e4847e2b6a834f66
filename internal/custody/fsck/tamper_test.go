package fsck_test

import (
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/gate/gatetest"
)

// tampering is what somebody with every right to the database might do, and what must be said of it: the code, and what
// the finding names. $fine, $late and $claimed are recordings, $file and $sha the file of $fine, $seal the entry of its
// sealing, $receipt and $early its receipts (verified and stored), $note the note of $late, $card the card, $open the
// upload that is on its way, $waiting an entry without a place, $size the log's, $key and $logkey its keys.
var tampering = []struct {
	name, code, names string
	do                []string
}{
	// recordings and files
	{"another officer", "row.altered", "officer_id", []string{"UPDATE recording SET officer_id = 'somebody', officer_name = '别人' WHERE id = '$fine'"}},
	{"late made in time", "row.altered", "verdict", []string{"UPDATE recording SET verdict = 'in_time' WHERE id = '$late'"}},
	{"an end moved into the term", "row.altered", "end_from end_to", []string{"UPDATE recording SET end_from = end_from + 36000000000, end_to = end_to + 36000000000 WHERE id = '$late'"}},
	{"a storing moved back", "row.altered", "stored_at", []string{"UPDATE recording SET stored_at = stored_at - 36000000000 WHERE id = '$late'"}},
	{"another camera", "row.altered", "device_id", []string{"UPDATE recording SET device_id = 'd', found_device = 'd' WHERE id = '$fine'"}},
	{"taken out of the inbox", "row.altered", "inbox", []string{"UPDATE recording SET inbox = 0 WHERE id = '$claimed'"}},
	{"a flag struck off", "row.altered", "flags", []string{"UPDATE recording SET flags = replace(flags, 'unreadable', '') WHERE id = '$claimed'"}},
	{"a flag's row struck off", "row.altered", "flagged", []string{"DELETE FROM recording_flag WHERE recording_id = '$claimed' AND flag = 'unreadable'"}},
	{"a flag put on", "row.altered", "flagged", []string{"INSERT INTO recording_flag (recording_id, seq, flag, detail, at) SELECT id, seq, 'damaged', '', 1 FROM recording WHERE id = '$fine'"}},
	{"a recording deleted, files and all", "row.missing", "$fine", []string{
		"DELETE FROM recording_flag WHERE recording_id = '$fine'", "DELETE FROM recording_receipt WHERE file_id = '$file'",
		"DELETE FROM recording_file WHERE recording_id = '$fine'", "DELETE FROM recording WHERE id = '$fine'",
	}},
	{"a recording slipped in", "row.added", "slipped-in", []string{
		"INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, sort_at, verdict) VALUES ('slipped-in', 'video', 'verified', 'x', 1, 1, '', 1, 1, 'in_time')",
	}},
	{"a file slipped in", "row.added", "slipped-in", []string{
		"INSERT INTO recording_file (id, recording_id, n, upload_id, entry_id, sha256, size, name, path, mtime, device_hint, series, width, number, state, stored_at) " +
			"SELECT 'slipped-in', recording_id, 2, 'u', entry_id, '" + strings.Repeat("ab", 32) + "', size, name, path, mtime, device_hint, series, width, number, state, stored_at FROM recording_file WHERE id = '$file'",
	}},
	{"a digest exchanged", "object.missing", strings.Repeat("cd", 32), []string{"UPDATE recording_file SET sha256 = '" + strings.Repeat("cd", 32) + "' WHERE id = '$file'"}},
	{"a digest exchanged: the object is nobody's", "object.added", "$sha", []string{"UPDATE recording_file SET sha256 = '" + strings.Repeat("cd", 32) + "' WHERE id = '$file'"}},
	{"a size changed", "object.size", "$sha", []string{"UPDATE recording_file SET size = size + 1 WHERE id = '$file'"}},
	{"an SM3 changed", "object.sm3", "$sha", []string{"UPDATE recording_file SET sm3 = '" + strings.Repeat("ef", 32) + "' WHERE id = '$file'"}},
	{"a file ascribed to another entry", "row.entry", "$file", []string{"UPDATE recording_file SET entry_id = 'nowhere' WHERE id = '$file'"}},
	{"a file moved to another recording", "row.altered", "recording_id", []string{"UPDATE recording_file SET recording_id = '$late', n = 2 WHERE id = '$file'"}},
	{"a note's time changed", "row.altered", "moment", []string{"UPDATE recording_note SET moment = moment - 1 WHERE id = '$note'"}},
	{"a note deleted", "row.missing", "$note", []string{"DELETE FROM recording_note WHERE id = '$note'"}},
	{"a file struck off a card's list", "row.altered", "list", []string{"DELETE FROM card_file WHERE card_id = '$card' AND path = 'lost.mp4'"}},
	{"a name on a card's list changed", "row.altered", "list", []string{"UPDATE card_file SET path = 'found.mp4' WHERE card_id = '$card' AND path = 'lost.mp4'"}},
	{"a clock's jump forgotten", "row.missing", "clock_step", []string{"DELETE FROM clock_step"}},
	{"a role slipped in", "row.added", "slipped-in", []string{
		"INSERT INTO appointment (id, person_id, role, department_id, from_at, to_at, appointed_by, created_at, ended_at, ended_by, active_class) " +
			"SELECT 'slipped-in', person_id, 'head', (SELECT id FROM department), from_at, 0, appointed_by, created_at, 0, '', 'evidence' FROM appointment WHERE id = '$role'",
	}},
	{"a role that was taken back given again", "row.altered", "ended_at", []string{"UPDATE appointment SET ended_at = 0, ended_by = '', active_class = 'evidence' WHERE id = '$role'"}},
	{"a camera in other hands", "row.altered", "person_id", []string{"UPDATE device_issue SET person_id = 'somebody' WHERE person_id = '$officer'"}},
	{"a clock check slipped in", "row.added", "slipped-in", []string{
		"INSERT INTO device_clock (id, device_id, at, face_at, lo_us, hi_us, source) SELECT 'slipped-in', device_id, at, face_at, lo_us - 36000000000, hi_us, source FROM device_clock",
	}},
	{"an intent deleted", "stage.orphan", "$open", []string{"DELETE FROM upload WHERE id = '$open'"}},

	// receipts
	{"a receipt's words changed", "receipt.wrong", "$receipt", []string{"UPDATE recording_receipt SET body = replace(body, 'sha256', 'sha257') WHERE id = '$receipt'"}},
	{"a receipt's signature changed", "receipt.wrong", "$receipt", []string{"UPDATE recording_receipt SET body = replace(body, '\"value\": \"', '\"value\": \"A') WHERE id = '$receipt'"}},
	{"a receipt's text emptied", "row.altered", "body", []string{"UPDATE recording_receipt SET body = '' WHERE id = '$receipt'"}},
	{"a receipt put in another's place", "receipt.mismatch", "$receipt", []string{"UPDATE recording_receipt SET body = (SELECT body FROM recording_receipt WHERE id = '$early') WHERE id = '$receipt'"}},
	{"a receipt's state raised", "receipt.mismatch", "$early", []string{"UPDATE recording_receipt SET state = 'verified' WHERE id = '$early'"}},
	{"a receipt given to another file", "receipt.mismatch", "$receipt", []string{"UPDATE recording_receipt SET file_id = (SELECT id FROM recording_file WHERE recording_id = '$late') WHERE id = '$receipt'"}},
	{"a receipt deleted", "row.missing", "$receipt", []string{"DELETE FROM recording_receipt WHERE id = '$receipt'"}},
	{"a receipt slipped in", "row.added", "slipped-in", []string{"INSERT INTO recording_receipt (id, file_id, state, owner, entry_id, at) SELECT 'slipped-in', file_id, state, owner, entry_id, at FROM recording_receipt WHERE id = '$receipt'"}},
	{"the entry behind a receipt exchanged, salts and all", "receipt.mismatch", "leaf_hash", []string{
		"UPDATE custody_entry SET commitments = (SELECT commitments FROM custody_entry WHERE seq = 3), salts = (SELECT salts FROM custody_entry WHERE seq = 3) WHERE id = '$seal'",
	}},

	// entries and their details
	{"who did it", "log.entry.commitment", "actor.id", []string{"UPDATE custody_entry SET actor_id = 'nobody' WHERE id = '$seal'"}},
	{"when it was done", "log.entry.commitment", "$seal", []string{"UPDATE custody_entry SET at = at + 1 WHERE id = '$seal'"}},
	{"what was done", "log.entry.commitment", "action", []string{"UPDATE custody_entry SET action = 'recording.adopt' WHERE id = '$seal'"}},
	{"how it ended", "log.entry.commitment", "outcome", []string{"UPDATE custody_entry SET outcome = 'failed' WHERE id = '$seal'"}},
	{"to what it was done", "log.entry.commitment", "subject.id", []string{"UPDATE custody_entry SET subject_id = '$late' WHERE id = '$seal'"}},
	{"under which article", "log.entry.commitment", "article", []string{"UPDATE custody_entry SET article = '20' WHERE id = '$seal'"}},
	{"what it is related to", "log.entry.commitment", "related", []string{"UPDATE custody_entry SET related = '' WHERE id = '$seal'"}},
	{"row and saying changed together", "log.entry.commitment", "detail.recording_row", []string{
		"UPDATE recording SET verdict = 'in_time' WHERE id = '$late'",
		`UPDATE custody_entry SET detail = replace(detail, '"verdict":"in_time_return"', '"verdict":"in_time"') WHERE detail LIKE '%"verdict":"in_time_return"%'`,
	}},
	{"a detail's key taken away", "log.entry.commitment", "detail.size", []string{`UPDATE custody_entry SET detail = replace(detail, '"size":4,', '') WHERE id = '$seal'`}},
	{"a detail emptied", "log.entry.detail", "$seal", []string{"UPDATE custody_entry SET detail = '{}' WHERE id = '$seal'"}},
	{"a detail that is none", "log.entry.detail", "$seal", []string{"UPDATE custody_entry SET detail = 'x' WHERE id = '$seal'"}},
	{"a detail's digest changed", "log.entry.detail", "$seal", []string{"UPDATE custody_entry SET detail_digest = 'ab' WHERE id = '$seal'"}},
	{"a detail's parts changed", "log.entry.detail", "$seal", []string{"UPDATE custody_entry SET detail_parts = replace(detail_parts, 'size', 'sixe') WHERE id = '$seal'"}},
	{"commitments cut", "log.entry.commitment", "$seal", []string{"UPDATE custody_entry SET commitments = substr(commitments, 1, 40) WHERE id = '$seal'"}},
	{"an erasure pretended", "log.entry.erased", "$seal", []string{"UPDATE custody_entry SET erased = 'actor.id', actor_id = '', erased_by = 'x' WHERE id = '$seal'"}},
	{"a saying's erasure pretended", "log.entry.erased", "$seal", []string{"UPDATE custody_entry SET erased = 'detail.recording_row', erased_by = 'x' WHERE id = '$seal'"}},
	{"an entry deleted", "log.leaf.gap", "a place without an entry", []string{"DELETE FROM custody_entry WHERE id = '$seal'"}},
	{"an entry deleted: its file names it", "row.entry", "$seal", []string{"DELETE FROM custody_entry WHERE id = '$seal'"}},
	{"an entry hidden from its recording", "log.entry.subjects", "$seal", []string{"DELETE FROM custody_subject WHERE kind = 'recording' AND seq = (SELECT seq FROM custody_entry WHERE id = '$seal')"}},
	{"an entry copied under another id", "log.entry.commitment", "slipped-in", []string{
		"INSERT INTO custody_entry (" + entryColumns + ") SELECT " + strings.Replace(entryColumns, "id,", "'slipped-in',", 1) + " FROM custody_entry WHERE id = '$seal'",
		"INSERT INTO custody_pending (seq) SELECT max(seq) FROM custody_entry",
	}},
	{"an entry that is nowhere in the tree", "log.entry.lost", "slipped-in", []string{
		"INSERT INTO custody_entry (" + entryColumns + ") SELECT " + strings.Replace(entryColumns, "id,", "'slipped-in',", 1) + " FROM custody_entry WHERE id = '$seal'",
	}},
	{"a waiting entry dropped", "log.entry.lost", "$waiting", []string{"DELETE FROM custody_pending"}},

	// the tree
	{"the log's tail cut off", "log.head.behind", "50", []string{
		"DELETE FROM custody_leaf WHERE idx >= 50", "DELETE FROM custody_entry WHERE seq > (SELECT max(seq) FROM custody_leaf)", "DELETE FROM custody_checkpoint WHERE size > 50",
	}},
	{"the last place cut off", "log.tree.size", "$size", []string{"DELETE FROM custody_leaf WHERE idx = (SELECT max(idx) FROM custody_leaf)"}},
	{"a place in the middle cut out", "log.leaf.gap", "7", []string{"DELETE FROM custody_leaf WHERE idx = 7"}},
	{"two entries swapped", "log.tree.checkpoint", "root", []string{
		"UPDATE custody_leaf SET seq = -seq WHERE idx IN (7, 8)",
		"UPDATE custody_leaf SET seq = (SELECT -seq FROM custody_leaf WHERE idx = 8) WHERE idx = 7 AND seq < 0", "UPDATE custody_leaf SET seq = 8 WHERE idx = 8",
	}},
	{"a tile changed", "log.tree.tile", "level 0", []string{"UPDATE custody_tile SET hashes = substr(hashes, 1, 32) WHERE level = 0 AND n = 0"}},
	{"a tile deleted", "log.tree.tile", "tiles found", []string{"DELETE FROM custody_tile WHERE level = 0 AND n = 0"}},
	{"a tile added", "log.tree.tile", "level 3", []string{"INSERT INTO custody_tile SELECT 3, 0, hashes FROM custody_tile WHERE level = 0 AND n = 0"}},

	// checkpoints, keys, epochs
	{"a checkpoint's root changed", "log.tree.checkpoint", "root", []string{"UPDATE custody_checkpoint SET root = 'AAAA' WHERE size = (SELECT max(size) FROM custody_checkpoint)"}},
	{"a checkpoint's note changed", "log.tree.signature", "$size", []string{"UPDATE custody_checkpoint SET note = replace(note, '— ', '— x') WHERE size = (SELECT max(size) FROM custody_checkpoint)"}},
	{"a checkpoint replaced by an older one", "log.tree.checkpoint", "$size", []string{
		"UPDATE custody_checkpoint SET root = (SELECT root FROM custody_checkpoint WHERE size = (SELECT min(size) FROM custody_checkpoint)), " +
			"note = (SELECT note FROM custody_checkpoint WHERE size = (SELECT min(size) FROM custody_checkpoint)) WHERE size = (SELECT max(size) FROM custody_checkpoint)",
	}},
	{"a checkpoint deleted", "log.tree.size", "$size", []string{"DELETE FROM custody_checkpoint WHERE size = (SELECT max(size) FROM custody_checkpoint)"}},
	{"a checkpoint slipped in", "log.tree.signature", "5", []string{"INSERT INTO custody_checkpoint (size, root, note, epoch, at) SELECT 5, root, note, epoch, at FROM custody_checkpoint WHERE size = (SELECT max(size) FROM custody_checkpoint)"}},
	{"a key exchanged", "log.key.unproved", "$key", []string{"UPDATE custody_key SET public_key = 'AAAA' WHERE kind = 'receipt'"}},
	{"a key's validity widened", "log.key.unproved", "$logkey", []string{"UPDATE custody_key SET valid_from = 1 WHERE kind = 'log'"}},
	{"a key deleted", "log.key.missing", "$keyentry", []string{"DELETE FROM custody_key WHERE kind = 'receipt'"}},
	{"an epoch declared", "log.epoch.unproved", "2", []string{"INSERT INTO custody_epoch (epoch, from_size, lost_size, lost_root, entry_id, at) VALUES (2, 1, 1, 'x', 'x', 1)"}},
}

const entryColumns = "id, at, actor_kind, actor_id, actor_role, action, subject_kind, subject_id, related, article, requirement, outcome, detail, " +
	"detail_digest, detail_parts, commitments, salts"

// names are what the tampering speaks of.
func (h *house) names() *strings.Replacer {
	h.t.Helper()
	file := string(h.fine.FileID)
	return strings.NewReplacer("$role", string(h.role), "$officer", string(h.officer), "$fine", string(h.fine.RecordingID), "$late", string(h.late.RecordingID), "$claimed", string(h.claimed.RecordingID),
		"$file", file, "$sha", h.fine.SHA256.String(), "$card", string(h.card),
		"$seal", h.one("SELECT entry_id FROM recording_file WHERE id = '"+file+"'"),
		"$receipt", h.one("SELECT id FROM recording_receipt WHERE state = 'verified' AND file_id = '"+file+"'"),
		"$early", h.one("SELECT id FROM recording_receipt WHERE state = 'stored' AND file_id = '"+file+"' AND body <> ''"),
		"$note", h.one("SELECT id FROM recording_note WHERE recording_id = '"+string(h.late.RecordingID)+"'"),
		"$open", h.one("SELECT id FROM upload WHERE state = 'open'"),
		"$waiting", h.one("SELECT id FROM custody_entry WHERE seq = (SELECT min(seq) FROM custody_pending)"),
		"$size", h.one("SELECT CAST(max(size) AS TEXT) FROM custody_checkpoint"),
		"$keyentry", h.one("SELECT entry_id FROM custody_key WHERE kind = 'receipt'"),
		"$key", h.one("SELECT fingerprint FROM custody_key WHERE kind = 'receipt'"), "$logkey", h.one("SELECT fingerprint FROM custody_key WHERE kind = 'log'"),
	)
}

// T9, G7: whatever somebody with every right to the database does to recordings, files, receipts, entries, details, the
// tree and checkpoints is found and named.
func TestTampering(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := live(t, w)
		h.sound()
		names := h.names()
		for _, c := range tampering {
			var do []string
			for _, q := range c.do {
				do = append(do, names.Replace(q))
			}
			r, err := h.spoiled(do...)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if name := names.Replace(c.names); !found(r, c.code, name) {
				t.Errorf("%s: want %s %s, found %+v", c.name, c.code, name, r.Findings)
			}
		}
		h.sound()
	})
}

// loose takes the uniqueness of entries and places away, which no program could do to a running database unseen, but its
// administrator can.
func (h *house) loose() []string {
	if h.DB.Engine == db.Postgres {
		return []string{
			"ALTER TABLE custody_entry DROP CONSTRAINT custody_entry_id_key", "ALTER TABLE custody_leaf DROP CONSTRAINT custody_leaf_seq_key",
			"ALTER TABLE recording_note DROP CONSTRAINT recording_note_pkey",
		}
	}
	var out []string
	for _, table := range []string{"custody_entry", "custody_leaf", "recording_note"} {
		out = append(out, "CREATE TABLE copy AS SELECT * FROM "+table, "DROP TABLE "+table, "ALTER TABLE copy RENAME TO "+table)
	}
	return out
}

// T9: nothing is there twice.
func TestDoubles(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := live(t, w)
		names := h.names()
		again := names.Replace("INSERT INTO custody_entry (seq, " + entryColumns + ") SELECT 9000, " + entryColumns + " FROM custody_entry WHERE id = '$seal'")
		for _, c := range []struct {
			name, code, names string
			do                []string
		}{
			{"an entry that waits for a second place", "log.entry.repeated", "$seal", []string{
				again, "INSERT INTO custody_pending (seq) VALUES (9000)",
				names.Replace("INSERT INTO custody_subject (kind, subject_id, seq) SELECT kind, subject_id, 9000 FROM custody_subject WHERE seq = (SELECT min(seq) FROM custody_entry WHERE id = '$seal')"),
			}},
			{"an entry that is nowhere", "log.entry.lost", "$seal", []string{again}},
			{"a place given twice", "log.tree.checkpoint", "root", []string{"UPDATE custody_leaf SET seq = (SELECT seq FROM custody_leaf WHERE idx = 6) WHERE idx = 7"}},
			{"a place given once more at the end", "log.tree.size", "$size", []string{"INSERT INTO custody_leaf SELECT 1 + (SELECT max(idx) FROM custody_leaf), seq FROM custody_leaf WHERE idx = 6"}},
			{"a note twice", "row.double", "$note", []string{"INSERT INTO recording_note SELECT * FROM recording_note WHERE id = '" + names.Replace("$note") + "'"}},
		} {
			r, err := h.spoiled(append(h.loose(), c.do...)...)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if name := names.Replace(c.names); !found(r, c.code, name) {
				t.Errorf("%s: want %s %s, found %+v", c.name, c.code, name, r.Findings)
			}
		}
		if r, err := h.spoiled(h.loose()...); err != nil || !r.OK() {
			t.Errorf("a false alarm: %+v %v", r, err)
		}
	})
}

// Where law demands erasure, what an entry said of a row is gone with it. That is no finding, and a later saying counts
// again (decision 7).
func TestErased(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := live(t, w)
		tx := must(h.DB.Writer.BeginTx(h.ctx, nil))(t)
		all := must(custody.List(h.ctx, tx, custody.Filter{Subject: custody.Subject{Kind: "recording", ID: string(h.late.RecordingID)}}))(t)
		for _, e := range all {
			var fields []string
			for _, key := range []string{"recording_row", "recording_note_row", "words"} {
				if strings.Contains(string(e.Detail), `"`+key+`"`) {
					fields = append(fields, "detail."+key)
				}
			}
			if len(fields) > 0 {
				h.must(custody.Erase(h.ctx, tx, e.ID, fields, custody.Entry{
					At: h.Clock.Now(), Actor: custody.Actor{Kind: custody.Person, ID: "audit"}, Outcome: custody.Done,
				}))
			}
		}
		h.must(tx.Commit())
		h.sound()
		edit := h.names().Replace("UPDATE recording SET verdict = 'late' WHERE id = '$late'")
		if r, err := h.spoiled(edit); err != nil || !r.OK() {
			t.Errorf("compared with what was erased: %+v %v", r, err)
		}
		h.must(h.svc.Assign(h.ctx, h.keeper, h.late.RecordingID, assignment(h)))
		h.sound()
		if r, err := h.spoiled(edit); err != nil || !found(r, "row.altered", "verdict") {
			t.Errorf("a later saying does not count: %+v %v", r, err)
		}
	})
}
