package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app/authority"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/countersign"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
)

// caPublicFile is the CA's certificate for everybody, in DATA/public.
const caPublicFile = "ca.pem"

// InitConfig says what bureau to make.
type InitConfig struct {
	Place  config.Place
	Bureau string
	Clock  clock.Clock
	Log    *slog.Logger
	Hash   account.HashParams
}

// Login is an account made on the host, with its one-time password.
type Login struct {
	Role     access.Role `json:"role"`
	Username string      `json:"username"`
	Password string      `json:"password"`
	Name     string      `json:"name,omitempty"`
}

// firstAdministrators are the three (三员), three different people.
var firstAdministrators = []struct {
	role           access.Role
	username, name string
}{
	{access.SystemAdmin, "sysadmin", "系统管理员"},
	{access.SecurityAdmin, "secadmin", "安全管理员"},
	{access.AuditAdmin, "audadmin", "审计管理员"},
}

// Init makes a new bureau: the folders, every key, the certificate authority, the database, and the three first
// administrators with one-time passwords. It makes nothing where something is already: fault Conflict
// "app.exists".
func Init(ctx context.Context, c InitConfig) ([]Login, error) {
	if strings.TrimSpace(c.Bureau) == "" {
		return nil, fault.New(fault.Invalid, "app.no_bureau").At("bureau")
	}
	public := filepath.Join(c.Place.Data, "public")
	for _, dir := range []string{c.Place.Data, public, c.Place.Keys} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "app.folder", dir)
		}
	}
	if err := nothingThere(c.Place); err != nil {
		return nil, err
	}
	id := ident.New[ident.BureauID]()
	if _, err := keyring.Generate(durable.OS(), c.Place.Keys, originOf(id)); err != nil {
		return nil, err
	}
	if err := CreateStorageKey(c.Place.Keys); err != nil {
		return nil, err
	}
	ca, err := authority.Create(c.Place.Keys, c.Bureau, c.Clock)
	if err != nil {
		return nil, err
	}
	if err := durable.WriteFile(durable.OS(), filepath.Join(public, caPublicFile), ca.PEM(), 0o644); err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	h, err := Open(ctx, OpenConfig{Place: c.Place, Clock: c.Clock, Log: c.Log, Hash: c.Hash})
	if err != nil {
		return nil, err
	}
	logins, err := h.firstPeople(ctx, c.Bureau)
	if err == nil {
		err = h.sequenceOnce(ctx, c.Bureau)
	}
	return logins, errors.Join(err, h.Close())
}

func nothingThere(p config.Place) error {
	for _, path := range []string{filepath.Join(p.Data, "zhilu.db"), filepath.Join(p.Data, "vault"), filepath.Join(p.Keys, authority.KeyFile)} {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return fault.New(fault.Conflict, "app.exists", path)
		}
	}
	return nil
}

// originOf names the log. It says nothing of the bureau, so that a log can be shown before its owner is.
func originOf(id ident.BureauID) string {
	return "zhilu.local/" + hex.EncodeToString([]byte(id[len(id)-4:])) + "-" + string(id[:8])
}

func (h *House) firstPeople(ctx context.Context, bureau string) ([]Login, error) {
	host := access.HostActor("init")
	b, err := h.Org.CreateBureau(ctx, host, bureau)
	if err != nil {
		return nil, err
	}
	h.Bureau = b
	var out []Login
	for _, a := range firstAdministrators {
		l, err := h.AddUser(ctx, host, NewUser{Name: a.name, Username: a.username, Roles: []access.Role{a.role}})
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// sequenceOnce gives the first entries their place, so that the log is public from the beginning.
func (h *House) sequenceOnce(ctx context.Context, bureau string) error {
	s, err := h.newSequencer(ctx, bureau)
	if err != nil {
		return err
	}
	_, err = s.Sequence(ctx)
	return errors.Join(err, s.Close())
}

// Signer takes the lock of the log's signer. Close it.
func (h *House) Signer(ctx context.Context) (*custody.Sequencer, error) {
	return h.newSequencer(ctx, h.Bureau.Name)
}

func (h *House) newSequencer(ctx context.Context, bureau string) (*custody.Sequencer, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return custody.NewSequencer(ctx, custody.Config{
		DB: h.DB, Keys: h.Keys, Clock: h.Clock, Log: h.Log, Bureau: bureau, Holder: fmt.Sprintf("%s:%d", host, os.Getpid()),
		TrustFile: filepath.Join(h.Place.Data, "public", "trust.json"), Outside: countersign.Outside,
	})
}

// NewUser is a person with an account and roles, made by one command.
type NewUser struct {
	Name, Number, Username string
	Department             ident.DepartmentID
	Roles                  []access.Role
	Certificate            *org.CertificateEdit
}

// AddUser adds a person, their certificate, roles and account. The password is shown once.
func (h *House) AddUser(ctx context.Context, actor access.Actor, u NewUser) (Login, error) {
	p, err := h.Org.AddPerson(ctx, actor, org.PersonEdit{Name: u.Name, Number: u.Number, Department: u.Department})
	if err != nil {
		return Login{}, err
	}
	if u.Certificate != nil {
		if _, err := h.Org.AddCertificate(ctx, actor, p.ID, *u.Certificate); err != nil {
			return Login{}, err
		}
	}
	for _, r := range u.Roles {
		if _, err := h.Accounts.Grant(ctx, actor, account.GrantRequest{Person: p.ID, Role: r, Department: u.Department}); err != nil {
			return Login{}, err
		}
	}
	made, err := h.Accounts.Create(ctx, actor, p.ID, u.Username)
	if err != nil {
		return Login{}, err
	}
	l := Login{Username: made.Account.Username, Password: made.Password, Name: u.Name}
	if len(u.Roles) > 0 {
		l.Role = u.Roles[0]
	}
	return l, nil
}

// PublicPin is the CA's pin for docks' tokens, read from the public folder, which needs no keys. It is "" where the
// server's certificate comes from elsewhere.
func (h *House) PublicPin() string {
	return authority.PinAt(filepath.Join(h.Place.Data, "public", caPublicFile))
}
