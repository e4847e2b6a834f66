package redaction_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/redaction/plan"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/viewing"
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func person(id, name string, roles ...access.Role) access.Actor {
	return access.Actor{
		Kind: access.Person, ID: "a-" + id, Person: ident.PersonID(id), Name: name, Roles: roles, Department: "d1", Departments: []ident.DepartmentID{"d1"},
	}
}

var (
	maker  = person("p", "赵法制", access.LegalReviewer)
	head   = person("h", "王科长", access.Head)
	leader = person("l", "陈局长", access.Leader)
	keeper = person("k", "李保管", access.Custodian)
	admin  = person("x", "三员甲", access.SystemAdmin)
)

// room is a department with one real film, a log, and who decides.
type room struct {
	*gatetest.World
	t     *testing.T
	ctx   context.Context
	svc   *redaction.Service
	films *derivative.Service
	looks *viewing.Service
	keys  *keyring.Keyring
	seq   *custody.Sequencer
	rec   ident.RecordingID
	file  record.File

	derived string // folder of the vault for derivatives
	vault   vault.Vault
}

func (r *room) HeadOf(context.Context, ident.DepartmentID) (ident.PersonID, error) { return "h", nil }

func (r *room) Leaders(context.Context) ([]ident.PersonID, error) { return []ident.PersonID{"l"}, nil }
func (r *room) Want(*gate.Tx, ident.RecordingID) error            { return nil }
func (r *room) Object(_ context.Context, id ident.RecordingID) (viewing.Object, error) {
	if id != r.rec {
		return viewing.Object{}, fault.New(fault.NotFound, "recording.unknown")
	}
	return viewing.Object{ID: id, Department: "d1", Officer: "o", StoredAt: r.Clock.Now(), Duration: 12 * time.Second, Name: "gopro-karma.mp4"}, nil
}

func newRoom(t *testing.T, w *gatetest.World) *room {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/media/gopro-karma.mp4")
	for what, here := range map[string]bool{"ZHILU_REQUIRE_MEDIA": err == nil, "ZHILU_REQUIRE_TOOLS": lookPath("ffmpeg") && lookPath("prlimit")} {
		if !here && os.Getenv(what) == "1" {
			t.Fatalf("something is missing and %s=1", what)
		} else if !here {
			t.Skip("no media or no tools")
		}
	}
	r := &room{World: w, t: t, ctx: t.Context()}
	ring := must(vault.NewRing(vault.NewKey()))(t)
	r.derived = filepath.Join(t.TempDir(), "v")
	open := func(dir string) *localdir.Vault {
		v := must(localdir.New(r.ctx, localdir.Config{Dir: dir, Keys: ring, Node: "n1", Reserve: -1, Clock: w.Clock, Log: w.Log}))(t)
		t.Cleanup(func() { _ = v.Close() })
		return v
	}
	originals, log := open(filepath.Join(t.TempDir(), "v")), slog.New(slog.DiscardHandler)
	tool := must(derive.New(r.ctx, derive.Config{Logger: log, TempDir: t.TempDir(), AllowRlimit: true}))(t)
	r.vault = open(r.derived)
	r.films = must(derivative.New(derivative.Config{DB: w.DB, Gate: w.Gate, Originals: originals, Derived: r.vault, Maker: tool, Clock: w.Clock, Log: w.Log}))(t)
	r.store(originals, raw)
	r.looks = must(viewing.New(viewing.Config{
		DB: w.DB, Gate: w.Gate, Recordings: r, Offices: r, Copies: r, Clock: w.Clock, Log: w.Log,
		DepartmentName: func(context.Context, ident.DepartmentID) string { return "执法一科" },
	}))(t)
	r.keys = must(keyring.Generate(durable.OS(), t.TempDir(), "示例局.log.test"))(t)
	r.seq = must(custody.NewSequencer(r.ctx, custody.Config{DB: w.DB, Keys: r.keys, Clock: w.Clock, Log: log, Bureau: "示例局"}))(t)
	t.Cleanup(func() { _ = r.seq.Close() })
	r.svc = r.service(r.films)
	return r
}

func (r *room) service(films redaction.Films) *redaction.Service {
	return must(redaction.New(redaction.Config{
		DB: r.DB, Gate: r.Gate, Clock: r.Clock, Recordings: r, Looks: r.looks, Offices: r, Films: films, Log: slog.New(slog.DiscardHandler), Origin: r.keys.Origin(), Bureau: "示例局",
		DepartmentName: func(context.Context, ident.DepartmentID) string { return "执法一科" },
	}))(r.t)
}

func lookPath(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

// store seals the film and has its viewing copy made.
func (r *room) store(v vault.Vault, raw []byte) {
	r.t.Helper()
	stage := must(v.Begin(r.ctx, ident.New[ident.UploadID](), int64(len(raw)), nil))(r.t)
	must(stage.Append(r.ctx, bytes.NewReader(raw), nil))(r.t)
	info, _, err := stage.Seal(r.ctx, nil, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	prober := must(media.New(r.ctx, media.Config{Logger: slog.New(slog.DiscardHandler), Clock: r.Clock, TempDir: r.t.TempDir(), AllowRlimit: true}))(r.t)
	facts := must(json.Marshal(must(prober.Probe(r.ctx, media.Source{ReaderAt: bytes.NewReader(raw), Size: int64(len(raw)), Name: "a.mp4"}))(r.t)))(r.t)
	now := clock.Micros(r.Clock.Now())
	rec := record.Recording{ID: ident.New[ident.RecordingID](), State: record.Stored, Name: "a.mp4", Files: 1, Size: info.Size, StoredAt: now, SortAt: now, Department: "d1"}
	r.file = record.File{
		ID: ident.New[ident.FileID](), Recording: rec.ID, N: 1, Entry: ident.New[ident.EntryID](), SHA256: info.Digest.String(), Size: info.Size,
		Name: "a.mp4", Path: "a.mp4", State: record.Stored, StoredAt: now, Number: -1, Facts: string(facts),
	}
	r.rec = rec.ID
	for _, row := range []any{&rec, &r.file} {
		if err := record.Insert(r.ctx, r.DB.Writer, row); err != nil {
			r.t.Fatal(err)
		}
	}
	err = r.Gate.Do(r.ctx, access.HostActor("test"), access.DerivativeWant, access.Subject{Kind: "request", ID: "r1"}, func(tx *gate.Tx) error {
		if err := r.films.Want(tx, rec.ID, derivative.Copy); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{})
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.films.Make(r.ctx, r.file.ID); err != nil {
		r.t.Fatal(err)
	}
}

// granted asks in a manner and has it decided.
func (r *room) granted(m viewing.Manner, item viewing.Item) *viewing.Request {
	r.t.Helper()
	a := viewing.Ask{Items: []viewing.Item{item}, Manner: m, Purpose: viewing.PurposeReply, Words: "答复复议", Until: r.Clock.Now().Add(24 * time.Hour)}
	by := head
	if m.Outside() {
		a.To, by = viewing.Recipient{Body: "县法院", Person: "张法官", Basis: "调取函 1 号"}, leader
	}
	q := must(r.looks.Ask(r.ctx, maker, a))(r.t)
	if err := r.looks.Decide(r.ctx, by, q.ID, viewing.Decision{Consent: true}); err != nil {
		r.t.Fatal(err)
	}
	return q
}

func (r *room) want(err error, code string) {
	r.t.Helper()
	if !fault.HasCode(err, code) {
		r.t.Fatalf("got %v, want %s", err, code)
	}
}

func (r *room) mark(m string) {
	r.t.Helper()
	_, err := r.DB.Writer.NewRaw(`INSERT INTO marking (id, recording_id, mark, words, put_at, put_by, put_name) VALUES (?, ?, ?, 'x', 1, 'k', 'k')`,
		ident.New[ident.MarkingID](), r.rec, m).Exec(r.ctx)
	if err != nil {
		r.t.Fatal(err)
	}
}

var mask = plan.Plan{
	From: 1000, To: 3000,
	Regions: []plan.Region{{Kind: plan.Box, Points: []plan.Point{{At: 500, X: 0.5, Y: 0.5, W: 0.25, H: 0.25}, {At: 2500, X: 0.9, Y: 0.5, W: 0.25, H: 0.25}}}},
	Sounds:  []plan.Sound{{Kind: plan.Mute, From: 1500, To: 2000}},
}

// sequence gives every entry its place.
func (r *room) sequence() {
	r.t.Helper()
	must(r.seq.Sequence(r.ctx))(r.t)
}

// made is a copy that was approved and made.
func (r *room) made() *redaction.Copy {
	r.t.Helper()
	c := must(r.svc.Begin(r.ctx, maker, r.rec, mask, "开庭出示，遮蔽路人"))(r.t)
	must(r.svc.Ask(r.ctx, maker, c.ID))(r.t)
	must(r.svc.Decide(r.ctx, head, c.ID, true, ""))(r.t)
	for range 2 { // doing it twice changes nothing
		if err := r.svc.Make(r.ctx, c.ID); err != nil {
			r.t.Fatal(err)
		}
	}
	return must(r.svc.Get(r.ctx, maker, c.ID))(r.t)
}

// TestMaskedCopy walks R-20-1 and R-20-2: planned by who may look, agreed to by somebody else, made, taken on a consented request, and
// checked by who has neither the original nor us.
func TestMaskedCopy(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		if _, err := r.svc.Begin(r.ctx, maker, r.rec, mask, "没有同意"); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("planned without a ground to look: %v", err)
		}
		r.granted(viewing.MannerView, viewing.Item{Recording: r.rec})
		r.want(second(r.svc.Begin(r.ctx, maker, r.rec, mask, "x")), "redaction.words")
		r.want(second(r.svc.Begin(r.ctx, maker, r.rec, plan.Plan{From: 5000, To: 4000}, "倒着截")), "redaction.span")
		c := must(r.svc.Begin(r.ctx, maker, r.rec, mask, "开庭出示"))(t)
		if strings.Join(c.Notes, " ") != "outside span" {
			t.Fatalf("notes %v", c.Notes)
		}
		if _, err := r.svc.Decide(r.ctx, head, c.ID, true, ""); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("a draft was decided: %v", err)
		}
		must(r.svc.Ask(r.ctx, maker, c.ID))(t)
		r.want(second(r.svc.Change(r.ctx, maker, c.ID, mask, "再改")), "redaction.not_draft")
		own := maker
		own.Roles = append(own.Roles, access.Head)
		for name, a := range map[string]access.Actor{"who made it": own, "the custodian": keeper, "an administrator": admin, "a leader, whose turn it is not": leader} { // T7
			if _, err := r.svc.Decide(r.ctx, a, c.ID, true, ""); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s agreed: %v", name, err)
			}
		}
		r.want(second(r.svc.Decide(r.ctx, head, c.ID, false, "")), "redaction.words")
		must(r.svc.Decide(r.ctx, head, c.ID, true, ""))(t)
		if err := r.svc.TakeUp(r.ctx); err != nil { // as after a crash
			t.Fatal(err)
		}
		c = must(r.svc.Get(r.ctx, keeper, c.ID))(t)
		if c.State != redaction.Ready || c.Length != 2*time.Second {
			t.Fatalf("%+v", c)
		}
		q := r.granted(viewing.MannerProvide, viewing.Item{Recording: r.rec})
		r.want(second(r.svc.Take(r.ctx, maker, c.ID, q.No)), "log.proof_waiting")
		r.sequence()
		r.want(second(r.svc.Take(r.ctx, maker, c.ID, 99)), "viewing.unknown")
		r.want(second(r.svc.Take(r.ctx, keeper, c.ID, q.No)), "viewing.unknown") // somebody else's request
		got := must(r.svc.Take(r.ctx, maker, c.ID, q.No))(t)
		raw := must(io.ReadAll(got))(t)
		if int64(len(raw)) != got.Size || got.Close() != nil {
			t.Fatalf("%d bytes of %d", len(raw), got.Size)
		}
		r.verifies(raw, got.Statement)
		short := r.granted(viewing.MannerCopy, viewing.Item{Recording: r.rec, From: time.Second, To: 2 * time.Second})
		r.want(second(r.svc.Take(r.ctx, maker, c.ID, short.No)), "redaction.other_recording") // T6: it shows more than was consented to
		if err := r.looks.Revoke(r.ctx, leader, q.ID, "撤回"); err != nil {                     // T6
			t.Fatal(err)
		}
		r.want(second(r.svc.Take(r.ctx, maker, c.ID, q.No)), "viewing.not_granted")
	})
}

func second[T any](_ T, err error) error { return err }

// verifies has the copy checked by package verify, and every way it can be spoiled.
func (r *room) verifies(raw, statement []byte) {
	t := r.t
	t.Helper()
	trust := must(custody.ReadTrust(r.ctx, r.DB.Reader, r.keys.Origin(), "示例局"))(t)
	known := must(verify.ParseTrust(must(trust.Render())(t)))(t)
	check := func(name string, content []byte, o verify.Options) *verify.Report {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		o.Clock = r.Clock
		return must(verify.Target(r.ctx, path, o))(t)
	}
	whole := check("clip.mp4", raw, verify.Options{Trust: known})
	if whole.ExitCode() != verify.ExitOK || whole.Clip == nil || whole.Clip.Originals[0].SHA256 != r.file.SHA256 || !whole.FileTested || len(whole.Clip.Plan.Regions) != 1 {
		t.Fatalf("%+v", whole)
	}
	if got := check("clip.mp4", raw, verify.Options{}); got.ExitCode() != verify.ExitSignerUnknown { // intact, and nobody knows whose
		t.Fatalf("%+v", got)
	}
	beside := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(beside, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := check("clip.json", statement, verify.Options{Trust: known, File: beside}); got.ExitCode() != verify.ExitOK || !got.FileTested {
		t.Fatalf("%+v", got)
	}
	media := len(raw) - len(statement) - 24
	flip := func(at int) []byte {
		out := bytes.Clone(raw)
		out[at] ^= 1
		return out
	}
	for name, bad := range map[string][]byte{
		"a byte of the media":      flip(media / 2),
		"a byte of its first box":  flip(9),
		"the reason":               bytes.Replace(raw, []byte("开庭出示"), []byte("庭审出示"), 1),
		"the mask":                 bytes.Replace(raw, []byte(`\"kind\":\"box\"`), []byte(`\"kind\":\"bix\"`), 1),
		"cut off before the end":   raw[:len(raw)-1],
		"without the statement":    raw[:media],
		"with something behind it": append(bytes.Clone(raw), 0, 0, 0, 8, 'f', 'r', 'e', 'e'),
		"longer media":             append(append(bytes.Clone(raw[:media]), 0, 0, 0, 8, 'f', 'r', 'e', 'e'), raw[media:]...),
		"another box's length":     append([]byte{0xff, 0xff, 0xff, 0xff}, raw[4:]...),
	} {
		if got := check("clip.mp4", bad, verify.Options{Trust: known}); got.ExitCode() != verify.ExitWrong || bytes.Equal(bad, raw) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := check("clip.json", bytes.Replace(statement, []byte("开庭出示"), []byte("庭审出示"), 1), verify.Options{Trust: known}); got.ExitCode() != verify.ExitWrong {
		t.Errorf("a changed statement: %+v", got)
	}
}

// TestMarkedCopies is R-20-4: protected content needs two; what would show an informant never leaves; a state secret stops everything, also
// between consent and making (decisions 21 and 26).
func TestMarkedCopies(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		r.granted(viewing.MannerView, viewing.Item{Recording: r.rec, From: time.Second, To: 3 * time.Second})
		if _, err := r.svc.Begin(r.ctx, maker, r.rec, plan.Plan{From: 0, To: 3000}, "超出同意的时段"); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("planned outside the span that was consented to: %v", err)
		}
		r.mark("minor")
		c := must(r.svc.Begin(r.ctx, maker, r.rec, mask, "开庭出示"))(t)
		if c = must(r.svc.Ask(r.ctx, maker, c.ID))(t); c.Quorum != 2 {
			t.Fatalf("%+v", c)
		}
		must(r.svc.Decide(r.ctx, head, c.ID, true, ""))(t)
		both := head
		both.Roles = append(both.Roles, access.Leader)
		if _, err := r.svc.Decide(r.ctx, both, c.ID, true, ""); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("one person agreed twice: %v", err)
		}
		if err := r.svc.Make(r.ctx, c.ID); err != nil {
			t.Fatal(err)
		}
		if now := must(r.svc.Get(r.ctx, maker, c.ID))(t); now.State != redaction.Asked {
			t.Fatalf("made with one of two: %+v", now)
		}
		must(r.svc.Decide(r.ctx, leader, c.ID, true, ""))(t)
		r.mark("state_secret")
		r.want(r.svc.Make(r.ctx, c.ID), "marking.frozen")
		r.want(second(r.svc.Preview(r.ctx, r.rec, mask, time.Second)), "marking.frozen")
		r.want(second(r.svc.Begin(r.ctx, maker, r.rec, mask, "冻结以后")), "marking.frozen")
		if _, err := w.DB.Writer.NewRaw("UPDATE marking SET lifted_at = 9, lifted_by = 'q', lifted_words = 'x', basis = 'y' WHERE mark = 'state_secret'").Exec(r.ctx); err != nil {
			t.Fatal(err)
		}
		if err := r.svc.Make(r.ctx, c.ID); err != nil {
			t.Fatal(err)
		}
		r.sequence()
		r.mark("informant")
		c = must(r.svc.Get(r.ctx, maker, c.ID))(t)
		r.want(second(r.svc.Bytes(r.ctx, c)), "marking.withheld")
	})
}

// TestUnmasked: T5. A clip in which nothing is hidden, made before anybody said what the recording holds, does not leave once it is
// marked; and one that is on its way out is stopped when the consent is taken back, and when its term runs out (T6).
func TestUnmasked(t *testing.T) {
	t.Parallel()
	r := newRoom(t, gatetest.New(t, dbtest.SQLite(t)))
	r.granted(viewing.MannerView, viewing.Item{Recording: r.rec})
	c := must(r.svc.Begin(r.ctx, maker, r.rec, plan.Plan{From: 0, To: 9000}, "开庭出示"))(t)
	must(r.svc.Ask(r.ctx, maker, c.ID))(t)
	must(r.svc.Decide(r.ctx, head, c.ID, true, ""))(t)
	if err := r.svc.Make(r.ctx, c.ID); err != nil {
		t.Fatal(err)
	}
	r.sequence()
	q := r.granted(viewing.MannerCopy, viewing.Item{Recording: r.rec})
	sent := must(r.svc.Take(r.ctx, maker, c.ID, q.No))(t)
	if err := r.looks.Revoke(r.ctx, leader, q.ID, "撤回"); err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(sent); !fault.HasCode(err, "viewing.not_granted") || int64(len(raw)) >= sent.Size {
		t.Errorf("%d of %d bytes left after the consent was taken back: %v", len(raw), sent.Size, err)
	}
	if err := sent.Close(); err != nil {
		t.Error(err)
	}
	q = r.granted(viewing.MannerCopy, viewing.Item{Recording: r.rec})
	sent = must(r.svc.Take(r.ctx, maker, c.ID, q.No))(t)
	r.Clock.Add(23 * time.Hour)
	if raw, err := io.ReadAll(sent); err != nil || int64(len(raw)) != sent.Size {
		t.Errorf("%d of %d bytes left within the term: %v", len(raw), sent.Size, err)
	}
	late := must(r.svc.Take(r.ctx, maker, c.ID, q.No))(t)
	r.Clock.Add(2 * time.Hour)
	if raw, err := io.ReadAll(late); !fault.HasCode(err, "viewing.not_granted") || int64(len(raw)) >= late.Size {
		t.Errorf("%d of %d bytes left after the term ran out: %v", len(raw), late.Size, err)
	}
	if err := errors.Join(sent.Close(), late.Close()); err != nil {
		t.Error(err)
	}
	q = r.granted(viewing.MannerCopy, viewing.Item{Recording: r.rec})
	r.mark("privacy")
	r.want(second(r.svc.Take(r.ctx, maker, c.ID, q.No)), "redaction.unmasked")
}

// TestPreview: what a preview hides is hidden, and what it does not is there.
func TestPreview(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, dbtest.SQLite(t))
	r := newRoom(t, w)
	whole := plan.Plan{To: 3000, Regions: []plan.Region{{Kind: plan.Box, Points: []plan.Point{{W: 1, H: 1}}}}}
	black := must(r.svc.Preview(r.ctx, r.rec, whole, time.Second))(t)
	clear := must(r.svc.Preview(r.ctx, r.rec, plan.Plan{To: 3000}, time.Second))(t)
	if len(black) == 0 || len(clear) < 4*len(black) {
		t.Fatalf("hidden %d bytes, seen %d", len(black), len(clear))
	}
}

// TestDropped: a draft and a copy that waits are given up by who made them alone, and nothing is owed afterwards.
func TestDropped(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		r := newRoom(t, w)
		r.granted(viewing.MannerView, viewing.Item{Recording: r.rec})
		c := must(r.svc.Begin(r.ctx, maker, r.rec, mask, "开庭出示"))(t)
		must(r.svc.Ask(r.ctx, maker, c.ID))(t)
		if _, err := r.svc.Drop(r.ctx, head, c.ID); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		must(r.svc.Drop(r.ctx, maker, c.ID))(t)
		if n := must(w.DB.Reader.NewSelect().Table("duty").Where("kind = 'decide_masked' AND state = 'open'").Count(r.ctx))(t); n != 0 {
			t.Fatalf("%d duties", n)
		}
		r.want(second(r.svc.Drop(r.ctx, maker, c.ID)), "redaction.decided")
	})
}
