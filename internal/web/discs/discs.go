// Package discs is the pages of evidence discs (第二十四条): the register, the wizard that makes one of a consented request, and each
// disc with its label, copies, keepers and reads.
package discs

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Path is the address of the register of discs.
const Path = "/discs"

// Discs makes discs and keeps their register; *disc.Service is one.
type Discs interface {
	List(ctx context.Context, actor access.Actor, f disc.Filter, skip, limit int64) (disc.Page, error)
	Export(ctx context.Context, actor access.Actor, f disc.Filter) (iter.Seq2[disc.Disc, error], error)
	Get(ctx context.Context, actor access.Actor, id ident.DiscID) (*disc.Disc, []disc.Copy, []disc.Check, error)
	May(actor access.Actor, action access.Action, d *disc.Disc) bool
	Start(ctx context.Context, actor access.Actor, o disc.Order) (*disc.Disc, error)
	Label(ctx context.Context, actor access.Actor, id ident.DiscID) (*disc.Disc, []byte, error)
	Fetch(ctx context.Context, actor access.Actor, id ident.DiscID) (*disc.Disc, io.ReadSeekCloser, error)
	AddCopy(ctx context.Context, actor access.Actor, id ident.DiscID, e disc.CopyEdit) (disc.Copy, error)
	Record(ctx context.Context, actor access.Actor, id ident.DiscID, c disc.CheckOf) (disc.Check, error)
	Progress(id ident.DiscID) (disc.Progress, bool)
	HasImage(id ident.DiscID) bool
}

// Viewings tells of requests; *viewing.Service is one.
type Viewings interface {
	Grants(ctx context.Context, actor access.Actor) ([]viewing.Request, error)
	CaseOf(ctx context.Context, id ident.CaseID) (viewing.CaseObject, error)
}

// Recordings names recordings; *recording.Service is one.
type Recordings interface {
	Brief(ctx context.Context, id ident.RecordingID) (recording.Recording, error)
}

// Deps is what the area needs.
type Deps struct {
	Discs      Discs
	Viewings   Viewings
	Recordings Recordings
	// Drives lists the drives of the server that can burn; nil for none.
	Drives func() []string
	// CopyName is what the nth copy of a disc is called.
	CopyName func(p locale.Printer, n int) string
}

type area struct{ Deps }

// Routes are the pages of this area.
func Routes(d Deps) []site.Route {
	a := area{d}
	return []site.Route{
		{Method: http.MethodGet, Path: Path, Action: access.DiscList, Handle: a.register},
		{Method: http.MethodGet, Path: Path + "/export", Action: access.DiscExport, Handle: a.export},
		{Method: http.MethodGet, Path: Path + "/new", Action: access.DiscList, Handle: a.form},
		{Method: http.MethodPost, Path: Path + "/new", Action: access.DiscMake, Object: true, Handle: a.start},
		{Method: http.MethodGet, Path: Path + "/{id}", Action: access.DiscView, Object: true, Handle: a.show},
		{Method: http.MethodGet, Path: Path + "/{id}/label", Action: access.DiscView, Object: true, Handle: a.label},
		{Method: http.MethodGet, Path: Path + "/{id}/image", Action: access.DiscFetch, Object: true, Handle: a.image},
		{Method: http.MethodPost, Path: Path + "/{id}/copies", Action: access.DiscShelve, Object: true, Handle: a.shelve},
		{Method: http.MethodPost, Path: Path + "/{id}/checks", Action: access.DiscCheck, Object: true, Handle: a.check},
	}
}

// PathOf is the address of a disc.
func PathOf(id ident.DiscID) string { return Path + "/" + string(id) }

type registerView struct {
	Head    ui.HeadView
	Tabs    []ui.Tab
	Filters ui.Filters
	Table   ui.TableView
}

// soon is how far ahead the list of what is to be read again looks.
const soon = 90 * 24 * time.Hour

const rowsOnPage = 50

func filterOf(p *site.Page, q listing.Query) disc.Filter {
	f := disc.Filter{Words: q.Get("q"), State: disc.State(q.Get("state")), Sort: q.Get("sort")}
	if id, err := ident.Parse[ident.CaseID](q.Get("case")); err == nil {
		f.Case = id
	}
	if q.Get("view") == "due" {
		f.Due, f.Sort = p.Now.Add(soon), disc.SortDue
	}
	return f
}

func readRegister(p *site.Page) listing.Query {
	return listing.Read(p, "view", "q", "state", "sort", "case")
}

func (a area) register(p *site.Page) error {
	pr, q := p.P, readRegister(p)
	skip, err := strconv.ParseInt(q.After(), 10, 32)
	if err != nil {
		skip = 0
	}
	page, err := a.Discs.List(p.Context(), p.Actor, filterOf(p, q), skip, rowsOnPage)
	if err != nil {
		return err
	}
	v := registerView{Head: ui.HeadView{Title: pr.T("disc.register"), Sub: pr.T("disc.register_sub")}}
	v.Head.Actions = []ui.Action{{Text: pr.T("disc.new"), Href: Path + "/new", Icon: "disc", Primary: true}}
	for _, x := range []string{"", "due"} {
		t := ui.Tab{Text: pr.T("disc.view_all"), Href: q.With("view", x), Current: q.Get("view") == x}
		if x != "" {
			t.Text = pr.T("disc.view_due")
		}
		if t.Current {
			t.Count = pr.Num(int64(page.Count))
		}
		v.Tabs = append(v.Tabs, t)
	}
	states := listing.Choice(pr, true, q.Get("state"), []string{string(disc.Made), string(disc.Making), string(disc.Failed)}, func(s string) string { return pr.T("disc.state." + s) })
	sorts := []ui.Option{{Text: pr.T("disc.sort_number"), On: q.Get("sort") == ""}, {Value: disc.SortDue, Text: pr.T("disc.sort_due"), On: q.Get("sort") == disc.SortDue}}
	v.Filters = ui.Filters{
		Action: Path, Clear: q.Clear("view"), Export: q.At(Path + "/export"), Keep: q.Keep("view", "case"),
		Fields: []ui.Filter{
			{Kind: ui.FilterText, Name: "q", Label: pr.T("disc.search"), Value: q.Get("q")},
			{Kind: ui.FilterSelect, Name: "state", Label: pr.T("disc.state"), Options: states},
			{Kind: ui.FilterSelect, Name: "sort", Label: pr.T("disc.sort"), Options: sorts},
		},
	}
	if !p.May(access.DiscExport, access.Subject{Kind: "ledger", ID: "discs"}) {
		v.Filters.Export = ""
	}
	next := ""
	if int(skip)+len(page.Rows) < page.Count {
		next = strconv.FormatInt(skip+int64(len(page.Rows)), 10)
	}
	v.Table = registerTable(p, q, page.Rows, next)
	return p.Render(v.Head.Title, registerPage(pr, v))
}

func registerTable(p *site.Page, q listing.Query, rows []disc.Disc, next string) ui.TableView {
	pr := p.P
	t := ui.TableView{
		Caption: pr.T("disc.register"), Pager: q.Pager(len(rows), next),
		Columns: []ui.Column{{Label: pr.T("disc.number"), Lead: true}, {Label: pr.T("disc.case")}, {Label: pr.T("disc.holds")}, {Label: pr.T("disc.made_at"), Tight: true}, {Label: pr.T("disc.checked"), Tight: true}, {Label: pr.T("disc.state")}},
		Empty:   ui.EmptyView{Icon: "disc", Title: pr.T("disc.none"), Text: pr.T("disc.none_text")},
	}
	for _, d := range rows {
		holds := pr.T("disc.holds_text", d.Recordings, d.Files, pr.Size(d.Bytes))
		when, checked := pr.When(d.BegunAt, p.Now), pr.T("disc.unchecked")
		if !d.MadeAt.IsZero() {
			when = pr.When(d.MadeAt, p.Now)
		} else {
			holds = pr.T("disc.holds_recordings", d.Recordings)
		}
		due := ""
		if !d.CheckedAt.IsZero() {
			checked, due = pr.When(d.CheckedAt, p.Now), pr.T("disc.due", pr.Date(d.RereadDue))
		}
		text, icon, tone := stateOf(pr, &d)
		t.Rows = append(t.Rows, ui.Row{ID: "disc-" + string(d.ID), Cells: []ui.Cell{
			ui.MainCell(ui.Link{Text: d.Number, Href: PathOf(d.ID)}, pr.T("disc.on_request", d.RequestNo), false), ui.TwoCell(d.CaseNo, record.Harmless(d.CaseTitle)),
			ui.Text(holds), ui.TwoCell(when, d.ByName), ui.TwoCell(checked, due), ui.St(text, icon, tone),
		}})
	}
	if len(rows) == 0 {
		t.Pager = nil
	}
	return t
}

func stateOf(p locale.Printer, d *disc.Disc) (text, icon string, tone ui.Tone) {
	text = p.T("disc.state." + string(d.State))
	switch d.State {
	case disc.Made:
		return text, "circle-check", ui.OK
	case disc.Failed:
		return text, "circle-x", ui.Late
	case disc.Making:
	}
	return text, "clock", ui.Due
}

func (a area) export(p *site.Page) error {
	pr := p.P
	rows, err := a.Discs.Export(p.Context(), p.Actor, filterOf(p, readRegister(p)))
	if err != nil {
		return err
	}
	columns := listing.Headings(pr, "disc.ledger.", []listing.Column{
		{"number", 18}, {"state", 10}, {"case_no", 24}, {"case", 32}, {"request", 10}, {"made_by", 14}, {"made_at", 20}, {"recordings", 10}, {"files", 10}, {"bytes", 16}, {"manifest", 66}, {"image", 66}, {"checked", 20}, {"reread", 20},
	}...)
	table := ledger.Table{Title: pr.T("disc.register"), Columns: columns, Rows: func(yield func([]any, error) bool) {
		for d, err := range rows {
			row := []any{
				d.Number, pr.T("disc.state." + string(d.State)), d.CaseNo, d.CaseTitle, d.RequestNo, d.ByName, d.MadeAt, d.Recordings, d.Files, d.Bytes, d.ManifestSHA256, d.ImageSHA256,
				d.CheckedAt, d.RereadDue,
			}
			if err != nil {
				row = nil
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}}
	return listing.Send(p, pr.T("disc.register_file", p.Now.In(clock.Shanghai).Format(time.DateOnly)), table)
}

func (a area) id(p *site.Page) (ident.DiscID, error) {
	id, err := ident.Parse[ident.DiscID](p.R.PathValue("id"))
	if err != nil {
		return "", fault.Wrap(err, fault.NotFound, "disc.unknown")
	}
	return id, nil
}

func (a area) label(p *site.Page) error {
	id, err := a.id(p)
	if err != nil {
		return err
	}
	d, pdf, err := a.Discs.Label(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	return p.PDF(p.P.T("disc.label_file", d.Year, d.Seq)+".pdf", pdf)
}

// image hands the image to who burns it. It can be fetched in pieces, so that a long one goes on after a break.
func (a area) image(p *site.Page) error {
	id, err := a.id(p)
	if err != nil {
		return err
	}
	d, f, err := a.Discs.Fetch(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	p.Attach("application/x-iso9660-image", fmt.Sprintf("ZHILU-%d-%d.iso", d.Year, d.Seq))
	http.ServeContent(p.W, p.R, "", d.MadeAt, f)
	return nil
}

func (a area) shelve(p *site.Page) error {
	id, err := a.id(p)
	if err != nil {
		return err
	}
	_, err = a.Discs.AddCopy(p.Context(), p.Actor, id, disc.CopyEdit{Medium: p.Value("medium"), Custodian: p.Value("custodian"), Place: p.Value("place")})
	if err == nil {
		return p.Redirect(PathOf(id))
	}
	return a.showWith(p, id, err)
}
