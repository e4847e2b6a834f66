package door_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/gate/gatetest"
)

// sentence is one sentence of tus 1.0.0 as one request and its answer. The section is where it stands in the protocol.
type sentence struct {
	section, name string
	at            func(w *world) string  // the upload it is about; nil for the creation address
	more          func(w *world) headers // headers that name other uploads
	c             call
	status        int
	code          string  // of the problem document, for a refusal
	want          headers // "*" is there, "-" is not, else exactly so
	then          func(w *world, u string) error
}

// judge sends a sentence's request to srv and holds the answer against it.
func (s sentence) judge(w *world, srv *httptest.Server) error {
	c := s.c
	c.url = "/upload"
	if s.at != nil {
		c.url = s.at(w)
	}
	if s.more != nil {
		c.h = c.h.with()
		for k, v := range s.more(w) {
			c.h[k] = v
		}
	}
	a := send(w.t, srv, c)
	if a.status != s.status || a.code() != s.code && c.method != "HEAD" {
		return fmt.Errorf("answered %d %q, want %d %q: %s", a.status, a.code(), s.status, s.code, a.body)
	}
	if got := a.h.Get("Tus-Resumable"); got != "1.0.0" {
		return fmt.Errorf("Tus-Resumable %q", got)
	}
	if a.status == http.StatusNoContent && a.body != "" {
		return fmt.Errorf("204 with a body: %q", a.body)
	}
	for k, v := range s.want {
		got, there := a.h.Get(k), a.h.Values(k) != nil
		if v == "*" && got == "" || v == "-" && there || v != "*" && v != "-" && got != v {
			return fmt.Errorf("%s: %q, want %q", k, got, v)
		}
	}
	if s.then == nil {
		return nil
	}
	u := c.url
	if s.at == nil {
		u = strings.TrimPrefix(a.h.Get("Location"), w.srv.URL)
	}
	return s.then(w, u)
}

// What an upload is like afterwards.

func holds(bytes string) func(*world, string) error {
	return func(w *world, u string) error {
		got, err := w.staged(u)
		if err != nil {
			return err
		}
		if got != bytes {
			return fmt.Errorf("the upload holds %q, want %q", got, bytes)
		}
		if _, off := w.offset(u); off != fmt.Sprint(len(bytes)) {
			return fmt.Errorf("its offset is %q", off)
		}
		return nil
	}
}

func sealed(bytes string) func(*world, string) error {
	return func(w *world, u string) error {
		got, err := w.content(u)
		if err != nil {
			return err
		}
		if got != bytes {
			return fmt.Errorf("the object holds %q, want %q", got, bytes)
		}
		return nil
	}
}

func says(want headers) func(*world, string) error {
	return func(w *world, u string) error {
		return sentence{at: func(*world) string { return u }, c: call{method: "HEAD"}, status: 200, want: want}.judge(w, w.srv)
	}
}

func isGone(w *world, u string) error {
	for _, m := range []string{"HEAD", "PATCH", "DELETE"} {
		if a := w.do(call{method: m, url: u, h: chunk(2), body: "llo"}); a.status != http.StatusGone || a.h.Get("Upload-Offset") != "" {
			return fmt.Errorf("%s afterwards: %d", m, a.status)
		}
	}
	if _, err := w.staged(u); err == nil {
		return fmt.Errorf("its bytes are still there")
	}
	return nil
}

// noUpload: a refused creation left nothing that goes on.
func noUpload(w *world, _ string) error {
	for info, err := range w.vault.Stages(w.t.Context()) {
		if err != nil {
			return err
		}
		return fmt.Errorf("a stage is left: %v", info.ID)
	}
	return nil
}

func all(checks ...func(*world, string) error) func(*world, string) error {
	return func(w *world, u string) error {
		for _, c := range checks {
			if err := c(w, u); err != nil {
				return err
			}
		}
		return nil
	}
}

func sentences() []sentence {
	var out []sentence
	for _, list := range [][]sentence{core(), creation(), withUpload(), expiration(), checksums(), termination(), concatenation()} {
		out = append(out, list...)
	}
	return out
}

// TestProtocol goes through tus 1.0.0 sentence by sentence, at a door with a real intake, log and vault. // T20 T21
func TestProtocol(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, g *gatetest.World) {
		w := newWorld(t, g)
		seen := map[string]bool{}
		for _, s := range sentences() {
			name := s.section + "/" + s.name
			if seen[name] {
				t.Errorf("%s stands there twice", name)
			}
			seen[name] = true
			t.Run(name, func(t *testing.T) {
				w.t = t
				if err := s.judge(w, w.srv); err != nil {
					t.Error(err)
				}
			})
		}
		if len(seen) < 123 {
			t.Errorf("%d sentences", len(seen))
		}
	})
}

// TestSentencesBite: every sentence fails at a server that does nothing but answer with the status it wants.
func TestSentencesBite(t *testing.T) {
	t.Parallel()
	status := 0
	idle := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Tus-Resumable", "1.0.0")
		w.WriteHeader(status)
	}))
	t.Cleanup(idle.Close)
	gatetest.Each(t, func(t *testing.T, g *gatetest.World) {
		w := newWorld(t, g)
		for _, s := range sentences() {
			status = s.status
			if s.judge(w, idle) == nil {
				t.Errorf("%s/%s holds of a server that does nothing", s.section, s.name)
			}
		}
	})
}
