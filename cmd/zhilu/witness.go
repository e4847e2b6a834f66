package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"zhilu.dev/zhilu/internal/custody/witness"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/lifecycle"
)

// witnessCmd is for somebody outside the bureau: a court, a superior body, a notary. It has a folder of its own.
type witnessCmd struct {
	Init   witnessInitCmd   `cmd:"" help:"Make a witness's folder and key, and print its public key."`
	Key    witnessKeyCmd    `cmd:"" help:"Print the witness's public key."`
	AddLog witnessAddCmd    `cmd:"" help:"Let the witness sign for a log."`
	Serve  witnessServeCmd  `cmd:"" help:"Answer logs that ask for a signature (C2SP tlog-witness)."`
	Show   witnessShowCmd   `cmd:"" help:"Say what was signed last of each log, and what was given up."`
	Accept witnessAcceptCmd `cmd:"" name:"accept-epoch" help:"Let a log go on from a smaller or another head than was signed. It stays on record for ever."`
}

type witnessFolder struct {
	Dir string `help:"Folder of the witness." required:"" placeholder:"DIR"`
}

func (f witnessFolder) open() (*witness.Folder, error) {
	return witness.OpenFolder(durable.OS(), f.Dir)
}

type witnessInitCmd struct {
	witnessFolder `embed:""`

	Name string `help:"The witness's name: a place on the net without its scheme, such as witness.court.example/w1." required:"" placeholder:"NAME"`
}

// Run makes the witness.
func (c witnessInitCmd) Run(e *env) error {
	k, err := witness.Create(durable.OS(), c.Dir, c.Name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.out, k.Verifier())
	return err
}

type witnessKeyCmd struct {
	witnessFolder `embed:""`
}

// Run prints the public key.
func (c witnessKeyCmd) Run(e *env) error {
	f, err := c.open()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.out, f.Key().Verifier())
	return err
}

type witnessAddCmd struct {
	witnessFolder `embed:""`

	Key string `arg:"" help:"A verifier key of the log, out of its trust.json. After the log changed its key: the new one too."`
}

// Run adds the log.
func (c witnessAddCmd) Run(*env) error {
	f, err := c.open()
	if err != nil {
		return err
	}
	return f.AddLog(c.Key)
}

type witnessServeCmd struct {
	witnessFolder `embed:""`

	Listen  string `help:"Address and port to listen on; plain HTTP, for behind a TLS proxy or on this machine." default:"127.0.0.1:8445" placeholder:"ADDR"`
	TLSCert string `name:"tls-cert" help:"PEM file of a certificate chain." placeholder:"FILE"`
	TLSKey  string `name:"tls-key" help:"PEM file of the certificate's key." placeholder:"FILE"`
}

// Run serves until it is told to stop.
func (c witnessServeCmd) Run(e *env) error {
	f, err := c.open()
	if err != nil {
		return err
	}
	lock, err := f.Lock()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	var lc net.ListenConfig
	l, err := lc.Listen(e.ctx, "tcp", c.Listen)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "app.listen", c.Listen).At("listen")
	}
	srv := &http.Server{
		Handler: witness.NewServer(f, e.clock, e.log), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
	}
	_, _ = fmt.Fprintln(e.out, e.words.T("cli.witness.ready", f.Key().Name(), l.Addr()))
	return lifecycle.Run(e.ctx, lifecycle.Config{Logger: e.log, Grace: 10 * time.Second}, lifecycle.Func("http", func(ctx context.Context, ready func()) error {
		ended := make(chan error, 1)
		go func() {
			if c.TLSCert != "" {
				ended <- srv.ServeTLS(l, c.TLSCert, c.TLSKey)
			} else {
				ended <- srv.Serve(l)
			}
		}()
		ready()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return srv.Close() // a log that was cut off asks again
		}
	}))
}

type witnessShowCmd struct {
	witnessFolder `embed:""`

	JSON bool `help:"For machines, one line a log."`
}

// Run tells what was signed.
func (c witnessShowCmd) Run(e *env) error {
	f, err := c.open()
	if err != nil {
		return err
	}
	heads, err := f.Heads()
	if err != nil {
		return err
	}
	for _, h := range heads {
		if c.JSON {
			if err := printJSON(e.out, h); err != nil {
				return err
			}
			continue
		}
		_, _ = fmt.Fprintln(e.out, e.words.T("cli.witness.head", h.Origin, h.Size, h.Root, e.words.Full(h.At)))
		for _, a := range h.Epochs {
			_, _ = fmt.Fprintln(e.out, e.words.T("cli.witness.accepted", e.words.Full(a.At), a.By, a.LostSize, a.LostRoot, a.From, a.Reason))
		}
	}
	return nil
}

type witnessAcceptCmd struct {
	witnessFolder `embed:""`

	Checkpoint string `arg:"" help:"File with the log's checkpoint that it may go on from." type:"existingfile"`
	As         string `help:"Who decides it." required:"" placeholder:"NAME"`
	Reason     string `help:"Why." required:"" placeholder:"WORDS"`
}

// Run lets the log go on. The witness must not be serving meanwhile.
func (c witnessAcceptCmd) Run(e *env) error {
	f, err := c.open()
	if err != nil {
		return err
	}
	lock, err := f.Lock()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	text, err := os.ReadFile(c.Checkpoint)
	if err != nil {
		return err
	}
	a, err := f.Accept(text, c.As, c.Reason, e.clock.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.out, e.words.T("cli.witness.accepted", e.words.Full(a.At), a.By, a.LostSize, a.LostRoot, a.From, a.Reason))
	return err
}
