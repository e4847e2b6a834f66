package people

import (
	"strings"
	"time"

	"github.com/a-h/templ"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/ui"
)

type listView struct {
	Tabs    []ui.Tab
	May     bool        // the reader may add people
	Filters *ui.Filters // nil for a view without
	Table   ui.TableView
}

type personView struct {
	ID, Name       string
	Active         bool
	MayEdit        bool
	MayCertificate bool
	MayAccount     bool
	MayDevices     bool
	Facts          []ui.Fact
	Roles          []ui.Fact
	Form           []ui.Field
	Bad, Note      refusal.Fault
	Certificates   []certificateView
	NewCertificate certificateForm
}

type certificateView struct {
	ID, Number, Kind, Days, Reason string
	Words, Icon                    string
	Tone                           ui.Tone
	Revoked                        bool
	Open                           bool // its form was sent and comes back
	Form                           certificateForm
}

type departmentView struct {
	Tabs        []ui.Tab
	May         bool
	Table       ui.TableView
	Fields      []ui.Field
	Bad         refusal.Fault
	Editing     string // id of the department in the form; empty for a new one
	EditingName string
}

func leftMark(p locale.Printer, who org.Person) templ.Component {
	if who.Active() {
		return nil
	}
	return ui.St(p.T("people.left_on", p.Date(who.DeactivatedAt)), "user-off", ui.None)
}

func roleCell(p locale.Printer, words []string) ui.Cell {
	if len(words) == 0 {
		return ui.NoneCell(p)
	}
	return ui.TwoCell(joined(p, words), "")
}

func joined(p locale.Printer, words []string) string {
	return strings.Join(words, p.T("preview.comma"))
}

func orNone(p locale.Printer, s string) string {
	if s == "" {
		return p.T("table.none")
	}
	return s
}

// dayValue is a day as a date field wants it.
func dayValue(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Shanghai).Format(time.DateOnly)
}
