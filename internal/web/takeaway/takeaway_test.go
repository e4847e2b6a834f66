package takeaway_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app/packing"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/casetest"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/disclosure/whole"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/regulation"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/pagetest"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/takeaway"
	"zhilu.dev/zhilu/internal/web/viewings"
	"zhilu.dev/zhilu/internal/web/webtest"
)

// none stands where recordings would: nobody here asks for one.
type none struct{}

func (none) Object(context.Context, ident.RecordingID) (viewing.Object, error) {
	return viewing.Object{}, fault.New(fault.NotFound, "recording.unknown")
}

func (none) Brief(context.Context, ident.RecordingID) (recording.Recording, error) {
	return recording.Recording{}, fault.New(fault.NotFound, "recording.unknown")
}

func (none) Want(*gate.Tx, ident.RecordingID) error { return nil }

// wholly sends whole cases of a house without recordings.
func wholly(t *testing.T, w *pagetest.World, press *sheet.Press, office *packing.Office) func(context.Context, access.Actor, casefile.File, dossier.Order, string, func(done, total int64), func() io.Writer) error {
	t.Helper()
	s, err := whole.New(whole.Config{
		DB: w.DB, Clock: w.Clock, Bureau: "示例局", Words: w.Words.For(locale.Chinese), Press: press.Set,
		Recording: func(context.Context, ident.RecordingID) (whole.Recording, error) { return whole.Recording{}, nil },
		Files:     func(context.Context, ident.RecordingID) ([]disclosure.File, error) { return nil, nil },
		Open: func(context.Context, string) (io.ReadCloser, error) {
			return nil, fault.New(fault.NotFound, "recording.unknown")
		},
		Copies: func(context.Context, ident.RecordingID) ([]disclosure.Copy, error) { return nil, nil },
		OpenCopy: func(context.Context, string) (*disclosure.Taken, error) {
			return nil, fault.New(fault.NotFound, "recording.unknown")
		},
		Looks: func(context.Context, ident.RecordingID) ([]viewing.Look, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, actor access.Actor, f casefile.File, order dossier.Order, recipient string, _ func(done, total int64), begin func() io.Writer) error {
		if recipient != "" {
			if err := whole.ValidKey(recipient); err != nil {
				return err
			}
		}
		res, err := office.MakeWhole(ctx, actor, f, order, func(c *dossier.Case) (dossier.More, error) {
			return s.Of(ctx, whole.Order{Case: c, Person: actor.Person, Request: order.Request, Apart: true})
		})
		if err != nil {
			return err
		}
		return whole.Stream(ctx, begin(), order.Out, res.Apart, recipient)
	}
}

// TestTakeAway: ask, wait, export in one click, and what arrives verifies; nobody else gets anything. // issue 5 point 8, decision 3
func TestTakeAway(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	press := sheet.New(sheet.Config{Log: slog.New(slog.DiscardHandler), Modules: filepath.Join("..", "..", "sheet", "helper")})
	if err := press.Ready(); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() { _ = press.Close() })
	keys, err := keyring.Generate(durable.OS(), t.TempDir(), "log.example.gov.cn/zhilu")
	must(err)
	temp := t.TempDir()
	var cases *casefile.Service
	var looks *viewing.Service
	var rules *regulation.Service
	w := pagetest.New(t, func(w *pagetest.World) []site.Route {
		seq, err := custody.NewSequencer(ctx, custody.Config{DB: w.DB, Keys: keys, Clock: w.Clock, Log: w.Log, Bureau: "示例局"})
		must(err)
		t.Cleanup(func() { _ = seq.Close() })
		rules = regulation.New(w.Gate, w.DB)
		cases, err = casefile.New(casefile.Config{DB: w.DB, Gate: w.Gate, Clock: w.Clock, People: w.Org, Rules: rules})
		must(err)
		looks, err = viewing.New(viewing.Config{
			DB: w.DB, Gate: w.Gate, Recordings: none{}, Offices: w.Accounts, Copies: none{}, Clock: w.Clock, Log: w.Log,
			DepartmentName: func(context.Context, ident.DepartmentID) string { return "" },
			Case: func(ctx context.Context, actor access.Actor, id ident.CaseID) (viewing.CaseObject, error) {
				f, err := cases.Get(ctx, actor, id)
				return viewing.CaseObject{ID: id, No: f.Case.No, Department: f.Case.Department}, err
			},
		})
		must(err)
		office, err := packing.New(packing.Deps{
			DB: w.DB, Gate: w.Gate, Clock: w.Clock, Cases: cases, People: w.Org, Words: w.Words, Press: press, Origin: keys.Origin(), Bureau: "示例局",
			Sequence: func(ctx context.Context) error { _, err := seq.Sequence(ctx); return err },
		})
		must(err)
		asking := viewings.New(viewings.Deps{Viewings: looks, Recordings: none{}, People: w.Org, Bureau: "示例局", Object: none{}.Object})
		return append(asking.Routes(), takeaway.Routes(takeaway.Deps{Cases: cases, Requests: looks, Packer: office, Temp: filepath.Join(temp, "cases"), Whole: wholly(t, w, press, office)})...)
	})
	host := access.HostActor("test")
	for i, p := range []ident.PersonID{w.People[access.Officer].ID, w.Other.ID} {
		day := org.DayOf(w.Clock.Now())
		if _, err := w.Org.AddCertificate(ctx, host, p, org.CertificateEdit{Number: []string{"云执1", "云执2"}[i], ValidFrom: day.AddDate(-1, 0, 0), ValidTo: day.AddDate(1, 0, 0)}); err != nil {
			t.Log(err) // may have one already
		}
	}
	c := &casetest.World{
		World: w.World, T: t, Org: w.Org, Rules: rules, Cases: cases, Department: w.Departments[0].ID,
		A: w.Actor(t, access.Officer), B: w.ActorOf(t, w.Other.ID), Head: w.Actor(t, access.Head), Leader: w.Actor(t, access.Leader), Supervisor: w.Actor(t, access.Supervisor),
	}
	id := c.Open("penalty", matter.Ordinary, matter.Organisation).ID
	c.Sign(c.Draft(c.A, id, "case-source-register", nil))

	path := takeaway.Path(id)
	reviewer := w.As(access.LegalReviewer)
	browser := webtest.NewBrowser(t)
	look := func(name string, who *pagetest.Reader, path string) {
		who.Browse(t, browser)
		for _, s := range []struct {
			name   string
			window webtest.Size
		}{{"desk", webtest.Desktop}, {"phone", webtest.Phone}} {
			webtest.Open(t, browser, w.Server.URL+path, s.window)
			webtest.NoSideways(t, browser)
			webtest.Screenshot(t, browser, "package-"+name+"-"+s.name, s.window.Width, s.window.Height)
			webtest.Axe(t, browser)
		}
	}
	look("locked", reviewer, path)
	reviewer.Get(path).Want(http.StatusOK, "先申请", "/viewings/new?case="+string(id)).Lacks(`method="post" action="` + path)
	reviewer.Post(path).Want(http.StatusForbidden, "先取得同意")
	w.As(access.SystemAdmin).Get(path).Want(http.StatusForbidden)

	form := "/viewings/new?case=" + string(id)
	number := c.File(id).Case.No
	reviewer.Get(form).Want(http.StatusOK, "案卷 "+number, `name="case" value="`+string(id)+`"`)
	look("ask", reviewer, form)
	until := w.Clock.Now().Add(24 * time.Hour).In(clock.Shanghai).Format("2006-01-02T15:04")
	reviewer.Post("/viewings", "case", string(id), "purpose", "review", "words", "", "until", until).Want(http.StatusUnprocessableEntity, "写 2 到 500 个字", `name="case"`)
	asked := reviewer.Post("/viewings", "case", string(id), "purpose", "review", "words", "法制审核", "until", until).Leads("/viewings/").Location
	reviewer.Post("/viewings", "case", string(id), "purpose", "review", "words", "法制审核", "until", until).Want(http.StatusUnprocessableEntity, "你已经申请过")
	reviewer.Get("/viewings/new?case=nonsense").Want(http.StatusNotFound)
	w.As(access.Head).Get("/viewings").Want(http.StatusOK, "案卷 "+number)
	w.As(access.Head).Get(asked).Want(http.StatusOK, "已经导出的收不回来", "/cases/"+string(id))
	look("decide", w.As(access.Head), asked)
	q, err := ident.Parse[ident.ViewingID](strings.TrimPrefix(asked, "/viewings/"))
	must(err)
	reviewer.Get(path).Want(http.StatusOK, "正在等决定", asked)
	reviewer.Post(path).Want(http.StatusForbidden)
	must(looks.Decide(ctx, c.Head, q, viewing.Decision{Consent: true}))
	reviewer.Get(path).Want(http.StatusOK, "已经同意", `action="`+path+`"`)
	look("granted", reviewer, path)
	w.As(access.Leader).Post(path).Want(http.StatusForbidden, "先取得同意") // another's consent is nobody else's

	got := reviewer.Post(path).Want(http.StatusOK)
	if got.Header.Get("Content-Type") != "application/zip" {
		t.Fatal(got.Header)
	}
	trust, err := custody.ReadTrust(ctx, w.DB.Reader, keys.Origin(), "示例局")
	must(err)
	raw, err := trust.Render()
	must(err)
	parsed, err := verify.ParseTrust(raw)
	must(err)
	r, err := verify.CaseZip(ctx, bytes.NewReader([]byte(got.Body)), int64(len(got.Body)), verify.Options{Clock: w.Clock, Trust: parsed})
	must(err)
	if r.ExitCode() != 0 || r.Case.Documents != 1 {
		t.Errorf("%+v", r)
	}
	reviewer.Post(path+"/whole", "key", "age1nobody").Want(http.StatusUnprocessableEntity, "age1nobody", `action="`+path+`/whole"`)
	w.As(access.Leader).Post(path+"/whole").Want(http.StatusForbidden, "先取得同意")
	got = reviewer.Post(path + "/whole").Want(http.StatusOK)
	r, err = verify.CaseZip(ctx, bytes.NewReader([]byte(got.Body)), int64(len(got.Body)), verify.Options{Clock: w.Clock, Trust: parsed})
	must(err)
	if r.ExitCode() != 0 || r.Case.Documents != 1 || r.Case.Whole == nil {
		t.Errorf("%+v %+v", r.RecordIntact, r.Case)
	}
	for range 600 { // the server clears up after the last byte was sent
		left, err := os.ReadDir(filepath.Join(temp, "cases"))
		must(err)
		if len(left) == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if left, err := os.ReadDir(filepath.Join(temp, "cases")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	w.Clock.Add(25 * time.Hour)
	again := w.As(access.LegalReviewer)
	again.Get(path).Want(http.StatusOK, "重新申请")
	again.Post(path).Want(http.StatusForbidden)
	again.Post(path + "/whole").Want(http.StatusForbidden)
}
