package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/app/giving"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/locale"
)

type exportCmd struct {
	Case exportCaseCmd `cmd:"" help:"A whole case as one package that zhilu verify checks: papers, receipts of recordings, the log's entries with their proofs."`
}

type exportCaseCmd struct {
	config.Place `embed:""`

	Number  string `arg:"" help:"The case's number."`
	Request int64  `help:"Number of the consented request to look at this case." required:"" placeholder:"NO"`
	As      string `help:"Sign-in name of the person whose request it is." required:"" placeholder:"USER"`
	Out     string `help:"Folder that the package becomes; it must not exist, or be empty." required:"" placeholder:"DIR"`
	Zip     bool   `help:"Besides, the same as DIR.zip; with --whole, DIR.zip instead."`
	Whole   bool   `help:"With the footage that the request names, the verdicts, the rows of the registers and one index of all."`
	To      string `help:"With --whole: DIR.zip.age instead, encrypted for this public key." placeholder:"age1…"`
	Sheet   string `help:"Folder with the node_modules that set papers as PDF; empty looks beside the program." placeholder:"DIR"`
	JSON    bool   `help:"For machines."`
}

// Run makes the package. Done again after it broke off, it goes on.
func (c exportCaseCmd) Run(e *env) error {
	show := func(int, int) {}
	if !c.JSON && isTerminal(e.errOut) {
		show = func(done, total int) {
			_, _ = fmt.Fprintf(e.errOut, "\r%s", e.words.T("cli.export.progress", done, total))
		}
	}
	var away *giving.Away
	if c.Whole {
		away = &giving.Away{Zip: c.Zip, Recipient: c.To}
		if !c.JSON && isTerminal(e.errOut) {
			last := int64(-1)
			away.Progress = func(done, total int64) {
				if now := done >> 26; now != last {
					last = now
					_, _ = fmt.Fprintf(e.errOut, "\r%s", e.words.T("cli.export.bytes", e.words.Size(done), e.words.Size(total)))
				}
			}
		}
	}
	res, err := app.ExportCase(e.ctx, app.OpenConfig{Place: c.Place, Clock: e.clock, Log: e.log, Version: version}, app.CaseExport{
		Number: c.Number, Request: c.Request, As: c.As, Out: c.Out, Sheet: c.Sheet, Progress: show, Whole: away,
	})
	if err != nil {
		return err
	}
	if c.Zip && !c.Whole {
		if err := zipPackage(c.Out); err != nil {
			return err
		}
	}
	if c.JSON {
		return printJSON(e.out, res)
	}
	_, err = fmt.Fprintf(e.out, "%s\n%s\t%s\nSHA-256\t%s\n", e.words.T("cli.export.made", locale.Visible(res.Case), res.Documents, res.Pages), e.words.T("cli.export.entry"), res.Entry, res.SHA256)
	return err
}

// zipPackage writes DIR.zip beside DIR; nothing that has that name is replaced.
func zipPackage(dir string) (err error) {
	f, err := os.OpenFile(filepath.Clean(dir)+".zip", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := dossier.Zip(f, dir); err != nil {
		return err
	}
	return f.Sync()
}
