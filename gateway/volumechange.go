package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"go.etcd.io/bbolt"

	"holdfast/config"
	"holdfast/gateway/statedb"
	"holdfast/gateway/web"
	"holdfast/storage"
)

var bucketVolumes = []byte("volumes")

// keptVolume is what state.db keeps of a volume: who it is, that it was added while the gateway ran, and that it is being emptied.
type keptVolume struct {
	Path    string `json:"path"`
	Added   bool   `json:"added,omitempty"`    // not in the configuration file when it was added
	MinFree int64  `json:"min_free,omitempty"` // bytes, of one that was added; 0: the default
	Drain   bool   `json:"drain,omitempty"`
	ID      string `json:"id,omitempty"` // when it was used last: should the index be lost, its mount point is not taken for it
}

// keptVolumes reads what is kept of volumes, by path.
func (s *State) keptVolumes() (map[string]keptVolume, error) {
	kept := map[string]keptVolume{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketVolumes)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			var one keptVolume
			err := json.Unmarshal(v, &one)
			kept[string(k)] = one
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read volumes: %w", err)
	}
	return kept, nil
}

// keepVolume changes what is kept of a volume. What says nothing any more is dropped.
func (s *State) keepVolume(path string, change func(*keptVolume)) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketVolumes)
		if err != nil {
			return err
		}
		one := keptVolume{Path: path}
		if v := b.Get([]byte(path)); v != nil {
			if err := json.Unmarshal(v, &one); err != nil {
				return err
			}
		}
		change(&one)
		if !one.Added && !one.Drain && one.ID == "" {
			return b.Delete([]byte(path))
		}
		data, err := json.Marshal(one)
		if err != nil {
			return err
		}
		return b.Put([]byte(path), data)
	})
	if err != nil {
		return fmt.Errorf("keep volume %s: %w", path, err)
	}
	return nil
}

// volumesToOpen are the file's volumes and those that were added at run time. Of one in both, the file's word holds.
func (g *Gateway) volumesToOpen() (list []storage.VolumeOptions) {
	kept := map[string]keptVolume{}
	if g.state != nil {
		var err error
		if kept, err = g.state.keptVolumes(); err != nil {
			g.log.Error("volumes that were added at run time are not known", "error", err)
			kept = map[string]keptVolume{}
		}
	}
	for _, v := range g.conf.Volumes {
		o := storageVolume(v)
		o.Drain, o.ID = kept[v.Path].Drain, kept[v.Path].ID
		list = append(list, o)
		delete(kept, v.Path)
	}
	for _, v := range kept {
		if v.Added && len(list) < storage.MaxVolumes {
			list = append(list, storage.VolumeOptions{Path: v.Path, MinFree: v.MinFree, Drain: v.Drain, ID: v.ID})
		}
	}
	return list
}

// sourceOf tells whether a volume is the file's or was added.
func (g *Gateway) sourceOf(path string) string {
	for _, v := range g.conf.Volumes {
		if v.Path == path {
			return "config"
		}
	}
	return "added"
}

// AddVolume takes a directory into use, and keeps that it is. One of the file can only be adopted.
func (g *Gateway) AddVolume(_ context.Context, req web.VolumeRequest) (web.Volume, error) {
	o := storage.VolumeOptions{Path: filepath.Clean(req.Path), MinFree: req.MinFree, Adopt: req.Adopt}
	st, err := g.store.AddVolume(o)
	if err != nil {
		return web.Volume{}, volumeProblem(err)
	}
	if g.sourceOf(st.Path) == "added" {
		err = g.settleVolume(st.Path, func(k *keptVolume) { k.Added, k.MinFree = true, req.MinFree })
	}
	return g.describeVolume(st), err
}

// DrainVolume begins to empty a volume, and keeps that it is being emptied.
func (g *Gateway) DrainVolume(_ context.Context, id string) (web.Volume, error) {
	return g.draining(id, true, g.store.Drain)
}

// CancelDrain ends the emptying of a volume.
func (g *Gateway) CancelDrain(_ context.Context, id string) (web.Volume, error) {
	return g.draining(id, false, g.store.CancelDrain)
}

func (g *Gateway) draining(id string, drain bool, do func(string) error) (web.Volume, error) {
	if err := do(id); err != nil {
		return web.Volume{}, volumeProblem(err)
	}
	st, err := g.store.Volume(id)
	if err != nil {
		return web.Volume{}, volumeProblem(err)
	}
	return g.describeVolume(st), g.settleVolume(st.Path, func(k *keptVolume) { k.Drain = drain })
}

// RemoveVolume takes a volume out of use.
func (g *Gateway) RemoveVolume(_ context.Context, id string, forget bool) error {
	st, err := g.store.Volume(id)
	if err != nil {
		return volumeProblem(err)
	}
	if g.sourceOf(st.Path) == "config" {
		return web.Conflict("Volume "+st.Path+" is named in the configuration file.", "Empty it (holdfast volume drain), then take it out of the file and start the gateway again.")
	}
	if err := g.store.RemoveVolume(id, forget); err != nil {
		return volumeProblem(err)
	}
	return g.settleVolume(st.Path, func(k *keptVolume) { k.Added, k.Drain, k.ID = false, false, "" })
}

// owedVolumes is what was done to volumes and could not be kept, by path. The zero value is ready.
type owedVolumes struct {
	mu   sync.Mutex // guards list, and makes keeping it one act
	list map[string][]func(*keptVolume)
}

// settleVolume keeps what was done to a volume. What cannot be kept is done all the same, and owed: the next start would not know of it.
func (g *Gateway) settleVolume(path string, change func(*keptVolume)) error {
	o := &g.owedVolumes
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.list == nil {
		o.list = make(map[string][]func(*keptVolume))
	}
	o.list[path] = append(o.list[path], change)
	err := g.payVolume(path)
	if !statedb.Counts(err) {
		err = fmt.Errorf("%w: %w", statedb.ErrUnconfirmed, err)
	}
	return err
}

// payVolume keeps what is owed of a volume, in its order. Caller holds mu.
func (g *Gateway) payVolume(path string) error {
	err := g.state.keepVolume(path, func(k *keptVolume) {
		for _, change := range g.owedVolumes.list[path] {
			change(k)
		}
	})
	if statedb.Counts(err) {
		delete(g.owedVolumes.list, path)
	}
	return err
}

// payVolumes keeps what is owed of all.
func (g *Gateway) payVolumes() {
	o := &g.owedVolumes
	o.mu.Lock()
	defer o.mu.Unlock()
	for path := range o.list {
		if err := g.payVolume(path); err != nil {
			g.log.Error("keep what was done to a volume; it is tried again", "volume", path, "error", err)
		}
	}
}

// rememberVolumes keeps who the volumes are that are there. remembered is what is kept already, by path.
func (g *Gateway) rememberVolumes(remembered map[string]string) {
	g.payVolumes()
	for _, st := range g.store.Volumes() {
		if st.ID == "" || st.State == storage.VolumeMissing || remembered[st.Path] == st.ID {
			continue
		}
		if err := g.state.keepVolume(st.Path, func(k *keptVolume) { k.ID = st.ID }); !statedb.Counts(err) {
			g.log.Error("remember who a volume is; it is tried again", "error", err)
			continue
		}
		remembered[st.Path] = st.ID
	}
}

// volumeProblem gives an error about a volume the form that the web shows.
func volumeProblem(err error) error {
	var use *storage.InUse
	switch {
	case errors.Is(err, storage.ErrNoVolume):
		return web.ErrNotFound
	case errors.As(err, &use) && use.Streams > 0:
		return web.Conflict(err.Error(), "Empty it first (holdfast volume drain): recording goes on elsewhere.")
	case errors.As(err, &use):
		return web.Conflict(err.Error(), "Empty it first (holdfast volume drain). With --forget it is removed all the same, and this footage is off the timelines.")
	case storage.Adoptable(err):
		return web.Adoptable(err.Error(), storage.Advice(err))
	}
	return web.Conflict(err.Error(), storage.Advice(err))
}

// OfflineVolumes calls f with the volumes of a gateway that is not running, while storage runs as in one.
func OfflineVolumes(ctx context.Context, conf *config.Config, log *slog.Logger, f func(web.Volumes) error) error {
	return OnFiles(ctx, conf, log, func(g *Gateway) error { return f(g) })
}

// OnFiles calls f with a gateway that is not running, while storage runs as in one. It has no cameras.
func OnFiles(ctx context.Context, conf *config.Config, log *slog.Logger, f func(*Gateway) error) (err error) {
	lock, err := lockData(conf.Data)
	if err != nil {
		return err
	}
	defer lock.Close()
	g := New(Options{Config: conf, Log: log})
	if g.vault, err = g.vaultOffline(); err != nil {
		return err
	}
	if g.state, err = openState(conf.Data, g.vault); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.state.Close()) }()
	if g.store, err = storage.Open(g.storageOptions()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.store.Close()) }()
	if err := g.keepAdopted(); err != nil { // before Run deletes by age
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() { defer close(over); g.store.Run(ctx) }()
	defer func() { cancel(); <-over }()
	return f(g)
}

// stateIfAny opens state.db when there is one: a command on the files must know the volumes that were added.
func (g *Gateway) stateIfAny() (closed func(), err error) {
	if _, err := os.Stat(filepath.Join(g.conf.Data, "state.db")); err != nil {
		return func() {}, nil
	}
	if g.state, err = openState(g.conf.Data, nil); err != nil {
		return nil, err
	}
	return func() { g.state.Close() }, nil
}
