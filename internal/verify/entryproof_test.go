package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
)

// proof appends an entry, sequences it, and gives its proof as pages hand it out.
func (w *world) proof(t testing.TB, id ident.EntryID) []byte {
	t.Helper()
	rec, err := custody.Get(context.Background(), w.d.Reader, id)
	if err != nil {
		t.Fatal(err)
	}
	file, err := custody.ProveEntry(context.Background(), w.d.Reader, rec)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// note is an entry with a detail of every sort.
func (w *world) note(t testing.TB) ident.EntryID {
	t.Helper()
	e := custody.Entry{
		ID: ident.New[ident.EntryID](), At: start, Actor: custody.Actor{Kind: custody.Person, ID: "a-1", Role: "custodian"}, Action: "recording.return_note",
		Subject: custody.Subject{Kind: "recording", ID: "r-1"}, Related: []custody.Subject{{Kind: "person", ID: "p-1"}, {Kind: "device", ID: "d-1"}},
		Article: "19", Requirement: "R-19-3", Outcome: custody.Done,
		Detail: custody.Detail("words", "在<乡镇>巡查&\u2028", "moment_us", 1_795_000_000_123_456, "codes", []string{"a", "b"}, "row", map[string]any{"id": "x", "n": 1}),
	}
	w.append(t, e)
	return e.ID
}

func opened(r *verify.Report) map[string]string {
	out := map[string]string{}
	for _, o := range r.Opened {
		out[o.Name] = o.Value
	}
	return out
}

// Decision 6, T14, T30: a single entry is checked offline, its three questions answered apart.
func TestEntryProof(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	id := w.note(t)
	rec, err := custody.Get(ctx, w.d.Reader, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := custody.ProveEntry(ctx, w.d.Reader, rec); !fault.HasCode(err, "log.proof_waiting") {
		t.Errorf("before it has a place: %v", err)
	}
	w.sequence(t)
	trust, file := w.trust(t), w.proof(t, id)
	r := check(t, file, verify.Options{Trust: trust})
	expect(t, r, verify.Yes, verify.Yes, verify.Yes, 0)
	if r.Kind != "entry" || *r.Index != 2 || r.Size != 3 || len(r.RecordIntact.Reasons) != 0 {
		t.Errorf("%+v", r)
	}
	for name, want := range map[string]string{
		"id": string(id), "action": "recording.return_note", "related": "person:p-1,device:d-1", "outcome": "done", "at": "2026-11-02T01:30:00.000000Z",
		"detail.words": `"在<乡镇>巡查&\u2028"`, "detail.moment_us": "1795000000123456", "detail.codes": `["a","b"]`, "detail.row": `{"id":"x","n":1}`,
	} {
		if got := opened(r)[name]; got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	expect(t, check(t, file, verify.Options{}), verify.Yes, verify.Unknown, verify.Yes, 5)
	expect(t, check(t, file, verify.Options{Trust: newWorld(t).trust(t)}), verify.Yes, verify.No, verify.Yes, 3)
}

// What was erased stays closed, and the rest still verifies (decision 7).
func TestErasedEntryProof(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	id := w.note(t)
	w.sequence(t)
	err := w.d.Write(ctx, func(tx bun.Tx) error {
		return custody.Erase(ctx, tx, id, []string{"detail.words", "actor.id"}, custody.Entry{At: start, Actor: custody.Actor{Kind: custody.Person, ID: "x"}, Outcome: custody.Done})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
	r := check(t, w.proof(t, id), verify.Options{Trust: w.trust(t)})
	expect(t, r, verify.Yes, verify.Yes, verify.Yes, 0)
	if want := []verify.Reason{{Code: "field.closed", What: "actor.id"}, {Code: "field.closed", What: "detail.words"}}; !slices.Equal(r.RecordIntact.Reasons, want) {
		t.Errorf("%v", r.RecordIntact.Reasons)
	}
	if _, there := opened(r)["detail.words"]; there {
		t.Error("what was erased is opened")
	}
}

// T14, T30: an entry proof of which any byte was changed never verifies.
func TestChangedEntryProofNeverVerifies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.note(t)
	w.note(t)
	w.note(t)
	w.sequence(t)
	data, trust := w.proof(t, id), w.trust(t)
	expect(t, check(t, data, verify.Options{Trust: trust}), verify.Yes, verify.Yes, verify.Yes, 0)
	for i := range data {
		bad := slices.Clone(data)
		bad[i] ^= 1 << (i % 8)
		if r := check(t, bad, verify.Options{Trust: trust}); r.ExitCode() != 3 {
			t.Fatalf("byte %d changed from %q to %q: exit %d", i, data[i], bad[i], r.ExitCode())
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(data)-1).Draw(rt, "at")
		bad := slices.Clone(data)
		switch rapid.IntRange(0, 2).Draw(rt, "how") {
		case 0:
			bad[i] = rapid.Byte().Draw(rt, "byte")
		case 1:
			bad = slices.Insert(bad, i, rapid.Byte().Draw(rt, "byte"))
		case 2:
			bad = slices.Delete(bad, i, i+1)
		}
		if bytes.Equal(bad, data) {
			return
		}
		if r := check(rt, bad, verify.Options{Trust: trust}); r.ExitCode() != 3 {
			rt.Fatalf("changed at %d: exit %d", i, r.ExitCode())
		}
	})
}

// entryProof is the form of docs/formats/entry-proof-v1.md, written here once more to be forged.
type entryProof struct {
	Format string                  `json:"format"`
	Entry  custody.Disclosure      `json:"entry"`
	Proof  *custody.InclusionProof `json:"proof"`
}

// What a forger with two true proofs, but without the log's key, would try; and what is no forgery: opening less.
func TestForgedEntryProofs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := []ident.EntryID{w.note(t), w.note(t)}
	w.sequence(t)
	trust := w.trust(t)
	var one, two entryProof
	for i, p := range []*entryProof{&one, &two} {
		if err := json.Unmarshal(w.proof(t, ids[i]), p); err != nil {
			t.Fatal(err)
		}
	}
	without := func(p *entryProof, name string) {
		p.Entry.Opened = slices.DeleteFunc(slices.Clone(p.Entry.Opened), func(f custody.OpenedField) bool { return f.Name == name })
	}
	for name, c := range map[string]struct {
		forge func(*entryProof)
		exit  int
	}{
		"another's proof":     {func(p *entryProof) { p.Proof = two.Proof }, 3},
		"another's entry":     {func(p *entryProof) { p.Entry = two.Entry }, 3},
		"another's leaf":      {func(p *entryProof) { p.Entry.Leaf = two.Entry.Leaf }, 3},
		"another's detail":    {func(p *entryProof) { p.Entry.Detail = two.Entry.Detail }, 3},
		"another's opening":   {func(p *entryProof) { p.Entry.Opened = two.Entry.Opened }, 3},
		"an opening twice":    {func(p *entryProof) { p.Entry.Opened = append(slices.Clone(p.Entry.Opened), p.Entry.Opened[0]) }, 3},
		"no proof":            {func(p *entryProof) { p.Proof = nil }, 3},
		"an older index":      {func(p *entryProof) { q := *p.Proof; q.Index--; p.Proof = &q }, 3},
		"a shorter proof":     {func(p *entryProof) { q := *p.Proof; q.Hashes = q.Hashes[1:]; p.Proof = &q }, 3},
		"another version":     {func(p *entryProof) { p.Format = "zhilu-entry-proof/v2" }, 3},
		"an unbound detail":   {func(p *entryProof) { without(p, "detail_digest") }, 3},
		"a value kept closed": {func(p *entryProof) { without(p, "detail.words") }, 0},
		"nothing but the digest": {func(p *entryProof) {
			for _, f := range p.Entry.Opened {
				if f.Name != "detail_digest" {
					without(p, f.Name)
				}
			}
		}, 0},
	} {
		p := one
		c.forge(&p)
		file, err := custody.RenderJSON(p)
		if err != nil {
			t.Fatal(err)
		}
		if r := check(t, file, verify.Options{Trust: trust}); r.ExitCode() != c.exit {
			t.Errorf("%s: exit %d, %+v", name, r.ExitCode(), r)
		}
	}
	compact, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	if r := check(t, compact, verify.Options{Trust: trust}); r.ExitCode() != 3 {
		t.Error("another spelling of the file verifies")
	}
	if r := check(t, []byte(strings.Replace(string(w.proof(t, ids[0])), entryProofV1, "zhilu-receipt/v1", 1)), verify.Options{Trust: trust}); r.ExitCode() != 3 {
		t.Error("an entry proof passes for a receipt")
	}
}

const entryProofV1 = "zhilu-entry-proof/v1"
