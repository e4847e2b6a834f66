// Package onscene builds what concerns on-scene activities and their footage, and hands the house its services, pages, jobs and tables in one
// piece each.
package onscene

import (
	"context"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/activity"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/coverage"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/regulation"
	pages "zhilu.dev/zhilu/internal/web/activities"
	"zhilu.dev/zhilu/internal/web/site"
)

// Deps is what the house gives.
type Deps struct {
	DB         *db.DB
	Gate       *gate.Gate
	Clock      clock.Clock
	Org        *org.Service
	Accounts   *account.Service
	Devices    *device.Inventory
	Regulation *regulation.Service
	Cases      *casefile.Service
	Derived    *derivative.Service
	// DepartmentName names a department, "" for none.
	DepartmentName func(ctx context.Context, id ident.DepartmentID) string
}

// Office holds the services.
type Office struct {
	d        Deps
	Activity *activity.Service
	Coverage *coverage.Service
}

// New builds them.
func New(d Deps) (*Office, error) {
	o := &Office{d: d}
	var err error
	o.Activity, err = activity.New(activity.Config{
		DB: d.DB, Gate: d.Gate, Clock: d.Clock, Rules: d.Regulation, Person: o.person, Notified: o.notified,
		Case: func(ctx context.Context, actor access.Actor, id ident.CaseID) (string, ident.DepartmentID, error) {
			f, err := d.Cases.Get(ctx, actor, id)
			return f.Case.No, f.Case.Department, err
		},
		Device: func(ctx context.Context, id ident.DeviceID) (string, error) {
			x, err := device.Find(ctx, d.DB.Reader, id)
			return x.Label, err
		},
	})
	if err != nil {
		return nil, err
	}
	o.Coverage, err = coverage.New(coverage.Config{DB: d.DB, Gate: d.Gate, Clock: d.Clock, Rules: d.Regulation, Ear: d.Derived})
	return o, err
}

func (o *Office) person(ctx context.Context, id ident.PersonID) (string, error) {
	p, err := o.d.Org.Person(ctx, id)
	return p.Name, err
}

// notified says who a stop may be reported to: the head of the department and the leaders (第十七条).
func (o *Office) notified(ctx context.Context, d ident.DepartmentID, id ident.PersonID) (bool, error) {
	list, err := o.addressees(ctx, d)
	return slices.Contains(list, id), err
}

func (o *Office) addressees(ctx context.Context, d ident.DepartmentID) ([]ident.PersonID, error) {
	leaders, err := o.d.Accounts.Leaders(ctx)
	if err != nil {
		return nil, err
	}
	head, err := o.d.Accounts.HeadOf(ctx, d)
	if err == nil && head != "" {
		leaders = append([]ident.PersonID{head}, leaders...)
	}
	return leaders, err
}

// Routes are the pages.
func (o *Office) Routes() []site.Route {
	return pages.Routes(pages.Deps{
		Activities: o.Activity, Coverage: o.Coverage, DepartmentName: o.d.DepartmentName, Names: o.d.Org.Names, Addressees: o.addressees, Held: o.held, Colleagues: o.colleagues,
		CaseByNumber: func(ctx context.Context, actor access.Actor, no string) (ident.CaseID, error) {
			f, err := o.d.Cases.ByNumber(ctx, actor, no)
			return f.Case.ID, err
		},
	})
}

// held gives the cameras that somebody has in hand.
func (o *Office) held(ctx context.Context, actor access.Actor) ([]activity.Member, error) {
	out, err := o.d.Devices.Issues(ctx, actor, device.IssueFilter{Person: actor.Person, Open: true})
	if err != nil {
		return nil, err
	}
	var list []activity.Member
	for _, e := range out.Items {
		list = append(list, activity.Member{Device: e.Device, Person: actor.Person, Name: e.Label})
	}
	return list, nil
}

// colleagues gives the people of a department.
func (o *Office) colleagues(ctx context.Context, actor access.Actor) ([]activity.Member, error) {
	list, err := o.d.Org.People(ctx, access.HostActor("onscene"), org.PeopleFilter{Departments: []ident.DepartmentID{actor.Department}, Limit: 200})
	var out []activity.Member
	for _, p := range list.Items {
		if p.ID != actor.Person && p.Active() {
			out = append(out, activity.Member{Person: p.ID, Name: p.Name})
		}
	}
	return out, err
}

// AddWorkers registers the jobs; the office is asked for when a job runs, since the queue must exist before it.
func AddWorkers(w *job.Workers, office func() *Office) {
	coverage.AddWorkers(w, func() *coverage.Service { return office().Coverage })
}

// Periodic lists the jobs made by the clock.
func Periodic() []job.Periodic { return coverage.Periodic() }

// Tables are those whose rows the log says.
func Tables() []vouch.Table { return slices.Concat(activity.Tables(), coverage.Tables()) }
