package fsck_test

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

// copied puts a copy of a vault in the place of the house's, only to be read.
func (h *house) copied(t *testing.T, from string) {
	t.Helper()
	h.dir = filepath.Join(t.TempDir(), "vault")
	h.must(os.CopyFS(h.dir, os.DirFS(from)))
	h.disk = must(localdir.Inspect(h.place(), false))(t)
	t.Cleanup(func() { h.must(h.disk.Close()) })
}

// object is where the object of a file lies.
func (h *house) object(r recording.Result) string {
	name := r.SHA256.String()
	return filepath.Join(h.dir, "objects", name[:2], name[2:4], name+".zv")
}

// edit changes the bytes of a file.
func edit(t *testing.T, name string, change func([]byte) []byte) {
	t.Helper()
	raw := must(os.ReadFile(name))(t)
	if err := errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, change(raw), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		if at < 0 {
			at += len(b)
		}
		b[at] ^= 1
		return b
	}
}

// The parts of an object as docs/formats/vault-object-v1.md has them.
const (
	headerSize  = 128
	overhead    = 28 // of every encrypted piece
	trailerSize = 76
)

// T8, G6: whoever deletes, changes or adds in the vault is found, and what they did is named.
func TestVault(t *testing.T) {
	t.Parallel()
	h := live(t, gatetest.New(t, dbtest.SQLite(t)))
	h.sound()
	good := h.dir
	for _, c := range []struct {
		name, code, names string
		do                func(t *testing.T, h *house)
	}{
		{"an object deleted", "object.missing", "$sha", func(t *testing.T, h *house) { h.must(os.Remove(h.object(h.fine))) }},
		{"its header changed", "object.changed", "header", func(t *testing.T, h *house) { edit(t, h.object(h.fine), flip(40)) }},
		{"a chunk changed", "object.changed", "chunk 0", func(t *testing.T, h *house) { edit(t, h.object(h.fine), flip(headerSize+overhead+1)) }},
		{"its sidecar changed", "object.changed", "sidecar", func(t *testing.T, h *house) { edit(t, h.object(h.fine), flip(-trailerSize-1)) }},
		{"its trailer changed", "object.changed", "trailer", func(t *testing.T, h *house) { edit(t, h.object(h.fine), flip(-1)) }},
		{"an object cut short", "object.changed", "$sha", func(t *testing.T, h *house) {
			edit(t, h.object(h.fine), func(b []byte) []byte { return b[:len(b)-1] })
		}},
		{"an object emptied", "object.changed", "length", func(t *testing.T, h *house) {
			edit(t, h.object(h.fine), func([]byte) []byte { return nil })
		}},
		{"an object exchanged for another", "object.changed", "digest", func(t *testing.T, h *house) {
			other := must(os.ReadFile(h.object(h.late)))(t)
			edit(t, h.object(h.fine), func([]byte) []byte { return other })
		}},
		{"a sealed object that nobody handed in", "object.added", "$added", func(t *testing.T, h *house) {
			h.must(h.disk.Close())
			h.disk = must(localdir.New(t.Context(), h.place()))(t)
			vaulttest.Put(t, h.disk, []byte("added"), nil)
		}},
		{"a sealed object whose intent is gone", "object.added", "$added", func(t *testing.T, h *house) {
			h.must(h.disk.Close())
			h.disk = must(localdir.New(t.Context(), h.place()))(t)
			vaulttest.Put(t, h.disk, []byte("added"), []byte(`{"format":"zhilu-sidecar/v1","name":"x.mp4"}`))
		}},
		{"a sealed object exchanged for the same film under a strange key", "object.key", "$sha", func(t *testing.T, h *house) {
			place := h.place()
			place.Dir, place.Keys = filepath.Join(t.TempDir(), "v"), must(vault.NewRing(vault.NewKey()))(t)
			other := must(localdir.New(t.Context(), place))(t)
			vaulttest.Put(t, other, []byte("fine"), nil)
			h.must(other.Close())
			strange := must(os.ReadFile(strings.Replace(h.object(h.fine), h.dir, place.Dir, 1)))(t)
			edit(t, h.object(h.fine), func([]byte) []byte { return strange })
		}},
		{"every object deleted", "object.missing", "$sha", func(t *testing.T, h *house) { h.must(os.RemoveAll(filepath.Join(h.dir, "objects"))) }},
		{"the whole vault deleted", "object.missing", "$sha", func(t *testing.T, h *house) { h.must(os.RemoveAll(h.dir)) }},
		{"an object with a folder in its place", "object.missing", "$sha", func(t *testing.T, h *house) {
			h.must(os.Remove(h.object(h.fine)))
			h.must(os.Mkdir(h.object(h.fine), 0o700))
		}},
		{"a folder of objects with a file in its place", "object.missing", "$sha", func(t *testing.T, h *house) {
			shelf := filepath.Dir(filepath.Dir(h.object(h.fine)))
			h.must(os.RemoveAll(shelf))
			h.must(os.WriteFile(shelf, nil, 0o600))
		}},
		{"a file among the objects", "vault.foreign", "this is not an object", func(t *testing.T, h *house) {
			h.must(os.WriteFile(filepath.Join(filepath.Dir(h.object(h.fine)), "notes.txt"), []byte("x"), 0o600))
		}},
		{"an object under a wrong shelf", "vault.foreign", "objects/00", func(t *testing.T, h *house) {
			h.must(os.MkdirAll(filepath.Join(h.dir, "objects", "00", "00"), 0o700))
			h.must(os.Rename(h.object(h.fine), filepath.Join(h.dir, "objects", "00", "00", filepath.Base(h.object(h.fine)))))
		}},
		{"a file in the vault's folder", "vault.foreign", "movie.mp4", func(t *testing.T, h *house) {
			h.must(os.WriteFile(filepath.Join(h.dir, "movie.mp4"), []byte("x"), 0o600))
		}},
		{"a file among the stages", "vault.foreign", "staging/n1/movie.mp4", func(t *testing.T, h *house) {
			h.must(os.WriteFile(filepath.Join(h.dir, "staging", "n1", "movie.mp4"), []byte("x"), 0o600))
		}},
		{"a stage's checkpoint lost", "stage.damaged", "$open", func(t *testing.T, h *house) {
			h.must(os.Remove(filepath.Join(h.dir, "staging", "n1", h.names().Replace("$open")+".state")))
		}},
		{"another published checkpoint", "log.head.forked", "3", func(t *testing.T, h *house) {
			h.must(h.keys.Publish(keyring.Head{Epoch: 1, Size: 3, Root: "AAAA"}))
		}},
		{"the published checkpoint lost", "log.head.missing", "", func(t *testing.T, h *house) {
			h.must(os.Remove(filepath.Join(h.keysDir, "log.head")))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.copied(t, good)
			c.do(t, h)
			r := h.check()
			added := vault.Digest(sha256.Sum256([]byte("added")))
			names := strings.ReplaceAll(h.names().Replace(c.names), "$added", added.String())
			if !found(r, c.code, names) {
				t.Errorf("want %s %s, found %+v", c.code, names, r.Findings)
			}
		})
	}
}
