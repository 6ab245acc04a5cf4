package rig

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// OnEvents has some cameras (numbered from 1) recorded around events alone. It is called before Start.
func (d *Daemon) OnEvents(cameras ...int) error {
	text, err := os.ReadFile(d.config)
	if err != nil {
		return err
	}
	settings := string(text)
	for _, n := range cameras {
		settings = strings.Replace(settings, fmt.Sprintf("{id: cam-%d, ", n), fmt.Sprintf("{id: cam-%d, record: {mode: event}, ", n), 1)
	}
	return os.WriteFile(d.config, []byte(settings), 0o600)
}

// Raise raises an event of a camera that lasts until somebody ends it, or for 15 minutes.
func (d *Daemon) Raise(ctx context.Context, camera int) error {
	res, err := d.Open(ctx, http.MethodPost, fmt.Sprintf("/api/v1/cameras/cam-%d/events", camera), "application/json", strings.NewReader(`{"kind":"torture","active":true}`))
	if err != nil {
		return err
	}
	return res.Body.Close()
}
