package viewings

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// requestView is the page of one request: the request as one sentence, what it is about, and what can be done.
type requestView struct {
	Head     ui.HeadView
	Sentence string
	Cite     ui.Cite
	Facts    []ui.Fact
	Items    []itemView
	Answer   *ui.NoteView
	Alert    *ui.NoteView // what could not be done, where its form is not there any more
	Decide   *decideView
	Withdraw *ui.ConfirmView
	Revoke   *decideView
	LooksRef string
	Loans    *loansView
}

// decideView is the form of a decision.
type decideView struct {
	Form  ui.FormView
	Until *ui.Field
	Words ui.Field
	Title string
	Text  string
}

func (a Area) request(p *site.Page) (*viewing.Request, error) {
	id, err := ident.Parse[ident.ViewingID](p.R.PathValue("id"))
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "viewing.unknown")
	}
	return a.Viewings.Get(p.Context(), p.Actor, id)
}

func (a Area) show(p *site.Page) error {
	r, err := a.request(p)
	if err != nil {
		return err
	}
	return a.page(p, r, refusal.Fault{}, "")
}

// page shows a request; bad is what was wrong with the form named by which.
func (a Area) page(p *site.Page, r *viewing.Request, bad refusal.Fault, which string) error {
	pr := p.P
	words, icon, tone := state(pr, r, p)
	v := requestView{
		Head: ui.HeadView{
			Crumbs: []ui.Link{{Text: pr.T("viewing.title"), Href: Path}}, Title: pr.T("viewing.request_no", r.No),
			Sub: pr.When(r.AskedAt, p.Now), Marks: ui.BadgeText(words, icon, tone),
		},
		Cite: ui.Cite{Article: "23"},
	}
	if r.Manner.Outside() {
		v.Cite.Article = "20"
	}
	what, err := a.what(p, r)
	if err != nil {
		return err
	}
	v.Sentence = pr.T("viewing.sentence."+string(r.Manner), r.ViewerName, what, pr.When(r.AskedUntil, p.Now), purpose(pr, r.Purpose))
	if err := a.facts(p, r, &v); err != nil {
		return err
	}
	if r.Case != "" {
		c, err := a.Viewings.CaseOf(p.Context(), r.Case)
		if err != nil {
			return err
		}
		v.Items = append(v.Items, caseItem(pr, c))
	}
	for _, i := range r.Items {
		rec, err := a.Recordings.Brief(p.Context(), i.Recording)
		if err != nil {
			return err
		}
		x := item(pr, rec, p.Now)
		x.Second = strings.Trim(x.Second+pr.T("viewing.comma")+span(pr, i), pr.T("viewing.comma"))
		v.Items = append(v.Items, x)
	}
	a.actions(p, r, &v, bad, which)
	if v.Loans, err = a.loans(p, r, bad, which); err != nil {
		return err
	}
	if r.Viewer == p.Actor.Person && (r.State == viewing.Granted || r.State == viewing.Expired) {
		v.Head.Actions = append(v.Head.Actions, ui.Action{Text: pr.T("viewing.renew"), Href: newPath + "?renews=" + string(r.ID), Icon: "refresh"})
	}
	title := v.Head.Title
	if bad.What != "" {
		if !v.says() {
			v.Alert = &ui.NoteView{Tone: ui.Late, Icon: "alert-circle", Bold: bad.What, Text: bad.Do}
		}
		return p.Refused(title, requestPage(pr, v))
	}
	return p.Render(title, requestPage(pr, v))
}

// says reports whether one of the page's forms shows what was wrong.
func (v *requestView) says() bool {
	if v.Decide != nil && len(v.Decide.Form.Errors) > 0 || v.Revoke != nil && len(v.Revoke.Form.Errors) > 0 {
		return true
	}
	if v.Loans == nil {
		return false
	}
	return v.Loans.Hand != nil && len(v.Loans.Hand.Errors) > 0 ||
		slices.ContainsFunc(v.Loans.Rows, func(x loanView) bool { return x.Take != nil && len(x.Take.Errors) > 0 })
}

func (a Area) facts(p *site.Page, r *viewing.Request, v *requestView) error {
	pr := p.P
	names, err := a.People.Names(p.Context(), []ident.PersonID{r.Approver})
	if err != nil {
		return err
	}
	tree, err := a.People.Tree(p.Context())
	if err != nil {
		return err
	}
	owner := ""
	if d, found := tree.Find(r.Department); found {
		owner = d.Name
	}
	v.Facts = []ui.Fact{
		ui.FactText(pr.T("viewing.who"), r.ViewerName, dept(pr, r.ViewerDept)),
		ui.FactText(pr.T("viewing.manner"), manner(pr, r.Manner), ""),
		ui.FactText(pr.T("viewing.purpose"), purpose(pr, r.Purpose), ""),
		ui.FactText(pr.T("viewing.words"), record.Harmless(r.Words), ""),
		ui.FactText(pr.T("viewing.until_asked"), pr.Long(r.AskedUntil), ""),
		ui.FactText(pr.T("viewing.owner"), owner, ""),
	}
	for _, x := range []struct{ key, value string }{
		{"to_body", r.To.Body}, {"to_person", r.To.Person}, {"to_contact", r.To.Contact}, {"to_basis", r.To.Basis},
	} {
		if x.value != "" {
			v.Facts = append(v.Facts, ui.FactText(pr.T("viewing."+x.key), record.Harmless(x.value), ""))
		}
	}
	if r.Quorum > 1 {
		v.Facts = append(v.Facts, ui.FactText(pr.T("viewing.quorum"), pr.T("viewing.quorum_two"), ""))
	}
	if r.FirstBy != "" {
		v.Facts = append(v.Facts, ui.FactText(pr.T("viewing.first"), pr.T("viewing.decided_by", pr.T("viewing.consented"), r.FirstName), pr.When(r.FirstAt, p.Now)))
	}
	switch r.State {
	case viewing.Asked:
		level := r.Level
		if r.AwaitsSecond() {
			level = r.SecondLevel
		}
		v.Facts = append(v.Facts, ui.FactText(pr.T("viewing.decider"), names[r.Approver], pr.T("role."+string(level))))
	case viewing.Withdrawn:
		v.Facts = append(v.Facts, ui.FactText(pr.T("viewing.ended"), pr.When(r.EndedAt, p.Now), ""))
	case viewing.Granted, viewing.Refused, viewing.Revoked, viewing.Expired:
		answer := pr.T("viewing.consented")
		if r.State == viewing.Refused {
			answer = pr.T("viewing.refused")
		}
		v.Facts = append(v.Facts, ui.FactText(pr.T("viewing.decision"), pr.T("viewing.decided_by", answer, r.DecidedName), pr.When(r.DecidedAt, p.Now)))
		if r.DecidedWords != "" {
			v.Facts = append(v.Facts, ui.FactText(pr.T("viewing.decision_words"), record.Harmless(r.DecidedWords), ""))
		}
		if !r.Until.IsZero() {
			v.Facts = append(v.Facts, ui.FactText(pr.T("viewing.until_granted"), pr.Long(r.Until), ""))
		}
	}
	if r.State == viewing.Revoked {
		v.Facts = append(v.Facts, ui.FactText(pr.T("viewing.revoked"), pr.T("viewing.revoked_by", r.EndedName, record.Harmless(r.EndedWords)), pr.When(r.EndedAt, p.Now)))
	}
	return nil
}

// actions adds what this reader may do about the request.
func (a Area) actions(p *site.Page, r *viewing.Request, v *requestView, bad refusal.Fault, which string) {
	pr := p.P
	mine := r.Viewer == p.Actor.Person
	if p.May(access.RegisterList, access.Subject{Kind: "register"}) && r.State != viewing.Asked {
		v.LooksRef = registerPath + "?request=" + string(r.ID)
	}
	switch {
	case r.State == viewing.Asked && a.Viewings.May(p.Actor, access.ViewingDecide, r):
		v.Decide = decision(p, r, bad, which)
		switch {
		case r.Manner.Outside():
			v.Decide.Text = pr.T("viewing.decide_outside")
		case r.Case != "" && len(r.Items) == 0:
			v.Decide.Text = pr.T("viewing.decide_case")
		case r.Manner == viewing.MannerCopy, r.Manner == viewing.MannerBorrow:
			v.Decide.Text = pr.T("viewing.decide_copy")
		}
		if r.Quorum > 1 && !r.AwaitsSecond() {
			v.Decide.Until = nil // who decides second says until when
		}
	case r.State == viewing.Asked && mine:
		v.Answer = &ui.NoteView{Icon: "clock", Text: pr.T("viewing.waits_" + string(r.Level))}
		if r.AwaitsSecond() {
			v.Answer.Text = pr.T("viewing.waits_second")
		}
		v.Withdraw = &ui.ConfirmView{
			ID: "withdraw", Open: ui.Action{Text: pr.T("viewing.withdraw")}, Title: pr.T("viewing.withdraw_title"), Text: pr.T("viewing.withdraw_text"),
			Action: path(r.ID) + "/withdraw", Yes: pr.T("viewing.withdraw"),
		}
	case r.InForce(p.Now):
		if mine {
			v.Answer = &ui.NoteView{Icon: "eye", Text: pr.T("viewing.may_look")}
			if r.Case != "" && len(r.Items) == 0 {
				v.Answer = &ui.NoteView{Icon: "download", Text: pr.T("viewing.may_take")}
			}
			if r.Manner.Outside() {
				v.Answer = &ui.NoteView{
					Icon: "send", Text: pr.T("viewing.may_give"),
					Links: []ui.Link{{Text: pr.T("disclosure.make"), Href: "/disclosures/new?request=" + strconv.FormatInt(r.No, 10)}, {Text: pr.T("disclosure.title"), Href: "/disclosures"}},
				}
			}
		}
		if a.Viewings.May(p.Actor, access.ViewingRevoke, r) {
			v.Revoke = revocation(p, r, bad, which, mine)
		}
	}
}

func decision(p *site.Page, r *viewing.Request, bad refusal.Fault, which string) *decideView {
	pr := p.P
	until := ui.Field{
		Name: "until", Label: pr.T("viewing.grant_until"), Hint: pr.T("viewing.grant_until_hint"), Type: "datetime-local",
		Value: r.AskedUntil.In(shanghai).Format("2006-01-02T15:04"),
	}
	d := &decideView{
		Title: pr.T("viewing.decide"), Text: pr.T("viewing.decide_text"),
		Words: ui.Field{Name: "words", Label: pr.T("viewing.decision_words"), Hint: pr.T("viewing.decision_hint"), Optional: true, Max: 500},
		Form: ui.FormView{Action: path(r.ID) + "/decide", Label: pr.T("viewing.decide"), Buttons: []ui.Action{
			{Text: pr.T("viewing.consent"), Icon: "check", Primary: true, Name: "answer", Value: "consent"},
			{Text: pr.T("viewing.refuse"), Name: "answer", Value: "refuse"},
		}},
	}
	if which == "decide" {
		until.Value, d.Words.Value = p.Value("until"), p.Value("words")
		until, d.Words = bad.Mark(until), bad.Mark(d.Words)
		d.Form.Errors = bad.Errors(until, d.Words)
	}
	d.Until = &until
	return d
}

func revocation(p *site.Page, r *viewing.Request, bad refusal.Fault, which string, mine bool) *decideView {
	pr := p.P
	key := "viewing.revoke"
	if mine {
		key = "viewing.give_back"
	}
	d := &decideView{
		Title: pr.T(key), Text: pr.T("viewing.revoke_text"),
		Words: ui.Field{Name: "words", Label: pr.T("viewing.revoke_words"), Max: 500},
		Form:  ui.FormView{Action: path(r.ID) + "/revoke", Label: pr.T(key), Buttons: []ui.Action{{Text: pr.T(key), Icon: "lock", Danger: true}}},
	}
	if which == "revoke" {
		d.Words.Value = p.Value("words")
		d.Words = bad.Mark(d.Words)
		d.Form.Errors = bad.Errors(d.Words)
	}
	return d
}

func (a Area) decide(p *site.Page) error {
	return a.act(p, "decide", func(r *viewing.Request) error {
		until, err := time.Time{}, error(nil)
		if p.Value("until") != "" || r.Quorum == 1 || r.AwaitsSecond() {
			if until, err = p.Moment("until"); err != nil {
				return err
			}
		}
		if until.Equal(r.AskedUntil.Truncate(minute)) { // the field knows no seconds
			until = r.AskedUntil
		}
		return a.Viewings.Decide(p.Context(), p.Actor, r.ID, viewing.Decision{Consent: p.Value("answer") == "consent", Until: until, Words: p.Value("words")})
	})
}

func (a Area) withdraw(p *site.Page) error {
	return a.act(p, "withdraw", func(r *viewing.Request) error { return a.Viewings.Withdraw(p.Context(), p.Actor, r.ID) })
}

func (a Area) revoke(p *site.Page) error {
	return a.act(p, "revoke", func(r *viewing.Request) error {
		return a.Viewings.Revoke(p.Context(), p.Actor, r.ID, p.Value("words"))
	})
}

// act carries out what a form asks and leads back to the request, or shows it again with what is wrong.
func (a Area) act(p *site.Page, which string, do func(*viewing.Request) error) error {
	r, err := a.request(p)
	if err != nil {
		return err
	}
	err = do(r)
	if err == nil {
		return p.Redirect(path(r.ID))
	}
	bad, ok := refusal.Of(p.P, err)
	if !ok {
		return err
	}
	if now, err := a.request(p); err == nil {
		r = now
	}
	return a.page(p, r, bad, which)
}
