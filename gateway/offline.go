package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"holdfast/config"
	"holdfast/storage"
)

// CheckFiles checks the footage of a gateway that is not running. Opening the store finishes what a crash left open, as the
// next start would.
func CheckFiles(ctx context.Context, conf *config.Config, level storage.Level, log *slog.Logger, progress func(done, total int)) (r storage.Report, err error) {
	lock, err := lockData(conf.Data)
	if err != nil {
		return r, err
	}
	defer lock.Close()
	g := &Gateway{conf: conf, log: log, now: time.Now}
	store, err := storage.Open(g.storageOptions())
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.Check(ctx, level, progress)
}
