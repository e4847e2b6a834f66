package takeaway

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// way is how far a package has come: papers while it is printed, bytes of footage while it is sent.
type way struct {
	papers, ofPapers int
	bytes, ofBytes   int64
}

// note keeps how far it has come; nil forgets it.
func (a area) note(key string, change func(w *way)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if change == nil {
		delete(a.under, key)
		return
	}
	w := a.under[key]
	change(&w)
	a.under[key] = w
}

func keyOf(p *site.Page, id ident.CaseID) string { return string(p.Actor.Person) + " " + string(id) }

// offer adds the form for the whole case, and how far one under way has come.
func (a area) offer(p *site.Page, v *view, id ident.CaseID, bad refusal.Fault) {
	pr := p.P
	v.Key = bad.Mark(ui.Field{Name: "key", Label: pr.T("disclosure.key"), Hint: pr.T("takeaway.key_hint"), Value: p.Value("key"), Optional: true, Max: 2500, Auto: "off"})
	v.Whole = &ui.FormView{
		Action: Path(id) + "/whole", Label: pr.T("takeaway.whole"), Errors: bad.Errors(v.Key), Buttons: []ui.Action{{Text: pr.T("takeaway.make"), Icon: "download"}},
	}
	a.mu.Lock()
	w, ok := a.under[keyOf(p, id)]
	a.mu.Unlock()
	if !ok {
		return
	}
	text := pr.T("takeaway.printing", w.papers, w.ofPapers)
	if w.ofBytes > 0 {
		text = pr.T("takeaway.sending", pr.Size(w.bytes), pr.Size(w.ofBytes))
	}
	v.Way = &ui.NoteView{Tone: ui.Due, Icon: "clock", Text: text, Links: []ui.Link{{Text: pr.T("disclosure.refresh"), Href: Path(id)}}}
}

// whole makes the package with footage and registers and streams it: the papers lie here until it was sent, the footage never does.
func (a area) whole(p *site.Page) (err error) {
	f, r, err := a.read(p)
	if err != nil {
		return err
	}
	if a.Whole == nil {
		return fault.New(fault.NotFound, "case.unknown")
	}
	key := keyOf(p, f.Case.ID)
	defer a.note(key, nil)
	order := dossier.Order{Via: "page", Progress: func(done, total int) {
		a.note(key, func(w *way) { w.papers, w.ofPapers = done, total })
	}}
	if r != nil {
		order.Request = r.No
	}
	dir, err := a.room()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	name := dossier.FolderName(f.Case.No)
	order.Out = filepath.Join(dir, name)
	recipient, ending, begun := p.Value("key"), ".zip", false
	if recipient != "" {
		ending = ".zip.age"
	}
	err = a.Whole(p.Context(), p.Actor, f, order, recipient, func(done, total int64) {
		a.note(key, func(w *way) { w.bytes, w.ofBytes = done, total })
	}, func() io.Writer {
		begun = true
		p.Attach("application/octet-stream", name+ending)
		return p.W
	})
	if begun && err != nil {
		p.Note(err)
		panic(http.ErrAbortHandler) // what was sent so far must not look whole
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, f, r, bad)
	}
	return err
}
