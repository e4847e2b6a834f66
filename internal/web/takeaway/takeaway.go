// Package takeaway is the page on which a whole case is taken away as one package (案卷包): on a consented request and in one click.
// The rules are those of the host's command; nothing is sent before its entry is committed.
package takeaway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
	"zhilu.dev/zhilu/internal/web/viewings"
)

// Cases gives cases to those who may know of them; *casefile.Service is one.
type Cases interface {
	Get(ctx context.Context, actor access.Actor, id ident.CaseID) (casefile.File, error)
}

// Requests tells of a reader's own request; *viewing.Service is one.
type Requests interface {
	OwnForCase(ctx context.Context, actor access.Actor, id ident.CaseID) (*viewing.Request, error)
}

// Packer puts packages together; *packing.Office is one.
type Packer interface {
	Make(ctx context.Context, actor access.Actor, f casefile.File, order dossier.Order) (dossier.Result, error)
}

// Deps is what the area needs. Temp is a folder of this server's own for packages until they were sent.
type Deps struct {
	Cases    Cases
	Requests Requests
	Packer   Packer
	Temp     string
	// Whole makes the package with footage and registers and sends it as one zip; nil where there is none.
	Whole func(ctx context.Context, actor access.Actor, f casefile.File, order dossier.Order, recipient string, progress func(done, total int64), begin func() io.Writer) error
}

const pattern = "/cases/{id}/package"

// Path is the address of a case's package.
func Path(id ident.CaseID) string { return "/cases/" + string(id) + "/package" }

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{Deps: d, under: map[string]way{}, mu: new(sync.Mutex)}
	return []site.Route{
		{Method: http.MethodPost, Path: pattern + "/whole", Action: access.CaseExport, Object: true, Handle: a.whole},
		{Method: http.MethodGet, Path: pattern, Action: access.CaseView, Object: true, Handle: a.show},
		{Method: http.MethodPost, Path: pattern, Action: access.CaseExport, Object: true, Handle: a.make},
	}
}

type area struct {
	Deps

	mu    *sync.Mutex
	under map[string]way // by person and case: how far this server has come with a whole case
}

type view struct {
	Head    ui.HeadView
	Answer  ui.NoteView
	Actions []ui.Action
	Facts   []ui.Fact
	Whole   *ui.FormView // for those whose request lets the footage go
	Key     ui.Field
	Way     *ui.NoteView // how far it has come
}

func (a area) read(p *site.Page) (casefile.File, *viewing.Request, error) {
	id, err := ident.Parse[ident.CaseID](p.R.PathValue("id"))
	if err != nil {
		return casefile.File{}, nil, fault.Wrap(err, fault.NotFound, "case.unknown")
	}
	f, err := a.Cases.Get(p.Context(), p.Actor, id)
	if err != nil {
		return f, nil, err
	}
	r, err := a.Requests.OwnForCase(p.Context(), p.Actor, id)
	return f, r, err
}

func (a area) show(p *site.Page) error {
	f, r, err := a.read(p)
	if err != nil {
		return err
	}
	return a.page(p, f, r, refusal.Fault{})
}

// page shows what may be taken away; bad is what was wrong with the form.
func (a area) page(p *site.Page, f casefile.File, r *viewing.Request, bad refusal.Fault) error {
	pr, id := p.P, f.Case.ID
	papers := 0
	for _, x := range f.Papers {
		if x.Version > 0 {
			papers++
		}
	}
	v := view{
		Head: ui.HeadView{
			Crumbs: []ui.Link{{Text: pr.T("nav.cases"), Href: "/cases"}, {Text: f.Case.No, Href: "/cases/" + string(id)}},
			Title:  pr.T("dossier.title"), Sub: pr.T("dossier.sub"),
		},
		Facts: []ui.Fact{
			ui.FactText(pr.T("dossier.case"), f.Case.No, ""), ui.FactText(pr.T("dossier.name"), record.Harmless(f.Case.Title), ""),
			ui.FactText(pr.T("dossier.papers"), pr.Num(int64(papers)), pr.T("dossier.papers_fixed")),
			ui.FactText(pr.T("dossier.footage"), pr.Num(int64(linked(f))), pr.T("dossier.footage_proofs")),
		},
	}
	ask := ui.Action{Text: pr.T("dossier.ask"), Href: viewings.AskCaseAddress(id), Icon: "send", Primary: true}
	switch {
	case r != nil && r.InForce(p.Now):
		v.Answer = ui.NoteView{Tone: ui.OK, Icon: "circle-check", Text: pr.T("dossier.granted", r.No, pr.When(r.Until, p.Now))}
		v.Actions = []ui.Action{{Text: pr.T("dossier.make"), Href: Path(id), Icon: "download", Post: true, Primary: true}}
	case r != nil && r.State == viewing.Asked:
		v.Answer = ui.NoteView{Icon: "clock", Text: pr.T("dossier.asked", r.No), Links: []ui.Link{{Text: pr.T("dossier.request"), Href: viewings.Path + "/" + string(r.ID)}}}
	case r != nil:
		v.Answer = ui.NoteView{Icon: "lock", Text: pr.T("dossier.ended", r.No), Links: []ui.Link{{Text: pr.T("dossier.request"), Href: viewings.Path + "/" + string(r.ID)}}}
		v.Actions = []ui.Action{ask}
	default:
		v.Answer = ui.NoteView{Icon: "lock", Text: pr.T("dossier.locked")}
		v.Actions = []ui.Action{ask}
	}
	if a.Whole != nil && r != nil && r.InForce(p.Now) && (r.Manner == viewing.MannerCopy || r.Manner == viewing.MannerProvide) {
		a.offer(p, &v, id, bad)
	}
	if bad.What != "" {
		return p.Refused(v.Head.Title, page(pr, v))
	}
	return p.Render(v.Head.Title, page(pr, v))
}

// linked counts the recordings that are linked to the case.
func linked(f casefile.File) int {
	seen := map[ident.RecordingID]bool{}
	for _, l := range f.Links {
		if l.Struck.IsZero() {
			seen[l.Recording] = true
		}
	}
	return len(seen)
}

// make puts the package together and sends it. Without consent it is refused, and the refusal is an entry.
func (a area) make(p *site.Page) (err error) {
	f, r, err := a.read(p)
	if err != nil {
		return err
	}
	order := dossier.Order{Via: "page"}
	if r != nil {
		order.Request = r.No
	}
	dir, err := a.room()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	name := dossier.FolderName(f.Case.No)
	order.Out = filepath.Join(dir, name)
	if _, err := a.Packer.Make(p.Context(), p.Actor, f, order); err != nil {
		return err
	}
	return send(p, order.Out, filepath.Join(dir, "package.zip"), name+".zip")
}

// room makes a folder of its own for one package.
func (a area) room() (string, error) {
	if err := os.MkdirAll(a.Temp, 0o700); err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "dossier.out", "")
	}
	dir, err := os.MkdirTemp(a.Temp, "case-")
	if err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "dossier.out", "")
	}
	return dir, nil
}

// send zips the package first, so that a failure is told as one, and sends the zip with its length.
func send(p *site.Page, folder, zipped, name string) (err error) {
	z, err := os.OpenFile(filepath.Clean(zipped), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "dossier.out", "")
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	if err := dossier.Zip(z, folder); err != nil {
		return err
	}
	size, err := z.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = z.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "dossier.out", "")
	}
	p.Attach("application/zip", name)
	p.W.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	_, err = io.Copy(p.W, z)
	return err
}
