// Package config holds the settings of a server and where they come from: flags first, then variables that begin with
// ZHILU_, then a JSON file, then the defaults. What is not known is refused at start by its name, wherever it was
// written, since a setting that is silently ignored is a promise that is silently broken. Settings that contradict
// each other or the house's rules (plain HTTP off loopback, keys inside the data folder) are refused too.
//
// The structs carry kong tags and are embedded into commands; a command's parser is given a Resolver, and kong calls
// Check through AfterApply. Load does the same without a command.
package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"

	"zhilu.dev/zhilu/internal/fault"
)

// Place says where a bureau's evidence, keys and rows are. Commands that work on the house itself (init, fsck, log)
// need only this.
type Place struct {
	Data     string `help:"Folder of the evidence and, without --database, of the rows." placeholder:"DIR"`
	Keys     string `help:"Folder of the signing and storage keys, apart from --data." placeholder:"DIR"`
	Database string `help:"postgres:// URL; empty means SQLite inside --data." placeholder:"URL"`
	Vault    string `help:"file:// or s3:// URL of the sealed objects; empty means inside --data." placeholder:"URL"`
	Node     string `help:"Name of this server among those of the bureau; empty means its host name." placeholder:"NAME"`
}

// Server is every setting of a server. The zero value is not usable; the defaults are in the tags and come with
// kong or Load.
type Server struct {
	Place `embed:""`

	Listen    string `help:"Address and port to listen on." default:"127.0.0.1:8443" placeholder:"ADDR"`
	PublicURL string `name:"public-url" help:"How browsers and docks reach this server; empty means by --listen." placeholder:"URL"`
	Inner     string `help:"HOST:PORT at which the bureau's other servers reach this one over TLS; empty means they do not." placeholder:"ADDR"`
	TLSCert   string `name:"tls-cert" help:"PEM file of a certificate chain; empty means the bureau's own CA." placeholder:"FILE"`
	TLSKey    string `name:"tls-key" help:"PEM file of the certificate's key." placeholder:"FILE"`
	PlainHTTP bool   `name:"plain-http" help:"Serve without TLS; only on a loopback address."`

	Idle      time.Duration `help:"A signed-in session ends after this time without a click (1m to 24h)." default:"30m"`
	LogLevel  slog.Level    `name:"log-level" help:"debug, info, warn or error." default:"info"`
	LogFormat string        `name:"log-format" help:"text or json." enum:"text,json" default:"text"`

	// Reserve is space kept free on the evidence disk: below it uploads are refused, so that what is half written
	// can still be finished and the log can still be signed.
	Reserve     Size          `help:"Space kept free on the evidence disk, such as 2GiB (16MiB at least)." default:"2GiB"`
	BackupTo    string        `name:"backup-to" help:"Folder of the backups that the server makes; empty means none." placeholder:"DIR"`
	BackupEvery time.Duration `name:"backup-every" help:"Pause between two backups (15m at least)." default:"24h"`
	BackupAt    string        `name:"backup-at" help:"Time of day of a backup made once a day or more seldom." default:"02:00" placeholder:"HH:MM"`

	Witness []string `sep:" " help:"An outside witness that signs the log's heads, as name+hash+key@URL; may be given more than once." placeholder:"KEY@URL"`

	WitnessEvery time.Duration `name:"witness-every" help:"Pause between two askings of the witnesses (1s at least)." default:"1m"`

	TSA      string        `name:"tsa" help:"URL of a time-stamping authority (RFC 3161) that stamps the log's heads; empty means none." placeholder:"URL"`
	TSACA    string        `name:"tsa-ca" help:"PEM file of the certificates that its own must lead to." placeholder:"FILE"`
	TSAEvery time.Duration `name:"tsa-every" help:"Pause between two time stamps (1m at least)." default:"1h"`

	ScrubPercent int           `name:"scrub-percent" help:"Most of the disk's time that the standing check may read for (1 to 100)." default:"20"`
	ScrubEvery   time.Duration `name:"scrub-every" help:"At least so long from one whole round of the standing check to the next (1h to 720h)." default:"168h"`

	OTLP string `name:"otlp" help:"URL of an OpenTelemetry collector (OTLP over HTTP) that is told where the time of an intake goes, without names; empty means none." placeholder:"URL"`

	Clamd string `help:"Address of a ClamAV daemon that looks at what is handed in, unix:///PATH or tcp://HOST:PORT; empty means none." placeholder:"URL"`

	MediaTemp string `name:"media-temp" help:"Folder for the media programs' working files; empty means inside --data." placeholder:"DIR"`
	Sheet     string `help:"Folder with the node_modules that set papers as PDF; empty looks beside the program." placeholder:"DIR"`
	Verifiers string `help:"Folder with the programs that go on every evidence disc (make verifiers); empty looks beside the program." placeholder:"DIR"`
}

// Programs is the folder with the programs that go on every evidence disc: the one named, else verifiers beside the running program. Where
// there is none, discs hold none.
func Programs(named string) string {
	if named != "" {
		return named
	}
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(exe), "verifiers")
}

// Bounds of settings.
const (
	MinIdle    = time.Minute
	MaxIdle    = 24 * time.Hour
	MinReserve = 16 * MiB // four times what SQLite's write-ahead log holds before it is moved into the database

	MinBackupEvery  = 15 * time.Minute
	MinWitnessEvery = time.Second
	MinTSAEvery     = time.Minute
)

// Scheme is "https", or "http" where plain HTTP was asked for.
func (s *Server) Scheme() string {
	if s.PlainHTTP {
		return "http"
	}
	return "https"
}

// MediaTempDir is the folder for the media programs' working files. It need not exist yet.
func (s *Server) MediaTempDir() string {
	if s.MediaTemp != "" {
		return s.MediaTemp
	}
	return filepath.Join(s.Data, "tmp", "media")
}

// Load reads the settings of a server from command-line flags and an environment (as of os.Environ). The error is a
// fault of kind Invalid that names the setting.
func Load(args, environ []string) (Server, error) {
	var cli struct {
		Server `embed:""`
		Config string `help:"JSON file with settings." placeholder:"FILE"`
	}
	parser, err := kong.New(&cli, kong.Name("zhilu"), kong.Resolvers(NewResolver(environ)), kong.Exit(func(int) {}))
	if err != nil {
		return Server{}, err
	}
	if _, err := parser.Parse(args); err != nil {
		if fault.KindOf(err) == fault.Invalid {
			return Server{}, fault.As(err)
		}
		return Server{}, fault.Wrap(err, fault.Invalid, "config.flag", err.Error())
	}
	return cli.Server, nil
}

// Scanner is the address of the malware scanner, "" for none and for a command, which has no server's settings.
func (s *Server) Scanner() string {
	if s == nil {
		return ""
	}
	return s.Clamd
}
