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
	Verify     Verify    `json:"verify" doc:"How far reading its footage again is, which finds rot."`
	IntervalMS float64   `json:"interval_ms" doc:"How long what is recorded on it is gathered before it is synced, milliseconds."`
}

// Verify is how far reading a volume's footage again is.
type Verify struct {
	Last    time.Time `json:"last,omitempty,omitzero" doc:"When the last whole pass began; nothing when there was none."`
	Ended   time.Time `json:"ended,omitempty,omitzero" doc:"When it ended."`
	Started time.Time `json:"started,omitempty,omitzero" doc:"When the pass that goes on began; nothing when none does."`
	Bytes   int64     `json:"bytes" doc:"Read in the pass that goes on."`
	Damaged int       `json:"damaged" doc:"Files that this pass, or the last one, found damaged."`
}
