// Package viewings are the pages of looking (查阅): asking for consent, giving or refusing it, grants in force, and the
// register that writes itself. The player is a package of its own; nothing here shows a picture.
package viewings

import (
	"context"
	"iter"
	"net/http"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/site"
)

// Viewings asks, decides and registers; *viewing.Service is one.
type Viewings interface {
	Ask(ctx context.Context, actor access.Actor, a viewing.Ask) (*viewing.Request, error)
	Decide(ctx context.Context, actor access.Actor, id ident.ViewingID, d viewing.Decision) error
	Withdraw(ctx context.Context, actor access.Actor, id ident.ViewingID) error
	Revoke(ctx context.Context, actor access.Actor, id ident.ViewingID, reason string) error
	List(ctx context.Context, actor access.Actor, v viewing.View, after string, limit int) (viewing.Page, error)
	Get(ctx context.Context, actor access.Actor, id ident.ViewingID) (*viewing.Request, error)
	Own(ctx context.Context, actor access.Actor, rec ident.RecordingID) (*viewing.Request, error)
	Requests(ctx context.Context, ids []ident.ViewingID) (map[ident.ViewingID]viewing.Request, error)
	May(actor access.Actor, action access.Action, r *viewing.Request) bool
	Basis(ctx context.Context, actor access.Actor, o viewing.Object) (viewing.Basis, error)
	RegistrationOf(ctx context.Context, rec ident.RecordingID) (viewing.Registration, bool, error)
	Ledger(ctx context.Context, actor access.Actor, f viewing.RegisterFilter, after string, limit int) (viewing.RegisterPage, error)
	Export(ctx context.Context, actor access.Actor, f viewing.RegisterFilter) (iter.Seq2[viewing.Look, error], error)
	Confirm(ctx context.Context, actor access.Actor, id ident.LookID, remark string) error
	CaseOf(ctx context.Context, id ident.CaseID) (viewing.CaseObject, error)
	MayConfirm(actor access.Actor, l *viewing.Look) bool
}

// Recordings tells what recordings are; *recording.Service is one.
type Recordings interface {
	Brief(ctx context.Context, id ident.RecordingID) (recording.Recording, error)
}

// People names people and departments; *org.Service is one.
type People interface {
	Names(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error)
	Tree(ctx context.Context) (org.Tree, error)
}

// Deps is what the area needs. Object is a recording as consent asks about it.
type Deps struct {
	Viewings   Viewings
	Recordings Recordings
	People     People
	Bureau     string
	Object     func(ctx context.Context, id ident.RecordingID) (viewing.Object, error)
	// Grabs counts the still pictures that were kept from looks.
	Grabs func(ctx context.Context, looks []ident.LookID) (map[ident.LookID]int, error)

	Loans   Loans
	Refused Refusals
	// ActorName names who did what an entry says.
	ActorName func(ctx context.Context, a custody.Actor) string
	Log       Log
}

// Addresses of the area.
const (
	Path         = "/viewings"
	newPath      = Path + "/new"
	registerPath = "/register"
	exportPath   = registerPath + "/export"
	printPath    = registerPath + "/print"
	proofPath    = registerPath + "/proof"
	loansPath    = registerPath + "/loans"
	refusedPath  = registerPath + "/refused"
)

// Area is the pages over their services.
type Area struct{ Deps }

// New makes the area.
func New(d Deps) Area { return Area{d} }

// Routes are the pages of this area.
func (a Area) Routes() []site.Route {
	object := func(method, path string, action access.Action, h func(*site.Page) error) site.Route {
		return site.Route{Method: method, Path: path, Action: action, Object: true, Handle: h}
	}
	return []site.Route{
		{Method: http.MethodGet, Path: Path, Action: access.ViewingList, Handle: a.list},
		{Method: http.MethodGet, Path: newPath, Action: access.ViewingAsk, Handle: a.form},
		object(http.MethodPost, Path, access.ViewingAsk, a.ask),
		object(http.MethodGet, Path+"/{id}", access.ViewingView, a.show),
		object(http.MethodPost, Path+"/{id}/decide", access.ViewingDecide, a.decide),
		object(http.MethodPost, Path+"/{id}/withdraw", access.ViewingWithdraw, a.withdraw),
		object(http.MethodPost, Path+"/{id}/revoke", access.ViewingRevoke, a.revoke),
		{Method: http.MethodGet, Path: registerPath, Action: access.RegisterList, Handle: a.register},
		{Method: http.MethodGet, Path: exportPath, Action: access.RegisterExport, Handle: a.export},
		{Method: http.MethodGet, Path: printPath, Action: access.RegisterExport, Handle: a.print},
		object(http.MethodPost, registerPath+"/confirm", access.RegisterConfirm, a.confirm),
		{Method: http.MethodGet, Path: proofPath, Action: access.RegisterExport, Handle: a.proof},
		object(http.MethodPost, Path+"/{id}/loans", access.LoanHand, a.handOut),
		object(http.MethodPost, registerPath+"/loans/{loan}/take", access.LoanTake, a.takeBack),
		{Method: http.MethodGet, Path: loansPath, Action: access.RegisterList, Handle: a.loanList},
		{Method: http.MethodGet, Path: loansPath + "/export", Action: access.RegisterExport, Handle: a.exportLoans},
		{Method: http.MethodGet, Path: refusedPath, Action: access.RegisterList, Handle: a.refusedList},
		{Method: http.MethodGet, Path: refusedPath + "/export", Action: access.RegisterExport, Handle: a.exportRefused},
	}
}

func path(id ident.ViewingID) string { return Path + "/" + string(id) }
