// Package custody is the custody log (存证日志): what was done, by whom, to what, under which article and with what
// outcome, kept so that nobody can change it unseen.
//
// Entries are written in the caller's own transaction ([Append]), so a deed and its entry are committed together or
// not at all. A [Sequencer], one at a time, gives committed entries their place, extends a Merkle tree (RFC 6962) over
// them and signs checkpoints (C2SP). A leaf holds only salted commitments, one for each field, so the log can be
// shown to anybody: single fields are opened to an outsider by handing over salt and value, and erased where law
// demands it by destroying salt and value; the tree still verifies and the erasure is an entry itself.
//
// The bytes are defined in docs/formats/log-entry-v1.md, checkpoint-and-tiles.md, receipt-v1.md and trust-json.md.
// Package verify checks them and shares no code with this one.
package custody

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// ActorKind says what sort of actor did a thing.
type ActorKind string

// The kinds of actor.
const (
	Person ActorKind = "person" // a person signed in
	Dock   ActorKind = "dock"   // a dock agent with its token
	Token  ActorKind = "token"  // another token (a read token)
	System ActorKind = "system" // the program itself: jobs, the sequencer
	Host   ActorKind = "host"   // somebody with the host's command line
	Anyone ActorKind = "anyone" // nobody has signed in: a try to sign in, a refused visitor
)

// Actor is who did it. Role is the role in which it was done ("custodian"), empty where there is none.
type Actor struct {
	Kind ActorKind
	ID   string
	Role string
}

// Subject is what a thing was done to. Kind is a lower-case word ("recording", "file", "person"), ID its identifier.
type Subject struct {
	Kind string
	ID   string
}

// Outcome says how it ended. The set is closed.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"    // it was carried out
	Refused Outcome = "refused" // a policy or rule refused it
	Intent  Outcome = "intent"  // it is about to be tried; an outcome entry follows
	Failed  Outcome = "failed"  // it was tried and did not succeed
	Opened  Outcome = "opened"  // something that lasts began (a look, a duty)
	Closed  Outcome = "closed"  // it ended
)

// Entry is one entry of the log (存证日志条目). ID may be left empty: Append then makes one. At is when it happened
// and must be set. Related lists further subjects in whose history the entry shows. Article is the article's number in
// the regulation ("19") and Requirement the obligation ("R-19-1"), each empty where none applies. Detail is a JSON
// object (or empty) of ids, codes, times and numbers; only Detail may hold personal data, because each of its
// top-level keys is committed on its own and can be erased.
type Entry struct {
	ID          ident.EntryID
	At          time.Time
	Actor       Actor
	Action      string // dotted code: "recording.seal"
	Subject     Subject
	Related     []Subject
	Article     string
	Requirement string
	Outcome     Outcome
	Detail      json.RawMessage
}

// Detail makes an entry's detail from keys and values in turn: Detail("size", 12, "sha256", "ab…"). A nil value
// leaves its key out. Wrong arguments give a detail that Append refuses (fault Invalid "custody.detail").
func Detail(pairs ...any) json.RawMessage {
	bad := json.RawMessage("null")
	if len(pairs)%2 != 0 {
		return bad
	}
	m := make(map[string]any, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		k, ok := pair[0].(string)
		if !ok {
			return bad
		}
		if pair[1] != nil {
			m[k] = pair[1]
		}
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return bad
	}
	return raw
}

// maxText bounds every field but detail, maxDetail the whole detail and maxRelated the further subjects. A leaf has
// a fixed length, so these only keep the table sane.
const (
	maxText    = 200
	maxDetail  = 64 << 10
	maxRelated = 64
	maxKeys    = 128
)

// check refuses an entry that could not be written in a form others can read. Its faults are defects of the caller.
func (e *Entry) check() error {
	switch e.Actor.Kind {
	case Person, Dock, Token, System, Host, Anyone:
	default:
		return fault.New(fault.Invalid, "custody.entry", "actor.kind").At("actor.kind")
	}
	switch e.Outcome {
	case Done, Refused, Intent, Failed, Opened, Closed:
	default:
		return fault.New(fault.Invalid, "custody.entry", "outcome").At("outcome")
	}
	if e.At.IsZero() {
		return fault.New(fault.Invalid, "custody.entry", "at").At("at")
	}
	if !isCode(e.Action, true) {
		return fault.New(fault.Invalid, "custody.entry", "action").At("action")
	}
	if len(e.Related) > maxRelated {
		return fault.New(fault.Invalid, "custody.entry", "related").At("related")
	}
	for _, s := range append([]Subject{e.Subject}, e.Related...) {
		if !isCode(s.Kind, false) || s.ID == "" || !isPlain(s.ID) || strings.ContainsAny(s.ID, ", ") {
			return fault.New(fault.Invalid, "custody.entry", "subject").At("subject")
		}
	}
	for name, v := range map[string]string{
		"id": string(e.ID), "actor.id": e.Actor.ID, "actor.role": e.Actor.Role,
		"article": e.Article, "requirement": e.Requirement,
	} {
		if !isPlain(v) {
			return fault.New(fault.Invalid, "custody.entry", name).At(name)
		}
	}
	return nil
}

// isCode reports whether s is a lower-case code: letters, digits, "_" and, where dotted, at least one ".".
func isCode(s string, dotted bool) bool {
	if s == "" || len(s) > 64 || s[0] < 'a' || s[0] > 'z' || strings.Contains(s, "..") || strings.HasSuffix(s, ".") {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && (c != '.' || !dotted) {
			return false
		}
	}
	return !dotted || strings.Contains(s, ".")
}

// isPlain reports whether s is short valid UTF-8 without control characters.
func isPlain(s string) bool {
	if len(s) > maxText || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	return true
}
