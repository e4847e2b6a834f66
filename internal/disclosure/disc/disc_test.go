package disc_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/receipt"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
	disccheck "zhilu.dev/zhilu/internal/verify/disc"
)

const origin = "log.example.gov.cn/zhilu"

// desk is a house with two recordings of one case and somebody who may copy them.
type desk struct {
	*gatetest.World

	svc     *disc.Service
	config  disc.Config
	actor   access.Actor
	keeper  access.Actor
	consent disc.Consent
	revoked error
	frozen  error
	pieces  map[ident.RecordingID][]disc.Piece
	opened  func() // before each file is read
	free    int64
}

// plain prints nothing but that it was asked; how papers look is tried where they are made.
type plain struct{}

func (plain) Ready() error { return nil }
func (plain) Note(_ context.Context, d disc.Disc, n disc.Note) ([]byte, error) {
	return []byte("%PDF note " + d.Number + n.Extractor), nil
}

func (plain) Label(_ context.Context, d disc.Disc, copies []disc.Copy, fingerprint string) ([]byte, error) {
	return []byte("%PDF label " + d.Number + " " + fingerprint + " " + d.LogRoot + " " + copies[0].Custodian), nil
}

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// note is a complete one.
func note() disc.Note {
	return disc.Note{Maker: "执法人员甲", Object: "镕喆食品店", MadeAt: "2026年11月20日", Place: "和田县团结路㐂来巷12号", Method: "从采集站导入后原样复制", Proves: "经营超过保质期的食品", Transcript: "问：……\n答：……"}
}

func newDesk(t *testing.T, w *gatetest.World, names ...string) *desk {
	t.Helper()
	if err := disc.Ready(""); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	d := &desk{World: w, free: 1 << 40, pieces: map[ident.RecordingID][]disc.Piece{}}
	department := ident.DepartmentID("d1")
	d.actor = access.Actor{Kind: access.Person, ID: string(ident.New[ident.AccountID]()), Person: ident.New[ident.PersonID](), Name: "赵执法", Roles: []access.Role{access.Officer}}
	d.keeper = access.Actor{
		Kind: access.Person, ID: string(ident.New[ident.AccountID]()), Person: ident.New[ident.PersonID](), Name: "钱保管", Roles: []access.Role{access.Custodian}, Departments: []ident.DepartmentID{department},
	}
	keys, err := keyring.Generate(durable.OS(), t.TempDir(), origin)
	if err != nil {
		t.Fatal(err)
	}
	seq, err := custody.NewSequencer(t.Context(), custody.Config{DB: w.DB, Keys: keys, Clock: w.Clock, Log: slog.New(slog.DiscardHandler), Bureau: "示例局"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = seq.Close() })
	d.consent = disc.Consent{ID: ident.New[ident.ViewingID](), No: 7, Case: ident.New[ident.CaseID](), Department: department}
	all := []custody.Entry{{
		ID: ident.New[ident.EntryID](), At: w.Clock.Now(), Actor: custody.Actor{Kind: custody.Person, ID: "x"}, Action: "viewing.decide",
		Subject: custody.Subject{Kind: "viewing", ID: string(d.consent.ID)}, Outcome: custody.Done, Detail: custody.Detail("consent", true, "words", "同意"),
	}}
	var slips []receipt.Receipt
	for i, name := range names {
		body := bytes.Repeat([]byte(name+"\n"), 3000+i)
		r := receipt.Receipt{
			ID: ident.New[ident.ReceiptID](), File: ident.New[ident.FileID](), Recording: ident.New[ident.RecordingID](), Name: name, Size: int64(len(body)), SHA256: sha(body),
			State: receipt.Stored, StoredAt: w.Clock.Now(), Bureau: "示例局", Entry: ident.New[ident.EntryID](), IncludeBy: w.Clock.Now().Add(time.Hour),
		}
		all = append(all, custody.Entry{
			ID: r.Entry, At: w.Clock.Now(), Actor: custody.Actor{Kind: custody.Dock, ID: "dock"}, Action: "recording.seal", Subject: custody.Subject{Kind: "file", ID: string(r.File)},
			Outcome: custody.Done, Detail: receipt.FileDetail(r.File, r.Size, r.SHA256, "", r.State),
		})
		slips = append(slips, r)
		d.consent.Recordings = append(d.consent.Recordings, r.Recording)
		p := disc.Piece{Recording: r.Recording, File: r.File, Name: name, Kind: "original", Size: r.Size, SHA256: r.SHA256, Open: func(context.Context) (io.ReadCloser, error) {
			if d.opened != nil {
				d.opened()
			}
			return io.NopCloser(bytes.NewReader(body)), nil
		}}
		if i == 1 {
			p.View = func(_ context.Context, w io.Writer) error { _, err := w.Write([]byte("h264 of " + name)); return err }
		}
		d.pieces[r.Recording] = []disc.Piece{p}
	}
	if err := w.DB.Write(t.Context(), func(tx bun.Tx) error { return custody.Append(t.Context(), tx, all...) }); err != nil {
		t.Fatal(err)
	}
	if _, err := seq.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range slips {
		s, err := receipt.Issue(t.Context(), w.DB.Reader, keys, r)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := s.Render()
		if err != nil {
			t.Fatal(err)
		}
		d.pieces[r.Recording][0].Receipt = raw
	}
	d.config = disc.Config{
		DB: w.DB, Gate: w.Gate, Clock: w.Clock, Origin: origin, Bureau: "示例局", Sheets: plain{},
		Consent: func(_ context.Context, _ bun.IDB, person ident.PersonID, no int64) (disc.Consent, error) {
			if person != d.actor.Person || no != d.consent.No {
				return disc.Consent{}, fault.New(fault.NotFound, "viewing.unknown")
			}
			return d.consent, d.revoked
		},
		Pieces: func(_ context.Context, _ disc.Consent, rec ident.RecordingID) ([]disc.Piece, error) {
			return d.pieces[rec], nil
		},
		Refuse: func(context.Context, bun.IDB, ident.RecordingID) error { return d.frozen },
		CaseOf: func(_ context.Context, id ident.CaseID) (disc.Case, error) {
			return disc.Case{ID: id, No: "示案〔2026〕1号", Title: "某店<过期>食品案"}, nil
		},
		Linked: func(context.Context, bun.IDB, ident.CaseID) ([]ident.RecordingID, error) {
			return d.consent.Recordings, nil
		},
		Free:   func(string) (int64, error) { return d.free, nil },
		Reread: func(context.Context) time.Duration { return 2 * 365 * 24 * time.Hour },
		Sequence: func(ctx context.Context) error {
			_, err := seq.Sequence(ctx)
			return err
		},
	}
	if d.svc, err = disc.New(d.config); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) make(t *testing.T, form disc.Form) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	if _, err := d.svc.Make(t.Context(), d.actor, disc.Order{Request: 7, Note: note(), Form: form, Out: out}); err != nil {
		t.Fatalf("%v: %v", err, errors.Unwrap(err))
	}
	return out
}

func (d *desk) trust(t *testing.T) *verify.Trust {
	t.Helper()
	tr, err := custody.ReadTrust(t.Context(), d.DB.Reader, origin, "示例局")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := tr.Render()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := verify.ParseTrust(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func (d *desk) verify(t *testing.T, target string) *verify.Report {
	t.Helper()
	r, err := disccheck.Target(t.Context(), target, verify.Options{Clock: d.Clock, Trust: d.trust(t)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// hostile are names that must not do anything.
var hostile = []string{"现场检查.MP4", "../../etc/passwd", "con.mp4", "a\x00b\u202e4pm.exe", strings.Repeat("长", 90) + ".mp4", "𠮷野家.mov", "x;1", " .mp4", "a'b;$(rm -rf).mp4"}

// TestEveryForm: a disc, a folder and a bag are made of hostile names, verify, and an outsider's tools read the same from them. // issue 6 point 6, T19
func TestEveryForm(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		d := newDesk(t, w, hostile...)
		for _, form := range []disc.Form{disc.Image, disc.Folder, disc.Bag} {
			out := d.make(t, form)
			r := d.verify(t, out)
			if r.ExitCode() != 0 || r.Disc.Recordings != len(hostile) {
				t.Fatalf("%s: %+v", form, r)
			}
			if form != disc.Image {
				continue
			}
			if r.Disc.Trees != 3 {
				t.Errorf("%d trees", r.Disc.Trees)
			}
			without, err := disccheck.Target(t.Context(), out, verify.Options{Clock: d.Clock})
			if err != nil || without.ExitCode() != verify.ExitSignerUnknown {
				t.Errorf("without a trust file: %v %v", without, err)
			}
			d.outside(t, out)
		}
		list, err := d.svc.List(t.Context(), d.actor, disc.Filter{}, 0, 10)
		if err != nil || list.Count != 3 || list.Rows[0].Number != "〔2026〕光盘3号" {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// outside has other people's programs take the disc apart.
func (d *desk) outside(t *testing.T, out string) {
	t.Helper()
	if path, err := exec.LookPath("xorriso"); err == nil {
		to := filepath.Join(t.TempDir(), "x")
		if raw, err := exec.CommandContext(t.Context(), path, "-osirrox", "on", "-indev", "stdio:"+out, "-extract", "/", to).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, raw)
		}
		unlock(t, to)
		if r := d.verify(t, to); r.ExitCode() != 0 {
			t.Errorf("xorriso: %+v", r.RecordIntact)
		}
		sums := exec.CommandContext(t.Context(), "sha256sum", "-c", "--quiet", "sha256sum.txt")
		sums.Dir = to
		if raw, err := sums.CombinedOutput(); err != nil {
			t.Errorf("sha256sum: %v %s", err, raw)
		}
	}
	if path, err := exec.LookPath("isoinfo"); err == nil {
		raw, err := exec.CommandContext(t.Context(), path, "-R", "-i", out, "-x", "/manifest.json").Output()
		if err != nil || !bytes.Contains(raw, []byte("zhilu-disc/v1")) {
			t.Errorf("isoinfo: %v %q", err, raw)
		}
	}
}

// unlock makes folders that came from a disc removable again.
func unlock(t *testing.T, dir string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			err = os.Chmod(p, 0o700)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// reasons lists what is against a disc.
func reasons(r *verify.Report) []string {
	var out []string
	for _, f := range []verify.Finding{r.RecordIntact, r.InLog} {
		for _, why := range f.Reasons {
			out = append(out, why.Code+" "+why.What)
		}
	}
	return out
}

// TestTampered: whatever is done to a disc is named, in whichever tree it was done. // issue 6 point 6, T30
func TestTampered(t *testing.T) {
	t.Parallel()
	d := newDesk(t, gatetest.New(t, dbtest.SQLite(t)), "一.mp4", "二.mov")
	whole, err := os.ReadFile(d.make(t, disc.Image))
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "x.iso")
	for _, c := range []struct {
		name string
		do   func([]byte)
		want string
	}{
		{"a byte of a recording", func(b []byte) { b[bytes.Index(b, []byte("一.mp4\n一.mp4\n"))] ^= 1 }, "file.changed recordings/001-一.mp4"},
		{"a byte of the note", func(b []byte) { b[bytes.Index(b, []byte("镕喆"))] ^= 1 }, "file.changed note.json"},
		{"a byte of the manifest", func(b []byte) { b[bytes.Index(b, []byte(`"original_name"`))+20] ^= 1 }, "file.changed manifest.json"},
		{"a name in Joliet", func(b []byte) { i := bytes.Index(b, joliet("manifest.json")); b[i+1] = 'n' }, "file.added nanifest.json (joliet)"},
		{"a name in UDF", func(b []byte) { i := bytes.Index(b, []byte("\x08note.json")); b[i+1] = 'm' }, "file.added mote.json (udf)"},
		{"a name in Rock Ridge", func(b []byte) {
			i := bytes.Index(b, append([]byte("NM\x0e\x01\x00"), "note.json"...))
			b[i+5] = 'm'
		}, "file.missing note.json (iso9660)"},
	} {
		b := bytes.Clone(whole)
		c.do(b)
		if err := os.WriteFile(out, b, 0o600); err != nil {
			t.Fatal(err)
		}
		r := d.verify(t, out)
		if r.ExitCode() != verify.ExitWrong || !slices.ContainsFunc(reasons(r), func(s string) bool { return strings.HasPrefix(s, c.want) }) {
			t.Errorf("%s: exit %d, %v", c.name, r.ExitCode(), reasons(r))
		}
	}
}

func joliet(s string) []byte {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r>>8), byte(r))
	}
	return b
}

// TestAddedByTool: a file that another program adds to the image, or somebody to the folder, is named. // issue 6, bad input
func TestAddedByTool(t *testing.T) {
	t.Parallel()
	d := newDesk(t, gatetest.New(t, dbtest.SQLite(t)), "一.mp4")
	folder := d.make(t, disc.Folder)
	evil := filepath.Join(t.TempDir(), "evil.txt")
	for _, p := range []string{evil, filepath.Join(folder, "recordings", "另加的.mp4")} {
		if err := os.WriteFile(p, []byte("evil"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := d.verify(t, folder); r.ExitCode() != verify.ExitWrong || !slices.Contains(reasons(r), "file.added recordings/另加的.mp4") {
		t.Errorf("folder: %v", reasons(r))
	}
	if err := os.Remove(filepath.Join(folder, "recordings", "001-一.mp4")); err != nil {
		t.Fatal(err)
	}
	if r := d.verify(t, folder); r.ExitCode() != verify.ExitWrong || !slices.Contains(reasons(r), "file.missing recordings/001-一.mp4") {
		t.Errorf("folder: %v", reasons(r))
	}
	path, err := exec.LookPath("xorriso")
	if err != nil {
		t.Skip(err)
	}
	image := d.make(t, disc.Image)
	if raw, err := exec.CommandContext(t.Context(), path, "-dev", "stdio:"+image, "-joliet", "on", "-boot_image", "any", "keep", "-map", evil, "/evil.txt", "-commit").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, raw)
	}
	r := d.verify(t, image)
	if r.ExitCode() != verify.ExitWrong || !slices.ContainsFunc(reasons(r), func(s string) bool { return strings.HasPrefix(s, "file.added evil.txt") }) {
		t.Errorf("image: exit %d %v", r.ExitCode(), reasons(r))
	}
}
