package app

import (
	"context"
	"errors"
	"path/filepath"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app/giving"
	"zhilu.dev/zhilu/internal/app/packing"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/fault"
)

// CaseExport says what the host's command wants: the case of this number, for the account As, on its request, as the folder Out.
type CaseExport struct {
	Number   string
	Request  int64
	As       string // sign-in name
	Out      string
	Sheet    string // folder with the node_modules that set papers; empty looks beside the program
	Progress func(done, total int)
	Whole    *giving.Away // with its footage and registers; nil for its papers
}

// ExportCase makes the package of a case from the host. It walks round nothing: what may be taken away is decided of the named
// person and their request (decision 3). A server may run on the same data; where none does, the log is signed here.
func ExportCase(ctx context.Context, c OpenConfig, q CaseExport) (res dossier.Result, err error) {
	d, err := OpenDesk(ctx, c, q.As, q.Sheet)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	f, err := d.Cases.ByNumber(ctx, access.HostActor("export case"), q.Number)
	if err != nil {
		return res, err
	}
	o, err := d.packing(d.Press, d.Sequence)
	if err != nil {
		return res, err
	}
	out, err := filepath.Abs(q.Out)
	if err != nil {
		return res, fault.Wrap(err, fault.Invalid, "dossier.out", q.Out).At("out")
	}
	order := dossier.Order{Request: q.Request, Out: out, Via: "host", Progress: q.Progress}
	if q.Whole == nil {
		return o.Make(ctx, d.Actor, f, order)
	}
	lent, err := d.Lend(ctx)
	if err != nil {
		return res, err
	}
	return lent.WholeCase(ctx, o, d.Actor, f, order, *q.Whole)
}

// packing is what makes packages of cases.
func (h *House) packing(press packing.Press, sequence func(context.Context) error) (*packing.Office, error) {
	return packing.New(packing.Deps{
		DB: h.DB, Gate: h.Gate, Clock: h.Clock, Cases: h.Cases, People: h.Org, Words: h.Words, Press: press, Origin: h.Keys.Origin(), Bureau: h.Bureau.Name, Sequence: sequence,
	})
}
