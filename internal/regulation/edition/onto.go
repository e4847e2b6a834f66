package edition

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// Onto moves a draft from the edition it was made from onto a newer one: each row the draft changed stays as the draft
// has it, every other is as the newer edition has it. Where both changed one row the comparison with the newer edition
// shows it, so that whoever adopts the draft sees what it takes back.
type Onto struct{ Base, Newest Files }

// Says names no part: all are moved.
func (Onto) Says() Said { return Said{Step: "onto"} }

// Apply moves the draft.
func (s Onto) Apply(f Files) (Files, error) {
	out := s.Newest
	for _, p := range Parts() {
		switch {
		case bytes.Equal(f.Of(p), s.Base.Of(p)): // the draft left it alone
		case bytes.Equal(s.Newest.Of(p), s.Base.Of(p)): // only the draft changed it
			out = out.with(p, f.Of(p))
		case p == Calendar: // days hang together: they are the draft's as a whole
			out = out.with(p, f.Of(p))
		case p == Powers:
			text, err := mergePowers(s.Base.Powers, f.Powers, s.Newest.Powers)
			if err != nil {
				return f, err
			}
			out = out.with(p, text)
		default:
			text, err := mergeRows(p, s.Base.Of(p), f.Of(p), s.Newest.Of(p))
			if err != nil {
				return f, err
			}
			out = out.with(p, text)
		}
	}
	return out, nil
}

func mergePowers(base, draft, newest []byte) ([]byte, error) {
	var lists [3]powersFile
	for i, raw := range [][]byte{base, draft, newest} {
		if err := json.Unmarshal(raw, &lists[i]); err != nil {
			return nil, fmt.Errorf("edition: powers: %w", err)
		}
	}
	return writePowers(merge(lists[0].Powers, lists[1].Powers, lists[2].Powers, func(p Power) string { return p.Act }))
}

func mergeRows(p Part, texts ...[]byte) ([]byte, error) {
	var files [3]catalogue.File
	for i, raw := range texts {
		var problems []catalogue.Problem
		if files[i], problems = catalogue.Read(p.File(), raw); len(problems) > 0 {
			return nil, &Broken{problems}
		}
	}
	base, draft, out := files[0], files[1], files[2]
	out.Documents = merge(base.Documents, draft.Documents, out.Documents, func(r catalogue.Document) string { return r.ID })
	out.Terms = merge(base.Terms, draft.Terms, out.Terms, func(r catalogue.Term) string { return r.ID })
	out.Matters = merge(base.Matters, draft.Matters, out.Matters, func(r catalogue.Matter) string { return r.ID })
	out.Obligations = merge(base.Obligations, draft.Obligations, out.Obligations, func(r catalogue.Obligation) string { return r.ID })
	for id, a := range draft.Acts {
		if a != base.Acts[id] {
			out.Acts[id] = a
		}
	}
	text, err := catalogue.JSON(out)
	if err != nil {
		return nil, fmt.Errorf("edition: %w", err)
	}
	return text, nil
}

// merge gives newest with what draft changed in base.
func merge[T any](base, draft, newest []T, id func(T) string) []T {
	find := func(list []T, key string) int {
		return slices.IndexFunc(list, func(r T) bool { return id(r) == key })
	}
	out := slices.Clone(newest)
	for _, r := range draft {
		was := find(base, id(r))
		if was >= 0 && reflect.DeepEqual(base[was], r) {
			continue
		}
		if at := find(out, id(r)); at >= 0 {
			out[at] = r
		} else {
			out = append(out, r)
		}
	}
	for _, r := range base {
		if find(draft, id(r)) < 0 {
			out = slices.DeleteFunc(out, func(o T) bool { return id(o) == id(r) })
		}
	}
	return out
}
