// Package image reads the image of an evidence disc: the trees of ISO 9660 (with the names of Rock Ridge), of Joliet and of UDF. A
// disc shows a reader whichever of them its system prefers, so all of them are read. Images are hostile until shown otherwise:
// nothing is followed twice, nothing is read beyond its end, and what a plain disc never holds is named (docs/formats/disc-v1.md).
package image

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// The trees.
const (
	ISO    = "iso9660"
	Joliet = "joliet"
	UDF    = "udf"
)

// Bounds of what is read.
const (
	maxFiles   = 20_100  // of a tree
	maxDepth   = 8       // folders below each other
	maxFolder  = 8 << 20 // bytes of one folder
	maxFolders = 64 << 20
	maxExtents = 4096 // of one file
	sector     = 2048
)

// Extent is a run of bytes of the image. A hole reads as zeros.
type Extent struct {
	Off, Len int64
	Hole     bool
}

// File is a plain file of a tree.
type File struct {
	Name    string // with slashes
	Size    int64
	Extents []Extent
}

// Tree is what one reader sees.
type Tree struct {
	Kind  string
	Files []File // by name
}

// Odd is what no evidence disc holds. Code is "tree.form" (the tree cannot be read), "tree.loop", "tree.deep", "tree.many",
// "tree.extent" (it points out of the image), "tree.overlap" (files share parts of their bytes), "tree.twice" (a name stands twice),
// "file.kind" (a link or whatever is no plain file), "tree.boot" (something that a computer would start), "image.short" (it ends before
// its volume does), or "image.after" (bytes behind the end of the volume, which no tree shows).
type Odd struct{ Code, Name string }

// Image is an image that was read.
type Image struct {
	Trees []Tree
	Odd   []Odd
	Label string // of the UDF or else the primary volume

	r      io.ReaderAt
	size   int64
	volume int64 // how long the primary descriptor says the volume is; 0 where none was read
}

// Is reports whether a file begins as an image of a disc does.
func Is(r io.ReaderAt) bool {
	var b [6]byte
	for _, at := range []int64{16, 17, 18, 19} {
		if _, err := r.ReadAt(b[:], at*sector); err != nil {
			return false
		}
		if id := string(b[1:]); id == "CD001" || id == "BEA01" {
			return true
		}
	}
	return false
}

// Read reads every tree of an image. What is wrong with it is in Odd.
func Read(r io.ReaderAt, size int64) *Image {
	i := &Image{r: r, size: size}
	i.iso()
	i.udf()
	i.outside()
	for n := range i.Trees {
		i.order(&i.Trees[n])
	}
	return i
}

// outside looks at what no tree shows: before the first descriptor, and behind the end of the volume. Zeros there say nothing and are let
// be, since drives fill up the last block they write; so is what a drive cannot read there, which is how it ends some kinds of disc.
func (i *Image) outside() {
	if i.volume == 0 {
		return // without a primary descriptor the tree is missing already
	}
	if head, ok := i.bytes(0, 16*sector); ok && len(bytes.Trim(head, "\x00")) > 0 {
		i.odd("tree.boot", "system area", "")
	}
	if i.size < i.volume {
		i.odd("image.short", fmt.Sprintf("%d < %d", i.size, i.volume), "")
		return
	}
	b := make([]byte, 1<<20)
	for at := i.volume; at < i.size; {
		n, err := i.r.ReadAt(b[:min(int64(len(b)), i.size-at)], at)
		if len(bytes.Trim(b[:n], "\x00")) > 0 {
			i.odd("image.after", fmt.Sprint(i.volume), "")
			return
		}
		if at += int64(n); n == 0 || err != nil && !errors.Is(err, io.EOF) {
			return
		}
	}
}

// Tree gives a tree by its kind; nil where there is none.
func (i *Image) Tree(kind string) *Tree {
	for n := range i.Trees {
		if i.Trees[n].Kind == kind {
			return &i.Trees[n]
		}
	}
	return nil
}

func (i *Image) odd(code, kind, name string) {
	if len(i.Odd) < 100 { // more would tell nothing more
		what := kind
		if name != "" {
			what += ": " + name
		}
		i.Odd = append(i.Odd, Odd{code, what})
	}
}

// order sorts a tree and looks for names that stand twice and for bytes that several files share in part.
func (i *Image) order(t *Tree) {
	slices.SortFunc(t.Files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	var all []Extent
	for n, f := range t.Files {
		if n > 0 && t.Files[n-1].Name == f.Name {
			i.odd("tree.twice", t.Kind, f.Name)
		}
		for _, e := range f.Extents {
			if !e.Hole && e.Len > 0 {
				all = append(all, e)
			}
		}
	}
	slices.SortFunc(all, func(a, b Extent) int { return cmp.Or(cmp.Compare(a.Off, b.Off), cmp.Compare(a.Len, b.Len)) })
	for n := 1; n < len(all); n++ {
		if all[n] != all[n-1] && all[n].Off < all[n-1].Off+all[n-1].Len {
			i.odd("tree.overlap", t.Kind, "")
			return
		}
	}
}

// bytes reads a run of the image; false where it lies outside or cannot be read.
func (i *Image) bytes(off, n int64) ([]byte, bool) {
	if off < 0 || n < 0 || n > maxFolder || off > i.size-n {
		return nil, false
	}
	b := make([]byte, n)
	if got, err := i.r.ReadAt(b, off); err != nil && (int64(got) < n || !errors.Is(err, io.EOF)) {
		return nil, false
	}
	return b, true
}

// fits reports whether a file's extents lie inside the image.
func (i *Image) fits(f File) bool {
	if len(f.Extents) > maxExtents || f.Size < 0 {
		return false
	}
	var sum int64
	for _, e := range f.Extents {
		if e.Len < 0 || !e.Hole && (e.Off < 0 || e.Off > i.size-e.Len) {
			return false
		}
		sum += e.Len
	}
	return sum == f.Size
}

// Open reads a file of a tree.
func (i *Image) Open(f File) io.Reader {
	parts := make([]io.Reader, 0, len(f.Extents))
	for _, e := range f.Extents {
		if e.Hole {
			parts = append(parts, io.LimitReader(zeros{}, e.Len))
			continue
		}
		parts = append(parts, io.NewSectionReader(i.r, e.Off, e.Len))
	}
	return io.MultiReader(parts...)
}

// Key is the same for files of any tree that are the same bytes of the image.
func (f File) Key() string { return fmt.Sprint(f.Size, f.Extents) }

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// walk is one tree that is being read.
type walk struct {
	i       *Image
	t       Tree
	seen    map[int64]bool // folders by where they lie
	folders int64          // bytes of folders
	entries int
	skip    int // of Rock Ridge; -1 for none
	part    partition
}

func (w *walk) odd(code, name string) { w.i.odd(code, w.t.Kind, name) }

// enter reports whether a folder may be read: not twice, not too deep.
func (w *walk) enter(at, size int64, depth int, name string) bool {
	w.folders += size
	switch {
	case w.seen[at]:
		w.odd("tree.loop", name)
	case depth > maxDepth:
		w.odd("tree.deep", name)
	case size > maxFolder || w.folders > maxFolders:
		w.odd("tree.many", name)
	default:
		w.seen[at] = true
		return true
	}
	return false
}

// count reports whether one more entry may be read.
func (w *walk) count() bool {
	w.entries++
	if w.entries == maxFiles+1 {
		w.odd("tree.many", "")
	}
	return w.entries <= maxFiles
}

// put takes a file up.
func (w *walk) put(f File) {
	if !w.i.fits(f) {
		w.odd("tree.extent", f.Name)
	}
	w.t.Files = append(w.t.Files, f)
}

// join makes the name of something in a folder.
func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
