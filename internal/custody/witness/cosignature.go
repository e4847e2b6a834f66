// Package witness is a witness of transparency logs (见证方): somebody outside who signs beside a log that its head goes on
// from the one they signed before (C2SP tlog-witness and tlog-cosignature). A log that was put back in time, or shows two
// histories, gets no such signature, and its operator cannot make one.
package witness

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// algorithm is the type byte of Ed25519 cosignatures, cosignature/v1.
const algorithm = 4

// keyID is the first four bytes of SHA-256(name ‖ 0a ‖ 04 ‖ public key).
func keyID(name string, public ed25519.PublicKey) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{algorithm})
	h.Write(public)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// message is what is signed at a time for a checkpoint's text.
func message(unix uint64, text string) []byte {
	return []byte("cosignature/v1\ntime " + strconv.FormatUint(unix, 10) + "\n" + text)
}

// Key is a witness's key.
type Key struct {
	name    string
	private ed25519.PrivateKey
}

// secretPrefix begins the file of a witness's key.
const secretPrefix = "PRIVATE+WITNESS+"

// NewKey makes a key under a name: that of a place on the net without its scheme, such as "witness.court.example/w1".
func NewKey(name string) (*Key, error) {
	if !validName(name) {
		return nil, fmt.Errorf("witness: %q cannot name a witness", name)
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	return &Key{name, private}, nil
}

func validName(name string) bool {
	return name != "" && len(name) <= 200 && !strings.ContainsAny(name, "+ \t\r\n\u00a0\u2028\u3000")
}

// Text is the secret as it is kept in a file.
func (k *Key) Text() string {
	return secretPrefix + k.name + "+" + base64.StdEncoding.EncodeToString(k.private.Seed()) + "\n"
}

// ParseKey reads what Text wrote.
func ParseKey(text string) (*Key, error) {
	body, ok := strings.CutPrefix(strings.TrimSpace(text), secretPrefix)
	name, secret, cut := strings.Cut(body, "+")
	seed, err := base64.StdEncoding.Strict().DecodeString(secret)
	if !ok || !cut || err != nil || len(seed) != ed25519.SeedSize || !validName(name) {
		return nil, errors.New("witness: this is not the key of a witness")
	}
	return &Key{name, ed25519.NewKeyFromSeed(seed)}, nil
}

// Name is the witness's name.
func (k *Key) Name() string { return k.name }

// Verifier is the public half, "name+hash+key".
func (k *Key) Verifier() string {
	public := k.private.Public().(ed25519.PublicKey) //nolint:forcetypeassert // ed25519 keys have no other public key
	raw := append([]byte{algorithm}, public...)
	return fmt.Sprintf("%s+%08x+%s", k.name, keyID(k.name, public), base64.StdEncoding.EncodeToString(raw))
}

// Sign gives the signature line for a checkpoint's text, with its newline.
func (k *Key) Sign(text string, at time.Time) string {
	unix := uint64(max(0, at.Unix()))
	public := k.private.Public().(ed25519.PublicKey) //nolint:forcetypeassert // see Verifier
	raw := binary.BigEndian.AppendUint32(nil, keyID(k.name, public))
	raw = binary.BigEndian.AppendUint64(raw, unix)
	raw = append(raw, ed25519.Sign(k.private, message(unix, text))...)
	return "— " + k.name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
}

// Verifier checks the cosignatures of one witness. It is a note.Verifier.
type Verifier struct {
	name   string
	id     uint32
	public ed25519.PublicKey
	key    string
}

var _ note.Verifier = (*Verifier)(nil)

// NewVerifier reads a public key "name+hash+key" of a witness.
func NewVerifier(vkey string) (*Verifier, error) {
	bad := fmt.Errorf("witness: %q is not the public key of a witness", vkey)
	parts := strings.SplitN(strings.TrimSpace(vkey), "+", 3)
	if len(parts) != 3 || !validName(parts[0]) {
		return nil, bad
	}
	hash, err := hex.DecodeString(parts[1])
	if err != nil || len(hash) != 4 {
		return nil, bad
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != algorithm {
		return nil, bad
	}
	v := &Verifier{name: parts[0], id: keyID(parts[0], raw[1:]), public: raw[1:], key: strings.Join(parts, "+")}
	if binary.BigEndian.Uint32(hash) != v.id {
		return nil, bad
	}
	return v, nil
}

// Name is the witness's name.
func (v *Verifier) Name() string { return v.name }

// KeyHash is the key's id.
func (v *Verifier) KeyHash() uint32 { return v.id }

// Key is the public key in its text form.
func (v *Verifier) Key() string { return v.key }

// Verify reports whether sig (time and signature) is the witness's for the text.
func (v *Verifier) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	unix := binary.BigEndian.Uint64(sig)
	return unix < 1<<63 && ed25519.Verify(v.public, message(unix, string(text)), sig[8:])
}

// Find looks for the witness's signature under a checkpoint. line is the signature line, at the time that it says. ok is
// false where there is none that holds.
func (v *Verifier) Find(checkpoint []byte) (line string, at time.Time, ok bool) {
	n, err := note.Open(checkpoint, note.VerifierList(v))
	if err != nil {
		return "", at, false
	}
	for _, s := range n.Sigs {
		raw, err := base64.StdEncoding.DecodeString(s.Base64)
		if err == nil && len(raw) == 4+8+ed25519.SignatureSize {
			return "— " + s.Name + " " + s.Base64 + "\n", time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC(), true //nolint:gosec // Verify has bounded it
		}
	}
	return "", at, false
}
