package ui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/locale"
)

// Tone is the colour of a state. It is the third signal, after the words and the icon.
type Tone uint8

// The tones.
const (
	Plain Tone = iota // ink
	OK                // in time, there, sound
	Due               // soon due, in doubt
	Late              // overdue, missing, refused
	Moot              // cannot be judged; drawn dashed
	None              // not applicable, not there yet
)

func (t Tone) class() string {
	return [...]string{"", "is-ok", "is-due", "is-late", "is-moot", "is-none"}[min(int(t), 5)]
}

// Storage is a verdict on storage in time (Article 19), by its stable code.
type Storage string

// The verdicts, and unstored for a recording that is known and not taken in yet.
const (
	InTime       Storage = "in_time"
	InTimeReturn Storage = "in_time_return"
	Designated   Storage = "designated"
	StoredLate   Storage = "late"
	CannotJudge  Storage = "cannot_judge"
	Unstored     Storage = "unstored"
	NotOurs      Storage = "not_ours"
)

// Look gives the tone and icon of a verdict; a code that is not known looks like one that cannot be judged.
func (s Storage) Look() (Tone, string) {
	switch s {
	case InTime:
		return OK, "circle-check"
	case InTimeReturn:
		return OK, "home-check"
	case Designated:
		return OK, "database"
	case StoredLate:
		return Late, "clock-x"
	case Unstored:
		return Due, "clock"
	case NotOurs:
		return Moot, "user"
	case CannotJudge:
	}
	return Moot, "help-circle"
}

// Words gives the words of a verdict.
func (s Storage) Words(p locale.Printer) string {
	if k := "verdict." + string(s); p.Has(k) {
		return p.T(k)
	}
	return p.T("verdict.cannot_judge")
}

// Flag is a technical doubt found at intake: about the file, never about a person. Code is a key under "flag.";
// Detail is added after it ("少 0029").
type Flag struct {
	Code   string
	Detail string
}

func (f Flag) icon() string {
	switch f.Code {
	case "unknown_device", "device_doubtful":
		return "device-unknown"
	case "unreadable", "truncated", "damaged":
		return "file-broken"
	case "empty":
		return "file-off"
	case "foreign", "gap", "misnamed":
		return "file-unknown"
	case "clock_doubtful", "time_missing", "time_in_future":
		return "clock-question"
	case "mismatch", "name_time_mismatch":
		return "arrows-diff"
	case "duplicate":
		return "files"
	case "no_officer":
		return "user-off"
	case "no_video":
		return "video-off"
	case "picture":
		return "photo"
	case "no_audio":
		return "volume-off"
	}
	return "flag"
}

func (f Flag) text(p locale.Printer) string {
	s := p.T("flag.other")
	if k := "flag." + f.Code; p.Has(k) {
		s = p.T(k)
	}
	if f.Detail == "" {
		return s
	}
	return p.T("flag.detail", s, f.Detail)
}

// Cite is an article: its number as locale.Printer.Article takes it, and where its text can be read.
type Cite struct {
	Article string
	Href    string
}

// Clock says how long is left. Text is the big line, Sub the moment itself.
type Clock struct {
	Text string
	Sub  string
	Tone Tone      // Plain, Due or Late
	Used int       // percent of the time that has gone, 0–100; negative draws no bar
	Live time.Time // when set, scripts keep Text current against this moment
}

// DueClock makes the clock of something opened at one moment and due at another: late when due has passed, due on
// the last day, else plain. A zero due has no limit.
func DueClock(p locale.Printer, opened, due, now time.Time) Clock {
	if due.IsZero() {
		return Clock{Text: p.T("time.no_limit"), Used: -1}
	}
	text, late := p.Left(due, now)
	c := Clock{Text: text, Sub: p.Before(due, now), Live: due, Used: used(opened, due, now)}
	switch {
	case late:
		c.Tone, c.Used, c.Sub = Late, 100, p.WasDue(due, now)
	case due.Sub(now) < 24*time.Hour:
		c.Tone = Due
	}
	return c
}

func used(opened, due, now time.Time) int {
	whole := due.Sub(opened)
	if opened.IsZero() || whole <= 0 {
		return -1
	}
	return int(max(0, min(100, now.Sub(opened)*100/whole)))
}

func (c Clock) icon() string {
	switch c.Tone {
	case Late:
		return "alert-triangle"
	case Due:
		return "clock"
	case Plain, OK, Moot, None:
	}
	return "calendar-due"
}

func percent(n int) string { return strconv.Itoa(max(0, min(100, n))) + "%" }

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// figure is a piece of a time written big: digits at full size, words small.
type figure struct {
	text  string
	small bool
}

func figures(s string) []figure {
	var out []figure
	for _, r := range s {
		small := r < '0' || r > '9'
		if n := len(out); n > 0 && out[n-1].small == small {
			out[n-1].text += string(r)
			continue
		}
		out = append(out, figure{string(r), small})
	}
	for i := range out {
		out[i].text = strings.TrimSpace(out[i].text)
	}
	return slices.DeleteFunc(out, func(f figure) bool { return f.text == "" })
}
