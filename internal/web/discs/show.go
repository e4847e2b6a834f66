package discs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

type discView struct {
	Head     ui.HeadView
	Note     *ui.NoteView
	State    ui.NoteView
	Refresh  bool // it is being made: the page comes again by itself
	Done     string
	Facts    []ui.Fact
	Proof    []ui.Fact
	Written  []ui.Fact
	Copies   ui.TableView
	Checks   ui.TableView
	Shelve   *ui.FormView
	Fields   []ui.Field
	Read     *ui.FormView // writes down what a read found
	Which    ui.Field
	Report   ui.Field
	Drives   string
	Commands []string
}

func (a area) show(p *site.Page) error {
	id, err := a.id(p)
	if err != nil {
		return err
	}
	return a.showWith(p, id, nil)
}

func (a area) showWith(p *site.Page, id ident.DiscID, bad error) error {
	pr := p.P
	d, copies, checks, err := a.Discs.Get(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	v := discView{Head: ui.HeadView{Crumbs: []ui.Link{{Text: pr.T("disc.register"), Href: Path}}, Title: d.Number, Sub: strings.TrimSpace(d.CaseNo + "　" + record.Harmless(d.CaseTitle))}}
	var wrong refusal.Fault
	if bad != nil {
		var ok bool
		if wrong, ok = refusal.Of(pr, bad); !ok {
			return bad
		}
		v.Note = &ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Text: wrong.What}
	}
	a.state(p, d, &v)
	v.Facts = []ui.Fact{
		ui.FactText(pr.T("disc.holds"), pr.T("disc.holds_text", d.Recordings, d.Files, pr.Size(d.Bytes)), ""),
		ui.FactText(pr.T("disc.request"), pr.T("disc.on_request", d.RequestNo), ""),
		ui.FactText(pr.T("disc.made_by"), d.ByName, ""),
		ui.FactText(pr.T("disc.begun_at"), pr.Full(d.BegunAt), ""),
	}
	if !d.MadeAt.IsZero() {
		v.Facts = append(v.Facts, ui.FactText(pr.T("disc.made_at"), pr.Full(d.MadeAt), ""))
	}
	if d.ManifestSHA256 != "" {
		v.Proof = []ui.Fact{
			ui.FactText(pr.T("disc.log_size"), strconv.FormatInt(d.LogSize, 10), ""), ui.FactText(pr.T("disc.log_root"), d.LogRoot, ""), ui.FactText(pr.T("disc.manifest"), d.ManifestSHA256, ""),
		}
		if d.ImageSHA256 != "" {
			v.Proof = append(v.Proof, ui.FactText(pr.T("disc.image"), d.ImageSHA256, pr.SizeExact(d.ImageBytes)))
		}
	}
	for _, f := range disc.NoteFields() {
		if x := *d.Note.Field(f.Name); x != "" {
			v.Written = append(v.Written, ui.FactText(pr.T("disc.note."+f.Name), record.Harmless(strings.ReplaceAll(x, "\n", "　")), ""))
		}
	}
	v.Written = append(v.Written, ui.FactText(pr.T("disc.note.extractor"), d.Note.Extractor, pr.T("disc.by_system")), ui.FactText(pr.T("disc.note.extracted_at"), d.Note.ExtractedAt, pr.T("disc.by_system")))
	if d.State == disc.Made {
		a.kept(p, d, copies, checks, wrong, &v)
	}
	if bad != nil {
		return p.Refused(v.Head.Title, discPage(pr, v))
	}
	return p.Render(v.Head.Title, discPage(pr, v))
}

// state says how far the disc is and offers what can be done with it.
func (a area) state(p *site.Page, d *disc.Disc, v *discView) {
	pr := p.P
	switch d.State {
	case disc.Making:
		v.Refresh = true
		v.State = ui.NoteView{Tone: ui.Due, Icon: "clock", Bold: pr.T("disc.state.making"), Text: pr.T("disc.making_text")}
		if x, ok := a.Discs.Progress(d.ID); ok && x.Total > 0 {
			v.Done = pr.T("disc.progress", pr.Size(x.Done), pr.Size(x.Total), x.Done*100/x.Total)
		}
	case disc.Failed:
		why := cmp.Or(d.Reason, "disc.interrupted")
		v.State = ui.NoteView{Tone: ui.Late, Icon: "circle-x", Bold: pr.T("disc.state.failed"), Text: pr.T("disc.failed_text", why)}
		if pr.Has("fault." + why + ".what") {
			v.State.Text = pr.T("disc.failed_why", pr.T("fault."+why+".do"))
		}
		v.Head.Actions = []ui.Action{{Text: pr.T("disc.again"), Href: Path + "/new", Icon: "disc"}}
	case disc.Made:
		v.State = ui.NoteView{Tone: ui.OK, Icon: "circle-check", Bold: pr.T("disc.state.made"), Text: pr.T("disc.made_text")}
		v.Head.Actions = []ui.Action{{Text: pr.T("disc.label_open"), Href: PathOf(d.ID) + "/label", Icon: "printer"}}
		if a.Discs.HasImage(d.ID) && a.Discs.May(p.Actor, access.DiscFetch, d) {
			v.Head.Actions = append(v.Head.Actions, ui.Action{Text: pr.T("disc.fetch"), Href: PathOf(d.ID) + "/image", Icon: "download", Primary: true})
		}
	}
}

// kept shows who keeps the copies and how often they were read, and how that is done.
func (a area) kept(p *site.Page, d *disc.Disc, copies []disc.Copy, checks []disc.Check, wrong refusal.Fault, v *discView) {
	pr := p.P
	v.Copies = ui.TableView{
		Caption: pr.T("disc.label.copies"), Compact: true,
		Columns: []ui.Column{{Label: pr.T("disc.copy"), Lead: true}, {Label: pr.T("disc.medium")}, {Label: pr.T("disc.custodian")}, {Label: pr.T("disc.place")}, {Label: pr.T("disc.shelved_at"), Tight: true}},
		Empty:   ui.EmptyView{Icon: "disc", Title: pr.T("disc.no_copies"), Text: pr.T("disc.no_copies_text")},
	}
	for _, c := range copies {
		v.Copies.Rows = append(v.Copies.Rows, ui.Row{Cells: []ui.Cell{ui.Text(a.CopyName(pr, c.N)), ui.Text(record.Harmless(c.Medium)), ui.Text(record.Harmless(c.Custodian)), ui.Text(record.Harmless(c.Place)), ui.TwoCell(pr.When(c.At, p.Now), c.ByName)}})
	}
	v.Checks = ui.TableView{
		Caption: pr.T("disc.checks"), Compact: true,
		Columns: []ui.Column{{Label: pr.T("disc.check_at"), Lead: true}, {Label: pr.T("disc.copy")}, {Label: pr.T("disc.check_found")}},
		Empty:   ui.EmptyView{Icon: "disc", Title: pr.T("disc.no_checks"), Text: pr.T("disc.no_checks_text")},
	}
	for _, c := range checks {
		which := pr.T("disc.check_image")
		if c.Copy > 0 {
			which = a.CopyName(pr, c.Copy)
		}
		found := ui.St(pr.T("disc.check_whole"), "circle-check", ui.OK)
		if !c.Whole {
			found = ui.Under(ui.St(pr.T("disc.check_wrong"), "circle-x", ui.Late), record.Harmless(strings.ReplaceAll(c.Found, "\n", "；")))
		}
		v.Checks.Rows = append(v.Checks.Rows, ui.Row{Cells: []ui.Cell{ui.TwoCell(pr.When(c.At, p.Now), c.ByName), ui.TwoCell(which, pr.T("disc.source."+c.Source)), found}})
	}
	if a.Discs.May(p.Actor, access.DiscShelve, d) {
		v.Fields = []ui.Field{
			wrong.Mark(ui.Field{Name: "medium", Label: pr.T("disc.medium"), Hint: pr.T("disc.medium_hint"), Value: p.Value("medium"), Max: 200}),
			wrong.Mark(ui.Field{Name: "custodian", Label: pr.T("disc.custodian"), Value: p.Value("custodian"), Max: 200}),
			wrong.Mark(ui.Field{Name: "place", Label: pr.T("disc.place"), Hint: pr.T("disc.place_hint"), Value: p.Value("place"), Max: 200}),
		}
		v.Shelve = &ui.FormView{Action: PathOf(d.ID) + "/copies", Label: pr.T("disc.shelve"), Errors: ui.Errors(v.Fields...), Buttons: []ui.Action{{Text: pr.T("disc.shelve_as", a.CopyName(pr, len(copies)+1)), Icon: "plus"}}}
	}
	a.reading(p, d, copies, wrong, v)
	v.Drives = pr.T("disc.no_drives")
	if a.Drives != nil {
		if drives := a.Drives(); len(drives) > 0 {
			v.Drives = pr.T("disc.drives", strings.Join(drives, ", "))
		}
	}
	short := strconv.Itoa(d.Year) + "-" + strconv.FormatInt(d.Seq, 10)
	file := "ZHILU-" + short + ".iso"
	v.Commands = slices.Concat([]string{"zhilu disc burn " + file + " --drive /dev/sr0", "zhilu disc check --disc " + short + " --from /dev/sr0 --copy 1 --as USER --data DATA --keys KEYS", "zhilu verify /dev/sr0 --trust trust.json"})
}
