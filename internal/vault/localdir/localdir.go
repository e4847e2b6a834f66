// Package localdir is the vault on a local directory. Names on the disk come from ids and digests only:
//
//	DIR/objects/ab/cd/<sha256>.zv        sealed objects, mode 0400, never written again
//	DIR/staging/<node>/<upload>.part     an object growing: header and full chunks
//	DIR/staging/<node>/<upload>.state    its checkpoint: offset, hash state, rest of less than a chunk, encrypted
//	DIR/staging/<node>/lock              held by the one process that may write there
//
// The order of writes is what the promises rest on. A checkpoint names only bytes of the part file that were synced
// before it; sealing adds the last bytes, syncs, renames into objects without ever replacing, and syncs both
// directories before anybody is told. A crash in between leaves a stage that can be resumed, or a sealed object that
// nobody was told of, which Objects finds. New syncs the whole file system once, so that nothing a killed process left
// in the page cache is mistaken for durable.
package localdir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/objectv1"
)

// DefaultReserve is kept free unless Config says otherwise, so that database and log can still be written when uploads
// are refused.
const DefaultReserve int64 = 1 << 30

// Config says where and how a vault is kept.
type Config struct {
	Dir     string        // the vault's directory; made if missing, its parent must exist
	Keys    vault.KeyRing // the storage keys
	Node    string        // this server's name: 1 to 63 of a-z, 0-9 and "-"
	Reserve int64         // bytes kept free; 0 means DefaultReserve, negative means none
	Clock   clock.Clock
	Log     *slog.Logger
	FS      durable.FS // nil means the machine's
	Shelf   Shelf      // where sealed objects lie; nil means in Dir
	Moved   bool       // open it though its objects went elsewhere, as only the move itself may
}

var nodeName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (c *Config) check() error {
	switch {
	case c.Dir == "":
		return errors.New("localdir: Dir is missing")
	case c.Keys == nil:
		return errors.New("localdir: Keys is missing")
	case !nodeName.MatchString(c.Node):
		return fmt.Errorf("localdir: Node %q is not 1 to 63 of a-z, 0-9 and \"-\"", c.Node)
	case c.Clock == nil:
		return errors.New("localdir: Clock is missing")
	case c.Log == nil:
		return errors.New("localdir: Log is missing")
	}
	if _, err := c.Keys.AEAD(c.Keys.Current()); err != nil {
		return fmt.Errorf("localdir: the current storage key: %w", err)
	}
	switch {
	case c.Reserve == 0:
		c.Reserve = DefaultReserve
	case c.Reserve < 0:
		c.Reserve = 0
	}
	if c.FS == nil {
		c.FS = durable.OS()
	}
	return nil
}

// Vault is a vault on a local directory.
type Vault struct {
	fsys    durable.FS
	keys    vault.KeyRing
	node    string
	root    string // directory
	staging string // directory of this node
	shelf   Shelf
	reserve int64
	clock   clock.Clock
	log     *slog.Logger
	lock    io.Closer

	mu     sync.Mutex
	stages map[ident.UploadID]*stage // those met since New

	readOnly atomic.Pointer[fault.Error]
	claimed  atomic.Int64 // bytes that appends under way may write before they ask for room again
}

var _ vault.Vault = (*Vault)(nil)

// New opens the vault, or makes it. It takes the lock of its node (durable.ErrLocked if another process has it), makes
// everything a predecessor wrote durable, and clears away what a crash left that was never acknowledged. Close frees
// the lock.
func New(ctx context.Context, cfg Config) (*Vault, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	v := newVault(cfg)
	if err := v.stays(); err != nil && !cfg.Moved {
		return nil, err
	}
	if err := v.fsys.Mkdir(cfg.Dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := v.fsys.SyncDir(filepath.Dir(cfg.Dir)); err != nil {
		return nil, err
	}
	dirs := []string{v.staging}
	if own, ok := v.shelf.(*folder); ok {
		dirs = []string{own.objects, v.staging}
	}
	for _, dir := range dirs {
		if err := durable.MkdirAll(v.fsys, cfg.Dir, dir, 0o700); err != nil {
			return nil, err
		}
	}
	var err error
	if v.lock, err = v.fsys.Lock(filepath.Join(v.staging, lockFile)); err != nil {
		return nil, fmt.Errorf("localdir: node %s: %w", v.node, err)
	}
	if err := v.recover(ctx); err != nil {
		return nil, errors.Join(err, v.lock.Close())
	}
	return v, nil
}

func newVault(cfg Config) *Vault {
	v := &Vault{
		fsys: cfg.FS, keys: cfg.Keys, node: cfg.Node, reserve: cfg.Reserve, clock: cfg.Clock, log: cfg.Log,
		root: cfg.Dir, staging: filepath.Join(cfg.Dir, stagingDir, cfg.Node), shelf: cfg.Shelf,
		stages: map[ident.UploadID]*stage{},
	}
	if v.shelf == nil {
		v.shelf = newFolder(cfg.FS, cfg.Dir, v.staging)
	}
	return v
}

// Close frees the node's lock. Nothing else needs closing: whatever was acknowledged is on the disk.
func (v *Vault) Close() error { return v.lock.Close() }

// recover brings the directory into a state from which everything can go on.
func (v *Vault) recover(ctx context.Context) error {
	if err := v.fsys.SyncAll(v.staging); err != nil {
		return err
	}
	entries, err := v.fsys.ReadDir(v.staging)
	if err != nil {
		return err
	}
	present := make(map[string]bool, len(entries))
	for _, e := range entries {
		present[e.Name] = true
	}
	changed := false
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := filepath.Join(v.staging, e.Name)
		remove := false
		switch ext := filepath.Ext(e.Name); ext {
		case durable.TempSuffix: // a checkpoint that was not finished
			remove = true
		case stateExt: // its part was sealed or discarded
			remove = !present[strings.TrimSuffix(e.Name, ext)+partExt]
		case partExt:
			if remove, err = v.isLeftover(ctx, name, present[strings.TrimSuffix(e.Name, ext)+stateExt]); err != nil {
				return err
			}
		}
		if !remove {
			continue
		}
		v.log.InfoContext(ctx, "clearing away what an interrupted write left", slog.String("file", name))
		if err := v.fsys.Remove(name); err != nil {
			return err
		}
		present[e.Name], changed = false, true // a part's checkpoint comes after it in the list, and goes too
	}
	if !changed {
		return nil
	}
	return v.fsys.SyncDir(v.staging)
}

// isLeftover reports whether a part file holds nothing anybody was told of: a Begin that did not finish, or the second
// name of an object whose rename reached the disk in only one of the two directories.
func (v *Vault) isLeftover(ctx context.Context, name string, hasState bool) (bool, error) {
	f, err := v.fsys.Open(name)
	if err != nil {
		return false, err
	}
	defer closeRead(f)
	size, err := f.Size()
	if err != nil {
		return false, err
	}
	if !hasState && size <= objectv1.HeaderSize {
		return true, nil
	}
	staged, err := readEnds(f, v.keys, size)
	if err != nil {
		return false, nil // not a finished object; Resume says what is wrong with it, if anything
	}
	sealed, err := v.shelf.Open(ctx, staged.trailer.Digest)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer closeRead(sealed)
	header := make([]byte, objectv1.HeaderSize)
	if err := readFull(sealed, header, 0); err != nil {
		return false, nil // the object is damaged or cannot be read; then the stage is kept
	}
	other, err := objectv1.ParseHeader(header)
	return err == nil && other == staged.header, nil
}

// Free tells the room left.
func (v *Vault) Free(context.Context) (vault.Space, error) {
	s, err := v.fsys.Space(v.staging)
	if err != nil {
		return vault.Space{}, err
	}
	return vault.Space{Free: s.Free, Total: s.Total, Reserve: v.reserve}, nil
}

// room refuses if need bytes and the reserve do not fit beside what appends under way may write.
func (v *Vault) room(need int64) error { return v.roomBeside(need, 0) }

// roomBeside is room for an append that has claimed the bytes it needs, or more.
func (v *Vault) roomBeside(need, own int64) error {
	s, err := v.fsys.Space(v.staging)
	if err != nil {
		return err
	}
	if need > s.Free-v.reserve-(v.claimed.Load()-own) {
		return fault.New(fault.Exhausted, "vault.full", need+v.reserve, s.Free)
	}
	return nil
}

// ReadOnly is the reason why the vault may not be written, or nil.
func (v *Vault) ReadOnly() error {
	if f := v.readOnly.Load(); f != nil {
		return f
	}
	return nil
}

// diskError decides what a failed write means: a failed fsync closes the vault for writing, a full disk is told as
// such, everything else stays what it is.
func (v *Vault) diskError(ctx context.Context, err error, need int64) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, durable.ErrSync):
		f := fault.Wrap(err, fault.Unavailable, "vault.read_only")
		if v.readOnly.CompareAndSwap(nil, f) {
			v.log.ErrorContext(ctx, "the disk failed to make data durable; the vault is read-only until restarted",
				slog.Any("error", err))
		}
		return v.readOnly.Load()
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		var free int64
		if s, spaceErr := v.fsys.Space(v.staging); spaceErr == nil {
			free = s.Free
		}
		return fault.Wrap(err, fault.Exhausted, "vault.full", need+v.reserve, free)
	default:
		return fmt.Errorf("localdir: %w", err)
	}
}

const (
	objectsDir = "objects"
	stagingDir = "staging"
	lockFile   = "lock"
	movedFile  = "moved"

	objectExt = ".zv"
	partExt   = ".part"
	stateExt  = ".state"
)

// ObjectName is the name of an object below a vault's root: the same in a directory and in a bucket.
func ObjectName(d vault.Digest) string {
	name := d.String()
	return objectsDir + "/" + name[:2] + "/" + name[2:4] + "/" + name + objectExt
}

// ParseObjectName reads the form of ObjectName.
func ParseObjectName(name string) (vault.Digest, bool) {
	d, ok := objectName(path.Base(name))
	return d, ok && ObjectName(d) == name
}

func (v *Vault) partPath(id ident.UploadID) string {
	return filepath.Join(v.staging, string(id)+partExt)
}

func (v *Vault) statePath(id ident.UploadID) string {
	return filepath.Join(v.staging, string(id)+stateExt)
}

// below gives a path as the operator sees it in messages: from the vault's directory on.
func (v *Vault) below(name string) string {
	if rel, err := filepath.Rel(v.root, name); err == nil {
		return filepath.ToSlash(rel)
	}
	return name
}

// checkID refuses an id that is not in its canonical form, since it becomes a file name (T19).
func checkID(id ident.UploadID) error {
	parsed, err := ident.Parse[ident.UploadID](string(id))
	if err != nil {
		return err
	}
	if parsed != id {
		return fault.New(fault.Invalid, "id.malformed")
	}
	return nil
}

func checkMeta(meta json.RawMessage) error {
	switch {
	case len(meta) > vault.MaxMeta:
		return fault.New(fault.TooLarge, "vault.meta_too_large", int64(vault.MaxMeta))
	case len(meta) > 0 && !json.Valid(meta):
		return fault.New(fault.Invalid, "vault.meta_malformed")
	}
	return nil
}

// closeRead closes a file that was only read; there is nothing to lose.
func closeRead(f io.Closer) { _ = f.Close() }
