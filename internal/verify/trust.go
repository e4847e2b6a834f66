package verify

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"zhilu.dev/zhilu/internal/fault"
)

// Trust is a trust file (docs/formats/trust-json.md): whose signatures count, and where.
type Trust struct {
	Origin      string
	Bureau      string
	Fingerprint string // of the file, as printed on paper
	keys        []trustKey
	epochs      []trustEpoch
	witnesses   []trustWitness
}

type trustWitness struct {
	Name     string `json:"name"`
	Verifier string `json:"verifier"`
}

type trustKey struct {
	Kind        string `json:"kind"`
	Alg         string `json:"alg"`
	Name        string `json:"name"`
	PublicKey   string `json:"public_key"`
	Verifier    string `json:"verifier"`
	Fingerprint string `json:"fingerprint"`
	ValidFrom   int64  `json:"valid_from"`
	ValidTo     *int64 `json:"valid_to"`
}

type trustEpoch struct {
	Epoch    int64  `json:"epoch"`
	From     int64  `json:"from"`
	LostSize int64  `json:"lost_size"`
	LostRoot string `json:"lost_root"`
	Entry    string `json:"entry"`
	At       string `json:"at"`
}

// covers reports whether the key is valid at a position.
func (k *trustKey) covers(position int64) bool {
	return k.ValidFrom <= position && (k.ValidTo == nil || position <= *k.ValidTo)
}

// ParseTrust reads a trust file. Anything in it that does not hold together is fault Invalid "verify.trust".
func ParseTrust(data []byte) (*Trust, error) {
	bad := func(what string) error { return fault.New(fault.Invalid, "verify.trust", what).At("trust") }
	if len(data) > maxTrust {
		return nil, bad("size")
	}
	var f struct {
		Format string       `json:"format"`
		Origin string       `json:"origin"`
		Bureau string       `json:"bureau"`
		Keys   []trustKey   `json:"keys"`
		Epochs []trustEpoch `json:"epochs"`

		Witnesses []trustWitness `json:"witnesses"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil || dec.More() {
		return nil, bad("json")
	}
	if f.Format != "zhilu-trust/v1" || f.Origin == "" || len(f.Keys) == 0 {
		return nil, bad("format")
	}
	for i := range f.Keys {
		if what := f.Keys[i].check(f.Origin); what != "" {
			return nil, bad(what)
		}
	}
	for _, w := range f.Witnesses {
		if k, ok := parseWitness(w.Verifier); !ok || k.name != w.Name {
			return nil, bad("witnesses")
		}
	}
	sum := sha256.Sum256(data)
	hexed := strings.ToUpper(hex.EncodeToString(sum[:]))
	var groups []string
	for len(hexed) > 0 {
		groups, hexed = append(groups, hexed[:4]), hexed[4:]
	}
	return &Trust{Origin: f.Origin, Bureau: f.Bureau, Fingerprint: strings.Join(groups, " "), keys: f.Keys, epochs: f.Epochs, witnesses: f.Witnesses}, nil
}

// check says what is wrong with a key, or nothing.
func (k *trustKey) check(origin string) string {
	public, err := base64.StdEncoding.Strict().DecodeString(k.PublicKey)
	if err != nil || len(public) != ed25519.PublicKeySize || k.Alg != "ed25519" {
		return "public_key"
	}
	if sum := sha256.Sum256(public); hex.EncodeToString(sum[:]) != k.Fingerprint {
		return "fingerprint"
	}
	if k.ValidFrom < 0 || k.ValidTo != nil && *k.ValidTo < k.ValidFrom-1 {
		return "valid_to"
	}
	switch k.Kind {
	case "receipt":
		if k.Verifier != "" {
			return "verifier"
		}
	case "log":
		want, err := note.NewEd25519VerifierKey(k.Name, public)
		if err != nil || want != k.Verifier || k.Name != origin {
			return "verifier"
		}
	default:
		return "kind"
	}
	return ""
}

// find gives the trusted key of a kind with these public bytes, nil if there is none.
func (t *Trust) find(kind string, public []byte) *trustKey {
	text := base64.StdEncoding.EncodeToString(public)
	for i := range t.keys {
		if t.keys[i].Kind == kind && t.keys[i].PublicKey == text {
			return &t.keys[i]
		}
	}
	return nil
}

// logVerifiers are all keys of the log that ever counted; whether one counted at a size is judged apart.
func (t *Trust) logVerifiers() []string {
	var out []string
	for _, k := range t.keys {
		if k.Kind == "log" {
			out = append(out, k.Verifier)
		}
	}
	return out
}

// epochThatLost gives the declared epoch that gave up a checkpoint of this size, nil if there is none.
func (t *Trust) epochThatLost(size int64) *trustEpoch {
	for i := range t.epochs {
		if e := &t.epochs[i]; e.From < size && size <= e.LostSize {
			return e
		}
	}
	return nil
}
