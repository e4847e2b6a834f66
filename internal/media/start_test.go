package media

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/clock"
)

// at reads a time in Asia/Shanghai.
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s, clock.Shanghai)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// face reads a camera's face, written as if it were UTC.
func face(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s, time.UTC)
	if err != nil {
		panic(err)
	}
	return t
}

func utc(s string) Candidate {
	return Candidate{Source: OriginContainerUTC, Zone: ZoneUTC, At: face(s)}
}

func zoned(s string) Candidate {
	return Candidate{Source: OriginContainerZone, Zone: ZoneOffset, At: at(s)}
}
func local(s string) Candidate { return Candidate{Source: OriginContainerLocal, At: face(s)} }
func name(s string) Candidate  { return Candidate{Source: OriginName, At: face(s)} }
func file(s string) Candidate  { return Candidate{Source: OriginFileSystem, Zone: ZoneUTC, At: at(s)} }

func exact(s string) Candidate {
	c := file(s)
	c.Exact = true
	return c
}

func habit(s string) Candidate {
	c := utc(s)
	c.LocalHabit = true
	return c
}

// G8: clocks lie. Every case is a camera's day: the true start is 2026-11-23 09:12:08 in Beijing time unless said
// otherwise, the recording lasts ten minutes, and the file is seen the next morning.
func TestChooseStartClocksLie(t *testing.T) {
	t.Parallel()
	const d = 10 * time.Minute
	seenAt := at("2026-11-24 08:30:00")
	cases := []struct {
		what       string
		candidates []Candidate
		value      string
		source     Origin
		doubt      []Doubt
		holds      string // a moment that the interval must hold; "-" if nothing may be known
	}{
		{"container in UTC, name in Beijing time", []Candidate{utc("2026-11-23 01:12:08"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginContainerUTC, nil, ""},
		{"one second apart", []Candidate{utc("2026-11-23 01:12:09"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:09", OriginContainerUTC, nil, "2026-11-23 09:12:08"},
		{"container holds the end in UTC", []Candidate{utc("2026-11-23 01:22:08"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginContainerUTC, nil, ""},
		{"dash camera: local face as UTC", []Candidate{utc("2026-11-23 09:12:08"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtUTCAsLocal}, ""},
		{"local face of the end as UTC", []Candidate{utc("2026-11-23 09:22:08"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtUTCAsLocal}, ""},
		{"local as UTC, proved by the file system", []Candidate{utc("2026-11-23 09:12:08"), file("2026-11-23 09:22:10")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtUTCAsLocal}, ""},
		{"true UTC, exact file system", []Candidate{utc("2026-11-23 01:12:08"), exact("2026-11-23 09:22:10")}, "2026-11-23 09:12:08", OriginContainerUTC, nil, ""},
		{"true end in UTC, exact file system", []Candidate{utc("2026-11-23 01:22:08"), exact("2026-11-23 09:22:10")}, "2026-11-23 09:12:08", OriginContainerUTC, nil, ""},
		{"FAT read as UTC and container agree: both may be faces", []Candidate{utc("2026-11-23 09:12:08"), file("2026-11-23 17:22:10")}, "2026-11-23 17:12:08", OriginContainerUTC, []Doubt{DoubtZoneUnconfirmed}, "2026-11-23 09:12:08"},
		{"the same, and UTC would lie ahead", []Candidate{utc("2026-11-24 07:12:08"), file("2026-11-24 15:22:10")}, "2026-11-24 07:12:08", OriginContainerUTC, []Doubt{DoubtUTCAsLocal}, ""},
		{"true UTC, FAT face read as UTC", []Candidate{utc("2026-11-23 01:12:08"), file("2026-11-23 17:22:10")}, "2026-11-23 09:12:08", OriginContainerUTC, nil, ""},
		{"nothing confirms UTC", []Candidate{utc("2026-11-23 01:12:08")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtZoneUnconfirmed}, "2026-11-23 01:12:08"},
		{"nothing confirms UTC, it was a face", []Candidate{utc("2026-11-23 09:12:08")}, "2026-11-23 17:12:08", OriginContainerUTC, []Doubt{DoubtZoneUnconfirmed}, "2026-11-23 09:12:08"},
		{"a copy's modification time proves nothing", []Candidate{utc("2026-11-23 01:12:08"), file("2026-11-24 08:29:00")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtZoneUnconfirmed}, ""},
		{"maker known to write its face as UTC", []Candidate{habit("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtUTCAsLocal}, "2026-11-23 09:12:08"},
		{"UTC would lie ahead, its face would not", []Candidate{utc("2026-11-24 07:12:08")}, "2026-11-24 07:12:08", OriginContainerUTC, []Doubt{DoubtUTCAsLocal}, ""},
		{"Xinjiang face in the name, true UTC in the container", []Candidate{utc("2026-11-23 01:12:08"), name("2026-11-23 07:12:08")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtXinjiangLocal}, ""},
		{"Xinjiang face as UTC, by the file system", []Candidate{utc("2026-11-23 07:12:08"), file("2026-11-23 09:22:10")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtUTCAsLocal, DoubtXinjiangLocal}, ""},
		{"Xinjiang face in both, by an exact file system", []Candidate{utc("2026-11-23 07:12:08"), name("2026-11-23 07:12:08"), exact("2026-11-23 09:22:08")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtUTCAsLocal, DoubtXinjiangLocal}, ""},
		{"Xinjiang face in the name only", []Candidate{name("2026-11-23 07:12:08"), exact("2026-11-23 09:22:08")}, "2026-11-23 09:12:08", OriginName, []Doubt{DoubtXinjiangLocal}, ""},
		{"a camera that runs on UTC", []Candidate{utc("2026-11-23 01:12:08"), name("2026-11-23 01:12:08"), exact("2026-11-23 09:22:08")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtZoneUnconfirmed}, ""},
		{"phone with an offset", []Candidate{zoned("2026-11-23 09:12:08"), utc("2026-11-23 01:12:25")}, "2026-11-23 09:12:08", OriginContainerZone, nil, ""},
		{"phone with an offset and a name of the same day", []Candidate{zoned("2026-11-23 09:12:08"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginContainerZone, nil, ""},
		{"phone abroad: name in its own zone", []Candidate{zoned("2026-11-23 09:12:08"), name("2026-11-23 04:12:08")}, "2026-11-23 09:12:08", OriginContainerZone, nil, ""},
		{"offset and name differ", []Candidate{zoned("2026-11-23 09:12:08"), name("2026-11-21 10:00:00")}, "2026-11-23 09:12:08", OriginContainerZone, []Doubt{DoubtDisagree}, "2026-11-21 10:00:00"},
		{"re-encoded a day later", []Candidate{utc("2026-11-24 00:20:00"), name("2026-11-23 09:12:08")}, "2026-11-24 08:20:00", OriginContainerUTC, []Doubt{DoubtDisagree, DoubtZoneUnconfirmed}, "2026-11-23 09:12:08"},
		{"name changed by hand", []Candidate{utc("2026-11-23 01:12:08"), name("2026-11-22 23:30:00"), exact("2026-11-23 09:22:08")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtDisagree}, "2026-11-22 23:30:00"},
		{"AVI face alone", []Candidate{local("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginContainerLocal, nil, ""},
		{"AVI face and name", []Candidate{local("2026-11-23 09:12:08"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginContainerLocal, nil, ""},
		{"AVI face of the end", []Candidate{local("2026-11-23 09:22:08"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginContainerLocal, nil, ""},
		{"AVI face and name differ", []Candidate{local("2026-11-23 09:12:08"), name("2026-11-20 09:12:08")}, "2026-11-23 09:12:08", OriginContainerLocal, []Doubt{DoubtDisagree}, "2026-11-20 09:12:08"},
		{"name alone", []Candidate{name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginName, nil, ""},
		{"name, file system agrees", []Candidate{name("2026-11-23 09:12:08"), file("2026-11-23 09:22:10")}, "2026-11-23 09:12:08", OriginName, nil, ""},
		{"name, FAT face read as UTC", []Candidate{name("2026-11-23 09:12:08"), file("2026-11-23 17:22:10")}, "2026-11-23 09:12:08", OriginName, nil, ""},
		{"name, last written before it began", []Candidate{name("2026-11-23 09:12:08"), file("2026-11-20 03:00:00")}, "2026-11-23 09:12:08", OriginName, []Doubt{DoubtDisagree}, ""},
		{"file system alone", []Candidate{file("2026-11-23 09:22:08")}, "2026-11-23 09:12:08", OriginFileSystem, []Doubt{DoubtFileSystemOnly}, "2026-11-23 01:12:08"},
		{"exact file system alone", []Candidate{exact("2026-11-23 09:22:08")}, "2026-11-23 09:12:08", OriginFileSystem, []Doubt{DoubtFileSystemOnly}, "2026-11-23 09:22:08"},
		{"1904 in the container, a name", []Candidate{utc("1904-01-01 00:00:00"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginName, []Doubt{DoubtEpochDefault}, ""},
		{"1904 as local face", []Candidate{utc("1904-01-01 08:00:00"), file("2026-11-23 09:22:08")}, "2026-11-23 09:12:08", OriginFileSystem, []Doubt{DoubtEpochDefault, DoubtFileSystemOnly}, ""},
		{"1970 in the container alone", []Candidate{utc("1970-01-01 00:00:00")}, "", OriginNone, []Doubt{DoubtEpochDefault, DoubtNoTime}, "-"},
		{"1970 and running", []Candidate{utc("1970-01-03 05:00:00"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginName, []Doubt{DoubtEpochDefault}, ""},
		{"2000-01-01, battery was out", []Candidate{utc("2000-01-01 00:03:20"), name("2000-01-01 00:03:20"), file("2000-01-01 00:13:20")}, "", OriginNone, []Doubt{DoubtEpochDefault, DoubtNoTime}, "-"},
		{"FAT's 1980 with a name", []Candidate{name("2026-11-23 09:12:08"), file("1980-01-01 00:00:00")}, "2026-11-23 09:12:08", OriginName, []Doubt{DoubtEpochDefault}, ""},
		{"ten years back", []Candidate{utc("2016-11-23 01:12:08"), name("2016-11-23 09:12:08")}, "2016-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtYearsOff}, "2026-11-23 09:12:08"},
		{"ten years ahead", []Candidate{utc("2036-11-23 01:12:08"), name("2036-11-23 09:12:08")}, "2036-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtFuture}, "-"},
		{"ten years ahead, copied today", []Candidate{utc("2036-11-23 01:12:08"), file("2026-11-23 09:22:08")}, "2026-11-23 09:12:08", OriginFileSystem, []Doubt{DoubtFileSystemOnly, DoubtDisagree}, ""},
		{"container years back, name of today", []Candidate{utc("2015-01-01 00:00:10"), name("2026-11-23 09:12:08")}, "2026-11-23 09:12:08", OriginName, []Doubt{DoubtDisagree}, ""},
		{"name ahead, container fine", []Candidate{utc("2026-11-23 01:12:08"), name("2036-11-23 09:12:08"), exact("2026-11-23 09:22:08")}, "2026-11-23 09:12:08", OriginContainerUTC, []Doubt{DoubtDisagree}, ""},
		{"old footage taken over", []Candidate{name("2024-03-01 10:00:00"), file("2024-03-01 10:10:00")}, "2024-03-01 10:00:00", OriginName, []Doubt{DoubtYearsOff}, ""},
		{"nothing at all", nil, "", OriginNone, []Doubt{DoubtNoTime}, "-"},
		{"two minutes ahead is a clock's ordinary error", []Candidate{name("2026-11-24 08:31:30")}, "2026-11-24 08:31:30", OriginName, nil, ""},
		{"ten minutes ahead is not", []Candidate{name("2026-11-24 08:40:00")}, "2026-11-24 08:40:00", OriginName, []Doubt{DoubtFuture}, "-"},
	}
	if len(cases) < 40 {
		t.Fatalf("%d cases, G8 asks for 40", len(cases))
	}
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			s := ChooseStart(c.candidates, d, seenAt, clock.Shanghai)
			got, want := "", append([]Doubt{}, c.doubt...)
			if !s.Value.IsZero() {
				got = s.Value.In(clock.Shanghai).Format("2006-01-02 15:04:05")
			}
			slices.Sort(want)
			if got != c.value || s.Source != c.source {
				t.Errorf("start = %q from %s, want %q from %s", got, s.Source, c.value, c.source)
			}
			if diff := cmp.Diff(want, s.Doubt); diff != "" {
				t.Errorf("doubt (-want +got):\n%s", diff)
			}
			if c.holds == "-" {
				if !s.Interval.IsZero() {
					t.Errorf("interval = %v, want nothing known", s.Interval)
				}
				return
			}
			for _, moment := range []string{c.value, c.holds} {
				if moment != "" && (at(moment).Before(s.Interval.From) || at(moment).After(s.Interval.To)) {
					t.Errorf("interval %v does not hold %s", s.Interval, moment)
				}
			}
			if len(s.Candidates) != len(c.candidates) {
				t.Errorf("%d candidates kept of %d", len(s.Candidates), len(c.candidates))
			}
		})
	}
}

// Never silently wrong: whatever the candidates, a start without doubt lies within its interval, not in the future
// and not long ago, and the order of the candidates does not matter.
func TestChooseStartProperties(t *testing.T) {
	t.Parallel()
	seenAt := at("2026-11-24 08:30:00")
	rapid.Check(t, func(t *rapid.T) {
		moment := rapid.Custom(func(t *rapid.T) time.Time {
			base := rapid.SampledFrom([]time.Time{at("2026-11-23 09:12:08"), face("1904-01-01 00:00:00"), face("1970-01-01 00:00:00"), at("2036-01-01 00:00:00"), at("2000-01-01 00:00:00")}).Draw(t, "base")
			return base.Add(time.Duration(rapid.IntRange(-20*3600, 20*3600).Draw(t, "shift")) * time.Second)
		})
		var cands []Candidate
		for _, o := range []Origin{OriginContainerZone, OriginContainerUTC, OriginContainerLocal, OriginName, OriginFileSystem} {
			if rapid.Bool().Draw(t, "has") {
				c := Candidate{Source: o, At: moment.Draw(t, string(o)), Exact: rapid.Bool().Draw(t, "exact")}
				switch o {
				case OriginContainerZone:
					c.Zone = ZoneOffset
				case OriginContainerUTC, OriginFileSystem:
					c.Zone = ZoneUTC
				case OriginContainerLocal, OriginName, OriginNone:
				}
				cands = append(cands, c)
			}
		}
		d := time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds")) * time.Second
		s := ChooseStart(cands, d, seenAt, nil)
		slices.Reverse(cands)
		if diff := cmp.Diff(s, ChooseStart(cands, d, seenAt, nil)); diff != "" {
			t.Fatalf("order matters:\n%s", diff)
		}
		if s.Doubt == nil {
			t.Fatal("doubt is nil")
		}
		if s.Source == OriginNone != s.Value.IsZero() {
			t.Fatalf("source %s with value %v", s.Source, s.Value)
		}
		if !s.Interval.IsZero() && (s.Value.Before(s.Interval.From) || s.Value.After(s.Interval.To)) {
			t.Fatalf("%v outside %v", s.Value, s.Interval)
		}
		if len(s.Doubt) == 0 && (s.Value.After(seenAt.Add(futureSlack)) || s.Value.Before(seenAt.Add(-longAgo))) {
			t.Fatalf("silently wrong: %v", s.Value)
		}
	})
}
