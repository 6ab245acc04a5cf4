package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"holdfast/gateway/simcam"
	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/scripts/rig"
)

const (
	// cutTime is how long the camera is off the network; with --short less.
	cutTime, shortCut = 60 * time.Second, 15 * time.Second
	// cardLimit is how long it may take until all is fetched, as often as the length of the cut, and beyond that.
	cardLimit, cardBeyond = 2, 90 * time.Second
)

// card cuts a camera with a card off the network. What it kept is fetched; once in peace, once with the recorder killed in the middle.
func (t *torture) card(ctx context.Context) error {
	known, err := t.bench.Footage("gateway/simcam/clips/fixed-main.mp4")
	if err != nil {
		return err
	}
	cam, err := simcam.New(simcam.Options{Kind: onviftest.ProfileG, Name: "Torture", Card: simcam.Card{Skew: 7 * time.Minute}})
	if err != nil {
		return err
	}
	playing, end := context.WithCancel(ctx)
	gone := make(chan struct{})
	go func() { defer close(gone); cam.Run(playing) }()
	defer func() { end(); <-gone }()
	d, err := t.bench.Daemon("card", "", nil, fmt.Sprintf("cameras:\n  - {id: cam-1, onvif: %q, username: %q, password: %q}\n", onvif.HostPort(cam.ONVIF()), cam.Username(), cam.Password()))
	if err != nil {
		return err
	}
	if err := d.Start(); err != nil {
		return err
	}
	began := time.Now()
	for _, kill := range []bool{false, true} {
		if err := d.Ready(ctx); err != nil {
			return err
		}
		if err := d.Recording(ctx, backLimit, time.Now()); err != nil {
			return err
		}
		if err := t.cut(ctx, d, cam, kill); err != nil {
			return err
		}
	}
	if err := t.continuous(ctx, d, known, began); err != nil {
		return err
	}
	if err := d.Stop(); err != nil {
		return err
	}
	return d.CheckAt(ctx, "media")
}

// cut cuts the camera off once, and waits until what was lost is there.
func (t *torture) cut(ctx context.Context, d *rig.Daemon, cam *simcam.Camera, kill bool) error {
	long, name := cutTime, "until what the card had is there"
	if t.brief {
		long = shortCut
	}
	cam.RTSPServer().Cut(true)
	select {
	case <-time.After(long): // it lasts
	case <-ctx.Done():
		return ctx.Err()
	}
	cam.RTSPServer().Cut(false)
	back := time.Now()
	if err := d.Recording(ctx, backLimit, back); err != nil {
		return err
	}
	if kill {
		name += ", killed in the middle"
		err := rig.Await(ctx, time.Minute, "the middle of fetching", func() (bool, error) { return fetching(ctx, d) })
		if err != nil {
			return err
		}
		d.Kill()
		if err := d.Start(); err != nil {
			return err
		}
		if err := d.Ready(ctx); err != nil {
			return err
		}
	}
	err := rig.Await(ctx, cardLimit*long+cardBeyond, "what was lost", func() (bool, error) {
		spans, err := d.Spans(ctx, "cam-1", back.Add(-long-time.Minute), time.Now())
		for _, s := range spans {
			if s.Kind == "gap" {
				return false, err
			}
		}
		return len(spans) > 1, err
	})
	if err != nil {
		return err
	}
	t.measure(fmt.Sprintf("%s: %s", long, name), time.Since(back))
	return nil
}

// fetching tells whether a third of a gap is fetched.
func fetching(ctx context.Context, d *rig.Daemon) (bool, error) {
	res, err := d.Open(ctx, http.MethodGet, "/api/v1/cameras/cam-1/card", "", nil)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	var c struct {
		Job *struct{ From, To, Until time.Time }
	}
	if err := json.NewDecoder(res.Body).Decode(&c); err != nil || c.Job == nil {
		return false, err
	}
	return c.Job.Until.Sub(c.Job.From) > c.Job.To.Sub(c.Job.From)/3, nil
}

// continuous wants each picture once, as playback shows them.
func (t *torture) continuous(ctx context.Context, d *rig.Daemon, known *rig.Footage, began time.Time) error {
	list, err := d.Stored(ctx, known, "cam-1", began, time.Now())
	if err != nil {
		return err
	}
	all, wrong := int(known.Length/known.Frame), 0
	for i := 1; i < len(list); i++ {
		if list[i].Unit != (list[i-1].Unit+1)%all {
			wrong++
			t.promise(false, "card: picture %d at %s follows on picture %d", list[i].Unit, clock(list[i].At), list[i-1].Unit)
		}
	}
	fmt.Printf("card: %d pictures played, %d out of place\n", len(list), wrong)
	return nil
}
