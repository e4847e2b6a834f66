// Package chain keeps which recordings are one pressing of the button (decision 13): it reads the files beside one by
// number, asks package split, and writes what is joined. What was sealed keeps its rows; the later recordings name the
// first. It judges nothing: package recording does, in the same change.
package chain

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/split"
)

// Facts reads a file's stored facts; nil where there are none.
func Facts(file *record.File) *media.Facts {
	var f media.Facts
	if file.Facts == "" || json.Unmarshal([]byte(file.Facts), &f) != nil {
		return nil
	}
	return &f
}

// Reach is how many numbers to either side are looked at: nobody's camera cuts a recording into more files.
const Reach = 64

// Run is a stretch of a camera's numbers: the pieces in order, and how each stands to the one before.
type Run struct {
	Recs  []*record.Recording
	Files []record.File
	Joins []split.Join
}

// Around reads the files beside one by number, those whose facts are known.
func Around(ctx context.Context, idb bun.IDB, rec *record.Recording, file *record.File, reach int) (Run, error) {
	var out Run
	if rec.Device == "" || file.Number < 0 {
		return out, nil
	}
	rows, files, err := record.Run(ctx, idb, rec.Device, file.Series, file.Width, file.Number-reach, file.Number+reach)
	if err != nil || len(files) == 0 {
		return out, err
	}
	byID, ids := map[ident.RecordingID]*record.Recording{}, make([]ident.RecordingID, len(rows))
	for i := range rows {
		byID[rows[i].ID], ids[i] = &rows[i], rows[i].ID
	}
	noted, err := record.HasNotes(ctx, idb, ids)
	if err != nil {
		return out, err
	}
	taken, err := record.JoinsOf(ctx, idb, ids)
	if err != nil {
		return out, err
	}
	slices.SortStableFunc(files, func(a, b record.File) int { return split.Compare(media.ParseName(a.Name), media.ParseName(b.Name)) })
	var pieces []split.Piece
	for _, f := range files {
		r := byID[f.Recording]
		p := split.Piece{
			Name: media.ParseName(f.Name), Card: r.Card, Device: r.Device, Officer: r.Officer, Size: f.Size, Start: clock.FromMicros(r.StartAt),
			Source: media.Origin(r.StartSource), Length: record.Micros(max(r.Duration, 0)), Picture: r.Kind == record.Picture, Noted: noted[r.ID] || noted[r.JoinedInto],
			Apart: taken[r.ID].Kind == record.Apart,
		}
		if facts := Facts(&f); facts != nil {
			p.Form = facts.Form
		}
		pieces, out.Recs, out.Files = append(pieces, p), append(out.Recs, r), append(out.Files, f)
	}
	out.Joins = split.Joins(pieces)
	for i := 1; i < len(out.Recs); i++ { // what is joined stays so, whatever was written down of it since
		if a, b := out.Recs[i-1], out.Recs[i]; b.JoinedInto != "" && (b.JoinedInto == a.ID || b.JoinedInto == a.JoinedInto) {
			out.Joins[i].Joined, out.Joins[i].Why = true, split.Why(taken[b.ID].How)
		}
	}
	return out, nil
}

// Swallow makes a recording a part. What it had of its own is owed for the whole from now on.
func Swallow(tx *gate.Tx, part *record.Recording, size int64, row *record.Join) error {
	about := custody.Subject{Kind: "recording", ID: string(part.ID)}
	for _, k := range []duty.Kind{duty.ExplainLate, duty.SettleInbox, duty.LinkRecording} {
		if err := duty.Cancel(tx, k, about, "joined"); err != nil {
			return err
		}
	}
	part.JoinedInto, part.Files, part.Size, part.Whole, part.Inbox = row.Recording, 1, size, 0, record.InboxNone
	if err := record.Update(tx.Context(), tx.DB(), part, "joined_into", "files", "size", "whole_us", "inbox"); err != nil {
		return err
	}
	return record.Insert(tx.Context(), tx.DB(), row)
}

// Enter writes the entry of a part that was joined or taken off, after its last writing: it says the part and the join.
func Enter(tx *gate.Tx, row *record.Join, action access.Action) error {
	said, err := record.Say(tx, row.Part, row)
	if err != nil {
		return err
	}
	_, err = tx.Record(gate.Entry{
		ID: row.Entry, Action: action, Subject: custody.Subject{Kind: "recording", ID: string(row.Part)}, Related: record.Related("recording", string(row.Recording)),
		Detail: custody.Detail(append(said, "whole", string(row.Recording), "how", row.How, "gap_us", row.Gap, "words", record.OrNil(row.Words))...),
	})
	return err
}

// Sum gives a recording the files, size, length, state and findings of all its parts. It gives the row, on which the
// findings are laid but not written yet, and what the parts' findings say beside their names.
func Sum(tx *gate.Tx, id ident.RecordingID) (*record.Recording, map[record.Flag]string, error) {
	ctx, idb := tx.Context(), tx.DB()
	whole, err := record.One[record.Recording](ctx, idb, "recording.unknown", "id = ?", id)
	if err != nil {
		return nil, nil, err
	}
	files, err := record.FilesOf(ctx, idb, id)
	if err != nil {
		return nil, nil, err
	}
	parts, err := record.Parts(ctx, idb, id)
	if err != nil {
		return nil, nil, err
	}
	whole.Files, whole.Size, whole.Whole, whole.State = len(files), 0, 0, record.Verified
	for _, f := range files {
		whole.Size += f.Size
		if f.State == record.Damaged || f.State == record.Stored && whole.State == record.Verified {
			whole.State = f.State
		}
	}
	details := map[record.Flag]string{}
	for _, p := range parts {
		for _, f := range p.FlagList() {
			row, _, err := record.Lookup[record.Flagged](ctx, idb, "recording_id = ? AND flag = ?", p.ID, f)
			if err != nil {
				return nil, nil, err
			}
			if row != nil && !slices.Contains(whole.FlagList(), f) {
				details[f] = row.Detail
			}
		}
		whole.SetFlags(append(whole.FlagList(), p.FlagList()...))
	}
	if n := len(parts); n > 0 {
		if whole.Whole = -1; parts[n-1].Duration >= 0 {
			whole.Whole = parts[n-1].StartAt - whole.StartAt + parts[n-1].Duration
		}
	}
	if err := record.Update(ctx, idb, whole, "files", "size", "whole_us", "state"); err != nil {
		return nil, nil, err
	}
	return whole, details, nil
}

// KeepOwn takes those findings off a recording that came only from the parts it has lost, and writes which it keeps.
func KeepOwn(tx *gate.Tx, id ident.RecordingID, lost []record.Recording) error {
	whole, err := record.One[record.Recording](tx.Context(), tx.DB(), "recording.unknown", "id = ?", id)
	if err != nil {
		return err
	}
	file, err := record.One[record.File](tx.Context(), tx.DB(), "file.unknown", "recording_id = ? AND n = 1", id)
	if err != nil {
		return err
	}
	own := Facts(file)
	whole.SetFlags(slices.DeleteFunc(whole.FlagList(), func(f record.Flag) bool {
		theirs := slices.ContainsFunc(lost, func(r record.Recording) bool { return slices.Contains(r.FlagList(), f) })
		switch f {
		case record.FlagDamaged:
			return file.State != record.Damaged
		case record.FlagUnknownDevice, record.FlagDeviceDoubtful, record.FlagNoOfficer:
			return false // it was joined with the same camera and the same hands
		case record.FlagDuplicate, record.FlagUnlike, record.FlagMalware, record.FlagParty:
		}
		return theirs && (own == nil || !own.Has(media.Flag(f)))
	}))
	return record.Update(tx.Context(), tx.DB(), whole, "flags")
}

// Last gives the part that ends last and the moment by which all were stored; the recording itself without parts.
func Last(ctx context.Context, idb bun.IDB, r *record.Recording) (*record.Recording, time.Time, error) {
	last, stored := r, r.StoredAt
	if r.Files > 1 && r.JoinedInto == "" {
		parts, err := record.Parts(ctx, idb, r.ID)
		if err != nil {
			return nil, time.Time{}, err
		}
		for i := range parts {
			last, stored = &parts[i], max(stored, parts[i].StoredAt)
		}
	}
	return last, clock.FromMicros(stored), nil
}
