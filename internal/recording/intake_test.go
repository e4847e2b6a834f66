package recording_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/storage"
	"zhilu.dev/zhilu/internal/vault"
)

// TestFromCardToReceipt: R-19-1, R-20-1, R-21-1. A file on a card becomes a recording with its camera, its officer, its
// verdict and two receipts, and every step is in the log.
func TestFromCardToReceipt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		name := h.name(5*time.Hour, 1)
		card := h.open(h.dock, "Z07", "DCIM/"+name)
		content := []byte("hello")
		in := recording.Intent{Card: card, Name: name, RelPath: "DCIM/" + name, ModTime: h.Clock.Now().Add(-2 * time.Hour)}
		id := h.send(h.dock, in, content)
		r := must(h.svc.Seal(h.ctx, h.dock, id, sum(content)))(t)
		if r.Status != recording.Sealed || r.SHA256 != *sum(content) || r.Size != 5 || !r.StoredAt.Equal(h.Clock.Now()) {
			t.Fatalf("result %+v", r)
		}
		before := h.get(r.RecordingID)
		if before.Judgement.Verdict != storage.CannotJudge || before.Judgement.Why != storage.WhyFactsPending || before.State != recording.Stored {
			t.Errorf("before anybody looked: %+v", before.Judgement)
		}
		h.work(r.FileID)
		h.work(r.FileID) // a job that runs twice changes nothing
		again := must(h.svc.Seal(h.ctx, h.dock, id, sum(content)))(t)
		if diff := cmp.Diff(r, again); diff != "" {
			t.Errorf("asked again (-first +second):\n%s", diff)
		}
		d := h.get(r.RecordingID)
		if d.Device != h.camera || d.DeviceHow != string(device.ByCardLabel) || d.Officer != h.officer || d.Certainty != recording.Certain ||
			d.Department != h.d1 || d.OfficerName != "阿依古丽·买买提" {
			t.Errorf("whose: %+v", d.Recording)
		}
		if d.Verdict != storage.InTime || d.Kind != recording.Video || d.State != recording.Verified || len(d.Flags) != 0 || d.Checked {
			t.Errorf("facts: %+v %+v", d.Recording, d.Judgement)
		}
		if f := d.FileList[0]; f.SM3 == "" || f.VerifiedAt.IsZero() || f.Facts == nil || f.Entry == "" {
			t.Errorf("file: %+v", f)
		}
		if len(d.Receipts) != 2 || d.Receipts[0].Kind != recording.Stored || d.Receipts[1].Kind != recording.Verified {
			t.Errorf("receipts: %+v", d.Receipts)
		}
		want := []string{"recording.seal done", "recording.probe done", "recording.verify done"}
		if diff := cmp.Diff(want, actions(h.History(t, "recording", string(r.RecordingID)))); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"upload.create intent", "recording.seal done"}, actions(h.History(t, "upload", string(id)))); diff != "" {
			t.Errorf("the upload's history (-want +got):\n%s", diff)
		}
		if err := h.svc.CloseCard(h.ctx, h.dock, card, nil); err != nil {
			t.Fatal(err)
		}
		c, files, err := h.svc.Card(h.ctx, h.dock, card)
		if err != nil || c.Device != h.camera || c.Counts[recording.Sealed] != 1 || files[0].Recording != r.RecordingID || files[0].State != recording.Verified {
			t.Errorf("card: %+v %+v %v", c, files, err)
		}
		if n := len(h.duties(duty.Store)); n != 0 {
			t.Errorf("%d files are owed though all came in", n)
		}
	})
}

// TestExactlyOnce is G11 and T4: the same bytes again are a success and a logged duplicate, never a second recording.
func TestExactlyOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		content := []byte("the same bytes")
		first := h.take(h.dock, recording.Intent{Name: h.name(3*time.Hour, 1)}, content)
		second := h.take(h.dock2, recording.Intent{Name: "renamed copy.mp4"}, content)
		if second.Status != recording.Duplicate || second.RecordingID != first.RecordingID || second.FileID != first.FileID || second.ReceiptID == first.ReceiptID {
			t.Fatalf("second arrival: %+v after %+v", second, first)
		}
		if _, err := h.svc.Receipt(h.ctx, h.dock2, second.ReceiptID); err != nil {
			t.Errorf("the second arrival gets a receipt of its own: %v", err)
		}
		if d := h.get(first.RecordingID); d.FlagDetail[recording.FlagDuplicate] != "" || len(d.Flags) != 1 || d.Flags[0] != recording.FlagDuplicate {
			t.Errorf("flags %v", d.Flags)
		}
		if got := actions(h.History(t, "upload", string(second.UploadID))); got[len(got)-1] != "recording.seal done" {
			t.Errorf("the second arrival's history: %v", got)
		}
	})
}

// TestRaces is G11: many arrivals of the same bytes at once.
func TestRaces(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const rounds, docks = 20, 10
		for round := range rounds {
			content := fmt.Appendf(nil, "race %d", round)
			ids := make([]ident.UploadID, docks)
			for i := range ids {
				ids[i] = h.send(h.dock, recording.Intent{Name: fmt.Sprintf("%d.mp4", i)}, content)
			}
			results := make([]recording.Result, docks)
			errs := make([]error, docks)
			var wg sync.WaitGroup
			for i := range ids {
				wg.Go(func() { results[i], errs[i] = h.svc.Seal(h.ctx, h.dock, ids[i], sum(content)) })
			}
			wg.Wait()
			sealed := 0
			for i, r := range results {
				if errs[i] != nil {
					t.Fatal(errs[i])
				}
				if r.Status == recording.Sealed {
					sealed++
				}
				if r.RecordingID != results[0].RecordingID {
					t.Fatal("two recordings of the same bytes")
				}
			}
			if sealed != 1 {
				t.Fatalf("%d of %d arrivals say they were the first", sealed, docks)
			}
		}
		for info, err := range h.vault.Stages(h.ctx) {
			t.Errorf("left in staging: %v %v", info.ID, err)
		}
	})
}

// TestWhatTheSenderSays is T20 and T21: another's upload is out of reach, and bytes that are not what was said are kept
// apart, said and no recording.
func TestWhatTheSenderSays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		content := []byte("right")
		id := h.send(h.dock, recording.Intent{Name: "a.mp4"}, content)
		if _, err := h.svc.AppendCheck(h.ctx, h.dock2, id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("T20 append: %v", err)
		}
		if _, err := h.svc.Seal(h.ctx, h.dock2, id, nil); !fault.Is(err, fault.Forbidden) {
			t.Errorf("T20 seal: %v", err)
		}
		if err := h.svc.Discard(h.ctx, h.dock2, id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("T20 discard: %v", err)
		}
		if _, err := h.svc.Seal(h.ctx, h.dock, id, sum([]byte("wrong"))); !fault.HasCode(err, "upload.digest_mismatch") {
			t.Fatalf("T21: %v", err)
		}
		if up := must(h.svc.Upload(h.ctx, id))(t); up.State != recording.UploadFailed || up.Code != "digest_mismatch" || up.Recording != "" {
			t.Errorf("T21: %+v", up)
		}
		if got := actions(h.History(t, "upload", string(id))); got[len(got)-1] != "upload.fail failed" {
			t.Errorf("T21 must be in the log: %v", got)
		}
		if r := must(h.svc.Seal(h.ctx, h.dock, id, sum(content)))(t); r.Status != recording.Sealed {
			t.Errorf("the right digest afterwards: %+v", r)
		}
		if _, err := h.svc.Seal(h.ctx, h.dock, id, sum([]byte("wrong"))); !fault.HasCode(err, "upload.digest_mismatch") {
			t.Errorf("a wrong digest after the seal: %v", err)
		}
		half := must(h.svc.Begin(h.ctx, h.dock, recording.Intent{Name: "half.mp4", Size: 10}))(t)
		if _, err := h.svc.Seal(h.ctx, h.dock, half, nil); !fault.HasCode(err, "vault.incomplete") {
			t.Errorf("half a file: %v", err)
		}
		if err := h.svc.Discard(h.ctx, h.dock, half); err != nil {
			t.Fatal(err)
		}
		if _, err := h.svc.AppendCheck(h.ctx, h.dock, half); !fault.HasCode(err, "upload.ended") {
			t.Errorf("after the discard: %v", err)
		}
		if _, err := h.vault.Resume(h.ctx, half); !fault.Is(err, fault.NotFound) {
			t.Errorf("discarded bytes are still there: %v", err)
		}
		if _, err := h.svc.Begin(h.ctx, h.dock2, recording.Intent{Card: h.open(h.dock, "X"), Name: "x", Size: 1}); !fault.HasCode(err, "card.unknown") {
			t.Errorf("T20 another's card: %v", err)
		}
		if _, err := h.svc.Begin(h.ctx, person(h.officer, "", h.d1, access.Officer), recording.Intent{Name: "x", Size: 1}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("R-19-2 an officer hands nothing in: %v", err)
		}
	})
}

// TestNames is T19 and T26: whatever a file is called, it is taken in, nothing of ours is named by it, and what is shown
// is harmless text.
func TestNames(t *testing.T) {
	t.Parallel()
	names := []string{
		"../../etc/passwd", `..\..\windows\system32\cmd.exe`, "/etc/shadow", `C:\card\a.mp4`, "a\x00b.mp4", "a\nb.mp4", "\x1b[31mred.mp4",
		"<script>alert(1)</script>.mp4", `"><img src=x onerror=alert(1)>.mp4`, "=cmd|'/c calc'!A1.mp4", "+1.mp4", "@SUM(A1).mp4", "-1.mp4",
		strings.Repeat("长", 100) + ".mp4", strings.Repeat("名", 400) + ".mp4", strings.Repeat("a/", 5000) + "x.mp4", "", ".", "..", "...", " ",
		"con", "NUL.mp4", "a:b.mp4", "a*b?.mp4", "\xff\xfe.mp4", "\xe4\xb8.mp4", "é.mp4", "é.mp4", "\u202egpj.mp4", "\u2066x\u2069.mp4",
		"\u202e4pm.exe", "阿依努尔·买买提_现场.mp4", "𬱖.mp4", "ئۇيغۇر.mp4", "a%00b.mp4", "a%2e%2e%2fb", "a;rm -rf ~.mp4", "$(reboot).mp4", "`id`.mp4",
		"{{7*7}}.mp4", "${jndi:ldap://x}.mp4", "upload-concat;final.mp4", "file://x", "http://127.0.0.1/x.mp4", "\ufeffbom.mp4", "a\u0085b.mp4", "a\u2028b.mp4",
	}
	if len(names) < 40 {
		t.Fatal("T19 asks for 40 names")
	}
	each(t, func(t *testing.T, h *house) {
		for i, n := range names {
			content := fmt.Appendf(nil, "file %d", i)
			r := h.take(h.dock, recording.Intent{Name: n, RelPath: n}, content)
			d := h.get(r.RecordingID)
			if d.Name == "" || !utf8.ValidString(d.Name) || strings.ContainsAny(d.Name, "\x00\n\x1b\u202e\u2066\u2028\u0085\ufeff/\\") || utf8.RuneCountInString(d.Name) > 201 {
				t.Errorf("%.80q is shown as %q", n, d.Name)
			}
			if _, err := h.svc.List(h.ctx, access.HostActor("t"), recording.Filter{Query: n}, "", 10); err != nil {
				t.Errorf("search for %.80q: %v", n, err)
			}
		}
		if n := len(names); must(h.svc.List(h.ctx, access.HostActor("t"), recording.Filter{}, "", 200))(t).Count != n {
			t.Errorf("not all of %d files are listed", n)
		}
	})
}

// TestCrashPoints is G2 and decision 15: the process ends between any two steps, and Adopt brings vault and rows
// together. Nothing is lost and nothing is there twice.
func TestCrashPoints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		crash func(h *house, id ident.UploadID, content []byte)
		want  recording.UploadState
	}{
		{"after the intent", func(h *house, id ident.UploadID, _ []byte) {
			stage := must(h.vault.Resume(h.ctx, id))(h.t)
			if err := stage.Discard(h.ctx); err != nil {
				h.t.Fatal(err)
			}
		}, recording.UploadFailed},
		{"after the last byte", func(*house, ident.UploadID, []byte) {}, recording.UploadSealed},
		{"after the seal, before the row", func(h *house, id ident.UploadID, content []byte) {
			stage := must(h.vault.Resume(h.ctx, id))(h.t)
			if _, _, err := stage.Seal(h.ctx, sum(content), nil); err != nil {
				h.t.Fatal(err)
			}
		}, recording.UploadSealed},
		{"a duplicate, before its bytes were dropped", func(h *house, id ident.UploadID, content []byte) {
			h.take(h.dock2, recording.Intent{Name: "first.mp4"}, content)
		}, recording.UploadDuplicate},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, h *house) {
				content := []byte("bytes that must not be lost")
				id := h.send(h.dock, recording.Intent{Name: h.name(time.Hour, 3)}, content)
				c.crash(h, id, content)
				h.reopen()
				h.Clock.Add(time.Hour)
				if _, err := h.svc.Adopt(h.ctx); err != nil {
					t.Fatal(err)
				}
				up := must(h.svc.Upload(h.ctx, id))(t)
				if up.State != c.want {
					t.Fatalf("state %s (%s), want %s", up.State, up.Code, c.want)
				}
				if second := must(h.svc.Adopt(h.ctx))(t); second != (recording.AdoptReport{}) {
					t.Errorf("a second run finds more to do: %+v", second)
				}
				for info, err := range h.vault.Stages(h.ctx) {
					t.Errorf("left in staging: %v %v", info.ID, err)
				}
				if c.want == recording.UploadFailed {
					return
				}
				r := must(h.svc.Seal(h.ctx, h.dock, id, sum(content)))(t) // the dock asks again after the restart
				if r.SHA256 != *sum(content) || r.ReceiptID == "" {
					t.Errorf("the dock gets no result: %+v", r)
				}
				h.work(r.FileID)
				if _, err := h.svc.Receipt(h.ctx, h.dock, r.ReceiptID); err != nil {
					t.Errorf("the dock gets no receipt: %v", err)
				}
			})
		})
	}
}

// TestSealAfterCrash: the dock comes back before Adopt runs, with the object sealed and no row.
func TestSealAfterCrash(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for i, sender := range []*vault.Digest{nil, sum([]byte("file 1"))} {
			content := fmt.Appendf(nil, "file %d", i)
			id := h.send(h.dock, recording.Intent{Name: "a.mp4"}, content)
			if _, _, err := must(h.vault.Resume(h.ctx, id))(t).Seal(h.ctx, nil, nil); err != nil {
				t.Fatal(err)
			}
			h.reopen()
			if r := must(h.svc.Seal(h.ctx, h.dock, id, sender))(t); r.Status != recording.Sealed {
				t.Errorf("%d: %+v", i, r)
			}
		}
		if got := must(h.svc.Adopt(h.ctx))(t); got != (recording.AdoptReport{}) {
			t.Errorf("nothing was left to adopt: %+v", got)
		}
	})
}

// TestLostDatabase: an object whose intent the database has lost is entered from its sidecar alone.
func TestLostDatabase(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		content := []byte("only the vault knows")
		id := ident.New[ident.UploadID]()
		meta := []byte(`{"format":"zhilu-sidecar/v1","name":"现场.mp4","path":"DCIM/现场.mp4","size":20,"owner":"dock-1","owner_kind":"token"}`)
		stage := must(h.vault.Begin(h.ctx, id, int64(len(content)), meta))(t)
		if _, err := stage.Append(h.ctx, bytes.NewReader(content), nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := stage.Seal(h.ctx, nil, nil); err != nil {
			t.Fatal(err)
		}
		if r := must(h.svc.Adopt(h.ctx))(t); r.Adopted != 1 {
			t.Fatalf("%+v", r)
		}
		up := must(h.svc.Upload(h.ctx, id))(t)
		if up.Name != "现场.mp4" || up.Owner != "dock-1" || up.State != recording.UploadSealed {
			t.Errorf("%+v", up)
		}
		if got := actions(h.History(t, "recording", string(up.Recording))); len(got) != 1 || got[0] != "recording.adopt done" {
			t.Errorf("history %v", got)
		}
		h.work(up.File)
		if _, err := h.svc.FileReceipt(h.ctx, h.dock, up.File); err != nil {
			t.Errorf("receipt of an adopted file: %v", err)
		}
	})
}

// TestStale: only what nobody touched for seven days is given up, with an entry (decision 15).
func TestStale(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		id := must(h.svc.Begin(h.ctx, h.dock, recording.Intent{Name: "half.mp4", Size: 10}))(t)
		h.Clock.Add(vault.StaleAfter - time.Minute)
		if r := must(h.svc.Adopt(h.ctx))(t); r != (recording.AdoptReport{}) {
			t.Fatalf("too early: %+v", r)
		}
		h.Clock.Add(2 * time.Minute)
		if r := must(h.svc.Adopt(h.ctx))(t); r.Discarded != 1 {
			t.Fatalf("%+v", r)
		}
		if got := actions(h.History(t, "upload", string(id))); got[len(got)-1] != "upload.discard done" {
			t.Errorf("history %v", got)
		}
	})
}

// TestNeverHandedIn is R-19-1 and R-19-2: what a card listed and nobody handed in is owed by name, until it comes in.
func TestNeverHandedIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		name := h.name(4*time.Hour, 1)
		card := h.open(h.dock, "Z07", name, "Thumbs.db", "broken.mp4")
		err := h.svc.CloseCard(h.ctx, h.dock, card, []recording.FileOutcome{
			{Path: "Thumbs.db", Size: 5, Status: recording.Left, Code: "system_file"},
			{Path: "broken.mp4", Size: 5, Status: recording.Failed, Code: "read_error"},
			{Path: name, Size: 5, Status: recording.Sealed}, // a dock's word alone seals nothing
		})
		if err != nil {
			t.Fatal(err)
		}
		owed := h.duties(duty.Store)
		if len(owed) != 2 || owed[0].Person != h.officer || owed[0].Department != h.d1 || owed[0].Device != h.camera {
			t.Fatalf("owed: %+v", owed)
		}
		if !owed[0].Due.Equal(h.Clock.Now().Add(22 * time.Hour)) {
			t.Errorf("due %v: the term runs from the last writing", owed[0].Due)
		}
		c, files, err := h.svc.Card(h.ctx, h.keeper, card)
		if err != nil || c.Counts[recording.Missing] != 1 || c.Counts[recording.Failed] != 1 || c.Counts[recording.Left] != 1 || files[2].Code != "read_error" {
			t.Errorf("%+v %+v %v", c, files, err)
		}
		mtime := files[0].ModTime
		later := must(h.svc.OpenCard(h.ctx, h.dock, recording.CardListing{Label: "Z07", Files: []recording.ListedFile{{Path: name, Size: 5, ModTime: mtime}}}))(t)
		h.take(h.dock, recording.Intent{Card: later, Name: name, RelPath: name, ModTime: mtime}, []byte("hello"))
		if n := len(h.duties(duty.Store)); n != 1 {
			t.Errorf("%d owed after one came in", n)
		}
		// A docking that nobody closed counts as ended after a day.
		h.open(h.dock, "Z07", "never.mp4")
		h.Clock.Add(25 * time.Hour)
		if r := must(h.svc.Adopt(h.ctx))(t); r.Closed != 2 {
			t.Errorf("%+v", r)
		}
		if n := len(h.duties(duty.Store)); n != 2 {
			t.Errorf("%d owed after an unplugged card", n)
		}
	})
}

// TestMissingNumbers is T2: a number missing on the card, across cards, and one that comes in late.
func TestMissingNumbers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		dock := func(numbers ...int) ident.CardID {
			names := make([]string, len(numbers))
			for i, n := range numbers {
				names[i] = fmt.Sprintf("REC_%04d.MP4", n)
			}
			card := h.open(h.dock, "Z07", names...)
			for i, n := range names {
				h.take(h.dock, recording.Intent{Card: card, Name: n, RelPath: n, ModTime: h.Clock.Now().Add(-2 * time.Hour)}, fmt.Appendf(nil, "%05d", numbers[i]))
			}
			if err := h.svc.CloseCard(h.ctx, h.dock, card, nil); err != nil {
				t.Fatal(err)
			}
			h.Clock.Add(time.Hour)
			return card
		}
		gaps := func(card ident.CardID) []string {
			var out []string
			for _, g := range must(h.svc.Gaps(h.ctx, h.keeper, h.camera, card))(t) {
				out = append(out, fmt.Sprintf("%d-%d %v", g.From, g.To, g.Arrived))
			}
			return out
		}
		first := dock(1, 2, 4)
		if diff := cmp.Diff([]string{"3-3 false"}, gaps(first)); diff != "" {
			t.Fatalf("on one card:\n%s", diff)
		}
		owed := h.duties(duty.ExplainMissing)
		if len(owed) != 1 || owed[0].Person != h.officer || owed[0].Device != h.camera {
			t.Fatalf("owed: %+v", owed)
		}
		second := dock(7, 8)
		if diff := cmp.Diff([]string{"5-6 false"}, gaps(second)); diff != "" {
			t.Errorf("across cards:\n%s", diff)
		}
		third := dock(3, 9)
		if diff := cmp.Diff([]string(nil), gaps(third)); diff != "" {
			t.Errorf("a late one:\n%s", diff)
		}
		if diff := cmp.Diff([]string{"3-3 true"}, gaps(first)); diff != "" {
			t.Errorf("the late one fills its hole:\n%s", diff)
		}
		if owed := h.duties(duty.ExplainMissing); len(owed) != 1 {
			t.Errorf("owed after the late one: %+v", owed)
		}
		if must(h.svc.Gaps(h.ctx, h.keeper, h.camera, ""))(t)[0].Kind != media.GapMissing {
			t.Error("kind")
		}
	})
}
