package custody

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

// Erase destroys the openings of fields of an entry: their salts and values go, their commitments stay, so the tree
// still verifies and the erasure shows for ever. Only what may hold personal data can be erased: "detail.<key>",
// "actor.id", "subject.id" and "related"; anything else is fault Invalid "custody.not_erasable". A field the entry
// does not have is fault NotFound "custody.field", one that is gone already fault Conflict "custody.erased_already".
//
// because says who erases, when, under which article; Erase makes it an entry opening.erased about the target, and
// writes it in the same transaction. Whether the erasure is allowed (two persons, a lawful ground) is the caller's to
// decide before. The bytes also live in backups, and in free pages of the database until these are written again.
func Erase(ctx context.Context, tx bun.IDB, target ident.EntryID, fields []string, because Entry) error {
	rec, err := Get(ctx, tx, target)
	if err != nil {
		return err
	}
	parts, err := parseParts(rec.row.DetailParts, rec.row.Detail)
	if err != nil {
		return err
	}
	if len(fields) == 0 {
		return fault.New(fault.Invalid, "custody.not_erasable", "").At("fields")
	}
	row := rec.row
	row.Salts = slices.Clone(row.Salts)
	erased := slices.Clone(rec.Erased)
	for _, f := range fields {
		if slices.Contains(erased, f) {
			return fault.New(fault.Conflict, "custody.erased_already", f)
		}
		if err := row.erase(f, parts); err != nil {
			return err
		}
		erased = append(erased, f)
	}
	because.Action, because.Subject = ActionErased, Subject{Kind: "entry", ID: string(target)}
	if because.ID == "" {
		because.ID = ident.New[ident.EntryID]()
	}
	because.Detail = Detail("entry", string(target), "fields", fields)
	if err := Append(ctx, tx, because); err != nil {
		return err
	}
	slices.Sort(erased)
	row.Detail, row.DetailParts = joinDetail(parts), formatParts(parts)
	row.Erased, row.ErasedBy = strings.Join(erased, ","), string(because.ID)
	if err := updateErased(ctx, tx, &row); err != nil {
		return err
	}
	return eraseSubjects(ctx, tx, rec, &row)
}

// erase empties one field of the row, or one of parts.
func (r *entryRow) erase(field string, parts []part) error {
	switch field {
	case "actor.id":
		r.ActorID = ""
	case "subject.id":
		r.SubjectID = ""
	case "related":
		r.Related = ""
	default:
		key, ok := strings.CutPrefix(field, detailPrefix)
		if !ok {
			return fault.New(fault.Invalid, "custody.not_erasable", field).At("fields")
		}
		for i := range parts {
			if parts[i].key == key {
				parts[i].salt, parts[i].value = nil, ""
				return nil
			}
		}
		return fault.New(fault.NotFound, "custody.field", field)
	}
	i := slices.Index(fieldNames[:], field)
	clear(r.Salts[saltSize*i:][:saltSize])
	return nil
}

// eraseSubjects takes the entry out of the histories of subjects it no longer names.
func eraseSubjects(ctx context.Context, tx bun.IDB, before *Record, after *entryRow) error {
	keep := parseRelated(after.Related)
	if after.SubjectID != "" {
		keep = append(keep, before.Subject)
	}
	for _, s := range append([]Subject{before.Subject}, before.Related...) {
		if slices.Contains(keep, s) {
			continue
		}
		if err := deleteSubject(ctx, tx, s, before.Seq); err != nil {
			return err
		}
	}
	return nil
}
