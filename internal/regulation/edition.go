package regulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Adoption is what is known of an edition without reading it.
type Adoption struct {
	ID          ident.EditionID
	Number      int    // 1 for the first that was adopted, 0 for what the program ships
	From        string // YYYY-MM-DD, its first day in Beijing; "" for what the program ships
	Words       string // why it was made
	AdoptedAt   time.Time
	AdoptedBy   ident.PersonID
	AdoptedName string
	Draft       ident.DraftID
	Entry       ident.EntryID
}

// Edition (版本) is the regulation as it is in force from a day on: catalogue, calendar and powers. What it holds is
// shared between callers and MUST NOT be changed.
type Edition struct {
	Adoption
	Effective time.Time // the first day it governs, midnight in Beijing; zero for what the program ships
	Catalogue catalogue.Catalogue
	Calendar  term.Calendar
	Powers    []edition.Power
	Files     edition.Files
	Content   edition.Content
}

// editions are those that were read, by number. What was adopted never changes, so it is read once.
type editions struct {
	mu   sync.Mutex
	read map[int]*Edition
}

// EditionOn gives the edition in force on the day, in Beijing, that the moment lies in. Before the first adoption
// takes effect it is what the program ships, with number 0.
func (s *Service) EditionOn(ctx context.Context, day time.Time) (Edition, error) {
	a, err := editionOn(ctx, s.db.Reader, dayOf(day))
	if fault.Is(err, fault.NotFound) {
		return s.editions.get(Adoption{}, edition.Shipped)
	}
	if err != nil {
		return Edition{}, err
	}
	return s.load(ctx, a)
}

// Edition gives the edition of this number, fault NotFound "edition.none" if there is none.
func (s *Service) Edition(ctx context.Context, number int) (Edition, error) {
	if number == 0 {
		return s.editions.get(Adoption{}, edition.Shipped)
	}
	a, err := editionNumbered(ctx, s.db.Reader, number)
	if err != nil {
		return Edition{}, err
	}
	return s.load(ctx, a)
}

// Editions lists what was adopted, newest first.
func (s *Service) Editions(ctx context.Context) ([]Adoption, error) {
	return selectEditions(ctx, s.db.Reader)
}

func (s *Service) load(ctx context.Context, a Adoption) (Edition, error) {
	return s.editions.get(a, func() (edition.Files, error) { return selectFiles(ctx, s.db.Reader, a.ID) })
}

func (e *editions) get(a Adoption, files func() (edition.Files, error)) (Edition, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if have, ok := e.read[a.Number]; ok {
		return *have, nil
	}
	f, err := files()
	if err != nil {
		return Edition{}, err
	}
	c, problems := edition.Read(f)
	if len(problems) > 0 {
		// It was judged when it was adopted: either somebody edited the row, or a newer program judges more strictly. What it
		// says stays what cases are judged by; only what cannot be read at all ends the call.
		if len(c.Catalogue.Documents) == 0 || len(c.Catalogue.Terms) == 0 {
			return Edition{}, fmt.Errorf("regulation: edition %d: %+v", a.Number, problems[0])
		}
	}
	out := &Edition{Adoption: a, Catalogue: c.Catalogue, Calendar: c.Calendar, Powers: c.Powers, Files: f, Content: c}
	if a.From != "" {
		if out.Effective, err = time.ParseInLocation(time.DateOnly, a.From, clock.Shanghai); err != nil {
			return Edition{}, fmt.Errorf("regulation: edition %d: %w", a.Number, err)
		}
	}
	if e.read == nil {
		e.read = map[int]*Edition{}
	}
	e.read[a.Number] = out
	return *out, nil
}

// dayOf is the day of a moment in Beijing. A day as package term has it, midnight UTC, stays that day.
func dayOf(t time.Time) string { return t.In(clock.Shanghai).Format(time.DateOnly) }
