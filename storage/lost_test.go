package storage

import (
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// BenchmarkLostOfADay is what counting lost footage costs a scrape of the metrics: the last day of 128 streams, with a gap each
// quarter of an hour.
func BenchmarkLostOfADay(b *testing.B) {
	const streams, days = 128, 2
	r := newRig(b)
	defer r.close()
	r.must(r.open())
	r.tend()
	number := r.store.numberOf(r.store.list()[0])
	for day := range days {
		r.put(func(tx *bbolt.Tx) error { return putCenturyDay(tx, number, day, streams) })
	}
	r.now = began.Add(days * 24 * time.Hour)
	for b.Loop() {
		for n := range streams {
			spans, err := r.store.Spans(camera(n), "main", r.now.Add(-24*time.Hour), r.now)
			if err != nil || len(spans) != 2*96 {
				b.Fatal(len(spans), err)
			}
		}
	}
}
