package main

import (
	"fmt"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/locale"
)

type fsckCmd struct {
	config.Place `embed:""`

	Online   bool `help:"A server is running on this data: what is on its way is no finding."`
	ReadOnly bool `name:"read-only" help:"Leave no trace, as on a write-protected copy: write nothing, not even the entry that the data was checked."`
	JSON     bool `help:"One line of JSON a finding, and nothing where nothing is wrong (docs/formats/fsck-json.md)." xor:"form"`
	Report   bool `help:"The whole report as JSON: what was looked at, and what was found." xor:"form"`
}

// Run checks everything against everything. 0: nothing found; 3: something is wrong, and which; 1: it could not look, or
// nothing was found and the log could not be told so.
func (c fsckCmd) Run(e *env) error {
	show := func(int, int64) {}
	if !c.JSON && !c.Report && isTerminal(e.errOut) {
		show = func(n int, bytes int64) {
			_, _ = fmt.Fprintf(e.errOut, "\r%s", e.words.T("cli.fsck.progress", n, e.words.Size(bytes)))
		}
	}
	rep, unrecorded := app.Fsck(e.ctx, app.FsckConfig{
		Place: c.Place, Clock: e.clock, Log: e.log, Online: c.Online, ReadOnly: c.ReadOnly, OnObject: show,
	})
	if rep == nil {
		return unrecorded
	}
	switch {
	case c.Report:
		if err := printJSON(e.out, rep); err != nil {
			return err
		}
	case c.JSON:
		for _, f := range rep.Findings {
			if err := printJSON(e.out, f.Line()); err != nil {
				return err
			}
		}
	default:
		_, _ = fmt.Fprintln(e.out, e.words.T("cli.fsck.seen", rep.Objects, e.words.Size(rep.Bytes), rep.Files, rep.Receipts, rep.Log.Placed, rep.Rows))
		for _, f := range rep.Findings {
			_, _ = fmt.Fprintf(e.out, "%s\t%s\t%s\n", f.Code, locale.Visible(f.ID), locale.Visible(f.What))
		}
		for _, f := range rep.Rebuild {
			_, _ = fmt.Fprintln(e.out, e.words.T("cli.fsck.rebuild", locale.Visible(f.What)))
		}
		key := "cli.fsck.sound"
		if !rep.OK() {
			key = "cli.fsck.wrong"
		}
		_, _ = fmt.Fprintln(e.out, e.words.T(key, len(rep.Findings)))
		if rep.Entry != "" {
			_, _ = fmt.Fprintln(e.out, e.words.T("cli.fsck.entry", rep.Entry))
		}
	}
	if unrecorded != nil {
		if code := e.end(unrecorded); rep.OK() {
			return status(code)
		}
	}
	if !rep.OK() {
		return status(exitWrong)
	}
	return nil
}
