package dossier_test

import (
	"encoding/json"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
)

// A package holds each paper as it was last signed, in the order in which the papers came to be, and the text of which
// form.Digest took the digest.
func TestOf(t *testing.T) {
	t.Parallel()
	shipped, err := catalogue.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	day := func(n int) time.Time { return time.Date(2026, 11, n, 2, 0, 0, 0, time.UTC) }
	d := shipped.Documents[0]
	values := func(text string) form.Values {
		raw, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return form.Values{"z": raw, "a": json.RawMessage(`{"name": "阿依古丽·买买提", "b":1}`), "legal_opinion": json.RawMessage(`"同意"`)}
	}
	f := matter.File{Case: matter.Case{ID: "c", No: "示案〔2026〕1号", OpenedAt: day(1)}}
	fr := dossier.Frame{Bureau: "示例局", Void: "作废", Document: shipped.Document, Person: func(p ident.PersonID) string { return "名:" + string(p) }}
	add := func(id ident.PaperID, state matter.PaperState, versions ...int) {
		f.Papers = append(f.Papers, matter.Paper{ID: id, Type: d.ID, State: state, Values: values("draft")})
		for n, on := range versions {
			v := matter.Version{Paper: id, Number: n + 1, Values: values(string(id)), At: day(on), By: "p1", Entry: ident.EntryID(string(id) + "-entry")}
			if v.Digest, err = form.Digest(d, v.Values); err != nil {
				t.Fatal(err)
			}
			fr.Versions = append(fr.Versions, v)
		}
	}
	add("late", matter.Complete, 9)
	add("never", matter.Draft)
	add("corrected", matter.Draft, 2, 10)
	add("void", matter.Void, 5)
	f.Signatures = []matter.Signature{{Paper: "corrected", Version: 1, Name: "old"}, {Paper: "corrected", Version: 2, Name: "new", Mode: matter.Refused, Witness: "证人"}}
	f.Approvals = []matter.Approval{{Paper: "late", Agreed: true, By: "p2", For: "p3", Step: matter.StepLeader}, {Paper: "late", By: "p2"}}
	f.Deliveries = []matter.Delivery{{Paper: "late", Returned: true}, {Paper: "late", Taken: day(9)}, {Paper: "late"}}
	f.Parties = []matter.Party{{Role: matter.PartyMain, Name: "某厂"}, {Role: matter.Complainant, Name: "举报人"}}
	f.Waivers, f.Reports, f.Handlers = []matter.Waiver{{Item: "w", By: "p9"}}, []matter.Report{{Event: "e", By: "p9"}}, []matter.Handler{{Person: "p9", Lead: true}}
	c, err := dossier.Of(f, fr)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Parties) != 1 || c.Parties[0].Name != "某厂" {
		t.Errorf("whoever informed shows: %+v", c.Parties) // decision 26
	}
	if len(c.Waivers) != 1 || c.Waivers[0].By != "名:p9" || len(c.Events) != 1 || len(c.Handlers) != 1 || !c.Handlers[0].Lead {
		t.Errorf("%+v", c)
	}
	var order []string
	for _, p := range c.Papers {
		order = append(order, p.ID)
		sum := digestOf(p.Content)
		if sum != p.Digest {
			t.Errorf("%s: the content is not what was digested: %q", p.ID, p.Content)
		}
	}
	if len(order) != 3 || order[0] != "corrected" || order[1] != "void" || order[2] != "late" {
		t.Fatalf("order: %v", order)
	}
	if p := c.Papers[0]; p.Version != 2 || len(p.Signatures) != 1 || p.Signatures[0].Name != "new" || p.Entry != "corrected-entry" || p.Title != d.ZH {
		t.Errorf("%+v", p)
	}
	if p := c.Papers[1]; p.Note != "作废" {
		t.Errorf("%+v", p)
	}
	p := c.Papers[2]
	if len(p.Approvals) != 2 || p.Approvals[0].Decision != "agree" || p.Approvals[1].Decision != "return" || p.Approvals[0].OnBehalfOf != "名:p3" || p.Approvals[1].OnBehalfOf != "" {
		t.Errorf("%+v", p.Approvals)
	}
	if len(p.Deliveries) != 3 || p.Deliveries[0].Outcome != "refused" || p.Deliveries[1].Outcome != "received" || p.Deliveries[2].Outcome != "sent" {
		t.Errorf("%+v", p.Deliveries)
	}
}
