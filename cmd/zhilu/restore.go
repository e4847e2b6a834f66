package main

import (
	"fmt"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody/fsck"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/rescue"
)

type restoreCmd struct {
	config.Place `embed:""`

	From     string `help:"Folder of the backups." required:"" placeholder:"DIR"`
	Set      string `help:"Which set; empty means the newest." placeholder:"ID"`
	Identity string `help:"File of the identity that opens the backup; empty means backup.identity in the keys folder." type:"existingfile" placeholder:"FILE"`
	WithKeys bool   `name:"with-keys" help:"Restore the keys folder too, which must be empty, from a backup that holds it."`
	JSON     bool   `help:"For machines."`
}

// Run restores and checks what came out. 0: whole; 3: something is wrong, and which; 1: it could not be done.
func (c restoreCmd) Run(e *env) error {
	out, err := app.Restore(e.ctx, rescue.RestoreConfig{
		Place: c.Place, From: c.From, Set: c.Set, Identity: c.Identity, WithKeys: c.WithKeys, Clock: e.clock, Log: e.log, OnObject: e.progress(c.JSON),
	})
	if err != nil {
		return err
	}
	// That the log lies behind what was published is not damage. It is what a restore is, and it is said apart.
	var wrong []fsck.Finding
	for _, f := range out.Check.Findings {
		if f.Code != "log.head.behind" {
			wrong = append(wrong, f)
		}
	}
	if c.JSON {
		if err := printJSON(e.out, out); err != nil {
			return err
		}
	} else {
		e.restored(out, wrong)
	}
	if len(wrong)+len(out.Damaged) > 0 {
		return status(exitWrong)
	}
	return nil
}

func (e *env) restored(out *rescue.Restored, wrong []fsck.Finding) {
	say := func(key string, args ...any) { _, _ = fmt.Fprintln(e.out, e.words.T(key, args...)) }
	say("cli.restore.done", out.Set, e.words.Full(out.Taken), out.Objects, e.words.Size(out.Bytes), out.LogSize)
	for _, name := range out.Damaged {
		_, _ = fmt.Fprintf(e.out, "backup.damaged\t%s\n", locale.Visible(name))
	}
	for _, f := range wrong {
		_, _ = fmt.Fprintf(e.out, "%s\t%s\t%s\n", f.Code, locale.Visible(f.ID), locale.Visible(f.What))
	}
	switch {
	case out.Published < 0:
		say("cli.restore.no_head")
	case out.Behind > 0:
		say("cli.restore.behind", out.Published, out.LogSize, out.Behind)
	default:
		say("cli.restore.abreast", out.LogSize)
	}
	key := "cli.restore.sound"
	if len(wrong)+len(out.Damaged) > 0 {
		key = "cli.restore.wrong"
	}
	say(key, len(wrong)+len(out.Damaged))
}
