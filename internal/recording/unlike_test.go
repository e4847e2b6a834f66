package recording_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media/profile"
	"zhilu.dev/zhilu/internal/recording"
)

// formOf is what the test's prober says of a file's form: its first word names it.
func formOf(content string) *profile.Profile {
	p := profile.Profile{
		Version: profile.Version, Container: "mp4", Brand: "mp42", Layout: []string{"ftyp", "mdat", "moov"},
		Tracks: []profile.Track{{Kind: "vide", Codec: "avc1", Width: 1920, Height: 1080, Rate: 30}},
	}
	switch word, _, _ := strings.Cut(content, " "); word {
	case "genuine":
	case "remuxed":
		p.Brand, p.Layout = "isom", []string{"ftyp", "free", "mdat", "moov"}
	case "lavf":
		p.Brand, p.Encoder = "isom", []string{"Lavf60.3.100"}
	default:
		return nil
	}
	return &p
}

// makes takes in files of a form, an hour apart, and does all jobs.
func (h *house) makes(form string, n int) []ident.RecordingID {
	h.t.Helper()
	out := make([]ident.RecordingID, 0, n)
	for range n {
		h.made++
		r := h.take(h.dock, recording.Intent{Name: h.name(time.Duration(h.made)*time.Hour/4+time.Hour, h.made)}, fmt.Appendf(nil, "%s %d", form, h.made))
		if err := h.svc.Compare(h.ctx, h.camera); err != nil {
			h.t.Fatal(err)
		}
		out = append(out, r.RecordingID)
	}
	return out
}

func (h *house) unlike(ids ...ident.RecordingID) (n int) {
	h.t.Helper()
	for _, id := range ids {
		if slices.Contains(h.get(id).Flags, recording.FlagUnlike) {
			n++
		}
	}
	return n
}

// T1: a file that is not formed as its camera's files is flagged with what differs, asks for a person, and nothing is
// said while there is nothing to compare with.
func TestUnlikeItsCamera(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		genuine := h.makes("genuine", 2)
		d := h.get(genuine[1])
		if d.Likeness == nil || d.Likeness.Why != profile.WhyFew || h.unlike(genuine...) != 0 {
			t.Fatalf("two files: %+v, flags %v", d.Likeness, d.Flags)
		}
		early := h.makes("remuxed", 1)
		if h.unlike(early...) != 0 {
			t.Fatal("judged against two files")
		}
		genuine = append(genuine, h.makes("genuine", 1)...) // the third: now there is a usual form, and the early one is not of it
		if h.unlike(genuine...) != 0 || h.unlike(early...) != 1 {
			t.Fatalf("genuine %d, early %d", h.unlike(genuine...), h.unlike(early...))
		}
		late := h.makes("remuxed", 1)
		d = h.get(late[0])
		if h.unlike(late...) != 1 || !d.Waiting || d.FlagDetail[recording.FlagUnlike] != "brand layout" {
			t.Fatalf("flags %v, waiting %v, %q", d.Flags, d.Waiting, d.FlagDetail[recording.FlagUnlike])
		}
		if d.Likeness.Verdict != profile.Unusual || d.Likeness.Alike != 1 || d.Likeness.Compared != 4 {
			t.Errorf("%+v", d.Likeness)
		}
		if n := len(h.duties(duty.SettleInbox)); n != 2 {
			t.Errorf("%d duties to settle", n)
		}
		list := must(custody.List(h.ctx, h.DB.Reader, custody.Filter{Subject: custody.Subject{Kind: "recording", ID: string(early[0])}, Limit: 20}))(t)
		if !slices.Contains(actions(list), "recording.compare done") {
			t.Errorf("entries of the early one: %v", actions(list))
		}
		if err := h.svc.Resolve(h.ctx, h.keeper, late[0], recording.Assignment{Words: "用 ffmpeg 转存过"}); err != nil {
			t.Fatal(err)
		}
		if err := h.svc.Compare(h.ctx, h.camera); err != nil {
			t.Fatal(err)
		}
		if d := h.get(late[0]); h.unlike(late...) != 1 || !d.Reviewed || d.FlagDetail[recording.FlagUnlike] != "brand layout" {
			t.Errorf("settled: %v %q", d.Flags, d.FlagDetail[recording.FlagUnlike])
		}
		h.sound(t)
	})
}

// T1: the first files of a camera were re-muxed. The genuine ones are not drowned: once they are many they are usual, their
// findings go, and the re-muxed ones are found.
func TestFirstFilesWereNotGenuine(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		remuxed := h.makes("remuxed", 3)
		genuine := h.makes("genuine", 1)
		if h.unlike(remuxed...) != 0 || h.unlike(genuine...) != 1 {
			t.Fatalf("remuxed %d, genuine %d", h.unlike(remuxed...), h.unlike(genuine...))
		}
		genuine = append(genuine, h.makes("genuine", 3)...)
		if h.unlike(genuine...) != 0 {
			t.Fatalf("%d of four genuine ones are flagged", h.unlike(genuine...))
		}
		if n := len(h.duties(duty.SettleInbox)); n != h.unlike(remuxed...) {
			t.Errorf("%d duties to settle, %d flagged", n, h.unlike(remuxed...))
		}
		h.sound(t)
	})
}

// T1: an editing program's name needs no earlier file, and files that carry one teach nothing; where all files of a camera
// carry it, the camera is built on that program.
func TestEditingProgram(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		first := h.makes("lavf", 4)
		if h.unlike(first...) != 4 || h.get(first[0]).FlagDetail[recording.FlagUnlike] != "program" {
			t.Fatalf("%d of four, %v", h.unlike(first...), h.get(first[0]).FlagDetail)
		}
		first = append(first, h.makes("lavf", 2)...)
		if h.unlike(first...) != 0 {
			t.Fatalf("%d of six of a camera that is built on it", h.unlike(first...))
		}
		genuine := h.makes("genuine", 4)
		if h.unlike(genuine...) != 0 || h.unlike(first...) != 6 {
			t.Fatalf("genuine %d, the others %d", h.unlike(genuine...), h.unlike(first...))
		}
	})
}

// sound has fsck compare all rows with what entries say of them.
func (h *house) sound(t *testing.T) {
	t.Helper()
	h.sequence()
	report := must(fsck.Run(h.ctx, fsck.Config{DB: h.DB, Vault: h.vault, Keys: h.keys, Catalog: recording.Catalog{}, Tables: recording.Tables(), Clock: h.Clock}))(t)
	for _, f := range report.Findings {
		t.Errorf("fsck: %+v", f)
	}
}
