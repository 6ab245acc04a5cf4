package web

import "time"

// Volume is one place for footage.
type Volume struct {
	ID         string    `json:"id"`
	Path       string    `json:"path"`
	State      string    `json:"state" enum:"ok,slow,full,read-only,missing,failing"`
	Cause      string    `json:"cause"`
	Free       int64     `json:"free" doc:"Bytes."`
	Total      int64     `json:"total" doc:"Bytes."`
	SyncMS     float64   `json:"sync_ms" doc:"How long syncing takes, milliseconds."`
	Disks      []Disk    `json:"disks" doc:"What the disks below it say of themselves; empty where no helper asks them."`
	Do         string    `json:"do" doc:"What to do, empty when ok."`
	Since      time.Time `json:"since" doc:"Since when the state is so."`
	Used       int64     `json:"used" doc:"Bytes of footage on it."`
	MedianMS   float64   `json:"sync_median_ms" doc:"Half of the recent syncs take longer, milliseconds."`
	P95MS      float64   `json:"sync_p95_ms" doc:"One recent sync in twenty takes longer, milliseconds."`
	Rate       float64   `json:"write_rate" doc:"Bytes per second that are written to it."`
	Written    uint64    `json:"written" doc:"Bytes written since the gateway started."`
	Streams    int       `json:"streams" doc:"Streams that are recorded on it now."`
	IntervalMS float64   `json:"interval_ms" doc:"How long what is recorded on it is gathered before it is synced, milliseconds."`
}
