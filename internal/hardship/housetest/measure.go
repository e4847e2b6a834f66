package housetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Full reports whether the whole suite is asked for.
func Full() bool { return os.Getenv("ZHILU_FAULT") == "full" }

// Number is a size of a run: ZHILU_FAULT_<name> where it is set, else whole with ZHILU_FAULT=full, else short.
func Number(t testing.TB, name string, short, whole int) int {
	t.Helper()
	if raw := os.Getenv("ZHILU_FAULT_" + name); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil {
			t.Fatalf("ZHILU_FAULT_%s: %v", name, err)
		}
		return n
	}
	if Full() {
		return whole
	}
	return short
}

// Seed is ZHILU_FAULT_SEED or a fresh one; it is printed, so that a run can be repeated.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano()) % 1_000_000_007
	if raw := os.Getenv("ZHILU_FAULT_SEED"); raw != "" {
		n, err := strconv.ParseUint(raw, 10, 64)
		if err != nil {
			t.Fatalf("ZHILU_FAULT_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("seed %d; ZHILU_FAULT_SEED=%d tries the same again", seed, seed)
	return seed
}

// Rand is a source of chance that follows from a seed and a name, so that one part of a run does not shift another.
func Rand(seed uint64, name string) *rand.Rand {
	var h uint64 = 14695981039346656037
	for _, b := range []byte(name) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, h))
}

// Tally is what a goal's run came to. Say prints it.
type Tally struct {
	Goal                       string
	Runs, Lost, Doubled, Wrong int
	Note                       string // what else was measured
	Began                      time.Time
}

// Say logs the figures and, where ZHILU_FAULT_REPORT names a file, appends them for `make fault`'s table.
func (y Tally) Say(t testing.TB) {
	t.Helper()
	line := fmt.Sprintf("%s\t%d\t%d\t%d\t%d\t%.0f\t%s", y.Goal, y.Runs, y.Lost, y.Doubled, y.Wrong, time.Since(y.Began).Seconds(), y.Note)
	t.Logf("goal, runs, lost, doubled, wrong, seconds: %s", strings.ReplaceAll(line, "\t", " "))
	name := os.Getenv("ZHILU_FAULT_REPORT")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
}
