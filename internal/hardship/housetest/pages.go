package housetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
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
