// Package disc checks an evidence disc as a court would: a drive, an image with every tree it has, a mounted or copied folder, or a
// bag (docs/formats/disc-v1.md). It shares no line with what makes discs.
package disc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/verify/form"
	"zhilu.dev/zhilu/internal/verify/image"
	"zhilu.dev/zhilu/internal/verify/parcel"
)

// Target checks a path or an address: an evidence disc here, anything else as package verify does.
func Target(ctx context.Context, target string, o verify.Options) (*verify.Report, error) {
	if r, isOne, err := imageFile(ctx, target, o); isOne || err != nil {
		return r, err
	}
	if info, err := os.Stat(target); err == nil && info.IsDir() {
		if kind := looksLike(target); kind != "" {
			return folder(ctx, target, kind, o)
		}
	}
	return verify.Target(ctx, target, o)
}

// file is a file as one reader of the disc sees it.
type file struct {
	size int64
	key  string // the same for files that are the same bytes; "" where that is not known
	at   int64  // where its bytes begin in an image
	open func() (io.ReadCloser, error)
}

// view is what one reader of the disc sees: a folder, or a tree of an image.
type view struct {
	kind  string
	files map[string]file
}

// check is a check under way.
type check struct {
	ctx    context.Context // one check, one context
	r      *verify.Report
	o      verify.Options
	views  []view // the one that is believed first
	m      manifest
	digest string // of the manifest
	sums   map[string]string
	bad    bool // the trees are such that nothing is read any more
}

func (c *check) wrong(code, what string) { c.r.RecordIntact.Settle(verify.No, code, what) }

// imageFile checks a file, or a drive, that begins as an image does.
func imageFile(ctx context.Context, path string, o verify.Options) (r *verify.Report, isOne bool, err error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, false, nil //nolint:nilerr // whoever reads it next says why it cannot be read
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil || info.IsDir() || !image.Is(f) {
		return nil, false, nil //nolint:nilerr // as above
	}
	size := info.Size()
	if !info.Mode().IsRegular() { // a drive
		if size, err = f.Seek(0, io.SeekEnd); err != nil {
			return nil, false, fmt.Errorf("verify: %w", err)
		}
	}
	r, err = Image(ctx, f, size, o)
	return r, true, err
}

// Image checks the image of an evidence disc: every tree that a reader may see.
func Image(ctx context.Context, f io.ReaderAt, size int64, o verify.Options) (*verify.Report, error) {
	i := image.Read(f, size)
	c := newCheck(ctx, o)
	for _, odd := range i.Odd {
		c.wrong(odd.Code, odd.Name)
		c.bad = c.bad || odd.Code == "tree.overlap" || odd.Code == "tree.extent"
	}
	for _, kind := range []string{image.UDF, image.Joliet, image.ISO} {
		t := i.Tree(kind)
		if t == nil {
			c.wrong("tree.missing", kind)
			continue
		}
		v := view{kind, map[string]file{}}
		for _, x := range t.Files {
			var at int64
			if len(x.Extents) > 0 {
				at = x.Extents[0].Off
			}
			v.files[x.Name] = file{x.Size, x.Key(), at, func() (io.ReadCloser, error) { return io.NopCloser(i.Open(x)), nil }}
		}
		c.views = append(c.views, v)
	}
	if err := c.run(); err != nil {
		return nil, err
	}
	if c.r.Disc != nil {
		c.r.Disc.Trees = len(i.Trees)
	}
	return c.r, nil
}

// looksLike reports whether a folder is meant to be an evidence disc, or a bag that holds one.
func looksLike(dir string) string {
	is := func(name string) bool {
		f, err := os.Open(filepath.Join(dir, name)) //nolint:gosec // the folder that its reader named
		if err != nil {
			return false
		}
		b := make([]byte, 64)
		n, _ := io.ReadFull(f, b)
		_ = f.Close()
		return strings.HasPrefix(string(b[:n]), "{\n  \"format\": \""+formatDisc)
	}
	there := func(name string) bool { _, err := os.Lstat(filepath.Join(dir, name)); return err == nil }
	switch {
	case is(fileManifest):
		return "disc"
	case there("bagit.txt") && (is(filepath.Join("data", fileManifest)) || there(filepath.Join("data", fileEntry))):
		return "bag"
	case there(fileEntry) && !there("checkpoint"):
		return "disc"
	}
	return ""
}

// folder checks a disc that is mounted, was copied, or is a bag.
func folder(ctx context.Context, dir, kind string, o verify.Options) (r *verify.Report, err error) {
	p, err := parcel.FolderOf(dir, func(name string) bool { return SafeName(strings.TrimPrefix(name, "data/")) })
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	c := newCheck(ctx, o)
	for _, odd := range p.Odd {
		c.wrong(odd.Code, odd.Name)
	}
	v := view{"folder", map[string]file{}}
	for _, name := range p.Names {
		inner, isData := strings.CutPrefix(name, "data/")
		if kind == "bag" && !isData {
			continue
		}
		if kind == "bag" {
			name = inner
		}
		outer := name
		if kind == "bag" {
			outer = "data/" + name
		}
		v.files[name] = file{size: p.Size(outer), open: func() (io.ReadCloser, error) { return p.Open(outer) }}
	}
	c.views = []view{v}
	if err := c.run(); err != nil {
		return nil, err
	}
	if kind == "bag" {
		c.bag(p)
	}
	return c.r, nil
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func newCheck(ctx context.Context, o verify.Options) *check {
	o.File = ""
	return &check{ctx: ctx, r: &verify.Report{Kind: "disc"}, o: o, sums: map[string]string{}}
}

func (c *check) run() error {
	if c.o.Clock == nil {
		return errors.New("verify: no clock")
	}
	raw, ok := c.read(fileManifest, maxManifest)
	if !ok || !form.Strict(raw, &c.m, "  ") || !c.m.sound() {
		code := "manifest.form"
		if !c.has(fileManifest) {
			code = "file.missing"
		}
		c.unreadable(code, fileManifest)
		return nil
	}
	c.digest = hexSum(raw)
	c.r.Origin = c.m.Origin
	c.r.Disc = &verify.DiscFacts{
		ID: c.m.ID, Number: c.m.Number, Bureau: c.m.Bureau, CaseNo: c.m.Case.No, CaseTitle: c.m.Case.Title, MadeAt: c.m.MadeAt, MadeBy: c.m.MadeBy.Name,
		Request: c.m.Request.No, ManifestSHA256: c.digest, Files: len(c.m.Files), Recordings: len(c.m.Recordings),
	}
	c.r.RecordIntact.Settle(verify.Yes, "", "")
	if err := c.files(); err != nil {
		return err
	}
	c.entry()
	c.head()
	c.note()
	return c.beside()
}

// unreadable settles all three answers for a disc that cannot be read at all.
func (c *check) unreadable(code, what string) {
	c.wrong(code, what)
	c.r.SignerTrusted.Settle(verify.Unknown, "", "")
	c.r.InLog.Settle(verify.Unknown, "", "")
}

func (c *check) has(name string) bool {
	if len(c.views) == 0 {
		return false
	}
	_, ok := c.views[0].files[name]
	return ok
}

// read gives a file of at most limit bytes as the view that is believed first shows it.
func (c *check) read(name string, limit int64) ([]byte, bool) {
	if len(c.views) == 0 || c.bad {
		return nil, false
	}
	f, ok := c.views[0].files[name]
	if !ok || f.size > limit {
		return nil, false
	}
	r, err := f.open()
	if err != nil {
		return nil, false
	}
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	return raw, errors.Join(err, r.Close()) == nil && int64(len(raw)) <= limit
}

// files compares what each reader of the disc sees with the manifest, and names each file that is changed, missing or added.
func (c *check) files() error {
	want := slices.Clone(c.m.Files)
	want = append(want, listed{fileManifest, -1, c.digest})
	if raw, ok := c.read(fileEntry, maxRecord); ok {
		want = append(want, listed{fileEntry, int64(len(raw)), hexSum(raw)})
	} else {
		want = append(want, listed{fileEntry, -1, ""})
	}
	listed := map[string]bool{}
	for _, f := range want {
		if err := c.ctx.Err(); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		listed[f.Name] = true
		var missing, changed []string
		for _, v := range c.views {
			have, ok := v.files[f.Name]
			switch long := f.Size > limited && (v.kind == image.ISO || v.kind == image.Joliet); {
			case !ok && long:
			case long && v.kind == image.Joliet && have.at == c.views[0].files[f.Name].at && have.size == f.Size%(1<<32): // its beginning, as it stands in UDF
			case !ok:
				missing = append(missing, v.kind)
			case long || f.Size >= 0 && have.size != f.Size || !c.same(have, f.SHA256):
				changed = append(changed, v.kind)
			}
		}
		c.name("file.missing", f.Name, missing)
		c.name("file.changed", f.Name, changed)
	}
	added := map[string][]string{}
	for _, v := range c.views {
		for name := range v.files {
			if !listed[name] {
				added[name] = append(added[name], v.kind)
			}
		}
	}
	names := make([]string, 0, len(added))
	for name := range added {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c.name("file.added", name, added[name])
	}
	for _, name := range []string{fileNote, fileTrust, fileCheckpoint, fileSums} {
		if !listed[name] { // a disc that never had it is none
			c.wrong("file.missing", name)
		}
	}
	return nil
}

// name says what is wrong with a file, and in which trees where it is not in all of them.
func (c *check) name(code, name string, kinds []string) {
	if len(kinds) == 0 {
		return
	}
	if len(kinds) < len(c.views) {
		slices.Sort(kinds)
		name += " (" + strings.Join(kinds, ", ") + ")"
	}
	c.wrong(code, name)
}

// same reports whether a file has this digest. The same bytes are read once.
func (c *check) same(f file, digest string) bool {
	if c.bad || digest == "" {
		return false
	}
	if have, ok := c.sums[f.key]; ok && f.key != "" {
		return have == digest
	}
	r, err := f.open()
	if err != nil {
		return false
	}
	sum := sha256.New()
	n, err := io.Copy(sum, &stopped{c.ctx, io.LimitReader(r, f.size+1)})
	if errors.Join(err, r.Close()) != nil || n != f.size {
		return false
	}
	have := hex.EncodeToString(sum.Sum(nil))
	c.sums[f.key] = have
	return have == digest
}

// stopped reads until a context ends.
type stopped struct {
	ctx context.Context // one read, one context
	r   io.Reader
}

func (s *stopped) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err //nolint:wrapcheck // only looked at by its caller
	}
	return s.r.Read(b) //nolint:wrapcheck // as above
}
