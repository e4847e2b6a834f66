// Package parcel reads the files of a folder or of a zip that a stranger handed over. Nothing is unpacked, no link is followed, and no
// more is read than was announced (threat T17).
package parcel

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/fault"
)

// Bounds of a package (docs/formats/case-package-v1.md).
const (
	MaxFiles     = 20_000
	MaxBytes     = 1 << 40
	maxDirectory = 8 << 20 // of the list of a zip's members, before any of them is read
)

// Parcel is what was handed over, under the names it has there.
type Parcel struct {
	Names []string // sorted
	Odd   []Odd    // what no package may hold

	files map[string]file
	safe  func(name string) bool
	done  func() error
}

// Odd is something that no package may hold. Code is "file.name" (a name that may not be), "file.twice" (a name that is taken,
// be it in other case), or "file.kind" (a link, or whatever else is no plain file).
type Odd struct{ Code, Name string }

type file struct {
	size int64 // as the folder or the zip claims; -1 for more than any package has
	open func() (io.ReadCloser, error)
}

var partForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$`)

// device are names that Windows keeps for itself, with whatever ending.
var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)

// SafeName reports whether a name is one that a package may hold: it can be unpacked anywhere, and never beside itself.
func SafeName(name string) bool {
	parts := strings.Split(name, "/")
	return len(parts) <= 3 && !slices.ContainsFunc(parts, func(p string) bool {
		return !partForm.MatchString(p) || strings.HasSuffix(p, ".") || device.MatchString(p)
	})
}

// put takes a file up, or says why no package may hold it.
func (p *Parcel) put(name string, f file, folded map[string]bool) error {
	low := strings.ToLower(name)
	switch {
	case len(p.files)+len(p.Odd) > MaxFiles+2:
		return fault.New(fault.TooLarge, "verify.too_many", MaxFiles)
	case !p.safe(name):
		p.Odd = append(p.Odd, Odd{"file.name", name})
	case folded[low]:
		p.Odd = append(p.Odd, Odd{"file.twice", name})
	default:
		folded[low] = true
		p.Names, p.files[name] = append(p.Names, name), f
	}
	return nil
}

// Folder lists a folder. Links and whatever else is no plain file are named and never followed.
func Folder(dir string) (*Parcel, error) { return FolderOf(dir, SafeName) }

// FolderOf is Folder with another rule of what names there may be.
func FolderOf(dir string, safe func(name string) bool) (*Parcel, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "verify.unreadable", filepath.Base(dir))
	}
	p := &Parcel{files: map[string]file{}, safe: safe, done: root.Close}
	folded := map[string]bool{}
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fault.Wrap(err, fault.Unavailable, "verify.unreadable", name)
		case name == ".":
			return nil
		case e.IsDir() && !safe(name):
			p.Odd = append(p.Odd, Odd{"file.name", name})
			return fs.SkipDir
		case e.IsDir():
			return nil
		case !e.Type().IsRegular():
			p.Odd = append(p.Odd, Odd{"file.kind", name})
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return fault.Wrap(err, fault.Unavailable, "verify.unreadable", name)
		}
		return p.put(name, file{info.Size(), func() (io.ReadCloser, error) { return root.Open(filepath.FromSlash(name)) }}, folded)
	})
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	slices.Sort(p.Names)
	return p, nil
}

// meter lets no more than so many bytes through until it is opened: a zip may claim to have millions of members.
type meter struct {
	io.ReaderAt

	left int64
	open bool
}

var errDirectory = errors.New("verify: the list of members is too long")

func (m *meter) ReadAt(b []byte, off int64) (int, error) {
	if !m.open {
		if m.left -= int64(len(b)); m.left < 0 {
			return 0, errDirectory
		}
	}
	return m.ReaderAt.ReadAt(b, off)
}

// Zip lists a zip. Fault TooLarge "verify.too_many" for one with too many members; nil where it cannot be read as a zip.
func Zip(r io.ReaderAt, size int64) (*Parcel, error) {
	m := &meter{ReaderAt: r, left: maxDirectory}
	z, err := zip.NewReader(m, size)
	if errors.Is(err, errDirectory) {
		return nil, fault.New(fault.TooLarge, "verify.too_many", MaxFiles)
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are judged below, by our own rules
		return nil, nil //nolint:nilnil // that it is no zip is an answer
	}
	m.open = true
	p := &Parcel{files: map[string]file{}, safe: SafeName, done: func() error { return nil }}
	folded := map[string]bool{}
	for _, f := range z.File {
		dir, isDir := strings.CutSuffix(f.Name, "/")
		if isDir && f.UncompressedSize64 == 0 && SafeName(dir) {
			continue
		}
		if !isDir && !f.Mode().IsRegular() {
			p.Odd = append(p.Odd, Odd{"file.kind", f.Name})
			continue
		}
		claimed := int64(-1)
		if f.UncompressedSize64 <= MaxBytes {
			claimed = int64(f.UncompressedSize64)
		}
		if err := p.put(f.Name, file{claimed, f.Open}, folded); err != nil {
			return nil, err
		}
	}
	slices.Sort(p.Names)
	return p, nil
}

// Read gives a file of at most limit bytes; ok is false where it is missing, longer or cannot be read.
func (p *Parcel) Read(name string, limit int64) (data []byte, ok bool) {
	f, ok := p.files[name]
	if !ok {
		return nil, false
	}
	r, err := f.open()
	if err != nil {
		return nil, false
	}
	data, err = io.ReadAll(io.LimitReader(r, limit+1))
	return data, errors.Join(err, r.Close()) == nil && int64(len(data)) <= limit
}

// Same reports whether a file has this size and digest. It reads no more than one byte beyond the size.
func (p *Parcel) Same(name string, size int64, digest string) bool {
	f := p.files[name]
	if f.size != size {
		return false
	}
	r, err := f.open()
	if err != nil {
		return false
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(r, size+1))
	return errors.Join(err, r.Close()) == nil && n == size && hex.EncodeToString(sum.Sum(nil)) == digest
}

// Size is how long a file claims to be; -1 where there is none.
func (p *Parcel) Size(name string) int64 {
	f, ok := p.files[name]
	if !ok {
		return -1
	}
	return f.size
}

// Has reports whether there is a file of this name.
func (p *Parcel) Has(name string) bool {
	_, ok := p.files[name]
	return ok
}

// Open opens a file. One that is missing is fault NotFound "verify.unreadable".
func (p *Parcel) Open(name string) (io.ReadCloser, error) {
	f, ok := p.files[name]
	if !ok {
		return nil, fault.New(fault.NotFound, "verify.unreadable", name)
	}
	return f.open()
}

// Close lets go of the folder.
func (p *Parcel) Close() error { return p.done() }

// IsZip reports whether a file begins as a zip does.
func IsZip(f io.ReaderAt) bool {
	var b [4]byte
	_, err := f.ReadAt(b[:], 0)
	return err == nil && string(b[:]) == "PK\x03\x04"
}

// IsEncrypted reports whether a file is one that age encrypted: it must be decrypted before anything can be said of it.
func IsEncrypted(path string) bool {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, len("age-encryption.org/"))
	n, _ := f.Read(b)
	return string(b[:n]) == "age-encryption.org/"
}
