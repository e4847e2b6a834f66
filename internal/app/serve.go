package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"zhilu.dev/zhilu/internal/app/authority"
	"zhilu.dev/zhilu/internal/app/gauges"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/lifecycle"
	"zhilu.dev/zhilu/internal/trace"
)

// grace is how long each part may take to stop.
const grace = 20 * time.Second

// Serve serves the bureau until ctx ends. ready is called with the address once requests are answered. The house must
// have been opened for serving.
func (h *House) Serve(ctx context.Context, s *config.Server, ready func(url string)) error {
	witnesses, err := h.witnesses(s)
	if err != nil {
		return err
	}
	if err := witnesses.Register(ctx); err != nil {
		return err
	}
	if err = h.publicFolder(); err != nil {
		return err
	}
	if err = h.beginSigning(ctx); err != nil {
		return err
	}
	defer h.endSigning()
	if err = h.join(ctx, s); err != nil {
		return err
	}
	adopted, err := h.Recordings.Adopt(ctx)
	if err != nil {
		return err
	}
	if err := h.rescue().EnterRestore(ctx); err != nil {
		return err
	}
	witnesses.Ask(ctx) // before anything is signed: see there
	h.Log.InfoContext(ctx, "vault and rows agree", "report", adopted)
	watch := &logWatch{h: h, whole: 10 * time.Minute, look: time.Second}
	handler, err := h.handler(s, watch)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	inner, err := lc.Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "app.listen", s.Listen).At("listen")
	}
	address := h.address(s, inner.Addr())
	listener, err := h.listener(s, inner)
	if err != nil {
		return errors.Join(err, inner.Close())
	}
	return lifecycle.Run(ctx, lifecycle.Config{Logger: h.Log, Grace: grace, Ready: func() { ready(address) }},
		lifecycle.Func("signer", h.sign),
		lifecycle.Func("node", h.live),
		lifecycle.Func("refusals", h.flushRefusals),
		lifecycle.Func("log-watch", watch.run),
		lifecycle.Func("clock-watch", h.watchClock),
		lifecycle.Func("witnesses", witnesses.Run),
		lifecycle.Func("lock-watch", h.watchLock),
		lifecycle.Func("scrub", h.scrub().Run),
		lifecycle.Func("diagnosis", h.Diagnosis().Run),
		lifecycle.Pair("jobs", h.Jobs.Start, h.Jobs.Stop, grace-2*time.Second),
		lifecycle.Func("http", httpServer(listener, handler)),
	)
}

// httpServer answers until it is told to stop, then lets running requests end.
func httpServer(l net.Listener, handler http.Handler) func(context.Context, func()) error {
	return func(ctx context.Context, ready func()) error {
		srv := &http.Server{
			Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		}
		failed := make(chan error, 1)
		go func() { failed <- srv.Serve(l) }()
		ready()
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
		}
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace/2)
		defer cancel()
		if err := srv.Shutdown(stop); err != nil {
			return srv.Close() // slow uploads resume later
		}
		return nil
	}
}

// flushRefusals writes counted refusals each minute, and the last ones at the end.
func (h *House) flushRefusals(ctx context.Context, ready func()) error {
	ready()
	for {
		select {
		case <-ctx.Done():
			return h.Gate.Flush(context.WithoutCancel(ctx), true)
		case <-time.After(20 * time.Second):
			if err := h.Gate.Flush(ctx, false); err != nil {
				h.Log.ErrorContext(ctx, "refusals not written", "err", err)
			}
		}
	}
}

// loopback reports whether only this machine can reach the address.
func loopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// listener puts TLS before what leaves the machine; on loopback plain HTTP is answered too (decision 22).
func (h *House) listener(s *config.Server, inner net.Listener) (net.Listener, error) {
	if s.PlainHTTP {
		return inner, nil // config has refused this off loopback
	}
	cfg, err := h.tlsConfig(s)
	if err != nil {
		return nil, err
	}
	cfg.NextProtos = []string{"http/1.1"}
	if loopback(inner.Addr()) {
		return newDualListener(inner, cfg), nil
	}
	return tls.NewListener(inner, cfg), nil
}

func (h *House) tlsConfig(s *config.Server) (*tls.Config, error) {
	if s.TLSCert != "" {
		cert, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "config.tls_pair").At("tls-cert")
		}
		h.served.Store(&cert.Leaf.NotAfter)
		return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}, nil
	}
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		host = ""
	}
	public := ""
	if u, err := url.Parse(s.PublicURL); err == nil {
		public = u.Hostname()
	}
	inner, _, err := net.SplitHostPort(s.Inner)
	if err != nil {
		inner = ""
	}
	return h.CA.TLS(authority.Hosts(public, host, inner)), nil
}

// certificates are those that somebody has to look after: the bureau's CA, and a server's that came from elsewhere. What the
// CA issues is renewed by the server itself.
func (h *House) certificates() []gauges.Certificate {
	var out []gauges.Certificate
	if ends := h.served.Load(); ends != nil {
		out = append(out, gauges.Certificate{Name: "server", Ends: *ends})
	} else if h.CA != nil {
		out = append(out, gauges.Certificate{Name: "ca", Ends: h.CA.Certificate().NotAfter})
	}
	return out
}

// address is how this server is reached: the public one if set, else the listener's. On loopback it is the plain one,
// which no browser warns of.
func (h *House) address(s *config.Server, a net.Addr) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	if s.PlainHTTP || loopback(a) {
		return "http://" + a.String()
	}
	return "https://" + a.String()
}

// handler is everything that answers.
func (h *House) handler(s *config.Server, watch *logWatch) (http.Handler, error) {
	mux := http.NewServeMux()
	if err := h.mountLog(mux); err != nil {
		return nil, err
	}
	if err := h.mountFaces(mux); err != nil {
		return nil, err
	}
	if err := h.mountPages(mux, watch); err != nil {
		return nil, err
	}
	web := gauges.NewWeb()
	h.mountHealth(mux, web)
	mux.HandleFunc("GET /ca.pem", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-pem-file")
		http.ServeFile(w, r, filepath.Join(h.Place.Data, "public", caPublicFile))
	})
	cross := http.NewCrossOriginProtection()
	return trace.Handler(web.Count(cross.Handler(mux))), nil
}

// mountHealth adds what operators' tools ask. It tells nothing of evidence.
func (h *House) mountHealth(mux *http.ServeMux, web *gauges.Web) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := errors.Join(h.DB.Reader.PingContext(r.Context()), h.readOnly(), h.signer.Refusal()); err != nil {
			h.Log.ErrorContext(r.Context(), "not ready", "err", err)
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	reg := gauges.New(gauges.Sources{
		DB: h.DB, Jobs: h.Jobs, Vault: h.Vault, Clock: h.Clock, Signing: h.signer.Here, Refusal: h.signer.Refusal,
		Unlocked: func() bool {
			trial := h.lock.tried.Load()
			return trial != nil && trial.err != nil
		},
		Certificates: h.certificates, Bytes: h.arrivals.total.Load, More: []prometheus.Collector{h.scrub()},
	}, web)
	h.figures = reg
	metrics := promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err != nil || !net.ParseIP(host).IsLoopback() {
			http.NotFound(w, r) // figures of the house are for its own machine
			return
		}
		metrics.ServeHTTP(w, r)
	})
}
