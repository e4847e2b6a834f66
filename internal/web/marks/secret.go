package marks

import (
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// secretView is what the competent office wrote about a suspected state secret and what was done on it (decision 21).
type secretView struct {
	List     []instructionView
	Left     *ui.NoteView // which places are not witnessed as dealt with
	Instruct *ui.Action
	Form     *secretForm
}

type instructionView struct {
	Title   string
	Facts   []string
	Words   string
	Done    []executionView
	Execute *ui.Action
}

type executionView struct {
	Places  string
	Facts   []string
	Words   string
	Witness string // what the second person confirmed
	Open    bool
	Action  *ui.Action
}

// secretForm is one of three forms.
type secretForm struct {
	Title  string
	Note   string
	Form   ui.FormView
	Inputs []ui.Field
	Radio  *ui.Field
	Checks *ui.Field
	Words  ui.Field
}

// traceView is one place where bytes of the recording have been.
type traceView struct{ When, Who, What, Entry string }

// secret fills the part of the page that is about a suspected state secret, if such a mark was ever put.
func (a Area) secret(p *site.Page, r recording.Recording, all []marking.Marking, v *pageView, bad refusal.Fault, at open) error {
	i := slices.IndexFunc(all, func(m marking.Marking) bool { return m.Mark == marking.StateSecret })
	if i < 0 {
		return nil
	}
	if k := slices.IndexFunc(all, func(m marking.Marking) bool { return m.Mark == marking.StateSecret && m.Stands() }); k >= 0 {
		i = k
	}
	list, err := a.d.Marks.Instructions(p.Context(), p.Actor, r.ID)
	if err != nil {
		return err
	}
	s := &secretView{}
	v.Secret = s
	may := v.Frozen && p.May(access.MarkingExecute, subject(r))
	var done []marking.Execution
	for k := range list {
		in := &list[k]
		s.List = append(s.List, a.instruction(p, r, in, may && at.execute != string(in.ID), at))
		if all[i].ID == in.Marking {
			done = append(done, in.Done...)
		}
		if may && in.Carried() && at.execute == string(in.ID) {
			s.Form = executeForm(p, r, in, bad)
		}
	}
	if !v.Frozen {
		return nil
	}
	if v.Lift == nil && s.Form == nil && p.May(access.MarkingInstruct, subject(r)) {
		if at.instruct == string(all[i].ID) {
			s.Form = instructForm(p, r, all[i].ID, bad)
		} else {
			s.Instruct = &ui.Action{Text: p.P.T("marking.instruct"), Href: address(r.ID) + "?instruct=" + string(all[i].ID) + "#instruct", Icon: "file-text"}
		}
	}
	if e := find(list, at.witness); e != nil && s.Form == nil && a.d.Marks.MayWitness(p.Context(), p.Actor, r.ID, e) {
		s.Form = witnessForm(p, r, e, bad)
	}
	entries, err := a.d.Traces(p.Context(), r.ID)
	if err != nil {
		return err
	}
	actions := make([]string, len(entries))
	v.Traces = make([]traceView, len(entries))
	for k, e := range entries {
		actions[k] = e.Action
		v.Traces[k] = traceView{
			When: p.P.When(e.At, p.Now), Who: record.Harmless(a.d.ActorName(p.Context(), e.Actor)), What: record.Word(p.P, "action", e.Action), Entry: string(e.ID),
		}
	}
	if slices.ContainsFunc(list, func(i marking.Instruction) bool { return i.Carried() }) {
		n := ui.NoteView{Icon: "circle-check", Tone: ui.OK, Text: p.P.T("marking.all_cleared")}
		if left := marking.Uncleared(marking.Known(actions), done); len(left) > 0 {
			n = ui.NoteView{Icon: "alert-triangle", Tone: ui.Due, Text: p.P.T("marking.uncleared", places(p, left))}
		}
		s.Left = &n
	}
	return nil
}

func find(list []marking.Instruction, id string) *marking.Execution {
	for i := range list {
		for k := range list[i].Done {
			if string(list[i].Done[k].ID) == id {
				return &list[i].Done[k]
			}
		}
	}
	return nil
}

func places(p *site.Page, list []marking.Place) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = record.Word(p.P, "marking.place", string(x))
	}
	return strings.Join(out, p.P.T("library.and"))
}

// instruction is one as it is told; may says whether what was done on it may be entered.
func (a Area) instruction(p *site.Page, r recording.Recording, in *marking.Instruction, may bool, at open) instructionView {
	pr := p.P
	v := instructionView{
		Title: record.Word(pr, "marking.order", string(in.Orders)), Words: record.Harmless(in.Words),
		Facts: []string{record.Harmless(in.Office), record.Harmless(in.Number), in.Dated, pr.T("marking.instruct_by", record.Harmless(in.ByName), pr.When(in.At, p.Now))},
	}
	for k := range in.Done {
		e := &in.Done[k]
		x := executionView{
			Places: places(p, e.Places), Words: record.Harmless(e.Words), Open: e.WitnessAt.IsZero(),
			Facts: []string{pr.T("marking.execute_by", record.Harmless(e.ByName), pr.When(e.DoneAt, p.Now))},
		}
		if x.Open {
			x.Facts = append(x.Facts, pr.T("marking.witness_open"))
			if at.witness != string(e.ID) && a.d.Marks.MayWitness(p.Context(), p.Actor, r.ID, e) {
				x.Action = &ui.Action{Text: pr.T("marking.witness"), Href: address(r.ID) + "?witness=" + string(e.ID) + "#instruct"}
			}
		} else {
			x.Facts = append(x.Facts, pr.T("marking.witness_by", record.Harmless(e.WitnessName), pr.When(e.WitnessAt, p.Now)))
			x.Witness = record.Harmless(e.WitnessWords)
		}
		v.Done = append(v.Done, x)
	}
	if may && in.Carried() {
		v.Execute = &ui.Action{Text: pr.T("marking.execute"), Href: address(r.ID) + "?execute=" + string(in.ID) + "#instruct"}
	}
	return v
}

func (f *secretForm) finish(p *site.Page, r recording.Recording, action, label string, bad refusal.Fault) *secretForm {
	fields := slices.Clone(f.Inputs)
	for _, x := range []*ui.Field{f.Radio, f.Checks} {
		if x != nil {
			fields = append(fields, *x)
		}
	}
	f.Form = ui.FormView{
		Action: action, Label: label, Errors: bad.Errors(append(fields, f.Words)...),
		Buttons: []ui.Action{{Text: label, Primary: true}, {Text: p.P.T("form.cancel"), Href: address(r.ID)}},
	}
	return f
}

func instructForm(p *site.Page, r recording.Recording, id ident.MarkingID, bad refusal.Fault) *secretForm {
	pr := p.P
	orders := ui.Field{Name: "orders", Label: pr.T("marking.orders")}
	for _, o := range marking.Orders() {
		orders.Options = append(orders.Options, ui.Option{Value: string(o), Text: pr.T("marking.order." + string(o)), On: p.Value("orders") == string(o)})
	}
	orders = bad.Mark(orders)
	f := &secretForm{
		Title: pr.T("marking.instruct"), Radio: &orders,
		Inputs: []ui.Field{
			bad.Mark(ui.Field{Name: "office", Label: pr.T("marking.office"), Hint: pr.T("marking.office_hint"), Value: p.Value("office"), Max: 100, Auto: "off"}),
			bad.Mark(ui.Field{Name: "number", Label: pr.T("marking.number"), Value: p.Value("number"), Max: 100, Auto: "off"}),
			bad.Mark(ui.Field{Name: "dated", Label: pr.T("marking.dated"), Type: "date", Value: p.Value("dated")}),
		},
		Words: bad.Mark(ui.Field{Name: "words", Label: pr.T("marking.instruct_words"), Hint: pr.T("marking.instruct_words_hint"), Value: p.Value("words"), Max: 500, Rows: 3, Optional: true}),
	}
	return f.finish(p, r, address(r.ID)+"/"+string(id)+"/instructions", pr.T("marking.instruct"), bad)
}

func executeForm(p *site.Page, r recording.Recording, in *marking.Instruction, bad refusal.Fault) *secretForm {
	pr := p.P
	where := ui.Field{Name: "places", Label: pr.T("marking.places")}
	for _, x := range marking.Places() {
		where.Options = append(where.Options, ui.Option{Value: string(x), Text: pr.T("marking.place." + string(x)), On: slices.Contains(p.Values("places"), string(x))})
	}
	where = bad.Mark(where)
	f := &secretForm{
		Title: pr.T("marking.execute_of", record.Harmless(in.Number), pr.T("marking.order."+string(in.Orders))), Note: pr.T("marking.execute_note"), Checks: &where,
		Inputs: []ui.Field{bad.Mark(ui.Field{Name: "done", Label: pr.T("marking.done"), Type: "datetime-local", Value: p.Value("done")})},
		Words:  bad.Mark(ui.Field{Name: "words", Label: pr.T("marking.how"), Hint: pr.T("marking.how_hint"), Value: p.Value("words"), Max: 500, Rows: 3}),
	}
	return f.finish(p, r, record.Path(r.ID)+"/instructions/"+string(in.ID)+"/executions", pr.T("marking.execute"), bad)
}

func witnessForm(p *site.Page, r recording.Recording, e *marking.Execution, bad refusal.Fault) *secretForm {
	pr := p.P
	f := &secretForm{
		Title: pr.T("marking.witness"), Note: pr.T("marking.witness_note"),
		Words: bad.Mark(ui.Field{Name: "words", Label: pr.T("marking.witness_words"), Value: p.Value("words"), Max: 500, Rows: 3}),
	}
	return f.finish(p, r, record.Path(r.ID)+"/executions/"+string(e.ID)+"/witness", pr.T("marking.witness"), bad)
}

func (a Area) instruct(p *site.Page) error {
	id, err := site.PathID[ident.MarkingID](p, "mark", "marking.unknown")
	if err != nil {
		return err
	}
	return a.act(p, open{instruct: string(id)}, func(recording.Recording) error {
		_, err := a.d.Marks.Instruct(p.Context(), p.Actor, id, marking.Instruction{
			Office: p.Value("office"), Number: p.Value("number"), Dated: p.Value("dated"), Orders: marking.Order(p.Value("orders")), Words: p.Value("words"),
		})
		return err
	})
}

func (a Area) execute(p *site.Page) error {
	id, err := site.PathID[ident.InstructionID](p, "instruction", "marking.no_instruction")
	if err != nil {
		return err
	}
	return a.act(p, open{execute: string(id)}, func(recording.Recording) error {
		done, err := p.Moment("done")
		if err == nil && done.IsZero() {
			done, err = time.Time{}, fault.New(fault.Invalid, "marking.done").At("done")
		}
		if err != nil {
			return err
		}
		var places []marking.Place
		for _, x := range p.Values("places") {
			places = append(places, marking.Place(x))
		}
		_, err = a.d.Marks.Execute(p.Context(), p.Actor, id, places, done, p.Value("words"))
		return err
	})
}

func (a Area) witness(p *site.Page) error {
	id, err := site.PathID[ident.ExecutionID](p, "execution", "marking.no_execution")
	if err != nil {
		return err
	}
	return a.act(p, open{witness: string(id)}, func(recording.Recording) error {
		return a.d.Marks.Witness(p.Context(), p.Actor, id, p.Value("words"))
	})
}
