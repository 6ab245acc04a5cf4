package gateway

import (
	"fmt"
	"maps"
	"slices"

	"holdfast/gateway/statedb"
	"holdfast/gateway/web"
)

// CameraCertificate gives the keys that a camera is known by over TLS.
func (g *Gateway) CameraCertificate(id string) (web.CameraCertificate, error) {
	c, there := g.camera(id)
	if !there {
		return web.CameraCertificate{}, web.ErrNotFound
	}
	return c.trust.certificate(), nil
}

// ForgetCertificate makes a camera known by the keys that it shows next, and the other cameras of its device, which show the same.
func (g *Gateway) ForgetCertificate(id string) error {
	c, there := g.camera(id)
	if !there {
		return web.ErrNotFound
	}
	c.unit.mu.Lock()
	all := slices.Clone(c.unit.cameras)
	c.unit.mu.Unlock()
	for _, c := range all {
		if err := c.trust.forgetKeys(); err != nil {
			return fmt.Errorf("forget the certificate of camera %s: %w", c.spec().ID, err)
		}
		g.clear("certificate:" + c.spec().ID)
		c.log.Info("certificate of camera forgotten")
	}
	return nil
}

func (t *trust) certificate() web.CameraCertificate {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := web.CameraCertificate{Camera: t.id, Host: t.named, Keys: []web.CameraKey{}}
	for _, scheme := range slices.Sorted(maps.Keys(t.kept.Keys)) {
		c.Keys = append(c.Keys, web.CameraKey{Protocol: scheme, SHA256: t.kept.Keys[scheme]})
	}
	return c
}

// forgetKeys forgets the keys of a camera, and nothing else that was learned of it. What cannot be written is not forgotten.
func (t *trust) forgetKeys() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.kept
	next.Keys = nil
	var err error
	if t.state != nil {
		err = t.state.trust(t.id, next)
	}
	if statedb.Counts(err) {
		t.kept, t.pinned, t.owed = next, false, false
	}
	return err
}
