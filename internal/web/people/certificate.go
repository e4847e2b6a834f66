package people

import (
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/web/listing"
	"zhilu.dev/zhilu/internal/web/refusal"
	"zhilu.dev/zhilu/internal/web/site"
	"zhilu.dev/zhilu/internal/web/ui"
)

// mark says how a certificate stands on a day: words, icon and tone.
func mark(p locale.Printer, c org.Certificate, now time.Time) (string, string, ui.Tone) {
	left := c.ValidTo.Sub(org.DayOf(now))
	switch {
	case !c.RevokedAt.IsZero():
		return p.T("people.cert.revoked", p.Date(c.RevokedAt)), "circle-x", ui.Late
	case org.DayOf(now).Before(c.ValidFrom):
		return p.T("people.cert.not_yet", p.Date(c.ValidFrom)), "clock", ui.Due
	case left < 0:
		return p.T("people.cert.expired", p.Date(c.ValidTo)), "calendar-off", ui.Late
	case left == 0:
		return p.T("people.cert.last_day"), "clock", ui.Due
	case left <= soon:
		return p.T("people.cert.left", int(left.Hours()/24)), "clock", ui.Due
	}
	return p.T("people.cert.valid", p.Date(c.ValidTo)), "circle-check", ui.OK
}

// current is the certificate that says most of a person: the one valid longest, else the one that ended last.
func current(list []org.Certificate, now time.Time) (org.Certificate, bool) {
	var best org.Certificate
	found := false
	for _, c := range list {
		if c.Kind != org.Enforcement && found {
			continue
		}
		better := !found || best.Kind != org.Enforcement && c.Kind == org.Enforcement ||
			c.ValidOn(now) && !best.ValidOn(now) || c.ValidOn(now) == best.ValidOn(now) && c.ValidTo.After(best.ValidTo)
		if better {
			best, found = c, true
		}
	}
	return best, found
}

func certificateCell(p locale.Printer, list []org.Certificate, now time.Time) ui.Cell {
	c, ok := current(list, now)
	if !ok {
		return ui.NoneCell(p)
	}
	words, icon, tone := mark(p, c, now)
	return certificateMark(c.Number, words, icon, tone)
}

// certificateForm is the form of a new certificate, or of one that is mended.
type certificateForm struct {
	ID       string // empty for a new one
	Number   string
	Kind     string
	From, To string
	Bad      refusal.Fault
}

func (f certificateForm) fields(p locale.Printer) []ui.Field {
	pre := "c" + f.ID + "-"
	return []ui.Field{
		f.Bad.Mark(ui.Field{ID: pre + "number", Name: "certificate", Label: p.T("people.cert.number"), Value: f.Number, Max: 40, Auto: "off"}),
		f.Bad.Mark(ui.Field{ID: pre + "kind", Name: "kind", Label: p.T("people.cert.kind"), Options: listing.Choice(p, false, f.Kind,
			[]string{string(org.Enforcement), string(org.Supervision)}, func(k string) string { return p.T("people.cert.kind." + k) })}),
		f.Bad.Mark(ui.Field{ID: pre + "from", Name: "valid_from", Label: p.T("people.cert.from"), Type: "date", Value: f.From}),
		f.Bad.Mark(ui.Field{ID: pre + "to", Name: "valid_to", Label: p.T("people.cert.to"), Hint: p.T("people.cert.to_hint"), Type: "date", Value: f.To}),
	}
}

func (a area) readCertificate(p *site.Page, id string) (certificateForm, org.CertificateEdit, error) {
	f := certificateForm{ID: id, Number: p.Value("certificate"), Kind: p.Value("kind"), From: p.Value("valid_from"), To: p.Value("valid_to")}
	from, err := p.Day("valid_from")
	if err != nil {
		return f, org.CertificateEdit{}, err
	}
	to, err := p.Day("valid_to")
	if err != nil {
		return f, org.CertificateEdit{}, err
	}
	return f, org.CertificateEdit{Number: f.Number, Kind: org.CertificateKind(f.Kind), ValidFrom: from, ValidTo: to}, nil
}

func (a area) addCertificate(p *site.Page) error {
	who, err := a.person(p)
	if err != nil {
		return err
	}
	f, edit, err := a.readCertificate(p, "")
	if err == nil {
		_, err = a.d.Org.AddCertificate(p.Context(), p.Actor, who.ID, edit)
	}
	return a.afterCertificate(p, who, f, err)
}

func (a area) editCertificate(p *site.Page) error {
	who, id, err := a.certificate(p)
	if err != nil {
		return err
	}
	f, edit, err := a.readCertificate(p, string(id))
	if err == nil {
		err = a.d.Org.EditCertificate(p.Context(), p.Actor, id, edit)
	}
	return a.afterCertificate(p, who, f, err)
}

func (a area) revokeCertificate(p *site.Page) error {
	who, id, err := a.certificate(p)
	if err != nil {
		return err
	}
	err = a.d.Org.RevokeCertificate(p.Context(), p.Actor, id, p.Value("reason"))
	if bad, ok := refusal.Of(p.P, err); ok {
		return a.render(p, who, personForms{Note: bad})
	}
	if err != nil {
		return err
	}
	return p.Redirect(personPath(who.ID))
}

func (a area) afterCertificate(p *site.Page, who org.Person, f certificateForm, err error) error {
	if bad, ok := refusal.Of(p.P, err); ok {
		f.Bad = bad
		return a.render(p, who, personForms{Certificate: f})
	}
	if err != nil {
		return err
	}
	return p.Redirect(personPath(who.ID))
}

// certificate reads the person and the certificate of the address; a certificate of somebody else is not there.
func (a area) certificate(p *site.Page) (org.Person, ident.CertificateID, error) {
	who, err := a.person(p)
	if err != nil {
		return who, "", err
	}
	list, err := a.d.Org.Certificates(p.Context(), who.ID)
	if err != nil {
		return who, "", err
	}
	for _, c := range list {
		if string(c.ID) == p.R.PathValue("certificate") {
			return who, c.ID, nil
		}
	}
	return who, "", fault.New(fault.NotFound, "org.certificate")
}
