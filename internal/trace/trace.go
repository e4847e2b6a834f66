// Package trace tells an OpenTelemetry collector where the time of an intake goes: from the dock over the door to the disk,
// the commit, the place in the log and the jobs that follow. It is off unless an address is given, and then costs nothing.
//
// A span carries ids, codes, sizes and counts. It MUST NOT carry names, file names, reasons or anything a person typed: what
// a collector keeps is outside the house.
//
// Intake never waits for a collector: spans are handed over by a worker from a queue of bounded length, and what does not fit
// is dropped.
package trace

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"zhilu.dev/zhilu/internal/fault"
)

// Config says where spans go and whose they are.
type Config struct {
	URL     string // of an OTLP/HTTP collector, such as http://127.0.0.1:4318; /v1/traces is added where no path is given
	Service string // "zhilu" or "zhilu-dock"
	Version string
	Log     *slog.Logger
}

// queue is how many spans may wait for the collector; at some 500 bytes each.
const queue = 4096

// propagator writes and reads W3C traceparent.
var propagator = propagation.TraceContext{}

// provider is nil while nothing is traced. It is set once, by Export, before anything works.
var provider atomic.Pointer[sdktrace.TracerProvider]

// Export begins to hand spans to a collector. stop hands over what is left, for a few seconds at most. A collector that is
// away is no error: it is tried again with the next spans, and the log says so once in a while.
func Export(ctx context.Context, c Config) (stop func(context.Context), err error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.New(fault.Invalid, "config.otlp", c.URL).At("otlp")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()), otlptracehttp.WithHTTPClient(&http.Client{
		Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}))
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	p := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithMaxQueueSize(queue)),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", c.Service), attribute.String("service.version", c.Version))),
	)
	quiet := atomic.Int64{}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		if quiet.Add(1)%60 == 1 { // a batch every few seconds, for as long as the collector is away
			c.Log.Warn("traces are not taken by the collector", "err", err)
		}
	}))
	provider.Store(p)
	return func(ctx context.Context) {
		provider.Store(nil)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := p.Shutdown(ctx); err != nil {
			c.Log.Warn("the last traces were not taken by the collector", "err", err)
		}
	}, nil
}

// Span is a stretch of work. The zero value tells nobody.
type Span struct{ s trace.Span }

// Start begins a stretch of work inside the one ctx is in.
func Start(ctx context.Context, name string, attrs ...attribute.KeyValue) (context.Context, Span) {
	return start(ctx, name, trace.WithAttributes(attrs...))
}

func start(ctx context.Context, name string, o ...trace.SpanStartOption) (context.Context, Span) {
	p := provider.Load()
	if p == nil {
		return ctx, Span{}
	}
	ctx, s := p.Tracer("zhilu.dev/zhilu").Start(ctx, name, o...)
	return ctx, Span{s}
}

// Int is a fact of a span; see the package for what it must not hold.
func Int(name string, v int64) attribute.KeyValue { return attribute.Int64("zhilu."+name, v) }

// Text is a fact of a span; an id or a code, never what a person wrote.
func Text(name, v string) attribute.KeyValue { return attribute.String("zhilu."+name, v) }

// Set adds facts that were not known at the start.
func (s Span) Set(attrs ...attribute.KeyValue) {
	if s.s != nil {
		s.s.SetAttributes(attrs...)
	}
}

// End ends the stretch; of an error only its code is told.
func (s Span) End(err error) {
	if s.s == nil {
		return
	}
	if err != nil {
		code := fault.As(err).Code
		s.s.SetStatus(codes.Error, code)
		s.s.SetAttributes(Text("code", code))
	}
	s.s.End()
}

// Carry gives the traceparent of the work that ctx is in, "" where nothing is traced.
func Carry(ctx context.Context) string {
	c := propagation.MapCarrier{}
	propagator.Inject(ctx, c)
	return c["traceparent"]
}

// Under gives a context whose work belongs below a traceparent that Carry gave. One that is malformed changes nothing.
func Under(ctx context.Context, parent string) context.Context {
	if parent == "" {
		return ctx
	}
	return propagator.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
}

// Request writes the traceparent of its context into a request that goes out.
func Request(r *http.Request) {
	if p := Carry(r.Context()); p != "" {
		r.Header.Set("Traceparent", p)
	}
}

// Handler makes a span of each request, named by the pattern that the mux inside finds for it, which has no ids.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if provider.Load() == nil {
			next.ServeHTTP(w, r)
			return
		}
		ctx, span := start(Under(r.Context(), r.Header.Get("Traceparent")), r.Method, trace.WithSpanKind(trace.SpanKindServer))
		seen := Watch(w)
		r = r.WithContext(ctx)
		next.ServeHTTP(seen, r)
		if r.Pattern != "" {
			_, path, found := strings.Cut(r.Pattern, " ")
			if !found {
				path = r.Pattern
			}
			span.s.SetName(r.Method + " " + path)
		}
		span.Set(attribute.Int("http.response.status_code", seen.Status))
		if seen.Status >= http.StatusInternalServerError {
			span.s.SetStatus(codes.Error, "")
		}
		span.s.End()
	})
}

// Watched is an answer whose status is noted.
type Watched struct {
	http.ResponseWriter
	Status int
}

// Watch notes the status of an answer, 200 where none is written.
func Watch(w http.ResponseWriter) *Watched { return &Watched{w, http.StatusOK} }

// WriteHeader notes the status.
func (w *Watched) WriteHeader(status int) {
	if status >= http.StatusOK { // not 103 and its like
		w.Status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *Watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
