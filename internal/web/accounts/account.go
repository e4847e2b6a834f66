package accounts

import (
	"context"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// pageForms are the forms of an account's page as they were sent; Note is a fault that belongs to none of them.
type pageForms struct {
	Grant grantForm
	Note  refusal.Fault
}

func (a area) show(p *site.Page) error {
	c, err := a.account(p)
	if err != nil {
		return err
	}
	return a.page(p, c, pageForms{})
}

// listed reads an account as lists show it, with its appointments.
func (a area) listed(p *site.Page, c account.Account) (account.Listed, error) {
	l := account.Listed{Account: c}
	who, err := a.d.Org.Person(p.Context(), c.Person)
	if err != nil {
		return l, err
	}
	l.Name, l.Department, l.Serving = who.Name, who.Department, who.Active()
	got, err := a.d.Accounts.Appointments(p.Context(), p.Actor, account.AppointmentFilter{Person: c.Person, Past: true, Limit: org.MaxPage})
	l.Appointments = got.Items
	return l, err
}

func (a area) page(p *site.Page, c account.Account, f pageForms) error {
	l, err := a.listed(p, c)
	if err != nil {
		return err
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	words, icon, tone := state(p, l)
	signed := p.P.T("account.never")
	if !c.SignedInAt.IsZero() {
		signed = p.P.When(c.SignedInAt, p.Now)
	}
	s := subject(c)
	v := accountView{
		ID: string(c.ID), Person: string(c.Person), Name: l.Name, Words: words, Icon: icon, Tone: tone, Note: f.Note, Self: c.Person == p.Actor.Person,
		Facts: []ui.Fact{
			{Label: p.P.T("account.username"), Value: ui.Mono(c.Username)},
			ui.FactText(p.P.T("account.department"), departmentName(p.P, tree, l.Department), ""),
			ui.FactText(p.P.T("account.signed_in"), signed, ""), ui.FactText(p.P.T("account.created"), p.P.When(c.CreatedAt, p.Now), ""),
		},
		MayReset:   l.Serving && p.May(access.AccountResetPassword, s),
		MayUnlock:  p.Now.Before(c.LockedUntil) && p.May(access.AccountUnlock, s),
		MayDisable: c.DisabledAt.IsZero() && p.May(access.AccountDisable, s),
		MayEnable:  !c.DisabledAt.IsZero() && l.Serving && p.May(access.AccountDisable, s),
		MayGrant:   l.Serving && p.May(access.RoleGrant, access.Subject{Kind: "appointment", Officer: c.Person}),
		GrantBad:   f.Grant.Bad, Class: f.Grant.Bad.Code == "account.class",
	}
	v.Grant = f.Grant.fields(p, tree)
	for _, r := range l.Appointments {
		words, icon, tone := standing(p, r)
		v.Appointments = append(v.Appointments, ui.Row{Cells: []ui.Cell{
			ui.TwoCell(p.P.T("role."+string(r.Role)), departmentName(p.P, tree, r.Department)), ui.TwoCell(term(p, r), ""), ui.St(words, icon, tone),
			a.endButton(p, r, l.Name, string(c.ID)),
		}})
	}
	if f.Grant.Bad.What != "" || f.Note.What != "" {
		return p.Refused(l.Name, accountPage(p.P, v))
	}
	return p.Render(l.Name, accountPage(p.P, v))
}

// do makes the handler of a change of one account that needs no words.
func (a area) do(change func(context.Context, access.Actor, ident.AccountID) error) func(*site.Page) error {
	return func(p *site.Page) error {
		c, err := a.account(p)
		if err != nil {
			return err
		}
		err = change(p.Context(), p.Actor, c.ID)
		if bad, ok := refusal.Of(p.P, err); ok {
			return a.page(p, c, pageForms{Note: bad})
		}
		if err != nil {
			return err
		}
		return p.Redirect(accountPath(c.ID))
	}
}

// reset gives a new first password and shows it on the answer itself: it stands in no address and is not kept.
func (a area) reset(p *site.Page) error {
	c, err := a.account(p)
	if err != nil {
		return err
	}
	password, err := a.d.Accounts.ResetPassword(p.Context(), p.Actor, c.ID)
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, c, pageForms{Note: bad})
	}
	if err != nil {
		return err
	}
	return a.once(p, account.Created{Account: c, Password: password}, p.P.T("account.reset_done"))
}

// once shows a first password, this once.
func (a area) once(p *site.Page, c account.Created, title string) error {
	who, err := a.d.Org.Person(p.Context(), c.Account.Person)
	if err != nil {
		return err
	}
	return p.Render(title, passwordPage(p.P, passwordView{
		Title: title, Name: who.Name, Username: c.Account.Username, Password: c.Password, Href: accountPath(c.Account.ID),
	}))
}

// newForm is the form of a new account.
type newForm struct {
	Person, Username, Query string
	Bad                     refusal.Fault
}

func (a area) showNew(p *site.Page) error {
	return a.newPage(p, newForm{Person: p.Value("person"), Query: p.Value("q")})
}

// newPage offers the people who serve and have no account yet. In a large bureau the search narrows them.
func (a area) newPage(p *site.Page, f newForm) error {
	has := map[ident.PersonID]bool{}
	for l, err := range listing.All(p.Context(), func(ctx context.Context, after string) (org.Page[account.Listed], error) {
		return a.d.Accounts.Accounts(ctx, p.Actor, account.Filter{After: after, Limit: org.MaxPage})
	}) {
		if err != nil {
			return err
		}
		has[l.Person] = true
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	v := newView{Query: f.Query, Bad: f.Bad}
	var people []ui.Option
	for who, err := range listing.All(p.Context(), func(ctx context.Context, after string) (org.Page[org.Person], error) {
		return a.d.Org.People(ctx, p.Actor, org.PeopleFilter{Query: f.Query, After: after, Limit: org.MaxPage})
	}) {
		if err != nil {
			return err
		}
		if has[who.ID] {
			v.Has = v.Has || string(who.ID) == f.Person
			continue
		}
		if v.More = len(people) == org.MaxPage; v.More {
			break
		}
		people = append(people, ui.Option{Value: string(who.ID), Text: p.P.T("account.person_in", who.Name, departmentName(p.P, tree, who.Department)), On: string(who.ID) == f.Person})
	}
	v.None = len(people) == 0
	v.Fields = []ui.Field{
		f.Bad.Mark(ui.Field{Name: "person", Label: p.P.T("account.person"), Options: people}),
		f.Bad.Mark(ui.Field{Name: "username", Label: p.P.T("account.username"), Hint: p.P.T("account.username_hint"), Value: f.Username, Max: 40, Auto: "off"}),
	}
	title := p.P.T("account.add_title")
	if f.Bad.What != "" {
		return p.Refused(title, newPage(p.P, v))
	}
	return p.Render(title, newPage(p.P, v))
}

// create makes an account, or with do=settle carries out what an import asked for.
func (a area) create(p *site.Page) error {
	f := newForm{Person: p.Value("person"), Username: p.Value("username")}
	person, err := ident.Parse[ident.PersonID](f.Person)
	if p.Value("do") == "settle" {
		if err != nil {
			return fault.New(fault.NotFound, "org.proposal")
		}
		return a.settle(p, person)
	}
	var c account.Created
	if err != nil {
		err = fault.New(fault.Invalid, "account.nobody_chosen").At("person")
	} else {
		c, err = a.d.Accounts.Create(p.Context(), p.Actor, person, f.Username)
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		f.Bad = bad
		return a.newPage(p, f)
	}
	if err != nil {
		return err
	}
	return a.once(p, c, p.P.T("account.created_done"))
}

func (a area) settle(p *site.Page, person ident.PersonID) error {
	c, err := a.d.Accounts.SettleProposal(p.Context(), p.Actor, person)
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.proposals(p, listing.Start(listPath, "view", viewProposals), bad)
	}
	if err != nil {
		return err
	}
	if c.Password == "" {
		return p.Redirect(listPath + "?view=" + viewProposals)
	}
	return a.once(p, c, p.P.T("account.created_done"))
}
