// Package problem turns errors into answers, in one place for pages, JSON and uploads alike: the HTTP status of a
// fault and its problem document (RFC 9457). A cause never reaches an answer.
package problem

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
)

// Status is the HTTP status of an error.
func Status(err error) int {
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Exhausted:
		return http.StatusInsufficientStorage
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// Document is the problem document. Code is stable; Title, Kept and Do are words for people: what happened, what was
// kept, what to do.
type Document struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Kept    string `json:"kept,omitempty"`
	Do      string `json:"do,omitempty"`
	Article string `json:"article,omitempty"`
	Field   string `json:"field,omitempty"`
}

// Of makes the document of an error in the reader's language.
func Of(err error, p locale.Printer) Document {
	f, t := fault.As(err), p.Fault(err)
	return Document{
		Type: "about:blank", Title: t.What, Status: Status(err), Code: f.Code, Detail: t.What,
		Kept: t.Kept, Do: t.Do, Article: f.Article, Field: f.Field,
	}
}

// Log writes what an operator must know of an error: everything of an internal one, nothing of a visitor's mistake.
func Log(log *slog.Logger, r *http.Request, err error) {
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Exhausted || k == fault.Unavailable {
		log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
}

// Write answers with the problem document.
func Write(w http.ResponseWriter, r *http.Request, err error, p locale.Printer, log *slog.Logger) {
	Log(log, r, err)
	d := Of(err, p)
	raw, merr := json.Marshal(d)
	if merr != nil { // a struct of strings always marshals
		raw = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if d.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(d.Status)
	_, _ = w.Write(raw) // JSON with its own content type and nosniff
}
