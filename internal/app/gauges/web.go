package gauges

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"zhilu.dev/zhilu/internal/trace"
)

// Web counts requests and what became of uploads.
type Web struct {
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	ended    *prometheus.CounterVec
	underway *prometheus.GaugeVec
}

// NewWeb begins with nothing.
func NewWeb() *Web {
	area := []string{"area"}
	return &Web{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "zhilu", Name: "http_requests_total", Help: "Requests by area and answer."}, []string{"area", "method", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "zhilu", Name: "http_request_seconds", Help: "How long requests took.", Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, area),
		ended:    prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "zhilu", Name: "intake_files_total", Help: "Uploads that ended, by what became of them."}, []string{"outcome"}),
		underway: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "zhilu", Name: "http_requests_under_way", Help: "Requests being answered."}, area),
	}
}

func (m *Web) all() []prometheus.Collector {
	return []prometheus.Collector{m.requests, m.took, m.ended, m.underway}
}

// areas are the parts of the house that answer; whatever else is asked for is a page.
var areas = []string{"upload", "api", "log", "static"}

func areaOf(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for _, a := range areas {
		if first == a {
			return a
		}
	}
	return "page"
}

// methods are those that are counted by name: what else a stranger sends must not become a label.
var methods = map[string]bool{"GET": true, "HEAD": true, "POST": true, "PATCH": true, "DELETE": true, "OPTIONS": true, "PUT": true}

// Count counts what a handler answers.
func (m *Web) Count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		area, method := areaOf(r.URL.Path), r.Method
		if !methods[method] {
			method = "other"
		}
		began := time.Now() //nolint:forbidigo // time that passes, not the time of an act
		underway := m.underway.WithLabelValues(area)
		underway.Inc()
		seen := trace.Watch(w)
		defer func() {
			underway.Dec()
			m.requests.WithLabelValues(area, method, strconv.Itoa(seen.Status)).Inc()
			m.took.WithLabelValues(area).Observe(time.Since(began).Seconds()) //nolint:forbidigo // time that passes
			if out := w.Header().Get("Zhilu-Status"); area == "upload" && method != "HEAD" && (out == "sealed" || out == "duplicate") {
				m.ended.WithLabelValues(out).Inc()
			} else if area == "upload" && seen.Status >= http.StatusBadRequest {
				m.ended.WithLabelValues("refused").Inc()
			}
		}()
		next.ServeHTTP(seen, r)
	})
}
