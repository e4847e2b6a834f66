package house

import (
	"strconv"
	"time"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/custody/scrub"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// scrubView is the page of the standing check.
type scrubView struct {
	Facts []ui.Fact
	Late  bool
	Term  int // days in which a cycle is to be done
	Found ui.TableView
	Wrong int
}

// scrub shows the standing check. It names damage by ids: who looks after the machine may know nothing of evidence.
func (a area) scrub(p *site.Page) error {
	st, err := a.Scrub(p.Context())
	if err != nil {
		return err
	}
	v := scrubView{Facts: scrubFacts(p, st), Late: st.Late, Term: days(st.Plan.Within), Wrong: len(st.Findings)}
	t := p.P.T
	v.Found = ui.TableView{
		Caption: t("scrub.found"),
		Columns: []ui.Column{
			{Key: "what", Label: t("scrub.col_what"), Lead: true},
			{Key: "subject", Label: t("scrub.col_subject")},
			{Key: "good", Label: t("scrub.col_good"), Tight: true},
			{Key: "found", Label: t("scrub.col_found"), Tight: true},
			{Key: "do", Label: t("scrub.col_do")},
		},
		Empty: ui.EmptyView{Icon: "circle-check", Title: t("scrub.none"), Text: t("scrub.none_text")},
	}
	for _, f := range st.Findings {
		v.Found.Rows = append(v.Found.Rows, ui.Row{Cells: []ui.Cell{
			ui.St(code(p, f.Code), "alert-triangle", ui.Late), subject(p, f), said(when(p, f.LastGood)), said(when(p, f.Found)), said(advice(p, f.Code)),
		}})
	}
	return p.Render(t("scrub.title"), scrubPage(p.P, v))
}

// code says a finding in words; one that has none stands as it is.
func code(p *site.Page, code string) string {
	if k := "scrub.code." + code; p.P.Has(k) {
		return p.P.T(k)
	}
	return code
}

// advice says what to do about a finding, by what kind of thing it is about.
func advice(p *site.Page, code string) string {
	switch code {
	case "object.changed", "object.missing", "object.unreadable":
		return p.P.T("scrub.do_object")
	case "object.key":
		return p.P.T("scrub.do_key")
	}
	return p.P.T("scrub.do_other")
}

func when(p *site.Page, t time.Time) string {
	if t.IsZero() {
		return p.P.T("scrub.never")
	}
	return p.P.When(t, p.Now)
}

func subject(p *site.Page, f scrub.Finding) templ.Component {
	lines := []string{}
	if f.File != "" {
		lines = append(lines, p.P.T("scrub.file", f.File), p.P.T("scrub.recording", f.Recording))
	}
	if f.Subject != "" && f.Subject != string(f.File) {
		lines = append(lines, f.Subject)
	}
	if len(lines) == 0 {
		lines = []string{f.What}
	}
	return subjectCell(lines)
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// lasts says a span roughly.
func lasts(p *site.Page, d time.Duration) string {
	switch {
	case d <= 0:
		return p.P.T("scrub.unknown")
	case d < time.Hour:
		return p.P.T("scrub.minutes", int(d/time.Minute)+1)
	case d < 48*time.Hour:
		return p.P.T("scrub.hours", int(d/time.Hour)+1)
	}
	return p.P.T("scrub.days", days(d)+1)
}

func scrubFacts(p *site.Page, st *scrub.State) []ui.Fact {
	t := p.P.T
	cycle := t("scrub.cycle_none")
	switch {
	case st.Cycle == 0:
	case st.Ended.IsZero():
		cycle = t("scrub.cycle_running", st.Cycle, when(p, st.Began))
	default:
		cycle = t("scrub.cycle_ended", st.Cycle, when(p, st.Began), when(p, st.Ended))
	}
	rate := t("scrub.unknown")
	if st.Rate > 0 {
		rate = t("scrub.rate_value", p.P.Size(int64(st.Rate)))
	}
	share := strconv.Itoa(int(st.Plan.Share*100+0.5)) + "%"
	out := []ui.Fact{
		ui.FactText(t("scrub.cycle"), cycle, ""),
		ui.FactText(t("scrub.progress"), t("scrub.progress_value", st.Done, st.Objects, p.P.Size(st.ReadBytes)), ""),
		ui.FactText(t("scrub.rate"), rate, t("scrub.share", share)),
		ui.FactText(t("scrub.takes"), lasts(p, st.Takes), t("scrub.term", days(st.Plan.Within))),
		ui.FactText(t("scrub.oldest"), when(p, st.Oldest), ""),
		ui.FactText(t("scrub.rows"), when(p, st.RowsAt), ""),
	}
	if st.Never > 0 {
		out = append(out, ui.FactText(t("scrub.unread"), p.P.Num(st.Never), ""))
	}
	return out
}
