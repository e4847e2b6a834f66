package player_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
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
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/player"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
	"zhilu.dev/zhilu/internal/web/site"
)

// theatre is a bureau with footage, consent and the player's pages.
type theatre struct {
	*recordtest.House

	cinema *cinema
	t      *testing.T
	ctx    context.Context
	svc    *viewing.Service
	rec    ident.RecordingID // of the officer of the first department
	file   ident.FileID
	other  ident.FileID // of another recording
}

// recordings tells consent of recordings, as the app does.
type recordings struct{ h *recordtest.House }

func (r recordings) Object(ctx context.Context, id ident.RecordingID) (viewing.Object, error) {
	d, err := r.h.Service.Get(ctx, r.h.Keeper(), id)
	if err != nil {
		return viewing.Object{}, err
	}
	return viewing.Object{ID: id, Department: d.Department, Officer: d.Officer, StoredAt: d.StoredAt, Duration: d.Duration, Name: d.Name}, nil
}

func (c *cinema) Want(*gate.Tx, ident.RecordingID) error { return nil }

func newTheatre(t *testing.T) *theatre {
	t.Helper()
	th := &theatre{t: t, ctx: context.Background(), cinema: newCinema(t)}
	th.House = recordtest.New(t, func(h *recordtest.House) []site.Route {
		var err error
		th.svc, err = viewing.New(viewing.Config{
			DB: h.DB, Gate: h.Gate, Recordings: recordings{h}, Offices: h.Accounts, Copies: th.cinema, Clock: h.Clock, Log: h.Log,
			DepartmentName: func(context.Context, ident.DepartmentID) string { return "执法一科" },
		})
		if err != nil {
			t.Fatal(err)
		}
		return player.Routes(player.Deps{Looks: th.svc, Recordings: h.Service, Copies: th.cinema, Log: h.Log})
	})
	d := th.Fill()
	th.rec, th.file, th.other = d.InTime.RecordingID, d.InTime.FileID, d.Stored.FileID
	th.cinema.files = map[ident.RecordingID]ident.FileID{d.InTime.RecordingID: d.InTime.FileID, d.Stored.RecordingID: d.Stored.FileID}
	return th
}

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
	return q
}

func (th *theatre) head() access.Actor { return th.Actor(th.t, access.Head) }

// cinema makes copies with ffmpeg: five segments of four seconds, cut by the muxer, marked by a filter.
type cinema struct {
	t      *testing.T
	dir    string
	files  map[ident.RecordingID]ident.FileID
	state  atomic.Pointer[player.Copy] // in place of a ready copy
	before atomic.Value                // func(), run before a segment is given

	mu    sync.Mutex
	marks []string
}

const segmentCount = 5

// reels are the copy and its hover pictures, made once for all tests.
var reels = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "zhilu-player-*")
	if err != nil {
		return "", err
	}
	for _, args := range [][]string{
		{
			"-f", "lavfi", "-i", "testsrc2=d=20:s=640x360:r=25", "-f", "lavfi", "-i", "sine=d=20:r=48000", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
			"-force_key_frames", "expr:gte(t,n_forced*4)", "-sc_threshold", "0", "-c:a", "aac", "-f", "segment", "-segment_time", "4", "-segment_format", "mpegts",
			filepath.Join(dir, "%d.ts"),
		},
		{"-f", "lavfi", "-i", "testsrc2=d=20:s=160x90:r=1/2", "-vf", "tile=5x2", "-frames:v", "1", filepath.Join(dir, "strip.jpg")},
	} {
		if out, err := exec.Command("ffmpeg", append([]string{"-v", "error", "-y"}, args...)...).CombinedOutput(); err != nil {
			return dir, fmt.Errorf("ffmpeg: %w: %s", err, out)
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := reels(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func newCinema(t *testing.T) *cinema {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip("ffmpeg is not installed")
	}
	dir, err := reels()
	if err != nil {
		t.Fatal(err)
	}
	return &cinema{t: t, dir: dir}
}

func (c *cinema) Of(_ context.Context, rec ident.RecordingID) ([]player.Copy, error) {
	file, ok := c.files[rec]
	if !ok {
		return nil, nil
	}
	if s := c.state.Load(); s != nil {
		is := *s
		is.File = file
		return []player.Copy{is}, nil
	}
	peaks := make([]byte, 200)
	for i := range peaks {
		peaks[i] = byte(i * 7)
	}
	return []player.Copy{{
		File: file, State: player.Ready, Duration: 20 * time.Second, Picture: true, Sound: true, Has: map[player.Art]bool{player.Strip: true},
		Cells: player.Cells{Count: 10, Across: 5, W: 160, H: 90, Step: 2 * time.Second}, PeakStep: 100 * time.Millisecond, Peaks: peaks,
		Speech: []player.Stretch{{From: time.Second, To: 5 * time.Second}, {From: 12 * time.Second, To: 15 * time.Second}},
	}}, nil
}

func (c *cinema) Open(_ context.Context, _ ident.FileID, art player.Art) (io.ReadCloser, error) {
	return os.Open(filepath.Join(c.dir, string(art)+".jpg"))
}

func (c *cinema) Segments(context.Context, ident.FileID) ([]player.Segment, error) {
	var out []player.Segment
	for i := range segmentCount {
		out = append(out, player.Segment{N: i, From: time.Duration(i) * 4 * time.Second, To: time.Duration(i+1) * 4 * time.Second})
	}
	return out, nil
}

func (c *cinema) Segment(ctx context.Context, _ ident.FileID, n int, mark string) ([]byte, error) {
	if n < 0 || n >= segmentCount {
		return nil, fault.New(fault.NotFound, "player.no_piece")
	}
	if f, ok := c.before.Load().(func()); ok {
		f()
	}
	c.mu.Lock()
	c.marks = append(c.marks, mark)
	c.mu.Unlock()
	words := filepath.Join(c.t.TempDir(), "mark.txt")
	if err := os.WriteFile(words, []byte(mark), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-copyts", "-i", filepath.Join(c.dir, fmt.Sprintf("%d.ts", n)), "-vf",
		"drawtext=fontfile=/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fontsize=20:fontcolor=white:x=40:y=h-60:textfile="+words,
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0", "-c:a", "copy", "-muxdelay", "0", "-f", "mpegts", "-mpegts_copyts", "1", "pipe:1")
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, &complaint)
	}
	return out.Bytes(), nil
}

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

// said are the marks that were asked for.
func (c *cinema) said() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.marks)
}

func (c *cinema) decode(body string) image.Image {
	c.t.Helper()
	img, err := jpeg.Decode(strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	return img
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

// making has the copies be at work, done by a share.
func (c *cinema) making(done float64) {
	c.state.Store(&player.Copy{State: player.Making, Progress: done, Picture: true})
}

// failed has the copies failed with this code.
func (c *cinema) failed(code string) {
	c.state.Store(&player.Copy{State: player.Failed, Fault: code})
}
