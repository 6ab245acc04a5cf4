package gateway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"holdfast/config"
	"holdfast/storage"
)

// anything tells with an error that there is neither an index nor a volume.
func anything(o storage.Options) error {
	paths := []string{o.Index}
	for _, v := range o.Volumes {
		paths = append(paths, v.Path)
	}
	for _, p := range paths {
		if _, err := os.Stat(p); !errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return fmt.Errorf("nothing was ever recorded here: there is neither %s nor a volume", o.Index)
}

// CheckFiles checks the footage of a gateway that is not running. Opening the store finishes what a crash left open, as the
// next start would.
func CheckFiles(ctx context.Context, conf *config.Config, level storage.Level, o *storage.CheckOptions, log *slog.Logger) (r storage.Report, err error) {
	g := &Gateway{conf: conf, log: log, now: time.Now}
	where := g.storageOptions()
	if err := anything(where); err != nil { // opening would make directories where a name is mistyped
		return r, err
	}
	lock, err := lockData(conf.Data)
	if err != nil {
		return r, err
	}
	defer lock.Close()
	closeState, err := g.stateIfAny()
	if err != nil {
		return r, err
	}
	defer closeState()
	if g.keys, err = g.keysOffline(); err != nil {
		return r, err
	}
	store, err := storage.Open(g.storageOptions())
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.Check(ctx, level, o)
}

// RebuildIndex makes the index of a gateway that is not running again, from its volumes.
func RebuildIndex(ctx context.Context, conf *config.Config, log *slog.Logger, progress func(storage.RebuildProgress)) (r storage.RebuildReport, err error) {
	g := &Gateway{conf: conf, log: log, now: time.Now}
	if err := anything(g.storageOptions()); err != nil {
		return r, err
	}
	lock, err := lockData(conf.Data)
	if err != nil {
		return r, err
	}
	defer lock.Close()
	closeState, err := g.stateIfAny() // it names the volumes that were added at run time
	if err != nil {
		return r, err
	}
	defer closeState()
	if g.keys, err = g.keysOffline(); err != nil {
		return r, err
	}
	return storage.Rebuild(ctx, g.storageOptions(), progress)
}
