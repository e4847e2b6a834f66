package housetest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// Login is an account that init made.
type Login struct {
	Role     string `json:"role"`
	Username string `json:"username"`
	Password string `json:"password"`
}

func logins(t testing.TB, out string) map[string]*Login {
	t.Helper()
	var said struct{ People []*Login }
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	list := map[string]*Login{}
	for _, l := range said.People {
		list[l.Role] = l
	}
	return list
}

// Browser is somebody at the pages.
type Browser struct {
	h    *House
	http *http.Client
}

// SignIn signs a role in ("system_admin", "security_admin", "audit_admin"), and gives it a password of its own the first
// time. The pages then answer this browser.
func (h *House) SignIn(t testing.TB, role string) (*Browser, error) {
	t.Helper()
	l := h.Logins[role]
	if l == nil {
		t.Fatalf("there is no %s", role)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &Browser{h: h, http: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	resp, err := b.Post("/sign-in", url.Values{"username": {l.Username}, "password": {l.Password}})
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("sign-in: %s", resp.Status)
	}
	if resp.Header.Get("Location") != "/password" {
		return b, nil
	}
	own := "Xin-Mima-2026-" + l.Password
	resp, err = b.Post("/password", url.Values{"current": {l.Password}, "next": {own}, "again": {own}})
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("first password: %s", resp.Status)
	}
	l.Password = own
	return b, nil
}

// Post sends a form. The body of the answer is read and gone.
func (b *Browser) Post(path string, form url.Values) (*http.Response, error) {
	resp, err := b.http.PostForm(b.h.URL()+path, form)
	if err != nil {
		return nil, err
	}
	return resp, resp.Body.Close()
}

// Get asks for a page; the caller closes the body.
func (b *Browser) Get(path string) (*http.Response, error) { return b.http.Get(b.h.URL() + path) }

// AddUser makes a person with an account in a role, who can then sign in.
func (h *House) AddUser(t testing.TB, role string) {
	t.Helper()
	var l Login
	out := h.must(t, "user", "add", "--data", h.Data, "--name", "试用"+role, "--username", "try_"+role, "--role", role, "--department", "执法科", "--json")
	if err := json.Unmarshal([]byte(out), &l); err != nil {
		t.Fatalf("user add: %v\n%s", err, out)
	}
	h.Logins[role] = &l
}

// Visitor asks for pages again and again until it is told to stop, and remembers how long each took.
type Visitor struct {
	mu    sync.Mutex
	took  []time.Duration
	wrong []string
}

// Visit walks a browser through pages with a pause between any two, until ctx ends. A page counts when it came whole.
func (v *Visitor) Visit(ctx context.Context, b *Browser, pause time.Duration, pages ...string) {
	for i := 0; ctx.Err() == nil; i++ {
		path := pages[i%len(pages)]
		began := time.Now()
		resp, err := b.Get(path)
		status := 0
		if err == nil {
			status = resp.StatusCode
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		took := time.Since(began)
		v.mu.Lock()
		if err != nil || status != http.StatusOK {
			v.wrong = append(v.wrong, fmt.Sprintf("%s: %d %v", path, status, err))
		}
		v.took = append(v.took, took)
		v.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// Said gives the number of pages asked for, the time that 95 of 100 stayed below, and what went wrong.
func (v *Visitor) Said() (n int, p95 time.Duration, wrong []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.took) == 0 {
		return 0, 0, v.wrong
	}
	return len(v.took), Quantile(v.took, 0.95), v.wrong
}

// Quantile gives the value that a share of the durations stays at or below.
func Quantile(list []time.Duration, share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*share))]
}
