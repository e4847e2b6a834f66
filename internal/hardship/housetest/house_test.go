package housetest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"

	"zhilu.dev/zhilu/internal/hardship/housetest"
)

func TestMain(m *testing.M) { housetest.Main(m) }

// A file's bytes follow from its seed, wherever the reading begins.
func TestFile(t *testing.T) {
	t.Parallel()
	f := &housetest.File{Size: 100_003, Seed: 7}
	whole, err := io.ReadAll(f.Reader(0))
	if err != nil || int64(len(whole)) != f.Size {
		t.Fatalf("%d bytes, %v", len(whole), err)
	}
	for _, off := range []int64{0, 1, 7, 8, 99_999, f.Size} {
		if rest, err := io.ReadAll(f.Reader(off)); err != nil || !bytes.Equal(rest, whole[off:]) {
			t.Errorf("from %d: other bytes, or %v", off, err)
		}
	}
	if sum := sha256.Sum256(whole); f.SHA256() != hex.EncodeToString(sum[:]) {
		t.Error("another digest")
	}
}

// The judge must not be one who always says yes: a house that lost, changed or doubled something is found out.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	h := housetest.New(t, t.TempDir())
	s := h.Start(t)
	acks := housetest.NewAcks()
	c := &housetest.Client{House: h, Token: h.Dock, Acks: acks, Chunk: 50_000}
	files := housetest.Files(housetest.Rand(1, "check"), 4, 1000, 300_000)
	for _, f := range files[:3] {
		if a, err := c.Send(t.Context(), f); err != nil || a.Outcome != "sealed" {
			t.Fatalf("%s: %+v %v", f.Name, a, err)
		}
	}
	if _, err := c.Create(t.Context(), files[3]); err != nil {
		t.Fatal(err)
	}
	card := housetest.Card(t, filepath.Join(h.Dir, "card"), files[:1])
	var out bytes.Buffer
	agent := h.Agent(t, card, "state")
	agent.Stdout = &out
	if err := agent.Run(); err != nil {
		t.Fatal(err)
	}
	acks.Docked("agent", "", housetest.DockedLines(out.Bytes()))
	if n := h.Recordings(t); n != 3 || acks.Ended() != 4 {
		t.Errorf("%d recordings, %d acknowledged", n, acks.Ended())
	}
	if u := s.Usage(t); u.RSS < 10<<20 || u.Files < 5 || u.Goroutines < 5 || u.Peak < u.RSS/2 {
		t.Errorf("usage %+v", u)
	}
	v := h.CheckOnline(t, acks.List(), -1)
	v.Must(t)
	false1 := append(acks.List(), housetest.Upload{File: files[3], Address: "/upload/00000000-0000-7000-8000-000000000000", Offset: 5})
	if v := h.CheckOnline(t, false1, 0); v.Lost != 1 {
		t.Errorf("an upload that is not there was not missed: %+v", v)
	}
	other := acks.List()[0]
	for _, u := range acks.List() {
		if u.Outcome != "" {
			other = u
		}
	}
	other.File, other.Content = nil, files[3].SHA256()
	if v := h.CheckOnline(t, []housetest.Upload{other}, 0); v.Wrong != 1 {
		t.Errorf("a receipt of other bytes was accepted: %+v", v)
	}
	v = h.Settle(t)
	v.Must(t)
	s.Stop(t)
	v = h.CheckAtRest(t)
	v.Must(t)
	objects, err := filepath.Glob(filepath.Join(h.Data, "vault", "objects", "*", "*", "*.zv"))
	if err != nil || len(objects) != 3 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	if err := os.Remove(objects[0]); err != nil {
		t.Fatal(err)
	}
	if v := h.CheckAtRest(t); v.Wrong != 2 {
		t.Errorf("an object that is gone was not missed: %+v", v)
	}
}
