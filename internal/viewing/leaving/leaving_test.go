package leaving_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"zhilu.dev/zhilu/internal/viewing/leaving"
)

// TestReader: T6. Nothing goes out after the asking that was answered with no.
func TestReader(t *testing.T) {
	t.Parallel()
	src := bytes.Repeat([]byte("zhilu"), 1<<20)
	asked, gone := 0, errors.New("taken back")
	got, err := io.ReadAll(leaving.NewReader(bytes.NewReader(src), leaving.Every, func() error { asked++; return nil }))
	if err != nil || !bytes.Equal(got, src) || asked < 4 {
		t.Fatalf("%d bytes, asked %d times: %v", len(got), asked, err)
	}
	got, err = io.ReadAll(leaving.NewReader(bytes.NewReader(src), leaving.Every, func() error { return gone }))
	if !errors.Is(err, gone) || len(got) != 1<<20 {
		t.Fatalf("%d bytes after it was taken back: %v", len(got), err)
	}
}
