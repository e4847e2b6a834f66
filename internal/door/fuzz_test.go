package door_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/door"
	"zhilu.dev/zhilu/internal/fault"
)

// FuzzHeaders reads whatever a sender writes into the headers of the protocol. What is taken means exactly one thing, what is
// not is the sender's fault.
func FuzzHeaders(f *testing.F) {
	id := "0199aaaa-0000-7000-8000-000000000001"
	for _, s := range [][4]string{
		{"final;/upload/" + id, "sha256 " + strings.Repeat("A", 43) + "=", "5", "5"},
		{"final; http://h/upload/" + id + " /upload/" + id, "sm3 x", "18446744073709551616", "-1"},
		{"partial", "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "0", "00"},
		{"final;../upload/" + id, "md5 AA==", "", "+1"},
		{"final;//evil/upload/" + id, "sha256", "1e3", " 1"},
	} {
		f.Add(s[0], s[1], s[2], s[3])
	}
	f.Fuzz(func(t *testing.T, concat, checksum, length, offset string) {
		r := httptest.NewRequest(http.MethodPost, "http://h/upload", nil)
		for name, v := range map[string]string{"Upload-Concat": concat, "Upload-Checksum": checksum, "Upload-Length": length, "Upload-Offset": offset} {
			if v != "" {
				r.Header[name] = []string{v}
			}
		}
		parts, size, at, err := door.HeadersOf(r)
		if err != nil {
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
				t.Fatalf("%v is not the sender's fault", err)
			}
			return
		}
		if size < -1 || at < 0 {
			t.Fatalf("length %d, offset %d", size, at)
		}
		for _, p := range parts {
			if len(p) != len(id) || !strings.Contains(concat, p) {
				t.Fatalf("%q is no part of %q", p, concat)
			}
		}
	})
}
