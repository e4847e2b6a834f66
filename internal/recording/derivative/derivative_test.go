package derivative_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording/derivative"
	"zhilu.dev/zhilu/internal/vault"
)

// From the first consent to the last segment: wanted once, made, found again, played in marked segments.
func TestCopyIsMadeAndPlays(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		rec, file := h.camera("gopro-karma.mp4")
		h.want(rec, derivative.Copy)
		h.want(rec, derivative.Copy)
		if n := h.jobs(); n != 1 {
			t.Errorf("%d jobs for one wish said twice", n)
		}
		if d := h.states(rec)[derivative.Copy]; d.State != derivative.Wanted || d.File != file || d.N != 1 || d.Recording != rec {
			t.Fatalf("%+v", d)
		}
		if _, _, err := h.svc.Open(h.ctx, rec, file, derivative.Copy); !fault.HasCode(err, "derivative.not_ready") {
			t.Errorf("opened before it was made: %v", err)
		}
		if _, err := h.svc.Segment(h.ctx, file, 0, "某人"); !fault.HasCode(err, "derivative.not_ready") {
			t.Errorf("played before it was made: %v", err)
		}
		for range 2 {
			if err := h.svc.Make(h.ctx, file); err != nil {
				t.Fatal(err)
			}
		}
		d := h.states(rec)[derivative.Copy]
		if d.State != derivative.Ready || d.Frame() != (derivative.Frame{Width: 854, Height: 480, Sound: true}) || d.Tool == "" || d.Sandbox == "" {
			t.Fatalf("%+v", d)
		}
		if off := d.Duration - 12079*time.Millisecond; off.Abs() > 100*time.Millisecond {
			t.Errorf("%v long", d.Duration)
		}
		h.plays(rec, d)
		entries := w.History(t, "file", string(file))
		if len(entries) != 2 || entries[0].Outcome != custody.Done || !strings.Contains(string(entries[0].Detail), d.SHA256) ||
			!strings.Contains(string(entries[0].Detail), d.Source) {
			t.Errorf("history %+v", entries)
		}
	})
}

// Nothing is made of what is frozen, and what was wanted is made once it may be (decision 21).
func TestFrozen(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		rec, file := h.camera("MVI_4823.AVI")
		h.want(rec, derivative.Copy)
		h.frozen = fault.New(fault.Conflict, "marking.frozen")
		if err := h.svc.Make(h.ctx, file); err != nil {
			t.Fatal(err)
		}
		if d := h.states(rec)[derivative.Copy]; d.State != derivative.Wanted {
			t.Fatalf("a frozen recording was copied: %+v", d)
		}
		h.frozen = nil
		if err := h.svc.TakeUp(h.ctx); err != nil {
			t.Fatal(err)
		}
		if d := h.states(rec)[derivative.Copy]; d.State != derivative.Ready {
			t.Fatalf("%+v", d)
		}
	})
}

// plays opens the copy and plays it in marked segments.
func (h *house) plays(rec ident.RecordingID, d derivative.Derivative) {
	t := h.t
	_, obj, err := h.svc.Open(h.ctx, rec, d.File, derivative.Copy)
	if err != nil {
		t.Fatal(err)
	}
	whole := must(io.ReadAll(io.NewSectionReader(obj, 0, obj.Size())))(t)
	if err := obj.Close(); err != nil || int64(len(whole)) != d.Size {
		t.Fatalf("%d bytes of %d, %v", len(whole), d.Size, err)
	}
	var marked bytes.Buffer
	segments := must(h.svc.Segments(h.ctx, d.File))(t)
	for i, s := range segments {
		if s.N != i || s.Length <= 0 || i > 0 && s.Start != segments[i-1].Start+segments[i-1].Length {
			t.Errorf("segment %+v", s)
		}
		one := must(h.svc.Segment(h.ctx, d.File, i, "阿依古丽 执法一科"))(t)
		again := must(h.svc.Segment(h.ctx, d.File, i, "阿依古丽 执法一科"))(t)
		if &one[0] != &again[0] {
			t.Errorf("segment %d was made twice", i)
		}
		marked.Write(one)
	}
	if a, b := frames(t, whole), frames(t, marked.Bytes()); a != b || a == 0 {
		t.Errorf("%d pictures, marked %d", a, b)
	}
	for what, want := range map[string]error{
		"derivative.segment_unknown": second(h.svc.Segment(h.ctx, d.File, len(segments), "某人")),
		"derivative.no_mark":         second(h.svc.Segment(h.ctx, d.File, 0, " ")),
		"derivative.unknown":         second(h.svc.Segments(h.ctx, "none")),
	} {
		if !fault.HasCode(want, what) {
			t.Errorf("want %s, got %v", what, want)
		}
	}
	if _, _, err := h.svc.Open(h.ctx, "another", d.File, derivative.Copy); !fault.HasCode(err, "derivative.unknown") {
		t.Errorf("opened as a part of another recording: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func frames(t testing.TB, stream []byte) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames",
		"-of", "csv=p=0", "-f", "mpegts", "pipe:0")
	cmd.Stdin = bytes.NewReader(stream)
	first, _, _ := strings.Cut(strings.TrimSpace(string(must(cmd.Output())(t))), "\n")
	return must(strconv.Atoi(strings.Trim(first, ",")))(t)
}

// T16 to T18: what cannot be made says why, in words; the original is as it was, and can be tried again.
func TestFailureHasWords(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		for name, c := range map[string]struct{ content, reason string }{
			"empty.mp4":    {"", "empty"},
			"playlist.mp4": {"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "no_reader"},
			"cut.mp4":      {"\x00\x00\x00\x14ftypmp42\x00\x00\x00\x00mp42\x00\x10\x00\x00mdat" + strings.Repeat("x", 5000), "index"},
		} {
			rec, file := h.stored(name, []byte(c.content))
			h.want(rec, derivative.Kinds()...)
			if err := h.svc.Make(h.ctx, file); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for kind, d := range h.states(rec) {
				if d.State != derivative.Failed || d.Reason != c.reason {
					t.Errorf("%s: %s is %s, %q", name, kind, d.State, d.Reason)
				}
			}
			if len(h.states(rec)) != len(derivative.Kinds()) {
				t.Errorf("%s: %v", name, h.states(rec))
			}
			digest := must(vault.ParseDigest(h.states(rec)[derivative.Copy].Source))(t)
			must(h.originals.Verify(h.ctx, digest))(t)
			before := h.jobs()
			if err := h.svc.Retry(h.ctx, h.keeper, rec); err != nil {
				t.Fatal(err)
			}
			if d := h.states(rec)[derivative.Copy]; d.State != derivative.Wanted || d.Reason != "" || h.jobs() != before+1 {
				t.Errorf("%s: after the wish %+v", name, d)
			}
			if err := h.svc.Retry(h.ctx, h.keeper, rec); !fault.HasCode(err, "derivative.nothing_failed") {
				t.Errorf("%s: a second wish: %v", name, err)
			}
		}
	})
}

// The vault of derivatives can be emptied: everything is made again, and who asks meanwhile is told so.
func TestRebuild(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		rec, file := h.camera("phone-uuid540.mp4")
		h.want(rec, derivative.Copy)
		h.makes(file)
		first := h.states(rec)[derivative.Copy]
		if n := must(h.svc.Rebuild(h.ctx))(t); n != 0 {
			t.Errorf("%d asked for again while nothing was lost", n)
		}
		if sound, lost, err := derivative.Check(h.ctx, h.DB.Reader, h.derived); err != nil || sound != 1 || len(lost) != 0 {
			t.Errorf("%d sound, lost %v, %v", sound, lost, err)
		}
		h.wipe()
		if sound, lost, err := derivative.Check(h.ctx, h.DB.Reader, h.derived); err != nil || sound != 0 || len(lost) != 1 || lost[0].File != file {
			t.Errorf("after all is gone: %d sound, lost %v, %v", sound, lost, err)
		}
		if _, err := h.svc.Segment(h.ctx, file, 0, "某人"); !fault.HasCode(err, "derivative.lost") {
			t.Errorf("a lost copy played: %v", err)
		}
		if d := h.states(rec)[derivative.Copy]; d.State != derivative.Wanted {
			t.Errorf("%+v", d)
		}
		h.makes(file)
		h.wipe()
		if n := must(h.svc.Rebuild(h.ctx))(t); n != 1 {
			t.Errorf("%d asked for again, want 1", n)
		}
		if err := h.svc.TakeUp(h.ctx); err != nil {
			t.Fatal(err)
		}
		again := h.states(rec)[derivative.Copy]
		if again.State != derivative.Ready || again.Size != first.Size {
			t.Errorf("first %+v, again %+v", first, again)
		}
		must(h.svc.Segment(h.ctx, file, 0, "某人"))(t)
	})
}

func (h *house) makes(file ident.FileID) {
	h.t.Helper()
	if err := h.svc.Make(h.ctx, file); err != nil {
		h.t.Fatal(err)
	}
}

// wipe removes every object from the vault of derivatives.
func (h *house) wipe() {
	h.t.Helper()
	n := 0
	err := filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(path, "objects") {
			n++
			err = os.Remove(path)
		}
		return err
	})
	if err != nil || n == 0 {
		h.t.Fatalf("%d objects removed: %v", n, err)
	}
}
