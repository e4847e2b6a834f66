package app

import (
	"context"
	"errors"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app/giving"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// Desk is a house at which a command of the host acts as a named person: it walks round nothing, and what may be done is decided of
// that person (decision 3). A server may run on the same data; where none does, the log is signed here.
type Desk struct {
	*House

	Actor access.Actor
	own   *custody.Sequencer
}

// OpenDesk opens one for the account of this sign-in name. sheets is the folder with what sets papers; "" looks beside the program.
func OpenDesk(ctx context.Context, c OpenConfig, as, sheets string) (d *Desk, err error) {
	h, err := Open(ctx, c)
	if err != nil {
		return nil, err
	}
	d = &Desk{House: h}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
			d = nil
		}
	}()
	if h.Keys == nil {
		return d, fault.New(fault.Invalid, "dossier.keys").At("keys")
	}
	account, err := h.Accounts.AccountNamed(ctx, as)
	if err != nil {
		return d, err
	}
	if d.Actor, err = h.Accounts.ActorOf(ctx, account.ID); err != nil {
		return d, err
	}
	h.Press = sheet.New(sheet.Config{Log: h.Log, Modules: sheets})
	h.closers = append(h.closers, h.Press.Close)
	return d, nil
}

// Sequence gives waiting entries their place in the log, unless a server does.
func (d *Desk) Sequence(ctx context.Context) (err error) {
	if d.own == nil {
		if d.own, err = d.newSequencer(ctx, d.Bureau.Name); err != nil {
			d.own = nil
			if fault.HasCode(err, "log.locked") { // the server signs
				err = nil
			}
			return err
		}
	}
	_, err = d.own.Sequence(ctx)
	return err
}

// Lend opens what lies in the vaults, only to be read, and gives what is needed to let something of it out.
func (d *Desk) Lend(ctx context.Context) (giving.Deps, error) {
	v, err := d.Beside(d.Place)
	if err != nil {
		return giving.Deps{}, err
	}
	d.closers = append(d.closers, v.Close)
	lent := giving.Deps{
		DB: d.DB, Gate: d.Gate, Words: d.Words, Clock: d.Clock, Log: d.Log, Keys: d.Keys, Vault: v, Press: d.Press, Org: d.Org, Accounts: d.Accounts, Duties: d.Duties,
		Regulation: d.Regulation, Cases: d.Cases, Bureau: d.Bureau.Name, Data: d.Place.Data, DepartmentName: d.departmentName,
	}
	ring, err := LoadStorageKeys(d.Place.Keys)
	if err != nil {
		return lent, err
	}
	made, err := inspectDerived(d.Place, localdir.Config{Dir: derivedDir(d.Place), Keys: ring, Node: nodeOf(d.Place), Clock: d.Clock, Log: d.Log}, true)
	if err != nil {
		return lent, err
	}
	d.closers = append(d.closers, made.Close)
	lent.Derived, err = derivative.New(derivative.Config{DB: d.DB, Gate: d.Gate, Originals: v, Derived: made, Clock: d.Clock, Log: d.Log})
	return lent, err
}

// Close closes the house.
func (d *Desk) Close() error {
	var err error
	if d.own != nil {
		err = d.own.Close()
	}
	return errors.Join(err, d.House.Close())
}
