package door_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/door"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault"
)

// dial opens a connection and sends the head of a PATCH and a piece of its body.
func (w *world) dial(u string, offset, length int, piece string) *net.TCPConn {
	w.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(w.t.Context(), "tcp", strings.TrimPrefix(w.srv.URL, "http://"))
	need(w.t, conn, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: %d\r\n"+
		"Content-Type: application/offset+octet-stream\r\nContent-Length: %d\r\n\r\n%s", u, offset, length, piece)
	need(w.t, 0, err)
	return conn.(*net.TCPConn)
}

// arrived waits until so many bytes of a running request were taken in.
func (w *world) arrived(u string, n int64) {
	w.t.Helper()
	for w.door.Reading(idOf(u)) != n {
		if w.t.Context().Err() != nil {
			w.t.Fatal("nothing arrived")
		}
		runtime.Gosched()
	}
}

// TestBrokenConnection: what arrived before the line broke is kept and counted, and nothing is finished.
func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		u := w.create(10)
		conn := w.dial(u, 0, 10, "hell")
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(conn) // or only its end
		if len(answer) > 0 && !strings.Contains(string(answer), " 400 ") {
			t.Errorf("answered %s", answer)
		}
		if err := holds("hell")(w, u); err != nil {
			t.Error(err)
		}
		if a := w.do(call{method: "PATCH", url: u, h: chunk(4), body: "o, you"}); a.status != 204 {
			t.Errorf("going on: %d %s", a.status, a.body)
		}
		if err := sealed("hello, you")(w, u); err != nil {
			t.Error(err)
		}
	})
}

// TestBrokenChecked: of a chunk that has a checksum and did not arrive whole, nothing is kept. // T21
func TestBrokenChecked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		u := w.create(10)
		conn := w.dial(u, 0, 10, "")
		_ = conn.Close()
		conn, err := net.DialTCP("tcp", nil, w.srv.Listener.Addr().(*net.TCPAddr))
		need(t, conn, err)
		fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nUpload-Checksum: %s\r\n"+
			"Content-Type: application/offset+octet-stream\r\nContent-Length: 10\r\n\r\nhell", u, sha1Of("hello, you"))
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(conn)
		_ = conn.Close()
		if err := holds("")(w, u); err != nil {
			t.Error(err)
		}
	})
}

// TestSilentSender: a sender whose line is dead without our noticing keeps nobody out, and what it sent counts.
func TestSilentSender(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"HEAD", "PATCH", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, w *world) {
				w.door.Hurry(20*time.Second, 5*time.Millisecond, 10)
				u := w.create(10)
				w.dial(u, 0, 10, "hell") // and then nothing, with the connection open
				w.arrived(u, 4)
				a := w.do(call{method: method, url: u, h: chunk(4), body: map[string]string{"PATCH": "o"}[method]})
				switch method {
				case "HEAD":
					if a.status != 200 || a.h.Get("Upload-Offset") != "4" {
						t.Errorf("%d, offset %q", a.status, a.h.Get("Upload-Offset"))
					}
				case "PATCH":
					if a.status != 204 || a.h.Get("Upload-Offset") != "5" {
						t.Errorf("%d %s", a.status, a.body)
					}
				default:
					if a.status != 204 {
						t.Errorf("%d %s", a.status, a.body)
					}
					if err := isGone(w, u); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

// TestSlowSenderIsLeftAlone: HEAD does not cut off a sender whose bytes keep coming, and another PATCH waits its turn and
// is told that it has not come.
func TestSlowSenderIsLeftAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.door.Hurry(100*time.Millisecond, 5*time.Millisecond, 1<<30)
		u := w.create(1000)
		conn := w.dial(u, 0, 1000, "x")
		w.arrived(u, 1)
		if a := w.do(call{method: "PATCH", url: u, h: chunk(0), body: "y"}); a.status != http.StatusLocked || a.code() != "upload.locked" {
			t.Errorf("a second sender: %d %s", a.status, a.body)
		}
		if status, off := w.offset(u); status != 200 || off != "0" {
			t.Errorf("HEAD meanwhile: %d %q; only durable bytes are told", status, off)
		}
		if _, err := io.WriteString(conn, strings.Repeat("x", 999)); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 12)
		if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 204" {
			t.Fatalf("the slow one: %q %v", answer, err)
		}
		if err := sealed(strings.Repeat("x", 1000))(w, u); err != nil {
			t.Error(err)
		}
	})
}

// TestTwoSenders: of two who send the same chunk at once one succeeds, and the other is told the offset.
func TestTwoSenders(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for range 10 {
			u := w.create(10)
			var got [2]answer
			var wg sync.WaitGroup
			for i := range got {
				wg.Go(func() { got[i] = w.do(call{method: "PATCH", url: u, h: chunk(0), body: "hello"}) })
			}
			wg.Wait()
			if s := got[0].status + got[1].status; s != 204+409 {
				t.Errorf("%d and %d", got[0].status, got[1].status)
			}
			if err := holds("hello")(w, u); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestSameBytesAtOnce: many docks with the same bytes at the same time all succeed, and there is one object. // G10 G11
func TestSameBytesAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		const n = 24
		var mu sync.Mutex
		count := map[string]int{}
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				u := w.post(headers{"Upload-Length": "5"}, "")
				h := chunk(0)
				if i%2 == 0 {
					h = h.with("Upload-Checksum", sha1Of("hello"))
				}
				a := w.do(call{method: "PATCH", url: u, h: h, body: "hello"})
				mu.Lock()
				defer mu.Unlock()
				count[a.h.Get("Zhilu-Status")]++
				if a.status != 204 {
					t.Errorf("%d %s", a.status, a.body)
				}
			})
		}
		wg.Wait()
		if count["sealed"] != 1 || count["duplicate"] != n-1 || w.objects() != 1 {
			t.Errorf("%v, %d objects", count, w.objects())
		}
	})
}

// TestByteByByte: chunks of one byte, each with its checksum, one of them wrong now and then.
func TestByteByByte(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		text := strings.Repeat("现场", 12)
		u := w.create(len(text))
		for i := range len(text) {
			b := text[i : i+1]
			if i%7 == 0 {
				if a := w.do(call{method: "PATCH", url: u, h: chunk(i, "Upload-Checksum", sha1Of(b+"!")), body: b}); a.status != 460 {
					t.Fatalf("byte %d: %d", i, a.status)
				}
			}
			a := w.do(call{method: "PATCH", url: u, h: chunk(i, "Upload-Checksum", sha1Of(b)), body: b})
			if a.status != 204 || a.h.Get("Upload-Offset") != strconv.Itoa(i+1) {
				t.Fatalf("byte %d: %d %s", i, a.status, a.body)
			}
		}
		if err := sealed(text)(w, u); err != nil {
			t.Error(err)
		}
	})
}

// TestStranger plays a client that knows the protocol and keeps no rule, against a model of what must come of it: no
// request fails on our side, and no offset is ever other than what was accepted. // T19 T21
func TestStranger(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for seed := range uint64(6) {
			r := rand.New(rand.NewPCG(seed, 1))
			content := make([]byte, 40)
			for i := range content {
				content[i] = 'a' + byte(r.IntN(26))
			}
			u, at := w.create(len(content)), 0
			for step := 0; at < len(content) && step < 400; step++ {
				off := at
				if r.IntN(4) == 0 {
					off = r.IntN(len(content) + 3)
				}
				n := r.IntN(12)
				var piece string
				if off < len(content) {
					piece = string(content[off:min(len(content), off+n)])
				}
				c := call{method: "PATCH", url: u, h: chunk(off), body: piece, chunked: r.IntN(3) == 0}
				want := 204
				switch sum := r.IntN(5); {
				case off != at:
					want = 409
				case sum == 0:
					c.h, want = c.h.with("Upload-Checksum", sha1Of(piece+"x")), 460
				case sum == 1:
					c.h = c.h.with("Upload-Checksum", sha256Of(piece))
				case sum == 2:
					c.trailer = headers{"Upload-Checksum": sm3Of(piece)}
				}
				a := w.do(c)
				if a.status != want {
					t.Fatalf("seed %d step %d: %+v answered %d %s, want %d", seed, step, c, a.status, a.body, want)
				}
				if want == 204 {
					at += len(piece)
				}
				if _, got := w.offset(u); got != strconv.Itoa(at) {
					t.Fatalf("seed %d step %d: offset %s, want %d", seed, step, got, at)
				}
			}
			if err := sealed(string(content))(w, u); err != nil {
				t.Error(err)
			}
		}
	})
}

// flaky is an intake in which the process dies, as far as a sender can tell, before a seal.
type flaky struct {
	*recording.Service
	mu    sync.Mutex
	fails int
}

func (f *flaky) Seal(ctx context.Context, a access.Actor, id ident.UploadID, want *vault.Digest) (recording.Result, error) {
	f.mu.Lock()
	fail := f.fails > 0
	f.fails--
	f.mu.Unlock()
	if fail {
		return recording.Result{}, errors.New("killed")
	}
	return f.Service.Seal(ctx, a, id, want)
}

// TestLostAnswer: the process ends between the last byte and the seal. Whoever asks then is not told that all is well
// before it is evidence. // G2
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.serve(&flaky{Service: w.intake, fails: 2}, w.vault)
		u := w.open()
		if a := w.do(call{method: "PATCH", url: u, h: chunk(2), body: "llo"}); a.status != 500 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if a := w.head(u); a.status != 500 {
			t.Errorf("HEAD says %d, offset %s, of what is no evidence", a.status, a.h.Get("Upload-Offset"))
		}
		if err := says(headers{"Upload-Offset": "5", "Zhilu-Status": "sealed", "Zhilu-Receipt": "*"})(w, u); err != nil {
			t.Error(err)
		}
		if a := w.do(call{method: "PATCH", url: u, h: chunk(5)}); a.status != 204 || a.h.Get("Zhilu-Status") != "sealed" {
			t.Errorf("an empty chunk at the end: %d %v", a.status, a.h)
		}
	})
}

// TestLostJoin: the process ends while parts are joined. The sender asks for the whole, or joins again, and gets it. // G2 G11
func TestLostJoin(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.serve(&flaky{Service: w.intake, fails: 1}, w.vault)
		last := lastPart(w)
		if a := w.do(call{method: "PATCH", url: last, h: chunk(2), body: "llo"}); a.status != 204 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if err := joined("helhello")(w, last); err != nil {
			t.Error(err)
		}
		a, b := w.part("one,"), w.part("two")
		h := headers{"Upload-Concat": "final;" + a + " " + b}
		w.serve(&flaky{Service: w.intake, fails: 1}, w.vault)
		if r := w.do(call{method: "POST", url: "/upload", h: h}); r.status != 500 || r.h.Get("Location") != "" {
			t.Fatalf("%d %v", r.status, r.h)
		}
		if r := w.do(call{method: "POST", url: "/upload", h: h}); r.status != 201 || r.h.Get("Zhilu-Status") != "sealed" {
			t.Errorf("joined again: %d %s", r.status, r.body)
		}
	})
}

// TestGone: bytes that were lost or expired are gone, and said to be.
func TestGone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		lost, part, stale := w.open(), w.half(), w.open()
		for _, u := range []string{lost, part} {
			s, err := w.vault.Resume(t.Context(), idOf(u))
			need(t, s, err)
			if err := s.Discard(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := isGone(w, u); err != nil {
				t.Error(err)
			}
		}
		w.Clock.Add(vault.StaleAfter)
		if _, err := w.intake.Adopt(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := isGone(w, stale); err != nil {
			t.Error(err)
		}
	})
}

// TestAskingDoesNotProlong: an upload expires seven days after its last byte, however often it is looked at.
func TestAskingDoesNotProlong(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		u := w.open()
		first := w.expiry()
		w.Clock.Add(time.Hour)
		for range 2 {
			if got := w.head(u).h.Get("Upload-Expires"); got != first {
				t.Errorf("expires %q, want %q", got, first)
			}
		}
		a := w.do(call{method: "PATCH", url: u, h: chunk(2), body: "l"})
		if got := a.h.Get("Upload-Expires"); got != w.expiry() || got == first {
			t.Errorf("expires %q after another byte, want %q", got, w.expiry())
		}
	})
}

// TestAddress: an upload's address is on the host it was asked of, and on none that would break out of a header.
func TestAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for host, want := range map[string]string{"bureau.example": "http://bureau.example/upload/", "10.0.0.1:8443": "http://10.0.0.1:8443/upload/"} {
			req, err := http.NewRequestWithContext(t.Context(), "POST", w.srv.URL+"/upload", nil)
			need(t, req, err)
			req.Host = host
			req.Header = http.Header{"Authorization": {"Bearer a"}, "Tus-Resumable": {"1.0.0"}, "Upload-Length": {"5"}}
			resp, err := w.srv.Client().Do(req)
			need(t, resp, err)
			_ = resp.Body.Close()
			if got := resp.Header.Get("Location"); !strings.HasPrefix(got, want) {
				t.Errorf("asked of %q: %q", host, got)
			}
		}
	})
}

func FuzzMetadata(f *testing.F) {
	for _, s := range []string{"", "filename ZXZpbA==", "a,b,c", "filename ..%2f", "k \xff", strings.Repeat("a ", 9000), "a\x00 YQ=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw, err := door.MetadataOf(s)
		if err == nil && raw != "" && (raw != s || strings.ContainsAny(raw, "\r\n\x00")) {
			t.Errorf("%q is said again as %q", s, raw)
		}
	})
}

// TestCutConnectionIsClosed: a sender that was cut off by another request gets an answer that ends its connection, however
// far its body was: what would follow on that connection could not be served.
func TestCutConnectionIsClosed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 40 {
			u := w.create(3)
			var wg sync.WaitGroup
			wg.Go(func() { // cut off in the middle, it may not even get its answer
				a, err := try(t, w.srv, call{method: "PATCH", url: u, h: chunk(0), body: "abc"[:1+i%3], chunked: i%2 == 0})
				if err == nil && a.status >= 500 {
					t.Errorf("%d %s", a.status, a.body)
				}
			})
			for range 2 {
				wg.Go(func() {
					if a := w.do(call{method: "DELETE", url: u}); a.status != http.StatusNoContent && a.status != http.StatusGone {
						t.Errorf("%d %s", a.status, a.body)
					}
				})
			}
			wg.Wait()
			for range 4 { // on the connections that are left
				wg.Go(func() {
					if a := w.do(call{method: "HEAD", url: u}); a.status != http.StatusGone {
						t.Errorf("%d", a.status)
					}
				})
			}
			wg.Wait()
		}
	})
}
