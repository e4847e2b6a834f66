package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// tileKey names a tile.
type tileKey struct {
	level int
	n     int64
}

// commitment computes a commitment as docs/formats/log-entry-v1.md defines it.
func commitment(name string, salt []byte, value string) []byte {
	h := sha256.New()
	h.Write([]byte("zhilu-field/v1\x00"))
	h.Write([]byte{byte(len(name))}) //nolint:gosec // names are short
	h.Write([]byte(name))
	h.Write(salt)
	h.Write([]byte(value))
	return h.Sum(nil)
}

// leafHash computes a leaf's hash from its commitments as docs/formats/log-entry-v1.md defines it.
func leafHash(commitments []byte) []byte {
	var b bytes.Buffer
	b.WriteString("zhilu-entry/v1\n")
	for i, name := range fieldNames {
		if len(commitments) < (i+1)*32 {
			break // checkEntry has reported it
		}
		fmt.Fprintf(&b, "%s %s\n", name, base64.StdEncoding.EncodeToString(commitments[i*32:][:32]))
	}
	return rfc6962.DefaultHasher.HashLeaf(b.Bytes())
}

// grow adds a leaf to the computed tree and collects the hashes that tiles hold: those of levels 0, 8, 16 …
func (a *auditor) grow(index int64, leaf []byte) error {
	collect := func(id compact.NodeID, hash []byte) {
		if id.Level%tileHeight == 0 {
			k := tileKey{int(id.Level / tileHeight), int64(id.Index / tileWidth)} //nolint:gosec // bounded by the log's size
			a.tiles[k] = append(a.tiles[k], hash...)
		}
	}
	if err := a.rng.Append(leaf, collect); err != nil {
		return fmt.Errorf("leaf %d: %w", index, err)
	}
	return nil
}

// checkKeys compares the tables of keys and epochs with the entries that made them.
func (a *auditor) checkKeys(context.Context) error {
	type facts struct {
		Kind      string `json:"kind"`
		PublicKey string `json:"public_key"`
		ValidFrom int64  `json:"valid_from"`
		Epoch     int64  `json:"epoch"`
		FromSize  int64  `json:"from_size"`
		LostSize  int64  `json:"lost_size"`
		LostRoot  string `json:"lost_root"`
	}
	used := map[string]bool{}
	read := func(id, action string) (facts, bool) {
		used[id] = true
		e, ok := a.keyEntries[id]
		var f facts
		ok = ok && e.Action == action && json.Unmarshal([]byte(e.Detail), &f) == nil
		return f, ok
	}
	current := map[string]int{}
	for i, k := range a.keyRows {
		// A key ends where its successor begins, whatever the table says.
		if i+1 < len(a.keyRows) && a.keyRows[i+1].Kind == k.Kind && k.ValidTo != a.keyRows[i+1].ValidFrom-1 {
			a.report.add("key.unproved", k.EntryID, -1, k.Fingerprint)
		}
		f, ok := read(k.EntryID, custody.ActionKeyAdded)
		if !ok || f.Kind != k.Kind || f.PublicKey != k.PublicKey || f.ValidFrom != k.ValidFrom {
			a.report.add("key.unproved", k.EntryID, -1, k.Fingerprint)
		}
		if k.ValidTo < 0 {
			current[k.Kind]++
		}
	}
	for _, r := range a.epochs {
		f, ok := read(r.EntryID, custody.ActionNewEpoch)
		if !ok || f.Epoch != r.Epoch || f.FromSize != r.FromSize || f.LostSize != r.LostSize || f.LostRoot != r.LostRoot {
			a.report.add("epoch.unproved", r.EntryID, -1, fmt.Sprint(r.Epoch))
		}
	}
	for id := range a.keyEntries {
		if !used[id] {
			a.report.add("key.missing", id, -1, "")
		}
	}
	if len(a.keyRows) > 0 && (current[string(keyring.Log)] != 1 || current[string(keyring.Receipt)] != 1) {
		a.report.add("key.missing", "", -1, "no current key")
	}
	return nil
}

// openNote checks a note's signature and gives its text.
func openNote(msg, verifier string) (string, error) {
	if verifier == "" {
		return "", errNoKey
	}
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return "", fmt.Errorf("verifier: %w", err)
	}
	n, err := note.Open([]byte(msg), note.VerifierList(v))
	if err != nil {
		return "", fmt.Errorf("note: %w", err)
	}
	return n.Text, nil
}
