package whole_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

// papers gives the house's case so many papers of a penalty, each entered as it was signed, and the press that prints them.
func papers(b *testing.B, h *house, n int) {
	b.Helper()
	press := sheet.New(sheet.Config{Log: slog.New(slog.DiscardHandler), Modules: filepath.Join("..", "..", "sheet", "helper")})
	if err := press.Ready(); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			b.Fatal(err)
		}
		b.Skip(err)
	}
	b.Cleanup(func() { _ = press.Close() })
	shipped, err := catalogue.Shipped()
	h.must(err)
	cat, err := locale.Load()
	h.must(err)
	words := cat.For(locale.Chinese)
	var types []catalogue.Document
	for _, x := range shipped.Documents {
		if x.For("penalty") {
			types = append(types, x)
		}
	}
	f := matter.File{Case: matter.Case{ID: ident.CaseID(h.c.ID), No: h.c.No, Title: h.c.Title, Act: "penalty", Procedure: matter.Ordinary, State: matter.Open, OpenedAt: h.Clock.Now(), Department: "d1"}}
	fr := dossier.Frame{Bureau: "示例局", Document: shipped.Document, Person: func(ident.PersonID) string { return "买买提·艾力" }, Footage: h.c.Recordings}
	var all []custody.Entry
	for i := range n {
		x := types[i%len(types)]
		p := matter.Paper{ID: ident.New[ident.PaperID](), Type: x.ID, No: fmt.Sprintf("示罚〔2026〕%d号", i+1), State: matter.Complete, Version: 1}
		v := matter.Version{Paper: p.ID, Number: 1, Values: form.Values{}, At: h.Clock.Now().Add(time.Duration(i) * time.Minute), By: h.legal.Person, Entry: ident.New[ident.EntryID]()}
		for _, field := range x.Fields {
			if field.Type == "longtext" {
				v.Values[field.ID], err = json.Marshal(strings.Repeat("本局执法人员对当事人位于和田县团结路12号的经营场所进行检查，发现超过保质期的红枣夹核桃。", 12))
				h.must(err)
			}
		}
		v.Digest, err = form.Digest(x, v.Values)
		h.must(err)
		f.Papers, fr.Versions = append(f.Papers, p), append(fr.Versions, v)
		all = append(all, custody.Entry{
			ID: v.Entry, At: h.Clock.Now(), Actor: custody.Actor{Kind: custody.Person, ID: h.legal.ID}, Action: "paper.sign", Subject: custody.Subject{Kind: "paper", ID: string(p.ID)},
			Related: []custody.Subject{{Kind: "case", ID: h.c.ID}}, Outcome: custody.Done, Detail: custody.Detail("version", 1, "digest", v.Digest),
		})
	}
	h.must(h.DB.Write(h.ctx, func(tx bun.Tx) error { return custody.Append(h.ctx, tx, all...) }))
	h.c, err = dossier.Of(f, fr)
	h.must(err)
	h.press = press.Set
	h.print = func(ctx context.Context, c *dossier.Case, p *dossier.Paper) (dossier.PDF, error) {
		pdf, err := press.SetOfficial(ctx, c.Official(words, "示例局", p))
		return dossier.PDF{Bytes: pdf.Bytes, Pages: pdf.Pages}, err
	}
}

// BenchmarkWhole packs a case of 200 papers and ZHILU_BENCH_WHOLE_MB of footage from an encrypted vault into a durable folder, beside the
// plain copy of the same bytes (cp and sync) in the same run, and checks it. // issue 6 point 7: the time of the copying and 60 s
func BenchmarkWhole(b *testing.B) {
	mb := 64
	if v := os.Getenv("ZHILU_BENCH_WHOLE_MB"); v != "" {
		var err error
		if mb, err = strconv.Atoi(v); err != nil {
			b.Fatal(err)
		}
	}
	ctx := b.Context()
	h := newHouse(b, gatetest.New(b, dbtest.SQLite(b)), 0)
	ring, err := vault.NewRing(vault.NewKey())
	h.must(err)
	at := b.TempDir()
	dir := filepath.Join(at, "vault")
	v, err := localdir.New(ctx, localdir.Config{Dir: dir, Keys: ring, Node: "n1", Reserve: -1, Clock: h.Clock, Log: slog.New(slog.DiscardHandler)})
	h.must(err)
	b.Cleanup(func() { _ = v.Close() })
	const pieces = 20 // recordings
	for i := range pieces {
		size := int64(mb) << 20 / pieces
		stage, err := v.Begin(ctx, ident.New[ident.UploadID](), size, nil)
		h.must(err)
		_, err = stage.Append(ctx, io.LimitReader(rand.NewChaCha8([32]byte{byte(i), 7}), size), nil)
		h.must(err)
		info, _, err := stage.Seal(ctx, nil, nil)
		h.must(err)
		h.add(ident.New[ident.RecordingID](), disclosure.File{ID: ident.New[ident.FileID](), Name: "FILE0001.MP4", SHA256: info.Digest.String(), Size: size})
	}
	h.open = func(ctx context.Context, d string) (io.ReadCloser, error) {
		digest, err := vault.ParseDigest(d)
		if err != nil {
			return nil, err
		}
		obj, err := v.Open(ctx, digest)
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(obj, 0, obj.Size()), obj}, nil
	}
	papers(b, h, 200)
	q := h.granted(h.recs...)
	for range b.N {
		plain := filepath.Join(at, "plain")
		h.must(exec.CommandContext(ctx, "sync").Run())
		begun := time.Now()
		h.must(exec.CommandContext(ctx, "cp", "-r", dir, plain).Run())
		h.must(exec.CommandContext(ctx, "sync").Run())
		copied := time.Since(begun)
		h.must(os.RemoveAll(plain))
		h.must(exec.CommandContext(ctx, "sync").Run())

		out := filepath.Join(at, "out")
		begun = time.Now()
		res, err := h.make(q, out, false)
		h.must(err)
		packed := time.Since(begun)
		begun = time.Now()
		if r := h.check(out); r.ExitCode() != 0 || r.Case.Documents != 200 || r.Case.Whole.Originals != pieces {
			b.Fatalf("%+v %+v", r.RecordIntact, r.Case)
		}
		b.ReportMetric(float64(res.Bytes)/1e9, "GB")
		b.ReportMetric(copied.Seconds(), "s/cp+sync")
		b.ReportMetric(packed.Seconds(), "s/package")
		b.ReportMetric((packed - copied).Seconds(), "s/beyond")
		b.ReportMetric(packed.Seconds()/copied.Seconds(), "ratio")
		b.ReportMetric(time.Since(begun).Seconds(), "s/verify")
		h.must(os.RemoveAll(out))
	}
}
