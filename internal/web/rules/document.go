package rules

import (
	"slices"
	"strconv"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/edition"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/rules/line"
	"zhilu.dev/zhilu/internal/web/site"
)

// documentForm is a document type while it is written.
type documentForm struct {
	Row      catalogue.Document
	Was      string // what it was made from; "" for a new one
	Bad      refusal.Fault
	Problems []catalogue.Problem
	At       string // the id of the input that takes the focus, after a row was added
}

// newRow is the form of a row that is not there yet.
func (a *area) newRow(p *site.Page, s source) error {
	switch edition.Part(p.R.PathValue("part")) {
	case edition.Documents:
		return a.documentPage(p, s, documentForm{Row: catalogue.Document{
			Requirement: "mandatory", Confidence: "high", Source: []string{}, MayBeEmbeddedIn: []string{},
			Fields:  []catalogue.Field{{ID: "doc_no", Text: catalogue.Text{ZH: "文书编号", EN: "document number"}, Type: "doc-no", Required: true}},
			Signers: []catalogue.Signer{},
		}})
	case edition.Deadlines:
		return a.termPage(p, s, termForm{Row: catalogue.Term{Unit: catalogue.WorkingDay, Direction: catalogue.After, Confidence: "high", SeedArticles: []string{}}})
	case edition.Matters:
		return a.matterPage(p, s, plainForm[catalogue.Matter]{Row: catalogue.Matter{Requirement: "mandatory", Confidence: "high", EnabledByDefault: true}})
	case edition.Requirements:
		return a.obligationPage(p, s, plainForm[catalogue.Obligation]{})
	case edition.Calendar, edition.Powers:
	}
	return fault.New(fault.NotFound, "page.unknown")
}

// readDocument takes a document from the form, over what the row holds that the form does not ask for.
func readDocument(p *site.Page, old catalogue.Document) catalogue.Document {
	d := old
	d.ID, d.Text = p.Value("id"), text(p, "")
	d.Stage, d.Kind, d.Requirement, d.Confidence = p.Value("stage"), p.Value("kind"), p.Value("requirement"), p.Value("confidence")
	d.Acts = kept(old.Acts, p.Values("acts"))
	d.Condition = nil
	if c := text(p, "condition_"); c != (catalogue.Text{}) {
		d.Condition = &c
	}
	d.IsApprovalForm, d.ServedOnParty = p.Value("is_approval_form") != "", p.Value("served_on_party") != ""
	d.LegalBasis, d.SeedArticles = line.Split(p.Value("legal_basis")), line.Split(p.Value("seed_articles"))
	d.Deadlines, d.RecordingMatters = kept(old.Deadlines, p.Values("deadlines")), kept(old.RecordingMatters, p.Values("recording_matters"))
	r := d.RulesOf()
	r.When, r.ApprovedBy, r.Events = p.Value("rules_when"), kept(r.ApprovedBy, p.Values("approved_by")), line.Events(p.Value("rules_events"))
	d.Rules = &r
	if r.When == "" && len(r.ApprovedBy)+len(r.Events)+len(r.Pauses)+len(r.Extends) == 0 {
		d.Rules = nil
	}
	d.Fields, d.Signers = []catalogue.Field{}, []catalogue.Signer{}
	for i := range count(p, "fields") {
		at := "f" + strconv.Itoa(i) + "_"
		f := catalogue.Field{
			ID: p.Value(at + "id"), Text: text(p, at), Type: p.Value(at + "type"), Required: p.Value(at+"required") != "", When: p.Value(at + "when"),
		}
		switch f.Type { // what another type had is gone with it
		case "enum":
			f.Options = line.Options(p.Value(at + "options"))
		case "item-list", "table":
			f.Columns = line.Columns(p.Value(at + "columns"))
		}
		d.Fields = append(d.Fields, f)
	}
	for i := range count(p, "signers") {
		at := "s" + strconv.Itoa(i) + "_"
		d.Signers = append(d.Signers, catalogue.Signer{Role: p.Value(at + "role"), Text: text(p, at), Required: p.Value(at+"required") != ""})
	}
	return d
}

func count(p *site.Page, name string) int {
	n, err := strconv.Atoi(p.Value(name))
	if err != nil {
		return 0
	}
	return min(max(n, 0), line.Most)
}

func text(p *site.Page, before string) catalogue.Text {
	return catalogue.Text{ZH: p.Value(before + "zh"), EN: p.Value(before + "en")}
}

// kept gives what was ticked, in the order in which it stood: ticks have none of their own. It is never nil: a file holds
// [] where there is nothing.
func kept(old, ticked []string) []string {
	out := []string{}
	for _, id := range old {
		if slices.Contains(ticked, id) {
			out = append(out, id)
		}
	}
	for _, id := range ticked {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func (a *area) putDocument(p *site.Page, s source) error {
	f := documentForm{Was: p.Value("was")}
	var old catalogue.Document
	r, _, there := s.find(edition.Documents, p.Value("id"))
	if d, ok := r.(catalogue.Document); ok && f.Was != "" {
		old = d
	}
	f.Row = readDocument(p, old)
	if f.At = line.Arrange(&f.Row, p.Value("do")); f.At != "" {
		return a.documentPage(p, s, f)
	}
	err := changedMeanwhile(f.Was, there, r)
	if err == nil {
		_, err = a.Regulation.Edit(p.Context(), p.Actor, s.draft.ID, s.draft.Revision, edition.Put[catalogue.Document]{Row: f.Row, New: f.Was == ""})
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		if there && f.Was != "" {
			f.Was = was(r) // whoever has seen that it was changed may write over it
		}
		f.Bad, f.Problems = bad, problemsOf(err)
		return a.documentPage(p, s, f)
	}
	if err != nil {
		return err
	}
	return p.Redirect(s.rowHref(edition.Documents, f.Row.ID))
}

// changedMeanwhile compares the row with what the form was made from. Changes of other rows are in nobody's way.
func changedMeanwhile(made string, there bool, row any) error {
	if made != "" && (!there || was(row) != made) {
		return fault.New(fault.Conflict, "edition.changed")
	}
	return nil
}
