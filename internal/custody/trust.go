package custody

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/durable"
)

// Trust is what an outsider must know beforehand to check the log and its receipts: trust.json
// (docs/formats/trust-json.md). It holds nothing secret; its fingerprint is printed on paper.
type Trust struct {
	Format string       `json:"format"`
	Origin string       `json:"origin"`
	Bureau string       `json:"bureau"`
	Keys   []TrustKey   `json:"keys"`
	Epochs []TrustEpoch `json:"epochs"`
	// Witnesses sign beside the log; absent where there never was one.
	Witnesses []TrustWitness `json:"witnesses,omitempty"`
}

// TrustWitness is an outside witness: its name and its C2SP verifier key.
type TrustWitness struct {
	Name     string `json:"name"`
	Verifier string `json:"verifier"`
}

// TrustKey is a public key and the positions for which its signatures count: ValidFrom ≤ position ≤ ValidTo, where
// the position of a checkpoint is its tree size and that of a receipt its entry's index + 1. ValidTo is nil while the
// key is in use.
type TrustKey struct {
	Kind        keyring.Kind `json:"kind"`
	Alg         string       `json:"alg"`
	Name        string       `json:"name"`
	PublicKey   string       `json:"public_key"`         // base64 of the 32 bytes
	Verifier    string       `json:"verifier,omitempty"` // C2SP signed-note form, for kind "log"
	Fingerprint string       `json:"fingerprint"`        // hex SHA-256 of the 32 bytes
	ValidFrom   int64        `json:"valid_from"`
	ValidTo     *int64       `json:"valid_to"`
}

// TrustEpoch is a declared new epoch: from tree size From on the log went another way than the checkpoint of LostSize
// and LostRoot.
type TrustEpoch struct {
	Epoch    int64  `json:"epoch"`
	From     int64  `json:"from"`
	LostSize int64  `json:"lost_size"`
	LostRoot string `json:"lost_root"`
	Entry    string `json:"entry"`
	At       string `json:"at"`
}

// TrustFormat is the format line of trust.json.
const TrustFormat = "zhilu-trust/v1"

// ReadTrust gives what outsiders must know of the log, from the database.
func ReadTrust(ctx context.Context, idb bun.IDB, origin, bureau string) (*Trust, error) {
	keys, err := keyRows(ctx, idb)
	if err != nil {
		return nil, err
	}
	epochs, err := epochRows(ctx, idb)
	if err != nil {
		return nil, err
	}
	t := &Trust{Format: TrustFormat, Origin: origin, Bureau: bureau, Keys: []TrustKey{}, Epochs: []TrustEpoch{}}
	for _, r := range keys {
		k := TrustKey{
			Kind: keyring.Kind(r.Kind), Alg: r.Alg, Name: r.Name, PublicKey: r.PublicKey,
			Fingerprint: r.Fingerprint, ValidFrom: r.ValidFrom,
		}
		if r.ValidTo >= 0 {
			k.ValidTo = &r.ValidTo
		}
		if k.Kind == keyring.Log {
			public, err := base64.StdEncoding.DecodeString(r.PublicKey)
			if err != nil {
				return nil, fmt.Errorf("custody: key %s: %w", r.Fingerprint, err)
			}
			if k.Verifier, err = keyring.VerifierKey(r.Name, public); err != nil {
				return nil, err
			}
		}
		t.Keys = append(t.Keys, k)
	}
	for _, r := range epochs {
		t.Epochs = append(t.Epochs, TrustEpoch{
			Epoch: r.Epoch, From: r.FromSize, LostSize: r.LostSize, LostRoot: r.LostRoot,
			Entry: r.EntryID, At: clock.FromMicros(r.At).Format(time.RFC3339Nano),
		})
	}
	t.Witnesses, err = trustWitnesses(ctx, idb)
	return t, err
}

// Render gives the bytes of trust.json. The same trust gives the same bytes.
func (t *Trust) Render() ([]byte, error) { return RenderJSON(t) }

// RenderJSON gives the one JSON form of our outside files: members in the order of the format, two spaces, nothing
// escaped that need not be, a newline at the end.
func RenderJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("custody: render: %w", err)
	}
	return b.Bytes(), nil
}

// Fingerprint is how a file's SHA-256 is printed on paper: upper-case hex in sixteen groups of four.
func Fingerprint(file []byte) string {
	d := sha256.Sum256(file)
	h := strings.ToUpper(hex.EncodeToString(d[:]))
	groups := make([]string, 0, len(h)/4)
	for i := 0; i < len(h); i += 4 {
		groups = append(groups, h[i:i+4])
	}
	return strings.Join(groups, " ")
}

// writeTrust brings the public trust.json up to date, if it is kept.
func (s *Sequencer) writeTrust(ctx context.Context) error {
	if s.trustFile == "" {
		return nil
	}
	t, err := ReadTrust(ctx, s.db.Reader, s.keys.Origin(), s.bureau)
	if err != nil {
		return err
	}
	text, err := t.Render()
	if err != nil {
		return err
	}
	have, err := keyring.ReadFile(s.keys.FS(), s.trustFile)
	if err == nil && bytes.Equal(have, text) {
		return nil
	}
	const public fs.FileMode = 0o644
	if err := durable.WriteFile(s.keys.FS(), s.trustFile, text, public); err != nil {
		return fmt.Errorf("custody: keep %s: %w", filepath.Base(s.trustFile), err)
	}
	return nil
}
