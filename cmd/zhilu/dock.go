package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"zhilu.dev/zhilu/internal/dock"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/locale"
)

type dockCmd struct {
	Card      string        `help:"Folder of the card." required:"" placeholder:"DIR"`
	Server    string        `help:"Address of the server." required:"" placeholder:"URL"`
	TokenFile string        `name:"token-file" help:"File with the token of this dock." required:"" type:"existingfile" placeholder:"FILE"`
	JSON      bool          `help:"One line a file, for machines."`
	Watch     bool          `help:"Dock every card that appears, until told to stop."`
	Clear     bool          `help:"Wait for the custodian's signed order and clear what it names."`
	ClearWait time.Duration `name:"clear-wait" help:"How long to wait for the order." default:"10m"`
	Station   string        `help:"This station's name." placeholder:"NAME"`
	Device    string        `help:"The camera's id, where the station knows it for certain." placeholder:"ID"`
	State     string        `help:"Folder of the journal and the receipts; by default in the user's state folder." placeholder:"DIR"`
	Trust     string        `help:"The house's trust.json as it is to be from now on, when a signing key was replaced; compare its fingerprint with the published one first." type:"existingfile" placeholder:"FILE"`
	Parallel  int           `help:"Files at once." default:"3"`
	OTLP      string        `name:"otlp" help:"URL of an OpenTelemetry collector; empty means none." placeholder:"URL"`
	ChunkSize int           `name:"chunk-size" help:"Bytes a chunk; at most one chunk is sent again after a break." default:"16777216"`
}

// Run docks the card. 0: every file is sealed, known already, or left on purpose; 4: some failed; 1: it could not be
// docked at all.
func (c dockCmd) Run(e *env) error {
	token, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return err
	}
	state, err := c.stateDir()
	if err != nil {
		return err
	}
	stop, err := e.trace(c.OTLP, "zhilu-dock")
	if err != nil {
		return err
	}
	defer stop()
	ui := newDockView(e, c.JSON)
	defer ui.close()
	a, err := dock.New(dock.Config{
		Card: c.Card, Server: c.Server, Token: string(token), StateDir: state, Station: c.station(), Device: c.Device, Trust: c.Trust,
		Parallel: c.Parallel, Chunk: c.ChunkSize, Clock: e.clock, Log: e.log, OnFile: ui.file, OnMove: ui.move,
	})
	if err != nil {
		return err
	}
	if c.Watch {
		return a.Watch(e.ctx, func(rep dock.Report, err error) {
			if err != nil {
				_ = e.end(err)
				return
			}
			ui.sum(rep)
			if c.Clear && rep.Failed() == 0 {
				_ = e.end(c.clear(e, a, rep.CardID))
			}
		})
	}
	rep, err := a.Dock(e.ctx)
	if err != nil {
		return err
	}
	ui.sum(rep)
	if c.Clear {
		if err := c.clear(e, a, rep.CardID); err != nil {
			return err
		}
	}
	if rep.Failed() > 0 {
		return status(exitPartly)
	}
	return nil
}

func (c dockCmd) clear(e *env, a *dock.Agent, card string) error {
	ctx, cancel := context.WithTimeout(e.ctx, c.ClearWait)
	defer cancel()
	_, _ = fmt.Fprintln(e.errOut, e.words.T("cli.dock.waiting"))
	list, err := a.Clear(ctx, card)
	if err != nil {
		return err
	}
	for _, f := range list {
		if c.JSON {
			if err := printJSON(e.out, f); err != nil {
				return err
			}
			continue
		}
		_, _ = fmt.Fprintf(e.out, "%s\t%s\t%s\n", e.words.T("cli.dock."+f.Status), locale.Visible(f.Path), f.Code)
	}
	return nil
}

func (c dockCmd) station() string {
	if c.Station != "" {
		return c.Station
	}
	host, err := os.Hostname()
	if err != nil {
		return "dock"
	}
	return host
}

// stateDir is never on the card: a card is read, and cleared by order, nothing else.
func (c dockCmd) stateDir() (string, error) {
	dir := c.State
	if dir == "" {
		base := os.Getenv("XDG_STATE_HOME")
		if base == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fault.Wrap(err, fault.Invalid, "dock.state_dir").At("state")
			}
			base = filepath.Join(home, ".local", "state")
		}
		dir = filepath.Join(base, "zhilu", "dock")
	}
	return dir, os.MkdirAll(dir, 0o700) //nolint:gosec // the operator says where their own state lies
}

// dockView shows what happens: JSON lines, or bars on a terminal, or plain lines.
type dockView struct {
	e    *env
	json bool
	bars *mpb.Progress

	mu   sync.Mutex
	bar  map[string]*mpb.Bar
	done map[string]int64
}

func newDockView(e *env, json bool) *dockView {
	v := &dockView{e: e, json: json, bar: map[string]*mpb.Bar{}, done: map[string]int64{}}
	if !json && isTerminal(e.errOut) {
		v.bars = mpb.New(mpb.WithOutput(e.errOut), mpb.WithWidth(32))
	}
	return v
}

func (v *dockView) move(p dock.Progress) {
	if v.bars == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	b := v.bar[p.Name]
	if b == nil {
		b = v.bars.AddBar(p.Size, mpb.PrependDecorators(decor.Name(locale.Visible(filepath.Base(p.Name))+" ")),
			mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f "), decor.EwmaSpeed(decor.SizeB1024(0), "% .1f ", 20), decor.EwmaETA(decor.ET_STYLE_MMSS, 20)),
			mpb.BarRemoveOnComplete())
		v.bar[p.Name] = b
	}
	b.EwmaSetCurrent(p.Done, time.Second)
}

func (v *dockView) file(r dock.Result) {
	if v.json {
		_ = printJSON(v.e.out, r)
		return
	}
	line := fmt.Sprintf("%s\t%s\t%s", v.e.words.T("cli.dock."+string(r.Status)), locale.Visible(r.Name), v.e.words.Size(r.Size))
	if r.Code != "" {
		line += "\t" + r.Code
	}
	if v.bars != nil {
		if b := v.bar[r.Name]; b != nil {
			b.SetTotal(-1, true)
		}
	}
	_, _ = fmt.Fprintln(v.e.out, line)
}

func (v *dockView) sum(rep dock.Report) {
	if v.json {
		return
	}
	n := map[dock.Status]int{}
	for _, r := range rep.Results {
		n[r.Status]++
	}
	_, _ = fmt.Fprintln(v.e.out, v.e.words.T("cli.dock.sum", n[dock.Sealed], n[dock.Duplicate], n[dock.Left], n[dock.Failed]))
}

func (v *dockView) close() {
	if v.bars != nil {
		v.bars.Shutdown()
	}
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
