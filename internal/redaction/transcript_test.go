package redaction_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/gate/vouchtest"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/redaction/plan"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/viewing"
)

// TestTranscript: the written text of the sound is attached to a draft, read by who decides, named in the statement, and fixed with what was
// agreed to; bytes that were changed past the program leave with nothing.
func TestTranscript(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		r.granted(viewing.MannerView, viewing.Item{Recording: r.rec})
		c := must(r.svc.Begin(r.ctx, maker, r.rec, mask, "开庭出示"))(t)
		docx := []byte("PK\x03\x04....word/document.xml....")
		for name, content := range map[string][]byte{
			"空.txt": {}, "不是文字.txt": {0xff, 0xfe}, "有零.txt": []byte("a\x00b"), "别的.pdf": []byte("text"), "只是压缩.docx": []byte("PK\x03\x04"), "程序.exe": []byte("MZ"),
			"": []byte("x"), ".txt": []byte("x"), "换\n行.txt": []byte("x"), strings.Repeat("长", 130) + ".txt": []byte("x"),
			"太大.txt": bytes.Repeat([]byte("x"), redaction.MaxTranscript+1),
		} {
			r.want(second(r.svc.Attach(r.ctx, maker, c.ID, name, content)), "redaction.transcript")
		}
		if _, err := r.svc.Attach(r.ctx, keeper, c.ID, "笔录.txt", []byte("x")); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("somebody else attached: %v", err)
		}
		must(r.svc.Attach(r.ctx, maker, c.ID, "笔录.docx", docx))(t)
		must(r.svc.Detach(r.ctx, maker, c.ID))(t)
		if _, _, err := r.svc.Written(r.ctx, maker, c.ID); !fault.HasCode(err, "redaction.transcript_gone") {
			t.Fatal(err)
		}
		must(r.svc.Attach(r.ctx, maker, c.ID, "笔录.docx", docx))(t)
		words := []byte("问：叫什么名字？\n答：□□□\n")
		c = must(r.svc.Attach(r.ctx, maker, c.ID, `C:\案卷\笔录.txt`, words))(t)
		if c.Transcript.Name != "笔录.txt" || c.Transcript.Size != int64(len(words)) {
			t.Fatalf("%+v", c.Transcript)
		}
		must(r.svc.Ask(r.ctx, maker, c.ID))(t)
		r.want(second(r.svc.Attach(r.ctx, maker, c.ID, "笔录.txt", []byte("别的"))), "redaction.not_draft")
		r.want(second(r.svc.Detach(r.ctx, maker, c.ID)), "redaction.not_draft")
		if _, raw, err := r.svc.Written(r.ctx, head, c.ID); err != nil || !bytes.Equal(raw, words) {
			t.Fatalf("who decides reads %q: %v", raw, err)
		}
		for _, deed := range []string{"DELETE FROM redaction_transcript", "UPDATE redaction_transcript SET content = '1'", "UPDATE redaction SET transcript_name = 'x'"} {
			if _, err := w.DB.Writer.NewRaw(deed).Exec(r.ctx); err == nil {
				t.Errorf("the database let %s", deed)
			}
		}
		must(r.svc.Decide(r.ctx, head, c.ID, true, ""))(t)
		if err := r.svc.Make(r.ctx, c.ID); err != nil {
			t.Fatal(err)
		}
		r.sequence()
		c = must(r.svc.Get(r.ctx, maker, c.ID))(t)
		taken := must(r.svc.Bytes(r.ctx, c))(t)
		raw := must(io.ReadAll(taken))(t)
		if !bytes.Equal(taken.Written, words) || taken.Close() != nil {
			t.Fatalf("taken with %q", taken.Written)
		}
		path := filepath.Join(t.TempDir(), "clip.mp4")
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		trust := must(custody.ReadTrust(r.ctx, r.DB.Reader, r.keys.Origin(), "示例局"))(t)
		rep := must(verify.Target(r.ctx, path, verify.Options{Clock: r.Clock, Trust: must(verify.ParseTrust(must(trust.Render())(t)))(t)}))(t)
		if rep.ExitCode() != verify.ExitOK || rep.Clip.Written == nil || rep.Clip.Written.SHA256 != c.Transcript.SHA256 {
			t.Fatalf("%+v", rep)
		}
		vouchtest.EveryColumn(t, w, map[string]string{
			"redaction.state": "'failed'", "redaction.plan": "'{}'", "redaction.notes": "'[\"x\"]'", "redaction.level": "'leader'", "redaction.second_level": "'leader'", "redaction.quorum": "2, first_by = 'q'",
		}, redaction.Tables()...) // T9
		r.checked(0)
		for _, deed := range []string{dropTrigger(w, "redaction_transcript_kept"), "UPDATE redaction_transcript SET content = '1'"} {
			if _, err := w.DB.Writer.NewRaw(deed).Exec(r.ctx); err != nil {
				t.Fatal(err)
			}
		}
		r.want(second(r.svc.Bytes(r.ctx, c)), "redaction.transcript_changed")
		text := redaction.Spoiled{ID: c.ID, Recording: r.rec, Text: true}
		r.checked(0, text)
		r.spoil(func(path string, raw []byte) error {
			raw[len(raw)/2] ^= 1
			return os.WriteFile(path, raw, 0o600)
		})
		r.checked(1, text, redaction.Spoiled{ID: c.ID, Recording: r.rec})
		r.spoil(func(path string, _ []byte) error { return os.Remove(path) })
		r.checked(1, text, redaction.Spoiled{ID: c.ID, Recording: r.rec, Gone: true})
	})
}

// checked has what fsck reads of masked copies read: so many are not sound any more, and these are told.
func (r *room) checked(lost int, want ...redaction.Spoiled) {
	r.t.Helper()
	sound, got, err := redaction.Check(r.ctx, r.DB.Reader, r.vault)
	if err != nil || sound != 1-lost || !slices.Equal(got, want) {
		r.t.Fatalf("%d sound, %+v, want %+v: %v", sound, got, want, err)
	}
}

// spoil does something to every file of the vault for derivatives that holds an object.
func (r *room) spoil(deed func(path string, raw []byte) error) {
	r.t.Helper()
	err := filepath.WalkDir(r.derived, func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".zv" {
			return err
		}
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return deed(path, raw)
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func dropTrigger(w *gatetest.World, name string) string {
	if w.DB.Reader.Dialect().Name().String() == "pg" {
		return "DROP TRIGGER " + name + " ON redaction_transcript"
	}
	return "DROP TRIGGER " + name
}

// breaking are films whose maker is killed in the middle of a clip.
type breaking struct {
	*derivative.Service
	kill context.CancelFunc
	now  bool
}

func (b *breaking) Clip(ctx context.Context, c derive.Clip, told derive.Progress) (derivative.Made, error) {
	return b.Service.Clip(ctx, c, func(at time.Duration) {
		told(at)
		if b.now {
			b.kill()
		}
	})
}

// TestBrokenOff: a making that is broken off leaves no object, no state and no half file; it is made again to the end. A statement that lies
// beside another copy is told from its own.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, dbtest.SQLite(t))
	r := newRoom(t, w)
	r.granted(viewing.MannerView, viewing.Item{Recording: r.rec})
	c := must(r.svc.Begin(r.ctx, maker, r.rec, mask, "开庭出示"))(t)
	must(r.svc.Ask(r.ctx, maker, c.ID))(t)
	must(r.svc.Decide(r.ctx, head, c.ID, true, ""))(t)
	before := r.objects()
	ctx, kill := context.WithCancel(r.ctx)
	broken := r.service(&breaking{Service: r.films, kill: kill, now: true})
	if err := broken.Make(ctx, c.ID); err == nil || ctx.Err() == nil {
		t.Fatalf("it was not broken off: %v", err)
	}
	if now := must(r.svc.Get(r.ctx, maker, c.ID))(t); now.State != redaction.Approved || now.SHA256 != "" {
		t.Fatalf("%+v", now)
	}
	if after := r.objects(); after != before {
		t.Fatalf("%d files in the vault, before %d", after, before)
	}
	if err := r.svc.TakeUp(r.ctx); err != nil {
		t.Fatal(err)
	}
	if now := must(r.svc.Get(r.ctx, maker, c.ID))(t); now.State != redaction.Ready {
		t.Fatalf("%+v", now)
	}
	if r.objects() == before {
		t.Fatal("nothing was kept, so files are counted in the wrong place")
	}
	other := mask
	other.From = 1500
	d := must(r.svc.Begin(r.ctx, maker, r.rec, other, "复议答复"))(t)
	must(r.svc.Ask(r.ctx, maker, d.ID))(t)
	must(r.svc.Decide(r.ctx, head, d.ID, true, ""))(t)
	if err := r.svc.Make(r.ctx, d.ID); err != nil {
		t.Fatal(err)
	}
	r.sequence()
	one, two := r.leaves(c), r.leaves(d)
	trust := must(custody.ReadTrust(r.ctx, r.DB.Reader, r.keys.Origin(), "示例局"))(t)
	o := verify.Options{Clock: r.Clock, Trust: must(verify.ParseTrust(must(trust.Render())(t)))(t)}
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	media := func(l left) []byte { return l.raw[:len(l.raw)-24-len(l.statement)] }
	swapped := append(bytes.Clone(media(one)), two.raw[len(media(two)):]...)
	for name, want := range map[string]int{write("1.mp4", one.raw): verify.ExitOK, write("2.mp4", two.raw): verify.ExitOK, write("3.mp4", swapped): verify.ExitWrong} {
		if got := must(verify.Target(r.ctx, name, o))(t); got.ExitCode() != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	o.File = filepath.Join(dir, "1.mp4")
	if got := must(verify.Target(r.ctx, write("1.json", one.statement), o))(t); got.ExitCode() != verify.ExitOK {
		t.Errorf("its own statement: %+v", got)
	}
	if got := must(verify.Target(r.ctx, write("2.json", two.statement), o))(t); got.ExitCode() != verify.ExitWrong {
		t.Errorf("the statement of another: %+v", got)
	}
	if os.Getenv("ZHILU_UPDATE_EXAMPLES") == "1" {
		r.examples(one, must(trust.Render())(t))
	}
}

// examples writes those that verify.TestClipExamples checks for ever: of a picture that is all black, so that nothing of anybody's
// footage is in the repository.
func (r *room) examples(other left, trust []byte) {
	t := r.t
	t.Helper()
	black := plan.Plan{From: 1000, To: 1400, Regions: []plan.Region{{Kind: plan.Box, Points: []plan.Point{{W: 1, H: 1}}}}, Sounds: []plan.Sound{{Kind: plan.Mute, From: 1000, To: 1400}}}
	c := must(r.svc.Begin(r.ctx, maker, r.rec, black, "格式示例"))(t)
	must(r.svc.Attach(r.ctx, maker, c.ID, "录音文字.txt", []byte("（静音）\n")))(t)
	must(r.svc.Ask(r.ctx, maker, c.ID))(t)
	must(r.svc.Decide(r.ctx, head, c.ID, true, ""))(t)
	if err := r.svc.Make(r.ctx, c.ID); err != nil {
		t.Fatal(err)
	}
	r.sequence()
	made := r.leaves(c)
	for name, content := range map[string][]byte{"clip.mp4": made.raw, "clip.json": made.statement, "clip-other.json": other.statement, "clip-trust.json": trust} {
		if err := os.WriteFile(filepath.Join("../verify/testdata/example", name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

type left struct{ raw, statement []byte }

func (r *room) leaves(c *redaction.Copy) left {
	r.t.Helper()
	t := must(r.svc.Bytes(r.ctx, must(r.svc.Get(r.ctx, maker, c.ID))(r.t)))(r.t)
	raw := must(io.ReadAll(t))(r.t)
	if err := t.Close(); err != nil {
		r.t.Fatal(err)
	}
	return left{raw, t.Statement}
}

// objects counts the files of the vault for derivatives.
func (r *room) objects() (n int) {
	r.t.Helper()
	err := filepath.WalkDir(r.derived, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}
