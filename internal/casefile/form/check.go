package form

import (
	"slices"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

var shanghai = clock.Shanghai

// Certificate is an officer's certificate as the bureau knows it.
type Certificate struct {
	Number   string
	From, To time.Time // first and last day
}

// Officer is somebody who may act in the case.
type Officer struct {
	Person       string
	Name         string
	Certificates []Certificate
}

// on gives the certificate that is valid on a day.
func (o Officer) on(t time.Time) (Certificate, bool) {
	day := t.In(shanghai).Format(time.DateOnly)
	for _, c := range o.Certificates {
		if c.From.In(shanghai).Format(time.DateOnly) <= day && day <= c.To.In(shanghai).Format(time.DateOnly) {
			return c, true
		}
	}
	return Certificate{}, false
}

// Known is what a check may lean on besides the record itself.
type Known struct {
	Officers []Officer // the case's handlers and whoever else the bureau knows
	Now      time.Time
	// Parties are "person", "business" or "organisation", of the case's parties.
	Parties []string
}

// asserted are statements that a record cannot do without (R-08-09, R-08-10): answering no is no answer.
var asserted = []string{"no_heavier", "presider_not_investigator", "truth_statement", "no_transfer_notice"}

// spans are pairs of which the second must not lie before the first.
var spans = [][2]string{
	{"started_at", "ended_at"},
	{"hearing_at", "ended_at"},
	{"period_from", "period_to"},
	{"term_from", "term_to"},
	{"term_from", "handle_by"},
	{"stop_at", "resume_at"},
	{"valid_from", "valid_to"},
	{"rec_start", "rec_end"},
	{"arrived_at", "left_at"},
	{"out_at", "in_at"},
	{"executed_at", "reported_at"},
	{"filed_on", "closed_on"},
	{"issued_on", "reply_by"},
	{"issued_on", "correct_by"},
	{"issued_on", "correct_due"},
	{"issued_on", "perform_by"},
	{"issued_on", "provide_by"},
	{"posted_on", "deemed_on"},
	{"requested_on", "issued_on"},
}

// Check says what keeps a record from being signed: every problem, in the order of the form.
func Check(d catalogue.Document, v Values, k Known) []Problem {
	var out []Problem
	add := func(p *Problem) { out = append(out, *p) }
	asked := Asked(d, v)
	for _, f := range asked {
		if f.Type == "doc-no" || f.Type == "case-ref" || d.IsApprovalForm && Filled(f.ID) != "" {
			continue
		}
		if v.Empty(f.ID) {
			if f.Required || f.When != "" {
				add(problem(f.ID, "required"))
			}
			continue
		}
		if _, p := Clean(f, v[f.ID]); p != nil {
			add(p)
			continue
		}
		if p := columns(f, v); p != nil {
			add(p)
		}
		if is, ok := v.Bool(f.ID); f.Type == "bool" && ok && !is && slices.Contains(asserted, f.ID) {
			add(problem(f.ID, "must_hold"))
		}
	}
	out = append(out, order(v, k)...)
	out = append(out, officers(d, v, k)...)
	return append(out, figures(d, v, k)...)
}

func columns(f catalogue.Field, v Values) *Problem {
	for i, row := range v.Rows(f.ID) {
		for _, c := range f.Columns {
			if c.Required && (row[c.ID] == nil || row[c.ID] == "") {
				p := problem(f.ID, "cell", i+1, c.ZH)
				p.Row, p.Column = i+1, c.ID
				return p
			}
		}
	}
	return nil
}

// order finds times that contradict each other. What lies in the future cannot have been recorded.
func order(v Values, k Known) []Problem {
	var out []Problem
	for _, s := range spans {
		from, okFrom := v.Time(s[0])
		to, okTo := v.Time(s[1])
		if okFrom && okTo && to.Before(from) {
			out = append(out, *problem(s[1], "before", Show(from, v.Text(s[0]))))
		}
	}
	for _, id := range []string{"started_at", "ended_at", "served_at", "received_at", "applied_on", "executed_at", "extracted_at", "told_at", "paid_on"} {
		if t, ok := v.Time(id); ok && t.After(k.Now.Add(time.Minute)) {
			out = append(out, *problem(id, "future"))
		}
	}
	if shown, ok := v.Time("cert_shown_at"); ok {
		if from, to, has := Span(v); has && (shown.Before(from) || shown.After(to)) {
			out = append(out, *problem("cert_shown_at", "outside", Show(from, ""), Show(to, "")))
		}
	}
	return out
}

// Show writes a moment as people read it; a day where it was given as a day.
func Show(t time.Time, given string) string {
	if len(given) == len(time.DateOnly) {
		return t.In(shanghai).Format(time.DateOnly)
	}
	return t.In(shanghai).Format("2006-01-02 15:04")
}

// officers holds R-08-01: two or more, each with a certificate valid on the day, and shown.
func officers(d catalogue.Document, v Values, k Known) []Problem {
	f, has := d.Field("officers")
	if !has {
		return nil
	}
	var out []Problem
	people := v.People("officers")
	day, dated := Moment(v)
	names := map[string]bool{}
	for i, p := range people {
		names[p.ID+"\x00"+p.Name] = true
		at := slices.IndexFunc(k.Officers, func(o Officer) bool { return p.ID != "" && o.Person == p.ID })
		switch {
		case at < 0:
			out = append(out, Problem{Field: f.ID, Row: i + 1, Code: "officer_unknown", Args: []any{p.Name}})
		case dated:
			if _, ok := k.Officers[at].on(day); !ok {
				out = append(out, Problem{Field: f.ID, Row: i + 1, Code: "certificate", Args: []any{p.Name, Show(day, time.DateOnly)}})
			}
		}
	}
	if len(people) > 0 && len(names) < 2 {
		out = append(out, *problem(f.ID, "two_officers"))
	}
	if is, ok := v.Bool("cert_shown"); ok && !is {
		out = append(out, *problem("cert_shown", "must_hold"))
	}
	return out
}

// On-the-spot fines go to 200 yuan for a person and 3,000 for an organisation (行政处罚法 §51).
const (
	spotPerson       = 200
	spotOrganisation = 3000
)

func figures(d catalogue.Document, v Values, k Known) []Problem {
	if d.ID != "spot-penalty-decision" {
		return nil
	}
	yuan, err := strconv.ParseFloat(v.Text("fine_amount"), 64)
	if err != nil {
		return nil
	}
	limit := spotPerson
	for _, p := range v.People("party") {
		if p.Kind == "organisation" {
			limit = spotOrganisation
		}
	}
	if len(v.People("party")) == 0 && slices.Contains(k.Parties, "organisation") {
		limit = spotOrganisation
	}
	if yuan > float64(limit) {
		return []Problem{*problem("fine_amount", "spot_limit", limit)}
	}
	return nil
}
