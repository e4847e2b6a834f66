package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/disclosure/disc"
	"zhilu.dev/zhilu/internal/disclosure/disc/optical"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
)

type discCmd struct {
	Make  discMakeCmd  `cmd:"" help:"Make an evidence disc that zhilu verify checks, on a consented request to copy: an image, a folder or a bag."`
	Note  discNoteCmd  `cmd:"" help:"Print an empty written note, to be filled in for make --note."`
	Check discCheckCmd `cmd:"" help:"Read a disc that was burned, an image or a mounted folder, and write down what was found."`
	Burn  discBurnCmd  `cmd:"" help:"Write an image to a drive of this machine, with xorriso."`
}

type discMakeCmd struct {
	config.Place `embed:""`

	Request   int64    `help:"Number of the consented request to copy." required:"" placeholder:"NO"`
	As        string   `help:"Sign-in name of the person whose request it is." required:"" placeholder:"USER"`
	Note      string   `help:"The written note as JSON; zhilu disc note prints an empty one." required:"" type:"existingfile" placeholder:"FILE.json"`
	Out       string   `help:"What it becomes; it must not exist." required:"" placeholder:"FILE.iso"`
	Form      string   `help:"What is made: image, folder or bag." enum:"image,folder,bag" default:"image" placeholder:"FORM"`
	Case      string   `help:"Number of the case that the disc is for, to which its recordings must be linked; empty takes the request's." placeholder:"NO"`
	Recording []string `sep:"," help:"Only these of the request's recordings." placeholder:"ID"`
	Programs  string   `help:"Folder with the programs that go on the disc (make verifiers); empty looks beside the program." placeholder:"DIR"`
	Sheet     string   `help:"Folder with the node_modules that set papers as PDF; empty looks beside the program." placeholder:"DIR"`
	JSON      bool     `help:"For machines."`
}

// Run makes the disc.
func (c discMakeCmd) Run(e *env) (err error) {
	raw, err := os.ReadFile(c.Note)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "disc.note_form").At("note")
	}
	order := disc.Order{Request: c.Request, Form: disc.Form(c.Form), Via: "host"}
	if order.Note, err = disc.ReadNote(raw); err != nil {
		return err
	}
	if order.Out, err = filepath.Abs(c.Out); err != nil {
		return fault.Wrap(err, fault.Invalid, "disc.out", c.Out).At("out")
	}
	for _, id := range c.Recording {
		rec, err := ident.Parse[ident.RecordingID](id)
		if err != nil {
			return err
		}
		order.Recordings = append(order.Recordings, rec)
	}
	if !c.JSON && isTerminal(e.errOut) {
		order.Progress = func(done, total int64) {
			_, _ = fmt.Fprintf(e.errOut, "\r%s", e.words.T("cli.disc.progress", e.words.Size(done), e.words.Size(total)))
		}
	}
	var res disc.Result
	err = c.at(e, func(ctx context.Context, d *app.Desk, s *disc.Service) (err error) {
		if c.Case != "" {
			f, err := d.Cases.ByNumber(ctx, access.HostActor("disc make"), c.Case)
			if err != nil {
				return err
			}
			order.Case = f.Case.ID
		}
		res, err = s.Make(ctx, d.Actor, order)
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e.out, res)
	}
	_, err = fmt.Fprintf(e.out, "%s\n%s\t%s\nmanifest.json SHA-256\t%s\n", e.words.T("cli.disc.made", res.Number, res.Files, e.words.Size(res.Bytes)), e.words.T("cli.export.entry"), res.Entry, res.Manifest)
	if err == nil && res.Image != "" {
		_, err = fmt.Fprintf(e.out, "%s SHA-256\t%s\n", locale.Visible(filepath.Base(res.Out)), res.Image)
	}
	return err
}

func (c discMakeCmd) at(e *env, do func(ctx context.Context, d *app.Desk, s *disc.Service) error) error {
	return atDiscs(e, c.Place, c.As, c.Sheet, config.Programs(c.Programs), do)
}

// atDiscs opens a house as a person and gives it with its discs.
func atDiscs(e *env, place config.Place, as, sheets, programs string, do func(ctx context.Context, d *app.Desk, s *disc.Service) error) (err error) {
	d, err := app.OpenDesk(e.ctx, app.OpenConfig{Place: place, Clock: e.clock, Log: e.log, Version: version}, as, sheets)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	lent, err := d.Lend(e.ctx)
	if err != nil {
		return err
	}
	lent.Programs = programs
	s, err := lent.Discs(d.Sequence)
	if err != nil {
		return err
	}
	return do(e.ctx, d, s)
}

type discNoteCmd struct{}

// Run prints an empty note.
func (discNoteCmd) Run(e *env) error {
	_, err := io.WriteString(e.out, disc.EmptyNote())
	return err
}

type discCheckCmd struct {
	config.Place `embed:""`

	Disc string `help:"Number of the disc, as printed or as 2026-3." required:"" placeholder:"NO"`
	From string `help:"The drive, image or folder to read." required:"" placeholder:"PATH"`
	Copy int    `help:"Which copy it is, as registered; 0 for an image that was not burned." placeholder:"N"`
	As   string `help:"Sign-in name of who reads it." required:"" placeholder:"USER"`
	JSON bool   `help:"For machines."`
}

// Run reads the disc and writes down what was found: exit code 3 where it is not whole.
func (c discCheckCmd) Run(e *env) error {
	var found []string
	var check disc.Check
	err := atDiscs(e, c.Place, c.As, "", "", func(ctx context.Context, d *app.Desk, s *disc.Service) error {
		x, err := s.Numbered(ctx, c.Disc)
		if err != nil {
			return err
		}
		of, wrong, err := s.Read(ctx, x, c.From)
		if err != nil {
			return err
		}
		of.Copy, found = c.Copy, wrong
		check, err = s.Record(ctx, d.Actor, x.ID, of)
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(e.out, map[string]any{"check": check.ID, "whole": check.Whole, "found": found}); err != nil {
			return err
		}
	} else {
		key := "cli.disc.whole"
		if !check.Whole {
			key = "cli.disc.not_whole"
		}
		_, _ = fmt.Fprintln(e.out, e.words.T(key, c.Disc))
		for _, f := range found {
			_, _ = fmt.Fprintln(e.out, locale.Visible(f))
		}
	}
	if !check.Whole {
		return status(exitWrong)
	}
	return nil
}

type discBurnCmd struct {
	Image string `arg:"" help:"The image." type:"existingfile"`
	Drive string `help:"The drive; empty takes the only one there is." placeholder:"/dev/sr0"`
}

// Run burns the image.
func (c discBurnCmd) Run(e *env) error {
	drives := optical.Drives()
	if c.Drive == "" {
		if len(drives) != 1 {
			return fault.New(fault.NotFound, "disc.no_drive", "/dev/sr*").At("drive")
		}
		c.Drive = drives[0]
	}
	if err := optical.Burn(e.ctx, c.Image, c.Drive, e.errOut); err != nil {
		return err
	}
	_, err := fmt.Fprintln(e.out, e.words.T("cli.disc.burned", c.Drive))
	return err
}
