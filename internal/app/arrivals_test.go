package app

import (
	"testing"
	"time"
)

// TestArrivals: a card being read is fast, a phone on a bad line is not, and both keep derivatives waiting. // decision 11
func TestArrivals(t *testing.T) {
	t.Parallel()
	var a arrivals
	if a.fast() || a.busy() {
		t.Error("nothing ever arrived")
	}
	a.count(10 << 10)
	if a.fast() || !a.busy() {
		t.Error("a slow sender: wanted busy and not fast")
	}
	a.count(fastest)
	if !a.fast() || !a.busy() {
		t.Error("a fast sender: wanted busy and fast")
	}
	a.begun = a.begun.Add(-span) // the span is over, and nothing came in the next one
	if !a.fast() {
		t.Error("the span before still counts")
	}
	a.begun = a.begun.Add(-2 * span)
	if a.fast() {
		t.Error("two silent spans are quiet")
	}
	a.last = a.last.Add(-lull - time.Second)
	if a.busy() {
		t.Error("the lull is over")
	}
}
