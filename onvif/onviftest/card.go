package onviftest

import "holdfast/onvif/server"

// Kept are the recordings on the camera's own card; none without one.
func (d *Device) Kept() []server.Kept {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]server.Kept(nil), d.card...)
}

// Keep puts recordings on the camera's own card, in place of those before.
func (d *Device) Keep(card ...server.Kept) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.card = card
}
