package door_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// A refusal reaches a sender who writes a large chunk to its end before listening, as browsers do: they learn of a full disk,
// not of a broken line (found by G4).
func TestRefusalIsHeard(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		url := w.open()
		conn, err := net.Dial("tcp", w.srv.Listener.Addr().String())
		need(t, conn, err)
		defer func() { _ = conn.Close() }()
		const size = 24 << 20
		head := fmt.Sprintf("PATCH %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 4\r\n"+
			"Content-Type: application/offset+octet-stream\r\nContent-Length: %d\r\n\r\n", url[strings.Index(url, "/upload/"):], size)
		_, err = conn.Write(append([]byte(head), bytes.Repeat([]byte("x"), size)...))
		if err != nil {
			t.Fatalf("the chunk: %v", err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != http.StatusConflict {
			t.Fatalf("%v %v", resp, err)
		}
		_ = resp.Body.Close()
		if _, offset := w.offset(url); offset != "2" {
			t.Errorf("offset %s", offset)
		}
	})
}
