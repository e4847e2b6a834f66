package main

import (
	"fmt"
	"time"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/locale"
)

type scrubCmd struct {
	config.Place `embed:""`

	Percent int  `help:"Most of the disk's time that may go into reading (1 to 100)." default:"100"`
	JSON    bool `help:"One line of JSON a finding, as of fsck."`
}

// Run does at once what the server does all the time. 0: nothing is wrong; 3: something is, and which.
func (c scrubCmd) Run(e *env) error {
	st, err := app.Scrub(e.ctx, app.OpenConfig{Place: c.Place, Clock: e.clock, Log: e.log}, float64(min(max(c.Percent, 1), 100))/100)
	if err != nil {
		return err
	}
	for _, f := range st.Findings {
		if c.JSON {
			line := fsck.Finding{Code: f.Code, ID: f.Subject, What: f.What, File: f.File, Recording: f.Recording}
			if !f.LastGood.IsZero() {
				line.LastGood = &f.LastGood
			}
			if err := printJSON(e.out, line.Line()); err != nil {
				return err
			}
			continue
		}
		good := e.words.T("scrub.never")
		if !f.LastGood.IsZero() {
			good = f.LastGood.UTC().Format(time.RFC3339)
		}
		_, _ = fmt.Fprintf(e.out, "%s\t%s\t%s\t%s\t%s\n", f.Code, locale.Visible(f.Subject), f.File, f.Recording, good)
	}
	if !c.JSON {
		_, _ = fmt.Fprintln(e.out, e.words.T("cli.scrub.done", st.Cycle, st.Objects, e.words.Size(st.ReadBytes), len(st.Findings)))
	}
	if len(st.Findings) > 0 {
		return status(exitWrong)
	}
	return nil
}
