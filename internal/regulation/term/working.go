package term

import (
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// WorkingDays gives the last minute of the nth working day after a moment. Where the calendar does not reach so far, it is the nth day of
// any kind, which is never later, and counted is false.
func WorkingDays(cal Calendar, from time.Time, n int) (due time.Time, counted bool) {
	r, err := Compute(cal, Input{
		Term:  catalogue.Term{Length: &n, Unit: catalogue.WorkingDay, Direction: catalogue.After},
		Start: from, Timed: true,
	})
	last, bad := time.ParseInLocation(time.DateOnly, r.Due, clock.Shanghai)
	if err != nil || bad != nil {
		y, m, d := from.In(clock.Shanghai).Date()
		last = time.Date(y, m, d+n, 0, 0, 0, 0, clock.Shanghai)
	}
	return last.AddDate(0, 0, 1).Add(-time.Minute), err == nil && bad == nil
}
