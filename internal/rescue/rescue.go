// Package rescue backs a house up, restores what it wrote to try it, and restores for good (备份与恢复): what package backup
// keeps, put to work on a house with its gate, its log and its checks.
package rescue

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/backup"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

// Config is the house.
type Config struct {
	Place    config.Place
	Database string // its URL
	DB       *db.DB
	Gate     *gate.Gate
	Keys     *keyring.Keyring
	Bureau   ident.BureauID
	// Vault opens a folder as a vault, to read it beside whoever writes there; "" is the house's own.
	Vault   func(dir string) (Vault, error)
	Catalog fsck.Catalog
	Tables  []vouch.Table
	Plan    *config.Server // when the server makes backups; nil for a command
	Clock   clock.Clock
	Log     *slog.Logger
}

// Vault is the house's, opened to read.
type Vault interface {
	vault.Vault
	backup.Objects
	io.Closer
}

// Service backs one house up.
type Service struct{ c Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// Request says where to back up to.
type Request struct {
	To       string
	WithKeys bool
	NoDrill  bool // write the set and do not restore it
	Full     bool // the drill reads every object, not only new ones and a sample
	OnObject func(done int, bytes int64)
}

// Backed is what a backup came to.
type Backed struct {
	*backup.Result

	Drill        *Drilled // nil: there was none
	MadeIdentity bool     // the keys folder had no recipients: an identity was made, and lies there
	IdentityHere bool     // the identity that opens backups lies in the keys folder still
}

// work is the house's folder for what a backup needs while it runs.
func (s *Service) work() string { return filepath.Join(s.c.Place.Data, "tmp", "backup") }

// Backup writes a set and, unless told not to, restores it and checks what came out. It works beside a running server.
func (s *Service) Backup(ctx context.Context, actor access.Actor, c Request) (*Backed, error) {
	if err := os.MkdirAll(filepath.Dir(s.work()), 0o700); err != nil {
		return nil, err
	}
	lock, err := durable.OS().Lock(s.work() + ".lock")
	if errors.Is(err, durable.ErrLocked) {
		return nil, fault.Wrap(err, fault.Conflict, "backup.locked", c.To) // nothing was tried, so nothing is entered
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Close() }() // an advisory lock: there is nothing to lose
	run := backup.Run{ID: ident.New[ident.BackupID](), Kind: backup.Backup, Folder: c.To, At: s.c.Clock.Now()}
	out, identity, err := s.writeSet(ctx, c)
	if err == nil {
		run.Set, run.Objects, run.Bytes, run.LogSize = out.Set, out.Objects, out.Bytes, out.LogSize
		run.New, run.NewBytes = len(out.New), out.NewBytes
	}
	if err := s.recordRun(ctx, actor, access.BackupRun, &run, err, "with_keys", c.WithKeys); err != nil {
		return nil, err
	}
	if c.NoDrill {
		return out, nil
	}
	if out.Drill, err = s.drill(ctx, actor, c, out, identity); err != nil {
		return out, err
	}
	return out, s.prune(ctx, c)
}

// prune keeps to the rule of how many sets there are. Only a set that was restored lets others go.
func (s *Service) prune(ctx context.Context, c Request) error {
	repo, err := backup.Open(durable.OS(), c.To)
	if err != nil {
		return err
	}
	sets, objects, err := repo.Prune(ctx, clock.Shanghai)
	if sets+objects > 0 {
		s.c.Log.InfoContext(ctx, "old backups removed", "sets", sets, "objects", objects)
	}
	return err
}

// writeSet writes the set, encrypted for the bureau's recipients and for an identity that lives only as long as the drill.
func (s *Service) writeSet(ctx context.Context, c Request) (_ *Backed, identity age.Identity, err error) {
	out := &Backed{}
	if out.MadeIdentity, err = backup.EnsureIdentity(durable.OS(), s.c.Place.Keys); err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(filepath.Join(s.c.Place.Keys, backup.IdentityFile)); err == nil {
		out.IdentityHere = true
	}
	recipients, err := backup.ReadRecipients(s.c.Place.Keys)
	if err != nil {
		return nil, nil, err
	}
	if !c.NoDrill {
		var once age.Recipient
		if identity, once, err = backup.OneTime(recipients); err != nil {
			return nil, nil, err
		}
		recipients = append(recipients, once)
	}
	objects, err := s.c.Vault("")
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, objects.Close()) }()
	repo, err := backup.Create(durable.OS(), c.To)
	if err != nil {
		return nil, nil, err
	}
	out.Result, err = repo.Write(ctx, backup.Source{
		DB: s.c.DB, Database: s.c.Database, Vault: objects, Files: s.files, Keys: s.c.Keys, KeysDir: s.c.Place.Keys, Work: s.work(), Clock: s.c.Clock, Log: s.c.Log,
	}, backup.Request{Recipients: recipients, WithKeys: c.WithKeys, OnObject: c.OnObject})
	return out, identity, err
}

// files yields the digests of the objects that rows name.
func (s *Service) files(ctx context.Context, idb bun.IDB) iter.Seq2[vault.Digest, error] {
	return func(yield func(vault.Digest, error) bool) {
		for f, err := range s.c.Catalog.Files(ctx, idb) {
			var d vault.Digest
			if err == nil {
				d, err = vault.ParseDigest(f.SHA256)
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

// recordRun enters how a run ended and keeps its row. failed is why it did not succeed; it is given back.
func (s *Service) recordRun(ctx context.Context, actor access.Actor, action access.Action, run *backup.Run, failed error, more ...any) error {
	run.Ended, run.OK = s.c.Clock.Now(), failed == nil
	outcome := custody.Done
	if failed != nil {
		outcome, run.Code = custody.Failed, fault.As(failed).Code
		s.c.Log.ErrorContext(ctx, "a backup or its drill failed", "action", action, "err", failed)
	}
	// A run that was broken off is told all the same: the time it gives up is not the end of the entry.
	ctx = context.WithoutCancel(ctx)
	err := s.c.Gate.Do(ctx, actor, action, access.Subject{Kind: "bureau", ID: string(s.c.Bureau)}, func(tx *gate.Tx) error {
		detail := append([]any{
			"run", run.ID, "set", run.Set, "objects", run.Objects, "bytes", run.Bytes, "new", run.New, "new_bytes", run.NewBytes, "log_size", run.LogSize,
			"findings", run.Findings, "code", run.Code, "full", run.Full, "seconds", int64(run.Ended.Sub(run.At) / time.Second),
		}, more...)
		var err error
		if run.Entry, err = tx.Record(gate.Entry{Outcome: outcome, Detail: custody.Detail(detail...)}); err != nil {
			return err
		}
		return backup.Insert(ctx, tx.DB(), run)
	})
	return errors.Join(failed, err)
}

// Check compares every byte of a backup folder with its manifests. It needs no keys. data may be empty; else its trust
// file says whose signatures count.
func Check(ctx context.Context, to, data string) (*backup.Checked, error) {
	repo, err := backup.Open(durable.OS(), to)
	if err != nil {
		return nil, err
	}
	var trusted func(*backup.Manifest) bool
	if data != "" {
		raw, err := os.ReadFile(filepath.Join(data, "public", "trust.json")) //nolint:gosec // the operator's own folder
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "app.no_data", data).At("data")
		}
		var t custody.Trust
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, fmt.Errorf("app: trust.json: %w", err)
		}
		trusted = func(m *backup.Manifest) bool { return signedBy(&t, m.Key) }
	}
	return repo.Check(ctx, trusted)
}

// signedBy reports whether a key signs, or ever signed, receipts of this log.
func signedBy(t *custody.Trust, key ed25519.PublicKey) bool {
	for _, k := range t.Keys {
		if k.Kind == keyring.Receipt && k.PublicKey == base64.StdEncoding.EncodeToString(key) {
			return true
		}
	}
	return false
}

// NewIdentity makes an identity in a file that is neither with the data nor with the keys, and lets backups be
// encrypted for it. It gives its public key.
func NewIdentity(p config.Place, path string) (string, error) {
	id, err := backup.NewIdentity(durable.OS(), path)
	if err != nil {
		return "", err
	}
	public := id.Recipient().String()
	return public, backup.AddRecipient(durable.OS(), p.Keys, public)
}
