package main

import (
	"fmt"

	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/media"
)

type mediaCmd struct {
	File string `arg:"" help:"The media file." type:"existingfile"`
	JSON bool   `help:"For machines (docs/formats/media-json.md)."`
}

// Run says what the file tells of itself, by sandboxed tools.
func (c mediaCmd) Run(e *env) error {
	p, err := media.New(e.ctx, media.Config{Logger: e.log, Clock: e.clock, AllowRlimit: true})
	if err != nil {
		return err
	}
	facts, err := p.ProbeFile(e.ctx, c.File)
	if err != nil {
		return err
	}
	r := media.JSON(facts)
	if c.JSON {
		return printJSON(e.out, r)
	}
	w := e.words
	line := func(key, value string) {
		_, _ = fmt.Fprintf(e.out, "%s\t%s\n", w.T(key), locale.Visible(value))
	}
	line("cli.media.container", r.Container)
	if r.DurationS != nil {
		line("cli.media.duration", w.Exact(facts.Duration))
	}
	start := w.T("cli.media.unknown")
	if r.Start.Value != nil {
		start = fmt.Sprintf("%s (%s)", *r.Start.Value, r.Start.Source)
	}
	line("cli.media.start", start)
	for _, d := range r.Start.Doubt {
		line("cli.media.doubt", string(d))
	}
	for _, t := range r.Tracks {
		line("cli.media.track", fmt.Sprintf("%s %s", t.Kind, t.Codec))
	}
	for _, f := range r.Flags {
		line("cli.media.flag", string(f))
	}
	return nil
}
