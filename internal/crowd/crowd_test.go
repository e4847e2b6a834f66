package crowd_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/crowd"
)

// TestMemory: more than the limit is believed for a minute, of this question only; less is counted each time.
func TestMemory(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(time.Date(2026, 11, 27, 1, 0, 0, 0, time.UTC))
	m := crowd.Memory{Clock: now, Limit: 10}
	asked, rows := 0, 5
	count := func(question string, want, times int) {
		t.Helper()
		before := asked
		n, err := m.Count(question, func() (int, error) { asked++; return min(rows, 11), nil })
		if err != nil || n != want || asked-before != times {
			t.Fatalf("%s: %d %v, counted %d times; want %d, %d times", question, n, err, asked-before, want, times)
		}
	}
	count("all", 5, 1)
	count("all", 5, 1)
	rows = 10
	count("all", 10, 1)
	rows = 11
	count("all", 11, 1)
	count("all", 11, 0)
	rows = 3
	count("all", 11, 0) // for a minute
	count("late", 3, 1)
	now.Add(crowd.Belief)
	count("all", 3, 1)
	boom := errors.New("boom")
	if _, err := m.Count("broken", func() (int, error) { return 11, boom }); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	count("broken", 3, 1)
	large := crowd.Memory{Clock: now, Limit: 10_000}
	for _, c := range []struct{ rows, want, times int }{{1000, 1000, 1}, {1001, 1001, 1}, {1002, 1001, 0}} {
		before := asked
		n, err := large.Count("all", func() (int, error) { asked++; return c.rows, nil })
		if err != nil || n != c.want || asked-before != c.times {
			t.Fatalf("%d rows: %d %v, counted %d times", c.rows, n, err, asked-before)
		}
	}
	now.Add(crowd.Glance)
	if n, err := large.Count("all", func() (int, error) { return 1002, nil }); err != nil || n != 1002 {
		t.Fatalf("%d %v", n, err)
	}
	rows = 11
	for i := range 5000 { // many questions are not many megabytes
		count(strconv.Itoa(i), 11, 1)
	}
}
