// Package pagetest gives a test of pages a small bureau with the pages served over it, and readers who are signed in.
// It is for tests only.
package pagetest

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// World is a bureau on SQLite with its pages.
type World struct {
	*accounttest.Bureau

	Devices *device.Inventory
	Duties  *duty.Book
	Words   *locale.Catalogue
	Server  *httptest.Server

	t testing.TB
}

// New makes a world; routes makes the pages that are served over it.
func New(t testing.TB, routes func(w *World) []site.Route) *World {
	t.Helper()
	w := &World{t: t, Bureau: accounttest.New(t, gatetest.New(t, dbtest.SQLite(t)))}
	var err error
	if w.Devices, err = device.NewInventory(device.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}); err != nil {
		t.Fatal(err)
	}
	if w.Duties, err = duty.NewBook(duty.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}); err != nil {
		t.Fatal(err)
	}
	if w.Words, err = locale.Load(); err != nil {
		t.Fatal(err)
	}
	s, err := site.New(site.Config{
		Gate: w.Gate, Accounts: w.Accounts, Words: w.Words, Clock: w.Clock, Log: w.Log, Bureau: w.Bureau.Bureau.Name,
		DepartmentName: func(ctx context.Context, id ident.DepartmentID) string {
			tree, err := w.Org.Tree(ctx)
			if err != nil {
				return ""
			}
			d, _ := tree.Find(id)
			return d.Name
		},
		LogState: func(p locale.Printer) ui.LogState {
			return ui.LogState{State: "sound", Size: 48213, Checked: 48213, At: p.Clock(w.Clock.Now())}
		},
		Counts: func(ctx context.Context, actor access.Actor) site.Counts {
			c, err := w.Duties.Counts(ctx, actor)
			if err != nil {
				return site.Counts{}
			}
			return site.Counts{Duties: c.Open, Overdue: c.Overdue}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	web.Mount(mux, s, routes(w))
	mux.HandleFunc("GET "+signInPath, setCookies)
	w.Server = httptest.NewServer(mux)
	t.Cleanup(w.Server.Close)
	return w
}

// Reader is a browser of somebody who is signed in.
type Reader struct {
	w     *World
	token string
	lang  locale.Lang
}

// As signs the holder of a role in.
func (w *World) As(role access.Role) *Reader { return w.AsPerson(w.People[role].ID) }

// AsPerson signs a person in.
func (w *World) AsPerson(id ident.PersonID) *Reader {
	w.t.Helper()
	return &Reader{w: w, token: w.SignIn(w.t, id)}
}

// In gives the same reader in another language.
func (r *Reader) In(l locale.Lang) *Reader { return &Reader{w: r.w, token: r.token, lang: l} }

// Answer is what a page gave.
type Answer struct {
	Status   int
	Location string
	Header   http.Header
	Body     string

	t testing.TB
}

// Get asks for an address.
func (r *Reader) Get(path string) Answer {
	return r.do(http.MethodGet, path, "", nil)
}

// Post sends a form, given as name and value in turn.
func (r *Reader) Post(path string, pairs ...string) Answer {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return r.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(v.Encode()))
}

// Send sends a file in a form, with further fields as name and value in turn.
func (r *Reader) Send(path, field, name string, data []byte, pairs ...string) Answer {
	r.w.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := m.WriteField(pairs[i], pairs[i+1]); err != nil {
			r.w.t.Fatal(err)
		}
	}
	if field != "" {
		f, err := m.CreateFormFile(field, name)
		if err != nil {
			r.w.t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			r.w.t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		r.w.t.Fatal(err)
	}
	return r.do(http.MethodPost, path, m.FormDataContentType(), &b)
}

func (r *Reader) do(method, path, contentType string, body io.Reader) Answer {
	t := r.w.t
	t.Helper()
	q, err := http.NewRequestWithContext(context.Background(), method, r.w.Server.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		q.Header.Set("Content-Type", contentType)
	}
	q.AddCookie(&http.Cookie{Name: "zhilu_session", Value: r.token})
	if r.lang != "" {
		q.AddCookie(&http.Cookie{Name: "zhilu_lang", Value: string(r.lang)})
	}
	c := *r.w.Server.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := c.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{Status: res.StatusCode, Location: res.Header.Get("Location"), Header: res.Header, Body: string(text), t: t}
}

// Want fails the test unless the answer has this status and holds each text.
func (a Answer) Want(status int, texts ...string) Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status %d, want %d; it says: %s", a.Status, status, a.words())
	}
	for _, s := range texts {
		if !strings.Contains(a.Body, s) {
			a.t.Fatalf("the page does not hold %q; it says: %s", s, a.words())
		}
	}
	if i := strings.Index(a.Body, "⟦"); i >= 0 {
		a.t.Errorf("a word is missing: %s", a.Body[i:min(len(a.Body), i+60)])
	}
	return a
}

// Lacks fails the test if the answer holds one of the texts.
func (a Answer) Lacks(texts ...string) Answer {
	a.t.Helper()
	for _, s := range texts {
		if strings.Contains(a.Body, s) {
			a.t.Fatalf("the page holds %q", s)
		}
	}
	return a
}

// Leads fails the test unless the answer leads on with 303 to an address that begins so.
func (a Answer) Leads(prefix string) Answer {
	a.t.Helper()
	if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location, prefix) {
		a.t.Fatalf("status %d to %q, want 303 to %q; it says: %s", a.Status, a.Location, prefix, a.words())
	}
	return a
}

// words is the page without its tags, for messages.
func (a Answer) words() string {
	var b strings.Builder
	in := false
	body := a.Body
	if i := strings.Index(body, "<main"); i >= 0 {
		body = body[i:]
	}
	for _, r := range body {
		switch {
		case r == '<':
			in = true
		case r == '>':
			in = false
			b.WriteByte(' ')
		case !in:
			b.WriteRune(r)
		}
	}
	s := strings.Join(strings.Fields(b.String()), " ")
	return s[:min(len(s), 1500)]
}

// Browse gives the browser of a test the reader's session, and cookies of preferences as name and value in turn
// ("zhilu_theme", "dark").
func (r *Reader) Browse(t testing.TB, ctx context.Context, cookies ...string) {
	t.Helper()
	q := url.Values{"zhilu_session": {r.token}}
	for i := 0; i+1 < len(cookies); i += 2 {
		q.Set(cookies[i], cookies[i+1])
	}
	webtest.Open(t, ctx, r.w.Server.URL+signInPath+"?"+q.Encode(), webtest.Desktop)
}

// signInPath gives a browser its cookies; it exists in tests only.
const signInPath = "/pagetest/cookies"

func setCookies(w http.ResponseWriter, r *http.Request) {
	for name, v := range r.URL.Query() {
		http.SetCookie(w, &http.Cookie{Name: name, Value: v[0], Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!DOCTYPE html><title>ready</title><link rel=icon href=data:,>")
}

// OpenDuty opens a duty in a change of the product's own.
func (w *World) OpenDuty(n duty.New) ident.DutyID {
	w.t.Helper()
	return openDuty(w.t, w.Gate, n)
}

// Certificate gives a person a certificate that ends in so many days.
func (w *World) Certificate(person ident.PersonID, number string, days int) org.Certificate {
	w.t.Helper()
	from := clock.Shanghai
	now := w.Clock.Now().In(from)
	c, err := w.Org.AddCertificate(context.Background(), access.HostActor("test"), person, org.CertificateEdit{
		Number: number, ValidFrom: now.AddDate(-2, 0, 0), ValidTo: now.AddDate(0, 0, days),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// Device registers a body camera in the first department.
func (w *World) Device(label string) ident.DeviceID {
	w.t.Helper()
	id, err := w.Devices.Register(context.Background(), access.HostActor("test"), device.Spec{Label: label, Kind: device.BodyCamera, Department: w.Departments[0].ID, Maker: "云记", Model: "DSJ-5", Serial: "SN" + label})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}
