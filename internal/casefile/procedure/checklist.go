package procedure

import (
	"slices"

	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/fact"
)

// Standing is how one item of the list stands.
type Standing string

// The standings. Missing, Underway and Question are owed once their stage is reached.
const (
	Present       Standing = "present"        // 已有
	Missing       Standing = "missing"        // 缺
	Underway      Standing = "underway"       // 在办：草稿、审批中、待签齐
	Question      Standing = "question"       // 待答：不知道是否适用
	NotApplicable Standing = "not_applicable" // 不适用
	Excused       Standing = "excused"        // 免除
)

// Owed reports whether an item in this standing keeps its stage from ending.
func (s Standing) Owed() bool { return s == Missing || s == Underway || s == Question }

// Sort is what an item asks for.
type Sort string

// The sorts.
const (
	ForPaper   Sort = "paper"   // a written record
	ForService Sort = "service" // that a paper was served
	ForFilm    Sort = "film"    // that a recording shows the step
)

// Item is one thing that Articles 7 to 13 want in the file.
type Item struct {
	Key         string // stable, for waivers: the document's id, "serve:" or "film:" and a paper's
	Sort        Sort
	Article     string // "8(3)"
	Requirement string // "R-08-03"
	Stage       string
	Document    string // id in the catalogue
	Matters     []string
	Standing    Standing
	Papers      []ident.PaperID
	Facts       []string       // of a question: what has to be answered; of what does not apply: by which answers
	Reason      string         // of a waiver, or of the answer by which it does not apply
	By          ident.PersonID // who waived or answered
	Report      ident.PaperID  // the report that recording was impossible, in a recording's place
}

// Checklist is a case against the regulation, item by item (R-04-2, R-11-1).
type Checklist struct{ Items []Item }

// Check lays a case against the catalogue. Documents about recordings and devices are not looked for: other parts of the
// program hold them.
func Check(f matter.File, c catalogue.Catalogue) Checklist {
	known := Facts(f, c)
	var out Checklist
	for _, stage := range matter.Stages() {
		for _, d := range c.Documents {
			if d.Stage == stage && d.For(f.Case.Act) && d.ID != "service-receipt" {
				out.Items = append(out.Items, paperItem(f, d, known))
			}
		}
	}
	for _, p := range f.Papers {
		d, ok := c.Document(p.Type)
		if !ok || p.State != matter.Complete {
			continue
		}
		if d.ServedOnParty {
			out.Items = append(out.Items, serviceItem(f, d, p))
		}
		if it, ok := filmItem(f, c, d, p); ok {
			out.Items = append(out.Items, it)
		}
	}
	for i := range out.Items {
		excuse(f, &out.Items[i])
	}
	return out
}

func excuse(f matter.File, it *Item) {
	if !it.Standing.Owed() {
		return
	}
	for _, w := range f.Waivers {
		if w.Item == it.Key {
			it.Standing, it.Reason, it.By = Excused, w.Reason, w.By
		}
	}
}

func paperItem(f matter.File, d catalogue.Document, known fact.Answers) Item {
	article := articleOf(d)
	it := Item{
		Key: d.ID, Sort: ForPaper, Article: article, Requirement: RequirementOf(article), Stage: d.Stage, Document: d.ID,
	}
	papers := f.OfType(d.ID)
	for _, p := range papers {
		it.Papers = append(it.Papers, p.ID)
	}
	for _, p := range f.Done(d.MayBeEmbeddedIn...) {
		papers = append(papers, p)
		it.Papers = append(it.Papers, p.ID)
	}
	if len(papers) > 0 {
		it.Standing = Present
		if !slices.ContainsFunc(papers, func(p matter.Paper) bool { return p.State == matter.Complete }) || unfinished(papers) {
			it.Standing = Underway
		}
		return it
	}
	truth, missing := Applies(d, known)
	switch truth {
	case fact.Yes:
		it.Standing = Missing
	case fact.Open:
		it.Standing, it.Facts = Question, missing
	case fact.No:
		it.Standing = NotApplicable
		if cond, err := fact.Compile(d.RulesOf().When); err == nil {
			it.Facts = cond.Uses()
		}
		for _, a := range f.Answers {
			if slices.Contains(it.Facts, a.Fact) {
				it.Reason, it.By = a.Reason, a.By
			}
		}
	}
	return it
}

// unfinished reports whether a paper was begun and neither ended nor declared void.
func unfinished(papers []matter.Paper) bool {
	return slices.ContainsFunc(papers, func(p matter.Paper) bool { return p.State != matter.Complete })
}

// serviceItem: every paper that goes to the party has its proof of service (R-10-01). Decisions are served in the next stage.
func serviceItem(f matter.File, d catalogue.Document, p matter.Paper) Item {
	it := Item{
		Key: "serve:" + string(p.ID), Sort: ForService, Article: "10(1)", Requirement: "R-10-01", Stage: d.Stage, Document: d.ID,
		Papers: []ident.PaperID{p.ID}, Standing: Missing,
	}
	if d.Stage == matter.Decision {
		it.Stage = matter.Execution
	}
	for _, s := range f.Deliveries {
		switch {
		case s.Paper != p.ID:
		case !s.Deemed.IsZero():
			it.Standing = Present
			return it
		default:
			it.Standing = Underway
		}
	}
	return it
}

// byMode are matters that are filmed only if the paper was served in this way.
var byMode = map[string]string{"AV-22": "lien", "AV-23": "announcement", "AV-15": "direct", "AV-20": "direct", "AV-35": "direct"}

// filmItem: a step whose matter is to be filmed has its recording, or the signed report that it was impossible (R-13-1a).
func filmItem(f matter.File, c catalogue.Catalogue, d catalogue.Document, p matter.Paper) (Item, bool) {
	it := Item{
		Key: "film:" + string(p.ID), Sort: ForFilm, Article: "13", Requirement: "R-13-1a", Stage: d.Stage, Document: d.ID,
		Papers: []ident.PaperID{p.ID}, Standing: Missing,
	}
	for _, id := range d.RecordingMatters {
		i := slices.IndexFunc(c.Matters, func(m catalogue.Matter) bool { return m.ID == id })
		if i < 0 || c.Matters[i].Requirement == "encouraged" || !slices.Contains(c.Matters[i].Acts, f.Case.Act) {
			continue
		}
		if mode, ok := byMode[id]; ok && !servedBy(f, p, mode) {
			continue
		}
		it.Matters = append(it.Matters, id)
	}
	if len(it.Matters) == 0 {
		return it, false
	}
	for _, l := range f.Links {
		if l.Paper == p.ID && l.Struck.IsZero() {
			it.Standing = Present
			return it, true
		}
	}
	if r := f.Done("unable-to-record-report"); len(r) > 0 {
		it.Standing, it.Report = Excused, r[0].ID
	}
	return it, true
}

// servedBy reports whether a paper was served in a way: itself, the papers a receipt names, or what a record of service
// says of itself.
func servedBy(f matter.File, p matter.Paper, mode string) bool {
	switch p.Type {
	case "service-receipt":
		return p.Values.Text("service_mode") == mode
	case "lien-service-record":
		return mode == "lien"
	case "public-service-notice", "demolition-announcement":
		return mode == "announcement"
	}
	return slices.ContainsFunc(f.Deliveries, func(d matter.Delivery) bool { return d.Paper == p.ID && d.Mode == mode })
}

// Owed lists what keeps the case from leaving a stage: everything owed in it and in the stages before.
func (l Checklist) Owed(stage string) []Item {
	at := matter.StageIndex(stage)
	var out []Item
	for _, it := range l.Items {
		if it.Standing.Owed() && matter.StageIndex(it.Stage) >= 0 && matter.StageIndex(it.Stage) <= at {
			out = append(out, it)
		}
	}
	return out
}

// Questions lists the facts that have to be answered before a stage can end, each once, in the vocabulary's order.
func (l Checklist) Questions(stage string) []fact.Fact {
	want := map[string]bool{}
	for _, it := range l.Owed(stage) {
		for _, id := range it.Facts {
			want[id] = want[id] || it.Standing == Question
		}
	}
	var out []fact.Fact
	for _, f := range fact.Facts() {
		if want[f.ID] && !f.Derived {
			out = append(out, f)
		}
	}
	return out
}

// Count tells how many items of a stage there are that apply, and how many of them are owed.
func (l Checklist) Count(stage string) (all, owed int) {
	for _, it := range l.Items {
		if it.Stage != stage || it.Standing == NotApplicable {
			continue
		}
		all++
		if it.Standing.Owed() {
			owed++
		}
	}
	return all, owed
}

// Next is what should be done next: the first thing missing, then what is under way, in the case's stage.
func (l Checklist) Next(stage string) (Item, bool) {
	owed := l.Owed(stage)
	for _, s := range []Standing{Missing, Underway, Question} {
		for _, it := range owed {
			if it.Standing == s {
				return it, true
			}
		}
	}
	return Item{}, false
}
