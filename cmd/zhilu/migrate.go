package main

import (
	"fmt"
	"strings"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/app/move"
	"zhilu.dev/zhilu/internal/config"
)

type migrateCmd struct {
	Database moveDatabaseCmd `cmd:"" help:"Move the rows from SQLite to an empty PostgreSQL database. The server is stopped meanwhile."`
	Vault    moveVaultCmd    `cmd:"" help:"Move the sealed objects from a folder to an S3 bucket with Object Lock. The server is stopped meanwhile."`
}

// moving is what both have.
type moving struct {
	config.Place `embed:""`

	To   string `help:"The new place: postgres:// or s3:// URL. ZHILU_TO may hold it, which keeps a password out of the list of processes." required:"" placeholder:"URL"`
	As   string `help:"Who does it." required:"" placeholder:"NAME"`
	JSON bool   `help:"For machines."`
}

func (m moving) config(e *env) move.Config {
	return move.Config{
		House: app.OpenConfig{Place: m.Place, Clock: e.clock, Log: e.log}, To: m.To, As: m.As,
		Step: func(step string) error {
			_, err := fmt.Fprintln(e.errOut, e.words.T("cli.move.step", step))
			return err
		},
	}
}

// end prints what was moved. setting is how to use it, without a password.
func (m moving) end(e *env, rep *move.Report, said, setting string) error {
	if m.JSON {
		return printJSON(e.out, rep)
	}
	_, err := fmt.Fprintln(e.out, said+"\n"+e.words.T("cli.move.set", setting)+"\n"+e.words.T("cli.fsck.entry", rep.Entry))
	return err
}

type moveDatabaseCmd struct {
	moving `embed:""`
}

// Run moves the rows.
func (c moveDatabaseCmd) Run(e *env) error {
	rep, err := move.Database(e.ctx, c.config(e))
	if err != nil {
		return err
	}
	return c.end(e, rep, e.words.T("cli.move.database", rep.Tables, rep.Rows, rep.Log, rep.Root), "--database '"+rep.To+"'")
}

type moveVaultCmd struct {
	moving `embed:""`
}

// Run moves the objects.
func (c moveVaultCmd) Run(e *env) error {
	rep, err := move.Vault(e.ctx, c.config(e))
	if err != nil {
		return err
	}
	return c.end(e, rep, e.words.T("cli.move.vault", rep.Sealed, e.words.Size(rep.Bytes)), "--vault '"+strings.ReplaceAll(c.To, "'", "")+"'")
}
