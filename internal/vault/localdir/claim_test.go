package localdir_test

import (
	"bytes"
	"io"
	"testing"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/durable/durabletest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
)

// Two senders do not count on the same room: what one may write before it asks again is not there for the other, so the
// reserve holds with hundreds of them (G4, G10).
func TestRoomIsClaimed(t *testing.T) {
	t.Parallel()
	disk := durabletest.NewDisk(256 << 20)
	v, err := open(t, disk, "/v", clock.NewManual(noon), vault.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	begin := func() vault.Stage {
		s, err := v.Begin(t.Context(), ident.New[ident.UploadID](), vault.SizeUnknown, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	slow, quick := begin(), begin()
	s, _ := disk.Space("/")
	disk.SetTotal(s.Total - s.Free + 1<<20 + 300_000) // beyond the reserve there is room for one piece, not for two
	r, w := io.Pipe()
	ended := make(chan error)
	go func() {
		_, err := slow.Append(t.Context(), r, nil)
		ended <- err
	}()
	if _, err := w.Write(make([]byte, 1000)); err != nil { // now it has been let in
		t.Fatal(err)
	}
	if _, err := quick.Append(t.Context(), bytes.NewReader(make([]byte, 200_000)), nil); !fault.HasCode(err, "vault.full") {
		t.Errorf("the second sender: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if _, err := quick.Append(t.Context(), bytes.NewReader(make([]byte, 200_000)), nil); err != nil {
		t.Errorf("once the first is done: %v", err)
	}
}
