package papers

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/casefile"
	"zhilu.dev/zhilu/internal/casefile/delivery"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// maxForm is the largest form: a long text in each of its fields.
const maxForm = 8 << 20

// edits reads what the browser sent of a draft.
func (a area) edits(p *site.Page, s sheaf) ([]casefile.Edit, error) {
	p.R.Body = http.MaxBytesReader(p.W, p.R.Body, maxForm)
	if err := p.R.ParseForm(); err != nil {
		return nil, fault.Wrap(err, fault.TooLarge, "form.size", maxForm>>20)
	}
	base, err := strconv.Atoi(p.Value("revision"))
	if err != nil {
		base = 0 // an unknown revision overwrites nobody
	}
	r := reader{officers: map[string]form.Person{}, links: map[string]form.RecordingRef{}, files: map[string]form.FileRef{}}
	var sent []catalogue.Field // a script sends what changed, and what that can choose from is looked up alone
	for _, f := range s.doc.Fields {
		if came(p.R.PostForm, prefix+f.ID) {
			sent = append(sent, f)
		}
	}
	has := func(kinds ...string) bool {
		return slices.ContainsFunc(sent, func(f catalogue.Field) bool { return slices.Contains(kinds, f.Type) })
	}
	if has("officer", "officer-list") {
		people, err := a.d.Officers(p.Context(), s.file.Case.Department)
		if err != nil {
			return nil, err
		}
		for _, x := range people {
			r.officers[string(x.ID)] = form.Person{ID: string(x.ID), Name: x.Name, Certificate: x.Certificate}
		}
	}
	for _, l := range s.file.Links {
		if !has("recording-ref-list") {
			break
		}
		ref := form.RecordingRef{Recording: string(l.Recording), Text: a.d.Recording(p.Context(), l.Recording)}
		if !l.From.IsZero() {
			ref.At = l.From.Format(time.RFC3339)
		}
		r.links[string(l.Recording)] = ref
	}
	if has("file", "file-list") {
		files, err := a.d.Cases.Attachments(p.Context(), p.Actor, s.file.Case.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			r.files[string(f.ID)] = f.Ref()
		}
	}
	var out []casefile.Edit
	for _, f := range sent {
		if v, ok := r.value(f, p.R.PostForm); ok {
			out = append(out, casefile.Edit{Field: f.ID, Value: v, Base: base})
		}
	}
	return out, nil
}

// save takes the whole form; do=sign or do=check goes on to show what is missing.
func (a area) save(p *site.Page) error {
	s, err := a.load(p)
	if err != nil {
		return err
	}
	edits, err := a.edits(p, s)
	if err != nil {
		return err
	}
	saved, err := a.d.Cases.Save(p.Context(), p.Actor, s.paper.ID, edits)
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, bad, false)
	}
	if err != nil {
		return err
	}
	switch {
	case len(saved.Problems) > 0, p.Value("do") == "check":
		return p.Redirect(paperPath(s.paper.ID) + "?check=1")
	case p.Value("do") == "leave":
		return p.Redirect(casePath(s.file.Case.ID))
	}
	return p.Redirect(paperPath(s.paper.ID))
}

// answer is what the page's script is told after a saving.
type answer struct {
	Revision int               `json:"revision"`
	Saved    string            `json:"saved"`
	Problems map[string]string `json:"problems,omitempty"`
	Clash    string            `json:"clash,omitempty"`
	Others   []string          `json:"others,omitempty"`
	Error    string            `json:"error,omitempty"`
}

// autosave takes the fields that changed.
func (a area) autosave(p *site.Page) error {
	s, err := a.load(p)
	if err != nil {
		return err
	}
	edits, err := a.edits(p, s)
	if err != nil {
		return err
	}
	saved, err := a.d.Cases.Save(p.Context(), p.Actor, s.paper.ID, edits)
	out := answer{Revision: saved.Revision, Saved: p.P.T("paper.saved_at", p.P.ClockSec(p.Now)), Problems: map[string]string{}}
	if bad, ok := refusal.Of(p.P, err); ok {
		out.Error = bad.What + "。" + bad.Do
	} else if err != nil {
		return err
	}
	for _, x := range saved.Problems {
		out.Problems[x.Field] = problemText(p.P, x)
	}
	if len(saved.Clashes) > 0 {
		out.Clash = p.P.T("paper.clash_found", len(saved.Clashes))
	}
	for f := range saved.Others {
		out.Others = append(out.Others, f)
	}
	p.W.Header().Set("Content-Type", "application/json; charset=utf-8")
	return json.NewEncoder(p.W).Encode(out)
}

// then answers an action: back to the page, or the page again with why not.
func (a area) then(p *site.Page, err error) error {
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, bad, true)
	}
	if err != nil {
		return err
	}
	return p.Redirect("/papers/" + p.R.PathValue("id"))
}

func id(p *site.Page) ident.PaperID { return ident.PaperID(p.R.PathValue("id")) }

func (a area) settle(p *site.Page) error {
	return a.then(p, a.d.Cases.Settle(p.Context(), p.Actor, id(p), ident.ClashID(p.Value("clash")), p.Value("take") == "other"))
}

func (a area) attach(p *site.Page) error {
	content, name, err := p.File("file", casefile.AttachmentLimit)
	if err == nil {
		_, err = a.d.Cases.Attach(p.Context(), p.Actor, id(p), name, content)
	}
	return a.then(p, err)
}

func (a area) sign(p *site.Page) error {
	m := casefile.Mark{
		Role: p.Value("role"), Mode: matter.SignMode(p.Value("mode")), Name: p.Value("name"), Reason: p.Value("reason"), Witness: p.Value("witness"),
		File: idOf[ident.AttachmentID](p.Value("file")),
	}
	if raw, ok := strings.CutPrefix(p.Value("image"), "data:image/png;base64,"); ok && m.Mode == matter.Drawn {
		if picture, err := base64.StdEncoding.DecodeString(raw); err == nil {
			m.Image = picture
		}
	}
	return a.then(p, a.d.Cases.Sign(p.Context(), p.Actor, id(p), m))
}

func (a area) submit(p *site.Page) error {
	var texts []ident.PaperID
	for _, t := range p.Values("texts") {
		texts = append(texts, ident.PaperID(t))
	}
	return a.then(p, a.d.Cases.Submit(p.Context(), p.Actor, id(p), texts))
}

func (a area) recall(p *site.Page) error {
	return a.then(p, a.d.Cases.Recall(p.Context(), p.Actor, id(p)))
}

func (a area) decide(p *site.Page) error {
	return a.then(p, a.d.Cases.Decide(p.Context(), p.Actor, id(p), p.Value("do") == "agree", p.Value("opinion")))
}

func (a area) correct(p *site.Page) error {
	return a.then(p, a.d.Cases.Correct(p.Context(), p.Actor, id(p), p.Value("reason")))
}

func (a area) void(p *site.Page) error {
	return a.then(p, a.d.Cases.Void(p.Context(), p.Actor, id(p), p.Value("reason")))
}

// asked are the mode's demands that a form answers with yes or no.
var asked = []string{"receipt", "left_at_home", "pictures", "agreed", "same_box", "arrived", "slip", "difficult", "letter", "lost"}

func (a area) serve(p *site.Page) error {
	v := matter.Delivery{
		Paper: id(p), Mode: p.Value("mode"), Recipient: p.Value("recipient"), Relation: p.Value("relation"), Place: p.Value("place"), Reason: p.Value("reason"),
		Course: p.Value("course"), Witness: p.Value("witness"), Returned: p.Value("returned") == "yes", Receipt: idOf[ident.PaperID](p.Value("receipt_paper")),
		ID: idOf[ident.DeliveryID](p.Value("delivery")),
	}
	var err error
	if v.Sent, err = p.Moment("sent"); err != nil {
		return a.then(p, err)
	}
	if v.Taken, err = p.Moment("taken"); err != nil {
		return a.then(p, err)
	}
	said := map[string]string{}
	for _, k := range asked {
		if x := p.Value("said_" + k); x == "yes" || x == "no" {
			said[k] = x
		}
	}
	if v.Answers, err = json.Marshal(said); err != nil {
		return err
	}
	_, err = a.d.Cases.Serve(p.Context(), p.Actor, v)
	return a.then(p, err)
}

// serving lists how a paper was served, with what each service lacks.
func (a area) serving(p *site.Page, s sheaf, v *paperView) error {
	if !s.doc.ServedOnParty {
		return nil
	}
	for _, x := range s.file.Deliveries {
		if x.Paper != s.paper.ID {
			continue
		}
		verdict, err := a.d.Cases.Judged(p.Context(), s.file, x)
		if err != nil {
			return err
		}
		r := served{
			Title: p.P.T("paper.served_line", p.P.T("delivery.mode."+x.Mode), x.Recipient), When: p.P.When(x.When(), p.Now),
			State: p.P.T("delivery.state." + string(verdict.State)), Tone: ui.Due, Icon: "clock",
		}
		switch verdict.State {
		case delivery.Served:
			r.Tone, r.Icon, r.State = ui.OK, "circle-check", p.P.T("paper.served_on", verdict.On)
		case delivery.NotServed, delivery.Contradictory:
			r.Tone, r.Icon = ui.Late, "circle-x"
		case delivery.Running, delivery.CannotJudge:
		}
		for _, l := range verdict.Lacks {
			r.Lacks = append(r.Lacks, p.P.T("paper.lack", word(p.P, "delivery.lack."+l.Code, l.Code), l.Article))
		}
		for _, l := range verdict.Owed {
			r.Lacks = append(r.Lacks, p.P.T("paper.lack_owed", word(p.P, "delivery.lack."+l.Code, l.Code), l.Article))
		}
		for _, c := range verdict.Contradictions {
			r.Lacks = append(r.Lacks, word(p.P, "delivery.contradiction."+string(c), string(c)))
		}
		v.Served = append(v.Served, r)
	}
	v.CanServe = s.file.Handles(p.Actor.Person) && (s.paper.State == matter.Complete || s.paper.State == matter.Fixed)
	if !v.CanServe {
		return nil
	}
	for _, m := range delivery.Modes() {
		v.Modes = append(v.Modes, ui.Option{Value: string(m), Text: p.P.T("delivery.mode." + string(m)), On: m == delivery.Direct})
	}
	for _, r := range []delivery.Recipient{delivery.Addressee, delivery.LegalRep, delivery.Receiver, delivery.Relative, delivery.Agent, delivery.Designee, delivery.Other} {
		v.Relations = append(v.Relations, ui.Option{Value: string(r), Text: p.P.T("delivery.recipient." + string(r))})
	}
	v.Demands, v.Receipts = asked, receipts(p.P, s.file)
	return nil
}

func word(p locale.Printer, key, code string) string {
	if p.Has(key) {
		return p.T(key)
	}
	return code
}

func textsOf[T any](v form.Values, id string, text func(T) string) []string {
	var list []T
	if json.Unmarshal(v[id], &list) != nil {
		return nil
	}
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = text(x)
	}
	return out
}
