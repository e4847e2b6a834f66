package dossier_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db/dbtest"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/sheet"
)

// bench is a case of so many papers of every type of a penalty, each entered as it was signed, and the press that prints them.
func bench(t testing.TB, n int) (*desk, func()) {
	t.Helper()
	press := sheet.New(sheet.Config{Log: slog.New(slog.DiscardHandler), Modules: filepath.Join("..", "..", "sheet", "helper")})
	if err := press.Ready(); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() { _ = press.Close() })
	cat, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	words := cat.For(locale.Chinese)
	d := newDesk(t, gatetest.New(t, dbtest.SQLite(t)), 0)
	shipped, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	var types []catalogue.Document
	for _, x := range shipped.Documents {
		if x.For("penalty") {
			types = append(types, x)
		}
	}
	f := matter.File{
		Case:    matter.Case{ID: ident.CaseID(d.c.ID), No: d.c.No, Title: d.c.Title, Act: "penalty", Procedure: matter.Ordinary, State: matter.Open, OpenedAt: d.Clock.Now(), Department: "d1"},
		Parties: []matter.Party{{Role: matter.PartyMain, Name: "和田县镕喆食品有限责任公司"}},
	}
	fr := dossier.Frame{Bureau: "示例局", Void: "作废", Document: shipped.Document, Person: func(p ident.PersonID) string { return "买买提·艾力" }}
	var all []custody.Entry
	for i := range n {
		x := types[i%len(types)]
		p := matter.Paper{ID: ident.New[ident.PaperID](), Type: x.ID, No: fmt.Sprintf("示罚〔2026〕%d号", i+1), State: matter.Complete, Version: 1}
		v := matter.Version{Paper: p.ID, Number: 1, Values: form.Values{}, At: d.Clock.Now().Add(time.Duration(i) * time.Minute), By: d.actor.Person, Entry: ident.New[ident.EntryID]()}
		for _, field := range x.Fields {
			switch field.Type {
			case "text":
				v.Values[field.ID] = json.RawMessage(fmt.Sprintf(`"经营超过保质期的食品 %d"`, i))
			case "longtext":
				v.Values[field.ID], err = json.Marshal(strings.Repeat("本局执法人员对当事人位于和田县团结路12号的经营场所进行检查，发现超过保质期的红枣夹核桃。", 12))
			case "date":
				v.Values[field.ID] = json.RawMessage(`"2026-11-28"`)
			case "party":
				v.Values[field.ID] = json.RawMessage(`{"name":"和田县镕喆食品有限责任公司","address":"和田县团结路㐂来巷12号"}`)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if v.Digest, err = form.Digest(x, v.Values); err != nil {
			t.Fatal(err)
		}
		f.Papers, fr.Versions = append(f.Papers, p), append(fr.Versions, v)
		about := []custody.Subject{{Kind: "case", ID: d.c.ID}}
		e := custody.Entry{
			ID: v.Entry, At: d.Clock.Now(), Actor: custody.Actor{Kind: custody.Person, ID: d.actor.ID}, Action: "paper.sign", Subject: custody.Subject{Kind: "paper", ID: string(p.ID)},
			Related: about, Outcome: custody.Done, Detail: custody.Detail("version", 1, "digest", v.Digest),
		}
		all = append(all, e)
		for range 4 { // drafts, approvals, looks
			e.ID, e.Detail = ident.New[ident.EntryID](), custody.Detail("revision", i)
			all = append(all, e)
		}
	}
	if err := d.DB.Write(t.Context(), func(tx bun.Tx) error { return custody.Append(t.Context(), tx, all...) }); err != nil {
		t.Fatal(err)
	}
	f.Parties[0].Entry = all[0].ID
	c, err := dossier.Of(f, fr)
	if err != nil {
		t.Fatal(err)
	}
	d.c = c
	d.print = func(ctx context.Context, c *dossier.Case, p *dossier.Paper) (dossier.PDF, error) {
		pdf, err := press.SetOfficial(ctx, c.Official(words, "示例局", p))
		return dossier.PDF{Bytes: pdf.Bytes, Pages: pdf.Pages}, err
	}
	d.cover = func(ctx context.Context, c *dossier.Case, x dossier.Index) (dossier.PDF, error) {
		pdf, err := press.Set(ctx, c.IndexSheet(words, "示例局", x, d.Clock.Now()))
		return dossier.PDF{Bytes: pdf.Bytes, Pages: pdf.Pages}, err
	}
	return d, func() {
		if _, err := press.Set(t.Context(), c.IndexSheet(words, "示例局", dossier.IndexOf(nil, nil), d.Clock.Now())); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkPackage makes a package of 200 papers from rows to a durable folder, printed by the real press, and checks it. // issue 5 point 8: a minute
func BenchmarkPackage(b *testing.B) {
	d, warm := bench(b, 200)
	warm()
	for i := range b.N {
		out := filepath.Join(b.TempDir(), fmt.Sprint(i))
		b.StartTimer()
		res, err := d.svc.Make(b.Context(), d.actor, d.order(out))
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
		begun := time.Now()
		if r := d.verify(b, out); r.ExitCode() != 0 || r.Case.Documents != 200 {
			b.Fatalf("%+v", r)
		}
		b.ReportMetric(time.Since(begun).Seconds(), "s/verify")
		b.ReportMetric(float64(res.Bytes)/1e6, "MB")
		b.ReportMetric(float64(res.Pages), "pages")
	}
}

// TestPrintedPackage: a small one as it is really printed.
func TestPrintedPackage(t *testing.T) {
	t.Parallel()
	d, _ := bench(t, 6)
	out := filepath.Join(t.TempDir(), "out")
	if keep := os.Getenv("ZHILU_KEEP_SHEETS"); keep != "" {
		out = filepath.Join(keep, "package")
	}
	res, err := d.svc.Make(t.Context(), d.actor, d.order(out))
	if err != nil {
		t.Fatal(err)
	}
	if r := d.verify(t, out); r.ExitCode() != 0 || res.Pages < 6 {
		t.Errorf("%+v, %+v", r, res)
	}
}
