package crowd_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/recording/crowd"
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
	rows = 11
	for i := range 5000 { // many questions are not many megabytes
		count(strconv.Itoa(i), 11, 1)
	}
}
