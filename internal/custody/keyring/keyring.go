// Package keyring holds the private keys of the custody log and of receipts, and beside them the highest published
// checkpoint. Its folder is kept apart from the data (decision 5), so that whoever can change or put back the one does
// not thereby hold the other. See docs/promises.md for what the loss of each key means.
package keyring

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
)

// Kind says what a key signs.
type Kind string

// The kinds of key.
const (
	Log     Kind = "log"     // checkpoints
	Receipt Kind = "receipt" // receipts, and orders that rest on them
)

// The files of a keys folder. They are readable by their owner only and belong outside the data folder.
const (
	logKeyFile     = "log.key"     // C2SP signed-note private key, one line
	receiptKeyFile = "receipt.key" // PKCS#8 PEM
	nextSuffix     = ".next"       // a key made by a rotation that is not finished
	headFile       = "log.head"    // the highest published checkpoint
	lockFile       = "log.lock"    // held by the one sequencer
)

// Keyring holds the private keys of the log and of receipts, and with them the highest published checkpoint. It is
// safe for concurrent use.
type Keyring struct {
	fs     durable.FS
	dir    string
	origin string

	issuing sync.RWMutex // held for writing while the receipt key is being rotated: no receipt is signed meanwhile
	mu      sync.RWMutex // guards the keys
	log     ed25519.PrivateKey
	receipt ed25519.PrivateKey
}

// Head is the highest published checkpoint, kept beside the keys so that a database that was put back in time is
// noticed (decision 8). Root is base64; Note is the signed checkpoint, empty before the first.
type Head struct {
	Format string `json:"format"`
	Epoch  int64  `json:"epoch"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	Note   string `json:"note"`
}

const headFormat = "zhilu-head/v1"

var emptyRoot = func() string { d := sha256.Sum256(nil); return base64.StdEncoding.EncodeToString(d[:]) }()

// Generate makes the keys of a new log named origin in dir, durably, with mode 0600. It never replaces a key: a
// folder that holds one is fault Conflict "keys.exist". Origin becomes the first line of every checkpoint and the name
// of the log's key: no spaces, no "+".
func Generate(fsys durable.FS, dir, origin string) (*Keyring, error) {
	if !isOrigin(origin) {
		return nil, fault.New(fault.Invalid, "keys.origin").At("origin")
	}
	k := &Keyring{fs: fsys, dir: dir, origin: origin}
	for _, name := range []string{logKeyFile, receiptKeyFile, headFile} {
		if _, err := fsys.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return nil, fault.Wrap(err, fault.Conflict, "keys.exist", name)
		}
	}
	for kind, into := range map[Kind]*ed25519.PrivateKey{Log: &k.log, Receipt: &k.receipt} {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("keyring: make key: %w", err)
		}
		text, err := formatKey(kind, origin, private)
		if err != nil {
			return nil, err
		}
		if err := durable.CreateFile(fsys, k.path(kind), text, 0o600); err != nil {
			return nil, fmt.Errorf("keyring: keep key: %w", err)
		}
		*into = private
	}
	return k, k.Publish(Head{Epoch: 1, Root: emptyRoot})
}

// Load opens the keys in dir. A missing or unreadable key is fault Unavailable ("keys.missing",
// "keys.unreadable"); a key that others can read is fault Invalid "keys.mode".
func Load(fsys durable.FS, dir string) (*Keyring, error) {
	k := &Keyring{fs: fsys, dir: dir}
	var err error
	if k.origin, k.log, err = k.load(Log, ""); err != nil {
		return nil, err
	}
	if _, k.receipt, err = k.load(Receipt, ""); err != nil {
		return nil, err
	}
	return k, nil
}

// Origin is the log's name: the first line of its checkpoints.
func (k *Keyring) Origin() string { return k.origin }

// Public gives the public key of a kind that signs now.
func (k *Keyring) Public(kind Kind) ed25519.PublicKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.public(kind)
}

func (k *Keyring) public(kind Kind) ed25519.PublicKey {
	private := k.log
	if kind == Receipt {
		private = k.receipt
	}
	return private.Public().(ed25519.PublicKey) // ed25519 keys have no other public key
}

// FS is the file system the keys live on.
func (k *Keyring) FS() durable.FS { return k.fs }

// Lock takes the lock of the one sequencer, or fails with durable.ErrLocked.
func (k *Keyring) Lock() (io.Closer, error) {
	l, err := k.fs.Lock(filepath.Join(k.dir, lockFile))
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return l, nil
}

// isOrigin reports whether s can name a log: it stands alone on a line and as a signed note's key name.
func isOrigin(s string) bool {
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return false
		}
	}
	return s != "" && len(s) <= 200 && utf8.ValidString(s) && !strings.Contains(s, "+")
}

func (k *Keyring) path(kind Kind) string {
	if kind == Receipt {
		return filepath.Join(k.dir, receiptKeyFile)
	}
	return filepath.Join(k.dir, logKeyFile)
}

func (k *Keyring) load(kind Kind, suffix string) (string, ed25519.PrivateKey, error) {
	path := k.path(kind) + suffix
	info, err := k.fs.Stat(path)
	if err != nil {
		return "", nil, fault.Wrap(err, fault.Unavailable, "keys.missing", filepath.Base(path))
	}
	if info.Mode&0o077 != 0 {
		return "", nil, fault.New(fault.Invalid, "keys.mode", filepath.Base(path))
	}
	text, err := ReadFile(k.fs, path)
	if err != nil {
		return "", nil, err
	}
	origin, private, err := parseKey(kind, text)
	if err != nil {
		return "", nil, fault.Wrap(err, fault.Unavailable, "keys.unreadable", filepath.Base(path))
	}
	return origin, private, nil
}

// ReadFile reads a small file.
func ReadFile(fsys durable.FS, path string) ([]byte, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<20))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("keyring: read %s: %w", filepath.Base(path), err)
	}
	return data, nil
}

// formatKey writes a private key: the log's as a C2SP signed-note key, which names the origin, the receipts' as PKCS#8
// PEM, which openssl reads.
func formatKey(kind Kind, origin string, private ed25519.PrivateKey) ([]byte, error) {
	if kind == Receipt {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			return nil, fmt.Errorf("keyring: encode key: %w", err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
	}
	vkey, err := VerifierKey(origin, private.Public().(ed25519.PublicKey)) // see public
	if err != nil {
		return nil, err
	}
	hash := strings.Split(vkey, "+")[1]
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, private.Seed()...)) // 1: Ed25519
	return []byte("PRIVATE+KEY+" + origin + "+" + hash + "+" + secret + "\n"), nil
}

func parseKey(kind Kind, text []byte) (string, ed25519.PrivateKey, error) {
	if kind == Receipt {
		block, _ := pem.Decode(text)
		if block == nil {
			return "", nil, errors.New("no PEM block")
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return "", nil, fmt.Errorf("pkcs#8: %w", err)
		}
		private, ok := key.(ed25519.PrivateKey)
		if !ok {
			return "", nil, errors.New("not an Ed25519 key")
		}
		return "", private, nil
	}
	line := strings.TrimSpace(string(text))
	signer, err := note.NewSigner(line) // checks the hash
	if err != nil {
		return "", nil, fmt.Errorf("signed-note key: %w", err)
	}
	// Only the secret may hold "+" (base64), so it is what the fifth part holds.
	secret, err := base64.StdEncoding.DecodeString(strings.SplitN(line, "+", 5)[4])
	if err != nil || len(secret) != 1+ed25519.SeedSize {
		return "", nil, errors.New("signed-note key: secret")
	}
	return signer.Name(), ed25519.NewKeyFromSeed(secret[1:]), nil
}

// VerifierKey is a public key in the C2SP signed-note form "name+hash+key".
func VerifierKey(name string, public ed25519.PublicKey) (string, error) {
	v, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return "", fmt.Errorf("keyring: verifier key: %w", err)
	}
	return v, nil
}

// Fingerprint names a public key: the SHA-256 of its 32 bytes, in hex.
func Fingerprint(public ed25519.PublicKey) string {
	d := sha256.Sum256(public)
	return hex.EncodeToString(d[:])
}

// SignNote signs a checkpoint's text with the log's key.
func (k *Keyring) SignNote(text string) (string, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, err := formatKey(Log, k.origin, k.log)
	if err != nil {
		return "", err
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(key)))
	if err != nil {
		return "", fmt.Errorf("keyring: signer: %w", err)
	}
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return "", fmt.Errorf("keyring: sign checkpoint: %w", err)
	}
	return string(msg), nil
}

// Sign signs a statement with the receipt key and names the key. The statement MUST begin with the line that names its
// format ("zhilu-receipt/v1"), so that no statement passes for one of another kind.
func (k *Keyring) Sign(statement string) (ed25519.PublicKey, []byte) {
	k.issuing.RLock()
	defer k.issuing.RUnlock()
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.public(Receipt), ed25519.Sign(k.receipt, []byte(statement))
}

// Published gives the highest published checkpoint. A missing or unreadable one is fault Conflict "log.head_missing":
// without it nothing says that the database was not put back in time.
func (k *Keyring) Published() (Head, error) {
	text, err := ReadFile(k.fs, filepath.Join(k.dir, headFile))
	if err != nil {
		return Head{}, fault.Wrap(err, fault.Conflict, "log.head_missing")
	}
	var h Head
	if err := json.Unmarshal(text, &h); err != nil || h.Format != headFormat || h.Size < 0 || h.Epoch < 1 {
		return Head{}, fault.Wrap(err, fault.Conflict, "log.head_missing")
	}
	return h, nil
}

// Publish replaces the highest published checkpoint, durably. Only the sequencer calls it.
func (k *Keyring) Publish(h Head) error {
	h.Format = headFormat
	text, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return fmt.Errorf("keyring: head: %w", err)
	}
	if err := durable.WriteFile(k.fs, filepath.Join(k.dir, headFile), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("keyring: keep the published checkpoint: %w", err)
	}
	return nil
}
