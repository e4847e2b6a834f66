package device

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// The custody actions that are part of the change that causes them.
const (
	actionClock   access.Action = "device.check_clock"
	actionNumbers access.Action = "device.note_numbers"
)

// Match finds the device that a card or file came from. It never refuses: what fits nothing, or several devices, is
// answered by Matched.By. A device that is retired counts only where none in service fits.
func Match(ctx context.Context, idb bun.IDB, h Hints) (Matched, error) {
	card := foldAll(h.CardLabel)
	names, serials := foldAll(h.NameCodes...), foldAll(h.Serials...)
	rows, err := selectClued(ctx, idb, h.Explicit, card, names, serials)
	if err != nil {
		return Matched{}, err
	}
	pick := func(c Clue, given bool, fits func(r *clueRow) bool) found {
		f := found{clue: c, given: given}
		var retired []ident.DeviceID
		for i := range rows {
			switch r := &rows[i]; {
			case !given || !fits(r):
			case State(r.State) == Retired:
				retired = append(retired, ident.DeviceID(r.ID))
			default:
				f.devices = append(f.devices, ident.DeviceID(r.ID))
			}
		}
		if len(f.devices) == 0 {
			f.devices = retired
		}
		return f
	}
	return matchOf([]found{
		pick(ByExplicit, h.Explicit != "", func(r *clueRow) bool { return r.ID == string(h.Explicit) }),
		pick(ByCardLabel, len(card) > 0, func(r *clueRow) bool { return slices.Contains(card, r.CardKey) }),
		pick(ByNameCode, len(names) > 0, func(r *clueRow) bool { return slices.Contains(names, r.NameKey) }),
		pick(BySerial, len(serials) > 0, func(r *clueRow) bool { return slices.Contains(serials, r.SerialKey) }),
	}), nil
}

// HolderAt says who held the device during the span: the moments in which the recording may have been made. See Holder
// for what certain means.
func HolderAt(ctx context.Context, idb bun.IDB, id ident.DeviceID, span clock.Interval) (Holder, error) {
	if span.IsZero() {
		return holderOf(nil, false, false, span), nil
	}
	issues, err := selectTouching(ctx, idb, id, span)
	if err != nil {
		return Holder{}, err
	}
	first, err := selectFirstIssue(ctx, idb, id)
	if err != nil {
		return Holder{}, err
	}
	return holderOf(issues, !first.IsZero(), span.To.Before(first), span), nil
}

// OffsetAt gives what must be added to a device's own time to get the true time. face is a moment by the device's
// clock, not by ours: a camera that shows 2016 is asked about in 2016, where the check that found it ten years slow is
// near. A clock never checked gives Known false and the bounds of UnknownDoubt, never zero.
func OffsetAt(ctx context.Context, idb bun.IDB, id ident.DeviceID, face time.Time) (Offset, error) {
	before, after, err := selectChecks(ctx, idb, id, face)
	if err != nil {
		return Offset{}, err
	}
	return offsetOf(before, after, face), nil
}

// RecordClock notes, inside the caller's change, that at the moment at of our clock the device's clock was off: the
// true time lay between lo and hi after (negative: before) what it showed. It writes its entry. Bounds in the wrong
// order, an unknown source or an offset over a century are fault Invalid "device.clock".
func RecordClock(tx *gate.Tx, id ident.DeviceID, at time.Time, lo, hi time.Duration, s Source) error {
	const century = 100 * 366 * 24 * time.Hour
	if lo > hi || lo < -century || hi > century || at.IsZero() || !slices.Contains([]Source{FromDock, FromPerson, FromSlate}, s) {
		return fault.New(fault.Invalid, "device.clock").At("offset")
	}
	if _, err := selectDevice(tx.Context(), tx.DB(), id); err != nil {
		return err
	}
	c := check{at: at, face: at.Add(-lo - (hi-lo)/2), lo: lo, hi: hi, source: s}
	row, err := insertCheck(tx.Context(), tx.DB(), id, c)
	if err != nil {
		return err
	}
	_, err = tx.Record(gate.Entry{
		Action: actionClock, Subject: custody.Subject{Kind: "device", ID: string(id)}, Related: []custody.Subject{row.Subject},
		Article: "22", Requirement: "R-22-1",
		Detail: custody.Detail("at_us", clock.Micros(at), "lo_us", lo.Microseconds(), "hi_us", hi.Microseconds(), "source", string(s),
			vouch.Key(clockTable), row.Says),
	})
	return err
}

// LastNumbers gives the places reached in all series of the device's files, for media.MissingNumbers.
func LastNumbers(ctx context.Context, idb bun.IDB, id ident.DeviceID) ([]Mark, error) {
	return selectMarks(ctx, idb, id)
}

// LastNumber gives the place reached in one series, of any width; false if the series is new.
func LastNumber(ctx context.Context, idb bun.IDB, id ident.DeviceID, series string) (Mark, bool, error) {
	marks, err := selectMarks(ctx, idb, id)
	if err != nil {
		return Mark{}, false, err
	}
	marks = slices.DeleteFunc(marks, func(m Mark) bool { return m.Series != series })
	if len(marks) == 0 {
		return Mark{}, false, nil
	}
	return slices.MaxFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Made.UnixMicro(), b.Made.UnixMicro()) }), true, nil
}

// NoteNumbers remembers, inside the caller's change, how far the device's series have come: one mark a series, that of
// the last file on the card. A card handed in late does not turn the memory back. Its entry is written only if
// something moved.
func NoteNumbers(tx *gate.Tx, id ident.DeviceID, marks ...Mark) error {
	if len(marks) == 0 {
		return nil
	}
	known, err := selectMarks(tx.Context(), tx.DB(), id)
	if err != nil {
		return err
	}
	var moved []any
	for _, m := range marks {
		at := slices.IndexFunc(known, func(k Mark) bool { return k.Series == m.Series && k.Width == m.Width })
		if at >= 0 && (known[at] == m || !known[at].advances(m)) {
			continue
		}
		if err := upsertMark(tx.Context(), tx.DB(), id, m, tx.Now()); err != nil {
			return err
		}
		if at >= 0 {
			known[at] = m
		} else {
			known = append(known, m)
		}
		moved = append(moved, m.Series+" "+strconv.Itoa(m.Number))
	}
	if len(moved) == 0 {
		return nil
	}
	_, err = tx.Record(gate.Entry{
		Action: actionNumbers, Subject: custody.Subject{Kind: "device", ID: string(id)}, Article: "19", Requirement: "R-19-1",
		Detail: custody.Detail("marks", moved),
	})
	return err
}
