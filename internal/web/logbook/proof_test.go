package logbook_test

import (
	"net/http"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/web/logbook"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/site"
)

// T14, decision 6: what the page of an entry hands out, an outsider checks with the trust file alone; before the entry has
// its place there is nothing to hand out.
func TestProof(t *testing.T) {
	t.Parallel()
	w := pagetest.New(t, func(w *pagetest.World) []site.Route { return logbook.Routes(logbook.Deps{DB: w.DB, Gate: w.Gate}) })
	keys, err := keyring.Generate(durable.OS(), t.TempDir(), "log.example.gov.cn/zhilu")
	if err != nil {
		t.Fatal(err)
	}
	seq, err := custody.NewSequencer(t.Context(), custody.Config{DB: w.DB, Keys: keys, Clock: w.Clock, Log: w.Log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = seq.Close() })
	reader := w.As(access.AuditAdmin)
	entries, err := custody.List(t.Context(), w.DB.Reader, custody.Filter{Action: "org.add_person", Limit: 1})
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	path := "/custody/" + string(entries[0].ID) + "/proof"
	if a := reader.Get(path); a.Status != http.StatusServiceUnavailable {
		t.Errorf("before it has a place: %d", a.Status)
	}
	if _, err := seq.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	trust, err := custody.ReadTrust(t.Context(), w.DB.Reader, keys.Origin(), "")
	if err != nil {
		t.Fatal(err)
	}
	file, err := trust.Render()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := verify.ParseTrust(file)
	if err != nil {
		t.Fatal(err)
	}
	a := reader.Get(path)
	if a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%d %v", a.Status, a.Header)
	}
	r, err := verify.Bytes([]byte(a.Body), verify.Options{Trust: parsed, Clock: w.Clock})
	if err != nil || r.Kind != "entry" || r.ExitCode() != verify.ExitOK || r.Opened[0].Value != string(entries[0].ID) {
		t.Errorf("an outsider finds %+v %v", r, err)
	}
	if a := w.As(access.Officer).Get(path); a.Status != http.StatusForbidden {
		t.Errorf("an officer got it: %d", a.Status)
	}
}
