package gateway

import (
	"context"
	"errors"
	"time"

	"holdfast/gateway/web"
	"holdfast/storage"
)

// eraseWait is how long an order to erase waits for its end before it answers. The erasure goes on without being waited for.
const eraseWait = 5 * time.Second

// EraseFootage erases footage. A camera that is no longer configured may have footage too.
func (g *Gateway) EraseFootage(ctx context.Context, req web.ErasureRequest) (storage.Erasure, error) {
	_, configured := g.Camera(req.Camera)
	recorded, err := g.store.KnownCamera(req.Camera)
	switch {
	case err != nil:
		return storage.Erasure{}, err
	case !configured && !recorded:
		return storage.Erasure{}, web.ErrNotFound
	}
	ctx, stop := context.WithTimeout(ctx, eraseWait)
	defer stop()
	order := func() (storage.Erasure, error) {
		return g.store.Erase(ctx, req.Camera, req.Streams, req.From, req.To, storage.Ground(req.Ground))
	}
	e, err := order()
	if held := (*storage.HeldError)(nil); errors.As(err, &held) && g.heldByExports(held) {
		if err := g.eraseExports(req); err != nil {
			return e, err
		}
		e, err = order()
	}
	if err != nil {
		return shown(e), err
	}
	return shown(e), errors.Join(g.eraseTexts(req.Camera, req.From, req.To), g.eraseExports(req))
}

// FootageErasures gives the erasures of a camera, "" of all, the newest first.
func (g *Gateway) FootageErasures(camera string) ([]storage.Erasure, error) {
	list, err := g.store.Erasures(camera)
	for i := range list {
		list[i] = shown(list[i])
	}
	return list, err
}

// FootageErasure gives one erasure.
func (g *Gateway) FootageErasure(id string) (storage.Erasure, error) {
	e, err := g.store.Erasure(id)
	if errors.Is(err, storage.ErrNoErasure) {
		err = web.ErrNotFound
	}
	return shown(e), err
}

// SweepKeys destroys the keys of what was erased.
func (g *Gateway) SweepKeys(ctx context.Context) error { return g.store.Sweep(ctx) }

// shown is an erasure without what only storage needs.
func shown(e storage.Erasure) storage.Erasure {
	e.Keys = nil
	return e
}
