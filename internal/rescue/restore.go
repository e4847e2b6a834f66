package rescue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/backup"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// RestoreConfig says what to restore, and where to.
type RestoreConfig struct {
	Place    config.Place
	From     string
	Set      string // "" for the newest
	Identity string // file; "" for the one in the keys folder
	WithKeys bool   // the keys folder too, which the set must hold
	Clock    clock.Clock
	Log      *slog.Logger
	OnObject func(done int, bytes int64)
	VaultDir string // where its vault will be
	CA       string // the file name of the authority's certificate, in the keys folder and for everybody
	// Check checks what was restored.
	Check func(ctx context.Context) (*fsck.Report, error)
}

// Restored is what came of it.
type Restored struct {
	Set       string       `json:"set"`
	Taken     time.Time    `json:"taken"`
	Objects   int          `json:"objects"`
	Bytes     int64        `json:"bytes"`
	LogSize   int64        `json:"log_size"`
	Published int64        `json:"published"` // what the keys folder knows of the log; -1 where it knows nothing
	Behind    int64        `json:"behind"`    // entries that were published and are not in the backup
	Damaged   []string     `json:"damaged"`   // objects of the backup that are not what was written
	Check     *fsck.Report `json:"check"`
}

// restoredFile lies in the data folder from the end of a restore until the first start has entered it in the log.
const restoredFile = "restored.json"

// Unfinished is fault Unavailable "backup.restoring" while a restore into this data folder is under way or was broken off.
func Unfinished(data string) error {
	if _, err := os.Stat(filepath.Join(data, restoringFile)); err == nil {
		return fault.New(fault.Unavailable, "backup.restoring", data)
	}
	return nil
}

// restoringFile lies there while a restore is under way.
const restoringFile = "restoring"

// Restore puts a set into an empty data folder, compares everything it reads with the manifest, and then checks the house as
// fsck does. Where a house is already, it touches nothing: fault Conflict "app.exists". One that was broken off goes on when
// it is begun again with the same set. How far the backup lies behind what the keys folder knows to have been published is
// told, and entered at the first start: putting back an older state is never silent.
func Restore(ctx context.Context, c RestoreConfig) (*Restored, error) {
	repo, err := backup.Open(durable.OS(), c.From)
	if err != nil {
		return nil, err
	}
	if c.Set == "" {
		if c.Set, err = repo.Newest(); err != nil {
			return nil, err
		}
	}
	if c.Identity == "" {
		c.Identity = filepath.Join(c.Place.Keys, backup.IdentityFile)
	}
	identities, err := backup.ReadIdentities(c.Identity)
	if err != nil {
		return nil, err
	}
	set, err := repo.Read(c.Set, identities...)
	if err != nil {
		return nil, err
	}
	if (set.Engine == string(db.Postgres)) != (c.Place.Database != "") {
		return nil, fault.New(fault.Invalid, "backup.engine", set.Engine).At("database")
	}
	out := &Restored{Set: set.Set, Taken: set.Taken, LogSize: set.LogSize, Published: -1, Damaged: []string{}}
	if c.WithKeys {
		if err := set.Keys(ctx, c.Place.Keys); err != nil {
			return nil, err
		}
	}
	if err := c.begin(set.Set); err != nil {
		return nil, err
	}
	if err := c.fill(ctx, set, out); err != nil {
		return nil, err
	}
	if err := c.announce(out); err != nil {
		return nil, err
	}
	out.Check, err = c.Check(ctx)
	return out, err
}

// begin takes an empty folder, or one in which the same restore was broken off.
func (c *RestoreConfig) begin(set string) error {
	p := c.Place
	if err := os.MkdirAll(p.Data, 0o700); err != nil {
		return fault.Wrap(err, fault.Invalid, "app.folder", p.Data).At("data")
	}
	mark := filepath.Join(p.Data, restoringFile)
	if begun, err := os.ReadFile(mark); err == nil && strings.TrimSpace(string(begun)) == set { //nolint:gosec // the operator's own folder
		return nil
	}
	entries, err := os.ReadDir(p.Data)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "app.folder", p.Data).At("data")
	}
	for _, e := range entries {
		if e.Name() != "lost+found" && !strings.HasSuffix(e.Name(), durable.TempSuffix) {
			return fault.New(fault.Conflict, "app.exists", filepath.Join(p.Data, e.Name()))
		}
	}
	if _, err := os.Stat(c.VaultDir); !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Conflict, "app.exists", c.VaultDir)
	}
	return durable.WriteFile(durable.OS(), mark, []byte(set+"\n"), 0o600)
}

// fill writes objects, then the database: a house whose database is there has everything.
func (c *RestoreConfig) fill(ctx context.Context, set *backup.Reader, out *Restored) error {
	dir := c.VaultDir
	for _, d := range []string{dir, filepath.Join(c.Place.Data, "public")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fault.Wrap(err, fault.Invalid, "app.folder", d)
		}
	}
	path := func(d vault.Digest) string { return localdir.StoredPath(dir, d) }
	done := func(n int, bytes int64) {
		out.Objects, out.Bytes = n, bytes
		if c.OnObject != nil {
			c.OnObject(n, bytes)
		}
	}
	bad := func(name string) error { out.Damaged = append(out.Damaged, name); return nil }
	if err := set.Objects(ctx, path, nil, done, bad); err != nil {
		return err
	}
	temp := filepath.Join(c.Place.Data, "zhilu.db.restoring")
	if err := set.Database(ctx, temp); err != nil {
		return err
	}
	if ca, err := os.ReadFile(filepath.Join(c.Place.Keys, c.CA)); err == nil { // else the certificate is from elsewhere
		if err := durable.WriteFile(durable.OS(), filepath.Join(c.Place.Data, "public", c.CA), ca, 0o644); err != nil {
			return err
		}
	}
	if err := durable.OS().SyncAll(dir); err != nil {
		return err
	}
	if c.Place.Database != "" {
		return errors.Join(db.LoadDump(ctx, c.Place.Database, temp), os.Remove(temp))
	}
	return errors.Join(os.Rename(temp, filepath.Join(c.Place.Data, "zhilu.db")), durable.OS().SyncDir(c.Place.Data))
}

// announce compares with the checkpoint beside the keys and leaves word for the first start.
func (c *RestoreConfig) announce(out *Restored) error {
	keys, err := keyring.Load(durable.OS(), c.Place.Keys)
	if err != nil {
		return err
	}
	if head, err := keys.Published(); err == nil {
		out.Published = head.Size
		out.Behind = max(0, head.Size-out.LogSize)
	}
	word := *out
	word.Check = nil
	text, err := json.Marshal(word)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(durable.OS(), filepath.Join(c.Place.Data, restoredFile), append(text, '\n'), 0o600); err != nil {
		return err
	}
	return durable.Remove(durable.OS(), filepath.Join(c.Place.Data, restoringFile))
}

// EnterRestore enters, at the first start after a restore, what was restored. The entry waits like any other while the log
// may not be signed.
func (s *Service) EnterRestore(ctx context.Context) error {
	path := filepath.Join(s.c.Place.Data, restoredFile)
	text, err := os.ReadFile(path) //nolint:gosec // the operator's own folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var r Restored
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("app: %s: %w", restoredFile, err)
	}
	s.c.Log.WarnContext(ctx, "this house was restored from a backup", "set", r.Set, "taken", r.Taken, "entries_behind", r.Behind)
	subject := access.Subject{Kind: "bureau", ID: string(s.c.Bureau)}
	err = s.c.Gate.Do(ctx, access.SystemActor("restore"), access.BackupRestore, subject, func(tx *gate.Tx) error {
		_, err := tx.Record(gate.Entry{Outcome: custody.Done, Detail: custody.Detail(
			"set", r.Set, "taken", r.Taken, "objects", r.Objects, "log_size", r.LogSize, "published", r.Published, "behind", r.Behind, "damaged", len(r.Damaged),
		)})
		return err
	})
	if err != nil {
		return err
	}
	return durable.Remove(durable.OS(), path) // not before the entry is there: twice is better than never
}
