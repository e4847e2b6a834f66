// Package record is the page of one recording: its verdict with the sum, every fact with where it is known from, its
// files with their digests, its history with a proof for each entry, what was said of it later, and the papers to take
// away. It never shows a picture or plays a sound (decision 1); it says on what the reader may look, and how to ask.
package record

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/web/site"
)

// Recordings gives and annotates recordings; *recording.Service is one.
type Recordings interface {
	Get(ctx context.Context, actor access.Actor, id ident.RecordingID) (recording.Detail, error)
	FileRecording(ctx context.Context, id ident.FileID) (ident.RecordingID, error)
	Receipt(ctx context.Context, actor access.Actor, id ident.ReceiptID) ([]byte, error)
	FileReceipt(ctx context.Context, actor access.Actor, id ident.FileID) ([]byte, error)
	AddReturn(ctx context.Context, actor access.Actor, id ident.RecordingID, n recording.ReturnNote) error
	Designate(ctx context.Context, actor access.Actor, id ident.RecordingID, d recording.Designation) error
	Assign(ctx context.Context, actor access.Actor, id ident.RecordingID, a recording.Assignment) error
	TakeApart(ctx context.Context, actor access.Actor, part ident.RecordingID, reason string) error
	Certify(ctx context.Context, actor access.Actor, id ident.RecordingID, c recording.Certificate) error
}

// Press sets papers as PDF; *sheet.Press is one.
type Press interface {
	Ready() error
	Set(ctx context.Context, paper sheet.Paper) (sheet.PDF, error)
}

// People names people and offers them to choose from; *org.Service is one.
type People interface {
	People(ctx context.Context, actor access.Actor, f org.PeopleFilter) (org.Page[org.Person], error)
	Names(ctx context.Context, ids []ident.PersonID) (map[ident.PersonID]string, error)
	Tree(ctx context.Context) (org.Tree, error)
}

// Accounts tells whose account acted; *account.Service is one.
type Accounts interface {
	Account(ctx context.Context, id ident.AccountID) (account.Account, error)
}

// Devices offers the cameras a custodian may name; *device.Inventory is one.
type Devices interface {
	List(ctx context.Context, actor access.Actor, f device.Filter) (org.Page[device.Item], error)
	Get(ctx context.Context, actor access.Actor, id ident.DeviceID) (device.Item, error)
}

// Settings gives what the bureau adopted; *regulation.Service is one.
type Settings interface {
	Current(ctx context.Context) (regulation.Version, error)
}

// Deps is what the area needs. Log is the database the custody log is read from; Origin and Bureau are what its trust
// file states.
type Deps struct {
	Recordings Recordings
	People     People
	Accounts   Accounts
	Devices    Devices
	Settings   Settings
	Press      Press
	Log        bun.IDB
	Origin     string
	Bureau     string
	// Look is the part of the page about looking at a recording: on what the reader may, or how to ask.
	Look Part
	// Parts are the parts of the page about what belongs to it: its cases, and what was made, handed in or given out of it.
	Parts []Part
	// Marks is the part of the page about what it holds that the law protects; nil for none.
	Marks Part
}

// Part makes a part of the page; templ.NopComponent where there is nothing to say.
type Part = func(p *site.Page, r recording.Recording) (templ.Component, error)

// Routes are the pages of this area. Every one asks the service about the recording itself.
func Routes(d Deps) []site.Route {
	a := area{d}
	page := func(method, path string, action access.Action, h func(*site.Page) error) site.Route {
		return site.Route{Method: method, Path: path, Action: action, Object: true, Handle: h}
	}
	return []site.Route{
		page(http.MethodGet, "/recordings/{id}", access.RecordingView, a.show),
		page(http.MethodGet, "/recordings/{id}/certificate", access.RecordingView, a.certificate),
		page(http.MethodPost, "/recordings/{id}/certificate", access.RecordingCertify, a.makeCertificate),
		page(http.MethodPost, "/recordings/{id}/return", access.RecordingReturnNote, a.addReturn),
		page(http.MethodPost, "/recordings/{id}/designate", access.RecordingDesignate, a.designate),
		page(http.MethodPost, "/recordings/{id}/assign", access.RecordingAssign, a.assign),
		page(http.MethodPost, "/recordings/{id}/apart", access.RecordingAssign, a.apart),
		page(http.MethodGet, "/receipts/{id}", access.RecordingView, a.receipt),
		page(http.MethodGet, "/files/{id}/receipt", access.RecordingView, a.fileReceipt),
		page(http.MethodGet, "/entries/{id}/proof", access.RecordingView, a.proof),
	}
}

type area struct{ Deps }

// subject is the recording as policies ask about it.
func subject(d recording.Detail) access.Subject {
	return access.Subject{Kind: "recording", ID: string(d.ID), Department: d.Department, Officer: d.Officer}
}

// detail reads the recording that the address names; an address that holds no id names none.
func (a area) detail(p *site.Page) (recording.Detail, error) {
	id, err := site.PathID[ident.RecordingID](p, "id", "recording.unknown")
	if err != nil {
		return recording.Detail{}, err
	}
	return a.Recordings.Get(p.Context(), p.Actor, id)
}
