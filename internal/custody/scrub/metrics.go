package scrub

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func metric(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("zhilu_scrub_"+name, help, nil, nil)
}

// The figures for operators' tools. They tell nothing of evidence.
var (
	metricFindings = metric("findings", "Things found wrong and still so.")
	metricLeft     = metric("objects_left", "Objects this cycle has still to read.")
	metricCycle    = metric("cycle", "Number of the cycle.")
	metricRead     = metric("cycle_read_bytes", "Bytes read in this cycle.")
	metricOldest   = metric("oldest_age_seconds", "Since the object was read back that was read longest ago.")
	metricRows     = metric("rows_good_age_seconds", "Since rows and log were last found whole.")
)

// metricsWait is how long the figures may take.
const metricsWait = 2 * time.Second

// Describe tells what figures there are.
func (s *Service) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{metricFindings, metricLeft, metricCycle, metricRead, metricOldest, metricRows} {
		ch <- d
	}
}

// Collect gives the figures. What is not known is left out.
func (s *Service) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), metricsWait)
	defer cancel()
	st, err := s.State(ctx)
	if err != nil {
		return
	}
	give := func(d *prometheus.Desc, v float64) { ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	now := s.c.Clock.Now()
	give(metricFindings, float64(len(st.Findings)))
	give(metricLeft, float64(st.Objects-st.Done))
	give(metricCycle, float64(st.Cycle))
	give(metricRead, float64(st.ReadBytes))
	if !st.Oldest.IsZero() {
		give(metricOldest, now.Sub(st.Oldest).Seconds())
	}
	if !st.RowsGood.IsZero() {
		give(metricRows, now.Sub(st.RowsGood).Seconds())
	}
}
