package chain

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/split"
)

// Part is a file that continues the one before.
type Part struct {
	Recording ident.RecordingID // what it was before it was joined; its id still leads to the whole
	Name      string
	How       split.Why
	Gap       time.Duration // from the end of the file before
	At        time.Time
}

// Beside is a file that follows or precedes by number and stays apart.
type Beside struct {
	Recording ident.RecordingID
	Name      string
	After     bool // it follows
	Why       split.Why
	Gap       time.Duration
}

// Told says of a recording's files, in their order, why they belong together, and of the files next by number why they do not.
func Told(ctx context.Context, idb bun.IDB, rec *record.Recording, files []record.File) (parts []Part, beside []Beside, err error) {
	ids := make([]ident.RecordingID, 0, len(files))
	for _, f := range files {
		if f.Recording != rec.ID {
			ids = append(ids, f.Recording)
		}
	}
	joins, err := record.JoinsOf(ctx, idb, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		if j, ok := joins[f.Recording]; ok {
			parts = append(parts, Part{Recording: f.Recording, Name: f.Name, How: split.Why(j.How), Gap: record.Micros(j.Gap), At: clock.FromMicros(j.At)})
		}
	}
	if len(files) == 0 {
		return nil, nil, nil
	}
	for _, end := range []struct {
		file  *record.File
		after bool
	}{{&files[0], false}, {&files[len(files)-1], true}} {
		r, err := Around(ctx, idb, rec, end.file, 2)
		if err != nil {
			return nil, nil, err
		}
		at := slices.IndexFunc(r.Files, func(f record.File) bool { return f.ID == end.file.ID })
		other, join := at-1, at
		if end.after {
			other, join = at+1, at+1
		}
		if at < 0 || other < 0 || join >= len(r.Joins) || r.Joins[join].Joined || r.Joins[join].Why == "" {
			continue
		}
		beside = append(beside, Beside{
			Recording: r.Recs[other].ID, Name: r.Files[other].Name, After: end.after, Why: r.Joins[join].Why, Gap: r.Joins[join].Gap,
		})
	}
	return parts, beside, nil
}
