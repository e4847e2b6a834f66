package activity

import (
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
)

// Bounds of what is written.
const (
	maxWords   = 1000  // characters
	maxPlace   = 200   // characters
	maxStrokes = 32000 // bytes of a signature
	maxMembers = 40    // officers, cameras
	maxMatters = 12
)

// strokes is what a signature may consist of: SVG path commands and numbers.
var strokes = regexp.MustCompile(`^[MLCQZmlcqz0-9 .,-]*$`)

func words(s, field string, needed bool, most int) (string, error) {
	s = locale.Typed(s)
	if n := utf8.RuneCountInString(s); n > most || needed && n < 2 {
		return "", fault.New(fault.Invalid, "activity.words", most).At(field)
	}
	return s, nil
}

// plausible bounds what a phone may say: the year is one in which this system runs.
func plausible(t time.Time) bool { return t.Year() >= 2000 && t.Year() < 2100 }

// checked judges an occurrence by itself and gives it with its words made harmless. What is odd in its time or place is kept (Fold marks it);
// refused is only what says nothing: Invalid "activity.what", "activity.time", "activity.cause", "activity.ground", "activity.item",
// "activity.about", "activity.member", "activity.field", "activity.words", "activity.strokes".
func checked(o Occurrence) (Occurrence, error) {
	if !slices.Contains(Whats(), o.What) {
		return o, fault.New(fault.Invalid, "activity.what").At("what")
	}
	if !plausible(o.At) || o.Doubt < 0 || o.Doubt > 24*time.Hour {
		return o, fault.New(fault.Invalid, "activity.time").At("at")
	}
	said := o.Said
	o.Said = Said{}
	var err error
	if o.Said.Words, err = words(said.Words, "words", o.wordy(said), maxWords); err != nil {
		return o, err
	}
	if f := o.pick(said); f != nil {
		return o, f
	}
	return o, nil
}

// wordy reports whether it says nothing without words.
func (o *Occurrence) wordy(said Said) bool {
	switch o.What {
	case Written, Noted, Obstructed, Corrected, Removed, Restricted:
		return true
	case Stopped:
		return said.Cause == Other
	case Confirmed:
		return !said.There
	case Arrived, Departed, Resumed, Reported, Received, Spoken, Ticked, Signed, Joined:
	}
	return false
}

// pick takes the fields that belong to what happened, and no others.
func (o *Occurrence) pick(said Said) error {
	bad := func(code, field string) error { return fault.New(fault.Invalid, code).At(field) }
	switch o.What {
	case Stopped:
		if !slices.Contains(Causes(), said.Cause) {
			return bad("activity.cause", "cause")
		}
		if u := said.Until; u != nil && (!plausible(*u) || u.Before(o.At)) {
			return bad("activity.time", "until")
		}
		o.Said.Cause, o.Said.Until = said.Cause, said.Until
	case Reported:
		if said.To == "" || !slices.Contains([]string{"phone", "in_person", "system"}, said.How) {
			return bad("activity.to", "to")
		}
		o.Said.To, o.Said.ToName, o.Said.How = said.To, locale.Typed(said.ToName), said.How
	case Spoken, Ticked:
		if said.Recording == "" || said.Position < 0 || said.Position > (48*time.Hour).Milliseconds() {
			return bad("activity.moment", "moment")
		}
		o.Said.Recording, o.Said.Position = said.Recording, said.Position
		if o.What == Ticked {
			if !slices.Contains(Focuses(), said.Item) && !slices.Contains(Statements(), said.Item) {
				return bad("activity.item", "item")
			}
			o.Said.Item = said.Item
		}
	case Confirmed:
		o.Said.There = said.There
	case Restricted:
		if !slices.Contains(Restrictions(), said.Ground) {
			return bad("activity.ground", "ground")
		}
		o.Said.Ground = said.Ground
	case Obstructed:
		o.Said.Violence = said.Violence
	case Signed:
		if said.Strokes == "" || len(said.Strokes) > maxStrokes || !strokes.MatchString(said.Strokes) {
			return bad("activity.strokes", "strokes")
		}
		o.Said.Strokes = said.Strokes
		if o.Said.Name = locale.Typed(said.Name); o.Said.Name == "" || utf8.RuneCountInString(o.Said.Name) > 60 {
			return bad("activity.words", "name")
		}
	case Joined, Removed:
		if said.Person == "" && said.Device == "" {
			return bad("activity.member", "member")
		}
		o.Said.Person, o.Said.Device = said.Person, said.Device
	case Corrected:
		return o.pickCorrection(said)
	case Arrived, Departed, Resumed, Received, Written, Noted:
	}
	if o.needsAbout() && o.About == "" {
		return bad("activity.about", "about")
	}
	return nil
}

func (o *Occurrence) pickCorrection(said Said) error {
	switch said.Field {
	case FieldPlace:
		var err error
		if o.Said.Place, err = words(said.Place, "place", true, maxPlace); err != nil {
			return err
		}
	case FieldArrived, FieldDeparted:
		if said.Time == nil || !plausible(*said.Time) {
			return fault.New(fault.Invalid, "activity.time").At("time")
		}
		o.Said.Time = said.Time
	default:
		return fault.New(fault.Invalid, "activity.field").At("field")
	}
	o.Said.Field = said.Field
	return nil
}

// needsAbout reports whether it is about another occurrence. A resumption without one ends the interruption that runs.
func (o *Occurrence) needsAbout() bool {
	return slices.Contains([]What{Reported, Received, Spoken, Written, Confirmed}, o.What)
}

// aboutOf is what an occurrence may be about.
var aboutOf = map[What]What{Resumed: Stopped, Reported: Stopped, Spoken: Stopped, Written: Stopped, Received: Reported, Confirmed: Ticked}

// fits reports whether what an occurrence is about is of the same activity and of the kind it can be about.
func fits(o *Occurrence, about *occurrenceRow) bool {
	return about.Activity == o.Activity && about.What == aboutOf[o.What]
}

// parsed reads ids that came from a phone.
func parsed[T ~string](id T) error {
	_, err := ident.Parse[T](string(id))
	return err
}
