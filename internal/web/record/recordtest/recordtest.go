// Package recordtest gives tests of pages a bureau whose cameras were docked: a real service on SQLite with a real vault
// and a real log, the pages of recordings, dockings and the library over it, and people who are signed in. Only ffprobe
// is played: what a file says of itself is told by its name and its first bytes.
package recordtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account/accounttest"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/stray"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/sniff"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/handed"
	"zhilu.dev/zhilu/internal/recording/shelf"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/loan"
	"zhilu.dev/zhilu/internal/viewing/refused"
	"zhilu.dev/zhilu/internal/web/asset"
	"zhilu.dev/zhilu/internal/web/intake"
	"zhilu.dev/zhilu/internal/web/library"
	"zhilu.dev/zhilu/internal/web/links"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
	"zhilu.dev/zhilu/internal/web/viewings"
)

// origin names the log.
const origin = "log.example.gov.cn/zhilu"

// House is the bureau with its service and pages.
type House struct {
	*accounttest.Bureau

	Service *recording.Service
	Viewing *viewing.Service
	Cases   *casefile.Service
	Strays  *stray.Service
	Links   *links.Area
	Devices *device.Inventory
	Keys    *keyring.Keyring
	Camera  ident.DeviceID // Z-07: known clock, held by the officer for a week
	Loose   ident.DeviceID // Z-08: never compared, held by nobody
	Server  *httptest.Server
	Press   *sheet.Press

	t     testing.TB
	vault *localdir.Vault
	seq   *custody.Sequencer
}

// prober tells facts from a name and the first bytes, as a dock's cameras would give them.
type prober struct{}

// Probe gives a video of ten minutes, or what the first bytes ask for: "bad", "text", "none" (no time at all).
func (prober) Probe(_ context.Context, src media.Source) (media.Facts, error) {
	f := media.Facts{Name: media.ParseName(src.Name), Size: src.Size, ModTime: src.ModTime, Kind: sniff.MP4, FormatName: "mov,mp4", Flags: []media.Flag{}}
	head := make([]byte, min(4, src.Size))
	if _, err := src.ReadAt(head, 0); err != nil && src.Size > 4 {
		return f, err
	}
	switch string(head) {
	case "bad!":
		f.Flags, f.Reason = append(f.Flags, media.FlagUnreadable), media.ReasonMoovMissing
	case "\xff\xd8\xff\xe0":
		f.Kind, f.Tracks, f.Flags = sniff.JPEG, []media.Track{{Kind: media.TrackImage, Codec: "mjpeg", Width: 640, Height: 360}}, append(f.Flags, media.FlagPicture)
	case "RIFF":
		f.Kind, f.Duration, f.HasDuration, f.Tracks = sniff.WAV, 5*time.Second, true, []media.Track{{Kind: media.TrackAudio, Codec: "pcm_s16le", Channels: 1}}
	case "text":
		f.Kind, f.Flags = sniff.Unknown, append(f.Flags, media.FlagForeign)
	default:
		f.Duration, f.HasDuration = 10*time.Minute, true
		f.Tracks = []media.Track{
			{Kind: media.TrackVideo, Codec: "hevc", Width: 1920, Height: 1080, Rate: 25}, {Kind: media.TrackAudio, Codec: "aac", Channels: 1},
		}
		f.Device = media.Device{Maker: "ACME", Model: "DSJ-X"}
		f.HasGPS = true
		if strings.HasPrefix(src.Name, "DSJ-0007") {
			f.Device.Serial = "SN-0007"
		}
	}
	var list []media.Candidate
	if f.Name.HasTime && string(head) != "none" {
		at := f.Name.Time.In(time.UTC)
		list = append(list,
			media.Candidate{Source: media.OriginContainerLocal, Raw: at.Format(time.DateTime), At: at},
			media.Candidate{Source: media.OriginName, Raw: f.Name.RawTime, At: at})
	}
	f.Start = media.ChooseStart(list, f.Duration, src.SeenAt, nil)
	if len(f.Start.Doubt) > 0 {
		f.Flags = append(f.Flags, media.FlagClockDoubt)
	}
	if f.Start.Value.IsZero() {
		f.Flags = append(f.Flags, media.FlagTimeMissing)
	}
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

// New makes a house in a world of its own and serves its pages, and those of the areas that more adds.
func New(t testing.TB, more ...func(h *House) []site.Route) *House {
	t.Helper()
	return NewOn(t, dbtest.SQLite(t), more...)
}

// NewOn is New over a database of the caller's.
func NewOn(t testing.TB, on *db.DB, more ...func(h *House) []site.Route) *House {
	t.Helper()
	w := gatetest.New(t, on)
	h := &House{Bureau: accounttest.New(t, w), t: t}
	ctx, host := context.Background(), access.HostActor("test")
	h.vault = must(localdir.New(ctx, localdir.Config{
		Dir: filepath.Join(t.TempDir(), "vault"), Keys: must(vault.NewRing(vault.NewKey()))(t), Node: "n1", Reserve: -1, Clock: w.Clock, Log: w.Log,
	}))(t)
	t.Cleanup(func() { _ = h.vault.Close() })
	h.Keys = must(keyring.Generate(durable.OS(), t.TempDir(), origin))(t)
	h.seq = must(custody.NewSequencer(ctx, custody.Config{DB: w.DB, Keys: h.Keys, Clock: w.Clock, Log: w.Log, Bureau: h.Bureau.Bureau.Name, Holder: "test"}))(t)
	t.Cleanup(func() { _ = h.seq.Close() })
	h.Devices = must(device.NewInventory(device.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}))(t)
	d := h.Departments[0].ID
	h.Camera = must(h.Devices.Register(ctx, host, device.Spec{Label: "Z-07", Kind: device.BodyCamera, CardLabel: "Z07", NameCode: "DSJ-0007", Serial: "SN-0007", Department: d}))(t)
	h.Loose = must(h.Devices.Register(ctx, host, device.Spec{Label: "Z-08", Kind: device.BodyCamera, CardLabel: "Z08", NameCode: "DSJ-0008", Department: d}))(t)
	keeper := h.Actor(t, access.Custodian)
	_ = must(h.Devices.Issue(ctx, keeper, h.Camera, device.IssueInput{Person: h.People[access.Officer].ID, Purpose: "巡查", At: w.Clock.Now().Add(-7 * 24 * time.Hour)}))(t)
	if err := h.Devices.CheckClock(ctx, keeper, h.Camera, w.Clock.Now().Add(3*time.Second), time.Second); err != nil {
		t.Fatal(err)
	}
	settings := regulation.New(w.Gate, w.DB)
	h.Service = must(recording.New(recording.Config{
		DB: w.DB, Gate: w.Gate, Vault: h.vault, Keys: h.Keys, Devices: h.Devices, People: h.Org, Settings: settings, Prober: prober{}, Clock: w.Clock,
		Log: w.Log, Node: "n1", Bureau: h.Bureau.Bureau.Name, HandedIn: handed.Belongs,
	}))(t)
	_, here, _, _ := runtime.Caller(0)
	h.Press = sheet.New(sheet.Config{Log: w.Log, Modules: filepath.Join(filepath.Dir(here), "..", "..", "..", "sheet", "helper")})
	t.Cleanup(func() { _ = h.Press.Close() })
	h.Viewing = must(viewing.New(viewing.Config{
		DB: w.DB, Gate: w.Gate, Recordings: viewing.Over(h.Service), Offices: h.Accounts, Copies: wishes{}, Clock: w.Clock, Log: w.Log,
		DepartmentName: h.departmentName, Ended: loan.Recall,
	}))(t)
	h.Cases = must(casefile.New(casefile.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock, People: h.Org, Rules: settings}))(t)
	h.Strays = must(stray.New(stray.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock}))(t)
	h.serve(settings, more)
	return h
}

// wishes takes a wish for a viewing copy and makes none: these pages show no picture.
type wishes struct{}

func (wishes) Want(*gate.Tx, ident.RecordingID) error { return nil }

func (h *House) departmentName(_ context.Context, id ident.DepartmentID) string {
	for _, d := range h.Departments {
		if d.ID == id {
			return d.Name
		}
	}
	return ""
}

func (h *House) serve(settings *regulation.Service, more []func(h *House) []site.Route) {
	words := must(locale.Load())(h.t)
	s := must(site.New(site.Config{
		Gate: h.Gate, Accounts: h.Accounts, Words: words, Clock: h.Clock, Log: h.Log, Bureau: h.Bureau.Bureau.Name,
		DepartmentName: h.departmentName,
		LogState:       func(locale.Printer) ui.LogState { return ui.LogState{State: "sound", Size: 1, Checked: 1, At: "09:00"} },
		Counts:         func(context.Context, access.Actor) site.Counts { return site.Counts{} },
	}))(h.t)
	looks := viewings.New(viewings.Deps{
		Viewings: h.Viewing, Recordings: h.Service, People: h.Org, Bureau: h.Bureau.Bureau.Name, Object: viewing.Over(h.Service).Object,
		Loans: must(loan.New(loan.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock}))(h.t), Refused: refused.New(h.DB, h.Gate),
		ActorName: func(_ context.Context, a custody.Actor) string { return "账号 " + a.ID },
	})
	h.Links = links.New(links.Deps{
		Duties: must(duty.NewBook(duty.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock}))(h.t), Recordings: h.Service, Strays: h.Strays, Cases: h.Cases, Rules: settings, People: h.Org,
	})
	routes := append(looks.Routes(), library.Routes(library.Deps{
		Recordings: h.Service, People: h.Org, Devices: h.Devices, Shelf: must(shelf.New(shelf.Config{DB: h.DB, Gate: h.Gate}))(h.t),
		Pictures: h.Viewing.MayPicture,
	})...)
	routes = append(routes, record.Routes(record.Deps{
		Recordings: h.Service, People: h.Org, Accounts: h.Accounts, Devices: h.Devices, Settings: settings, Press: h.Press, Log: h.DB.Reader, Origin: origin, Bureau: h.Bureau.Bureau.Name,
		Look: looks.Sheet, Parts: []record.Part{h.Links.Sheet},
	})...)
	routes = append(routes, h.Links.Routes()...)
	routes = append(routes, intake.Routes(intake.Deps{
		Recordings: h.Service, Duties: must(duty.NewBook(duty.Config{DB: h.DB, Gate: h.Gate, Clock: h.Clock}))(h.t), People: h.Org, Accounts: h.Accounts,
		Devices: h.Devices, Log: h.DB.Reader, Confirm: h.Accounts.ConfirmPassword,
	})...)
	for _, area := range more {
		routes = append(routes, area(h)...)
	}
	mux := http.NewServeMux()
	mux.Handle(asset.Prefix, asset.Handler())
	for _, rt := range routes {
		mux.Handle(rt.Method+" "+rt.Path, s.Handler(rt))
	}
	h.Server = httptest.NewServer(mux)
	h.t.Cleanup(h.Server.Close)
}

// Name gives a camera's file name for a start that lies before ago by its clock.
func (h *House) Name(code string, before time.Duration, n int) string {
	return fmt.Sprintf("%s_%s_%04d.MP4", code, h.Clock.Now().Add(-before).In(clock.Shanghai).Format("20060102150405"), n)
}

// Originals is the vault of evidence.
func (h *House) Originals() vault.Vault { return h.vault }

// Keeper is the custodian of the first department.
func (h *House) Keeper() access.Actor { return h.Actor(h.t, access.Custodian) }

// Card opens a docking with this list.
func (h *House) Card(label string, files ...recording.ListedFile) ident.CardID {
	h.t.Helper()
	return must(h.Service.OpenCard(context.Background(), h.Keeper(), recording.CardListing{
		Label: label, Station: "采集站 1 号", Agent: "zhilu-dock/1", FreeBytes: 8 << 30, TotalBytes: 32 << 30, Files: files,
	}))(h.t)
}

// Take hands a file in, seals it, and looks into it. It is read back from the disk where verify says so.
func (h *House) Take(card ident.CardID, name, content string, verify bool) recording.Result {
	h.t.Helper()
	return h.Send(h.Keeper(), recording.Intent{Card: card, Name: name, RelPath: name, ModTime: h.Clock.Now().Add(-2 * time.Hour)}, content, verify)
}

// Send takes a file in that an actor announces so.
func (h *House) Send(actor access.Actor, in recording.Intent, content string, verify bool) recording.Result {
	h.t.Helper()
	ctx, data := context.Background(), []byte(content)
	in.Size = int64(len(data))
	id := must(h.Service.Begin(ctx, actor, in))(h.t)
	stage := must(h.vault.Resume(ctx, id))(h.t)
	if _, err := stage.Append(ctx, bytes.NewReader(data), nil); err != nil {
		h.t.Fatal(err)
	}
	sum := vault.Digest(sha256.Sum256(data))
	r := must(h.Service.Seal(ctx, actor, id, &sum))(h.t)
	if r.Status != recording.Sealed {
		return r
	}
	if err := h.Service.FollowUp(ctx, r.FileID); err != nil {
		h.t.Fatal(err)
	}
	if verify {
		h.Verify(r.FileID)
	}
	return r
}

// Verify reads a file back from the disk.
func (h *House) Verify(id ident.FileID) {
	h.t.Helper()
	if err := h.Service.VerifyFile(context.Background(), id); err != nil {
		h.t.Fatal(err)
	}
}

// Sequence gives every entry its place in the log and signs it.
func (h *House) Sequence() {
	h.t.Helper()
	if _, err := h.seq.Sequence(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// Reader is somebody at a browser.
type Reader struct {
	Token string
	Lang  string // "" for Chinese

	h *House
	c *http.Client
}

// SignIn puts a person in front of a browser.
func (h *House) SignIn(person ident.PersonID) *Reader {
	h.t.Helper()
	r := &Reader{Token: h.Bureau.SignIn(h.t, person), h: h}
	r.c = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return r
}

// Nobody is a browser in which nobody is signed in.
func (h *House) Nobody() *Reader {
	return &Reader{h: h, c: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// As puts the person of a role in front of a browser.
func (h *House) As(role access.Role) *Reader { return h.SignIn(h.People[role].ID) }

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Get opens an address.
func (r *Reader) Get(path string) Answer {
	r.h.t.Helper()
	return r.do(http.MethodGet, path, nil)
}

// Post sends a form.
func (r *Reader) Post(path string, form url.Values) Answer {
	r.h.t.Helper()
	return r.do(http.MethodPost, path, form)
}

func (r *Reader) do(method, path string, form url.Values) Answer {
	r.h.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req := must(http.NewRequestWithContext(context.Background(), method, r.h.Server.URL+path, body))(r.h.t)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.AddCookie(&http.Cookie{Name: "zhilu_session", Value: r.Token})
	if r.Lang != "" {
		req.AddCookie(&http.Cookie{Name: "zhilu_lang", Value: r.Lang})
	}
	resp := must(r.c.Do(req))(r.h.t)
	defer func() { _ = resp.Body.Close() }()
	data := must(io.ReadAll(resp.Body))(r.h.t)
	return Answer{resp.StatusCode, resp.Header, string(data)}
}

// Hostile names a card may carry (T19, T26): markup, formulas, characters that turn the direction of writing, a name of
// 300 bytes of Chinese, control characters, rare characters.
var Hostile = []string{
	`"><script>alert(1)</script>.mp4`, `=cmd|' /C calc'!A0.mp4`, "＝1+1.mp4", "photo_\u202egpj.exe", strings.Repeat("执法记录", 25) + ".mp4",
	"a\x01b\tc.mp4", "𬱖䶮·阿依努尔.mp4", "{{.}}%s%n${x}.mp4", "../../etc/passwd",
}

// Docked is what Fill left behind.
type Docked struct {
	Card, Second ident.CardID
	InTime       recording.Result // verified, certain
	Late         recording.Result // verified, ended thirty hours before
	Stored       recording.Result // not read back yet
	Doubtful     recording.Result // of a camera nobody compared, near the term
	Unknown      recording.Result // of no camera
	Bad          recording.Result // unreadable
	Hostile      []recording.Result
}

// Fill docks two cards: one of Z-07 with a missing number, a file that never came and one left by rule; one of files
// that nothing explains. Everything is in the log.
func (h *House) Fill() Docked {
	h.t.Helper()
	var d Docked
	listed := func(name string, size int64) recording.ListedFile {
		return recording.ListedFile{Path: name, Size: size, ModTime: h.Clock.Now().Add(-2 * time.Hour)}
	}
	a, b, c := h.Name("DSJ-0007", 5*time.Hour, 11), h.Name("DSJ-0007", 30*time.Hour, 9), h.Name("DSJ-0007", 3*time.Hour, 12)
	gone := h.Name("DSJ-0007", 2*time.Hour, 13)
	d.Card = h.Card("Z07", listed(b, 4), listed(a, 6), listed(c, 6), listed(gone, 99),
		recording.ListedFile{Path: "System Volume Information/x", Size: 12, Left: "system_file"})
	d.InTime, d.Late = h.Take(d.Card, a, "intime", true), h.Take(d.Card, b, "late", true)
	d.Stored = h.Take(d.Card, c, "stored", false)
	h.close(d.Card)
	var files []recording.ListedFile
	for _, n := range Hostile {
		files = append(files, listed(n, 9))
	}
	d.Second = h.Card("\u202e=1+1", files...)
	d.Doubtful = h.Take(d.Second, h.Name("DSJ-0008", 24*time.Hour+5*time.Minute, 1), "doubtful", true)
	d.Unknown = h.Take(d.Second, "MOVI0007.avi", "none of ours", true)
	d.Bad = h.Take(d.Second, h.Name("DSJ-0008", 2*time.Hour, 2), "bad!", true)
	for i, n := range Hostile {
		d.Hostile = append(d.Hostile, h.Take(d.Second, n, fmt.Sprintf("hostile %d", i), i%2 == 0))
	}
	h.close(d.Second)
	h.Sequence()
	return d
}

func (h *House) close(id ident.CardID) {
	h.t.Helper()
	if err := h.Service.CloseCard(context.Background(), h.Keeper(), id, nil); err != nil {
		h.t.Fatal(err)
	}
}
