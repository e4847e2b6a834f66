package disclosure

import (
	"archive/zip"
	"fmt"
	"io"
	"testing"
)

type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) { c.n += int64(len(b)); return len(b), nil }

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// ZipSizes writes a zip of members of these sizes and gives its length, and the length that was reckoned.
func ZipSizes(t *testing.T, sizes []int64) (got, told int64) {
	t.Helper()
	out := &counter{}
	z := zip.NewWriter(out)
	var list []listed
	for i, n := range sizes {
		name := fmt.Sprintf("items/%03d-original.mp4", i)
		list = append(list, listed{Name: name, Size: n})
		to, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyBuffer(to, io.LimitReader(zeros{}, n), make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.n, zipSize(list)
}
