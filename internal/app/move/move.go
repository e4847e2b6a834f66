// Package move brings a house to another database or another vault (decision 23): it copies, compares everything, and
// switches once. The server is stopped meanwhile, for the locks of the log's signer and of the node's stages are taken.
//
// Killed at any point it is begun again with the same command and goes on. The last step writes into the old place where
// everything went; from then on no server begins on the old one, so that the house can never go on in two places.
package move

import (
	"context"
	"errors"
	"net/url"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/audit"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Config says what moves where.
type Config struct {
	House app.OpenConfig // the place as it is now
	To    string         // URL of the new place
	As    string         // who does it
	// Step is told how far it is, and may stop it with an error; for progress, and for tests.
	Step func(step string) error
}

// Report says what was moved.
type Report struct {
	To     string `json:"to"`     // without a password
	Tables int    `json:"tables"` // of a database
	Rows   int64  `json:"rows"`
	Sealed int    `json:"objects"` // of a vault
	Bytes  int64  `json:"bytes"`
	Log    int64  `json:"log_size"` // entries under the checkpoint both agree on
	Root   string `json:"log_root"`
	Entry  string `json:"entry"` // that says so
}

// withHouse opens the house with every lock that a server would have.
func withHouse(ctx context.Context, c Config, fn func(h *app.House, s *custody.Sequencer) error) (err error) {
	c.House.WithVault, c.House.Moved = true, true
	h, err := app.Open(ctx, c.House)
	if errors.Is(err, durable.ErrLocked) {
		return fault.Wrap(err, fault.Conflict, "move.serving")
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	s, err := h.Signer(ctx)
	if fault.HasCode(err, "log.locked") {
		return fault.Wrap(err, fault.Conflict, "move.serving")
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return fn(h, s)
}

// enter writes an entry of the move and has the log signed over it.
func enter(ctx context.Context, h *app.House, s *custody.Sequencer, action access.Action, outcome custody.Outcome, detail ...any) (id ident.EntryID, err error) {
	err = h.Gate.Do(ctx, access.HostActor("migrate"), action, access.Subject{Kind: "bureau", ID: string(h.Bureau.ID)}, func(tx *gate.Tx) error {
		var err error
		id, err = tx.Record(gate.Entry{Outcome: outcome, Detail: custody.Detail(detail...)})
		return err
	})
	if err != nil {
		return "", err
	}
	_, err = s.Sequence(ctx)
	return id, err
}

// entered finds the entry that says that this move was done.
func entered(ctx context.Context, h *app.House, action access.Action, id string) (string, error) {
	list, err := custody.List(ctx, h.DB.Reader, custody.Filter{Action: string(action), Outcome: custody.Done})
	if err != nil {
		return "", err
	}
	for _, r := range list {
		for _, s := range r.Related {
			if s.Kind == "entry" && s.ID == id {
				return string(r.ID), nil
			}
		}
	}
	return "", nil
}

// sound recomputes the whole log.
func sound(ctx context.Context, d *db.DB, keys *keyring.Keyring) (*audit.Report, error) {
	rep, err := audit.Run(ctx, d, keys)
	if err != nil {
		return nil, err
	}
	if !rep.OK() {
		return nil, fault.New(fault.Conflict, "move.unsound", len(rep.Findings))
	}
	return rep, nil
}

// shown is a URL as it may be shown and kept: without user, password and parameters.
func shown(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// at is the place after the move.
func at(p config.Place, database, vault string) config.Place {
	if database != "" {
		p.Database = database
	}
	if vault != "" {
		p.Vault = vault
	}
	return p
}
