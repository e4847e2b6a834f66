// Package durabletest holds the test doubles of package durable: a disk in memory whose power can be cut, and a file
// system whose every call can be made to fail.
package durabletest

import (
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"zhilu.dev/zhilu/internal/durable"
)

// Disk is a file system in memory that knows, for every file and every directory, what has been synced. It is as
// unkind as a journaling file system can be: syncing a file says nothing about its name, syncing a directory nothing
// about its files, and a rename from one directory to another may leave both names. Only one thing it does not do: as
// long as the old directory is not synced, a rename does not lose both. It is safe for concurrent use.
type Disk struct {
	mu     sync.Mutex
	root   *node
	total  int64
	locked map[string]bool
	boots  int
	moves  []move
}

// move is a rename from one directory to another.
type move struct {
	node     *node
	from, to *node
	old, new string
}

type node struct {
	dir   bool
	mode  fs.FileMode
	data  []byte
	names map[string]*node

	syncedData  []byte
	syncedNames map[string]*node

	syncedBefore map[string]*node // syncedNames as they were when the power was cut
}

// NewDisk makes a disk of total bytes, holding one empty directory "/".
func NewDisk(total int64) *Disk {
	return &Disk{root: newDir(0o755), total: total, locked: map[string]bool{}}
}

func newDir(mode fs.FileMode) *node {
	return &node{dir: true, mode: mode, names: map[string]*node{}, syncedNames: map[string]*node{}}
}

// Kill ends the process that used the disk: its locks are free, everything it wrote is there.
func (d *Disk) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.locked = map[string]bool{}
	d.boots++
}

// PowerCut loses what was not synced. For every block of 4096 bytes and every name that was written and not synced,
// survives decides whether it reached the disk all the same; nil means that nothing did.
func (d *Disk) PowerCut(survives func() bool) {
	if survives == nil {
		survives = func() bool { return false }
	}
	d.Kill()
	d.mu.Lock()
	defer d.mu.Unlock()
	done := map[*node]bool{}
	cut(d.root, survives, done)
	for _, m := range d.moves {
		if m.to.names[m.new] != m.node && m.from.names[m.old] == nil && m.from.syncedBefore[m.old] == m.node {
			m.from.names[m.old], m.from.syncedNames[m.old] = m.node, m.node
			cut(m.node, survives, done)
		}
	}
	d.moves = nil
}

func cut(n *node, survives func() bool, done map[*node]bool) {
	if done[n] {
		return
	}
	done[n] = true
	if !n.dir {
		n.data = cutData(n.syncedData, n.data, survives)
		n.syncedData = slices.Clone(n.data)
		return
	}
	all := map[string]bool{}
	for name := range n.names {
		all[name] = true
	}
	for name := range n.syncedNames {
		all[name] = true
	}
	names := map[string]*node{}
	for _, name := range sorted(all) {
		child := n.syncedNames[name]
		if now := n.names[name]; now != child && survives() {
			child = now
		}
		if child != nil {
			names[name] = child
			cut(child, survives, done)
		}
	}
	n.names, n.syncedNames, n.syncedBefore = names, clone(names), n.syncedNames
}

func cutData(synced, now []byte, survives func() bool) []byte {
	const block = 4096
	out := slices.Clone(synced)
	if len(now) != len(synced) && survives() { // the new length reached the disk, not necessarily with its bytes
		out = append(make([]byte, 0, len(now)), out[:min(len(out), len(now))]...)
		out = append(out, make([]byte, len(now)-len(out))...)
	}
	for at := 0; at < len(out) && at < len(now); at += block {
		if survives() {
			copy(out[at:min(at+block, len(out))], now[at:])
		}
	}
	return out
}

func clone(m map[string]*node) map[string]*node {
	c := make(map[string]*node, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// find walks to a node. Names are slash paths from the root; the caller holds the lock.
func (d *Disk) find(op, name string) (*node, error) {
	n := d.root
	for _, part := range strings.Split(strings.Trim(filepath.ToSlash(filepath.Clean(name)), "/"), "/") {
		if part == "" || part == "." {
			continue
		}
		child := n.names[part]
		if child == nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		n = child
	}
	return n, nil
}

func (d *Disk) parent(op, name string) (*node, string, error) {
	p, err := d.find(op, filepath.Dir(name))
	if err != nil {
		return nil, "", err
	}
	if !p.dir {
		return nil, "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return p, filepath.Base(name), nil
}

func (d *Disk) add(op, name string, n *node) error {
	p, base, err := d.parent(op, name)
	if err != nil {
		return err
	}
	if p.names[base] != nil {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrExist}
	}
	p.names[base] = n
	return nil
}

// Create makes a file.
func (d *Disk) Create(name string, perm fs.FileMode) (durable.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := &node{mode: perm}
	if err := d.add("create", name, n); err != nil {
		return nil, err
	}
	return &file{disk: d, node: n, name: name, write: true, boot: d.boots}, nil
}

// Open opens a file for reading.
func (d *Disk) Open(name string) (durable.File, error) { return d.open(name, false) }

// OpenWrite opens a file for writing; unlike root, it minds the permission bits.
func (d *Disk) OpenWrite(name string) (durable.File, error) { return d.open(name, true) }

// OpenUncached opens a file for reading what has been synced.
func (d *Disk) OpenUncached(name string) (durable.File, durable.Medium, error) {
	f, err := d.open(name, false)
	if err != nil {
		return nil, "", err
	}
	f.synced = true
	return f, durable.Memory, nil
}

func (d *Disk) open(name string, write bool) (*file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.dir || (write && n.mode&0o200 == 0) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return &file{disk: d, node: n, name: name, write: write, boot: d.boots}, nil
}

// Stat describes a file.
func (d *Disk) Stat(name string) (durable.Info, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("stat", name)
	if err != nil {
		return durable.Info{}, err
	}
	return durable.Info{Size: int64(len(n.data)), Dir: n.dir, Mode: n.mode}, nil
}

// ReadDir lists a directory.
func (d *Disk) ReadDir(name string) ([]durable.Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("readdir", name)
	if err != nil {
		return nil, err
	}
	var list []durable.Entry
	for _, base := range sorted(n.names) {
		list = append(list, durable.Entry{Name: base, Dir: n.names[base].dir})
	}
	return list, nil
}

// Mkdir makes a directory.
func (d *Disk) Mkdir(name string, perm fs.FileMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.add("mkdir", name, newDir(perm))
}

// Chmod sets permission bits; they count as synced at once.
func (d *Disk) Chmod(name string, perm fs.FileMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("chmod", name)
	if err != nil {
		return err
	}
	n.mode = perm
	return nil
}

// Rename moves a name, over whatever is there.
func (d *Disk) Rename(from, to string) error { return d.rename(from, to, true) }

// RenameNew moves a name to a free one.
func (d *Disk) RenameNew(from, to string) error { return d.rename(from, to, false) }

func (d *Disk) rename(from, to string, replace bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, base, err := d.parent("rename", from)
	if err != nil {
		return err
	}
	q, target, err := d.parent("rename", to)
	if err != nil {
		return err
	}
	n := p.names[base]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	if !replace && q.names[target] != nil {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	delete(p.names, base)
	q.names[target] = n
	if p != q {
		d.moves = append(d.moves, move{node: n, from: p, to: q, old: base, new: target})
	}
	return nil
}

// Remove takes away a name.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, base, err := d.parent("remove", name)
	if err != nil {
		return err
	}
	if p.names[base] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(p.names, base)
	return nil
}

// SyncDir makes a directory's names durable.
func (d *Disk) SyncDir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find("sync", name)
	if err != nil {
		return err
	}
	n.syncedNames = clone(n.names)
	return nil
}

// SyncAll makes everything durable.
func (d *Disk) SyncAll(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	syncTree(d.root)
	return nil
}

func syncTree(n *node) {
	n.syncedData = slices.Clone(n.data)
	n.syncedNames = clone(n.names)
	for _, child := range n.names {
		syncTree(child)
	}
}

// Space tells the room left.
func (d *Disk) Space(string) (durable.Space, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return durable.Space{Free: d.total - used(d.root), Total: d.total}, nil
}

// SetTotal changes the size of the disk, as if somebody made room or took it.
func (d *Disk) SetTotal(total int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total = total
}

func used(n *node) int64 {
	sum := int64(len(n.data))
	for _, child := range n.names {
		sum += used(child)
	}
	return sum
}

// Lock takes a lock that Close or Kill frees.
func (d *Disk) Lock(name string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked[name] {
		return nil, durable.ErrLocked
	}
	d.locked[name] = true
	return &diskLock{disk: d, name: name, boot: d.boots}, nil
}

type diskLock struct {
	disk *Disk
	name string
	boot int
}

func (l *diskLock) Close() error {
	l.disk.mu.Lock()
	defer l.disk.mu.Unlock()
	if l.boot == l.disk.boots {
		delete(l.disk.locked, l.name)
	}
	return nil
}
