package media

import (
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/clock"
)

// ZoneKind says what a moment tells of its zone.
type ZoneKind uint8

// The zone kinds.
const (
	ZoneNone   ZoneKind = iota // the face of the camera's clock, without a zone
	ZoneUTC                    // written as UTC; many cameras write their local face there
	ZoneOffset                 // written with an explicit offset
)

// Origin says where a start time was read.
type Origin string

// The sources, in the order of their rank.
const (
	OriginContainerZone  Origin = "container_zone"  // container, with an explicit offset
	OriginContainerUTC   Origin = "container_utc"   // container, said to be UTC
	OriginContainerLocal Origin = "container_local" // container, without a zone
	OriginName           Origin = "name"            // file name, camera's local face
	OriginFileSystem     Origin = "file_system"     // last modification, that is the end of writing
	OriginNone           Origin = "none"            // no usable time at all
)

// Doubt is a reason not to take the chosen start at its face. The codes are stable.
type Doubt string

// The doubts.
const (
	DoubtEpochDefault    Doubt = "epoch_default"    // a time was the reset value of a clock (1904, 1970, 1980, 2000-01-01) and was not used
	DoubtUTCAsLocal      Doubt = "utc_as_local"     // the container's "UTC" is the camera's local face; the value is corrected
	DoubtXinjiangLocal   Doubt = "xinjiang_local"   // the camera's face runs on UTC+6, the local habit of Xinjiang; the value is corrected
	DoubtZoneUnconfirmed Doubt = "zone_unconfirmed" // nothing confirms that the container's UTC is UTC
	DoubtDisagree        Doubt = "sources_disagree" // two sources differ and no known habit explains it
	DoubtFileSystemOnly  Doubt = "file_system_only" // only the modification time is left, which any copy changes
	DoubtFuture          Doubt = "in_future"        // the start lies after the moment the file was seen
	DoubtYearsOff        Doubt = "years_off"        // the start lies more than a year before the file was seen
	DoubtNoTime          Doubt = "no_time"          // no source gives a time
)

// Candidate is one reading of the start time, kept whatever is chosen.
type Candidate struct {
	Source Origin
	Raw    string    // as found
	At     time.Time // the moment; with ZoneNone the camera's face written as if it were UTC
	Zone   ZoneKind
	// LocalHabit: the maker is known to write its local face as UTC.
	LocalHabit bool
	// Exact: a modification time that is certainly an instant (not a FAT volume read with a guessed zone).
	Exact    bool
	Rejected Doubt // why it could not be used; "" if usable
}

// Start is the chosen start of a recording by the camera's own clock. How far that clock itself was off is not
// known here; a dock's comparison of clocks comes on top.
type Start struct {
	Value    time.Time // zero when OriginNone
	Source   Origin
	Doubt    []Doubt // sorted, never nil
	Interval clock.Interval
	// Candidates are all readings, in the order of their rank.
	Candidates []Candidate
}

const (
	shanghaiOffset = 8 * time.Hour
	xinjiangShift  = 2 * time.Hour // a face on UTC+6 read as UTC+8 is two hours early
	timeTolerance  = 5 * time.Second
	fileTolerance  = 20 * time.Second // closing a file takes a moment, and FAT counts in two seconds
	futureSlack    = 2 * time.Minute
	longAgo        = 366 * 24 * time.Hour
	readingError   = 2 * time.Second
)

// ChooseStart picks the start of a recording by the written rule (ADR 0002, section "Start time"):
//
//  1. Reset values of clocks (before 1990, 2000-01-01) are no times.
//  2. Rank: container with offset, container UTC, container local, name, file system. A candidate that is
//     impossible (after seenAt) or more than a year old gives way to one of lower rank that is not; the file
//     system only to impossible ones, since copying makes any modification time young.
//  3. Container UTC is tested against the name, then against the file system: the same instant confirms it; a
//     difference of exactly 8 h (6 h for a Xinjiang face) shows a local face written as UTC, which is corrected and
//     doubted. A difference of the duration shows that the camera wrote the end; the start is computed.
//     Without any test the zone stays unconfirmed, and the interval reaches over both readings.
//  4. Sources that differ in any other way are doubted as disagreeing, and the interval reaches over all of them.
//  5. The modification time counts as the end of writing: the duration is taken off.
//
// zone is the cameras' zone (nil: Asia/Shanghai). A zero seenAt switches the tests against it off. The interval
// holds the ambiguity of the reading, not the error of the camera's clock; it is zero when nothing is known.
func ChooseStart(candidates []Candidate, duration time.Duration, seenAt time.Time, zone *time.Location) Start {
	if zone == nil {
		zone = clock.Shanghai
	}
	c := chooser{d: max(duration, 0), seenAt: seenAt, zone: zone, doubts: map[Doubt]bool{}}
	s := Start{Source: OriginNone, Candidates: slices.Clone(candidates)}
	slices.SortStableFunc(s.Candidates, func(a, b Candidate) int { return rank(a.Source) - rank(b.Source) })
	for i := range s.Candidates {
		k := &s.Candidates[i]
		if k.At.IsZero() {
			if k.Rejected == "" {
				k.Rejected = DoubtNoTime
			}
			continue
		}
		if isEpochDefault(k.At, zone) {
			k.Rejected = DoubtEpochDefault
			c.doubts[DoubtEpochDefault] = true
		}
		if k.Rejected == "" && c.first[k.Source] == nil {
			c.keep(k)
		}
	}
	primary := c.primary()
	if primary == nil {
		c.doubts[DoubtNoTime] = true
	} else {
		s.Source = primary.Source
		c.decide(primary)
		s.Value, s.Interval = c.value, clock.Interval{From: c.from, To: c.to}
		if !seenAt.IsZero() && s.Value.After(seenAt.Add(futureSlack)) {
			c.doubts[DoubtFuture] = true
			s.Interval = clock.Interval{}
		}
		if !seenAt.IsZero() && s.Value.Before(seenAt.Add(-longAgo)) {
			c.doubts[DoubtYearsOff] = true
			s.Interval.To = seenAt // a clock that lags tells only that the start was not later than now
		}
	}
	s.Doubt = make([]Doubt, 0, len(c.doubts))
	for k := range c.doubts {
		s.Doubt = append(s.Doubt, k)
	}
	slices.Sort(s.Doubt)
	return s
}

func rank(s Origin) int {
	return slices.Index([]Origin{
		OriginContainerZone, OriginContainerUTC, OriginContainerLocal, OriginName, OriginFileSystem, OriginNone,
	}, s)
}

// isEpochDefault reports whether t is where a clock stands that lost its battery. Its first day counts in UTC, in the
// zone and in the face, because cameras write any of them.
func isEpochDefault(t time.Time, zone *time.Location) bool {
	for _, f := range []time.Time{t.UTC(), t.In(zone)} {
		if f.Year() < 1990 || f.Year() == 2000 && f.YearDay() == 1 {
			return true
		}
	}
	return false
}

type chooser struct {
	d        time.Duration
	seenAt   time.Time
	zone     *time.Location
	first    map[Origin]*Candidate
	doubts   map[Doubt]bool
	value    time.Time
	from, to time.Time
}

func (c *chooser) keep(k *Candidate) {
	if c.first == nil {
		c.first = map[Origin]*Candidate{}
	}
	c.first[k.Source] = k
}

// instant is the plain reading of a candidate: faces are read in the cameras' zone.
func (c *chooser) instant(k *Candidate) time.Time {
	if k.Zone == ZoneNone && k.Source != OriginFileSystem {
		return inZone(k.At, c.zone)
	}
	return k.At
}

// inZone reads the face of t (its fields in UTC) as a time of day in the zone.
func inZone(t time.Time, zone *time.Location) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone).UTC()
}

// standing tells whether a candidate is in the future (+1), more than a year old (-1) or neither.
func (c *chooser) standing(k *Candidate) int {
	t := c.instant(k)
	if c.seenAt.IsZero() {
		return 0
	}
	if k.Source == OriginContainerUTC && t.After(c.seenAt.Add(futureSlack)) {
		t = inZone(t, c.zone) // perhaps a local face
	}
	switch {
	case t.After(c.seenAt.Add(futureSlack)):
		return 1
	case t.Before(c.seenAt.Add(-longAgo)):
		return -1
	}
	return 0
}

func (c *chooser) primary() *Candidate {
	byRank := []*Candidate{c.first[OriginContainerZone], c.first[OriginContainerUTC], c.first[OriginContainerLocal], c.first[OriginName]}
	for _, want := range []int{0, -1} {
		for _, k := range byRank {
			if k != nil && c.standing(k) == want {
				return k
			}
		}
	}
	file := c.first[OriginFileSystem]
	if file != nil && c.standing(file) <= 0 {
		return file
	}
	for _, k := range append(byRank, file) {
		if k != nil {
			return k
		}
	}
	return nil
}

func (c *chooser) set(t time.Time) {
	c.value, c.from, c.to = t, t.Add(-readingError), t.Add(readingError)
}

// reach widens the interval to hold t.
func (c *chooser) reach(t time.Time) {
	if t.Before(c.from) {
		c.from = t
	}
	if t.After(c.to) {
		c.to = t
	}
}

func (c *chooser) decide(k *Candidate) {
	c.set(c.instant(k))
	switch k.Source {
	case OriginContainerUTC:
		c.decideUTC(k)
	case OriginContainerZone:
		if name := c.first[OriginName]; name != nil && !c.nearOrZoned(c.instant(name), c.value) {
			c.disagree(c.instant(name))
		}
	case OriginContainerLocal, OriginName:
		c.decideLocal(k)
	case OriginFileSystem:
		c.set(k.At.Add(-c.d))
		c.doubts[DoubtFileSystemOnly] = true
		if !k.Exact {
			c.reach(k.At.Add(-c.d - shanghaiOffset))
		}
		c.reach(k.At)
	case OriginNone:
	}
	c.disagreeWithOthers(k)
}

// disagreeWithOthers doubts a choice that had to pass over a candidate of higher rank.
func (c *chooser) disagreeWithOthers(k *Candidate) {
	for s, other := range c.first {
		if rank(s) < rank(k.Source) && s != OriginFileSystem && !c.nearOrZoned(c.instant(other), c.value) {
			c.doubts[DoubtDisagree] = true
		}
	}
}

func (c *chooser) disagree(with time.Time) {
	c.doubts[DoubtDisagree] = true
	c.reach(with)
}

func near(a, b time.Time, tolerance time.Duration) bool { return a.Sub(b).Abs() <= tolerance }

// nearOrZoned reports whether two readings are the same moment up to duration and a whole number of quarter hours of zone.
func (c *chooser) nearOrZoned(a, b time.Time) bool {
	for _, end := range []time.Duration{0, c.d, -c.d} {
		diff := a.Sub(b) - end
		whole := diff.Round(15 * time.Minute)
		if whole.Abs() <= 14*time.Hour && (diff-whole).Abs() <= max(timeTolerance, fileTolerance) {
			return true
		}
	}
	return false
}

// decideUTC tests a container's UTC against the name, then against the file system.
func (c *chooser) decideUTC(k *Candidate) {
	utc, local := k.At, inZone(k.At, c.zone)
	name, file := c.first[OriginName], c.first[OriginFileSystem]
	if name != nil {
		n := c.instant(name)
		for _, back := range []time.Duration{0, c.d} { // the container wrote the start, or the end
			switch {
			case near(utc.Add(-back), n, timeTolerance):
				c.set(utc.Add(-back))
				return
			case near(local.Add(-back), n, timeTolerance):
				c.sameFaces(n, utc.Add(-back), file)
				return
			case near(utc.Add(-back), n.Add(xinjiangShift), timeTolerance):
				c.set(utc.Add(-back))
				c.doubts[DoubtXinjiangLocal] = true
				return
			}
		}
		c.disagree(n)
		c.reach(local)
	}
	if file != nil && c.utcByFile(utc, local, file) {
		return
	}
	future := !c.seenAt.IsZero() && utc.After(c.seenAt.Add(futureSlack)) && !local.After(c.seenAt.Add(futureSlack))
	if k.LocalHabit || future {
		c.value = local
		c.doubts[DoubtUTCAsLocal] = true
	} else {
		c.doubts[DoubtZoneUnconfirmed] = true
	}
	c.reach(local.Add(-c.d))
}

// sameFaces decides when the container's "UTC" shows the same face as the name. The face is local (that is the common
// fault), unless an exact modification time says that the camera runs on UTC, or on Xinjiang's UTC+6.
func (c *chooser) sameFaces(n, utc time.Time, file *Candidate) {
	if file != nil && file.Exact {
		switch {
		case c.fileAgrees(file.At, n):
		case c.fileAgrees(file.At, n.Add(xinjiangShift)):
			c.set(n.Add(xinjiangShift))
			c.doubts[DoubtUTCAsLocal], c.doubts[DoubtXinjiangLocal] = true, true
			return
		case c.fileAgrees(file.At, utc):
			c.set(utc)
			c.doubts[DoubtZoneUnconfirmed] = true
			c.reach(n)
			return
		}
	}
	c.set(n)
	c.doubts[DoubtUTCAsLocal] = true
}

// fileAgrees reports whether a file written last at mtime can have started at start.
func (c *chooser) fileAgrees(mtime, start time.Time) bool {
	return near(mtime, start.Add(c.d), fileTolerance) || near(mtime, start, fileTolerance)
}

// utcByFile tests a container's UTC against the modification time and reports whether that settled it.
func (c *chooser) utcByFile(utc, local time.Time, file *Candidate) bool {
	m := file.At
	atEnd := func(t time.Time) time.Time { // written together with the last byte: the container holds the end
		if c.d > fileTolerance && near(m, t, fileTolerance) {
			return t.Add(-c.d)
		}
		return t
	}
	xinjiang := local.Add(xinjiangShift)
	keep := func(t time.Time, doubts ...Doubt) bool {
		from, to := c.from, c.to
		disagreed := c.doubts[DoubtDisagree]
		c.set(t)
		if disagreed {
			c.reach(from)
			c.reach(to)
		}
		for _, d := range doubts {
			c.doubts[d] = true
		}
		return true
	}
	switch {
	case c.fileAgrees(m, utc) && file.Exact:
		return keep(atEnd(utc))
	case c.fileAgrees(m, utc):
		// A FAT volume holds faces: read as UTC, its wrong time and a local face in the container agree.
		keep(atEnd(utc), DoubtZoneUnconfirmed)
		if !c.seenAt.IsZero() && utc.After(c.seenAt.Add(futureSlack)) {
			delete(c.doubts, DoubtZoneUnconfirmed)
			return keep(atEnd(utc).Add(local.Sub(utc)), DoubtUTCAsLocal)
		}
		c.reach(atEnd(utc).Add(local.Sub(utc)))
		return true
	case c.fileAgrees(m, local):
		return keep(local, DoubtUTCAsLocal)
	case c.fileAgrees(m, xinjiang):
		return keep(xinjiang, DoubtUTCAsLocal, DoubtXinjiangLocal)
	case !file.Exact && c.fileAgrees(m, utc.Add(shanghaiOffset)):
		return keep(utc) // a FAT face read as UTC: it shows the container's UTC eight hours on
	}
	return false
}

// decideLocal tests a face (container or name) against the other face and the file system.
func (c *chooser) decideLocal(k *Candidate) {
	v := c.value
	if name := c.first[OriginName]; name != nil && k.Source != OriginName {
		n := c.instant(name)
		switch {
		case near(v, n, timeTolerance):
		case near(v.Add(-c.d), n, timeTolerance):
			v = n
			c.set(n)
		default:
			c.disagree(n)
		}
	}
	file := c.first[OriginFileSystem]
	if file == nil || c.fileAgrees(file.At, v) {
		return
	}
	if file.Exact && c.fileAgrees(file.At, v.Add(xinjiangShift)) {
		c.set(v.Add(xinjiangShift))
		c.doubts[DoubtXinjiangLocal] = true
		return
	}
	if file.At.Before(v.Add(-fileTolerance)) && !c.nearOrZoned(file.At, v) {
		c.doubts[DoubtDisagree] = true // last written before it began
	}
}
