package disclosure_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/duty"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/gate/vouchtest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/viewing"
)

const pass = "青-山遮不住-river-42"

func decrypt(t *testing.T, sealed []byte, id age.Identity) []byte {
	t.Helper()
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestGiveOut is R-20-2: an approved request, a package for one recipient, its row in the register, its receipt.
func TestGiveOut(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		id, err := age.GenerateX25519Identity()
		h.must(err)
		q := h.granted(viewing.MannerProvide, "")
		d := h.packed(q, id.Recipient().String())
		if d.State != disclosure.Ready || d.Number() != "〔2026〕1号" || d.To.Body != "县人民法院" || d.Files < 4 {
			t.Fatalf("%+v", d)
		}
		sealed, err := h.hand(d, "")
		h.must(err)
		for _, plain := range []string{"PK\x03\x04", "manifest.json", "县人民法院", "现场检查"} { // T29
			if bytes.Contains(sealed, []byte(plain)) {
				t.Errorf("%q can be read without the key", plain)
			}
		}
		zipped := decrypt(t, sealed, id)
		r := h.verify(zipped)
		if r.ExitCode() != 0 || r.Given == nil || r.Given.Originals != 2 || r.Given.To != "县人民法院" || r.Given.No != "〔2026〕1号" {
			t.Fatalf("%+v %+v", r.RecordIntact, r.Given)
		}
		d = h.get(d.ID)
		if d.State != disclosure.Given || d.SHA256 != sum(sealed) || d.GivenSize != int64(len(sealed)) || h.parts() != 0 {
			t.Fatalf("%+v, %d parts", d, h.parts())
		}
		owed, err := duty.Owed(h.ctx, w.DB.Reader, custody.Subject{Kind: "disclosure", ID: string(d.ID)})
		h.must(err)
		if len(owed) != 1 || owed[0].Kind != duty.DisclosureReceipt || !owed[0].Due.Equal(d.Due) {
			t.Fatalf("%+v", owed)
		}
		_, err = h.hand(d, "") // once
		want(t, err, "disclosure.given")

		want(t, h.svc.Receive(h.ctx, h.keeper, d.ID, disclosure.Receipt{On: "2020-01-01", By: "张法官"}), "disclosure.receipt_day")
		rec := disclosure.Receipt{On: w.Clock.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly), By: "张法官", SHA256: sum([]byte("scan"))}
		if err := h.svc.Receive(h.ctx, h.admin, d.ID, rec); !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		h.must(h.svc.Receive(h.ctx, h.keeper, d.ID, rec))
		want(t, h.svc.Receive(h.ctx, h.keeper, d.ID, rec), "disclosure.received")
		owed, err = duty.Owed(h.ctx, w.DB.Reader, custody.Subject{Kind: "disclosure", ID: string(d.ID)})
		h.must(err)
		if len(owed) != 0 || h.get(d.ID).Receipt.By != "张法官" {
			t.Fatalf("%+v", owed)
		}
		of, err := disclosure.OfRecording(h.ctx, w.DB.Reader, h.recs[1])
		h.must(err)
		if len(of) != 1 || of[0].ID != d.ID {
			t.Fatalf("%+v", of)
		}
		if n := h.packed(q, id.Recipient().String()).Number(); n != "〔2026〕2号" {
			t.Error(n)
		}
		if _, err := w.DB.Writer.NewRaw("UPDATE disclosure SET to_body = '别处'").Exec(h.ctx); err == nil {
			t.Error("whom it was given to was edited")
		}
		if _, err := w.DB.Writer.NewRaw("DELETE FROM disclosure_item WHERE 1 = 0").Exec(h.ctx); err != nil {
			t.Error(err)
		}
		if _, err := w.DB.Writer.NewRaw("DELETE FROM disclosure").Exec(h.ctx); err == nil {
			t.Error("a row of the register was deleted")
		}
		vouchtest.EveryColumn(t, w, bounded, disclosure.Tables()[0]) // T9
	})
}

// TestPassphrase: it is judged, used once, and stands nowhere afterwards; without it nothing opens.
func TestPassphrase(t *testing.T) {
	t.Parallel()
	for _, weak := range []string{"", "short-1A", "aaaaaaaaaaaaaaaa", "123456789012345", "abcdefghijklmnop", "onlylowercaseletters"} {
		want(t, disclosure.Passphrase(weak), "disclosure.passphrase")
	}
	h := newHouse(t, gatetest.New(t, sqlite(t)))
	d := h.packed(h.granted(viewing.MannerProvide, ""), usePass)
	_, err := h.hand(d, "12345678")
	want(t, err, "disclosure.passphrase")
	sealed, err := h.hand(d, pass)
	h.must(err)
	key, err := age.NewScryptIdentity(pass)
	h.must(err)
	if r := h.verify(decrypt(t, sealed, key)); r.ExitCode() != 0 {
		t.Fatalf("%+v", r)
	}
	other, err := age.NewScryptIdentity(pass + "x")
	h.must(err)
	if _, err := age.Decrypt(bytes.NewReader(sealed), other); err == nil {
		t.Fatal("another passphrase opens it")
	}
	if n := h.traces(pass); n != 0 {
		t.Errorf("the passphrase stands in %d places of the database", n)
	}
	if h.traces("县人民法院") == 0 {
		t.Fatal("looking for traces finds none of what is there")
	}
}

// TestT5T6 (T5 share, T6 another session, another person, a copied address, an old tab, after the end): nobody but the one who asked, in
// their own session, on a grant that holds, takes a package away; each refusal is an entry.
func TestT5T6(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		q := h.granted(viewing.MannerProvide, "")
		d := h.packed(q, "")
		own := d.Ticket("s1")
		for name, x := range map[string]struct {
			by              access.Actor
			session, ticket string
			code            string
		}{
			"another person":           {h.officer, "s1", own, "access.give_foreign"},
			"the leader who agreed":    {h.leader, "s1", own, "access.give_foreign"},
			"an administrator":         {h.admin, "s1", own, "access.give_foreign"},
			"another session":          {h.second, "s2", own, "access.give_foreign"},
			"a copied address":         {h.second, "s1", "", "access.give_foreign"},
			"no session":               {h.second, "", d.Ticket(""), "access.give_foreign"},
			"the ticket of another":    {h.second, "s1", (&disclosure.Disclosure{ID: "x"}).Ticket("s1"), "access.give_foreign"},
			"a guess of what it might": {h.second, "s1", strings.Repeat("0", 64), "access.give_foreign"},
		} {
			if _, err := h.svc.Hand(h.ctx, x.by, d.ID, x.session, x.ticket, pass); !fault.HasCode(err, x.code) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if h.get(d.ID).Attempt != 0 {
			t.Error("a refused try counted")
		}
		// An old tab: somebody began to take it away since.
		_, err := h.svc.Hand(h.ctx, h.second, d.ID, "s1", own, pass)
		h.must(err)
		_, err = h.svc.Hand(h.ctx, h.second, d.ID, "s1", own, pass)
		want(t, err, "access.give_foreign")

		now := h.get(d.ID)
		w.Clock.Add(25 * time.Hour) // the grant has ended
		_, err = h.svc.Hand(h.ctx, h.second, d.ID, "s1", now.Ticket("s1"), pass)
		want(t, err, "access.ask_give")
		_, err = h.svc.Make(h.ctx, h.second, disclosure.Order{Request: q.No, Items: []disclosure.Item{{Recording: h.recs[0]}}})
		want(t, err, "access.ask_give")
		h.must(h.svc.Sweep(h.ctx))
		if d = h.get(d.ID); d.State != disclosure.Stopped || h.parts() != 0 {
			t.Errorf("%+v", d)
		}
	})
}

// TestRevokedWhilePacking: it stops, and nothing is left behind.
func TestRevokedWhilePacking(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		q := h.granted(viewing.MannerProvide, "")
		d, err := h.svc.Make(h.ctx, h.second, disclosure.Order{Request: q.No, Items: []disclosure.Item{{Recording: h.recs[0]}}})
		h.must(err)
		h.sequence()
		h.must(h.looks.Revoke(h.ctx, h.leader, q.ID, "不再需要"))
		h.must(h.svc.Pack(h.ctx, d.ID))
		if d = h.get(d.ID); d.State != disclosure.Stopped || d.Why != "viewing.not_granted" || h.parts() != 0 {
			t.Fatalf("%+v", d)
		}
		_, err = h.hand(d, pass)
		want(t, err, "access.ask_give")
	})
}

// TestRevokedWhileSending is T6 for what is on its way: the connection ends, what was sent opens to nothing, the row says so.
func TestRevokedWhileSending(t *testing.T) {
	t.Parallel()
	stops := map[string]func(h *house, q *viewing.Request){
		"revoked": func(h *house, q *viewing.Request) { h.must(h.looks.Revoke(h.ctx, h.leader, q.ID, "不再需要")) },
		"ended":   func(h *house, _ *viewing.Request) { h.Clock.Add(25 * time.Hour) },
		"marked as a state secret": func(h *house, _ *viewing.Request) {
			_, err := h.marks.Put(h.ctx, h.keeper, h.recs[0], marking.StateSecret, "疑似涉密")
			h.must(err)
		},
		"marked for an informant": func(h *house, _ *viewing.Request) {
			_, err := h.marks.Put(h.ctx, h.keeper, h.recs[0], marking.Informant, "画面中有举报人")
			h.must(err)
		},
		"taken away anew": func(h *house, _ *viewing.Request) {
			list, err := h.svc.List(h.ctx, h.second, disclosure.Filter{}, "", 1)
			h.must(err)
			d := list.Rows[0]
			_, err = h.svc.Hand(h.ctx, h.second, d.ID, "s1", d.Ticket("s1"), pass)
			h.must(err)
		},
	}
	for name, stop := range stops {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, gatetest.New(t, sqlite(t)))
			id, err := age.GenerateX25519Identity()
			h.must(err)
			q := h.granted(viewing.MannerProvide, "")
			key := id.Recipient().String()
			d := h.packed(q, key)
			once := sync.Once{}
			h.reading = func() { once.Do(func() { stop(h, q); h.Clock.Add(2 * time.Second) }) }
			sealed, err := h.hand(d, pass)
			if err == nil {
				t.Fatal("it left all the same")
			}
			if r, err := age.Decrypt(bytes.NewReader(sealed), id); err == nil {
				if _, err := io.ReadAll(r); err == nil {
					t.Fatal("what was sent opens")
				}
			}
			if d = h.get(d.ID); d.State == disclosure.Given || !d.GivenAt.IsZero() {
				t.Fatalf("%+v", d)
			}
			h.reading = nil
			h.must(h.svc.Sweep(h.ctx))
			if d = h.get(d.ID); name != "taken away anew" && (d.State != disclosure.Stopped || h.parts() != 0) {
				t.Fatalf("%+v, %d parts", d, h.parts())
			}
		})
	}
}

// full is a disk or a line that ends.
type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(b), nil
}

// TestBroken: the target is full, the browser is gone, a byte in the vault changed: the row stays ready, nothing is left, the next
// try may succeed.
func TestBroken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, gatetest.New(t, sqlite(t)))
	d := h.packed(h.granted(viewing.MannerProvide, ""), "")
	for _, room := range []int{0, 100, 70_000, 400_000} {
		d = h.get(d.ID)
		g, err := h.svc.Hand(h.ctx, h.second, d.ID, "s1", d.Ticket("s1"), pass)
		h.must(err)
		if err := g.Send(h.ctx, &full{room}, func(int64) {}); err == nil {
			t.Fatal("a full disk took it")
		}
	}
	d = h.get(d.ID)
	g, err := h.svc.Hand(h.ctx, h.second, d.ID, "s1", d.Ticket("s1"), pass)
	h.must(err)
	gone, cancel := context.WithCancel(h.ctx)
	cancel()
	if err := g.Send(gone, io.Discard, func(int64) {}); err == nil {
		t.Fatal("it was sent to nobody")
	}
	for k, b := range h.bytes {
		spoilt := slices.Clone(b)
		spoilt[1000] ^= 1
		h.bytes[k] = spoilt
		_, err := h.hand(h.get(d.ID), pass)
		want(t, err, "disclosure.changed")
		h.bytes[k] = b
		break
	}
	if d = h.get(d.ID); d.State != disclosure.Ready {
		t.Fatalf("%+v", d)
	}
	if _, err := h.hand(d, pass); err != nil {
		t.Fatal(err)
	}
}

// TestMasks is decision 26: what is marked leaves masked; an informant never; publication never without masks; a leader's words let an
// original go; a span lets no whole go.
func TestMasks(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		rec := h.recs[0]
		h.copies = []disclosure.Copy{
			{ID: "masked", Recording: rec, To: time.Minute, Masked: true, Name: "x.mp4"},
			{ID: "clip", Recording: rec, To: time.Minute, Name: "x.mp4"},
			{ID: "long", Recording: h.recs[1], Masked: true, Name: "x.mp4"},
			{ID: "short", Recording: h.recs[1], To: time.Minute, Masked: true, Name: "x.mp4"},
		}
		plain := h.granted(viewing.MannerProvide, "同意", viewing.Item{Recording: rec})
		part := h.granted(viewing.MannerProvide, "同意", viewing.Item{Recording: h.recs[1], To: 2 * time.Minute})
		publish := h.granted(viewing.MannerPublish, "同意，提供原件", viewing.Item{Recording: rec})
		try := func(q *viewing.Request, copyID string) error {
			_, err := h.svc.Make(h.ctx, h.second, disclosure.Order{Request: q.No, Items: []disclosure.Item{{Recording: q.Items[0].Recording, Copy: copyID}}})
			return err
		}
		h.must(try(plain, ""))
		h.must(try(plain, "clip"))
		h.must(try(publish, "")) // nothing is marked
		want(t, try(part, ""), "disclosure.span")
		want(t, try(part, "long"), "disclosure.copy")
		h.must(try(part, "short"))
		want(t, try(plain, "nothing"), "disclosure.copy")
		want(t, try(plain, "short"), "disclosure.copy")
		_, err := h.svc.Make(h.ctx, h.second, disclosure.Order{Request: part.No, Items: []disclosure.Item{{Recording: rec}}})
		want(t, err, "disclosure.items")
		_, err = h.svc.Make(h.ctx, h.second, disclosure.Order{Request: plain.No})
		want(t, err, "disclosure.items")
		_, err = h.svc.Make(h.ctx, h.second, disclosure.Order{Request: plain.No, Items: []disclosure.Item{{Recording: rec}}, Papers: []ident.PaperID{"p"}})
		want(t, err, "disclosure.papers")
		_, err = h.svc.Make(h.ctx, h.second, disclosure.Order{Request: plain.No, Items: []disclosure.Item{{Recording: rec}}, Recipient: "age1nothing"})
		want(t, err, "disclosure.key")

		_, err = h.marks.Put(h.ctx, h.keeper, rec, marking.Privacy, "画面中有住户")
		h.must(err)
		want(t, try(plain, ""), "disclosure.masked")
		want(t, try(plain, "clip"), "disclosure.masked")
		h.must(try(plain, "masked"))
		want(t, try(publish, ""), "disclosure.masked") // whatever a leader says
		h.must(try(publish, "masked"))
		h.must(h.looks.Revoke(h.ctx, h.leader, plain.ID, "改为提供原件"))
		agreed := h.granted(viewing.MannerProvide, "法院调取，同意提供原件", viewing.Item{Recording: rec})
		h.must(try(agreed, ""))
		d := h.packed(agreed, "", disclosure.Item{Recording: rec})
		if d.State != disclosure.Ready {
			t.Fatalf("%+v", d)
		}

		_, err = h.marks.Put(h.ctx, h.keeper, rec, marking.Informant, "画面中有举报人")
		h.must(err)
		want(t, try(agreed, ""), "disclosure.withheld")
		want(t, try(agreed, "masked"), "disclosure.withheld")
		_, err = h.hand(d, pass) // packed before the mark was put
		want(t, err, "disclosure.withheld")
		_, err = h.marks.Put(h.ctx, h.keeper, rec, marking.StateSecret, "疑似涉密")
		h.must(err)
		want(t, try(agreed, "masked"), "marking.frozen")
		_, err = h.hand(d, pass)
		want(t, err, "marking.frozen")
	})
}

// TestKilledWhilePacking: what was not entered is done anew, once.
func TestKilledWhilePacking(t *testing.T) {
	t.Parallel()
	h := newHouse(t, gatetest.New(t, sqlite(t)))
	q := h.granted(viewing.MannerProvide, "")
	d, err := h.svc.Make(h.ctx, h.second, disclosure.Order{Request: q.No, Items: []disclosure.Item{{Recording: h.recs[0]}}})
	h.must(err)
	h.sequence()
	ctx, kill := context.WithCancel(h.ctx)
	kill()
	if err := h.svc.Pack(ctx, d.ID); err == nil {
		t.Fatal("a dead server packed")
	}
	if h.parts() != 0 || h.get(d.ID).State != disclosure.Making {
		t.Fatal("half a package was left")
	}
	h.must(h.svc.Pack(h.ctx, d.ID))
	before := h.get(d.ID)
	h.must(h.svc.Pack(h.ctx, d.ID)) // the queue may ask twice
	if after := h.get(d.ID); after.State != disclosure.Ready || after.Manifest != before.Manifest || after.Entry != before.Entry {
		t.Fatalf("%+v", after)
	}
}

// TestRegister: who sees which rows, filters, order, pages.
func TestRegister(t *testing.T) {
	t.Parallel()
	gatetest.Each(t, func(t *testing.T, w *gatetest.World) {
		h := newHouse(t, w)
		q, p := h.granted(viewing.MannerProvide, ""), h.granted(viewing.MannerPublish, "", viewing.Item{Recording: h.recs[1]})
		for range 3 {
			h.packed(q, "", disclosure.Item{Recording: h.recs[0]})
		}
		h.packed(p, "", disclosure.Item{Recording: h.recs[1]})
		for name, x := range map[string]struct {
			by access.Actor
			f  disclosure.Filter
			n  int
		}{
			"who asked": {h.second, disclosure.Filter{}, 4}, "custodian": {h.keeper, disclosure.Filter{}, 4}, "leader": {h.leader, disclosure.Filter{}, 4},
			"an officer": {h.officer, disclosure.Filter{}, 0}, "another department": {person("k9", "x", "d9", access.Custodian), disclosure.Filter{}, 0},
			"published": {h.keeper, disclosure.Filter{Manner: viewing.MannerPublish}, 1}, "to the court": {h.keeper, disclosure.Filter{Text: "人民法院"}, 3},
			"a wildcard is text": {h.keeper, disclosure.Filter{Text: "%"}, 0}, "given": {h.keeper, disclosure.Filter{State: disclosure.Given}, 0},
			"later": {h.keeper, disclosure.Filter{From: w.Clock.Now().Add(time.Hour)}, 0},
		} {
			page, err := h.svc.List(h.ctx, x.by, x.f, "", 50)
			if err != nil || len(page.Rows) != x.n || page.Count != x.n {
				t.Errorf("%s: %d rows, count %d, %v", name, len(page.Rows), page.Count, err)
			}
		}
		var got []int64
		for after := ""; ; {
			page, err := h.svc.List(h.ctx, h.keeper, disclosure.Filter{Oldest: true}, after, 2)
			h.must(err)
			for _, d := range page.Rows {
				got = append(got, d.No)
			}
			if after = page.Next; after == "" {
				break
			}
		}
		if !slices.Equal(got, []int64{1, 2, 3, 4}) {
			t.Error(got)
		}
		if _, err := h.svc.List(h.ctx, h.admin, disclosure.Filter{}, "", 5); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		if _, err := h.svc.Export(h.ctx, h.officer, disclosure.Filter{}); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		rows, err := h.svc.Export(h.ctx, h.keeper, disclosure.Filter{})
		if err != nil || len(rows) != 4 {
			t.Error(len(rows), err)
		}
	})
}

// TestChanged is T30 and R-20-2: what was changed, left out or added after it was decrypted is named.
func TestChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t, gatetest.New(t, sqlite(t)))
	id, err := age.GenerateX25519Identity()
	h.must(err)
	sealed, err := h.hand(h.packed(h.granted(viewing.MannerProvide, ""), id.Recipient().String()), "")
	h.must(err)
	zipped := decrypt(t, sealed, id)
	read, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	h.must(err)
	spoil := func(change func(name string, body []byte) ([]byte, bool), add ...string) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		put := func(name string, body []byte) {
			to, err := z.Create(name)
			h.must(err)
			_, err = to.Write(body)
			h.must(err)
		}
		for _, f := range read.File {
			r, err := f.Open()
			h.must(err)
			body, err := io.ReadAll(r)
			h.must(err)
			if body, keep := change(f.Name, body); keep {
				put(f.Name, body)
			}
		}
		for _, name := range add {
			put(name, []byte("x"))
		}
		h.must(z.Close())
		return out.Bytes()
	}
	same := func(_ string, b []byte) ([]byte, bool) { return b, true }
	if r := h.verify(spoil(same)); r.ExitCode() != 0 {
		t.Fatalf("%+v", r)
	}
	for _, f := range read.File {
		r := h.verify(spoil(func(name string, b []byte) ([]byte, bool) {
			if name == f.Name {
				b[len(b)/2] ^= 1
			}
			return b, true
		}))
		if r.ExitCode() != 3 || !named(r.RecordIntact.Reasons, f.Name) && !named(r.InLog.Reasons, f.Name) {
			t.Errorf("%s changed: %+v", f.Name, r)
		}
		r = h.verify(spoil(func(name string, b []byte) ([]byte, bool) { return b, name != f.Name }))
		if r.ExitCode() != 3 || !named(r.RecordIntact.Reasons, f.Name) {
			t.Errorf("%s missing: %+v", f.Name, r)
		}
	}
	for _, name := range []string{"items/AUTORUN.INF", "x.exe", "documents/001-x.pdf", "../x"} {
		if r := h.verify(spoil(same, name)); r.ExitCode() != 3 || !named(r.RecordIntact.Reasons, name) {
			t.Errorf("%s added: %+v", name, r.RecordIntact)
		}
	}
}

// TestSizes: a package's length is known to the byte before its first one, also beyond 4 GiB.
func TestSizes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("five gigabytes of nothing")
	}
	for _, sizes := range [][]int64{{}, {0}, {1, 2, 3}, {math.MaxUint32 - 1, 5}, {math.MaxUint32, 5}, {3 << 30, 3 << 30, 7}} {
		got, told := disclosure.ZipSizes(t, sizes)
		if got != told {
			t.Errorf("%v: %d, told %d", sizes, got, told)
		}
	}
}

func named(reasons []verify.Reason, name string) bool {
	return slices.ContainsFunc(reasons, func(r verify.Reason) bool { return strings.Contains(r.What, name) })
}

func sqlite(t *testing.T) *db.DB { return dbtest.SQLite(t) }

// bounded is what the database holds a column to.
var bounded = map[string]string{"disclosure.state": "'failed'", "disclosure.manner": "'publish'"}
