package record

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/ui"
)

// How many entries of a history are read: on the page the newest, on the certificate all that anybody will print.
const (
	pageLimit  = 200
	paperLimit = 5000
)

// subjects are what a recording's history is about: itself, its files, and the uploads that brought them.
func subjects(d recording.Detail) []custody.Subject {
	out := []custody.Subject{{Kind: "recording", ID: string(d.ID)}}
	for _, x := range d.Parts {
		out = append(out, custody.Subject{Kind: "recording", ID: string(x.Recording)})
	}
	for _, f := range d.FileList {
		out = append(out, custody.Subject{Kind: "file", ID: string(f.ID)})
		if f.Upload != "" {
			out = append(out, custody.Subject{Kind: "upload", ID: string(f.Upload)})
		}
	}
	return out
}

// history reads a recording's entries, newest first, each once, and says whether there are more than limit.
func (a area) history(ctx context.Context, d recording.Detail, limit int) (list []custody.Record, more bool, err error) {
	seen := map[ident.EntryID]bool{}
	for _, s := range subjects(d) {
		f := custody.Filter{Subject: s, Limit: int64(min(limit+1, 500))}
		for got := 0; got <= limit; {
			page, err := custody.List(ctx, a.Log, f)
			if err != nil {
				return nil, false, err
			}
			for _, r := range page {
				if !seen[r.ID] {
					seen[r.ID] = true
					list = append(list, r)
				}
			}
			if got += len(page); int64(len(page)) < f.Limit {
				break
			}
			f.Before = page[len(page)-1].Seq
		}
	}
	slices.SortFunc(list, func(x, y custody.Record) int { return cmp.Compare(y.Seq, x.Seq) })
	if len(list) > limit {
		return list[:limit], true, nil
	}
	return list, false, nil
}

// Actors names the people who acted in a history, by their accounts.
func Actors(ctx context.Context, accounts Accounts, people People, list []custody.Record) (map[string]string, error) {
	owner := map[string]ident.PersonID{}
	for _, r := range list {
		if r.Actor.Kind != custody.Person || owner[r.Actor.ID] != "" {
			continue
		}
		acc, err := accounts.Account(ctx, ident.AccountID(r.Actor.ID))
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		owner[r.Actor.ID] = acc.Person
	}
	ids := make([]ident.PersonID, 0, len(owner))
	for _, id := range owner {
		ids = append(ids, id)
	}
	called, err := people.Names(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(owner))
	for account, person := range owner {
		out[account] = called[person]
	}
	return out, nil
}

// eventView is one entry in words.
type eventView struct {
	ui.Event

	ID       ident.EntryID
	At       string // whole, for paper
	Actor    string
	Position string // in the log
}

// ActionText says in a sentence what an entry tells: its action, and how it ended.
func ActionText(p locale.Printer, r custody.Record) string {
	key := "action." + r.Action
	if own := key + "." + string(r.Outcome); p.Has(own) {
		return p.T(own)
	}
	text := p.T("action.other", r.Action)
	if p.Has(key) {
		text = p.T(key)
	}
	switch r.Outcome {
	case custody.Refused:
		return p.T("history.refused", text)
	case custody.Failed:
		return p.T("history.failed", text)
	case custody.Intent:
		return p.T("history.intent", text)
	case custody.Done, custody.Opened, custody.Closed:
	}
	return text
}

// events puts a history into words.
func events(p locale.Printer, d recording.Detail, list []custody.Record, actors map[string]string, n names, now time.Time) []eventView {
	out := make([]eventView, 0, len(list))
	for _, r := range list {
		v := eventView{ID: r.ID, At: Stamp(r.At), Actor: ActorText(p, r.Actor, actors), Position: p.T("history.waiting")}
		v.Event = ui.Event{Time: p.Day(r.At, now), Day: p.ClockSec(r.At), Text: ActionText(p, r)}
		v.Icon, v.Tone = Mark(r)
		v.Facts = append([]string{v.Actor}, particulars(p, r, n, now)...)
		if r.Article != "" {
			v.Facts = append(v.Facts, p.Article(r.Article))
		}
		if len(r.Erased) > 0 {
			v.Facts = append(v.Facts, p.T("history.erased", len(r.Erased)))
		}
		if r.Index >= 0 {
			v.Position = p.T("history.position", r.Index+1)
			v.Link = ui.Link{Text: p.T("history.proof", r.Index+1), Href: proofPath(d.ID, r.ID)}
		} else {
			v.Facts = append(v.Facts, v.Position)
		}
		out = append(out, v)
	}
	return out
}

// ActorText names who acted, with the role in which it was done.
func ActorText(p locale.Printer, a custody.Actor, people map[string]string) string {
	switch a.Kind {
	case custody.Person:
		name := people[a.ID]
		if name == "" {
			name = p.T("recording.somebody")
		}
		var roles []string
		for r := range strings.SplitSeq(a.Role, "+") {
			if k := "role." + r; r != "" && p.Has(k) {
				roles = append(roles, p.T(k))
			}
		}
		if len(roles) > 0 {
			return p.T("history.person", name, strings.Join(roles, p.T("library.and")))
		}
		return name
	case custody.Dock, custody.Token, custody.System, custody.Host, custody.Anyone:
	}
	return Word(p, "actor", string(a.Kind))
}

// Mark gives the icon and the tone of an entry.
func Mark(r custody.Record) (string, ui.Tone) {
	switch r.Outcome {
	case custody.Refused:
		return "circle-x", ui.Late
	case custody.Failed:
		return "alert-triangle", ui.Late
	case custody.Done, custody.Intent, custody.Opened, custody.Closed:
	}
	switch area, deed, _ := strings.Cut(r.Action, "."); {
	case r.Action == "recording.seal", r.Action == "recording.adopt":
		return "lock", ui.OK
	case r.Action == "recording.verify":
		return "shield-check", ui.OK
	case r.Action == "recording.probe", r.Action == "recording.judge":
		return "list-details", ui.Plain
	case deed == "return_note", deed == "designate":
		return "writing", ui.Plain
	case deed == "assign", deed == "resolve":
		return "user", ui.Plain
	case area == "upload":
		return "upload", ui.Plain
	case area == "receipt":
		return "receipt", ui.Plain
	case area == "clear":
		return "trash", ui.Plain
	case area == "duty":
		return "clock", ui.Plain
	}
	return "file-text", ui.Plain
}

// particulars are what an entry's detail adds to its sentence.
func particulars(p locale.Printer, r custody.Record, n names, now time.Time) []string {
	var m map[string]any
	if json.Unmarshal(r.Detail, &m) != nil {
		return nil
	}
	text := func(key string) string { s, _ := m[key].(string); return s }
	var out []string
	if v := text("verdict"); v != "" {
		s := p.T("history.verdict", Word(p, "verdict", v))
		if before := text("verdict_before"); before != "" && before != v {
			s = p.T("history.verdict_changed", Word(p, "verdict", before), Word(p, "verdict", v))
		}
		out = append(out, s)
	}
	if us, ok := m["moment_us"].(float64); ok && us > 0 {
		out = append(out, p.T("history.moment", p.When(time.UnixMicro(int64(us)), now)))
	}
	if v := text("place"); v != "" {
		out = append(out, Harmless(v))
	}
	if v := text("kind"); v != "" && strings.HasPrefix(r.Action, "duty.") && p.Has("duty.kind."+v) {
		out = append(out, p.T("duty.kind."+v))
	}
	for _, rel := range r.Related {
		if rel.Kind == "person" && r.Subject.Kind == "recording" && n.people[ident.PersonID(rel.ID)] != "" {
			out = append(out, n.people[ident.PersonID(rel.ID)])
		}
	}
	if v := text("reason"); v != "" {
		out = append(out, Reason(p, v))
	}
	if v := text("words"); v != "" {
		out = append(out, p.T("history.words", Prose(v)))
	}
	if v := text("code"); v != "" {
		out = append(out, Reason(p, v))
	}
	return out
}
