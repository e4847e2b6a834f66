package regulation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/edition"
)

// DraftState is where a draft stands.
type DraftState string

// The states of a draft.
const (
	DraftOpen      DraftState = "open"
	DraftAdopted   DraftState = "adopted"
	DraftDiscarded DraftState = "discarded"
)

// Draft (草案) is an edition in the making. It is made from the newest edition and changed step by step.
type Draft struct {
	ID       ident.DraftID
	No       int64
	Base     int // the edition it was made from
	Revision int // counts its steps; every change names the revision it was made on
	State    DraftState
	Words    string // why the regulation is to be changed

	BegunAt   time.Time
	BegunBy   ident.PersonID
	BegunName string

	EndedAt    time.Time
	EndedBy    ident.PersonID
	EndedName  string
	EndedWords string
}

// DraftStep is one change to a draft: who, when, what.
type DraftStep struct {
	Revision int
	edition.Said
	At     time.Time
	By     ident.PersonID
	ByName string
	Entry  ident.EntryID
}

// longestWords bounds the reasons people write.
const longestWords = 1000

// mostAhead is how far ahead an edition's first day may lie.
const mostAhead = 3 * 366 * 24 * time.Hour

// BeginDraft makes a draft from the newest edition. It takes the reason for the change.
func (s *Service) BeginDraft(ctx context.Context, actor access.Actor, words string) (Draft, error) {
	words, err := reason(words)
	if err != nil {
		return Draft{}, err
	}
	id := ident.New[ident.DraftID]()
	var d Draft
	err = s.gate.Do(ctx, actor, access.EditionDraft, draftSubject(Draft{ID: id}, actor), func(tx *gate.Tx) error {
		newest, err := newestEdition(ctx, tx.DB())
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		files, err := filesNumbered(ctx, tx.DB(), newest.Number)
		if err != nil {
			return err
		}
		d = Draft{
			ID: id, Base: newest.Number, State: DraftOpen, Words: words,
			BegunAt: tx.Now(), BegunBy: actor.Person, BegunName: actor.Name,
		}
		said, err := insertDraft(ctx, tx.DB(), &d, files)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail(append(said, "base", d.Base, "no", d.No)...)})
		return err
	})
	return d, err
}

// Edit takes one step on a draft at the revision the person saw. If the draft was changed meanwhile it is fault
// Conflict "edition.changed"; if it has ended, "edition.ended". A step that cannot be taken is fault Invalid
// "edition.rows" around *edition.Broken, and the draft stays as it was.
func (s *Service) Edit(ctx context.Context, actor access.Actor, id ident.DraftID, revision int, step edition.Step) (Draft, error) {
	return s.take(ctx, actor, id, revision, func(*gate.Tx, *Draft) (edition.Step, error) { return step, nil })
}

// MoveDraft moves a draft onto the newest edition, where another was adopted since it was begun (edition.Onto).
func (s *Service) MoveDraft(ctx context.Context, actor access.Actor, id ident.DraftID, revision int) (Draft, error) {
	return s.take(ctx, actor, id, revision, func(tx *gate.Tx, d *Draft) (edition.Step, error) {
		newest, err := newestEdition(ctx, tx.DB())
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		if newest.Number == d.Base {
			return nil, fault.New(fault.Conflict, "edition.unchanged")
		}
		var onto edition.Onto
		if onto.Newest, err = selectFiles(ctx, tx.DB(), newest.ID); err != nil {
			return nil, err
		}
		if onto.Base, err = filesNumbered(ctx, tx.DB(), d.Base); err != nil {
			return nil, err
		}
		d.Base = newest.Number
		return onto, nil
	})
}

// take locks the draft, makes the step and takes it.
func (s *Service) take(ctx context.Context, actor access.Actor, id ident.DraftID, revision int, next func(*gate.Tx, *Draft) (edition.Step, error)) (Draft, error) {
	d, _, err := s.draft(ctx, id)
	if err != nil {
		return Draft{}, err
	}
	err = s.gate.Do(ctx, actor, access.EditionEdit, draftSubject(d, actor), func(tx *gate.Tx) error {
		var files edition.Files
		if d, files, err = lockedDraft(ctx, tx.DB(), id, revision); err != nil {
			return err
		}
		base := d.Base
		step, err := next(tx, &d)
		if err != nil {
			return err
		}
		after, err := step.Apply(files)
		if b, ok := errors.AsType[*edition.Broken](err); ok {
			return rowsFault(b)
		}
		if err != nil {
			return err
		}
		if after.Same(files) && base == d.Base {
			return fault.New(fault.Conflict, "edition.unchanged")
		}
		d.Revision++
		st := DraftStep{Revision: d.Revision, Said: step.Says(), At: tx.Now(), By: actor.Person, ByName: actor.Name, Entry: ident.New[ident.EntryID]()}
		said, err := updateDraft(ctx, tx.DB(), d, &after)
		if err != nil {
			return err
		}
		if err := insertStep(ctx, tx.DB(), d.ID, st); err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{ID: st.Entry, Detail: custody.Detail(append(said,
			"revision", d.Revision, "base", d.Base, "step", st.Step, "part", string(st.Part), "row", st.Said.ID, "digest", digestOf(after, st.Part))...)})
		return err
	})
	return d, err
}

// AdoptDraft puts a draft into force from a day on, not before today, as the person saw it at this revision. What is wrong
// anywhere in it is fault Invalid "edition.rows" around *edition.Broken; another edition that was adopted meanwhile,
// fault Conflict "edition.moved". Who wrote any of it does not adopt it.
func (s *Service) AdoptDraft(ctx context.Context, actor access.Actor, id ident.DraftID, revision int, from string) (Edition, error) {
	d, steps, err := s.draft(ctx, id)
	if err != nil {
		return Edition{}, err
	}
	subject := draftSubject(d, actor)
	for _, st := range steps { // steps are never taken back, and the revision is compared again below
		if st.By == actor.Person {
			subject.Officer = actor.Person
		}
	}
	a := Adoption{ID: ident.New[ident.EditionID](), From: from, AdoptedBy: actor.Person, AdoptedName: actor.Name, Draft: id, Entry: ident.New[ident.EntryID]()}
	err = s.gate.Do(ctx, actor, access.EditionAdopt, subject, func(tx *gate.Tx) error {
		var files edition.Files
		if d, files, err = lockedDraft(ctx, tx.DB(), id, revision); err != nil {
			return err
		}
		newest, err := newestEdition(ctx, tx.DB())
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if newest.Number != d.Base {
			return fault.New(fault.Conflict, "edition.moved", newest.Number)
		}
		if _, problems := edition.Read(files); len(problems) > 0 {
			return rowsFault(&edition.Broken{Problems: problems})
		}
		if err := changed(ctx, tx, newest, files); err != nil {
			return err
		}
		if err := takesEffect(from, dayOf(tx.Now()), newest.From); err != nil {
			return err
		}
		a.Number, a.AdoptedAt, a.Words = newest.Number+1, tx.Now(), d.Words
		d.State, d.EndedAt, d.EndedBy, d.EndedName = DraftAdopted, tx.Now(), actor.Person, actor.Name
		said, err := insertEdition(ctx, tx.DB(), a, files)
		if db.IsUnique(err) {
			return fault.Wrap(err, fault.Conflict, "edition.moved", a.Number)
		}
		if err != nil {
			return err
		}
		more, err := updateDraft(ctx, tx.DB(), d, nil)
		if err != nil {
			return err
		}
		detail := append(append(said, more...), "edition", a.Number, "from", from)
		for _, p := range edition.Parts() {
			detail = append(detail, "sha256_"+strings.ReplaceAll(string(p), "-", "_"), digestOf(files, p))
		}
		_, err = tx.Record(gate.Entry{
			ID: a.Entry, Article: "27", Requirement: "R-27-1", Detail: custody.Detail(detail...),
			Related: []custody.Subject{{Kind: "edition", ID: string(a.ID)}},
		})
		return err
	})
	if err != nil {
		return Edition{}, err
	}
	return s.load(ctx, a)
}

// changed refuses an edition that says nothing new.
func changed(ctx context.Context, tx *gate.Tx, newest Adoption, files edition.Files) error {
	before, err := filesNumbered(ctx, tx.DB(), newest.Number)
	if err != nil {
		return err
	}
	if newest.Number > 0 && before.Same(files) {
		return fault.New(fault.Conflict, "edition.unchanged")
	}
	return nil // the first may be what the program ships: that the bureau takes it on is new
}

// takesEffect judges an edition's first day.
func takesEffect(from, today, newest string) error {
	day, err := time.Parse(time.DateOnly, from)
	if err != nil {
		return fault.New(fault.Invalid, "edition.day").At("from")
	}
	if from < today {
		return fault.New(fault.Invalid, "edition.past", today).At("from")
	}
	if now, err := time.Parse(time.DateOnly, today); err == nil && day.After(now.Add(mostAhead)) {
		return fault.New(fault.Invalid, "edition.day").At("from")
	}
	if from < newest {
		return fault.New(fault.Invalid, "edition.order", newest).At("from")
	}
	return nil
}

// Discard ends a draft that will not come into force, with a reason. It stays readable.
func (s *Service) Discard(ctx context.Context, actor access.Actor, id ident.DraftID, revision int, words string) (Draft, error) {
	words, err := reason(words)
	if err != nil {
		return Draft{}, err
	}
	d, _, err := s.draft(ctx, id)
	if err != nil {
		return Draft{}, err
	}
	err = s.gate.Do(ctx, actor, access.EditionDiscard, draftSubject(d, actor), func(tx *gate.Tx) error {
		if d, _, err = lockedDraft(ctx, tx.DB(), id, revision); err != nil {
			return err
		}
		d.State, d.EndedAt, d.EndedBy, d.EndedName, d.EndedWords = DraftDiscarded, tx.Now(), actor.Person, actor.Name, words
		said, err := updateDraft(ctx, tx.DB(), d, nil)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{Detail: custody.Detail(append(said, "reason", words)...)})
		return err
	})
	return d, err
}

// Draft gives a draft with its text and its steps, newest first.
func (s *Service) Draft(ctx context.Context, id ident.DraftID) (Draft, edition.Files, []DraftStep, error) {
	d, steps, err := s.draft(ctx, id)
	if err != nil {
		return Draft{}, edition.Files{}, nil, err
	}
	files, err := selectDraftFiles(ctx, s.db.Reader, id)
	return d, files, steps, err
}

// Drafts lists drafts, the open ones first, then the newest.
func (s *Service) Drafts(ctx context.Context) ([]Draft, error) { return selectDrafts(ctx, s.db.Reader) }

func (s *Service) draft(ctx context.Context, id ident.DraftID) (Draft, []DraftStep, error) {
	d, err := selectDraft(ctx, s.db.Reader, id)
	if err != nil {
		return Draft{}, nil, err
	}
	steps, err := selectSteps(ctx, s.db.Reader, id)
	return d, steps, err
}

// draftSubject is a draft as policies see it. The officer it concerns is whoever began it.
func draftSubject(d Draft, actor access.Actor) access.Subject {
	officer := d.BegunBy
	if officer == "" {
		officer = actor.Person
	}
	return access.Subject{Kind: "edition_draft", ID: string(d.ID), Officer: officer}
}

func reason(words string) (string, error) {
	words = strings.TrimSpace(words)
	switch {
	case words == "":
		return "", fault.New(fault.Invalid, "edition.words").At("words")
	case utf8.RuneCountInString(words) > longestWords:
		return "", fault.New(fault.Invalid, "edition.words_long", longestWords).At("words")
	}
	return words, nil
}

func rowsFault(b *edition.Broken) error {
	return fault.Wrap(b, fault.Invalid, "edition.rows", len(b.Problems))
}

func digestOf(f edition.Files, p edition.Part) string {
	sum := sha256.Sum256(f.Of(p))
	return hex.EncodeToString(sum[:])
}
