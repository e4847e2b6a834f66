package verify_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/api/tile"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/receipt"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
)

var start = time.Date(2026, 11, 2, 1, 30, 0, 0, time.UTC)

const origin = "log.example.gov.cn/zhilu"

// world is a log that was really written, and what an outsider holds of it.
type world struct {
	d     *db.DB
	keys  *keyring.Keyring
	clock *clock.Manual
	seq   *custody.Sequencer
	dir   string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{d: dbtest.SQLite(t), clock: clock.NewManual(start), dir: t.TempDir()}
	var err error
	if w.keys, err = keyring.Generate(durable.OS(), w.dir, origin); err != nil {
		t.Fatal(err)
	}
	w.seq, err = custody.NewSequencer(context.Background(), custody.Config{
		DB: w.d, Keys: w.keys, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Bureau: "示例县应急管理局",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.seq.Close() })
	return w
}

func (w *world) append(t testing.TB, entries ...custody.Entry) {
	t.Helper()
	if err := w.d.Write(context.Background(), func(tx bun.Tx) error {
		return custody.Append(context.Background(), tx, entries...)
	}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) sequence(t testing.TB) {
	t.Helper()
	if _, err := w.seq.Sequence(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// content is the original file of every receipt here.
var content = []byte("一段执法音像记录")

func (w *world) receipt(t testing.TB) *receipt.Signed {
	t.Helper()
	sum := sha256.Sum256(content)
	r := receipt.Receipt{
		ID: ident.New[ident.ReceiptID](), File: ident.New[ident.FileID](), Recording: ident.New[ident.RecordingID](),
		Name: "现场<1>&\u2028.mp4", Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), State: receipt.Stored,
		StoredAt: start, DeviceID: "cam-1", DeviceLabel: "一号", Bureau: "示例县应急管理局",
		Entry: ident.New[ident.EntryID](), IncludeBy: start.Add(10 * time.Minute),
	}
	w.append(t, entry(r))
	s, err := receipt.Issue(context.Background(), w.d.Reader, w.keys, r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func entry(r receipt.Receipt) custody.Entry {
	return custody.Entry{
		ID: r.Entry, At: start, Actor: custody.Actor{Kind: custody.Dock, ID: "dock-1"}, Action: "recording.seal",
		Subject: custody.Subject{Kind: "file", ID: string(r.File)}, Article: "19", Outcome: custody.Done,
		Detail: receipt.FileDetail(r.File, r.Size, r.SHA256, r.SM3, r.State, "name", r.Name),
	}
}

func render(t testing.TB, r *receipt.Signed) []byte {
	t.Helper()
	b, err := r.Render()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w *world) refresh(t testing.TB, r *receipt.Signed) []byte {
	t.Helper()
	if err := r.Refresh(context.Background(), w.d.Reader); err != nil {
		t.Fatal(err)
	}
	return render(t, r)
}

func (w *world) trustFile(t testing.TB) []byte {
	t.Helper()
	tr, err := custody.ReadTrust(context.Background(), w.d.Reader, origin, "示例县应急管理局")
	if err != nil {
		t.Fatal(err)
	}
	text, err := tr.Render()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (w *world) trust(t testing.TB) *verify.Trust {
	t.Helper()
	text := w.trustFile(t)
	out, err := verify.ParseTrust(text)
	if err != nil {
		t.Fatal(err)
	}
	if out.Fingerprint != custody.Fingerprint(text) {
		t.Fatal("the two sides print different fingerprints")
	}
	return out
}

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func check(t tester, data []byte, o verify.Options) *verify.Report {
	t.Helper()
	if o.Clock == nil {
		o.Clock = clock.NewManual(start)
	}
	r, err := verify.Bytes(data, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func expect(t testing.TB, r *verify.Report, intact, signer, inLog verify.Answer, exit int) {
	t.Helper()
	if r.RecordIntact.Answer != intact || r.SignerTrusted.Answer != signer || r.InLog.Answer != inLog || r.ExitCode() != exit {
		text, _ := json.MarshalIndent(r, "", "  ")
		t.Helper()
		t.Fatalf("want %s/%s/%s exit %d, got exit %d and\n%s", intact, signer, inLog, exit, r.ExitCode(), text)
	}
}

func TestReceiptBeforeAndAfterInclusion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.receipt(t)
	early := render(t, s)
	trust := w.trust(t)
	expect(t, check(t, early, verify.Options{Trust: trust}), verify.Yes, verify.Yes, verify.NotYet, 0)
	expect(t, check(t, early, verify.Options{}), verify.Yes, verify.Unknown, verify.NotYet, 5)
	late := clock.NewManual(start.Add(time.Hour))
	expect(t, check(t, early, verify.Options{Trust: trust, Clock: late}), verify.Yes, verify.Yes, verify.Overdue, 3)

	w.sequence(t)
	final := w.refresh(t, s)
	r := check(t, final, verify.Options{Trust: trust, Clock: late})
	expect(t, r, verify.Yes, verify.Yes, verify.Yes, 0)
	if *r.Index != 2 || r.Size != 3 || r.Statement.Name != "现场<1>&\u2028.mp4" {
		t.Errorf("%+v", r)
	}
	expect(t, check(t, final, verify.Options{Clock: late}), verify.Yes, verify.Unknown, verify.Yes, 5)
	expect(t, check(t, final, verify.Options{Clock: late, Trust: newWorld(t).trust(t)}), verify.Yes, verify.No, verify.Yes, 3)
}

func TestReceiptAgainstTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.receipt(t)
	w.sequence(t)
	final, trust := w.refresh(t, s), w.trust(t)
	path := filepath.Join(t.TempDir(), "f.mp4")
	for name, tc := range map[string]struct {
		bytes []byte
		want  verify.Answer
		exit  int
	}{
		"the same":       {content, verify.Yes, 0},
		"one byte other": {append(slices.Clone(content[:len(content)-1]), 'x'), verify.No, 3},
		"longer":         {append(slices.Clone(content), 'x'), verify.No, 3},
		"empty":          {nil, verify.No, 3},
	} {
		if err := os.WriteFile(path, tc.bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		r := check(t, final, verify.Options{Trust: trust, File: path})
		if r.RecordIntact.Answer != tc.want || r.ExitCode() != tc.exit || !r.FileTested {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// T30: a receipt of which any byte was changed never verifies.
func TestChangedReceiptNeverVerifies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.receipt(t)
	early := render(t, s)
	w.sequence(t)
	final, trust := w.refresh(t, s), w.trust(t)
	for name, data := range map[string][]byte{"early": early, "final": final} {
		expect(t, check(t, data, verify.Options{Trust: trust}), verify.Yes, verify.Yes, map[string]verify.Answer{"early": verify.NotYet, "final": verify.Yes}[name], 0)
		for i := range data { // every place, one flipped bit
			bad := slices.Clone(data)
			bad[i] ^= 1 << (i % 8)
			if r := check(t, bad, verify.Options{Trust: trust}); r.ExitCode() == 0 {
				t.Fatalf("%s: byte %d changed from %q to %q and it still verifies", name, i, data[i], bad[i])
			}
		}
		rapid.Check(t, func(rt *rapid.T) { // any place, any other byte, or a byte more or less
			i := rapid.IntRange(0, len(data)-1).Draw(rt, "at")
			b := rapid.Byte().Draw(rt, "byte")
			bad := slices.Clone(data)
			switch rapid.IntRange(0, 2).Draw(rt, "how") {
			case 0:
				bad[i] = b
			case 1:
				bad = slices.Insert(bad, i, b)
			case 2:
				bad = slices.Delete(bad, i, i+1)
			}
			if bytes.Equal(bad, data) {
				return
			}
			if r := check(rt, bad, verify.Options{Trust: trust}); r.ExitCode() == 0 {
				rt.Fatalf("%s: changed at %d and it still verifies", name, i)
			}
		})
	}
}

// What a forger with the file but without the key would try.
func TestForgedReceipts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.receipt(t), w.receipt(t)
	w.sequence(t)
	trust := w.trust(t)
	w.refresh(t, one)
	w.refresh(t, two)
	for name, forge := range map[string]func(*receipt.Signed){
		"another's statement": func(s *receipt.Signed) { s.Statement, s.Signature = two.Statement, two.Signature },
		"another's entry":     func(s *receipt.Signed) { s.Entry = two.Entry },
		"another's proof":     func(s *receipt.Signed) { s.Proof = two.Proof },
		"an older index":      func(s *receipt.Signed) { p := *s.Proof; p.Index--; s.Proof = &p },
		"a shorter proof":     func(s *receipt.Signed) { p := *s.Proof; p.Hashes = p.Hashes[1:]; s.Proof = &p },
		"a hidden opening":    func(s *receipt.Signed) { s.Entry.Opened = s.Entry.Opened[:len(s.Entry.Opened)-1] },
		"no openings":         func(s *receipt.Signed) { s.Entry.Opened = nil },
		"a later due time": func(s *receipt.Signed) {
			s.Statement = strings.Replace(s.Statement, `"include_by":"2026`, `"include_by":"2027`, 1)
		},
		"verified for stored": func(s *receipt.Signed) {
			s.Statement = strings.Replace(s.Statement, `"state":"stored"`, `"state":"verified","verified_at":"2026-11-02T01:30:00.000000Z"`, 1)
		},
		"another format": func(s *receipt.Signed) { s.Format = "zhilu-receipt/v2" },
	} {
		s := *one
		forge(&s)
		if r := check(t, render(t, &s), verify.Options{Trust: trust}); r.ExitCode() != 3 {
			t.Errorf("%s: exit %d, %+v", name, r.ExitCode(), r)
		}
	}
}

// T15: a signature counts only where its key was valid. Old receipts stay valid (decision 5).
func TestKeysAfterRotation(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	stolen, err := copyKeys(t, w.dir)
	if err != nil {
		t.Fatal(err)
	}
	old := w.receipt(t)
	early := render(t, old)
	w.sequence(t)
	oldNote, err := custody.Latest(ctx, w.d.Reader)
	if err != nil {
		t.Fatal(err)
	}
	by := custody.Actor{Kind: custody.Person, ID: "system-admin", Role: "system_admin"}
	for _, kind := range []keyring.Kind{keyring.Log, keyring.Receipt} {
		if err := w.seq.RotateKey(ctx, kind, by); err != nil {
			t.Fatal(err)
		}
	}
	trust := w.trust(t)
	expect(t, check(t, w.refresh(t, old), verify.Options{Trust: trust}), verify.Yes, verify.Yes, verify.Yes, 0)
	expect(t, check(t, early, verify.Options{Trust: trust}), verify.Yes, verify.Unknown, verify.NotYet, 5)
	expect(t, check(t, []byte(oldNote.Note), verify.Options{Trust: trust}), verify.Yes, verify.Yes, verify.NotApplicable, 0)

	// A new receipt by the new key is good, one by the stolen old key is not.
	fresh := w.receipt(t)
	w.sequence(t)
	expect(t, check(t, w.refresh(t, fresh), verify.Options{Trust: trust}), verify.Yes, verify.Yes, verify.Yes, 0)
	parsed := w.receiptBy(t, stolen)
	w.sequence(t)
	r := check(t, w.refresh(t, parsed), verify.Options{Trust: trust})
	expect(t, r, verify.Yes, verify.No, verify.Yes, 3)
	// A checkpoint of today's size by the stolen old key.
	last, err := custody.Latest(ctx, w.d.Reader)
	if err != nil {
		t.Fatal(err)
	}
	forged := signWithKeyFile(t, filepath.Join(stolen, "log.key"), strings.SplitAfter(last.Note, "\n\n")[0])
	expect(t, check(t, forged, verify.Options{Trust: trust}), verify.Yes, verify.No, verify.NotApplicable, 3)
}

func (w *world) receiptBy(t testing.TB, dir string) *receipt.Signed {
	t.Helper()
	keys, err := keyring.Load(durable.OS(), dir)
	if err != nil {
		t.Fatal(err)
	}
	other := *w
	other.keys = keys
	return other.receipt(t)
}

// T30: the signature of a receipt checks with nothing but openssl and what the receipt holds.
func TestReceiptWithOpenSSL(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal("openssl is missing")
		}
		t.Skip("needs openssl")
	}
	w := newWorld(t)
	s := w.receipt(t)
	dir := t.TempDir()
	public := opensslPublicKey(t, s.Signature.PublicKey)
	for name, data := range map[string][]byte{
		"key.pem": public, "statement": []byte(s.Statement), "sig": decode(t, s.Signature.Value),
		"other": []byte(strings.Replace(s.Statement, "stored", "strewn", 1)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(statement string) error {
		cmd := exec.CommandContext(t.Context(), openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", statement, "-sigfile", "sig")
		cmd.Dir = dir
		return cmd.Run()
	}
	if err := run("statement"); err != nil {
		t.Errorf("openssl does not accept the signature: %v", err)
	}
	if err := run("other"); err == nil {
		t.Error("openssl accepts another statement")
	}
}

// G7: an outsider walks the log over HTTP and finds any changed byte of it.
func TestLog(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	var olds [][]byte
	for i := range 3 {
		var batch []custody.Entry
		for range 190 {
			batch = append(batch, entry(receipt.Receipt{Entry: ident.New[ident.EntryID](), File: "f", SHA256: "ab", State: receipt.Stored, Size: int64(i)}))
		}
		w.append(t, batch...)
		w.sequence(t)
		c, err := custody.Latest(ctx, w.d.Reader)
		if err != nil {
			t.Fatal(err)
		}
		olds = append(olds, []byte(c.Note))
	}
	h := tile.NewHandler(w.d.Reader, origin, "示例县应急管理局", slog.New(slog.DiscardHandler))
	mux := http.NewServeMux()
	mux.Handle("/log/", http.StripPrefix("/log", h))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	trust := w.trust(t)
	for _, older := range append(olds, nil) {
		r, err := verify.Target(ctx, srv.URL+"/log", verify.Options{Trust: trust, Clock: w.clock, Older: older})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, r, verify.Yes, verify.Yes, verify.Yes, 0)
		if r.Entries != 572 || r.Size != 572 {
			t.Errorf("%+v", r)
		}
	}
	r, err := verify.Target(ctx, srv.URL+"/log", verify.Options{Clock: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, r, verify.Yes, verify.Unknown, verify.Yes, 5)

	mirror := t.TempDir()
	paths := []string{
		"checkpoint", "trust.json", "tile/0/000", "tile/0/001", "tile/0/002.p/60", "tile/1/000.p/2",
		"tile/entries/000", "tile/entries/001", "tile/entries/002.p/60",
	}
	for _, p := range paths {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/log/"+p, http.NoBody))
		if rec.Code != http.StatusOK {
			t.Fatalf("%s: %d", p, rec.Code)
		}
		writeFile(t, filepath.Join(mirror, p), rec.Body.Bytes())
	}
	walk := func() *verify.Report {
		t.Helper()
		r, err := verify.Target(ctx, mirror, verify.Options{Trust: trust, Clock: w.clock, Older: olds[1]})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	expect(t, walk(), verify.Yes, verify.Yes, verify.Yes, 0)
	for _, p := range paths {
		if p == "trust.json" {
			continue // the one given counts, not the log's own
		}
		file := filepath.Join(mirror, p)
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, len(good) / 2, len(good) - 1} {
			bad := slices.Clone(good)
			bad[at] ^= 4
			writeFile(t, file, bad)
			if r := walk(); r.ExitCode() != 3 {
				t.Errorf("%s changed at %d: exit %d", p, at, r.ExitCode())
			}
		}
		if p != "checkpoint" {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if r := walk(); r.ExitCode() != 3 {
				t.Errorf("%s missing: exit %d", p, r.ExitCode())
			}
		}
		writeFile(t, file, good)
	}
	expect(t, walk(), verify.Yes, verify.Yes, verify.Yes, 0)
}
