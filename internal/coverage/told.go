package coverage

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
)

// VerdictOf gives the gravest verdict, as kept, on the activities at which a recording was made: those of its camera whose window it touches.
// It is "" where there is none. It is for the program itself; who is told is for the caller to ask.
func VerdictOf(ctx context.Context, idb bun.IDB, id ident.RecordingID) (continuity.Verdict, error) {
	r, err := record.One[record.Recording](ctx, idb, "recording.unknown", "id = ?", id)
	if err != nil || r.Device == "" || r.StartFrom == 0 {
		return "", err
	}
	from, to := clock.FromMicros(r.StartFrom+r.OffsetLo), clock.FromMicros(r.StartTo+r.OffsetHi+max(0, r.Duration))
	ids, err := touched(ctx, idb, r.Device, from, to)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	list, err := activity.Occurrences(ctx, idb, ids...)
	if err != nil {
		return "", err
	}
	verdicts, err := kept(ctx, idb, ids...)
	order := continuity.Verdicts()
	worst := len(order)
	for _, a := range ids {
		st := activity.Fold(&activity.Activity{}, list[a])
		v, ok := verdicts[a]
		if !ok || !st.Arrived.Known() || st.Arrived.At.After(to) || st.Departed.Known() && st.Departed.At.Before(from) {
			continue
		}
		worst = min(worst, slices.Index(order, v.Verdict))
	}
	if worst == len(order) {
		return "", err
	}
	return order[worst], err
}
