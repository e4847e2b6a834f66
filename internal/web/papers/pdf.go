package papers

import (
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/casefile/form"
	"zhilu.dev/zhilu/internal/casefile/matter"
	"zhilu.dev/zhilu/internal/casefile/print"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/web/site"
)

// pdf prints the paper as it stands: a draft with its watermark, the empty form to be filled in by hand with blank=1.
func (a area) pdf(p *site.Page) error {
	s, err := a.load(p)
	if err != nil {
		return err
	}
	in, err := a.printed(p, s)
	if err != nil {
		return err
	}
	in.Blank = p.Value("blank") != ""
	pdf, err := a.d.Press.SetOfficial(p.Context(), print.Paper(p.Official(), in))
	if err != nil {
		return err
	}
	p.Inline("application/pdf", s.doc.ZH+" "+s.paper.No+".pdf")
	_, err = p.W.Write(pdf.Bytes)
	return err
}

// printed gathers what is printed of a paper.
func (a area) printed(p *site.Page, s sheaf) (print.Input, error) {
	in := print.Input{
		Document: s.doc, Values: s.paper.Values, Bureau: a.d.Bureau, CaseNo: s.file.Case.No, Number: s.paper.No, Names: map[string]string{},
		Draft: s.paper.Version == 0 || s.paper.Editable(), Version: s.paper.Version, Digest: s.paper.Digest, Correction: s.paper.Reason, At: p.Now,
	}
	if in.Version <= 1 {
		in.Correction = ""
	}
	for _, x := range s.file.Parties {
		if x.Role == matter.PartyMain && x.EndedAt.IsZero() {
			in.Parties = append(in.Parties, x.Name)
		}
	}
	for _, l := range s.file.Links {
		in.Names[string(l.Recording)] = a.d.Recording(p.Context(), l.Recording)
	}
	files, err := a.d.Cases.Attachments(p.Context(), p.Actor, s.file.Case.ID)
	if err != nil {
		return in, err
	}
	for _, f := range files {
		in.Names[string(f.ID)] = f.Name
	}
	for _, x := range s.file.SignedBy(s.paper) {
		in.Signatures = append(in.Signatures, print.Signature{
			Role: x.Role, Name: x.Name, Mode: print.Mode(x.Mode), Image: x.Image, Reason: x.Reason, Witness: x.Witness, At: x.At,
		})
	}
	for _, x := range s.file.Said(s.paper.ID, s.file.Round(s.paper.ID)) {
		in.Approvals = append(in.Approvals, print.Approval{Step: string(x.Step), Opinion: x.Opinion, Returned: !x.Agreed, Name: s.names[x.By], At: x.At})
	}
	if lang, who := form.Language(s.paper.Values); lang != "" {
		f, _ := s.doc.Field("language")
		in.Languages = []print.Language{{Name: form.OptionText(f, lang, "zh"), Interpreter: who}}
	}
	return in, nil
}

// file gives an attachment to be saved.
func (a area) file(p *site.Page) error {
	id, err := ident.Parse[ident.AttachmentID](p.R.PathValue("file"))
	if err != nil {
		return fault.New(fault.NotFound, "paper.unknown")
	}
	f, content, err := a.d.Cases.Content(p.Context(), p.Actor, id)
	if err != nil {
		return err
	}
	name := f.Name
	if ext := extensions[f.Kind]; !strings.HasSuffix(strings.ToLower(name), ext) {
		name += ext
	}
	p.Attach(f.Kind, name)
	_, err = p.W.Write(content)
	return err
}

var extensions = map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}

// picture shows a drawn signature or a seal.
func (a area) picture(p *site.Page) error {
	s, err := a.load(p)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.file.Signatures, func(x matter.Signature) bool {
		return string(x.ID) == p.R.PathValue("signature") && x.Paper == s.paper.ID
	})
	if i < 0 || len(s.file.Signatures[i].Image) == 0 {
		return fault.New(fault.NotFound, "paper.unknown")
	}
	p.W.Header().Set("Content-Type", "image/png")
	p.W.Header().Set("Cache-Control", "private, max-age=3600")
	if _, err := p.W.Write(s.file.Signatures[i].Image); err != nil {
		return err
	}
	return nil
}
