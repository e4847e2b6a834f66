package recording_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// TestLateAndExplained is R-19-1 and R-19-3: late opens a duty with the officer's name; a return note meets it, never
// edits what the camera told, and shows both sums.
func TestLateAndExplained(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		r := h.take(h.dock, recording.Intent{Name: h.name(30*time.Hour, 1)}, []byte("late"))
		d := h.get(r.RecordingID)
		if d.Verdict != storage.Late || d.Officer != h.officer {
			t.Fatalf("%+v", d.Recording)
		}
		if got := h.duties(duty.ExplainLate); len(got) != 1 || got[0].Person != h.officer || got[0].Subject.ID != string(r.RecordingID) {
			t.Fatalf("duties %+v", got)
		}
		now := h.Clock.Now()
		for _, c := range []struct {
			actor access.Actor
			note  recording.ReturnNote
			code  string
		}{
			{h.keeper, recording.ReturnNote{ReturnedAt: now.Add(time.Hour), Reason: "remote"}, "recording.returned_at"},
			{h.keeper, recording.ReturnNote{Reason: "remote"}, "recording.returned_at"},
			{h.keeper, recording.ReturnNote{ReturnedAt: now, Reason: "forgot"}, "recording.reason"},
			{h.keeper, recording.ReturnNote{ReturnedAt: now, Reason: "other"}, "recording.words"},
			{h.other, recording.ReturnNote{ReturnedAt: now, Reason: "remote"}, "access.ask_custodian"},
			{person(h.officer, "", h.d1, access.Officer), recording.ReturnNote{ReturnedAt: now, Reason: "remote"}, "access.ask_custodian"},
		} {
			if err := h.svc.AddReturn(h.ctx, c.actor, r.RecordingID, c.note); !fault.HasCode(err, c.code) {
				t.Errorf("%+v: %v, want %s", c.note, err, c.code)
			}
		}
		note := recording.ReturnNote{ReturnedAt: now.Add(-3 * time.Hour), Reason: "remote", Words: "在乡镇巡查"}
		if err := h.svc.AddReturn(h.ctx, h.keeper, r.RecordingID, note); err != nil {
			t.Fatal(err)
		}
		after := h.get(r.RecordingID)
		if after.Verdict != storage.InTimeReturn || !after.Recording.Start.Equal(d.Recording.Start) || len(after.Notes) != 1 || len(after.Judgement.Branches) != 2 {
			t.Errorf("after the note: %+v", after.Judgement)
		}
		if n := len(h.duties(duty.ExplainLate)); n != 0 {
			t.Errorf("%d duties after the note", n)
		}
		h.mustRefuse("UPDATE recording SET start_at = 1 WHERE id = ?", r.RecordingID)
		h.mustRefuse("UPDATE recording_file SET sha256 = 'x' WHERE id = ?", r.FileID)
		h.mustRefuse("DELETE FROM recording_file WHERE id = ?", r.FileID)
		h.mustRefuse("UPDATE recording_note SET words = 'x' WHERE recording_id = ?", r.RecordingID)
		h.mustRefuse("DELETE FROM recording_receipt WHERE file_id = ?", r.FileID)
	})
}

// mustRefuse: the database itself holds what was sealed (R-20-1, R-25-4).
func (h *house) mustRefuse(q string, args ...any) {
	h.t.Helper()
	if _, err := h.DB.Writer.NewRaw(q, args...).Exec(context.Background()); !db.IsConstraint(err) {
		h.t.Errorf("%s: %v", q, err)
	}
}

// TestDesignated is the branch 指定的存储器 of R-19-1.
func TestDesignated(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		r := h.take(h.dock, recording.Intent{Name: h.name(30*time.Hour, 1)}, []byte("late"))
		at := h.Clock.Now().Add(-20 * time.Hour)
		if err := h.svc.Designate(h.ctx, h.keeper, r.RecordingID, recording.Designation{StoredAt: at}); !fault.HasCode(err, "recording.where") {
			t.Errorf("nowhere: %v", err)
		}
		if err := h.svc.Designate(h.ctx, h.keeper, r.RecordingID, recording.Designation{Where: "二队专用硬盘", StoredAt: at}); err != nil {
			t.Fatal(err)
		}
		if d := h.get(r.RecordingID); d.Verdict != storage.Designated {
			t.Errorf("%+v", d.Judgement)
		}
	})
}

// TestInbox is R-21-2 and R-22-4: what nobody can explain is taken in, waits for a custodian, and is settled with a
// reason; what was found stays beside it.
func TestInbox(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		stranger := h.take(h.dock, recording.Intent{Name: "P1000001.MP4"}, []byte("whose?"))
		broken := h.take(h.dock, recording.Intent{Name: h.name(time.Hour, 2)}, []byte("bad file"))
		h.take(h.dock, recording.Intent{Name: h.name(2*time.Hour, 1)}, []byte("fine"))
		page := must(h.svc.Inbox(h.ctx, h.keeper, recording.Filter{}, "", 10))(t)
		if len(page.Rows) != 2 || page.Count != 2 || page.Rows[0].ID != broken.RecordingID {
			t.Fatalf("inbox: %+v", page)
		}
		if d := h.get(broken.RecordingID); d.State != recording.Verified || d.FlagDetail[recording.Flag(media.FlagUnreadable)] != media.ReasonMoovMissing || d.Verdict != storage.InTime {
			// Its duration is unknown, but it began within the day: whenever it ended, it was in time.
			t.Errorf("a broken file stays evidence: %+v %+v", d.Recording, d.Judgement)
		}
		if n := len(h.duties(duty.SettleInbox)); n != 2 {
			t.Errorf("%d duties", n)
		}
		if _, err := h.svc.Inbox(h.ctx, person(h.officer, "", h.d1, access.Officer), recording.Filter{}, "", 10); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an officer settles nothing: %v", err)
		}
		if err := h.svc.Resolve(h.ctx, h.keeper, stranger.RecordingID, recording.Assignment{Device: h.camera}); !fault.HasCode(err, "recording.words") {
			t.Errorf("without a reason: %v", err)
		}
		err := h.svc.Resolve(h.ctx, h.other, stranger.RecordingID, recording.Assignment{Device: h.camera, Officer: h.second, Words: "卡上贴有编号"})
		if err != nil {
			t.Fatalf("nobody's recording is any custodian's to settle: %v", err)
		}
		d := h.get(stranger.RecordingID)
		if d.Device != h.camera || d.Officer != h.second || d.Certainty != recording.Assigned || d.Department != h.d1 || !d.Reviewed || d.FoundDevice != "" {
			t.Errorf("%+v", d.Recording)
		}
		if slices.Contains(d.Flags, recording.FlagUnknownDevice) || slices.Contains(d.Flags, recording.FlagNoOfficer) {
			t.Errorf("flags %v", d.Flags)
		}
		if err := h.svc.Resolve(h.ctx, h.keeper, broken.RecordingID, recording.Assignment{Words: "已看过"}); err != nil {
			t.Fatal(err)
		}
		if n := must(h.svc.Inbox(h.ctx, h.keeper, recording.Filter{}, "", 10))(t).Count + len(h.duties(duty.SettleInbox)); n != 0 {
			t.Errorf("%d left", n)
		}
		if err := h.svc.Assign(h.ctx, h.keeper, broken.RecordingID, recording.Assignment{Officer: h.second, Words: "临时换人"}); err != nil {
			t.Fatal(err)
		}
		if d := h.get(broken.RecordingID); d.Officer != h.second || d.FoundOfficer != h.officer || d.FoundDevice != h.camera {
			t.Errorf("%+v found %s", d.Recording, d.FoundOfficer)
		}
	})
}

// TestScopeAndSearch is R-21-1, and Chinese search on both engines.
func TestScopeAndSearch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		names := []string{"", "烟花爆竹零售点检查.mp4", "", "阿依努尔·买买提家.mp4"}
		for i, n := range names {
			if n == "" {
				n = h.name(time.Duration(i+1)*time.Hour, i+1)
			}
			h.take(h.dock, recording.Intent{Name: n}, fmt.Appendf(nil, "%d", i))
		}
		list := func(a access.Actor, f recording.Filter) int {
			t.Helper()
			p := must(h.svc.List(h.ctx, a, f, "", 50))(t)
			if p.Count != len(p.Rows) {
				t.Errorf("count %d, rows %d", p.Count, len(p.Rows))
			}
			return len(p.Rows)
		}
		boss := person("boss", "", h.d1, access.Leader)
		for _, c := range []struct {
			name  string
			actor access.Actor
			f     recording.Filter
			want  int
		}{
			{"a leader sees all", boss, recording.Filter{}, 4},
			{"a custodian the department's", h.keeper, recording.Filter{}, 2},
			{"another department none", h.other, recording.Filter{}, 0},
			{"an officer their own", person(h.officer, "", h.d1, access.Officer), recording.Filter{}, 2},
			{"and nobody else's", person(h.second, "", h.d1, access.Officer), recording.Filter{}, 0},
			{"two characters", boss, recording.Filter{Query: "零售"}, 1},
			{"one character", boss, recording.Filter{Query: "烟"}, 1},
			{"across a name's dot", boss, recording.Filter{Query: "努尔买买"}, 1},
			{"the officer's name", boss, recording.Filter{Query: "古丽"}, 2},
			{"the camera", boss, recording.Filter{Query: "Z-07"}, 2},
			{"nothing such", boss, recording.Filter{Query: "不存在"}, 0},
			{"hostile words", boss, recording.Filter{Query: `" OR 1=1 -- NEAR( ) * ' & | !`}, 0},
			{"a verdict", boss, recording.Filter{Verdict: storage.InTime}, 2},
			{"a flag", boss, recording.Filter{Flag: recording.FlagUnknownDevice}, 2},
			{"a camera", boss, recording.Filter{Device: h.camera, Kind: recording.Video, State: recording.Verified}, 2},
			{"a span", boss, recording.Filter{From: h.Clock.Now().Add(-2 * time.Hour), To: h.Clock.Now()}, 1},
		} {
			if got := list(c.actor, c.f); got != c.want {
				t.Errorf("%s: %d, want %d", c.name, got, c.want)
			}
		}
		for _, order := range []recording.Order{recording.ByStored, recording.ByStart} {
			var seen []ident.RecordingID
			after := recording.Cursor("")
			for {
				p := must(h.svc.List(h.ctx, boss, recording.Filter{Order: order}, after, 3))(t)
				for _, r := range p.Rows {
					if slices.Contains(seen, r.ID) {
						t.Fatalf("%s: a row twice", order)
					}
					seen = append(seen, r.ID)
				}
				if after = p.Next; after == "" {
					break
				}
			}
			if len(seen) != 4 {
				t.Errorf("%s: %d rows over pages", order, len(seen))
			}
		}
		if _, err := h.svc.List(h.ctx, boss, recording.Filter{}, "no cursor", 3); !fault.HasCode(err, "recording.cursor") {
			t.Error(err)
		}
		if _, err := h.svc.List(h.ctx, h.dock, recording.Filter{}, "", 3); !fault.Is(err, fault.Forbidden) {
			t.Errorf("T27 a dock reads nothing: %v", err)
		}
		rows := 0
		for _, err := range must(h.svc.Export(h.ctx, h.keeper, recording.Filter{}))(t) {
			if err != nil {
				t.Fatal(err)
			}
			rows++
		}
		if got := h.History(t, "ledger", "recordings"); rows != 2 || len(got) != 1 || !strings.Contains(string(got[0].Detail), `"count":2`) {
			t.Errorf("%d rows, %v", rows, got)
		}
		if _, err := h.svc.Get(h.ctx, h.other, must(h.svc.List(h.ctx, h.keeper, recording.Filter{}, "", 1))(t).Rows[0].ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("another department's recording: %v", err)
		}
	})
}

// TestReceipts: decision 14, T20, T27. The newest receipt says verified, carries a proof once the log is signed, and goes
// to nobody else.
func TestReceipts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		id := h.send(h.dock, recording.Intent{Name: h.name(time.Hour, 1)}, []byte("x"))
		r := must(h.svc.Seal(h.ctx, h.dock, id, nil))(t)
		if got := string(must(h.svc.Receipt(h.ctx, h.dock, r.ReceiptID))(t)); !strings.Contains(got, `\"state\":\"stored\"`) || !strings.Contains(got, `"proof": null`) {
			t.Errorf("before the read-back: %s", got)
		}
		h.work(r.FileID)
		h.sequence()
		body := must(h.svc.Receipt(h.ctx, h.dock, r.ReceiptID))(t)
		if got := string(body); !strings.Contains(got, `\"state\":\"verified\"`) || !strings.Contains(got, `\"sm3\":`) || !strings.Contains(got, `"checkpoint"`) {
			t.Errorf("after it: %s", got)
		}
		if again := must(h.svc.FileReceipt(h.ctx, h.keeper, r.FileID))(t); string(again) != string(body) {
			t.Error("the custodian gets another receipt")
		}
		for name, a := range map[string]access.Actor{"another dock": h.dock2, "another department": h.other} {
			if _, err := h.svc.Receipt(h.ctx, a, r.ReceiptID); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := h.svc.Receipt(h.ctx, h.dock, ident.New[ident.ReceiptID]()); !fault.HasCode(err, "receipt.unknown") {
			t.Error(err)
		}
	})
}

// TestClear is G16 and R-19-2: a card is cleared only by a custodian's order, only of what is verified and in the log,
// once, for a day.
func TestClear(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		names := []string{h.name(time.Hour, 1), h.name(2*time.Hour, 2)}
		card := h.open(h.dock, "Z07", names...)
		var files []recording.Result
		for i, n := range names {
			id := h.send(h.dock, recording.Intent{Card: card, Name: n, RelPath: n}, fmt.Appendf(nil, "file%d", i))
			files = append(files, must(h.svc.Seal(h.ctx, h.dock, id, nil))(t))
		}
		order := func(a access.Actor) (recording.ClearOrder, error) {
			return h.svc.OrderClear(h.ctx, a, card, func(context.Context) error { return nil })
		}
		if _, err := order(h.keeper); !fault.HasCode(err, "clear.nothing") {
			t.Fatalf("stored is not enough: %v", err)
		}
		h.work(files[0].FileID)
		if _, err := order(h.keeper); !fault.HasCode(err, "clear.nothing") {
			t.Fatalf("not in the log yet: %v", err)
		}
		h.sequence()
		for name, a := range map[string]access.Actor{"an officer": person(h.officer, "", h.d1, access.Officer), "another department": h.other, "the dock": h.dock} {
			if _, err := order(a); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := h.svc.OrderClear(h.ctx, h.keeper, card, nil); !fault.HasCode(err, "clear.confirm") {
			t.Errorf("without the password: %v", err)
		}
		got := must(order(h.keeper))(t)
		if len(got.Files) != 1 || got.Files[0].Path != names[0] || got.Files[0].SHA256 != files[0].SHA256.String() || got.Staying != 1 {
			t.Fatalf("%+v", got)
		}
		if _, err := order(h.keeper); !fault.HasCode(err, "clear.pending") {
			t.Errorf("two orders at once: %v", err)
		}
		if _, err := h.svc.PendingClear(h.ctx, h.dock2, card); !fault.Is(err, fault.Forbidden) {
			t.Errorf("another dock: %v", err)
		}
		var signed struct{ Format, Statement, Signature string }
		if err := json.Unmarshal(must(h.svc.PendingClear(h.ctx, h.dock, card))(t), &signed); err != nil || !strings.HasPrefix(signed.Statement, "zhilu-clear/v1\n{") {
			t.Errorf("%+v %v", signed, err)
		}
		if err := h.svc.ReportClear(h.ctx, h.dock, got.ID, []recording.ClearResult{{Path: "other.mp4", Status: "cleared"}}); !fault.HasCode(err, "clear.not_ordered") {
			t.Errorf("a file nobody ordered: %v", err)
		}
		report := []recording.ClearResult{{Path: names[0], Status: "cleared"}}
		if err := h.svc.ReportClear(h.ctx, h.dock, got.ID, report); err != nil {
			t.Fatal(err)
		}
		if err := h.svc.ReportClear(h.ctx, h.dock, got.ID, report); !fault.HasCode(err, "clear.used") {
			t.Errorf("twice: %v", err)
		}
		if _, err := h.svc.PendingClear(h.ctx, h.dock, card); !fault.HasCode(err, "clear.none") {
			t.Errorf("after its use: %v", err)
		}
		if hist := actions(h.History(t, "file", string(files[0].FileID))); hist[len(hist)-1] != "clear.report done" {
			t.Errorf("the file's history: %v", hist)
		}
		must(order(h.keeper))(t)
		h.Clock.Add(25 * time.Hour)
		if _, err := h.svc.PendingClear(h.ctx, h.dock, card); !fault.HasCode(err, "clear.none") {
			t.Errorf("after its day: %v", err)
		}
	})
}

// TestServerClock is G8: a jump of our own clock is an entry, and what was stored near it is judged with bounds.
func TestServerClock(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		r := h.take(h.dock, recording.Intent{Name: h.name(23*time.Hour+20*time.Minute, 1)}, []byte("close to the term"))
		if v := h.get(r.RecordingID).Verdict; v != storage.InTime {
			t.Fatal(v)
		}
		var w storage.Watch
		mono := time.Duration(0)
		tick := func(jump time.Duration) {
			h.Clock.Add(10*time.Second + jump)
			mono += 10 * time.Second
			if err := h.svc.SeeClock(h.ctx, &w, mono); err != nil {
				t.Fatal(err)
			}
		}
		tick(0)
		tick(0)
		tick(2 * time.Hour)
		page := must(h.svc.List(h.ctx, access.HostActor("t"), recording.Filter{Verdict: storage.CannotJudge}, "", 5))(t)
		if d := h.get(r.RecordingID); len(page.Rows) != 1 || d.Judgement.Why != storage.WhyStraddle || !slices.Contains(d.Judgement.Doubts, storage.DoubtServerStep) {
			t.Errorf("%+v", d.Judgement)
		}
		if got := actions(h.History(t, "server", "n1")); len(got) != 1 || got[0] != "clock.step done" {
			t.Errorf("history %v", got)
		}
		if got := actions(h.History(t, "recording", string(r.RecordingID))); got[len(got)-2] != "recording.judge done" || got[len(got)-1] != "duty.open opened" {
			t.Errorf("history %v", got)
		}
	})
}

// TestCameraClock: a clock check that comes later changes the verdict of what was judged before, and nothing that the
// camera told.
func TestCameraClock(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		r := h.take(h.dock, recording.Intent{Name: h.name(30*time.Hour, 1)}, []byte("slow clock"))
		err := h.Gate.Do(h.ctx, h.keeper, access.DeviceEdit, access.Subject{Kind: "device", ID: string(h.camera), Department: h.d1}, func(tx *gate.Tx) error {
			return device.RecordClock(tx, h.camera, h.Clock.Now(), 10*time.Hour, 10*time.Hour, device.FromPerson)
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := h.get(r.RecordingID); d.Verdict != storage.InTime || !d.Checked || d.EndOffset[0] > 10*time.Hour {
			t.Errorf("%+v %+v", d.Judgement, d.EndOffset)
		}
	})
}

// TestProbeFails: the house's own failure to look into a file flags it, keeps it, has it verified, and heals.
func TestProbeFails(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.probe.fail = errors.New("no sandbox")
		id := h.send(h.dock, recording.Intent{Name: h.name(time.Hour, 1)}, []byte("x"))
		r := must(h.svc.Seal(h.ctx, h.dock, id, nil))(t)
		for range 2 {
			if err := h.svc.FollowUp(h.ctx, r.FileID); err == nil {
				t.Fatal("a failing job must be tried again")
			}
		}
		if err := h.svc.VerifyFile(h.ctx, r.FileID); err != nil {
			t.Fatal(err)
		}
		if d := h.get(r.RecordingID); !slices.Contains(d.Flags, recording.Flag(media.FlagUnreadable)) || d.State != recording.Verified {
			t.Errorf("%+v", d.Recording)
		}
		h.probe.fail = nil
		h.work(r.FileID)
		if d := h.get(r.RecordingID); len(d.Flags) != 0 || d.State != recording.Verified || d.Verdict != storage.InTime {
			t.Errorf("%+v", d.Recording)
		}
	})
}
