package app

import (
	"context"
	"errors"
	"path/filepath"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app/packing"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/viewing"
)

// CaseExport says what the host's command wants: the case of this number, for the account As, on its request, as the folder Out.
type CaseExport struct {
	Number   string
	Request  int64
	As       string // sign-in name
	Out      string
	Sheet    string // folder with the node_modules that set papers; empty looks beside the program
	Progress func(done, total int)
}

// ExportCase makes the package of a case from the host. It walks round nothing: what may be taken away is decided of the named
// person and their request (decision 3). A server may run on the same data; where none does, the log is signed here.
func ExportCase(ctx context.Context, c OpenConfig, q CaseExport) (res dossier.Result, err error) {
	h, err := Open(ctx, c)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if h.Keys == nil {
		return res, fault.New(fault.Invalid, "dossier.keys").At("keys")
	}
	account, err := h.Accounts.AccountNamed(ctx, q.As)
	if err != nil {
		return res, err
	}
	actor, err := h.Accounts.ActorOf(ctx, account.ID)
	if err != nil {
		return res, err
	}
	f, err := h.Cases.ByNumber(ctx, access.HostActor("export case"), q.Number)
	if err != nil {
		return res, err
	}
	press := sheet.New(sheet.Config{Log: h.Log, Modules: q.Sheet})
	defer func() { err = errors.Join(err, press.Close()) }()
	var own *custody.Sequencer
	defer func() {
		if own != nil {
			err = errors.Join(err, own.Close())
		}
	}()
	o, err := h.packing(press, func(ctx context.Context) (err error) {
		if own == nil {
			if own, err = h.newSequencer(ctx, h.Bureau.Name); err != nil {
				own = nil
				if fault.HasCode(err, "log.locked") { // the server signs
					err = nil
				}
				return err
			}
		}
		_, err = own.Sequence(ctx)
		return err
	})
	if err != nil {
		return res, err
	}
	out, err := filepath.Abs(q.Out)
	if err != nil {
		return res, fault.Wrap(err, fault.Invalid, "dossier.out", q.Out).At("out")
	}
	return o.Make(ctx, actor, f, dossier.Order{Request: q.Request, Out: out, Via: "host", Progress: q.Progress})
}

// packing is what makes packages of cases.
func (h *House) packing(press packing.Press, sequence func(context.Context) error) (*packing.Office, error) {
	return packing.New(packing.Deps{
		DB: h.DB, Gate: h.Gate, Clock: h.Clock, Cases: h.Cases, People: h.Org, Words: h.Words, Press: press, Origin: h.Keys.Origin(), Bureau: h.Bureau.Name, Sequence: sequence,
	})
}

// caseAsked tells of a case that somebody asks to take away: a person of those they may know of, the host of any.
func (h *House) caseAsked(ctx context.Context, actor access.Actor, id ident.CaseID) (viewing.CaseObject, error) {
	if actor.Kind == access.Person {
		f, err := h.Cases.Get(ctx, actor, id)
		return viewing.CaseObject{ID: id, No: f.Case.No, Title: f.Case.Title, Department: f.Case.Department}, err
	}
	r, err := rows.CaseBy(ctx, h.DB.Reader, id)
	if err != nil {
		return viewing.CaseObject{}, err
	}
	c, err := r.Plain()
	return viewing.CaseObject{ID: id, No: c.No, Title: c.Title, Department: c.Department}, err
}
