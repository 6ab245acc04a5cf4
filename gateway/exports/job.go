package exports

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"holdfast/gateway/evidence"
)

// States of a job.
const (
	Waiting   = "waiting"
	Running   = "running"
	Done      = "done"
	Failed    = "failed"
	Cancelled = "cancelled"
)

// Export is an export as it is told of.
type Export struct {
	ID       string    `json:"id"`
	State    string    `json:"state" enum:"waiting,running,done,failed,cancelled"`
	Order    Order     `json:"order"`
	Person   string    `json:"person,omitempty" doc:"Id of who ordered it."`
	By       string    `json:"by" doc:"What they are called."`
	Created  time.Time `json:"created"`
	Ended    time.Time `json:"ended,omitzero"`
	Expires  time.Time `json:"expires,omitzero" doc:"When it is removed by itself."`
	Step     string    `json:"step,omitempty" people:"read" doc:"What is done just now."`
	Progress float64   `json:"progress" doc:"From 0 to 1."`
	Left     float64   `json:"left,omitempty" doc:"Seconds that it will take yet, while that is known."`
	Bytes    int64     `json:"bytes" doc:"Of the package; of one that is not done, what it is expected to have."`
	Error    string    `json:"error,omitempty" people:"read" doc:"Why it failed."`
	Manifest string    `json:"manifest,omitempty" doc:"SHA-256 of the manifest, as the audit log has it."`
	Signer   string    `json:"signer,omitempty" doc:"Fingerprint of the key that signed it, for holdfast verify --key."`
	Parts    int       `json:"parts,omitempty" doc:"Files of footage in it."`
	Gaps     int       `json:"gaps,omitempty" doc:"Stretches without footage in it."`
	Name     string    `json:"name,omitempty" doc:"Of the file."`
	Silent   bool      `json:"silent,omitempty" doc:"Of one that is done: no sound is in it."`
}

// Heard are the cameras whose sound the package may have.
func (x *Export) Heard() (ids []string) {
	for _, c := range x.Order.Clips {
		if !x.Silent && !c.Mute && !x.Order.Mute && !slices.Contains(ids, c.Camera) {
			ids = append(ids, c.Camera)
		}
	}
	return ids
}

// record is a job as it is kept, sealed.
type record struct {
	Export
	Address string   `json:"address,omitempty"` // it was ordered from, for the audit log
	Kind    string   `json:"kind,omitempty"`    // how who ordered it proved who they are
	Key     []byte   `json:"key"`               // of the files
	Next    int      `json:"next"`              // number of the next file
	Heard   bool     `json:"heard,omitempty"`   // a clip that is whole has sound
	Clips   []made   `json:"clips"`             // that are whole, in the order of the request
	Stills  []still  `json:"stills"`
	Files   []kept   `json:"files"` // of the finished package, in the order of the zip file
	Locks   []string `json:"locks,omitempty"`
}

// made is a clip that is whole on the disk.
type made struct {
	Clip  evidence.Clip `json:"clip"`
	Files []kept        `json:"files"`
}

type still struct {
	Still evidence.Still `json:"still"`
	File  kept           `json:"file"`
}

// kept is a file of the package, and where it lies.
type kept struct {
	evidence.File
	Name string `json:"name"` // in the job's directory
	CRC  uint32 `json:"crc"`
}

const recordFile = "job"

func (e *Exports) dirOf(id string) string { return filepath.Join(e.o.Dir, id) }

// keep writes a record, durably.
func (e *Exports) keep(r *record) error {
	plain, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(e.dirOf(r.ID), recordFile), e.o.Seal(plain, []byte(r.ID))); err != nil {
		return fmt.Errorf("keep export: %w", err)
	}
	return nil
}

// load reads the records that are there, and sees to jobs that a restart interrupted. What cannot be opened is left alone, and told.
func (e *Exports) load() error {
	entries, err := os.ReadDir(e.o.Dir)
	if err != nil {
		return err
	}
	for _, d := range entries {
		if !d.IsDir() || !validID(d.Name()) {
			continue
		}
		r, err := e.read(d.Name())
		if errors.Is(err, os.ErrNotExist) {
			os.RemoveAll(e.dirOf(d.Name())) // of a crash before the job was kept
			continue
		}
		if err != nil {
			e.o.Log.Error("an export cannot be read", "export", d.Name(), "error", err)
			continue
		}
		if r.State == Running {
			r.State, r.Step, r.Left = Waiting, "", 0
		}
		e.jobs = append(e.jobs, r)
		e.tidy(r)
	}
	sortJobs(e.jobs)
	return nil
}

func (e *Exports) read(id string) (*record, error) {
	sealed, err := os.ReadFile(filepath.Join(e.dirOf(id), recordFile))
	if err != nil {
		return nil, err
	}
	plain, err := e.o.Open(sealed, []byte(id))
	if err != nil {
		return nil, err
	}
	r := &record{}
	if err := json.Unmarshal(plain, r); err != nil {
		return nil, err
	}
	if r.ID != id || len(r.Key) != 32 {
		return nil, errors.New("it is of another export")
	}
	return r, nil
}

// tidy removes files that no whole clip has.
func (e *Exports) tidy(r *record) {
	whole := map[string]bool{recordFile: true}
	for _, f := range r.all() {
		whole[f.Name] = true
	}
	entries, err := os.ReadDir(e.dirOf(r.ID))
	if err != nil {
		return
	}
	for _, d := range entries {
		if !whole[d.Name()] {
			os.Remove(filepath.Join(e.dirOf(r.ID), d.Name()))
		}
	}
}

// all are the files that a record knows.
func (r *record) all() (list []kept) {
	for _, c := range r.Clips {
		list = append(list, c.Files...)
	}
	for _, s := range r.Stills {
		list = append(list, s.File)
	}
	return append(list, r.Files...)
}

// used is how many bytes the job has on the disk.
func (r *record) used() (n int64) {
	seen := map[string]bool{}
	for _, f := range r.all() {
		if !seen[f.Name] {
			n += f.Bytes
		}
		seen[f.Name] = true
	}
	return n
}
