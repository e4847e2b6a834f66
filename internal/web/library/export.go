package library

import (
	"iter"
	"net/http"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/site"
)

const workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// export sends the same list as a ledger. The service writes the entry before the first row is read; nothing of the
// answer is sent before the workbook is complete, so a failure is still told in words.
func (a area) export(p *site.Page) error {
	q := read(p)
	names, err := a.departmentNames(p)
	if err != nil {
		return err
	}
	rows, err := a.Recordings.Export(p.Context(), p.Actor, q.filter)
	if err != nil {
		return err
	}
	return a.ledger(p, names, rows)
}

// exportSelected sends what was picked as the same ledger.
func (a area) exportSelected(p *site.Page, ids []ident.RecordingID) error {
	if len(ids) == 0 {
		return p.Redirect(Path)
	}
	names, err := a.departmentNames(p)
	if err != nil {
		return err
	}
	list, err := a.Recordings.ExportSelected(p.Context(), p.Actor, ids)
	if err != nil {
		return err
	}
	return a.ledger(p, names, func(yield func(recording.Recording, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	})
}

func (a area) ledger(p *site.Page, names map[ident.DepartmentID]string, rows iter.Seq2[recording.Recording, error]) error {
	table := ledger.Table{Title: p.P.T("library.ledger"), Columns: headings(p.P), Rows: func(yield func([]any, error) bool) {
		for r, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(cells(p.P, names, r), nil) {
				return
			}
		}
	}}
	name := p.P.T("library.file", p.Now.In(clock.Shanghai).Format(time.DateOnly)) + ".xlsx"
	return ledger.Write(&attachment{p: p, name: name}, table)
}

// attachment names the file when its first byte is written.
type attachment struct {
	p     *site.Page
	name  string
	begun bool
}

func (a *attachment) Write(b []byte) (int, error) {
	if !a.begun {
		a.begun = true
		a.p.Attach(workbook, a.name)
		a.p.W.WriteHeader(http.StatusOK)
	}
	return a.p.W.Write(b)
}

func headings(p locale.Printer) []ledger.Heading {
	out := make([]ledger.Heading, 0, 20)
	for _, h := range []struct {
		key   string
		width float64
	}{
		{"number", 8},
		{"kind", 8},
		{"name", 36},
		{"files", 8},
		{"size", 14},
		{"start", 20},
		{"start_from", 16},
		{"end_from", 20},
		{"end_to", 20},
		{"seconds", 10},
		{"officer", 18},
		{"certainty", 18},
		{"device", 12},
		{"department", 18},
		{"stored", 20},
		{"state", 16},
		{"verdict", 16},
		{"flags", 30},
		{"settled", 10},
		{"id", 38},
	} {
		out = append(out, ledger.Heading{Title: p.T("library.ledger." + h.key), Width: h.width})
	}
	return out
}

func cells(p locale.Printer, departments map[ident.DepartmentID]string, r recording.Recording) []any {
	flags := make([]string, len(r.Flags))
	for i, f := range r.Flags {
		flags[i] = record.Word(p, "flag", string(f))
	}
	var seconds any
	if r.HasDuration {
		seconds = r.Duration.Round(time.Millisecond).Seconds()
	}
	origin, certainty, settled := "", "", ""
	if !r.Start.IsZero() {
		origin = record.Word(p, "origin", string(r.StartFrom))
	}
	if r.Certainty != recording.Nobody {
		certainty = record.Word(p, "certainty", string(r.Certainty))
	}
	switch {
	case r.Waiting:
		settled = p.T("library.ledger.waiting")
	case r.Reviewed:
		settled = p.T("library.ledger.reviewed")
	}
	return []any{
		r.Seq, record.Word(p, "kind", string(r.Kind)), record.Harmless(r.Name), r.Files, r.Size, r.Start, origin, r.End.From, r.End.To, seconds, r.OfficerName,
		certainty, r.DeviceName, departments[r.Department], r.StoredAt, record.Word(p, "state", string(r.State)),
		record.Word(p, "verdict", string(r.Verdict)), strings.Join(flags, p.T("library.and")), settled, string(r.ID),
	}
}
