package gateway

import (
	"io"
	"slices"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// lag counts how long frames waited from their arrival until they were safe on a disk, over all streams that are recorded
// without a break. It is what a power cut would cost, so that most of it should lie below a second.
type lag struct {
	set    *metrics.Set                 // constant
	counts *metrics.PrometheusHistogram // constant
}

// lagBounds are fine where a batch of 0.7 s and a sync end, and coarse where a disk is in trouble, seconds.
var lagBounds = slices.Concat(metrics.LinearBuckets(0.05, 0.05, 30), []float64{2, 3, 5, 10, 30, 60})

func newLag() *lag {
	set := metrics.NewSet()
	return &lag{set: set, counts: set.NewPrometheusHistogramExt("holdfast_recording_lag_seconds", lagBounds)}
}

// told takes the wait of one batch's oldest frame.
func (l *lag) told(wait time.Duration) { l.counts.Update(wait.Seconds()) }

func (l *lag) write(w io.Writer) { l.set.WritePrometheus(w) }
