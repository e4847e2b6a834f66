// Package source reads the resources of a log, from an address or a folder.
package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// Fetcher reads the resources of a log by their paths below its prefix ("checkpoint", "tile/0/000"). A missing one
// is fault NotFound, a larger one than limit bytes fault TooLarge.
type Fetcher interface {
	Fetch(ctx context.Context, path string, limit int64) ([]byte, error)
}

// HTTPFetcher reads a log over HTTP.
type HTTPFetcher struct {
	base   *url.URL
	client *http.Client
}

// NewHTTPFetcher reads the log with this URL prefix ("https://host/log"). In the open it is read on this machine only
// (Invalid "verify.plain_off_loopback"): whoever stands between could show another log, and without a trust file nobody
// would see. A nil client gets one that trusts the system's roots.
func NewHTTPFetcher(prefix string, client *http.Client) (*HTTPFetcher, error) {
	u, err := url.Parse(prefix)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fault.Wrap(err, fault.Invalid, "verify.url").At("url")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, fault.New(fault.Invalid, "verify.plain_off_loopback").At("url")
	}
	if client == nil {
		client = newClient(nil)
	}
	return &HTTPFetcher{base: u, client: client}, nil
}

// Client reads a log over TLS and trusts only the certificate authorities in this PEM file: a bureau's own (/ca.pem). A
// file without any is fault Invalid "verify.ca".
func Client(pem []byte) (*http.Client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fault.New(fault.Invalid, "verify.ca").At("ca")
	}
	return newClient(roots), nil
}

// newClient is bounded in time and goes where it was sent only: a log that moves says so to a person.
func newClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 15 * time.Second, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// loopback reports whether only this machine can be meant.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// Fetch implements Fetcher.
func (f *HTTPFetcher) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	u := f.base.JoinPath(strings.Split(path, "/")...)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	res, err := f.client.Do(req)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "verify.unreachable", f.base.Host)
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusNotFound:
		return nil, fault.New(fault.NotFound, "verify.unreadable", path)
	case res.StatusCode != http.StatusOK:
		return nil, fault.New(fault.Unavailable, "verify.unreachable", f.base.Host)
	}
	return bounded(res.Body, path, limit)
}

// DirFetcher reads a log from a folder that holds its resources as files, as a mirror or a disc does. It does not
// leave the folder, not by symbolic links either. Close it.
type DirFetcher struct{ root *os.Root }

// NewDirFetcher reads the log in dir.
func NewDirFetcher(dir string) (*DirFetcher, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "verify.unreadable", dir)
	}
	return &DirFetcher{root: root}, nil
}

// Fetch implements Fetcher.
func (f *DirFetcher) Fetch(_ context.Context, path string, limit int64) ([]byte, error) {
	file, err := f.root.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.NotFound, "verify.unreadable", path)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "verify.unreadable", path)
	}
	data, err := bounded(file, path, limit)
	return data, errors.Join(err, file.Close())
}

// Close closes the folder.
func (f *DirFetcher) Close() error { return f.root.Close() }

func bounded(r io.Reader, path string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "verify.unreadable", path)
	}
	if int64(len(data)) > limit {
		return nil, fault.New(fault.TooLarge, "verify.too_large", path, limit)
	}
	return data, nil
}
