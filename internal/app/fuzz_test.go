package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzDockAPI sends anything as the body of what a dock asks of a running house: it is refused in words or taken, and the
// house never fails over it.
func FuzzDockAPI(f *testing.F) {
	st := openStation(f)
	send := func(t testing.TB, method, path string, body []byte) (int, http.Header, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, st.url+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		secret, _, _ := strings.Cut(st.token, ".")
		req.Header.Set("Authorization", "Bearer "+secret)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header, raw
	}
	opening := `{"label":"卡","station":"一号","agent":"zhilu-dock/1","device":"","free_bytes":1,"total_bytes":2,"files":[{"path":"DCIM/a.mp4","size":3,"mtime":"2026-11-27T01:00:00Z"}]}`
	_, _, raw := send(f, http.MethodPost, "/api/v1/cards", []byte(opening))
	var card struct {
		ID string `json:"card_id"`
	}
	if err := json.Unmarshal(raw, &card); err != nil || card.ID == "" {
		f.Fatalf("%v: %s", err, raw)
	}
	paths := []string{"/api/v1/cards", "/api/v1/cards/" + card.ID + "/close", "/api/v1/cards/" + card.ID + "/clear"}
	for i, body := range []string{
		opening, `{"files":[{"path":"DCIM/a.mp4","size":3,"status":"sealed","sha256":"` + strings.Repeat("a", 64) + `"}]}`,
		`{"files":[{"path":"../../x","size":-1,"mtime":"x"}]}`, `{"order_id":"x","files":[]}`, `{"files":null}`, `[[[[[[[[`, `{"label":"` + strings.Repeat("长", 3000) + `"}`,
		`{"free_bytes":1e999}`, "{\"label\":\"\\u0000\\u202e\"}",
	} {
		f.Add(byte(i), []byte(body))
	}
	f.Fuzz(func(t *testing.T, which byte, body []byte) {
		path := paths[int(which)%len(paths)]
		status, h, raw := send(t, http.MethodPost, path, body)
		if status >= http.StatusInternalServerError {
			t.Fatalf("%s: %d %s", path, status, raw)
		}
		if status >= http.StatusBadRequest && status != http.StatusNotFound && !strings.HasPrefix(h.Get("Content-Type"), "application/problem+json") {
			t.Fatalf("%s: %d without words: %s %s", path, status, h.Get("Content-Type"), raw)
		}
	})
}
