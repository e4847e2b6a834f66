package main

import (
	"fmt"
	"os"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/verify/clip"
	"zhilu.dev/zhilu/internal/verify/disc"
	"zhilu.dev/zhilu/internal/verify/source"
)

type verifyCmd struct {
	Target    string   `arg:"" help:"A receipt, an entry's proof, a checkpoint or a masked copy as a file; a case package as a folder or a zip; an evidence disc as a drive, an image, a mounted folder or a bag; a folder with a log, or its address (https://HOST/log)."`
	Trust     string   `help:"The bureau's trust.json, obtained from somebody you trust." type:"existingfile" placeholder:"FILE"`
	CA        string   `name:"ca" help:"The bureau's certificate authority (ca.pem), to read its log by https; else the system's." type:"existingfile" placeholder:"FILE"`
	Older     string   `help:"An older checkpoint the log must be consistent with, or a receipt or an entry's proof that holds one." type:"existingfile" placeholder:"FILE"`
	Witness   []string `sep:" " help:"Public key of an outside witness that must have signed too; may be given more than once." placeholder:"KEY"`
	File      string   `help:"The original file a receipt speaks of." type:"existingfile" placeholder:"FILE"`
	Timestamp string   `help:"A time stamp (RFC 3161) of the checkpoint, as the log serves it under /log/timestamp/." type:"existingfile" placeholder:"FILE"`
	TSACA     string   `name:"tsa-ca" help:"Certificates (PEM) of the authorities that the time stamp may come from." type:"existingfile" placeholder:"FILE"`
	JSON      bool     `help:"For machines."`
}

// Run answers three questions apart: is the record intact, is its signer trusted, is it in the log.
func (c verifyCmd) Run(e *env) error {
	o := verify.Options{Clock: e.clock, File: c.File, Witnesses: c.Witness}
	err := verify.ParseWitnesses(c.Witness)
	if err != nil {
		return err
	}
	if c.Trust != "" {
		if o.Trust, err = verify.ReadTrust(c.Trust); err != nil {
			return err
		}
	}
	if c.Timestamp != "" {
		if o.Stamp, o.StampRoots, err = verify.ReadStamp(c.Timestamp, c.TSACA); err != nil {
			return err
		}
	}
	if c.Older != "" {
		if o.Older, err = os.ReadFile(c.Older); err != nil {
			return err
		}
	}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return err
		}
		if o.HTTP, err = source.Client(pem); err != nil {
			return err
		}
	}
	rep, err := disc.Target(e.ctx, c.Target, o)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(e.out, rep); err != nil {
			return err
		}
	} else {
		e.report(rep)
	}
	if code := rep.ExitCode(); code != exitOK {
		return status(code)
	}
	return nil
}

func (e *env) report(r *verify.Report) {
	for _, q := range []struct {
		key string
		f   verify.Finding
	}{{"cli.verify.intact", r.RecordIntact}, {"cli.verify.signer", r.SignerTrusted}, {"cli.verify.in_log", r.InLog}, {"cli.verify.witnessed", r.Witnessed}, {"cli.verify.stamped", r.Stamped}} {
		if q.f.Answer == "" {
			continue
		}
		_, _ = fmt.Fprintf(e.out, "%s\t%s", e.words.T(q.key), e.words.T("cli.verify.answer."+string(q.f.Answer)))
		for _, reason := range q.f.Reasons {
			_, _ = fmt.Fprintf(e.out, " [%s %s]", reason.Code, locale.Visible(reason.What))
		}
		_, _ = fmt.Fprintln(e.out)
	}
	if r.StampedAt != nil {
		_, _ = fmt.Fprintf(e.out, "%s\t%s\n", e.words.T("cli.verify.stamped_at"), e.words.Full(*r.StampedAt))
	}
	for _, s := range r.Cosigned {
		_, _ = fmt.Fprintf(e.out, "%s\t%d\t%s\n", locale.Visible(s.Witness), s.Size, e.words.Full(s.At))
	}
	if c := r.Case; c != nil {
		e.reportCase(c)
	}
	if d := r.Disc; d != nil {
		e.reportDisc(d)
	}
	if g := r.Given; g != nil {
		e.reportGiven(g)
	}
	for _, f := range r.Opened {
		_, _ = fmt.Fprintf(e.out, "%s\t%s\n", locale.Visible(f.Name), locale.Visible(f.Value))
	}
	if s := r.Clip; s != nil {
		e.reportClip(s)
	}
	if s := r.Statement; s != nil {
		_, _ = fmt.Fprintf(e.out, "%s\t%s\n%s\t%d\nSHA-256\t%s\n", e.words.T("cli.verify.name"), locale.Visible(s.Name), e.words.T("cli.verify.size"), s.Size, s.SHA256)
	}
	if r.DueBy != nil && r.InLog.Answer == verify.NotYet {
		_, _ = fmt.Fprintf(e.out, "%s\t%s\n", e.words.T("cli.verify.due"), e.words.Full(*r.DueBy))
	}
}

// reportClip prints what a masked copy says of itself, so that nobody takes it for the original.
func (e *env) reportClip(s *clip.Statement) {
	_, _ = fmt.Fprintln(e.out, e.words.T("cli.verify.clip.what", s.No, len(s.Plan.Regions), len(s.Plan.Sounds)))
	for _, line := range [][2]string{
		{"cli.verify.case.bureau", s.Bureau},
		{"cli.verify.clip.why", s.Why},
		{"cli.verify.clip.by", s.By.Name},
		{"cli.verify.clip.span", e.words.T("cli.verify.clip.from_to", float64(s.Plan.From)/1000, float64(s.Plan.To)/1000)},
	} {
		_, _ = fmt.Fprintf(e.out, "%s\t%s\n", e.words.T(line[0]), locale.Visible(line[1]))
	}
	for _, a := range s.Approved {
		_, _ = fmt.Fprintf(e.out, "%s\t%s\n", e.words.T("cli.verify.clip.approved"), locale.Visible(a.Name))
	}
	for _, o := range s.Originals {
		_, _ = fmt.Fprintf(e.out, "%s\t%s\n", e.words.T("cli.verify.clip.original"), o.SHA256)
	}
	if t := s.Written; t != nil {
		_, _ = fmt.Fprintf(e.out, "%s\t%s\t%s\n", e.words.T("cli.verify.clip.transcript"), locale.Visible(t.Name), t.SHA256)
	}
}

// reportCase prints what a case package says of itself.
func (e *env) reportCase(c *verify.CaseFacts) {
	for _, line := range [][2]string{
		{"cli.verify.case.no", c.No},
		{"cli.verify.case.title", c.Title},
		{"cli.verify.case.bureau", c.Bureau},
		{"cli.verify.case.made_by", c.MadeBy},
		{"cli.verify.case.made_at", c.EnteredAt},
		{"cli.verify.case.fingerprint", c.Fingerprint},
	} {
		if line[1] != "" {
			_, _ = fmt.Fprintf(e.out, "%s\t%s\n", e.words.T(line[0]), locale.Visible(line[1]))
		}
	}
	_, _ = fmt.Fprintln(e.out, e.words.T("cli.verify.case.counts", c.Documents, c.Recordings, c.Entries, c.Files))
	if w := c.Whole; w != nil {
		_, _ = fmt.Fprintln(e.out, e.words.T("cli.verify.case.whole", w.Recordings, w.Originals, w.Copies, w.Left, w.Looks, w.Disclosures))
	}
}

// reportDisc prints what an evidence disc says of itself.
func (e *env) reportDisc(d *verify.DiscFacts) {
	for _, line := range [][2]string{
		{"cli.verify.disc.number", d.Number},
		{"cli.verify.case.no", d.CaseNo},
		{"cli.verify.case.title", d.CaseTitle},
		{"cli.verify.case.bureau", d.Bureau},
		{"cli.verify.case.made_by", d.MadeBy},
		{"cli.verify.case.made_at", d.EnteredAt},
		{"cli.verify.case.fingerprint", d.Fingerprint},
	} {
		if line[1] != "" {
			_, _ = fmt.Fprintf(e.out, "%s\t%s\n", e.words.T(line[0]), locale.Visible(line[1]))
		}
	}
	_, _ = fmt.Fprintln(e.out, e.words.T("cli.verify.disc.counts", d.Recordings, d.Files, d.Trees))
}

// reportGiven prints what a package that was given out says of itself.
func (e *env) reportGiven(g *verify.GivenFacts) {
	for _, line := range [][2]string{
		{"cli.verify.given.no", g.No},
		{"cli.verify.case.bureau", g.Bureau},
		{"cli.verify.given.to", g.To + " " + g.ToPerson},
		{"cli.verify.given.basis", g.Basis},
		{"cli.verify.given.purpose", g.Purpose},
		{"cli.verify.given.approved", g.ApprovedBy},
		{"cli.verify.case.made_by", g.MadeBy},
		{"cli.verify.case.made_at", g.EnteredAt},
		{"cli.verify.case.fingerprint", g.Fingerprint},
	} {
		if line[1] != "" && line[1] != " " {
			_, _ = fmt.Fprintf(e.out, "%s\t%s\n", e.words.T(line[0]), locale.Visible(line[1]))
		}
	}
	_, _ = fmt.Fprintln(e.out, e.words.T("cli.verify.given.counts", g.Originals, g.Copies, g.Documents, g.Files))
}
