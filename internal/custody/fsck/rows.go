package fsck

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/ident"
)

// pageSize is how many rows are compared in one snapshot: few, so that a running server is not held up by a long one.
const pageSize = 200

// tables compares each row with the newest entry that says it. Rows and entries of a page are read in one snapshot, in
// which a change and its entry are both there or neither, so that what goes on meanwhile is no finding.
func (k *checker) tables(ctx context.Context) error {
	for _, t := range k.c.Tables {
		last, more := "", true
		for more {
			err := k.read(ctx, func(idb bun.IDB) error {
				rows, err := t.Page(ctx, idb, last, pageSize)
				if err != nil || len(rows) == 0 {
					more = false
					return err
				}
				k.r.Rows += len(rows)
				last = rows[len(rows)-1].ID
				return k.compare(ctx, idb, t, rows)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *checker) compare(ctx context.Context, idb bun.IDB, t vouch.Table, rows []vouch.Row) error {
	said, err := newest(ctx, idb, t, rows)
	if err != nil {
		return err
	}
	for i, row := range rows {
		if i > 0 && rows[i-1].ID == row.ID {
			k.r.add("row.double", row.ID, t.Name)
		}
		s, ok := said[row.ID]
		if !ok {
			k.r.add("row.added", row.ID, t.Name)
			continue
		}
		if row.Entry != "" && !slices.Contains(s.entries, row.Entry) {
			k.r.add("row.entry", row.ID, t.Name+" "+string(row.Entry))
		}
		if s.erased {
			continue // what was lawfully erased cannot be compared; the log's own check covers the erasure
		}
		columns, err := vouch.Differ(row.Says, s.says)
		if err != nil {
			return err
		}
		if len(columns) > 0 {
			k.r.add("row.altered", row.ID, t.Name+": "+strings.Join(columns, " ")+"; "+string(s.entries[len(s.entries)-1]))
		}
	}
	return nil
}

// saying is what the newest entry says of a row, and every entry that says it, oldest first.
type saying struct {
	says    vouch.Columns
	erased  bool
	entries []ident.EntryID
}

// newest finds what the log says of rows, in the histories of their subjects. A row that was moved to another subject is
// looked for in the entry it names as its own.
func newest(ctx context.Context, idb bun.IDB, t vouch.Table, rows []vouch.Row) (map[string]saying, error) {
	subjects := map[string][]string{}
	mine := map[custody.Subject][]string{} // the rows of a subject
	for _, r := range rows {
		mine[r.Subject] = append(mine[r.Subject], r.ID)
		subjects[r.Subject.Kind] = append(subjects[r.Subject.Kind], r.Subject.ID)
	}
	out := map[string]saying{}
	for kind, ids := range subjects {
		slices.Sort(ids)
		entries, err := selectSayings(ctx, idb, kind, slices.Compact(ids), t.Key())
		if err != nil {
			return nil, err
		}
		take(out, entries, t.Key(), func(e *sayingRow) []string { return mine[custody.Subject{Kind: kind, ID: e.SubjectID}] })
	}
	var own []string
	for _, r := range rows {
		if _, ok := out[r.ID]; !ok && r.Entry != "" {
			own = append(own, string(r.Entry))
		}
	}
	if len(own) == 0 {
		return out, nil
	}
	entries, err := selectEntries(ctx, idb, own)
	if err != nil {
		return nil, err
	}
	moved := map[string]saying{}
	take(moved, entries, t.Key(), func(*sayingRow) []string { return nil })
	for id, s := range moved {
		if _, ok := out[id]; !ok {
			out[id] = s
		}
	}
	return out, nil
}

// take lays what entries say over what is known, oldest first. Of an entry whose saying was erased nobody can tell any
// more which row it spoke of: of none of those that it may be of is anything known.
func take(out map[string]saying, entries []sayingRow, key string, of func(*sayingRow) []string) {
	for i := range entries {
		e := &entries[i]
		id := ident.EntryID(e.ID)
		if e.erased(key) {
			for _, row := range of(e) {
				out[row] = saying{erased: true, entries: append(out[row].entries, id)}
			}
			continue
		}
		said, err := e.read(key)
		if err != nil {
			continue // no entry of ours; the log's own check finds it where it was altered
		}
		for _, s := range said {
			out[s.ID] = saying{says: s.Says, entries: append(out[s.ID].entries, id)}
		}
	}
}

// sayings walks the whole log for rows that it says and that are not there: whoever deletes a row leaves its entry
// behind. Rows that entries say are never deleted by the program.
func (k *checker) sayings(ctx context.Context) error {
	reported := map[string]bool{}
	last, more := int64(0), true
	for more {
		err := k.read(ctx, func(idb bun.IDB) error {
			entries, err := selectRowEntries(ctx, idb, last, pageSize)
			if err != nil || len(entries) == 0 {
				more = false
				return err
			}
			last = entries[len(entries)-1].Seq
			for _, t := range k.c.Tables {
				if err := k.existing(ctx, idb, t, entries, reported); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *checker) existing(ctx context.Context, idb bun.IDB, t vouch.Table, entries []sayingRow, reported map[string]bool) error {
	by := map[string]string{} // row: entry
	for i := range entries {
		said, err := entries[i].read(t.Key())
		if err != nil {
			continue
		}
		for _, s := range said {
			by[s.ID] = entries[i].ID
		}
	}
	if len(by) == 0 {
		return nil
	}
	ids := make([]string, 0, len(by))
	for id := range by {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	have, err := t.Exist(ctx, idb, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if key := t.Name + " " + id; !slices.Contains(have, id) && !reported[key] {
			reported[key] = true
			k.r.add("row.missing", id, t.Name+"; "+by[id])
		}
	}
	return nil
}

// read gives what the entry says under a key, nothing where it has none.
func (e *sayingRow) read(key string) ([]vouch.Saying, error) {
	if e.values == nil {
		e.values = map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(e.Detail), &e.values); err != nil {
			return nil, err
		}
	}
	value, ok := e.values[key]
	if !ok {
		return nil, nil
	}
	return vouch.Read(value)
}

func (e *sayingRow) erased(key string) bool {
	return slices.Contains(strings.Split(e.Erased, ","), "detail."+key)
}
