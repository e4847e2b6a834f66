package duty_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/duty"
)

func TestStanding(t *testing.T) {
	t.Parallel()
	t0 := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		state  duty.State
		now    time.Duration // since the term began; the term is 24 hours
		closed time.Duration
		want   duty.Standing
		used   int
		left   time.Duration
	}{
		{"just begun", duty.StateOpen, 0, 0, duty.Running, 0, 24 * time.Hour},
		{"before its beginning", duty.StateOpen, -time.Hour, 0, duty.Running, 0, 25 * time.Hour},
		{"three quarters", duty.StateOpen, 18 * time.Hour, 0, duty.DueSoon, 75, 6 * time.Hour},
		{"R-19-1 the 24th hour itself is in time", duty.StateOpen, 24 * time.Hour, 0, duty.DueSoon, 100, 0},
		{"a microsecond late", duty.StateOpen, 24*time.Hour + time.Microsecond, 0, duty.Overdue, 101, -time.Microsecond},
		{"a year late", duty.StateOpen, 366 * 24 * time.Hour, 0, duty.Overdue, 999, -365 * 24 * time.Hour},
		{"met in time, looked at later", duty.StateMet, 99 * time.Hour, 12 * time.Hour, duty.MetInTime, 50, 12 * time.Hour},
		{"met at the last moment", duty.StateMet, 99 * time.Hour, 24 * time.Hour, duty.MetInTime, 100, 0},
		{"met late", duty.StateMet, 99 * time.Hour, 36 * time.Hour, duty.MetLate, 150, -12 * time.Hour},
		{"waived", duty.StateWaived, 99 * time.Hour, 30 * time.Hour, duty.WasWaived, 125, -6 * time.Hour},
		{"cancelled", duty.StateCancelled, 99 * time.Hour, 6 * time.Hour, duty.WasCancelled, 25, 18 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := duty.Duty{State: c.state, Since: t0, Due: t0.Add(24 * time.Hour)}
			if c.state != duty.StateOpen {
				d.Closed = t0.Add(c.closed)
			}
			now := t0.Add(c.now)
			if got := d.Standing(now); got != c.want {
				t.Errorf("standing %s, want %s", got, c.want)
			}
			if got := d.Used(now); got != c.used {
				t.Errorf("used %d %%, want %d %%", got, c.used)
			}
			if got := d.Left(now); got != c.left {
				t.Errorf("left %v, want %v", got, c.left)
			}
		})
	}
}

func TestUsedOfNoTerm(t *testing.T) {
	t.Parallel()
	t0 := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	d := duty.Duty{State: duty.StateOpen, Since: t0, Due: t0}
	if d.Used(t0) != 100 || d.Used(t0.Add(1)) != 999 || d.Used(t0.Add(-1)) != 100 {
		t.Error(d.Used(t0), d.Used(t0.Add(1)), d.Used(t0.Add(-1)))
	}
}

func TestBucketOf(t *testing.T) {
	t.Parallel()
	in := func(s string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04:05", s, clock.Shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct {
		name, now, due string
		want           duty.Bucket
	}{
		{"late at night it is still today in Shanghai", "2026-11-24 23:59:59", "2026-11-24 23:59:59", duty.BucketToday},
		{"a second past", "2026-11-24 12:00:00", "2026-11-24 11:59:59", duty.BucketOverdue},
		{"midnight is tomorrow", "2026-11-24 12:00:00", "2026-11-25 00:00:00", duty.BucketWeek},
		{"early morning, when UTC has yesterday", "2026-11-24 01:00:00", "2026-11-24 22:00:00", duty.BucketToday},
		{"Sunday's last second", "2026-11-24 12:00:00", "2026-11-29 23:59:59", duty.BucketWeek},
		{"Monday", "2026-11-24 12:00:00", "2026-11-30 00:00:00", duty.BucketLater},
		{"on a Sunday the week is over with the day", "2026-11-29 12:00:00", "2026-11-30 09:00:00", duty.BucketLater},
		{"on a Monday the week is young", "2026-11-30 00:00:00", "2026-12-06 23:00:00", duty.BucketWeek},
		{"over the year's end", "2026-12-31 12:00:00", "2027-01-03 12:00:00", duty.BucketWeek},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := duty.BucketOf(in(c.due), in(c.now)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestRulesAgree: standing, time left, share used and bucket never contradict each other.
func TestRulesAgree(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		at := func(name string) time.Time {
			return base.Add(time.Duration(rapid.Int64Range(0, 400*24*3600).Draw(t, name)) * time.Second)
		}
		d := duty.Duty{State: duty.StateOpen, Since: at("since")}
		d.Due = d.Since.Add(time.Duration(rapid.Int64Range(0, 90*24*3600).Draw(t, "term")) * time.Second)
		now := at("now")
		late := d.Left(now) < 0
		if s := d.Standing(now); (s == duty.Overdue) != late {
			t.Fatalf("%s with %v left", s, d.Left(now))
		}
		if u := d.Used(now); (u > 100) != late || u < 0 || u > 999 {
			t.Fatalf("%d %% used with %v left", u, d.Left(now))
		}
		if later := now.Add(time.Hour); d.Used(later) < d.Used(now) {
			t.Fatal("the share used fell as time went on")
		}
		bucket := duty.BucketOf(d.Due, now)
		if (bucket == duty.BucketOverdue) != late {
			t.Fatalf("bucket %s with %v left", bucket, d.Left(now))
		}
		hits := 0
		for _, b := range duty.Buckets() {
			from, before := b.Bounds(now)
			if !d.Due.Before(from) && (before.IsZero() || d.Due.Before(before)) {
				hits++
			}
		}
		if hits != 1 {
			t.Fatalf("the due time lies in %d buckets", hits)
		}
	})
}
