package main

import (
	"fmt"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/rescue"
)

type backupCmd struct {
	To       string `help:"Folder of the backups, on another disk." placeholder:"DIR"`
	Data     string `help:"Folder of the evidence and, without --database, of the rows." placeholder:"DIR"`
	Keys     string `help:"Folder of the signing and storage keys, apart from --data." placeholder:"DIR"`
	Database string `help:"postgres:// URL; empty means SQLite inside --data." placeholder:"URL"`
	Vault    string `help:"file:// URL of the sealed objects; empty means inside --data." placeholder:"URL"`

	WithKeys    bool   `name:"with-keys" help:"Put the keys folder into the backup too. Whoever holds the identity can then read everything and sign as the bureau."`
	Drill       bool   `help:"Restore what was written, check it, and remove it again." default:"true" negatable:""`
	Full        bool   `help:"Let the drill read every object, not only new ones and a sample."`
	Check       bool   `help:"Write nothing: compare every byte of the backup with what was written. Needs no keys."`
	NewIdentity string `name:"new-identity" help:"Write nothing but this file: a new identity that opens the backups made from now on. Keep it offline." placeholder:"FILE"`
	JSON        bool   `help:"For machines."`
}

func (c *backupCmd) place() config.Place {
	return config.Place{Data: c.Data, Keys: c.Keys, Database: c.Database, Vault: c.Vault}
}

// Run backs the house up and restores what it wrote, or checks a backup. 0: done, and sound; 3: something is wrong, and
// which; 1: it could not be done.
func (c backupCmd) Run(e *env) error {
	if c.Check {
		return c.check(e)
	}
	p := c.place()
	if err := p.Check(); err != nil {
		return err
	}
	if c.NewIdentity != "" {
		public, err := rescue.NewIdentity(p, c.NewIdentity)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(e.out, e.words.T("cli.backup.identity", c.NewIdentity, public))
		return err
	}
	if c.To == "" {
		return config.Missing("to")
	}
	if err := config.Apart(p, c.To); err != nil {
		return err
	}
	out, err := app.Backup(e.ctx, app.OpenConfig{Place: p, Clock: e.clock, Log: e.log}, rescue.Request{
		To: c.To, WithKeys: c.WithKeys, NoDrill: !c.Drill, Full: c.Full, OnObject: e.progress(c.JSON),
	})
	if out == nil {
		return err
	}
	if c.JSON {
		if err := printJSON(e.out, backupJSON(out)); err != nil {
			return err
		}
	} else {
		e.backed(out, c)
	}
	if fault.HasCode(err, "backup.damaged") || fault.HasCode(err, "backup.drill_found") {
		_ = e.end(err)
		return status(exitWrong)
	}
	return err
}

// progress shows how many objects were met, where somebody looks.
func (e *env) progress(quiet bool) func(int, int64) {
	if quiet || !isTerminal(e.errOut) {
		return func(int, int64) {}
	}
	return func(n int, bytes int64) {
		_, _ = fmt.Fprintf(e.errOut, "\r%s", e.words.T("cli.fsck.progress", n, e.words.Size(bytes)))
	}
}

func (e *env) backed(out *rescue.Backed, c backupCmd) {
	say := func(key string, args ...any) { _, _ = fmt.Fprintln(e.out, e.words.T(key, args...)) }
	say("cli.backup.written", out.Set, out.Objects, e.words.Size(out.Bytes), len(out.New), e.words.Size(out.NewBytes), out.LogSize)
	if c.WithKeys {
		say("cli.backup.with_keys")
	}
	if out.IdentityHere {
		say("cli.backup.identity_here", c.Keys)
	}
	if d := out.Drill; d != nil {
		for _, f := range d.Report.Findings {
			_, _ = fmt.Fprintf(e.out, "%s\t%s\t%s\n", f.Code, locale.Visible(f.ID), locale.Visible(f.What))
		}
		if d.Report.OK() && d.Report.Log != nil {
			say("cli.backup.drilled", d.Report.Log.Placed, d.Report.Rows, d.Report.Objects, e.words.Size(d.Report.Bytes))
		}
	}
}

func backupJSON(out *rescue.Backed) map[string]any {
	m := map[string]any{
		"set": out.Set, "taken": out.Taken, "objects": out.Objects, "bytes": out.Bytes, "new": len(out.New), "new_bytes": out.NewBytes,
		"log_size": out.LogSize, "log_root": out.LogRoot, "identity_here": out.IdentityHere,
	}
	if out.Drill != nil {
		m["drill"] = map[string]any{"full": out.Drill.Full, "objects": out.Drill.Report.Objects, "findings": out.Drill.Report.Findings}
	}
	return m
}

// check compares the backup with itself and says which file is wrong.
func (c backupCmd) check(e *env) error {
	if c.To == "" {
		return config.Missing("to")
	}
	rep, err := rescue.Check(e.ctx, c.To, c.Data)
	if err != nil {
		return err
	}
	for _, f := range rep.Findings {
		if c.JSON {
			err = printJSON(e.out, f)
		} else {
			_, err = fmt.Fprintf(e.out, "%s\t%s\t%s\n", f.Kind, locale.Visible(f.Subject), locale.Visible(f.What))
		}
		if err != nil {
			return err
		}
	}
	if !c.JSON {
		_, _ = fmt.Fprintln(e.out, e.words.T("cli.backup.checked", rep.Sets, rep.Objects, e.words.Size(rep.Bytes), len(rep.Findings)))
	}
	if len(rep.Findings) > 0 {
		return status(exitWrong)
	}
	return nil
}
