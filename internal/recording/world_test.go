package recording_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/sniff"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// house is a small bureau with a real vault, a real log and a camera Z-07 that 阿依古丽 has held for two days.
type house struct {
	*gatetest.World

	t     *testing.T
	ctx   context.Context
	svc   *recording.Service
	vault *localdir.Vault
	keys  *keyring.Keyring
	seq   *custody.Sequencer
	inv   *device.Inventory
	org   *org.Service
	book  *duty.Book
	probe *prober
	made  int

	d1, d2          ident.DepartmentID
	officer, second ident.PersonID
	camera          ident.DeviceID
	keeper, other   access.Actor // custodians of d1 and d2
	dock, dock2     access.Actor
}

// prober answers without ffprobe: a video of ten minutes whose name tells the start. Content that begins with "bad" is
// unreadable.
type prober struct{ fail error }

func (p *prober) Probe(_ context.Context, src media.Source) (media.Facts, error) {
	if p.fail != nil {
		return media.Facts{}, p.fail
	}
	f := media.Facts{Name: media.ParseName(src.Name), Size: src.Size, ModTime: src.ModTime, Kind: sniff.MP4, Flags: []media.Flag{}}
	head := make([]byte, min(3, src.Size))
	if _, err := src.ReadAt(head, 0); err != nil && src.Size > 3 {
		return f, err
	}
	if string(head) == "bad" {
		f.Flags, f.Reason = append(f.Flags, media.FlagUnreadable), media.ReasonMoovMissing
	} else {
		f.Duration, f.HasDuration = 10*time.Minute, true
		f.Tracks = []media.Track{{Kind: media.TrackVideo, Codec: "h264"}}
		all := make([]byte, min(64, src.Size))
		if _, err := src.ReadAt(all, 0); err != nil {
			return f, err
		}
		f.Form = formOf(string(all))
	}
	var list []media.Candidate
	if f.Name.HasTime {
		list = append(list, media.Candidate{Source: media.OriginName, Raw: f.Name.RawTime, At: f.Name.Time.In(time.UTC)})
	}
	f.Start = media.ChooseStart(list, f.Duration, src.SeenAt, nil)
	if len(f.Start.Doubt) > 0 {
		f.Flags = append(f.Flags, media.FlagClockDoubt)
	}
	return f, nil
}

func person(p ident.PersonID, name string, d ident.DepartmentID, roles ...access.Role) access.Actor {
	return access.Actor{
		Kind: access.Person, ID: "a-" + string(p), Person: p, Name: name, Roles: roles, Department: d, Departments: []ident.DepartmentID{d},
	}
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

func newHouse(t *testing.T, w *gatetest.World) *house {
	t.Helper()
	h := &house{World: w, t: t, ctx: context.Background(), probe: &prober{}}
	dir := t.TempDir()
	h.vault = must(localdir.New(h.ctx, localdir.Config{
		Dir: filepath.Join(dir, "vault"), Keys: must(vault.NewRing(vault.NewKey()))(t), Node: "n1", Reserve: -1, Clock: w.Clock, Log: w.Log,
	}))(t)
	t.Cleanup(func() { _ = h.vault.Close() })
	h.keys = must(keyring.Generate(durable.OS(), t.TempDir(), "log.example.gov.cn/zhilu"))(t)
	h.seq = must(custody.NewSequencer(h.ctx, custody.Config{DB: w.DB, Keys: h.keys, Clock: w.Clock, Log: w.Log, Bureau: "某县局", Holder: "test"}))(t)
	t.Cleanup(func() { _ = h.seq.Close() })
	h.org = must(org.New(org.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}))(t)
	h.inv = must(device.NewInventory(device.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}))(t)
	h.book = must(duty.NewBook(duty.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}))(t)
	host := access.HostActor("test")
	h.d1 = must(h.org.AddDepartment(h.ctx, host, "", "执法一科"))(t).ID
	h.d2 = must(h.org.AddDepartment(h.ctx, host, "", "执法二科"))(t).ID
	add := func(name string, d ident.DepartmentID) ident.PersonID {
		return must(h.org.AddPerson(h.ctx, host, org.PersonEdit{Name: name, Department: d}))(t).ID
	}
	h.officer, h.second = add("阿依古丽·买买提", h.d1), add("王建军", h.d1)
	h.keeper = person(add("李保管", h.d1), "李保管", h.d1, access.Custodian)
	h.other = person(add("赵保管", h.d2), "赵保管", h.d2, access.Custodian)
	h.dock = access.Actor{Kind: access.Token, ID: "dock-1", TokenScope: access.ScopeDock}
	h.dock2 = access.Actor{Kind: access.Token, ID: "dock-2", TokenScope: access.ScopeDock}
	h.camera = must(h.inv.Register(h.ctx, host, device.Spec{Label: "Z-07", Kind: device.BodyCamera, CardLabel: "Z07", NameCode: "DSJ-0007", Department: h.d1}))(t)
	if _, err := h.inv.Issue(h.ctx, h.keeper, h.camera, device.IssueInput{Person: h.officer, Purpose: "巡查", At: w.Clock.Now().Add(-48 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	h.reopen()
	return h
}

// reopen makes a new service over the same vault and database, as after a restart.
func (h *house) reopen() { h.svc = h.service(h.vault) }

func (h *house) service(v vault.Vault) *recording.Service {
	return must(recording.New(recording.Config{
		DB: h.DB, Gate: h.Gate, Vault: v, Keys: h.keys, Devices: h.inv, People: h.org, Settings: regulation.New(h.Gate, h.DB),
		Prober: h.probe, Clock: h.Clock, Log: h.Log, Node: "n1", Bureau: "某县局",
	}))(h.t)
}

// name gives a camera's file name for a start that lies `before` ago.
func (h *house) name(before time.Duration, n int) string {
	return fmt.Sprintf("DSJ-0007_%s_%04d.MP4", h.Clock.Now().Add(-before).In(clock.Shanghai).Format("20060102150405"), n)
}

func sum(content []byte) *vault.Digest { d := vault.Digest(sha256.Sum256(content)); return &d }

// send begins an upload and makes its bytes durable, without sealing it.
func (h *house) send(actor access.Actor, in recording.Intent, content []byte) ident.UploadID {
	h.t.Helper()
	in.Size = int64(len(content))
	id := must(h.svc.Begin(h.ctx, actor, in))(h.t)
	stage := must(h.vault.Resume(h.ctx, id))(h.t)
	if _, err := stage.Append(h.ctx, bytes.NewReader(content), nil); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// take sends a file, seals it, and does the jobs.
func (h *house) take(actor access.Actor, in recording.Intent, content []byte) recording.Result {
	h.t.Helper()
	r := must(h.svc.Seal(h.ctx, actor, h.send(actor, in, content), sum(content)))(h.t)
	h.work(r.FileID)
	return r
}

func (h *house) work(id ident.FileID) {
	h.t.Helper()
	if err := h.svc.FollowUp(h.ctx, id); err != nil {
		h.t.Fatal(err)
	}
	if err := h.svc.VerifyFile(h.ctx, id); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) open(actor access.Actor, label string, paths ...string) ident.CardID {
	h.t.Helper()
	l := recording.CardListing{Label: label, Station: "dock-1", FreeBytes: 1, TotalBytes: 2}
	for _, p := range paths {
		l.Files = append(l.Files, recording.ListedFile{Path: p, Size: 5, ModTime: h.Clock.Now().Add(-2 * time.Hour)})
	}
	return must(h.svc.OpenCard(h.ctx, actor, l))(h.t)
}

func (h *house) get(id ident.RecordingID) recording.Detail {
	h.t.Helper()
	return must(h.svc.Get(h.ctx, access.HostActor("test"), id))(h.t)
}

// duties gives the open duties of a kind.
func (h *house) duties(k duty.Kind) []duty.Duty {
	h.t.Helper()
	leader := person("boss", "", h.d1, access.Leader)
	return must(h.book.List(h.ctx, leader, duty.Filter{Kinds: []duty.Kind{k}}))(h.t).Duties
}

func (h *house) sequence() {
	h.t.Helper()
	if _, err := h.seq.Sequence(h.ctx); err != nil {
		h.t.Fatal(err)
	}
}

func actions(list []custody.Record) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.Action+" "+string(r.Outcome))
	}
	slices.Reverse(out)
	return out
}

// each runs a test in a house on SQLite and one on PostgreSQL.
func each(t *testing.T, run func(t *testing.T, h *house)) {
	t.Helper()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) { run(t, newHouse(t, w)) })
}
