package whole

import (
	"fmt"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/sheet"
)

// sheet is the index of everything (全案目录): each paper with its pages, each recording with its files and verdicts, the registers, and
// the digest of every file that somebody may want to compare.
func (w *Whole) sheet(to dossier.Writer, x *wholeFile, papers dossier.Index) sheet.Paper {
	p, c := w.s.c.Words, w.o.Case
	out := sheet.Paper{
		Lang: "zh", Bureau: w.s.c.Bureau, Title: p.T("whole.heading"), Number: c.No, NumberLine: p.T("dossier.index.case", c.No, c.Title),
		Foot: c.No, MissingLine: p.T("print.missing"), At: w.s.c.Clock.Now(),
	}
	add := func(heading, none string, t sheet.Table) {
		s := sheet.Section{Heading: p.T(heading)}
		if len(t.Rows) == 0 {
			s.Blocks = []sheet.Block{sheet.Note(p.T(none))}
		} else {
			for i, h := range t.Head {
				t.Head[i] = p.T(h)
			}
			s.Blocks = []sheet.Block{sheet.Grid(t)}
		}
		out.Sections = append(out.Sections, s)
	}
	add("whole.papers", "whole.papers_none", w.papers(to, papers))
	add("whole.footage", "whole.footage_none", footageRows(p, x))
	add("whole.verdicts", "whole.footage_none", verdictRows(p, x))
	add("whole.looks", "whole.looks_none", lookRows(p, w))
	add("whole.given", "whole.given_none", w.givenRows(p))
	out.Sections = append(out.Sections, sheet.Section{Blocks: []sheet.Block{sheet.Note(p.T("whole.checks"))}})
	return out
}

func (w *Whole) papers(to dossier.Writer, papers dossier.Index) sheet.Table {
	t := sheet.Table{Widths: []float64{10, 0, 18, 70}, Head: []string{"dossier.index.n", "dossier.index.title", "dossier.index.pages", "whole.sha256"}}
	for i, r := range papers.Rows {
		pages := ""
		if r.From > 0 {
			pages = fmt.Sprintf("%d–%d", r.From, r.To)
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(r.N), r.Title + " " + r.No, pages, parted(to.Sum(dossier.DocumentName(r.N, w.o.Case.Papers[i].Type) + ".pdf"))})
	}
	return t
}

func footageRows(p locale.Printer, x *wholeFile) sheet.Table {
	t := sheet.Table{Widths: []float64{10, 0, 22, 42, 60}, Head: []string{"dossier.index.n", "whole.recording", "whole.kind", "whole.file", "whole.sha256"}}
	for _, r := range x.Recordings {
		if r.Kind == "none" {
			t.Rows = append(t.Rows, []string{strconv.Itoa(r.N), r.Title, p.T("whole.kind.none"), "", ""})
		}
		for _, f := range r.Files {
			kind := "whole.kind." + r.Kind
			if f.Masked {
				kind = "whole.kind.masked"
			}
			t.Rows = append(t.Rows, []string{strconv.Itoa(r.N), r.Title, p.T(kind), f.Name + " " + p.Size(f.Size), parted(f.SHA256)})
		}
	}
	return t
}

func verdictRows(p locale.Printer, x *wholeFile) sheet.Table {
	t := sheet.Table{Widths: []float64{10, 0, 30, 40, 36}, Head: []string{"dossier.index.n", "whole.recording", "whole.storage", "whole.stored", "whole.continuity"}}
	for _, r := range x.Recordings {
		storage := p.T("verdict.cannot_judge")
		if r.Verdict.Verdict != "" {
			storage = p.T("verdict." + r.Verdict.Verdict)
		}
		at, err := time.Parse(time.RFC3339, r.Verdict.StoredAt)
		stored := ""
		if err == nil {
			stored = moment(at)
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(r.N), r.Title, storage, stored, continuityOf(p, r.Continuity)})
	}
	return t
}

func lookRows(p locale.Printer, w *Whole) sheet.Table {
	t := sheet.Table{Widths: []float64{14, 0, 44, 36, 24}, Head: []string{"whole.look_no", "whole.recording", "whole.viewer", "whole.opened", "whole.watched"}}
	for i := range w.plans {
		for _, l := range w.looks[i] {
			t.Rows = append(t.Rows, []string{strconv.FormatInt(l.No, 10), w.plans[i].says.Name, l.ViewerName + " " + l.ViewerDept, moment(l.OpenedAt), p.T("whole.seconds", int64(l.WatchedFor/time.Second))})
		}
	}
	return t
}

func (w *Whole) givenRows(p locale.Printer) sheet.Table {
	t := sheet.Table{Widths: []float64{28, 0, 36, 60}, Head: []string{"whole.given_no", "whole.given_to", "whole.given_at", "whole.sha256"}}
	for i := range w.given {
		d := &w.given[i]
		at := p.T("disclosure.state." + string(d.State))
		if !d.GivenAt.IsZero() {
			at = moment(d.GivenAt)
		}
		t.Rows = append(t.Rows, []string{d.Number(), d.To.Body + " " + d.To.Person, at, parted(d.SHA256)})
	}
	return t
}

// moment is a moment as the bureau's clocks showed it.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Shanghai).Format("2006-01-02 15:04")
}

// parted is a digest that a narrow column may break.
func parted(sum string) string {
	out := ""
	for i := 0; i+16 <= len(sum); i += 16 {
		out += sum[i:i+16] + " "
	}
	return out
}

func continuityOf(p locale.Printer, code string) string {
	if code == noActivity {
		return p.T("whole.no_activity")
	}
	return p.T("activity.verdict." + code)
}
