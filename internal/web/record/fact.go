package record

import (
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/ui"
)

// names are what the page calls people and departments.
type names struct {
	people      map[ident.PersonID]string
	departments map[ident.DepartmentID]string
	devices     map[ident.DeviceID]string
}

func (n names) person(p locale.Printer, id ident.PersonID) string {
	if s := n.people[id]; s != "" {
		return s
	}
	return p.T("recording.somebody")
}

func (n names) device(p locale.Printer, id ident.DeviceID) string {
	if s := n.devices[id]; s != "" {
		return s
	}
	return p.T("recording.some_device")
}

// facts is what is known of the recording, each with where it is known from.
func facts(p locale.Printer, d recording.Detail, n names, now time.Time) []ui.Fact {
	out := []ui.Fact{ui.FactText(p.T("recording.label.start"), Start(p, d.Recording, now), startSource(p, d))}
	if end := endOf(d); !end.IsZero() {
		out = append(out, ui.FactText(p.T("recording.label.end"), p.Moment(end, now), p.T("recording.computed")))
	}
	if d.HasDuration {
		out = append(out, ui.FactText(p.T("recording.label.length"), p.Exact(d.Duration), p.T("recording.from_file")))
	}
	out = append(out, officer(p, d, n), camera(p, d, n))
	if name := n.departments[d.Department]; name != "" {
		out = append(out, ui.FactText(p.T("recording.label.department"), name, ""))
	}
	if s := trackWords(p, d); s != "" {
		out = append(out, ui.FactText(p.T("recording.label.tracks"), s, p.T("recording.from_file")))
	}
	if s := claimedDevice(d); s != "" {
		out = append(out, ui.FactText(p.T("recording.label.claims"), s, p.T("recording.claimed")))
	}
	if f := first(d); f != nil && f.HasGPS {
		out = append(out, ui.FactText(p.T("recording.label.place"), p.T("recording.has_place"), p.T("recording.from_file")))
	}
	out = append(out, ui.FactText(p.T("recording.label.stored"), p.WhenSec(d.StoredAt, now), p.T("origin.server_clock")))
	if d.CardInfo != nil {
		label := Harmless(d.CardInfo.Label)
		if label == "" {
			label = p.T("recording.no_label")
		}
		out = append(out, ui.Fact{
			Label: p.T("recording.label.card"), Value: ui.TextLink(ui.Link{Text: label, Href: "/cards/" + string(d.CardInfo.ID)}),
			Source: Harmless(d.CardInfo.Station), Plain: label,
		})
	}
	return append(out, ui.FactMono(p.T("recording.label.id"), string(d.ID), ""))
}

func startSource(p locale.Printer, d recording.Detail) string {
	if d.Start.IsZero() {
		return ""
	}
	return Word(p, "origin", string(d.StartFrom))
}

// add puts a second line under a fact's value.
func add(f *ui.Fact, line string) {
	f.Value = ui.Join(f.Value, under(line))
	f.Plain += "\n" + line
}

// officer says whose recording it is and how surely; what was found at first stays in sight (decision: overlays).
func officer(p locale.Printer, d recording.Detail, n names) ui.Fact {
	f := ui.FactText(p.T("recording.label.officer"), p.T("recording.nobody"), "")
	if d.Officer != "" {
		f.Plain = n.person(p, d.Officer)
		f.Value = ui.Text(f.Plain)
		f.Source = Word(p, "certainty", string(d.Certainty))
	}
	if d.FoundOfficer != d.Officer && d.FoundOfficer != "" {
		add(&f, p.T("recording.found_officer", n.person(p, d.FoundOfficer)))
	} else if d.FoundOfficer != d.Officer {
		add(&f, p.T("recording.found_nobody"))
	}
	return f
}

func camera(p locale.Printer, d recording.Detail, n names) ui.Fact {
	f := ui.FactText(p.T("recording.label.device"), p.T("recording.unknown_device"), "")
	if d.DeviceHow == string(device.Ambiguous) {
		f.Source = Word(p, "how", d.DeviceHow)
	}
	if d.Device != "" {
		name := d.DeviceName
		if name == "" {
			name = n.device(p, d.Device)
		}
		f.Value, f.Plain = ui.TextLink(ui.Link{Text: name, Href: "/devices/" + string(d.Device)}), name
		f.Source = Word(p, "how", d.DeviceHow)
	}
	if d.FoundDevice != d.Device && d.FoundDevice != "" {
		add(&f, p.T("recording.found_device", n.device(p, d.FoundDevice)))
	} else if d.FoundDevice != d.Device {
		add(&f, p.T("recording.found_no_device"))
	}
	return f
}

func first(d recording.Detail) *media.Facts {
	for _, f := range d.FileList {
		if f.Facts != nil {
			return f.Facts
		}
	}
	return nil
}

// trackWords says what is in the file: container, picture, sound.
func trackWords(p locale.Printer, d recording.Detail) string {
	f := first(d)
	if f == nil {
		return ""
	}
	var parts []string
	if f.FormatName != "" {
		container, _, _ := strings.Cut(f.FormatName, ",")
		parts = append(parts, strings.ToUpper(Harmless(container)))
	}
	for _, t := range f.Tracks {
		switch t.Kind {
		case media.TrackVideo, media.TrackImage:
			s := codec(t.Codec)
			if t.Width > 0 && t.Height > 0 {
				s = strconv.Itoa(t.Width) + "×" + strconv.Itoa(t.Height) + " " + s
			}
			if t.Rate > 0 {
				s += " " + p.T("recording.rate", strconv.FormatFloat(t.Rate, 'f', -1, 32))
			}
			parts = append(parts, s)
		case media.TrackAudio:
			s := codec(t.Codec)
			if t.Channels > 0 {
				s += " " + p.T("recording.channels", t.Channels)
			}
			parts = append(parts, s)
		case media.TrackData, media.TrackSubtitle:
		}
	}
	return strings.Join(parts, p.T("library.and"))
}

// codec writes the usual names of what cameras write; any other as the file has it.
func codec(name string) string {
	usual := map[string]string{"h264": "H.264", "hevc": "H.265", "mpeg4": "MPEG-4", "mjpeg": "MJPEG", "aac": "AAC", "mp3": "MP3", "pcm_s16le": "PCM"}
	if s := usual[name]; s != "" {
		return s
	}
	return Harmless(name)
}

func claimedDevice(d recording.Detail) string {
	f := first(d)
	if f == nil {
		return ""
	}
	var parts []string
	for _, s := range []string{f.Device.Maker, f.Device.Model, f.Device.Serial, f.Device.Firmware} {
		if s != "" {
			parts = append(parts, Harmless(s))
		}
	}
	return strings.Join(parts, " ")
}

// candidateView is one reading of the start time.
type candidateView struct {
	Source string
	Raw    string
	Value  string
	Chosen bool
	Why    string // why it was not used
}

// candidates are all readings of the start, the chosen one marked.
func candidates(p locale.Printer, d recording.Detail) []candidateView {
	out := make([]candidateView, 0, len(d.Readings.Candidates))
	chosen := false
	for _, c := range d.Readings.Candidates {
		v := candidateView{Source: Word(p, "origin", string(c.Source)), Raw: Harmless(c.Raw), Value: p.T("time.unknown")}
		if !c.At.IsZero() {
			v.Value = Stamp(moment(c))
		}
		switch {
		case c.Rejected != "":
			v.Why = Word(p, "doubt", string(c.Rejected))
		case c.Source == d.Readings.Source && !chosen:
			v.Chosen, chosen = true, true
		}
		out = append(out, v)
	}
	return out
}

// moment is a reading as a time: without a zone it is the camera's face, which runs in Shanghai's.
func moment(c media.Candidate) time.Time {
	if c.Zone != media.ZoneNone {
		return c.At
	}
	at := c.At.UTC()
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, clock.Shanghai)
}

// doubts says in words why the start is not to be taken at its face.
func doubts(p locale.Printer, d recording.Detail) []string {
	var out []string
	for _, c := range d.Readings.Doubt {
		out = append(out, Word(p, "doubt", string(c)))
	}
	if !d.Checked && !d.Start.IsZero() {
		out = append(out, p.T("doubt."+recording.DoubtClockUnchecked))
	}
	return out
}

// flagView is a finding with what it means.
type flagView struct {
	Flag ui.Flag
	Text string
}

func flagList(p locale.Printer, d recording.Detail) []flagView {
	out := make([]flagView, 0, len(d.Flags))
	for _, f := range d.Flags {
		v := flagView{Flag: ui.Flag{Code: string(f)}}
		if k := "flagnote." + string(f); p.Has(k) {
			v.Text = p.T(k)
		}
		if why := doubts(p, d); f == recording.Flag(media.FlagClockDoubt) && len(why) > 0 {
			v.Text = strings.Join(why, p.T("recording.stop"))
		}
		if detail := d.FlagDetail[f]; detail != "" {
			v.Flag.Detail = flagDetail(p, f, detail)
		}
		out = append(out, v)
	}
	return out
}

// fileView is one file with what is promised of it.
type fileView struct {
	Name, Path  string
	Size        string
	State       string
	Icon        string
	Tone        ui.Tone
	Promise     string // the state in a whole sentence
	SHA256, SM3 string
	Modified    string
	Receipt     string // address; empty without one
	Kind        string // which receipt it is
}

func files(p locale.Printer, d recording.Detail, now time.Time) []fileView {
	out := make([]fileView, 0, len(d.FileList))
	for _, f := range d.FileList {
		v := fileView{Name: Harmless(f.Name), Path: Harmless(f.Path), Size: p.Size(f.Size), SHA256: f.SHA256, SM3: f.SM3}
		v.State, v.Icon, v.Tone = StateMark(p, f.State)
		switch f.State {
		case recording.Verified:
			v.Promise = p.T("recording.promise.verified", p.WhenSec(f.StoredAt, now), p.WhenSec(f.VerifiedAt, now), Word(p, "medium", f.Medium))
		case recording.Damaged:
			v.Promise = p.T("recording.promise.damaged", p.WhenSec(f.StoredAt, now))
		case recording.Stored:
			v.Promise = p.T("recording.promise.stored", p.WhenSec(f.StoredAt, now))
		}
		if f.Size >= 1024 {
			v.Size = p.T("recording.size", v.Size, p.SizeExact(f.Size))
		}
		if !f.ModTime.IsZero() {
			v.Modified = Stamp(f.ModTime)
		}
		for _, r := range d.Receipts {
			if r.File == f.ID {
				v.Receipt = "/files/" + string(f.ID) + "/receipt"
				v.Kind = Word(p, "recording.receipt", string(r.Kind))
			}
		}
		out = append(out, v)
	}
	return out
}

// gapView is a hole in the camera's numbering beside this recording.
type gapView struct{ Text, Beside, State string }

// GapText says which numbers are not there.
func GapText(p locale.Printer, g recording.Gap) string {
	number := func(n int) string {
		s := strconv.Itoa(n)
		return strings.Repeat("0", max(0, min(g.Width, media.MaxNumberWidth)-len(s))) + s
	}
	switch {
	case g.Kind == media.GapJump:
		return p.T("gap.jump", number(g.From), number(g.To))
	case g.Kind == media.GapChapter && g.From == g.To:
		return p.T("gap.chapter", strconv.Itoa(g.From))
	case g.Kind == media.GapChapter:
		return p.T("gap.chapters", strconv.Itoa(g.From), strconv.Itoa(g.To))
	case g.From == g.To:
		return p.T("gap.one", number(g.From))
	}
	return p.T("gap.many", number(g.From), number(g.To), g.To-g.From+1)
}

// GapBeside names the files beside a hole.
func GapBeside(p locale.Printer, g recording.Gap) string {
	switch {
	case g.Before != "" && g.After != "":
		return p.T("gap.between", Harmless(g.Before), Harmless(g.After))
	case g.After != "":
		return p.T("gap.before", Harmless(g.After))
	case g.Before != "":
		return p.T("gap.after", Harmless(g.Before))
	}
	return ""
}

func gaps(p locale.Printer, d recording.Detail) []gapView {
	out := make([]gapView, 0, len(d.Gaps))
	for _, g := range d.Gaps {
		v := gapView{Text: GapText(p, g), Beside: GapBeside(p, g), State: p.T("gap.open")}
		if g.Arrived {
			v.State = p.T("gap.arrived")
		}
		out = append(out, v)
	}
	return out
}

// fileFacts are a file's facts on the page, with buttons that copy the digests.
func fileFacts(p locale.Printer, f fileView) []ui.Fact {
	out := baseFacts(p, f)
	out = append(out, ui.Fact{Label: p.T("fact.digest"), Value: ui.Digest(p, "SHA-256", f.SHA256), Source: p.T("recording.at_intake")})
	if f.SM3 == "" {
		return append(out, ui.FactText("SM3", p.T("recording.no_sm3"), ""))
	}
	return append(out, ui.Fact{Label: p.T("fact.digest"), Value: ui.Digest(p, "SM3", f.SM3), Source: p.T("recording.at_verify")})
}

// paperFacts are the same on paper.
func paperFacts(p locale.Printer, f fileView) []ui.Fact {
	out := append(baseFacts(p, f), ui.FactMono("SHA-256", f.SHA256, p.T("recording.at_intake")))
	if f.SM3 == "" {
		return append(out, ui.FactText("SM3", p.T("recording.no_sm3"), ""))
	}
	return append(out, ui.FactMono("SM3", f.SM3, p.T("recording.at_verify")))
}

func baseFacts(p locale.Printer, f fileView) []ui.Fact {
	out := []ui.Fact{
		ui.FactMono(p.T("recording.label.path"), f.Path, p.T("recording.on_card")), ui.FactText(p.T("recording.label.size"), f.Size, ""),
	}
	if f.Modified != "" {
		out = append(out, ui.FactText(p.T("recording.label.modified"), f.Modified, p.T("recording.on_card")))
	}
	return out
}

func answerIcon(t ui.Tone) string {
	switch t {
	case ui.OK:
		return "circle-check"
	case ui.Late:
		return "circle-x"
	case ui.Plain, ui.Due, ui.Moot, ui.None:
	}
	return "help-circle"
}
