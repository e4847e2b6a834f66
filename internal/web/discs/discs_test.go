package discs_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/disclosure/disc/disctest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/discs"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// granted is the one request to copy of the desk's actor, and names its recordings.
type granted struct{ d *disctest.Desk }

func (g granted) Grants(_ context.Context, actor access.Actor) ([]viewing.Request, error) {
	if actor.Person != g.d.Actor.Person || g.d.Revoked != nil {
		return nil, nil
	}
	r := viewing.Request{ID: g.d.Consent.ID, No: 7, State: viewing.Granted, Manner: viewing.MannerCopy, Words: "附卷", Until: g.d.Clock.Now().Add(time.Hour)}
	for _, rec := range g.d.Consent.Recordings {
		r.Items = append(r.Items, viewing.Item{Recording: rec})
	}
	return []viewing.Request{r}, nil
}

func (granted) CaseOf(context.Context, ident.CaseID) (viewing.CaseObject, error) {
	return viewing.CaseObject{}, fault.New(fault.NotFound, "case.unknown")
}

func (g granted) Brief(_ context.Context, id ident.RecordingID) (recording.Recording, error) {
	p := g.d.Pieces[id][0]
	return recording.Recording{ID: id, Name: p.Name, Size: p.Size}, nil
}

type fetching struct{ *disc.Service }

func (f fetching) Fetch(ctx context.Context, actor access.Actor, id ident.DiscID) (*disc.Disc, io.ReadSeekCloser, error) {
	d, file, err := f.Service.Fetch(ctx, actor, id)
	if err != nil {
		return nil, nil, err
	}
	return d, file, nil
}

// TestPages: from the consent to the note, the image, the label, the copies; and the ways round it. // issue 6 point 6, T6, T7, T13, T20
func TestPages(t *testing.T) {
	t.Parallel()
	var d *disctest.Desk
	w := pagetest.New(t, func(w *pagetest.World) []site.Route {
		d = disctest.New(t, w.World, "现场检查<b>一</b>.mp4", "询问.mov")
		d.Consent.Department = w.Departments[0].ID
		d.Config.Folder = filepath.Join(t.TempDir(), "discs")
		d.Config.Actor = func(context.Context, ident.AccountID) (access.Actor, error) { return d.Actor, nil }
		var err error
		if d.Service, err = disc.New(d.Config); err != nil {
			t.Fatal(err)
		}
		name := func(p locale.Printer, n int) string {
			if n == 1 {
				return p.T("disc.original")
			}
			return p.T("disc.duplicate", n-1)
		}
		return discs.Routes(discs.Deps{Discs: fetching{d.Service}, Viewings: granted{d}, Recordings: granted{d}, CopyName: name})
	})
	d.Actor = w.Actor(t, access.Officer)
	officer, keeper := w.As(access.Officer), w.As(access.Custodian)
	browser := webtest.NewBrowser(t)
	look := func(name string, who *pagetest.Reader, path string) {
		who.Browse(t, browser)
		for _, s := range []struct {
			name   string
			window webtest.Size
		}{{"desk", webtest.Desktop}, {"phone", webtest.Phone}} {
			webtest.Open(t, browser, w.Server.URL+path, s.window)
			webtest.NoSideways(t, browser)
			webtest.Screenshot(t, browser, "discs-"+name+"-"+s.name, s.window.Width, s.window.Height)
			webtest.Axe(t, browser)
		}
	}
	officer.Get("/discs").Want(http.StatusOK, "还没有光盘")
	w.As(access.SystemAdmin).Get("/discs").Want(http.StatusForbidden)
	keeper.Get("/discs/new").Want(http.StatusOK, "没有可以用的复制申请")
	officer.Get("/discs/new").Want(http.StatusOK, "第 7 号申请", "现场检查&lt;b&gt;一&lt;/b&gt;.mp4", "提取方法")
	look("new", officer, "/discs/new")

	pairs := []string{"request", string(d.Consent.ID)}
	for _, rec := range d.Consent.Recordings {
		pairs = append(pairs, "rec", string(rec))
	}
	n := disctest.Note()
	for _, f := range disc.NoteFields() {
		if f.Name != "proves" {
			pairs = append(pairs, f.Name, *n.Field(f.Name))
		}
	}
	officer.Post("/discs/new", pairs...).Want(http.StatusUnprocessableEntity, "文字说明缺少：证明内容", `id="proves-error"`, "和田县团结路")
	pairs = append(pairs, "proves", n.Proves)
	keeper.Post("/discs/new", pairs...).Want(http.StatusForbidden)
	d.Free = 1000
	officer.Post("/discs/new", pairs...).Want(http.StatusInsufficientStorage, "磁盘空间不够", "还没有写任何内容")
	d.Free = 1 << 40
	at := officer.Post("/discs/new", pairs...).Leads("/discs/").Location
	id, err := ident.Parse[ident.DiscID](strings.TrimPrefix(at, "/discs/"))
	if err != nil {
		t.Fatal(err)
	}
	officer.Get(at).Want(http.StatusOK, "正在制作")
	look("making", officer, at)
	if err := d.Service.Continue(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	officer.Get(at).Want(http.StatusOK, "已制成", at+"/image", at+"/label", "zhilu disc check --disc 2026-1", "这台服务器没有光驱")
	keeper.Post(at+"/copies", "medium", "BD-R", "custodian", "", "place", "档案室").Want(http.StatusUnprocessableEntity, "这一项要填")
	for range 2 {
		keeper.Post(at+"/copies", "medium", "BD-R", "custodian", "钱保管", "place", "档案室 3 柜").Leads(at)
	}
	keeper.Get(at).Want(http.StatusOK, "正本", "副本1", "档案室 3 柜")
	keeper.Get(at+"/label").Want(http.StatusOK, "%PDF label")
	image := keeper.Get(at + "/image").Want(http.StatusOK)
	file := filepath.Join(t.TempDir(), "x.iso")
	write(t, file, image.Body)
	if r := d.Verify(t, file); r.ExitCode() != 0 {
		t.Errorf("%+v", r)
	}
	x, err := d.Service.Numbered(t.Context(), "2026-1")
	if err != nil {
		t.Fatal(err)
	}
	of, _, err := d.Service.Read(t.Context(), x, file)
	if err != nil {
		t.Fatal(err)
	}
	of.Copy = 1
	if _, err := d.Service.Record(t.Context(), w.Actor(t, access.Custodian), id, of); err != nil {
		t.Fatal(err)
	}
	look("made", keeper, at)
	// Read on another computer: its report is brought, held against this disc, and names what is wrong. One of another disc, and what is no
	// report, is not written down as whole.
	report := func(r any) string {
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	bring := func(r *pagetest.Reader, copyOf, raw string) pagetest.Answer {
		return r.Send(at+"/checks", "report", "report.json", []byte(raw), "copy", copyOf)
	}
	bring(keeper, "1", report(d.Verify(t, file))).Leads(at)
	bring(keeper, "1", "{}").Want(http.StatusUnprocessableEntity, "不是核验报告")
	bring(keeper, "9", report(d.Verify(t, file))).Want(http.StatusUnprocessableEntity, "没有登记这一份")
	foreign := *d.Verify(t, file)
	facts := *foreign.Disc
	facts.ManifestSHA256, foreign.Disc = strings.Repeat("0", 64), &facts
	bring(keeper, "2", report(foreign)).Leads(at)
	keeper.Get(at).Want(http.StatusOK, "另一台电脑的核验报告", "disc.other")
	bring(w.AsPerson(w.Other.ID), "1", report(d.Verify(t, file))).Want(http.StatusForbidden)
	look("register", keeper, "/discs")
	keeper.Get("/discs?q=光盘1号&state=made&sort=due").Want(http.StatusOK, "〔2026〕光盘1号")
	keeper.Get("/discs?state=failed").Want(http.StatusOK).Lacks("光盘1号")
	keeper.Get("/discs/export").Want(http.StatusOK)

	// Ways round it: another person's, an administrator's, after the consent was taken back, and after the image is gone.
	w.AsPerson(w.Other.ID).Get(at).Want(http.StatusForbidden)
	w.AsPerson(w.Other.ID).Get(at + "/image").Want(http.StatusForbidden)
	w.As(access.Leader).Get(at + "/image").Want(http.StatusForbidden)
	officer.Get("/discs/nonsense").Want(http.StatusNotFound)
	_, sent, err := d.Service.Fetch(t.Context(), w.Actor(t, access.Custodian), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	d.Revoked = fault.New(fault.Conflict, "viewing.not_granted")
	if raw, err := io.ReadAll(sent); err == nil || len(raw) > 1<<20 { // taken back while it was sent
		t.Errorf("%d bytes went out after the consent was taken back: %v", len(raw), err)
	}
	if err := sent.Close(); err != nil {
		t.Error(err)
	}
	keeper.Get(at + "/image").Want(http.StatusConflict)
	d.Revoked = nil
	if err := d.Service.Sweep(t.Context()); err != nil { // it was read back whole
		t.Fatal(err)
	}
	keeper.Get(at + "/image").Want(http.StatusNotFound)
	keeper.Get(at).Want(http.StatusOK).Lacks(at + "/image")
}
