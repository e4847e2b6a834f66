package app_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/dock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// evil is what a payload does if it runs: the page would know.
const evil = `window.zlEvil=1`

// payloads are names and words that are programs, markup, formulas or commands somewhere. // T26
func payloads() []string {
	list := []string{
		`<script>` + evil + `</script>`, `"><script>` + evil + `</script>`, `'><img src=x onerror=` + evil + `>`, `<svg onload=` + evil + `>`,
		`<svg><script>` + evil + `<`, `</title><script>` + evil + `</script>`, `</textarea><script>` + evil + `</script>`, `</script><script>` + evil + `</script>`,
		`<iframe srcdoc="<script>parent.zlEvil=1</script>">`, `<a href=javascript:` + evil + `>x</a>`, `javascript:` + evil, `" onmouseover="` + evil, `' onfocus='` + evil + `' autofocus='`,
		`<body onload=` + evil + `>`, `<input autofocus onfocus=` + evil + `>`, `<details open ontoggle=` + evil + `>`, `<video><source onerror=` + evil + `>`,
		`<math><mtext><img src=x onerror=` + evil + `>`, `<style>@import'//evil.example'</style>`, `<link rel=stylesheet href=//evil.example>`, `<meta http-equiv=refresh content=0;url=//evil.example>`,
		`<base href=//evil.example/>`, `<form action=//evil.example><input name=q>`, `<object data=//evil.example>`, `<embed src=//evil.example>`, `<!--<img src="--><img src=x onerror=` + evil + `>`,
		`${` + evil + `}`, `{{` + evil + `}}`, `<%= ` + evil + ` %>`, `#{` + evil + `}`, "`" + evil + "`", `\u003cscript\u003e` + evil, `%3Cscript%3E` + evil, `&lt;script&gt;` + evil, `&#60;script&#62;` + evil,
		`＜script＞` + evil, `<scr<script>ipt>` + evil + `</script>`, `<IMG SRC=x OnErRoR=` + evil + `>`, "<img src=x\tonerror=" + evil + ">", `<img src=x onerror=eval(atob('` + `d2luZG93LnpsRXZpbD0x` + `'))>`,
		`=cmd|' /C calc'!A0`, `+1+1`, `-2+3`, `@SUM(1+1)`, `=HYPERLINK("http://evil.example","x")`, `=1+1`, `=WEBSERVICE("http://evil.example")`, "\t=1+1", `;=1+1`, `"=1+1`,
		`'; DROP TABLE person; --`, `" OR 1=1 --`, `$(touch zlEvil)`, "`touch zlEvil`", `; touch zlEvil`, `| touch zlEvil`, `-rf`, `--output=zlEvil`, `%s%s%n`, `%00`,
		"\u202e4pm.执法", "a\u200bb", `../../etc/passwd`, `..\..\windows\win.ini`, `CON`, `NUL.mp4`, "x\u001b[31mred", strings.Repeat("长", 60),
	}
	return list
}

// TestPayloads puts payloads into every name and every word a person, a camera or a dock can give, and then looks at every
// page in a real browser and at every sheet that can be taken away: nothing runs, nothing is loaded from elsewhere, and
// nothing is a formula.
func TestPayloads(t *testing.T) {
	t.Parallel()
	st := openStation(t)
	ctx, h, host := t.Context(), st.house, access.HostActor("test")
	all := payloads()
	if len(all) < 60 {
		t.Fatal(len(all))
	}
	taken := map[string]int{}
	try := func(where string, err error) {
		if err == nil {
			taken[where]++
		}
	}
	dep, err := h.Org.EnsureDepartment(ctx, host, "执法科")
	if err != nil {
		t.Fatal(err)
	}
	card := map[string]string{}
	var officer ident.PersonID
	for i, p := range all {
		_, err := h.Org.AddDepartment(ctx, host, dep, p)
		try("department", err)
		person, err := h.Org.AddPerson(ctx, host, org.PersonEdit{Name: p, Number: fmt.Sprint(1000 + i), Department: dep})
		if try("person", err); err == nil {
			officer = person.ID
		}
		_, err = h.Org.AddPerson(ctx, host, org.PersonEdit{Name: fmt.Sprint("某", i), Number: p, Department: dep})
		try("number", err)
		_, err = h.Devices.Register(ctx, st.custodian, device.Spec{Label: fmt.Sprint("Z", i), Kind: device.Kinds()[0], Maker: p, Model: p, Serial: fmt.Sprint(i, p), CardLabel: p, Department: dep, Note: p})
		try("device", err)
		_, err = h.Devices.Register(ctx, st.custodian, device.Spec{Label: p, Kind: device.Kinds()[0], Serial: fmt.Sprint("s", i), Department: dep})
		try("device label", err)
		_, _, err = h.Accounts.CreateToken(ctx, host, account.TokenRequest{Scope: access.ScopeDock, Name: p, Department: dep})
		try("token", err)
		if !strings.ContainsAny(p, "/\x00") {
			card[p] = fmt.Sprint("content ", i)
		}
	}
	dir := filepath.Join(t.TempDir(), `=1+1"><b>`)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range card {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rep := st.dock(st.agent(dir, st.url, func(c *dock.Config) { c.Station = all[2] }))
	for _, r := range rep.Results {
		if r.Status != dock.Sealed {
			t.Errorf("%q: %s %s", r.Name, r.Status, r.Code)
			continue
		}
		taken["file"]++
	}
	login := func(role access.Role) string {
		return enrol(t, h, app.NewUser{Name: all[0], Number: fmt.Sprint("u", role), Username: "u" + string(role), Department: dep, Roles: []access.Role{role}}, all[1])
	}
	sessions := map[access.Role]string{}
	for _, role := range []access.Role{access.Custodian, access.Leader, access.Head, access.SystemAdmin, access.AuditAdmin} {
		sessions[role] = login(role)
	}
	reviewer := login(access.LegalReviewer)
	asker, _, err := h.Accounts.Authenticate(ctx, reviewer)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rep.Results {
		try("assignment", h.Recordings.Resolve(ctx, st.custodian, ident.RecordingID(r.Recording), recording.Assignment{Officer: officer, Words: all[i]}))
		_, err := h.Viewing.Ask(ctx, asker, viewing.Ask{Items: []viewing.Item{{Recording: ident.RecordingID(r.Recording)}}, Purpose: viewing.Purposes()[0], Words: all[i], Until: clock.System().Now().AddDate(0, 0, 3)})
		try("request", err)
	}
	sessions[access.LegalReviewer] = reviewer
	t.Log("payloads taken: ", taken)
	for _, where := range []string{"department", "person", "device", "token", "file", "assignment", "request"} {
		if taken[where] < 20 {
			t.Errorf("only %d payloads became a %s: %v", taken[where], where, taken)
		}
	}
	walkPayloads(t, st.url, sessions)
	for role, session := range sessions {
		scanSheets(t, st.url, role, session)
	}
}

// walkPayloads opens the pages, and what the first rows of each list lead to.
func walkPayloads(t *testing.T, base string, sessions map[access.Role]string) {
	t.Helper()
	ctx := webtest.NewBrowser(t)
	link := regexp.MustCompile(`href="(/(?:recordings|people|devices|cards|viewings|custody)/[0-9a-f-]{36})"`)
	seen := 0
	for role, session := range sessions {
		webtest.Open(t, ctx, base+"/sign-in", webtest.Desktop)
		if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.cookie = "zhilu_session=`+session+`; path=/"`)); err != nil {
			t.Fatal(err)
		}
		queue := []string{"/", "/recordings", "/inbox", "/cards", "/devices", "/people", "/departments", "/accounts", "/tokens", "/viewings", "/register", "/custody", "/health"}
		visited := map[string]bool{}
		for len(queue) > 0 {
			path := queue[0]
			queue = queue[1:]
			if visited[path] {
				continue
			}
			visited[path] = true
			status, body := fetch(t, base+path, session)
			if status != http.StatusOK {
				continue
			}
			seen++
			if strings.Count(path, "/") == 1 {
				for i, m := range link.FindAllStringSubmatch(body, -1) {
					if i < 3 {
						queue = append(queue, m[1])
					}
				}
			}
			webtest.Open(t, ctx, base+path, webtest.Desktop)
			const look = `[typeof window.zlEvil, document.querySelectorAll('[src*="evil.example"],[href^="//evil"],[href^="javascript:"],img[src="x"],iframe,object,embed,base,form[action*="evil"]').length, document.title.length > 0].join(" ")`
			said, err := chromedp.Run(ctx, chromedp.Evaluate[string](look))
			if err != nil || said != "undefined 0 true" {
				t.Errorf("%s sees %s: %v %s", role, path, err, said)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d pages were seen", seen)
	}
}

// scanSheets takes away every sheet a role may have.
func scanSheets(t *testing.T, base string, role access.Role, session string) {
	t.Helper()
	for _, path := range []string{"/recordings/export", "/people/export", "/devices/export", "/accounts/export", "/custody/export", "/register/export"} {
		status, body := fetch(t, base+path, session)
		if status != http.StatusOK {
			continue
		}
		f, err := excelize.OpenReader(bytes.NewReader([]byte(body)))
		if err != nil {
			t.Errorf("%s %s: %v", role, path, err)
			continue
		}
		for _, sheet := range f.GetSheetList() {
			rows, err := f.GetRows(sheet)
			if err != nil {
				t.Fatal(err)
			}
			for y, row := range rows {
				for x, v := range row {
					cell, _ := excelize.CoordinatesToCellName(x+1, y+1)
					if formula, err := f.GetCellFormula(sheet, cell); err != nil || formula != "" {
						t.Errorf("%s %s: %s is the formula %s %v", role, path, cell, formula, err)
					}
					if v != "" && slices.Contains([]byte("=+-@\t\r"), v[0]) && len(v) > 1 && !regexp.MustCompile(`^-?[0-9.,:]+$`).MatchString(v) {
						t.Errorf("%s %s: %s begins like a formula where it is copied as text: %q", role, path, cell, v)
					}
				}
			}
		}
		_ = f.Close()
	}
}

func fetch(t *testing.T, address, session string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "zhilu_session", Value: session})
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}
