package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/node"
	"zhilu.dev/zhilu/internal/problem"
	"zhilu.dev/zhilu/internal/recording"
)

// nodeOf is the name of this server in vault and registry.
func nodeOf(p config.Place) string {
	if p.Node != "" {
		return p.Node
	}
	return nodeName()
}

// join enters this server beside the others of the bureau. A house in SQLite has one server.
func (h *House) join(ctx context.Context, s *config.Server) error {
	if h.DB.Engine != db.Postgres {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	h.nodes, err = node.Join(ctx, h.DB, h.Log, nodeOf(h.Place), host, s.Inner)
	return err
}

// live says again and again that this server lives.
func (h *House) live(ctx context.Context, ready func()) error {
	if h.nodes == nil {
		ready()
		<-ctx.Done()
		return nil
	}
	return h.nodes.Run(ctx, ready)
}

// across stands before the door where several servers may share the work.
func (h *House) across(door http.Handler) http.Handler {
	if h.nodes == nil {
		return door
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	roots.AddCert(h.CA.Certificate())
	f := &node.Forwarder{
		Registry: h.nodes, Where: h.where, TLS: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, Log: h.Log, Next: door,
		Fail: func(w http.ResponseWriter, r *http.Request, err error) {
			w.Header().Set("Tus-Resumable", "1.0.0")
			problem.Write(w, r, err, h.Words.For(locale.Choose(r.Header.Get("Accept-Language"))), h.Log)
		},
	}
	return f.Open()
}

// where says on which server an upload's bytes lie. One that has ended can be told of by any.
func (h *House) where(ctx context.Context, id string) (string, error) {
	parsed, err := ident.Parse[ident.UploadID](id)
	if err != nil {
		return "", nil //nolint:nilerr // the door says what is wrong with it
	}
	up, err := h.Recordings.Upload(ctx, parsed)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil || up.State != recording.UploadOpen {
		return "", err
	}
	return up.Node, nil
}

// publicFolder makes what everybody may read, on a server whose bureau was made on another.
func (h *House) publicFolder() error {
	dir := filepath.Join(h.Place.Data, "public")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(dir, caPublicFile)
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.WriteFile(durable.OS(), name, h.CA.PEM(), 0o644)
}
