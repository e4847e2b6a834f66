package recording_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

var pieceIntent = recording.Intent{Name: "piece", Concat: "partial"}

// finalIntent announces a file joined from parts.
func finalIntent(name string, parts ...ident.UploadID) recording.Intent {
	words := make([]string, len(parts))
	for i, p := range parts {
		words[i] = "/upload/" + string(p)
	}
	return recording.Intent{Name: name, Concat: "final;" + strings.Join(words, " "), Parts: parts}
}

func (h *house) last(kind string, id ident.UploadID) string {
	h.t.Helper()
	got := actions(h.History(h.t, kind, string(id)))
	return got[len(got)-1]
}

func (h *house) staged() (n int) {
	h.t.Helper()
	for _, err := range h.vault.Stages(h.ctx) {
		if err != nil {
			h.t.Fatal(err)
		}
		n++
	}
	return n
}

// TestJoin: a file sent in parts becomes one object under its own digest, in the order of the list; its parts become
// ranges of it, each with an entry, leave nothing in staging, and can be joined again. // G11
func TestJoin(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		a, b, none := vaulttest.Content(1, 100_000), vaulttest.Content(2, 65536), []byte{}
		pa, pb, p0 := h.send(h.dock, pieceIntent, a), h.send(h.dock, pieceIntent, b), h.send(h.dock, pieceIntent, none)
		if _, err := h.svc.Seal(h.ctx, h.dock, pa, nil); !fault.HasCode(err, "upload.partial") {
			t.Errorf("a part alone was sealed: %v", err)
		}
		whole := bytes.Join([][]byte{b, a, none, b}, nil)
		final := must(h.svc.Begin(h.ctx, h.dock, finalIntent(h.name(time.Hour, 1), pb, pa, p0, pb)))(t)
		r := must(h.svc.Seal(h.ctx, h.dock, final, sum(whole)))(t)
		if r.Status != recording.Sealed || r.SHA256 != *sum(whole) || r.Size != int64(len(whole)) {
			t.Fatalf("%+v", r)
		}
		h.work(r.FileID)
		for id, size := range map[ident.UploadID]int{pa: len(a), pb: len(b), p0: 0} {
			up := must(h.svc.Upload(h.ctx, id))(t)
			if up.State != recording.UploadSealed || up.File != r.FileID || up.Size != int64(size) {
				t.Errorf("part: %+v", up)
			}
			if got := h.last("upload", id); got != "upload.join done" {
				t.Errorf("the log says %q of a joined part", got)
			}
		}
		if n := h.staged(); n != 0 {
			t.Errorf("%d left in staging", n)
		}
		// The answer was lost and the sender joins again; and other files can be made of the same parts.
		again := must(h.svc.Begin(h.ctx, h.dock, finalIntent("again.mp4", pb, pa, p0, pb)))(t)
		if r2 := must(h.svc.Seal(h.ctx, h.dock, again, nil))(t); r2.Status != recording.Duplicate || r2.FileID != r.FileID {
			t.Errorf("joined again: %+v", r2)
		}
		other := must(h.svc.Begin(h.ctx, h.dock, finalIntent("other.mp4", pa, pb)))(t)
		if r3 := must(h.svc.Seal(h.ctx, h.dock, other, nil))(t); r3.SHA256 != *sum(append(bytes.Clone(a), b...)) {
			t.Errorf("joined in another order: %+v", r3)
		}
		if n := h.staged(); n != 0 {
			t.Errorf("%d left in staging", n)
		}
	})
}

// TestJoinRefusals is T20 and T21: only one's own parts, only parts, and only what the sender says the whole is.
func TestJoinRefusals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		mine, theirs := h.send(h.dock, pieceIntent, []byte("mine")), h.send(h.dock2, pieceIntent, []byte("theirs"))
		plain := h.send(h.dock, recording.Intent{Name: "a.mp4"}, []byte("plain"))
		given := h.send(h.dock, pieceIntent, []byte("given up"))
		if err := h.svc.Discard(h.ctx, h.dock, given); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			part ident.UploadID
			code string
		}{
			"T20 another's": {theirs, "upload.part_unknown"}, "nobody's": {ident.New[ident.UploadID](), "upload.part_unknown"},
			"given up": {given, "upload.part_unknown"}, "no part": {plain, "upload.part_kind"},
		} {
			if _, err := h.svc.Begin(h.ctx, h.dock, finalIntent("x", mine, c.part)); !fault.HasCode(err, c.code) {
				t.Errorf("%s: %v", name, err)
			}
		}
		final := must(h.svc.Begin(h.ctx, h.dock, finalIntent("x.mp4", mine)))(t)
		if _, err := h.svc.Seal(h.ctx, h.dock, final, sum([]byte("other"))); !fault.HasCode(err, "upload.digest_mismatch") {
			t.Fatalf("T21: %v", err)
		}
		if up := must(h.svc.Upload(h.ctx, final))(t); up.State != recording.UploadFailed {
			t.Errorf("T21: %+v", up)
		}
		right := must(h.svc.Begin(h.ctx, h.dock, finalIntent("x.mp4", mine)))(t)
		if r := must(h.svc.Seal(h.ctx, h.dock, right, sum([]byte("mine"))))(t); r.Status != recording.Sealed {
			t.Errorf("the parts were lost with a wrong digest: %+v", r)
		}
	})
}

// TestJoinUnfinished: a final upload may be announced before its parts are complete. It is sealed with the last one, also
// where a part's length comes late, and ends with a part that is given up.
func TestJoinUnfinished(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		late := must(h.svc.Begin(h.ctx, h.dock, recording.Intent{Name: "p", Concat: "partial", Size: vault.SizeUnknown}))(t)
		early := h.send(h.dock, pieceIntent, []byte("early,"))
		final := must(h.svc.Begin(h.ctx, h.dock, finalIntent("late.mp4", early, late)))(t)
		if p := must(h.svc.PartsOf(h.ctx, final))(t); p.Ready || p.Size != vault.SizeUnknown {
			t.Errorf("%+v", p)
		}
		if _, err := h.svc.Seal(h.ctx, h.dock, final, nil); !fault.HasCode(err, "upload.parts_unfinished") {
			t.Fatalf("sealed without its parts: %v", err)
		}
		stage := must(h.vault.Resume(h.ctx, late))(t)
		if _, err := stage.Append(h.ctx, strings.NewReader("late"), nil); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(h.svc.SealWaiting(h.ctx, h.dock, late), stage.DeclareSize(h.ctx, 4)); err != nil {
			t.Fatal(err)
		}
		if p := must(h.svc.PartsOf(h.ctx, final))(t); !p.Ready || p.Size != 10 {
			t.Errorf("%+v", p)
		}
		if err := h.svc.SealWaiting(h.ctx, h.dock, late); err != nil {
			t.Fatal(err)
		}
		if up := must(h.svc.Upload(h.ctx, final))(t); up.State != recording.UploadSealed || up.SHA256 != sum([]byte("early,late")).String() {
			t.Errorf("%+v", up)
		}

		left, half := h.send(h.dock, pieceIntent, []byte("left")), must(h.svc.Begin(h.ctx, h.dock, recording.Intent{Name: "p", Concat: "partial", Size: 9}))(t)
		lost := must(h.svc.Begin(h.ctx, h.dock, finalIntent("lost.mp4", left, half)))(t)
		if err := h.svc.Discard(h.ctx, h.dock, half); err != nil {
			t.Fatal(err)
		}
		if up := must(h.svc.Upload(h.ctx, lost))(t); up.State != recording.UploadFailed || up.Code != "part_gone" {
			t.Errorf("%+v", up)
		}
		if up := must(h.svc.Upload(h.ctx, left))(t); up.State != recording.UploadOpen {
			t.Errorf("the other part: %+v", up)
		}
	})
}

// cutVault ends the process, as far as a service can tell, after so many bytes of a join.
type cutVault struct {
	vault.Vault
	id   ident.UploadID
	left int64
}

var errKilled = errors.New("killed")

func (v *cutVault) Resume(ctx context.Context, id ident.UploadID) (vault.Stage, error) {
	s, err := v.Vault.Resume(ctx, id)
	if err == nil && id == v.id {
		s = &cutStage{s, v.left}
	}
	return s, err
}

type cutStage struct {
	vault.Stage
	left int64
}

func (s *cutStage) Append(ctx context.Context, r io.Reader, check func() error) (int64, error) {
	return s.Stage.Append(ctx, io.MultiReader(io.LimitReader(r, s.left), broken{}), check)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errKilled }

// TestKilledWhileJoining is G2: the process ends at any point of a join, and nothing is lost: Adopt goes on, or the sender
// asks again, and the parts are dropped only when the whole is evidence.
func TestKilledWhileJoining(t *testing.T) {
	t.Parallel()
	a, b := vaulttest.Content(1, 200_000), vaulttest.Content(2, 150_000)
	whole := append(bytes.Clone(a), b...)
	for _, c := range []struct {
		name string
		kill func(h *house, final ident.UploadID)
	}{
		{"before the first byte", func(*house, ident.UploadID) {}},
		{"in the first part", func(h *house, id ident.UploadID) { h.joinUpTo(id, 70_000) }},
		{"between the parts", func(h *house, id ident.UploadID) { h.joinUpTo(id, 200_000) }},
		{"in the second part", func(h *house, id ident.UploadID) { h.joinUpTo(id, 349_999) }},
		{"after the last byte", func(h *house, id ident.UploadID) { h.joinUpTo(id, 350_000) }},
		{"after the seal, before the row", func(h *house, id ident.UploadID) {
			h.joinUpTo(id, 350_000)
			if _, _, err := must(h.vault.Resume(h.ctx, id))(h.t).Seal(h.ctx, nil, nil); err != nil {
				h.t.Fatal(err)
			}
		}},
	} {
		for _, how := range []string{"adopt", "sender", "joined anew"} {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				t.Parallel()
				each(t, func(t *testing.T, h *house) {
					parts := []ident.UploadID{h.send(h.dock, pieceIntent, a), h.send(h.dock, pieceIntent, b)}
					final := must(h.svc.Begin(h.ctx, h.dock, finalIntent("whole.mp4", parts...)))(t)
					c.kill(h, final)
					h.reopen()
					switch how {
					case "sender":
						if r := must(h.svc.Seal(h.ctx, h.dock, final, sum(whole)))(t); r.SHA256 != *sum(whole) {
							t.Errorf("%+v", r)
						}
					case "joined anew":
						second := must(h.svc.Begin(h.ctx, h.dock, finalIntent("whole.mp4", parts...)))(t)
						if r := must(h.svc.Seal(h.ctx, h.dock, second, sum(whole)))(t); r.SHA256 != *sum(whole) {
							t.Errorf("%+v", r)
						}
					}
					h.Clock.Add(time.Hour)
					if _, err := h.svc.Adopt(h.ctx); err != nil {
						t.Fatal(err)
					}
					up := must(h.svc.Upload(h.ctx, final))(t)
					if up.SHA256 != sum(whole).String() || up.File == "" {
						t.Fatalf("%+v", up)
					}
					h.work(up.File)
					for i, id := range parts {
						if p := must(h.svc.Upload(h.ctx, id))(t); p.State != recording.UploadSealed || p.File != up.File {
							t.Errorf("part %d: %+v", i, p)
						}
					}
					if n := h.staged(); n != 0 {
						t.Errorf("%d left in staging", n)
					}
					if second := must(h.svc.Adopt(h.ctx))(t); second != (recording.AdoptReport{}) {
						t.Errorf("a second run finds more to do: %+v", second)
					}
				})
			})
		}
	}
}

// joinUpTo joins so many bytes and is killed.
func (h *house) joinUpTo(id ident.UploadID, n int64) {
	h.t.Helper()
	svc := h.service(&cutVault{Vault: h.vault, id: id, left: n})
	if _, err := svc.Seal(h.ctx, h.dock, id, nil); !errors.Is(err, errKilled) {
		h.t.Fatalf("the join was not cut: %v", err)
	}
	if at := must(h.vault.Resume(h.ctx, id))(h.t).Offset(); at != n {
		h.t.Fatalf("%d bytes are durable, want %d", at, n)
	}
}

// TestStaleParts: parts nobody joined in seven days are given up, each with an entry, complete or not (decision 15).
func TestStaleParts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ids := []ident.UploadID{h.send(h.dock, pieceIntent, []byte("whole"))}
		ids = append(ids, must(h.svc.Begin(h.ctx, h.dock, recording.Intent{Name: "p", Concat: "partial", Size: 9}))(t))
		h.Clock.Add(vault.StaleAfter - time.Minute)
		if r := must(h.svc.Adopt(h.ctx))(t); r != (recording.AdoptReport{}) {
			t.Fatalf("too early, or a part was sealed: %+v", r)
		}
		h.Clock.Add(2 * time.Minute)
		if r := must(h.svc.Adopt(h.ctx))(t); r.Discarded != len(ids) {
			t.Fatalf("%+v", r)
		}
		for _, id := range ids {
			if got := h.last("upload", id); got != "upload.discard done" {
				t.Errorf("history ends with %q", got)
			}
		}
		if n := h.staged(); n != 0 {
			t.Errorf("%d left in staging", n)
		}
	})
}

// TestJoinsAtOnce: the same parts joined by many at the same time give one object and no failure. // G11
func TestJoinsAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		parts := []ident.UploadID{h.send(h.dock, pieceIntent, []byte("one,")), h.send(h.dock, pieceIntent, []byte("two"))}
		back := []ident.UploadID{parts[1], parts[0], parts[1], parts[0]}
		type answer struct {
			r   recording.Result
			err error
		}
		answers := make(chan answer)
		const n = 6
		for i := range n {
			list := parts
			if i%2 == 1 {
				list = back
			}
			final := must(h.svc.Begin(h.ctx, h.dock, finalIntent(fmt.Sprintf("%d.mp4", i), list...)))(t)
			go func() {
				r, err := h.svc.Seal(h.ctx, h.dock, final, nil)
				answers <- answer{r, err}
			}()
		}
		sealed := 0
		for range n {
			a := <-answers
			if a.err != nil {
				t.Fatal(a.err)
			}
			if a.r.Status == recording.Sealed {
				sealed++
			}
		}
		if sealed != 2 {
			t.Errorf("%d objects for two contents", sealed)
		}
		if k := h.staged(); k != 0 {
			t.Errorf("%d left in staging", k)
		}
	})
}

// TestCloseAddress: ending a finished upload ends its address, with an entry, and never the evidence.
func TestCloseAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		r := h.take(h.dock, recording.Intent{Name: h.name(time.Hour, 1)}, []byte("evidence"))
		if err := h.svc.Discard(h.ctx, h.dock2, r.UploadID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("T20: %v", err)
		}
		for range 2 {
			if err := h.svc.Discard(h.ctx, h.dock, r.UploadID); err != nil {
				t.Fatal(err)
			}
		}
		up := must(h.svc.Upload(h.ctx, r.UploadID))(t)
		if !up.Closed || up.State != recording.UploadSealed || up.Recording != r.RecordingID {
			t.Errorf("%+v", up)
		}
		got := actions(h.History(t, "upload", string(r.UploadID)))
		if n := len(got); got[n-1] != "upload.close done" || got[n-2] == "upload.close done" {
			t.Errorf("history %v", got)
		}
		if _, err := h.vault.Verify(h.ctx, r.SHA256); err != nil {
			t.Errorf("the evidence is gone: %v", err)
		}
		if d := h.get(r.RecordingID); d.State != recording.Verified {
			t.Errorf("%+v", d)
		}
	})
}
