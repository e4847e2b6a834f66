package giveout

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// cut gives what follows a prefix.
func cut(s, prefix string) (string, bool) { return strings.CutPrefix(s, prefix) }

func sortItems(items []disclosure.Item) {
	slices.SortFunc(items, func(a, b disclosure.Item) int { return strings.Compare(string(a.Recording), string(b.Recording)) })
}

// showView is the page of one giving out.
type showView struct {
	Head    ui.HeadView
	Answer  ui.NoteView
	Refresh bool // it changes by itself soon
	Facts   []ui.Fact
	Items   []line
	Take    *takeView
	Receipt *receiptView
	Proof   []ui.Fact
}

type line struct{ Title, Second, Href, Icon string }

// takeView is the form with which the one who asked takes the package away.
type takeView struct {
	Form ui.FormView
	Pass *ui.Field // where it is encrypted with a passphrase
	Text string
}

type receiptView struct {
	Form  ui.FormView
	On    ui.Field
	By    ui.Field
	Words ui.Field
	Scan  ui.Field
}

func (a area) read(p *site.Page) (*disclosure.Disclosure, error) {
	id, err := ident.Parse[ident.DisclosureID](p.R.PathValue("id"))
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "disclosure.unknown")
	}
	return a.Given.Get(p.Context(), p.Actor, id)
}

func (a area) show(p *site.Page) error {
	d, err := a.read(p)
	if err != nil {
		return err
	}
	return a.page(p, d, refusal.Fault{}, "")
}

func look(s disclosure.State) (string, ui.Tone) {
	switch s {
	case disclosure.Given:
		return "circle-check", ui.OK
	case disclosure.Ready:
		return "download", ui.Due
	case disclosure.Making:
		return "clock", ui.Plain
	case disclosure.Stopped, disclosure.Failed:
	}
	return "circle-x", ui.Late
}

// page shows a giving out; bad is what was wrong with the form named by which.
func (a area) page(p *site.Page, d *disclosure.Disclosure, bad refusal.Fault, which string) error {
	pr := p.P
	icon, tone := look(d.State)
	v := showView{Head: ui.HeadView{
		Crumbs: []ui.Link{{Text: pr.T("disclosure.title"), Href: Path}}, Title: pr.T("disclosure.no", d.Number()), Sub: pr.When(d.AskedAt, p.Now),
		Marks: ui.BadgeText(pr.T("disclosure.state."+string(d.State)), icon, tone),
	}}
	v.Facts = a.facts(p, d)
	for _, i := range d.Items {
		kind := "disclosure.masked_short"
		if i.Original() {
			kind = "disclosure.original"
		}
		v.Items = append(v.Items, line{record.Harmless(a.Name(p.Context(), i.Recording)), pr.T(kind), record.Path(i.Recording), "movie"})
	}
	if len(d.Papers) > 0 {
		v.Items = append(v.Items, line{pr.T("disclosure.paper_count", len(d.Papers)), "", "/cases/" + string(d.Case), "file-text"})
	}
	v.Answer = ui.NoteView{Tone: tone, Icon: icon, Text: pr.T("disclosure.say." + string(d.State))}
	mine := d.By == p.Actor.Person
	switch d.State {
	case disclosure.Making:
		v.Refresh = true
		if g, ok := a.Given.Progress(d.ID); ok && g.Total > 0 {
			v.Answer.Text = pr.T("disclosure.making_n", g.Done, g.Total)
		}
	case disclosure.Ready:
		if mine {
			v.Take = take(p, d, bad, which)
		} else {
			v.Answer.Text = pr.T("disclosure.ready_other", d.ByName)
		}
		if g, ok := a.Given.Progress(d.ID); ok {
			v.Refresh = true
			v.Answer.Text = pr.T("disclosure.sending", pr.Size(g.Done), pr.Size(g.Total))
		}
	case disclosure.Stopped, disclosure.Failed:
		v.Answer.Text = pr.T("disclosure.say."+string(d.State)) + pr.Fault(fault.New(fault.Conflict, d.Why)).What
		if mine {
			v.Answer.Links = []ui.Link{{Text: pr.T("viewing.request_no", d.RequestNo), Href: "/viewings/" + string(d.Request)}}
		}
	case disclosure.Given:
		if d.Receipt.At.IsZero() && !d.Due.IsZero() && a.Given.May(p.Actor, access.DisclosureReceipt, d) {
			v.Receipt = receiptForm(p, d, bad, which)
		}
	}
	if d.Manifest != "" {
		v.Proof = append(v.Proof, ui.FactText(pr.T("disclosure.manifest"), d.Manifest, ""))
	}
	if d.SHA256 != "" {
		v.Proof = append(v.Proof, ui.FactText(pr.T("disclosure.sha256"), d.SHA256, pr.Size(d.GivenSize)))
	}
	if bad.What != "" {
		return p.Refused(v.Head.Title, showPage(pr, v))
	}
	return p.Render(v.Head.Title, showPage(pr, v))
}

func (a area) facts(p *site.Page, d *disclosure.Disclosure) []ui.Fact {
	pr := p.P
	out := []ui.Fact{ui.FactText(pr.T("disclosure.manner"), pr.T("viewing.manner."+string(d.Manner)), "")}
	if d.To.Body != "" {
		out = append(out, ui.FactText(pr.T("disclosure.to"), record.Harmless(d.To.Body), record.Harmless(d.To.Person)))
	}
	how := pr.T("disclosure.by_pass_short")
	if d.Recipient != "" {
		how = pr.T("disclosure.by_key_short", d.Recipient[:min(16, len(d.Recipient))])
	}
	out = append(out, ui.FactText(pr.T("disclosure.basis"), record.Harmless(d.To.Basis), ""), ui.FactText(pr.T("disclosure.purpose"), record.Harmless(d.Words), ""),
		ui.FactText(pr.T("disclosure.by"), d.ByName, pr.T("viewing.request_no", d.RequestNo)), ui.FactText(pr.T("disclosure.how"), how, ""))
	if !d.GivenAt.IsZero() {
		out = append(out, ui.FactText(pr.T("disclosure.given_at"), pr.When(d.GivenAt, p.Now), ""))
	}
	switch {
	case !d.Receipt.At.IsZero():
		out = append(out, ui.FactText(pr.T("disclosure.receipt"), d.Receipt.On+" "+record.Harmless(d.Receipt.By), record.Harmless(d.Receipt.Words)))
		if d.Receipt.SHA256 != "" {
			out = append(out, ui.FactText(pr.T("disclosure.scan"), d.Receipt.SHA256, ""))
		}
	case !d.Due.IsZero():
		out = append(out, ui.FactText(pr.T("disclosure.receipt"), pr.T("disclosure.receipt_owed", pr.When(d.Due, p.Now)), ""))
	}
	return out
}

func take(p *site.Page, d *disclosure.Disclosure, bad refusal.Fault, which string) *takeView {
	pr := p.P
	v := &takeView{Text: pr.T("disclosure.take_key"), Form: ui.FormView{
		Action: path(d.ID) + "/take", Label: pr.T("disclosure.take"), Hidden: []ui.Hidden{{Name: "ticket", Value: d.Ticket(session(p))}},
		Buttons: []ui.Action{{Text: pr.T("disclosure.take"), Icon: "download", Primary: true}},
	}}
	if d.Recipient == "" {
		v.Text = pr.T("disclosure.take_pass")
		f := ui.Field{Name: "passphrase", Label: pr.T("disclosure.passphrase"), Hint: pr.T("disclosure.passphrase_hint"), Value: proposed(), Max: 200, Auto: "off"}
		if which == "take" {
			f = bad.Mark(f)
			v.Form.Errors = bad.Errors(f)
		}
		v.Pass = &f
	}
	return v
}

// proposed is a passphrase of a hundred bits that nobody has seen before and nothing keeps.
func proposed() string {
	b := make([]byte, 13)
	_, _ = rand.Read(b) // never fails
	s := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))[:20]
	return s[:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:]
}

// session tells this sign-in from every other, and opens nothing.
func session(p *site.Page) string {
	token := site.SessionToken(p.R)
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("zhilu-giving-session\x00" + token))
	return hex.EncodeToString(sum[:])
}

// take sends the package. Parts of it are never sent: whoever breaks off begins anew.
func (a area) take(p *site.Page) error {
	d, err := a.read(p)
	if err != nil {
		return err
	}
	if p.R.Header.Get("Range") != "" {
		return fault.New(fault.Invalid, "disclosure.range")
	}
	h, err := a.Given.Hand(p.Context(), p.Actor, d.ID, session(p), p.Value("ticket"), p.Secret("passphrase"))
	if err != nil {
		if bad, ok := refusal.Of(p.P, err); ok && fault.Is(err, fault.Invalid) {
			return a.page(p, d, bad, "take")
		}
		return err
	}
	begun := false
	err = h.Send(p.Context(), p.W, func(size int64) {
		begun = true
		p.Attach("application/octet-stream", h.Name)
		p.W.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		p.W.Header().Set("Accept-Ranges", "none")
	})
	if err != nil && begun {
		p.Note(err)
		panic(http.ErrAbortHandler) // what was sent so far must not look whole
	}
	return err
}

func receiptForm(p *site.Page, d *disclosure.Disclosure, bad refusal.Fault, which string) *receiptView {
	pr := p.P
	v := &receiptView{
		On:    ui.Field{Name: "on", Label: pr.T("disclosure.receipt_on"), Type: "date", Value: p.Now.In(clock.Shanghai).Format(time.DateOnly)},
		By:    ui.Field{Name: "by", Label: pr.T("disclosure.receipt_by"), Value: d.To.Person, Max: 100},
		Words: ui.Field{Name: "words", Label: pr.T("disclosure.receipt_words"), Optional: true, Max: 500},
		Scan:  ui.Field{Name: "scan", Label: pr.T("disclosure.receipt_scan"), Hint: pr.T("disclosure.receipt_scan_hint"), Type: "file", Optional: true},
		Form: ui.FormView{
			Action: path(d.ID) + "/receipt", Label: pr.T("disclosure.receipt_enter"), Files: true,
			Buttons: []ui.Action{{Text: pr.T("disclosure.receipt_enter"), Icon: "receipt", Primary: true}},
		},
	}
	if which == "receipt" {
		v.On.Value, v.By.Value, v.Words.Value = p.Value("on"), p.Value("by"), p.Value("words")
		v.On, v.By, v.Words = bad.Mark(v.On), bad.Mark(v.By), bad.Mark(v.Words)
		v.Form.Errors = bad.Errors(v.On, v.By, v.Words)
	}
	return v
}

// maxScan is how large the scan of a receipt may be.
const maxScan = 20 << 20

func (a area) receipt(p *site.Page) error {
	d, err := a.read(p)
	if err != nil {
		return err
	}
	scan, _, err := p.File("scan", maxScan)
	if err != nil && !fault.HasCode(err, "form.no_file") {
		return err
	}
	r := disclosure.Receipt{On: p.Value("on"), By: p.Value("by"), Words: p.Value("words")}
	if len(scan) > 0 {
		sum := sha256.Sum256(scan)
		r.SHA256 = hex.EncodeToString(sum[:])
	}
	err = a.Given.Receive(p.Context(), p.Actor, d.ID, r)
	if err == nil {
		return p.Redirect(path(d.ID))
	}
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.page(p, d, bad, "receipt")
	}
	return err
}
