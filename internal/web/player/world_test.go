package player_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/viewing/grab"
	"zhilu.dev/zhilu/internal/viewing/moment"
	"zhilu.dev/zhilu/internal/web/player"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/redact"
	"zhilu.dev/zhilu/internal/web/site"
)

// theatre is a bureau with footage, consent, viewing copies and the player's pages. Everything is real but the clock and
// what ffprobe would say.
type theatre struct {
	*recordtest.House

	t     *testing.T
	ctx   context.Context
	svc   *viewing.Service
	booth *booth
	grabs *grab.Service
	masks *redaction.Service
	rec   ident.RecordingID // of the officer of the first department, twenty seconds
	file  ident.FileID
	other ident.FileID // of another recording
	bad   ident.RecordingID

	handler atomic.Value // ident.PersonID of who handles theCase, to which every recording belongs
}

var theCase = viewing.CaseObject{ID: ident.New[ident.CaseID](), No: "云司罚〔2026〕7号", Title: "某店无照经营案"}

// booth is the service of derivatives, with an ear for what it is asked to write into pictures.
type booth struct {
	*derivative.Service
	after atomic.Value // func(), run when a segment was made

	mu    sync.Mutex
	marks []string
}

func (b *booth) Segment(ctx context.Context, file ident.FileID, n int, mark string) ([]byte, error) {
	b.mu.Lock()
	b.marks = append(b.marks, mark)
	b.mu.Unlock()
	raw, err := b.Service.Segment(ctx, file, n, mark)
	if f, ok := b.after.Load().(func()); ok {
		f()
	}
	return raw, err
}

func (b *booth) Grab(ctx context.Context, file ident.FileID, n int, at time.Duration, mark string) ([]byte, error) {
	b.mu.Lock()
	b.marks = append(b.marks, mark)
	b.mu.Unlock()
	raw, err := b.Service.Grab(ctx, file, n, at, mark)
	if f, ok := b.after.Load().(func()); ok {
		f()
	}
	return raw, err
}

// said are the marks that were asked for.
func (b *booth) said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.marks)
}

// wants has everything made that a player shows.
type wants struct{ b *booth }

func (w wants) Want(tx *gate.Tx, rec ident.RecordingID) error {
	return w.b.Want(tx, rec, derivative.Kinds()...)
}

func newTheatre(t *testing.T) *theatre {
	t.Helper()
	film := footage(t)
	th := &theatre{t: t, ctx: context.Background(), booth: &booth{}}
	th.House = recordtest.New(t, th.routes)
	card := th.Card("Z07")
	r := th.take(card, 5*time.Hour, 11, film)
	th.rec, th.file = r.RecordingID, r.FileID
	th.other = th.take(card, 3*time.Hour, 12, film+"\x00").FileID
	th.bad = th.take(card, 2*time.Hour, 13, "this is no film").RecordingID
	return th
}

// take hands in a file of the officer's camera.
func (th *theatre) take(card ident.CardID, before time.Duration, n int, content string) recording.Result {
	th.t.Helper()
	return th.Take(card, th.Name("DSJ-0007", before, n), content, false)
}

// routes makes what the pages stand on, and the pages.
func (th *theatre) routes(h *recordtest.House) []site.Route {
	ctx, t := th.ctx, th.t
	ring, err := vault.NewRing(vault.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	derived, err := localdir.New(ctx, localdir.Config{Dir: filepath.Join(t.TempDir(), "derived"), Keys: ring, Node: "n1", Reserve: -1, Clock: h.Clock, Log: h.Log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = derived.Close() })
	maker, err := derive.New(ctx, derive.Config{Logger: h.Log, TempDir: t.TempDir(), AllowRlimit: true})
	if err != nil {
		t.Fatal(err)
	}
	th.booth.Service, err = derivative.New(derivative.Config{DB: h.DB, Gate: h.Gate, Originals: h.Originals(), Derived: derived, Maker: maker, Clock: h.Clock, Log: h.Log})
	if err != nil {
		t.Fatal(err)
	}
	th.svc, err = viewing.New(viewing.Config{
		DB: h.DB, Gate: h.Gate, Recordings: viewing.Over(h.Service), Offices: h.Accounts, Copies: wants{th.booth}, Clock: h.Clock, Log: h.Log,
		DepartmentName: func(context.Context, ident.DepartmentID) string { return "执法一科" },
		Handled: func(_ context.Context, p ident.PersonID, recs []ident.RecordingID) (map[ident.RecordingID]ident.CaseID, error) {
			out := map[ident.RecordingID]ident.CaseID{}
			for _, rec := range recs {
				if p == th.handler.Load() {
					out[rec] = theCase.ID
				}
			}
			return out, nil
		},
		Case: func(context.Context, access.Actor, ident.CaseID) (viewing.CaseObject, error) { return theCase, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	th.grabs = grab.New(h.DB, h.Gate, th.svc)
	th.masks, err = redaction.New(redaction.Config{
		DB: h.DB, Gate: h.Gate, Clock: h.Clock, Recordings: viewing.Over(h.Service), Looks: th.svc, Offices: h.Accounts, Films: th.booth.Service, Log: h.Log, Bureau: "林江县局",
		DepartmentName: func(context.Context, ident.DepartmentID) string { return "执法一科" },
	})
	if err != nil {
		t.Fatal(err)
	}
	film := player.Deps{Looks: th.svc, Moments: moment.New(h.DB, h.Gate, th.svc, viewing.Over(h.Service)), Recordings: h.Service, Copies: th.booth, Grabs: th.grabs, Press: h.Press, Bureau: "林江县局", Log: h.Log}
	editor := redact.New(redact.Deps{
		Copies: th.masks, Looks: th.svc, Recordings: h.Service, Object: viewing.Over(h.Service).Object, Mark: th.booth.MarkPicture, Stage: player.NewStage(film),
	})
	return slices.Concat(player.Routes(film), editor.Routes())
}

// footage is a film of twenty seconds in which somebody seems to speak from 1 to 5, 9 to 13 and 17 to 20; made once for
// all tests.
func footage(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip("ffmpeg is not installed")
	}
	film, err := filmed()
	if err != nil {
		t.Fatal(err)
	}
	return film
}

var filmed = sync.OnceValues(func() (string, error) {
	return shot("film.mp4", "-f", "lavfi", "-i", "testsrc2=d=20:s=640x360:r=25", "-f", "lavfi", "-i",
		"aevalsrc=0.4*sin(2*PI*1000*t)*between(mod(t\\,8)\\,1\\,5)+0.001*random(0):d=20:s=48000", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
		"-c:a", "aac", "-movflags", "+faststart")
})

// shot has ffmpeg make a file.
func shot(name string, args ...string) (string, error) {
	dir, err := os.MkdirTemp("", "zhilu-player-*")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, name)
	if out, err := exec.Command("ffmpeg", append(append([]string{"-v", "error"}, args...), path)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	raw, err := os.ReadFile(path)
	return string(raw), err
}

// develop makes what is wanted of the recording, as the job does.
func (th *theatre) develop() {
	th.t.Helper()
	if err := th.booth.Make(th.ctx, th.file); err != nil {
		th.t.Fatal(err)
	}
}

const segmentCount = 5

// consent has the legal reviewer ask for twenty minutes and the head consent.
func (th *theatre) consent(items ...viewing.Item) *viewing.Request {
	th.t.Helper()
	if len(items) == 0 {
		items = []viewing.Item{{Recording: th.rec}}
	}
	q, err := th.svc.Ask(th.ctx, th.Actor(th.t, access.LegalReviewer), viewing.Ask{Items: items, Purpose: viewing.PurposeReview, Words: "核对笔录第 3 页", Until: th.Clock.Now().Add(20 * time.Minute)})
	if err != nil {
		th.t.Fatal(err)
	}
	if err := th.svc.Decide(th.ctx, th.head(), q.ID, viewing.Decision{Consent: true}); err != nil {
		th.t.Fatal(err)
	}
	th.develop()
	return q
}

func (th *theatre) head() access.Actor { return th.Actor(th.t, access.Head) }

// open opens a look through the page and gives its address.
func (th *theatre) open(r *recordtest.Reader) string {
	th.t.Helper()
	a := r.Post("/recordings/"+string(th.rec)+"/look", url.Values{})
	if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/looks/") {
		th.t.Fatalf("open: %d %s", a.Status, a.Body)
	}
	return a.Header.Get("Location")
}

func (th *theatre) lookID(address string) ident.LookID {
	return ident.LookID(strings.TrimPrefix(address, "/looks/"))
}

// row is the row of a look in the register.
func (th *theatre) row(id ident.LookID) viewing.Look {
	th.t.Helper()
	rows, err := th.svc.LooksAt(th.ctx, th.rec, 50)
	if err != nil {
		th.t.Fatal(err)
	}
	for _, l := range rows {
		if l.ID == id {
			return l
		}
	}
	th.t.Fatal("no such row")
	return viewing.Look{}
}
