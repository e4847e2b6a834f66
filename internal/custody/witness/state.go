package witness

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
)

// The files of a witness's folder.
const (
	keyFile  = "witness.key"
	logsFile = "logs" // verifier keys of the logs it knows, one a line; read anew for each request
	lockFile = "lock"
	headsDir = "heads" // what it signed last, one file a log
)

// Head is what a witness signed last of one log, and which other histories its operator has let the log begin.
type Head struct {
	Format     string     `json:"format"`
	Origin     string     `json:"origin"`
	Size       int64      `json:"size"`
	Root       string     `json:"root"`
	Checkpoint string     `json:"checkpoint"` // with the log's signature
	At         time.Time  `json:"at"`
	Epochs     []Accepted `json:"epochs"`
}

// Accepted is a decision of the witness's operator: the log may go on from a smaller head than what was signed.
type Accepted struct {
	By       string    `json:"by"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	From     int64     `json:"from"` // where it goes on
	FromRoot string    `json:"from_root"`
	LostSize int64     `json:"lost_size"` // what had been signed, and stays on record
	LostRoot string    `json:"lost_root"`
	Lost     string    `json:"lost_checkpoint"`
}

const headFormat = "zhilu-witness-head/v1"

// Create makes a witness's folder and its key. It never replaces one: fault Conflict "witness.exists".
func Create(fsys durable.FS, dir, name string) (*Key, error) {
	k, err := NewKey(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "witness.name").At("name")
	}
	if err := os.MkdirAll(filepath.Join(dir, headsDir), 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "app.folder", dir).At("dir")
	}
	err = durable.CreateFile(fsys, filepath.Join(dir, keyFile), []byte(k.Text()), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fault.Wrap(err, fault.Conflict, "witness.exists", dir)
	}
	return k, err
}

// Folder is a witness's folder.
type Folder struct {
	fsys durable.FS
	dir  string
	key  *Key
}

// OpenFolder opens it: fault Unavailable "witness.none".
func OpenFolder(fsys durable.FS, dir string) (*Folder, error) {
	text, err := os.ReadFile(filepath.Join(dir, keyFile)) //nolint:gosec // the operator's own folder
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "witness.none", dir)
	}
	key, err := ParseKey(string(text))
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "witness.none", dir)
	}
	return &Folder{fsys, dir, key}, nil
}

// Key is the witness's key.
func (f *Folder) Key() *Key { return f.key }

// Lock keeps a second process from signing from the same folder: fault Conflict "witness.locked".
func (f *Folder) Lock() (io.Closer, error) {
	l, err := f.fsys.Lock(filepath.Join(f.dir, lockFile))
	if errors.Is(err, durable.ErrLocked) {
		return nil, fault.Wrap(err, fault.Conflict, "witness.locked", f.dir)
	}
	return l, err
}

// AddLog lets the witness sign for a log, by a verifier key of it: after the log has changed its key, for the new one too.
func (f *Folder) AddLog(vkey string) error {
	vkey = strings.TrimSpace(vkey)
	if _, err := note.NewVerifier(vkey); err != nil {
		return fault.Wrap(err, fault.Invalid, "witness.log_key").At("log")
	}
	path := filepath.Join(f.dir, logsFile)
	have, err := os.ReadFile(path) //nolint:gosec // see OpenFolder
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if slices.Contains(strings.Fields(string(have)), vkey) {
		return nil
	}
	return durable.WriteFile(f.fsys, path, append(have, vkey+"\n"...), 0o600)
}

// keysOf reads the keys of a log; none for one that is unknown here.
func (f *Folder) keysOf(origin string) ([]note.Verifier, error) {
	text, err := os.ReadFile(filepath.Join(f.dir, logsFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var keys []note.Verifier
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		v, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("witness: %s: %w", logsFile, err)
		}
		if v.Name() == origin {
			keys = append(keys, v)
		}
	}
	return keys, nil
}

func (f *Folder) headPath(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return filepath.Join(f.dir, headsDir, hex.EncodeToString(sum[:])+".json")
}

// Head gives what was signed last of a log: an empty one with size 0 if nothing was. A file that cannot be read is an error
// and never counts as nothing.
func (f *Folder) Head(origin string) (*Head, error) {
	text, err := os.ReadFile(f.headPath(origin))
	if errors.Is(err, fs.ErrNotExist) {
		return &Head{Format: headFormat, Origin: origin, Epochs: []Accepted{}}, nil
	}
	if err != nil {
		return nil, err
	}
	var h Head
	if err := json.Unmarshal(text, &h); err != nil || h.Format != headFormat || h.Origin != origin || h.Size < 0 {
		return nil, errors.Join(fmt.Errorf("witness: the head of %s cannot be read", origin), err)
	}
	return &h, nil
}

// Heads gives what was signed of every log.
func (f *Folder) Heads() ([]*Head, error) {
	names, err := filepath.Glob(filepath.Join(f.dir, headsDir, "*.json"))
	if err != nil {
		return nil, err
	}
	var out []*Head
	for _, name := range names {
		text, err := os.ReadFile(name) //nolint:gosec // see OpenFolder
		var h Head
		if err := errors.Join(err, json.Unmarshal(text, &h)); err != nil {
			return nil, err
		}
		out = append(out, &h)
	}
	return out, nil
}

// keep makes a head durable.
func (f *Folder) keep(h *Head) error {
	text, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(f.fsys, f.headPath(h.Origin), append(text, '\n'), 0o600)
}

// Accept lets a log go on from a smaller or another head than what was signed: a decision of the witness's own operator, made
// because they know why, and kept for ever beside what was given up. from is the log's checkpoint, signed by it.
func (f *Folder) Accept(from []byte, by, reason string, now time.Time) (*Accepted, error) {
	if by == "" || reason == "" {
		return nil, fault.New(fault.Invalid, "log.epoch_reason").At("reason")
	}
	origin, ok := originOf(from)
	if !ok {
		return nil, fault.New(fault.Invalid, "witness.checkpoint").At("checkpoint")
	}
	keys, err := f.keysOf(origin)
	if err != nil {
		return nil, err
	}
	text, ok := open(from, keys)
	next, parsed := parseHead(text)
	if !ok || !parsed || next.origin != origin {
		return nil, fault.New(fault.Invalid, "witness.checkpoint").At("checkpoint")
	}
	h, err := f.Head(origin)
	if err != nil {
		return nil, err
	}
	root := base64.StdEncoding.EncodeToString(next.root[:])
	if h.Size == 0 || next.size > h.Size || next.size == h.Size && root == h.Root {
		return nil, fault.New(fault.Conflict, "log.not_behind")
	}
	a := Accepted{By: by, Reason: reason, At: now, From: next.size, FromRoot: root, LostSize: h.Size, LostRoot: h.Root, Lost: h.Checkpoint}
	h.Epochs = append(h.Epochs, a)
	h.Size, h.Root, h.Checkpoint, h.At = next.size, root, string(from), now
	return &a, f.keep(h)
}

// root reads the root of a head.
func (h *Head) rootHash() (tlog.Hash, error) {
	raw, err := base64.StdEncoding.DecodeString(h.Root)
	if err != nil || len(raw) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("witness: the head of %s cannot be read", h.Origin)
	}
	return tlog.Hash(raw), nil
}
