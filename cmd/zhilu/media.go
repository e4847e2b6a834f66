package main

import (
	"context"
	"fmt"
	"os"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/place"
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
		// The person at this command has the file itself, so its places are no secret to them (decision 1). Nothing
		// else in the house writes them out.
		claims, err := places(e.ctx, c.File, facts)
		if err != nil {
			return err
		}
		return printJSON(e.out, mediaReport{r, claims})
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
	for _, g := range r.Gaps {
		line("cli.media.gap", fmt.Sprintf("%d: %.3f s + %.3f s", g.Track, g.AtS, g.LengthS))
	}
	for _, f := range r.Flags {
		line("cli.media.flag", string(f))
	}
	return nil
}

// mediaReport is the answer for machines: what anybody may see of a file, and where its camera claims to have been.
type mediaReport struct {
	media.Report
	GPS []place.Claim `json:"gps"`
}

func places(ctx context.Context, path string, facts media.Facts) ([]place.Claim, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file to look into
	if err != nil {
		return nil, fault.Wrap(err, fault.Forbidden, "media.file_closed", path)
	}
	defer func() { _ = f.Close() }() // only read
	claims, err := media.Places(ctx, media.Source{ReaderAt: f, Size: facts.Size}, facts)
	if err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	return append([]place.Claim{}, claims...), nil
}
