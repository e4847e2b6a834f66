package record

import (
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/storage"
	"zhilu.dev/zhilu/internal/web/ui"
)

// branchView is one way of keeping the term, as a row under the verdict.
type branchView struct {
	Name   string
	Cite   ui.Cite
	Sum    string
	Result string
	Answer string
	Tone   ui.Tone
}

// cite turns "19¶1" into the article's number as pages write it.
func cite(article string) ui.Cite { return ui.Cite{Article: strings.Replace(article, "¶", ".", 1)} }

// deciding is the branch whose sum stands in front: the one that kept the term, else one that might have, else the first.
func deciding(j storage.Judgement) (storage.Branch, bool) {
	for _, want := range []storage.Answer{storage.Yes, storage.Maybe} {
		for _, b := range j.Branches {
			if b.Answer == want {
				return b, true
			}
		}
	}
	if len(j.Branches) == 0 {
		return storage.Branch{}, false
	}
	return j.Branches[0], true
}

// verdictOf is the verdict with its sum.
func verdictOf(p locale.Printer, d recording.Detail, now time.Time) ui.Verdict {
	j := d.Judgement
	tone, icon := ui.Storage(j.Verdict).Look()
	v := ui.Verdict{
		Topic: p.T("recording.term"), Cite: ui.Cite{Article: "19.1"}, Tone: tone, Icon: icon, Headline: Word(p, "recording.headline", string(j.Verdict)),
	}
	var notes []string
	if j.Why != "" {
		notes = append(notes, Word(p, "why", j.Why))
	}
	for _, code := range j.Doubts {
		notes = append(notes, Word(p, "doubt", code))
	}
	v.Note = strings.Join(notes, p.T("recording.stop"))
	for _, f := range j.Facts {
		v.Facts = append(v.Facts, letter(p, d, f, now))
	}
	b, ok := deciding(j)
	if !ok {
		return v
	}
	v.Cite = cite(b.Article)
	v.Sum, v.Result = p.T("recording.sum", letterOf(p, b.Minuend), letterOf(p, b.Subtrahend), p.Exact(j.Limit)), result(p, b)
	v.Scale = scale(p, b, j.Limit, tone)
	return v
}

// letterOf writes a fact's letter in the reader's language.
func letterOf(p locale.Printer, stem string) string {
	for i, s := range []string{"甲", "乙", "丙", "丁"} {
		if s == stem {
			return p.Letter(i)
		}
	}
	return stem
}

func letter(p locale.Printer, d recording.Detail, f storage.Fact, now time.Time) ui.Letter {
	l := ui.Letter{
		Letter: letterOf(p, f.Letter), Label: Word(p, "recording.fact", f.Code), Value: p.Moment(f.Value, now), Source: Word(p, "origin", f.Source),
	}
	switch f.Code {
	case "end":
		if f.Value.IsZero() {
			l.Source = ""
			break
		}
		l.Source = p.T("recording.end_source", l.Source, offsetWords(p, d))
	case "stored":
		if len(d.Receipts) > 0 {
			l.Source = p.T("recording.stored_source", l.Source)
		}
	case "returned", "designated":
		kind := recording.NoteReturn
		if f.Code == "designated" {
			kind = recording.NoteDesignated
		}
		if n, ok := newest(d.Notes, kind); ok && n.ByName != "" {
			l.Source = p.T("recording.noted_by", n.ByName)
		}
	}
	return l
}

// newest is the note of a kind that counts.
func newest(notes []recording.Note, kind recording.NoteKind) (recording.Note, bool) {
	for i := len(notes) - 1; i >= 0; i-- {
		if notes[i].Kind == kind {
			return notes[i], true
		}
	}
	return recording.Note{}, false
}

// offsetWords says how far the camera's clock was off, or that nobody ever compared it.
func offsetWords(p locale.Printer, d recording.Detail) string {
	lo, hi := d.EndOffset[0], d.EndOffset[1]
	switch {
	case !d.Checked:
		return p.T("recording.clock_unchecked")
	case lo.Abs() < time.Second && hi.Abs() < time.Second:
		return p.T("recording.clock_right")
	case hi-lo < time.Second && lo > 0:
		return p.T("recording.clock_slow", p.Exact(lo.Round(time.Second)))
	case hi-lo < time.Second:
		return p.T("recording.clock_fast", p.Exact(-lo.Round(time.Second)))
	case lo >= 0:
		return p.T("recording.clock_slow", p.T("time.span", p.Exact(lo.Round(time.Second)), p.Exact(hi.Round(time.Second))))
	case hi <= 0:
		return p.T("recording.clock_fast", p.T("time.span", p.Exact(-hi.Round(time.Second)), p.Exact(-lo.Round(time.Second))))
	}
	return p.T("recording.clock_about", p.Exact(max(-lo, hi).Round(time.Second)))
}

// result writes the difference: exact, or both bounds.
func result(p locale.Printer, b storage.Branch) string {
	switch {
	case !b.Known:
		return p.T("time.unknown")
	case b.To-b.From < time.Second:
		return figure(p, b.From)
	}
	return p.T("time.span", figure(p, b.From), figure(p, b.To))
}

// figure writes a difference to the second as long as seconds can matter to a term of hours.
func figure(p locale.Printer, d time.Duration) string {
	if d.Abs() >= 72*time.Hour {
		return p.Duration(d)
	}
	return p.Exact(d.Round(time.Second))
}

// maxPercent bounds the bar: a clock years off says nothing by its length.
const maxPercent = 1000

func scale(p locale.Printer, b storage.Branch, limit time.Duration, tone ui.Tone) *ui.Scale {
	if !b.Known || limit <= 0 || b.To < 0 {
		return nil
	}
	percent := func(d time.Duration) int {
		return int(min(max(0, int64(d)/(int64(limit)/100)), maxPercent)) // d ≤ 292 years and limit ≥ 100 ns
	}
	s := ui.Scale{Percent: percent(b.From), Used: p.Duration(b.To), Limit: p.Duration(limit), Tone: tone}
	if b.To-b.From >= time.Second {
		s.HighPercent = percent(b.To)
	}
	return &s
}

// branches are all ways of keeping the term, where there is more than one.
func branches(p locale.Printer, j storage.Judgement) []branchView {
	if len(j.Branches) < 2 {
		return nil
	}
	out := make([]branchView, 0, len(j.Branches))
	for _, b := range j.Branches {
		v := branchView{
			Name: Word(p, "recording.branch", b.Code), Cite: cite(b.Article),
			Sum:    p.T("recording.sum", letterOf(p, b.Minuend), letterOf(p, b.Subtrahend), p.Exact(j.Limit)),
			Result: result(p, b), Answer: Word(p, "recording.answer", string(b.Answer)),
		}
		switch b.Answer {
		case storage.Yes:
			v.Tone = ui.OK
		case storage.No:
			v.Tone = ui.Late
		case storage.Maybe:
			v.Tone = ui.Moot
		}
		out = append(out, v)
	}
	return out
}

// endOf is the interval in which the recording ended, in true time.
func endOf(d recording.Detail) clock.Interval {
	for _, f := range d.Judgement.Facts {
		if f.Code == "end" {
			return f.Value
		}
	}
	return d.End
}
