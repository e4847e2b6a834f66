package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/slate"
	"zhilu.dev/zhilu/internal/slate/draw"
	"zhilu.dev/zhilu/internal/slate/find"
)

type slateCmd struct {
	Make slateMakeCmd `cmd:"" help:"Draw a slate, as a phone would show it."`
	Find slateFindCmd `cmd:"" help:"Look for slates in pictures and films, and say what each is worth."`
}

type slateMakeCmd struct {
	Keys     string        `help:"The bureau's folder of keys; its receipt key signs." type:"existingdir" placeholder:"DIR"`
	Key      string        `help:"A private Ed25519 key (PKCS#8 PEM) to sign instead." type:"existingfile" placeholder:"FILE"`
	Activity string        `help:"The activity's id." required:"" placeholder:"UUID"`
	Kind     string        `help:"What it marks: arrival, again (after an interruption) or departure." enum:"arrival,again,departure" default:"arrival"`
	Shown    time.Time     `help:"When it is shown, by the phone's clock (RFC 3339); now if missing." placeholder:"TIME"`
	Error    time.Duration `help:"How far the phone's clock may be off." default:"500ms"`
	Out      string        `help:"The picture: FILE.png or FILE.svg." required:"" placeholder:"FILE"`
	Scale    int           `help:"Points a module of a PNG." default:"8"`
	JSON     bool          `help:"For machines."`
}

// Run makes one slate.
func (c slateMakeCmd) Run(e *env) error {
	id, err := uuid.Parse(c.Activity)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "id.malformed").At("activity")
	}
	if c.Key == "" && c.Keys != "" {
		c.Key = filepath.Join(c.Keys, "receipt.key")
	}
	bureau, err := draw.Key(c.Key)
	if err != nil {
		return err
	}
	if c.Shown.IsZero() {
		c.Shown = e.clock.Now()
	}
	kind, _ := slate.KindOf(c.Kind) // kong holds it to the list
	text, err := draw.Slate(bureau, draw.Order{Activity: id, Kind: kind, Shown: c.Shown, Error: c.Error, Out: c.Out, Scale: c.Scale})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e.out, map[string]any{"text": text, "activity": id.String(), "kind": c.Kind, "file": c.Out})
	}
	_, err = fmt.Fprintln(e.out, e.words.T("cli.slate.made", c.Out))
	return err
}

type slateFindCmd struct {
	Files    []string  `arg:"" help:"Pictures (PNG, JPEG) and films." type:"existingfile"`
	Trust    string    `help:"The bureau's trust.json; without it every slate is foreign." type:"existingfile" placeholder:"FILE"`
	Activity string    `help:"The activity that the footage is said to show." placeholder:"UUID"`
	From     time.Time `help:"When it began (RFC 3339)." placeholder:"TIME"`
	To       time.Time `help:"When it ended (RFC 3339)." placeholder:"TIME"`
	Started  time.Time `help:"When the film began, by the camera's clock (RFC 3339): gives the clock's offset." placeholder:"TIME"`
	First    bool      `help:"Stop at the first slate that counts."`
	JSON     bool      `help:"For machines (docs/formats/slate-v1.md)."`
}

// Run exits with 3 where a slate is not worth what it says.
func (c slateFindCmd) Run(e *env) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	all, bad := []find.Told{}, false
	for _, name := range c.Files {
		hits, err := find.InFile(e.ctx, e.log, e.clock, name, o)
		if err != nil {
			return err
		}
		for _, h := range hits {
			bad = bad || h.Verdict != slate.Genuine
			all = append(all, h.Told(name, c.Started))
		}
	}
	if c.JSON {
		err = printJSON(e.out, map[string]any{"slates": all})
	} else {
		err = c.print(e, all)
	}
	if err == nil && bad {
		return status(exitWrong)
	}
	return err
}

func (c slateFindCmd) options() (find.Options, error) {
	o := find.Options{Anything: c.Activity == ""}
	if !o.Anything {
		id, err := uuid.Parse(c.Activity)
		if err != nil {
			return o, fault.Wrap(err, fault.Invalid, "id.malformed").At("activity")
		}
		if c.To.IsZero() {
			c.To = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		o.Want = slate.Expected{Activity: id, From: c.From, To: c.To}
	}
	if c.First {
		o.Enough = find.OneGenuine
	}
	if c.Trust == "" {
		return o, nil
	}
	raw, err := os.ReadFile(c.Trust)
	if err != nil {
		return o, fault.Wrap(err, fault.NotFound, "verify.unreadable", c.Trust)
	}
	o.Keys, err = find.Trusted(raw)
	return o, err
}

func (c slateFindCmd) print(e *env, all []find.Told) error {
	w := e.words
	if len(all) == 0 {
		_, err := fmt.Fprintln(e.out, w.T("cli.slate.none"))
		return err
	}
	for _, h := range all {
		line := w.T("cli.slate.hit", h.File, fmt.Sprintf("%.3f", h.FirstS), w.T("cli.slate.verdict."+string(h.Verdict)))
		if h.Kind != "" {
			line += w.T("cli.slate.of", w.T("cli.slate.kind."+h.Kind), h.Activity, h.Shown)
		}
		if h.Offset != nil {
			line += w.T("cli.slate.offset", fmt.Sprintf("%.3f", h.Offset.Min), fmt.Sprintf("%.3f", h.Offset.Max))
		}
		if _, err := fmt.Fprintln(e.out, line); err != nil {
			return err
		}
	}
	return nil
}
