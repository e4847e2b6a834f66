// Package preview is the page between handing in a sheet and carrying it out: what each row would do, what is wrong
// with which, and the wrong ones to take away and mend.
package preview

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// Kind is one sort of sheet that can be imported.
type Kind struct {
	Path     string // "/people/import"; the import's id is appended to carry it out
	List     string // where the crumbs and the result lead: "/people"
	Template string // address of the empty sheet
	Spec     ledger.Spec
	Main     string // key of the column a row is named by
	Words    string // its keys begin so: "people.import"; .title, .list, .text
}

// maxBack bounds the wrong rows that come back from the page to be written as a sheet.
const maxBack = 16 << 20

// maxShown is how many rows a preview shows; the counts are of all.
const maxShown = 300

// Ask shows the page that takes the file; bad is what was wrong with the one before.
func Ask(p *site.Page, k Kind, bad refusal.Fault) error {
	title := p.P.T(k.Words + ".title")
	v := askView{Kind: k, Title: title, Bad: bad, Result: result(p)}
	if bad.What != "" {
		return p.Refused(title, ask(p.P, v))
	}
	return p.Render(title, ask(p.P, v))
}

// Take reads the file of the form, lets look say what it would do, and shows that. A form that brings back the wrong
// rows of a preview gets them as a sheet.
func Take(p *site.Page, k Kind, look func(xlsx []byte) (org.Preview, error)) error {
	p.R.Body = http.MaxBytesReader(p.W, p.R.Body, maxBack)
	data, name, err := p.File("file", ledger.MaxFile)
	var pre org.Preview
	if err == nil {
		pre, err = look(data)
	}
	if err != nil {
		if bad, ok := refusal.Of(p.P, err); ok {
			return Ask(p, k, bad)
		}
		return err
	}
	return p.Render(p.P.T(k.Words+".title"), show(p.P, viewOf(p.P, k, name, pre)))
}

// Wrong answers a form that brings back the wrong rows of a preview: as a sheet, with what is wrong beside each. It
// reports false if the form is another one.
func Wrong(p *site.Page, k Kind) (bool, error) {
	p.R.Body = http.MaxBytesReader(p.W, p.R.Body, maxBack)
	text := p.Value("wrong")
	if text == "" {
		return false, nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	var pre org.Preview
	if err == nil {
		err = json.Unmarshal(raw, &pre)
	}
	if err != nil {
		return true, fault.Wrap(err, fault.Invalid, "form.no_file").At("file")
	}
	var b bytes.Buffer
	title := p.P.T("preview.wrong_title")
	err = pre.WrongRows(&b, title, p.P.T("preview.line"), p.P.T("preview.why"), k.Spec, func(q ledger.Problem) string { return problem(p.P, k, q) })
	if err != nil {
		return true, err
	}
	return true, listing.SendFile(p, title, b.Bytes())
}

// back packs the wrong rows for Wrong; "" if there are none or they are too many to be carried.
func back(pre org.Preview) string {
	if pre.Count[org.EffectWrong] == 0 {
		return ""
	}
	pre.Rows = slices.DeleteFunc(slices.Clone(pre.Rows), func(r org.PreviewRow) bool { return r.Effect != org.EffectWrong })
	raw, err := json.Marshal(pre)
	if err != nil || base64.StdEncoding.EncodedLen(len(raw)) > maxBack-4096 {
		return ""
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// Done leads to the page that says what an import did.
func Done(p *site.Page, k Kind, count map[org.Effect]int) error {
	return p.Redirect(k.Path + doneQuery(count))
}

// problem is what is wrong with a row, with the title of its column.
func problem(p locale.Printer, k Kind, q ledger.Problem) string {
	words := p.T("ledger.problem."+q.Code, q.Args...)
	if q.Column == "" {
		return words
	}
	return p.T("preview.at_column", columnTitle(p, k.Spec, q.Column), words)
}

// columnTitle is the heading of a column in the reader's language: the second title is the English one.
func columnTitle(p locale.Printer, spec ledger.Spec, key string) string {
	for _, c := range spec.Columns {
		if c.Key != key {
			continue
		}
		if p.Lang() == locale.English && len(c.Titles) > 1 {
			return c.Titles[1]
		}
		return c.Titles[0]
	}
	return key
}

func effect(p locale.Printer, e org.Effect) ui.Cell {
	tone, icon := ui.None, "circle-minus"
	switch e {
	case org.EffectNew:
		tone, icon = ui.OK, "plus"
	case org.EffectChanged:
		tone, icon = ui.Plain, "pencil"
	case org.EffectWrong:
		tone, icon = ui.Late, "alert-circle"
	case org.EffectUnchanged:
	}
	return ui.St(p.T("ledger.effect."+string(e)), icon, tone)
}
