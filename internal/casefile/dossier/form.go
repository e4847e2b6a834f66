package dossier

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
)

// The forms of docs/formats/case-package-v1.md, their members in the order in which they are written.
type (
	manifest struct {
		Format  string       `json:"format"`
		ID      string       `json:"id"`
		Origin  string       `json:"origin"`
		Bureau  string       `json:"bureau"`
		Case    manifestCase `json:"case"`
		MadeAt  string       `json:"made_at"`
		MadeBy  maker        `json:"made_by"`
		Request request      `json:"request"`
		Files   []listed     `json:"files"`
	}
	manifestCase struct {
		ID        string `json:"id"`
		No        string `json:"no"`
		Title     string `json:"title"`
		Act       string `json:"act"`
		Procedure string `json:"procedure"`
		State     string `json:"state"`
		OpenedAt  string `json:"opened_at"`
	}
	maker struct {
		Account string `json:"account"`
		Person  string `json:"person"`
		Name    string `json:"name"`
	}
	request struct {
		ID string `json:"id"`
		No int64  `json:"no"`
	}
	listed struct {
		Name   string `json:"name"`
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	}
	caseFile struct {
		Format   string    `json:"format"`
		Parties  []party   `json:"parties"`
		Handlers []handler `json:"handlers"`
		Waivers  []waiver  `json:"waivers"`
		Events   []event   `json:"events"`
	}
	party struct {
		Role     string `json:"role"`
		Kind     string `json:"kind"`
		Name     string `json:"name"`
		IDNumber string `json:"id_number"`
		LegalRep string `json:"legal_rep"`
		Address  string `json:"address"`
		Phone    string `json:"phone"`
		From     string `json:"from"`
		Until    string `json:"until"`
		Entry    string `json:"entry"`
	}
	handler struct {
		Person      string `json:"person"`
		Name        string `json:"name"`
		Certificate string `json:"certificate"`
		Lead        bool   `json:"lead"`
		From        string `json:"from"`
		Until       string `json:"until"`
		Reason      string `json:"reason"`
		Entry       string `json:"entry"`
	}
	waiver struct {
		Item   string `json:"item"`
		Reason string `json:"reason"`
		By     string `json:"by"`
		At     string `json:"at"`
		Entry  string `json:"entry"`
	}
	event struct {
		Event string `json:"event"`
		On    string `json:"on"`
		Basis string `json:"basis"`
		By    string `json:"by"`
		At    string `json:"at"`
		Entry string `json:"entry"`
	}
	document struct {
		Format     string     `json:"format"`
		N          int        `json:"n"`
		Paper      string     `json:"paper"`
		Type       string     `json:"type"`
		Title      string     `json:"title"`
		No         string     `json:"no"`
		State      string     `json:"state"`
		Version    int        `json:"version"`
		FixedAt    string     `json:"fixed_at"`
		FixedBy    string     `json:"fixed_by"`
		Content    string     `json:"content"`
		Digest     string     `json:"digest"`
		Entry      string     `json:"entry"`
		PDF        string     `json:"pdf"`
		Pages      int        `json:"pages"`
		Signatures []signed   `json:"signatures"`
		Approvals  []approved `json:"approvals"`
		Deliveries []served   `json:"deliveries"`
	}
	signed struct {
		Role        string `json:"role"`
		Mode        string `json:"mode"`
		Name        string `json:"name"`
		Person      string `json:"person"`
		Reason      string `json:"reason"`
		Witness     string `json:"witness"`
		At          string `json:"at"`
		Entry       string `json:"entry"`
		ImageSHA256 string `json:"image_sha256"`
		Image       string `json:"image"`
	}
	approved struct {
		Step       string `json:"step"`
		Decision   string `json:"decision"`
		Opinion    string `json:"opinion"`
		By         string `json:"by"`
		OnBehalfOf string `json:"on_behalf_of"`
		At         string `json:"at"`
		Entry      string `json:"entry"`
	}
	served struct {
		Mode      string `json:"mode"`
		At        string `json:"at"`
		Recipient string `json:"recipient"`
		Outcome   string `json:"outcome"`
		Deemed    string `json:"deemed"`
		Entry     string `json:"entry"`
	}
	recordings struct {
		Format string      `json:"format"`
		Files  []recording `json:"files"`
	}
	recording struct {
		Recording string `json:"recording"`
		File      string `json:"file"`
		Name      string `json:"name"`
		Size      int64  `json:"size"`
		SHA256    string `json:"sha256"`
		State     string `json:"state"`
		Receipt   string `json:"receipt"`
	}
	logLine struct {
		Index  int64                 `json:"index"`
		Leaf   string                `json:"leaf"`
		Detail string                `json:"detail"`
		Opened []custody.OpenedField `json:"opened"`
		Hashes []string              `json:"hashes"`
	}
)

// when is a time in the form of our outside files, "" for none.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// DocumentName is the name of the nth paper without its ending.
func DocumentName(n int, kind string) string { return fmt.Sprintf("documents/%03d-%s", n, kind) }

// render gives the case itself as data.
func (c *Case) render() ([]byte, error) {
	x := caseFile{Format: "zhilu-case-file/v1", Parties: []party{}, Handlers: []handler{}, Waivers: []waiver{}, Events: []event{}}
	for _, p := range c.Parties {
		x.Parties = append(x.Parties, party{p.Role, p.Kind, p.Name, p.IDNumber, p.LegalRep, p.Address, p.Phone, when(p.From), when(p.Until), string(p.Entry)})
	}
	for _, h := range c.Handlers {
		x.Handlers = append(x.Handlers, handler{h.Person, h.Name, h.Certificate, h.Lead, when(h.From), when(h.Until), h.Reason, string(h.Entry)})
	}
	for _, w := range c.Waivers {
		x.Waivers = append(x.Waivers, waiver{w.Item, w.Reason, w.By, when(w.At), string(w.Entry)})
	}
	for _, e := range c.Events {
		x.Events = append(x.Events, event{e.Event, when(e.On), e.Basis, e.By, when(e.At), string(e.Entry)})
	}
	return custody.RenderJSON(x)
}

// Paper gives the paper of an id.
func (c *Case) Paper(id string) (*Paper, bool) {
	for i := range c.Papers {
		if c.Papers[i].ID == id {
			return &c.Papers[i], true
		}
	}
	return nil, false
}

// entries are the entries that the case itself names, apart from its papers.
func (c *Case) entries() []ident.EntryID {
	var out []ident.EntryID
	for _, p := range c.Parties {
		out = append(out, p.Entry)
	}
	for _, h := range c.Handlers {
		out = append(out, h.Entry)
	}
	for _, w := range c.Waivers {
		out = append(out, w.Entry)
	}
	for _, e := range c.Events {
		out = append(out, e.Entry)
	}
	return out
}

// Render gives the nth paper as data, pages of which were printed.
func (p *Paper) Render(n, pages int) ([]byte, error) {
	name := DocumentName(n, p.Type)
	d := document{
		Format: "zhilu-case-document/v1", N: n, Paper: p.ID, Type: p.Type, Title: p.Title, No: p.No, State: p.State, Version: p.Version,
		FixedAt: when(p.FixedAt), FixedBy: p.FixedBy, Content: p.Content, Digest: p.Digest, Entry: string(p.Entry), Pages: pages,
		Signatures: make([]signed, 0, len(p.Signatures)), Approvals: make([]approved, 0, len(p.Approvals)), Deliveries: make([]served, 0, len(p.Deliveries)),
	}
	if pages > 0 {
		d.PDF = name + ".pdf"
	}
	for _, s := range p.Signatures {
		x := signed{Role: s.Role, Mode: s.Mode, Name: s.Name, Person: s.Person, Reason: s.Reason, Witness: s.Witness, At: when(s.At), Entry: string(s.Entry)}
		if len(s.Image) > 0 {
			x.ImageSHA256, x.Image = digest(s.Image), base64.StdEncoding.EncodeToString(s.Image)
		}
		d.Signatures = append(d.Signatures, x)
	}
	for _, a := range p.Approvals {
		d.Approvals = append(d.Approvals, approved{a.Step, a.Decision, a.Opinion, a.By, a.OnBehalfOf, when(a.At), string(a.Entry)})
	}
	for _, s := range p.Deliveries {
		d.Deliveries = append(d.Deliveries, served{s.Mode, when(s.At), s.Recipient, s.Outcome, when(s.Deemed), string(s.Entry)})
	}
	return custody.RenderJSON(d)
}

// line gives v as one line without spaces, escaping nothing that need not be.
func line(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("dossier: %w", err)
	}
	return b.Bytes(), nil
}

// FolderName makes a file name of a case number that every system takes: letters and digits of any script, brackets, hyphens.
func FolderName(no string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"/\|?*.`, r), r < 0x20, r == 0x7f, r == ' ', r == '\u3000', r == '\ufffd':
			return '-'
		}
		return r
	}, strings.ToValidUTF8(no, "-"))
	if name = strings.Trim(name, "-"); name == "" {
		return "case"
	}
	return name
}
