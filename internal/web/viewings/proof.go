package viewings

import (
	"archive/zip"
	"context"
	"fmt"
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/loan"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Log is what the register asks of the log.
type Log struct {
	// Last gives the newest entry about a look: what the log says of its row.
	Last func(ctx context.Context, id ident.LookID) (*custody.Record, error)
	// Prove makes the file by which an entry is checked without the house (docs/formats/entry-proof-v1.md).
	Prove func(ctx context.Context, r *custody.Record) ([]byte, error)
	// Head is the newest signed head of the log; Trust the keys file.
	Head  func(ctx context.Context) (*custody.Checkpoint, error)
	Trust func(ctx context.Context) ([]byte, error)
}

// place is where the log keeps what it says of a row: its number there, "" while that has none.
func (a Area) place(p *site.Page, id ident.LookID) (string, error) {
	if a.Log.Last == nil {
		return "", nil
	}
	r, err := a.Log.Last(p.Context(), id)
	if err != nil || r == nil || r.Index < 0 {
		return "", err
	}
	return p.P.Num(r.Index), nil
}

// proof sends the register with what proves it: each row as the log says it, in a file of its own that anybody checks with `zhilu
// verify`, the head of the log and the bureau's keys. A row whose entry waits for its place is named in the list and has no proof yet.
func (a Area) proof(p *site.Page) error {
	if a.Log.Last == nil {
		return fault.New(fault.NotFound, "page.unknown")
	}
	looks, err := a.Viewings.Export(p.Context(), p.Actor, filterOf(p, readRegister(p)))
	if err != nil {
		return err
	}
	head, err := a.Log.Head(p.Context())
	if err != nil {
		return err
	}
	trust, err := a.Log.Trust(p.Context())
	if err != nil {
		return err
	}
	p.Attach("application/zip", p.P.T("viewing.proof_file", p.Now.In(shanghai).Format(time.DateOnly)))
	z := zip.NewWriter(p.W)
	put := func(name string, raw []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: p.Now})
		if err == nil {
			_, err = w.Write(raw)
		}
		return err
	}
	waiting := ""
	for l, err := range looks {
		if err != nil {
			return cut(p, err)
		}
		raw, err := a.proofOf(p.Context(), &l)
		switch {
		case fault.HasCode(err, "log.proof_waiting"):
			waiting += p.P.T("viewing.proof_waiting", l.No) + "\r\n"
			continue
		case err != nil:
			return cut(p, err)
		}
		if err := put(fmt.Sprintf("proofs/%06d.json", l.No), raw); err != nil {
			return cut(p, err)
		}
	}
	for _, f := range []struct {
		name string
		raw  []byte
	}{
		{"checkpoint.txt", []byte(head.Note)},
		{"trust.json", trust},
		{"readme.txt", []byte(p.P.T("viewing.proof_readme", a.Bureau, p.P.Full(p.Now), p.Actor.Name, custody.Fingerprint(trust)) + "\r\n" + waiting)},
	} {
		if err := put(f.name, f.raw); err != nil {
			return cut(p, err)
		}
	}
	return cut(p, z.Close())
}

// cut ends an answer of which a part is out already: the archive has no end then, which every reader of archives says.
func cut(p *site.Page, err error) error {
	if err != nil {
		p.Note(err)
	}
	return nil
}

func (a Area) proofOf(ctx context.Context, l *viewing.Look) ([]byte, error) {
	r, err := a.Log.Last(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("viewings: the log says nothing of look %s", l.ID)
	}
	return a.Log.Prove(ctx, r)
}

// sealed adds the head of the log to a printed register.
func (a Area) sealed(p *site.Page, v *printView) error {
	if a.Log.Head == nil {
		return nil
	}
	head, err := a.Log.Head(p.Context())
	if fault.HasCode(err, "custody.checkpoint_none") { // nothing was signed yet
		return nil
	}
	if err != nil {
		return err
	}
	trust, err := a.Log.Trust(p.Context())
	v.Log = []ui.Fact{
		ui.FactText(p.P.T("viewing.print_size"), p.P.Num(head.Size), p.P.Full(head.At)), ui.FactMono(p.P.T("viewing.print_root"), head.Root, ""),
		ui.FactMono(p.P.T("certificate.fingerprint"), custody.Fingerprint(trust), ""),
	}
	return err
}

// printedLoans are the loans of the printed period, in order.
func (a Area) printedLoans(p *site.Page, f viewing.RegisterFilter) ([]loan.Loan, error) {
	if a.Loans == nil || f.Recording != "" || f.Unconfirmed {
		return nil, nil
	}
	rows, err := a.Loans.Export(p.Context(), p.Actor, loan.Filter{From: f.From, To: f.To, Department: f.Department, Request: f.Request})
	if err != nil {
		return nil, err
	}
	var out []loan.Loan
	for l, err := range rows {
		if err != nil {
			return nil, err
		}
		if out = append(out, l); len(out) == maxPrinted {
			break
		}
	}
	return out, nil
}
