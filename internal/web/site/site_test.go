package site_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// TestErrorPages: every error says what happened, what was kept, what to do and a code, in the page's language, with its
// own status; a form that is too large is said to be so instead of looking empty.
func TestErrorPages(t *testing.T) {
	t.Parallel()
	fail := func(k fault.Kind, code string) func(*site.Page) error {
		return func(*site.Page) error { return fault.New(k, code, int64(7)) }
	}
	w := pagetest.New(t, func(*pagetest.World) []site.Route {
		return []site.Route{
			{Method: http.MethodGet, Path: "/403", Action: access.TokenList, Handle: nil},
			{Method: http.MethodGet, Path: "/404", Handle: fail(fault.NotFound, "page.unknown")},
			{Method: http.MethodGet, Path: "/413", Handle: fail(fault.TooLarge, "form.file_size")},
			{Method: http.MethodGet, Path: "/429", Handle: fail(fault.RateLimited, "account.sign_in_rate")},
			{Method: http.MethodGet, Path: "/500", Handle: func(*site.Page) error { panic("a defect") }},
			{Method: http.MethodPost, Path: "/form", Handle: func(p *site.Page) error {
				return p.Render("a", ui.Text("read "+p.Value("words")))
			}},
		}
	})
	r := w.As(access.Custodian)
	for path, want := range map[string]struct {
		status int
		texts  []string
	}{
		"/403":     {http.StatusForbidden, []string{"没有权限", "第十九条", "保住了什么", "你可以做什么", "access.ask_system_admin"}},
		"/404":     {http.StatusNotFound, []string{"没有找到", "你可以做什么", "page.unknown", "回工作台"}},
		"/nowhere": {http.StatusNotFound, []string{"没有找到", "page.unknown"}},
		"/413":     {http.StatusRequestEntityTooLarge, []string{"太大", "form.file_size"}},
		"/429":     {http.StatusTooManyRequests, []string{"试得太快", "等一分钟再试"}},
		"/500":     {http.StatusInternalServerError, []string{"程序出错", "internal"}},
	} {
		r.Get(path).Want(want.status, append(want.texts, "<h1", "报告问题时请说这个代码")...).Lacks("a defect")
	}
	r.Post("/form", "words", strings.Repeat("长", 500_000)).Want(http.StatusRequestEntityTooLarge, "超过 1,024 KB", "form.size")
	r.Post("/form", "words", "短").Want(http.StatusOK, "read 短")
}

// TestPagesAreSteady is T26: whatever a page shows, nothing in it turns the direction of writing.
func TestPagesAreSteady(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, func(*pagetest.World) []site.Route {
		return []site.Route{{Method: http.MethodGet, Path: "/hostile", Handle: func(p *site.Page) error {
			return p.Render("名单\u202e", templ.Raw("<p title=\"\u2066x\">photo_\u202egpj.exe ئايىمۇ \x1b[2J</p>"))
		}}}
	})
	w.As(access.Officer).Get("/hostile").Want(http.StatusOK, "photo_‹U+202E›gpj.exe ئايىمۇ ‹U+001B›[2J", "名单‹U+202E›", "‹U+2066›x").Lacks("\u202e", "\u2066", "\x1b")
}
