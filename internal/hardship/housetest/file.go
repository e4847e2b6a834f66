package housetest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// File is a file of which only name, size and seed are kept: its bytes are made anew each time they are read.
type File struct {
	Name string
	Size int64
	Seed uint64

	once sync.Once
	sum  string
}

// Files makes n files whose sizes are spread evenly by orders of magnitude from least to most bytes. No two are alike.
func Files(r *rand.Rand, n int, least, most int64) []*File {
	list := make([]*File, n)
	for i := range list {
		size := int64(math.Exp(math.Log(float64(least)) + r.Float64()*(math.Log(float64(most))-math.Log(float64(least)))))
		list[i] = &File{Name: fmt.Sprintf("F%06d.mp4", i), Size: size, Seed: r.Uint64()}
	}
	return list
}

// ReadAt gives the file's bytes.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	var word [8]byte
	for n < len(p) && off < f.Size {
		binary.LittleEndian.PutUint64(word[:], mix(f.Seed+uint64(off/8)))
		part := word[off%8:]
		m := copy(p[n:], part[:min(int64(len(part)), f.Size-off)])
		n, off = n+m, off+int64(m)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// mix is SplitMix64: words that nothing compresses and no two files share.
func mix(x uint64) uint64 {
	x = x*0x9e3779b97f4a7c15 + 0x632be59bd9b4e019
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Reader reads the file from an offset to its end.
func (f *File) Reader(off int64) io.Reader { return io.NewSectionReader(f, off, f.Size-off) }

// SHA256 is the file's digest in hexadecimal.
func (f *File) SHA256() string {
	f.once.Do(func() {
		h := sha256.New()
		_, _ = io.Copy(h, f.Reader(0)) // neither end fails
		f.sum = hex.EncodeToString(h.Sum(nil))
	})
	return f.sum
}

// Card writes files into a folder, as a camera would.
func Card(t testing.TB, dir string, files []*File) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		w, err := os.Create(filepath.Join(dir, f.Name))
		if err == nil {
			_, err = io.Copy(w, f.Reader(0))
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
