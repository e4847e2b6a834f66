package site

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
)

// Value is a field of the request's query or form, without white space around it.
func (p *Page) Value(name string) string { return strings.TrimSpace(p.R.FormValue(name)) }

// Values are all values of a field of a form.
func (p *Page) Values(name string) []string {
	if err := p.R.ParseForm(); err != nil {
		return nil
	}
	return p.R.Form[name]
}

// Secret is a field exactly as it was typed: a password may begin with a blank.
func (p *Page) Secret(name string) string { return p.R.PostFormValue(name) }

// Day reads a date field as midnight in Shanghai. Empty is the zero time; anything else that is no date is fault
// Invalid "form.date" naming the field.
func (p *Page) Day(name string) (time.Time, error) { return p.moment(name, time.DateOnly, "form.date") }

// Moment reads a datetime-local field as a time in Shanghai, like Day with "form.moment".
func (p *Page) Moment(name string) (time.Time, error) {
	return p.moment(name, "2006-01-02T15:04", "form.moment")
}

func (p *Page) moment(name, layout, code string) (time.Time, error) {
	v := p.Value(name)
	if v == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(layout, v, clock.Shanghai)
	if err != nil && layout != time.DateOnly {
		t, err = time.ParseInLocation(layout+":05", v, clock.Shanghai)
	}
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, code).At(name)
	}
	return t.UTC(), nil
}

// File reads an uploaded file of at most limit bytes. None is fault Invalid "form.no_file", a larger one fault
// TooLarge "form.file_size" (its megabytes).
func (p *Page) File(name string, limit int64) ([]byte, string, error) {
	p.R.Body = http.MaxBytesReader(p.W, p.R.Body, limit+maxForm)
	f, head, err := p.R.FormFile(name)
	if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, "", fault.Wrap(big, fault.TooLarge, "form.file_size", limit>>20).At(name)
	}
	if err != nil {
		return nil, "", fault.Wrap(err, fault.Invalid, "form.no_file").At(name)
	}
	defer func() { _ = f.Close() }()
	return readFile(f, head, name, limit)
}

func readFile(f multipart.File, head *multipart.FileHeader, name string, limit int64) ([]byte, string, error) {
	if head.Size > limit {
		return nil, "", fault.New(fault.TooLarge, "form.file_size", limit>>20).At(name)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, "", fault.Wrap(err, fault.Invalid, "form.no_file").At(name)
	}
	return data, head.Filename, nil
}

// Attach sends a file to be saved, never to be shown: name is offered to the browser.
func (p *Page) Attach(contentType, name string) {
	h := p.W.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+escapeName(name))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
}

// Inline sends a file that the browser may show, under a name to save it by. It is kept by nobody on the way.
func (p *Page) Inline(contentType, name string) {
	h := p.W.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", "inline; filename*=UTF-8''"+escapeName(name))
	h.Set("Cache-Control", "no-store")
}

// PDF sends a finished paper that the browser may show.
func (p *Page) PDF(name string, paper []byte) error {
	p.Inline("application/pdf", name)
	_, err := p.W.Write(paper)
	return err
}

// Official is the printer of official papers, which are in Chinese whatever the reader reads.
func (p *Page) Official() locale.Printer { return p.site.c.Words.For(locale.Chinese) }

// escapeName writes a file name as RFC 8187 wants it.
func escapeName(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		const digits = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// PathID reads an id of the address, by its name in the route; what is none names nothing, so it is NotFound with this code.
func PathID[T ~string](p *Page, name, code string) (T, error) {
	id, err := ident.Parse[T](p.R.PathValue(name))
	if err != nil {
		return "", fault.Wrap(err, fault.NotFound, code)
	}
	return id, nil
}
