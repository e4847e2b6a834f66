package app

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/api"
	"zhilu.dev/zhilu/internal/api/tile"
	"zhilu.dev/zhilu/internal/app/casework"
	"zhilu.dev/zhilu/internal/app/giving"
	"zhilu.dev/zhilu/internal/app/onscene"
	"zhilu.dev/zhilu/internal/casefile/stray"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/scrub"
	"zhilu.dev/zhilu/internal/custody/stamp"
	"zhilu.dev/zhilu/internal/door"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/recording/malware"
	"zhilu.dev/zhilu/internal/recording/storage"
	"zhilu.dev/zhilu/internal/rescue"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web"
	"zhilu.dev/zhilu/internal/web/accounts"
	casepages "zhilu.dev/zhilu/internal/web/casefile"
	"zhilu.dev/zhilu/internal/web/devices"
	cases "zhilu.dev/zhilu/internal/web/docket"
	"zhilu.dev/zhilu/internal/web/execute"
	"zhilu.dev/zhilu/internal/web/house"
	"zhilu.dev/zhilu/internal/web/intake"
	"zhilu.dev/zhilu/internal/web/library"
	"zhilu.dev/zhilu/internal/web/links"
	"zhilu.dev/zhilu/internal/web/logbook"
	"zhilu.dev/zhilu/internal/web/papers"
	"zhilu.dev/zhilu/internal/web/people"
	"zhilu.dev/zhilu/internal/web/player"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/rules"
	"zhilu.dev/zhilu/internal/web/signin"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/takeaway"
	"zhilu.dev/zhilu/internal/web/workbench"
)

// workers are the jobs this program can carry out, and those made by the clock.
func (h *House) workers() (*job.Workers, []job.Periodic) {
	w := job.NewWorkers()
	recording.AddWorkers(w, func() *recording.Service { return h.Recordings })
	derivative.AddWorkers(w, func() *derivative.Service { return h.Derived })
	viewing.AddWorkers(w, func() *viewing.Service { return h.Viewing })
	rescue.AddWorkers(w, h.rescue)
	malware.AddWorkers(w, func() *malware.Service { return h.Malware })
	stamp.AddWorkers(w, func() *stamp.Service { return h.stamps })
	giving.AddWorkers(w, func() *giving.Office { return h.Giving })
	onscene.AddWorkers(w, func() *onscene.Office { return h.Scene })
	stray.AddWorkers(w, func() *stray.Service { return h.Strays })
	return w, slices.Concat(recording.Periodic(), derivative.Periodic(), viewing.Periodic(), malware.Periodic(h.server.Clamd), rescue.Periodic(h.server), stamp.Periodic(h.server.TSA, h.server.TSAEvery), stray.Periodic(), giving.Periodic(), onscene.Periodic())
}

// mountLog serves the custody log to anybody.
func (h *House) mountLog(mux *http.ServeMux) error {
	mux.Handle("GET /log/", http.StripPrefix("/log", tile.NewHandler(h.DB.Reader, h.Keys.Origin(), h.Bureau.Name, h.Log)))
	return nil
}

// mountFaces adds the door and the API.
func (h *House) mountFaces(mux *http.ServeMux) error {
	d, err := door.New(door.Config{
		Intake: h.Recordings, Vault: h.Vault, Gate: h.Gate, Actor: h.actor, Words: h.Words, Clock: h.Clock, Log: h.Log,
		ReadOnly: h.readOnly,
	})
	if err != nil {
		return err
	}
	in := h.across(h.arrivals.seen(d))
	mux.Handle(door.BasePath, in)
	mux.Handle(door.BasePath+"/", in)
	return api.Mount(mux, api.Config{Recordings: h.Recordings, Actor: h.actor, Words: h.Words, Log: h.Log, Version: "1"})
}

// mountPages adds the pages.
func (h *House) mountPages(mux *http.ServeMux, watch *logWatch) error {
	s, err := site.New(site.Config{
		Gate: h.Gate, Accounts: h.Accounts, Words: h.Words, Clock: h.Clock, Log: h.Log, Bureau: h.Bureau.Name,
		DepartmentName: h.departmentName, LogState: watch.state, Counts: h.counts,
	})
	if err != nil {
		return err
	}
	web.Mount(mux, s, h.Routes(watch))
	return nil
}

// Routes are all pages. Tests walk them, role by role.
func (h *House) Routes(watch *logWatch) []site.Route {
	var all []site.Route
	looks := h.Giving.Looks()
	films := links.New(links.Deps{
		Duties: h.Duties, Recordings: h.Recordings, Strays: h.Strays, Cases: h.Cases, Rules: h.Regulation, People: h.Org,
	})
	desk := casework.Desk{DB: h.DB, Cases: h.Cases, Org: h.Org, Viewing: h.Viewing, Recordings: h.Recordings, Clock: h.Clock, ActorName: h.actorName}
	for _, area := range [][]site.Route{
		signin.Routes(h.Accounts),
		workbench.Routes(workbench.Deps{Duties: h.Duties, Org: h.Org, Accounts: h.Accounts, Devices: h.Devices, Inbox: h.inbox, Grants: h.Viewing.Grants}),
		library.Routes(library.Deps{Recordings: h.Recordings, People: h.Org, Devices: h.Devices, Shelf: h.Shelf, Pictures: h.Viewing.MayPicture}),
		record.Routes(record.Deps{
			Recordings: h.Recordings, People: h.Org, Accounts: h.Accounts, Devices: h.Devices, Settings: h.Regulation, Press: h.Press, Log: h.DB.Reader,
			Origin: h.Keys.Origin(), Bureau: h.Bureau.Name, Look: looks.Sheet, Parts: []record.Part{films.Sheet, h.Giving.Masks().Sheet, h.Giving.Whence().Sheet}, Marks: h.Giving.Marks().Sheet,
		}),
		looks.Routes(),
		h.Giving.Routes(),
		h.Scene.Routes(),
		cases.Routes(cases.Deps{Cases: h.Docket, People: h.Org, Rules: h.Regulation}),
		takeaway.Routes(takeaway.Deps{Cases: h.Cases, Requests: h.Viewing, Packer: h.Packing, Temp: filepath.Join(h.Place.Data, "tmp", "cases"), Whole: h.Giving.SendWhole}),
		films.Routes(),
		player.Routes(h.Giving.Film()),
		intake.Routes(intake.Deps{
			Recordings: h.Recordings, Duties: h.Duties, People: h.Org, Accounts: h.Accounts, Devices: h.Devices, Log: h.DB.Reader,
			Confirm: h.Accounts.ConfirmPassword,
		}),
		devices.Routes(devices.Deps{Devices: h.Devices, Org: h.Org, Accounts: h.Accounts}),
		people.Routes(people.Deps{Org: h.Org, Accounts: h.Accounts}),
		execute.Routes(execute.Deps{Cases: h.Cases}),
		casepages.Routes(casepages.Deps{
			Cases: h.Cases, Rules: h.Regulation, Officers: desk.Officers, Names: h.Org.Names, Tree: h.Org.Tree, Story: desk.Story, Recording: desk.Recording,
		}),
		papers.Routes(papers.Deps{
			Cases: h.Cases, Officers: desk.Officers, Names: h.Org.Names, Recording: desk.Recording, Press: h.Press, Bureau: h.Bureau.Name,
		}),
		rules.Routes(rules.Deps{Regulation: h.Regulation}),
		accounts.Routes(accounts.Deps{Accounts: h.Accounts, Org: h.Org, Pin: h.PublicPin()}),
		logbook.Routes(logbook.Deps{
			DB: h.DB, Gate: h.Gate, ActorName: h.actorName, SubjectName: h.subjectName, Fingerprint: h.TrustFingerprint, State: watch.state,
			Outside: h.outlook().Facts,
		}),
		house.Routes(house.Deps{Regulation: h.Regulation, Access: h.Access, PersonName: h.personName, Health: h.health(watch), Scrub: h.scrub().State, Diagnose: h.Diagnosis().For}),
	} {
		all = append(all, area...)
	}
	return all
}

// departmentName names a department, "" for none.
func (h *House) departmentName(ctx context.Context, id ident.DepartmentID) string {
	if id == "" {
		return ""
	}
	tree, err := h.Org.Tree(ctx)
	if err != nil {
		return ""
	}
	d, _ := tree.Find(id)
	return d.Name
}

// personName names a person, their id where that fails.
func (h *House) personName(ctx context.Context, id ident.PersonID) string {
	p, err := h.Org.Person(ctx, id)
	if err != nil {
		return string(id)
	}
	return p.Name
}

// actorName names who did what an entry says.
func (h *House) actorName(ctx context.Context, a custody.Actor) string {
	switch a.Kind {
	case custody.Person:
		if acc, err := h.Accounts.Account(ctx, ident.AccountID(a.ID)); err == nil {
			return h.personName(ctx, acc.Person)
		}
	case custody.Dock, custody.Token:
		if k, err := h.Accounts.Token(ctx, ident.TokenID(a.ID)); err == nil {
			return k.Name
		}
	case custody.System, custody.Host, custody.Anyone:
	}
	return a.ID
}

// subjectName names what an entry is about: people, their accounts, departments, tokens. Cameras and recordings keep
// their ids there: the log is read by administrators, who may know nothing of evidence.
func (h *House) subjectName(ctx context.Context, s custody.Subject) string {
	switch s.Kind {
	case "account":
		if acc, err := h.Accounts.Account(ctx, ident.AccountID(s.ID)); err == nil {
			return h.personName(ctx, acc.Person)
		}
	case "person":
		if p, err := h.Org.Person(ctx, ident.PersonID(s.ID)); err == nil {
			return p.Name
		}
	case "department":
		return h.departmentName(ctx, ident.DepartmentID(s.ID))
	case "token":
		if k, err := h.Accounts.Token(ctx, ident.TokenID(s.ID)); err == nil {
			return k.Name
		}
	}
	return ""
}

// counts are the figures beside the places of the navigation.
func (h *House) counts(ctx context.Context, actor access.Actor) site.Counts {
	var c site.Counts
	var err error
	if c.Duties, c.Overdue, err = workbench.Owed(ctx, h.Duties, actor, h.Clock.Now()); err != nil {
		h.Log.WarnContext(ctx, "duties not counted", "err", err)
	}
	if h.Gate.May(actor, access.InboxList, access.Subject{Kind: "page"}) {
		if c.Inbox, err = h.inbox(ctx, actor); err != nil {
			h.Log.WarnContext(ctx, "inbox not counted", "err", err)
		}
	}
	if h.Gate.May(actor, access.HealthView, access.Subject{Kind: "page"}) {
		if c.Damage, err = scrub.Count(ctx, h.DB.Reader); err != nil {
			h.Log.WarnContext(ctx, "damage not counted", "err", err)
		}
	}
	if actor.Has(access.Head, access.Leader) {
		if c.Viewings, err = h.Viewing.Waiting(ctx, actor); err != nil {
			h.Log.WarnContext(ctx, "requests not counted", "err", err)
		}
	}
	return c
}

// inbox counts what waits to be claimed, as far as the actor may know of it.
func (h *House) inbox(ctx context.Context, actor access.Actor) (int, error) {
	page, err := h.Recordings.Inbox(ctx, actor, recording.Filter{}, "", 1)
	return page.Count, err
}

// watchClock holds our clock against one that never jumps (G8).
func (h *House) watchClock(ctx context.Context, ready func()) error {
	ready()
	var w storage.Watch
	begun := time.Now() //nolint:forbidigo // the one that never jumps: only its monotonic part is used
	for {
		if err := h.Recordings.SeeClock(ctx, &w, time.Since(begun)); err != nil { //nolint:forbidigo // monotonic
			h.Log.ErrorContext(ctx, "a jump of the clock was not written down", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(10 * time.Second):
		}
	}
}
