package intake

import (
	"context"
	"strconv"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/record"
)

// maxListed bounds a card's list; a card that names more is handed in by folders.
const maxListed = 100_000

// OpenCard writes down a docking and the card's own list before anything is sent (T2). A list of more than 100,000
// files is TooLarge "card.list".
func (s *Service) OpenCard(ctx context.Context, actor access.Actor, l CardListing) (ident.CardID, error) {
	if len(l.Files) > maxListed {
		return "", fault.New(fault.TooLarge, "card.list", maxListed)
	}
	card := record.Card{
		ID: ident.New[ident.CardID](), Label: record.ShownOr(l.Label, ""), Station: record.ShownOr(l.Station, ""), Agent: record.ShownOr(l.Agent, ""),
		DeviceHint: record.Opaque(l.DeviceHint), Owner: actor.ID, OwnerKind: actor.Kind, OwnerName: actor.Name,
		FreeBytes: l.FreeBytes, TotalBytes: l.TotalBytes, Files: len(l.Files),
	}
	files := make([]record.CardFile, len(l.Files))
	codes := map[string]bool{}
	for i, f := range l.Files {
		files[i] = record.CardFile{
			Card: card.ID, N: i + 1, Path: record.Opaque(f.Path), Size: f.Size, MTime: clock.Micros(f.ModTime), Status: record.Waiting, Code: record.ShownOr(f.Left, ""),
		}
		if f.Left != "" {
			files[i].Status = record.Left
			continue
		}
		card.Bytes += max(f.Size, 0)
		if code := media.ParseName(f.Path).DeviceCode; code != "" && len(codes) < maxCodes {
			codes[code] = true
		}
	}
	found, err := s.Match(ctx, Hints(card.DeviceHint, card.Label, codes, ""))
	if err != nil {
		return "", err
	}
	card.Device, card.Department = found.Item.ID, found.Item.Department
	err = s.c.Gate.Do(ctx, actor, access.CardOpen, access.Subject{Kind: "card", ID: string(card.ID)}, func(tx *gate.Tx) error {
		card.OpenedAt = clock.Micros(tx.Now())
		if err := record.Insert(tx.Context(), tx.DB(), &card); err != nil {
			return err
		}
		if err := record.InsertCardFiles(tx.Context(), tx.DB(), files); err != nil {
			return err
		}
		said, err := record.Say(tx, card.ID)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			Outcome: custody.Opened, Related: record.Related("device", string(card.Device)),
			Detail: custody.Detail(append(said, "label", record.OrNil(card.Label), "station", record.OrNil(card.Station), "files", card.Files,
				"bytes", card.Bytes, "free_bytes", card.FreeBytes, "total_bytes", card.TotalBytes)...),
		})
		return err
	})
	return card.ID, err
}

// maxCodes bounds how many codes out of names are asked for.
const maxCodes = 50

// CloseCard writes down how it ended. What the card listed and nobody handed in becomes a duty with a name (R-19-1);
// missing numbers become gaps and a duty to explain them (T2). Closing again adds what came since.
func (s *Service) CloseCard(ctx context.Context, actor access.Actor, id ident.CardID, outcomes []FileOutcome) error {
	card, err := record.One[record.Card](ctx, s.c.DB.Reader, "card.unknown", "id = ?", id)
	if err != nil {
		return err
	}
	return s.closeCard(ctx, actor, access.CardClose, card, outcomes)
}

func (s *Service) closeCard(ctx context.Context, actor access.Actor, action access.Action, card *record.Card, outcomes []FileOutcome) error {
	files, err := record.All[record.CardFile](ctx, s.c.DB.Reader, "n", "card_id = ?", card.ID)
	if err != nil {
		return err
	}
	gaps, marks, err := s.findGaps(ctx, card, files)
	if err != nil {
		return err
	}
	holder, err := s.cardHolder(ctx, card)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, action, card.Subject(), func(tx *gate.Tx) error {
		files, err := record.All[record.CardFile](tx.Context(), tx.DB(), "n", "card_id = ?", card.ID) // some may have come in meanwhile
		if err != nil {
			return err
		}
		counts, err := settleFiles(tx, card, files, outcomes, holder)
		if err != nil {
			return err
		}
		card.ClosedAt = clock.Micros(tx.Now())
		if err := record.Update(tx.Context(), tx.DB(), card, "closed_at"); err != nil {
			return err
		}
		said, err := record.Say(tx, card.ID)
		if err != nil {
			return err
		}
		entry, err := tx.Record(gate.Entry{
			Action: access.CardClose, Outcome: custody.Closed, Related: record.Related("device", string(card.Device)),
			Detail: custody.Detail(append(said, "sealed", counts[record.Sealed], "duplicate", counts[record.Duplicate], "failed", counts[record.Failed],
				"left", counts[record.Left], "missing", counts[record.Missing], "gaps", len(gaps))...),
		})
		if err != nil {
			return err
		}
		if err := openGapsIn(tx, card, gaps, holder); err != nil {
			return err
		}
		if card.Device == "" {
			return nil
		}
		if err := fillGaps(tx, card.Device, entry); err != nil {
			return err
		}
		return device.NoteNumbers(tx, card.Device, marks...)
	})
}

// settleFiles writes what the dock says became of each file, and opens a duty for each that was listed and is not here.
// What is here is not taken back by a dock's word.
func settleFiles(tx *gate.Tx, card *record.Card, files []record.CardFile, outcomes []FileOutcome, holder ident.PersonID) (map[record.Outcome]int, error) {
	type key struct {
		path string
		size int64
	}
	said := map[key]FileOutcome{}
	for _, o := range outcomes {
		said[key{record.Opaque(o.Path), o.Size}] = o
	}
	counts := map[record.Outcome]int{}
	for i := range files {
		f := &files[i]
		if !f.Ended() {
			was, code := f.Status, f.Code
			f.Status, f.Code = record.Missing, "not_handed_in"
			if o, ok := said[key{f.Path, f.Size}]; ok && (o.Status == record.Failed || o.Status == record.Left) {
				f.Status, f.Code = o.Status, record.ShownOr(o.Code, "")
			}
			if f.Status != was || f.Code != code {
				if err := record.Update(tx.Context(), tx.DB(), f, "status", "code"); err != nil {
					return nil, err
				}
			}
			if f.Status != record.Left {
				if err := oweFile(tx, card, f, holder); err != nil {
					return nil, err
				}
			}
		}
		counts[f.Status]++
	}
	return counts, nil
}

// oweFile opens the duty to hand a listed file in. The term runs from the last writing the card tells, where that can be
// believed.
func oweFile(tx *gate.Tx, card *record.Card, f *record.CardFile, holder ident.PersonID) error {
	since := clock.FromMicros(f.MTime)
	if now := tx.Now(); since.IsZero() || since.After(now) || now.Sub(since) > 366*24*time.Hour {
		since = clock.FromMicros(card.OpenedAt)
	}
	_, err := duty.Open(tx, duty.New{
		Kind: duty.Store, Subject: f.Subject(), Device: card.Device, Person: holder, Department: card.Department,
		Since: since, Due: since.Add(term), Args: map[string]any{"name": record.Shown(f.Path), "device": card.Label},
	})
	return err
}

// cardHolder is who is asked about a card: who holds its camera now.
func (s *Service) cardHolder(ctx context.Context, card *record.Card) (ident.PersonID, error) {
	if card.Device == "" {
		return "", nil
	}
	h, err := device.HolderAt(ctx, s.c.DB.Reader, card.Device, clock.At(clock.FromMicros(card.OpenedAt)))
	return h.Person, err
}

// findGaps looks for holes in the numbering: over the card's list, going on from where the camera's series stood, less
// the numbers that are in the vault already.
func (s *Service) findGaps(ctx context.Context, card *record.Card, files []record.CardFile) ([]record.Gap, []device.Mark, error) {
	var names []media.NameFacts
	marks := map[string]device.Mark{}
	for _, f := range files {
		n := media.ParseName(f.Path)
		if f.Status == record.Left || !n.HasNumber {
			continue
		}
		n.Series = record.Opaque(n.Series)
		names = append(names, n)
		k := n.Series + " " + strconv.Itoa(n.Width)
		m := device.Mark{Series: n.Series, Width: n.Width, Number: n.Number, Name: n.Base, Made: clock.FromMicros(f.MTime)}
		if have, ok := marks[k]; !ok || m.Made.After(have.Made) || m.Made.Equal(have.Made) && m.Number > have.Number {
			marks[k] = m
		}
	}
	var previous []media.NameFacts
	if card.Device != "" {
		known, err := device.LastNumbers(ctx, s.c.DB.Reader, card.Device)
		if err != nil {
			return nil, nil, err
		}
		for _, m := range known {
			previous = append(previous, media.NameFacts{Base: m.Name, Series: m.Series, Number: m.Number, HasNumber: true, Width: m.Width})
		}
	}
	var gaps []record.Gap
	for _, g := range media.MissingNumbers(names, previous...) {
		row := record.Gap{
			Device: card.Device, Card: card.ID, Kind: g.Kind, Series: g.Series, Width: g.Width, From: g.From, To: g.To, Number: g.Number,
			Before: g.Before, After: g.After,
		}
		if g.Kind != media.GapMissing || card.Device == "" {
			gaps = append(gaps, row)
			continue
		}
		here, err := record.NumbersHere(ctx, s.c.DB.Reader, card.Device, row)
		if err != nil {
			return nil, nil, err
		}
		gaps = append(gaps, without(row, here)...)
	}
	list := make([]device.Mark, 0, len(marks))
	for _, m := range marks {
		list = append(list, m)
	}
	return gaps, list, nil
}

// without cuts the numbers that are here out of a hole.
func without(g record.Gap, here []int) []record.Gap {
	var out []record.Gap
	from := g.From
	for _, n := range append(here, g.To+1) {
		if n > from {
			part := g
			part.From, part.To = from, n-1
			out = append(out, part)
		}
		from = n + 1
	}
	return out
}

// openGapsIn lists holes that were not found before and opens the duty to explain them. A jump of the counter is listed
// and asks nothing: it does not say that anything was recorded.
func openGapsIn(tx *gate.Tx, card *record.Card, gaps []record.Gap, holder ident.PersonID) error {
	for _, g := range gaps {
		known, err := record.GapKnown(tx.Context(), tx.DB(), g)
		if err != nil || known {
			if err != nil {
				return err
			}
			continue
		}
		g.ID, g.FoundAt = string(ident.New[ident.EntryID]()), clock.Micros(tx.Now())
		if err := record.Insert(tx.Context(), tx.DB(), &g); err != nil {
			return err
		}
		said, err := record.Say(tx, &g)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			Action: "gap.find", Subject: g.Subject(), Related: record.Related("device", string(card.Device), "card", string(card.ID)),
			Article: "25", Requirement: "R-25-1",
			Detail: custody.Detail(append(said, "kind", string(g.Kind), "series", g.Series, "from", g.From, "to", g.To, "before", g.Before, "after", g.After)...),
		})
		if err != nil {
			return err
		}
		if g.Kind == media.GapJump {
			continue
		}
		_, err = duty.Open(tx, duty.New{
			Kind: duty.ExplainMissing, Subject: g.Subject(), Device: card.Device, Person: holder, Department: card.Department,
			Due: tx.Now().Add(explainWithin), Args: map[string]any{"device": card.Label, "numbers": numbers(g)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// term is that of 第十九条.
const term = 24 * time.Hour

func listSubject() access.Subject { return access.Subject{Kind: "recording"} }

// explainWithin is the term to explain what the regulation sets no term for; the same as 第十七条's written note.
const explainWithin = 3 * 24 * time.Hour

func numbers(g record.Gap) string {
	pad := func(n int) string {
		t := strconv.Itoa(n)
		for len(t) < g.Width && g.Kind == media.GapMissing {
			t = "0" + t
		}
		return t
	}
	if g.From == g.To {
		return pad(g.From)
	}
	return pad(g.From) + "–" + pad(g.To)
}

// fillGaps ends the holes whose numbers have all come in since.
func fillGaps(tx *gate.Tx, id ident.DeviceID, entry ident.EntryID) error {
	gaps, err := record.OpenGaps(tx.Context(), tx.DB(), id)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		if g.Kind != media.GapMissing {
			continue
		}
		here, err := record.NumbersHere(tx.Context(), tx.DB(), id, g)
		if err != nil {
			return err
		}
		if len(here) < g.To-g.From+1 {
			continue
		}
		g.ArrivedAt = clock.Micros(tx.Now())
		if err := record.Update(tx.Context(), tx.DB(), &g, "arrived_at"); err != nil {
			return err
		}
		said, err := record.Say(tx, &g)
		if err != nil {
			return err
		}
		_, err = tx.Record(gate.Entry{
			Action: "gap.fill", Outcome: custody.Closed, Subject: g.Subject(), Related: record.Related("device", string(id)),
			Article: "25", Requirement: "R-25-1", Detail: custody.Detail(said...),
		})
		if err != nil {
			return err
		}
		if err := duty.Meet(tx, duty.ExplainMissing, g.Subject(), entry); err != nil {
			return err
		}
	}
	return nil
}

// Card gives a docking and its files, for who opened it and who may list recordings of its department.
func (s *Service) Card(ctx context.Context, actor access.Actor, id ident.CardID) (Card, []CardFile, error) {
	row, err := record.One[record.Card](ctx, s.c.DB.Reader, "card.unknown", "id = ?", id)
	if err != nil {
		return Card{}, nil, err
	}
	if row.Owner != actor.ID {
		if err := s.c.Gate.Check(ctx, actor, access.RecordingView, row.Subject()); err != nil {
			return Card{}, nil, err
		}
	}
	files, err := record.All[record.CardFile](ctx, s.c.DB.Reader, "n", "card_id = ?", id)
	if err != nil {
		return Card{}, nil, err
	}
	known, err := record.All[record.File](ctx, s.c.DB.Reader, "id", "id IN (SELECT file_id FROM card_file WHERE card_id = ?)", id)
	if err != nil {
		return Card{}, nil, err
	}
	byID := make(map[ident.FileID]record.File, len(known))
	for _, f := range known {
		byID[f.ID] = f
	}
	card := CardOf(row)
	out := make([]CardFile, len(files))
	for i, f := range files {
		card.Counts[f.Status]++
		out[i] = CardFile{
			Path: f.Path, Size: f.Size, ModTime: clock.FromMicros(f.MTime), Status: f.Status, Code: f.Code, File: f.File,
			Recording: byID[f.File].Recording, State: byID[f.File].State,
		}
	}
	return card, out, nil
}

// Cards lists the latest dockings of the actor's scope, newest first, at most 200.
func (s *Service) Cards(ctx context.Context, actor access.Actor, limit int) ([]Card, error) {
	if err := s.c.Gate.Check(ctx, actor, access.RecordingList, listSubject()); err != nil {
		return nil, err
	}
	rows, err := record.CardsIn(ctx, s.c.DB.Reader, access.ScopeOf(actor), actor.ID, record.Clamp(limit))
	if err != nil {
		return nil, err
	}
	ids := make([]ident.CardID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	counts, err := record.CountOutcomes(ctx, s.c.DB.Reader, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Card, len(rows))
	for i := range rows {
		out[i] = CardOf(&rows[i])
		if c := counts[rows[i].ID]; c != nil {
			out[i].Counts = c
		}
	}
	return out, nil
}

// CardOf is a card's row as it is shown; its counts are empty.
func CardOf(r *record.Card) Card {
	return Card{
		ID: r.ID, Label: r.Label, Station: r.Station, Agent: r.Agent, Device: r.Device, Department: r.Department, Owner: r.Owner,
		OwnerName: r.OwnerName, FreeBytes: r.FreeBytes, TotalBytes: r.TotalBytes, Files: r.Files, Bytes: r.Bytes,
		OpenedAt: clock.FromMicros(r.OpenedAt), ClosedAt: clock.FromMicros(r.ClosedAt), Counts: map[record.Outcome]int{},
	}
}

// GapOf is a gap's row as it is shown.
func GapOf(r *record.Gap) Gap {
	return Gap{
		ID: r.ID, Device: r.Device, Card: r.Card, Kind: r.Kind, Series: r.Series, From: r.From, To: r.To, Width: r.Width,
		Before: r.Before, After: r.After, Arrived: r.ArrivedAt != 0, FoundAt: clock.FromMicros(r.FoundAt),
	}
}

// Gaps lists the holes in a camera's numbering, or with card in one docking's, for who may list recordings of its
// department (T2).
func (s *Service) Gaps(ctx context.Context, actor access.Actor, camera ident.DeviceID, card ident.CardID) ([]Gap, error) {
	if err := s.c.Gate.Check(ctx, actor, access.RecordingList, listSubject()); err != nil {
		return nil, err
	}
	rows, err := record.GapsIn(ctx, s.c.DB.Reader, access.ScopeOf(actor), camera, card, record.MaxRows)
	if err != nil {
		return nil, err
	}
	out := make([]Gap, len(rows))
	for i := range rows {
		out[i] = GapOf(&rows[i])
	}
	return out, nil
}
