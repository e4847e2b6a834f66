package recording_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/split"
)

// presses takes in files of ten minutes each that follow one another, numbered from first, beginning so long ago.
func (h *house) presses(card ident.CardID, before time.Duration, first, n int, pause time.Duration) []recording.Result {
	h.t.Helper()
	var out []recording.Result
	for i := range n {
		at := before - time.Duration(i)*(10*time.Minute+pause)
		r := h.take(h.dock, recording.Intent{Card: card, Name: h.name(at, first+i)}, fmt.Appendf(nil, "genuine press %d %d", first, i))
		if err := h.svc.Join(h.ctx, r.FileID); err != nil {
			h.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func (h *house) listed() []ident.RecordingID {
	h.t.Helper()
	var out []ident.RecordingID
	for _, r := range must(h.svc.List(h.ctx, h.keeper, recording.Filter{}, "", 0))(h.t).Rows {
		out = append(out, r.ID)
	}
	return out
}

// Decision 13: files of one pressing become one recording. Every id still leads there, receipts stay, and the verdict
// counts from the last file's end.
func TestFilesOfOnePressing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		card := h.open(h.dock, "Z07")
		const before = 24*time.Hour + 15*time.Minute // the first file alone would be late, the whole is not
		files := h.presses(card, before, 21, 3, 0)
		whole := h.get(files[0].RecordingID)
		if len(whole.FileList) != 3 || whole.Files != 3 || whole.Duration != 30*time.Minute || len(whole.Parts) != 2 {
			t.Fatalf("%d files, %v, %+v", whole.Files, whole.Duration, whole.Parts)
		}
		for i, p := range whole.Parts {
			if p.How != split.SetLength || p.Gap != 0 || p.Recording != files[i+1].RecordingID {
				t.Errorf("part %d: %+v", i, p)
			}
		}
		last := h.Clock.Now().Add(-before + 30*time.Minute).Truncate(time.Second)
		if d := whole.End.To.Sub(last); d < 0 || d > time.Hour {
			t.Errorf("ends %v, want about %v", whole.End, last)
		}
		for _, f := range files {
			if d := h.get(f.RecordingID); d.ID != whole.ID {
				t.Errorf("%s leads to %s", f.RecordingID, d.ID)
			}
			if id := must(h.svc.FileRecording(h.ctx, f.FileID))(t); id != whole.ID {
				t.Errorf("file %s leads to %s", f.FileID, id)
			}
			if len(must(h.svc.FileReceipt(h.ctx, h.keeper, f.FileID))(t)) == 0 {
				t.Errorf("no receipt of %s", f.FileID)
			}
		}
		if got := h.listed(); !slices.Equal(got, []ident.RecordingID{whole.ID}) {
			t.Errorf("listed: %v", got)
		}
		if found := must(h.svc.List(h.ctx, h.keeper, recording.Filter{Query: "0023"}, "", 0))(t).Rows; len(found) != 1 || found[0].ID != whole.ID {
			t.Errorf("by the last file's name: %v", found)
		}
		for _, k := range []duty.Kind{duty.ExplainLate, duty.SettleInbox} {
			for _, d := range h.duties(k) {
				if d.Subject.ID != string(whole.ID) {
					t.Errorf("owed for a part: %+v", d)
				}
			}
		}
		h.sound(t)

		count := func() int {
			about := custody.Filter{Subject: custody.Subject{Kind: "recording", ID: string(whole.ID)}, Limit: 50}
			return len(must(custody.List(h.ctx, h.DB.Reader, about))(t))
		}
		n := count()
		if err := h.svc.Join(h.ctx, files[1].FileID); err != nil || count() != n { // again changes nothing
			t.Errorf("%v, %d entries, then %d", err, n, count())
		}
	})
}

// A custodian takes a wrong join apart, with a reason; it is not joined again.
func TestTakeApart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		files := h.presses(h.open(h.dock, "Z07"), 3*time.Hour, 21, 4, 0)
		second := files[1].RecordingID
		if err := h.svc.TakeApart(h.ctx, h.keeper, second, ""); !fault.HasCode(err, "recording.words") {
			t.Errorf("without a reason: %v", err)
		}
		if err := h.svc.TakeApart(h.ctx, h.other, second, "不是一次"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("by another department's: %v", err)
		}
		if err := h.svc.TakeApart(h.ctx, h.keeper, second, "中间换了人，不是一次录制"); err != nil {
			t.Fatal(err)
		}
		if err := h.svc.TakeApart(h.ctx, h.keeper, files[0].RecordingID, "不是一次"); !fault.Is(err, fault.NotFound) {
			t.Errorf("what is no part: %v", err)
		}
		for _, f := range files {
			if err := h.svc.Join(h.ctx, f.FileID); err != nil {
				t.Fatal(err)
			}
		}
		one, rest := h.get(files[0].RecordingID), h.get(files[3].RecordingID)
		if one.Files != 1 || one.Duration != 10*time.Minute || rest.ID != second || rest.Files != 3 || rest.Duration != 30*time.Minute {
			t.Errorf("%d files %v; %s: %d files %v", one.Files, one.Duration, rest.ID, rest.Files, rest.Duration)
		}
		if len(one.Beside) != 1 || one.Beside[0].Why != split.TakenApart || one.Beside[0].Recording != second || !one.Beside[0].After {
			t.Errorf("beside the first: %+v", one.Beside)
		}
		if got := h.listed(); len(got) != 2 {
			t.Errorf("listed: %v", got)
		}
		h.sound(t)
	})
}

// What is told apart stays apart, with the reason; a file that comes in late between two joins them.
func TestFilesApart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		card := h.open(h.dock, "Z07")
		paused := h.presses(card, 5*time.Hour, 31, 2, 34*time.Second)
		d := h.get(paused[0].RecordingID)
		if d.Files != 1 || len(d.Beside) != 1 || d.Beside[0].Why != split.Pause || d.Beside[0].Gap != 34*time.Second {
			t.Errorf("%d files, %+v", d.Files, d.Beside)
		}
		first := h.presses(card, 3*time.Hour, 41, 1, 0)
		third := h.presses(card, 3*time.Hour-20*time.Minute, 43, 1, 0)
		if h.get(third[0].RecordingID).ID != third[0].RecordingID {
			t.Error("joined over a missing number")
		}
		h.presses(card, 3*time.Hour-10*time.Minute, 42, 1, 0)
		if d := h.get(third[0].RecordingID); d.ID != first[0].RecordingID || d.Files != 3 {
			t.Errorf("%s with %d files", d.ID, d.Files)
		}
		if err := h.svc.AddReturn(h.ctx, h.keeper, third[0].RecordingID, recording.ReturnNote{ReturnedAt: h.Clock.Now().Add(-time.Hour), Reason: "remote"}); err != nil {
			t.Fatal(err)
		}
		if d := h.get(first[0].RecordingID); len(d.Notes) != 1 {
			t.Errorf("a note on a part's id: %+v", d.Notes)
		}
		h.presses(card, 3*time.Hour-30*time.Minute, 44, 1, 0)
		if d := h.get(first[0].RecordingID); d.Files != 3 || len(d.Beside) != 1 || d.Beside[0].Why != split.Noted {
			t.Errorf("%d files, %+v", d.Files, d.Beside)
		}
		h.sound(t)
	})
}
