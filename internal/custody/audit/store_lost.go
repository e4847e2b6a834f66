package audit

import "context"

// checkLost finds entries that are neither placed nor pending or are there more than once, and places without an entry.
func (a *auditor) checkLost(ctx context.Context) error {
	var ids []string
	err := a.tx.NewRaw(`SELECT e.id FROM custody_entry AS e WHERE NOT EXISTS (SELECT 1 FROM custody_leaf AS l WHERE l.seq = e.seq)
		AND NOT EXISTS (SELECT 1 FROM custody_pending AS p WHERE p.seq = e.seq) ORDER BY e.seq LIMIT 1001`).Scan(ctx, &ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		a.report.add("entry.lost", id, -1, "")
	}
	ids = nil
	if err = a.tx.NewRaw(`SELECT id FROM custody_entry GROUP BY id HAVING COUNT(*) > 1 ORDER BY id LIMIT 1001`).Scan(ctx, &ids); err != nil {
		return err
	}
	for _, id := range ids {
		a.report.add("entry.repeated", id, -1, "")
	}
	var idx []int64
	err = a.tx.NewRaw(`SELECT l.idx FROM custody_leaf AS l WHERE NOT EXISTS (SELECT 1 FROM custody_entry AS e WHERE e.seq = l.seq)
		ORDER BY l.idx LIMIT 1001`).Scan(ctx, &idx)
	if err != nil {
		return err
	}
	for _, i := range idx {
		a.report.add("leaf.gap", "", i, "a place without an entry")
	}
	return nil
}
