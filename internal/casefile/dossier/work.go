package dossier

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
)

const (
	private    fs.FileMode = 0o700 // a case names people: whoever made the package decides who else reads it
	privateOf  fs.FileMode = 0o600
	journal                = "journal"
	enteredIn              = "entered.json"
	inside                 = "package"
	maxJournal             = 64 << 20
)

// work is a package under way, in a folder beside the one it becomes: ".<name>.partial". Whoever makes it again after it broke
// off goes on with what was printed. Only whole packages ever have their name.
type work struct {
	fs      durable.FS
	out     string // what it becomes
	dir     string
	lock    io.Closer
	files   map[string]listed
	printed map[string]printed // from before, by name
	apart   []Piece            // listed, and not here
	at      int64              // end of the journal
	log     durable.File
}

// printed is a line of the journal: a paper was printed, and what it was then.
type printed struct {
	Name   string `json:"name"`
	Key    string `json:"key"` // digest of what it shows
	SHA256 string `json:"sha256"`
	Pages  int    `json:"pages"`
}

// entered says that the package's entry was committed: from then on it is finished, not made anew.
type entered struct {
	Package string `json:"package"`
	Shows   string `json:"shows"` // digest of what it was made of
	Entry   string `json:"entry"`
	SHA256  string `json:"manifest_sha256"`
}

// begin opens the folder of a package that becomes out. Conflict "dossier.exists" where out holds anything already, "dossier.busy"
// where another process makes it just now.
func begin(fsys durable.FS, out string) (*work, error) {
	parent := filepath.Dir(out)
	if list, err := fsys.ReadDir(out); err == nil && len(list) > 0 {
		return nil, fault.New(fault.Conflict, "dossier.exists", filepath.Base(out)).At("out")
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.Invalid, "dossier.out", filepath.Base(out)).At("out")
	}
	w := &work{fs: fsys, out: out, dir: filepath.Join(parent, "."+filepath.Base(out)+".partial"), files: map[string]listed{}, printed: map[string]printed{}}
	for _, dir := range []string{w.dir, w.path(""), w.path("documents"), w.path("recordings"), w.path("footage"), w.path("log")} {
		if err := fsys.Mkdir(dir, private); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fault.Wrap(err, fault.Invalid, "dossier.out", filepath.Base(out)).At("out")
		}
	}
	var err error
	if w.lock, err = fsys.Lock(filepath.Join(w.dir, "lock")); err != nil {
		if errors.Is(err, durable.ErrLocked) {
			err = fault.Wrap(err, fault.Conflict, "dossier.busy")
		}
		return nil, err
	}
	if err := w.remember(); err != nil {
		return nil, errors.Join(err, w.lock.Close())
	}
	return w, nil
}

// path is where a file of the package lies while it is made.
func (w *work) path(name string) string {
	return filepath.Join(w.dir, inside, filepath.FromSlash(name))
}

// remember reads the journal of an earlier try. What was torn off at its end is forgotten.
func (w *work) remember() (err error) {
	name := filepath.Join(w.dir, journal)
	if w.log, err = w.fs.OpenWrite(name); errors.Is(err, fs.ErrNotExist) {
		w.log, err = w.fs.Create(name, privateOf)
		return err
	}
	if err != nil {
		return err
	}
	raw, err := readAll(w.log, maxJournal)
	if err != nil {
		return err
	}
	for l := range bytes.Lines(raw) {
		var p printed
		if !bytes.HasSuffix(l, []byte("\n")) || json.Unmarshal(l, &p) != nil {
			break
		}
		w.printed[p.Name] = p
		w.at += int64(len(l))
	}
	return nil
}

func readAll(f durable.File, limit int64) ([]byte, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fault.New(fault.Conflict, "dossier.partial")
	}
	raw := make([]byte, size)
	if n, err := f.ReadAt(raw, 0); err != nil && (n < len(raw) || !errors.Is(err, io.EOF)) {
		return nil, err
	}
	return raw, nil
}

func (w *work) read(name string) ([]byte, error) {
	f, err := w.fs.Open(name)
	if err != nil {
		return nil, err
	}
	raw, err := readAll(f, 1<<30)
	return raw, errors.Join(err, f.Close())
}

// kept gives the pages of a paper that was printed before and still lies there unchanged; false for none.
func (w *work) kept(name, key string) (int, bool) {
	p, ok := w.printed[name]
	if !ok || p.Key != key {
		return 0, false
	}
	raw, err := w.read(w.path(name))
	if err != nil || digest(raw) != p.SHA256 {
		return 0, false
	}
	w.files[name] = listed{name, int64(len(raw)), p.SHA256}
	return p.Pages, true
}

// note writes into the journal that a paper was printed.
func (w *work) note(p printed) error {
	raw, err := line(p)
	if err != nil {
		return err
	}
	n, err := w.log.WriteAt(raw, w.at)
	w.at += int64(n)
	return err
}

// put writes a file of the package, in the place of what lay there. It is durable when the package gets its name.
func (w *work) put(name string, data []byte) error {
	where := w.path(name)
	if err := w.fs.Remove(where); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := w.fs.Create(where, privateOf)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	w.files[name] = listed{name, int64(len(data)), digest(data)}
	return nil
}

// sweep removes what an earlier try left and this one did not write.
func (w *work) sweep(keep ...string) error {
	for _, dir := range []string{"", "documents", "recordings", "footage", "log"} {
		list, err := w.fs.ReadDir(w.path(dir))
		if err != nil {
			return err
		}
		for _, e := range list {
			name := filepath.ToSlash(filepath.Join(dir, e.Name))
			if _, ours := w.files[name]; e.Dir || ours || slices.Contains(keep, name) {
				continue
			}
			if err := w.fs.Remove(w.path(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// list gives what was written, as the manifest lists it.
func (w *work) list() []listed {
	out := make([]listed, 0, len(w.files))
	for _, name := range slices.Sorted(maps.Keys(w.files)) {
		out = append(out, w.files[name])
	}
	return out
}

// entry gives what an earlier try committed; false for none.
func (w *work) entry() (entered, bool) {
	var e entered
	raw, err := w.read(filepath.Join(w.dir, enteredIn))
	return e, err == nil && json.Unmarshal(raw, &e) == nil && e.Entry != ""
}

func (w *work) commit(e entered) error {
	raw, err := line(e)
	if err != nil {
		return err
	}
	return durable.WriteFile(w.fs, filepath.Join(w.dir, enteredIn), raw, privateOf)
}

// finish makes everything durable and gives the package its name in one step.
func (w *work) finish() error {
	if list, err := w.fs.ReadDir(w.path("footage")); err == nil && len(list) == 0 { // a case that does not leave whole has none
		_ = w.fs.Remove(w.path("footage"))
	}
	if err := w.fs.SyncAll(w.dir); err != nil {
		return err
	}
	if err := w.fs.Remove(w.out); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty folder that was there
		return fault.Wrap(err, fault.Conflict, "dossier.exists", filepath.Base(w.out)).At("out")
	}
	if err := w.fs.RenameNew(filepath.Join(w.dir, inside), w.out); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = fault.Wrap(err, fault.Conflict, "dossier.exists", filepath.Base(w.out)).At("out")
		}
		return err
	}
	if err := w.fs.SyncDir(filepath.Dir(w.out)); err != nil {
		return err
	}
	for _, name := range []string{journal, enteredIn, "lock", ""} { // what stays behind harms nobody
		_ = w.fs.Remove(filepath.Join(w.dir, name))
	}
	return nil
}

// end lets go of the folder; what was not finished stays for the next try.
func (w *work) end() error { return errors.Join(w.log.Close(), w.lock.Close()) }
