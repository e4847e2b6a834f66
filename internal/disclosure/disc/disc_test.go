package disc_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/disclosure/disc/disctest"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
	disccheck "zhilu.dev/zhilu/internal/verify/disc"
)

// hostile are names that must not do anything.
var hostile = []string{"现场检查.MP4", "../../etc/passwd", "con.mp4", "a\x00b\u202e4pm.exe", strings.Repeat("长", 90) + ".mp4", "𠮷野家.mov", "x;1", " .mp4", "a'b;$(rm -rf).mp4"}

// TestEveryForm: a disc, a folder and a bag are made of hostile names, verify, and an outsider's tools read the same from them. // issue 6 point 6, T19
func TestEveryForm(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		d := disctest.New(t, w, hostile...)
		for _, form := range []disc.Form{disc.Image, disc.Folder, disc.Bag} {
			out := d.Make(t, form)
			r := d.Verify(t, out)
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
			outside(t, d, out)
		}
		list, err := d.Service.List(t.Context(), d.Actor, disc.Filter{}, 0, 10)
		if err != nil || list.Count != 3 || list.Rows[0].Number != "〔2026〕光盘3号" {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// outside has other people's programs take the disc apart.
func outside(t *testing.T, d *disctest.Desk, out string) {
	t.Helper()
	if path, err := exec.LookPath("xorriso"); err == nil {
		to := filepath.Join(t.TempDir(), "x")
		if raw, err := exec.CommandContext(t.Context(), path, "-osirrox", "on", "-indev", "stdio:"+out, "-extract", "/", to).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, raw)
		}
		unlock(t, to)
		if r := d.Verify(t, to); r.ExitCode() != 0 {
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
	d := disctest.New(t, gatetest.New(t, dbtest.SQLite(t)), "一.mp4", "二.mov")
	whole, err := os.ReadFile(d.Make(t, disc.Image))
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
		r := d.Verify(t, out)
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
	d := disctest.New(t, gatetest.New(t, dbtest.SQLite(t)), "一.mp4")
	folder := d.Make(t, disc.Folder)
	evil := filepath.Join(t.TempDir(), "evil.txt")
	for _, p := range []string{evil, filepath.Join(folder, "recordings", "另加的.mp4")} {
		if err := os.WriteFile(p, []byte("evil"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := d.Verify(t, folder); r.ExitCode() != verify.ExitWrong || !slices.Contains(reasons(r), "file.added recordings/另加的.mp4") {
		t.Errorf("folder: %v", reasons(r))
	}
	if err := os.Remove(filepath.Join(folder, "recordings", "001-一.mp4")); err != nil {
		t.Fatal(err)
	}
	if r := d.Verify(t, folder); r.ExitCode() != verify.ExitWrong || !slices.Contains(reasons(r), "file.missing recordings/001-一.mp4") {
		t.Errorf("folder: %v", reasons(r))
	}
	path, err := exec.LookPath("xorriso")
	if err != nil {
		t.Skip(err)
	}
	image := d.Make(t, disc.Image)
	if raw, err := exec.CommandContext(t.Context(), path, "-dev", "stdio:"+image, "-joliet", "on", "-boot_image", "any", "keep", "-map", evil, "/evil.txt", "-commit").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, raw)
	}
	r := d.Verify(t, image)
	if r.ExitCode() != verify.ExitWrong || !slices.ContainsFunc(reasons(r), func(s string) bool { return strings.HasPrefix(s, "file.added evil.txt") }) {
		t.Errorf("image: exit %d %v", r.ExitCode(), reasons(r))
	}
}

// left lists what lies in a folder.
func left(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

// TestStopped: consent that is taken back while a disc is packed, a mark that is put meanwhile, bytes that are not what was sealed, and a drive
// that is short of space all end it: nothing is left, the number stays used, and the register says why. // issue 6 bad input, T6, T29
func TestStopped(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(d *disctest.Desk)
		code  string
		row   bool
	}{
		"revoked while packing": {func(d *disctest.Desk) {
			d.Opened = func() { d.Revoked = fault.New(fault.Conflict, "viewing.not_granted") }
		}, "viewing.not_granted", true},
		"frozen while packing": {func(d *disctest.Desk) { d.Opened = func() { d.Frozen = fault.New(fault.Conflict, "marking.frozen") } }, "marking.frozen", true},
		"short of space":       {func(d *disctest.Desk) { d.Free = 1 << 20 }, "disc.space", false},
		"not as it was sealed": {func(d *disctest.Desk) {
			for _, p := range d.Pieces {
				p[0].Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("other")), nil }
			}
		}, "disc.damaged", true},
		"no recordings": {func(d *disctest.Desk) { d.Pieces = nil }, "disc.empty", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := disctest.New(t, gatetest.New(t, dbtest.SQLite(t)), "一.mp4", "二.mp4")
			c.spoil(d)
			dir := t.TempDir()
			_, err := d.Service.Make(t.Context(), d.Actor, disc.Order{Request: 7, Note: disctest.Note(), Out: filepath.Join(dir, "out.iso")})
			if !fault.HasCode(err, c.code) {
				t.Fatalf("%v", err)
			}
			if l := left(t, dir); len(l) > 0 {
				t.Errorf("left behind: %v", l)
			}
			page, err := d.Service.List(t.Context(), d.Actor, disc.Filter{}, 0, 10)
			if err != nil || (page.Count == 1) != c.row || c.row && (page.Rows[0].State != disc.Failed || page.Rows[0].Reason != c.code) {
				t.Errorf("%+v %v", page, err)
			}
		})
	}
}

// TestOthers: nobody else's consent, nobody without one, and no administrator makes a disc; who may not know of one is told nothing. // T7, T13, T20
func TestOthers(t *testing.T) {
	t.Parallel()
	d := disctest.New(t, gatetest.New(t, dbtest.SQLite(t)), "一.mp4")
	out := filepath.Join(t.TempDir(), "out.iso")
	for _, who := range []access.Actor{d.Keeper, {Kind: access.Person, ID: "x", Person: d.Actor.Person, Roles: []access.Role{access.SystemAdmin}}, {Kind: access.Token, ID: "dock", TokenScope: access.ScopeDock}} {
		if _, err := d.Service.Make(t.Context(), who, disc.Order{Request: 7, Note: disctest.Note(), Out: out}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%v: %v", who.Roles, err)
		}
	}
	d.Make(t, disc.Folder)
	page, err := d.Service.List(t.Context(), d.Actor, disc.Filter{}, 0, 10)
	if err != nil || page.Count != 1 {
		t.Fatal(page, err)
	}
	stranger := access.Actor{Kind: access.Person, ID: "s", Person: ident.New[ident.PersonID](), Roles: []access.Role{access.Officer}}
	if _, _, _, err := d.Service.Get(t.Context(), stranger, page.Rows[0].ID); !fault.Is(err, fault.Forbidden) {
		t.Error(err)
	}
	if none, err := d.Service.List(t.Context(), stranger, disc.Filter{}, 0, 10); err != nil || none.Count != 0 {
		t.Error(none, err)
	}
}

// TestKeeping: copies are registered, a good read ends the duty to read back and opens the one to read again; a bad one does not. // R-24-4
func TestKeeping(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		d := disctest.New(t, w, "一.mp4")
		out := d.Make(t, disc.Image)
		x, err := d.Service.Numbered(t.Context(), "2026-1")
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= 2; n++ {
			c, err := d.Service.AddCopy(t.Context(), d.Keeper, x.ID, disc.CopyEdit{Medium: "BD-R", Custodian: "钱保管", Place: "档案室"})
			if err != nil || c.N != n {
				t.Fatal(c, err)
			}
		}
		if _, err := d.Service.AddCopy(t.Context(), d.Keeper, x.ID, disc.CopyEdit{Medium: "BD-R"}); !fault.HasCode(err, "disc.words") {
			t.Error(err)
		}
		bad := filepath.Join(t.TempDir(), "bad.iso")
		raw, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		raw[bytes.Index(raw, []byte("镕喆"))] ^= 1
		if err := os.WriteFile(bad, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			from  string
			copy  int
			whole bool
			open  duty.Kind
		}{{bad, 1, false, duty.DiscReadback}, {out, 1, true, duty.DiscReread}, {out, 2, true, duty.DiscReread}} {
			of, found, err := d.Service.Read(t.Context(), x, c.from)
			if err != nil {
				t.Fatal(err)
			}
			of.Copy = c.copy
			check, err := d.Service.Record(t.Context(), d.Keeper, x.ID, of)
			if err != nil || check.Whole != c.whole || c.whole != (len(found) == 0) {
				t.Fatalf("%+v %v %v", check, found, err)
			}
			about, err := duty.OpenAbout(t.Context(), w.DB.Reader, string(x.ID))
			if err != nil {
				t.Fatal(err)
			}
			if c.open == duty.DiscReread && len(about) != 1 {
				t.Errorf("%d open duties to read again", len(about))
			}
		}
		got, copies, checks, err := d.Service.Get(t.Context(), d.Keeper, x.ID)
		if err != nil || len(copies) != 2 || len(checks) != 3 || got.RereadDue.Sub(got.CheckedAt) != 2*365*24*time.Hour {
			t.Errorf("%+v %v %v %v", got, copies, checks, err)
		}
		if _, pdf, err := d.Service.Label(t.Context(), d.Keeper, x.ID); err != nil || !bytes.Contains(pdf, []byte(d.Trust(t).Fingerprint)) || !bytes.Contains(pdf, []byte(got.LogRoot)) {
			t.Errorf("%s %v", pdf, err)
		}
	})
}

// TestNote: a note that lacks anything is refused, and says what; extractor and time are the system's. // R-24-2, R-24-3
func TestNote(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]string{
		`{}`: "disc.note_missing", `[]`: "disc.note_form", `{"maker": 1}`: "disc.note_field", `{"extracted_at": "x"}`: "disc.note_field", `{"x": "y"}`: "disc.note_field",
		`{"maker":"` + strings.Repeat("长", 300) + `"}`: "disc.note_long",
	} {
		if _, err := disc.ReadNote([]byte(text)); !fault.HasCode(err, code) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := disc.ReadNote([]byte(disc.EmptyNote())); !fault.HasCode(err, "disc.note_missing") {
		t.Error(err)
	}
}
