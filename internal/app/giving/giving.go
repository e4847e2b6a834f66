// Package giving builds what concerns marks, masked copies, giving out, discs and the people who were filmed, and hands the
// house its services, pages, jobs and tables in one piece each.
package giving

import (
	"context"
	"log/slog"
	"slices"

	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app/packing"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/persons"
	"zhilu.dev/zhilu/internal/persons/lookup"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/recording/handed"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/grab"
	"zhilu.dev/zhilu/internal/viewing/loan"
	"zhilu.dev/zhilu/internal/viewing/moment"
	"zhilu.dev/zhilu/internal/viewing/refused"
	"zhilu.dev/zhilu/internal/web/site"
)

// Deps is what the house gives. Data is the house's data folder, Temp where large files may be put together.
type Deps struct {
	DB         *db.DB
	Gate       *gate.Gate
	Words      *locale.Catalogue
	Clock      clock.Clock
	Log        *slog.Logger
	Keys       *keyring.Keyring // nil where nothing may be signed
	Vault      vault.Vault
	Press      *sheet.Press
	Packing    *packing.Office
	Org        *org.Service
	Accounts   *account.Service
	Duties     *duty.Book
	Recordings *recording.Service
	Derived    *derivative.Service
	Viewing    *viewing.Service
	Regulation *regulation.Service
	Cases      *casefile.Service
	Bureau     string
	Data       string
	Temp       string
	Programs   string // folder with the programs that go on every disc; "" for none
	// DepartmentName names a department, "" for none.
	DepartmentName func(ctx context.Context, id ident.DepartmentID) string
	// ActorName names who did what an entry says.
	ActorName func(ctx context.Context, a custody.Actor) string
}

// Office holds the services.
type Office struct {
	d Deps

	Marking   *marking.Service
	Persons   *persons.Service
	Lookup    *lookup.Service
	Redaction *redaction.Service
	Grabs     *grab.Service
	Moments   *moment.Service
	Loans     *loan.Service
	Handed    *handed.Service
	Refused   *refused.Service
	Disc      *disc.Service
	Given     *disclosure.Service
}

// New builds them.
func New(_ context.Context, d Deps) (*Office, error) {
	o := &Office{d: d}
	o.openGrabs()
	if err := o.openLoans(); err != nil {
		return nil, err
	}
	if err := o.openMarking(); err != nil {
		return nil, err
	}
	if err := o.openHanded(); err != nil {
		return nil, err
	}
	if err := o.openPersons(); err != nil {
		return nil, err
	}
	if err := o.openLookup(); err != nil {
		return nil, err
	}
	if err := o.openRedaction(); err != nil {
		return nil, err
	}
	if o.d.Keys == nil {
		return o, nil
	}
	if err := o.openGiven(); err != nil {
		return nil, err
	}
	var err error
	o.Disc, err = d.Discs(nil)
	return o, err
}

// Routes are the pages.
func (o *Office) Routes() []site.Route {
	return slices.Concat(o.Marks().Routes(), o.personRoutes(), o.lookupRoutes(), o.handedRoutes(), o.discRoutes(), o.Masks().Routes(), o.callRoutes(), o.givenPages())
}

// AddWorkers registers the jobs; the office is asked for when a job runs, since the queue must exist before it.
func AddWorkers(w *job.Workers, office func() *Office) {
	redaction.AddWorkers(w, func() *redaction.Service { return office().Redaction })
	disc.AddWorkers(w, func() *disc.Service { return office().Disc })
	disclosure.AddWorkers(w, func() *disclosure.Service { return office().Given })
}

// Periodic lists the jobs made by the clock.
func Periodic() []job.Periodic {
	return slices.Concat(redaction.Periodic(), disc.Periodic(), disclosure.Periodic())
}

// Tables are those whose rows the log says.
func Tables() []vouch.Table {
	return slices.Concat(marking.Tables(), persons.Tables(), lookup.Tables(), redaction.Tables(), grab.Tables(), loan.Tables(), handed.Tables(), disc.Tables(), disclosure.Tables())
}
