package app

import (
	"net/http"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/web/site"
)

// actor says who sends a request that is no page: a bearer token, or a signed-in browser's cookie.
func (h *House) actor(r *http.Request) (access.Actor, error) {
	if auth := r.Header.Get("Authorization"); auth != "" {
		text, ok := strings.CutPrefix(auth, "Bearer ")
		if !ok {
			return access.Actor{}, fault.New(fault.Unauthorized, "account.session")
		}
		text, _, _ = strings.Cut(strings.TrimSpace(text), ".") // the rest pins our certificate and is the dock's own
		return h.Accounts.AuthenticateToken(r.Context(), text)
	}
	actor, _, err := h.Accounts.Authenticate(r.Context(), site.SessionToken(r))
	return actor, err
}
