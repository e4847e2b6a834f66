package node

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// forwarded marks a request that another server passed on. It must not go further, and what it asks for must be here.
const forwarded = "Zhilu-Forwarded-By"

// Forwarder stands before the door. It answers what is ours, and passes on what lies on another server.
type Forwarder struct {
	Registry *Registry
	// Where says on which server an upload's bytes lie; "" if it does not matter: it has ended, or there is none.
	Where func(ctx context.Context, id string) (string, error)
	TLS   *tls.Config // trusts the bureau's certificate authority
	Fail  func(w http.ResponseWriter, r *http.Request, err error)
	Log   *slog.Logger
	Next  http.Handler

	proxy *httputil.ReverseProxy
}

type targetKey struct{}

// Open makes it ready.
func (f *Forwarder) Open() *Forwarder {
	f.proxy = &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			to, _ := p.In.Context().Value(targetKey{}).(string)
			p.SetURL(&url.URL{Scheme: "https", Host: to})
			p.Out.Host = p.In.Host       // the address that the sender knows
			p.Out.Trailer = p.In.Trailer // filled when the body ends: a checksum may come after it
			p.Out.Header["Te"] = p.In.Header["Te"]
			p.Out.Header.Set(forwarded, f.Registry.Name())
			p.SetXForwarded()
		},
		FlushInterval: -1,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 10 * time.Second}).DialContext,
			TLSClientConfig:     f.TLS,
			TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute,
			DisableCompression: true,
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if errors.Is(err, context.Canceled) {
				panic(http.ErrAbortHandler) // the sender has gone
			}
			w.Header().Set("Retry-After", "2")
			f.Fail(w, r, fault.Wrap(err, fault.Unavailable, "node.away"))
		},
	}
	return f
}

// ServeHTTP answers or passes on.
func (f *Forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to, err := f.target(r)
	if err != nil {
		if fault.Is(err, fault.Unavailable) {
			w.Header().Set("Retry-After", "2")
		}
		f.Fail(w, r, err)
		return
	}
	if to == "" {
		f.Next.ServeHTTP(w, r)
		return
	}
	f.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), targetKey{}, to)))
}

// target gives the address of the server that must answer, or "" for this one.
func (f *Forwarder) target(r *http.Request) (string, error) {
	ctx := r.Context()
	name, err := f.nodeOf(r)
	if err != nil || name == "" || name == f.Registry.Name() {
		return "", err
	}
	n, err := f.Registry.node(ctx, name)
	switch {
	case err != nil:
		return "", err
	case n.Silent >= Gone:
		return "", fault.New(fault.NotFound, "upload.gone") // a dock begins anew
	case !n.Lives(), n.Address == "", r.Header.Get(forwarded) != "":
		return "", fault.New(fault.Unavailable, "node.away", name)
	}
	return n.Address, nil
}

func (f *Forwarder) nodeOf(r *http.Request) (string, error) {
	if id := path.Base(r.URL.Path); strings.Count(r.URL.Path, "/") > 1 {
		return f.Where(r.Context(), id)
	}
	concat := r.Header.Get("Upload-Concat")
	switch {
	case strings.HasPrefix(concat, "final"):
		// Parts are joined where they lie; they were all begun on one server, see below.
		_, list, _ := strings.Cut(concat, ";")
		if parts := strings.Fields(list); len(parts) > 0 {
			return f.Where(r.Context(), path.Base(parts[0]))
		}
	case concat == "partial" && r.Header.Get(forwarded) == "":
		return f.chosen(r)
	}
	return "", nil
}

// chosen gives one sender's parts to one server, the same as long as the same servers live.
func (f *Forwarder) chosen(r *http.Request) (string, error) {
	nodes, err := f.Registry.Nodes(r.Context())
	if err != nil {
		return "", err
	}
	who := r.Header.Get("Authorization")
	if who == "" {
		who = r.Header.Get("Cookie")
	}
	best, most := "", uint64(0)
	for _, n := range nodes {
		if !n.Lives() || n.Address == "" && n.Name != f.Registry.Name() {
			continue
		}
		h := sha256.Sum256([]byte(n.Name + "\x00" + who))
		if score := binary.BigEndian.Uint64(h[:]); best == "" || score > most {
			best, most = n.Name, score
		}
	}
	return best, nil
}
