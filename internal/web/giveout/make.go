package giveout

import (
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// formView is the form on which somebody says what goes into a package.
type formView struct {
	Head   ui.HeadView
	Facts  []ui.Fact
	Form   ui.FormView
	Items  []ui.Field
	Papers *ui.Field
	How    ui.Field
	Key    ui.Field
}

const (
	original = "original"
	leaveOut = "none"
	byKey    = "key"
	byPass   = "pass"
)

func requestNo(p *site.Page) (int64, error) {
	no, err := strconv.ParseInt(p.Value("request"), 10, 64)
	if err != nil || no < 1 {
		return 0, fault.Wrap(err, fault.NotFound, "viewing.unknown")
	}
	return no, nil
}

func (a area) form(p *site.Page) error {
	no, err := requestNo(p)
	if err != nil {
		return err
	}
	return a.formPage(p, no, refusal.Fault{})
}

func (a area) formPage(p *site.Page, no int64, bad refusal.Fault) error {
	c, err := a.Given.Choose(p.Context(), p.Actor, no)
	if err != nil {
		return err
	}
	pr, r := p.P, c.Request
	v := formView{Head: ui.HeadView{
		Crumbs: []ui.Link{{Text: pr.T("viewing.title"), Href: "/viewings"}, {Text: pr.T("viewing.request_no", r.No), Href: "/viewings/" + string(r.ID)}},
		Title:  pr.T("disclosure.make"), Sub: pr.T("disclosure.make_sub"),
	}}
	v.Facts = []ui.Fact{ui.FactText(pr.T("disclosure.manner"), pr.T("viewing.manner."+string(r.Manner)), "")}
	if r.To.Body != "" {
		v.Facts = append(v.Facts, ui.FactText(pr.T("disclosure.to"), record.Harmless(r.To.Body), record.Harmless(r.To.Person)))
	}
	v.Facts = append(v.Facts, ui.FactText(pr.T("disclosure.basis"), record.Harmless(r.To.Basis), ""), ui.FactText(pr.T("disclosure.purpose"), record.Harmless(r.Words), ""),
		ui.FactText(pr.T("disclosure.approved"), r.DecidedName, record.Harmless(r.DecidedWords)), ui.FactText(pr.T("viewing.until_granted"), pr.Long(r.Until), ""))
	for n, i := range c.Items {
		v.Items = append(v.Items, itemField(p, n, i))
	}
	if len(c.Papers) > 0 {
		f := ui.Field{Name: "paper", Label: pr.T("disclosure.papers"), Optional: true}
		for _, x := range c.Papers {
			f.Options = append(f.Options, ui.Option{Value: string(x.ID), Text: record.Harmless(x.Title + " " + x.No), On: chosen(p.Values("paper"), string(x.ID))})
		}
		f = bad.Mark(f, "papers")
		v.Papers = &f
	}
	how := p.Value("how")
	v.How = ui.Field{Name: "how", Label: pr.T("disclosure.how"), Options: []ui.Option{
		{Value: byKey, Text: pr.T("disclosure.by_key"), On: how != byPass}, {Value: byPass, Text: pr.T("disclosure.by_pass"), On: how == byPass},
	}}
	v.Key = bad.Mark(ui.Field{Name: "key", Label: pr.T("disclosure.key"), Hint: pr.T("disclosure.key_hint"), Value: p.Value("key"), Optional: true, Max: 2500, Auto: "off"})
	v.Form = ui.FormView{
		Action: Path, Label: v.Head.Title, Hidden: []ui.Hidden{{Name: "request", Value: strconv.FormatInt(no, 10)}},
		Buttons: []ui.Action{{Text: pr.T("disclosure.make"), Icon: "send", Primary: true}},
	}
	fields := append([]ui.Field{}, v.Items...)
	if v.Papers != nil {
		fields = append(fields, *v.Papers)
	}
	if len(v.Items) > 0 {
		v.Items[0] = bad.Mark(v.Items[0], "items")
		fields[0] = v.Items[0]
	}
	v.Form.Errors = bad.Errors(append(fields, v.Key)...)
	if bad.What != "" {
		return p.Refused(v.Head.Title, makePage(pr, v))
	}
	return p.Render(v.Head.Title, makePage(pr, v))
}

func chosen(list []string, value string) bool {
	for _, s := range list {
		if s == value {
			return true
		}
	}
	return false
}

// itemField offers what of one recording may be given out; what may not is said with its reason.
func itemField(p *site.Page, n int, c disclosure.Choice) ui.Field {
	pr, name := p.P, "item-"+string(c.Recording)
	f := ui.Field{Name: name, Label: pr.T("disclosure.item", n+1, record.Harmless(c.Name))}
	was, any := p.Value(name), false
	add := func(value, text string) {
		on := was == value || was == "" && !any
		any = any || on
		f.Options = append(f.Options, ui.Option{Value: value, Text: text, On: on})
	}
	for _, x := range c.Copies {
		key := "disclosure.clip"
		if x.Masked {
			key = "disclosure.masked"
		}
		add(x.ID, pr.T(key, x.No, pr.Exact(x.From), until(p, x.To)))
	}
	if c.Original {
		add(original, pr.T("disclosure.original"))
	} else {
		f.Hint = pr.Fault(fault.New(fault.Conflict, c.Why)).What
	}
	add(leaveOut, pr.T("disclosure.leave_out"))
	return f
}

func until(p *site.Page, d time.Duration) string {
	if d == 0 {
		return p.P.T("disclosure.end")
	}
	return p.P.Exact(d)
}

func (a area) make(p *site.Page) error {
	no, err := requestNo(p)
	if err != nil {
		return err
	}
	o := disclosure.Order{Request: no}
	for name := range p.R.PostForm {
		rec, ok := cut(name, "item-")
		v := p.Value(name)
		if !ok || v == leaveOut || v == "" {
			continue
		}
		i := disclosure.Item{Recording: ident.RecordingID(rec), Copy: v}
		if v == original {
			i.Copy = ""
		}
		o.Items = append(o.Items, i)
	}
	sortItems(o.Items)
	for _, s := range p.Values("paper") {
		o.Papers = append(o.Papers, ident.PaperID(s))
	}
	if p.Value("how") != byPass {
		if o.Recipient = p.Value("key"); o.Recipient == "" {
			o.Recipient = "-" // no key where one was chosen is a fault of the form
		}
	}
	d, err := a.Given.Make(p.Context(), p.Actor, o)
	if err == nil {
		return p.Redirect(path(d.ID))
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.formPage(p, no, bad)
	}
	return err
}
