package regulation

import (
	"context"
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

// Edition is the catalogue as it is in force from a day on. Number 0 is what the program ships, before a bureau has
// adopted anything.
type Edition struct {
	Number    int
	Catalogue catalogue.Catalogue
	Calendar  term.Calendar
	Effective time.Time // the first day it governs; zero for number 0
	AdoptedAt time.Time
	AdoptedBy ident.PersonID
	Entry     ident.EntryID
}

var shipped = sync.OnceValues(func() (Edition, error) {
	c, err := catalogue.Shipped()
	if err != nil {
		return Edition{}, err
	}
	cal, err := term.ReadCalendar(catalogue.ShippedCalendar())
	return Edition{Catalogue: c, Calendar: cal}, err
})

// EditionOn gives the edition in force on a day. It is to be read only: it is shared.
func (s *Service) EditionOn(context.Context, time.Time) (Edition, error) { return shipped() }

// Edition gives the edition of this number; fault NotFound "edition.none" if there is none.
func (s *Service) Edition(context.Context, int) (Edition, error) { return shipped() }
