package proof_test

import (
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/casefile/proof"
)

// TestMoment: a day without a time is compared as a day, in Beijing's time, and what is not known proves nothing.
func TestMoment(t *testing.T) {
	t.Parallel()
	utc := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	day := proof.On(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		name string
		a, b proof.Moment
		want bool
	}{
		{"two times", proof.At(utc("2026-03-02T09:00:00+08:00")), proof.At(utc("2026-03-02T10:00:00+08:00")), true},
		{"the same time", proof.At(utc("2026-03-02T09:00:00+08:00")), proof.At(utc("2026-03-02T01:00:00Z")), false},
		{"a time and its day", proof.At(utc("2026-03-02T09:00:00+08:00")), day, false},
		{"the day and a time in it", day, proof.At(utc("2026-03-02T09:00:00+08:00")), false},
		{"a time of the day before in Beijing", proof.At(utc("2026-03-01T15:59:00Z")), day, true},
		{"a time of this day in Beijing", proof.At(utc("2026-03-01T16:00:00Z")), day, false},
		{"not known", proof.Moment{}, day, false},
		{"before the unknown", day, proof.Moment{}, false},
	} {
		if got := c.a.Before(c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestEither(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   []proof.Answer
		want proof.Answer
	}{
		{nil, proof.Unanswered},
		{[]proof.Answer{proof.No, proof.Yes}, proof.Yes},
		{[]proof.Answer{proof.Unanswered, proof.Yes}, proof.Yes},
		{[]proof.Answer{proof.No, proof.Unanswered}, proof.Unanswered},
		{[]proof.Answer{proof.No, proof.No}, proof.No},
	} {
		if got := proof.Either(c.in...); got != c.want {
			t.Errorf("%v: %q", c.in, got)
		}
	}
}
