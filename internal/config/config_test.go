package config_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/fault"
)

var place = []string{"--data", "/srv/zhilu", "--keys", "/etc/zhilu/keys"}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "zhilu.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	got, err := config.Load(place, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Server{
		Place:  config.Place{Data: "/srv/zhilu", Keys: "/etc/zhilu/keys"},
		Listen: "127.0.0.1:8443", Idle: 30 * time.Minute, LogLevel: slog.LevelInfo, LogFormat: "text", Reserve: 2 * config.GiB,
		BackupEvery: 24 * time.Hour, BackupAt: "02:00", WitnessEvery: time.Minute, TSAEvery: time.Hour,
		ScrubPercent: 20, ScrubEvery: 168 * time.Hour,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Scheme() != "https" || got.MediaTempDir() != "/srv/zhilu/tmp/media" {
		t.Errorf("scheme %s, media temp %s", got.Scheme(), got.MediaTempDir())
	}
}

// TestPrecedence: a flag goes before a variable, a variable before the file, the file before the default.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := write(t, `{"data":"/file","keys":"/keys","idle":"5m","log-level":"warn","reserve":1073741824,"plain-http":true,"listen":"127.0.0.1:1"}`)
	environ := []string{"ZHILU_IDLE=6m", "ZHILU_LISTEN=127.0.0.1:2", "ZHILU_CONFIG=" + file, "ZHILU_LOG_FORMAT=", "PATH=/bin"}
	got, err := config.Load([]string{"--listen", "127.0.0.1:3", "--media-temp=/tmp/m"}, environ)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Server{
		Place:  config.Place{Data: "/file", Keys: "/keys"},
		Listen: "127.0.0.1:3", Idle: 6 * time.Minute, LogLevel: slog.LevelWarn, LogFormat: "text", Reserve: config.GiB,
		PlainHTTP: true, MediaTemp: "/tmp/m", BackupEvery: 24 * time.Hour, BackupAt: "02:00", WitnessEvery: time.Minute, TSAEvery: time.Hour,
		ScrubPercent: 20, ScrubEvery: 168 * time.Hour,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Scheme() != "http" || got.MediaTempDir() != "/tmp/m" {
		t.Errorf("scheme %s, media temp %s", got.Scheme(), got.MediaTempDir())
	}
	other := write(t, `{"idle":"7m"}`)
	if got, err = config.Load(append([]string{"--config", other}, place...), []string{"ZHILU_CONFIG=" + file}); err != nil || got.Idle != 7*time.Minute {
		t.Errorf("--config must go before ZHILU_CONFIG: idle %v, %v", got.Idle, err)
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"all addresses with TLS":    {"--listen=:8443"},
		"plain on loopback 4":       {"--plain-http", "--listen=127.8.9.1:80"},
		"plain on loopback 6":       {"--plain-http", "--listen=[::1]:80"},
		"plain on localhost":        {"--plain-http", "--listen=localhost:0"},
		"TLS proxy on this machine": {"--plain-http", "--public-url=https://zhilu.bureau.example"},
		"own certificate":           {"--tls-cert=a.pem", "--tls-key=b.pem", "--listen=0.0.0.0:443"},
		"PostgreSQL":                {"--database=postgres://u:p@db:5432/zhilu?sslmode=verify-full"},
		"vault elsewhere":           {"--vault=file:///mnt/evidence"},
		"vault in a bucket":         {"--vault=s3://evidence/bureau?endpoint=https://s3.example:9000"},
		"neighbouring folders":      {"--keys=/srv/zhilu-keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := config.Load(append(place[:len(place):len(place)], args...), nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRefused: what is unknown, wrong or against the rules is refused by name. // T20 (settings), decisions §§5, 22
func TestRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args, environ []string
		file          string
		code, field   string
		arg           any // the first argument of the words
	}{
		"no data":                 {args: []string{"--keys=/k"}, code: "config.missing", field: "data", arg: "data"},
		"no keys":                 {args: []string{"--data=/d"}, code: "config.missing", field: "keys", arg: "keys"},
		"keys inside data":        {args: []string{"--data=/d", "--keys=/d/x/../keys"}, code: "config.keys_apart", field: "keys"},
		"data inside keys":        {args: []string{"--data=/k/d", "--keys=/k"}, code: "config.keys_apart", field: "keys"},
		"one folder for both":     {args: []string{"--data=d", "--keys=./d"}, code: "config.keys_apart", field: "keys"},
		"unknown variable, near":  {environ: []string{"ZHILU_LISTN=:1"}, code: "config.unknown_near", field: "ZHILU_LISTN", arg: "ZHILU_LISTN"},
		"unknown variable":        {environ: []string{"ZHILU_FACE_RECOGNITION=1"}, code: "config.unknown", field: "ZHILU_FACE_RECOGNITION"},
		"unknown in file, near":   {file: `{"log_level":"info"}`, code: "config.unknown_near", field: "log_level"},
		"unknown in file":         {file: `{"trusted-proxies":"10.0.0.0/8"}`, code: "config.unknown", field: "trusted-proxies"},
		"a file naming a file":    {file: `{"config":"x.json"}`, code: "config.unknown_near", field: "config"},
		"unknown flag":            {args: []string{"--lisen=:1"}, code: "config.flag"},
		"wrong variable":          {environ: []string{"ZHILU_IDLE=soon"}, code: "config.wrong_value", field: "idle", arg: "ZHILU_IDLE"},
		"wrong variable, enum":    {environ: []string{"ZHILU_LOG_FORMAT=xml"}, code: "config.not_one_of", field: "log-format", arg: "ZHILU_LOG_FORMAT"},
		"wrong flag":              {args: []string{"--log-level=loud"}, code: "config.flag"},
		"wrong size in file":      {file: `{"reserve":"2 lots"}`, code: "config.wrong_value", field: "reserve"},
		"wrong type in file":      {file: `{"reserve":["2GiB"]}`, code: "config.file_wrong", field: "config"},
		"twice in file":           {file: `{"idle":"5m","idle":"6m"}`, code: "config.file_wrong", field: "config"},
		"file is a list":          {file: `[]`, code: "config.file_wrong", field: "config"},
		"file is cut":             {file: `{"idle":"5m"`, code: "config.file_wrong", field: "config"},
		"file goes on":            {file: `{} {}`, code: "config.file_wrong", field: "config"},
		"no such file":            {args: []string{"--config=/nonexistent/zhilu.json"}, code: "config.file_unreadable", field: "config"},
		"address without port":    {args: []string{"--listen=127.0.0.1"}, code: "config.listen", field: "listen"},
		"port out of range":       {args: []string{"--listen=:70000"}, code: "config.listen", field: "listen"},
		"plain, all addresses":    {args: []string{"--plain-http", "--listen=:80"}, code: "config.plain_off_loopback", field: "plain-http"},
		"plain, office address":   {args: []string{"--plain-http", "--listen=10.1.2.3:80"}, code: "config.plain_off_loopback", field: "plain-http"},
		"plain, a name":           {args: []string{"--plain-http", "--listen=localhost.example:80"}, code: "config.plain_off_loopback", field: "plain-http"},
		"plain with certificate":  {args: []string{"--plain-http", "--tls-cert=a", "--tls-key=b"}, code: "config.plain_with_tls", field: "plain-http"},
		"certificate without key": {args: []string{"--tls-cert=a"}, code: "config.tls_pair", field: "tls-cert"},
		"public URL with path":    {args: []string{"--public-url=https://a/zhilu"}, code: "config.public_url", field: "public-url"},
		"public URL of FTP":       {args: []string{"--public-url=ftp://a"}, code: "config.public_url", field: "public-url"},
		"public plain, TLS here":  {args: []string{"--public-url=http://127.0.0.1"}, code: "config.public_url_scheme", field: "public-url"},
		"public plain":            {args: []string{"--plain-http", "--public-url=http://zhilu.bureau"}, code: "config.plain_off_loopback", field: "public-url"},
		"idle too short":          {args: []string{"--idle=1s"}, code: "config.idle", field: "idle"},
		"idle for ever":           {args: []string{"--idle=48h"}, code: "config.idle", field: "idle"},
		"reserve too small":       {args: []string{"--reserve=1MiB"}, code: "config.reserve", field: "reserve", arg: "1MiB"},
		"other database":          {args: []string{"--database=mysql://h/d"}, code: "config.database_url", field: "database"},
		"database without name":   {args: []string{"--database=postgres://h"}, code: "config.database_url", field: "database"},
		"backup inside data":      {args: []string{"--backup-to=/srv/zhilu/backup"}, code: "config.backup_apart", field: "backup-to"},
		"backup around keys":      {args: []string{"--backup-to=/etc/zhilu"}, code: "config.backup_apart", field: "backup-to"},
		"backup all the time":     {args: []string{"--backup-to=/b", "--backup-every=1m"}, code: "config.backup_every", field: "backup-every"},
		"time stamps of whom":     {args: append([]string{"--tsa=http://tsa.example/"}, place...), code: "config.missing", field: "tsa-ca"},
		"time stamps by mail":     {args: []string{"--tsa=mailto:x@tsa.example"}, code: "config.tsa", field: "tsa"},
		"time stamps always":      {args: []string{"--tsa=http://tsa.example/", "--tsa-ca=x", "--tsa-every=1s"}, code: "config.tsa_every", field: "tsa-every"},
		"witness all the time":    {args: []string{"--witness-every=1ms"}, code: "config.witness_every", field: "witness-every"},
		"backup at no time":       {args: []string{"--backup-to=/b", "--backup-at=25:00"}, code: "config.backup_at", field: "backup-at"},
		"other vault":             {args: []string{"--vault=s3://key:secret@bucket"}, code: "config.vault_url", field: "vault"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := tt.args
			if tt.code != "config.missing" && tt.code != "config.keys_apart" {
				args = append(place[:len(place):len(place)], args...)
			}
			if tt.file != "" {
				args = append(args, "--config", write(t, tt.file))
			}
			_, err := config.Load(args, tt.environ)
			if !fault.HasCode(err, tt.code) || !fault.Is(err, fault.Invalid) {
				t.Fatalf("error %v, want an invalid %s", err, tt.code)
			}
			f := fault.As(err)
			if f.Field != tt.field {
				t.Errorf("field %q, want %q", f.Field, tt.field)
			}
			if tt.arg != nil && (len(f.Args) == 0 || f.Args[0] != tt.arg) {
				t.Errorf("arguments %v, want %v first", f.Args, tt.arg)
			}
		})
	}
}

// TestForeignVariables: what steers the repository's tests is not a setting.
func TestForeignVariables(t *testing.T) {
	t.Parallel()
	environ := []string{"ZHILU_TEST_POSTGRES=postgres://x", "ZHILU_REQUIRE_MEDIA=1", "ZHILU_MEDIA=/media"}
	if _, err := config.Load(place, environ); err != nil {
		t.Error(err)
	}
}

// TestCommands: settings are embedded into commands; a variable of one command is no stranger to another.
func TestCommands(t *testing.T) {
	t.Parallel()
	type cli struct {
		Config string
		Serve  config.Server `cmd:""`
		Fsck   struct {
			config.Place `embed:""`
			Online       bool
		} `cmd:""`
	}
	parse := func(environ []string, args ...string) (cli, error) {
		var c cli
		parser, err := kong.New(&c, kong.Resolvers(config.NewResolver(environ)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(args)
		return c, err
	}
	environ := []string{"ZHILU_DATA=/d", "ZHILU_KEYS=/k", "ZHILU_LISTEN=:8443", "ZHILU_ONLINE=true"}
	c, err := parse(environ, "fsck")
	if err != nil || c.Fsck.Data != "/d" || !c.Fsck.Online {
		t.Errorf("fsck: %+v, %v", c.Fsck, err)
	}
	if c, err = parse(environ, "serve"); err != nil || c.Serve.Listen != ":8443" {
		t.Errorf("serve: %+v, %v", c.Serve, err)
	}
	if _, err = parse(environ[1:], "fsck"); !fault.HasCode(err, "config.missing") {
		t.Errorf("a command's settings are checked by kong: %v", err)
	}
	if _, err = parse(environ, "serve", "--plain-http"); !fault.HasCode(err, "config.plain_off_loopback") {
		t.Errorf("a command's settings are checked by kong: %v", err)
	}
}
