package edition

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Broken is a step that was not taken, because of what is wrong in it.
type Broken struct{ Problems []catalogue.Problem }

// Error gives the operator's text.
func (b *Broken) Error() string {
	if len(b.Problems) == 0 {
		return "edition: nothing to take over"
	}
	return fmt.Sprintf("edition: %d problems, first %+v", len(b.Problems), b.Problems[0])
}

func broken(p Part, id, field, code, arg string) error {
	return &Broken{[]catalogue.Problem{{File: p.File(), ID: id, Field: field, Code: code, Arg: arg}}}
}

// Said is what a step is about, for the entry and the draft's list of steps.
type Said struct {
	Step string // "put", "drop", "import", "open", "close": words rules.step.*
	Part Part
	ID   string // of the row, "" for a whole part
}

// Step is one change to a draft. Apply gives the files as they are afterwards and leaves those given alone; what
// cannot be taken over is *Broken.
type Step interface {
	Apply(f Files) (Files, error)
	Says() Said
}

// Row is a row of the catalogue's files.
type Row interface {
	catalogue.Document | catalogue.Term | catalogue.Matter | catalogue.Obligation
}

// Put adds a row, or replaces the one of the same id.
type Put[T Row] struct {
	Row T
	New bool // the id must not be there yet
}

// Says names the row.
func (s Put[T]) Says() Said {
	p, id := placeOf(s.Row)
	return Said{"put", p, id}
}

func placeOf(row any) (Part, string) {
	switch r := row.(type) {
	case catalogue.Document:
		return Documents, r.ID
	case catalogue.Term:
		return Deadlines, r.ID
	case catalogue.Matter:
		return Matters, r.ID
	case catalogue.Obligation:
		return Requirements, r.ID
	}
	return "", ""
}

// Apply puts the row; anything wrong in it refuses the step.
func (s Put[T]) Apply(f Files) (Files, error) {
	p, id := placeOf(s.Row)
	file, problems := catalogue.Read(p.File(), f.Of(p))
	if len(problems) > 0 {
		return f, &Broken{problems}
	}
	rows := listOf[T](&file)
	at := slices.IndexFunc(*rows, func(r T) bool { _, have := placeOf(r); return have == id })
	switch {
	case at >= 0 && s.New:
		return f, broken(p, id, "id", "twice", id)
	case at >= 0:
		(*rows)[at] = s.Row
	default:
		*rows = append(*rows, s.Row)
	}
	out, err := write(f, p, file)
	if err != nil {
		return f, err
	}
	_, problems = Read(out)
	problems = slices.DeleteFunc(problems, func(q catalogue.Problem) bool { return q.File != p.File() || q.ID != id })
	if len(problems) > 0 {
		return f, &Broken{problems}
	}
	return out, nil
}

func listOf[T Row](f *catalogue.File) *[]T {
	var list any
	switch any(*new(T)).(type) {
	case catalogue.Document:
		list = &f.Documents
	case catalogue.Term:
		list = &f.Terms
	case catalogue.Matter:
		list = &f.Matters
	case catalogue.Obligation:
		list = &f.Obligations
	}
	return list.(*[]T) // the four types of Row are the four cases
}

func write(f Files, p Part, file catalogue.File) (Files, error) {
	text, err := catalogue.JSON(file)
	if err != nil {
		return f, fmt.Errorf("edition: %w", err)
	}
	return f.with(p, text), nil
}

// Drop takes a row out. Rows that refer to it are then wrong until they are changed as well.
type Drop struct {
	Part Part
	ID   string
}

// Says names the row.
func (s Drop) Says() Said { return Said{"drop", s.Part, s.ID} }

// Apply takes the row out.
func (s Drop) Apply(f Files) (Files, error) {
	if !s.Part.Rows() {
		return f, broken(s.Part, s.ID, "", "unknown_reference", s.ID)
	}
	file, problems := catalogue.Read(s.Part.File(), f.Of(s.Part))
	if len(problems) > 0 {
		return f, &Broken{problems}
	}
	rows := func() int { return len(file.Documents) + len(file.Terms) + len(file.Matters) + len(file.Obligations) }
	before := rows()
	file.Documents = slices.DeleteFunc(file.Documents, func(r catalogue.Document) bool { return r.ID == s.ID })
	file.Terms = slices.DeleteFunc(file.Terms, func(r catalogue.Term) bool { return r.ID == s.ID })
	file.Matters = slices.DeleteFunc(file.Matters, func(r catalogue.Matter) bool { return r.ID == s.ID })
	file.Obligations = slices.DeleteFunc(file.Obligations, func(r catalogue.Obligation) bool { return r.ID == s.ID })
	switch rows() {
	case before:
		return f, broken(s.Part, s.ID, "", "unknown_reference", s.ID)
	case 0:
		return f, broken(s.Part, "", "", "empty", "")
	}
	return write(f, s.Part, file)
}

// SetDays replaces the calendar.
type SetDays struct{ Days Days }

// Says names the calendar.
func (SetDays) Says() Said { return Said{"put", Calendar, ""} }

// Apply replaces the calendar, if it can be counted with.
func (s SetDays) Apply(f Files) (Files, error) {
	if s.Days.Rest == nil {
		s.Days.Rest = []Rest{}
	}
	if s.Days.Work == nil {
		s.Days.Work = []string{}
	}
	text, err := indented(s.Days)
	if err != nil {
		return f, err
	}
	return takeDays(f, text)
}

func takeDays(f Files, text []byte) (Files, error) {
	var c Content
	if problems := c.readCalendar(text); len(problems) > 0 {
		return f, &Broken{problems}
	}
	return f.with(Calendar, text), nil
}

// Open opens an act by a legal power, or writes the power anew.
type Open struct{ Power Power }

// Says names the act.
func (s Open) Says() Said { return Said{"open", Powers, s.Power.Act} }

// Apply opens the act.
func (s Open) Apply(f Files) (Files, error) {
	problems := s.Power.Check()
	for i := range problems {
		problems[i].File, problems[i].ID = Powers.File(), s.Power.Act
	}
	if len(problems) > 0 {
		return f, &Broken{problems}
	}
	return setAct(f, s.Power.Act, true, &s.Power)
}

// Close closes an act that a power had opened.
type Close struct{ Act string }

// Says names the act.
func (s Close) Says() Said { return Said{"close", Powers, s.Act} }

// Apply closes the act and takes its power out.
func (s Close) Apply(f Files) (Files, error) { return setAct(f, s.Act, false, nil) }

// setAct writes in the head of every file whether an act is open, and its power.
func setAct(f Files, act string, open bool, power *Power) (Files, error) {
	var list powersFile
	if err := json.Unmarshal(f.Powers, &list); err != nil {
		return f, fmt.Errorf("edition: powers: %w", err)
	}
	list.Powers = slices.DeleteFunc(list.Powers, func(p Power) bool { return p.Act == act })
	if power != nil {
		list.Powers = append(list.Powers, *power)
	}
	text, err := writePowers(list.Powers)
	if err != nil {
		return f, err
	}
	out := f.with(Powers, text)
	for _, p := range Parts() {
		if !p.Rows() {
			continue
		}
		file, problems := catalogue.Read(p.File(), f.Of(p))
		if len(problems) > 0 {
			return f, &Broken{problems}
		}
		a, ok := file.Acts[act]
		if !ok {
			if p == Documents {
				return f, broken(Powers, act, "act", "unknown_reference", act)
			}
			continue
		}
		a.EnabledByDefault = open
		file.Acts[act] = a
		if out, err = write(out, p, file); err != nil {
			return f, err
		}
	}
	return out, nil
}

// Import takes over a whole file: rows of the catalogue as JSON or as a workbook, or a calendar as JSON. Which acts
// are open stays as it is: that takes a power (Open).
type Import struct {
	Name string
	Raw  []byte
	part Part
}

// Says names the part, once it was applied.
func (s *Import) Says() Said { return Said{"import", s.part, ""} }

// Apply replaces the part. A row that refers to what is not there yet is taken over, to be put right by another step;
// everything else that is wrong refuses the file.
func (s *Import) Apply(f Files) (Files, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if !bytes.HasPrefix(s.Raw, []byte("PK\x03\x04")) && json.Unmarshal(s.Raw, &head) == nil && head.Schema == "calendar/1" {
		s.part = Calendar
		out, err := takeDays(f, s.Raw)
		if b, ok := errors.AsType[*Broken](err); ok {
			for i := range b.Problems {
				b.Problems[i].File = s.Name
			}
		}
		return out, err
	}
	file, problems := catalogue.ReadAny(s.Name, s.Raw)
	if len(problems) > 0 {
		return f, &Broken{problems}
	}
	s.part = part(file.Schema)
	have, problems := catalogue.Read(s.part.File(), f.Of(s.part))
	if len(problems) > 0 {
		return f, &Broken{problems}
	}
	file.Acts, file.Stages = have.Acts, have.Stages
	out, err := write(f, s.part, file)
	if err != nil {
		return f, err
	}
	_, problems = Read(out)
	problems = slices.DeleteFunc(problems, func(p catalogue.Problem) bool {
		return p.File != s.part.File() || p.Code == "unknown_reference"
	})
	if len(problems) > 0 {
		for i := range problems {
			problems[i].File = s.Name
		}
		return f, &Broken{problems}
	}
	return out, nil
}
