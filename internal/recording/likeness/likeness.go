// Package likeness holds a file's form against the other files of its camera (threat T1, ADR 10). It says what differs
// and how many files it was held against, and says so when there is nothing to compare with. It decides nothing about
// people: what it finds is a hint for somebody who then asks.
package likeness

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/profile"
	"zhilu.dev/zhilu/internal/recording/record"
)

// window is how many of a camera's newest files a file is held against: firmware changes, and what a camera wrote years
// ago says little of it now.
const window = 60

// settled is how many files make a camera's habit firm: until then every new one has the others looked at again.
const settled = 12

// Found is how a file stands to its camera's other files.
type Found struct {
	profile.Judgement

	// ByModel: the camera has too few files of its own, so those of its model's other cameras were taken too.
	ByModel bool
	// Unfirm: the other files of the camera should be looked at again, since what is known of them may have changed.
	Unfirm bool
}

// Of holds a file's facts against the files of its camera; self is the file itself, which is not held against itself.
// Without a camera only the signs that need no other file are looked for.
func Of(ctx context.Context, idb bun.IDB, camera ident.DeviceID, self ident.FileID, facts *media.Facts) (Found, error) {
	if facts.Form == nil {
		return alone(facts), nil
	}
	own, byModel, err := forms(ctx, idb, camera)
	if err != nil {
		return Found{}, err
	}
	found := Found{Judgement: profile.Weigh(*facts.Form, own.without(self)), ByModel: byModel}
	found.Unfirm = camera != "" && (found.Unlike() || len(own) <= settled || slices.ContainsFunc(own, row.unlike))
	return found, nil
}

// alone looks for the names of editing programs in a file whose form is not known, as that of a picture.
func alone(facts *media.Facts) Found {
	var f Found
	f.Verdict, f.Nearest, f.Why, f.Programs = profile.Unknown, -1, profile.WhyFew, profile.Programs(facts.Device.Encoder)
	return f
}

// Turn is a recording that was judged otherwise than it would be now.
type Turn struct {
	Recording ident.RecordingID
	Unlike    bool
	Detail    string
}

// Turns judges a camera's files again, each against all the others, and gives those whose finding is no longer right.
func Turns(ctx context.Context, idb bun.IDB, camera ident.DeviceID) ([]Turn, error) {
	all, _, err := forms(ctx, idb, camera)
	if err != nil {
		return nil, err
	}
	type answer struct {
		unlike bool
		detail string
	}
	known := map[string]answer{} // files of one form are judged alike
	now := map[ident.RecordingID]answer{}
	was := map[ident.RecordingID]bool{}
	var order []ident.RecordingID
	for _, r := range all {
		if r.foreign {
			continue
		}
		digest := r.form.Digest()
		a, ok := known[digest]
		if !ok {
			j := Found{Judgement: profile.Weigh(r.form, all.without(r.file))}
			a = answer{j.Unlike(), j.Codes()}
			known[digest] = a
		}
		had, seen := now[r.recording]
		if !seen {
			order = append(order, r.recording)
		}
		if !had.unlike { // of several files one is enough
			now[r.recording] = a
		}
		was[r.recording] = r.unlike()
	}
	var out []Turn
	for _, id := range order {
		if now[id].unlike != was[id] {
			out = append(out, Turn{id, now[id].unlike, now[id].detail})
		}
	}
	return out, nil
}

// The codes of signs that need no other file, beside those of profile.Aspect. Their words are profile.<code>.
const (
	Program = "program" // an editing program's name
	Cut     = "cut"     // an edit list hides a part
)

// Codes lists in what the file differs, for the finding's detail; "" if in nothing that asks for somebody.
func (f Found) Codes() string {
	var out []string
	if len(f.Programs) > 0 {
		out = append(out, Program)
	}
	if f.Cut {
		out = append(out, Cut)
	}
	if f.Verdict == profile.Unusual {
		for _, a := range profile.Aspects() {
			if slices.ContainsFunc(f.Differences, func(d profile.Difference) bool { return d.Aspect == a && !d.Setting }) {
				out = append(out, string(a))
			}
		}
	}
	return strings.Join(out, " ")
}

// row is one file to compare with.
type row struct {
	recording ident.RecordingID
	file      ident.FileID
	flags     []string
	form      profile.Profile
	foreign   bool // of another camera of the model
}

func (r row) unlike() bool { return slices.Contains(r.flags, string(record.FlagUnlike)) }

type rows []row

func (l rows) without(id ident.FileID) []profile.Profile {
	out := make([]profile.Profile, 0, len(l))
	for _, r := range l {
		if r.file != id {
			out = append(out, r.form)
		}
	}
	return out
}

// forms reads the camera's forms, and while they are too few those of its model's other cameras.
func forms(ctx context.Context, idb bun.IDB, camera ident.DeviceID) (list rows, byModel bool, err error) {
	if camera == "" {
		return nil, false, nil
	}
	if list, err = read(ctx, idb, []ident.DeviceID{camera}, false); err != nil || len(list) > profile.Enough {
		return list, false, err
	}
	alike, err := device.SameModel(ctx, idb, camera)
	if err != nil || len(alike) == 0 {
		return list, false, err
	}
	more, err := read(ctx, idb, alike, true)
	return append(list, more...), len(more) > 0, err
}

func read(ctx context.Context, idb bun.IDB, cameras []ident.DeviceID, foreign bool) (rows, error) {
	found, err := record.FormsOf(ctx, idb, cameras, window)
	if err != nil {
		return nil, err
	}
	var out rows
	for _, f := range found {
		r := row{recording: f.Recording, file: f.File, flags: strings.Fields(f.Flags), foreign: foreign}
		if f.Form == "" || json.Unmarshal([]byte(f.Form), &r.form) != nil || r.form.Version != profile.Version {
			continue
		}
		out = append(out, r)
	}
	return out, nil
}
