package record

import (
	"strings"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/media/profile"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/ui"
)

// likenessView says how a file's form stands to its camera's other files.
type likenessView struct {
	Text  string
	Icon  string
	Tone  ui.Tone
	Notes []string // one sentence each
	Rows  []differenceView
	Ask   bool // somebody should ask how it came about
}

// differenceView is one aspect that differs.
type differenceView struct {
	What, Have, Usual string
	Setting           bool
}

// likeness is nil while nobody has looked into the file.
func likeness(p locale.Printer, d recording.Detail) *likenessView {
	f := d.Likeness
	if f == nil {
		return nil
	}
	v := likenessView{Icon: "circle-check", Tone: ui.OK, Ask: f.Unlike()}
	switch f.Verdict {
	case profile.Usual:
		v.Text = p.T("likeness.usual")
	case profile.Setting:
		v.Text = p.T("likeness.setting")
	case profile.Unusual:
		v.Text, v.Icon, v.Tone = p.T("likeness.unusual"), "alert-triangle", ui.Due
	case profile.Unknown:
		v.Text, v.Icon, v.Tone = unjudged(p, d), "help-circle", ui.Moot
	}
	if len(f.Programs) > 0 {
		v.Notes = append(v.Notes, p.T("likeness.programs", strings.Join(f.Programs, p.T("library.and"))))
	}
	if f.Cut {
		v.Notes = append(v.Notes, p.T("likeness.cut"))
	}
	if f.Compared > 0 {
		v.Notes = append(v.Notes, p.T("likeness.compared", f.Compared, f.Alike))
	}
	if f.ByModel {
		v.Notes = append(v.Notes, p.T("likeness.by_model"))
	}
	for _, x := range f.Differences {
		row := differenceView{
			What: p.T("profile." + string(x.Aspect)), Have: formWord(p, x.Aspect, x.Have), Usual: formWord(p, x.Aspect, x.Usual), Setting: x.Setting,
		}
		if x.Track >= 0 {
			row.What = p.T("profile.of_track", x.Track+1, row.What)
		}
		v.Rows = append(v.Rows, row)
	}
	return &v
}

// unjudged says why a file could not be held against others.
func unjudged(p locale.Printer, d recording.Detail) string {
	switch f := d.FileList[0].Facts; {
	case f.Form == nil:
		return p.T("likeness.no_form")
	case d.Device == "":
		return p.T("likeness.no_device")
	case d.Likeness.Why == profile.WhyDivided:
		return p.T("likeness.divided")
	}
	return p.T("likeness.few", profile.Enough)
}

// formWord is one side of a difference. What the file says of itself is shown as it is, made harmless.
func formWord(p locale.Printer, a profile.Aspect, s string) string {
	switch {
	case a == profile.Order && s == "true":
		return p.T("profile.yes")
	case a == profile.Order:
		return p.T("profile.no")
	case a == profile.EditList && s == "":
		return p.T("profile.edit.whole")
	case a == profile.EditList:
		return Word(p, "profile.edit", s)
	case s == "":
		return p.T("profile.none")
	}
	return Harmless(s)
}

// flagDetail says what a finding adds to its name.
func flagDetail(p locale.Printer, f recording.Flag, detail string) string {
	if f != recording.FlagUnlike {
		return Reason(p, detail)
	}
	var out []string
	for code := range strings.FieldsSeq(detail) {
		out = append(out, Word(p, "profile", code))
	}
	return strings.Join(out, p.T("library.and"))
}
