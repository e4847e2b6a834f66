package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/backup"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

// shelf is a vault of stored bytes; it fails at the object that stop names.
type shelf struct {
	objects map[vault.Digest][]byte
	order   []vault.Digest
	opened  int
	stop    int // -1: never
}

var errStopped = errors.New("stopped")

func (s *shelf) add(n int) {
	for range n {
		stored := bytes.Repeat(fmt.Appendf(nil, "stored %d ", len(s.order)), 40)
		d := vault.Digest(sha256.Sum256(fmt.Appendf(nil, "plain %d", len(s.order))))
		s.objects[d] = stored
		s.order = append(s.order, d)
	}
}

func (s *shelf) OpenStored(_ context.Context, d vault.Digest) (io.ReadCloser, int64, error) {
	if s.opened == s.stop {
		return nil, 0, errStopped
	}
	s.opened++
	return io.NopCloser(bytes.NewReader(s.objects[d])), int64(len(s.objects[d])), nil
}

// world is a house reduced to what a backup asks of it.
type world struct {
	src  backup.Source
	repo *backup.Repository
	dir  string
	id   *age.X25519Identity
	*shelf
}

func newWorld(t *testing.T, objects int) *world {
	t.Helper()
	w := &world{dir: filepath.Join(t.TempDir(), "backup"), shelf: &shelf{objects: map[vault.Digest][]byte{}, stop: -1}}
	w.add(objects)
	keysDir := t.TempDir()
	keys, err := keyring.Generate(durable.OS(), keysDir, "log.example/zhilu")
	if err != nil {
		t.Fatal(err)
	}
	url := "sqlite:" + filepath.Join(t.TempDir(), "zhilu.db")
	d, err := db.Open(t.Context(), db.Config{URL: url, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := custody.NewSequencer(t.Context(), custody.Config{DB: d, Keys: keys, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	w.src = backup.Source{
		DB: d, Database: url, Vault: w.shelf, Keys: keys, KeysDir: keysDir, Work: filepath.Join(t.TempDir(), "work"),
		Clock: clock.System(), Log: slog.New(slog.DiscardHandler),
		Files: func(context.Context, bun.IDB) iter.Seq2[vault.Digest, error] {
			return func(yield func(vault.Digest, error) bool) {
				for _, d := range w.order {
					if !yield(d, nil) {
						return
					}
				}
			}
		},
	}
	if w.id, err = age.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	if w.repo, err = backup.Create(durable.OS(), w.dir); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) write(t *testing.T) *backup.Result {
	t.Helper()
	w.opened = 0
	r, err := w.repo.Write(t.Context(), w.src, backup.Request{Recipients: []age.Recipient{w.id.Recipient()}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) check(t *testing.T) *backup.Checked {
	t.Helper()
	c, err := w.repo.Check(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestIncremental: what a whole set names is neither copied nor read again, and a run that was broken off is no set, but the
// next one goes on. // G13
func TestIncremental(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 20)
	w.stop = 12
	if _, err := w.repo.Write(t.Context(), w.src, backup.Request{Recipients: []age.Recipient{w.id.Recipient()}}); !errors.Is(err, errStopped) {
		t.Fatal(err)
	}
	if _, err := w.repo.Newest(); !fault.HasCode(err, "backup.no_set") {
		t.Errorf("half a set is one: %v", err)
	}
	if c := w.check(t); len(c.Findings) > 0 || c.Sets > 0 {
		t.Errorf("%+v", c)
	}
	w.stop = -1
	if r := w.write(t); r.Objects != 20 || len(r.New) != 20 {
		t.Errorf("%d objects, %d new", r.Objects, len(r.New))
	}
	w.add(3)
	if r := w.write(t); r.Objects != 23 || len(r.New) != 3 || w.opened != 3 {
		t.Errorf("%d objects, %d new, %d read", r.Objects, len(r.New), w.opened)
	}
	// What was remembered of their names is lost: they are read again, and not kept twice.
	if err := os.Remove(w.src.Work + ".names"); err != nil {
		t.Fatal(err)
	}
	if r := w.write(t); len(r.New) != 0 || w.opened != 23 {
		t.Errorf("%d new, %d read", len(r.New), w.opened)
	}
	if c := w.check(t); len(c.Findings) > 0 || c.Sets != 3 || c.Objects != 23 {
		t.Errorf("%+v", c)
	}
}

// TestEveryByte: one byte flipped in any file of a backup is found by Check and named, and nothing else is. // G6
func TestEveryByte(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 12)
	w.write(t)
	w.add(2)
	w.write(t)
	var files []string
	err := filepath.WalkDir(w.dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && e.Name() != "lock" {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) != 14+2*4+1 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(good)
		bad[rand.IntN(len(bad))] ^= 1 << rand.IntN(8)
		replace(t, path, bad)
		rel, err := filepath.Rel(w.dir, path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Open(durable.OS(), w.dir); err != nil {
			t.Errorf("%s changed, and the folder is no backup any more: %v", rel, err)
		}
		c := w.check(t)
		if len(c.Findings) == 0 || !strings.HasPrefix(c.Findings[0].Subject+" ", filepath.ToSlash(rel)+" ") || c.Findings[0].Kind != "changed" {
			t.Errorf("%s: %+v", rel, c.Findings)
		}
		for _, f := range c.Findings {
			if f.Subject != filepath.ToSlash(rel) {
				t.Errorf("%s changed, and %s is named too", rel, f.Subject)
			}
		}
		replace(t, path, good)
	}
	if c := w.check(t); len(c.Findings) > 0 {
		t.Errorf("%+v", c.Findings)
	}
}

func replace(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := errors.Join(os.Remove(path), os.WriteFile(path, data, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestReadBack: what is read out of a set is what was put in, whoever holds the identity; a damaged object is named and the
// others come all the same. // G13
func TestReadBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 9)
	set := w.write(t).Set
	out := t.TempDir()
	at := func(d vault.Digest) string { return filepath.Join(out, d.String()) }
	r, err := w.repo.Read(set, w.id)
	if err != nil {
		t.Fatal(err)
	}
	damagedName := fmt.Sprintf("%x", sha256.Sum256(w.objects[w.order[4]]))
	path := filepath.Join(w.dir, "objects", damagedName[:2], damagedName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, path, append([]byte{good[0] ^ 1}, good[1:]...))
	var named []string
	n := 0
	err = r.Objects(t.Context(), at, nil, func(done int, _ int64) { n = done }, func(name string) error { named = append(named, name); return nil })
	if err != nil || len(named) != 1 || !strings.HasSuffix(named[0], damagedName) {
		t.Fatal(n, named, err)
	}
	for i, d := range w.order {
		have, err := os.ReadFile(at(d))
		if i == 4 {
			if err == nil {
				t.Error("a damaged object was restored")
			}
		} else if err != nil || !bytes.Equal(have, w.objects[d]) {
			t.Errorf("object %d: %v", i, err)
		}
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if s, err := w.repo.Read(set, stranger); err != nil {
		t.Fatal(err)
	} else if err := s.Database(t.Context(), filepath.Join(out, "db")); !fault.HasCode(err, "backup.wrong_identity") {
		t.Error(err)
	}
	if err := r.Database(t.Context(), filepath.Join(out, "db")); err != nil {
		t.Fatal(err)
	}
	d, err := db.OpenReader(t.Context(), db.Config{URL: "sqlite:" + filepath.Join(out, "db"), Log: w.src.Log}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if last, err := custody.Latest(t.Context(), d.Reader); err != nil || last.Size != r.LogSize || last.Root != r.LogRoot {
		t.Error(last, err)
	}
}
