// Command zhilu is the whole product in one program: the server, the dock agent, the checkers and the tools of the
// house. Each command is a small file here; what it does is in internal/.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/lifecycle"
	"zhilu.dev/zhilu/internal/locale"
)

// version is set by the build.
var version = "dev"

// Exit codes (blueprint §5).
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitWrong  = 3
	exitPartly = 4
)

// status is an error that only carries an exit code: what there was to say has been said.
type status int

func (s status) Error() string { return fmt.Sprintf("exit %d", int(s)) }

// commands are all of them, in the order of the help.
type commands struct {
	Demo       demoCmd       `cmd:"" help:"Make a small bureau with people, cameras and real docked footage, and serve it."`
	Init       initCmd       `cmd:"" help:"Make a new bureau: its folders, keys, certificate authority and first administrators."`
	Serve      serveCmd      `cmd:"" help:"Serve the bureau."`
	Dock       dockCmd       `cmd:"" help:"Bring a camera's card into the vault."`
	Token      tokenCmd      `cmd:"" help:"Make and revoke tokens of docks and scripts."`
	User       userCmd       `cmd:"" help:"Add people with accounts and roles, and reset passwords."`
	Verify     verifyCmd     `cmd:"" help:"Check a receipt, a checkpoint or a whole log, with no server and no database."`
	Media      mediaCmd      `cmd:"" help:"Say what a media file tells of itself."`
	Continuity continuityCmd `cmd:"" help:"Judge from a file whether an activity was filmed without interruption."`
	Slate      slateCmd      `cmd:"" help:"Draw slates (场记码), and look for them in pictures and films."`
	Fsck       fsckCmd       `cmd:"" help:"Check every sealed byte, every row and the whole log against each other."`
	Scrub      scrubCmd      `cmd:"" help:"Read every object back from the disk and compare everything once, beside a running server; what is found is entered."`
	Backup     backupCmd     `cmd:"" help:"Back the house up beside the running server, restore what was written, and check it."`
	Restore    restoreCmd    `cmd:"" help:"Put a backup into an empty folder and check what came out."`
	Diagnose   diagnoseCmd   `cmd:"" help:"Pack what somebody who looks for a fault needs to know into one file, without personal data or evidence."`
	Derive     deriveCmd     `cmd:"" help:"Ask again for viewing copies that are gone from their own vault; the server makes them."`
	Migrate    migrateCmd    `cmd:"" help:"Move the house to PostgreSQL or to an S3 bucket."`
	Witness    witnessCmd    `cmd:"" help:"Be an outside witness of logs: sign beside them that they only grow."`
	Log        logCmd        `cmd:"" help:"Work on the custody log."`
	Export     exportCmd     `cmd:"" help:"Take evidence away, on a consented request and with its entries."`
	Disc       discCmd       `cmd:"" help:"Evidence discs: make, burn, and read them back."`

	Regulation regulationCmd `cmd:"" help:"Check files of the regulation: acts, documents, terms, matters to film."`
	Terms      termsCmd      `cmd:"" help:"Compute the last day of a term, by the statute it stands in and the calendar of the place."`

	Version versionCmd `cmd:"" help:"Print the version."`
	Config  string     `help:"JSON file with settings." placeholder:"FILE"`
	Lang    string     `help:"Language of messages: zh-CN or en." placeholder:"LANG"`
}

// env is what a command works with.
type env struct {
	ctx    context.Context // one command, one context; kong hands bound values to Run
	out    io.Writer
	errOut io.Writer
	clock  clock.Clock
	log    *slog.Logger
	words  locale.Printer
	cat    *locale.Catalogue
}

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

func run(args, environ []string, out, errOut io.Writer) int {
	cat, err := locale.Load()
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "zhilu:", err)
		return exitFailed
	}
	e := &env{
		out: out, errOut: errOut, clock: clock.System(), cat: cat, words: cat.For(languageOf(environ, "")),
		log: slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	var stop context.CancelFunc
	e.ctx, stop = lifecycle.Signals(context.Background())
	defer stop()
	return e.run(args, environ)
}

func (e *env) run(args, environ []string) int {
	var cli commands
	exit := -1
	parser, err := kong.New(&cli, kong.Name("zhilu"), kong.Description("执录 Zhilu — the whole-process record of administrative law enforcement."),
		kong.Writers(e.out, e.errOut), kong.Resolvers(config.NewResolver(environ)), kong.Exit(func(code int) { exit = code }),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return e.end(err)
	}
	ctx, err := parser.Parse(args)
	if exit >= 0 { // --help was printed
		return exit
	}
	if err != nil {
		if _, ok := errors.AsType[*fault.Error](err); !ok {
			err = fault.Wrap(err, fault.Invalid, "config.flag", err.Error())
		}
		_ = e.end(err)
		return exitUsage
	}
	if cli.Lang != "" {
		e.words = e.cat.For(languageOf(environ, cli.Lang))
	}
	return e.end(ctx.Run(e))
}

// end says what went wrong, if anything, and gives the exit code.
func (e *env) end(err error) int {
	if err == nil {
		return exitOK
	}
	if s, ok := errors.AsType[status](err); ok {
		return int(s)
	}
	t := e.words.Fault(err)
	parts := []string{t.What}
	for _, p := range []string{t.Kept, t.Do} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	_, _ = fmt.Fprintf(e.errOut, "zhilu: %s (%s)\n", strings.Join(parts, e.words.T("cli.join")), t.Code)
	if fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Unavailable {
		e.log.Error("cause", "err", err)
	}
	if fault.KindOf(err) == fault.Invalid {
		return exitUsage
	}
	return exitFailed
}

// languageOf is Chinese unless the user or the system asks for English.
func languageOf(environ []string, asked string) locale.Lang {
	if asked != "" {
		return locale.Choose(asked)
	}
	for _, name := range []string{"LC_ALL=", "LC_MESSAGES=", "LANG="} {
		for _, kv := range environ {
			if v, ok := strings.CutPrefix(kv, name); ok && strings.HasPrefix(v, "en") {
				return locale.English
			}
		}
	}
	return locale.Chinese
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintln(e.out, "zhilu", version)
	return err
}
