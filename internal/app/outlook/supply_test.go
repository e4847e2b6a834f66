package outlook

import (
	"testing"
	"time"
)

func TestDaysLeft(t *testing.T) {
	t.Parallel()
	const gib, day = 1 << 30, 24 * time.Hour
	for name, c := range map[string]struct {
		room, bytes int64
		in          time.Duration
		want        int64
	}{
		"a steady house":              {700 * gib, 140 * gib, 14 * day, 70},
		"stored for four days only":   {700 * gib, 40 * gib, 4 * day, 70},
		"older than the span":         {700 * gib, 140 * gib, 400 * day, 70},
		"less than three days":        {700 * gib, 40 * gib, 2 * day, -1},
		"nothing stored":              {700 * gib, 0, 14 * day, -1},
		"full":                        {0, 140 * gib, 14 * day, 0},
		"hardly anything comes":       {700 * gib, 1, 14 * day, 9999},
		"the first was stored ahead?": {700 * gib, 40 * gib, -day, -1},
	} {
		if got := daysLeft(c.room, c.bytes, c.in); got != c.want {
			t.Errorf("%s: %d days, want %d", name, got, c.want)
		}
	}
}
