package backup

import "time"

// Schedule says when the backup job works. A pause of a day or more is counted from At, a time of day in the bureau's
// time; a shorter one from the last run.
type Schedule struct {
	Every time.Duration
	At    time.Duration // since midnight
}

// retryAfter is how long a run that failed waits for the next.
const retryAfter = time.Hour

// Due reports whether a run is owed at now. last is the newest run that succeeded and failed the newest that did not, each
// nil if there is none.
func (s Schedule) Due(now time.Time, last, failed *Run, zone *time.Location) bool {
	if failed != nil && (last == nil || failed.At.After(last.At)) && now.Sub(failed.At) < retryAfter {
		return false
	}
	if last == nil {
		return true
	}
	const day = 24 * time.Hour
	if s.Every < day {
		return now.Sub(last.At) >= s.Every
	}
	local := now.In(zone)
	owed := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone).Add(s.At)
	if owed.After(now) {
		owed = owed.Add(-day)
	}
	return last.At.Before(owed.Add(-(s.Every - day)))
}
