package backup_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/backup"
	"zhilu.dev/zhilu/internal/clock"
)

func day(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, clock.Shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

// TestRetain: the stated rule, at its edges.
func TestRetain(t *testing.T) {
	t.Parallel()
	daily := func(n int) (out []time.Time) {
		for i := range n {
			out = append(out, day("2026-11-27 02:00").AddDate(0, 0, -i))
		}
		return out
	}
	kept := func(taken []time.Time) (out []string) {
		for i, k := range backup.Retain(taken, clock.Shanghai) {
			if k {
				out = append(out, taken[i].In(clock.Shanghai).Format("01-02 15:04"))
			}
		}
		return out
	}
	tests := map[string]struct {
		taken []time.Time
		want  string
	}{
		"none":              {nil, "[]"},
		"one":               {daily(1), "[11-27 02:00]"},
		"a week":            {daily(7), "[11-27 02:00 11-26 02:00 11-25 02:00 11-24 02:00 11-23 02:00 11-22 02:00 11-21 02:00]"},
		"the eighth":        {daily(8), "[11-27 02:00 11-26 02:00 11-25 02:00 11-24 02:00 11-23 02:00 11-22 02:00 11-21 02:00]"},
		"several in a day":  {[]time.Time{day("2026-11-27 12:00"), day("2026-11-27 11:00"), day("2026-11-26 12:01"), day("2026-11-26 11:00")}, "[11-27 12:00 11-27 11:00 11-26 12:01]"},
		"months apart":      {[]time.Time{day("2026-11-01 02:00"), day("2026-10-01 02:00"), day("2025-11-30 02:00")}, "[11-01 02:00 10-01 02:00 11-30 02:00]"},
		"the local day":     {[]time.Time{day("2026-11-27 23:30"), day("2026-11-25 00:30"), day("2026-11-25 23:30")}, "[11-27 23:30 11-25 23:30]"},
		"out of the order":  {[]time.Time{day("2026-11-20 02:00"), day("2026-11-27 02:00")}, "[11-20 02:00 11-27 02:00]"},
		"weeks keep theirs": {append(daily(7), day("2026-11-15 02:00"), day("2026-11-14 02:00"), day("2026-11-08 02:00")), "[11-27 02:00 11-26 02:00 11-25 02:00 11-24 02:00 11-23 02:00 11-22 02:00 11-21 02:00 11-15 02:00 11-08 02:00]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := fmt.Sprint(kept(tt.taken)); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestRetainAlways: whatever there is, the newest stays, and after a year of dailies no more than the rule says.
func TestRetainAlways(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		taken := make([]time.Time, n)
		newest := 0
		for i := range taken {
			taken[i] = day("2026-01-01 00:00").Add(time.Duration(rapid.IntRange(0, 60*24*400).Draw(t, "minutes")) * time.Minute)
			if taken[i].After(taken[newest]) {
				newest = i
			}
		}
		keep := backup.Retain(taken, clock.Shanghai)
		count := 0
		for i, k := range keep {
			recent := taken[newest].Sub(taken[i]) < 24*time.Hour
			if recent && !k {
				t.Fatalf("%v is of the last day of %v and goes", taken[i], taken[newest])
			}
			if k && !recent {
				count++
			}
		}
		if count > 7+4+12 {
			t.Fatalf("%d kept", count)
		}
	})
}

// TestDue: the plan, held against what was done.
func TestDue(t *testing.T) {
	t.Parallel()
	run := func(s string) *backup.Run {
		if s == "" {
			return nil
		}
		return &backup.Run{At: day(s)}
	}
	daily := backup.Schedule{Every: 24 * time.Hour, At: 2 * time.Hour}
	hourly := backup.Schedule{Every: time.Hour}
	weekly := backup.Schedule{Every: 7 * 24 * time.Hour, At: 2 * time.Hour}
	for name, tt := range map[string]struct {
		plan              backup.Schedule
		now, last, failed string
		want              bool
	}{
		"never":                   {daily, "2026-11-27 12:00", "", "", true},
		"done today":              {daily, "2026-11-27 12:00", "2026-11-27 02:00", "", false},
		"before the hour":         {daily, "2026-11-27 01:59", "2026-11-26 02:00", "", false},
		"at the hour":             {daily, "2026-11-27 02:00", "2026-11-26 02:00", "", true},
		"server was off at night": {daily, "2026-11-27 09:00", "2026-11-26 02:00", "", true},
		"made by hand at noon":    {daily, "2026-11-28 02:00", "2026-11-27 12:00", "", true},
		"just failed":             {daily, "2026-11-27 02:30", "2026-11-26 02:00", "2026-11-27 02:00", false},
		"failed an hour ago":      {daily, "2026-11-27 03:00", "2026-11-26 02:00", "2026-11-27 02:00", true},
		"failed, then done":       {daily, "2026-11-27 03:30", "2026-11-27 03:00", "2026-11-27 02:00", false},
		"first one failed":        {daily, "2026-11-27 03:00", "", "2026-11-27 02:50", false},
		"within the hour":         {hourly, "2026-11-27 03:00", "2026-11-27 02:01", "", false},
		"after the hour":          {hourly, "2026-11-27 03:01", "2026-11-27 02:01", "", true},
		"sixth day":               {weekly, "2026-11-26 09:00", "2026-11-20 02:00", "", false},
		"seventh day":             {weekly, "2026-11-27 02:00", "2026-11-20 02:00", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.plan.Due(day(tt.now), run(tt.last), run(tt.failed), clock.Shanghai); got != tt.want {
				t.Errorf("due %v", got)
			}
		})
	}
}

// example is a manifest as the document shows it.
func example(t testing.TB) []byte {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := "zhilu-backup/v1\nset 20261127T020000000000Z-0a1b2c3d\ntaken 2026-11-27T02:00:00.000001Z\norigin zhilu.local/x\nengine sqlite\n" +
		"log-size 12\nlog-root 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nlog-epoch 1\npublished-size 12\n" +
		"checkpoint " + base64.StdEncoding.EncodeToString([]byte("zhilu.local/x\n12\nroot\n")) + "\nobjects 2 300\n"
	for _, name := range []string{"database.age", "names.age", "objects.list"} {
		text += "file " + name + " 100 " + strings.Repeat("ab", 32) + "\n"
	}
	return fmt.Appendf(nil, "%skey %s\nsignature %s\n", text,
		base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey)), base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(text))))
}

// TestManifest: what was signed reads; with any byte changed, cut or added it does not. // G6, G13
func TestManifest(t *testing.T) {
	t.Parallel()
	text := example(t)
	m, err := backup.ParseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	if m.LogSize != 12 || m.Objects != 2 || m.Bytes != 300 || len(m.Files) != 3 || m.Taken.Nanosecond() != 1000 {
		t.Errorf("%+v", m)
	}
	for i := range text {
		for _, bit := range []byte{1, 0x20, 0x80} {
			bad := []byte(string(text))
			bad[i] ^= bit
			if _, err := backup.ParseManifest(bad); err == nil {
				t.Fatalf("byte %d may be changed (bit %#x)", i, bit)
			}
		}
		if _, err := backup.ParseManifest(text[:i]); err == nil {
			t.Fatalf("%d bytes are enough", i)
		}
	}
	if _, err := backup.ParseManifest(append([]byte(string(text)), '\n')); err == nil {
		t.Error("something may follow")
	}
}

// FuzzManifest: nothing makes the reader fail otherwise than by an error, and what it takes is written the one way.
func FuzzManifest(f *testing.F) {
	f.Add(example(f))
	f.Add([]byte("zhilu-backup/v1\nset x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if m, err := backup.ParseManifest(text); err == nil && (m.Objects < 0 || m.Bytes < 0) {
			t.Errorf("%+v", m)
		}
	})
}
