package trace_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"zhilu.dev/zhilu/internal/hardship/housetest"
	"zhilu.dev/zhilu/internal/trace"
)

func TestMain(m *testing.M) { housetest.Main(m) }

// receiver is an OTLP collector that keeps what it is told.
type receiver struct {
	mu   sync.Mutex
	all  []*spans.Span
	raw  bytes.Buffer
	srv  *httptest.Server
	from map[string]bool // services
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	c := &receiver{from: map[string]bool{}}
	c.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			body = z
		}
		raw, err := io.ReadAll(body)
		var req collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(raw, &req)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			http.Error(w, "not traces", http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw.Write(raw)
		for _, rs := range req.GetResourceSpans() {
			for _, a := range rs.GetResource().GetAttributes() {
				if a.GetKey() == "service.name" {
					c.from[a.GetValue().GetStringValue()] = true
				}
			}
			for _, ss := range rs.GetScopeSpans() {
				c.all = append(c.all, ss.GetSpans()...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.srv.Close)
	return c
}

// TestIntake follows one file from the dock to the jobs after it, by what the built program tells a collector.
func TestIntake(t *testing.T) {
	t.Parallel()
	c := newReceiver(t)
	h := housetest.New(t, t.TempDir())
	h.Flags = []string{"--otlp", c.srv.URL}
	s := h.Start(t)
	f := &housetest.File{Name: "买买提·司马义.mp4", Size: 700_000, Seed: 7}
	card := housetest.Card(t, filepath.Join(h.Dir, "card"), []*housetest.File{f})
	out, err := h.Agent(t, card, "state", "--chunk-size", "300000", "--otlp", c.srv.URL).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.Stop(t) // which hands over what is left
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.from["zhilu"] || !c.from["zhilu-dock"] {
		t.Errorf("told by %v", slices.Collect(maps.Keys(c.from)))
	}
	var root *spans.Span
	for _, x := range c.all {
		if x.GetName() == "dock.file" {
			root = x
		}
	}
	if root == nil {
		t.Fatal("no span of the dock's")
	}
	byID := map[string]*spans.Span{}
	for _, x := range c.all {
		if bytes.Equal(x.GetTraceId(), root.GetTraceId()) {
			byID[string(x.GetSpanId())] = x
		}
	}
	paths := map[string]int{}
	for _, x := range byID {
		way := x.GetName()
		for y := byID[string(x.GetParentSpanId())]; y != nil; y = byID[string(y.GetParentSpanId())] {
			way = y.GetName() + " > " + way
		}
		paths[way]++
	}
	for way, n := range map[string]int{
		"dock.file > POST /upload > gate.do":                                           1,
		"dock.file > PATCH /upload/ > intake.append > vault.sync":                      3,
		"dock.file > PATCH /upload/ > intake.append > vault.state":                     3,
		"dock.file > PATCH /upload/ > intake.seal > vault.seal":                        1,
		"dock.file > PATCH /upload/ > intake.seal > gate.do":                           1,
		"dock.file > PATCH /upload/ > intake.seal > gate.do > job.recording.follow_up": 1,
	} {
		if paths[way] < n {
			t.Errorf("%s: %d spans, at least %d expected", way, paths[way], n)
		}
	}
	if t.Failed() {
		for _, way := range slices.Sorted(maps.Keys(paths)) {
			t.Logf("%3d %s", paths[way], way)
		}
	}
	// What a collector keeps is outside the house.
	for _, secret := range []string{"买买提", "mp4", "示例局", strings.SplitN(h.Dock, ".", 2)[0], f.SHA256()} {
		if bytes.Contains(c.raw.Bytes(), []byte(secret)) {
			t.Errorf("the collector was told %q", secret)
		}
	}
}

// TestCollectorAway: intake does not wait for a collector that takes nothing or never answers.
func TestCollectorAway(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(release) })
	for name, url := range map[string]string{"nobody": "http://127.0.0.1:1", "silent": silent.URL} {
		t.Run(name, func(t *testing.T) {
			h := housetest.New(t, t.TempDir())
			h.Flags = []string{"--otlp", url}
			s := h.Start(t)
			acks := housetest.NewAcks()
			c := &housetest.Client{House: h, Token: h.Dock, Acks: acks}
			for i := range 30 {
				f := &housetest.File{Name: "a.mp4", Size: 10_000, Seed: uint64(i)}
				if a, err := c.Once(t.Context(), f, ""); err != nil {
					t.Fatalf("%v %+v", err, a)
				}
			}
			v := h.Check(t, s, acks.List(), 1)
			v.Must(t)
		})
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"collector:4318", "ftp://x", "http://", "\x00"} {
		if stop, err := trace.Export(t.Context(), trace.Config{URL: url}); err == nil {
			stop(t.Context())
			t.Errorf("%q is taken for an address", url)
		}
	}
}

// TestUnder: a traceparent survives the way through a job's metadata, and nonsense changes nothing.
func TestUnder(t *testing.T) {
	t.Parallel()
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	if got := trace.Carry(trace.Under(t.Context(), parent)); got != parent {
		t.Error(got)
	}
	for _, bad := range []string{"", "x", strings.Repeat("0", 55), "00-zz-b7ad6b7169203331-01"} {
		if got := trace.Carry(trace.Under(t.Context(), bad)); got != "" {
			t.Errorf("%q: %s", bad, got)
		}
	}
	r, err := http.NewRequestWithContext(trace.Under(t.Context(), parent), http.MethodGet, "http://127.0.0.1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if trace.Request(r); r.Header.Get("Traceparent") != parent {
		t.Error(r.Header)
	}
}
