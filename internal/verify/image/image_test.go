package image_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/verify/image"
)

// make has genisoimage make an image of these files.
func makeImage(t testing.TB, files map[string]string, more ...string) []byte {
	t.Helper()
	tool, err := exec.LookPath("genisoimage")
	if err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, "in", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := append([]string{"-quiet", "-input-charset", "utf-8", "-output-charset", "utf-8", "-iso-level", "3", "-R", "-J", "-joliet-long", "-udf", "-o", filepath.Join(dir, "x.iso")}, more...)
	if raw, err := exec.CommandContext(t.Context(), tool, append(args, filepath.Join(dir, "in"))...).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, raw)
	}
	b, err := os.ReadFile(filepath.Join(dir, "x.iso"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRead: every tree of an image shows the same files with the same bytes, whatever their names, sizes and number.
func TestRead(t *testing.T) {
	t.Parallel()
	files := map[string]string{"空.txt": "", "a.txt": "a", "录像/001-现场检查.mp4": strings.Repeat("film", 5000), "录像/" + strings.Repeat("长", 60) + ".mp4": "x", "Ünï/é.txt": "é"}
	for n := range 300 { // a folder of many sectors
		files[fmt.Sprintf("many/%03d-file-with-a-name.json", n)] = fmt.Sprint(n)
	}
	b := makeImage(t, files)
	if !image.Is(bytes.NewReader(b)) || image.Is(strings.NewReader(strings.Repeat("x", 1<<17))) {
		t.Error("what is an image")
	}
	i := image.Read(bytes.NewReader(b), int64(len(b)))
	if len(i.Odd) > 0 || len(i.Trees) != 3 {
		t.Fatalf("%v, %d trees", i.Odd, len(i.Trees))
	}
	for _, kind := range []string{image.ISO, image.Joliet, image.UDF} {
		tree := i.Tree(kind)
		if len(tree.Files) != len(files) {
			t.Errorf("%s: %d files", kind, len(tree.Files))
		}
		for _, f := range tree.Files {
			raw, err := io.ReadAll(i.Open(f))
			if want, ok := files[f.Name]; !ok || err != nil || string(raw) != want || f.Size != int64(len(want)) {
				t.Errorf("%s: %s: %d bytes, %v", kind, f.Name, len(raw), err)
			}
		}
	}
}

// TestHostile: loops, places outside the image, lengths beyond measure and links are named; nothing is followed twice. // issue 6, T23
func TestHostile(t *testing.T) {
	t.Parallel()
	whole := makeImage(t, map[string]string{"dir/a.txt": "aaaa", "b.txt": "bbbb"})
	le := binary.LittleEndian
	root := func(b []byte) int64 { return int64(le.Uint32(b[16*2048+158:])) * 2048 }
	record := func(b []byte, name string) []byte {
		at := root(b)
		n := bytes.Index(b[at:at+2048], []byte(name))
		return b[at+int64(n)-33:]
	}
	for name, c := range map[string]struct {
		do   func(b []byte) []byte
		want string
	}{
		"a folder that is its own":     {func(b []byte) []byte { r := record(b, "DIR"); copy(r[2:10], b[16*2048+158:16*2048+166]); return b }, "tree.loop"},
		"a file outside":               {func(b []byte) []byte { r := record(b, "B.TXT"); le.PutUint32(r[2:], 1<<30); return b }, "tree.extent"},
		"a file beyond measure":        {func(b []byte) []byte { r := record(b, "B.TXT"); le.PutUint32(r[10:], 1<<31); return b }, "tree.extent"},
		"two byte orders":              {func(b []byte) []byte { r := record(b, "B.TXT"); r[17] ^= 1; return b }, "tree.form"},
		"an associated file":           {func(b []byte) []byte { r := record(b, "B.TXT"); r[25] |= 4; return b }, "file.kind"},
		"a record that ends too early": {func(b []byte) []byte { r := record(b, "B.TXT"); r[0] = 20; return b }, "tree.form"},
		"a folder beyond measure":      {func(b []byte) []byte { le.PutUint32(b[16*2048+166:], 1<<31); return b }, "tree.many"},
		"something to start from":      {func(b []byte) []byte { copy(b[18*2048:], append([]byte{0}, "CD001"...)); return b }, "tree.boot"},
		"a UDF folder that is its own": {func(b []byte) []byte {
			i := bytes.Index(b, []byte("\x08dir"))
			copy(b[i-18:i-2], b[257*2048+400:257*2048+416])
			return b
		}, "tree.loop"},
		"a UDF file outside": {func(b []byte) []byte {
			for at := 259 * 2048; at < len(b)-2048; at += 2048 {
				if le.Uint16(b[at:]) == 261 && b[at+27] == 5 {
					le.PutUint32(b[at+180:], 1<<30)
					return b
				}
			}
			return nil
		}, "tree.extent"},
		"bytes behind its end":            {func(b []byte) []byte { return append(b, "evil"...) }, "image.after"},
		"bytes far behind its end":        {func(b []byte) []byte { return append(append(b, make([]byte, 3<<20)...), 1) }, "image.after"},
		"a volume of which the end lacks": {func(b []byte) []byte { return b[:len(b)-2048] }, "image.short"},
		"bytes before its beginning":      {func(b []byte) []byte { b[100] = 1; return b }, "tree.boot"},
		"no anchor":                       {func(b []byte) []byte { clear(b[256*2048 : 257*2048]); return b }, "tree.form"},
		"cut in half":                     {func(b []byte) []byte { return b[:len(b)/3] }, "tree."},
		"only a start":                    {func(b []byte) []byte { return b[:17*2048] }, "tree."},
	} {
		b := c.do(bytes.Clone(whole))
		i := image.Read(bytes.NewReader(b), int64(len(b)))
		if !slices.ContainsFunc(i.Odd, func(o image.Odd) bool { return strings.HasPrefix(o.Code, c.want) }) {
			t.Errorf("%s: %v", name, i.Odd)
		}
	}
	padded := append(bytes.Clone(whole), make([]byte, 64<<10)...) // a drive fills up its last block
	if i := image.Read(bytes.NewReader(padded), int64(len(padded))); len(i.Odd) > 0 {
		t.Errorf("padded: %v", i.Odd)
	}
}

// FuzzRead reads anything; what it reads lies inside what it was given, and it ends.
func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, patch []byte, at uint32) {
		b := bytes.Clone(small(t))
		copy(b[int(at)%len(b):], patch)
		i := image.Read(bytes.NewReader(b), int64(len(b)))
		for _, tree := range i.Trees {
			for _, x := range tree.Files {
				if len(i.Odd) > 0 {
					return
				}
				n, err := io.Copy(io.Discard, i.Open(x))
				if err != nil || n != x.Size {
					t.Errorf("%s: %d of %d, %v", x.Name, n, x.Size, err)
				}
			}
		}
	})
}

var smallImage []byte

// small is a committed image of two files.
func small(t testing.TB) []byte {
	t.Helper()
	if smallImage == nil {
		raw, err := os.ReadFile(filepath.Join("testdata", "small.iso"))
		if err != nil {
			t.Fatal(err)
		}
		smallImage = raw
	}
	return smallImage
}
