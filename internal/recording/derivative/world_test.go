package derivative_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

func need(t testing.TB, variable, what string, there bool) {
	t.Helper()
	if there {
		return
	}
	if os.Getenv(variable) == "1" {
		t.Fatalf("%s is missing and %s=1", what, variable)
	}
	t.Skipf("%s is not here", what)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// house has originals, a vault for derivatives and the service over both.
type house struct {
	*gatetest.World

	t         *testing.T
	ctx       context.Context
	originals *localdir.Vault
	derived   *localdir.Vault
	dir       string // of the derived vault
	maker     *derive.Maker
	prober    *media.Prober
	svc       *derivative.Service
	keeper    access.Actor
	frozen    error
}

func newHouse(t *testing.T, w *gatetest.World) *house {
	t.Helper()
	for _, n := range []string{"ffmpeg", "ffprobe", "prlimit"} {
		_, err := exec.LookPath(n)
		need(t, "ZHILU_REQUIRE_TOOLS", n, err == nil)
	}
	h := &house{World: w, t: t, ctx: context.Background(), dir: filepath.Join(t.TempDir(), "derived")}
	ring := must(vault.NewRing(vault.NewKey()))(t)
	open := func(dir string) *localdir.Vault {
		v := must(localdir.New(h.ctx, localdir.Config{Dir: dir, Keys: ring, Node: "n1", Reserve: -1, Clock: w.Clock, Log: w.Log}))(t)
		t.Cleanup(func() { _ = v.Close() })
		return v
	}
	h.originals, h.derived = open(filepath.Join(t.TempDir(), "vault")), open(h.dir)
	log := slog.New(slog.DiscardHandler)
	h.maker = must(derive.New(h.ctx, derive.Config{Logger: log, TempDir: t.TempDir(), AllowRlimit: true}))(t)
	h.prober = must(media.New(h.ctx, media.Config{Logger: log, Clock: w.Clock, TempDir: t.TempDir(), AllowRlimit: true}))(t)
	h.svc = must(derivative.New(derivative.Config{
		DB: w.DB, Gate: w.Gate, Originals: h.originals, Derived: h.derived, Maker: h.maker, Clock: w.Clock, Log: w.Log,
		Frozen: func(context.Context, ident.RecordingID) error { return h.frozen },
	}))(t)
	h.keeper = access.Actor{
		Kind: access.Person, ID: "a1", Person: "p1", Roles: []access.Role{access.Custodian}, Departments: []ident.DepartmentID{"d1"},
	}
	return h
}

// stored puts a file into the house, sealed and looked into, as a recording of its own.
func (h *house) stored(name string, content []byte) (ident.RecordingID, ident.FileID) {
	h.t.Helper()
	upload := ident.New[ident.UploadID]()
	stage := must(h.originals.Begin(h.ctx, upload, int64(len(content)), nil))(h.t)
	must(stage.Append(h.ctx, bytes.NewReader(content), nil))(h.t)
	info, _, err := stage.Seal(h.ctx, nil, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	facts := must(h.prober.Probe(h.ctx, media.Source{ReaderAt: bytes.NewReader(content), Size: int64(len(content)), Name: name}))(h.t)
	raw := must(json.Marshal(facts))(h.t)
	now := clock.Micros(h.Clock.Now())
	rec := record.Recording{
		ID: ident.New[ident.RecordingID](), State: record.Stored, Name: name, Files: 1, Size: info.Size, StoredAt: now, SortAt: now, Department: "d1",
	}
	file := record.File{
		ID: ident.New[ident.FileID](), Recording: rec.ID, N: 1, Upload: upload, Entry: ident.New[ident.EntryID](), SHA256: info.Digest.String(),
		Size: info.Size, Name: name, Path: name, State: record.Stored, StoredAt: now, Number: -1, Facts: string(raw),
	}
	for _, row := range []any{&rec, &file} {
		if err := record.Insert(h.ctx, h.DB.Writer, row); err != nil {
			h.t.Fatal(err)
		}
	}
	return rec.ID, file.ID
}

func (h *house) camera(name string) (ident.RecordingID, ident.FileID) {
	h.t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../../../shared/media", name))
	need(h.t, "ZHILU_REQUIRE_MEDIA", name, err == nil)
	return h.stored(name, raw)
}

// want asks as the first consent does, in a change of its own.
func (h *house) want(rec ident.RecordingID, kinds ...derivative.Kind) {
	h.t.Helper()
	err := h.Gate.Do(h.ctx, access.HostActor("test"), access.DerivativeWant, access.Subject{Kind: "request", ID: "r1"}, func(tx *gate.Tx) error {
		if err := h.svc.Want(tx, rec, kinds...); err != nil {
			return err
		}
		_, err := tx.Record(gate.Entry{})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) states(rec ident.RecordingID) map[derivative.Kind]derivative.Derivative {
	h.t.Helper()
	out := map[derivative.Kind]derivative.Derivative{}
	for _, d := range must(h.svc.Of(h.ctx, rec))(h.t) {
		out[d.Kind] = d
	}
	return out
}

func (h *house) jobs() int {
	h.t.Helper()
	return int(must(h.DB.Reader.NewSelect().TableExpr("river_job").Where("kind = 'derivative.make'").Count(h.ctx))(h.t))
}
