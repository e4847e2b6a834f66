package accounts

import (
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

// tokenForm is the form of a new token.
type tokenForm struct {
	Name, Scope, Expires string
	Department           ident.DepartmentID
	Bad                  refusal.Fault
}

func (f tokenForm) fields(p *site.Page, tree org.Tree) []ui.Field {
	t := p.P.T
	departments := append([]ui.Option{{Text: t("account.bureau"), On: f.Department == ""}}, departmentOptions(tree, f.Department)...)
	return []ui.Field{
		f.Bad.Mark(ui.Field{Name: "name", Label: t("token.name"), Hint: t("token.name_hint"), Value: f.Name, Max: 60, Auto: "off"}),
		f.Bad.Mark(ui.Field{Name: "scope", Label: t("token.scope"), Options: listing.Choice(p.P, false, f.Scope, []string{access.ScopeDock, access.ScopeRead}, func(s string) string { return t("token.scope." + s) }), Inline: true}),
		f.Bad.Mark(ui.Field{Name: "department", Label: t("account.department"), Hint: t("token.department_hint"), Options: departments}),
		f.Bad.Mark(ui.Field{Name: "expires", Label: t("token.expires"), Hint: t("token.expires_hint"), Type: "date", Value: f.Expires, Optional: true}),
	}
}

func (a area) tokens(p *site.Page) error {
	return a.tokenPage(p, tokenForm{Scope: access.ScopeDock})
}

func (a area) tokenPage(p *site.Page, f tokenForm) error {
	q := listing.Read(p, "scope", "past")
	if f.Bad.What != "" {
		q = listing.Start(tokenPath, "", "") // the fields of a refused form are not conditions of the list
	}
	got, err := a.d.Accounts.Tokens(p.Context(), p.Actor, account.TokenFilter{Scope: q.Get("scope"), Past: q.Get("past") == "yes", After: q.After()})
	if err != nil {
		return err
	}
	tree, err := a.d.Org.Tree(p.Context())
	if err != nil {
		return err
	}
	rows := make([]ui.Row, len(got.Items))
	for i, k := range got.Items {
		rows[i] = a.tokenRow(p, tree, k)
	}
	v := tokenView{Fields: f.fields(p, tree), Bad: f.Bad, Filters: ui.Filters{
		Action: tokenPath, Clear: tokenPath,
		Fields: []ui.Filter{
			{Kind: ui.FilterSelect, Name: "scope", Label: p.P.T("token.scope"), Options: listing.Choice(p.P, true, q.Get("scope"), []string{access.ScopeDock, access.ScopeRead}, func(s string) string { return p.P.T("token.scope_short." + s) })},
			{Kind: ui.FilterSelect, Name: "past", Label: p.P.T("account.past"), Options: []ui.Option{
				{Text: p.P.T("token.past.no"), On: q.Get("past") == ""}, {Value: "yes", Text: p.P.T("token.past.yes"), On: q.Get("past") == "yes"},
			}},
		},
	}}
	v.Table = ui.TableView{
		Caption: p.P.T("token.title"), Rows: rows, Pager: q.Pager(len(rows), got.Next),
		Columns: []ui.Column{
			{Label: p.P.T("token.name")}, {Label: p.P.T("account.department")}, {Label: p.P.T("token.used")}, {Label: p.P.T("account.state")}, {Label: p.P.T("account.do"), Acts: true},
		},
		Empty: ui.EmptyView{Icon: "key", Title: p.P.T("token.none"), Text: p.P.T("token.none_text")},
	}
	if len(rows) == 0 {
		v.Table.Pager = nil
	}
	if f.Bad.What != "" {
		return p.Refused(p.P.T("token.title"), tokensPage(p.P, v))
	}
	return p.Render(p.P.T("token.title"), tokensPage(p.P, v))
}

func (a area) tokenRow(p *site.Page, tree org.Tree, k account.Token) ui.Row {
	used := p.P.T("account.never")
	if !k.UsedAt.IsZero() {
		used = p.P.When(k.UsedAt, p.Now)
	}
	words, icon, tone := p.P.T("token.valid_to", p.P.Date(k.ExpiresAt)), "circle-check", ui.OK
	switch {
	case !k.RevokedAt.IsZero():
		words, icon, tone = p.P.T("token.revoked_at", p.P.When(k.RevokedAt, p.Now)), "circle-minus", ui.None
	case !k.Usable(p.Now):
		words, icon, tone = p.P.T("token.expired_at", p.P.Date(k.ExpiresAt)), "calendar-off", ui.Late
	}
	var do ui.Cell
	if k.RevokedAt.IsZero() && p.May(access.TokenRevoke, access.Subject{Kind: "token", ID: string(k.ID), Department: k.Department}) {
		do = ui.Confirm(p.P, ui.ConfirmView{
			ID: "revoke-" + string(k.ID), Open: ui.Action{Text: p.P.T("token.revoke"), Danger: true, Label: p.P.T("token.revoke_label", k.Name)},
			Title: p.P.T("token.revoke_label", k.Name), Text: p.P.T("token.revoke_text"), Keeps: p.P.T("token.revoke_keeps"),
			Action: tokenPath + "/" + string(k.ID) + "/revoke", Yes: p.P.T("token.revoke"), Danger: true,
		})
	}
	return ui.Row{Cells: []ui.Cell{
		ui.TwoCell(k.Name, p.P.T("token.scope_short."+k.Scope)), ui.TwoCell(departmentName(p.P, tree, k.Department), ""), ui.Text(used), ui.St(words, icon, tone), do,
	}}
}

// createToken makes a token and shows its text on the answer itself, with the pin of the bureau's CA behind it.
func (a area) createToken(p *site.Page) error {
	f := tokenForm{Name: p.Value("name"), Scope: p.Value("scope"), Expires: p.Value("expires"), Department: ident.DepartmentID(p.Value("department"))}
	expires, err := p.Day("expires")
	var k account.Token
	var text string
	if err == nil {
		if !expires.IsZero() {
			expires = expires.AddDate(0, 0, 1) // the day itself still counts
		}
		k, text, err = a.d.Accounts.CreateToken(p.Context(), p.Actor, account.TokenRequest{Scope: f.Scope, Name: f.Name, Department: f.Department, ExpiresAt: expires})
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		f.Bad = bad
		return a.tokenPage(p, f)
	}
	if err != nil {
		return err
	}
	if a.d.Pin != "" {
		text += "." + a.d.Pin
	}
	return p.Render(p.P.T("token.created"), tokenOnce(p.P, onceView{Name: k.Name, Text: text, Scope: p.P.T("token.scope." + k.Scope), Until: p.P.Date(k.ExpiresAt), Dock: k.Scope == access.ScopeDock}))
}

func (a area) revokeToken(p *site.Page) error {
	id, err := ident.Parse[ident.TokenID](p.R.PathValue("id"))
	if err != nil {
		return fault.New(fault.NotFound, "token.token")
	}
	err = a.d.Accounts.RevokeToken(p.Context(), p.Actor, id)
	if fault.HasCode(err, "token.revoked") {
		err = nil // it is stopped, which was the wish
	}
	if err != nil {
		return err
	}
	return p.Redirect(tokenPath)
}
