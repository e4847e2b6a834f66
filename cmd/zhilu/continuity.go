package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/continuity"
	"zhilu.dev/zhilu/internal/fault"
)

type continuityCmd struct {
	File string `arg:"" help:"The activity as JSON (docs/formats/continuity-json.md); - reads it from the standard input."`
	JSON bool   `help:"For machines."`
}

// Run judges whether an activity was filmed without interruption, from a file alone.
func (c continuityCmd) Run(e *env) error {
	raw, err := readInput(c.File)
	if err != nil {
		return err
	}
	in, err := continuity.Read(raw)
	if err != nil {
		return err
	}
	out := continuity.OutputOf(in, continuity.Judge(in))
	if c.JSON {
		return printJSON(e.out, out)
	}
	return printContinuity(e, out)
}

func readInput(name string) (raw []byte, err error) {
	in := os.Stdin
	if name != "-" {
		if in, err = os.Open(name); err != nil { //nolint:gosec // the file that the person at this command names
			return nil, fault.Wrap(err, fault.NotFound, "verify.unreadable", name)
		}
		defer func() { err = errors.Join(err, in.Close()) }()
	}
	raw, err = io.ReadAll(io.LimitReader(in, continuity.MaxInput+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "verify.unreadable", name)
	}
	return raw, nil
}

// printContinuity says it for people, with the arithmetic.
func printContinuity(e *env, out continuity.Output) error {
	w := e.words
	var b strings.Builder
	var all []string
	for _, v := range out.All {
		all = append(all, w.T("continuity.verdict."+string(v)))
	}
	fmt.Fprintln(&b, strings.Join(all, w.T("cli.continuity.and")))
	for _, g := range out.Gaps {
		key := "cli.continuity.maybe"
		if g.Certain {
			key = "cli.continuity.gap"
		}
		where := g.Where
		if g.Explained {
			where = continuity.Explained
		}
		fmt.Fprintln(&b, w.T(key, g.Start, g.End, seconds(g.LeastS), seconds(g.LengthS), w.T("continuity.verdict."+string(where))))
		if len(g.Owes) > 0 {
			var owes []string
			for _, o := range g.Owes {
				owes = append(owes, w.T("continuity.owes."+string(o)))
			}
			fmt.Fprintln(&b, "  "+w.T("cli.continuity.owes", strings.Join(owes, w.T("cli.continuity.and"))))
		}
	}
	for _, g := range out.Joins {
		fmt.Fprintln(&b, w.T("cli.continuity.join", g.Start, g.End, seconds(g.LengthS)))
	}
	for _, d := range out.Doubts {
		fmt.Fprintln(&b, w.T("continuity.doubt."+string(d)))
	}
	fmt.Fprintln(&b, w.T("cli.continuity.digest", out.Digest))
	_, err := io.WriteString(e.out, b.String()) // numbers, times and our own words
	return err
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Millisecond).String()
}
