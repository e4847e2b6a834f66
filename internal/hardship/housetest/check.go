package housetest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/db"
)

// Verdict is how what is there compares with what was acknowledged. Zero is how it must be.
type Verdict struct {
	Lost    int // acknowledged, and not there
	Doubled int // one content as two recordings, or two entries of one sealing
	Wrong   int // anything else that is not as it must be
	Notes   []string
}

// OK reports whether everything is as it must be.
func (v *Verdict) OK() bool { return v.Lost+v.Doubled+v.Wrong == 0 }

// Add adds another verdict's figures.
func (v *Verdict) Add(o Verdict) {
	v.Lost, v.Doubled, v.Wrong, v.Notes = v.Lost+o.Lost, v.Doubled+o.Doubled, v.Wrong+o.Wrong, append(v.Notes, o.Notes...)
}

// Must fails the test unless everything is as it must be.
func (v *Verdict) Must(t testing.TB) {
	t.Helper()
	if !v.OK() {
		t.Errorf("lost %d, doubled %d, wrong %d\n%s", v.Lost, v.Doubled, v.Wrong, strings.Join(v.Notes, "\n"))
	}
}

func (v *Verdict) note(n *int, format string, args ...any) {
	*n++
	if len(v.Notes) < 40 {
		v.Notes = append(v.Notes, fmt.Sprintf(format, args...))
	}
}

// Check asks a running server for everything that was acknowledged, then stops it and checks house and rows. papers is
// how many receipts are verified at most; below zero all.
func (h *House) Check(t testing.TB, s *Server, acked []Upload, papers int) Verdict {
	t.Helper()
	v := h.CheckOnline(t, acked, papers)
	v.Add(h.Settle(t))
	s.Stop(t)
	v.Add(h.CheckAtRest(t))
	return v
}

// CheckOnline asks a running server for every upload that was acknowledged: one that ended is there with its digest and a
// receipt that verifies, one that did not has at least the bytes that were acknowledged.
func (h *House) CheckOnline(t testing.TB, acked []Upload, papers int) Verdict {
	t.Helper()
	var v Verdict
	ctx := t.Context()
	for _, u := range acked {
		if u.Token == "" {
			u.Token = h.Dock
		}
		if u.Outcome == "" {
			c := &Client{House: h, Token: u.Token}
			a, err := c.Head(ctx, u.Address)
			switch {
			case err != nil:
				t.Fatalf("%s: %v", u.Address, err)
			case a.Status != http.StatusOK:
				v.note(&v.Lost, "an upload of which %d bytes were acknowledged: HEAD %d", u.Offset, a.Status)
			case a.Outcome == "" && a.Offset < u.Offset:
				v.note(&v.Lost, "an upload of which %d bytes were acknowledged has %d", u.Offset, a.Offset)
			}
			continue
		}
		if u.File != nil && u.Content != u.File.SHA256() {
			v.note(&v.Wrong, "%s was acknowledged as %s", u.File.Name, u.Content)
		}
		h.checkContent(t, &v, u, papers != 0)
		papers--
	}
	return v
}

// checkContent asks for the receipt of one ended upload, which names its digest, and verifies it with the program.
func (h *House) checkContent(t testing.TB, v *Verdict, u Upload, paper bool) {
	t.Helper()
	path := "/api/v1/files/" + u.FileID + "/receipt"
	if u.Receipt != "" {
		path = "/api/v1/receipts/" + u.Receipt
	}
	status, body, err := h.Get(path, u.Token)
	switch {
	case err != nil:
		t.Fatalf("%s: %v", path, err)
	case status != http.StatusOK:
		v.note(&v.Lost, "file %s (%s) was acknowledged and %s answers %d", u.FileID, u.Content, path, status)
		return
	case !strings.Contains(string(body), u.Content):
		v.note(&v.Wrong, "file %s was acknowledged as %s and its receipt says otherwise: %s", u.FileID, u.Content, body)
	}
	if !paper {
		return
	}
	name := filepath.Join(t.TempDir(), "receipt.json")
	if err := os.WriteFile(name, body, 0o600); err != nil {
		t.Fatal(err)
	}
	papers := []string{name}
	if u.Paper != "" {
		papers = append(papers, u.Paper)
	}
	for _, p := range papers {
		if out, errs, code := h.Run(t, "verify", p, "--trust", filepath.Join(h.Data, "public", "trust.json")); code != 0 {
			v.note(&v.Wrong, "the receipt of %s does not verify: %d %s%s", u.FileID, code, out, errs)
		}
	}
}

// Settle waits until every entry has its place in the log and every file was looked into, beside the running server.
func (h *House) Settle(t testing.TB) Verdict {
	t.Helper()
	var v Verdict
	d := h.Rows(t)
	defer func() { _ = d.Close() }()
	for end := time.Now().Add(Patience); ; time.Sleep(50 * time.Millisecond) {
		pending := count(t, d, "SELECT count(*) FROM custody_pending")
		unread := count(t, d, "SELECT count(*) FROM recording_file WHERE verified_at = 0 OR facts = ''")
		if pending == 0 && unread == 0 {
			return v
		}
		if time.Now().After(end) {
			v.note(&v.Wrong, "%d entries are without a place in the log, %d files were not read back", pending, unread)
			return v
		}
	}
}

// Rows opens the house's SQLite database to read, also beside a server.
func (h *House) Rows(t testing.TB) *sql.DB {
	t.Helper()
	d, err := db.OpenReader(t.Context(), db.Config{URL: "sqlite:" + filepath.Join(h.Data, "zhilu.db")}, false)
	if err != nil {
		t.Fatal(err)
	}
	return d.Reader.DB
}

func count(t testing.TB, d *sql.DB, query string) int {
	t.Helper()
	n := 0
	if err := d.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// Count runs a query that gives one number.
func (h *House) Count(t testing.TB, query string) int {
	t.Helper()
	d := h.Rows(t)
	defer func() { _ = d.Close() }()
	return count(t, d, query)
}

const sealings = "action IN ('recording.seal', 'recording.adopt') AND outcome = 'done' AND detail NOT LIKE '%\"duplicate_of\"%'"

// CheckAtRest checks the house of a server that does not run: one recording and one entry of its sealing for each content,
// each entry with its one place in the log, no object without its row, and fsck, which reads every byte.
func (h *House) CheckAtRest(t testing.TB) Verdict {
	t.Helper()
	var v Verdict
	for query, words := range map[string]string{
		"SELECT count(*) - count(DISTINCT sha256) FROM recording_file":                                                 "files with a content that another has",
		"SELECT (SELECT count(*) FROM recording) - (SELECT count(*) FROM recording_file)":                              "recordings more than files",
		"SELECT count(*) - count(DISTINCT subject_id) FROM custody_entry WHERE " + sealings:                            "sealings of a recording that was sealed before",
		"SELECT count(*) FROM custody_leaf WHERE seq IN (SELECT seq FROM custody_leaf GROUP BY seq HAVING count(*)>1)": "leaves of an entry that has another",
	} {
		if n := h.Count(t, query); n != 0 {
			v.note(&v.Doubled, "%d %s", n, words)
		}
	}
	files := h.Count(t, "SELECT count(*) FROM recording_file")
	sealed := h.Count(t, "SELECT count(*) FROM custody_entry e JOIN custody_leaf l ON l.seq = e.seq WHERE "+sealings)
	objects := h.Objects()
	if files != sealed || files != len(objects) {
		v.note(&v.Wrong, "%d files, %d sealings in the log, %d objects", files, sealed, len(objects))
	}
	r := h.Fsck(t, false)
	if r.Code != 0 || len(r.Findings) > 0 || r.Objects != files {
		v.note(&v.Wrong, "fsck: %d, %d objects: %s", r.Code, r.Objects, r.Text)
	}
	return v
}

// Objects are the files of the sealed objects.
func (h *House) Objects() []string {
	list, _ := filepath.Glob(filepath.Join(h.Data, "vault", "objects", "*", "*", "*.zv")) // the pattern is sound
	return list
}

// Recordings is how many recordings the API tells of.
func (h *House) Recordings(t testing.TB) int {
	t.Helper()
	status, body, err := h.Get("/api/v1/recordings?limit=1", h.Read)
	var list struct{ Count int }
	if err == nil {
		err = json.Unmarshal(body, &list)
	}
	if err != nil || status != http.StatusOK {
		t.Fatalf("recordings: %d %v %s", status, err, body)
	}
	return list.Count
}
