package backup

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
)

// Manifest says what a set holds. It is signed with the key that signs receipts, so that nobody can put a set of their own
// in the place of the bureau's.
type Manifest struct {
	Set       string
	Taken     time.Time // when the database was read
	Origin    string    // of the log
	Engine    string    // sqlite or postgres
	LogSize   int64     // the highest checkpoint in the database
	LogRoot   string
	LogEpoch  int64
	Published int64  // the size in log.head, beside the keys, when the database was read
	Note      string // the signed checkpoint
	Objects   int
	Bytes     int64 // of all objects, as stored
	Files     []FileEntry
	Key       ed25519.PublicKey // that signed
}

// FileEntry is one file of a set.
type FileEntry struct {
	Name   string
	Size   int64
	SHA256 vault.Digest
}

// file finds a file of the set.
func (m *Manifest) file(name string) (FileEntry, bool) {
	for _, f := range m.Files {
		if f.Name == name {
			return f, true
		}
	}
	return FileEntry{}, false
}

const takenForm = "2006-01-02T15:04:05.000000Z"

var (
	setID    = regexp.MustCompile(`^[0-9]{8}T[0-9]{12}Z-[0-9a-f]{8}$`)
	setFiles = []string{databaseAge, namesAge, keysAge, objectsList}
)

func isSetID(s string) bool { return setID.MatchString(s) }

// statement is what is signed.
func (m *Manifest) statement() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nset %s\ntaken %s\norigin %s\nengine %s\n", format, m.Set, m.Taken.UTC().Format(takenForm), m.Origin, m.Engine)
	fmt.Fprintf(&b, "log-size %d\nlog-root %s\nlog-epoch %d\npublished-size %d\n", m.LogSize, m.LogRoot, m.LogEpoch, m.Published)
	fmt.Fprintf(&b, "checkpoint %s\nobjects %d %d\n", base64.StdEncoding.EncodeToString([]byte(m.Note)), m.Objects, m.Bytes)
	for _, f := range m.Files {
		fmt.Fprintf(&b, "file %s %d %s\n", f.Name, f.Size, f.SHA256)
	}
	return b.String()
}

// render gives the manifest's bytes, signed.
func (m *Manifest) render(sign func(statement string) (ed25519.PublicKey, []byte)) []byte {
	text := m.statement()
	key, sig := sign(text)
	return fmt.Appendf(nil, "%skey %s\nsignature %s\n", text, base64.StdEncoding.EncodeToString(key), base64.StdEncoding.EncodeToString(sig))
}

// ParseManifest reads a manifest and checks its signature with the key it names; whether that is a key of the bureau's says
// the trust file. Anything but the one form a manifest has is fault Invalid "backup.manifest".
func ParseManifest(text []byte) (*Manifest, error) {
	bad := func(what string) error { return fault.New(fault.Invalid, "backup.manifest", what) }
	r := lines{rest: string(text)}
	m := &Manifest{}
	if r.next() != format {
		return nil, bad("format")
	}
	m.Set = r.word("set")
	taken, err := time.Parse(takenForm, r.word("taken"))
	if err != nil {
		return nil, bad("taken")
	}
	m.Taken = taken
	m.Origin, m.Engine = r.word("origin"), r.word("engine")
	m.LogSize, m.LogRoot, m.LogEpoch, m.Published = r.number("log-size"), r.word("log-root"), r.number("log-epoch"), r.number("published-size")
	note, err := base64.StdEncoding.Strict().DecodeString(r.word("checkpoint"))
	if err != nil {
		return nil, bad("checkpoint")
	}
	m.Note = string(note)
	count, size, _ := strings.Cut(r.word("objects"), " ")
	m.Objects, m.Bytes = int(r.parse(count)), r.parse(size)
	for _, name := range setFiles {
		if !r.has("file " + name + " ") {
			continue
		}
		length, digest, _ := strings.Cut(r.word("file "+name), " ")
		d, err := vault.ParseDigest(digest)
		if err != nil {
			return nil, bad("file")
		}
		m.Files = append(m.Files, FileEntry{Name: name, Size: r.parse(length), SHA256: d})
	}
	statement := string(text[:len(text)-len(r.rest)])
	key, err := base64.StdEncoding.Strict().DecodeString(r.word("key"))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, bad("key")
	}
	m.Key = key
	sig, err := base64.StdEncoding.Strict().DecodeString(r.word("signature"))
	if err != nil || r.rest != "" || r.bad || !isSetID(m.Set) || m.statement() != statement {
		return nil, bad("form")
	}
	for _, must := range []string{databaseAge, namesAge, objectsList} {
		if _, ok := m.file(must); !ok {
			return nil, bad(must)
		}
	}
	if !ed25519.Verify(m.Key, []byte(statement), sig) {
		return nil, bad("signature")
	}
	return m, nil
}

// lines reads a text line by line; bad is set by anything that has not its form.
type lines struct {
	rest string
	bad  bool
}

func (l *lines) next() string {
	line, rest, ok := strings.Cut(l.rest, "\n")
	l.bad = l.bad || !ok
	l.rest = rest
	return line
}

func (l *lines) has(prefix string) bool { return strings.HasPrefix(l.rest, prefix) }

func (l *lines) word(name string) string {
	v, ok := strings.CutPrefix(l.next(), name+" ")
	l.bad = l.bad || !ok || v == ""
	return v
}

func (l *lines) number(name string) int64 { return l.parse(l.word(name)) }

func (l *lines) parse(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	l.bad = l.bad || err != nil || n < 0 || strconv.FormatInt(n, 10) != s
	return n
}

// Manifest reads a set's manifest: fault NotFound "backup.no_set", Invalid "backup.manifest".
func (r *Repository) Manifest(id string) (*Manifest, error) {
	if !isSetID(id) {
		return nil, fault.New(fault.NotFound, "backup.no_set", r.dir)
	}
	text, err := r.readSmall(filepath.Join(r.setDir(id), manifest), 1<<20)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "backup.no_set", r.dir)
	}
	m, err := ParseManifest(text)
	if err == nil && m.Set != id {
		err = fault.New(fault.Invalid, "backup.manifest", "set")
	}
	return m, err
}

// stored is an object of a set.
type stored struct {
	digest vault.Digest
	size   int64
}

// renderObjects gives the list of a set's objects, in the order of digests.
func renderObjects(list []stored) []byte {
	var b bytes.Buffer
	for _, o := range list {
		fmt.Fprintf(&b, "%s %d\n", o.digest, o.size)
	}
	return b.Bytes()
}

// parseObjects reads such a list, strictly: sorted, each once.
func parseObjects(text []byte) ([]stored, error) {
	var list []stored
	r := lines{rest: string(text)}
	for r.rest != "" {
		digest, size, _ := strings.Cut(r.next(), " ")
		d, err := vault.ParseDigest(digest)
		o := stored{d, r.parse(size)}
		if err != nil || r.bad || len(list) > 0 && bytes.Compare(list[len(list)-1].digest[:], d[:]) >= 0 {
			return nil, fault.New(fault.Invalid, "backup.manifest", objectsList)
		}
		list = append(list, o)
	}
	return list, nil
}
