package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/regulation/catalogue"
	"zhilu.dev/zhilu/internal/regulation/term"
)

type regulationCmd struct {
	Check   regulationCheckCmd   `cmd:"" help:"Check files of the regulation's catalogue, JSON or Excel: exit 0, or 3 with row and reason."`
	Convert regulationConvertCmd `cmd:"" help:"Write a file of the catalogue as an Excel workbook, or back as JSON."`
}

type regulationCheckCmd struct {
	Files []string `arg:"" name:"file" help:"Files (docs/formats/regulation.md). What they refer to and none of them holds is looked up in what the program ships." type:"existingfile"`
	JSON  bool     `help:"For machines: one line a problem."`
}

// Run judges all files together, since documents name terms and matters.
func (c regulationCheckCmd) Run(e *env) error {
	rest, err := catalogue.Shipped()
	if err != nil {
		return fmt.Errorf("regulation check: %w", err)
	}
	var (
		files    []catalogue.File
		problems []catalogue.Problem
		rows     int
	)
	for _, name := range c.Files {
		raw, err := readWhole(name)
		if err != nil {
			return err
		}
		f, wrong := catalogue.ReadAny(name, raw)
		problems = append(problems, wrong...)
		files = append(files, f)
		rows += len(f.Documents) + len(f.Terms) + len(f.Matters) + len(f.Obligations)
	}
	problems = append(problems, catalogue.Check(files, rest)...)
	if err := e.problems(problems, c.JSON); err != nil {
		return err
	}
	if !c.JSON {
		_, _ = fmt.Fprintln(e.out, e.words.T("regulation.whole", rows))
	}
	return nil
}

// problems prints what is wrong in files and gives exit 3 if anything is.
func (e *env) problems(problems []catalogue.Problem, asJSON bool) error {
	for _, p := range problems {
		if asJSON {
			if err := printJSON(e.out, p); err != nil {
				return err
			}
			continue
		}
		where := locale.Visible(p.File)
		if p.Row > 0 {
			where = e.words.T("regulation.row", where, p.Row, locale.Visible(p.ID))
		}
		_, _ = fmt.Fprintln(e.out, e.words.T("regulation.problem", where, locale.Visible(p.Field),
			e.words.T("regulation.problem."+p.Code, locale.Visible(p.Arg))))
	}
	if len(problems) > 0 {
		return status(exitWrong)
	}
	return nil
}

type regulationConvertCmd struct {
	From string `arg:"" help:"The file." type:"existingfile"`
	To   string `arg:"" help:"The file to write, .xlsx or .json. It must not exist."`
}

// Run reads one form and writes the other.
func (c regulationConvertCmd) Run(e *env) error {
	write := catalogue.JSON
	switch strings.ToLower(filepath.Ext(c.To)) {
	case ".json":
	case ".xlsx":
		write = catalogue.Excel
	default:
		return fault.New(fault.Invalid, "regulation.form", c.To).At("to")
	}
	raw, err := readWhole(c.From)
	if err != nil {
		return err
	}
	f, problems := catalogue.ReadAny(c.From, raw)
	if err := e.problems(problems, false); err != nil {
		return err
	}
	if raw, err = write(f); err != nil {
		return fmt.Errorf("regulation convert: %w", err)
	}
	out, err := os.OpenFile(c.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // rules are public
	if err != nil {
		return fault.Wrap(err, fault.Conflict, "regulation.file_there", c.To)
	}
	if _, err := out.Write(raw); err != nil {
		_ = out.Close()
		return fmt.Errorf("regulation convert: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("regulation convert: %w", err)
	}
	return nil
}

// readWhole reads a file no larger than a catalogue may be.
func readWhole(name string) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fault.Wrap(err, fault.Forbidden, "regulation.file_closed", name)
	}
	defer func() { _ = f.Close() }() // only read
	raw, err := io.ReadAll(io.LimitReader(f, catalogue.MaxBytes+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Forbidden, "regulation.file_closed", name)
	}
	return raw, nil
}

type termsCmd struct {
	Start    string   `help:"The day of the event, 2026-03-02; for terms in hours with the time, 2026-03-02T10:30 (Beijing time) or RFC 3339." required:"" placeholder:"DATE"`
	Term     string   `help:"The term's id in the catalogue." required:"" placeholder:"ID"`
	Calendar string   `help:"Working-day calendar (docs/formats/regulation.md) in place of the one the program ships." type:"existingfile" placeholder:"FILE"`
	Pause    []string `help:"Days that do not count, by a written notice: FROM..TO=NOTICE or FROM..TO=NOTICE;BASIS." sep:"none" placeholder:"PAUSE"`
	Extended bool     `help:"The term was lengthened by who may."`
	JSON     bool     `help:"For machines."`
}

// Run computes the last day of a term.
func (c termsCmd) Run(e *env) error {
	cat, err := catalogue.Shipped()
	if err != nil {
		return fmt.Errorf("terms: %w", err)
	}
	t, ok := cat.Term(c.Term)
	if !ok {
		return fault.New(fault.Invalid, "term.unknown", c.Term).At("term")
	}
	raw := catalogue.ShippedCalendar()
	if c.Calendar != "" {
		if raw, err = readWhole(c.Calendar); err != nil {
			return err
		}
	}
	cal, err := term.ReadCalendar(raw)
	if err != nil {
		return fmt.Errorf("terms: %w", err)
	}
	in := term.Input{Term: t, Extended: c.Extended}
	if in.Start, in.Timed, err = term.ParseStart(c.Start); err != nil {
		return fmt.Errorf("terms: %w", err)
	}
	for _, s := range c.Pause {
		p, err := term.ParsePause(s)
		if err != nil {
			return fmt.Errorf("terms: %w", err)
		}
		in.Pauses = append(in.Pauses, p)
	}
	r, err := term.Compute(cal, in)
	if err != nil {
		return fmt.Errorf("terms: %w", err)
	}
	if c.JSON {
		if err := printJSON(e.out, r); err != nil {
			return err
		}
	}
	if r.Doubt != "" {
		return fault.New(fault.NotFound, "term.cannot_judge", e.words.T("term.doubt."+string(r.Doubt)))
	}
	if c.JSON {
		return nil
	}
	_, _ = fmt.Fprintln(e.out, e.words.T("term.due", t.ZH, r.Due, r.Basis))
	for _, w := range r.Warnings {
		_, _ = fmt.Fprintln(e.out, e.words.T("term.warning."+string(w)))
	}
	return nil
}
