// Package app wires the house: it alone chooses the adapters.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app/authority"
	"zhilu.dev/zhilu/internal/app/diagnosis"
	"zhilu.dev/zhilu/internal/app/giving"
	"zhilu.dev/zhilu/internal/app/onscene"
	"zhilu.dev/zhilu/internal/app/packing"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/docket"
	"zhilu.dev/zhilu/internal/casefile/stray"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/stamp"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/job"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/node"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/recording/handed"
	"zhilu.dev/zhilu/internal/recording/malware"
	"zhilu.dev/zhilu/internal/recording/shelf"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/rescue"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/loan"
)

// House is every service of the product over one database, vault and keys folder. Commands use it without serving.
type House struct {
	DB         *db.DB
	Gate       *gate.Gate
	Access     *access.Authorizer
	Words      *locale.Catalogue
	Clock      clock.Clock
	Log        *slog.Logger
	Keys       *keyring.Keyring
	CA         *authority.CA
	Vault      vault.Vault
	Prober     *media.Prober
	Press      *sheet.Press
	Packing    *packing.Office // packages of cases
	Shelf      *shelf.Service
	Org        *org.Service
	Accounts   *account.Service
	Duties     *duty.Book
	Devices    *device.Inventory
	Recordings *recording.Service
	Derived    *derivative.Service // what is made from recordings to be looked at
	Viewing    *viewing.Service
	Scene      *onscene.Office
	Giving     *giving.Office // marks, masked copies, giving out, discs, people who were filmed
	Malware    *malware.Service
	Regulation *regulation.Service
	Cases      *casefile.Service
	Docket     *docket.Service
	Strays     *stray.Service
	Jobs       *job.Queue
	Bureau     org.Bureau
	Place      config.Place

	signer   signer
	nodes    *node.Registry // nil with SQLite
	server   *config.Server // nil for a command
	stamps   *stamp.Service
	arrivals arrivals
	lock     lockWatch
	served   atomic.Pointer[time.Time] // end of a server certificate that is not our CA's
	recent   *diagnosis.Recent         // nil for a command
	figures  prometheus.Gatherer       // nil for a command
	version  string
	closers  []func() error
}

// OpenConfig says how a house is opened. Serving takes the locks of the log's signer and of the vault's node; without
// it the house can read, and change rows whose entries the server will sequence.
type OpenConfig struct {
	Place   config.Place
	Server  *config.Server // settings of a server; nil for a command
	Clock   clock.Clock
	Log     *slog.Logger
	Serving bool
	Version string // of the program, for who looks for a fault
	// WithVault opens the vault, which one process of a node at a time may do.
	WithVault bool
	// Moved opens a house whose database or vault went elsewhere, as only the move itself may (package move).
	Moved bool
	Node  string             // this server's name in the vault; empty: its host name
	Hash  account.HashParams // tests make passwords cheap; zero is the default
}

// DatabaseURL is where the rows of a place are.
func DatabaseURL(p config.Place) string {
	if p.Database != "" {
		return p.Database
	}
	return "sqlite:" + filepath.Join(p.Data, "zhilu.db")
}

// Open opens the house. Close it.
func Open(ctx context.Context, c OpenConfig) (h *House, err error) {
	h = &House{Clock: c.Clock, Log: c.Log, Place: c.Place, server: c.Server}
	h.version = c.Version
	if c.Serving {
		h.recent = diagnosis.NewRecent(c.Log.Handler(), diagnosis.Remembered)
		h.Log = slog.New(h.recent)
		c.Log = h.Log
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
			h = nil
		}
	}()
	if h.Words, err = locale.Load(); err != nil {
		return h, err
	}
	if _, err := os.Stat(c.Place.Data); err != nil {
		return h, fault.Wrap(err, fault.Invalid, "app.no_data", c.Place.Data).At("data")
	}
	if err := rescue.Unfinished(c.Place.Data); err != nil {
		return h, err
	}
	if c.Place.Keys != "" {
		if h.Keys, err = keyring.Load(durable.OS(), c.Place.Keys); err != nil {
			return h, err
		}
		if h.CA, err = authority.Load(c.Place.Keys, c.Clock); err != nil {
			return h, err
		}
	}
	if h.DB, err = db.Open(ctx, db.Config{URL: DatabaseURL(c.Place), Log: c.Log}); err != nil {
		return h, err
	}
	h.closers = append(h.closers, h.DB.Close)
	if err = h.DB.Migrate(ctx); err != nil {
		return h, err
	}
	if err = h.stays(ctx, c); err != nil {
		return h, err
	}
	if err = h.services(ctx, c); err != nil {
		return h, err
	}
	if c.WithVault || c.Serving {
		err = h.evidence(ctx, c)
	}
	return h, err
}

// stays refuses a database whose rows went elsewhere: whatever was entered here would be lost to the house.
func (h *House) stays(ctx context.Context, c OpenConfig) error {
	place, _, err := h.DB.Moved(ctx)
	if err != nil || place == "" || c.Moved {
		return err
	}
	return fault.New(fault.Conflict, "db.moved", place).At("database")
}

// services wires what needs no vault.
func (h *House) services(ctx context.Context, c OpenConfig) error {
	var err error
	if h.Access, err = access.Load(); err != nil {
		return err
	}
	jobs := job.Config{DB: h.DB, Log: h.Log}
	if c.Serving {
		if h.stamps, err = h.openStamps(); err != nil {
			return err
		}
		jobs.Workers, jobs.Periodic = h.workers()
		jobs.Busy = h.arrivals.fast
		if jobs.Node = c.Node; jobs.Node == "" {
			jobs.Node = nodeOf(c.Place)
		}
	}
	if h.Jobs, err = job.New(jobs); err != nil {
		return err
	}
	wake := func() {}
	if c.Serving {
		wake = h.wake
	}
	if h.Gate, err = gate.New(gate.Config{DB: h.DB, Access: h.Access, Jobs: h.Jobs, Clock: h.Clock, Log: h.Log, Wake: wake}); err != nil {
		return err
	}
	if h.Org, err = org.New(org.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock}); err != nil {
		return err
	}
	idle := 30 * time.Minute
	if c.Server != nil {
		idle = c.Server.Idle
	}
	if h.Accounts, err = account.New(account.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock, Log: h.Log, Idle: idle, Hash: c.Hash}); err != nil {
		return err
	}
	if h.Duties, err = duty.NewBook(duty.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock}); err != nil {
		return err
	}
	if h.Devices, err = device.NewInventory(device.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock}); err != nil {
		return err
	}
	if h.Shelf, err = shelf.New(shelf.Config{DB: h.DB, Gate: h.Gate}); err != nil {
		return err
	}
	h.Regulation = regulation.New(h.Gate, h.DB)
	if h.Cases, err = casefile.New(casefile.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock, People: h.Org, Rules: h.Regulation}); err != nil {
		return err
	}
	if h.Docket, err = docket.New(docket.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock}); err != nil {
		return err
	}
	if h.Strays, err = stray.New(stray.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock}); err != nil {
		return err
	}
	if h.Bureau, err = h.Org.Bureau(ctx); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

// evidence opens the vault and what stands on it.
func (h *House) evidence(ctx context.Context, c OpenConfig) error {
	ring, err := LoadStorageKeys(c.Place.Keys)
	if err != nil {
		return err
	}
	cfg := localdir.Config{Keys: ring, Node: c.Node, Clock: h.Clock, Log: h.Log, Moved: c.Moved}
	if cfg.Node == "" {
		cfg.Node = nodeOf(c.Place)
	}
	temp := filepath.Join(c.Place.Data, "tmp", "media")
	if c.Server != nil {
		cfg.Reserve, temp = int64(c.Server.Reserve), c.Server.MediaTempDir()
	}
	v, err := openVault(ctx, c.Place, cfg)
	if err != nil {
		return err
	}
	h.Vault = v
	h.closers = append(h.closers, v.Close)
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return fmt.Errorf("app: %w", err)
	}
	if h.Prober, err = media.New(ctx, media.Config{Logger: h.Log, Clock: h.Clock, TempDir: temp, AllowRlimit: true}); err != nil {
		return err
	}
	papers, programs := sheet.Config{Log: h.Log}, ""
	if c.Server != nil {
		papers.Modules = c.Server.Sheet
		programs = config.Programs(c.Server.Verifiers)
	}
	h.Press = sheet.New(papers)
	h.closers = append(h.closers, h.Press.Close)
	if h.Packing, err = h.packing(h.Press, nil); err != nil {
		return err
	}
	h.Recordings, err = recording.New(recording.Config{
		DB: h.DB, Gate: h.Gate, Vault: h.Vault, Keys: h.Keys, Devices: h.Devices, People: h.Org, Settings: h.Regulation, Prober: h.Prober,
		Clock: h.Clock, Log: h.Log, Node: cfg.Node, Bureau: h.Bureau.Name, HandedIn: handed.Belongs,
	})
	if err != nil {
		return err
	}
	if err := h.derivatives(ctx, c, cfg, temp); err != nil {
		return err
	}
	if h.Malware, err = malware.New(malware.Config{Address: c.Server.Scanner(), DB: h.DB, Gate: h.Gate, Vault: h.Vault, Clock: h.Clock, Log: h.Log}); err != nil {
		return err
	}
	h.Viewing, err = viewing.New(viewing.Config{
		DB: h.DB, Gate: h.Gate, Recordings: viewing.Over(h.Recordings), Offices: h.Accounts, Copies: giving.Copies{Made: h.Derived}, Clock: h.Clock, Log: h.Log,
		DepartmentName: h.departmentName, Held: h.Malware.Held, Case: giving.CaseAsked(h.DB, h.Cases), Ended: loan.Recall, Handled: giving.Handled(h.DB, h.Regulation, h.Clock.Now),
	})
	if err != nil {
		return err
	}
	h.Giving, err = giving.New(ctx, giving.Deps{
		DB: h.DB, Gate: h.Gate, Words: h.Words, Clock: h.Clock, Log: h.Log, Keys: h.Keys, Vault: h.Vault, Press: h.Press, Packing: h.Packing, Org: h.Org,
		Accounts: h.Accounts, Duties: h.Duties, Recordings: h.Recordings, Derived: h.Derived, Viewing: h.Viewing, Regulation: h.Regulation, Cases: h.Cases,
		Bureau: h.Bureau.Name, Data: c.Place.Data, Temp: temp, Programs: programs, DepartmentName: h.departmentName, ActorName: h.actorName,
	})
	if err != nil {
		return err
	}
	h.Scene, err = onscene.New(onscene.Deps{DB: h.DB, Gate: h.Gate, Clock: h.Clock, Org: h.Org, Accounts: h.Accounts, Devices: h.Devices, Regulation: h.Regulation, Cases: h.Cases, Derived: h.Derived, DepartmentName: h.departmentName})
	return err
}

// Close closes what Open opened, last first.
func (h *House) Close() error {
	var errs []error
	for i := len(h.closers) - 1; i >= 0; i-- {
		errs = append(errs, h.closers[i]())
	}
	h.closers = nil
	return errors.Join(errs...)
}

func (h *House) wake() {
	h.signer.Wake()
}

var notNode = regexp.MustCompile(`[^a-z0-9-]+`)

// nodeName is this server's name in the vault: its host name, made fit.
func nodeName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	name := strings.Trim(notNode.ReplaceAllString(strings.ToLower(host), "-"), "-")
	if name == "" {
		name = "node"
	}
	return name[:min(len(name), 63)]
}
