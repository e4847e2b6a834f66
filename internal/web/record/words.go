package record

import (
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/storage"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Path is the address of a recording's page.
func Path(id ident.RecordingID) string { return "/recordings/" + string(id) }

// Word gives the word for a code under an area of the catalogues ("state", "verified"), or the code itself, made
// harmless, where the catalogues do not know it: a code of a later version must not break a page.
func Word(p locale.Printer, area, code string) string {
	if k := area + "." + code; p.Has(k) {
		return p.T(k)
	}
	return Harmless(code)
}

// Flags gives a recording's findings as pages show them.
func Flags(flags []recording.Flag) []ui.Flag {
	out := make([]ui.Flag, len(flags))
	for i, f := range flags {
		out[i] = ui.Flag{Code: string(f)}
	}
	return out
}

// Start says when a recording began by its camera's clock, or that nobody knows.
func Start(p locale.Printer, r recording.Recording, now time.Time) string {
	if r.Start.IsZero() {
		return p.T("recording.no_start")
	}
	return p.WhenSec(r.Start, now)
}

// Length writes a duration as a player would, "46:33" or "1:58:47"; "" where it is not known.
func Length(r recording.Recording) string {
	if !r.HasDuration {
		return ""
	}
	s := int64(r.Duration.Round(time.Second) / time.Second)
	two := func(n int64) string {
		if n < 10 {
			return "0" + strconv.FormatInt(n, 10)
		}
		return strconv.FormatInt(n, 10)
	}
	if s >= 3600 {
		return strconv.FormatInt(s/3600, 10) + ":" + two(s/60%60) + ":" + two(s%60)
	}
	return two(s/60) + ":" + two(s%60)
}

// Took says under a verdict how long the storing took, or in a word why it cannot be judged. The whole sum stands on the
// recording's own page.
func Took(p locale.Printer, r recording.Recording) string {
	switch r.Verdict {
	case storage.CannotJudge:
		switch {
		case r.Kind == recording.Pending:
			return p.T("recording.brief.pending")
		case r.End.IsZero():
			return p.T("recording.brief.no_end")
		case r.End.From.After(r.StoredAt):
			return p.T("recording.brief.end_after")
		}
		return p.T("recording.brief.straddle")
	case storage.InTime, storage.Late:
		switch least, most := r.StoredAt.Sub(r.End.To), r.StoredAt.Sub(r.End.From); {
		case r.End.IsZero():
		case most-least < time.Minute:
			return p.T("recording.brief.took", p.Duration(most))
		case r.Verdict == storage.Late:
			return p.T("recording.brief.least", p.Duration(least))
		default:
			return p.T("recording.brief.most", p.Duration(most))
		}
	case storage.InTimeReturn, storage.Designated, storage.Unstored, storage.NotOurs:
	}
	return ""
}

// StateMark says how much is promised of the bytes: sealed, read back from the disk, or found to be other.
func StateMark(p locale.Printer, s recording.State) (text, icon string, tone ui.Tone) {
	switch s {
	case recording.Verified:
		return p.T("state.verified"), "shield-check", ui.OK
	case recording.Damaged:
		return p.T("state.damaged"), "shield-x", ui.Late
	case recording.Stored:
		return p.T("state.stored"), "lock", ui.Plain
	}
	return Word(p, "state", string(s)), "help-circle", ui.Moot
}

// Harmless makes a hostile text showable without changing its letters (T26).
func Harmless(s string) string { return locale.Visible(s) }

// Prose is Harmless for what a person wrote, perhaps on several lines: it becomes one.
func Prose(s string) string { return Harmless(strings.Join(strings.Fields(s), " ")) }

// Stamp writes a moment to the second in Shanghai, for tables and paper; "" for none.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Shanghai).Format(time.DateTime)
}

// Reason gives the words of a code that says why: a reason of its own, or what happened by the fault of that code.
func Reason(p locale.Printer, code string) string {
	if k := "fault." + code + ".what"; !p.Has("reason."+code) && p.Has(k) {
		return p.T(k)
	}
	return Word(p, "reason", code)
}
