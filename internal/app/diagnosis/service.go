package diagnosis

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Remembered is how many lines of the log a server keeps for a bundle.
const Remembered = 1000

// unrecorded is the header by which a server says that a bundle has no entry.
const unrecorded = "Zhilu-Unrecorded"

// Service makes bundles and enters each.
type Service struct {
	Sources
	Gate   *gate.Gate
	Bureau ident.BureauID
	Log    *slog.Logger
}

// Host makes a bundle for whoever has the host. That it could not be entered, as in a house whose disk failed, is unrecorded,
// and no reason to keep back what is needed just then.
func (s *Service) Host(ctx context.Context) (bundle []byte, unrecorded, err error) {
	var b bytes.Buffer
	if err := Write(ctx, &b, s.Sources); err != nil {
		return nil, nil, err
	}
	return b.Bytes(), s.enter(ctx, access.HostActor("diagnose"), b.Len()), nil
}

// For gives a bundle to somebody at the page of health, once it is entered.
func (s *Service) For(ctx context.Context, actor access.Actor) ([]byte, error) {
	if err := s.Gate.Check(ctx, actor, access.HealthDiagnose, s.subject()); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := Write(ctx, &b, s.Sources); err != nil {
		return nil, err
	}
	if err := s.enter(ctx, actor, b.Len()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (s *Service) subject() access.Subject {
	return access.Subject{Kind: "bureau", ID: string(s.Bureau)}
}

func (s *Service) enter(ctx context.Context, actor access.Actor, size int) error {
	return s.Gate.Do(ctx, actor, access.HealthDiagnose, s.subject(), func(tx *gate.Tx) error {
		_, err := tx.Record(gate.Entry{Outcome: custody.Done, Detail: custody.Detail("bytes", size)})
		return err
	})
}

// socketOf is where a server gives bundles to whoever may read the data folder, and to nobody else: a bundle says more than
// /metrics, and a proxy on the same machine makes everybody look near.
func socketOf(p config.Place) string { return filepath.Join(p.Data, "tmp", "diagnose.sock") }

// Run answers at the socket until ctx ends. Where there can be none the house goes on without.
func (s *Service) Run(ctx context.Context, ready func()) error {
	ready()
	name := socketOf(s.Place)
	if err := durable.OS().Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.Log.WarnContext(ctx, "no bundles from the host", "err", err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", name)
	if err != nil {
		s.Log.WarnContext(ctx, "no bundles from the host", "err", err)
		<-ctx.Done()
		return nil
	}
	if err := os.Chmod(name, 0o600); err != nil {
		s.Log.WarnContext(ctx, "the socket for bundles stays as it is", "err", err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(s.answer), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		s.Log.ErrorContext(ctx, "no more bundles from the host", "err", err)
		<-ctx.Done()
		return nil
	case <-ctx.Done():
		return srv.Close() // who waits asks again
	}
}

func (s *Service) answer(w http.ResponseWriter, r *http.Request) {
	b, missed, err := s.Host(r.Context())
	if err != nil {
		s.Log.ErrorContext(r.Context(), "no bundle", "err", err)
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	if missed != nil {
		s.Log.ErrorContext(r.Context(), "a bundle without its entry", "err", missed)
		w.Header().Set(unrecorded, "1")
	}
	_, _ = w.Write(b)
}

// Ask asks the server that runs over this data, if one does.
func Ask(ctx context.Context, p config.Place) (bundle []byte, entered bool, err error) {
	client := &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socketOf(p))
		},
		DisableKeepAlives: true,
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://zhilu/", nil)
	if err != nil {
		return nil, false, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, false, errors.New(resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 256<<20))
	return b, resp.Header.Get(unrecorded) == "", err
}
