package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app/giving"
	"zhilu.dev/zhilu/internal/app/onscene"
	"zhilu.dev/zhilu/internal/casefile/rows"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/scrub"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/viewing"
)

// FsckConfig says what to check.
type FsckConfig struct {
	Place    config.Place
	Clock    clock.Clock
	Log      *slog.Logger
	Online   bool // a server is running over this house
	ReadOnly bool // leave no trace in the house, not even the entry that it was checked
	OnObject func(done int, bytes int64)
}

// Fsck checks every sealed byte, every row and the whole log against each other. For that the house is only read: nothing
// is migrated, locked for others to wait, cleared away or repaired, so it works on a damaged or write-protected house too
// (with ReadOnly), and beside a running server (with Online). A check of evidence is itself an act, and what it found may
// not be forgotten (promise 1): afterwards one entry fsck.run with its figures is recorded through the gate, beside a
// server as without one, since entries are only ever added. With ReadOnly it is not. If it cannot be, the report comes
// with the fault Unavailable "fsck.unrecorded".
//
// Objects that a crash left without a row are adopted (decision 15), as the next start of the server would; not where
// something was found, for that is a scene to be left as it is.
func Fsck(ctx context.Context, c FsckConfig) (*fsck.Report, error) {
	rep, err := inspect(ctx, c)
	if err != nil || c.ReadOnly {
		return rep, err
	}
	if rep.Waiting > 0 && rep.OK() && !c.Online {
		if err := adopt(ctx, c); err != nil {
			return rep, err
		}
	}
	if rep.Entry, err = recordFsck(ctx, c, rep); err != nil {
		return rep, fault.Wrap(err, fault.Unavailable, "fsck.unrecorded")
	}
	return rep, nil
}

// inspect opens a house to read it and checks it.
func inspect(ctx context.Context, c FsckConfig) (rep *fsck.Report, err error) {
	if _, err := os.Stat(c.Place.Data); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "app.no_data", c.Place.Data).At("data")
	}
	keys, err := keyring.Load(durable.OS(), c.Place.Keys)
	if err != nil {
		return nil, err
	}
	ring, err := LoadStorageKeys(c.Place.Keys)
	if err != nil {
		return nil, err
	}
	v, err := inspectVault(c.Place, localdir.Config{Keys: ring, Node: nodeOf(c.Place), Clock: c.Clock, Log: c.Log}, c.Online)
	if errors.Is(err, durable.ErrLocked) {
		return nil, fault.Wrap(err, fault.Conflict, "fsck.serving")
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	d, err := db.OpenReader(ctx, db.Config{URL: DatabaseURL(c.Place), Log: c.Log}, c.ReadOnly && !c.Online)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	rep, err = fsck.Run(ctx, fsck.Config{
		DB: d, Keys: keys, Vault: v, Catalog: recording.Catalog{}, Tables: vouched(), Clock: c.Clock, Online: c.Online, OnObject: c.OnObject,
	})
	if err != nil {
		return rep, err
	}
	scrub.Fill(ctx, d.Reader, rep.Findings)
	return rep, checkDerived(ctx, c, ring, d, rep)
}

// vouched are all tables whose rows the log says.
func vouched() []vouch.Table {
	return slices.Concat(recording.Tables(), []vouch.Table{derivative.Table()}, device.Tables(), account.Tables(), viewing.Tables(),
		regulation.Tables(), rows.Tables(), giving.Tables(), onscene.Tables())
}

// adopt brings vault and rows together as a server does when it starts; the jobs that look into what was adopted are the
// server's.
func adopt(ctx context.Context, c FsckConfig) (err error) {
	h, err := Open(ctx, OpenConfig{Place: c.Place, Clock: c.Clock, Log: c.Log, WithVault: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	_, err = h.Recordings.Adopt(ctx)
	return err
}

// recordFsck writes down that the house was checked, how much of it, and what sorts of things were found.
func recordFsck(ctx context.Context, c FsckConfig, rep *fsck.Report) (id ident.EntryID, err error) {
	place := c.Place
	place.Keys = "" // one row is added; nothing is signed
	h, err := Open(ctx, OpenConfig{Place: place, Clock: c.Clock, Log: c.Log})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	codes := []string{}
	for _, f := range rep.Findings {
		if !slices.Contains(codes, f.Code) {
			codes = append(codes, f.Code)
		}
	}
	slices.Sort(codes)
	err = h.Gate.Do(ctx, access.HostActor("fsck"), access.FsckRun, access.Subject{Kind: "bureau", ID: string(h.Bureau.ID)}, func(tx *gate.Tx) error {
		var err error
		id, err = tx.Record(gate.Entry{Outcome: custody.Done, Detail: custody.Detail(
			"objects", rep.Objects, "bytes", rep.Bytes, "files", rep.Files, "rows", rep.Rows, "receipts", rep.Receipts, "stages", rep.Stages, "waiting", rep.Waiting,
			"derivatives", rep.Derivatives, "rebuild", len(rep.Rebuild),
			"log_entries", rep.Log.Placed, "log_size", rep.Log.Size, "log_root", rep.Log.Root, "findings", len(rep.Findings), "codes", codes, "online", c.Online,
		)})
		return err
	})
	return id, err
}
