package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/casefile/casetest"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/viewing"
)

// TestCaseScripts are scripts in a house that has a case: $CASE its number, $REQUEST and $PENDING requests of "reviewer" to look at
// it, the first consented to; $OTHER a request of "head" for a recording-less other case; $SHEET what sets papers. // decision 3
func TestCaseScripts(t *testing.T) {
	t.Parallel()
	papers, err := filepath.Abs(filepath.Join("..", "..", "internal", "sheet", "helper"))
	if err != nil {
		t.Fatal(err)
	}
	press := sheet.New(sheet.Config{Log: slog.New(slog.DiscardHandler), Modules: papers})
	if err := press.Ready(); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "case"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("SHEET", papers)
			if err := setup(e); err != nil {
				return err
			}
			houseWithCase(t, e)
			return nil
		},
		Cmds:                commandsOfScripts(),
		RequireExplicitExec: true,
	})
}

// cheap makes passwords fast.
var cheap = account.HashParams{Passes: 1, Memory: 64, Threads: 1}

const newPassword = "a password of its own 2026"

// houseWithCase makes a house in the script's folder with one case of a few papers, signed by the people whose they are.
func houseWithCase(t *testing.T, e *testscript.Env) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	now := clock.NewManual(time.Now().Add(-time.Hour)) // the program itself goes by the real clock
	place := config.Place{Data: filepath.Join(e.WorkDir, "data"), Keys: filepath.Join(e.WorkDir, "keys")}
	_, err := app.Init(ctx, app.InitConfig{Place: place, Bureau: "云溪县司法局", Clock: now, Log: log, Hash: cheap})
	must(err)
	h, err := app.Open(ctx, app.OpenConfig{Place: place, Clock: now, Log: log, WithVault: true, Hash: cheap})
	must(err)
	defer func() { must(h.Close()) }()
	host := access.HostActor("test")
	d, err := h.Org.EnsureDepartment(ctx, host, "公共法律服务科")
	must(err)
	w := &casetest.World{World: &gatetest.World{DB: h.DB, Gate: h.Gate, Access: h.Access, Clock: now, Log: log}, T: t, Org: h.Org, Rules: h.Regulation, Cases: h.Cases, Department: d}
	var reviewer access.Actor
	for _, p := range []struct {
		to          *access.Actor
		name        string
		role        access.Role
		certificate string
	}{
		{&w.A, "officer1", access.Officer, "云执0417"},
		{&w.B, "officer2", access.Officer, "云执0388"},
		{&w.Head, "head", access.Head, ""},
		{&w.Leader, "leader", access.Leader, ""},
		{&reviewer, "reviewer", access.LegalReviewer, ""},
		{&w.Supervisor, "supervisor", access.Supervisor, ""},
	} {
		u := app.NewUser{Name: p.name, Username: p.name, Department: d, Roles: []access.Role{p.role}}
		if p.certificate != "" {
			today := org.DayOf(now.Now())
			u.Certificate = &org.CertificateEdit{Number: p.certificate, Kind: org.Enforcement, ValidFrom: today.AddDate(-1, 0, 0), ValidTo: today.AddDate(2, 0, 0)}
		}
		login, err := h.AddUser(ctx, host, u)
		must(err)
		in, err := h.Accounts.SignIn(ctx, account.SignInRequest{Username: p.name, Password: login.Password, IP: "127.0.0.1"})
		must(err)
		actor, session, err := h.Accounts.Authenticate(ctx, in.Token)
		must(err)
		must(h.Accounts.ChangePassword(ctx, actor, session, login.Password, newPassword))
		*p.to, err = h.Accounts.ActorOf(ctx, ident.AccountID(actor.ID))
		must(err)
	}
	w.Legal = reviewer
	c := w.Open("penalty", matter.Ordinary, matter.Organisation)
	w.Sign(w.Draft(w.A, c.ID, "case-source-register", nil))
	w.Approve(w.Draft(w.A, c.ID, "case-filing-approval", map[string]any{"filing_outcome": "filed"}))
	w.Draft(w.A, c.ID, "onsite-inspection-record", nil) // a draft is no part of the file
	other := w.Open("penalty", matter.Ordinary, matter.Organisation)
	ask := func(who access.Actor, id ident.CaseID, consent bool) string {
		r, err := h.Viewing.Ask(ctx, who, viewing.Ask{Case: id, Purpose: viewing.PurposeReply, Words: "答复行政复议", Until: now.Now().Add(48 * time.Hour)})
		must(err)
		if consent {
			must(h.Viewing.Decide(ctx, w.Head, r.ID, viewing.Decision{Consent: true}))
		}
		return strconv.FormatInt(r.No, 10)
	}
	e.Setenv("CASE", c.No)
	e.Setenv("REQUEST", ask(reviewer, c.ID, true))
	e.Setenv("OTHER", ask(reviewer, other.ID, true))
	e.Setenv("PENDING", ask(w.A, c.ID, false))
}
