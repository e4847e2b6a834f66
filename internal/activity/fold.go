package activity

import (
	"cmp"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/ident"
)

// Moment is a time that somebody told.
type Moment struct {
	At    time.Time // zero while nobody told it
	Doubt time.Duration
	By    string
	First time.Time // as told first, where it was corrected; else zero
	Why   string    // the reason of the correction
}

// Known reports whether somebody told it.
func (m Moment) Known() bool { return !m.At.IsZero() }

// Interruption is one stop of filming and what was answered for it (第十七条).
type Interruption struct {
	ID         ident.OccurrenceID
	Start      time.Time
	End        time.Time // zero while filming was not resumed
	Cause      Cause
	Words      string
	By         string
	SpokenAt   time.Time // when the cause was said into a camera, in true time; zero while nobody marked it
	Spoken     Said      // the recording and the place in it
	ReportedAt time.Time
	ReportedTo string
	ReportID   ident.OccurrenceID
	ToPerson   ident.PersonID
	ReceivedAt time.Time
	WrittenAt  time.Time
	WrittenBy  string
	Text       string // the written explanation
}

// Delay is how long after the stop it was reported; false while it was not.
func (n *Interruption) Delay() (time.Duration, bool) {
	if n.ReportedAt.IsZero() {
		return 0, false
	}
	return max(0, n.ReportedAt.Sub(n.Start)), true
}

// Tick is one item of Articles 14 and 15 with its moment.
type Tick struct {
	ID          ident.OccurrenceID
	Item        Item
	Recording   ident.RecordingID
	Position    time.Duration
	By          string
	ByPerson    ident.PersonID
	Words       string
	Confirmed   bool // somebody else looked
	There       bool // and it is there
	ConfirmedBy string
	ConfirmedAt time.Time
}

// Oddity is something that does not fit and was kept. Nothing is refused because it is odd.
type Oddity struct {
	Code string // "arrived_twice", "departed_twice", "reversed", "future", "resumed_alone", "stop_outside"
	ID   ident.OccurrenceID
}

// State is what holds of an activity.
type State struct {
	Arrived, Departed Moment
	Place             string
	Officers, Cameras []Member
	Gone              []Member // those that were declared and did not take part
	Interruptions     []Interruption
	Restrictions      []Occurrence
	Obstructions      []Occurrence
	Ticks             []Tick
	Notes             []Occurrence // notes and signatures
	Corrections       []Occurrence
	Oddities          []Oddity
}

// Open reports whether nobody said yet that they left.
func (s *State) Open() bool { return !s.Departed.Known() }

func (s *State) takesPart(p ident.PersonID) bool {
	return p != "" && slices.ContainsFunc(slices.Concat(s.Officers, s.Gone), func(m Member) bool { return m.Person == p })
}

// future is how far ahead of ours a clock may be before its words are marked.
const future = 10 * time.Minute

// Fold says what holds after the occurrences, whatever their order: who hands in late after a day without network changes nothing that does not
// follow from what is said. Of several arrivals the earliest counts, of several departures the latest, because who was there first began;
// a correction goes before all of them, the newest before older ones.
func Fold(a *Activity, list []Occurrence) State {
	s := State{Place: a.Place, Officers: slices.Clone(a.Officers), Cameras: slices.Clone(a.Cameras)}
	list = slices.Clone(list)
	slices.SortFunc(list, func(x, y Occurrence) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Seq, y.Seq), cmp.Compare(x.ID, y.ID))
	})
	for i := range list {
		o := &list[i]
		if o.At.After(o.StoredAt.Add(future)) && o.What != Spoken {
			s.odd("future", o)
		}
		s.first(o)
	}
	for i := range list {
		s.second(&list[i])
	}
	s.corrected(list)
	s.check()
	return s
}

func (s *State) odd(code string, o *Occurrence) {
	s.Oddities = append(s.Oddities, Oddity{Code: code, ID: o.ID})
}

// first takes what stands by itself.
func (s *State) first(o *Occurrence) {
	switch o.What {
	case Arrived:
		if s.Arrived.Known() {
			s.odd("arrived_twice", o)
			return
		}
		s.Arrived = Moment{At: o.At, Doubt: o.Doubt, By: o.ByName}
	case Departed:
		if s.Departed.Known() {
			s.odd("departed_twice", o)
		}
		s.Departed = Moment{At: o.At, Doubt: o.Doubt, By: o.ByName}
	case Stopped:
		n := Interruption{ID: o.ID, Start: o.At, Cause: o.Said.Cause, Words: o.Said.Words, By: o.ByName}
		if u := o.Said.Until; u != nil {
			n.End = *u
		}
		s.Interruptions = append(s.Interruptions, n)
	case Restricted:
		s.Restrictions = append(s.Restrictions, *o)
	case Obstructed:
		s.Obstructions = append(s.Obstructions, *o)
	case Ticked:
		s.Ticks = append(s.Ticks, Tick{
			ID: o.ID, Item: o.Said.Item, Recording: o.Said.Recording, Position: time.Duration(o.Said.Position) * time.Millisecond,
			By: o.ByName, ByPerson: o.By, Words: o.Said.Words,
		})
	case Noted, Signed:
		s.Notes = append(s.Notes, *o)
	case Joined:
		m := Member{Person: o.Said.Person, Device: o.Said.Device, Name: o.Said.Name}
		to := &s.Officers
		if m.Device != "" {
			to = &s.Cameras
		}
		if !slices.ContainsFunc(*to, func(h Member) bool { return h.Device == m.Device && h.Person == m.Person }) {
			*to = append(*to, m)
		}
	case Resumed, Reported, Received, Spoken, Written, Confirmed, Removed, Corrected:
	}
}

// second takes what is about something else.
func (s *State) second(o *Occurrence) {
	switch o.What {
	case Removed:
		from := &s.Officers
		if o.Said.Device != "" {
			from = &s.Cameras
		}
		*from = slices.DeleteFunc(*from, func(m Member) bool {
			out := m.Device == o.Said.Device && (o.Said.Device != "" || m.Person == o.Said.Person)
			if out {
				s.Gone = append(s.Gone, m)
			}
			return out
		})
	case Confirmed:
		for i := range s.Ticks {
			if t := &s.Ticks[i]; t.ID == o.About {
				t.Confirmed, t.There, t.ConfirmedBy, t.ConfirmedAt = true, o.Said.There, o.ByName, o.At
			}
		}
	case Resumed, Reported, Spoken, Written:
		n := s.interruption(o.About)
		if n == nil && o.What == Resumed {
			n = s.running(o.At)
		}
		if n == nil {
			s.odd(string(o.What)+"_alone", o)
			return
		}
		n.take(o)
	case Received:
		for i := range s.Interruptions {
			if n := &s.Interruptions[i]; n.ReportID == o.About && o.About != "" {
				n.ReceivedAt = o.At
			}
		}
	case Arrived, Departed, Stopped, Restricted, Obstructed, Ticked, Signed, Noted, Joined, Corrected:
	}
}

// take takes an answer. Of several reports the first counts: it says how soon; of several explanations the newest.
func (n *Interruption) take(o *Occurrence) {
	switch o.What {
	case Resumed:
		if n.End.IsZero() {
			n.End = o.At
		}
	case Reported:
		if n.ReportedAt.IsZero() {
			n.ReportedAt, n.ReportedTo, n.ReportID, n.ToPerson = o.At, o.Said.ToName, o.ID, o.Said.To
		}
	case Spoken:
		n.SpokenAt, n.Spoken = o.At, o.Said
	case Written:
		n.WrittenAt, n.WrittenBy, n.Text = o.StoredAt, o.ByName, o.Said.Words
	case Arrived, Departed, Stopped, Received, Restricted, Obstructed, Ticked, Confirmed, Signed, Noted, Joined, Removed, Corrected:
	}
}

func (s *State) interruption(id ident.OccurrenceID) *Interruption {
	for i := range s.Interruptions {
		if id != "" && s.Interruptions[i].ID == id {
			return &s.Interruptions[i]
		}
	}
	return nil
}

// running is the last interruption that has no end at a time.
func (s *State) running(at time.Time) *Interruption {
	for i := len(s.Interruptions) - 1; i >= 0; i-- {
		if n := &s.Interruptions[i]; n.End.IsZero() && !n.Start.After(at) {
			return n
		}
	}
	return nil
}

// corrected lays the corrections over, in the order in which they came.
func (s *State) corrected(list []Occurrence) {
	fixes := slices.DeleteFunc(slices.Clone(list), func(o Occurrence) bool { return o.What != Corrected })
	slices.SortFunc(fixes, func(x, y Occurrence) int { return cmp.Or(cmp.Compare(x.Seq, y.Seq), cmp.Compare(x.ID, y.ID)) })
	for i := range fixes {
		o := &fixes[i]
		s.Corrections = append(s.Corrections, *o)
		m := &s.Arrived
		switch {
		case o.Said.Field == FieldPlace:
			s.Place = o.Said.Place
			continue
		case o.Said.Time == nil:
			continue
		case o.Said.Field == FieldDeparted:
			m = &s.Departed
		case o.Said.Field != FieldArrived:
			continue
		}
		first := cmp.Or(m.First, m.At)
		*m = Moment{At: *o.Said.Time, By: o.ByName, First: first, Why: o.Said.Words}
	}
}

// check marks what contradicts itself.
func (s *State) check() {
	if s.Reversed() {
		s.Oddities = append(s.Oddities, Oddity{Code: "reversed"})
	}
	for _, n := range s.Interruptions {
		if s.Arrived.Known() && n.Start.Before(s.Arrived.At.Add(-future)) || s.Departed.Known() && n.Start.After(s.Departed.At.Add(future)) {
			s.Oddities = append(s.Oddities, Oddity{Code: "stop_outside", ID: n.ID})
		}
	}
}

// Reversed reports whether they are said to have left before they arrived: then no window is known.
func (s *State) Reversed() bool {
	return s.Arrived.Known() && s.Departed.Known() && s.Departed.At.Before(s.Arrived.At)
}
