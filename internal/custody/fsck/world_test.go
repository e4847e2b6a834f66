package fsck_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/custody/vouch"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/profile"
	"zhilu.dev/zhilu/internal/media/sniff"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/recording/storage"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/grab"
	"zhilu.dev/zhilu/internal/viewing/loan"
)

const bureau = "某县局"

// house is a small bureau with a real vault and a real log, in which everything happened that may happen to a recording.
type house struct {
	*gatetest.World

	t    *testing.T
	ctx  context.Context
	svc  *recording.Service
	dir  string // the vault's
	ring vault.KeyRing
	disk *localdir.Vault
	keys *keyring.Keyring
	// keysDir is where keys lie.
	keysDir string
	seq     *custody.Sequencer
	inv     *device.Inventory
	looks   *viewing.Service

	dept            ident.DepartmentID
	officer, second ident.PersonID
	camera          ident.DeviceID
	keeper, dock    access.Actor
	role            ident.AppointmentID // one that was taken back

	// fine is in time, late was explained by a note, claimed was assigned in the inbox.
	fine, late, claimed recording.Result
	card                ident.CardID
}

// prober answers without ffprobe: a video of ten minutes whose name tells the start; "bad" is unreadable.
type prober struct{}

func (prober) Probe(_ context.Context, src media.Source) (media.Facts, error) {
	f := media.Facts{Name: media.ParseName(src.Name), Size: src.Size, ModTime: src.ModTime, Kind: sniff.MP4, Flags: []media.Flag{}}
	head := make([]byte, min(5, src.Size))
	if _, err := src.ReadAt(head, 0); err != nil && src.Size > 5 {
		return f, err
	}
	if string(head) == "press" { // one pressing of the button, cut into files
		f.Form = &profile.Profile{Version: profile.Version, Container: "mp4", Tracks: []profile.Track{{Kind: "vide"}}}
	}
	if strings.HasPrefix(string(head), "bad") {
		f.Flags, f.Reason = append(f.Flags, media.FlagUnreadable), media.ReasonMoovMissing
	} else {
		f.Duration, f.HasDuration = 10*time.Minute, true
	}
	var list []media.Candidate
	if f.Name.HasTime {
		list = append(list, media.Candidate{Source: media.OriginName, Raw: f.Name.RawTime, At: f.Name.Time.In(time.UTC)})
	}
	f.Start = media.ChooseStart(list, f.Duration, src.SeenAt, nil)
	return f, nil
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

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func newHouse(t *testing.T, w *gatetest.World) *house {
	t.Helper()
	h := &house{World: w, t: t, ctx: context.Background(), dir: filepath.Join(t.TempDir(), "vault")}
	h.ring = must(vault.NewRing(vault.NewKey()))(t)
	h.disk = must(localdir.New(h.ctx, h.place()))(t)
	t.Cleanup(func() { _ = h.disk.Close() })
	h.keysDir = t.TempDir()
	h.keys = must(keyring.Generate(durable.OS(), h.keysDir, "log.example.gov.cn/zhilu"))(t)
	h.seq = must(custody.NewSequencer(h.ctx, custody.Config{DB: w.DB, Keys: h.keys, Clock: w.Clock, Log: w.Log, Bureau: bureau, Holder: "test"}))(t)
	t.Cleanup(func() { _ = h.seq.Close() })
	people := must(org.New(org.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}))(t)
	h.inv = must(device.NewInventory(device.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}))(t)
	host := access.HostActor("test")
	h.dept = must(people.AddDepartment(h.ctx, host, "", "执法一科"))(t).ID
	person := func(name string) ident.PersonID {
		return must(people.AddPerson(h.ctx, host, org.PersonEdit{Name: name, Department: h.dept}))(t).ID
	}
	h.officer, h.second = person("阿依古丽·买买提"), person("王建军")
	h.keeper = access.Actor{
		Kind: access.Person, ID: "a-keeper", Person: person("李保管"), Name: "李保管", Roles: []access.Role{access.Custodian}, Department: h.dept,
		Departments: []ident.DepartmentID{h.dept},
	}
	accounts := must(account.New(account.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock, Log: w.Log, Idle: time.Hour}))(t)
	for _, q := range []account.GrantRequest{
		{Person: h.keeper.Person, Role: access.Custodian, Department: h.dept},
		{Person: h.officer, Role: access.Officer, Department: h.dept},
		{Person: h.second, Role: access.Supervisor},
	} {
		h.role = must(accounts.Grant(h.ctx, host, q))(t).ID
	}
	h.must(accounts.Revoke(h.ctx, host, h.role)) // the supervisor is none any more
	h.dock = access.Actor{Kind: access.Token, ID: "dock-1", TokenScope: access.ScopeDock}
	h.camera = must(h.inv.Register(h.ctx, host, device.Spec{Label: "Z-07", Kind: device.BodyCamera, CardLabel: "Z07", NameCode: "DSJ-0007", Department: h.dept}))(t)
	must(h.inv.Issue(h.ctx, h.keeper, h.camera, device.IssueInput{Person: h.second, Purpose: "试用", At: w.Clock.Now().Add(-72 * time.Hour)}))(t)
	h.must(h.inv.Return(h.ctx, h.keeper, h.camera, device.ReturnInput{At: w.Clock.Now().Add(-60 * time.Hour)}))
	must(h.inv.Issue(h.ctx, h.keeper, h.camera, device.IssueInput{Person: h.officer, Purpose: "巡查", At: w.Clock.Now().Add(-48 * time.Hour)}))(t)
	h.must(w.Gate.Do(h.ctx, host, access.DeviceEdit, access.Subject{Kind: "device", ID: string(h.camera)}, func(tx *gate.Tx) error {
		return device.RecordClock(tx, h.camera, w.Clock.Now(), -time.Second, time.Second, device.FromPerson)
	}))
	spare := must(h.inv.Register(h.ctx, host, device.Spec{Label: "Z-08", Kind: device.BodyCamera, Department: h.dept}))(t)
	must(h.inv.Issue(h.ctx, h.keeper, spare, device.IssueInput{Person: h.second, Purpose: "巡查"}))(t)
	h.must(h.inv.SetState(h.ctx, h.keeper, spare, device.Lost, "在巡查途中遗失"))
	h.svc = must(recording.New(recording.Config{
		DB: w.DB, Gate: w.Gate, Vault: h.disk, Keys: h.keys, Devices: h.inv, People: people, Settings: regulation.New(w.Gate, w.DB),
		Prober: prober{}, Clock: w.Clock, Log: w.Log, Node: "n1", Bureau: bureau,
	}))(t)
	made := must(derivative.New(derivative.Config{DB: w.DB, Gate: w.Gate, Originals: h.disk, Derived: h.disk, Clock: w.Clock, Log: w.Log}))(t)
	h.looks = must(viewing.New(viewing.Config{
		DB: w.DB, Gate: w.Gate, Recordings: viewing.Over(h.svc), Offices: offices{h}, Copies: copies{made}, Clock: w.Clock, Log: w.Log,
		DepartmentName: func(context.Context, ident.DepartmentID) string { return "执法一科" },
	}))(t)
	return h
}

// offices has no head, so that the leader decides.
type offices struct{ *house }

func (offices) HeadOf(context.Context, ident.DepartmentID) (ident.PersonID, error) { return "", nil }

func (o offices) Leaders(context.Context) ([]ident.PersonID, error) {
	return []ident.PersonID{o.second}, nil
}

// copies enters wishes for viewing copies, of which none is ever made: here it is about rows.
type copies struct{ *derivative.Service }

func (c copies) Want(tx *gate.Tx, rec ident.RecordingID) error {
	return c.Service.Want(tx, rec, derivative.Copy)
}

// look has a request decided by the leader, looked upon, confirmed and taken back, and the officer's registration.
func (h *house) look() {
	h.t.Helper()
	leader := access.Actor{Kind: access.Person, ID: "a-leader", Person: h.second, Name: "王建军", Roles: []access.Role{access.Leader}}
	maker := access.Actor{Kind: access.Person, ID: "a-officer", Person: h.officer, Name: "阿依古丽·买买提", Roles: []access.Role{access.Officer}, Department: h.dept}
	seat := viewing.Seat{Account: "a-leader", Session: "s", IP: "127.0.0.1"}
	asker := h.keeper
	q := must(h.looks.Ask(h.ctx, asker, viewing.Ask{
		Items: []viewing.Item{{Recording: h.fine.RecordingID, From: time.Minute, To: 2 * time.Minute}}, Purpose: viewing.PurposeCheck, Words: "核对现场",
		Until: h.Clock.Now().Add(time.Hour),
	}))(h.t)
	h.must(h.looks.Decide(h.ctx, leader, q.ID, viewing.Decision{Consent: true, Words: "同意"}))
	seat.Account = "a-keeper"
	l := must(h.looks.Open(h.ctx, asker, seat, h.fine.RecordingID, viewing.Play))(h.t)
	h.must(errors.Join(h.looks.Sent(h.ctx, l.ID, time.Minute, 64*time.Second), h.looks.Played(h.ctx, l.ID, []viewing.Span{{From: 60000, To: 62000}})))
	must(grab.New(h.DB, h.Gate, h.looks).Keep(h.ctx, asker, seat, grab.Grab{
		Look: l.ID, File: h.fine.FileID, Segment: 15, Within: time.Second, At: 61 * time.Second, Mark: "张三 查阅", SHA256: "aa", Size: 7,
	}))(h.t)
	h.must(h.looks.Close(h.ctx, asker, seat, l.ID))
	h.must(h.looks.Revoke(h.ctx, leader, q.ID, "不再需要"))
	second := access.Actor{
		Kind: access.Person, ID: "a-keeper-2", Person: h.second, Name: "王建军", Roles: []access.Role{access.Custodian}, Departments: []ident.DepartmentID{h.dept},
	}
	h.must(h.looks.Confirm(h.ctx, second, l.ID, "属实"))
	h.lend(leader, asker, second)
	h.must(h.looks.Register(h.ctx, maker, h.fine.RecordingID, "清河路检查"))
	marks := must(marking.New(marking.Config{DB: h.DB, Gate: h.Gate, Object: func(_ context.Context, id ident.RecordingID) (marking.Object, error) {
		return marking.Object{ID: id, Department: h.dept, Officer: h.officer, Name: "x"}, nil
	}}))(h.t)
	secret := must(marks.Put(h.ctx, maker, h.claimed.RecordingID, marking.StateSecret, "出现密级标志"))(h.t)
	paper := must(marks.Instruct(h.ctx, leader, secret.ID, marking.Instruction{Office: "县国家保密局", Number: "1号", Dated: "2026-11-01", Orders: marking.Remove}))(h.t)
	done := must(marks.Execute(h.ctx, asker, paper.ID, []marking.Place{marking.Card}, h.Clock.Now(), "存储卡已上交"))(h.t)
	h.must(marks.Witness(h.ctx, leader, done.ID, "在场监督"))
	must(marks.Put(h.ctx, maker, h.fine.RecordingID, marking.Minor, "有未成年人在场"))(h.t)
}

func (h *house) place() localdir.Config {
	return localdir.Config{Dir: h.dir, Keys: h.ring, Node: "n1", Reserve: -1, Clock: h.Clock, Log: h.Log}
}

// live is a house with a past. An upload is still on its way.
func live(t *testing.T, w *gatetest.World) *house {
	t.Helper()
	h := newHouse(t, w)
	h.card = must(h.svc.OpenCard(h.ctx, h.dock, recording.CardListing{Label: "Z07", Station: "dock-1", FreeBytes: 1, TotalBytes: 2, Files: []recording.ListedFile{
		{Path: h.name(5*time.Hour, 1), Size: 4}, {Path: h.name(4*time.Hour, 4), Size: 5}, {Path: "lost.mp4", Size: 5},
	}}))(t)
	h.fine = h.take(recording.Intent{Card: h.card, Name: h.name(5*time.Hour, 1)}, []byte("fine"))
	h.take(recording.Intent{Card: h.card, Name: h.name(4*time.Hour, 4)}, []byte("after"))
	h.sequence()
	h.must(h.svc.CloseCard(h.ctx, h.dock, h.card, nil)) // 2 and 3 are missing, lost.mp4 too
	order := must(h.svc.OrderClear(h.ctx, h.keeper, h.card, func(context.Context) error { return nil }))(t)
	h.must(h.svc.ReportClear(h.ctx, h.dock, order.ID, []recording.ClearResult{{Path: order.Files[0].Path, Status: "cleared"}}))

	h.Clock.Add(time.Minute)
	second := must(h.svc.OpenCard(h.ctx, h.dock, recording.CardListing{Label: "Z07", Files: []recording.ListedFile{{Path: "b", Size: 1}}}))(t)
	for n := 2; n <= 3; n++ { // the numbers come in after all
		h.take(recording.Intent{Card: second, Name: h.name(time.Duration(7-n)*time.Hour, n)}, fmt.Appendf(nil, "number %d", n))
	}
	h.must(h.svc.CloseCard(h.ctx, h.dock, second, nil))
	h.take(recording.Intent{Name: "again.mp4"}, []byte("fine")) // the same bytes once more

	h.late = h.take(recording.Intent{Name: h.name(30*time.Hour, 5)}, []byte("late"))
	h.must(h.svc.AddReturn(h.ctx, h.keeper, h.late.RecordingID, recording.ReturnNote{ReturnedAt: h.Clock.Now().Add(-3 * time.Hour), Reason: "remote", Words: "在乡镇巡查"}))
	third := must(h.svc.OpenCard(h.ctx, h.dock, recording.CardListing{Label: "Z07", Files: []recording.ListedFile{{Path: "c", Size: 1}}}))(t)
	h.take(recording.Intent{Card: third, Name: h.name(90*time.Minute, 7)}, []byte("press one"))
	pressed := h.take(recording.Intent{Card: third, Name: h.name(80*time.Minute, 8)}, []byte("press two"))
	h.must(h.svc.Join(h.ctx, pressed.FileID))
	h.claimed = h.take(recording.Intent{Name: "P1000001.MP4"}, []byte("bad film"))
	h.must(h.svc.Resolve(h.ctx, h.keeper, h.claimed.RecordingID, recording.Assignment{Device: h.camera, Officer: h.second, Words: "卡上贴有编号"}))

	var watch storage.Watch
	h.must(h.svc.SeeClock(h.ctx, &watch, 0))
	h.Clock.Add(-2 * time.Hour) // our own clock is set back
	h.must(h.svc.SeeClock(h.ctx, &watch, time.Second))
	h.Clock.Add(2 * time.Hour)
	h.look()
	h.adoptEdition()
	h.sequence()
	h.send(recording.Intent{Name: "half.mp4"}, []byte("half"), 9)
	return h
}

// adoptEdition puts an edition of the regulation into force, by two people.
func (h *house) adoptEdition() {
	h.t.Helper()
	rules := regulation.New(h.Gate, h.DB)
	drafter := access.Actor{Kind: access.Person, ID: "a-admin", Person: "p-admin", Name: "系统管理员", Roles: []access.Role{access.SystemAdmin}}
	leader := access.Actor{Kind: access.Person, ID: "a-adopter", Person: "p-adopter", Name: "局领导", Roles: []access.Role{access.Leader}}
	d := must(rules.BeginDraft(h.ctx, drafter, "新法施行"))(h.t)
	d = must(rules.Edit(h.ctx, drafter, d.ID, 0, edition.Open{Power: edition.Power{
		Act: "compulsion", Law: "行政强制法", Article: "第十七条", DocumentNo: "3 号", Date: "2026-01-01",
	}}))(h.t)
	must(rules.AdoptDraft(h.ctx, leader, d.ID, d.Revision, h.Clock.Now().In(clock.Shanghai).Format(time.DateOnly)))(h.t)
}

// name gives a camera's file name for a start that lies before ago.
func (h *house) name(before time.Duration, n int) string {
	return fmt.Sprintf("DSJ-0007_%s_%04d.MP4", h.Clock.Now().Add(-before).In(clock.Shanghai).Format("20060102150405"), n)
}

// send begins an upload of so many bytes and makes content durable, without sealing it.
func (h *house) send(in recording.Intent, content []byte, size int) ident.UploadID {
	h.t.Helper()
	in.Size = int64(size)
	id := must(h.svc.Begin(h.ctx, h.dock, in))(h.t)
	stage := must(h.disk.Resume(h.ctx, id))(h.t)
	must(stage.Append(h.ctx, bytes.NewReader(content), nil))(h.t)
	return id
}

// take sends a file, seals it, and does the jobs.
func (h *house) take(in recording.Intent, content []byte) recording.Result {
	h.t.Helper()
	r, err := h.try(in, content)
	h.must(err)
	return r
}

// try is take for a goroutine of its own.
func (h *house) try(in recording.Intent, content []byte) (recording.Result, error) {
	in.Size = int64(len(content))
	id, err := h.svc.Begin(h.ctx, h.dock, in)
	if err != nil {
		return recording.Result{}, err
	}
	stage, err := h.disk.Resume(h.ctx, id)
	if err != nil {
		return recording.Result{}, err
	}
	if _, err := stage.Append(h.ctx, bytes.NewReader(content), nil); err != nil {
		return recording.Result{}, err
	}
	sum := vault.Digest(sha256.Sum256(content))
	r, err := h.svc.Seal(h.ctx, h.dock, id, &sum)
	if err != nil {
		return r, err
	}
	return r, errors.Join(h.svc.FollowUp(h.ctx, r.FileID), h.svc.VerifyFile(h.ctx, r.FileID))
}

// lend has a carrier lent and taken back.
func (h *house) lend(leader, asker, keeper access.Actor) {
	h.t.Helper()
	keeper.Person = h.officer // who lends is not who borrows
	q := must(h.looks.Ask(h.ctx, asker, viewing.Ask{
		Items: []viewing.Item{{Recording: h.fine.RecordingID}}, Manner: viewing.MannerBorrow, Purpose: viewing.PurposeCheck, Words: "借阅光盘", Until: h.Clock.Now().Add(time.Hour),
	}))(h.t)
	h.must(h.looks.Decide(h.ctx, leader, q.ID, viewing.Decision{Consent: true}))
	loans := must(loan.New(loan.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock}))(h.t)
	l := must(loans.Hand(h.ctx, keeper, q.ID, "证据光盘 2026-7", h.Clock.Now().Add(30*time.Minute)))(h.t)
	h.must(loans.Take(h.ctx, keeper, l.ID, loan.Damaged, "划痕"))
}

func (h *house) sequence() {
	h.t.Helper()
	must(h.seq.Sequence(h.ctx))(h.t)
}

func (h *house) config() fsck.Config {
	return fsck.Config{
		DB: h.DB, Keys: h.keys, Vault: h.disk, Catalog: recording.Catalog{}, Clock: h.Clock,
		Tables: slices.Concat(recording.Tables(), device.Tables(), account.Tables(), viewing.Tables(), grab.Tables(), loan.Tables(), marking.Tables(),
			regulation.Tables(), []vouch.Table{derivative.Table()}),
	}
}

func (h *house) check() *fsck.Report {
	h.t.Helper()
	return must(fsck.Run(h.ctx, h.config()))(h.t)
}

// sound fails unless nothing is found.
func (h *house) sound() *fsck.Report {
	h.t.Helper()
	r := h.check()
	if !r.OK() {
		h.t.Fatalf("a false alarm: %+v", r.Findings)
	}
	return r
}

func assignment(h *house) recording.Assignment {
	return recording.Assignment{Officer: h.second, Words: "当日换班"}
}
