package verify_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/api/tile"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/receipt"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/verify/source"
)

// The examples of docs/formats: a small log with a receipt, made once by this test with ZHILU_UPDATE_EXAMPLES=1. They
// must verify for ever.
const examples = "testdata/example"

func TestExamples(t *testing.T) {
	if os.Getenv("ZHILU_UPDATE_EXAMPLES") == "1" {
		writeExamples(t)
	}
	trust, err := verify.ReadTrust(filepath.Join(examples, "log", "trust.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]verify.Answer{"receipt.json": verify.Yes, "receipt-early.json": verify.NotYet} {
		data, err := os.ReadFile(filepath.Join(examples, name))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, check(t, data, verify.Options{Trust: trust, File: filepath.Join(examples, "original.mp4")}), verify.Yes, verify.Yes, want, 0)
		s, err := receipt.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(render(t, s), data) {
			t.Errorf("%s is not written as it was", name)
		}
	}
	proof, err := os.ReadFile(filepath.Join(examples, "entry-proof.json"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, check(t, proof, verify.Options{Trust: trust}), verify.Yes, verify.Yes, verify.Yes, 0)
	r, err := verify.Target(context.Background(), filepath.Join(examples, "log"), verify.Options{Trust: trust})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, r, verify.Yes, verify.Yes, verify.Yes, 0)
}

func writeExamples(t *testing.T) {
	t.Helper()
	w := newWorld(t)
	s := w.receipt(t)
	early := render(t, s)
	w.receipt(t)
	w.receipt(t)
	w.sequence(t)
	for name, data := range map[string][]byte{
		"receipt-early.json": early, "receipt.json": w.refresh(t, s), "original.mp4": content, "entry-proof.json": shownBy(t, s),
	} {
		writeFile(t, filepath.Join(examples, name), data)
	}
	h := tile.NewHandler(w.d.Reader, origin, "示例县应急管理局", slog.New(slog.DiscardHandler))
	for _, p := range []string{"checkpoint", "trust.json", "tile/0/000.p/5", "tile/entries/000.p/5"} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/"+p, http.NoBody))
		writeFile(t, filepath.Join(examples, "log", p), rec.Body.Bytes())
	}
}

// shownBy is the proof of the entry behind a receipt, opened as far as the receipt opens it.
func shownBy(t *testing.T, s *receipt.Signed) []byte {
	t.Helper()
	file, err := custody.RenderJSON(entryProof{entryProofV1, s.Entry, s.Proof})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// T14, T30: the programs printed in docs/formats, which were written from these texts alone, agree with us: about the
// examples for ever, about what a house hands out today, and about what was changed.
func TestProgramsInTheDocuments(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal("python3 is missing")
		}
		t.Skip("needs python3")
	}
	w := newWorld(t)
	receipt, entry := w.receipt(t), w.note(t)
	w.sequence(t)
	today := map[string][]byte{"receipt-v1.md": w.refresh(t, receipt), "entry-proof-v1.md": w.proof(t, entry)}
	trustToday := filepath.Join(t.TempDir(), "trust.json")
	writeFile(t, trustToday, w.trustFile(t))
	trust := filepath.Join(examples, "log", "trust.json")
	for _, c := range []struct {
		document, example string
		changes           map[string]string
	}{
		{"receipt-v1.md", "receipt.json", map[string]string{
			`\"size\":24`: `\"size\":25`, `"index": 2`: `"index": 1`, `"name": "detail.size"`: `"name": "detail.sixe"`, `"value": "24"`: `"value": "25"`,
		}},
		{"entry-proof-v1.md", "entry-proof.json", map[string]string{
			`"value": "done"`: `"value": "fail"`, `"index": 2`: `"index": 1`, `"name": "detail.size"`: `"name": "detail.sixe"`, `"value": "24"`: `"value": "25"`,
			`zhilu-detail/v1\nfile_id`: `zhilu-detail/v1\nfile_ie`, `zhilu-entry/v1\nid `: `zhilu-entry/v1\nie `, `\n5\n`: `\n6\n`,
		}},
	} {
		doc, err := os.ReadFile(filepath.Join("../../docs/formats", c.document))
		if err != nil {
			t.Fatal(err)
		}
		_, program, ok := strings.Cut(string(doc), "```python\n")
		program, _, ok2 := strings.Cut(program, "```")
		if !ok || !ok2 {
			t.Fatalf("%s holds no program", c.document)
		}
		script := filepath.Join(t.TempDir(), "verify.py")
		writeFile(t, script, []byte(program))
		run := func(file, trust string) error {
			out, err := exec.CommandContext(t.Context(), python, script, file, trust).CombinedOutput()
			if err != nil {
				t.Logf("%s", out)
			}
			return err
		}
		good, err := os.ReadFile(filepath.Join(examples, c.example))
		if err != nil {
			t.Fatal(err)
		}
		fresh := filepath.Join(t.TempDir(), "fresh.json")
		writeFile(t, fresh, today[c.document])
		if err := errors.Join(run(filepath.Join(examples, c.example), trust), run(fresh, trustToday)); err != nil {
			t.Errorf("%s: it refuses a good file: %v", c.document, err)
		}
		if run(fresh, trust) == nil {
			t.Errorf("%s: it trusts a stranger", c.document)
		}
		for from, to := range c.changes {
			bad := strings.Replace(string(good), from, to, 1)
			if bad == string(good) {
				t.Fatalf("%s holds no %s", c.example, from)
			}
			file := filepath.Join(t.TempDir(), "bad.json")
			writeFile(t, file, []byte(bad))
			if run(file, trust) == nil {
				t.Errorf("%s: it accepts %s for %s", c.document, to, from)
			}
		}
	}
}

// FuzzBytes feeds anything to the checker: it must not panic, must not take what was not signed for good, and must
// answer every question.
func FuzzBytes(f *testing.F) {
	trust, err := verify.ReadTrust(filepath.Join(examples, "log", "trust.json"))
	if err != nil {
		f.Fatal(err)
	}
	good := map[string]bool{}
	for _, name := range []string{"receipt.json", "receipt-early.json", "entry-proof.json", "log/checkpoint"} {
		data, err := os.ReadFile(filepath.Join(examples, name))
		if err != nil {
			f.Fatal(err)
		}
		good[string(data)] = true
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			t.Skip("refused by its size")
		}
		r := check(t, data, verify.Options{Trust: trust})
		if r.RecordIntact.Answer == "" || r.SignerTrusted.Answer == "" || r.InLog.Answer == "" {
			t.Fatalf("a question is not answered: %+v", r)
		}
		// A checkpoint may bear further signature lines, which say nothing, and an entry proof may open less; a receipt has one
		// form only.
		if r.ExitCode() == 0 && !good[string(data)] && r.Kind == "receipt" {
			t.Fatalf("what nobody signed verifies: %q", data)
		}
	})
}

// FuzzTrust feeds anything to the reader of trust files.
func FuzzTrust(f *testing.F) {
	data, err := os.ReadFile(filepath.Join(examples, "log", "trust.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		if tr, err := verify.ParseTrust(data); (tr == nil) == (err == nil) {
			t.Fatal("neither a trust file nor a fault")
		}
	})
}

// mirror is a log of which one resource was replaced.
type mirror struct {
	dir   *source.DirFetcher
	path  string
	bytes []byte
}

func (m mirror) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	if path == m.path {
		return m.bytes[:min(int64(len(m.bytes)), limit)], nil
	}
	return m.dir.Fetch(ctx, path, limit)
}

// FuzzLog replaces the entries of a log by anything.
func FuzzLog(f *testing.F) {
	trust, err := verify.ReadTrust(filepath.Join(examples, "log", "trust.json"))
	if err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(examples, "log", "tile/entries/000.p/5"))
	if err != nil {
		f.Fatal(err)
	}
	dir, err := source.NewDirFetcher(filepath.Join(examples, "log"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = dir.Close() })
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := verify.Log(context.Background(), mirror{dir, "tile/entries/000.p/5", data}, verify.Options{Trust: trust})
		if err != nil {
			t.Fatal(err)
		}
		if r.ExitCode() == 0 && !bytes.Equal(data, good) {
			t.Fatal("another log verifies")
		}
	})
}
