package casefile

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/procedure"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/fact"
	"zhilu.dev/zhilu/internal/web/execute"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/story"
	"zhilu.dev/zhilu/internal/web/ui"
)

// stageView is one part of the way.
type stageView struct{ Name, Note, Class, Icon string }

// itemView is one thing the regulation wants.
type itemView struct {
	Key, State, Icon, Title, Note string
	Tone                          ui.Tone
	Owed                          bool
	Papers                        []ui.Link
	Write                         string // document type to write, "" if the reader does not
	Waive                         bool
}

// groupView is the items of one article.
type groupView struct {
	Article, Title, Count string
	Items                 []itemView
	Open                  []itemView // nobody has answered whether they apply
	Moot                  []itemView // not applicable
}

// question is a fact that has to be answered.
type question struct {
	ID, Text string
	Options  []ui.Option
}

// limitView is one time limit.
type limitView struct {
	Name, Due, State, Why string
	Tone                  ui.Tone
	Icon                  string
	rank                  int64 // what is owed first stands first, what is met last
}

// personView is a party or a handler.
type personView struct{ Label, Name, Note, ID string }

// filmView is a linked recording.
type filmView struct{ Href, Title, Note string }

// fineView is a fine and how it stands.
type fineView struct{ Title, State, Note string }

// caseView is the page of a case.
type caseView struct {
	ID, Title, Sub, Act string
	State               string
	StateTone           ui.Tone
	StateIcon           string
	Stages              []stageView
	Next                ui.Next
	HasNext             bool
	Groups              []groupView
	Questions           []question
	Limits              []limitView
	People              []personView
	Films               []filmView
	Fines               []fineView
	Events              []ui.Event
	Bad                 refusal.Fault
	Edit, Turn, Assign  bool
	Advance, Archive    bool
	Export              bool
	PartyFields         []ui.Field
	Reported            []ui.Option
	Lead, Others        []ui.Option
	Parties             []ui.Option // who can be split off into a case of their own
	Now                 string
}

func (a area) show(p *site.Page) error { return a.page(p, refusal.Fault{}) }

func (a area) page(p *site.Page, bad refusal.Fault) error {
	id, err := idOf(p)
	if err != nil {
		return err
	}
	f, err := a.d.Cases.Get(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	v, err := a.view(p, f, bad)
	if err != nil {
		return err
	}
	title := p.P.T("case.page_title", f.Case.Title, f.Case.No)
	if bad.What != "" {
		return p.Refused(title, casePage(p.P, v))
	}
	return p.Render(title, casePage(p.P, v))
}

func (a area) view(p *site.Page, f matter.File, bad refusal.Fault) (caseView, error) {
	ctx := p.Context()
	e, err := a.d.Cases.Edition(ctx, f)
	if err != nil {
		return caseView{}, err
	}
	names, err := a.d.Names(ctx, story.People(f))
	if err != nil {
		return caseView{}, err
	}
	tree, err := a.d.Tree(ctx)
	if err != nil {
		return caseView{}, err
	}
	department, _ := tree.Find(f.Case.Department)
	list := procedure.Check(f, e.Catalogue)
	may := func(x access.Action) bool { return a.d.Cases.May(f, p.Actor, x) }
	live := f.Case.Live() || f.Case.State == matter.Closed
	v := caseView{
		ID: string(f.Case.ID), Title: f.Case.Title, Bad: bad, Edit: may(access.CaseEdit) && live, Turn: may(access.CaseTurn) && f.Case.Live(),
		Assign: may(access.CaseAssign) && f.Case.Live(), Archive: may(access.CaseArchive) && f.Case.State == matter.Closed, Export: may(access.CaseExport),
		Now: p.Now.In(shanghai).Format("2006-01-02T15:04"),
	}
	var handlers []string
	for _, h := range f.Current() {
		handlers = append(handlers, names[h.Person])
	}
	v.Sub = strings.Join([]string{f.Case.No, department.Name, strings.Join(handlers, "、"), p.P.T("case.day", daysOf(f.Case.OpenedAt, p.Now))}, "　")
	v.Act = p.P.T("case.act_line", p.P.T("fact.act."+f.Case.Act), p.P.T("fact.procedure."+string(f.Case.Procedure)))
	v.State, v.StateTone, v.StateIcon = caseState(p.P, f.Case.State)
	v.Stages = stages(p.P, f, list)
	a.items(p, f, e.Catalogue, list, names, &v)
	owed := list.Owed(f.Case.Stage)
	v.Advance = may(access.CaseAdvance) && f.Case.State == matter.Open && len(owed) == 0 && f.Case.Stage != matter.Closing
	v.Questions = questions(p.P, list.Questions(f.Case.Stage))
	v.Limits = limits(p, f, e.Catalogue)
	next(p, f, e.Catalogue, list, &v)
	v.People = people(p.P, f, names)
	for _, l := range f.Links {
		if l.Struck.IsZero() {
			x := filmView{Href: "/recordings/" + string(l.Recording), Title: a.d.Recording(ctx, l.Recording), Note: l.Note}
			if paper, ok := f.Paper(l.Paper); ok {
				x.Note = docTitle(p.P, e.Catalogue, paper.Type) + " " + l.Note
			}
			v.Films = append(v.Films, x)
		}
	}
	if v.Fines, err = fines(p, f, execute.LawOf(e)); err != nil {
		return v, err
	}
	source, err := a.d.Story(ctx, p.Actor, f)
	if err != nil {
		return v, err
	}
	v.Events = story.Latest(p.P, story.Tell(p.P, source, p.Now), p.Now, 12)
	if v.Edit {
		v.PartyFields = partyFields(p, bad, "party-", matter.ThirdParty)
		for _, x := range f.Parties {
			if x.EndedAt.IsZero() {
				v.Parties = append(v.Parties, ui.Option{Value: string(x.ID), Text: x.Name})
			}
		}
		for _, id := range fact.Reported() {
			v.Reported = append(v.Reported, ui.Option{Value: id, Text: p.P.T("event." + id)})
		}
	}
	if v.Assign {
		officers, err := a.d.Officers(ctx, f.Case.Department)
		if err != nil {
			return v, err
		}
		var lead ident.PersonID
		var rest []string
		for _, h := range f.Current() {
			if h.Lead {
				lead = h.Person
			} else {
				rest = append(rest, string(h.Person))
			}
		}
		v.Lead, v.Others = personOptions(officers, string(lead), ""), others(officers, rest)
	}
	return v, nil
}

func caseState(p locale.Printer, s matter.State) (string, ui.Tone, string) {
	word := p.T("case.state." + string(s))
	switch s {
	case matter.Closed, matter.Archived:
		return word, ui.OK, "circle-check"
	case matter.Suspended:
		return word, ui.Due, "clock"
	case matter.Withdrawn, matter.Joined:
		return word, ui.Moot, "circle-minus"
	case matter.Open:
	}
	return word, ui.Plain, "briefcase"
}

func stages(p locale.Printer, f matter.File, list procedure.Checklist) []stageView {
	at := matter.StageIndex(f.Case.Stage)
	var out []stageView
	for i, s := range matter.Stages() {
		all, owed := list.Count(s)
		v := stageView{Name: p.T("case.stage." + s), Note: p.T("case.stage_all", all), Class: "is-done", Icon: "circle-check"}
		if owed > 0 {
			v.Note = p.T("case.stage_owed", all, owed)
		}
		switch {
		case i == at && f.Case.Live():
			v.Class, v.Icon = "is-now", "circle-dashed"
		case i > at:
			v.Class, v.Icon, v.Note = "is-todo", "circle-dashed", p.T("case.stage_later")
		case owed > 0:
			v.Class, v.Icon = "is-open", "circle-dashed"
		}
		out = append(out, v)
	}
	return out
}

func docTitle(p locale.Printer, c catalogue.Catalogue, id string) string {
	d, ok := c.Document(id)
	if !ok {
		return id
	}
	return p.Pick(d.ZH, d.EN)
}

// items puts the list under the articles it carries out, the case's own stage first.
func (a area) items(p *site.Page, f matter.File, c catalogue.Catalogue, list procedure.Checklist, names map[ident.PersonID]string, v *caseView) {
	order := slices.Clone(matter.Stages())
	at := matter.StageIndex(f.Case.Stage)
	slices.SortStableFunc(order, func(x, y string) int {
		rank := func(s string) int {
			if s == f.Case.Stage {
				return -1
			}
			return matter.StageIndex(s)
		}
		return rank(x) - rank(y)
	})
	waive := a.d.Cases.May(f, p.Actor, access.CaseWaive) && f.Case.State != matter.Archived
	for _, s := range order {
		g := groupView{Article: p.P.Article(articles[s]), Title: p.P.T("case.stage." + s)}
		later := matter.StageIndex(s) > at
		for _, it := range list.Items {
			if it.Stage != s {
				continue
			}
			x := a.item(p, f, c, it, names, later)
			x.Waive = waive && it.Standing.Owed() && !later
			switch it.Standing {
			case procedure.NotApplicable:
				g.Moot = append(g.Moot, x)
			case procedure.Question:
				g.Open = append(g.Open, x)
			case procedure.Present, procedure.Missing, procedure.Underway, procedure.Excused:
				g.Items = append(g.Items, x)
			}
		}
		all, owed := list.Count(s)
		g.Count = p.P.T("case.stage_all", all)
		if owed > 0 && !later {
			g.Count = p.P.T("case.stage_owed", all, owed)
		}
		v.Groups = append(v.Groups, g)
	}
}

var articles = map[string]string{
	matter.Initiation: "7", matter.Investigation: "8", matter.Decision: "9", matter.Execution: "10", matter.Closing: "11",
}

func (a area) item(p *site.Page, f matter.File, c catalogue.Catalogue, it procedure.Item, names map[ident.PersonID]string, later bool) itemView {
	d, _ := c.Document(it.Document)
	x := itemView{Key: it.Key, Title: docTitle(p.P, c, it.Document), State: p.P.T("case.standing." + string(it.Standing)), Owed: it.Standing.Owed() && !later}
	switch it.Sort {
	case procedure.ForService:
		x.Title = p.P.T("case.item_service", x.Title)
	case procedure.ForFilm:
		x.Title = p.P.T("case.item_film", x.Title)
	case procedure.ForPaper:
	}
	switch it.Standing {
	case procedure.Present:
		x.Tone, x.Icon = ui.OK, "circle-check"
	case procedure.Missing:
		x.Tone, x.Icon = ui.Late, "circle-x"
	case procedure.Underway:
		x.Tone, x.Icon = ui.Due, "clock"
	case procedure.Question:
		x.Tone, x.Icon = ui.Due, "help-circle"
	case procedure.NotApplicable:
		x.Tone, x.Icon = ui.None, "circle-minus"
	case procedure.Excused:
		x.Tone, x.Icon = ui.Moot, "circle-minus"
	}
	if later && it.Standing.Owed() {
		x.Tone, x.Icon, x.State = ui.None, "circle-dashed", p.P.T("case.standing.later")
	}
	notes := []string{p.P.Article(it.Article)}
	if it.Reason != "" {
		by := names[it.By]
		if it.Standing == procedure.Excused {
			notes = append(notes, p.P.T("case.waived_by", by, it.Reason))
		} else {
			notes = append(notes, it.Reason)
		}
	}
	if it.Standing == procedure.Question && d.Condition != nil {
		notes = append(notes, p.P.T("case.condition", p.P.Pick(d.Condition.ZH, d.Condition.EN)))
	}
	x.Note = strings.Join(notes, "　")
	for _, id := range it.Papers {
		if paper, ok := f.Paper(id); ok {
			x.Papers = append(x.Papers, ui.Link{Text: paper.No, Href: "/papers/" + string(id)})
		}
	}
	if it.Sort == procedure.ForPaper && it.Standing.Owed() && len(it.Papers) == 0 && a.d.Cases.Writes(f, d, p.Actor) {
		x.Write = it.Document
	}
	return x
}

func questions(p locale.Printer, facts []fact.Fact) []question {
	var out []question
	for _, f := range facts {
		q := question{ID: f.ID, Text: p.T("fact." + f.ID)}
		if f.Type == fact.Bool {
			q.Options = []ui.Option{{Value: "true", Text: p.T("paper.yes")}, {Value: "false", Text: p.T("paper.no")}}
		}
		for _, o := range f.Options {
			q.Options = append(q.Options, ui.Option{Value: o, Text: p.T("fact." + f.ID + "." + o)})
		}
		out = append(out, q)
	}
	return out
}

func limits(p *site.Page, f matter.File, c catalogue.Catalogue) []limitView {
	var out []limitView
	for _, l := range f.Limits {
		t, ok := c.Term(l.Term)
		if l.Gone || !ok {
			continue
		}
		x := limitView{Name: p.P.Pick(t.ZH, t.EN), Tone: ui.Plain, Icon: "clock"}
		x.Why = p.P.T("case.limit_from", p.P.T("event."+l.Start), p.P.Date(l.From)) + "　" + t.Basis
		switch {
		case !l.Met.IsZero():
			x.State, x.Tone, x.Icon = p.P.T("case.limit_met", p.P.Date(l.Met)), ui.OK, "circle-check"
			if !l.Due.IsZero() && l.Met.After(l.Due) && l.Duty {
				x.State, x.Tone, x.Icon = p.P.T("case.limit_met_late", p.P.Date(l.Met)), ui.Late, "circle-x"
			}
		case l.Due.IsZero():
			x.State, x.Tone, x.Icon = p.P.T("case.limit_doubt"), ui.Moot, "help-circle"
		case p.Now.After(l.Due):
			x.State, x.Tone, x.Icon = p.P.T("case.limit_over"), ui.Late, "circle-x"
			if !l.Duty {
				x.Tone, x.Icon = ui.Plain, "circle-check"
			}
		default:
			left, _ := p.P.Left(l.Due, p.Now)
			x.State = left
			if l.Due.Sub(p.Now) < 3*24*time.Hour && l.Duty {
				x.Tone = ui.Due
			}
		}
		x.rank = l.Due.Unix()
		if !l.Met.IsZero() || l.Due.IsZero() || !l.Duty {
			x.rank += 1 << 40
		}
		if !l.Due.IsZero() {
			x.Due = p.P.Date(l.Due)
		}
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b limitView) int { return cmp.Compare(a.rank, b.rank) })
	return out
}

// next is the one thing to do now.
func next(p *site.Page, f matter.File, c catalogue.Catalogue, list procedure.Checklist, v *caseView) {
	it, ok := list.Next(f.Case.Stage)
	if !ok || !f.Case.Live() {
		return
	}
	v.HasNext = true
	v.Next = ui.Next{Eyebrow: p.P.T("case.next"), Cite: ui.Cite{Article: p.P.Article(it.Article)}, Title: p.P.T("case.next_"+string(it.Sort), docTitle(p.P, c, it.Document))}
	switch {
	case it.Standing == procedure.Question:
		v.Next.Title = p.P.T("case.next_question")
		v.Next.Action = ui.Action{Text: p.P.T("case.next_answer"), Href: "#questions", Primary: true, Large: true}
	case len(it.Papers) > 0:
		v.Next.Action = ui.Action{Text: p.P.T("case.next_open"), Href: "/papers/" + string(it.Papers[0]), Primary: true, Large: true}
		if it.Sort == procedure.ForService {
			v.Next.Action.Href += "#serve"
		}
	case v.Edit:
		v.Next.Action = ui.Action{
			Text: p.P.T("case.next_write"), Href: "/cases/" + v.ID + "/papers", Post: true, Hidden: []ui.Hidden{{Name: "type", Value: it.Document}}, Primary: true, Large: true,
		}
	}
	for _, l := range f.Limits {
		if casefile.Running(l) {
			left, _ := p.P.Left(l.Due, p.Now)
			v.Next.Clock = ui.Clock{Text: left, Sub: p.P.Date(l.Due)}
			break
		}
	}
}

func people(p locale.Printer, f matter.File, names map[ident.PersonID]string) []personView {
	var out []personView
	for _, x := range f.Parties {
		if !x.EndedAt.IsZero() {
			continue
		}
		notes := slices.DeleteFunc([]string{x.LegalRep, x.IDNumber, x.Address, x.Phone}, func(s string) bool { return s == "" })
		out = append(out, personView{Label: p.T("case.role." + string(x.Role)), Name: x.Name, Note: strings.Join(notes, "，"), ID: string(x.ID)})
	}
	for _, h := range f.Current() {
		role := "case.handler"
		if h.Lead {
			role = "case.lead"
		}
		out = append(out, personView{Label: p.T(role), Name: names[h.Person], Note: h.Certificate})
	}
	return out
}
