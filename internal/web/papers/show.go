package papers

import (
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// section is a part of the form.
type section struct {
	ID, Title string
	Inputs    []input
	Bad       int  // fields with a problem
	Filled    bool // every required field has something
}

// clash is two wordings of one field.
type clash struct {
	ID, Label, Mine, Theirs, By string
}

// mark is one signature a paper needs.
type mark struct {
	Role, Label string
	Need, Count int
	Required    bool
	Given       []given
	Own         bool // the reader signs as themselves
	Take        bool // the reader takes it from an outsider
	Seal        bool
}

// given is one signature that is there.
type given struct {
	Name, When, Mode, Note, Picture string
}

// step is one step of the approval.
type step struct {
	Title, State string
	Tone         ui.Tone
	Icon         string
	Lines        []string
}

// served is one service of the paper.
type served struct {
	Title, When, State string
	Tone               ui.Tone
	Icon               string
	Lacks              []string
}

// paperView is the page of a paper.
type paperView struct {
	ID, CaseID          string
	CaseNo, Title, No   string
	State               string
	StateTone           ui.Tone
	StateIcon           string
	Revision            int
	Saved, SavedBy      string
	Edit                bool
	Sections            []section
	Errors              []ui.FieldError
	Blocks              []ui.FieldError
	Returned            string
	Reason              string // of a correction
	Clashes             []clash
	Files               []form.FileRef
	Attach              bool
	Facts               []ui.Fact
	Marks               []mark
	Steps               []step
	Texts               []ui.Option // drafts that can go with an approval form
	CanSubmit           bool
	CanRecall           bool
	CanDecide           bool
	CanCorrect, CanVoid bool
	CanServe            bool
	Served              []served
	Modes               []ui.Option
	Relations           []ui.Option
	Demands             []string
	Articles            []string // what the regulation wants of this paper
	Bad                 refusal.Fault
	Now                 string
	Receipts            []ui.Option
	Digest              string
	Checked             bool // problems are shown because somebody asked
}

func (a area) show(p *site.Page) error { return a.page(p, refusal.Fault{}, p.Value("check") != "") }

func (a area) page(p *site.Page, bad refusal.Fault, check bool) error {
	s, err := a.load(p)
	if err != nil {
		return err
	}
	v, err := a.view(p, s, bad, check)
	if err != nil {
		return err
	}
	title := p.P.T("paper.page_title", v.Title, v.CaseNo)
	if bad.What != "" {
		return p.Refused(title, paperPage(p.P, v))
	}
	return p.Render(title, paperPage(p.P, v))
}

func (a area) view(p *site.Page, s sheaf, bad refusal.Fault, check bool) (paperView, error) {
	ctx := p.Context()
	v := paperView{
		ID: string(s.paper.ID), CaseID: string(s.file.Case.ID), CaseNo: s.file.Case.No, Title: p.P.Pick(s.doc.ZH, s.doc.EN), No: s.paper.No, Revision: s.paper.Revision,
		Saved: p.P.When(s.paper.ChangedAt, p.Now), SavedBy: s.names[s.paper.ChangedBy], Bad: bad, Digest: s.paper.Digest,
		Now: form.Show(p.Now, "")[:10] + "T" + form.Show(p.Now, "")[11:], Checked: check || bad.What != "",
	}
	v.State, v.StateTone, v.StateIcon = stateWords(p.P, s.paper.State)
	if s.paper.State == matter.Returned {
		v.Returned = casefile.Returned(s.file, s.paper.ID)
	} else if s.paper.Version > 0 {
		v.Reason = s.paper.Reason
	}
	files, err := a.d.Cases.Attachments(ctx, p.Actor, s.file.Case.ID)
	if err != nil {
		return v, err
	}
	for _, f := range files {
		if f.Paper == s.paper.ID {
			v.Files = append(v.Files, f.Ref())
		}
	}
	writes := a.d.Cases.Writes(s.file, s.doc, p.Actor)
	v.Edit = writes && s.paper.Editable()
	v.Attach = writes && s.paper.State != matter.Void
	if v.Edit {
		if err := a.editing(p, s, &v); err != nil {
			return v, err
		}
	} else {
		v.Facts = a.facts(p.P, s)
	}
	a.signing(p, s, &v)
	a.approving(p, s, writes, &v)
	if err := a.serving(p, s, &v); err != nil {
		return v, err
	}
	v.CanCorrect = writes && (s.paper.State == matter.Fixed || s.paper.State == matter.Complete)
	_, isServed := s.file.Served(s.paper.ID)
	v.CanVoid = writes && s.paper.State != matter.Void && s.paper.State != matter.Submitted && !isServed
	for _, art := range s.doc.SeedArticles {
		if art != "" {
			v.Articles = append(v.Articles, p.P.Article(art))
		}
	}
	return v, nil
}

func stateWords(p locale.Printer, st matter.PaperState) (string, ui.Tone, string) {
	word := p.T("paper.state." + string(st))
	switch st {
	case matter.Complete:
		return word, ui.OK, "circle-check"
	case matter.Returned:
		return word, ui.Late, "circle-x"
	case matter.Submitted, matter.Fixed:
		return word, ui.Due, "clock"
	case matter.Void:
		return word, ui.Moot, "circle-minus"
	case matter.Draft:
	}
	return word, ui.Moot, "circle-dashed"
}

// editing fills the form, with what is wrong where the reader asked for it.
func (a area) editing(p *site.Page, s sheaf, v *paperView) error {
	ctx := p.Context()
	people, err := a.d.Officers(ctx, s.file.Case.Department)
	if err != nil {
		return err
	}
	objections, err := a.d.Cases.Objections(ctx, s.file, s.paper)
	if err != nil {
		return err
	}
	problems := map[string]string{}
	for _, x := range objections.Problems {
		text := problemText(p.P, x)
		if problems[x.Field] == "" {
			problems[x.Field] = text
		}
		f, _ := s.doc.Field(x.Field)
		if v.Checked {
			v.Errors = append(v.Errors, ui.FieldError{ID: "f-" + x.Field, Text: p.P.T("paper.error_line", label(p.P, f), text)})
		}
	}
	for _, b := range objections.Blocks {
		v.Blocks = append(v.Blocks, ui.FieldError{ID: "next", Text: p.P.T("fault.paper.blocked."+b.Code+".what", b.Args...)})
	}
	named := func(id ident.RecordingID) string { return a.d.Recording(ctx, id) }
	shown := problems
	if !v.Checked {
		shown = map[string]string{}
	}
	for _, sec := range form.Sections(s.doc, form.Asked(s.doc, s.paper.Values)) {
		x := section{ID: sec.ID, Title: p.P.T("paper.section." + sec.ID), Inputs: inputs(p.P, s, sec.Fields, people, v.Files, shown, named), Filled: true}
		for _, f := range sec.Fields {
			if problems[f.ID] != "" {
				x.Bad++
				x.Filled = false
			}
		}
		v.Sections = append(v.Sections, x)
	}
	clashes, err := a.d.Cases.Clashes(ctx, s.paper.ID)
	if err != nil {
		return err
	}
	for _, c := range clashes {
		f, _ := s.doc.Field(c.Field)
		other := form.Values{c.Field: c.Value}
		v.Clashes = append(v.Clashes, clash{
			ID: string(c.ID), Label: label(p.P, f), By: s.names[c.By], Mine: a.plainText(p.P, s, c.Field, s.paper.Values), Theirs: a.plainText(p.P, s, c.Field, other),
		})
	}
	return nil
}

// problemText says what is wrong with a field.
func problemText(p locale.Printer, x form.Problem) string {
	return p.T("form.problem."+x.Code, x.Args...)
}

// facts are a finished paper's fields in words.
func (a area) facts(p locale.Printer, s sheaf) []ui.Fact {
	var out []ui.Fact
	for _, f := range form.Asked(s.doc, s.paper.Values) {
		if s.paper.Values.Empty(f.ID) {
			continue
		}
		out = append(out, ui.FactText(label(p, f), a.plainText(p, s, f.ID, s.paper.Values), ""))
	}
	return out
}

// plainText is a value in words.
func (a area) plainText(p locale.Printer, s sheaf, id string, v form.Values) string {
	f, _ := s.doc.Field(id)
	switch f.Type {
	case "bool":
		is, ok := v.Bool(id)
		switch {
		case !ok:
			return ""
		case is:
			return p.T("paper.yes")
		}
		return p.T("paper.no")
	case "enum":
		return form.OptionText(f, v.Text(id), string(p.Lang()))
	case "datetime":
		if t, ok := v.Time(id); ok {
			return form.Show(t, "")
		}
	case "party", "person", "officer", "person-list", "officer-list":
		var parts []string
		for _, x := range v.People(id) {
			parts = append(parts, strings.Join(slices.DeleteFunc([]string{x.Name, x.Capacity, x.Certificate, x.IDNumber, x.LegalRep, x.Address, x.Phone}, func(s string) bool { return s == "" }), "，"))
		}
		return strings.Join(parts, "；")
	case "item-list", "table":
		var rowsText []string
		for i, r := range v.Rows(id) {
			var cells []string
			for _, c := range f.Columns {
				if text := cellText(r[c.ID]); text != "" {
					cells = append(cells, text)
				}
			}
			rowsText = append(rowsText, p.T("paper.row", i+1, strings.Join(cells, "，")))
		}
		return strings.Join(rowsText, "；")
	case "law-ref-list", "evidence-list", "recording-ref-list", "file", "file-list":
		return listText(f.Type, v, id)
	case "integer":
		return strings.Trim(string(v[id]), `"`)
	}
	return v.Text(id)
}

// signing lists the signatures a paper has and needs.
func (a area) signing(p *site.Page, s sheaf, v *paperView) {
	if s.paper.State == matter.Void || s.paper.State == matter.Submitted || s.paper.Editable() && procedure.Approved(s.doc) {
		return
	}
	for _, w := range procedure.Signatures(s.file, s.doc, s.paper) {
		m := mark{Role: w.Role, Label: p.P.Pick(w.ZH, w.EN), Need: w.Need, Count: w.Count, Required: w.Required, Seal: w.Role == "seal"}
		for _, x := range s.file.SignedBy(s.paper) {
			if x.Role != w.Role {
				continue
			}
			g := given{Name: x.Name, When: p.P.When(x.At, p.Now), Mode: p.P.T("paper.mode." + string(x.Mode))}
			if x.Mode == matter.Refused {
				g.Note = p.P.T("paper.refused_note", x.Reason, x.Witness)
			}
			if len(x.Image) > 0 {
				g.Picture = paperPath(s.paper.ID) + "/signatures/" + string(x.ID)
			}
			m.Given = append(m.Given, g)
			if x.Person == p.Actor.Person && p.Actor.Person != "" {
				w.Open = false
			}
		}
		if s.paper.State != matter.Complete && w.Open && a.d.Cases.Marks(s.file, s.doc, w.Role, p.Actor) {
			m.Own, m.Take = w.House, !w.House
		}
		v.Marks = append(v.Marks, m)
	}
}

// approving lists the steps of an approval, and what the reader may do in it.
func (a area) approving(p *site.Page, s sheaf, writes bool, v *paperView) {
	if len(s.chain) == 0 {
		return
	}
	for _, l := range s.chain {
		x := step{Title: p.P.T("paper.step." + string(l.Step)), State: p.P.T("paper.step_waits"), Tone: ui.Moot, Icon: "circle-dashed"}
		for _, said := range l.Said {
			verb := "paper.said_agree"
			if !said.Agreed {
				verb = "paper.said_return"
			}
			x.Lines = append(x.Lines, p.P.T(verb, s.names[said.By], p.P.When(said.At, p.Now), said.Opinion))
		}
		if l.Done {
			x.State, x.Tone, x.Icon = p.P.T("paper.step_done"), ui.OK, "circle-check"
		}
		v.Steps = append(v.Steps, x)
	}
	v.CanSubmit = writes && s.paper.Editable()
	v.CanRecall = writes && s.paper.State == matter.Submitted
	v.CanDecide = casefile.Decides(s.file, s.edition.Catalogue, s.paper, p.Actor)
	if !v.CanSubmit {
		return
	}
	for _, x := range s.file.Papers {
		d, ok := s.edition.Catalogue.Document(x.Type)
		if ok && x.Editable() && slices.Contains(d.RulesOf().ApprovedBy, s.doc.ID) {
			v.Texts = append(v.Texts, ui.Option{Value: string(x.ID), Text: d.ZH + " " + x.No, On: true})
		}
	}
}

func listText(kind string, v form.Values, id string) string {
	var out []string
	switch kind {
	case "recording-ref-list":
		for _, r := range v.Recordings(id) {
			out = append(out, strings.TrimSpace(r.Text+" "+r.At))
		}
	case "evidence-list":
		out = textsOf[form.EvidenceRef](v, id, func(r form.EvidenceRef) string { return r.Text })
	case "law-ref-list":
		out = textsOf[string](v, id, func(s string) string { return s })
	default:
		out = textsOf[form.FileRef](v, id, func(f form.FileRef) string { return f.Name })
	}
	return strings.Join(out, "；")
}

// receipts are proofs of service of the case that a service can name.
func receipts(p locale.Printer, f matter.File) []ui.Option {
	out := []ui.Option{{Value: "", Text: p.T("paper.no_receipt"), On: true}}
	for _, x := range f.OfType("service-receipt", "lien-service-record", "public-service-notice") {
		out = append(out, ui.Option{Value: string(x.ID), Text: x.No})
	}
	return out
}

// idOf reads an optional id of a form.
func idOf[T ~string](s string) T {
	id, err := ident.Parse[T](s)
	if err != nil {
		return ""
	}
	return id
}
